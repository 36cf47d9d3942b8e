// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include "protocol/boards.hpp"
#include "protocol/daly_a5/layout.hpp"
#include "protocol/daly_a5/values.hpp"
#include "protocol/draft.hpp"

namespace ems::protocol::daly_a5 {
namespace {

// What the captured boards send: 95 in sixteen frames, 96 in two unless there are more sensors.
constexpr std::size_t kSensorFrames = 2;

std::int64_t degrees_of(std::optional<std::int64_t> milli_degc) noexcept {
  if (!milli_degc) return 0;
  return std::clamp<std::int64_t>(nearest(*milli_degc, 1'000) + kDegreesBelow, 1, 0xFE);
}

/// Adds zeros up to `frames` whole frames.
void fill(Draft& data, std::size_t frames) noexcept {
  if (data.size() < frames * kDataSize) data.zeros(frames * kDataSize - data.size());
}

/// Frames of their number, counted from `first`, and kDataSize - 1 bytes that `one` adds.
template <class One>
void numbered(Draft& data, std::uint8_t first, std::size_t frames, One one) noexcept {
  for (std::size_t i = 0; i < frames; ++i) {
    data.u8(static_cast<std::uint8_t>(first + i));
    one(i);
    fill(data, i + 1);
  }
}

void say_cells(Draft& data, std::uint8_t first) noexcept {
  const std::size_t count = std::min(data.state().count(Signal::cell_voltage), kCellsMax);
  numbered(data, first, kFramesMax, [&](std::size_t frame) {
    for (std::size_t i = frame * kCellsPerFrame; i < (frame + 1) * kCellsPerFrame; ++i) {
      const auto element = static_cast<std::uint16_t>(i + 1);
      const auto said = data.state().value(Signal::cell_voltage, element);
      data.u16(i < count ? std::clamp<std::int64_t>(said.value_or(0xFFFF), 0, 0xFFFF) : 0);
    }
  });
}

void say_temperatures(Draft& data, std::uint8_t first) noexcept {
  const std::size_t count = std::min(data.state().count(Signal::temperature), kSensorsMax);
  const std::size_t frames = (count + kSensorsPerFrame - 1) / kSensorsPerFrame;
  numbered(data, first, std::max(frames, kSensorFrames), [&](std::size_t frame) {
    for (std::size_t i = frame * kSensorsPerFrame; i < (frame + 1) * kSensorsPerFrame; ++i) {
      const auto element = static_cast<std::uint16_t>(i + 1);
      data.u8(i < count ? degrees_of(data.state().value(Signal::temperature, element)) : 0);
    }
  });
}

/// The first `bytes` bytes, the first of them lowest.
void say_bits(Draft& data, std::uint64_t bits, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) data.store(i, FieldWire::u8, bits >> 8 * i & 0xFF);
}

std::uint64_t bits_said(const BoardState& state, Signal signal) noexcept {
  return static_cast<std::uint64_t>(state.value(signal).value_or(0));
}

/// What warns is said by its first level, what else is raised by its second, or by its first where
/// it has no other.
void say_faults(Draft& data) noexcept {
  const std::uint64_t warned = bits_said(data.state(), Signal::warnings);
  std::uint64_t left = bits_said(data.state(), Signal::alarms) & ~warned;
  std::uint64_t bits = vendor_bits(
      vendor_bits(bits_said(data.state(), Signal::vendor_alarms), kFirstLevel), kSecondLevel);
  for (const AlarmBit& row : kFirstLevel) {
    if ((warned & alarm_bit(row.alarm)) != 0) bits |= std::uint64_t{1} << row.bit;
  }
  for (const AlarmBit& row : kSecondLevel) {
    if ((left & alarm_bit(row.alarm)) == 0) continue;
    bits |= std::uint64_t{1} << row.bit;
    left &= ~alarm_bit(row.alarm);
  }
  say_bits(data, bits, kFaultBytes);
}

void say_balancing(Draft& data) noexcept {
  const bool on = data.state().is_on(Signal::balancing);
  const std::int64_t cells = data.state().vendor("balance_mask").value_or(0);
  say_bits(data, !on ? 0 : cells == 0 ? 1 : static_cast<std::uint64_t>(cells), kMaskBytes);
}

/// YYYY-MM-DD. No date: zeros, which are none.
void say_date(Draft& data) noexcept {
  const std::string_view date = data.state().text(TextField::manufacture_date);
  constexpr std::size_t kDateSize = 10;
  if (date.size() != kDateSize) return;
  const auto number = [date](std::size_t at) { return (date[at] - '0') * 10 + date[at + 1] - '0'; };
  data.store(kYearAt, FieldWire::u8, number(2));
  data.store(kMonthAt, FieldWire::u8, number(5));
  data.store(kDayAt, FieldWire::u8, number(8));
}

/// The data of all frames that answer a command, kDataSize bytes each; none: the board is silent.
void say(Draft& data, std::uint8_t command, std::uint8_t first_number) noexcept {
  switch (command) {
    case kCells:
      return say_cells(data, first_number);
    case kTemperatures:
      return say_temperatures(data, first_number);
    case kCode: {
      std::string_view code = data.state().text(TextField::serial_number);
      return numbered(data, 1, kCodeFrames, [&](std::size_t) {
        data.text(code, kSensorsPerFrame, '\0');
        code.remove_prefix(std::min(code.size(), kSensorsPerFrame));
      });
    }
    default:
      break;
  }
  const auto is = [command](const auto& row) { return row.command == command; };
  if (std::ranges::none_of(kRows, is) && std::ranges::count(kOthers, command) == 0) return;
  data.zeros(kDataSize);
  for (const Row& row : kRows) {
    if (row.command == command) data.put(row.at, row.wire, row.meaning);
  }
  switch (command) {
    case kTempExtremes:
      data.store(kTempMaxAt, FieldWire::u8, degrees_of(data.state().value(Signal::cell_temp_max)));
      data.store(kTempMinAt, FieldWire::u8, degrees_of(data.state().value(Signal::cell_temp_min)));
      break;
    case kBalancing:
      say_balancing(data);
      break;
    case kFaults:
      say_faults(data);
      break;
    case kDate:
      say_date(data);
      break;
    default:
      break;
  }
}

/// Echoes one or two switch frames.
Answer switched(Bytes request, std::uint8_t board, MutableBytes out) noexcept {
  Answer answer{.size = request.size()};
  for (std::size_t at = 0; at < request.size(); at += kFrame) {
    const std::uint8_t command = load_u8(request, at + kCommandAt);
    const std::uint8_t on = load_u8(request, at + kDataAt);
    (command == kSetCharge ? answer.charge_on : answer.discharge_on) = on != 0;
    write_frame(board, command, on, out.subspan(at));
  }
  return answer;
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  const Result<Bytes> last = check_request(request);
  const std::uint8_t address = options.address.value_or(kRs485);
  if (!last || load_u8(request, kAddressAt) != address || out.size() < kReplySize) return {};
  const std::uint8_t command = load_u8(request, kCommandAt);
  if (is_switch(command)) return switched(request, board_of(address), out);
  Draft data(state);
  say(data, command, options.variant == kVariants[1] ? 0 : 1);
  const std::size_t frames = data.size() / kDataSize;
  for (std::size_t i = 0; i < frames; ++i) {
    write_frame(board_of(address), command, data.bytes().subspan(i * kDataSize, kDataSize),
                out.subspan(i * kFrame));
  }
  return {.size = frames * kFrame};
}

}  // namespace ems::protocol::daly_a5
