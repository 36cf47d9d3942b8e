// SPDX-License-Identifier: Apache-2.0
#include "ems/distribute/distribute.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace ems::distribute {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Interval iv(std::int32_t lo, std::int32_t hi) { return {w(lo), w(hi)}; }

Battery cells(Interval bounds, std::optional<BasisPoints> soc = 5'000_bp,
              WattHour capacity = 10'000_wh) {
  return {
      .bounds = bounds, .soc = soc, .capacity = capacity, .soc_min = 1'000_bp, .soc_max = 9'000_bp};
}

/// Inverters that own their batteries, one each unless said otherwise.
class Site {
 public:
  Site& add(Interval rating, std::vector<Battery> batteries, bool available = true) {
    batteries_.push_back(std::move(batteries));
    inverters_.push_back({available, rating, {}});
    for (std::size_t i = 0; i < inverters_.size(); ++i) inverters_[i].batteries = batteries_[i];
    return *this;
  }
  [[nodiscard]] std::span<const Inverter> view() const { return inverters_; }

 private:
  std::vector<std::vector<Battery>> batteries_;
  std::vector<Inverter> inverters_;
};

std::vector<std::int32_t> watts_of(const Distribution& distribution) {
  std::vector<std::int32_t> watts;
  for (const Share& share : distribution.shares) watts.push_back(share.power.count());
  return watts;
}

std::vector<Reason> reasons_of(const Distribution& distribution) {
  std::vector<Reason> reasons;
  for (const Share& share : distribution.shares) reasons.push_back(share.reason);
  return reasons;
}

using Watts = std::vector<std::int32_t>;
using Reasons = std::vector<Reason>;
constexpr Interval kRating = iv(-5'000, 5'000);

TEST(Bounds, GoBottomUp) {
  const struct {
    const char* why;
    std::vector<Battery> batteries;
    bool available;
    Interval bounds;
  } cases[] = {
      {"one battery", {cells(iv(-2'000, 3'000))}, true, iv(-2'000, 3'000)},
      {"batteries are summed",
       {cells(iv(-1'000, 2'000)), cells(iv(-500, 1'500))},
       true,
       iv(-1'500, 3'500)},
      {"and cut to the rating",
       {cells(iv(-4'000, 4'000)), cells(iv(-4'000, 4'000))},
       true,
       iv(-5'000, 5'000)},
      {"a sum outside the rating is its nearest point",
       {cells(iv(6'000, 9'000))},
       true,
       iv(5'000, 5'000)},
      {"one that must not charge", {cells(iv(0, 3'000))}, true, iv(0, 3'000)},
      {"unavailable", {cells(iv(-2'000, 3'000))}, false, iv(0, 0)},
      {"unavailable, whatever PV forces", {cells(iv(1'000, 3'000))}, false, iv(0, 0)},
      {"no battery", {}, true, iv(0, 0)},
      {"saturates",
       {cells({Watt::min(), Watt::max()}), cells({Watt::min(), Watt::max()})},
       true,
       iv(-5'000, 5'000)},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(inverter_bounds({c.available, kRating, c.batteries}), c.bounds) << c.why;
  }
}

TEST(Bounds, InvertersAreSummedAndStayFinite) {
  EXPECT_EQ(site_bounds({}), iv(0, 0));
  Site site;
  site.add(kRating, {cells(iv(-1'000, 2'000))}).add(kRating, {cells(iv(-9'000, 9'000))});
  EXPECT_EQ(site_bounds(site.view()), iv(-6'000, 7'000));
  const Interval all{Watt::min(), Watt::max()};
  EXPECT_EQ(site_bounds(Site{}.add(all, {cells(all)}).add(all, {cells(all)}).view()),
            (Interval{kRatingMax * -2, kRatingMax * 2}));
}

TEST(Split, ByEnergyDischargingAndByRoomCharging) {
  Site site;  // 4 kWh above soc_min and 4 below soc_max; 7 and 1; 8 and 0.
  site.add(kRating, {cells(kRating, 5'000_bp)})
      .add(kRating, {cells(kRating, 8'000_bp)})
      .add(kRating, {cells(kRating, 9'000_bp)});
  const Distribution out = split(w(1'900), site.view());
  EXPECT_EQ(watts_of(out), (Watts{400, 700, 800}));
  EXPECT_EQ(reasons_of(out), Reasons(3, Reason::by_energy));
  EXPECT_EQ(out.shares[1].energy, 7'000_wh);
  const Distribution in = split(w(-1'000), site.view());
  EXPECT_EQ(watts_of(in), (Watts{-800, -200, 0}));
  EXPECT_EQ(reasons_of(in), (Reasons{Reason::by_energy, Reason::by_energy, Reason::idle}));
  EXPECT_EQ(in.shares[0].energy, 4'000_wh);
  EXPECT_FALSE(in.cross_charging);
}

TEST(Split, WhatDoesNotFitGoesToTheRoomLeft) {
  Site site;
  site.add(kRating, {cells(iv(-500, 500), 8'000_bp)})
      .add(kRating, {cells(iv(-3'000, 3'000), 2'000_bp)})
      .add(kRating, {cells(iv(-3'000, 3'000), 2'000_bp)});
  const Distribution out = split(w(1'800), site.view());  // 7 : 1 : 1 would be 1400, 200, 200.
  EXPECT_EQ(watts_of(out), (Watts{500, 650, 650}));
  EXPECT_EQ(reasons_of(out), (Reasons{Reason::at_limit, Reason::takes_rest, Reason::takes_rest}));
}

TEST(Split, AnEmptyBatteryWorksOnlyWhenNobodyElseCan) {
  Site site;
  site.add(kRating, {cells(iv(-3'000, 3'000), 1'000_bp)})
      .add(kRating, {cells(iv(-3'000, 3'000), 9'000_bp)});
  EXPECT_EQ(watts_of(split(w(2'999), site.view())), (Watts{0, 2'999}));
  const Distribution out = split(w(4'000), site.view());
  EXPECT_EQ(watts_of(out), (Watts{1'000, 3'000}));
  EXPECT_EQ(reasons_of(out), (Reasons{Reason::takes_rest, Reason::at_limit}));
}

TEST(Split, UnknownEnergyMeansEqualParts) {
  Site site;
  site.add(kRating, {cells(kRating, 9'000_bp)}).add(kRating, {cells(kRating, std::nullopt)});
  const Distribution out = split(w(2'001), site.view());
  EXPECT_EQ(watts_of(out), (Watts{1'001, 1'000}));
  EXPECT_EQ(reasons_of(out), Reasons(2, Reason::equally));
  EXPECT_EQ(out.shares[1].energy, std::nullopt);
  // One unknown battery behind an inverter makes that inverter's energy unknown.
  Site mixed;
  mixed.add(kRating, {cells(iv(-900, 900)), cells(iv(-900, 900), std::nullopt)})
      .add(kRating, {cells(kRating, 9'000_bp)});
  EXPECT_EQ(watts_of(split(w(-1'000), mixed.view())), (Watts{-500, -500}));
  // But it does not matter how full one is that cannot move.
  Site stuck;
  stuck.add(kRating, {cells(iv(-900, 0), std::nullopt)})
      .add(kRating, {cells(kRating, 3'000_bp)})
      .add(kRating, {cells(kRating, 5'000_bp)});
  EXPECT_EQ(watts_of(split(w(3'000), stuck.view())), (Watts{0, 1'000, 2'000}));
  // Nobody has any energy, and safety still allows it: equal parts.
  Site empty;
  empty.add(kRating, {cells(kRating, 500_bp)}).add(kRating, {cells(kRating, 500_bp)});
  EXPECT_EQ(reasons_of(split(w(1'000), empty.view())), Reasons(2, Reason::equally));
}

TEST(Split, IntegerRemaindersGoOutInOrderAndTheSumIsExact) {
  Site site;
  for (int i = 0; i < 3; ++i) site.add(kRating, {cells(kRating)});
  EXPECT_EQ(watts_of(split(w(100), site.view())), (Watts{34, 33, 33}));
  EXPECT_EQ(watts_of(split(w(101), site.view())), (Watts{34, 34, 33}));
  EXPECT_EQ(watts_of(split(w(-100), site.view())), (Watts{-34, -33, -33}));
}

TEST(Split, TheLastWattGoesToNobodyWithoutEnergy) {
  Site site;
  site.add(kRating, {cells(kRating, 1'000_bp)})
      .add(kRating, {cells(kRating)})
      .add(kRating, {cells(kRating)});
  EXPECT_EQ(watts_of(split(w(101), site.view())), (Watts{0, 51, 50}));
}

TEST(Split, ZeroIsIdleAndWeighsWhatCouldBeDelivered) {
  Site site;
  site.add(kRating, {cells(kRating, 8'000_bp)});
  const Distribution out = split(w(0), site.view());
  EXPECT_EQ(reasons_of(out), Reasons{Reason::idle});
  EXPECT_EQ(out.shares[0].energy, 7'000_wh);
}

TEST(Split, ClampsTheTargetAndSaysSo) {
  Site site;
  site.add(kRating, {cells(iv(-1'000, 2'000))});
  const Distribution out = split(w(9'000), site.view());
  EXPECT_EQ(out.asked, w(9'000));
  EXPECT_EQ(out.target, w(2'000));
  EXPECT_EQ(out.bounds, iv(-1'000, 2'000));
  EXPECT_EQ(watts_of(out), Watts{2'000});
  EXPECT_EQ(reasons_of(out), Reasons{Reason::at_limit});
}

TEST(Bounds, APhaseLimitBoundsAnInverterByItsWorstPhase) {
  const std::vector<Battery> batteries{cells(iv(-9'000, 9'000))};
  Inverter inverter{true, iv(-9'000, 9'000), batteries};
  inverter.phases.push_back(iv(-2'000, 1'500));
  EXPECT_EQ(inverter_bounds(inverter), iv(-2'000, 1'500));
  inverter.phases.push_back(iv(-500, 3'000));
  inverter.phases.push_back(iv(-4'000, 2'000));
  EXPECT_EQ(inverter_bounds(inverter), iv(-1'500, 4'500));
  inverter.phases[0] = {};  // A phase that can carry nothing.
  EXPECT_EQ(inverter_bounds(inverter), iv(0, 0));
  inverter.phases[0] = inverter.phases[1] = inverter.phases[2] = {Watt::min(), Watt::max()};
  EXPECT_EQ(inverter_bounds(inverter), iv(-9'000, 9'000));
}

TEST(Split, OnOneBusTheEmptiestEndsItForAll) {
  Site site;  // Discharging: 1 of 8 tenths in both; charging: 2 of 8.
  site.add(kRating, {cells(kRating, 2'000_bp), cells(iv(0, 0), 7'000_bp)})
      .add(kRating, {cells(kRating, 5'000_bp)});
  EXPECT_EQ(split(w(600), site.view()).shares[0].energy, 2'000_wh);
  EXPECT_EQ(watts_of(split(w(600), site.view())), (Watts{200, 400}));
  EXPECT_EQ(split(w(-800), site.view()).shares[0].energy, 4'000_wh);
  EXPECT_EQ(watts_of(split(w(-800), site.view())), (Watts{-400, -400}));
}

TEST(Split, AWattMoreGoesToWhoeverIsNextInTurn) {
  Site site;  // 1, 1, 5 and 5 kWh: 3 and 4 by turns, and once in five rounds the others.
  for (const int soc : {1'100, 1'100, 1'500, 1'500}) {
    site.add(kRating, {cells(kRating, BasisPoints{soc}, 100'000_wh)});
  }
  EXPECT_EQ(watts_of(split(w(2), site.view())), (Watts{0, 0, 1, 1}));
  EXPECT_EQ(watts_of(split(w(3), site.view())), (Watts{0, 0, 2, 1}));
  EXPECT_EQ(watts_of(split(w(8), site.view())), (Watts{0, 0, 4, 4}));
  EXPECT_EQ(watts_of(split(w(9), site.view())), (Watts{1, 0, 4, 4}));  // A tie: the first.
  EXPECT_EQ(watts_of(split(w(11), site.view())), (Watts{1, 1, 5, 4}));
  EXPECT_EQ(watts_of(split(w(12), site.view())), (Watts{1, 1, 5, 5}));
}

TEST(Split, OneThatCannotMoveChangesNothingForTheOthers) {
  Site site;
  site.add(kRating, {cells(iv(-5'000, 0), 9'000_bp)})
      .add(kRating, {cells(kRating, 2'000_bp)})
      .add(kRating, {cells(kRating, 4'000_bp)});
  const Distribution out = split(w(4'000), site.view());
  EXPECT_EQ(watts_of(out), (Watts{0, 1'000, 3'000}));
  EXPECT_EQ(reasons_of(out), (Reasons{Reason::idle, Reason::by_energy, Reason::by_energy}));
}

TEST(Split, OneFullInverterCanFillTheNext) {
  Site site;
  site.add(kRating, {cells(iv(-100, 100))})
      .add(kRating, {cells(iv(-400, 400))})
      .add(kRating, {cells(kRating)});
  EXPECT_EQ(watts_of(split(w(1'000), site.view())), (Watts{100, 400, 500}));
  EXPECT_EQ(watts_of(split(w(-5'500), site.view())), (Watts{-100, -400, -5'000}));
}

TEST(Split, OnlyWhatIsTooSmallForItsPartMakesOthersTakeTheRest) {
  const auto reasons = [](std::int32_t room) {
    Site site;  // The first has the most energy, and cannot move.
    site.add(kRating, {cells(iv(-5'000, 0), 9'000_bp)})
        .add(kRating, {cells(iv(-room, room))})
        .add(kRating, {cells(kRating)});
    return reasons_of(split(w(1'000), site.view()));
  };
  EXPECT_EQ(reasons(300), (Reasons{Reason::idle, Reason::at_limit, Reason::takes_rest}));
  EXPECT_EQ(reasons(500), (Reasons{Reason::idle, Reason::at_limit, Reason::by_energy}));
}

TEST(Split, AnUnknownCapacityIsNoEnergyAlsoNearEmpty) {
  Site site;
  site.add(kRating, {cells(kRating, 1'010_bp)}).add(kRating, {cells(kRating, 5'000_bp, 0_wh)});
  EXPECT_EQ(watts_of(split(w(1'000), site.view())), (Watts{1'000, 0}));
}

TEST(Split, EnergyIsExactToTheWattHour) {
  Site site;
  site.add(kRating, {cells(kRating, 5'000_bp, 12'345_wh)});
  EXPECT_EQ(split(w(1), site.view()).shares[0].energy, 4'938_wh);
}

TEST(Split, WithoutEnergyTheyTakeWhatIsLeftByTheirRoom) {
  Site site;
  site.add(kRating, {cells(iv(-1'000, 1'000), 9'000_bp)})
      .add(kRating, {cells(iv(-1'000, 1'000), 1'000_bp)})
      .add(kRating, {cells(iv(-3'000, 3'000), 1'000_bp)});
  EXPECT_EQ(watts_of(split(w(3'000), site.view())), (Watts{1'000, 500, 1'500}));
  EXPECT_EQ(watts_of(split(w(5'000), site.view())), (Watts{1'000, 1'000, 3'000}));
}

TEST(Split, ASensorsLastPercentDoesNotThrowPowerToAndFro) {
  const auto shares = [](int a_bp, int b_bp) {
    Site site;
    site.add(kRating, {cells(kRating, BasisPoints{1'000 + a_bp})})
        .add(kRating, {cells(kRating, BasisPoints{1'000 + b_bp})});
    return watts_of(split(w(4'000), site.view()));
  };
  // 2 % of 20 kWh are 400 Wh. Above it energies count as they are; below, ever more evenly.
  EXPECT_EQ(shares(300, 100), (Watts{3'000, 1'000}));
  EXPECT_EQ(shares(100, 300), (Watts{1'000, 3'000}));
  EXPECT_EQ(shares(300, 0), (Watts{3'500, 500}));
  EXPECT_EQ(shares(100, 0), (Watts{2'500, 1'500}));
  EXPECT_EQ(shares(0, 100), (Watts{1'500, 2'500}));
  EXPECT_EQ(shares(0, 0), (Watts{2'000, 2'000}));
  // Nearly equal energies: a step of the sensor moves little, and back again the same.
  EXPECT_EQ(shares(4'000, 4'000), (Watts{2'000, 2'000}));
  EXPECT_EQ(shares(4'010, 4'000), (Watts{2'002, 1'998}));
  EXPECT_EQ(shares(4'000, 4'010), (Watts{1'998, 2'002}));
}

TEST(Split, AnUnavailableInverterGetsNothing) {
  Site site;
  site.add(kRating, {cells(iv(1'000, 5'000), 9'000_bp)}, false).add(kRating, {cells(kRating)});
  const Distribution out = split(w(2'000), site.view());
  EXPECT_EQ(watts_of(out), (Watts{0, 2'000}));
  EXPECT_EQ(reasons_of(out), (Reasons{Reason::unavailable, Reason::by_energy}));
  EXPECT_TRUE(split(w(5), {}).shares.empty());
}

TEST(Split, ForcedDeliveryStaysAtItsLeastAndOthersDoNotOpposeIt) {
  Site site;  // The first cannot charge its battery and has 1 kW of PV on its dc bus.
  site.add(kRating, {cells(iv(1'000, 4'000))}).add(kRating, {cells(iv(-3'000, 3'000))});
  const Distribution least = split(w(1'000), site.view());
  EXPECT_EQ(watts_of(least), (Watts{1'000, 0}));
  EXPECT_EQ(reasons_of(least), (Reasons{Reason::forced, Reason::idle}));
  EXPECT_FALSE(least.cross_charging);
  const Distribution more = split(w(3'000), site.view());
  EXPECT_EQ(watts_of(more), (Watts{2'000, 1'000}));
  // Below that the target can only be met by charging the other from it: the record says so.
  const Distribution below = split(w(-500), site.view());
  EXPECT_EQ(watts_of(below), (Watts{1'000, -1'500}));
  EXPECT_TRUE(below.cross_charging);
}

TEST(Split, HugeBatteriesAndPowersStayExact) {
  const Interval all{Watt::min(), Watt::max()};
  Site site;
  for (std::size_t i = 0; i < kInvertersMax; ++i) {
    site.add(all, {cells(all, 9'000_bp, WattHour::max()), cells(all, 9'000_bp, WattHour::max())});
  }
  for (const Watt target : {Watt::max(), Watt::min(), w(7), w(-7)}) {
    const Distribution out = split(target, site.view());
    std::int64_t sum = 0;
    for (const Share& share : out.shares) sum += share.power.count();
    EXPECT_EQ(sum, out.target.count());
    EXPECT_EQ(out.target, clamp_to(target, kRatingMax * -8, kRatingMax * 8));
  }
}

TEST(Split, HugeEnergiesKeepTheirProportion) {
  Site site;
  site.add(kRating, {cells(kRating, 9'000_bp, WattHour::max())})
      .add(kRating, {cells(kRating, 5'000_bp, WattHour::max())});
  EXPECT_EQ(watts_of(split(w(3'000), site.view())), (Watts{2'000, 1'000}));
}

TEST(Explain, GoldenTexts) {
  std::array<char, kExplanationSize> room{};
  Site site;
  site.add(kRating, {cells(iv(-500, 500), 8'000_bp)})
      .add(kRating, {cells(iv(-3'000, 3'000), 2'000_bp)})
      .add(kRating, {cells(kRating)}, false);
  EXPECT_EQ(explain(split(w(400), site.view()), room),
            "0.4 kW: inverter 1 0.35 of [-0.5, 0.5] kW, by energy 7.0 kWh; inverter 2 0.05 of "
            "[-3.0, 3.0] kW, by energy 1.0 kWh; inverter 3 0.0 of [0.0, 0.0] kW, unavailable");
  EXPECT_EQ(explain(split(w(-4'000), site.view()), room),
            "-3.5 kW of -4.0 kW asked: inverter 1 -0.5 of [-0.5, 0.5] kW, at its limit; inverter 2 "
            "-3.0 of [-3.0, 3.0] kW, at its limit; inverter 3 0.0 of [0.0, 0.0] kW, unavailable");
  Site forced;
  forced.add(kRating, {cells(iv(1'000, 4'000))}).add(kRating, {cells(kRating)});
  EXPECT_EQ(explain(split(w(-500), forced.view()), room),
            "-0.5 kW: inverter 1 1.0 of [1.0, 4.0] kW, forced by its bounds; inverter 2 -1.5 of "
            "[-5.0, 5.0] kW, by energy 4.0 kWh; one battery charges another");
}

TEST(Explain, ExtremesFitTheBuffer) {
  std::array<char, kExplanationSize> room{};
  Distribution distribution;
  distribution.asked = Watt::min();
  distribution.cross_charging = true;
  while (!distribution.shares.full()) {
    distribution.shares.push_back(
        {Watt::min(), {Watt::min(), Watt::max()}, WattHour::max(), Reason::by_energy});
  }
  EXPECT_TRUE(explain(distribution, room).ends_with("; one battery charges another"));
}

TEST(Reason, HasANameAndASentence) {
  const struct {
    Reason reason;
    std::string_view name, sentence;
  } cases[] = {
      {Reason::unavailable, "unavailable", "unavailable"},
      {Reason::idle, "idle", "idle"},
      {Reason::by_energy, "by_energy", "by energy"},
      {Reason::equally, "equally", "in equal parts"},
      {Reason::at_limit, "at_limit", "at its limit"},
      {Reason::takes_rest, "takes_rest", "takes what others cannot"},
      {Reason::forced, "forced", "forced by its bounds"},
      {static_cast<Reason>(99), "unknown", "unknown"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(to_string(c.reason), c.name);
    std::array<char, kExplanationSize> room{};
    Distribution distribution;
    distribution.shares.push_back({.reason = c.reason});
    EXPECT_TRUE(explain(distribution, room).ends_with(c.sentence)) << c.name;
  }
}

TEST(DistributeDeathTest, RefusesACallersBug) {
  const std::vector<Inverter> many(kInvertersMax + 1);
  EXPECT_DEATH((void)site_bounds(many), "");
  EXPECT_DEATH((void)inverter_bounds({true, iv(1, 2), {}}), "");
  Inverter phased{true, kRating, {}};
  phased.phases.push_back(iv(1, 2));
  EXPECT_DEATH((void)inverter_bounds(phased), "");
  const auto refuses = [](Battery battery) {
    EXPECT_DEATH((void)inverter_bounds({true, kRating, {&battery, 1}}), "");
  };
  refuses(cells(iv(1, 0)));
  refuses(cells(kRating, 10'001_bp));
  refuses(cells(kRating, 5'000_bp, WattHour{-1}));
  Battery inverted = cells(kRating);
  inverted.soc_min = 9'001_bp;
  refuses(inverted);
  std::array<char, kExplanationSize - 1> room{};
  EXPECT_DEATH((void)explain(Distribution{}, room), "");
}

}  // namespace
}  // namespace ems::distribute
