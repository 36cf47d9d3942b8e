// SPDX-License-Identifier: Apache-2.0
/// @file Simulated inverter: dead time, ramp, rating, efficiency, and a set-point that reverts by
/// itself as SunSpec model 704 has it.
#pragma once

#include <cstddef>
#include <deque>

#include "ems/core/time.hpp"

namespace ems::sim {

struct PcsConfig {
  double rating_w = 5000.0;  ///< Both directions.
  double efficiency = 0.95;  ///< 0 < x <= 1, each direction, at every power.
  Duration dead_time = milliseconds(200);
  double ramp_w_per_s = 10'000.0;  ///< > 0.
};

/// The set-point group of model 704. Powers at ac, + discharges (model 704: + generates).
struct PcsControl {
  bool enabled = false;  ///< false: the PCS holds 0 W.
  bool percent = false;  ///< true: percent of the rating counts, false: watts.
  double watts = 0.0;
  double watts_revert = 0.0;
  double share_pct = 0.0;
  double share_revert_pct = 0.0;
  bool enabled_revert = false;
  Duration revert_after{};  ///< 0: never.
  friend bool operator==(const PcsControl&, const PcsControl&) = default;
};

/// @thread_safety None; one thread.
class Pcs {
 public:
  /// @pre rating, ramp and efficiency > 0, dead_time >= 0.
  explicit Pcs(const PcsConfig& config);

  /// Takes a control. It acts after the dead time.
  /// @param restart_timer  The write named the enable or the revert time: the timer starts anew.
  void write(const PcsControl& control, bool restart_timer, Instant now);

  /// Runs the timer, the dead time and the ramp up to `now`.
  /// @param dt_s  Time since the last call, > 0.
  /// @return      AC power the PCS wants now.
  double advance(Instant now, double dt_s);

  /// Tells what the battery let through; the ramp goes on from there.
  void settle(double ac_w);

  /// Terminal power that an ac power needs, and the other way round.
  [[nodiscard]] double dc_of_ac(double ac_w) const noexcept;
  [[nodiscard]] double ac_of_dc(double dc_w) const noexcept;

  [[nodiscard]] const PcsControl& control() const noexcept { return control_; }
  [[nodiscard]] const PcsConfig& config() const noexcept { return config_; }
  /// Time until the set-point reverts; zero when no timer runs.
  [[nodiscard]] Duration remaining(Instant now) const noexcept;
  /// Set-point in force, after the dead time, cut to the rating.
  [[nodiscard]] double target_w() const noexcept { return target_w_; }
  [[nodiscard]] double output_w() const noexcept { return output_w_; }
  /// The battery let through less than was wanted in the last step.
  [[nodiscard]] bool throttled() const noexcept { return throttled_; }
  /// How often the set-point reverted by itself.
  [[nodiscard]] unsigned reverts() const noexcept { return reverts_; }

 private:
  struct Pending {
    Instant at;
    double watts;
  };
  [[nodiscard]] double wanted_w() const noexcept;

  PcsConfig config_;
  PcsControl control_;
  std::deque<Pending> pending_;  ///< One entry per accepted write inside the dead time.
  bool timer_runs_ = false;
  Instant revert_at_{};
  double target_w_ = 0.0;
  double output_w_ = 0.0;
  double asked_w_ = 0.0;
  bool throttled_ = false;
  unsigned reverts_ = 0;
};

}  // namespace ems::sim
