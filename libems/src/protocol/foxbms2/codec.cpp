// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/foxbms2/codec.hpp"

#include <array>

#include "protocol/publish.hpp"

namespace ems::protocol::foxbms2 {
namespace {

using namespace can_map;

constexpr std::uint32_t kState = 0x220;
constexpr std::uint32_t kTempExtremes = 0x230;
constexpr std::uint32_t kCellExtremes = 0x231;
constexpr std::uint32_t kLimits = 0x232;
constexpr std::uint32_t kPack = 0x233;
constexpr std::uint32_t kEstimated = 0x235;
constexpr std::uint32_t kString = 0x243;
constexpr std::uint32_t kCells = 0x250;
constexpr std::uint32_t kTemperatures = 0x260;

/// As the messages are described: the highest bit, and how many.
constexpr Bits unsigned_at(std::uint8_t start, std::uint8_t size) noexcept {
  return {.start = start, .size = size, .big_endian = true};
}
constexpr Bits signed_at(std::uint8_t start, std::uint8_t size) noexcept {
  return {.start = start, .size = size, .big_endian = true, .is_signed = true};
}
constexpr Bits one(std::uint8_t at) noexcept { return unsigned_at(at, 1); }

constexpr std::string_view kStringNames[][3] = {
    {"string_1_voltage_mv", "string_1_current_ma", "string_1_power_w"},
    {"string_2_voltage_mv", "string_2_current_ma", "string_2_power_w"},
    {"string_3_voltage_mv", "string_3_current_ma", "string_3_power_w"},
    {"string_4_voltage_mv", "string_4_current_ma", "string_4_power_w"},
    {"string_5_voltage_mv", "string_5_current_ma", "string_5_power_w"},
    {"string_6_voltage_mv", "string_6_current_ma", "string_6_power_w"},
    {"string_7_voltage_mv", "string_7_current_ma", "string_7_power_w"},
    {"string_8_voltage_mv", "string_8_current_ma", "string_8_power_w"},
};

constexpr auto pack_rows(std::int32_t sign) noexcept {
  return std::array{
      vendor(kState, unsigned_at(3, 4), "bms_state_id"),
      vendor(kState, unsigned_at(37, 6), "bms_substate_id"),
      vendor(kState, unsigned_at(7, 4), "connected_strings"),
      vendor(kState, unsigned_at(51, 4), "deactivated_strings"),
      flag(kState, one(14), Signal::heater_on),
      sensor(kTempExtremes, signed_at(39, 8), Signal::cell_temp_min, {.scale = 1'000}),
      sensor(kTempExtremes, signed_at(47, 8), Signal::cell_temp_max, {.scale = 1'000}),
      cell(kCellExtremes, signed_at(53, 14), Signal::cell_voltage_min),
      cell(kCellExtremes, signed_at(37, 14), Signal::cell_voltage_max),
      value(kLimits, unsigned_at(11, 12), Signal::charge_current_limit, {.scale = 250}),
      value(kLimits, unsigned_at(7, 12), Signal::discharge_current_limit, {.scale = 250}),
      vendor(kLimits, unsigned_at(35, 12), "charge_power_limit_w", {.scale = 100}),
      vendor(kLimits, unsigned_at(31, 12), "discharge_power_limit_w", {.scale = 100}),
      value(kLimits, unsigned_at(55, 8), Signal::charge_voltage_limit, {.scale = 4'000}),
      value(kLimits, unsigned_at(63, 8), Signal::discharge_voltage_limit, {.scale = 4'000}),
      value(kPack, signed_at(7, 15), Signal::pack_voltage, {.scale = 100}),
      vendor(kPack, signed_at(8, 15), "bus_voltage_mv", {.scale = 100}),
      value(kPack, signed_at(25, 17), Signal::pack_power, {.scale = 10 * sign}),
      value(kPack, signed_at(40, 17), Signal::pack_current, {.scale = 10 * sign}),
      percent(kEstimated, unsigned_at(7, 10), Signal::soc, 10),
      vendor(kEstimated, unsigned_at(13, 10), "soc_max_bp", {.scale = 10}),
      vendor(kEstimated, unsigned_at(19, 10), "soe_min_bp", {.scale = 10}),
      vendor(kEstimated, unsigned_at(25, 10), "soe_max_bp", {.scale = 10}),
      percent(kEstimated, unsigned_at(47, 8), Signal::soh, 50),
      vendor(kEstimated, unsigned_at(55, 16), "energy_wh", {.scale = 100}),
  };
}

constexpr auto rows(std::int32_t sign) noexcept {
  constexpr std::size_t kPackRows = pack_rows(1).size();
  constexpr std::size_t kStrings = std::size(kStringNames);
  std::array<Row, kPackRows + 3 * kStrings> all{};
  const auto of_pack = pack_rows(sign);
  auto at = std::copy(of_pack.begin(), of_pack.end(), all.begin());
  for (std::size_t i = 0; i < kStrings; ++i) {
    const auto selector = static_cast<std::int32_t>(i);
    const auto& names = kStringNames[i];
    *at++ = when(selector, vendor(kString, signed_at(4, 18), names[0], {.scale = 10}));
    *at++ = when(selector, vendor(kString, signed_at(18, 18), names[1], {.scale = 10 * sign}));
    *at++ = when(selector, vendor(kString, signed_at(32, 18), names[2], {.scale = 10 * sign}));
  }
  return all;
}
constexpr auto kDischarging = rows(1);
constexpr auto kCharging = rows(-1);

constexpr Series kSeries[] = {
    {.id = kCells,
     .number = u8(0),
     .last = 255,
     .where = unsigned_at(11, 13),
     .per_frame = 4,
     .flags = bit(1, 4)},
    {.id = kTemperatures,
     .number = u8(0),
     .last = 255,
     .where = signed_at(23, 8),
     .per_frame = 6,
     .use = Use::sensor,
     .linear = {.scale = 1'000},
     .absent = 0,
     .flags = bit(1, 0)},
};
constexpr Selector kSelectors[] = {{kString, unsigned_at(7, 3)}};

constexpr Direction kDirection{
    .id = kState, .where = unsigned_at(3, 4), .charging = 9, .discharging = 8};

constexpr AlarmRow kAlarms[] = {
    alarm(kState, one(10), "general_error", Alarm::internal_failure),
    alarm(kState, one(11), "emergency_shutoff", Alarm::internal_failure),
    alarm(kState, one(12), Alarm::internal_failure),  // Its own monitoring of its tasks.
    alarm(kState, one(16), Alarm::precharge_failure),
    alarm(kState, one(17), Alarm::precharge_failure),
    alarm(kState, one(18), "processor_temperature", Alarm::overtemperature),
    alarm(kState, one(19), "board_overtemperature", Alarm::overtemperature),
    alarm(kState, one(20), "board_undertemperature", Alarm::undertemperature),
    alarm(kState, one(21), "main_fuse_blown", Alarm::internal_failure),
    alarm(kState, one(22), "interlock_open", Alarm::internal_failure),
    alarm(kState, one(23), Alarm::isolation_failure),
    alarm(kState, one(24), Alarm::communication_failure),
    alarm(kState, one(25), Alarm::charge_overcurrent),
    alarm(kState, one(26), Alarm::discharge_overcurrent),
    alarm(kState, one(27), "alert", Alarm::internal_failure),
    alarm(kState, one(28), Alarm::internal_failure),  // Its memory.
    alarm(kState, one(30), "supply_failure", Alarm::internal_failure),
    warning(kState, one(9), "general_warning"),
};

/// What is not being watched is not known.
void give_insulation(const Extra& extra) noexcept {
  if (extra.id != kState) return;
  const Bytes payload = extra.frame.payload();
  const std::optional<std::int64_t> raw = read(payload, unsigned_at(63, 8));
  if (!raw) return;
  const bool watched = read(payload, one(13)) == 1;
  Publisher(extra.sink)
      .maybe(Signal::insulation_resistance, watched ? std::optional(*raw * 200) : std::nullopt);
}

constexpr Map map(std::span<const Row> rows) noexcept {
  return {.rows = rows,
          .series = kSeries,
          .alarms = kAlarms,
          .selectors = kSelectors,
          .direction = kDirection,
          .extra = give_insulation};
}
constexpr Map kMaps[] = {map(kDischarging), map(kCharging)};

constexpr std::string_view kVariants[] = {"discharge_positive", "charge_positive"};

constexpr Protocol kProtocol{
    .info = {.name = "foxbms2-can",
             .title = "foxBMS 2",
             .evidence = Evidence::captured_frames,
             .bit_rates = k500kbit,
             .variants = kVariants},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::foxbms2
