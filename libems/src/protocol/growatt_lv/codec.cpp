// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/growatt_lv/codec.hpp"

namespace ems::protocol::growatt_lv {
namespace {

using namespace can_map;

constexpr std::uint32_t kLimits = 0x311;
constexpr std::uint32_t kProtections = 0x312;
constexpr std::uint32_t kMeasured = 0x313;
constexpr std::uint32_t kCapacity = 0x314;
constexpr std::uint32_t kFirstCells = 0x315;  // To 318, four cells each.
constexpr std::uint32_t kExtremes = 0x319;
constexpr std::uint32_t kVersions = 0x320;
constexpr std::uint32_t kUpgrade = 0x321;

/// @param ampere  What 0.1 A of the wire are, in mA.
constexpr auto rows(std::int32_t ampere) noexcept {
  return std::array{
      value(kLimits, u16be(0), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(2), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
      value(kLimits, u16be(4), Signal::discharge_current_limit, {.scale = 100}, kAllOnes),
      vendor(kLimits, u16be(6), "status"),
      flag(kLimits, bit(7, 3), Signal::balancing),
      value(kProtections, u8(4), Signal::module_count, {}, kZeroOrAllOnes),
      vendor(kProtections, u16be(5), "maker_code"),
      value(kProtections, u8(7), Signal::cell_count, {}, kZeroOrAllOnes),
      value(kMeasured, u16be(0), Signal::pack_voltage, {.scale = 10}, kAllOnes),
      value(kMeasured, s16be(2), Signal::pack_current, {.scale = ampere}, kLowest),
      sensor(kMeasured, s16be(4), Signal::cell_temp_max, kDeciCelsius, 0, kLowest),
      percent(kMeasured, u8(6), Signal::soc, 100),
      percent(kMeasured, bits(7, 0, 7), Signal::soh, 100),
      value(kCapacity, u16be(0), Signal::remaining_capacity, {.scale = 10'000}, kAllOnes),
      value(kCapacity, u16be(2), Signal::full_capacity, {.scale = 10'000}, kAllOnes),
      vendor(kCapacity, u16be(4), "cell_voltage_delta_mv"),
      value(kCapacity, u16be(6), Signal::cycle_count, {}, kAllOnes),
      vendor(kExtremes, bits(0, 0, 2), "chemistry"),
      flag(kExtremes, bits(0, 4, 2), Signal::force_charge),
      flag(kExtremes, bit(0, 6), Signal::discharge_enable),
      flag(kExtremes, bit(0, 7), Signal::charge_enable),
      cell(kExtremes, u16be(1), Signal::cell_voltage_max),
      cell(kExtremes, u16be(3), Signal::cell_voltage_min),
      vendor(kExtremes, u8(5), "cell_voltage_max_at"),
      vendor(kExtremes, u8(6), "cell_voltage_min_at"),
      vendor(kExtremes, u8(7), "protected_pack"),
      vendor(kVersions, u8(2), "hardware_revision"),
      vendor(kVersions, u8(3), "software_revision"),
  };
}
constexpr auto kChargePositive = rows(-100);
constexpr auto kDischargePositive = rows(100);

constexpr Series cells(std::uint8_t frame) noexcept {
  return {.id = kFirstCells + frame,
          .where = u16be(0),
          .per_frame = 4,
          .element = static_cast<std::uint16_t>(4 * frame + 1)};
}
constexpr Series kSeries[] = {cells(0), cells(1), cells(2), cells(3)};

/// Two letters; a revision follows that is no text.
constexpr TextPart kMakerParts[] = {{.id = kVersions}};
constexpr Text kTexts[] = {{TextField::manufacturer, kMakerParts}};

/// A protection in byte 0 or 1 of frame 312, and two bytes later its warning.
template <class Name>
constexpr AlarmRow bad(std::uint8_t at, std::uint8_t which, Name what) noexcept {
  return alarm(kProtections, bit(at, which), what);
}
template <class Name>
constexpr AlarmRow risk(std::uint8_t at, std::uint8_t which, Name what) noexcept {
  return warning(kProtections, bit(at, which), what);
}

constexpr AlarmRow kAlarms[] = {
    alarm(kLimits, bit(7, 2), "error", Alarm::internal_failure),
    bad(0, 0, Alarm::precharge_failure),
    bad(0, 1, Alarm::pack_undervoltage),
    bad(0, 2, Alarm::pack_overvoltage),
    bad(0, 3, Alarm::cell_undervoltage),
    bad(0, 4, Alarm::cell_overvoltage),
    bad(0, 5, Alarm::short_circuit),
    bad(0, 6, Alarm::charge_overcurrent),
    bad(0, 7, Alarm::discharge_overcurrent),
    bad(1, 2, Alarm::cell_imbalance),
    bad(1, 3, Alarm::internal_failure),
    bad(1, 4, Alarm::charge_undertemperature),
    bad(1, 5, Alarm::discharge_undertemperature),
    bad(1, 6, Alarm::charge_overtemperature),
    bad(1, 7, Alarm::discharge_overtemperature),
    risk(2, 0, Alarm::precharge_failure),
    risk(2, 1, Alarm::pack_undervoltage),
    risk(2, 2, Alarm::pack_overvoltage),
    risk(2, 3, Alarm::cell_undervoltage),
    risk(2, 4, Alarm::cell_overvoltage),
    risk(2, 5, Alarm::short_circuit),
    risk(2, 6, Alarm::charge_overcurrent),
    risk(2, 7, Alarm::discharge_overcurrent),
    risk(3, 2, Alarm::cell_imbalance),
    risk(3, 3, Alarm::internal_failure),
    risk(3, 4, Alarm::charge_undertemperature),
    risk(3, 5, Alarm::discharge_undertemperature),
    risk(3, 6, Alarm::charge_overtemperature),
    risk(3, 7, Alarm::discharge_overtemperature),
    warning(kMeasured, bit(7, 7), "soh_unsafe"),
};

constexpr Direction kDirection{
    .id = kLimits, .where = bits(7, 0, 2), .charging = 2, .discharging = 3};

constexpr std::uint32_t kOthers[] = {kUpgrade};

constexpr Map map(std::span<const Row> rows) noexcept {
  return {.rows = rows,
          .series = kSeries,
          .texts = kTexts,
          .alarms = kAlarms,
          .direction = kDirection,
          .others = kOthers};
}
constexpr Map kMaps[] = {map(kChargePositive), map(kDischargePositive)};

constexpr Protocol kProtocol{
    .info = {.name = "growatt-lv-can",
             .title = "Growatt low voltage, V1.04",
             .evidence = Evidence::vendor_document,
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

}  // namespace ems::protocol::growatt_lv
