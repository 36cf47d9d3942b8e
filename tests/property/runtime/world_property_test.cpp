// SPDX-License-Identifier: Apache-2.0
/// @file Safety over simulated hours of a site where everything goes wrong, by seed. EMS_WORLDS
/// says how many worlds (seed, seed + 1, ...), EMS_WORLD_MINUTES how long each one lasts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "support/seed.hpp"
#include "support/world.hpp"

namespace ems::test {
namespace {

constexpr std::uint64_t kSeed = 0x5eed'0004;

/// How long something has been so without a break.
class Since {
 public:
  void observe(bool is, Instant now) {
    if (is && !is_) since_ = now;
    is_ = is;
  }
  [[nodiscard]] bool longer_than(Duration bound, Instant now) const {
    return is_ && now - since_ > bound;
  }

 private:
  bool is_ = false;
  Instant since_{};
};

// From a cell at its limit until no order charges: the last sound answer from before may be this
// late, and counts until it is stale; or a new one comes sooner.
constexpr Duration kOrderWithin =
    runtime::stale_after(World::kPeriod) + World::kLateMax + World::kSlowMax + World::kStep * 2;
// From there until nothing charges: an older set-point may arrive that late, holds for its lease,
// and the inverter then takes its dead time and ramps down.
constexpr Duration kPlantWithin = World::kLateMax + World::kLease + seconds(2);

struct Outcome {
  std::uint64_t fingerprint = 0;
  int ticks_moving = 0;       ///< Ticks in which power was ordered.
  int ticks_overvoltage = 0;  ///< Ticks in which the order had to forbid charging.
  int ticks_stale = 0;        ///< Ticks without fresh cells.
};

class Judge {
 public:
  explicit Judge(World& world) : world_(world) {}

  void watch(const runtime::Tick& tick) {
    const Instant now = world_.now();
    const safety::BatteryVerdict& verdict = tick.safety.batteries[0];
    const auto& order = tick.orders[0].command;
    ASSERT_TRUE(order);  // Armed: there is always an order.
    const bool follows = order->kind == CommandKind::follow;
    const Watt p = follows ? order->p : Watt{};
    ASSERT_TRUE(!follows || tick.safety.inverters[0].ac.contains(p)) << "outside the envelope";
    const CommandKind strongest = tick.safety.inverters[0].command;
    ASSERT_TRUE(!follows || strongest == CommandKind::follow) << "follows where it must stop";
    ASSERT_TRUE(verdict.charge_current_max > 0_ma || p >= 0_w) << "charges where it is forbidden";
    ASSERT_TRUE(verdict.discharge_current_max > 0_ma || p <= 0_w) << "discharges where forbidden";
    outcome_.ticks_moving += p != 0_w ? 1 : 0;

    const Instant heard = std::min(world_.cells_heard_at(), world_.terminals_heard_at());
    const bool stale = now - heard >= runtime::stale_after(World::kPeriod);
    outcome_.ticks_stale += stale ? 1 : 0;
    ASSERT_TRUE(!stale ||
                (verdict.charge_current_max == 0_ma && verdict.discharge_current_max == 0_ma))
        << "stale input looks healthy";

    double highest_v = 0.0;
    for (const double v : world_.truth().battery.cell_v) highest_v = std::max(highest_v, v);
    over_.observe(world_.battery_honest() && highest_v >= 3.6505, now);  // Half a wire step above.
    const bool must_not_charge = over_.longer_than(kOrderWithin, now);
    outcome_.ticks_overvoltage += must_not_charge ? 1 : 0;
    ASSERT_TRUE(!must_not_charge || p >= 0_w) << "charges a cell that is full";
    forbidden_.observe(verdict.charge_current_max == 0_ma, now);
    ASSERT_TRUE(!forbidden_.longer_than(kPlantWithin, now) || world_.truth().battery_ac_w > -1.0)
        << "the plant charges though nobody may want it";
  }

  [[nodiscard]] const Outcome& outcome() const { return outcome_; }
  void finish() { outcome_.fingerprint = world_.fingerprint(); }

 private:
  World& world_;
  Since over_;
  Since forbidden_;
  Outcome outcome_;
};

Outcome live(std::uint64_t seed, std::uint64_t minutes) {
  World world(seed);
  Judge judge(world);
  const Instant end = Instant{} + seconds(static_cast<std::int64_t>(minutes) * 60);
  while (world.now() < end) {
    judge.watch(world.step());
    if (testing::Test::HasFatalFailure()) {
      std::printf("at %lld ms of world %llu; replay: EMS_WORLDS=1 %s\n",
                  static_cast<long long>(world.now().since_zero().count() / 1'000),
                  static_cast<unsigned long long>(seed), Seed::replay(seed).c_str());
      break;
    }
  }
  judge.finish();
  return judge.outcome();
}

TEST(World, NeverLeavesItsEnvelopeWhateverFails) {
  const Seed first(kSeed);
  const std::uint64_t worlds = Seed::number("EMS_WORLDS", 8);
  const std::uint64_t minutes = Seed::number("EMS_WORLD_MINUTES", 60);
  Outcome all;
  for (std::uint64_t i = 0; i < worlds && !HasFatalFailure(); ++i) {
    const Outcome one = live(first.value() + i, minutes);
    all.ticks_moving += one.ticks_moving;
    all.ticks_overvoltage += one.ticks_overvoltage;
    all.ticks_stale += one.ticks_stale;
  }
  std::printf(
      "%llu worlds of %llu min: %d ticks moved power, %d had to forbid charging, %d were blind\n",
      static_cast<unsigned long long>(worlds), static_cast<unsigned long long>(minutes),
      all.ticks_moving, all.ticks_overvoltage, all.ticks_stale);
  if (HasFatalFailure() || worlds < 8 || minutes < 60) return;  // A replay need not see all.
  EXPECT_GT(all.ticks_moving, 20'000);                          // The property was not empty.
  EXPECT_GT(all.ticks_overvoltage, 100);
  EXPECT_GT(all.ticks_stale, 1'000);
}

TEST(World, SameSeedSameBitsOtherSeedOtherBits) {
  const Seed seed(kSeed);
  const std::uint64_t minutes = Seed::number("EMS_WORLD_MINUTES", 20);
  const std::uint64_t once = live(seed.value(), minutes).fingerprint;
  EXPECT_EQ(once, live(seed.value(), minutes).fingerprint);
  EXPECT_NE(once, live(seed.value() + 1, minutes).fingerprint);
}

}  // namespace
}  // namespace ems::test
