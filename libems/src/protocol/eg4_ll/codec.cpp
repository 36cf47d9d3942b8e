// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/eg4_ll/codec.hpp"

namespace ems::protocol::eg4_ll {
namespace {

using namespace register_map;

enum Number : std::uint8_t { kStatus, kName };

constexpr PollItem kPlan[] = {{"status", kStatus, 1}, {"model and serial number", kName, 0}};
constexpr std::span<const PollItem> kPlans[] = {kPlan};
constexpr Block kBlocks[] = {{kStatus, 3, 0x0000, 0x27}, {kName, 3, 0x0069, 0x17}};

constexpr std::string_view kVariants[] = {"100ma", "10ma"};
constexpr std::uint8_t k100Ma = 1U << 0;
constexpr std::uint8_t k10Ma = 1U << 1;

constexpr Linear kCelsius{.scale = 1'000};
constexpr Linear kTenthAmpHours{.scale = 100'000};

constexpr Field kFields[] = {
    value(0, Wire::u16, Signal::pack_voltage, {.scale = 10}),
    only(k100Ma, value(1, Wire::s16, Signal::pack_current, {.scale = -100})),  // + charges.
    only(k10Ma, value(1, Wire::s16, Signal::pack_current, {.scale = -10})),
    cells(2, 16),
    sensor(18, Wire::s16, Signal::mosfet_temperature, kCelsius),  // The board's.
    vendor(19, Wire::s16, "temperature_average_mdegc", kCelsius),
    sensor(20, Wire::s16, Signal::cell_temp_max, kCelsius),
    // A capacity of 0 Ah: this firmware does not tell it.
    only(k100Ma, marked(kZero, value(21, Wire::u16, Signal::remaining_capacity, kTenthAmpHours))),
    only(k10Ma,
         marked(kZero, value(21, Wire::u16, Signal::remaining_capacity, {.scale = 1'000'000}))),
    only(k100Ma, value(22, Wire::u16, Signal::charge_current_limit, {.scale = 100})),
    only(k10Ma, value(22, Wire::u16, Signal::charge_current_limit, {.scale = 1'000})),
    percent(23, Signal::soh, 100),
    percent(24, Signal::soc, 100),
    vendor(25, Wire::u16, "status"),
    vendor(26, Wire::u16, "warning_word"),
    value(29, Wire::u32, Signal::cycle_count),
    marked(kZero, value(31, Wire::u32, Signal::full_capacity, {.scale = 5, .divide = 18})),  // mAs.
    sensors(33, Wire::s8, 6, kCelsius, kUnusedZero),
    value(36, Wire::u16, Signal::cell_count),
    marked(kZero, value(37, Wire::u16, Signal::design_capacity, kTenthAmpHours)),
    flag(38, Signal::balancing),
    text(0x69, TextField::device_model, 24),
    text(0x75, TextField::software_version, 6),
    text(0x78, TextField::serial_number, 16),
};

// Nobody has published what the bits mean: all of them are the vendor's.
constexpr VendorWord kAlarmWords[] = {
    {.at = 27, .mask = 0xFFFF, .shift = 0},
    {.at = 28, .mask = 0xFFFF, .shift = 16},
};
constexpr Alarms kAlarmGroups[] = {{.words = kAlarmWords}};

constexpr std::uint32_t kBitRates[] = {9600, 19200};
constexpr std::uint8_t kAddresses[] = {1};

constexpr Map kMap{
    .info = {.name = "eg4_ll",
             .title = "EG4 LL",
             .evidence = Evidence::captured_frames,
             .bit_rates = kBitRates,
             .addresses = kAddresses,
             .variants = kVariants},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(500),
    .address_max = 64,
    .registers = kFields,
    .alarms = kAlarmGroups,
    .cells_max = 16,
    .temperatures_max = 6,
    .cells = Count{.at = 36},
};

}  // namespace

const MapCodec& codec() noexcept {
  static constexpr MapCodec kCodec(kMap);
  return kCodec;
}

}  // namespace ems::protocol::eg4_ll
