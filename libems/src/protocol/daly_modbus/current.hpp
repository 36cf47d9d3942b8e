// SPDX-License-Identifier: Apache-2.0
/// @file Private: the current of Daly's Modbus boards, whose sign the sources do not agree about.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ems/protocol/register_map/map.hpp"

namespace ems::protocol::daly {

inline constexpr std::string_view kVariants[] = {"charge_positive", "discharge_positive"};

/// Gives pack_current from (raw - 30000) * 0.1 A. Where the state register is in the same reply and
/// says the contrary of the variant's sign, the state decides: the value is substituted, and the
/// vendor value `current_sign_by_state` is 1.
///
/// @param at     The current. @param state_at  0 idle, 1 charging, 2 discharging.
/// @return       The current is in the reply.
inline bool give_current(const register_map::Reply& reply, std::uint16_t at, std::uint16_t state_at,
                         ReadingSink& sink) {
  constexpr std::int64_t kZero = 30'000;
  constexpr std::int64_t kMilliAmpPerStep = 100;
  constexpr std::int64_t kCharging = 1;
  constexpr std::int64_t kDischarging = 2;
  const std::optional<std::int64_t> raw = reply.raw(at, register_map::Wire::u16);
  if (!raw) return false;
  std::int64_t discharging = (*raw - kZero) * kMilliAmpPerStep;
  if (reply.variant() == 0) discharging = -discharging;
  const std::int64_t state = reply.raw(state_at, register_map::Wire::u16).value_or(0);
  const bool contradicts =
      (state == kCharging && discharging > 0) || (state == kDischarging && discharging < 0);
  if (contradicts) sink.vendor_value("current_sign_by_state", 1);
  sink.reading({.signal = Signal::pack_current,
                .value = contradicts ? -discharging : discharging,
                .quality = contradicts ? Quality::substituted : Quality::good});
  return true;
}

}  // namespace ems::protocol::daly
