// SPDX-License-Identifier: Apache-2.0
/// @file What a limit at the meter does while it cannot see the meter.
#pragma once

#include "ems/decision/contractual.hpp"

namespace ems::decision {

/// Asks for exactly the discharge that was last commanded while the lease lives, counted from the
/// last cycle with good inputs; then for exactly 0 W. Never for charging.
[[nodiscard]] PolicyOutput hold(HoldState& state, PolicyId policy, Duration lease,
                                const std::optional<Sample<Watt>>& gated, Instant now) noexcept;

}  // namespace ems::decision
