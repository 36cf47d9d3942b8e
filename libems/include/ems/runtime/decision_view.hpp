// SPDX-License-Identifier: Apache-2.0
/// @file A tick's decision as people and stores see it: the view, its JSON record, its words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/runtime/control_loop.hpp"
#include "ems/runtime/site_port.hpp"

namespace ems::runtime {

/// The view of one tick.
///
/// @param at   UTC of the tick.
/// @param now  Monotonic time of the tick, for what is left of a lease.
/// @thread_safety Pure function, all of this file.
[[nodiscard]] DecisionView make_view(const Tick& tick, const ControlConfig& config, UtcInstant at,
                                     Instant now);

/// The payload of RecordType::decision: one JSON object, integer units, UTF-8.
[[nodiscard]] std::string to_record(const DecisionView& view);

/// @errors corrupt  not what to_record() writes.
[[nodiscard]] Result<DecisionView> from_record(std::string_view record);

/// Several lines for people: target and winner, then what each level left, conflicts and orders.
[[nodiscard]] std::string explain(const DecisionView& view);

/// 4200 W as `4.2 kW`, exactly; below 1 kW as `950 W`.
[[nodiscard]] std::string power_text(Watt power);

}  // namespace ems::runtime
