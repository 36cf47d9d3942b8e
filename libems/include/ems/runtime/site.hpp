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

#include "ems/alarm/alarm.hpp"
#include "ems/io/config/limits_config.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/time_zone.hpp"
#include "ems/model/clock.hpp"
#include "ems/runtime/battery_driver.hpp"
#include "ems/runtime/command_book.hpp"
#include "ems/runtime/control_loop.hpp"
#include "ems/runtime/mode.hpp"
#include "ems/runtime/pack_driver.hpp"
#include "ems/runtime/site_image.hpp"
#include "ems/runtime/site_metrics.hpp"
#include "ems/runtime/site_port.hpp"
#include "ems/runtime/store_worker.hpp"
#include "ems/runtime/table_files.hpp"
#include "ems/runtime/watchdog.hpp"

namespace ems::runtime {

/// What a site remembers over a restart beside its latch. What cannot be read is as if it had never
/// been written, and an event.
struct SiteMemory {
  std::optional<std::string> commands;           ///< CommandBook::to_text().
  std::optional<std::vector<std::byte>> alarms;  ///< encode_alarms().
  std::optional<ModeRecord> mode;
  std::vector<Event> unreadable;
};

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
  SiteMemory memory;          ///< From load_memory().
  std::vector<Event> events;  ///< What happened before the site was made: alarms of the store.
  std::function<UplinkView()> uplink;  ///< Where the uplink stands; empty: no server.
  /// Each step of a command; called on the strand, must not block. May be empty.
  std::function<void(const CommandStep&, CommandOrigin)> command_step;
  /// Copies of each telemetry row for live watchers; called on the strand, must not block.
  std::function<void(UtcInstant, std::vector<Point>, std::vector<telemetry::RowValue>)> live;
};

/// Reads the stored latch; one that cannot be read starts TRIPPED.
///
/// @thread_safety Blocks on the store: not from the strand.
[[nodiscard]] safety::State load_safety_state(StoreWorker& store, const Clock& clock,
                                              spdlog::logger& log);

/// @thread_safety Blocks on the store: not from the strand.
[[nodiscard]] SiteMemory load_memory(StoreWorker& store);

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
  /// tripped, also by an emergency stop that comes meanwhile), again and again until it has it;
  /// then the links close.
  ///
  /// @param done  Runs on the strand: true when every inverter acknowledged, false after `deadline`
  ///              (the inverters' own timers take over then). Disarmed: true at once.
  void stop(Duration deadline, std::function<void(bool)> done);

  /// What status() says, and counts for Prometheus. @errors as status().
  [[nodiscard]] Result<SiteMetrics> metrics();
  [[nodiscard]] Result<SiteStatus> status() override;
  [[nodiscard]] Result<Explanation> explain(std::optional<UtcInstant> at) override;
  [[nodiscard]] Result<std::optional<UtcInstant>> earliest_decision() override;
  [[nodiscard]] Result<CommandStep> command(const Command& command) override;
  [[nodiscard]] Result<std::vector<CommandView>> commands() override;
  [[nodiscard]] Result<AlarmsView> alarms() override;
  [[nodiscard]] Result<std::vector<alarm::Change>> alarm_history(UtcInstant from, UtcInstant to,
                                                                 std::size_t max) override;

  /// Something happened that is not the tick's: the watchdog, the store, the uplink. Any thread;
  /// never blocks.
  void raise(const Event& event);

 private:
  /// Commands that live for a lease, one of each at a time.
  enum class Slot : std::uint8_t { setpoint, remote_setpoint, active_power_limit, dimming };
  static constexpr std::size_t kSlotCount = 4;
  struct LiveCommand {
    std::string id;  ///< Empty: none, or it has ended.
    std::optional<decision::SetpointCommand> setpoint;
    std::optional<decision::LimitCommand> limit;
    Instant lease_end{};
    bool executing = false;
    bool taken = false;        ///< An inverter confirmed an order since it is executing.
    std::string overruled_by;  ///< Of the newest tick.
    Watt shortfall{};
  };
  /// What a battery was told: site_orders.cpp.
  struct LiveOrder {
    std::string id;
    std::size_t battery = 0;  ///< Its place in batteries_.
    OrderKind kind{};
    bool energises = false;  ///< No order to be out while a trip is latched.
    std::optional<Instant> lease_end;
    OrderStage told = OrderStage::waiting;  ///< In the book.
  };
  static constexpr std::size_t kSurroundingsMax = 9;

  explicit Site(SiteParts parts);

  Result<void> add_battery(const io::BatteryConfig& config);
  Result<void> add_inverter(const io::InverterConfig& config);
  Result<void> add_meter(const io::MeterConfig& config);
  Result<void> add_sensor(const io::SensorConfig& config);
  std::shared_ptr<io::ModbusMaster> master_for(const io::ModbusLink& link);

  void arm_tick();
  void tick();
  void apply(const Tick& tick, Instant now);
  void record(const Tick& tick, UtcInstant utc, Instant now);
  void record_telemetry(UtcInstant utc, Instant now);
  void audit(const std::string& who, const std::string& what, const std::string& why);

  // Commands: site_commands.cpp.
  [[nodiscard]] Result<CommandStep> take_command(Command command, Instant due);
  [[nodiscard]] Result<void> act(const Command& command, CommandStep& step, Instant now);
  [[nodiscard]] Result<void> give(const Command& command, const SetpointAction& action,
                                  Instant now);
  [[nodiscard]] Result<void> give(const Command& command, Slot slot, Duration lease,
                                  Duration lease_max, Instant now);
  [[nodiscard]] Result<void> may_command() const;
  void clear_setpoint(const Command& command);
  void stop_now();
  [[nodiscard]] Result<void> reset_latch(const Command& command, const ResetAction& action);
  [[nodiscard]] Result<void> change_alarm(const Result<std::optional<alarm::Change>>& change);
  [[nodiscard]] Result<void> give_order(const Command& command, std::uint16_t battery,
                                        const protocol::BatteryCommand& order,
                                        std::optional<Duration> lease, Instant now);
  void follow_orders(Instant now);
  void commands_into(TickInputs& inputs, Instant now) const;
  [[nodiscard]] decision::WallTime wall_time(UtcInstant utc, Instant now) noexcept;
  [[nodiscard]] DecisionView view_of(const Tick& tick, UtcInstant utc, Instant now) const;
  void follow_commands(const Tick& tick, Instant now);
  void follow_setpoint(Slot slot, const Tick& tick);
  void follow_stops();
  void begin_force(Slot slot);
  void end_live(Slot slot, CommandState state, const std::string& message);
  void step_command(CommandStep step);
  void record_step(const CommandView& command);
  void store_commands();

  // Alarms and mode: site_alarms.cpp.
  void remember(UtcInstant utc);
  void remember_stops();
  [[nodiscard]] bool is_trip(const Event& event) const noexcept;
  void take_event(const Event& event, bool latching);
  void record_change(const alarm::Change& change);
  void follow_alarms(Instant now);
  void store_alarms(Instant now);
  void follow_surroundings(Instant now);
  void follow_mode(Instant now);
  [[nodiscard]] alarm::Moment moment() const;
  [[nodiscard]] AlarmsView make_alarms_view() const;
  void report_writes();
  void report_watchdog(const Tick& tick);
  void pet_until_ended();
  void say_last_word();
  void end(bool confirmed);
  [[nodiscard]] CommandKind last_word(std::size_t inverter) const noexcept;
  [[nodiscard]] Quality published(const PointSample& sample) const noexcept;
  [[nodiscard]] SiteStatus make_status() const;
  [[nodiscard]] DecisionView newest_view() const;  ///< @pre last_
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
  std::vector<std::unique_ptr<PackDriver>> meters_;  ///< And sensors: packs that are only read.
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
  io::DurationHistogram tick_lateness_;
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
  /// When the clock was last seen synced; before that, the first tick.
  std::optional<Instant> synced_at_;
  io::TimeZone zone_;
  TableFiles tables_;
  bool estop_requested_ = false;
  std::vector<bool> write_failing_;  ///< By inverter: the event was given and not yet cleared.

  CommandBook book_;
  std::array<LiveCommand, kSlotCount> live_;  ///< By Slot.
  std::vector<std::string> stops_;  ///< Ids of emergency stops that the inverters have yet to take.
  std::vector<LiveOrder> orders_;   ///< One of a kind for a battery.
  std::uint64_t command_tag_ = 0;

  alarm::Book alarms_;
  std::uint64_t alarms_stored_ = 0;  ///< Revision that is in the store.
  Instant alarms_stored_at_{};
  std::optional<Instant> looked_at_;                   ///< Of follow_surroundings().
  std::array<bool, kSurroundingsMax> surroundings_{};  ///< Events that were given and not cleared.
  ModeKeeper mode_;
};

}  // namespace ems::runtime
