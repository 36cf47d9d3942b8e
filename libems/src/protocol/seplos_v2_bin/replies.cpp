// SPDX-License-Identifier: Apache-2.0
#include "protocol/seplos_v2_bin/replies.hpp"

#include "protocol/framed.hpp"
#include "protocol/seplos_v2_bin/layout.hpp"

namespace ems::protocol::seplos_v2_bin {
namespace {

using framed::Lists;

constexpr const char* kShort = "Seplos data cut short";

/// Checks the numbers at `at`; gives where they end.
Result<std::size_t> numbers_end(Bytes data, std::size_t at) noexcept {
  if (data.size() <= at + kItemsAt) return fail(Errc::length, data.size(), kShort);
  const std::size_t items = load_u8(data, at + kItemsAt);
  if (items < kItemsNeeded) return fail(Errc::length, at + kItemsAt, "too few Seplos items");
  const std::size_t end = at + kFirstItemAt + 2 * items;
  if (data.size() < end) return fail(Errc::length, data.size(), kShort);
  return end;
}

/// Rows whose places count from `at`.
void give_rows(const Publisher& out, Bytes data, std::size_t at, std::span<const FrameField> rows) {
  for (const FrameField& row : rows) {
    give(out, row.meaning, load(data, at + row.at, row.wire, ByteOrder::big));
  }
}

/// Whether the states are there, at `at`.
bool has_states(Bytes data, std::size_t at) noexcept {
  return data.size() >= at + kFirstEventAt + kEventBytes &&
         load_u8(data, at + kEventsAt) >= kEventBytes;
}

void give_states(const Publisher& out, Bytes data, std::size_t at, ascii::Raised& raised) noexcept {
  for (const FlagBit& row : kSwitches) {
    give(out, row.meaning, load_u8(data, at + row.at) >> row.bit & 1);
  }
  out.vendor("system_state", load_u8(data, at + kSystemStateAt));
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

Result<void> read_maker(Bytes data, ReadingSink& sink) noexcept {
  if (data.size() <= kPacksAt) return fail(Errc::length, data.size(), kShort);
  const Publisher out(sink);
  out.text(TextField::device_model, data.subspan(kModelAt, kModelSize));
  FixedString<8> version;
  append_number(version, load_u8(data, kMajorAt));
  version.append(".");
  append_number(version, load_u8(data, kMajorAt + 1));
  out.text(TextField::software_version, version.view());
  out.value(Signal::module_count, load_u8(data, kPacksAt));
  return {};
}

Result<void> read_pack(Bytes data, ReadingSink& sink) noexcept {
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
  give_rows(out, data, lists->end, kPackNumbers);
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

Result<void> read_system(Bytes data, ReadingSink& sink) noexcept {
  const Result<std::size_t> end = numbers_end(data, kNumbersAt);
  if (!end) return fail(end.error());
  if (!has_states(data, *end)) return fail(Errc::length, data.size(), kShort);
  const Publisher out(sink);
  give_rows(out, data, 0, kSystemFields);
  give_rows(out, data, kNumbersAt, kSystemNumbers);
  ascii::Raised raised;
  give_states(out, data, *end, raised);
  return {};
}

}  // namespace ems::protocol::seplos_v2_bin
