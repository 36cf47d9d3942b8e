// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jk_can/codec.hpp"

#include <array>

#include "protocol/publish.hpp"

namespace ems::protocol::jk_can {
namespace {

using namespace can_map;

// Without the last digit, which is the address. Those above 7FF have 29 bits.
constexpr std::uint32_t kPack = 0x2F0;
constexpr std::uint32_t kCellExtremes = 0x4F0;
constexpr std::uint32_t kTempExtremes = 0x5F0;
constexpr std::uint32_t kAlarmLevels = 0x7F0;
constexpr std::uint32_t kCapacity = 0x18F1'28F0;
constexpr std::uint32_t kTemperatures = 0x18F2'28F0;
constexpr std::uint32_t kErrors = 0x18F3'28F0;
constexpr std::uint32_t kInfo = 0x18F4'28F0;
constexpr std::uint32_t kSwitches = 0x18F5'28F0;
constexpr std::uint32_t kCells = 0x18E0'28F0;  // Further ones 10000 apart.
constexpr std::uint32_t kCharger = 0x1806'E5F0;

constexpr std::uint8_t kAddresses[] = {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr Linear kFrom50Below{.scale = 1'000, .offset = -50'000};

constexpr Row kRows[] = {
    value(kPack, u16le(0), Signal::pack_voltage, {.scale = 100}),
    // The wire counts charging positive, in 0.1 A from -400 A.
    value(kPack, u16le(2), Signal::pack_current, {.scale = -100, .offset = 400'000}),
    percent(kPack, u8(4), Signal::soc, 100),
    vendor(kPack, u16le(6), "time"),
    cell(kCellExtremes, u16le(0), Signal::cell_voltage_max),
    vendor(kCellExtremes, u8(2), "cell_voltage_max_at"),
    cell(kCellExtremes, u16le(3), Signal::cell_voltage_min),
    vendor(kCellExtremes, u8(5), "cell_voltage_min_at"),
    sensor(kTempExtremes, u8(0), Signal::cell_temp_max, kFrom50Below, 0, kZeroOrAllOnes),
    vendor(kTempExtremes, u8(1), "cell_temp_max_at"),
    sensor(kTempExtremes, u8(2), Signal::cell_temp_min, kFrom50Below, 0, kZeroOrAllOnes),
    vendor(kTempExtremes, u8(3), "cell_temp_min_at"),
    vendor(kTempExtremes, u8(4), "cell_temp_average_mdegc", kFrom50Below),
    value(kCapacity, u16le(0), Signal::remaining_capacity, {.scale = 100'000}),
    value(kCapacity, u16le(2), Signal::full_capacity, {.scale = 100'000}),
    vendor(kCapacity, u16le(4), "total_ah"),
    value(kCapacity, u16le(6), Signal::cycle_count),
    vendor(kErrors, u32le(0), "error_bits"),
    flag(kSwitches, bit(0, 0), Signal::charge_fet_on),
    flag(kSwitches, bit(0, 1), Signal::discharge_fet_on),
    flag(kSwitches, bit(0, 2), Signal::balancing),
    value(kCharger, u16le(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
    value(kCharger, u16le(2), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
};

constexpr Series four_cells(std::uint8_t frame) noexcept {
  return {.id = kCells + (std::uint32_t{frame} << 16U),
          .where = u16le(0),
          .per_frame = 4,
          .element = static_cast<std::uint16_t>(4 * frame + 1)};
}
constexpr Series kSeries[] = {
    {.id = kTemperatures,
     .where = u8(1),
     .per_frame = 5,
     .use = Use::sensor,
     .linear = kFrom50Below,
     .absent = 0,
     .flags = bit(0, 0),
     .flag_is_valid = true},
    four_cells(0),
    four_cells(1),
    four_cells(2),
    four_cells(3),
    four_cells(4),
    four_cells(5),
    four_cells(6),
};

/// Two bits each, the first lowest.
constexpr AlarmRow kAnyLevel[] = {
    alarm(kAlarmLevels, bits(0, 0, 2), Alarm::cell_overvoltage),
    alarm(kAlarmLevels, bits(0, 2, 2), Alarm::cell_undervoltage),
    alarm(kAlarmLevels, bits(0, 4, 2), Alarm::pack_overvoltage),
    alarm(kAlarmLevels, bits(0, 6, 2), Alarm::pack_undervoltage),
    alarm(kAlarmLevels, bits(1, 0, 2), Alarm::cell_imbalance),
    alarm(kAlarmLevels, bits(1, 2, 2), Alarm::discharge_overcurrent),
    alarm(kAlarmLevels, bits(1, 4, 2), Alarm::charge_overcurrent),
    alarm(kAlarmLevels, bits(1, 6, 2), Alarm::overtemperature),
    alarm(kAlarmLevels, bits(2, 0, 2), Alarm::undertemperature),
    alarm(kAlarmLevels, bits(2, 2, 2), "temperature_difference"),
    alarm(kAlarmLevels, bits(2, 4, 2), Alarm::soc_low),
    alarm(kAlarmLevels, bits(2, 6, 2), Alarm::isolation_failure),
    alarm(kAlarmLevels, bits(3, 0, 2), "interlock", Alarm::internal_failure),
    alarm(kAlarmLevels, bits(3, 2, 2), Alarm::communication_failure),  // With others.
    alarm(kAlarmLevels, bits(3, 4, 2), Alarm::communication_failure),  // Inside.
};

constexpr auto with_levels() noexcept {
  constexpr std::size_t kCount = std::size(kAnyLevel);
  std::array<AlarmRow, 2 * kCount> all{};
  for (std::size_t i = 0; i < kCount; ++i) {
    all[i] = all[kCount + i] = kAnyLevel[i];
    all[i].below = 3;
    all[kCount + i].level = 3;
    all[kCount + i].warns = true;
  }
  return all;
}
constexpr auto kLevels = with_levels();

constexpr std::uint32_t kOthers[] = {kInfo};  // No source says what its bytes mean.

/// The third sensor is at the transistors.
void give_mosfet(const Extra& extra) noexcept {
  if (extra.id != kTemperatures) return;
  const Bytes payload = extra.frame.payload();
  const std::optional<std::int64_t> raw = read(payload, u8(3));
  if (!raw) return;
  const bool there = read(payload, bit(0, 2)) == 1 && *raw != 0 && *raw != 0xFF;
  Publisher(extra.sink)
      .sensor(
          Signal::mosfet_temperature,
          there ? std::optional(*raw * kFrom50Below.scale + kFrom50Below.offset) : std::nullopt);
}

constexpr Map map(std::span<const AlarmRow> alarms) noexcept {
  return {.address_mask = 0xF,
          .address_min = kAddresses[0],
          .rows = kRows,
          .series = kSeries,
          .alarms = alarms,
          .others = kOthers,
          .extra = give_mosfet};
}
constexpr Map kMaps[] = {map(kAnyLevel), map(kLevels)};

constexpr std::string_view kVariants[] = {"any_level", "levels"};

constexpr Protocol kProtocol{
    .info = {.name = "jk-can",
             .title = "JK (Jikong) BMS with its own frames",
             .evidence = Evidence::captured_frames,
             .bit_rates = k250kbit,
             .addresses = kAddresses,
             .variants = kVariants},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::jk_can
