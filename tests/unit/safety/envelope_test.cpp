// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

constexpr Interval interval(std::int32_t lo, std::int32_t hi) { return {Watt{lo}, Watt{hi}}; }

TEST(SafetyEnvelope, TurnsDcLimitsIntoAcTowardsZero) {  // SAF-023
  const struct {
    const char* why;
    std::int32_t charge_ma, discharge_ma, voltage_mv, efficiency_bp;
    Interval ac;
  } cases[] = {
      {"100 A both ways", 100'000, 100'000, 52'800, 9500, interval(-5280, 5016)},
      {"fractions of a watt are cut", 1'001, 1'001, 52'999, 9500, interval(-53, 50)},
      {"no current", 0, 0, 52'800, 9500, interval(0, 0)},
      {"only charging", 50'000, 0, 52'800, 9500, interval(-2640, 0)},
      {"only discharging", 0, 50'000, 52'800, 9500, interval(0, 2508)},
      {"cut to the rating", 300'000, 300'000, 52'800, 9500, interval(-10'000, 10'000)},
      {"lossless", 100'000, 100'000, 52'800, 10'000, interval(-5280, 5280)},
  };
  for (const auto& c : cases) {
    World w;
    set_current_limits(w.config.batteries[0].limits, MilliAmp{c.charge_ma},
                       MilliAmp{c.discharge_ma});
    w.config.inverters[0].efficiency = BasisPoints{c.efficiency_bp};
    w.batteries[0].pack_voltage->sample.value = MilliVolt{c.voltage_mv};
    w.settle();
    EXPECT_EQ(w.out.inverters[0].ac, c.ac)
        << c.why << w.out.inverters[0].ac.lo.count() << w.out.inverters[0].ac.hi.count();
  }
}

TEST(SafetyEnvelope, EachDirectionIsCutToItsOwnRating) {  // SAF-023
  World w;
  w.config.inverters[0].charge_max = 1'000_w;
  w.config.inverters[0].discharge_max = 2'000_w;
  w.settle();
  EXPECT_EQ(w.out.inverters[0].ac, interval(-1'000, 2'000));
}

TEST(SafetyEnvelope, OneDirectionStaysPossible) {  // SAF-019
  World w;
  set_cells(w.batteries[0], 3649);  // Nearly there: no jump.
  w.settle();
  set_cells(w.batteries[0], 3650);
  w.run();
  EXPECT_EQ(w.out.inverters[0].ac, interval(0, 5016));
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::follow);
  World v;
  set_cells(v.batteries[0], 2501);
  v.settle();
  set_cells(v.batteries[0], 2500);
  v.run();
  EXPECT_EQ(v.out.inverters[0].ac, interval(-5280, 0));
}

TEST(SafetyEnvelope, ABatteryOfTwoInvertersIsSplitByRating) {  // SAF-024
  World w;
  w.config.inverters.push_back(inverter_config(1, inverter(2)));
  w.config.inverters[1].charge_max = 5'000_w;
  w.config.inverters[1].discharge_max = 5'000_w;
  w.settle();
  // 66 666 mA and 33 333 mA of 100 A at 52.8 V.
  EXPECT_EQ(w.out.inverters[0].ac, interval(-3519, 3343));
  EXPECT_EQ(w.out.inverters[1].ac, interval(-1759, 1671));
}

TEST(SafetyEnvelope, ParallelBatteriesAreLimitedByTheWeakest) {  // SAF-024
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.config.inverters[0].batteries = 3;
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.batteries[1].pack_voltage->sample.value = 52'700_mv;
  w.settle();
  EXPECT_EQ(w.out.inverters[0].ac, interval(-10'000, 10'000));  // 2 x 100 A at 52.7 V, cut.
  w.batteries[1].charge_current_limit = taken(10'000_ma, w.now);
  w.batteries[1].discharge_current_limit = taken(20'000_ma, w.now);
  w.run();
  EXPECT_EQ(w.out.inverters[0].ac, interval(-1054, 2002));
  w.batteries[1].soc.reset();
  w.run();
  EXPECT_EQ(w.out.inverters[0].ac, Interval{});
  EXPECT_EQ(w.out.inverters[0].state, SafetyState::safe);
}

/// A settled world with dc PV of `pv` W; nullopt: unknown.
World with_pv(std::optional<std::int32_t> pv, bool can_curtail) {
  World w;
  w.config.inverters[0].has_dc_pv = true;
  w.config.inverters[0].can_curtail_pv = can_curtail;
  if (pv) w.inverters[0].dc_pv_power = taken(Watt{*pv}, w.now);
  w.settle();
  return w;
}
void forbid_charging(World& w) { set_cells(w.batteries[0], 3650); }
void forbid_discharging(World& w) { w.batteries[0].discharge_current_limit = taken(0_ma, w.now); }

TEST(SafetyEnvelope, WithChargingForbiddenTheLowerBoundIsWhatDcPvDelivers) {  // SAF-025
  World w = with_pv(3'001, false);
  EXPECT_EQ(w.out.inverters[0].ac, interval(-(5280 - 3001), 7866));
  forbid_charging(w);
  w.run();
  EXPECT_EQ(w.out.inverters[0].ac, interval(2'851, 7866));  // 2850.95 W, rounded up.
  EXPECT_FALSE(w.out.inverters[0].curtail_pv);
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::follow);
}

TEST(SafetyEnvelope, MoreDcPvThanTheBatteryMayTakeMustLeaveThroughAc) {  // SAF-025
  World w = with_pv(6'280, false);
  EXPECT_EQ(w.out.inverters[0].ac, interval(950, 10'000));
  forbid_discharging(w);
  w.run();
  EXPECT_EQ(w.out.inverters[0].ac, interval(950, 5'966));
}

TEST(SafetyEnvelope, DcPvExactlyWhatTheBatteryTakesForcesNothing) {  // SAF-025
  World w = with_pv(5'280, false);
  EXPECT_EQ(w.out.inverters[0].ac.lo, 0_w);
}

TEST(SafetyEnvelope, WhatMustLeaveThroughAcIsRoundedUpFromTheSmallestPart) {  // SAF-025
  World w = with_pv(9'999, false);
  w.config.inverters[0].efficiency = 9999_bp;
  forbid_charging(w);
  w.run();
  EXPECT_EQ(w.out.inverters[0].ac.lo, 9'999_w);  // 9998.0001 W.
}

TEST(SafetyEnvelope, RoundingNeverTurnsTheIntervalAround) {  // SAF-025
  World w = with_pv(3'001, false);
  w.config.inverters[0].efficiency = 3000_bp;
  w.batteries[0].discharge_current_limit = taken(20_ma, w.now);  // 1 W at dc.
  forbid_charging(w);
  w.run();
  EXPECT_EQ(w.out.inverters[0].ac, interval(901, 901));  // 900.3 W up; 900.6 W down.
}

TEST(SafetyEnvelope, DcPvBeyondTheInverterMakesBothBoundsItsMaximum) {  // SAF-026
  for (const bool can_curtail : {true, false}) {
    World w = with_pv(10'526, can_curtail);  // 9999.7 W at ac: still fits.
    forbid_charging(w);
    w.run();
    EXPECT_EQ(w.out.inverters[0].ac, interval(10'000, 10'000));
    EXPECT_FALSE(w.out.inverters[0].curtail_pv);
    w.inverters[0].dc_pv_power->sample.value = 10'527_w;  // 10 000.65 W.
    w.run();
    EXPECT_TRUE(w.out.inverters[0].curtail_pv);
    EXPECT_EQ(w.out.inverters[0].command, can_curtail ? CommandKind::follow : CommandKind::stop);
    EXPECT_EQ(w.out.inverters[0].ac, can_curtail ? interval(10'000, 10'000) : Interval{});
  }
}

TEST(SafetyEnvelope, SafeWithDcPvIsCurtailedOrStandby) {  // SAF-027
  for (const bool can_curtail : {true, false}) {
    for (const std::optional<std::int32_t> pv :
         {std::optional<std::int32_t>(1), std::optional<std::int32_t>()}) {
      World w = with_pv(pv, can_curtail);
      w.batteries[0].soc.reset();
      w.run();
      EXPECT_EQ(w.out.inverters[0].ac, Interval{});
      EXPECT_TRUE(w.out.inverters[0].curtail_pv);
      EXPECT_EQ(w.out.inverters[0].command,
                can_curtail ? CommandKind::follow : CommandKind::standby);
    }
    for (const std::int32_t night : {0, -5}) {  // Nothing arrives: 0 W at ac is safe.
      World dark = with_pv(night, can_curtail);
      dark.batteries[0].soc.reset();
      dark.run();
      EXPECT_EQ(dark.out.inverters[0].ac, Interval{});
      EXPECT_FALSE(dark.out.inverters[0].curtail_pv);
      EXPECT_EQ(dark.out.inverters[0].command, CommandKind::follow);
    }
  }
}

TEST(SafetyEnvelope, DcPvOfUnknownPowerAllowsNoChargingAndIsCurtailed) {  // SAF-027
  for (const bool can_curtail : {true, false}) {
    World w = with_pv(3'000, can_curtail);
    w.now = w.now + w.config.tick_period;
    w.refresh();
    w.inverters[0].dc_pv_power->sample.taken_at = w.now - 2_s;  // Exactly stale.
    w.judge();
    EXPECT_EQ(w.out.inverters[0].ac, interval(0, 5016));
    EXPECT_TRUE(w.out.inverters[0].curtail_pv);
    EXPECT_EQ(w.out.inverters[0].command, can_curtail ? CommandKind::follow : CommandKind::standby);
    w.inverters[0].dc_pv_power->stale_after = 60_s;
    w.inverters[0].dc_pv_power->sample.taken_at = w.now - 10_s + microseconds(1);
    w.judge();
    EXPECT_FALSE(w.out.inverters[0].curtail_pv);
    w.inverters[0].dc_pv_power->sample.taken_at = w.now - 10_s;  // kPvStaleAfterMax.
    w.judge();
    EXPECT_TRUE(w.out.inverters[0].curtail_pv);
    w.inverters[0].asset = inverter(9);
    w.judge();
    EXPECT_TRUE(w.out.inverters[0].curtail_pv);
  }
}

TEST(SafetyEnvelope, ATripSwitchesDcPvOff) {  // SAF-031
  World w = with_pv(3'000, true);
  w.estop = true;
  w.run();
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
  EXPECT_TRUE(w.out.inverters[0].curtail_pv);
  EXPECT_EQ(w.out.inverters[0].ac, Interval{});
}

TEST(SafetyEnvelope, TerminalsWithoutVoltageMoveNoPower) {  // SAF-023
  for (const std::int32_t mv : {0, -1}) {
    World w;
    w.settle();
    w.batteries[0].pack_voltage->sample.value = MilliVolt{mv};
    w.run();
    EXPECT_EQ(w.out.inverters[0].ac, Interval{}) << mv;
  }
}

TEST(SafetyEnvelope, AWattIsAMillionMillivoltsTimesMilliamperes) {  // SAF-023
  World w;
  w.config.inverters[0].efficiency = 10'000_bp;
  set_current_limits(w.config.batteries[0].limits, 90'007_ma, 90'007_ma);
  w.batteries[0].pack_voltage->sample.value = 53'718_mv;  // 4834.996 W.
  w.settle();
  EXPECT_EQ(w.out.inverters[0].ac, interval(-4'834, 4'834));
}

TEST(SafetyEnvelope, WithoutAVoltageAPerfectInverterMovesNothingEither) {  // SAF-017 SAF-023
  World w;
  w.config.inverters[0].efficiency = 10'000_bp;
  w.settle();
  w.batteries[0].pack_voltage.reset();
  w.run();
  EXPECT_EQ(w.out.inverters[0].ac, Interval{});
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::follow);
}

TEST(SafetyEnvelope, AMillivoltIsAVoltage) {  // SAF-023
  World w;
  set_current_limits(w.config.batteries[0].limits, 1'000'000_ma, 1'000'000_ma);
  w.batteries[0].pack_voltage->sample.value = 1_mv;
  w.settle();
  EXPECT_EQ(w.out.inverters[0].ac, interval(-1, 0));  // Discharging is inhibited there.
}

TEST(SafetyEnvelope, MayOpenAsksTheInvertersOwnBatteriesAndEachOfThem) {  // SAF-031 SAF-038
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.config.inverters.push_back(inverter_config(2, inverter(2)));
  w.config.inverters.push_back(inverter_config(3, inverter(3)));
  for (std::uint16_t i = 2; i <= 3; ++i) w.inverters.push_back({inverter(i), std::nullopt});
  const auto may_open = [&w](std::size_t i) { return w.out.inverters[i].may_open; };
  for (const std::int32_t ma : {4'999, -4'999}) {
    w.batteries[1].pack_current->sample.value = MilliAmp{ma};
    w.run();
    EXPECT_TRUE(may_open(0) && may_open(1) && may_open(2)) << ma;
  }
  for (const std::int32_t ma : {5'000, -5'000}) {
    w.batteries[1].pack_current->sample.value = MilliAmp{ma};
    w.run();
    EXPECT_TRUE(may_open(0)) << ma;
    EXPECT_FALSE(may_open(1) || may_open(2)) << ma;
  }
  w.batteries[1].pack_current.reset();
  w.run();
  EXPECT_TRUE(may_open(0));
  EXPECT_FALSE(may_open(1) || may_open(2));
}

}  // namespace
}  // namespace ems::safety::test
