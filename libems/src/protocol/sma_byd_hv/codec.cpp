// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/sma_byd_hv/codec.hpp"

namespace ems::protocol::sma_byd_hv {
namespace {

using namespace can_map;

constexpr std::uint32_t kAlarmPairs = 0x158;
constexpr std::uint32_t kLimits = 0x358;
constexpr std::uint32_t kCharge = 0x3D8;
constexpr std::uint32_t kEnergy = 0x458;
constexpr std::uint32_t kMeasured = 0x4D8;
constexpr std::uint32_t kExtremes = 0x518;
constexpr std::uint32_t kVersion = 0x558;
constexpr std::uint32_t kSerial = 0x598;
constexpr std::uint32_t kManufacturer = 0x5D8;
constexpr std::uint32_t kModel = 0x618;

/// @param ampere  What 0.1 A of the wire are, in mA.
constexpr auto rows(std::int32_t ampere) noexcept {
  return std::array{
      value(kLimits, u16be(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(2), Signal::discharge_voltage_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(4), Signal::discharge_current_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(6), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
      percent(kCharge, u16be(0), Signal::soc, 1),
      percent(kCharge, u16be(2), Signal::soh, 1),
      value(kCharge, u16be(4), Signal::remaining_capacity, {.scale = 100'000}, kAllOnes),
      value(kEnergy, u32be(0), Signal::energy_charged, {}, kAllOnes),
      value(kEnergy, u32be(4), Signal::energy_discharged, {}, kAllOnes),
      value(kMeasured, u16be(0), Signal::pack_voltage, {.scale = 100}, kAllOnes),
      value(kMeasured, s16be(2), Signal::pack_current, {.scale = ampere}, kLowest),
      sensor(kMeasured, s16be(4), Signal::temperature, kDeciCelsius, 0, kLowest),
      vendor(kMeasured, u8(6), "state"),
      sensor(kExtremes, s16be(0), Signal::cell_temp_max, kDeciCelsius, 0, kLowest),
      sensor(kExtremes, s16be(2), Signal::cell_temp_min, kDeciCelsius, 0, kLowest),
      vendor(kExtremes, u16be(4), "cell_voltage_sum_mv", {.scale = 100}),
      cell(kExtremes, u8(6), Signal::cell_voltage_min, {.scale = 25}),
      cell(kExtremes, u8(7), Signal::cell_voltage_max, {.scale = 25}),
  };
}
constexpr auto kChargePositive = rows(-100);
constexpr auto kDischargePositive = rows(100);

constexpr Bits two(std::uint8_t at, std::uint8_t which) noexcept {
  return bits(at, static_cast<std::uint8_t>(2 * which), 2);
}
template <class Name>
constexpr AlarmRow bad(std::uint8_t at, std::uint8_t which, Name what) noexcept {
  return pair(alarm(kAlarmPairs, two(at, which), what));
}
template <class Name>
constexpr AlarmRow risk(std::uint8_t at, std::uint8_t which, Name what) noexcept {
  return pair(warning(kAlarmPairs, two(at, which), what));
}

constexpr std::string_view kOverload = "overload";
constexpr std::string_view kSelfTest = "self_diagnosis";
constexpr std::string_view kLife = "service_life_over";
constexpr std::string_view kThermal = "thermal_management";

/// Of which direction no source says: what it hurts is the same.
constexpr AlarmRow overload(std::uint8_t at, std::uint8_t which) noexcept {
  return pair(alarm(kAlarmPairs, two(at, which), kOverload, Alarm::internal_failure));
}

constexpr AlarmRow kAlarms[] = {
    bad(0, 0, Alarm::internal_failure),
    bad(0, 1, Alarm::cell_overvoltage),
    bad(0, 2, Alarm::cell_undervoltage),
    bad(0, 3, Alarm::overtemperature),
    bad(1, 0, Alarm::undertemperature),
    bad(1, 1, Alarm::charge_overtemperature),
    bad(1, 2, Alarm::charge_undertemperature),
    overload(1, 3),
    overload(2, 0),
    bad(2, 1, Alarm::contactor_failure),
    bad(2, 2, Alarm::short_circuit),
    bad(2, 3, Alarm::internal_failure),
    bad(3, 0, Alarm::cell_imbalance),
    bad(3, 1, kLife),
    pair(alarm(kAlarmPairs, two(3, 2), kThermal, Alarm::internal_failure)),
    bad(3, 3, Alarm::internal_failure),
    risk(4, 0, Alarm::internal_failure),
    risk(4, 1, Alarm::cell_overvoltage),
    risk(4, 2, Alarm::cell_undervoltage),
    risk(4, 3, Alarm::overtemperature),
    risk(5, 0, Alarm::undertemperature),
    risk(5, 1, Alarm::charge_overtemperature),
    risk(5, 2, Alarm::charge_undertemperature),
    risk(5, 3, kSelfTest),
    risk(6, 0, kSelfTest),
    risk(6, 1, Alarm::contactor_failure),
    risk(6, 2, Alarm::short_circuit),
    risk(6, 3, Alarm::internal_failure),
    risk(7, 0, Alarm::cell_imbalance),
    risk(7, 1, kLife),
    risk(7, 2, kThermal),
    risk(7, 3, Alarm::internal_failure),
};

constexpr Selector kSelectors[] = {{kModel, u8(0)}};
constexpr TextPart kManufacturerParts[] = {{.id = kManufacturer, .at = 1}};
constexpr TextPart kModelParts[] = {{.id = kModel, .at = 1, .selector = 0},
                                    {.id = kModel, .at = 1, .selector = 1},
                                    {.id = kModel, .at = 1, .selector = 2}};
constexpr Text kTexts[] = {{TextField::manufacturer, kManufacturerParts},
                           {TextField::device_model, kModelParts}};

constexpr std::uint32_t kOthers[] = {kVersion, kSerial};  // Nobody has said what they mean.

constexpr Map map(std::span<const Row> rows) noexcept {
  return {
      .rows = rows, .texts = kTexts, .alarms = kAlarms, .selectors = kSelectors, .others = kOthers};
}
constexpr Map kMaps[] = {map(kChargePositive), map(kDischargePositive)};

constexpr Protocol kProtocol{
    .info = {.name = "sma-byd-hv-can",
             .title = "BYD Battery-Box H at SMA inverters, and what imitates it",
             .evidence = Evidence::captured_frames,
             .bit_rates = k500kbit,
             .variants = kSignVariants},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::sma_byd_hv
