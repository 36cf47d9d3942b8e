// SPDX-License-Identifier: Apache-2.0
// Peak shaving around an inverter with dead time and ramp, polled at any phase: it settles,
// exactly, within the declared time, and does not wind up.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>

#include "ems/decision/decision.hpp"
#include "support/seed.hpp"

namespace ems::decision {
namespace {

constexpr std::uint64_t kSeed = 0x5eed'0003;
constexpr std::int64_t kTickMs = 100;
constexpr std::int32_t kLimitW = 8'000;

struct Poll {
  std::int64_t period_ms;
  std::int64_t phase_ms;
  MeasuredPower seen{};
  void look(std::int32_t watts, std::int64_t ms) {
    if (ms % period_ms != phase_ms) return;
    seen = {Sample<Watt>{Watt{watts}, Instant{milliseconds(ms)}}, seconds(3)};
  }
};

/// Follows its command after a dead time, by at most `ramp` per tick.
struct Plant {
  std::size_t dead_ticks;
  std::int32_t ramp_w_per_tick;
  std::deque<std::int32_t> pending{};
  std::int32_t power_w = 0;
  void run(std::int32_t command_w) {
    pending.push_back(command_w);
    if (pending.size() <= dead_ticks) return;
    power_w += std::clamp(pending.front() - power_w, -ramp_w_per_tick, ramp_w_per_tick);
    pending.pop_front();
  }
};

TEST(ClosedLoop, SettlesExactlyWithinTheDeclaredTimeAndDoesNotWindUp) {
  const test::Seed seed(kSeed);
  auto random = seed.engine();
  const auto pick = [&random](std::int64_t lo, std::int64_t hi) {
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random);
  };
  const Config config{.net_load = {},
                      .import_limit = ImportLimitConfig{Watt{kLimitW}, seconds(30)},
                      .setpoint = {},
                      .self_consumption = {}};
  for (int run = 0; run < 400; ++run) {
    constexpr std::array<std::int64_t, 3> kPeriodsMs{200, 500, 1'000};
    Poll meter{kPeriodsMs[static_cast<std::size_t>(pick(0, 2))], 0};
    Poll battery{kPeriodsMs[static_cast<std::size_t>(pick(0, 2))], 0};
    meter.phase_ms = pick(0, meter.period_ms / kTickMs - 1) * kTickMs;
    battery.phase_ms = pick(0, battery.period_ms / kTickMs - 1) * kTickMs;
    Plant plant{static_cast<std::size_t>(pick(0, 5)), static_cast<std::int32_t>(pick(200, 5'000))};

    const auto load_w = static_cast<std::int32_t>(pick(9'000, 13'000));
    const std::int32_t needed_w = load_w - kLimitW;
    const std::int64_t ramp_ms = (needed_w / plant.ramp_w_per_tick + 1) * kTickMs;
    // Meter poll, dead time, ramp, 2 ticks; and one battery poll, because the two are not in step.
    const std::int64_t declared_ms = meter.period_ms + battery.period_ms +
                                     static_cast<std::int64_t>(plant.dead_ticks) * kTickMs +
                                     ramp_ms + 2 * kTickMs;
    State state;
    Watt target{};
    constexpr std::int64_t kStepMs = 5'000;
    std::int32_t peak_w = 0;
    for (std::int64_t ms = 0; ms < 30'000; ms += kTickMs) {
      const std::int32_t load = ms < kStepMs ? 3'000 : load_w;
      meter.look(load - plant.power_w, ms);
      battery.look(plant.power_w, ms);
      const Inputs inputs{.envelope = {Watt{-10'000}, Watt{10'000}},
                          .pcc_power = meter.seen,
                          .battery_power = battery.seen,
                          .gated = Sample<Watt>{target, Instant{milliseconds(ms)}},
                          .setpoint = {}};
      const Step out = step(state, config, inputs, Instant{milliseconds(ms)});
      state = out.state;
      target = out.decision.target();
      plant.run(target.count());
      peak_w = std::max(peak_w, target.count());
      if (ms >= kStepMs + declared_ms) {
        ASSERT_EQ(plant.power_w, needed_w)
            << "run " << run << " at " << ms << " meter " << meter.period_ms << "+"
            << meter.phase_ms << " battery " << battery.period_ms << "+" << battery.phase_ms
            << " dead " << plant.dead_ticks << " ramp " << plant.ramp_w_per_tick;
      }
    }
    ASSERT_LE(peak_w, needed_w) << run;
  }
}

}  // namespace
}  // namespace ems::decision
