// SPDX-License-Identifier: Apache-2.0
/// @file The last stage before the wire: each inverter's command against its own interval.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/model/power.hpp"
#include "ems/safety/kernel.hpp"

namespace ems::safety {

/// Armed only when the site file says `control: armed` and the limits are accepted.
enum class Arming : std::uint8_t { disarmed = 0, armed = 1 };

/// Why the gate changed a command. The first that applies, most severe first.
enum class GateReason : std::uint8_t {
  none = 0,
  disarmed = 1,          ///< Monitor only: nothing is sent.
  unknown_inverter = 2,  ///< No verdict for this index: stop.
  forced = 3,            ///< Safety's own standby, stop or open (TRIPPED, e-stop, dc PV).
  unknown_command = 4,   ///< A kind this gate cannot bound (form included): stop.
  breaking_limit = 5,    ///< open was asked for under load: stop comes first.
  active_power = 6,      ///< P was outside the interval.
  reactive_power = 7,    ///< Q did not fit beside P.
};
[[nodiscard]] std::string_view to_string(GateReason why) noexcept;

struct GateResult {
  std::optional<InverterCommand> command{};  ///< nullopt: send nothing (disarmed).
  bool changed = true;                       ///< Differs from what was wanted.
  GateReason why = GateReason::disarmed;
};

/// Lets a command through only inside the inverter's own verdict; never widens it.
///
/// follow: P goes to the nearest point of the interval, then Q shrinks (keeping its sign) to
/// isqrt(apparent_max^2 - P^2), rounded down; while the inverter is in SAFE, Q is 0. standby
/// passes; stop passes; open passes once may_open. Anything else becomes stop.
///
/// @param inverter  Position in output.inverters.
/// @return          The command to send now, or none.
/// @requirement     SAF-036 .. SAF-039.
/// @thread_safety   Pure function.
[[nodiscard]] GateResult gate(const Output& output, std::size_t inverter,
                              const InverterCommand& wanted, Arming arming) noexcept;

}  // namespace ems::safety
