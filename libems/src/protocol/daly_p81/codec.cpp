// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/daly_p81/codec.hpp"

namespace ems::protocol::daly_p81 {
namespace {

using namespace register_map;

enum Number : std::uint8_t { kCells, kStatus, kSettings };

constexpr PollItem kPlan[] = {
    {"cells and pack", kCells, 1},
    {"status", kStatus, 1},
    {"settings", kSettings, 0},
};
constexpr std::span<const PollItem> kPlans[] = {kPlan};
constexpr Block kBlocks[] = {
    {kCells, 3, 0x00, 0x40}, {kStatus, 3, 0x41, 0x3E}, {kSettings, 3, 0x100, 41}};

constexpr std::string_view kVariants[] = {"charge_positive", "discharge_positive"};
constexpr std::uint8_t kChargePositive = 1U << 0;
constexpr std::uint8_t kDischargePositive = 1U << 1;

constexpr Linear kTenthVolt{.scale = 100};
constexpr std::int32_t kTenthPercent = 10;

constexpr Field kFields[] = {
    cells(0x00, 48),
    sensors(0x30, Wire::u16, 8, kFrom40Below, kZeroOrAllOnes),
    value(0x38, Wire::u16, Signal::pack_voltage, kTenthVolt),
    // 0.1 A from 30000; the sources do not agree about the sign.
    only(kChargePositive,
         value(0x39, Wire::u16, Signal::pack_current, {.scale = -100, .offset = 3'000'000})),
    only(kDischargePositive,
         value(0x39, Wire::u16, Signal::pack_current, {.scale = 100, .offset = -3'000'000})),
    percent(0x3A, Signal::soc, kTenthPercent),
    vendor(0x3B, Wire::u16, "heartbeat"),
    value(0x3C, Wire::u16, Signal::cell_count),
    cell(0x3E, Signal::cell_voltage_max),
    vendor(0x3F, Wire::u16, "cell_max_index"),
    sensor(0x43, Wire::u16, Signal::cell_temp_max, kFrom40Below, kZeroOrAllOnes),
    sensor(0x45, Wire::u16, Signal::cell_temp_min, kFrom40Below, kZeroOrAllOnes),
    vendor(0x48, Wire::u16, "state"),  // 0 idle, 1 charging, 2 discharging.
    value(0x4B, Wire::u16, Signal::remaining_capacity, {.scale = 100'000}),
    value(0x4C, Wire::u16, Signal::cycle_count),
    flag(0x4D, Signal::balancing),
    vendor(0x4D, Wire::u16, "balance_mode"),
    vendor(0x4E, Wire::u16, "balance_current_ma"),
    vendor(0x4F, Wire::u16, "balance_mask_1_16"),
    vendor(0x50, Wire::u16, "balance_mask_17_32"),
    vendor(0x51, Wire::u16, "balance_mask_33_48"),
    flag(0x52, Signal::charge_fet_on),
    flag(0x53, Signal::discharge_fet_on),
    vendor(0x54, Wire::u16, "precharge_fet_on"),
    flag(0x55, Signal::heater_on),
    vendor(0x57, Wire::u16, "cell_average_mv"),
    vendor(0x58, Wire::u16, "power_w"),
    vendor(0x59, Wire::u16, "energy_wh"),
    sensor(0x5A, Wire::u16, Signal::mosfet_temperature, kFrom40Below, kZeroOrAllOnes),
    sensor(0x5B, Wire::u16, Signal::ambient_temperature, kFrom40Below, kZeroOrAllOnes),
    vendor(0x5B, Wire::u16, "board_temperature_c", {.offset = -40}),
    value(0x100, Wire::u16, Signal::design_capacity, {.scale = 100'000}),
    vendor(0x10B, Wire::u16, "cell_overvoltage_1_mv"),
    vendor(0x10C, Wire::u16, "cell_overvoltage_2_mv"),
    vendor(0x10D, Wire::u16, "cell_undervoltage_1_mv"),
    vendor(0x10E, Wire::u16, "cell_undervoltage_2_mv"),
};

// The order of the bits is not published: all of them are the vendor's.
constexpr VendorWord kAlarmWords[] = {
    {.at = 0x6D, .mask = 0xFFFF, .shift = 0},
    {.at = 0x6E, .mask = 0xFFFF, .shift = 16},
};
constexpr Alarms kAlarmGroups[] = {{.words = kAlarmWords}};

constexpr std::uint32_t kBitRates[] = {9600};
constexpr std::uint8_t kAddresses[] = {0x81};

constexpr Map kMap{
    .info = {.name = "daly_p81",
             .title = "Daly smart BMS with 48 cell slots, Modbus (address 81)",
             .evidence = Evidence::captured_frames,
             .bit_rates = kBitRates,
             .addresses = kAddresses,
             .variants = kVariants},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(500),
    .address_min = 0x81,
    .address_max = 0x81,
    .reply_flip = 0x81 ^ 0x51,
    .registers = kFields,
    .alarms = kAlarmGroups,
    .cells_max = 48,
    .temperatures_max = 8,
    .cells = Count{.at = 0x3C},
    .temperatures = Count{.at = 0x3D},
    .direction = Direction{.at = 0x48},
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kMap);
  return kCodec;
}

}  // namespace ems::protocol::daly_p81
