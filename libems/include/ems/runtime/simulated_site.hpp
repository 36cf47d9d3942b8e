// SPDX-License-Identifier: Apache-2.0
/// @file A whole site in one process and in simulated time: plant, devices, codecs, safety,
/// decision and gate. SIMULATED: no value in it was ever measured.
///
/// The bytes are real: the battery is polled through its codec and the poller, meters and inverter
/// through their device packs and Modbus framing, with the faults of sim::Site between. Only links
/// and clocks are missing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ems/model/event.hpp"
#include "ems/runtime/control_loop.hpp"
#include "ems/runtime/image_history.hpp"
#include "ems/runtime/table_files.hpp"
#include "ems/sim/site.hpp"

namespace ems::runtime {

struct SimulatedSiteConfig {
  sim::SiteConfig sim;
  /// battery/1, inverter/1, meter/1 (PCC) and meter/2 (PV); safety.tick_period is the step of the
  /// simulation, and every device is read once in it.
  ControlConfig control;
  Duration lease = seconds(30);          ///< Of a set-point at the inverter; refreshed at a third.
  Duration record_period = seconds(10);  ///< Between two rows of history(); > 0.
  /// The clock on the wall at the beginning; it goes on with simulated time. Default: unset.
  decision::WallTime wall{};
};

/// Checks what the plant takes for granted.
///
/// @errors        out_of_range  a size, rating, capacity or share that no plant can have; the text
///                names it.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> check_plant(const sim::PlantConfig& plant) noexcept;

/// The plain site of one battery, one inverter and two meters that fits `config`'s plant: cells,
/// rating and efficiency are the plant's, limits the given ones, the rest as in a site file with
/// nothing written in it.
///
/// @errors        as check_plant(), safety::validate() and decision::validate().
/// @thread_safety Pure function.
[[nodiscard]] Result<ControlConfig> simulated_control(const sim::PlantConfig& plant,
                                                      const safety::Limits& limits,
                                                      const decision::Config& policies,
                                                      Duration tick);

/// An event with its simulated time.
struct TimedEvent {
  Instant at;
  Event event;
};

/// Deterministic: the same configuration and calls give the same history, bit for bit.
///
/// @thread_safety Not synchronised: one thread at a time.
class SimulatedSite {
 public:
  /// @errors unknown_protocol  a device pack of this build is missing.
  ///         invalid_argument  control is not of battery/1 and inverter/1.
  ///         out_of_range      lease or record_period; and those of check_plant(),
  ///         safety::validate() and decision::validate().
  [[nodiscard]] static Result<std::unique_ptr<SimulatedSite>> create(
      const SimulatedSiteConfig& config);
  ~SimulatedSite();
  SimulatedSite(const SimulatedSite&) = delete;
  SimulatedSite& operator=(const SimulatedSite&) = delete;

  /// Lets time pass in whole ticks.
  ///
  /// @param duration  >= 0; rounded up to whole ticks.
  /// @param go_on     Asked once per simulated minute; false ends the run there. Empty: never
  /// asked.
  /// @return          What passed.
  Duration run(Duration duration, const std::function<bool()>& go_on = {});

  /// Adds a fault; `at` is simulated time.
  /// @errors as sim::Site::add_fault().
  [[nodiscard]] Result<void> add_fault(const sim::Fault& fault);
  void clear_faults();
  /// Wants `power` from all batteries until the lease ends, as a person (setpoint) or the server
  /// (remote_setpoint) would; cut to lease_max.
  ///
  /// @param policy  setpoint or remote_setpoint; asserted.
  /// @param lease   > 0.
  void set_setpoint(decision::PolicyId policy, Watt power, Duration lease,
                    const decision::ActorName& actor = {});
  /// Limits all batteries until the lease ends, as the grid operator would; cut to lease_max.
  ///
  /// @param policy  active_power_limit or dimming; asserted.
  /// @param lease   > 0.
  void set_limit(decision::PolicyId policy, const decision::PowerLimits& limits, Duration lease,
                 const decision::ActorName& actor = {});
  /// The tables that schedule, plan and price follow from the next tick on; nullptr: none.
  void set_schedule(std::shared_ptr<const io::ScheduleFile> schedule) noexcept;
  void set_plan(std::shared_ptr<const io::PlanFile> plan) noexcept;
  void set_prices(std::shared_ptr<const io::PriceFile> prices) noexcept;
  /// An emergency stop at the next tick; latched.
  void emergency_stop();
  /// @errors as safety::reset().
  [[nodiscard]] Result<void> reset(const safety::ResetRequest& request);

  [[nodiscard]] Instant now() const noexcept;
  [[nodiscard]] decision::WallTime wall() const noexcept;  ///< The clock on the wall now.
  /// What the devices said last: what control works with.
  [[nodiscard]] const ProcessImage& image() const noexcept;
  /// What is really so in the simulated plant.
  [[nodiscard]] const sim::PlantState& truth() const noexcept;
  /// The newest tick; nullopt before the first.
  [[nodiscard]] const std::optional<Tick>& last() const noexcept;
  [[nodiscard]] const ControlConfig& control() const noexcept;
  [[nodiscard]] const safety::Latch& latch() const noexcept;  ///< What is latched now.
  [[nodiscard]] const ImageHistory& history() const noexcept;
  /// Every event of safety so far, oldest first.
  [[nodiscard]] const std::vector<TimedEvent>& events() const noexcept;

 private:
  class Impl;
  explicit SimulatedSite(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::runtime
