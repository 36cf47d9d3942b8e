// SPDX-License-Identifier: Apache-2.0
/// @file Which relays are closed. Pure: what safety says, what the host says, and whether it is
/// still there.
#pragma once

#include "ems/model/power.hpp"
#include "ems/safety/kernel.hpp"

namespace ems::firmware {

/// true: closed. Default: all open.
struct Relays {
  bool charge_enable = false;
  bool discharge_enable = false;
  bool main_contactor = false;
  friend constexpr bool operator==(const Relays&, const Relays&) noexcept = default;
};

/// What the relays are made of in one tick.
struct RelayInputs {
  const safety::BatteryVerdict& battery;
  safety::SafetyState site = safety::SafetyState::init;
  CommandKind command = CommandKind::stop;  ///< As the gate let it through.
  bool host_alive = false;
};

/// The relays of one tick.
///
/// The main contactor stays open until the battery was shown to be healthy (NORMAL or DERATED),
/// then closed in every state but a trip: there it opens when the gate orders `open`, which is
/// below the breaking limit, or kOpenAfter after the trip. An enable relay is closed while the main
/// contactor is, safety allows its direction, the host is alive and orders `follow`.
///
/// @param before  The relays of the tick before; all open at boot.
/// @requirement   SAF-060, SAF-061, SAF-062, SAF-063.
/// @thread_safety Pure function.
[[nodiscard]] Relays next_relays(const Relays& before, const RelayInputs& inputs) noexcept;

}  // namespace ems::firmware
