// SPDX-License-Identifier: Apache-2.0
/// @file Names of the safety rules and the reasons they give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ems/model/catalogue.hpp"

namespace ems::safety {

/// Rules of one battery. Append-only.
enum class Rule : std::uint8_t {
  cell_overvoltage = 0,
  cell_undervoltage = 1,
  charge_overtemperature = 2,
  charge_undertemperature = 3,
  discharge_overtemperature = 4,
  discharge_undertemperature = 5,
  discharge_temperature_derate = 6,
  charge_overcurrent = 7,
  discharge_overcurrent = 8,
  soc_high = 9,
  soc_low = 10,
  pack_overvoltage = 11,   ///< Terminals at or over the cells' limit or the BMS's charge voltage.
  pack_undervoltage = 12,  ///< Terminals at or under the cells' limit or the BMS's lower voltage.
  bms_charge_limit = 13,   ///< The BMS's charge current limit is 0 or missing.
  bms_discharge_limit = 14,
  bms_charge_off = 15,  ///< Charge FET or enable flag off or missing.
  bms_discharge_off = 16,
  sum_of_cells = 17,
  cell_voltages_missing = 18,
  pack_voltage_missing = 19,
  pack_current_missing = 20,
  soc_missing = 21,
  temperatures_missing = 22,
  cell_voltage_high = 23,  ///< Warns, like the five after it.
  cell_voltage_low = 24,
  temperature_high = 25,
  temperature_low = 26,
  soc_high_warning = 27,
  soc_low_warning = 28,
  charge_voltage_derate = 29,  ///< Curves over the extremes; see DerateCurve.
  discharge_voltage_derate = 30,
  charge_temperature_derate = 31,
  charge_overload = 32,  ///< Current over the maximum for longer than it can be borne.
  discharge_overload = 33,
  temperature_spread = 34,  ///< Hottest against coldest sensor.
  cell_imbalance_warning = 35,
  cell_imbalance_derate = 36,
  cell_imbalance = 37,  ///< Highest against lowest cell.
  insulation_low = 38,
  hazard_input_missing = 39,    ///< A hazard input that is wired, or was given once, is silent.
  bms_alarm = 40,               ///< The BMS says that one of its protections is active.
  bms_alarm_unknown = 41,       ///< It gave its protections once and does not any more.
  value_jump = 42,              ///< Two samples that no battery makes one after the other.
  values_frozen = 43,           ///< Charge moves and nothing that is measured does.
  power_mismatch = 44,          ///< Two ways to the same power disagree.
  limit_disobeyed = 45,         ///< Warns; the fifth time latches.
  contactor_disagreement = 46,  ///< Feedback against command; latches after its delay.
};
inline constexpr std::size_t kRuleCount = 47;

/// Which direction a rule forbids or lowers.
enum class Direction : std::uint8_t { charge = 1, discharge = 2, both = 3 };
[[nodiscard]] constexpr bool includes(Direction direction, Direction one) noexcept {
  return (static_cast<unsigned>(direction) & static_cast<unsigned>(one)) != 0;
}

/// How hard a rule acts; ascending.
enum class Action : std::uint8_t { warn = 0, derate = 1, inhibit = 2, latch = 3 };

/// Why a rule is active now.
enum class Cause : std::uint8_t {
  exceeded = 0,  ///< The value is at or beyond trip.
  missing = 1,   ///< The input is absent, stale, uncertain, bad or from the future.
  waiting = 2,   ///< The value is inside, but not yet for clear_after, or in the hysteresis band.
};

/// One active rule. `value` and `limit` are in `signal`'s unit; `value` is 0 when cause is missing.
struct Reason {
  Rule rule{};
  Direction direction = Direction::both;
  Action action = Action::inhibit;
  Cause cause = Cause::missing;
  Signal signal{};
  std::uint16_t element = 0;  ///< Which cell or sensor; 0: unknown, or not of one.
  std::int32_t value = 0;
  std::int32_t limit = 0;
  friend constexpr bool operator==(const Reason&, const Reason&) noexcept = default;
};

struct RuleInfo {
  Rule rule{};
  const char* name = "";  ///< snake_case, stable; the name of its events.
  Direction direction = Direction::both;
  Action action = Action::inhibit;
};

/// @pre rule is an enumerator. @thread_safety Pure functions.
[[nodiscard]] const RuleInfo& rule_info(Rule rule) noexcept;
[[nodiscard]] std::string_view to_string(Rule rule) noexcept;
[[nodiscard]] std::string_view to_string(Cause cause) noexcept;

}  // namespace ems::safety
