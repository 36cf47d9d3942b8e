// SPDX-License-Identifier: Apache-2.0
#include "protocol/register_map/board.hpp"

#include <algorithm>

namespace ems::protocol::register_map {

void hold(Device& device, const BoardState& state) noexcept {
  for (const Reading& reading : state.readings()) {
    if (reading.module != 0 || reading.quality == Quality::bad) continue;
    // False: the map has no such value.
    static_cast<void>(device.set(reading.signal, reading.value, reading.element));
  }
  for (const Signal signal : {Signal::cell_voltage, Signal::temperature}) {
    const auto count = std::min<std::size_t>(state.count(signal), 0xFF);
    static_cast<void>(device.set_count(signal, static_cast<std::uint8_t>(count)));
  }
}

Answer answer(const MapCodec& codec, const CodecOptions& options, const BoardState& state,
              Bytes request, MutableBytes out) noexcept {
  const Result<MapCodec> configured = codec.configured(options);
  if (!configured) return {};
  Device device(*configured);
  hold(device, state);
  return {.size = device.answer(request, out)};
}

}  // namespace ems::protocol::register_map
