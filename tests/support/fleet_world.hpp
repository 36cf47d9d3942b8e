// SPDX-License-Identifier: Apache-2.0
/// @file A site of one to three batteries and inverters in which everything goes wrong by seed, in
/// front of the real control loop: sensors, links, clocks, actuators, power, people and policies.
///
/// Values, not bytes: world.hpp has a smaller site with its devices' protocols.
#pragma once

#include <cstring>
#include <memory>
#include <string>

#include "support/world_explained.hpp"
#include "support/world_oracle.hpp"
#include "support/world_policies.hpp"

namespace ems::test {

/// How often what happened.
enum class Happened : std::uint8_t {
  sensor_fault,
  link_fault,
  clock_fault,
  actuator_fault,
  power_cut,
  hazard,
  estop,
  command,
  policy_change,
  trip,
  reset
};
inline constexpr std::size_t kHappened = 11;
inline constexpr std::array<const char*, kHappened> kHappenedNames{
    "sensor faults", "link faults", "clock faults", "actuator faults", "power cuts", "hazards",
    "e-stops",       "commands",    "policy sets",  "trips",           "resets"};

class FleetWorld {
 public:
  static constexpr Duration kTick = milliseconds(100);
  static constexpr Duration kCalmAfter = seconds(25);  ///< From the end of a fault on.

  explicit FleetWorld(std::uint64_t seed)
      : dice_(seed),
        config_(some_fleet(dice_)),
        tables_(dice_),
        plant_(config_, dice_),
        oracle_(config_) {
    EMS_ASSERT(safety::validate(config_.safety).has_value());
    for (std::size_t b = 0; b < config_.batteries.size(); ++b) {
      sensors_.emplace_back(WorldSensors::Extras{dice_.one_in(2), dice_.one_in(2), dice_.one_in(2),
                                                 dice_.one_in(3), dice_.one_in(2)});
      periods_.push_back(milliseconds(dice_.between(2, 10) * 100));
    }
    start_agent(safety::State{});
  }
  FleetWorld(const FleetWorld&) = delete;
  FleetWorld& operator=(const FleetWorld&) = delete;

  /// Lets one tick pass. False: the agent did not run in it (down, or late).
  bool step() {
    plant_.step();
    if (now() >= next_mischief_) mischief();
    measure();
    deliver();
    write_latch();
    const bool ran = try_agent();
    unease(ran);
    return ran;
  }

  [[nodiscard]] Instant now() const { return plant_.now(); }
  /// The agent's clock.
  [[nodiscard]] Instant agent_now() const { return now() + skew_; }
  [[nodiscard]] const WorldPlant& plant() const { return plant_; }
  [[nodiscard]] const runtime::ControlConfig& config() const { return config_; }
  [[nodiscard]] const runtime::Tick& tick() const { return tick_; }
  [[nodiscard]] const runtime::TickInputs& inputs() const { return inputs_; }
  [[nodiscard]] const WorldTold& told() const { return told_; }
  [[nodiscard]] const FleetOracle& oracle() const { return oracle_; }
  [[nodiscard]] const safety::State& state_before() const { return before_; }
  [[nodiscard]] const safety::State& state() const { return loop_->safety_state(); }
  [[nodiscard]] std::uint64_t happened(Happened what) const {
    return happened_[static_cast<std::size_t>(what)];
  }
  /// A reset went through though a reason for the trip was still told; empty: no.
  [[nodiscard]] const std::string& wrong_reset() const { return wrong_reset_; }
  /// Battery b has been measured truly, its links have worked, its inverters have obeyed and the
  /// agent has run in time, for long enough that everything of before is over.
  [[nodiscard]] bool calm(std::size_t b) const { return now() - uneasy_at_[b] > kCalmAfter; }
  /// Its sensors and links have been good for that long; its inverters may be what they want.
  [[nodiscard]] bool well_seen(std::size_t b) const { return now() - unseen_at_[b] > kCalmAfter; }
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }
  Dice& judge_dice() { return judge_dice_; }

 private:
  struct Order {
    std::size_t inverter;
    InverterCommand command;
    bool curtail;
  };

  void count(Happened what) { ++happened_[static_cast<std::size_t>(what)]; }

  void start_agent(const safety::State& state) {
    loop_ = std::make_unique<runtime::ControlLoop>(config_, state);
    told_.forget();
    inputs_ = {};
    last_tripped_ = loop_->safety_state().tripped();
  }
  void restart_agent() {
    if (unreadable_) {
      start_agent(safety::State::tripped_unreadable(agent_now()));
      oracle_.restart({true, true, true});
      return;
    }
    start_agent(safety::State::restore_latch(written_, agent_now()));
    std::array<bool, 3> tripped{};
    for (const safety::Trip& trip : written_) mark(trip.asset, tripped);
    oracle_.restart(tripped);
  }
  void mark(AssetId asset, std::array<bool, 3>& tripped) const {
    for (std::size_t b = 0; b < config_.batteries.size(); ++b) {
      const bool own = asset == config_.safety.batteries[b].asset;
      if (own || asset == kSite) tripped[b] = true;
    }
  }
  /// The store has the latch some ticks after the orders went out, and not at all when the power
  /// went first.
  void write_latch() {
    if (unwritten_ && now() >= write_at_ && loop_) {
      written_ = loop_->safety_state().latch();
      unwritten_ = false;
      unreadable_ = false;
    }
  }

  void measure() {
    for (std::size_t b = 0; b < sensors_.size(); ++b) {
      if (!due(periods_[b], b)) continue;
      const auto most = config_.safety.batteries[b].limits.charge_current_max.count();
      battery_links_[b].send(
          sensors_[b].measure(plant_.battery(b), plant_.contactor_closed(b), most, now()), now(),
          dice_);
    }
    for (std::size_t i = 0; i < plant_.inverters().size(); ++i) {
      if (!due(milliseconds(500), i)) continue;
      const PlantInverter& inverter = plant_.inverters()[i];
      InverterFrame frame;
      frame.values[kActivePower] = InverterFrame::Value{std::llround(inverter.output_w)};
      if (inverter.pv_peak_w > 0.0) {
        frame.values[kDcPv] = InverterFrame::Value{std::llround(std::ceil(inverter.pv_w))};
      }
      frame.values[kGridConnected] = InverterFrame::Value{1};
      inverter_links_[i].send(frame, now(), dice_);
    }
    if (due(milliseconds(500), 0)) {
      MeterFrame frame;
      frame.values[kGridPower] = MeterFrame::Value{std::llround(plant_.grid_w())};
      frame.values[kFrequency] = MeterFrame::Value{frequency()};
      frame.values[kImported] = MeterFrame::Value{std::llround(plant_.imported_wh())};
      meter_link_.send(frame, now(), dice_);
    }
    if (config_.estop_inputs > 0 && due(milliseconds(500), 0) && now() >= estop_line_cut_) {
      told_.estop_input(now() < estop_contact_until_, agent_now(), seconds(2));
    }
  }
  [[nodiscard]] bool due(Duration period, std::size_t phase) const {
    const std::int64_t n = (now() - Instant{}).count() / kTick.count();
    return (n + static_cast<std::int64_t>(phase)) % (period.count() / kTick.count()) == 0;
  }
  [[nodiscard]] std::int64_t frequency() const {
    return now() < excursion_until_ ? excursion_mhz_
                                    : 50'000 + (now() - Instant{}).count() / 700'000 % 40 - 20;
  }

  void deliver() {
    for (std::size_t b = 0; b < sensors_.size(); ++b) {
      while (const auto frame = battery_links_[b].receive(now())) {
        told_.battery_frame(b, *frame, agent_now(), runtime::stale_after(periods_[b]));
      }
    }
    for (std::size_t i = 0; i < plant_.inverters().size(); ++i) {
      while (const auto frame = inverter_links_[i].receive(now())) {
        told_.inverter_frame(i, *frame, agent_now(), seconds(2));
      }
      while (const auto order = order_links_[i].receive(now())) {
        plant_.order(i, order->command, order->curtail, Duration::zero());
      }
    }
    while (const auto frame = meter_link_.receive(now())) {
      told_.meter_frame(*frame, agent_now(), seconds(2));
    }
  }

  bool try_agent() {
    if (down_until_ > now()) return false;
    if (!loop_) restart_agent();
    if (late_ticks_ > 0) {
      --late_ticks_;
      return false;
    }
    run_agent();
    return true;
  }
  void run_agent() {
    const Instant at = agent_now();
    inputs_.estop = now() < estop_until_;
    inputs_.inverters_ready = 0;
    for (std::size_t i = 0; i < plant_.inverters().size(); ++i) {
      if (order_links_[i].up(now()) &&
          told_.inverter_heard(i)[kActivePower].usable(at, seconds(2))) {
        inputs_.inverters_ready = static_cast<std::uint8_t>(inputs_.inverters_ready | 1U << i);
      }
    }
    inputs_.wall = {.utc = kWorldStart + (now() - Instant{}) + wall_off_, .quality = wall_quality_};
    inputs_.schedule = tables_.schedule();
    inputs_.plan = tables_.plan();
    inputs_.prices = tables_.prices();

    before_ = loop_->safety_state();
    tick_ = loop_->tick(told_.image(), inputs_, at);
    const Heard& contact = told_.estop_heard();
    const bool contact_asks = config_.estop_inputs > 0 &&
                              (!contact.usable(at, contact.stale_after) || contact.value != 0);
    oracle_.step(told_, inputs_.estop || contact_asks, at);
    for (std::size_t i = 0; i < tick_.orders.size(); ++i) {
      const auto& command = tick_.orders[i].command;
      if (command) {
        order_links_[i].send({i, *command, tick_.safety.inverters[i].curtail_pv}, now(), dice_);
      }
    }
    if (tick_.latch_changed) {
      unwritten_ = true;
      write_at_ = now() + kTick * dice_.between(0, 3);
    }
    const bool tripped = loop_->safety_state().tripped();
    if (tripped && !last_tripped_) count(Happened::trip);
    last_tripped_ = tripped;
    digest();
  }

  /// When anything about a battery was last not as it should be. An agent that is late or dead is
  /// no excuse while it lasts: the leases of its orders end.
  void unease(bool ran) {
    const bool in_time = !ran || clock_good_at_ <= now();
    for (std::size_t b = 0; b < sensors_.size(); ++b) {
      bool seen = sensors_[b].honest() && battery_links_[b].calm(now()) && in_time;
      bool obeyed = true;
      for (std::size_t i = 0; i < plant_.inverters().size(); ++i) {
        if (!WorldPlant::feeds(plant_.inverters()[i], b)) continue;
        seen = seen && inverter_links_[i].calm(now());
        obeyed = obeyed && order_links_[i].calm(now()) &&
                 plant_.inverters()[i].conduct == Conduct::obeys;
        // A neighbour's battery that switches off leaves more for this one: not the agent's doing.
        for (std::size_t other = 0; other < sensors_.size(); ++other) {
          if (WorldPlant::feeds(plant_.inverters()[i], other) && other != b) {
            obeyed = obeyed && plant_.battery(other).charge_on &&
                     plant_.battery(other).discharge_on && plant_.contactor_closed(other) &&
                     sensors_[other].honest();
          }
        }
      }
      if (!seen) unseen_at_[b] = now();
      if (!seen || !obeyed) uneasy_at_[b] = now();
    }
  }

  void mischief() {
    next_mischief_ = now() + dice_.up_to_s(25);
    const auto b =
        static_cast<std::size_t>(dice_.below(static_cast<std::int64_t>(sensors_.size())));
    const auto i =
        static_cast<std::size_t>(dice_.below(static_cast<std::int64_t>(plant_.inverters().size())));
    const std::int64_t card = dice_.below(100);
    if (card < 18) {
      break_sensor(b);
    } else if (card < 28) {
      break_link(b, i);
    } else if (card < 35) {
      break_clock();
    } else if (card < 42) {
      count(Happened::actuator_fault);
      const auto conduct = static_cast<Conduct>(dice_.between(1, kConducts - 1));
      plant_.misbehave(i, conduct, now() + dice_.up_to_s(60), dice_.one_in(2));
    } else if (card < 45) {
      cut_power();
    } else if (card < 47) {
      press_estop();
    } else if (card < 76) {
      command();
    } else if (card < 79) {
      change_policies();
    } else if (card < 83) {
      excursion_mhz_ = dice_.one_in(4) ? dice_.between(0, 70'000) : dice_.between(49'000, 51'000);
      excursion_until_ = now() + dice_.up_to_s(60);
    }
    if (loop_ && loop_->safety_state().tripped() && dice_.one_in(2)) try_reset();
  }

  void break_sensor(std::size_t b) {
    const auto kind = static_cast<Lie>(dice_.between(1, kLies - 1));
    count(kind == Lie::hazard ? Happened::hazard : Happened::sensor_fault);
    const auto field = static_cast<std::size_t>(dice_.below(kBatteryFields));
    std::int64_t amount = dice_.between(-3'000, 3'000);
    if (kind == Lie::sum) amount = dice_.between(-2'000, 2'000);
    if (kind == Lie::hazard) amount = dice_.below(3);
    const Duration lasts = kind == Lie::hazard ? dice_.up_to_s(5) : dice_.up_to_s(60);
    sensors_[b].lie(kind, field, amount, now(), now() + lasts);
  }
  void break_link(std::size_t b, std::size_t i) {
    count(Happened::link_fault);
    const Instant until = now() + dice_.up_to_s(30);
    const bool cut = dice_.one_in(2);
    const auto hurt = [&](auto& link) { cut ? link.cut(until) : link.storm(until); };
    const std::int64_t which = dice_.below(5);
    if (which <= 1) hurt(battery_links_[b]);
    if (which == 2) hurt(inverter_links_[i]);
    if (which == 2 || which == 3) hurt(order_links_[i]);
    if (which == 4) hurt(meter_link_);
    if (which == 4 && dice_.one_in(4)) estop_line_cut_ = now() + dice_.up_to_s(5);
  }
  void break_clock() {
    count(Happened::clock_fault);
    const std::int64_t which = dice_.below(4);
    if (which == 0) {
      late_ticks_ = dice_.between(1, 30);
      clock_good_at_ = now() + kTick * (late_ticks_ + 1);
    }
    if (which == 1) {  // The agent's monotonic clock goes back.
      skew_ = skew_ - dice_.up_to_s(6);
      clock_good_at_ = now() + seconds(1);
    }
    if (which == 2) wall_off_ = seconds(dice_.between(-90'000, 90'000));
    if (which == 3) wall_quality_ = static_cast<ClockQuality>(dice_.below(3));
  }
  void cut_power() {
    count(Happened::power_cut);
    down_until_ = now() + dice_.up_to_s(20);
    loop_.reset();
    unwritten_ = false;  // What was not written is lost with the process.
    unreadable_ = dice_.one_in(10);
    if (dice_.one_in(2)) skew_ = seconds(100'000) + dice_.up_to_s(1'000);  // A new boot.
  }
  void press_estop() {
    count(Happened::estop);
    const Instant until = now() + dice_.up_to_s(20);
    if (config_.estop_inputs > 0 && dice_.one_in(2)) {
      estop_contact_until_ = until;
    } else {
      estop_until_ = until;
    }
  }
  void command() {
    count(Happened::command);
    const Instant given = agent_now() + (dice_.one_in(10) ? dice_.up_to_s(3) : Duration::zero());
    const Instant end = given + (dice_.one_in(10) ? seconds(1'000'000) : dice_.up_to_s(120));
    const decision::SetpointCommand setpoint{hostile_power(dice_), given, end,
                                             decision::ActorName{"Ada"}, dice_.raw()};
    const decision::LimitCommand limit{some_limits(dice_), given, end, decision::ActorName{"Ada"},
                                       dice_.raw()};
    const std::int64_t which = dice_.below(8);
    if (which < 3) inputs_.setpoint = setpoint;
    if (which == 3) inputs_.remote_setpoint = setpoint;
    if (which == 4) inputs_.active_power_limit = limit;
    if (which == 5) inputs_.dimming = limit;
    if (which == 6) inputs_.setpoint.reset();
    if (which == 7) inputs_.active_power_limit.reset();
  }
  /// A new site file: the agent is started again with it.
  void change_policies() {
    if (!loop_) return;
    count(Happened::policy_change);
    config_.decision = some_policies(dice_);
    const auto inputs = inputs_;
    const safety::State state = loop_->safety_state();
    loop_ = std::make_unique<runtime::ControlLoop>(config_, state);
    inputs_ = inputs;
  }
  void try_reset() {
    const safety::Role role = dice_.one_in(4) ? safety::Role::operator_ : safety::Role::technician;
    const bool asked = oracle_.estop();
    const auto done = loop_->reset(told_.image(), agent_now(), {role, "Ada", "looked at it"});
    if (!done) return;
    count(Happened::reset);
    if (role != safety::Role::technician) wrong_reset_ = "SAF-033: an operator reset a trip";
    if (asked && inputs_.estop) wrong_reset_ = "SAF-033: reset while the stop is asked for";
    for (std::size_t b = 0; b < sensors_.size(); ++b) {
      const auto& heard = told_.battery_heard(b);
      const auto there = [&](BatteryField field) {
        return heard[field].usable(agent_now(), seconds(10)) && heard[field].value != 0;
      };
      if (there(kSmoke) || there(kGas)) wrong_reset_ = "SAF-033: reset in smoke or gas";
    }
    oracle_.reset_accepted();
    last_tripped_ = false;
    unwritten_ = true;
    write_at_ = now();
  }

  void digest() {
    mix(static_cast<std::uint64_t>(tick_.safety.site));
    mix(static_cast<std::uint64_t>(tick_.decision.target().count()));
    for (const safety::GateResult& order : tick_.orders) {
      mix(static_cast<std::uint64_t>(order.command->kind));
      mix(static_cast<std::uint64_t>(order.command->p.count()));
    }
    mix(plant_.grid_w());
    for (std::size_t b = 0; b < sensors_.size(); ++b) mix(plant_.battery(b).voltage_v);
  }
  template <class T>
  void mix(T value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    fingerprint_ = (fingerprint_ ^ bits) * 0x100000001B3ULL;
    fingerprint_ ^= fingerprint_ >> 29;
  }

  Dice dice_;
  Dice judge_dice_{1};
  runtime::ControlConfig config_;
  WorldTables tables_;
  WorldPlant plant_;
  FleetOracle oracle_;
  WorldTold told_;
  std::vector<WorldSensors> sensors_;
  std::vector<Duration> periods_;
  std::array<WorldLink<BatteryFrame>, 3> battery_links_;
  std::array<WorldLink<InverterFrame>, 3> inverter_links_;
  std::array<WorldLink<Order>, 3> order_links_;
  WorldLink<MeterFrame> meter_link_;
  std::unique_ptr<runtime::ControlLoop> loop_;
  runtime::TickInputs inputs_;
  runtime::Tick tick_;
  safety::State before_;
  safety::Latch written_;
  bool unwritten_ = false;
  bool unreadable_ = false;
  Instant write_at_{};
  Duration skew_ = seconds(1'000);
  Duration wall_off_{};
  ClockQuality wall_quality_ = ClockQuality::synced;
  std::int64_t late_ticks_ = 0;
  Instant clock_good_at_{};
  Instant down_until_{};
  Instant estop_until_{};
  Instant estop_contact_until_{};
  Instant estop_line_cut_{};
  Instant excursion_until_{};
  std::int64_t excursion_mhz_ = 50'000;
  std::array<Instant, 3> uneasy_at_{};
  std::array<Instant, 3> unseen_at_{};
  bool last_tripped_ = false;
  std::string wrong_reset_;
  Instant next_mischief_ = Instant{} + seconds(40);  ///< Health is shown first.
  std::array<std::uint64_t, kHappened> happened_{};
  std::uint64_t fingerprint_ = 0xCBF29CE484222325ULL;
};

}  // namespace ems::test
