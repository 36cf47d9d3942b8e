// SPDX-License-Identifier: Apache-2.0
// CAN frames: a log to rows, and frames of one protocol to JSON.
#include "ems/io/can_log.hpp"

#include <algorithm>
#include <array>

#include "can_rows.hpp"
#include "codec_keywords.hpp"
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
  const auto size = static_cast<py::ssize_t>(log.rows.size() * sizeof(io::CanLogRow));
  auto rows = std::make_unique<std::vector<io::CanLogRow>>(std::move(log.rows));
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(rows->data());
  const py::capsule owner(rows.release(),
                          [](void* p) { delete static_cast<std::vector<io::CanLogRow>*>(p); });
  std::vector<std::int64_t> refused(log.refused.begin(), log.refused.end());
  return py::make_tuple(py::array_t<std::uint8_t>(size, bytes, owner), own(std::move(refused)));
}

/// @param rows  (id, data, extended) each.
std::string decode_can(const std::string& protocol, const py::list& rows,
                       const CodecKeywords& given) {
  const protocol::CodecOptions options = options_of(given);
  return take(io::decode_can_to_json(protocol, can_frames_of(rows), options));
}

}  // namespace

std::vector<protocol::CanFrame> can_frames_of(const py::list& rows) {
  std::vector<protocol::CanFrame> frames;
  for (const py::handle item : rows) {
    const auto row = item.cast<py::tuple>();
    frames.push_back(take(protocol::make_can_frame(
        row[0].cast<std::uint32_t>(), row[2].cast<bool>(), bytes_of(row[1].cast<py::bytes>()))));
  }
  return frames;
}

py::list can_rows(std::span<const protocol::CanFrame> frames) {
  py::list rows;
  for (const protocol::CanFrame& frame : frames) {
    const py::bytes data(reinterpret_cast<const char*>(frame.data.data()), frame.size);
    rows.append(py::make_tuple(frame.id, data, frame.extended));
  }
  return rows;
}

void register_can_log(py::module_& module) {
  module.def("read_can_log", &read_can_log);
  module.def("decode_can", &decode_can);
}

}  // namespace ems::python
