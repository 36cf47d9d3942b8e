// SPDX-License-Identifier: Apache-2.0
// Whole steps with every policy and a hostile world: extremes, samples of any age and quality,
// commands of any lease, a wall clock that jumps.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "ems/decision/decision.hpp"
#include "support/seed.hpp"

namespace ems::decision {
namespace {

constexpr std::uint64_t kSeed = 0x5eed'0005;
constexpr std::int64_t kUtcMs = 1'700'000'000'000;

/// A site that is never the same twice.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  std::int32_t below(std::int32_t n) {
    return std::uniform_int_distribution<std::int32_t>(0, n - 1)(random_);
  }
  bool one_in(std::int32_t n) { return below(n) == 0; }
  /// Small numbers meet and cross often; now and then the ends of the type.
  Watt watt() {
    if (one_in(30)) return one_in(2) ? Watt::min() : Watt::max();
    return Watt{below(4'001) - 2'000};
  }
  Watt positive() { return Watt{1 + below(2'000)}; }
  Interval envelope() {
    const Watt a = watt();
    const Watt b = watt();
    return {min_of(a, b), max_of(a, b)};
  }

  Config config() {
    Config c;
    const auto some = [this] { return !one_in(3); };
    if (some()) c.active_power_limit = {{positive(), positive()}, {positive(), {}}, 20_s};
    if (some()) c.frequency_droop = {.grid = {.release_after = 1_s}, .reference = positive()};
    if (some()) c.ramp = {.up_per_s = positive(), .down_per_s = positive()};
    if (some()) c.dimming = {.failsafe = positive(), .failsafe_min = 3_s, .protective = positive()};
    if (some()) c.import_limit = {positive(), 3_s};
    if (some()) c.export_limit = {positive()};
    if (some()) {
      c.demand_limit = {.limit = positive(),
                        .import_max = Watt{4'000},
                        .window = 60_s,
                        .offset = 7_s,
                        .hold = 3_s,
                        .glide = 5_s};
    }
    if (some()) c.backup_reserve = {.reserve = BasisPoints{below(5'000)}};
    if (some()) c.setpoint = {10_s};
    if (some()) c.remote_setpoint = {10_s};
    if (some()) c.schedule = ScheduleConfig{};
    if (some()) c.zero_export = ZeroExportConfig{};
    if (some()) c.plan = PlanConfig{};
    if (some()) c.self_consumption = {.pcc_target = Watt{below(50)}, .deadband = Watt{below(50)}};
    if (some()) c.comfort_band = {.power = positive()};
    if (some()) c.gentle_current = GentleCurrentConfig{};
    if (some()) c.gentle_temperature = {.power = positive()};
    return c;
  }

  /// Changes some of the inputs; the rest grows older.
  void disturb(Inputs& in, Instant now) {
    in.envelope = envelope();
    if (one_in(2)) renew(in.pcc_power, watt(), now);
    if (one_in(2)) renew(in.battery_power, watt(), now);
    if (one_in(3)) renew(in.frequency, MilliHertz{49'700 + below(600)}, now);
    if (one_in(9)) renew(in.frequency, MilliHertz{below(70'000)}, now);
    if (one_in(5)) renew(in.grid_connected, one_in(2), now);
    if (one_in(5)) renew(in.energy_imported, WattHour{100 + below(100)}, now);
    BatterySummary& all = in.batteries;
    all.capacity = WattHour{below(10'000)};
    if (one_in(4)) renew(all.soc, BasisPoints{below(10'001)}, now);
    if (one_in(4)) renew(all.soc_min, BasisPoints{below(10'001)}, now);
    if (one_in(4)) renew(all.soc_max, BasisPoints{below(10'001)}, now);
    if (one_in(4)) renew(all.temperature_min, MilliCelsius{below(60'000) - 10'000}, now);
    if (one_in(4)) renew(all.temperature_max, MilliCelsius{below(60'000)}, now);
    if (one_in(9)) in.setpoint = {watt(), moment(now), moment(now), ActorName{"fuzz"}, 1};
    if (one_in(9)) in.remote_setpoint = {watt(), moment(now), moment(now), ActorName{"fuzz"}, 2};
    if (one_in(9)) in.active_power_limit = limit(now);
    if (one_in(9)) in.dimming = limit(now);
    if (one_in(40)) in.active_power_limit.reset();
    in.wall = {.utc = UtcInstant{milliseconds(kUtcMs) + (now - Instant{}) + wall_off_},
               .quality = ClockQuality{static_cast<std::uint8_t>(below(3))}};
    if (one_in(50)) wall_off_ = seconds(below(2'000) - 1'000);
    in.schedule = schedule_;
    in.plan = Plan{.slots = plan_,
                   .made_at = UtcInstant{milliseconds(kUtcMs)},
                   .valid_for = seconds(5'000),
                   .id = PlanId{"p"}};
  }

 private:
  Instant moment(Instant now) { return now + milliseconds(below(12'000) - 2'000); }
  LimitCommand limit(Instant now) {
    const auto side = [this] { return one_in(3) ? std::nullopt : std::optional(watt()); };
    return {{side(), side()}, moment(now), moment(now), ActorName{"dso"}, 3};
  }
  template <class Q>
  void renew(Measured<Q>& measured, Q value, Instant now) {
    measured.stale_after = 2_s;
    measured.sample.reset();
    if (one_in(30)) return;
    const Instant taken = now - milliseconds(below(10) == 0 ? below(3'000) - 50 : below(300));
    measured.sample = Sample<Q>{
        value, taken, one_in(12) ? Quality{static_cast<std::uint8_t>(below(4))} : Quality::good};
  }

  std::mt19937_64 random_;
  Duration wall_off_{};
  std::array<ScheduleEntry, 2> schedule_{
      ScheduleEntry{UtcInstant{milliseconds(kUtcMs)}, UtcInstant{milliseconds(kUtcMs + 300'000)},
                    Watt{700}},
      ScheduleEntry{UtcInstant{milliseconds(kUtcMs + 400'000)},
                    UtcInstant{milliseconds(kUtcMs + 900'000)}, Watt{-700}}};
  std::array<PlanSlot, 2> plan_{PlanSlot{UtcInstant{milliseconds(kUtcMs)},
                                         UtcInstant{milliseconds(kUtcMs + 200'000)},
                                         Watt{300},
                                         {}},
                                PlanSlot{UtcInstant{milliseconds(kUtcMs + 200'000)},
                                         UtcInstant{milliseconds(kUtcMs + 900'000)},
                                         {},
                                         Watt{100}}};
};

/// Runs `check(config, state before, inputs, now, step)` for hostile cycle after hostile cycle.
template <class Check>
void run_hostile(World& world, int cycles, const Check& check) {
  Config config;
  State state;
  Inputs inputs;
  Instant now{seconds(100)};
  for (int i = 0; i < cycles; ++i) {
    if (i % 400 == 0) {
      config = world.config();
      const Result<void> valid = validate(config);
      ASSERT_TRUE(valid) << valid.error().what;
      state = {};
      inputs = {};
    }
    now = now + milliseconds(world.below(300));
    world.disturb(inputs, now);
    const Step out = step(state, config, inputs, now);
    check(config, state, inputs, now, out, i);
    if (testing::Test::HasFatalFailure()) return;
    state = out.state;
    inputs.gated = Sample<Watt>{out.decision.target(), now, Quality::substituted};
    if (world.one_in(20)) inputs.gated.reset();
  }
}

bool inside(const Interval& inner, const Interval& outer) {
  return outer.lo <= inner.lo && inner.lo <= inner.hi && inner.hi <= outer.hi;
}
std::int64_t distance(Watt a, Watt b) {
  return std::llabs(std::int64_t{a.count()} - std::int64_t{b.count()});
}

class StepProperty : public ::testing::Test {
 protected:
  const test::Seed seed_{kSeed};
  World world_{seed_.value()};
};

TEST_F(StepProperty, TheTargetIsInTheEnvelopeAndTheRecordIsComplete) {
  run_hostile(world_, test::Seed::cases(60'000, 10),
              [](const Config& config, const State& state, const Inputs& inputs, Instant now,
                 const Step& out, int i) {
                const Decision& decision = out.decision;
                const Resolution& resolution = decision.resolution;
                ASSERT_TRUE(inputs.envelope.contains(decision.target())) << i;
                Interval left = inputs.envelope;
                for (const LevelTrace& trace : resolution.levels) {
                  ASSERT_EQ(trace.before, left) << i;
                  ASSERT_TRUE(inside(trace.after, left)) << i;
                  left = trace.after;
                }
                for (const Conflict& conflict : resolution.conflicts) {
                  ASSERT_NE(decision.find(conflict.policy), nullptr) << i;
                }
                if (resolution.winner && resolution.winner != PolicyId::safety) {
                  ASSERT_NE(decision.find(*resolution.winner), nullptr) << i;
                }
                ASSERT_TRUE(resolution.winner || decision.target() == Watt{}) << i;
                // A policy that asks has a status that says so, and the other way round.
                for (const PolicyOutput& output : decision.policies) {
                  const bool asks = output.demand.constraint || output.demand.preference;
                  switch (output.status) {
                    case PolicyStatus::acting:
                    case PolicyStatus::holding:
                    case PolicyStatus::fallback:
                      ASSERT_TRUE(asks) << i << " " << to_string(output.demand.policy);
                      break;
                    case PolicyStatus::satisfied:
                      break;
                    default:
                      ASSERT_FALSE(asks) << i << " " << to_string(output.demand.policy);
                  }
                }
                // Pure: the same arguments give the same step.
                const Step again = step(state, config, inputs, now);
                ASSERT_EQ(again.decision, decision) << i;
                ASSERT_EQ(again.state, out.state) << i;
              });
}

TEST_F(StepProperty, EveryExplanationIsWholeAndSaysTheTarget) {
  run_hostile(
      world_, test::Seed::cases(30'000, 10),
      [](const Config&, const State&, const Inputs& inputs, Instant, const Step& out, int i) {
        std::array<char, kExplanationSize> room{};
        const std::string text(explain(out.decision, room));
        ASSERT_LT(text.size(), kExplanationSize) << i;
        const std::int64_t target = out.decision.target().count();
        if (target == 0) {
          ASSERT_TRUE(text.ends_with("; idle")) << text;
        } else {
          const std::size_t last = text.rfind(target > 0 ? "; discharging " : "; charging ");
          ASSERT_NE(last, std::string::npos) << text;
          const double kw = std::stod(text.substr(text.find("ing ", last) + 4));
          ASSERT_EQ(std::llround(kw * 1'000), std::llabs(target)) << text;
        }
        const std::size_t allows = text.find("safety allows [");
        ASSERT_NE(allows, std::string::npos) << text;
        const std::string numbers = text.substr(allows + 15);
        ASSERT_EQ(std::llround(std::stod(numbers) * 1'000), inputs.envelope.lo.count()) << text;
        ASSERT_EQ(std::llround(std::stod(numbers.substr(numbers.find(", ") + 2)) * 1'000),
                  inputs.envelope.hi.count())
            << text;
      });
}

TEST_F(StepProperty, MovingTheEnvelopeByEMovesTheTargetByAtMostE) {
  run_hostile(world_, test::Seed::cases(30'000, 10),
              [this](const Config& config, const State& state, const Inputs& inputs, Instant now,
                     const Step& out, int i) {
                Inputs moved = inputs;
                Watt& bound = world_.one_in(2) ? moved.envelope.lo : moved.envelope.hi;
                const Watt old = bound;
                bound += Watt{world_.below(201) - 100};
                if (moved.envelope.lo > moved.envelope.hi) return;
                const Watt target = step(state, config, moved, now).decision.target();
                ASSERT_LE(distance(target, out.decision.target()), distance(bound, old)) << i;
              });
}

/// What a policy lets the batteries charge with and discharge with.
std::optional<PowerLimits> leave_of(const Decision& decision, PolicyId policy) {
  const PolicyOutput* output = decision.find(policy);
  if (output == nullptr) return std::nullopt;
  PowerLimits leave{Watt::max(), Watt::max()};
  if (output->demand.constraint) {
    const Band band = output->demand.constraint->effective();
    if (band.hi) leave.discharge_max = max_of(*band.hi, Watt{});
    if (band.lo) leave.charge_max = max_of(-*band.lo, Watt{});
  }
  return leave;
}

TEST_F(StepProperty, LosingAMeasurementNeverLoosensALimit) {
  run_hostile(world_, test::Seed::cases(60'000, 10),
              [this](const Config& config, const State& state, const Inputs& inputs, Instant now,
                     const Step& out, int i) {
                Inputs blind = inputs;
                switch (world_.below(5)) {
                  case 0:
                    blind.pcc_power.sample.reset();
                    break;
                  case 1:
                    blind.battery_power.sample.reset();
                    break;
                  case 2:
                    blind.batteries.soc.sample.reset();
                    break;
                  case 3:
                    blind.grid_connected.sample.reset();
                    break;
                  default:
                    blind.pcc_power.sample.reset();
                    blind.battery_power.sample.reset();
                    blind.batteries = {};
                    blind.grid_connected.sample.reset();
                }
                const Decision lost = step(state, config, blind, now).decision;
                for (const PolicyId policy : {PolicyId::active_power_limit, PolicyId::dimming,
                                              PolicyId::import_limit, PolicyId::demand_limit}) {
                  const auto before = leave_of(out.decision, policy);
                  if (!before) continue;
                  ASSERT_LE(*leave_of(lost, policy)->charge_max, *before->charge_max)
                      << i << " " << to_string(policy);
                }
                for (const PolicyId policy : {PolicyId::active_power_limit, PolicyId::export_limit,
                                              PolicyId::backup_reserve}) {
                  const auto before = leave_of(out.decision, policy);
                  if (!before) continue;
                  ASSERT_LE(*leave_of(lost, policy)->discharge_max, *before->discharge_max)
                      << i << " " << to_string(policy);
                }
              });
}

TEST_F(StepProperty, LimitsNeverAbstainAndDeadCommandsNeverSpeak) {
  run_hostile(world_, test::Seed::cases(60'000, 10),
              [](const Config& config, const State&, const Inputs& inputs, Instant now,
                 const Step& out, int i) {
                const Decision& decision = out.decision;
                for (const PolicyId policy : {PolicyId::active_power_limit, PolicyId::import_limit,
                                              PolicyId::export_limit, PolicyId::demand_limit}) {
                  const PolicyOutput* output = decision.find(policy);
                  ASSERT_TRUE(output == nullptr || output->demand.constraint)
                      << i << " " << to_string(policy);
                }
                if (config.active_power_limit) {
                  const Band band = *decision.find(PolicyId::active_power_limit)->demand.constraint;
                  const ActivePowerLimitConfig& own = *config.active_power_limit;
                  ASSERT_LE(*band.hi, *own.configured.discharge_max) << i;
                  ASSERT_GE(*band.lo, -*own.configured.charge_max) << i;
                  if (!alive(inputs.active_power_limit, own.lease_max, now)) {
                    ASSERT_LE(*band.hi, *own.fallback.discharge_max) << i;
                  }
                }
                if (config.dimming && !alive(inputs.dimming, config.dimming->lease_max, now)) {
                  const Band band = *decision.find(PolicyId::dimming)->demand.constraint;
                  ASSERT_GE(*band.lo, -max_of(config.dimming->failsafe, config.dimming->protective))
                      << i;
                }
                const auto silent = [&](PolicyId policy, const auto& command) {
                  const PolicyOutput* output = decision.find(policy);
                  if (output == nullptr || alive(command, 10_s, now)) return;
                  ASSERT_FALSE(output->demand.preference) << i << " " << to_string(policy);
                };
                silent(PolicyId::setpoint, inputs.setpoint);
                silent(PolicyId::remote_setpoint, inputs.remote_setpoint);
              });
}

TEST_F(StepProperty, ARampSlowsOnlyWhatNobodyAboveItAskedFor) {
  run_hostile(
      world_, test::Seed::cases(60'000, 10),
      [](const Config& config, const State&, const Inputs& inputs, Instant now, const Step& out,
         int i) {
        if (!config.ramp || !inputs.gated) return;
        std::vector<Demand> above;
        for (const PolicyId policy : {PolicyId::active_power_limit, PolicyId::frequency_droop}) {
          if (const PolicyOutput* output = out.decision.find(policy))
            above.push_back(output->demand);
        }
        const Interval left = resolve(inputs.envelope, above).at(Level::grid_code).after;
        const Watt last = inputs.gated->value;
        const Duration elapsed = min_of(now - inputs.gated->taken_at, config.ramp->step_max);
        const std::int64_t up =
            std::int64_t{config.ramp->up_per_s.count()} * elapsed.count() / 1'000'000;
        const std::int64_t down =
            std::int64_t{config.ramp->down_per_s.count()} * elapsed.count() / 1'000'000;
        const Watt target = out.decision.target();
        const std::int64_t moved = std::int64_t{target.count()} - last.count();
        // Where it moved faster, somebody above forced it, and it went no farther than that.
        if (moved > up + 1 || moved < -down - 1) {
          ASSERT_EQ(target, left.nearest(last)) << i;
        }
      });
}

}  // namespace
}  // namespace ems::decision
