// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/rules.hpp"

#include <array>

#include "ems/core/assert.hpp"
#include "safety/rule_table.hpp"

namespace ems::safety {

namespace {

using detail::Judge;
using detail::Source;

constexpr Direction kCharge = Direction::charge;
constexpr Direction kDischarge = Direction::discharge;
constexpr Direction kBoth = Direction::both;
constexpr Action kWarn = Action::warn;
constexpr Action kDerate = Action::derate;
constexpr Action kInhibit = Action::inhibit;

// clang-format off
#define EMS_RULE(name, direction, action) {Rule::name, #name, direction, action}
constexpr std::array<detail::RuleRow, kRuleCount> kRules{{
    {EMS_RULE(cell_overvoltage, kCharge, kInhibit), Judge::upper, Source::cell_max, Signal::cell_voltage, EMS_AT(cell_voltage_max)},
    {EMS_RULE(cell_undervoltage, kDischarge, kInhibit), Judge::lower, Source::cell_min, Signal::cell_voltage, EMS_AT(cell_voltage_min)},
    {EMS_RULE(charge_overtemperature, kCharge, kInhibit), Judge::upper, Source::temp_max, Signal::temperature, EMS_AT(charge_temp_max)},
    {EMS_RULE(charge_undertemperature, kCharge, kInhibit), Judge::lower, Source::temp_min, Signal::temperature, EMS_AT(charge_temp_min)},
    {EMS_RULE(discharge_overtemperature, kDischarge, kInhibit), Judge::upper, Source::temp_max, Signal::temperature, EMS_AT(discharge_temp_max)},
    {EMS_RULE(discharge_undertemperature, kDischarge, kInhibit), Judge::lower, Source::temp_min, Signal::temperature, EMS_AT(discharge_temp_min)},
    {EMS_RULE(discharge_temperature_derate, kDischarge, kDerate), Judge::curve, Source::temp_max, Signal::temperature, EMS_AT(discharge_temp_derate), Source::temp_min},
    {EMS_RULE(charge_overcurrent, kCharge, kInhibit), Judge::upper, Source::charging, Signal::pack_current, EMS_AT(charge_overcurrent)},
    {EMS_RULE(discharge_overcurrent, kDischarge, kInhibit), Judge::upper, Source::discharging, Signal::pack_current, EMS_AT(discharge_overcurrent)},
    {EMS_RULE(soc_high, kCharge, kInhibit), Judge::upper, Source::soc, Signal::soc, EMS_AT(soc_max)},
    {EMS_RULE(soc_low, kDischarge, kInhibit), Judge::lower, Source::soc, Signal::soc, EMS_AT(soc_min)},
    {EMS_RULE(pack_overvoltage, kCharge, kInhibit), Judge::pack_upper, Source::charge_voltage_limit, Signal::charge_voltage_limit, EMS_AT(cell_voltage_max)},
    {EMS_RULE(pack_undervoltage, kDischarge, kInhibit), Judge::pack_lower, Source::discharge_voltage_limit, Signal::discharge_voltage_limit, EMS_AT(cell_voltage_min)},
    {EMS_RULE(bms_charge_limit, kCharge, kInhibit), Judge::current_limit, Source::charge_current_limit, Signal::charge_current_limit},
    {EMS_RULE(bms_discharge_limit, kDischarge, kInhibit), Judge::current_limit, Source::discharge_current_limit, Signal::discharge_current_limit},
    {EMS_RULE(bms_charge_off, kCharge, kInhibit), Judge::flags, Source::charge_fet_on, Signal::charge_fet_on, 0, Source::charge_enable},
    {EMS_RULE(bms_discharge_off, kDischarge, kInhibit), Judge::flags, Source::discharge_fet_on, Signal::discharge_fet_on, 0, Source::discharge_enable},
    {EMS_RULE(sum_of_cells, kBoth, kInhibit), Judge::plausible},
    {EMS_RULE(cell_voltages_missing, kBoth, kInhibit), Judge::present, Source::cell_max, Signal::cell_voltage},
    {EMS_RULE(pack_voltage_missing, kBoth, kInhibit), Judge::present, Source::voltage, Signal::pack_voltage},
    {EMS_RULE(pack_current_missing, kBoth, kInhibit), Judge::present, Source::discharging, Signal::pack_current},
    {EMS_RULE(soc_missing, kBoth, kInhibit), Judge::present, Source::soc, Signal::soc},
    {EMS_RULE(temperatures_missing, kBoth, kInhibit), Judge::present, Source::temp_max, Signal::temperature},
    {EMS_RULE(cell_voltage_high, kCharge, kWarn), Judge::upper, Source::cell_max, Signal::cell_voltage, EMS_AT(cell_voltage_high)},
    {EMS_RULE(cell_voltage_low, kDischarge, kWarn), Judge::lower, Source::cell_min, Signal::cell_voltage, EMS_AT(cell_voltage_low)},
    {EMS_RULE(temperature_high, kBoth, kWarn), Judge::upper, Source::temp_max, Signal::temperature, EMS_AT(temperature_high)},
    {EMS_RULE(temperature_low, kBoth, kWarn), Judge::lower, Source::temp_min, Signal::temperature, EMS_AT(temperature_low)},
    {EMS_RULE(soc_high_warning, kCharge, kWarn), Judge::upper, Source::soc, Signal::soc, EMS_AT(soc_high_warning)},
    {EMS_RULE(soc_low_warning, kDischarge, kWarn), Judge::lower, Source::soc, Signal::soc, EMS_AT(soc_low_warning)},
    {EMS_RULE(charge_voltage_derate, kCharge, kDerate), Judge::curve, Source::cell_max, Signal::cell_voltage, EMS_AT(charge_voltage_derate), Source::cell_min},
    {EMS_RULE(discharge_voltage_derate, kDischarge, kDerate), Judge::curve, Source::cell_max, Signal::cell_voltage, EMS_AT(discharge_voltage_derate), Source::cell_min},
    {EMS_RULE(charge_temperature_derate, kCharge, kDerate), Judge::curve, Source::temp_max, Signal::temperature, EMS_AT(charge_temp_derate), Source::temp_min},
    {EMS_RULE(charge_overload, kCharge, kInhibit), Judge::overload, Source::charging, Signal::pack_current, EMS_AT(charge_overload)},
    {EMS_RULE(discharge_overload, kDischarge, kInhibit), Judge::overload, Source::discharging, Signal::pack_current, EMS_AT(discharge_overload)},
    {EMS_RULE(temperature_spread, kBoth, kInhibit), Judge::upper, Source::temp_spread, Signal::temperature, EMS_AT(temperature_spread)},
    {EMS_RULE(cell_imbalance_warning, kBoth, kWarn), Judge::upper, Source::cell_spread, Signal::cell_voltage, EMS_AT(cell_imbalance_warning)},
    {EMS_RULE(cell_imbalance_derate, kBoth, kDerate), Judge::curve, Source::cell_spread, Signal::cell_voltage, EMS_AT(cell_imbalance_derate), Source::cell_spread},
    {EMS_RULE(cell_imbalance, kBoth, kInhibit), Judge::upper, Source::cell_spread, Signal::cell_voltage, EMS_AT(cell_imbalance)},
    {EMS_RULE(insulation_low, kBoth, kWarn), Judge::lower, Source::insulation, Signal::insulation_resistance, EMS_AT(insulation_low)},
    {EMS_RULE(hazard_input_missing, kBoth, kInhibit), Judge::hazards},
    {EMS_RULE(bms_alarm, kBoth, kInhibit), Judge::alarms, Source::alarms, Signal::alarms},
    {EMS_RULE(bms_alarm_unknown, kBoth, kInhibit), Judge::present, Source::alarms, Signal::alarms},
    {EMS_RULE(value_jump, kBoth, kInhibit), Judge::plausible},
    {EMS_RULE(values_frozen, kBoth, kInhibit), Judge::plausible},
    {EMS_RULE(power_mismatch, kBoth, kInhibit), Judge::plausible},
    {EMS_RULE(limit_disobeyed, kBoth, kWarn), Judge::conduct},
    {EMS_RULE(contactor_disagreement, kBoth, kInhibit), Judge::conduct},
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
