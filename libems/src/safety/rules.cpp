// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/rules.hpp"

#include <array>

#include "ems/core/assert.hpp"

namespace ems::safety {

namespace {

constexpr Direction kCharge = Direction::charge;
constexpr Direction kDischarge = Direction::discharge;
constexpr Direction kBoth = Direction::both;
constexpr Action kWarn = Action::warn;
constexpr Action kDerate = Action::derate;
constexpr Action kInhibit = Action::inhibit;

constexpr std::array<RuleInfo, kRuleCount> kRules{{
    {Rule::cell_overvoltage, "cell_overvoltage", kCharge, kInhibit},
    {Rule::cell_undervoltage, "cell_undervoltage", kDischarge, kInhibit},
    {Rule::charge_overtemperature, "charge_overtemperature", kCharge, kInhibit},
    {Rule::charge_undertemperature, "charge_undertemperature", kCharge, kInhibit},
    {Rule::discharge_overtemperature, "discharge_overtemperature", kDischarge, kInhibit},
    {Rule::discharge_undertemperature, "discharge_undertemperature", kDischarge, kInhibit},
    {Rule::discharge_temperature_derate, "discharge_temperature_derate", kDischarge, kDerate},
    {Rule::charge_overcurrent, "charge_overcurrent", kCharge, kInhibit},
    {Rule::discharge_overcurrent, "discharge_overcurrent", kDischarge, kInhibit},
    {Rule::soc_high, "soc_high", kCharge, kInhibit},
    {Rule::soc_low, "soc_low", kDischarge, kInhibit},
    {Rule::pack_overvoltage, "pack_overvoltage", kCharge, kInhibit},
    {Rule::pack_undervoltage, "pack_undervoltage", kDischarge, kInhibit},
    {Rule::bms_charge_limit, "bms_charge_limit", kCharge, kInhibit},
    {Rule::bms_discharge_limit, "bms_discharge_limit", kDischarge, kInhibit},
    {Rule::bms_charge_off, "bms_charge_off", kCharge, kInhibit},
    {Rule::bms_discharge_off, "bms_discharge_off", kDischarge, kInhibit},
    {Rule::sum_of_cells, "sum_of_cells", kBoth, kInhibit},
    {Rule::cell_voltages_missing, "cell_voltages_missing", kBoth, kInhibit},
    {Rule::pack_voltage_missing, "pack_voltage_missing", kBoth, kInhibit},
    {Rule::pack_current_missing, "pack_current_missing", kBoth, kInhibit},
    {Rule::soc_missing, "soc_missing", kBoth, kInhibit},
    {Rule::temperatures_missing, "temperatures_missing", kBoth, kInhibit},
    {Rule::cell_voltage_high, "cell_voltage_high", kCharge, kWarn},
    {Rule::cell_voltage_low, "cell_voltage_low", kDischarge, kWarn},
    {Rule::temperature_high, "temperature_high", kBoth, kWarn},
    {Rule::temperature_low, "temperature_low", kBoth, kWarn},
    {Rule::soc_high_warning, "soc_high_warning", kCharge, kWarn},
    {Rule::soc_low_warning, "soc_low_warning", kDischarge, kWarn},
    {Rule::charge_voltage_derate, "charge_voltage_derate", kCharge, kDerate},
    {Rule::discharge_voltage_derate, "discharge_voltage_derate", kDischarge, kDerate},
    {Rule::charge_temperature_derate, "charge_temperature_derate", kCharge, kDerate},
    {Rule::charge_overload, "charge_overload", kCharge, kInhibit},
    {Rule::discharge_overload, "discharge_overload", kDischarge, kInhibit},
    {Rule::temperature_spread, "temperature_spread", kBoth, kInhibit},
    {Rule::cell_imbalance_warning, "cell_imbalance_warning", kBoth, kWarn},
    {Rule::cell_imbalance_derate, "cell_imbalance_derate", kBoth, kDerate},
    {Rule::cell_imbalance, "cell_imbalance", kBoth, kInhibit},
    {Rule::insulation_low, "insulation_low", kBoth, kWarn},
    {Rule::hazard_input_missing, "hazard_input_missing", kBoth, kInhibit},
    {Rule::bms_alarm, "bms_alarm", kBoth, kInhibit},
    {Rule::bms_alarm_unknown, "bms_alarm_unknown", kBoth, kInhibit},
    {Rule::value_jump, "value_jump", kBoth, kInhibit},
    {Rule::values_frozen, "values_frozen", kBoth, kInhibit},
    {Rule::power_mismatch, "power_mismatch", kBoth, kInhibit},
    {Rule::limit_disobeyed, "limit_disobeyed", kBoth, kWarn},
    {Rule::contactor_disagreement, "contactor_disagreement", kBoth, kInhibit},
}};

constexpr bool in_order() noexcept {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (static_cast<std::size_t>(kRules[i].rule) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one row per rule, in the order of the enumeration");

}  // namespace

const RuleInfo& rule_info(Rule rule) noexcept {
  const auto at = static_cast<std::size_t>(rule);
  EMS_ASSERT(at < kRules.size());
  return kRules[at];
}

std::string_view to_string(Rule rule) noexcept { return rule_info(rule).name; }

std::string_view to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::exceeded:
      return "exceeded";
    case Cause::missing:
      return "missing";
    case Cause::waiting:
      return "waiting";
  }
  return "missing";
}

}  // namespace ems::safety
