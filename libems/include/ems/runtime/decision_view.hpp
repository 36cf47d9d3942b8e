// SPDX-License-Identifier: Apache-2.0
/// @file A tick's decision as people and stores see it: the view, its stored record, its words.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/runtime/control_loop.hpp"
#include "ems/runtime/explanation.hpp"

namespace ems::runtime {

/// The id of the command that the host gave a tag to; empty when it is not known any more.
using CommandIds = std::function<std::string(std::uint64_t tag)>;

/// The view of one tick.
///
/// @param latch  What is latched after the tick.
/// @param at     UTC of the tick.
/// @param now    Monotonic time of the tick, for what is left of a lease.
/// @param ids    Absent: commands are shown without their ids.
/// @thread_safety Pure function, all of this file.
[[nodiscard]] DecisionView make_view(const Tick& tick, const ControlConfig& config,
                                     const safety::Latch& latch, UtcInstant at, Instant now,
                                     const CommandIds& ids = {});

/// Unit of InputView::value; Unit::count for a name this version does not know.
[[nodiscard]] Unit input_unit(std::string_view name) noexcept;

/// The payload of RecordType::decision: one JSON object, integer units, UTF-8, at most
/// telemetry::kRecordSizeMax bytes. A longer one loses conflicts, then the policies that asked for
/// nothing, and says `cut`.
[[nodiscard]] std::string to_record(const DecisionView& view);

/// Reads records of this and of older versions.
///
/// @errors corrupt  not what to_record() writes.
[[nodiscard]] Result<DecisionView> from_record(std::string_view record);

/// Six to twelve lines for people, most important first.
[[nodiscard]] std::string explain(const DecisionView& view);
/// The same of a decision of the past, with what happened until the moment that was asked for.
[[nodiscard]] std::string explain(const Explanation& explanation);

/// One JSON object with the names and units for people (docs/how-to/explain-a-decision.md).
[[nodiscard]] std::string decision_json(const DecisionView& view);
/// The same with `asked` and `happened` of a decision of the past.
[[nodiscard]] std::string explanation_json(const Explanation& explanation);

/// 4200 W as `4.2 kW`, exactly; below 1 kW as `950 W`.
[[nodiscard]] std::string power_text(Watt power);

}  // namespace ems::runtime
