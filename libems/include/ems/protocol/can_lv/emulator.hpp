// SPDX-License-Identifier: Apache-2.0
/// @file A battery spoken for towards an inverter that only knows the low-voltage CAN family:
/// values in, the frames of one second out. Pure, heapless, MCU-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/sample.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_frame.hpp"
#include "ems/protocol/can_lv/codec.hpp"

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
  std::optional<Sample<MilliVolt>> cell_voltage_max{};
  std::optional<Sample<MilliVolt>> cell_voltage_min{};
  std::optional<Sample<MilliCelsius>> cell_temp_max{};
  std::optional<Sample<MilliCelsius>> cell_temp_min{};
  std::uint8_t module_count = 1;
  std::uint16_t capacity_ah = 0;  ///< As built; 0: not known.
  std::uint16_t version = 0;      ///< Of the firmware, as the frames number it.
  /// Printable ASCII; 8 characters are sent. Empty: the dialect's own. `deye` has a form of its
  /// own.
  std::string_view manufacturer{};
};

/// Puts one sample into its place. A value that its place cannot hold is unknown there.
///
/// @param value   In the catalogue's unit. `module_count` and `design_capacity` are cut to what the
///                frames can say; their time and quality do not matter.
/// @return        False: no dialect carries the signal.
/// @thread_safety Pure but for battery.
bool set(EmulatedBattery& battery, Signal signal, std::int64_t value, Instant taken_at,
         Quality quality) noexcept;

/// Frames of one second.
using Burst = StaticVector<CanFrame, 12>;

/// The dialects that encode_burst() speaks: `pylontech`, `victron`, `sma`, `deye`.
/// @thread_safety Pure function.
[[nodiscard]] bool is_spoken(Dialect dialect) noexcept;
/// The spoken dialect that a codec of the registry, or one made of it with options, listens to;
/// nullopt: encode_burst() does not speak its protocol. @thread_safety Pure function.
[[nodiscard]] std::optional<Dialect> spoken_dialect(const protocol::Codec& codec) noexcept;

/// Makes the frames an inverter expects once a second:
///
/// | dialect          | frames                                           |
/// |------------------|--------------------------------------------------|
/// | `pylontech`      | 351 355 356 359 35C 35E                          |
/// | `victron`, `sma` | 351 355 356 35A 35E 35F, `victron` 372 373 379   |
/// | `deye`           | 110 150 351 355 356 359 35C 35E 361 364 371      |
///
/// An input is usable when it is there, good or substituted, not from the future and younger than
/// `max_age`. Every answer is defined; nothing fails:
/// * Limits are rounded to the safe side of the wire's 0.1 V and 0.1 A, and cut to what the wire
///   holds: maxima down, the discharge minimum up. An inverter never sees a looser limit.
/// * Charging is allowed while the battery is known (state of charge, voltage, current and
///   temperature are usable) and the charge voltage limit (which must not become 0), charge current
///   limit and charge enable are; discharging likewise. Else its current limit is 0 and its enable
///   is cleared, in this very burst, and a battery that is not known is reported as a failed
///   communication (`victron`, `sma`: as an internal failure).
/// * Alarms and warnings stay, however old: only the source takes them back. Alarms that the
///   dialect has no bit for become its bit for an internal failure; such warnings, `soc_low` apart,
///   too (`deye`: as alarms, it has no such warning). Alarms that are not usable also become that,
///   beside what they said last; no pair of 35A is then said to be inactive.
/// * A measurement that is not usable is not sent: the frame is shorter or left out, or of
///   `victron` and `sma` says "invalid". So is a discharge voltage limit that was never given.
///
/// @param dialect  @pre is_spoken(dialect).
/// @param now      Monotonic.
/// @param max_age  > 0.
/// @thread_safety  Pure function.
/// @source         docs/protocols/pylontech-lv-can.md#emulation, victron-can-bms.md,
/// deye-lv-can.md.
[[nodiscard]] Burst encode_burst(const EmulatedBattery& battery, Dialect dialect, Instant now,
                                 Duration max_age) noexcept;

}  // namespace ems::protocol::can_lv
