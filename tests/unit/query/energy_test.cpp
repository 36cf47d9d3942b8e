// SPDX-License-Identifier: Apache-2.0
// The ledger against figures worked out by hand.
#include "ems/query/energy.hpp"

#include <gtest/gtest.h>

#include "support/query_rows.hpp"

namespace ems::query {
namespace {

using test::at_s;
using test::kGridPower;
using test::row_at;

constexpr Point kCounter{meter(1), Signal::energy_imported, 0};
constexpr Point kMeterPower{meter(1), Signal::active_power, 0};
constexpr EnergyAccount kImport{meter(1), EnergyFlow::imported};
constexpr EnergyAccount kSiteImport{kSite, EnergyFlow::imported};
constexpr EnergyAccount kSiteExport{kSite, EnergyFlow::exported};

/// Hours from second 0.
EnergyLedger hours(int count, const EnergyOptions& options = {}) {
  auto made = EnergyLedger::create(
      *Grid::uniform(at_s(0), at_s(std::int64_t{count} * 3'600), seconds(3'600)), options);
  EXPECT_TRUE(made);
  return std::move(*made);
}

void power(EnergyLedger& ledger, double second, std::optional<std::int64_t> watts) {
  ASSERT_TRUE(ledger.row(row_at(second, {{kGridPower, watts}}).view()));
}

/// Meter 1: its power and its counter.
void reading(EnergyLedger& ledger, double second, std::optional<std::int64_t> watts,
             std::optional<std::int64_t> wh) {
  ASSERT_TRUE(ledger.row(row_at(second, {{kMeterPower, watts}, {kCounter, wh}}).view()));
}

const EnergyFigure& figure(const EnergyLedger& ledger, const EnergyAccount& account,
                           std::size_t bucket = 0) {
  EXPECT_LT(bucket, ledger.figures(account).size());
  return ledger.figures(account)[bucket];
}

TEST(EnergyLedger, AConstantPowerIsExact) {
  EnergyLedger ledger = hours(1);
  for (int s = 0; s <= 3'600; ++s) power(ledger, s, 1'234);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kSiteImport).energy_mwh(), 1'234'000);
  EXPECT_EQ(figure(ledger, kSiteImport).known(), seconds(3'600));
  EXPECT_EQ(figure(ledger, kSiteImport).source(), EnergySource::power);
  EXPECT_EQ(figure(ledger, kSiteExport).energy_mwh(), 0);
  EXPECT_EQ(figure(ledger, kSiteExport).known(), seconds(3'600));  // Known to be nothing.
}

TEST(EnergyLedger, SignsSeparateTheFlows) {
  EnergyLedger ledger = hours(1);
  for (int s = 0; s <= 3'600; s += 10) power(ledger, s, s < 900 ? 4'000 : -2'000);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kSiteImport).energy_mwh(), 1'000'000);
  EXPECT_EQ(figure(ledger, kSiteExport).energy_mwh(), 1'500'000);
}

TEST(EnergyLedger, NothingIsInventedAcrossAGap) {
  EnergyLedger ledger = hours(1);
  for (int s = 0; s <= 360; ++s) power(ledger, s, 1'000);
  for (int s = 3'240; s <= 3'600; ++s) power(ledger, s, 1'000);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kSiteImport).energy_mwh(), 200'000);
  EXPECT_EQ(figure(ledger, kSiteImport).known(), seconds(720));
}

TEST(EnergyLedger, RowsKnownToBeLostBreakThePower) {
  EnergyLedger ledger = hours(1);
  power(ledger, 0, 3'600);
  ledger.gap();
  power(ledger, 5, 3'600);
  power(ledger, 6, std::nullopt);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kSiteImport).energy_mwh(), 1'000);
  EXPECT_EQ(figure(ledger, kSiteImport).known(), seconds(1));
}

TEST(EnergyLedger, TheCounterIsPreferredToThePower) {
  EnergyLedger ledger = hours(1);
  for (int s = 0; s <= 3'600; s += 10) reading(ledger, s, 9'999, 50'000 + s / 36);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 100'000);
  EXPECT_EQ(figure(ledger, kImport).source(), EnergySource::counter);
  EXPECT_EQ(figure(ledger, kImport).known_counter, seconds(3'600));
  EXPECT_EQ(figure(ledger, kImport).known_power, Duration::zero());
  EXPECT_EQ(figure(ledger, kImport).spread, Duration::zero());
}

TEST(EnergyLedger, PowerAnswersWhereTheCounterWasNotThereYet) {
  EnergyLedger ledger = hours(1);
  for (int s = 0; s <= 3'600; s += 10) {
    reading(ledger, s, 3'600, s < 1'800 ? std::nullopt : std::optional(1'000 + s));
  }
  ledger.finish();
  const EnergyFigure& of = figure(ledger, kImport);
  EXPECT_EQ(of.source(), EnergySource::mixed);
  EXPECT_EQ(of.known_power, seconds(1'800));
  EXPECT_EQ(of.known_counter, seconds(1'800));
  EXPECT_EQ(of.counter_mwh, 1'800'000);
  EXPECT_EQ(of.energy_mwh(), 1'800'000 + 1'800'000);
}

TEST(EnergyLedger, ACounterMeasuresAnOutageThatPowerCannot) {
  EnergyLedger ledger = hours(1);
  reading(ledger, 0, 500, 100);
  reading(ledger, 3'600, 500, 850);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 750'000);
  EXPECT_EQ(figure(ledger, kImport).known(), seconds(3'600));
  EXPECT_EQ(figure(ledger, kImport).spread, Duration::zero());  // All of it in this hour.
}

TEST(EnergyLedger, AnOutageAcrossAnEdgeIsSpreadAndSaysSo) {
  EnergyLedger ledger = hours(2);
  reading(ledger, 1'800, 500, 1'000);
  reading(ledger, 7'200, 500, 1'001);  // 90 minutes: 1 Wh does not divide by three in mWh.
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport, 0).energy_mwh(), 333);
  EXPECT_EQ(figure(ledger, kImport, 1).energy_mwh(), 667);
  EXPECT_EQ(figure(ledger, kImport, 0).spread, seconds(1'800));
  EXPECT_EQ(figure(ledger, kImport, 1).spread, seconds(3'600));
}

TEST(EnergyLedger, AnOutageLongerThanTheBridgeIsUnknown) {
  EnergyLedger ledger = hours(1, {.bridge_max = seconds(600)});
  reading(ledger, 0, 3'600, 100);
  reading(ledger, 5, 3'600, 100);
  reading(ledger, 606, 3'600, 850);
  reading(ledger, 607, 3'600, 860);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 10'000);
  EXPECT_EQ(figure(ledger, kImport).known(), seconds(6));
  EXPECT_EQ(figure(ledger, kImport).resets, 0U);
}

TEST(EnergyLedger, ACounterThatFallsSilentLeavesItsTimeToThePower) {
  EnergyLedger ledger = hours(1, {.bridge_max = seconds(600)});
  reading(ledger, 0, 3'600, 100);
  for (int s = 1; s <= 3'600; ++s) reading(ledger, s, 3'600, std::nullopt);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 3'600'000);
  EXPECT_EQ(figure(ledger, kImport).source(), EnergySource::power);
}

TEST(EnergyLedger, AResetIsBelievedAtTheSecondReadingAndPowerFillsTheHole) {
  EnergyLedger ledger = hours(1);
  reading(ledger, 0, 3'600, 5'000);
  reading(ledger, 1, 3'600, 5'001);
  reading(ledger, 2, 3'600, 0);  // Power says 1 Wh of the second between; the counter nothing.
  reading(ledger, 3, 3'600, 2);
  reading(ledger, 4, 3'600, 4);
  ledger.finish();
  const EnergyFigure& of = figure(ledger, kImport);
  EXPECT_EQ(of.resets, 1U);
  EXPECT_EQ(of.counter_mwh, 1'000 + 2'000 + 2'000);
  EXPECT_EQ(of.known_power, seconds(1));
  EXPECT_EQ(of.energy_mwh(), 6'000);
  EXPECT_EQ(of.known(), seconds(4));
}

TEST(EnergyLedger, OneSlipOfTheCounterIsNoReset) {
  EnergyLedger ledger = hours(1);
  reading(ledger, 0, 1, 5'000);
  reading(ledger, 1, 1, 0);
  reading(ledger, 2, 1, 5'003);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).resets, 0U);
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 3'000);
  EXPECT_EQ(figure(ledger, kImport).known_counter, seconds(2));
}

TEST(EnergyLedger, OneSlipUpwardsIsNoReplacement) {
  EnergyLedger ledger = hours(1);
  reading(ledger, 0, 1, 5'000);
  reading(ledger, 1, 1, 9'000'000'000);
  reading(ledger, 2, 1, 0);
  reading(ledger, 3, 1, 5'003);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).resets, 0U);
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 3'000);
}

TEST(EnergyLedger, APairOfRowsAcrossAnEdgeIsNoOutage) {
  EnergyLedger ledger = hours(2);
  reading(ledger, 3'595, 0, 10);
  reading(ledger, 3'605, 0, 12);  // Exactly gap_max.
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport, 0).energy_mwh(), 1'000);
  EXPECT_EQ(figure(ledger, kImport, 1).energy_mwh(), 1'000);
  EXPECT_EQ(figure(ledger, kImport, 0).spread, Duration::zero());
}

TEST(EnergyLedger, SlipsAreNoReadingsToGoOnFrom) {
  EnergyLedger ledger = hours(1);
  reading(ledger, 0, 0, 5'000'000);
  for (int s = 1; s < 10; ++s) reading(ledger, s, 0, 10 - s);  // Falls and falls.
  reading(ledger, 10, 0, 5'000'001);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 1'000);
  EXPECT_EQ(figure(ledger, kImport).resets, 0U);
}

TEST(EnergyLedger, AReplacedMeterThatReadsMoreIsSeenByThePowerOfTheAsset) {
  EnergyLedger ledger = hours(1, {.power_max_w = 20'000});
  reading(ledger, 0, std::nullopt, 5'000);
  reading(ledger, 1, std::nullopt, 5'001);
  reading(ledger, 1'801, std::nullopt, 905'001);  // 900 kWh in half an hour.
  reading(ledger, 1'802, std::nullopt, 905'002);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).resets, 1U);
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 2'000);
  EXPECT_EQ(figure(ledger, kImport).known(), seconds(2));
}

TEST(EnergyLedger, ACoarseCounterMayStep) {
  EnergyLedger ledger = hours(1, {.power_max_w = 5'000});
  reading(ledger, 0, std::nullopt, 7'000);
  reading(ledger, 1, std::nullopt, 8'000);  // It counts whole kWh.
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 1'000'000);
  EXPECT_EQ(figure(ledger, kImport).resets, 0U);
}

TEST(EnergyLedger, ACounterThatPassesItsEndGoesOn) {
  EnergyLedger ledger = hours(1, {.power_max_w = 20'000, .counter_modulus_wh = 1'000'000'000});
  reading(ledger, 0, 0, 999'999'990);
  reading(ledger, 10, 0, 5);
  reading(ledger, 20, 0, 6);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).wraps, 1U);
  EXPECT_EQ(figure(ledger, kImport).resets, 0U);
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 16'000);
}

TEST(EnergyLedger, AFallThatIsNoWrapIsAResetDespiteTheModulus) {
  EnergyLedger ledger = hours(1, {.power_max_w = 20'000, .counter_modulus_wh = 1'000'000'000});
  reading(ledger, 0, std::nullopt, 400'000);
  reading(ledger, 10, std::nullopt, 0);
  reading(ledger, 20, std::nullopt, 3);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).wraps, 0U);
  EXPECT_EQ(figure(ledger, kImport).resets, 1U);
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 3'000);
}

TEST(EnergyLedger, AClockSetBackCountsNoEnergyTwice) {
  EnergyLedger ledger = hours(1);
  for (int s = 0; s <= 600; s += 10) reading(ledger, s, 0, 1'000 + s);
  for (int s = 300; s <= 900; s += 10) reading(ledger, s, 0, 1'600 + (s - 300));
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).known(), seconds(900));
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 900'000);
}

TEST(EnergyLedger, TheSiteUsesTheCountersOfTheMeterThatIsNamed) {
  EnergyLedger ledger = hours(1, {.grid_meter = meter(1)});
  for (int s = 0; s <= 3'600; s += 10) {
    const test::OwnedRow row =
        row_at(s, {{kGridPower, 7'777}, {kMeterPower, 7'777}, {kCounter, 100 + s / 36}});
    ASSERT_TRUE(ledger.row(row.view()));
  }
  ledger.finish();
  EXPECT_EQ(figure(ledger, kSiteImport).energy_mwh(), 100'000);
  EXPECT_EQ(figure(ledger, kSiteImport).source(), EnergySource::counter);
  EXPECT_EQ(figure(ledger, kSiteExport).source(), EnergySource::power);  // No such counter.
}

TEST(EnergyLedger, ABatteryWithoutPowerIsVoltageTimesCurrent) {
  EnergyLedger ledger = hours(1);
  const Point volt{battery(1), Signal::pack_voltage, 0};
  const Point amp{battery(1), Signal::pack_current, 0};
  for (int s = 0; s <= 3'600; s += 10) {
    ASSERT_TRUE(
        ledger.row(row_at(s, {{volt, 51'200}, {amp, s < 1'800 ? -10'001 : 20'000}}).view()));
  }
  ledger.finish();
  // 51.2 V x 10.001 A x 0.5 h; 51.2 V x 20 A x 0.5 h.
  EXPECT_EQ(figure(ledger, {battery(1), EnergyFlow::charged}).energy_mwh(), 256'026);
  EXPECT_EQ(figure(ledger, {battery(1), EnergyFlow::discharged}).energy_mwh(), 512'000);
}

TEST(EnergyLedger, AnInverterGivesWithPositivePowerAndAMeterTakes) {
  EnergyLedger ledger = hours(1);
  const Point power_of_inverter{inverter(1), Signal::active_power, 0};
  for (int s = 0; s <= 3'600; s += 10) {
    ASSERT_TRUE(ledger.row(row_at(s, {{power_of_inverter, 1'000}, {kMeterPower, 2'000}}).view()));
  }
  ledger.finish();
  EXPECT_EQ(figure(ledger, {inverter(1), EnergyFlow::exported}).energy_mwh(), 1'000'000);
  EXPECT_EQ(figure(ledger, {inverter(1), EnergyFlow::imported}).energy_mwh(), 0);
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 2'000'000);
  ASSERT_EQ(ledger.accounts().size(), 4U);
  EXPECT_TRUE(ledger.figures({battery(1), EnergyFlow::charged}).empty());
}

TEST(EnergyLedger, DoubtedReadingsAreUnknown) {
  EnergyLedger ledger = hours(1);
  reading(ledger, 0, 3'600, 10);
  const test::OwnedRow doubted =
      row_at(1, {{kMeterPower, 99'999}, {kCounter, 99'999}}, Quality::uncertain);
  ASSERT_TRUE(ledger.row(doubted.view()));
  reading(ledger, 2, 3'600, 12);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 2'000);
  EXPECT_EQ(figure(ledger, kImport).known_counter, seconds(2));
}

TEST(EnergyLedger, KnowsWhenAReaderMayStop) {
  EnergyLedger ledger = hours(1);
  EXPECT_FALSE(ledger.settled(at_s(0)));
  reading(ledger, 0, 1, 10);
  EXPECT_TRUE(ledger.settled(at_s(0)));
  reading(ledger, 3'601, 1, std::nullopt);
  EXPECT_FALSE(ledger.settled(at_s(3'600)));
  reading(ledger, 3'602, 1, 11);
  EXPECT_TRUE(ledger.settled(at_s(3'600)));
}

TEST(EnergyLedger, HostileReadingsAreRefusedNotCounted) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  EnergyLedger ledger = hours(1, {.power_max_w = 20'000, .counter_modulus_wh = kMax});
  for (const std::int64_t wh : {std::int64_t{0}, kMax, std::int64_t{-5}, kMax - 1, std::int64_t{1},
                                kMax, std::int64_t{2}}) {
    static int second = 0;
    reading(ledger, second, kMax, wh);
    second += 5;
  }
  ledger.finish();
  EXPECT_LE(figure(ledger, kImport).counter_mwh, 4'000'000);
  EXPECT_LE(figure(ledger, kImport).known(), seconds(30));
  EXPECT_GE(figure(ledger, kImport).energy_mwh().value_or(-1), 0);
}

TEST(EnergyLedger, RefusesOptionsThatMeanNothing) {
  const auto refused = [](const EnergyOptions& options) {
    return !EnergyLedger::create(*Grid::uniform(at_s(0), at_s(1), seconds(1)), options);
  };
  EXPECT_FALSE(refused({}));
  EXPECT_TRUE(refused({.gap_max = Duration::zero()}));
  EXPECT_TRUE(refused({.gap_max = seconds(3'601)}));
  EXPECT_TRUE(refused({.bridge_max = seconds(9)}));
  EXPECT_TRUE(refused({.bridge_max = seconds(32 * 86'400)}));
  EXPECT_TRUE(refused({.power_max_w = -1}));
  EXPECT_TRUE(refused({.counter_modulus_wh = 1'000'000}));  // No power_max_w.
  EXPECT_FALSE(refused({.power_max_w = 10'000, .counter_modulus_wh = 1'000'000}));
  EXPECT_TRUE(refused({.counter_modulus_wh = -1}));
  EXPECT_TRUE(refused({.quality_min = static_cast<Quality>(4)}));
}

TEST(EnergyLedger, APeriodNobodyKnowsHasNoEnergyNotZero) {
  EnergyLedger ledger = hours(2);
  power(ledger, 0, 5);
  power(ledger, 1, 5);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kSiteImport, 0).energy_mwh(), 1);
  EXPECT_EQ(figure(ledger, kSiteImport, 1).energy_mwh(), std::nullopt);
  EXPECT_EQ(figure(ledger, kSiteImport, 1).source(), EnergySource::none);
}

TEST(EnergyLedger, KeepsNoMoreFiguresThanItMay) {
  EnergyLedger ledger = hours(2, {.figures_max = 4});
  power(ledger, 0, 5);  // Two flows.
  EXPECT_EQ(ledger.row(row_at(1, {{kGridPower, 5}, {kMeterPower, 5}}).view()).error().code,
            Errc::resource_exhausted);
}

TEST(EnergyLedger, KeepsNoMorePowersForSilentCountersThanItMay) {
  const auto rows_until_refused = [](std::int64_t step_w) {
    EnergyLedger ledger = hours(1, {.waiting_max = 100});
    reading(ledger, 0, 3'600, 100);
    for (int s = 1; s <= 3'600; ++s) {
      const auto row = row_at(s, {{kMeterPower, 3'600 + s * step_w}, {kCounter, std::nullopt}});
      if (const auto taken = ledger.row(row.view()); !taken) {
        EXPECT_EQ(taken.error().code, Errc::resource_exhausted);
        return s;
      }
    }
    return 0;
  };
  EXPECT_EQ(rows_until_refused(0), 0);  // One power for an hour is one.
  EXPECT_EQ(rows_until_refused(1), 101);
}

TEST(EnergyLedger, WithoutAPowerMaxOnlyNonsenseIsRefused) {
  EnergyLedger ledger = hours(1);
  reading(ledger, 0, std::nullopt, 0);
  reading(ledger, 10, std::nullopt, 500'000);
  ledger.finish();
  EXPECT_EQ(figure(ledger, kImport).energy_mwh(), 500'000'000);
  EnergyLedger other = hours(1);
  reading(other, 0, std::nullopt, 0);
  reading(other, 1, std::nullopt, 400'000'000'000);
  other.finish();
  EXPECT_EQ(figure(other, kImport).energy_mwh(), std::nullopt);
}

TEST(EnergyLedger, WordsAreThoseOfTheFaces) {
  EXPECT_EQ(to_string(EnergyFlow::imported), "imported");
  EXPECT_EQ(to_string(EnergyFlow::discharged), "discharged");
  EXPECT_EQ(to_string(EnergySource::mixed), "mixed");
  EXPECT_EQ(to_string(EnergySource::none), "none");
}

}  // namespace
}  // namespace ems::query
