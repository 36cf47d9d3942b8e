// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/schneider/codec.hpp"

#include "protocol/publish.hpp"

namespace ems::protocol::schneider {
namespace {

using namespace can_map;

constexpr std::uint32_t kVersion = 0x320;
constexpr std::uint32_t kVoltageLimits = 0x321;
constexpr std::uint32_t kCurrentLimits = 0x322;
constexpr std::uint32_t kMeasured = 0x323;
constexpr std::uint32_t kCharge = 0x324;
constexpr std::uint32_t kCommands = 0x325;
constexpr std::uint32_t kState = 0x326;
constexpr std::uint32_t kExtremes = 0x327;
constexpr std::uint32_t kEnergies = 0x328;
constexpr std::uint32_t kMaker = 0x330;
constexpr std::uint32_t kSerial = 0x331;
constexpr std::uint32_t kSerialRest = 0x332;
constexpr std::uint32_t kMark = 0x333;

/// Frame 325 permits only while its stop bit is clear: Map::extra.
constexpr Bits kForceCharge = bit(1, 0);
constexpr Bits kMayCharge = bit(1, 1);
constexpr Bits kMayDischarge = bit(1, 2);
constexpr Bits kStop = bit(1, 3);
constexpr std::int32_t kFaulted = 4;

/// @param ampere  What 0.01 A of the wire are, in mA.
constexpr auto rows(std::int32_t ampere) noexcept {
  return std::array{
      vendor(kVersion, u16be(0), "protocol_version"),
      amount(kVoltageLimits, s32be(0), Signal::charge_voltage_limit, {.scale = 10}),
      amount(kVoltageLimits, s32be(4), Signal::discharge_voltage_limit, {.scale = 10}),
      magnitude(kCurrentLimits, s32be(0), Signal::charge_current_limit, {.scale = 10}, kLowest),
      magnitude(kCurrentLimits, s32be(4), Signal::discharge_current_limit, {.scale = 10}, kLowest),
      amount(kMeasured, s32be(0), Signal::pack_voltage, {.scale = 10}),
      value(kMeasured, s32be(4), Signal::pack_current, {.scale = ampere}, kLowest),
      sensor(kCharge, s16be(0), Signal::temperature, kDeciCelsius, 0, kLowest),
      percent(kCharge, u16be(2), Signal::soc, 10),
      vendor(kCommands, u16be(0), "commands"),
      flag(kCommands, kForceCharge, Signal::force_charge),
      vendor(kState, u16be(0), "state"),
      value(kState, u16be(2), Signal::cycle_count, {}, kAllOnes),
      percent(kState, u16be(4), Signal::soh, 100),
      value(kState, u16be(6), Signal::full_capacity, {.scale = 100'000}, kZeroOrAllOnes),
      sensor(kExtremes, s16be(0), Signal::cell_temp_max, kDeciCelsius, 0, kLowest),
      sensor(kExtremes, s16be(2), Signal::cell_temp_min, kDeciCelsius, 0, kLowest),
      cell(kExtremes, u16be(4), Signal::cell_voltage_max),
      cell(kExtremes, u16be(6), Signal::cell_voltage_min),
      value(kEnergies, u32be(0), Signal::energy_charged, {}, kAllOnes),
      value(kEnergies, u32be(4), Signal::energy_discharged, {}, kAllOnes),
      vendor(kMaker, u16be(0), "maker_code"),
      vendor(kMaker, u16be(2), "model_code"),
  };
}
constexpr auto kChargePositive = rows(-10);
constexpr auto kDischargePositive = rows(10);

constexpr TextPart kSerialParts[] = {{.id = kMaker, .at = 4}, {.id = kSerial}, {.id = kSerialRest}};
constexpr Text kTexts[] = {{TextField::serial_number, kSerialParts}};

/// Bit `which` of a big-endian word.
template <class Name>
constexpr AlarmRow bad(std::uint8_t which, Name what) noexcept {
  return alarm(
      kCommands,
      bit(static_cast<std::uint8_t>(which < 8 ? 5 : 4), static_cast<std::uint8_t>(which % 8)),
      what);
}
template <class Name>
constexpr AlarmRow risk(std::uint8_t which, Name what) noexcept {
  return warning(
      kCommands,
      bit(static_cast<std::uint8_t>(which < 8 ? 3 : 2), static_cast<std::uint8_t>(which % 8)),
      what);
}

constexpr AlarmRow in_state(AlarmRow row, std::int32_t state) noexcept {
  row.level = state;
  row.below = state + 1;
  return row;
}

constexpr AlarmRow kAlarms[] = {
    bad(0, Alarm::charge_overcurrent),
    bad(1, Alarm::discharge_overcurrent),
    bad(2, Alarm::overtemperature),
    bad(3, Alarm::undertemperature),
    bad(4, Alarm::pack_overvoltage),
    bad(5, Alarm::pack_undervoltage),
    bad(6, Alarm::cell_imbalance),
    bad(7, Alarm::communication_failure),
    bad(8, Alarm::internal_failure),
    alarm(kCommands, bits(4, 1, 7), "fault_unnamed", Alarm::internal_failure),
    in_state(alarm(kState, u16be(0), "state_faulted", Alarm::internal_failure), kFaulted),
    risk(0, Alarm::charge_overcurrent),
    risk(1, Alarm::discharge_overcurrent),
    risk(2, Alarm::overtemperature),
    risk(3, Alarm::undertemperature),
    risk(4, Alarm::pack_overvoltage),
    risk(5, Alarm::pack_undervoltage),
    risk(6, Alarm::cell_imbalance),
    risk(7, Alarm::communication_failure),
    risk(8, Alarm::internal_failure),
    warning(kCommands, bits(2, 1, 7), "warning_unnamed"),
};

constexpr std::uint32_t kOthers[] = {kMark};

void extra(const Extra& heard) noexcept {
  if (heard.id != kCommands) return;
  const Bytes payload = heard.frame.payload();
  const bool stopped = read(payload, kStop) != 0;
  const Publisher out(heard.sink);
  out.flag(Signal::charge_enable, !stopped && read(payload, kMayCharge) == 1);
  out.flag(Signal::discharge_enable, !stopped && read(payload, kMayDischarge) == 1);
}

constexpr Map map(std::span<const Row> rows) noexcept {
  return {.extended = true,
          .rows = rows,
          .texts = kTexts,
          .alarms = kAlarms,
          .others = kOthers,
          .extra = extra};
}
constexpr Map kMaps[] = {map(kChargePositive), map(kDischargePositive)};

constexpr Protocol kProtocol{
    .info = {.name = "schneider-can",
             .title = "Batteries for Schneider Electric inverters, SE BMS 2",
             .evidence = Evidence::simulator_only,
             .bit_rates = k500kbit,
             .variants = kSignVariants},
    .quiet_after = seconds(30),  // Some of it comes every 10 s.
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::schneider
