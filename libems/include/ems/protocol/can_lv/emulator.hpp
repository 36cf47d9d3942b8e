// SPDX-License-Identifier: Apache-2.0
/// @file A battery spoken for towards an inverter that only knows Pylontech: values in, the frames
/// of one second out. Pure, heapless, MCU-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/sample.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"
#include "ems/protocol/can_frame.hpp"

namespace ems::protocol::can_lv {

/// What is known of the battery. Absent: unknown.
struct EmulatedBattery {
  std::optional<Sample<BasisPoints>> soc{};
  std::optional<Sample<BasisPoints>> soh{};
  std::optional<Sample<MilliVolt>> pack_voltage{};
  std::optional<Sample<MilliAmp>> pack_current{};  ///< + discharges.
  std::optional<Sample<MilliCelsius>> temperature{};
  std::optional<Sample<MilliVolt>> charge_voltage_limit{};
  std::optional<Sample<MilliVolt>> discharge_voltage_limit{};
  std::optional<Sample<MilliAmp>> charge_current_limit{};     ///< Magnitude.
  std::optional<Sample<MilliAmp>> discharge_current_limit{};  ///< Magnitude.
  std::optional<Sample<bool>> charge_enable{};
  std::optional<Sample<bool>> discharge_enable{};
  std::optional<Sample<std::uint64_t>> alarms{};    ///< Bits of alarms.def.
  std::optional<Sample<std::uint64_t>> warnings{};  ///< Bits of alarms.def.
  std::uint8_t module_count = 1;
  std::string_view manufacturer = "PYLON";  ///< 8 characters are sent; printable ASCII.
};

/// Frames 351 355 356 359 35C 35E.
using Burst = StaticVector<CanFrame, 6>;

/// Makes the frames an inverter expects once a second.
///
/// An input is usable when it is there, good or substituted, not from the future and younger than
/// `max_age`. Every answer is defined; nothing fails:
/// * Limits are rounded to the safe side of the wire's 0.1 V and 0.1 A, and cut to what the wire
///   holds: maxima down, the discharge minimum up. An inverter never sees a looser limit.
/// * Charging is allowed while the battery is known (state of charge, voltage, current and
///   temperature are usable) and the charge voltage limit (which must not become 0), charge current
///   limit and charge enable are; discharging likewise. Else its current limit is 0 and its enable
///   is cleared, in this very burst, and a battery that is not known is reported as a failed
///   communication.
/// * Alarms and warnings stay, however old: only the source takes them back. Alarms that the
///   protocol has no bit for become "system error"; such warnings, `soc_low` apart, become
///   "internal communication failed". Alarms that are not usable also become that, beside what
///   they said last.
/// * A measurement that is not usable is not sent: 356 without temperature has 4 bytes, without
///   voltage or current it is left out, as 355 is without a state of charge.
/// * A discharge voltage limit that was never given leaves 351 with 6 bytes.
///
/// @param now      Monotonic.
/// @param max_age  > 0.
/// @thread_safety  Pure function.
/// @source         docs/protocols/pylontech-lv-can.md#emulation.
[[nodiscard]] Burst encode_burst(const EmulatedBattery& battery, Instant now,
                                 Duration max_age) noexcept;

}  // namespace ems::protocol::can_lv
