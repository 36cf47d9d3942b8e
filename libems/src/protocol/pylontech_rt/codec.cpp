// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pylontech_rt/codec.hpp"

namespace ems::protocol::pylontech_rt {
namespace {

using namespace register_map;

enum Number : std::uint8_t { kStatus, kLimits, kSerial };

constexpr PollItem kPlan[] = {
    {"status", kStatus, 1},
    {"voltage limits", kLimits, 1},
    {"serial number", kSerial, 0},
};
constexpr std::span<const PollItem> kPlans[] = {kPlan};
constexpr Block kBlocks[] = {
    {kStatus, 3, 0x1016, 13},
    {kLimits, 3, 0x1023, 2},
    {kSerial, 3, 0x2000, 8},
};

constexpr Field kFields[] = {
    value(0x1016, Wire::u16, Signal::pack_voltage, {.scale = 10}),
    value(0x1017, Wire::s16, Signal::pack_current, {.scale = -100}),  // The wire: + charges.
    cell(0x1018, Signal::cell_voltage_max),
    cell(0x1019, Signal::cell_voltage_min),
    sensor(0x101A, Wire::s16, Signal::cell_temp_max, kDeciCelsius),
    sensor(0x101B, Wire::s16, Signal::cell_temp_min, kDeciCelsius),
    percent(0x101C, Signal::soc, 100),
    percent(0x101D, Signal::soh, 100),
    vendor(0x101E, Wire::s16, "power_w"),  // 63 W where the current is -4.8 A: sign not known.
    vendor(0x1020, Wire::u16, "energy_total_100wh"),
    vendor(0x1021, Wire::u16, "current_allowed_ma", {.scale = 100}),  // Of which direction?
    value(0x1022, Wire::u16, Signal::design_capacity, {.scale = 100'000}),
    value(0x1023, Wire::u16, Signal::charge_voltage_limit, {.scale = 10}),
    value(0x1024, Wire::u16, Signal::discharge_voltage_limit, {.scale = 10}),
    text(0x2000, TextField::serial_number, 16),
};

constexpr std::uint32_t kBitRates[] = {9600, 115200};
constexpr std::uint8_t kAddresses[] = {1};

constexpr Map kMap{
    .info = {.name = "pylontech_rt",
             .title = "Pylontech RT series (RT12100, RT24100)",
             .evidence = Evidence::captured_frames,
             .bit_rates = kBitRates,
             .addresses = kAddresses},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(500),
    .registers = kFields,
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kMap);
  return kCodec;
}

}  // namespace ems::protocol::pylontech_rt
