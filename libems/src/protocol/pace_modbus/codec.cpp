// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pace_modbus/codec.hpp"

namespace ems::protocol::pace_modbus {
namespace {

using namespace register_map;

enum Number : std::uint8_t { kStatus, kNames, kSettings };

constexpr PollItem kPlan[] = {
    {"status", kStatus, 1},
    {"version and serial numbers", kNames, 0},
    {"settings", kSettings, 0},
};
constexpr std::span<const PollItem> kPlans[] = {kPlan};
constexpr Block kBlocks[] = {{kStatus, 3, 0, 37}, {kNames, 3, 150, 30}, {kSettings, 3, 60, 55}};

constexpr Linear kCentiAmpHours{.scale = 10'000};

constexpr Field kFields[] = {
    value(0, Wire::s16, Signal::pack_current, {.scale = -10}),  // The wire: + charges.
    value(1, Wire::u16, Signal::pack_voltage, {.scale = 10}),
    percent(2, Signal::soc, 100),
    percent(3, Signal::soh, 100),
    value(4, Wire::u16, Signal::remaining_capacity, kCentiAmpHours),
    value(5, Wire::u16, Signal::full_capacity, kCentiAmpHours),
    value(6, Wire::u16, Signal::design_capacity, kCentiAmpHours),
    value(7, Wire::u16, Signal::cycle_count),
    flag(11, Signal::charge_fet_on, 1U << 10),
    flag(11, Signal::discharge_fet_on, 1U << 11),
    flag(11, Signal::heater_on, 1U << 15),
    vendor(11, Wire::u16, "status_word"),
    flag(12, Signal::balancing),
    vendor(12, Wire::u16, "balance_mask"),
    cells(15, 16),
    sensors(31, Wire::s16, 4, kDeciCelsius),
    sensor(35, Wire::s16, Signal::mosfet_temperature, kDeciCelsius),
    sensor(36, Wire::s16, Signal::ambient_temperature, kDeciCelsius),
    vendor(60, Wire::u16, "pack_overvoltage_alarm_mv"),
    vendor(61, Wire::u16, "pack_overvoltage_protect_mv"),
    vendor(62, Wire::u16, "pack_overvoltage_release_mv"),
    vendor(63, Wire::u16, "pack_overvoltage_delay_ms", {.scale = 100}),
    vendor(64, Wire::u16, "cell_overvoltage_alarm_mv"),
    vendor(65, Wire::u16, "cell_overvoltage_protect_mv"),
    vendor(66, Wire::u16, "cell_overvoltage_release_mv"),
    vendor(67, Wire::u16, "cell_overvoltage_delay_ms", {.scale = 100}),
    vendor(68, Wire::u16, "pack_undervoltage_alarm_mv"),
    vendor(69, Wire::u16, "pack_undervoltage_protect_mv"),
    vendor(70, Wire::u16, "pack_undervoltage_release_mv"),
    vendor(71, Wire::u16, "pack_undervoltage_delay_ms", {.scale = 100}),
    vendor(72, Wire::u16, "cell_undervoltage_alarm_mv"),
    vendor(73, Wire::u16, "cell_undervoltage_protect_mv"),
    vendor(74, Wire::u16, "cell_undervoltage_release_mv"),
    vendor(75, Wire::u16, "cell_undervoltage_delay_ms", {.scale = 100}),
    vendor(76, Wire::u16, "charge_overcurrent_alarm_a"),
    vendor(77, Wire::u16, "charge_overcurrent_protect_a"),
    vendor(78, Wire::u16, "charge_overcurrent_delay_ms", {.scale = 100}),
    vendor(79, Wire::u16, "discharge_overcurrent_alarm_a"),
    vendor(80, Wire::u16, "discharge_overcurrent_protect_a"),
    vendor(81, Wire::u16, "discharge_overcurrent_delay_ms", {.scale = 100}),
    vendor(82, Wire::u16, "discharge_overcurrent_2_a"),
    vendor(83, Wire::u16, "discharge_overcurrent_2_delay"),
    vendor(84, Wire::s16, "charge_overtemperature_alarm_mdegc", kDeciCelsius),
    vendor(85, Wire::s16, "charge_overtemperature_protect_mdegc", kDeciCelsius),
    vendor(86, Wire::s16, "charge_overtemperature_release_mdegc", kDeciCelsius),
    vendor(87, Wire::s16, "discharge_overtemperature_alarm_mdegc", kDeciCelsius),
    vendor(88, Wire::s16, "discharge_overtemperature_protect_mdegc", kDeciCelsius),
    vendor(89, Wire::s16, "discharge_overtemperature_release_mdegc", kDeciCelsius),
    vendor(90, Wire::s16, "charge_undertemperature_alarm_mdegc", kDeciCelsius),
    vendor(91, Wire::s16, "charge_undertemperature_protect_mdegc", kDeciCelsius),
    vendor(92, Wire::s16, "charge_undertemperature_release_mdegc", kDeciCelsius),
    vendor(93, Wire::s16, "discharge_undertemperature_alarm_mdegc", kDeciCelsius),
    vendor(94, Wire::s16, "discharge_undertemperature_protect_mdegc", kDeciCelsius),
    vendor(95, Wire::s16, "discharge_undertemperature_release_mdegc", kDeciCelsius),
    vendor(96, Wire::s16, "mosfet_overtemperature_alarm_mdegc", kDeciCelsius),
    vendor(97, Wire::s16, "mosfet_overtemperature_protect_mdegc", kDeciCelsius),
    vendor(98, Wire::s16, "mosfet_overtemperature_release_mdegc", kDeciCelsius),
    vendor(99, Wire::s16, "ambient_overtemperature_alarm_mdegc", kDeciCelsius),
    vendor(100, Wire::s16, "ambient_overtemperature_protect_mdegc", kDeciCelsius),
    vendor(101, Wire::s16, "ambient_overtemperature_release_mdegc", kDeciCelsius),
    vendor(102, Wire::s16, "ambient_undertemperature_alarm_mdegc", kDeciCelsius),
    vendor(103, Wire::s16, "ambient_undertemperature_protect_mdegc", kDeciCelsius),
    vendor(104, Wire::s16, "ambient_undertemperature_release_mdegc", kDeciCelsius),
    vendor(105, Wire::u16, "balance_start_mv"),
    vendor(106, Wire::u16, "balance_difference_mv"),
    vendor(107, Wire::u16, "full_voltage_mv"),
    vendor(108, Wire::u16, "full_current_ma"),
    vendor(109, Wire::u16, "sleep_voltage_mv"),
    vendor(110, Wire::u16, "sleep_delay"),
    vendor(111, Wire::u16, "short_circuit_delay_us", {.scale = 25}),
    vendor(112, Wire::u16, "soc_alarm_pct"),
    vendor(113, Wire::u16, "charge_overcurrent_2_a"),
    vendor(114, Wire::u16, "charge_overcurrent_2_delay"),
    text(150, TextField::software_version, 20),
    text(160, TextField::device_model, 20),
    text(170, TextField::serial_number, 20),
};

constexpr Bit kAlarmBits[] = {
    // Register 9 warns.
    {9, 0, Level::warning, Alarm::cell_overvoltage},
    {9, 1, Level::warning, Alarm::cell_undervoltage},
    {9, 2, Level::warning, Alarm::pack_overvoltage},
    {9, 3, Level::warning, Alarm::pack_undervoltage},
    {9, 4, Level::warning, Alarm::charge_overcurrent},
    {9, 5, Level::warning, Alarm::discharge_overcurrent},
    {9, 8, Level::warning, Alarm::charge_overtemperature},
    {9, 9, Level::warning, Alarm::discharge_overtemperature},
    {9, 10, Level::warning, Alarm::charge_undertemperature},
    {9, 11, Level::warning, Alarm::discharge_undertemperature},
    {9, 12, Level::warning, Alarm::overtemperature},   // Ambient.
    {9, 13, Level::warning, Alarm::undertemperature},  // Ambient.
    {9, 14, Level::warning, Alarm::mosfet_overtemperature},
    {9, 15, Level::warning, Alarm::soc_low},
    // Register 10 protects.
    {10, 0, Level::alarm, Alarm::cell_overvoltage},
    {10, 1, Level::alarm, Alarm::cell_undervoltage},
    {10, 2, Level::alarm, Alarm::pack_overvoltage},
    {10, 3, Level::alarm, Alarm::pack_undervoltage},
    {10, 4, Level::alarm, Alarm::charge_overcurrent},
    {10, 5, Level::alarm, Alarm::discharge_overcurrent},
    {10, 6, Level::alarm, Alarm::short_circuit},
    {10, 8, Level::alarm, Alarm::charge_overtemperature},
    {10, 9, Level::alarm, Alarm::discharge_overtemperature},
    {10, 10, Level::alarm, Alarm::charge_undertemperature},
    {10, 11, Level::alarm, Alarm::discharge_undertemperature},
    {10, 12, Level::alarm, Alarm::mosfet_overtemperature},
    {10, 13, Level::alarm, Alarm::overtemperature},   // Ambient.
    {10, 14, Level::alarm, Alarm::undertemperature},  // Ambient.
    // The faults of register 11.
    {11, 0, Level::alarm, Alarm::contactor_failure},  // Charge MOS.
    {11, 1, Level::alarm, Alarm::contactor_failure},  // Discharge MOS.
    {11, 2, Level::alarm, Alarm::internal_failure},   // Temperature sensor.
    {11, 4, Level::alarm, Alarm::internal_failure},   // Cell.
    {11, 5, Level::alarm, Alarm::internal_failure},   // Front end.
};
constexpr std::string_view kProtection[] = {"", "", "", "", "", "", "", "charger_overvoltage",
                                            "", "", "", "", "", "", "", "reserved_15"};
constexpr std::string_view kStatusWord[] = {"", "", "", "", "", "", "",        "",
                                            "", "", "", "", "", "", "reversed"};
constexpr VendorWord kAlarmWords[] = {
    {.at = 10, .mask = 0x8080, .shift = 0, .names = kProtection},
    {.at = 11, .mask = 0x4000, .shift = 16, .names = kStatusWord},
};
constexpr Alarms kAlarmGroups[] = {{.bits = kAlarmBits, .words = kAlarmWords}};

constexpr std::uint32_t kBitRates[] = {9600};
constexpr std::uint8_t kAddresses[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

constexpr Map kMap{
    .info = {.name = "pace_modbus",
             .title = "PACE BMS, Modbus",
             .evidence = Evidence::vendor_document,
             .bit_rates = kBitRates,
             .addresses = kAddresses},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(500),  // The document's 200 ms count to the first byte.
    .request_gap = milliseconds(100),
    .address_max = 15,
    .registers = kFields,
    .alarms = kAlarmGroups,
    .cells_max = 16,
    .temperatures_max = 4,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kMap);
  return kCodec;
}

}  // namespace ems::protocol::pace_modbus
