// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jbd/registers.hpp"

#include "ems/model/catalogue.hpp"
#include "protocol/jbd/in_place.hpp"

namespace ems::protocol::jbd {
namespace {

// Payload of register 03; docs/protocols/jbd.md#basic-info.
constexpr std::size_t kPackVoltageAt = 0;    // u16, 10 mV
constexpr std::size_t kPackCurrentAt = 2;    // s16, 10 mA, + charges
constexpr std::size_t kRemainingAt = 4;      // u16, 10 mAh
constexpr std::size_t kFullAt = 6;           // u16, 10 mAh
constexpr std::size_t kCyclesAt = 8;         // u16
constexpr std::size_t kDateAt = 10;          // u16: 7 bit year since 2000, 4 bit month, 5 bit day
constexpr std::size_t kBalanceLowAt = 12;    // u16, cells 1-16
constexpr std::size_t kBalanceHighAt = 14;   // u16, cells 17-32
constexpr std::size_t kProtectionAt = 16;    // u16
constexpr std::size_t kVersionAt = 18;       // u8, a nibble each
constexpr std::size_t kSocAt = 19;           // u8, %
constexpr std::size_t kFetsAt = 20;          // u8
constexpr std::size_t kCellCountAt = 21;     // u8
constexpr std::size_t kSensorCountAt = 22;   // u8
constexpr std::size_t kTemperaturesAt = 23;  // u16 each, 0.1 K
static_assert(kTemperaturesAt == kBasicInfoSize);
static_assert(kTemperaturesMax <= 0xFF);

constexpr std::int32_t kMilliPerStep = 10;             // 10 mV, 10 mA.
constexpr std::int64_t kMicroAmpHourPerStep = 10'000;  // 10 mAh.
constexpr std::int32_t kBasisPointsPerPercent = 100;
constexpr std::uint8_t kSocMax = 100;
constexpr std::uint8_t kChargeFetBit = 0x01;
constexpr std::uint8_t kDischargeFetBit = 0x02;
constexpr std::int32_t kZeroCelsiusInDeciKelvin = 2731;
constexpr std::int32_t kMilliPerDeci = 100;
constexpr std::uint16_t kSensorShorted = 0x0000;
constexpr std::uint16_t kSensorOpen = 0xFFFF;

std::optional<Date> to_date(std::uint16_t word) noexcept {
  const Date date{.year = static_cast<std::uint16_t>(2000 + (word >> 9)),
                  .month = static_cast<std::uint8_t>((word >> 5) & 0x0F),
                  .day = static_cast<std::uint8_t>(word & 0x1F)};
  if (date.month < 1 || date.month > 12 || date.day < 1) return std::nullopt;
  return date;
}

std::optional<MilliCelsius> to_temperature(std::uint16_t raw) noexcept {
  if (raw == kSensorShorted || raw == kSensorOpen) return std::nullopt;
  return MilliCelsius{(static_cast<std::int32_t>(raw) - kZeroCelsiusInDeciKelvin) * kMilliPerDeci};
}

MilliVolt to_pack_voltage(std::uint16_t raw) noexcept {
  return MilliVolt{static_cast<std::int32_t>(raw) * kMilliPerStep};
}

/// The wire counts charging positive; libems counts discharging positive.
MilliAmp to_pack_current(std::uint16_t raw) noexcept {
  return MilliAmp{-static_cast<std::int32_t>(static_cast<std::int16_t>(raw)) * kMilliPerStep};
}

MicroAmpHour to_capacity(std::uint16_t raw) noexcept {
  return MicroAmpHour{static_cast<std::int64_t>(raw) * kMicroAmpHourPerStep};
}

constexpr std::string_view kCounterNames[kErrorCounters] = {
    "error_counts.short_circuit",
    "error_counts.charge_overcurrent",
    "error_counts.discharge_overcurrent",
    "error_counts.cell_overvoltage",
    "error_counts.cell_undervoltage",
    "error_counts.charge_overtemperature",
    "error_counts.charge_undertemperature",
    "error_counts.discharge_overtemperature",
    "error_counts.discharge_undertemperature",
    "error_counts.battery_overvoltage",
    "error_counts.battery_undervoltage",
};

// Bit of the protection word -> alarm. Bits 12 to 15 are the vendor's own.
constexpr Alarm kProtectionAlarms[] = {
    Alarm::cell_overvoltage,        // 0
    Alarm::cell_undervoltage,       // 1
    Alarm::pack_overvoltage,        // 2
    Alarm::pack_undervoltage,       // 3
    Alarm::charge_overtemperature,  // 4
    Alarm::charge_undertemperature,    Alarm::discharge_overtemperature,
    Alarm::discharge_undertemperature,
    Alarm::charge_overcurrent,  // 8
    Alarm::discharge_overcurrent,      Alarm::short_circuit,
    Alarm::internal_failure,  // 11: front-end IC error
};
constexpr unsigned kVendorFrom = 12;
static_assert(std::size(kProtectionAlarms) == kVendorFrom);
constexpr std::string_view kVendorNames[] = {"mos_software_lock", "charge_timeout", "reserved_14",
                                             "reserved_15"};
static_assert(kVendorFrom + std::size(kVendorNames) == 16);

}  // namespace

Result<void> detail::read_basic_info(Bytes payload, BasicInfo& info) noexcept {
  if (payload.size() < kBasicInfoSize) {
    return fail(Errc::length, payload.size(), "JBD basic info shorter than 23 bytes");
  }
  const std::size_t sensors = load_u8(payload, kSensorCountAt);
  if (payload.size() < kTemperaturesAt + 2 * sensors) {
    return fail(Errc::length, kSensorCountAt, "JBD basic info declares more sensors than it has");
  }
  info.pack_voltage = to_pack_voltage(load_be16(payload, kPackVoltageAt));
  info.pack_current = to_pack_current(load_be16(payload, kPackCurrentAt));
  info.remaining_capacity = to_capacity(load_be16(payload, kRemainingAt));
  info.full_capacity = to_capacity(load_be16(payload, kFullAt));
  info.cycle_count = load_be16(payload, kCyclesAt);
  info.manufacture_date = to_date(load_be16(payload, kDateAt));
  info.balance_mask = static_cast<std::uint32_t>(load_be16(payload, kBalanceHighAt)) << 16 |
                      load_be16(payload, kBalanceLowAt);
  info.protection = load_be16(payload, kProtectionAt);
  const unsigned version = load_u8(payload, kVersionAt);
  info.software_major = static_cast<std::uint8_t>(version >> 4);
  info.software_minor = static_cast<std::uint8_t>(version & 0x0F);
  const std::uint8_t soc = load_u8(payload, kSocAt);
  if (soc <= kSocMax) info.soc = BasisPoints{soc * kBasisPointsPerPercent};
  const std::uint8_t fets = load_u8(payload, kFetsAt);
  info.charge_fet_on = (fets & kChargeFetBit) != 0;
  info.discharge_fet_on = (fets & kDischargeFetBit) != 0;
  info.cell_count = load_u8(payload, kCellCountAt);
  for (std::size_t i = 0; i < sensors; ++i) {
    info.temperatures.push_back(to_temperature(load_be16(payload, kTemperaturesAt + 2 * i)));
  }
  return {};
}

Result<BasicInfo> decode_basic_info(Bytes payload) noexcept {
  BasicInfo info;
  const Result<void> read = detail::read_basic_info(payload, info);
  if (!read) return fail(read.error());
  return info;
}

Result<void> detail::read_cell_voltages(Bytes payload, CellVoltages& cells) noexcept {
  if (payload.empty()) return fail(Errc::length, 0, "JBD cell voltages without a cell");
  if (payload.size() % 2 != 0) {
    return fail(Errc::length, payload.size(), "JBD cell voltages: odd number of bytes");
  }
  for (std::size_t at = 0; at < payload.size(); at += 2) {
    cells.push_back(MilliVolt{static_cast<std::int32_t>(load_be16(payload, at))});
  }
  return {};
}

Result<CellVoltages> decode_cell_voltages(Bytes payload) noexcept {
  CellVoltages cells;
  const Result<void> read = detail::read_cell_voltages(payload, cells);
  if (!read) return fail(read.error());
  return cells;
}

Result<std::string_view> decode_model(Bytes payload) noexcept {
  std::size_t size = payload.size();
  while (size > 0) {
    const std::uint8_t last = load_u8(payload, size - 1);
    if (last != 0 && last != ' ') break;
    --size;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t c = load_u8(payload, i);
    if (c < 0x20 || c > 0x7E) return fail(Errc::out_of_range, i, "JBD model is not printable");
  }
  return std::string_view{reinterpret_cast<const char*>(payload.data()), size};
}

Result<ErrorCounts> decode_error_counts(Bytes payload) noexcept {
  if (payload.size() < 2 * kErrorCounters || payload.size() % 2 != 0) {
    return fail(Errc::length, payload.size(), "JBD error counters: not 11 or more of two bytes");
  }
  ErrorCounts errors;
  for (std::size_t i = 0; i < kErrorCounters; ++i) errors.counts[i] = load_be16(payload, 2 * i);
  if (payload.size() > 2 * kErrorCounters) errors.reboots = load_be16(payload, 2 * kErrorCounters);
  return errors;
}

Result<void> decode_ack(Bytes payload) noexcept {
  if (!payload.empty()) return fail(Errc::length, 0, "JBD acknowledgement with a payload");
  return {};
}

std::string_view error_counter_name(std::size_t index) noexcept {
  EMS_ASSERT(index < kErrorCounters);
  return kCounterNames[index];
}

Protection split_protection(std::uint16_t word) noexcept {
  const unsigned bits = word;
  Protection split;
  for (unsigned bit = 0; bit < kVendorFrom; ++bit) {
    if ((bits >> bit & 1U) != 0) split.alarms |= alarm_bit(kProtectionAlarms[bit]);
  }
  constexpr unsigned kVendorMask = 0xFFFFU << kVendorFrom & 0xFFFFU;
  split.vendor_alarms = bits & kVendorMask;
  return split;
}

std::optional<std::string_view> protection_name(unsigned bit) noexcept {
  if (bit < kVendorFrom || bit - kVendorFrom >= std::size(kVendorNames)) return std::nullopt;
  return kVendorNames[bit - kVendorFrom];
}

}  // namespace ems::protocol::jbd
