// SPDX-License-Identifier: Apache-2.0
/// @file The physical site: load, PV, battery, inverter and the meter at the point of common
/// coupling. At every step grid + pv + battery = load (ac, libems's signs).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ems/core/time.hpp"
#include "ems/sim/battery.hpp"
#include "ems/sim/pcs.hpp"
#include "ems/sim/profile.hpp"

namespace ems::sim {

inline constexpr std::size_t kPhases = 3;
/// Physics goes in whole steps of this length, whatever lengths Plant::step() is called with.
inline constexpr Duration kPhysicsStep = milliseconds(10);

struct PlantConfig {
  BatteryConfig battery;
  PcsConfig pcs;
  Profile profile = Profile::shaped({}, 1);
  double grid_voltage_v = 230.0;  ///< Phase to neutral.
  double grid_frequency_hz = 50.0;
  std::array<double, kPhases> load_share{0.4, 0.35, 0.25};  ///< Sum 1.
};

/// Energy since the start, in joules, all >= 0.
struct SiteBooks {
  double load_j = 0.0;
  double pv_j = 0.0;
  double grid_import_j = 0.0;
  double grid_export_j = 0.0;
  double battery_discharge_j = 0.0;  ///< At ac.
  double battery_charge_j = 0.0;     ///< At ac.
  double conversion_loss_j = 0.0;    ///< Between ac and dc.
  std::array<double, kPhases> phase_import_j{};
  std::array<double, kPhases> phase_export_j{};
  friend bool operator==(const SiteBooks&, const SiteBooks&) = default;
};

/// Everything that is true at one moment. Powers in W at ac, + delivers into the site (load: +
/// consumes).
struct PlantState {
  Instant at;
  double load_w = 0.0;
  double pv_w = 0.0;
  double battery_ac_w = 0.0;
  double grid_w = 0.0;
  std::array<double, kPhases> phase_w{};  ///< Grid power per phase; their sum is grid_w.
  std::array<double, kPhases> phase_v{};
  double frequency_hz = 0.0;
  BatteryState battery;
  PcsControl control;
  double setpoint_w = 0.0;  ///< In force at the PCS.
  bool throttled = false;
  Duration revert_remaining{};
  SiteBooks books;
  friend bool operator==(const PlantState&, const PlantState&) = default;
};

/// Deterministic: the same configuration, seed and calls give the same bits.
///
/// @thread_safety None; one thread.
class Plant {
 public:
  Plant(const PlantConfig& config, std::uint64_t seed);

  /// Lets time pass. Steps of any lengths with the same sum give the same state.
  /// @param dt  >= 0.
  void step(Duration dt);

  /// Load on top of the profile. @param watts  >= 0.
  void set_extra_load(double watts) { extra_load_w_ = watts; }
  /// Takes a set-point, as a write to the PCS does; see Pcs::write().
  void write_pcs(const PcsControl& control, bool restart_timer);
  /// The BMS's own command; see Battery::command_switches().
  void command_switches(bool charge_on, bool discharge_on);
  /// What the BMS measures wrong; see Battery::offset_cell().
  void offset_cell(std::size_t cell, double add_v) { battery_.offset_cell(cell, add_v); }
  void clear_offsets() { battery_.clear_offsets(); }

  [[nodiscard]] const PlantState& state() const noexcept { return state_; }
  [[nodiscard]] const Battery& battery() const noexcept { return battery_; }
  [[nodiscard]] const Pcs& pcs() const noexcept { return pcs_; }
  [[nodiscard]] const PlantConfig& config() const noexcept { return config_; }
  /// Time simulated so far.
  [[nodiscard]] Instant now() const noexcept { return now_; }

 private:
  void physics_step();
  void observe(const ProfilePower& power);

  PlantConfig config_;
  std::uint64_t seed_;
  Battery battery_;
  Pcs pcs_;
  Instant now_{};
  Duration carry_{};
  double extra_load_w_ = 0.0;
  PlantState state_;
};

}  // namespace ems::sim
