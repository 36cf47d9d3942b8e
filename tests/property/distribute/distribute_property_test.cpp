// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <vector>

#include "ems/distribute/distribute.hpp"
#include "support/seed.hpp"

namespace ems::distribute {
namespace {

constexpr std::uint64_t kSeed = 0x5eed'0002;
constexpr int kCases = 200'000;

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  std::int64_t below(std::int64_t n) {
    return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random_);
  }
  Watt watt() {
    switch (below(16)) {
      case 0:
        return Watt::min();
      case 1:
        return Watt::max();
      case 2:
        return Watt{};
      default:
        return Watt{static_cast<std::int32_t>(below(2'001) - 1'000)};
    }
  }
  Battery battery(bool forced) {
    Watt a = watt();
    Watt b = watt();
    if (!forced) {
      a = min_of(a, Watt{});
      b = max_of(b, Watt{});
    }
    Battery out{.bounds = {min_of(a, b), max_of(a, b)},
                .soc = {},
                .capacity = {},
                .soc_min = {},
                .soc_max = {}};
    if (below(8) != 0) out.soc = BasisPoints{static_cast<std::int32_t>(below(10'001))};
    out.capacity = below(20) == 0 ? WattHour::max() : WattHour{below(50'000)};
    out.soc_min = BasisPoints{static_cast<std::int32_t>(below(4'000))};
    out.soc_max = BasisPoints{static_cast<std::int32_t>(4'000 + below(6'001))};
    return out;
  }

 private:
  std::mt19937_64 random_;
};

/// A random site that owns what split() borrows.
class Plant {
 public:
  Plant(World& world, bool forced)
      : inverters_(static_cast<std::size_t>(world.below(kInvertersMax + 1))) {
    for (std::size_t k = 0; k < inverters_.size(); ++k) {
      for (Battery& battery : batteries_[k]) battery = world.battery(forced);
      const auto count = static_cast<std::size_t>(world.below(4));
      inverters_[k] = {.available = world.below(6) != 0,
                       .rating = {min_of(world.watt(), Watt{}), max_of(world.watt(), Watt{})},
                       .batteries = std::span(batteries_[k]).first(count)};
      for (std::int64_t phases = world.below(4); phases > 0 && world.below(3) == 0; --phases) {
        inverters_[k].phases.push_back(
            {min_of(world.watt(), Watt{}), max_of(world.watt(), Watt{})});
      }
    }
  }
  Plant(const Plant&) = delete;
  Plant& operator=(const Plant&) = delete;

  [[nodiscard]] std::span<const Inverter> view() const { return inverters_; }
  [[nodiscard]] Battery& battery(std::size_t inverter) { return batteries_[inverter][0]; }
  /// A battery that begins to move with an unknown state of charge makes all parts equal.
  void know_every_soc() {
    for (auto& behind : batteries_) {
      for (Battery& battery : behind) battery.soc = battery.soc.value_or(5'000_bp);
    }
  }

 private:
  std::array<std::array<Battery, 3>, kInvertersMax> batteries_{};
  std::vector<Inverter> inverters_;
};

std::int64_t moved(const Share& before, const Share& after) {
  return std::int64_t{after.power.count()} - before.power.count();
}

class DistributeProperty : public ::testing::TestWithParam<bool> {};

TEST_P(DistributeProperty, SharesFitTheirBoundsSumExactlyAndNeverOppose) {
  const bool forced = GetParam();
  const test::Seed seed(kSeed);
  World world(seed.value());
  const int cases = test::Seed::cases(kCases);
  for (int i = 0; i < cases; ++i) {
    const Plant plant(world, forced);
    const std::span<const Inverter> inverters = plant.view();
    const Watt asked = world.watt();
    const Distribution out = split(asked, inverters);

    const Interval site = site_bounds(inverters);
    ASSERT_EQ(out.bounds, site) << i;
    ASSERT_EQ(out.target, site.nearest(asked)) << i;
    ASSERT_EQ(out.shares.size(), inverters.size()) << i;
    std::int64_t sum = 0;
    bool charges = false;
    bool discharges = false;
    for (std::size_t k = 0; k < inverters.size(); ++k) {
      const Share& share = out.shares[k];
      ASSERT_EQ(share.bounds, inverter_bounds(inverters[k])) << i;
      ASSERT_TRUE(share.bounds.contains(share.power)) << i;
      sum += share.power.count();
      charges = charges || share.power < Watt{};
      discharges = discharges || share.power > Watt{};
      if (share.bounds.contains(Watt{}) && !forced) {
        ASSERT_TRUE(share.power == Watt{} || (share.power > Watt{}) == (out.target > Watt{})) << i;
      }
      if (!inverters[k].available) {
        ASSERT_EQ(share.power, Watt{}) << i;
      }
    }
    ASSERT_EQ(sum, out.target.count()) << i;
    ASSERT_EQ(out.cross_charging, charges && discharges) << i;
    ASSERT_EQ(out, split(asked, inverters)) << i;
  }
}

TEST_P(DistributeProperty, AWattMoreMovesExactlyOneShareByOneWatt) {
  const test::Seed seed(kSeed + 1);
  World world(seed.value());
  const int cases = test::Seed::cases(kCases / 20, 20);
  for (int i = 0; i < cases; ++i) {
    const Plant plant(world, GetParam());
    const Interval site = site_bounds(plant.view());
    Watt target = site.nearest(world.watt());
    Distribution before = split(target, plant.view());
    for (int step = 0; step < 20 && target < site.hi; ++step) {
      target += Watt{1};
      const Distribution after = split(target, plant.view());
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < after.shares.size(); ++k) {
        const std::int64_t one = moved(before.shares[k], after.shares[k]);
        ASSERT_TRUE(one == 0 || one == 1) << i << " " << k << " " << target.count();
        sum += one;
      }
      ASSERT_EQ(sum, 1) << i;
      before = after;
    }
  }
}

TEST_P(DistributeProperty, MovingOneBoundMovesNoShareByMore) {
  const test::Seed seed(kSeed + 2);
  World world(seed.value());
  const int cases = test::Seed::cases(kCases / 4);
  for (int i = 0; i < cases; ++i) {
    Plant plant(world, GetParam());
    plant.know_every_soc();
    if (plant.view().empty()) continue;
    const Watt target = world.watt();
    const Distribution before = split(target, plant.view());
    const auto which =
        static_cast<std::size_t>(world.below(static_cast<std::int64_t>(plant.view().size())));
    Interval& bounds = plant.battery(which).bounds;
    const Watt e{static_cast<std::int32_t>(world.below(50))};
    (world.below(2) == 0 ? bounds.hi += e : bounds.lo -= e);
    const Distribution after = split(target, plant.view());
    // Which of two equal energies has the odd watt may change: one watt per inverter.
    const std::int64_t slack = e.count() + static_cast<std::int64_t>(kInvertersMax);
    for (std::size_t k = 0; k < after.shares.size(); ++k) {
      ASSERT_LE(std::abs(moved(before.shares[k], after.shares[k])), slack) << i << " " << k;
    }
  }
}

TEST_P(DistributeProperty, TheOrderOfTheInvertersDecidesNoMoreThanTheOddWatt) {
  const test::Seed seed(kSeed + 3);
  World world(seed.value());
  auto shuffle = seed.engine();
  const int cases = test::Seed::cases(kCases / 4);
  for (int i = 0; i < cases; ++i) {
    const Plant plant(world, GetParam());
    const Watt target = world.watt();
    const Distribution before = split(target, plant.view());
    std::vector<std::size_t> order(plant.view().size());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::shuffle(order.begin(), order.end(), shuffle);
    std::vector<Inverter> shuffled;
    for (const std::size_t k : order) shuffled.push_back(plant.view()[k]);
    const Distribution after = split(target, shuffled);
    ASSERT_EQ(after.target, before.target) << i;
    for (std::size_t k = 0; k < order.size(); ++k) {
      ASSERT_LE(std::abs(moved(before.shares[order[k]], after.shares[k])), 1) << i << " " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(FreeAndForced, DistributeProperty, ::testing::Bool());

}  // namespace
}  // namespace ems::distribute
