// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/rules.hpp"

#include <array>

#include "ems/core/assert.hpp"
#include "safety/rule_table.hpp"

namespace ems::safety {

namespace {

using detail::Judge;
using detail::Source;

using enum Direction;
using enum Action;

// clang-format off
#define EMS_RULE(name, direction, action) {Rule::name, #name, direction, action}
constexpr std::array<detail::RuleRow, kRuleCount> kRules{{
    {EMS_RULE(cell_overvoltage, charge, inhibit), Judge::upper, Source::cell_max, Signal::cell_voltage, EMS_AT(cell_voltage_max)},
    {EMS_RULE(cell_undervoltage, discharge, inhibit), Judge::lower, Source::cell_min, Signal::cell_voltage, EMS_AT(cell_voltage_min)},
    {EMS_RULE(charge_overtemperature, charge, inhibit), Judge::upper, Source::temp_max, Signal::temperature, EMS_AT(charge_temp_max)},
    {EMS_RULE(charge_undertemperature, charge, inhibit), Judge::lower, Source::temp_min, Signal::temperature, EMS_AT(charge_temp_min)},
    {EMS_RULE(discharge_overtemperature, discharge, inhibit), Judge::upper, Source::temp_max, Signal::temperature, EMS_AT(discharge_temp_max)},
    {EMS_RULE(discharge_undertemperature, discharge, inhibit), Judge::lower, Source::temp_min, Signal::temperature, EMS_AT(discharge_temp_min)},
    {EMS_RULE(discharge_temperature_derate, discharge, derate), Judge::curve, Source::temp_max, Signal::temperature, EMS_AT(discharge_temp_derate), Source::temp_min},
    {EMS_RULE(charge_overcurrent, charge, inhibit), Judge::upper, Source::charging, Signal::pack_current, EMS_AT(charge_overcurrent)},
    {EMS_RULE(discharge_overcurrent, discharge, inhibit), Judge::upper, Source::discharging, Signal::pack_current, EMS_AT(discharge_overcurrent)},
    {EMS_RULE(soc_high, charge, inhibit), Judge::upper, Source::soc, Signal::soc, EMS_AT(soc_max)},
    {EMS_RULE(soc_low, discharge, inhibit), Judge::lower, Source::soc, Signal::soc, EMS_AT(soc_min)},
    {EMS_RULE(pack_overvoltage, charge, inhibit), Judge::pack_upper, Source::charge_voltage_limit, Signal::charge_voltage_limit, EMS_AT(cell_voltage_max)},
    {EMS_RULE(pack_undervoltage, discharge, inhibit), Judge::pack_lower, Source::discharge_voltage_limit, Signal::discharge_voltage_limit, EMS_AT(cell_voltage_min)},
    {EMS_RULE(bms_charge_limit, charge, inhibit), Judge::current_limit, Source::charge_current_limit, Signal::charge_current_limit},
    {EMS_RULE(bms_discharge_limit, discharge, inhibit), Judge::current_limit, Source::discharge_current_limit, Signal::discharge_current_limit},
    {EMS_RULE(bms_charge_off, charge, inhibit), Judge::flags, Source::charge_fet_on, Signal::charge_fet_on, 0, Source::charge_enable},
    {EMS_RULE(bms_discharge_off, discharge, inhibit), Judge::flags, Source::discharge_fet_on, Signal::discharge_fet_on, 0, Source::discharge_enable},
    {EMS_RULE(sum_of_cells, both, inhibit), Judge::plausible},
    {EMS_RULE(cell_voltages_missing, both, inhibit), Judge::present, Source::cell_max, Signal::cell_voltage},
    {EMS_RULE(pack_voltage_missing, both, inhibit), Judge::present, Source::voltage, Signal::pack_voltage},
    {EMS_RULE(pack_current_missing, both, inhibit), Judge::present, Source::discharging, Signal::pack_current},
    {EMS_RULE(soc_missing, both, inhibit), Judge::present, Source::soc, Signal::soc},
    {EMS_RULE(temperatures_missing, both, inhibit), Judge::present, Source::temp_max, Signal::temperature},
    {EMS_RULE(cell_voltage_high, charge, warn), Judge::upper, Source::cell_max, Signal::cell_voltage, EMS_AT(cell_voltage_high)},
    {EMS_RULE(cell_voltage_low, discharge, warn), Judge::lower, Source::cell_min, Signal::cell_voltage, EMS_AT(cell_voltage_low)},
    {EMS_RULE(temperature_high, both, warn), Judge::upper, Source::temp_max, Signal::temperature, EMS_AT(temperature_high)},
    {EMS_RULE(temperature_low, both, warn), Judge::lower, Source::temp_min, Signal::temperature, EMS_AT(temperature_low)},
    {EMS_RULE(soc_high_warning, charge, warn), Judge::upper, Source::soc, Signal::soc, EMS_AT(soc_high_warning)},
    {EMS_RULE(soc_low_warning, discharge, warn), Judge::lower, Source::soc, Signal::soc, EMS_AT(soc_low_warning)},
    {EMS_RULE(charge_voltage_derate, charge, derate), Judge::curve, Source::cell_max, Signal::cell_voltage, EMS_AT(charge_voltage_derate), Source::cell_min},
    {EMS_RULE(discharge_voltage_derate, discharge, derate), Judge::curve, Source::cell_max, Signal::cell_voltage, EMS_AT(discharge_voltage_derate), Source::cell_min},
    {EMS_RULE(charge_temperature_derate, charge, derate), Judge::curve, Source::temp_max, Signal::temperature, EMS_AT(charge_temp_derate), Source::temp_min},
    {EMS_RULE(charge_overload, charge, inhibit), Judge::overload, Source::charging, Signal::pack_current, EMS_AT(charge_overload)},
    {EMS_RULE(discharge_overload, discharge, inhibit), Judge::overload, Source::discharging, Signal::pack_current, EMS_AT(discharge_overload)},
    {EMS_RULE(temperature_spread, both, inhibit), Judge::upper, Source::temp_spread, Signal::temperature, EMS_AT(temperature_spread)},
    {EMS_RULE(cell_imbalance_warning, both, warn), Judge::upper, Source::cell_spread, Signal::cell_voltage, EMS_AT(cell_imbalance_warning)},
    {EMS_RULE(cell_imbalance_derate, both, derate), Judge::curve, Source::cell_spread, Signal::cell_voltage, EMS_AT(cell_imbalance_derate), Source::cell_spread},
    {EMS_RULE(cell_imbalance, both, inhibit), Judge::upper, Source::cell_spread, Signal::cell_voltage, EMS_AT(cell_imbalance)},
    {EMS_RULE(insulation_low, both, warn), Judge::lower, Source::insulation, Signal::insulation_resistance, EMS_AT(insulation_low)},
    {EMS_RULE(hazard_input_missing, both, inhibit), Judge::hazards},
    {EMS_RULE(bms_alarm, both, inhibit), Judge::alarms, Source::alarms, Signal::alarms},
    {EMS_RULE(bms_alarm_unknown, both, inhibit), Judge::present, Source::alarms, Signal::alarms},
    {EMS_RULE(value_jump, both, inhibit), Judge::plausible},
    {EMS_RULE(values_frozen, both, inhibit), Judge::plausible},
    {EMS_RULE(power_mismatch, both, inhibit), Judge::plausible},
    {EMS_RULE(limit_disobeyed, both, warn), Judge::conduct},
    {EMS_RULE(contactor_disagreement, both, inhibit), Judge::conduct},
}};
#undef EMS_RULE
// clang-format on

constexpr bool in_order() noexcept {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (static_cast<std::size_t>(kRules[i].info.rule) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one row per rule, in the order of the enumeration");

}  // namespace

namespace detail {
const RuleRow& rule_row(Rule rule) noexcept {
  const auto at = static_cast<std::size_t>(rule);
  EMS_ASSERT(at < kRules.size());
  return kRules[at];
}
}  // namespace detail

const RuleInfo& rule_info(Rule rule) noexcept { return detail::rule_row(rule).info; }

std::string_view to_string(Rule rule) noexcept { return rule_info(rule).name; }

std::string_view to_string(Cause cause) noexcept {
  return cause == Cause::exceeded ? "exceeded" : cause == Cause::waiting ? "waiting" : "missing";
}

}  // namespace ems::safety
