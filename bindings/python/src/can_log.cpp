// SPDX-License-Identifier: Apache-2.0
// CAN frames: a log to rows, and frames of one protocol to JSON.
#include "ems/io/can_log.hpp"

#include <algorithm>
#include <array>

#include "ems/io/decode.hpp"
#include "ems/protocol/can_frame.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

/// (rows as bytes of CanLogRow, numbers of the lines refused).
py::tuple read_can_log(const std::string& path) {
  io::CanLog log = [&] {
    const py::gil_scoped_release release;
    return take(io::read_can_log(path));
  }();
  std::vector<std::int64_t> refused(log.refused.begin(), log.refused.end());
  return py::make_tuple(own(std::move(log.rows)), own(std::move(refused)));
}

/// @param rows  (id, data, extended) each.
std::string decode_can(const std::string& protocol, const py::list& rows) {
  std::vector<protocol::CanFrame> frames;
  for (const py::handle item : rows) {
    const auto row = item.cast<py::tuple>();
    frames.push_back(take(protocol::make_can_frame(
        row[0].cast<std::uint32_t>(), row[2].cast<bool>(), bytes_of(row[1].cast<py::bytes>()))));
  }
  return take(io::decode_can_to_json(protocol, frames));
}

}  // namespace

void register_can_log(py::module_& module) {
  PYBIND11_NUMPY_DTYPE(io::CanLogRow, time_us, id, extended, remote, size, reserved, data,
                       interface_name);
  module.def("read_can_log", &read_can_log);
  module.def("decode_can", &decode_can);
}

}  // namespace ems::python
