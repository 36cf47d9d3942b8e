// SPDX-License-Identifier: Apache-2.0
// ECONOMIC and LONGEVITY over random sites: whatever a plan, a table or a battery says.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ems/decision/decision.hpp"
#include "support/seed.hpp"

namespace ems::decision {
namespace {

constexpr std::uint64_t kSeed = 0x5eed'0041;
constexpr int kCases = 40'000;
constexpr Instant kNow{seconds(1'000)};
constexpr std::int64_t kUtc = 1'709'593'200;

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  std::int64_t between(std::int64_t lo, std::int64_t hi) {
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random_);
  }
  bool one_in(int n) { return between(1, n) == 1; }
  Watt watt() {
    if (one_in(20)) return one_in(2) ? Watt::min() : Watt::max();
    return Watt{static_cast<std::int32_t>(between(-10'000, 10'000))};
  }
  Watt power() { return Watt{static_cast<std::int32_t>(between(1, 10'000))}; }
  BasisPoints share(std::int32_t lo = 0, std::int32_t hi = 10'000) {
    return BasisPoints{static_cast<std::int32_t>(between(lo, hi))};
  }
  template <class Q>
  Measured<Q> measured(std::int64_t lo, std::int64_t hi) {
    if (one_in(12)) return {};
    const Instant taken_at = kNow - milliseconds(between(-100, 2'200));
    return {Sample<Q>{Q{static_cast<typename Q::Rep>(between(lo, hi))}, taken_at,
                      one_in(15) ? Quality::uncertain : Quality::good},
            2_s};
  }
  Interval envelope() {
    const Watt a = watt();
    const Watt b = watt();
    return {min_of(a, b), max_of(a, b)};
  }

  /// Every ECONOMIC and LONGEVITY policy, most of the time, and what stands above them, sometimes.
  Config config() {
    Config out;
    if (one_in(3)) out.import_limit = ImportLimitConfig{.limit = power(), .hold = 30_s};
    if (one_in(3)) out.backup_reserve = BackupReserveConfig{.reserve = share()};
    if (one_in(3)) out.setpoint = SetpointConfig{.lease_max = 60_s};
    if (!one_in(4)) out.zero_export = ZeroExportConfig{.tolerance = Watt{50}};
    if (!one_in(4)) out.plan.emplace();
    if (!one_in(4)) out.time_of_use = windows();
    if (!one_in(4)) out.price = price();
    if (!one_in(4)) out.self_consumption = self_consumption();
    if (!one_in(4)) {
      out.comfort_band = ComfortBandConfig{
          .taper = share(0, 3'000), .power = power(), .restore = one_in(2) ? power() : Watt{}};
    }
    if (!one_in(4)) out.gentle_current.emplace();
    if (!one_in(4)) out.gentle_temperature = GentleTemperatureConfig{.power = power()};
    EXPECT_TRUE(validate(out));
    return out;
  }

  Inputs inputs() {
    Inputs out;
    out.envelope = envelope();
    out.pcc_power = measured<Watt>(-20'000, 20'000);
    out.battery_power = measured<Watt>(-10'000, 10'000);
    if (!one_in(5)) out.gated = Sample<Watt>{watt(), kNow - 100_ms};
    if (one_in(3)) {
      out.setpoint = SetpointCommand{watt(), kNow - 1_s, kNow + 1_s, ActorName{"anna"}};
    }
    const auto soc = share();
    out.batteries = {.soc = measured<BasisPoints>(0, 10'000),
                     .soc_min = measured<BasisPoints>(0, soc.count()),
                     .soc_max = measured<BasisPoints>(soc.count(), 10'000),
                     .temperature_min = measured<MilliCelsius>(-40'000, 30'000),
                     .temperature_max = measured<MilliCelsius>(30'000, 90'000),
                     .capacity = WattHour{one_in(9) ? 0 : between(1, 100'000)}};
    out.wall = {.utc = UtcInstant{seconds(kUtc + between(-10'000, 10'000))},
                .utc_offset = seconds(between(-50'000, 50'000)),
                .quality = static_cast<ClockQuality>(between(0, 2)),
                .unsynced = seconds(between(0, 200'000))};
    if (!one_in(5)) out.plan = plan();
    if (!one_in(5)) out.prices = prices();
    return out;
  }

 private:
  TimeOfUseConfig windows() {
    TimeOfUseConfig out{.only_without_prices = one_in(3)};
    for (std::int64_t n = between(1, kTimeOfUseWindowsMax); n > 0; --n) {
      const auto from = static_cast<std::uint16_t>(between(0, 1'439));
      const auto length = between(1, 1'439);
      const auto to = static_cast<std::uint16_t>((from + length - 1) % 1'440 + 1);
      TimeOfUseWindow window{
          .when = {.days = static_cast<std::uint8_t>(between(1, 0x7F)), .from = from, .to = to},
          .action = static_cast<WindowAction>(between(1, 3))};
      if (window.action != WindowAction::hold) {
        window.power = power();
        if (one_in(2)) window.soc_stop = share();
      }
      if (window.when.from != window.when.to) out.windows.push_back(window);
    }
    if (out.windows.empty()) out.windows.push_back({});
    return out;
  }
  PriceConfig price() {
    const std::int64_t a = between(-500'000, 1'000'000);
    const std::int64_t b = between(-500'000, 1'000'000);
    return {.currency = Currency{"EUR"},
            .buy_below = Price{std::min(a, b)},
            .sell_above = Price{std::max(a, b)},
            .power = power(),
            .share_at_threshold = share()};
  }
  SelfConsumptionConfig self_consumption() {
    const Watt start{static_cast<std::int32_t>(between(0, 2'000))};
    return {.pcc_target = watt(),
            .deadband = Watt{static_cast<std::int32_t>(between(0, 500))},
            .surplus_start = start,
            .surplus_stop = Watt{static_cast<std::int32_t>(between(0, start.count()))},
            .soc_store_max = share(5'001),
            .soc_feed_min = share(0, 5'000)};
  }
  Plan plan() {
    plan_.clear();
    UtcInstant start{seconds(kUtc - 12'000)};
    for (std::int64_t n = between(1, 30); n > 0; --n) {
      start = start + seconds(between(0, 300));
      const UtcInstant end = start + seconds(between(1, 1'800));
      plan_.push_back({start, end, watt(), one_in(2) ? std::optional(watt()) : std::nullopt});
      start = end;
    }
    const Plan out{.slots = plan_,
                   .made_at = UtcInstant{seconds(kUtc - between(-20'000, 100'000))},
                   .valid_for = seconds(between(1, 200'000)),
                   .id = PlanId{"p"}};
    EXPECT_TRUE(validate(out));
    return out;
  }
  PriceTable prices() {
    prices_.clear();
    UtcInstant start{seconds(kUtc - 12'000)};
    for (std::int64_t n = between(1, 30); n > 0; --n) {
      const auto money = [this] {
        return one_in(20) ? (one_in(2) ? kPriceMax : -kPriceMax)
                          : Price{between(-1'000'000, 2'000'000)};
      };
      prices_.push_back({start, money(), money()});
      start = start + seconds(between(1, 1'800));
    }
    const PriceTable out{.slots = prices_,
                         .end = start,
                         .made_at = UtcInstant{seconds(kUtc - between(-20'000, 300'000))},
                         .currency = Currency{one_in(9) ? "USD" : "EUR"}};
    EXPECT_TRUE(validate(out));
    return out;
  }

  std::mt19937_64 random_;
  std::vector<PlanSlot> plan_;
  std::vector<PriceSlot> prices_;
};

TEST(EconomicProperty, WhateverAPlanATableOrABatterySaysTheTargetStaysInsideAndIsExplained) {
  const test::Seed seed(kSeed);
  World world(seed.value());
  std::array<char, kExplanationSize> room{};
  const int cases = test::Seed::cases(kCases);
  State state;
  int acted = 0;
  for (int i = 0; i < cases; ++i) {
    const Config config = world.config();
    const Inputs inputs = world.inputs();
    // Of another site now and then: windows and bounds that are not this one's.
    const Step out = step(world.one_in(3) ? State{} : state, config, inputs, kNow);
    ASSERT_TRUE(inputs.envelope.contains(out.decision.target())) << i;
    const std::string_view text = explain(out.decision, room);
    ASSERT_FALSE(text.empty()) << i;
    for (const PolicyOutput& output : out.decision.policies) {
      const bool asks = output.demand.constraint || output.demand.preference;
      const bool may =
          output.status == PolicyStatus::acting || output.status == PolicyStatus::satisfied ||
          output.status == PolicyStatus::holding || output.status == PolicyStatus::fallback;
      ASSERT_TRUE(!asks || may) << i << " " << to_string(output.demand.policy);
      acted += asks && output.demand.level >= Level::economic;
    }
    state = out.state;
  }
  EXPECT_GT(acted, cases / 2);
}

TEST(EconomicProperty, NothingBelowMovesWhatContractsFixed) {
  const test::Seed seed(kSeed + 1);
  World world(seed.value());
  const int cases = test::Seed::cases(kCases / 2, 2);
  for (int i = 0; i < cases; ++i) {
    const Config config = world.config();
    const Inputs inputs = world.inputs();
    const Decision decision = step({}, config, inputs, kNow).decision;
    const Interval left = decision.resolution.at(Level::contractual).after;
    ASSERT_TRUE(left.contains(decision.target())) << i;
  }
}

TEST(EconomicProperty, LongevityMovesTheTargetOnlyToRestoreAndOnlyWhereItIsFree) {
  const test::Seed seed(kSeed + 2);
  World world(seed.value());
  const int cases = test::Seed::cases(kCases / 2, 2);
  int restored = 0;
  for (int i = 0; i < cases; ++i) {
    Config config = world.config();
    const Inputs inputs = world.inputs();
    const Decision with = step({}, config, inputs, kNow).decision;
    const bool restores = config.comfort_band && config.comfort_band->restore > Watt{};
    config.comfort_band.reset();
    config.gentle_current.reset();
    config.gentle_temperature.reset();
    const Decision without = step({}, config, inputs, kNow).decision;
    if (!restores) {
      ASSERT_EQ(with.target(), without.target()) << i;
    } else if (with.target() != without.target()) {
      ASSERT_FALSE(without.resolution.at(Level::economic).after.is_point()) << i;
      ++restored;
    }
  }
  EXPECT_GT(restored, 0);
}

TEST(EconomicProperty, TheComfortBandNeverJumps) {
  const test::Seed seed(kSeed + 3);
  World world(seed.value());
  const int cases = test::Seed::cases(kCases / 20, 20);
  for (int i = 0; i < cases; ++i) {
    const Watt power = world.power();
    const ComfortBandConfig comfort{
        .taper = world.share(1, 3'000),
        .power = power,
        .restore = Watt{static_cast<std::int32_t>(world.between(0, power.count()))}};
    // Between two steps of the state of charge the bounds move by the slope of the taper.
    const std::int32_t slope = power.count() / comfort.taper.count() + 1;
    const auto bounds = [&](std::int32_t soc) {
      const Measured<BasisPoints> all{Sample<BasisPoints>{BasisPoints{soc}, kNow}, 1_s};
      const auto band =
          comfort_band(comfort, {.soc_min = all, .soc_max = all}, kNow).demand.preference;
      return band ? Band{band->lo.value_or(-power), band->hi.value_or(power)} : Band{-power, power};
    };
    const auto soc = static_cast<std::int32_t>(world.between(0, 9'980));
    for (std::int32_t step = 0; step < 20; ++step) {
      const Band a = bounds(soc + step);
      const Band b = bounds(soc + step + 1);
      ASSERT_LE((*b.lo - *a.lo).count(), slope) << i;
      ASSERT_GE(*b.lo, *a.lo) << i;  // Fuller: less charging,
      ASSERT_LE((*b.hi - *a.hi).count(), slope) << i;
      ASSERT_GE(*b.hi, *a.hi) << i;  // and more discharging.
    }
  }
}

TEST(EconomicProperty, ABetterPriceNeverMeansLessPower) {
  const test::Seed seed(kSeed + 4);
  World world(seed.value());
  const int cases = test::Seed::cases(kCases);
  for (int i = 0; i < cases; ++i) {
    const Config config = world.config();
    if (!config.price) continue;
    const auto power_at = [&](std::int64_t buy, std::int64_t sell) {
      const PriceSlot slot{UtcInstant{seconds(kUtc)}, Price{buy}, Price{sell}};
      const PriceTable table{.slots = {&slot, 1},
                             .end = UtcInstant{seconds(kUtc + 60)},
                             .made_at = UtcInstant{seconds(kUtc)},
                             .currency = Currency{"EUR"}};
      const BatterySummary half{.soc = {Sample<BasisPoints>{BasisPoints{5'000}, kNow}, 1_s}};
      const auto band =
          price({}, *config.price, table,
                {.utc = UtcInstant{seconds(kUtc)}, .quality = ClockQuality::synced}, half, kNow)
              .output.demand.preference;
      return band ? band->lo->count() : 0;
    };
    const std::int64_t p = world.between(-1'000'000, 2'000'000);
    const std::int64_t better = p - world.between(0, 500'000);
    const std::int64_t none = kPriceMax.count();
    ASSERT_LE(power_at(better, -none), power_at(p, -none)) << i;  // Cheaper: charges no less.
    ASSERT_GE(power_at(none, p), power_at(none, better)) << i;    // Dearer: discharges no less.
    ASSERT_LE(std::abs(power_at(p, better)), config.price->power.count()) << i;
  }
}

}  // namespace
}  // namespace ems::decision
