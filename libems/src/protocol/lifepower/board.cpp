// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "protocol/board_parts.hpp"
#include "protocol/boards.hpp"
#include "protocol/lifepower/layout.hpp"

namespace ems::protocol::lifepower {
namespace {

// What captured boards have besides what is read: marks of the last two sensors, five words of
// states, a tenth group.
constexpr std::int64_t kSensorMarks[kNamedSensors] = {0, 0, 0, 0, 0x8000, 0x2000};
constexpr std::size_t kStateWordsSeen = 5;
constexpr std::int64_t kCellMark = 0x8000;  // Which bit marks a cell nobody has published.
constexpr std::size_t kWordsMax = 0xFF;
constexpr std::size_t kSensorsMax = 16;

void group(Draft& data, Group id, std::size_t words) noexcept {
  data.u8(id);
  data.u8(static_cast<std::int64_t>(words));
}

void say_cells(Draft& data) noexcept {
  const std::size_t cells = std::min(data.state().count(Signal::cell_voltage), kWordsMax);
  if (cells == 0) return;
  const std::int64_t marked = data.state().vendor("marked_cells").value_or(0);
  group(data, kCells, cells);
  for (std::size_t i = 0; i < cells; ++i) {
    const std::int64_t millivolt = std::min<std::int64_t>(cell_of(data.state(), i + 1), kMilliVolt);
    data.u16(i < 32 && (marked >> i & 1) != 0 ? millivolt | kCellMark : millivolt);
  }
}

/// Of six the last two are the transistors' and the ambient one. The wire has nothing that says
/// that a sensor is missing: where one is, the group is left out.
void say_sensors(Draft& data) noexcept {
  const BoardState& state = data.state();
  std::array<std::optional<std::int64_t>, kSensorsMax> said{};
  const auto power = state.value(Signal::mosfet_temperature);
  const auto ambient = state.value(Signal::ambient_temperature);
  const bool named = power || ambient;
  const std::size_t sensors =
      named ? kNamedSensors : std::min(state.count(Signal::temperature), kSensorsMax);
  for (std::size_t i = 0; i < sensors; ++i) {
    said[i] = state.value(Signal::temperature, static_cast<std::uint16_t>(i + 1));
  }
  if (named) {
    said[kCellSensors] = power;
    said[kCellSensors + 1] = ambient;
  }
  const auto end = said.begin() + static_cast<std::ptrdiff_t>(sensors);
  if (sensors == 0 || std::find(said.begin(), end, std::nullopt) != end) return;
  group(data, kTemperatures, sensors);
  for (std::size_t i = 0; i < sensors; ++i) {
    const std::int64_t degrees =
        cut(FieldWire::u8, nearest(said[i].value_or(0), 1'000) + kDegreesBelow);
    data.u16(degrees | (sensors == kNamedSensors ? kSensorMarks[i] : 0));
  }
}

std::int64_t current_of(const BoardState& state) noexcept {
  const std::int64_t milliamp = state.value(Signal::pack_current).value_or(0);
  return cut(FieldWire::u16, nearest(milliamp, kMilliAmpPerStep) + kZeroCurrent);
}

/// Alarms, and the direction: as the battery says it where its current does not say otherwise.
std::int64_t states_of(const BoardState& state) noexcept {
  const std::int64_t current = current_of(state);
  const std::int64_t seen = current < kZeroCurrent   ? kCharging
                            : current > kZeroCurrent ? kDischarging
                                                     : 0;
  const std::int64_t told = state.vendor("state").value_or(seen) & (kCharging | kDischarging);
  const bool one_way = told == kCharging || told == kDischarging;
  const auto word = static_cast<std::int64_t>(alarm_word(state, kAlarms) & 0xFFFF);
  return (word & ~std::int64_t{kCharging | kDischarging}) | (one_way && seen != 0 ? seen : told);
}

void say_status(Draft& data) noexcept {
  const BoardState& state = data.state();
  const auto row = [&](Group id) {
    for (const Row& one : kRows) {
      const bool percentage = one.meaning.use == Meaning::Use::percent;  // It can say missing.
      if (one.group != id || (!percentage && !state.value(one.meaning.signal))) continue;
      group(data, id, 1);
      data.put(data.zeros(2), FieldWire::u16, one.meaning);
    }
  };
  say_cells(data);
  if (state.value(Signal::pack_current)) {
    group(data, kCurrent, 1);
    data.u16(current_of(state));
  }
  row(kSoc);
  row(kCapacity);
  say_sensors(data);
  group(data, kStates, kStateWordsSeen);
  data.u16(0);
  data.u16(states_of(state));
  data.zeros(2 * (kStateWordsSeen - kStateWords));
  row(kCycles);
  row(kVoltage);
  row(kSoh);
  group(data, kGroups, 1);
  data.u16(0);
}

/// Nobody has published how boards make it.
void no_sum(Bytes before, MutableBytes checksum) noexcept {
  static_cast<void>(before);
  store_u8(checksum, 0, 0);
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  const Result<Asked> asked = parse_request(request);
  if (!asked || asked->address != options.address.value_or(kAddress) ||
      load_u8(request, kDataAt) != check_of(asked->address, asked->command)) {
    return {};
  }
  Draft data(state);
  const auto say_text = [&](TextField field) {
    const std::string_view text = state.text(field);
    data.text(text, std::min(text.size(), kWordsMax), ' ');
  };
  switch (asked->command) {
    case kStatus:
      say_status(data);
      break;
    case kFirmware:
      say_text(TextField::firmware_version);
      break;
    case kHardware:
      say_text(TextField::hardware_version);
      break;
    default:
      return {};
  }
  if (!data.fits() || data.size() > 0xFF) return {};
  const std::byte header[kDataAt] = {std::byte{kStart}, std::byte{asked->address},
                                     std::byte{asked->command},
                                     static_cast<std::byte>(data.size())};
  const Result<std::size_t> size = framed::seal(kShape, header, data.bytes(), no_sum, out);
  return {.size = size ? *size : 0};
}

}  // namespace ems::protocol::lifepower
