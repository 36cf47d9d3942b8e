// SPDX-License-Identifier: Apache-2.0
#include "protocol/seplos_v2_bin/replies.hpp"

#include "protocol/field.hpp"
#include "protocol/framed.hpp"
#include "protocol/seplos_v2/events.hpp"

namespace ems::protocol::seplos_v2_bin {
namespace {

using framed::Lists;

constexpr const char* kShort = "Seplos data cut short";

// Numbers of 61 and 62: current, voltage, what is left, how many items, the items.
constexpr std::size_t kCurrentAt = 0;    // s16, + charges
constexpr std::size_t kVoltageAt = 2;    // 10 mV
constexpr std::size_t kRemainingAt = 4;  // u16
constexpr std::size_t kItemsAt = 6;      // Number of the items, two bytes each.
constexpr std::size_t kFirstItemAt = 7;
constexpr std::size_t kItemsNeeded = 6;

struct Row {
  std::uint8_t item = 0;
  Meaning meaning{};
};
constexpr Row kItems[] = {
    {1, percent(Signal::soc, 10)},
    {3, value(Signal::cycle_count)},
    {4, percent(Signal::soh, 10)},
    {5, vendor("port_voltage_mv", 10)},
};
constexpr std::size_t kFullItem = 0;
constexpr std::size_t kRatedItem = 2;

/// Checks the numbers at `at`; gives where they end.
Result<std::size_t> numbers_end(Bytes data, std::size_t at) noexcept {
  if (data.size() <= at + kItemsAt) return fail(Errc::length, data.size(), kShort);
  const std::size_t items = load_u8(data, at + kItemsAt);
  if (items < kItemsNeeded) return fail(Errc::length, at + kItemsAt, "too few Seplos items");
  const std::size_t end = at + kFirstItemAt + 2 * items;
  if (data.size() < end) return fail(Errc::length, data.size(), kShort);
  return end;
}

/// @param step  Of current and charge, in 10 mA and 10 mAh: a system counts in tens of them.
void give_numbers(const Publisher& out, Bytes data, std::size_t at, std::int64_t step) noexcept {
  const auto item = [data, at](std::size_t i) {
    return std::int64_t{load_be16(data, at + kFirstItemAt + 2 * i)};
  };
  constexpr std::int64_t kMilliAmp = 10;
  constexpr std::int64_t kMicroAmpHour = 10'000;
  out.value(Signal::pack_current, -kMilliAmp * step * as_signed(load_be16(data, at + kCurrentAt)));
  out.value(Signal::pack_voltage, std::int64_t{load_be16(data, at + kVoltageAt)} * 10);
  out.value(Signal::remaining_capacity, kMicroAmpHour * step * load_be16(data, at + kRemainingAt));
  out.value(Signal::full_capacity, kMicroAmpHour * step * item(kFullItem));
  out.value(Signal::design_capacity, kMicroAmpHour * step * item(kRatedItem));
  for (const Row& row : kItems) give(out, row.meaning, item(row.item));
}

// Behind the numbers: system state, switches, how many event bytes, the event bytes.
constexpr std::size_t kSwitchesAt = 1;
constexpr std::size_t kEventsAt = 2;
constexpr std::size_t kFirstEventAt = 3;
constexpr std::size_t kEventBytes = 8;
constexpr std::size_t kSummedEvents = 6;  // The seventh says what the board waits for.

/// Whether the states are there, at `at`.
bool has_states(Bytes data, std::size_t at) noexcept {
  return data.size() >= at + kFirstEventAt + kEventBytes &&
         load_u8(data, at + kEventsAt) >= kEventBytes;
}

void give_states(const Publisher& out, Bytes data, std::size_t at, ascii::Raised& raised) noexcept {
  const unsigned switches = load_u8(data, at + kSwitchesAt);
  const auto on = [switches](unsigned bit) { return (switches >> bit & 1U) != 0; };
  out.flag(Signal::discharge_fet_on, on(0));
  out.flag(Signal::charge_fet_on, on(1));
  out.vendor("limiter_on", on(2) ? 1 : 0);
  out.flag(Signal::heater_on, on(3));
  out.vendor("system_state", load_u8(data, at));
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < kSummedEvents; ++i) {
    word |= std::uint64_t{load_u8(data, at + kFirstEventAt + i)} << 8 * i;
  }
  raised.events(word, seplos_v2::kEvents);
  raised.events(load_u8(data, at + kFirstEventAt + kEventBytes - 1), seplos_v2::kMemory,
                seplos_v2::kMemoryFrom);
  raised.give(out);
}

}  // namespace

// 51: what inverters it speaks to, model, version, two bytes, packs.
Result<void> read_maker(Bytes data, ReadingSink& sink) noexcept {
  constexpr std::size_t kModelAt = 19;
  constexpr std::size_t kModelSize = 11;
  constexpr std::size_t kMajorAt = 30;
  constexpr std::size_t kMinorAt = 31;
  constexpr std::size_t kPacksAt = 35;
  if (data.size() <= kPacksAt) return fail(Errc::length, data.size(), kShort);
  const Publisher out(sink);
  out.text(TextField::device_model, data.subspan(kModelAt, kModelSize));
  FixedString<8> version;
  append_number(version, load_u8(data, kMajorAt));
  version.append(".");
  append_number(version, load_u8(data, kMinorAt));
  out.text(TextField::software_version, version.view());
  out.value(Signal::module_count, load_u8(data, kPacksAt));
  return {};
}

// 61: flags, pack, cells and sensors, numbers; most boards add codes of each and states.
Result<void> read_pack(Bytes data, ReadingSink& sink) noexcept {
  constexpr std::size_t kPackAt = 1;
  constexpr std::size_t kListsAt = 2;
  constexpr std::size_t kNamedSensors = 6;  // Four cells, ambient, power stage.
  constexpr std::size_t kAmbientSensor = 4;
  constexpr std::size_t kPowerSensor = 5;
  const Result<Lists> lists = framed::read_lists(data, kListsAt, 2);
  if (!lists) return fail(lists.error());
  const Result<std::size_t> end = numbers_end(data, lists->end);
  if (!end) return fail(end.error());
  const Publisher out(sink);
  out.vendor("group", load_u8(data, kPackAt));
  framed::give_cells(out, data, *lists);
  framed::give_sensors(out, data, *lists);
  if (lists->sensors == kNamedSensors) {
    out.sensor(Signal::ambient_temperature, framed::sensor_at(data, *lists, kAmbientSensor));
    out.sensor(Signal::mosfet_temperature, framed::sensor_at(data, *lists, kPowerSensor));
  }
  give_numbers(out, data, lists->end, 1);
  const std::size_t codes = lists->cells + lists->sensors;
  const std::size_t states_at = *end + codes + 2;  // Codes of the current and of the voltage.
  if (!has_states(data, states_at)) return {};
  ascii::Raised raised;
  for (std::size_t i = 0; i < codes; ++i) {
    const bool cell = i < lists->cells;
    raised.code(load_u8(data, *end + i), cell ? Alarm::cell_undervoltage : Alarm::undertemperature,
                cell ? Alarm::cell_overvoltage : Alarm::overtemperature);
  }
  raised.code(load_u8(data, *end + codes), Alarm::discharge_overcurrent, Alarm::charge_overcurrent);
  raised.code(load_u8(data, *end + codes + 1), Alarm::pack_undervoltage, Alarm::pack_overvoltage);
  give_states(out, data, states_at, raised);
  return {};
}

// 62: flags, two; cells per pack; highest and lowest cell; sensors per pack; highest and lowest
// temperature of the cells, two more; numbers; states.
Result<void> read_system(Bytes data, ReadingSink& sink) noexcept {
  constexpr std::size_t kCellsAt = 2;
  constexpr std::size_t kCellMaxAt = 3;
  constexpr std::size_t kCellMinAt = 5;
  constexpr std::size_t kTemperatureMaxAt = 8;
  constexpr std::size_t kTemperatureMinAt = 10;
  constexpr std::size_t kNumbersAt = 16;
  constexpr std::int64_t kTens = 10;
  const Result<std::size_t> end = numbers_end(data, kNumbersAt);
  if (!end) return fail(end.error());
  if (!has_states(data, *end)) return fail(Errc::length, data.size(), kShort);
  const Publisher out(sink);
  out.value(Signal::cell_count, load_u8(data, kCellsAt));
  out.cell(Signal::cell_voltage_max, load_be16(data, kCellMaxAt));
  out.cell(Signal::cell_voltage_min, load_be16(data, kCellMinAt));
  out.sensor(Signal::cell_temp_max, from_decikelvin(load_be16(data, kTemperatureMaxAt)));
  out.sensor(Signal::cell_temp_min, from_decikelvin(load_be16(data, kTemperatureMinAt)));
  give_numbers(out, data, kNumbersAt, kTens);
  ascii::Raised raised;
  give_states(out, data, *end, raised);
  return {};
}

}  // namespace ems::protocol::seplos_v2_bin
