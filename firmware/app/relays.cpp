// SPDX-License-Identifier: Apache-2.0
#include "app/relays.hpp"

namespace ems::firmware {

Relays next_relays(const Relays& before, const RelayInputs& inputs) noexcept {
  using safety::SafetyState;
  Relays next;
  const bool healthy = inputs.site == SafetyState::normal || inputs.site == SafetyState::derated;
  next.main_contactor = inputs.command != CommandKind::open && (before.main_contactor || healthy);
  const bool enabled = next.main_contactor && inputs.site != SafetyState::tripped &&
                       inputs.host_alive && inputs.command == CommandKind::follow;
  next.charge_enable = enabled && inputs.battery.charge_current_max > MilliAmp::zero();
  next.discharge_enable = enabled && inputs.battery.discharge_current_max > MilliAmp::zero();
  return next;
}

}  // namespace ems::firmware
