// SPDX-License-Identifier: Apache-2.0
/// @file What the safety kernel reads in one cycle, and how it is taken from the process image.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ems/core/sample.hpp"
#include "ems/core/units.hpp"
#include "ems/model/image.hpp"
#include "ems/model/point.hpp"

namespace ems::safety {

// Room of the fixed-size tables. A build for a microcontroller may ask for less (CMake:
// EMS_MAX_BATTERIES, EMS_MAX_INVERTERS, EMS_MAX_EVENTS, EMS_MAX_REASONS); everything linked
// together must agree.
#ifndef EMS_MAX_BATTERIES
#define EMS_MAX_BATTERIES 8
#endif
#ifndef EMS_MAX_INVERTERS
#define EMS_MAX_INVERTERS 8
#endif
#ifndef EMS_MAX_EVENTS
#define EMS_MAX_EVENTS 48
#endif
#ifndef EMS_MAX_REASONS
#define EMS_MAX_REASONS 32
#endif
inline constexpr std::size_t kMaxBatteries = EMS_MAX_BATTERIES;  ///< 1 .. 8.
inline constexpr std::size_t kMaxInverters = EMS_MAX_INVERTERS;  ///< 1 .. 8.
inline constexpr std::size_t kMaxEvents = EMS_MAX_EVENTS;        ///< Of one cycle; >= 1.
inline constexpr std::size_t kMaxReasons = EMS_MAX_REASONS;      ///< Of one battery; >= 1.
static_assert(kMaxBatteries >= 1 && kMaxBatteries <= 8 && kMaxInverters >= 1 &&
              kMaxInverters <= 8 && kMaxEvents >= 1 && kMaxReasons >= 1);

/// A boolean signal. A switch is on only at 1; a hazard is there at anything but 0.
using Flag = Quantity<struct FlagTag, std::int32_t>;
/// Bits of alarms.def.
using AlarmBits = Quantity<struct AlarmBitsTag, std::int64_t>;

/// A sample and its own staleness bound. Absent (nullopt) means the device never gave it.
template <class Q>
struct Input {
  Sample<Q> sample{};
  Duration stale_after{};
  friend constexpr bool operator==(const Input&, const Input&) noexcept = default;

  /// True when a rule may use it: good or substituted, not from the future, younger than both its
  /// own stale_after and `stale_after_max`.
  [[nodiscard]] constexpr bool usable(Instant now, Duration stale_after_max) const noexcept {
    return sample.usable(now, min_of(stale_after, stale_after_max));
  }
};
template <class Q>
using OptionalInput = std::optional<Input<Q>>;

/// Sum of the cells of a battery (or of the module where it disagrees most) and the terminal
/// voltage it must match.
struct CellSum {
  Input<MilliVolt> sum{};
  Input<MilliVolt> terminals{};
  std::uint16_t cells = 0;
  friend constexpr bool operator==(const CellSum&, const CellSum&) noexcept = default;
};

/// One battery in one cycle. Default: everything missing.
struct BatteryInputs {
  AssetId asset{};
  OptionalInput<MilliVolt> pack_voltage{};
  OptionalInput<MilliAmp> pack_current{};  ///< + discharges.
  OptionalInput<BasisPoints> soc{};
  /// Over all cells; taken_at is the oldest cell's, quality the worst cell's. Absent when not all
  /// expected cells are there.
  OptionalInput<MilliVolt> cell_voltage_max{};
  OptionalInput<MilliVolt> cell_voltage_min{};
  std::optional<CellSum> cell_sum{};       ///< Absent when the BMS gives only extremes.
  OptionalInput<MilliCelsius> temp_max{};  ///< Over all sensors, combined like the cells.
  OptionalInput<MilliCelsius> temp_min{};
  /// Which cell or sensor gave the extreme, counted from 1; 0: unknown.
  std::uint16_t cell_max_element = 0;
  std::uint16_t cell_min_element = 0;
  std::uint16_t temp_max_element = 0;
  std::uint16_t temp_min_element = 0;
  /// What the BMS asks for. Absent: this BMS does not give it.
  OptionalInput<MilliVolt> charge_voltage_limit{};
  OptionalInput<MilliVolt> discharge_voltage_limit{};
  OptionalInput<MilliAmp> charge_current_limit{};     ///< Magnitude.
  OptionalInput<MilliAmp> discharge_current_limit{};  ///< Magnitude.
  OptionalInput<Flag> charge_fet_on{};
  OptionalInput<Flag> discharge_fet_on{};
  OptionalInput<Flag> charge_enable{};
  OptionalInput<Flag> discharge_enable{};
  OptionalInput<AlarmBits> alarms{};  ///< Protections of the BMS that are active.
  OptionalInput<Watt> pack_power{};   ///< As the BMS says it; + discharges.
  /// Inputs of the site, from the BMS or from an I/O board.
  OptionalInput<KiloOhm> insulation_resistance{};
  OptionalInput<Flag> smoke_detected{};
  OptionalInput<Flag> gas_detected{};
  OptionalInput<Flag> contactor_closed{};     ///< Feedback.
  OptionalInput<Flag> contactor_commanded{};  ///< 1: told to be closed.
  friend constexpr bool operator==(const BatteryInputs&, const BatteryInputs&) noexcept = default;
};

/// One inverter in one cycle.
struct InverterInputs {
  AssetId asset{};
  OptionalInput<Watt> dc_pv_power{};   ///< PV on the inverter's own dc bus; >= 0.
  OptionalInput<Watt> active_power{};  ///< Measured at ac; + delivers into the site.
  friend constexpr bool operator==(const InverterInputs&, const InverterInputs&) noexcept = default;
};

/// Everything the kernel reads in one cycle. Same order as Config's batteries and inverters; an
/// entry that is absent, or names another asset, counts as missing.
struct Inputs {
  std::span<const BatteryInputs> batteries{};
  std::span<const InverterInputs> inverters{};
  bool estop = false;  ///< A person or a contact asks for an emergency stop; level, not edge.
  bool armed = true;   ///< The verdicts reach the devices; while not, nobody can disobey them.
};

/// Reads one battery from the image, all its modules included.
///
/// Cells and temperatures come from the element signals and from the scalar extremes; where both
/// exist the worse counts, and one unusable sensor makes the whole group unusable. Modules are
/// taken as parallel: a module's cells must add up to the module's own pack voltage, else to the
/// battery's.
///
/// @param battery         Asset with module 0.
/// @param expected_cells  Cells over all modules; the cell voltages are absent when the element
///                        signals are there and their number differs.
/// @param now             Monotonic time of this cycle.
/// @requirement           SAF-020, SAF-021.
/// @thread_safety         Pure function.
[[nodiscard]] BatteryInputs read_inputs(const ProcessImage& image, AssetId battery,
                                        std::uint16_t expected_cells, Instant now) noexcept;

/// Reads one inverter from the image. @thread_safety Pure function.
[[nodiscard]] InverterInputs read_inverter_inputs(const ProcessImage& image,
                                                  AssetId inverter) noexcept;

/// True when an emergency stop is asked for through an input: the signal `estop_pressed` of any
/// asset is not 0, is not usable, or fewer of them than declared were ever given.
///
/// @param declared  How many such inputs the site has.
/// @requirement     SAF-059.
/// @thread_safety   Pure function.
[[nodiscard]] bool read_estop(const ProcessImage& image, std::size_t declared,
                              Instant now) noexcept;

}  // namespace ems::safety
