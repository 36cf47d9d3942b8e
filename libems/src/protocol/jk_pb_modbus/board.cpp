// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "protocol/board_parts.hpp"
#include "protocol/boards.hpp"
#include "protocol/jk_55aa/board.hpp"
#include "protocol/jk_55aa/layout.hpp"
#include "protocol/jk_pb_modbus/trigger.hpp"
#include "protocol/register_map/board.hpp"

namespace ems::protocol::jk_pb_modbus {
namespace {

/// What the rows of the map do not say: sensors, which of them are fitted, alarms.
/// @return false: no room is left.
bool hold_extra(register_map::Device& device, const BoardState& state) noexcept {
  unsigned fitted = 0;
  bool held = true;
  const auto put = [&](std::uint16_t at, std::uint64_t word) {
    held = device.set_raw(false, at, static_cast<std::uint16_t>(word & 0xFFFF)) && held;
  };
  const auto sensor = [&](std::uint16_t at, unsigned bit, std::optional<std::int64_t> milli_degc) {
    const std::int64_t deci = milli_degc ? nearest(*milli_degc, 100) : jk_55aa::kOpenSensor;
    put(at, static_cast<std::uint64_t>(cut(FieldWire::s16, deci)));
    if (milli_degc) fitted |= 1U << bit;
  };
  sensor(kMosTemperatureAt, 0, state.value(Signal::mosfet_temperature));
  for (unsigned i = 1; i <= std::size(kTemperaturesAt); ++i) {
    sensor(kTemperaturesAt[i - 1], i,
           state.value(Signal::temperature, static_cast<std::uint16_t>(i)));
  }
  put(kSensorMaskAt, fitted << 8U);
  const std::uint64_t alarms = alarm_word(state, jk_55aa::kAlarmBits);
  put(kAlarmsAt, alarms >> 16U);
  put(kAlarmsAt + 2, alarms);
  return held;
}

}  // namespace

// Triggers in either variant: a variant is how one asks.
Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  const Result<register_map::MapCodec> configured = registers().configured(options);
  if (!configured) return {};
  register_map::Device device(*configured);
  register_map::hold(device, state);
  if (!hold_extra(device, state)) return {};
  const std::size_t size = device.answer(request, out);
  const Result<register_map::Request> asked = register_map::parse_request(request);
  const Trigger* trigger = asked ? trigger_of(*asked) : nullptr;
  if (trigger == nullptr || size != register_map::kShortSize) return {.size = size};
  if (out.size() < kTriggeredSize) return {};
  Draft frame(state, ByteOrder::little);
  jk_55aa::say_frame(frame, trigger->type, jk_55aa::Layout::cells_32);
  std::array<std::byte, register_map::kShortSize> acknowledgement{};
  std::copy_n(out.begin(), acknowledgement.size(), acknowledgement.begin());
  std::ranges::fill(out.first(kTriggeredSize), std::byte{0});
  std::ranges::copy(frame.bytes(), out.begin());
  std::ranges::copy(acknowledgement, out.begin() + kAckAt);
  return {.size = kTriggeredSize};
}

}  // namespace ems::protocol::jk_pb_modbus
