// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/renogy/codec.hpp"

namespace ems::protocol::renogy {
namespace {

using namespace register_map;

enum Number : std::uint8_t {
  kPack,
  kCells,
  kTemperatures,
  kBoard,
  kAlarms,
  kLimits,
  kName,
  kCellsAlone,
};

constexpr PollItem kPlan[] = {
    {"pack", kPack, 1},
    {"alarms", kAlarms, 1},
    {"cells", kCells, 1},
    {"temperatures", kTemperatures, 1},
    {"limits", kLimits, 1},
    {"board temperature", kBoard, 2},
    {"names and numbers", kName, 0},
};
constexpr std::span<const PollItem> kPlans[] = {kPlan};
constexpr Block kBlocks[] = {
    {kPack, 3, 5042, 7},
    // One register more than the cells: a reply says no address, and a late one of the cells must
    // not fit the request for the temperatures.
    {kCells, 3, 5000, 18},
    {kTemperatures, 3, 5017, 17},
    {kBoard, 3, 5035, 1},
    {kAlarms, 3, 5100, 10},
    {kLimits, 3, 5049, 4},
    {kName, 3, 5110, 30},
    {kCellsAlone, 3, 5000, 17},  // As others ask; we do not.
};

constexpr Linear kTenth{.scale = 100};  // 0.1 V.

constexpr Field kFields[] = {
    value(5000, Wire::u16, Signal::cell_count),
    cells(5001, 16, kTenth),
    sensors(5018, Wire::s16, 16, kDeciCelsius),
    vendor(5035, Wire::s16, "board_temperature_mdegc", kDeciCelsius),
    value(5042, Wire::s16, Signal::pack_current, {.scale = -10}),  // The wire: + charges.
    value(5043, Wire::u16, Signal::pack_voltage, kTenth),
    value(5044, Wire::u32, Signal::remaining_capacity, {.scale = 1'000}),
    value(5046, Wire::u32, Signal::full_capacity, {.scale = 1'000}),
    value(5048, Wire::u16, Signal::cycle_count),
    value(5049, Wire::u16, Signal::charge_voltage_limit, kTenth),
    value(5050, Wire::u16, Signal::discharge_voltage_limit, kTenth),
    marked(kMagnitude, value(5051, Wire::s16, Signal::charge_current_limit, {.scale = 10})),
    marked(kMagnitude, value(5052, Wire::s16, Signal::discharge_current_limit, {.scale = 10})),
    vendor(5100, Wire::u32, "cell_voltage_alarms"),      // 2 bits per cell: 1 low, 2 high, 3 other.
    vendor(5102, Wire::u32, "cell_temperature_alarms"),  // The same per sensor.
    vendor(5104, Wire::u32, "other_alarms"),
    flag(5106, Signal::charge_fet_on, 1U << 1),
    flag(5106, Signal::discharge_fet_on, 1U << 2),
    flag(5107, Signal::heater_on, 1U << 13),
    vendor(5108, Wire::u16, "cell_faults"),  // A bit per cell.
    flag(5109, Signal::full_charge_request, 1U << 3),
    flag(5109, Signal::force_charge, 3U << 4),
    flag(5109, Signal::discharge_enable, 1U << 6),
    flag(5109, Signal::charge_enable, 1U << 7),
    text(5110, TextField::serial_number, 16),
    text(5122, TextField::device_model, 16),
    text(5130, TextField::firmware_version, 4),
    text(5132, TextField::manufacturer, 8),
    vendor(5223, Wire::u16, "device_address"),
};

constexpr Bit kAlarmBits[] = {
    {5106, 0, Level::alarm, Alarm::short_circuit},
    {5106, 4, Level::alarm, Alarm::charge_overcurrent},
    {5106, 5, Level::alarm, Alarm::discharge_overcurrent},
    {5106, 6, Level::alarm, Alarm::pack_overvoltage},
    {5106, 7, Level::alarm, Alarm::cell_undervoltage},
    {5106, 8, Level::alarm, Alarm::cell_overvoltage},
    {5106, 9, Level::alarm, Alarm::charge_overcurrent},
    {5106, 10, Level::alarm, Alarm::discharge_overcurrent},
    {5106, 11, Level::alarm, Alarm::discharge_undertemperature},
    {5106, 12, Level::alarm, Alarm::discharge_overtemperature},
    {5106, 13, Level::alarm, Alarm::charge_undertemperature},
    {5106, 14, Level::alarm, Alarm::charge_overtemperature},
    {5106, 15, Level::alarm, Alarm::pack_undervoltage},
    {5107, 0, Level::warning, Alarm::cell_undervoltage},
    {5107, 1, Level::warning, Alarm::cell_overvoltage},
    {5107, 2, Level::warning, Alarm::pack_undervoltage},
    {5107, 3, Level::warning, Alarm::pack_overvoltage},
    {5107, 4, Level::warning, Alarm::charge_undertemperature},
    {5107, 5, Level::warning, Alarm::charge_overtemperature},
    {5107, 6, Level::warning, Alarm::discharge_undertemperature},
    {5107, 7, Level::warning, Alarm::discharge_overtemperature},
};
constexpr Alarms kAlarmGroups[] = {{.bits = kAlarmBits}};

constexpr std::uint32_t kBitRates[] = {9600};
constexpr std::uint8_t kAddresses[] = {0x30, 0xF7};

constexpr Map kMap{
    .info = {.name = "renogy",
             .title = "Renogy smart lithium batteries",
             .evidence = Evidence::captured_frames,
             .bit_rates = kBitRates,
             .addresses = kAddresses},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(500),
    .registers = kFields,
    .alarms = kAlarmGroups,
    .cells_max = 16,
    .temperatures_max = 16,
    .cells = Count{.at = 5000},
    .temperatures = Count{.at = 5017},
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kMap);
  return kCodec;
}

}  // namespace ems::protocol::renogy
