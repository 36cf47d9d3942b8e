// SPDX-License-Identifier: Apache-2.0
/// @file ems_decision_t: a view of the last decision, and the state that makes it.
#pragma once

#include "capi.hpp"
#include "ems/decision/decision.hpp"

/// What every reading function needs. An ems_control_t shows its own decision through one.
struct ems_decision {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::decision;
  ems::capi::Tag tag = kTag;
  bool owner = false;    ///< It is the first member of an OwnedDecision.
  bool stepped = false;  ///< `last` holds a decision.
  const ems::decision::Decision* last = nullptr;
};

namespace ems::capi {

/// Reads a configuration and checks it.
[[nodiscard]] ems_status_t decision_config_from(const ems_decision_config_t* given,
                                                decision::Config& config) noexcept;
[[nodiscard]] decision::SetpointCommand setpoint_from(const ems_setpoint_t& given) noexcept;

inline constexpr const char* kNoDecision = "decision is NULL or not a decision maker";

}  // namespace ems::capi
