// SPDX-License-Identifier: Apache-2.0
/// @file The keys of `policies:` in the site file.
#pragma once

#include "io/config/tables.hpp"

namespace ems::io::config {

// clang-format off
#define EMS_POLICY_SECTION(name, text) {.path = "policies." name, .type = SchemaType::section, .doc = text}
#define EMS_POLICY_W(name, lowest, text, ...) \
  {.path = "policies." name, .type = SchemaType::quantity, .digits = kWattDigits, .min = lowest, .max = kPolicyPowerMax, __VA_ARGS__ .doc = text}
#define EMS_POLICY_PCT(name, text, ...) \
  {.path = "policies." name, .type = SchemaType::quantity, .digits = kPercentDigits, .min = 0, .max = percent_bp(100), __VA_ARGS__ .doc = text}
#define EMS_POLICY_S(name, lowest, highest, text, ...) \
  {.path = "policies." name, .type = SchemaType::quantity, .digits = kSecondDigits, .min = lowest, .max = highest, __VA_ARGS__ .doc = text}
#define EMS_POLICY_FILE(name, text) {.path = "policies." name, .type = SchemaType::path, .required = true, .doc = text}
#define EMS_DEFAULT(text) .default_text = text,
#define EMS_REQUIRED .required = true,

inline constexpr std::int64_t kPolicyPowerMax = 100'000'000;
inline constexpr std::string_view kHysteresisDoc = "How far the state of charge must go back before it goes on.";

inline constexpr SchemaKey kPolicyKeys[] = {
    {.path = "policies", .type = SchemaType::section,
     .doc = "What the site is to do. A policy that is not there does not run. Their order of precedence is fixed: docs/explanation/decision.md."},

    EMS_POLICY_SECTION("active_power_limit", "Grid code: what the grid operator lets the batteries deliver and take. Each side has a limit here or in `fallback`."),
    EMS_POLICY_W("active_power_limit.discharge_max_w", 0, "Always in force; a command can only tighten it. Absent: not limited."),
    EMS_POLICY_W("active_power_limit.charge_max_w", 0, "The same for charging."),
    EMS_POLICY_SECTION("active_power_limit.fallback", "In force while no command is. Absent: nothing beyond the limits above."),
    EMS_POLICY_W("active_power_limit.fallback.discharge_max_w", 0, "Absent: not limited."),
    EMS_POLICY_W("active_power_limit.fallback.charge_max_w", 0, "Absent: not limited."),
    EMS_POLICY_S("active_power_limit.lease_max_s", seconds_us(1), seconds_us(86'400), "A command that asks for longer ends here.", EMS_DEFAULT("3600")),

    EMS_POLICY_SECTION("frequency_droop", "Grid code: less power above the nominal frequency, more below. What is absent is as `grid.profile` says. Needs a device that measures the frequency."),
    {.path = "policies.frequency_droop.deadband_over_hz", .type = SchemaType::quantity, .digits = kHertzDigits, .min = 1, .max = 2'500,
     .doc = "Up to so far above nominal nothing happens."},
    {.path = "policies.frequency_droop.deadband_under_hz", .type = SchemaType::quantity, .digits = kHertzDigits, .min = 1, .max = 2'500,
     .doc = "The same below."},
    {.path = "policies.frequency_droop.droop_pct", .type = SchemaType::quantity, .digits = kPercentDigits, .min = percent_bp(1), .max = percent_bp(20),
     .doc = "Share of the nominal frequency over which the power moves by `reference_w`."},
    EMS_POLICY_W("frequency_droop.reference_w", 1, "Absent: the rated power of all inverters."),
    EMS_POLICY_S("frequency_droop.release_after_s", 0, seconds_us(3'600), "Back inside the deadband for so long ends the answer."),
    EMS_POLICY_S("frequency_droop.response_s", millis_us(100), seconds_us(60), "Oldest frequency that is acted on."),

    EMS_POLICY_SECTION("ramp", "Grid code: power changes no faster than this. It gives way to safety, to limits and to the frequency; it delays a contractual limit, and the declared reaction time says so."),
    {.path = "policies.ramp.up_w_per_s", .type = SchemaType::quantity, .digits = kWattDigits, .min = 1, .max = kPolicyPowerMax, .required = true, .doc = "Towards discharging."},
    {.path = "policies.ramp.down_w_per_s", .type = SchemaType::quantity, .digits = kWattDigits, .min = 1, .max = kPolicyPowerMax, .required = true, .doc = "Towards charging."},

    EMS_POLICY_SECTION("dimming", "Contractual: the grid operator dims charging by command (par. 14a EnWG, EEBUS LPC)."),
    EMS_POLICY_W("dimming.failsafe_w", 0, "Charging that is allowed once no command lives.", EMS_DEFAULT("4200")),
    EMS_POLICY_S("dimming.failsafe_min_s", seconds_us(1), seconds_us(86'400), "For at least so long.", EMS_DEFAULT("7200")),
    EMS_POLICY_W("dimming.protective_w", 0, "After that, until the next command.", EMS_DEFAULT("4200")),
    EMS_POLICY_S("dimming.lease_max_s", seconds_us(1), seconds_us(86'400), "A command that asks for longer ends here.", EMS_DEFAULT("120")),

    EMS_POLICY_SECTION("import_limit", "Contractual: import at the PCC stays at or below a limit. Needs a `pcc` meter."),
    EMS_POLICY_W("import_limit.limit_w", 0, "The limit.", EMS_REQUIRED),
    EMS_POLICY_SECTION("export_limit", "Contractual: export at the PCC stays at or below a limit. Needs a `pcc` meter."),
    EMS_POLICY_W("export_limit.limit_w", 0, "The limit.", EMS_REQUIRED),

    EMS_POLICY_SECTION("demand_limit", "Contractual: the mean import over each window of the meter stays at or below a limit. Needs a `pcc` meter."),
    EMS_POLICY_W("demand_limit.limit_w", 0, "The limit of the mean.", EMS_REQUIRED),
    EMS_POLICY_W("demand_limit.import_max_w", 0, "Largest import at any moment: the connection's; at least `limit_w`.", EMS_REQUIRED),
    EMS_POLICY_S("demand_limit.window_s", seconds_us(60), seconds_us(3'600), "Length of a window.", EMS_DEFAULT("900")),
    EMS_POLICY_S("demand_limit.offset_s", 0, seconds_us(3'600), "Windows begin at midnight UTC plus this; less than a window.", EMS_DEFAULT("0")),
    EMS_POLICY_S("demand_limit.glide_s", seconds_us(1), seconds_us(1'800), "The import allowed changes by at most `limit_w` in so long; at most half a window.", EMS_DEFAULT("60")),

    EMS_POLICY_SECTION("backup_reserve", "Contractual: energy kept for an outage is not discharged while the grid is there."),
    EMS_POLICY_PCT("backup_reserve.soc_pct", "No discharging at or below this state of charge of the site.", EMS_REQUIRED),
    EMS_POLICY_PCT("backup_reserve.hysteresis_pct", kHysteresisDoc, EMS_DEFAULT("2")),

    EMS_POLICY_SECTION("setpoint", "Contractual: a person's set-point (`emsctl setpoint`), which always ends by itself."),
    EMS_POLICY_S("setpoint.lease_max_s", seconds_us(1), seconds_us(86'400), "Longest lease a set-point may ask for.", EMS_DEFAULT("3600")),
    EMS_POLICY_SECTION("remote_setpoint", "Contractual: the server's set-point, below a person's. Absent: it counts as `setpoint` does."),
    EMS_POLICY_S("remote_setpoint.lease_max_s", seconds_us(1), seconds_us(86'400), "Longest lease it may ask for.", EMS_DEFAULT("3600")),
    EMS_POLICY_SECTION("schedule", "Contractual: powers agreed on beforehand, from a file."),
    EMS_POLICY_FILE("schedule.file", "The schedule file; read again when it changes."),

    EMS_POLICY_SECTION("zero_export", "Economic: what would be exported charges the battery, as far as nobody above needs the room. Needs a `pcc` meter."),
    EMS_POLICY_W("zero_export.tolerance_w", 0, "An export this small is none.", EMS_DEFAULT("50")),
    EMS_POLICY_SECTION("plan", "Economic: follows a plan, from a file."),
    EMS_POLICY_FILE("plan.file", "The plan file; read again when it changes."),
    EMS_POLICY_S("plan.age_max_s", seconds_us(60), seconds_us(604'800), "A plan that says it is valid for longer ends here.", EMS_DEFAULT("86400")),
    EMS_POLICY_S("plan.adrift_max_s", 0, seconds_us(604'800), "Longest time without a time source in which it is followed.", EMS_DEFAULT("86400")),

    EMS_POLICY_SECTION("time_of_use", "Economic: charges and discharges in fixed windows of the local day."),
    {.path = "policies.time_of_use.windows", .type = SchemaType::section_list, .min = 1, .max = 16, .required = true, .doc = "The first open one counts."},
    {.path = "policies.time_of_use.windows[].days", .type = SchemaType::choice_list, .min = 1, .max = 7, .choices = "mon tue wed thu fri sat sun",
     .doc = "Days on which it opens. Absent: every day."},
    {.path = "policies.time_of_use.windows[].from", .type = SchemaType::clock, .required = true, .doc = "Local time at which it opens; before 24:00."},
    {.path = "policies.time_of_use.windows[].to", .type = SchemaType::clock, .required = true, .doc = "Local time at which it closes; at or before `from`: on the next day."},
    {.path = "policies.time_of_use.windows[].action", .type = SchemaType::choice, .required = true, .choices = "charge discharge hold", .doc = "`hold`: no discharging."},
    EMS_POLICY_W("time_of_use.windows[].power_w", 1, "Of charging or discharging; not with `hold`."),
    EMS_POLICY_PCT("time_of_use.windows[].soc_stop_pct", "Charging stops at or above it, discharging at or below it. Absent: safety alone stops it."),
    EMS_POLICY_PCT("time_of_use.soc_hysteresis_pct", kHysteresisDoc, EMS_DEFAULT("1")),
    {.path = "policies.time_of_use.only_without_prices", .type = SchemaType::flag, .default_text = "false", .doc = "Acts only while policy `price` has no price for now."},

    EMS_POLICY_SECTION("price", "Economic: charges below one price and discharges above another; prices come from a file."),
    EMS_POLICY_FILE("price.file", "The price file; read again when it changes."),
    {.path = "policies.price.currency", .type = SchemaType::text, .required = true, .doc = "ISO 4217 (`EUR`); prices in another currency are not used."},
    {.path = "policies.price.buy_below_per_kwh", .type = SchemaType::quantity, .digits = kPriceDigits, .min = -1'000'000'000'000, .max = 1'000'000'000'000, .required = true,
     .doc = "Charges while energy costs less."},
    {.path = "policies.price.sell_above_per_kwh", .type = SchemaType::quantity, .digits = kPriceDigits, .min = -1'000'000'000'000, .max = 1'000'000'000'000, .required = true,
     .doc = "Discharges while export earns more; not below `buy_below_per_kwh`."},
    EMS_POLICY_W("price.power_w", 1, "At the best price.", EMS_REQUIRED),
    EMS_POLICY_PCT("price.share_at_threshold_pct", "Share of `power_w` at the threshold; it rises with the distance from it.", EMS_DEFAULT("50")),
    EMS_POLICY_PCT("price.soc_buy_max_pct", "Does not buy at or above.", EMS_DEFAULT("90")),
    EMS_POLICY_PCT("price.soc_sell_min_pct", "Does not sell at or below.", EMS_DEFAULT("30")),
    EMS_POLICY_PCT("price.soc_hysteresis_pct", kHysteresisDoc, EMS_DEFAULT("1")),
    EMS_POLICY_S("price.age_max_s", seconds_us(60), seconds_us(604'800), "Older prices count for nothing.", EMS_DEFAULT("172800")),

    EMS_POLICY_SECTION("self_consumption", "Economic: holds the power at the PCC at a target. Needs a `pcc` meter."),
    EMS_POLICY_W("self_consumption.target_w", -kPolicyPowerMax, "The target; positive imports.", EMS_DEFAULT("0")),
    {.path = "policies.self_consumption.deadband_w", .type = SchemaType::quantity, .digits = kWattDigits, .min = 0, .max = 1'000'000, .default_text = "50",
     .doc = "Distance from the target that is left alone."},
    EMS_POLICY_W("self_consumption.surplus_start_w", 0, "Storing begins when so much is left over; 0: any surplus.", EMS_DEFAULT("0")),
    EMS_POLICY_W("self_consumption.surplus_stop_w", 0, "Storing ends when less than this is; at most `surplus_start_w`.", EMS_DEFAULT("0")),
    EMS_POLICY_PCT("self_consumption.soc_store_max_pct", "At or above, surplus is not stored.", EMS_DEFAULT("100")),
    EMS_POLICY_PCT("self_consumption.soc_feed_min_pct", "At or below, the load is not fed.", EMS_DEFAULT("0")),
    EMS_POLICY_PCT("self_consumption.soc_hysteresis_pct", kHysteresisDoc, EMS_DEFAULT("1")),

    EMS_POLICY_SECTION("comfort_band", "Longevity: the state of charge stays away from full and empty."),
    EMS_POLICY_PCT("comfort_band.soc_min_pct", "Prefers no discharging at or below, by the emptiest battery.", EMS_DEFAULT("20")),
    EMS_POLICY_PCT("comfort_band.soc_max_pct", "Prefers no charging at or above, by the fullest battery.", EMS_DEFAULT("80")),
    EMS_POLICY_PCT("comfort_band.taper_pct", "Power falls over so much before that; at most half the band.", EMS_DEFAULT("5")),
    EMS_POLICY_W("comfort_band.restore_w", 0, "Outside the band it asks to move back with up to this power; 0: it does not.", EMS_DEFAULT("0")),
    EMS_POLICY_SECTION("gentle_current", "Longevity: power stays below a share of the capacity per hour (C-rate)."),
    {.path = "policies.gentle_current.charge_rate", .type = SchemaType::quantity, .digits = kRatioDigits, .min = 1, .max = 100'000'000, .default_text = "0.5",
     .doc = "Share of the capacity per hour."},
    {.path = "policies.gentle_current.discharge_rate", .type = SchemaType::quantity, .digits = kRatioDigits, .min = 1, .max = 100'000'000, .default_text = "0.5",
     .doc = "The same for discharging."},
    EMS_POLICY_SECTION("gentle_temperature", "Longevity: power falls while the cells are warm or cold."),
    {.path = "policies.gentle_temperature.cold_zero_degc", .type = SchemaType::quantity, .digits = kDegcDigits, .min = degc_mdegc(-60), .max = degc_mdegc(120), .default_text = "0",
     .doc = "No power at or below, by the coldest cell."},
    {.path = "policies.gentle_temperature.cold_full_degc", .type = SchemaType::quantity, .digits = kDegcDigits, .min = degc_mdegc(-60), .max = degc_mdegc(120), .default_text = "10",
     .doc = "Comfortable from here ..."},
    {.path = "policies.gentle_temperature.hot_full_degc", .type = SchemaType::quantity, .digits = kDegcDigits, .min = degc_mdegc(-60), .max = degc_mdegc(120), .default_text = "35",
     .doc = "... to here."},
    {.path = "policies.gentle_temperature.hot_zero_degc", .type = SchemaType::quantity, .digits = kDegcDigits, .min = degc_mdegc(-60), .max = degc_mdegc(120), .default_text = "45",
     .doc = "No power at or above, by the hottest cell."},
};
// clang-format on

}  // namespace ems::io::config
