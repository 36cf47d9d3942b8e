// SPDX-License-Identifier: Apache-2.0
// Batteries that a DBC file and a mapping describe.
#include "can_rows.hpp"
#include "ems/io/dbc.hpp"
#include "ems/io/decode.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

/// A codec of files; thrown errors name every mistake, a line each.
class DescribedBattery {
 public:
  DescribedBattery(const std::string& dbc, const std::string& mapping) {
    io::BatteryDescription made = [&] {
      const py::gil_scoped_release release;
      return io::describe_battery(std::filesystem::path(dbc), std::filesystem::path(mapping));
    }();
    battery_ = std::move(made.battery);
    if (battery_ != nullptr) return;
    std::string all;
    for (const io::PackError& error : made.errors) {
      all += (all.empty() ? "" : "\n") + to_string(error);
    }
    raise(made.errors.front().code, static_cast<std::size_t>(made.errors.front().line), all);
  }

  [[nodiscard]] std::string name() const { return text(battery_->codec().name()); }
  [[nodiscard]] std::string title() const { return text(battery_->codec().info().title); }
  [[nodiscard]] std::uint32_t bit_rate() const { return battery_->codec().bit_rate(); }

  [[nodiscard]] std::string decode(const py::list& rows) const {
    return take(io::decode_can_to_json(battery_->codec(), can_frames_of(rows)));
  }
  [[nodiscard]] std::string decode_recording(const std::string& path) const {
    const py::gil_scoped_release release;
    return take(io::decode_recording_to_json(battery_->codec(), path));
  }

 private:
  std::shared_ptr<const io::DescribedBattery> battery_;
};

}  // namespace

void register_described(py::module_& module) {
  py::class_<DescribedBattery>(module, "DescribedBattery")
      .def(py::init<const std::string&, const std::string&>())
      .def("name", &DescribedBattery::name)
      .def("title", &DescribedBattery::title)
      .def("bit_rate", &DescribedBattery::bit_rate)
      .def("decode", &DescribedBattery::decode)
      .def("decode_recording", &DescribedBattery::decode_recording);
}

}  // namespace ems::python
