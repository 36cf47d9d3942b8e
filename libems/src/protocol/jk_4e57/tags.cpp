// SPDX-License-Identifier: Apache-2.0
#include "protocol/jk_4e57/tags.hpp"

#include <array>
#include <optional>

#include "protocol/field.hpp"

namespace ems::protocol::jk_4e57 {
namespace {

constexpr std::uint8_t kCells = 0x79;  // Count of bytes, then (number, u16 mV) each.
constexpr std::uint8_t kMosTemperature = 0x80;
constexpr std::uint8_t kBoxTemperature = 0x81;
constexpr std::uint8_t kBatteryTemperature = 0x82;
constexpr std::uint8_t kCurrent = 0x84;
constexpr std::uint8_t kAlarms = 0x8B;
constexpr std::uint8_t kStatus = 0x8C;
constexpr std::uint8_t kDate = 0xB5;
constexpr std::uint8_t kSoftware = 0xB7;
constexpr std::uint8_t kMakerId = 0xBA;
constexpr std::uint8_t kCurrentFormat = 0xC0;
constexpr std::uint8_t kFirst = kCells;
constexpr std::uint8_t kLast = kCurrentFormat;

constexpr std::size_t kCellSize = 3;

/// A tag whose value is one number.
struct Row {
  std::uint8_t tag = 0;
  FieldWire wire = FieldWire::u16;
  Meaning meaning{};
};

constexpr Row kNumbers[] = {
    {0x83, FieldWire::u16, value(Signal::pack_voltage, 10)},
    {0x85, FieldWire::u8, percent(Signal::soc, 100)},
    {0x86, FieldWire::u8, vendor("temperature_count")},
    {0x87, FieldWire::u16, value(Signal::cycle_count)},
    {0x89, FieldWire::u32, vendor("cycle_capacity_ah")},
    {0x8A, FieldWire::u16, value(Signal::cell_count)},
    {0x8E, FieldWire::u16, vendor("pack_overvoltage_mv", 10)},
    {0x8F, FieldWire::u16, vendor("pack_undervoltage_mv", 10)},
    {0x90, FieldWire::u16, vendor("cell_overvoltage_mv")},
    {0x91, FieldWire::u16, vendor("cell_overvoltage_recovery_mv")},
    {0x92, FieldWire::u16, vendor("cell_overvoltage_delay_s")},
    {0x93, FieldWire::u16, vendor("cell_undervoltage_mv")},
    {0x94, FieldWire::u16, vendor("cell_undervoltage_recovery_mv")},
    {0x95, FieldWire::u16, vendor("cell_undervoltage_delay_s")},
    {0x96, FieldWire::u16, vendor("cell_difference_mv")},
    {0x97, FieldWire::u16, vendor("discharge_overcurrent_ma", 1'000)},
    {0x98, FieldWire::u16, vendor("discharge_overcurrent_delay_s")},
    {0x99, FieldWire::u16, vendor("charge_overcurrent_ma", 1'000)},
    {0x9A, FieldWire::u16, vendor("charge_overcurrent_delay_s")},
    {0x9B, FieldWire::u16, vendor("balance_start_mv")},
    {0x9C, FieldWire::u16, vendor("balance_difference_mv")},
    {0x9D, FieldWire::u8, vendor("balance_switch")},
    {0x9E, FieldWire::u16, vendor("mosfet_overtemperature_mdegc", 1'000)},
    {0x9F, FieldWire::u16, vendor("mosfet_overtemperature_recovery_mdegc", 1'000)},
    {0xA0, FieldWire::u16, vendor("box_overtemperature_mdegc", 1'000)},
    {0xA1, FieldWire::u16, vendor("box_overtemperature_recovery_mdegc", 1'000)},
    {0xA2, FieldWire::u16, vendor("temperature_difference_mdegc", 1'000)},
    {0xA3, FieldWire::u16, vendor("charge_overtemperature_mdegc", 1'000)},
    {0xA4, FieldWire::u16, vendor("discharge_overtemperature_mdegc", 1'000)},
    {0xA5, FieldWire::s16, vendor("charge_undertemperature_mdegc", 1'000)},
    {0xA6, FieldWire::s16, vendor("charge_undertemperature_recovery_mdegc", 1'000)},
    {0xA7, FieldWire::s16, vendor("discharge_undertemperature_mdegc", 1'000)},
    {0xA8, FieldWire::s16, vendor("discharge_undertemperature_recovery_mdegc", 1'000)},
    {0xA9, FieldWire::u8, vendor("cell_count_setting")},
    {0xAA, FieldWire::u32, value(Signal::full_capacity, 1'000'000)},
    {0xAB, FieldWire::u8, vendor("charge_switch")},
    {0xAC, FieldWire::u8, vendor("discharge_switch")},
    {0xAD, FieldWire::u16, vendor("calibration")},
    {0xAE, FieldWire::u8, vendor("device_address")},
    {0xAF, FieldWire::u8, vendor("cell_type")},
    {0xB0, FieldWire::u16, vendor("sleep_s")},
    {0xB1, FieldWire::u8, vendor("soc_low_pct")},
    {0xB3, FieldWire::u8, vendor("special_charger")},
    {0xB6, FieldWire::u32, vendor("runtime_min")},
    {0xB9, FieldWire::u32, vendor("actual_capacity_ah")},
};

/// The other tags and how many bytes their values have.
struct Other {
  std::uint8_t tag = 0;
  std::uint8_t size = 2;
};

constexpr Other kOthers[] = {
    {kMosTemperature}, {kBoxTemperature}, {kBatteryTemperature}, {kCurrent},          {kAlarms},
    {kStatus},         {0xB2, 10},  // The password: nobody's business.
    {0xB4, 8},                      // What the owner calls the board.
    {0xB8, 1},                      // No source says what it is.
    {kDate, 4},        {kSoftware, 15},   {kMakerId, 24},        {kCurrentFormat, 1},
};

constexpr AlarmBit kAlarmBits[] = {
    {0, Alarm::soc_low},
    {1, Alarm::mosfet_overtemperature},
    {2, Alarm::pack_overvoltage},
    {3, Alarm::pack_undervoltage},
    {4, Alarm::overtemperature},
    {5, Alarm::charge_overcurrent},
    {6, Alarm::discharge_overcurrent},
    {7, Alarm::cell_imbalance},
    {8, Alarm::overtemperature},  // In the box.
    {9, Alarm::undertemperature},
    {10, Alarm::cell_overvoltage},
    {11, Alarm::cell_undervoltage},
};
constexpr unsigned kVendorFrom = 12;
constexpr std::string_view kVendorNames[] = {"protection_309_a", "protection_309_b", "reserved_14",
                                             "reserved_15"};

/// Bytes of a tag's value; 0: the tag is not known. @param rest  What follows the tag.
std::size_t size_of(std::uint8_t tag, Bytes rest) noexcept {
  if (tag == kCells) return rest.empty() ? 1 : 1 + load_u8(rest, 0);
  for (const Row& row : kNumbers) {
    if (row.tag == tag) return width(row.wire);
  }
  for (const Other& other : kOthers) {
    if (other.tag == tag) return other.size;
  }
  return 0;
}

/// Where the values are, by tag.
class Tags {
 public:
  explicit Tags(Bytes data) noexcept : data_(data) {}
  /// @param at  Of the tag in the data.
  void set(std::uint8_t tag, std::size_t at) noexcept {
    values_[tag - kFirst] = static_cast<std::uint16_t>(at + 1);
  }
  [[nodiscard]] std::optional<Bytes> get(std::uint8_t tag) const noexcept {
    const std::size_t at = values_[tag - kFirst];
    if (at == 0) return std::nullopt;
    const Bytes rest = data_.subspan(at);
    return rest.first(size_of(tag, rest));
  }
  [[nodiscard]] std::optional<std::int64_t> number(std::uint8_t tag,
                                                   FieldWire wire = FieldWire::u16) const noexcept {
    const auto value = get(tag);
    if (!value) return std::nullopt;
    return load(*value, 0, wire, ByteOrder::big);
  }

 private:
  Bytes data_;
  std::array<std::uint16_t, kLast - kFirst + 1> values_{};  // 0: not in the reply.
};

Result<void> check_cells(Bytes cells, std::size_t at) noexcept {
  if ((cells.size() - 1) % kCellSize != 0) {
    return fail(Errc::length, at, "JK cells are not three bytes each");
  }
  for (std::size_t cell = 1; 1 + cell * kCellSize <= cells.size(); ++cell) {
    const std::size_t number_at = 1 + (cell - 1) * kCellSize;
    if (load_u8(cells, number_at) != cell) {
      return fail(Errc::out_of_range, at + number_at, "JK cells are not numbered from 1");
    }
  }
  return {};
}

Result<Tags> split(Bytes data) noexcept {
  Tags tags(data);
  bool whole = false;
  for (std::size_t at = 0; at < data.size();) {
    const std::uint8_t tag = load_u8(data, at);
    const Bytes rest = data.subspan(at + 1);
    const std::size_t size = size_of(tag, rest);
    if (size == 0) {
      // Newer firmware appends tags.
      if (whole && tag > kLast) return tags;
      return fail(Errc::unimplemented, at, "no source of libems knows this JK tag");
    }
    if (rest.size() < size) return fail(Errc::length, at, "JK value longer than the data");
    const Bytes value = rest.first(size);
    if (tag == kCells) {
      const Result<void> sound = check_cells(value, at + 1);
      if (!sound) return fail(sound.error());
    }
    tags.set(tag, at);
    whole = tag == kLast;
    at += 1 + size;
  }
  return tags;
}

/// 0 .. 100 as they are, 101 .. 140 are 1 .. 40 below zero.
std::optional<std::int64_t> temperature(std::int64_t raw) noexcept {
  constexpr std::int64_t kHottest = 100;
  constexpr std::int64_t kColdest = 140;
  if (raw > kColdest) return std::nullopt;
  return (raw <= kHottest ? raw : kHottest - raw) * 1'000;
}

/// libems's sign; nullopt: no source knows the format.
std::optional<std::int64_t> current(std::int64_t raw, std::int64_t format) noexcept {
  constexpr std::int64_t kCharging = 0x8000;
  constexpr std::int64_t kZero = 10'000;
  constexpr std::int64_t kMilliAmpPerStep = 10;
  if (format == 0) return (raw - kZero) * kMilliAmpPerStep;
  if (format != 1) return std::nullopt;
  const std::int64_t magnitude = (raw & ~kCharging) * kMilliAmpPerStep;
  return (raw & kCharging) != 0 ? -magnitude : magnitude;
}

void give_cells(const Publisher& out, Bytes cells) {
  const std::size_t count = (cells.size() - 1) / kCellSize;
  out.count(Signal::cell_voltage, count);
  for (std::size_t i = 0; i < count; ++i) {
    out.cell(Signal::cell_voltage, load_be16(cells, 2 + i * kCellSize),
             static_cast<std::uint16_t>(i + 1));
  }
}

/// @param alone  Only the current was asked for: nothing says in which format it is.
void give_current(const Publisher& out, const Tags& tags, bool alone) {
  const auto raw = tags.number(kCurrent);
  if (!raw) return;
  // Boards that do not say the format have the old one.
  const std::int64_t format = tags.number(kCurrentFormat, FieldWire::u8).value_or(0);
  out.maybe(Signal::pack_current, alone ? std::nullopt : current(*raw, format));
  out.vendor("current_raw", *raw);
}

void give_sensors(const Publisher& out, const Tags& tags) {
  if (const auto raw = tags.number(kMosTemperature)) {
    out.sensor(Signal::mosfet_temperature, temperature(*raw));
  }
  std::uint16_t sensor = 0;
  for (const std::uint8_t tag : {kBoxTemperature, kBatteryTemperature}) {
    ++sensor;
    if (const auto raw = tags.number(tag))
      out.sensor(Signal::temperature, temperature(*raw), sensor);
  }
}

void give_states(const Publisher& out, const Tags& tags) {
  if (const auto word = tags.number(kAlarms)) {
    const auto bits = static_cast<std::uint64_t>(*word);
    out.value(Signal::alarms, static_cast<std::int64_t>(common_alarms(bits, kAlarmBits)));
    out.value(Signal::vendor_alarms, static_cast<std::int64_t>(vendor_bits(bits, kAlarmBits)));
  }
  if (const auto status = tags.number(kStatus)) {
    out.flag(Signal::charge_fet_on, (*status & 1) != 0);
    out.flag(Signal::discharge_fet_on, (*status & 2) != 0);
    out.flag(Signal::balancing, (*status & 4) != 0);
    out.vendor("battery_online", (*status & 8) != 0 ? 1 : 0);
  }
}

}  // namespace

Result<void> read_tags(Bytes data, ReadingSink& sink) noexcept {
  if (data.empty()) return fail(Errc::length, 0, "JK reply without a value");
  const Result<Tags> tags = split(data);
  if (!tags) return fail(tags.error());
  const Publisher out(sink);
  if (const auto cells = tags->get(kCells)) give_cells(out, *cells);
  constexpr std::size_t kOneNumber = 3;
  give_current(out, *tags, data.size() == kOneNumber);
  give_sensors(out, *tags);
  give_states(out, *tags);
  for (const Row& row : kNumbers) {
    if (const auto raw = tags->number(row.tag, row.wire)) give(out, row.meaning, *raw);
  }
  if (const auto text = tags->get(kSoftware)) out.text(TextField::software_version, *text);
  if (const auto text = tags->get(kMakerId)) out.text(TextField::serial_number, *text);
  if (const auto text = tags->get(kDate)) out.text(TextField::manufacture_date, *text);
  return {};
}

std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept {
  if (bit < kVendorFrom || bit >= kVendorFrom + std::size(kVendorNames)) return std::nullopt;
  return kVendorNames[bit - kVendorFrom];
}

}  // namespace ems::protocol::jk_4e57
