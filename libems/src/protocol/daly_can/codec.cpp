// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/daly_can/codec.hpp"

#include <array>

namespace ems::protocol::daly_can {
namespace {

using namespace can_map;

// Answers go to host 40; the last byte is the board's.
constexpr std::uint32_t answer(std::uint32_t command) noexcept {
  return 0x18004000U | command << 16U;
}
constexpr std::uint32_t kPack = answer(0x90);
constexpr std::uint32_t kCellExtremes = answer(0x91);
constexpr std::uint32_t kTempExtremes = answer(0x92);
constexpr std::uint32_t kSwitches = answer(0x93);
constexpr std::uint32_t kStatus = answer(0x94);
constexpr std::uint32_t kCells = answer(0x95);
constexpr std::uint32_t kTemperatures = answer(0x96);
constexpr std::uint32_t kBalancing = answer(0x97);
constexpr std::uint32_t kFaults = answer(0x98);

constexpr CanSend query(std::string_view name, std::uint32_t command) noexcept {
  return {
      name,
      {.id = 0x18000140U | command << 16U, .extended = true, .size = kCanDataSize},
      seconds(1),
  };
}
constexpr CanSend kSends[] = {
    query("pack", 0x90),         query("cell extremes", 0x91), query("temperature extremes", 0x92),
    query("switches", 0x93),     query("status", 0x94),        query("cells", 0x95),
    query("temperatures", 0x96), query("balancing", 0x97),     query("faults", 0x98),
};

constexpr Row kRows[] = {
    value(kPack, u16be(0), Signal::pack_voltage, {.scale = 100}),
    vendor(kPack, u16be(2), "gather_voltage_mv", {.scale = 100}),
    value(kPack, u16be(4), Signal::pack_current, {.scale = 100, .offset = -3'000'000}),
    percent(kPack, u16be(6), Signal::soc, 10),
    cell(kCellExtremes, u16be(0), Signal::cell_voltage_max),
    vendor(kCellExtremes, u8(2), "cell_max_index"),
    cell(kCellExtremes, u16be(3), Signal::cell_voltage_min),
    vendor(kCellExtremes, u8(5), "cell_min_index"),
    sensor(kTempExtremes, u8(0), Signal::cell_temp_max, kFrom40Below, 0, kZeroOrAllOnes),
    vendor(kTempExtremes, u8(1), "temp_max_index"),
    sensor(kTempExtremes, u8(2), Signal::cell_temp_min, kFrom40Below, 0, kZeroOrAllOnes),
    vendor(kTempExtremes, u8(3), "temp_min_index"),
    vendor(kSwitches, u8(0), "state"),
    flag(kSwitches, u8(1), Signal::charge_fet_on),
    flag(kSwitches, u8(1), Signal::charge_enable),
    flag(kSwitches, u8(2), Signal::discharge_fet_on),
    flag(kSwitches, u8(2), Signal::discharge_enable),
    vendor(kSwitches, u8(3), "heartbeat"),
    value(kSwitches, u32be(4), Signal::remaining_capacity, {.scale = 1'000}, kAllOnes),
    value(kStatus, u8(0), Signal::cell_count),
    vendor(kStatus, u8(1), "temperature_count"),
    vendor(kStatus, u8(2), "charger_connected"),
    vendor(kStatus, u8(3), "load_connected"),
    vendor(kStatus, u8(4), "dio_bits"),
    value(kStatus, u16be(5), Signal::cycle_count),
    flag(kBalancing, {.start = 0, .size = 48}, Signal::balancing),
    vendor(kBalancing, {.start = 0, .size = 48}, "balance_mask"),
    vendor(kFaults, u8(7), "fault_code"),
};

constexpr Series kSeries[] = {
    {.id = kCells, .number = u8(0), .first = 1, .last = 16, .where = u16be(1), .per_frame = 3},
    {.id = kTemperatures,
     .number = u8(0),
     .first = 1,
     .last = 3,
     .where = u8(1),
     .per_frame = 7,
     .use = Use::sensor,
     .linear = kFrom40Below},
};

/// Two bits: level 1 warns, 2 and above protect.
constexpr AlarmRow at_level(AlarmRow row) noexcept {
  if (row.warns) {
    row.below = 2;
  } else {
    row.level = 2;
  }
  return row;
}
template <class What>
constexpr std::array<AlarmRow, 2> levels(std::uint8_t byte, std::uint8_t first, What what) {
  return {at_level(warning(kFaults, bits(byte, first, 2), what)),
          at_level(alarm(kFaults, bits(byte, first, 2), what))};
}
template <std::size_t... N>
constexpr auto joined(const std::array<AlarmRow, N>&... parts) noexcept {
  std::array<AlarmRow, (N + ...)> all{};
  auto* at = all.data();
  ((at = std::copy(parts.begin(), parts.end(), at)), ...);
  return all;
}

constexpr auto kAlarms = joined(
    levels(0, 0, Alarm::cell_overvoltage), levels(0, 2, Alarm::cell_undervoltage),
    levels(0, 4, Alarm::pack_overvoltage), levels(0, 6, Alarm::pack_undervoltage),
    levels(1, 0, Alarm::charge_overtemperature), levels(1, 2, Alarm::charge_undertemperature),
    levels(1, 4, Alarm::discharge_overtemperature), levels(1, 6, Alarm::discharge_undertemperature),
    levels(2, 0, Alarm::charge_overcurrent), levels(2, 2, Alarm::discharge_overcurrent),
    levels(2, 4, "soc_high"), levels(2, 6, Alarm::soc_low), levels(3, 0, Alarm::cell_imbalance),
    levels(3, 2, "temperature_difference"),
    std::array{
        alarm(kFaults, bit(4, 0), Alarm::mosfet_overtemperature),  // Charge.
        alarm(kFaults, bit(4, 1), Alarm::mosfet_overtemperature),  // Discharge.
        alarm(kFaults, bit(4, 2), Alarm::internal_failure),        // Sensor at the charge one.
        alarm(kFaults, bit(4, 3), Alarm::internal_failure),        // Sensor at the discharge one.
        alarm(kFaults, bit(4, 4), Alarm::contactor_failure),       // Charge stuck.
        alarm(kFaults, bit(4, 5), Alarm::contactor_failure),       // Discharge stuck.
        alarm(kFaults, bit(4, 6), Alarm::contactor_failure),       // Charge open.
        alarm(kFaults, bit(4, 7), Alarm::contactor_failure),       // Discharge open.
        alarm(kFaults, bit(5, 0), Alarm::internal_failure),        // Analogue front end.
        alarm(kFaults, bit(5, 1), Alarm::internal_failure),        // Cell sampling.
        alarm(kFaults, bit(5, 2), Alarm::internal_failure),        // Temperature sensor.
        alarm(kFaults, bit(5, 3), Alarm::internal_failure),        // EEPROM.
        alarm(kFaults, bit(5, 4), Alarm::internal_failure),        // Clock.
        alarm(kFaults, bit(5, 5), Alarm::precharge_failure),
        alarm(kFaults, bit(5, 6), Alarm::communication_failure),  // With the vehicle.
        alarm(kFaults, bit(5, 7), Alarm::communication_failure),  // Inside.
        alarm(kFaults, bit(6, 0), Alarm::internal_failure),       // Current module.
        alarm(kFaults, bit(6, 1), Alarm::internal_failure),       // Voltage module.
        alarm(kFaults, bit(6, 2), Alarm::short_circuit),
        alarm(kFaults, bit(6, 3), "low_voltage_charge_forbidden", Alarm::cell_undervoltage),
        // Nobody says what these mean: they are no sign that all is well.
        alarm(kFaults, bits(3, 4, 4), "reserved_3", Alarm::internal_failure),
        alarm(kFaults, bits(6, 4, 4), "reserved_6", Alarm::internal_failure),
    });

constexpr Map kMaps[] = {
    {.extended = true,
     .address_mask = 0xFF,
     .send_address_mask = 0xFF00,
     .sends = kSends,
     .rows = kRows,
     .series = kSeries,
     .alarms = kAlarms,
     .direction = Direction{.id = kSwitches, .where = u8(0), .charging = 1, .discharging = 2}}};

constexpr std::uint8_t kAddresses[] = {1, 2, 3, 4, 5, 6, 7, 8};

constexpr Protocol kProtocol{
    .info = {.name = "daly-can",
             .title = "Daly smart BMS",
             .evidence = Evidence::captured_frames,
             .bit_rates = k250kbit,
             .addresses = kAddresses},
    .quiet_after = seconds(5),
    .maps = kMaps,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kProtocol);
  return kCodec;
}

}  // namespace ems::protocol::daly_can
