// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/afore/codec.hpp"

namespace ems::protocol::afore {
namespace {

using namespace can_map;

constexpr std::uint32_t kMeasured = 0x350;
constexpr std::uint32_t kState = 0x351;
constexpr std::uint32_t kLimits = 0x352;
constexpr std::uint32_t kFaults = 0x353;
constexpr std::uint32_t kCells = 0x354;
constexpr std::uint32_t kTemperatures = 0x355;
constexpr std::uint32_t kProtections = 0x356;
constexpr std::uint32_t kWarnings = 0x357;
constexpr std::uint32_t kRest = 0x358;
constexpr std::uint32_t kSerial = 0x359;
constexpr std::uint32_t kSerialRest = 0x35A;

constexpr Linear kCelsiusFrom1000{.scale = 100, .offset = -100'000};
constexpr Bits kStateBits = bits(4, 5, 3);
constexpr std::int32_t kStateWarning = 3;
constexpr std::int32_t kStateFault = 4;

constexpr Row kRows[] = {
    value(kMeasured, u16le(0), Signal::pack_voltage, {.scale = 100}, kAllOnes),
    // The wire counts charging positive, from 5000.
    value(kMeasured, u16le(2), Signal::pack_current, {.scale = -100, .offset = 500'000},
          kZeroOrAllOnes),
    sensor(kMeasured, u16le(4), Signal::temperature, kCelsiusFrom1000, 0, kZeroOrAllOnes),
    percent(kState, u8(0), Signal::soc, 100),
    percent(kState, u8(1), Signal::soh, 100),
    vendor(kState, u8(2), "soc_max_pct"),
    vendor(kState, u8(3), "soc_min_pct"),
    flag(kState, bit(4, 0), Signal::charge_enable),
    flag(kState, bit(4, 1), Signal::discharge_enable),
    vendor(kState, kStateBits, "state"),
    value(kState, u16le(6), Signal::cell_count, {}, kZeroOrAllOnes),
    value(kLimits, u16le(0), Signal::charge_current_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(2), Signal::discharge_current_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(4), Signal::charge_voltage_limit, {.scale = 100}, kAllOnes),
    value(kLimits, u16le(6), Signal::discharge_voltage_limit, {.scale = 100}, kAllOnes),
    cell(kCells, u16le(0), Signal::cell_voltage_max),
    cell(kCells, u16le(2), Signal::cell_voltage_min),
    vendor(kCells, u16le(4), "cell_voltage_max_at"),
    vendor(kCells, u16le(6), "cell_voltage_min_at"),
    sensor(kTemperatures, u16le(0), Signal::cell_temp_max, kCelsiusFrom1000, 0, kZeroOrAllOnes),
    sensor(kTemperatures, u16le(2), Signal::cell_temp_min, kCelsiusFrom1000, 0, kZeroOrAllOnes),
    vendor(kTemperatures, u16le(4), "cell_temp_max_at"),
    vendor(kTemperatures, u16le(6), "cell_temp_min_at"),
    vendor(kProtections, u16le(0), "cell_protection_max_mv"),
    vendor(kProtections, u16le(2), "cell_protection_min_mv"),
};

constexpr TextPart kSerialParts[] = {{.id = kSerial}, {.id = kSerialRest}};
constexpr Text kTexts[] = {{TextField::serial_number, kSerialParts}};

/// The battery's state is exactly `state`.
constexpr AlarmRow in_state(AlarmRow row, std::int32_t state) noexcept {
  row.level = state;
  row.below = state + 1;
  return row;
}

constexpr AlarmRow kAlarms[] = {
    in_state(alarm(kState, kStateBits, "state_fault", Alarm::internal_failure), kStateFault),
    alarm(kFaults, bit(0, 0), Alarm::cell_overvoltage),
    alarm(kFaults, bit(0, 1), Alarm::cell_undervoltage),
    alarm(kFaults, bit(0, 2), Alarm::pack_overvoltage),
    alarm(kFaults, bit(0, 3), Alarm::pack_undervoltage),
    alarm(kFaults, bit(0, 4), Alarm::overtemperature),
    alarm(kFaults, bit(0, 5), Alarm::undertemperature),
    alarm(kFaults, bit(0, 6), Alarm::isolation_failure),
    alarm(kFaults, bit(0, 7), Alarm::charge_overcurrent),
    alarm(kFaults, bit(1, 0), Alarm::discharge_overcurrent),
    alarm(kFaults, bit(1, 1), Alarm::soc_low),
    alarm(kFaults, bit(1, 2), Alarm::communication_failure),
    alarm(kFaults, bit(1, 3), "supply_overvoltage", Alarm::internal_failure),
    alarm(kFaults, bit(1, 4), "supply_undervoltage", Alarm::internal_failure),
    alarm(kFaults, bit(1, 5), Alarm::contactor_failure),
    alarm(kFaults, bit(1, 6), Alarm::precharge_failure),
    alarm(kFaults, bit(1, 7), "interlock_open", Alarm::internal_failure),
    alarm(kFaults, u8(2), "fault_unnamed", Alarm::internal_failure),
    alarm(kFaults, bit(3, 0), "interlock_short_circuit", Alarm::internal_failure),
    alarm(kFaults, bit(3, 1), Alarm::internal_failure),
    alarm(kFaults, bit(3, 2), "charge_reference_overvoltage", Alarm::internal_failure),
    alarm(kFaults, bit(3, 3), "charge_transistor_damaged", Alarm::internal_failure),
    alarm(kFaults, bit(3, 4), "discharge_transistor_damaged", Alarm::internal_failure),
    alarm(kFaults, bit(3, 5), Alarm::overtemperature),
    alarm(kFaults, bit(3, 6), Alarm::undertemperature),
    alarm(kFaults, bit(3, 7), Alarm::cell_imbalance),
    in_state(warning(kState, kStateBits, "state_warning"), kStateWarning),
    warning(kWarnings, bit(0, 0), Alarm::cell_overvoltage),
    warning(kWarnings, bit(0, 1), Alarm::cell_undervoltage),
    warning(kWarnings, bit(0, 2), Alarm::pack_overvoltage),
    warning(kWarnings, bit(0, 3), Alarm::pack_undervoltage),
    warning(kWarnings, bit(0, 4), Alarm::overtemperature),
    warning(kWarnings, bit(0, 5), Alarm::undertemperature),
    warning(kWarnings, bit(0, 6), Alarm::overtemperature),
    warning(kWarnings, bit(0, 7), Alarm::undertemperature),
    warning(kWarnings, bit(1, 0), Alarm::charge_overcurrent),
    warning(kWarnings, bits(1, 1, 2), Alarm::soc_low),
};

constexpr std::uint32_t kOthers[] = {kRest};

constexpr Map kMaps[] = {{.rows = kRows, .texts = kTexts, .alarms = kAlarms, .others = kOthers}};

constexpr Protocol kProtocol{
    .info = {.name = "afore-can",
             .title = "Batteries for Afore inverters, 2.3",
             .evidence = Evidence::simulator_only,
             .bit_rates = k500kbit},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::afore
