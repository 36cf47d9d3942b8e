// SPDX-License-Identifier: Apache-2.0
/// @file Private: the codes that ANT boards of both generations give the state of their two
/// transistors with.
/// @source docs/protocols/ant.md#codes-of-the-transistors.
#pragma once

#include <cstdint>
#include <optional>

#include "ems/protocol/board.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::ant {

inline constexpr std::uint8_t kFetOn = 1;

/// The codes of a transistor that a cell or the pack stopped: full or empty.
[[nodiscard]] constexpr bool of_voltage(std::uint8_t code) noexcept {
  return code == 0x02 || code == 0x05 || code == 0x10;
}

/// What both codes say: `charge_fet_on`, `discharge_fet_on`, `alarms`, and the codes themselves.
/// @param known         Which code is whose is sure; else all but the codes is missing.
/// @param alarms_known  False: only `alarms` is missing.
void give_fets(const Publisher& out, std::uint8_t charge, std::uint8_t discharge, bool known,
               bool alarms_known = true);

struct FetCodes {
  std::uint8_t charge = 0;
  std::uint8_t discharge = 0;
};
/// The other direction: codes that say the flags and the alarms of `state`; those that it has as
/// vendor values where they say the same. A transistor that is on has no alarm; of one that is off
/// the first alarm of its list is said, and one without a code cannot be.
/// @param half_full  The reader doubts an alarm of the other end (status.cpp): it is left out.
[[nodiscard]] FetCodes fets_of(const BoardState& state,
                               std::optional<bool> half_full = std::nullopt) noexcept;

}  // namespace ems::protocol::ant
