// SPDX-License-Identifier: Apache-2.0
// The demand limit with a battery that can do what is asked: whatever the load does, no window's
// mean import ends above the limit, and what may be drawn never jumps.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ems/decision/contractual.hpp"
#include "support/seed.hpp"

namespace ems::decision {
namespace {

constexpr std::uint64_t kSeed = 0x5eed'0004;
constexpr std::int64_t kTickMs = 500;

TEST(DemandLimitProperty, NoWindowEndsAboveItsLimitAndNothingJumps) {
  const test::Seed seed(kSeed);
  auto random = seed.engine();
  const auto pick = [&random](std::int64_t lo, std::int64_t hi) {
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random);
  };
  const int runs = test::Seed::cases(60, 20'000);
  for (int run = 0; run < runs; ++run) {
    const auto limit = static_cast<std::int32_t>(pick(0, 50'000));
    DemandLimitConfig config{.limit = Watt{limit},
                             .import_max = Watt{limit + static_cast<std::int32_t>(pick(0, 50'000))},
                             .window = seconds(pick(0, 1) == 0 ? 900 : 300),
                             .offset = seconds(pick(0, 299)),
                             .hold = seconds(30),
                             .glide = seconds(pick(1, 150))};
    ASSERT_TRUE(validate(config));
    const std::int64_t start_ms = pick(0, 2'000'000'000'000);
    const bool greedy = pick(0, 2) == 0;  // Recharges with all that is allowed.
    const std::int64_t step_w = limit * (kTickMs * 1'000) / config.glide.count() + 2;

    DemandLimitState state;
    std::int64_t load_w = pick(0, 2 * limit + 100);
    std::int64_t energy = 0;  // W * ms
    std::optional<Watt> last;
    std::optional<UtcInstant> window;
    bool whole = false;  // This window was seen from its beginning.
    std::int64_t import_w = 0;
    for (std::int64_t ms = 0; ms < 3 * config.window.count() / 1'000; ms += kTickMs) {
      if (pick(0, 40) == 0) load_w = pick(0, 3 * limit + 100);
      const Instant now{milliseconds(ms)};
      const MeasuredPower pcc{Sample<Watt>{Watt{static_cast<std::int32_t>(import_w)}, now}, 3_s};
      const NetLoad net{Watt{static_cast<std::int32_t>(load_w)}, now, now, {}, {}};
      const WallTime wall{.utc = UtcInstant{milliseconds(start_ms + ms)},
                          .quality = ClockQuality::synced};
      const DemandLimitStep step =
          demand_limit(state, config, net, pcc, {}, wall, std::nullopt, now);
      state = step.state;
      const Watt allowed = step.window->allowed;
      ASSERT_GE(allowed, Watt{}) << run << " " << ms;
      ASSERT_LE(allowed, config.import_max) << run << " " << ms;
      if (last) {
        ASSERT_LE(allowed - *last, Watt{static_cast<std::int32_t>(step_w)}) << run << " " << ms;
        ASSERT_LE(*last - allowed, Watt{static_cast<std::int32_t>(step_w)}) << run << " " << ms;
      }
      last = allowed;
      if (window && window != step.window->start) {
        if (whole) {
          ASSERT_LE(energy, limit * (config.window.count() / 1'000)) << run << " " << ms;
        }
        whole = true;
        // The part of the last tick that lies in the new window.
        const std::int64_t into = (config.window - step.window->left).count() / 1'000;
        energy = import_w * into;
      }
      window = step.window->start;
      // The battery does what is asked; the meter shows it until the next tick.
      import_w = greedy ? allowed.count() : std::min<std::int64_t>(load_w, allowed.count());
      const std::int64_t left_ms = step.window->left.count() / 1'000;
      energy += import_w * std::min(kTickMs, left_ms);
    }
  }
}

}  // namespace
}  // namespace ems::decision
