// SPDX-License-Identifier: Apache-2.0
/// @file The host's command and its lease. Pure; time is an argument.
#pragma once

#include "ems/core/time.hpp"
#include "ems/model/power.hpp"

namespace ems::firmware {

/// The newest command of the host. Before the first it is `stop`. A set-point whose lease is over
/// is 0 W from then on; a `stop` or `standby` stays: silence loosens nothing.
///
/// @thread_safety None; the main loop's.
class LeasedCommand {
 public:
  void set(const InverterCommand& command, Duration lease, Instant now) noexcept {
    command_ = command;
    ends_at_ = now + lease;
  }
  /// Ends the lease of a set-point; a `stop` or `standby` stays.
  void end(Instant now) noexcept {
    if (now < ends_at_) ends_at_ = now;
  }
  /// What is in force at `now`. @requirement SAF-064.
  [[nodiscard]] InverterCommand at(Instant now) const noexcept {
    if (command_.kind == CommandKind::follow && now >= ends_at_) {
      return {CommandKind::follow, Watt::zero(), Var::zero()};
    }
    return command_;
  }
  /// Time left of a set-point's lease; 0 when it is over, or when none is in force.
  [[nodiscard]] Duration left(Instant now) const noexcept {
    const bool runs = command_.kind == CommandKind::follow && now < ends_at_;
    return runs ? ends_at_ - now : Duration::zero();
  }

 private:
  InverterCommand command_{};
  Instant ends_at_{};
};

}  // namespace ems::firmware
