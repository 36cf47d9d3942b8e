// SPDX-License-Identifier: Apache-2.0
// Policies at the meter around inverters with dead time and ramp, polled at any phase: whatever the
// load does, the loop settles exactly, within the declared time, without overshoot, oscillation or
// wind-up.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "ems/decision/decision.hpp"
#include "support/seed.hpp"

namespace ems::decision {
namespace {

constexpr std::uint64_t kSeed = 0x5eed'0003;
constexpr std::int64_t kTickMs = 100;
constexpr std::int32_t kLimitW = 8'000;

class Dice {
 public:
  explicit Dice(const test::Seed& seed) : random_(seed.engine()) {}
  std::int64_t pick(std::int64_t lo, std::int64_t hi) {
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random_);
  }

 private:
  std::mt19937_64 random_;
};

struct Poll {
  std::int64_t period_ms;
  std::int64_t phase_ms;
  MeasuredPower seen{};

  static Poll any(Dice& dice) {
    constexpr std::array<std::int64_t, 3> kPeriodsMs{200, 500, 1'000};
    const std::int64_t period = kPeriodsMs[static_cast<std::size_t>(dice.pick(0, 2))];
    return {period, dice.pick(0, period / kTickMs - 1) * kTickMs};
  }
  void look(std::int32_t watts, std::int64_t ms) {
    if (ms % period_ms != phase_ms) return;
    seen = {Sample<Watt>{Watt{watts}, Instant{milliseconds(ms)}}, seconds(3)};
  }
};

/// Follows its command after a dead time, by at most `ramp` per tick.
struct Plant {
  std::size_t dead_ticks;
  std::int32_t ramp_w_per_tick;
  Poll poll;
  std::deque<std::int32_t> pending{};
  std::int32_t power_w = 0;

  static Plant any(Dice& dice) {
    return {static_cast<std::size_t>(dice.pick(0, 20)),
            static_cast<std::int32_t>(dice.pick(200, 5'000)), Poll::any(dice)};
  }
  void run(std::int32_t command_w) {
    pending.push_back(command_w);
    if (pending.size() <= dead_ticks) return;
    power_w += std::clamp(pending.front() - power_w, -ramp_w_per_tick, ramp_w_per_tick);
    pending.pop_front();
  }
  /// Longest from a sample that shows a change to rest, for a change of `watts`.
  [[nodiscard]] std::int64_t settling_ms(std::int32_t watts) const {
    return poll.period_ms + static_cast<std::int64_t>(dead_ticks) * kTickMs +
           (watts / ramp_w_per_tick + 1) * kTickMs;
  }
};

/// What the battery should do for a load, once everything rests.
struct Goal {
  const char* name;
  Config config;
  std::int32_t (*needed)(std::int32_t load_w);
};

const std::vector<Goal>& goals() {
  static const std::vector<Goal> all{
      {"import_limit", Config{.import_limit = ImportLimitConfig{Watt{kLimitW}, seconds(30)}},
       [](std::int32_t load_w) { return std::max(load_w - kLimitW, 0); }},
      {"export_limit", Config{.export_limit = ExportLimitConfig{Watt{2'000}}},
       [](std::int32_t load_w) { return std::min(load_w + 2'000, 0); }},
      {"self_consumption", Config{.self_consumption = SelfConsumptionConfig{}},
       [](std::int32_t load_w) { return load_w; }},
      {"demand_limit without a clock",
       Config{.demand_limit =
                  DemandLimitConfig{
                      .limit = Watt{kLimitW}, .import_max = Watt{kLimitW}, .hold = seconds(30)}},
       [](std::int32_t load_w) { return std::max(load_w - kLimitW, 0); }},
  };
  return all;
}

/// The whole loop: load, meter, inverters, decision.
struct Loop {
  const Goal& goal;
  Poll meter;
  std::vector<Plant> plants;
  State state{};
  std::int64_t ms = 0;
  Watt target{};

  [[nodiscard]] std::int32_t power_w() const {
    std::int32_t sum = 0;
    for (const Plant& plant : plants) sum += plant.power_w;
    return sum;
  }
  [[nodiscard]] MeasuredPower battery() const {
    MeasuredPower sum = plants.front().poll.seen;
    for (std::size_t i = 1; i < plants.size(); ++i) sum = sum + plants[i].poll.seen;
    return sum;
  }
  void tick(std::int32_t load_w) {
    const Instant now{milliseconds(ms)};
    meter.look(load_w - power_w(), ms);
    for (Plant& plant : plants) plant.poll.look(plant.power_w, ms);
    Inputs inputs;
    inputs.envelope = {Watt{-20'000}, Watt{20'000}};
    inputs.pcc_power = meter.seen;
    inputs.battery_power = battery();
    inputs.gated = Sample<Watt>{target, now};
    const Step out = step(state, goal.config, inputs, now);
    state = out.state;
    target = out.decision.target();
    const auto parts = static_cast<std::int32_t>(plants.size());
    for (std::int32_t i = 0; i < parts; ++i) {
      const std::int32_t share = target.count() / parts + (i == 0 ? target.count() % parts : 0);
      plants[static_cast<std::size_t>(i)].run(share);
    }
    ms += kTickMs;
  }
  [[nodiscard]] std::string text() const {
    std::string out = std::string(goal.name) + " at " + std::to_string(ms) + " meter " +
                      std::to_string(meter.period_ms) + "+" + std::to_string(meter.phase_ms);
    for (const Plant& plant : plants) {
      out += "; dead " + std::to_string(plant.dead_ticks) + " ramp " +
             std::to_string(plant.ramp_w_per_tick) + " poll " +
             std::to_string(plant.poll.period_ms) + "+" + std::to_string(plant.poll.phase_ms);
    }
    return out;
  }
};

TEST(ClosedLoop, SettlesExactlyWithinTheDeclaredTimeWithoutOvershootOrOscillation) {
  const test::Seed seed(kSeed);
  Dice dice(seed);
  const int runs = test::Seed::cases(1'000, 500);
  for (int run = 0; run < runs; ++run) {
    const Goal& goal = goals()[static_cast<std::size_t>(run) % goals().size()];
    Loop loop{goal, Poll::any(dice), {}};
    const std::int64_t inverters = dice.pick(1, 3);
    for (std::int64_t i = 0; i < inverters; ++i) loop.plants.push_back(Plant::any(dice));

    std::int32_t load_w = 0;
    while (loop.ms < 10'000) loop.tick(load_w);  // Everybody has been seen.
    for (int change = 0; change < 4; ++change) {
      const std::int32_t before = goal.needed(load_w);
      load_w = static_cast<std::int32_t>(dice.pick(-13'000, 13'000));
      const std::int32_t after = goal.needed(load_w);
      std::int64_t declared_ms = 0;
      std::int64_t poll_ms = 0;
      for (const Plant& plant : loop.plants) {
        declared_ms = std::max(declared_ms, plant.settling_ms(std::abs(after - before)));
        poll_ms = std::max(poll_ms, plant.poll.period_ms);
      }
      // The meter's poll, then the slowest inverter's; and one more of both, not being in step.
      declared_ms += 2 * loop.meter.period_ms + poll_ms + 2 * kTickMs;
      const std::int64_t changed_ms = loop.ms;
      while (loop.ms < changed_ms + declared_ms + 10'000) {
        loop.tick(load_w);
        ASSERT_GE(loop.target.count(), std::min(before, after)) << run << " " << loop.text();
        ASSERT_LE(loop.target.count(), std::max(before, after)) << run << " " << loop.text();
        if (loop.ms > changed_ms + declared_ms) {
          ASSERT_EQ(loop.power_w(), after) << run << " " << loop.text();
          ASSERT_EQ(loop.target.count(), after) << run << " " << loop.text();
        }
      }
    }
  }
}

}  // namespace
}  // namespace ems::decision
