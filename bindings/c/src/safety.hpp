// SPDX-License-Identifier: Apache-2.0
/// @file ems_safety_t: a view of a kernel's last step, and the kernel that owns what is viewed.
#pragma once

#include <array>

#include "capi.hpp"
#include "ems/safety/gate.hpp"
#include "ems/safety/kernel.hpp"
#include "image.hpp"

/// What every reading function needs. An ems_control_t shows its own safety through one.
struct ems_safety {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::safety;
  ems::capi::Tag tag = kTag;
  bool owner = false;    ///< It is the first member of an OwnedSafety.
  bool stepped = false;  ///< `output` holds the outcome of a step.
  bool latch_changed = false;
  bool estop = true;  ///< The last step saw the button pressed; before the first nobody knows.
  ems::Instant stepped_at{};
  ems::Duration good_for{};  ///< How long the outcome of a step may be used.
  const ems::safety::State* state = nullptr;
  const ems::safety::Output* output = nullptr;
};

namespace ems::capi {

/// What a configuration says that is no part of safety::Config.
struct SafetyStart {
  safety::State state{};
  std::uint8_t estop_inputs = 0;
  bool monitor_only = false;
};

/// Reads a configuration; checks everything that safety::validate() cannot see.
/// @return  EMS_OK, or the status of the failed check, which last_error explains.
[[nodiscard]] ems_status_t safety_config_from(const ems_safety_config_t* given,
                                              safety::Config& config, SafetyStart& start) noexcept;

/// Outcome of the last step. @pre safety.stepped.
[[nodiscard]] ems_safety_result_t safety_result(const ems_safety& safety) noexcept;

inline void mark_stepped(ems_safety& safety, const safety::Config& config, Instant now) noexcept {
  safety.stepped = true;
  safety.stepped_at = now;
  safety.good_for = config.tick_period * safety::kLateTicksSafe;
}

/// The verdicts are of a step not long ago.
[[nodiscard]] inline bool fresh(const ems_safety& safety, Instant now) noexcept {
  return safety.stepped && now >= safety.stepped_at && now - safety.stepped_at < safety.good_for;
}

/// Until the next step succeeds there is no verdict: the gate stops every inverter.
inline void forget_verdicts(ems_safety& safety, safety::Output& output) noexcept {
  output.batteries.clear();
  output.inverters.clear();
  output.events.clear();
  safety.stepped = false;
}

/// Reads a reset request; the texts are borrowed.
[[nodiscard]] ems_status_t reset_request_from(const ems_safety_reset_request_t* given,
                                              safety::ResetRequest& request) noexcept;

inline constexpr const char* kNoSafety = "safety is NULL or not a safety kernel";
inline constexpr const char* kBadOut = "out is NULL or its struct_size is too small";

}  // namespace ems::capi
