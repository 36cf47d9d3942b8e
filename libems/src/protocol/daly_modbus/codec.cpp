// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/daly_modbus/codec.hpp"

namespace ems::protocol::daly_modbus {
namespace {

using namespace register_map;

enum Number : std::uint8_t { kStatus, kBoard, kSettings, kVersions, kWhole };

constexpr PollItem kPlan[] = {
    {"status", kStatus, 1},
    {"board", kBoard, 2},
    {"settings", kSettings, 0},
    {"versions", kVersions, 0},
};
constexpr std::span<const PollItem> kPlans[] = {kPlan};
constexpr Block kBlocks[] = {
    {kStatus, 3, 0x00, 62},   {kBoard, 3, 0x3E, 9},  {kSettings, 3, 0x80, 41},
    {kVersions, 3, 0xA9, 32}, {kWhole, 3, 0x00, 80},  // What the others ask.
};

constexpr std::string_view kVariants[] = {"charge_positive", "discharge_positive"};
constexpr std::uint8_t kChargePositive = 1U << 0;
constexpr std::uint8_t kDischargePositive = 1U << 1;

constexpr Linear kTenthVolt{.scale = 100};
constexpr Linear kCurrentSetting{.scale = 100, .offset = -3'000'000};  // 0.1 A from 30000.
constexpr Linear kBalanceCurrent{.offset = -30'000};
constexpr std::int32_t kTenthPercent = 10;

constexpr Field kFields[] = {
    cells(0x00, 32), sensors(0x20, Wire::u16, 8, kFrom40Below, kZeroOrAllOnes),
    value(0x28, Wire::u16, Signal::pack_voltage, kTenthVolt),
    // 0.1 A from 30000; the sources do not agree about the sign.
    only(kChargePositive,
         value(0x29, Wire::u16, Signal::pack_current, {.scale = -100, .offset = 3'000'000})),
    only(kDischargePositive,
         value(0x29, Wire::u16, Signal::pack_current, {.scale = 100, .offset = -3'000'000})),
    percent(0x2A, Signal::soc, kTenthPercent), cell(0x2B, Signal::cell_voltage_max),
    cell(0x2C, Signal::cell_voltage_min),
    sensor(0x2D, Wire::u16, Signal::cell_temp_max, kFrom40Below, kZeroOrAllOnes),
    sensor(0x2E, Wire::u16, Signal::cell_temp_min, kFrom40Below, kZeroOrAllOnes),
    vendor(0x2F, Wire::u16, "state"),  // 0 idle, 1 charging, 2 discharging.
    value(0x30, Wire::u16, Signal::remaining_capacity, {.scale = 100'000}),
    value(0x31, Wire::u16, Signal::cell_count), value(0x33, Wire::u16, Signal::cycle_count),
    flag(0x34, Signal::balancing), flag(0x35, Signal::charge_fet_on),
    flag(0x36, Signal::discharge_fet_on), vendor(0x37, Wire::u16, "cell_average_mv"),
    vendor(0x38, Wire::u16, "cell_delta_mv"), vendor(0x39, Wire::u16, "power_w"),
    vendor(0x3D, Wire::u8, "fault_code"), vendor(0x3E, Wire::u16, "balance_mask_1_16"),
    vendor(0x3F, Wire::u16, "balance_mask_17_32"),
    vendor(0x40, Wire::u16, "balance_current_ma", kBalanceCurrent),
    sensor(0x42, Wire::u16, Signal::mosfet_temperature, kFrom40Below, kZeroOrAllOnes),
    sensor(0x43, Wire::u16, Signal::ambient_temperature, kFrom40Below, kZeroOrAllOnes),
    value(0x80, Wire::u16, Signal::design_capacity, {.scale = 100'000}),
    vendor(0x81, Wire::u16, "cell_reference_mv"), vendor(0x89, Wire::u16, "cell_type"),
    vendor(0x8A, Wire::u16, "sleep_s"), vendor(0x8B, Wire::u16, "cell_overvoltage_1_mv"),
    vendor(0x8C, Wire::u16, "cell_overvoltage_2_mv"),
    vendor(0x8D, Wire::u16, "cell_undervoltage_1_mv"),
    vendor(0x8E, Wire::u16, "cell_undervoltage_2_mv"),
    vendor(0x8F, Wire::u16, "pack_overvoltage_1_mv", kTenthVolt),
    vendor(0x90, Wire::u16, "pack_overvoltage_2_mv", kTenthVolt),
    vendor(0x91, Wire::u16, "pack_undervoltage_1_mv", kTenthVolt),
    vendor(0x92, Wire::u16, "pack_undervoltage_2_mv", kTenthVolt),
    vendor(0x93, Wire::u16, "charge_overcurrent_1_ma", kCurrentSetting),
    vendor(0x94, Wire::u16, "charge_overcurrent_2_ma", kCurrentSetting),
    vendor(0x95, Wire::u16, "discharge_overcurrent_1_ma", kCurrentSetting),
    vendor(0x96, Wire::u16, "discharge_overcurrent_2_ma", kCurrentSetting),
    vendor(0x97, Wire::u16, "charge_overtemperature_1_degc", {.offset = -40}),
    vendor(0x98, Wire::u16, "charge_overtemperature_2_degc", {.offset = -40}),
    vendor(0x99, Wire::u16, "charge_undertemperature_1_degc", {.offset = -40}),
    vendor(0x9A, Wire::u16, "charge_undertemperature_2_degc", {.offset = -40}),
    vendor(0x9B, Wire::u16, "discharge_overtemperature_1_degc", {.offset = -40}),
    vendor(0x9C, Wire::u16, "discharge_overtemperature_2_degc", {.offset = -40}),
    vendor(0x9D, Wire::u16, "discharge_undertemperature_1_degc", {.offset = -40}),
    vendor(0x9E, Wire::u16, "discharge_undertemperature_2_degc", {.offset = -40}),
    vendor(0x9F, Wire::u16, "cell_difference_1_mv"),
    vendor(0xA0, Wire::u16, "cell_difference_2_mv"),
    vendor(0xA1, Wire::u16, "temperature_difference_1_degc"),
    vendor(0xA2, Wire::u16, "temperature_difference_2_degc"),
    vendor(0xA3, Wire::u16, "balance_start_mv"), vendor(0xA4, Wire::u16, "balance_difference_mv"),
    vendor(0xA5, Wire::u16, "charge_switch"), vendor(0xA6, Wire::u16, "discharge_switch"),
    vendor(0xA7, Wire::u16, "soc_setting_bp", {.scale = kTenthPercent}),
    vendor(0xA8, Wire::u16, "mos_temp_alarm_c", {.offset = -40}),
    text(0xA9, TextField::software_version, 16), text(0xB1, TextField::hardware_version, 16),
    text(0xB9, TextField::serial_number, 32),  // The "battery code".
};

// Two levels each: the first warns, and the vectors count it as an alarm too.
constexpr Bit first(std::uint16_t at, std::uint8_t bit, Alarm alarm) noexcept {
  return {at, bit, Level::both, alarm};
}
constexpr Bit second(std::uint16_t at, std::uint8_t bit, Alarm alarm) noexcept {
  return {at, bit, Level::alarm, alarm};
}
constexpr Bit kAlarmBits[] = {
    first(0x3A, 0, Alarm::cell_overvoltage),
    second(0x3A, 1, Alarm::cell_overvoltage),
    first(0x3A, 2, Alarm::cell_undervoltage),
    second(0x3A, 3, Alarm::cell_undervoltage),
    first(0x3A, 4, Alarm::pack_overvoltage),
    second(0x3A, 5, Alarm::pack_overvoltage),
    first(0x3A, 6, Alarm::pack_undervoltage),
    second(0x3A, 7, Alarm::pack_undervoltage),
    first(0x3A, 8, Alarm::charge_overtemperature),
    second(0x3A, 9, Alarm::charge_overtemperature),
    first(0x3A, 10, Alarm::charge_undertemperature),
    second(0x3A, 11, Alarm::charge_undertemperature),
    first(0x3A, 12, Alarm::discharge_overtemperature),
    second(0x3A, 13, Alarm::discharge_overtemperature),
    first(0x3A, 14, Alarm::discharge_undertemperature),
    second(0x3A, 15, Alarm::discharge_undertemperature),
    first(0x3B, 0, Alarm::charge_overcurrent),
    second(0x3B, 1, Alarm::charge_overcurrent),
    first(0x3B, 2, Alarm::discharge_overcurrent),
    second(0x3B, 3, Alarm::discharge_overcurrent),
    first(0x3B, 6, Alarm::soc_low),
    second(0x3B, 7, Alarm::soc_low),
    first(0x3B, 8, Alarm::cell_imbalance),
    second(0x3B, 9, Alarm::cell_imbalance),
    second(0x3C, 0, Alarm::mosfet_overtemperature),
    second(0x3C, 1, Alarm::mosfet_overtemperature),
    second(0x3C, 2, Alarm::internal_failure),   // Charge MOS sensor.
    second(0x3C, 3, Alarm::internal_failure),   // Discharge MOS sensor.
    second(0x3C, 4, Alarm::contactor_failure),  // Charge MOS stuck.
    second(0x3C, 5, Alarm::contactor_failure),  // Discharge MOS stuck.
    second(0x3C, 6, Alarm::contactor_failure),  // Charge MOS does not open.
    second(0x3C, 7, Alarm::contactor_failure),  // Discharge MOS does not open.
    second(0x3C, 8, Alarm::internal_failure),   // Analogue front end.
    second(0x3C, 9, Alarm::internal_failure),   // Cell sampling.
    second(0x3C, 10, Alarm::internal_failure),  // Temperature sensor.
    second(0x3C, 11, Alarm::internal_failure),  // EEPROM.
    second(0x3C, 12, Alarm::internal_failure),  // Clock.
    second(0x3C, 13, Alarm::precharge_failure),
    second(0x3C, 14, Alarm::communication_failure),  // With the vehicle.
    second(0x3C, 15, Alarm::communication_failure),  // Inside.
    second(0x3D, 0, Alarm::internal_failure),        // Current module.
    second(0x3D, 1, Alarm::internal_failure),        // Voltage module.
    second(0x3D, 2, Alarm::short_circuit),
};
constexpr std::string_view kWord3B[] = {"",
                                        "",
                                        "",
                                        "",
                                        "soc_high_1",
                                        "soc_high_2",
                                        "",
                                        "",
                                        "",
                                        "",
                                        "temperature_difference_1",
                                        "temperature_difference_2",
                                        "reserved_12",
                                        "reserved_13",
                                        "reserved_14",
                                        "reserved_15"};
constexpr std::string_view kWord3D[] = {"",
                                        "",
                                        "",
                                        "low_voltage_charge_forbidden",
                                        "soft_switch_off",
                                        "cabinet_offline",
                                        "reserved_22",
                                        "reserved_23"};
constexpr VendorWord kAlarmWords[] = {
    {.at = 0x3B, .mask = 0xFC30, .shift = 0, .names = kWord3B},
    {.at = 0x3D, .mask = 0x00F8, .shift = 16, .names = kWord3D},
};
constexpr Alarms kAlarmGroups[] = {{.bits = kAlarmBits, .words = kAlarmWords}};

constexpr std::uint32_t kBitRates[] = {9600};
constexpr std::uint8_t kAddresses[] = {0xD2};

constexpr Map kMap{
    .info = {.name = "daly_modbus",
             .title = "Daly smart BMS, Modbus (address D2)",
             .evidence = Evidence::captured_frames,
             .bit_rates = kBitRates,
             .addresses = kAddresses,
             .variants = kVariants},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(500),
    .address_min = 0xD2,
    .address_max = 0xD2,
    .registers = kFields,
    .alarms = kAlarmGroups,
    .cells_max = 32,
    .temperatures_max = 8,
    .cells = Count{.at = 0x31},
    .temperatures = Count{.at = 0x32},
    .direction = Direction{.at = 0x2F},
    .switches = std::uint16_t{0xA5},
    .balance = Write{.function = 6, .at = 0xCF},
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kMap);
  return kCodec;
}

}  // namespace ems::protocol::daly_modbus
