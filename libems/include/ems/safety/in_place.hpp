// SPDX-License-Identifier: Apache-2.0
/// @file The kernel's step and reset in the caller's storage, for a microcontroller that has no
/// stack for copies. What they do and give is exactly step() and reset().
#pragma once

#include "ems/safety/kernel.hpp"

namespace ems::safety {

/// step(next.state, ...) into `next` itself; its output of the cycle before is overwritten.
///
/// @thread_safety Pure but for `next`.
void step_in_place(Step& next, const Config& config, const Inputs& inputs, Instant now) noexcept;

/// reset() of `state` itself. A refused one changes nothing.
///
/// @errors        as reset().
/// @requirement   SAF-033.
/// @thread_safety Pure but for `state`.
[[nodiscard]] Result<void> reset_in_place(State& state, const Config& config, const Inputs& inputs,
                                          Instant now, const ResetRequest& request) noexcept;

}  // namespace ems::safety
