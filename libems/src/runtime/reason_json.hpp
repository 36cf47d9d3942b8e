// SPDX-License-Identifier: Apache-2.0
/// @file A safety reason in the JSON for people. Not installed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ems/runtime/explanation.hpp"

namespace ems::runtime {

/// `asset name severity text direction signal element`, and `value` and `limit` with the suffix of
/// the signal's unit.
[[nodiscard]] nlohmann::ordered_json reason_json(const SafetyReason& reason);

}  // namespace ems::runtime
