// SPDX-License-Identifier: Apache-2.0
/// @file Private: the table of all rules: what each one looks at, against what, and what it does.
#pragma once

#include "ems/safety/rules.hpp"
#include "safety/limit_access.hpp"
#include "safety/values.hpp"

namespace ems::safety::detail {

/// How a rule judges.
enum class Judge : std::uint8_t {
  upper,          ///< `source` against the Threshold at `limit`: trips at or above.
  lower,          ///< The same, at or below.
  curve,          ///< `source` (highest) and `lowest` on the DerateCurve at `limit`.
  present,        ///< `source` is known.
  current_limit,  ///< The BMS's limit at `source` is above 0.
  flags,          ///< The BMS's switches at `source` and `lowest` are on.
  pack_upper,     ///< The terminals against cells x the Threshold at `limit` and the BMS's own
  pack_lower,     ///< voltage limit at `source`.
  overload,       ///< The integral of the current at `source` against the OverloadLimit at `limit`.
  hazards,        ///< Every hazard input that is needed is known.
  alarms,         ///< No protection of the BMS is active.
  plausible,      ///< The device does not contradict itself: plausibility.hpp.
  conduct,        ///< It does what it is told: the same.
};

struct RuleRow {
  RuleInfo info{};
  Judge judge = Judge::present;
  Source source = Source::none;
  Signal signal{};
  Place limit = 0;
  Source lowest = Source::none;
};

/// @pre rule is an enumerator.
[[nodiscard]] const RuleRow& rule_row(Rule rule) noexcept;

}  // namespace ems::safety::detail
