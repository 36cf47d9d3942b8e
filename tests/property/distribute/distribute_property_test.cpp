// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
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

class DistributeProperty : public ::testing::TestWithParam<bool> {};

TEST_P(DistributeProperty, SharesFitTheirBoundsSumExactlyAndNeverOppose) {
  const bool forced = GetParam();
  const test::Seed seed(kSeed);
  World world(seed.value());
  for (int i = 0; i < kCases; ++i) {
    std::array<std::array<Battery, 3>, kInvertersMax> batteries{};
    std::vector<Inverter> inverters(static_cast<std::size_t>(world.below(kInvertersMax + 1)));
    for (std::size_t k = 0; k < inverters.size(); ++k) {
      for (Battery& battery : batteries[k]) battery = world.battery(forced);
      const auto count = static_cast<std::size_t>(world.below(4));
      inverters[k] = {world.below(6) != 0,
                      {min_of(world.watt(), Watt{}), max_of(world.watt(), Watt{})},
                      std::span(batteries[k]).first(count)};
    }
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

INSTANTIATE_TEST_SUITE_P(FreeAndForced, DistributeProperty, ::testing::Bool());

}  // namespace
}  // namespace ems::distribute
