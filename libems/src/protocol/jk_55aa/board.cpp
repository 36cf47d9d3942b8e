// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "protocol/board_parts.hpp"
#include "protocol/boards.hpp"
#include "protocol/jk_55aa/board.hpp"
#include "protocol/jk_55aa/layout.hpp"
#include "protocol/jk_55aa/wire.hpp"

namespace ems::protocol::jk_55aa {
namespace {

void say_cells(Draft& frame, Layout layout) noexcept {
  const std::size_t cells = std::min(frame.state().count(Signal::cell_voltage), slots(layout));
  for (std::size_t i = 0; i < cells; ++i) {
    frame.store(kPayloadAt + 2 * i, FieldWire::u16, cell_of(frame.state(), i + 1));
  }
  frame.store(place(layout, kMaskAt), FieldWire::u32, (std::int64_t{1} << cells) - 1);
}

void say_sensors(Draft& frame, Layout layout) noexcept {
  const BoardState& state = frame.state();
  unsigned fitted = 0;
  const auto say = [&](std::size_t at, unsigned bit, std::optional<std::int64_t> milli_degc) {
    const std::int64_t deci = milli_degc ? nearest(*milli_degc, 100) : kOpenSensor;
    frame.store(at, FieldWire::s16, cut(FieldWire::s16, deci));
    if (milli_degc) fitted |= 1U << bit;
  };
  say(mos_temperature_at(layout), mos_sensor_bit(layout), state.value(Signal::mosfet_temperature));
  for (unsigned i = 0; i < kTemperatures; ++i) {
    say(place(layout, kTemperaturesAt + 2 * i), sensor_bit(layout, i),
        state.value(Signal::temperature, static_cast<std::uint16_t>(i + 1)));
  }
  frame.store(place(layout, kSensorMaskAt), FieldWire::u8, fitted);
}

void say_status(Draft& frame, Layout layout) noexcept {
  for (const Row& row : kStatus) {
    if (has(layout, row)) frame.put(place(layout, row.at), row.wire, row.meaning);
  }
  say_cells(frame, layout);
  say_sensors(frame, layout);
  const std::int64_t watt = power_of(frame.state());
  frame.store(place(layout, kPowerAt), FieldWire::u32,
              cut(FieldWire::u32, (watt < 0 ? -watt : watt) * 1'000));
  frame.store(alarms_at(layout), alarms_wire(layout),
              static_cast<std::int64_t>(alarm_word(frame.state(), kAlarmBits)));
}

void say_settings(Draft& frame, Layout layout) noexcept {
  for (const Row& row : kSettings) {
    if (has(layout, row)) frame.put(row.at, row.wire, row.meaning);
  }
}

void say_about(Draft& frame) noexcept {
  for (const Row& row : kAbout) frame.put(row.at, row.wire, row.meaning);
  for (const Words& words : kWords) {
    const std::string_view text = frame.state().text(words.field);
    for (std::size_t i = 0; i < std::min<std::size_t>(text.size(), words.size); ++i) {
      frame.store(words.at + i, FieldWire::u8, text[i]);
    }
  }
}

}  // namespace

void say_frame(Draft& frame, FrameType type, Layout layout) noexcept {
  EMS_ASSERT(frame.size() == 0);
  frame.zeros(kFrameSize);
  for (std::size_t at = 0; at < kStart.size(); ++at) frame.store(at, FieldWire::u8, kStart[at]);
  frame.store(kTypeAt, FieldWire::u8, static_cast<std::uint8_t>(type));
  switch (type) {
    case FrameType::settings:
      say_settings(frame, layout);
      break;
    case FrameType::status:
      say_status(frame, layout);
      break;
    case FrameType::about:
      say_about(frame);
      break;
  }
  frame.store(kSumAt, FieldWire::u8, sum_of(frame.bytes().first(kSumAt)));
}

// Boards send their settings before the first status; this one does not.
Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  const Result<std::uint8_t> command = parse_command(request);
  if (!command || (*command != kAskStatus && *command != kAskAbout) || out.size() < kFrameSize) {
    return {};
  }
  Draft frame(state, ByteOrder::little);
  say_frame(frame, *command == kAskAbout ? FrameType::about : FrameType::status,
            static_cast<Layout>(place_of(kVariants, options.variant)));
  std::ranges::copy(frame.bytes(), out.begin());
  return {.size = kFrameSize};
}

}  // namespace ems::protocol::jk_55aa
