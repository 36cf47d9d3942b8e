// SPDX-License-Identifier: Apache-2.0
/// @file A running site: drivers, the tick, records and the interface for people, on one strand.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ems/io/config/limits_config.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/model/clock.hpp"
#include "ems/runtime/battery_driver.hpp"
#include "ems/runtime/control_loop.hpp"
#include "ems/runtime/pack_driver.hpp"
#include "ems/runtime/site_image.hpp"
#include "ems/runtime/site_metrics.hpp"
#include "ems/runtime/site_port.hpp"
#include "ems/runtime/store_worker.hpp"
#include "ems/runtime/watchdog.hpp"

namespace ems::runtime {

/// What a site is made from. References outlive it.
struct SiteParts {
  asio::io_context& io;
  const Clock& clock;
  std::shared_ptr<spdlog::logger> log;
  io::SiteConfig config;
  io::ControlPermission permission;
  ControlConfig control;
  StoreWorker& store;
  safety::State safety;  ///< From load_safety_state().
  std::string software_version;
  std::function<UplinkView()> uplink;  ///< Where the uplink stands; empty: no server.
  /// Copies of each telemetry row for live watchers; called on the strand, must not block.
  std::function<void(UtcInstant, std::vector<Point>, std::vector<telemetry::RowValue>)> live;
};

/// Reads the stored latch; one that cannot be read starts TRIPPED.
///
/// @thread_safety Blocks on the store: not from the strand.
[[nodiscard]] safety::State load_safety_state(StoreWorker& store, const Clock& clock,
                                              spdlog::logger& log);

/// Reads devices, ticks, records. All state lives on one strand of `parts.io`.
///
/// @thread_safety SitePort functions: any thread but the strand. The rest: before run, or as said.
class Site final : public SitePort {
 public:
  /// @errors  as io::find_pack() and protocol::find_codec(): a name the configuration was not
  ///          checked against.
  [[nodiscard]] static Result<std::unique_ptr<Site>> create(SiteParts parts);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// Starts drivers, tick and watchdog; opens the hardware watchdog, so it is the last thing to do.
  /// @thread_safety  Not from the strand.
  void start();
  /// Ends in the safe state: every inverter that was ever reached is told follow 0 W (stop when
  /// tripped), again and again until it has it; then the links close.
  ///
  /// @param done  Runs on the strand: true when every inverter acknowledged, false after `deadline`
  ///              (the inverters' own timers take over then). Disarmed: true at once.
  void stop(Duration deadline, std::function<void(bool)> done);

  /// What status() says, and counts for Prometheus. @errors as status().
  [[nodiscard]] Result<SiteMetrics> metrics();
  [[nodiscard]] Result<SiteStatus> status() override;
  [[nodiscard]] Result<Explanation> explain(std::optional<UtcInstant> at) override;
  [[nodiscard]] Result<void> set_setpoint(const SetpointRequest& request) override;
  [[nodiscard]] Result<void> clear_setpoint(const std::string& actor,
                                            CommandOrigin origin) override;
  [[nodiscard]] Result<void> emergency_stop(const std::string& actor,
                                            const std::string& reason) override;
  [[nodiscard]] Result<void> reset_emergency_stop(const ResetRequest& request) override;

 private:
  explicit Site(SiteParts parts);

  Result<void> add_battery(const io::BatteryConfig& config);
  Result<void> add_inverter(const io::InverterConfig& config);
  Result<void> add_meter(const io::MeterConfig& config);
  std::shared_ptr<io::ModbusMaster> master_for(const io::ModbusLink& link);

  void arm_tick();
  void tick();
  void apply(const Tick& tick, Instant now);
  void record(const Tick& tick, UtcInstant utc, Instant now);
  void record_telemetry(UtcInstant utc, Instant now);
  void record_event(const Event& event, UtcInstant utc);
  void audit(const std::string& who, const std::string& what, const std::string& why);
  void report_writes(UtcInstant utc);
  void report_watchdog(const Tick& tick, UtcInstant utc);
  void pet_until_ended();
  [[nodiscard]] CommandKind last_word(std::size_t inverter) const noexcept;
  [[nodiscard]] Quality published(const PointSample& sample) const noexcept;
  [[nodiscard]] SiteStatus make_status() const;
  [[nodiscard]] SafetyView make_safety_view() const;

  /// Runs `job` on the strand and waits for its answer, at most a second.
  template <class F>
  auto on_strand(F job, bool even_if_late = false) -> std::invoke_result_t<F>;

  SiteParts parts_;
  asio::strand<asio::io_context::executor_type> strand_;
  SiteImage image_;
  ControlLoop loop_;
  std::vector<std::unique_ptr<BatteryDriver>> batteries_;
  std::vector<std::unique_ptr<PackDriver>> inverters_;
  std::vector<std::unique_ptr<PackDriver>> meters_;
  std::map<std::string, std::shared_ptr<io::ModbusMaster>> masters_;
  std::optional<Watchdog> watchdog_;  ///< From create() on; ends before the links it stops.
  std::uint64_t hangs_reported_ = 0;
  bool hang_active_ = false;
  bool device_failing_ = false;

  asio::steady_timer timer_;
  Instant next_tick_{};
  std::uint64_t ticks_ = 0;
  std::uint64_t ticks_late_ = 0;
  io::DurationHistogram tick_times_;
  bool running_ = false;
  bool stopping_ = false;
  std::size_t finishing_ = 0;
  asio::steady_timer stop_timer_;
  std::function<void(bool)> stopped_;

  std::optional<Tick> last_;
  UtcInstant last_utc_{};
  Instant last_at_{};
  std::optional<decision::Decision> stored_decision_;
  Instant stored_at_{};
  Instant telemetry_at_{};
  ClockQuality clock_quality_ = ClockQuality::unset;
  bool estop_requested_ = false;
  std::vector<bool> write_failing_;  ///< By inverter: the event was given and not yet cleared.
  /// By CommandOrigin: a person at the site goes before the server.
  std::array<std::optional<decision::SetpointCommand>, 2> setpoints_;
};

}  // namespace ems::runtime
