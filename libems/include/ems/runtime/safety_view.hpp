// SPDX-License-Identifier: Apache-2.0
/// @file What safety holds against the site, for people: every reason, and the one behind each side
/// of the envelope.
#pragma once

#include <string>
#include <vector>

#include "ems/runtime/control_loop.hpp"
#include "ems/runtime/explanation.hpp"

namespace ems::runtime {

/// Every latched trip and every active rule, in the order a person wants them: what is latched,
/// what is wrong, what is missing, what follows from it.
///
/// @thread_safety Pure function, all of this file.
[[nodiscard]] std::vector<SafetyReason> safety_reasons(const safety::Output& output,
                                                       const safety::Latch& latch);

/// Why the envelope's charge side and its discharge side are where they are. Of several inverters
/// the one that loses most of its rating speaks.
[[nodiscard]] std::vector<BoundView> envelope_bounds(const Tick& tick, const ControlConfig& config,
                                                     const safety::Latch& latch);

/// `battery/1 cell 7 at 3.652 V, limit 3.65 V (cell_overvoltage)`.
[[nodiscard]] std::string reason_text(const SafetyReason& reason);

/// A value with its unit: `3.652 V`, `on`.
[[nodiscard]] std::string value_text(Signal signal, std::int64_t value);

}  // namespace ems::runtime
