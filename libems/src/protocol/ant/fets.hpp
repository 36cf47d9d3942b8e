// SPDX-License-Identifier: Apache-2.0
/// @file Private: the codes that ANT boards of both generations give the state of their two
/// transistors with.
/// @source docs/protocols/ant.md#codes-of-the-transistors.
#pragma once

#include <cstdint>

#include "protocol/publish.hpp"

namespace ems::protocol::ant {

inline constexpr std::uint8_t kFetOn = 1;

/// What both codes say: `charge_fet_on`, `discharge_fet_on`, `alarms`, and the codes themselves.
/// @param known         Which code is whose is sure; else all but the codes is missing.
/// @param alarms_known  False: only `alarms` is missing.
void give_fets(const Publisher& out, std::uint8_t charge, std::uint8_t discharge, bool known,
               bool alarms_known = true);

}  // namespace ems::protocol::ant
