// SPDX-License-Identifier: Apache-2.0
// Which battery protocol does a port, or a recording of a CAN bus, speak?
#include <optional>
#include <tuple>

#include "ems/io/detect.hpp"
#include "ems/io/link/can_endpoint.hpp"
#include "native.hpp"

namespace ems::python {
namespace {

/// (bit_rate, address, all_addresses, ask_by_writing, even_if_busy, listen_s).
using Settings = std::tuple<std::optional<std::int64_t>, std::optional<std::int64_t>, bool, bool,
                            bool, py::object>;

protocol::DetectSettings settings_of(const Settings& given) {
  const auto& [bit_rate, address, all_addresses, ask_by_writing, even_if_busy, listen_s] = given;
  protocol::DetectSettings settings{.all_addresses = all_addresses,
                                    .ask_by_writing = ask_by_writing,
                                    .even_if_busy = even_if_busy,
                                    .listen = duration_of(listen_s)};
  if (bit_rate) {
    if (*bit_rate < 1'200 || *bit_rate > 921'600) {
      raise(Errc::out_of_range, 0, "bit_rate: 1200 .. 921600");
    }
    settings.bit_rate = static_cast<std::uint32_t>(*bit_rate);
  }
  if (address) {
    if (*address < 0 || *address > 0xFF) raise(Errc::out_of_range, 0, "address: 0 .. 255");
    settings.address = static_cast<std::uint8_t>(*address);
  }
  if (settings.listen < Duration::zero()) {
    raise(Errc::out_of_range, 0, "listen_s: not negative");
  }
  return settings;
}

/// @param tried  None, or called with (protocol, variant, address, bit_rate, outcome, bytes).
std::string detect(const std::string& device,
                   const std::optional<std::pair<std::string, std::uint16_t>>& tcp,
                   const Settings& given, const py::object& tried) {
  const protocol::DetectSettings settings = settings_of(given);
  io::DetectPort port = device;
  if (tcp) port = io::TcpEndpoint{tcp->first, tcp->second};
  bool raised = false;  // A Python exception waits.
  io::DetectWatch watch;
  watch.cancelled = [&raised] {
    const py::gil_scoped_acquire hold;
    raised = raised || PyErr_CheckSignals() != 0;
    return raised;
  };
  if (!tried.is_none()) {
    watch.tried = [&tried, &raised](const protocol::DetectTried& done) {
      const py::gil_scoped_acquire hold;
      if (raised) return;
      try {
        const protocol::DetectCandidate& candidate = done.candidate;
        tried(text(candidate.codec->name()), text(candidate.variant), candidate.address,
              candidate.bit_rate, text(to_string(done.outcome)), done.bytes);
      } catch (py::error_already_set& error) {
        error.restore();
        raised = true;
      }
    };
  }
  io::Detection detection;
  {
    const py::gil_scoped_release release;
    detection = io::detect_serial(port, settings, watch);
  }
  if (raised) throw py::error_already_set();
  if (detection.failed) {
    raise(detection.failed->error.code, 0, std::move(detection.failed->message));
  }
  return io::to_json(detection);
}

/// (listen_s, bit_rate, acknowledge).
using Listening = std::tuple<py::object, std::optional<std::int64_t>, bool>;

std::string detect_can(const std::string& bus, const Listening& given) {
  const auto& [listen_s, bit_rate, acknowledge] = given;
  const io::BatteryLink endpoint = take(io::parse_can_endpoint(bus));
  io::CanListening listening{.listen = duration_of(listen_s), .acknowledge = acknowledge};
  if (listening.listen <= Duration::zero()) raise(Errc::out_of_range, 0, "listen_s: above 0");
  if (bit_rate) {
    if (*bit_rate <= 0 || *bit_rate > 1'000'000) {
      raise(Errc::out_of_range, 0, "bit_rate: 1 .. 1000000");
    }
    listening.bit_rate = static_cast<std::uint32_t>(*bit_rate);
  }
  bool raised = false;  // A Python exception waits.
  io::CanDetection detection;
  {
    const py::gil_scoped_release release;
    detection = io::detect_can(endpoint, listening, [&raised] {
      const py::gil_scoped_acquire hold;
      raised = raised || PyErr_CheckSignals() != 0;
      return raised;
    });
  }
  if (raised) throw py::error_already_set();
  if (detection.failed) {
    raise(detection.failed->error.code, 0, std::move(detection.failed->message));
  }
  return io::to_json(detection);
}

std::string detect_can_log(const std::string& path) {
  const py::gil_scoped_release release;
  return io::to_json(take(io::detect_recording(path)));
}

}  // namespace

void register_detect(py::module_& module) {
  module.def("detect", &detect);
  module.def("detect_can", &detect_can);
  module.def("detect_can_log", &detect_can_log);
}

}  // namespace ems::python
