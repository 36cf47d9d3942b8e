// SPDX-License-Identifier: Apache-2.0
/// @file One control tick: safety opens it, decision and distribute fill it, the gate closes it.
/// Pure: image, commands and time in; inverter commands, records and events out. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "ems/core/static_vector.hpp"
#include "ems/decision/decision.hpp"
#include "ems/distribute/distribute.hpp"
#include "ems/model/image.hpp"
#include "ems/safety/gate.hpp"
#include "ems/safety/kernel.hpp"

namespace ems::runtime {

/// A battery as the control loop needs it; same order as safety::Config::batteries.
struct BatteryTraits {
  WattHour capacity{};
};

/// An inverter as the control loop needs it; same order as safety::Config::inverters.
struct InverterTraits {
  Watt rated{};  ///< Both directions; > 0.
  /// What each phase it feeds may carry of it; see distribute::Inverter::phases. Empty: no limit.
  StaticVector<Interval, distribute::kPhasesMax> phases{};
};

/// Everything a tick needs that does not change while the site runs.
struct ControlConfig {
  safety::Config safety{};
  decision::Config decision{};
  StaticVector<BatteryTraits, safety::kMaxBatteries> batteries{};
  StaticVector<InverterTraits, safety::kMaxInverters> inverters{};
  std::optional<AssetId> pcc_meter;      ///< Absent: import is unknown.
  StaticVector<AssetId, 8> pv_meters{};  ///< Meters of PV feeders, at ac.
  safety::Arming arming = safety::Arming::disarmed;
  /// Emergency-stop inputs (signal estop_pressed) that the site has; one that is silent is pressed.
  std::uint8_t estop_inputs = 0;
};

/// Rated power of all inverters together, saturating. @thread_safety Pure function.
[[nodiscard]] Watt rated_of(const ControlConfig& config) noexcept;

/// What people and devices want of this tick.
struct TickInputs {
  bool estop = false;                                   ///< Somebody asks for an emergency stop.
  std::optional<decision::SetpointCommand> setpoint{};  ///< A person's.
  std::optional<decision::SetpointCommand> remote_setpoint{};  ///< The server's.
  std::optional<decision::LimitCommand> active_power_limit{};  ///< The grid operator's.
  std::optional<decision::LimitCommand> dimming{};             ///< The grid operator's.
  /// Bit i: inverter i answers and can be commanded.
  std::uint8_t inverters_ready = 0;
  decision::WallTime wall{};
  // Tables are borrowed for the call.
  std::span<const decision::ScheduleEntry> schedule{};
  std::optional<decision::Plan> plan{};
  std::optional<decision::PriceTable> prices{};
};

/// A value that the tick computed about the site as a whole.
struct DerivedValue {
  Signal signal{};
  std::int64_t value = 0;
  Quality quality = Quality::substituted;  ///< bad: its inputs are missing; value is 0.
};

/// What one tick produced.
struct Tick {
  safety::Output safety{};
  decision::Decision decision{};
  distribute::Distribution distribution{};
  StaticVector<safety::GateResult, safety::kMaxInverters> orders{};  ///< By inverter.
  Watt gated{};  ///< Sum of the follow commands after the gate.
  bool latch_changed =
      false;  ///< safety_state().latch() must be stored, after the orders went out.
  StaticVector<DerivedValue, 8> derived{};
};

/// Runs the tick and remembers what the modules need to remember.
///
/// @memory        Fixed; never allocates.
/// @thread_safety Not synchronised: one strand.
class ControlLoop {
 public:
  /// @pre safety::validate() and decision::validate() accept the configuration; asserted.
  ControlLoop(const ControlConfig& config, const safety::State& state) noexcept;

  /// One tick. Never fails: what cannot be judged is unsafe.
  [[nodiscard]] Tick tick(const ProcessImage& image, const TickInputs& inputs,
                          Instant now) noexcept;

  /// Takes every latch back; see safety::reset(). The emergency stop counts as asked for when the
  /// last tick saw it so.
  [[nodiscard]] Result<void> reset(const ProcessImage& image, Instant now,
                                   const safety::ResetRequest& request) noexcept;

  [[nodiscard]] const safety::State& safety_state() const noexcept { return safety_; }
  [[nodiscard]] const ControlConfig& config() const noexcept { return config_; }

 private:
  void read(const ProcessImage& image, Instant now) noexcept;
  [[nodiscard]] decision::MeasuredPower pcc_power(const ProcessImage& image) const noexcept;
  [[nodiscard]] decision::MeasuredPower battery_power(const ProcessImage& image) const noexcept;
  /// Of the inverters that can be commanded. One that cannot is part of the load while it is gone:
  /// the meter sees what it does, and no target counts on it.
  [[nodiscard]] decision::MeasuredPower battery_power(const ProcessImage& image,
                                                      std::uint8_t ready) const noexcept;
  /// The first usable one of the meter's and the inverters'; else the first there is.
  [[nodiscard]] decision::Measured<MilliHertz> frequency(const ProcessImage& image,
                                                         Instant now) const noexcept;
  /// True when one inverter says so; absent while one says nothing.
  [[nodiscard]] decision::Measured<bool> grid_connected(const ProcessImage& image) const noexcept;
  void derive(const ProcessImage& image, const decision::MeasuredPower& pcc,
              const decision::MeasuredPower& battery, Instant now, Tick& tick) const noexcept;

  ControlConfig config_;
  safety::State safety_;
  bool estop_ = true;  ///< Somebody asked in the last tick; before the first nobody knows.
  decision::State decision_{};
  std::optional<Sample<Watt>> gated_;
  std::array<safety::BatteryInputs, safety::kMaxBatteries> battery_inputs_{};
  std::array<safety::InverterInputs, safety::kMaxInverters> inverter_inputs_{};
};

}  // namespace ems::runtime
