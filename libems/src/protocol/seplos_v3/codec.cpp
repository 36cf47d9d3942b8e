// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/seplos_v3/codec.hpp"

#include "protocol/publish.hpp"
#include "protocol/seplos_v3/events.hpp"

namespace ems::protocol::seplos_v3 {
namespace {

using namespace register_map;

enum Number : std::uint8_t { kPia, kPib, kPic, kVia, kEia, kEib, kEic };

constexpr PollItem kPackPlan[] = {
    {"pack (PIA)", kPia, 1},
    {"cells (PIB)", kPib, 1},
    {"events (PIC)", kPic, 1},
    {"versions (VIA)", kVia, 0},
};
constexpr PollItem kSystemPlan[] = {
    {"system (EIA)", kEia, 1},
    {"extremes (EIB)", kEib, 1},
    {"events (EIC)", kEic, 1},
};
constexpr std::span<const PollItem> kPlans[] = {kPackPlan, kSystemPlan, kPackPlan};
constexpr Block kBlocks[] = {
    {kPia, 4, 0x1000, 17}, {kPib, 4, 0x1100, 26}, {kPic, 1, 0x1200, 144}, {kVia, 4, 0x1700, 51},
    {kEia, 4, 0x2000, 26}, {kEib, 4, 0x2100, 22}, {kEic, 1, 0x2200, 80},
};

constexpr std::string_view kVariants[] = {"pack", "system", "pack_300a"};
constexpr std::uint8_t kPia100Ma = 1U << 2;
constexpr std::uint8_t kPia10Ma = 0xFF & ~kPia100Ma;

constexpr Linear kTenMilli{.scale = 10};       // 10 mV, 10 mA.
constexpr Linear kHundredMilli{.scale = 100};  // 0.1 V, 0.1 A.
constexpr Linear kTenMilliAmpHours{.scale = 10'000};
constexpr std::int32_t kTenthPercent = 10;

constexpr Field kRegisters[] = {
    // PIA
    value(0x1000, Wire::u16, Signal::pack_voltage, kTenMilli),
    only(kPia10Ma, value(0x1001, Wire::s16, Signal::pack_current, {.scale = -10})),  // + charges.
    only(kPia100Ma, value(0x1001, Wire::s16, Signal::pack_current, {.scale = -100})),
    value(0x1002, Wire::u16, Signal::remaining_capacity, kTenMilliAmpHours),
    value(0x1003, Wire::u16, Signal::full_capacity, kTenMilliAmpHours),
    vendor(0x1004, Wire::u16, "discharged_total_ah", {.scale = 10}),
    percent(0x1005, Signal::soc, kTenthPercent),
    percent(0x1006, Signal::soh, kTenthPercent),
    value(0x1007, Wire::u16, Signal::cycle_count),
    vendor(0x1008, Wire::u16, "cell_average_mv"),
    vendor(0x1009, Wire::u16, "cell_temperature_average_mdegc", kDeciKelvin),
    cell(0x100A, Signal::cell_voltage_max),
    cell(0x100B, Signal::cell_voltage_min),
    sensor(0x100C, Wire::u16, Signal::cell_temp_max, kDeciKelvin, kZeroOrAllOnes),
    sensor(0x100D, Wire::u16, Signal::cell_temp_min, kDeciKelvin, kZeroOrAllOnes),
    value(0x100F, Wire::u16, Signal::discharge_current_limit, {.scale = 1'000}),
    value(0x1010, Wire::u16, Signal::charge_current_limit, {.scale = 1'000}),
    // PIB
    cells(0x1100, 16),
    sensors(0x1110, Wire::u16, 4, kDeciKelvin, kZeroOrAllOnes),
    sensor(0x1118, Wire::u16, Signal::ambient_temperature, kDeciKelvin, kZeroOrAllOnes),
    sensor(0x1119, Wire::u16, Signal::mosfet_temperature, kDeciKelvin, kZeroOrAllOnes),
    // VIA
    text(0x1700, TextField::manufacturer, 20),
    text(0x170A, TextField::device_model, 20),
    text(0x1714, TextField::firmware_version, 2),
    text(0x1715, TextField::serial_number, 30),  // The BMS's,
    text(0x1724, TextField::serial_number, 30),  // and the pack's where it is set.
    // EIA
    value(0x2000, Wire::u32_swapped, Signal::pack_voltage, kTenMilli),
    value(0x2002, Wire::s32_swapped, Signal::pack_current, {.scale = -100}),
    value(0x2004, Wire::u32_swapped, Signal::remaining_capacity, kTenMilliAmpHours),
    value(0x2006, Wire::u32_swapped, Signal::full_capacity, kTenMilliAmpHours),
    vendor(0x2008, Wire::u32_swapped, "discharged_total_ah", {.scale = 10}),
    value(0x200A, Wire::u32_swapped, Signal::design_capacity, kTenMilliAmpHours),
    vendor(0x200C, Wire::u32_swapped, "online_mask"),
    vendor(0x200E, Wire::u32_swapped, "protected_mask"),
    value(0x2010, Wire::u32_swapped, Signal::discharge_current_limit, kHundredMilli),
    value(0x2012, Wire::u32_swapped, Signal::charge_current_limit, kHundredMilli),
    value(0x2014, Wire::u16, Signal::charge_voltage_limit, kHundredMilli),
    value(0x2015, Wire::u16, Signal::discharge_voltage_limit, kHundredMilli),
    value(0x2016, Wire::u16, Signal::module_count),
    vendor(0x2016, Wire::u16, "pack_count"),
    value(0x2017, Wire::u16, Signal::cycle_count),
    percent(0x2018, Signal::soc, kTenthPercent),
    percent(0x2019, Signal::soh, kTenthPercent),
    // EIB; its temperatures: eib_temperatures() below.
    cell(0x2100, Signal::cell_voltage_max),
    cell(0x2101, Signal::cell_voltage_min),
    vendor(0x2102, Wire::u16, "cell_max_index"),
    vendor(0x2103, Wire::u16, "cell_min_index"),
    vendor(0x2104, Wire::u16, "pack_voltage_max_mv", kTenMilli),
    vendor(0x2105, Wire::u16, "pack_voltage_min_mv", kTenMilli),
    vendor(0x2106, Wire::u16, "pack_max_index"),
    vendor(0x2107, Wire::u16, "pack_min_index"),
    vendor(0x210B, Wire::u16, "temperature_max_index"),
    vendor(0x210C, Wire::u16, "temperature_min_index"),
    vendor(0x210D, Wire::u16, "soc_max_bp", {.scale = kTenthPercent}),
    vendor(0x210E, Wire::u16, "soc_min_bp", {.scale = kTenthPercent}),
    vendor(0x210F, Wire::u16, "cycle_count_max"),
    vendor(0x2110, Wire::u16, "soh_max_bp", {.scale = kTenthPercent}),
};

constexpr Field kCoils[] = {
    vendor(0x1200, Wire::u16, "cells_low_mask"),  // Cells 1-8 in the first byte.
    vendor(0x1210, Wire::u16, "cells_high_mask"),
    vendor(0x1220, Wire::u8, "sensors_low_mask"),
    vendor(0x1228, Wire::u8, "sensors_high_mask"),
    flag(0x1230, Signal::balancing),
    vendor(0x1230, Wire::u16, "balance_mask"),
    vendor(0x1240, Wire::u8, "system_state"),
    flag(0x1258, Signal::heater_on, 1U << 6, Wire::u8),
    flag(0x1278, Signal::discharge_fet_on, 1U << 0, Wire::u8),
    flag(0x1278, Signal::charge_fet_on, 1U << 1, Wire::u8),
    vendor(0x1278, Wire::u8, "switches"),
    vendor(0x2200, Wire::u8, "system_state"),
    flag(0x2218, Signal::heater_on, 1U << 6, Wire::u8),
    flag(0x2238, Signal::discharge_fet_on, 1U << 0, Wire::u8),
    flag(0x2238, Signal::charge_fet_on, 1U << 1, Wire::u8),
    vendor(0x2238, Wire::u8, "switches"),
    flag(0x2240, Signal::balancing, 1U << 0, Wire::u8),
};

/// V0.3 says 0.1 degC, and so does a capture; other firmware sends 0.1 K.
bool eib_temperatures(const Reply& reply, ReadingSink& sink) {
  constexpr std::int64_t kNoSensor = -1;      // FFFF: not fitted, so -0.1 degC is never said.
  constexpr std::int64_t kNoCelsius = 1'500;  // 150 degC; 0.1 K below it is colder than -123 degC.
  const Publisher publish(sink);
  const auto read = [&reply](std::uint16_t at) -> std::optional<std::int64_t> {
    const std::optional<std::int64_t> raw = reply.raw(at, Wire::s16);
    if (!raw || *raw == kNoSensor) return std::nullopt;
    return *raw < kNoCelsius ? *raw * 100 : *raw * 100 - 273'150;
  };
  const auto covered = [&reply](std::uint16_t at) { return reply.raw(at, Wire::s16).has_value(); };
  if (reply.coils() || !covered(0x2108)) return false;
  publish.sensor(Signal::cell_temp_max, read(0x2108));
  if (covered(0x2109)) publish.sensor(Signal::cell_temp_min, read(0x2109));
  if (const auto mean = read(0x210A)) publish.vendor("cell_temperature_average_mdegc", *mean);
  if (covered(0x2111)) publish.sensor(Signal::mosfet_temperature, read(0x2111));
  return true;
}

constexpr std::uint32_t kBitRates[] = {19200};
constexpr std::uint8_t kAddresses[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xC0};

constexpr Map kMap{
    .info = {.name = "seplos_v3",
             .title = "Seplos BMS 3.0",
             .evidence = Evidence::captured_frames,
             .bit_rates = kBitRates,
             .addresses = kAddresses,
             .variants = kVariants},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(500),
    .address_min = 0,
    .address_max = 0x7F,
    .registers = kRegisters,
    .coils = kCoils,
    .alarms = kAlarmGroups,
    .cells_max = 16,
    .temperatures_max = 4,
    .extra = eib_temperatures,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kMap);
  return kCodec;
}

}  // namespace ems::protocol::seplos_v3
