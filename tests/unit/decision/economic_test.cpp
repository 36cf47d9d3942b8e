// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/economic.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <vector>

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr BasisPoints bp(std::int32_t count) { return BasisPoints{count}; }
constexpr UtcInstant utc(std::int64_t s) { return UtcInstant{seconds(s)}; }
constexpr Instant kNow{seconds(100)};
constexpr std::optional<NetLoad> kNoLoad;

std::optional<NetLoad> load(std::int32_t watts) { return NetLoad{w(watts), kNow, kNow}; }

BatterySummary charged(std::int32_t soc) {
  return {.soc = {Sample<BasisPoints>{bp(soc), kNow - 1_s}, 2_s}};
}
const BatterySummary kUnknown{};

WallTime wall(std::int64_t unix_s) {
  return {.utc = utc(unix_s), .utc_offset = {}, .quality = ClockQuality::synced};
}
/// A Monday.
WallTime monday(int hours, int minutes = 0) {
  return wall(1'709'510'400 + (hours * 60 + minutes) * 60);
}

void expect_abstains(const PolicyOutput& out, PolicyStatus status) {
  EXPECT_EQ(out.status, status) << to_string(out.status);
  EXPECT_EQ(out.demand.preference, std::nullopt);
  EXPECT_EQ(out.demand.constraint, std::nullopt);
  EXPECT_EQ(out.demand.level, Level::economic);
}
void expect_asks(const PolicyOutput& out, PolicyStatus status, const Band& asked) {
  EXPECT_EQ(out.status, status) << to_string(out.status);
  EXPECT_EQ(out.demand.preference, asked);
  EXPECT_EQ(out.demand.constraint, std::nullopt);
  EXPECT_EQ(out.demand.level, Level::economic);
}
template <class Config>
void refuses(const Config& config, std::string_view what, std::uint16_t offset = 0) {
  const Result<void> checked = validate(config);
  ASSERT_FALSE(checked) << what;
  EXPECT_EQ(checked.error().code, Errc::out_of_range);
  EXPECT_EQ(checked.error().what, what);
  EXPECT_EQ(checked.error().offset, offset);
}

// ---- zero_export -------------------------------------------------------------------------------

TEST(ZeroExport, ChargesRatherThanExportsBeyondTheTolerance) {
  for (const auto& [net_load, at_most] :
       {std::pair{-3'000, -2'950}, {-51, -1}, {-50, 0}, {0, 50}, {2'000, 2'050}}) {
    const PolicyOutput out = zero_export({}, load(net_load));
    EXPECT_EQ(out.status, PolicyStatus::acting);
    EXPECT_EQ(out.demand.constraint, Band::at_most(w(at_most))) << net_load;
    EXPECT_EQ(out.demand.preference, std::nullopt);
    EXPECT_EQ(out.demand.policy, PolicyId::zero_export);
  }
  expect_abstains(zero_export({}, kNoLoad), PolicyStatus::stale);
  EXPECT_TRUE(validate(ZeroExportConfig{.tolerance = {}}));
  refuses(ZeroExportConfig{.tolerance = w(-1)}, "zero_export.tolerance is below 0");
}

// ---- time_of_use -------------------------------------------------------------------------------

constexpr DailyWindow daily(std::uint16_t from_hour, std::uint16_t to_hour) {
  return {.from = static_cast<std::uint16_t>(from_hour * 60),
          .to = static_cast<std::uint16_t>(to_hour * 60)};
}

TimeOfUseConfig windows() {
  TimeOfUseConfig config;
  config.windows.push_back({daily(22, 6), WindowAction::charge, w(3'000), bp(8'000)});
  config.windows.push_back({daily(18, 21), WindowAction::discharge, w(5'000), bp(2'000)});
  config.windows.push_back({daily(12, 19), WindowAction::hold, {}, {}});
  config.windows.push_back({daily(10, 12), WindowAction::discharge, w(700), {}});
  EXPECT_TRUE(validate(config));
  return config;
}

PolicyOutput tou(const WallTime& now, const BatterySummary& batteries) {
  return time_of_use({}, windows(), now, batteries, false, kNow).output;
}

TEST(TimeOfUse, DoesWhatTheFirstOpenWindowSays) {
  expect_asks(tou(monday(23), charged(5'000)), PolicyStatus::acting, Band::point(w(-3'000)));
  expect_asks(tou(monday(18, 30), charged(5'000)), PolicyStatus::acting, Band::point(w(5'000)));
  expect_asks(tou(monday(13), charged(5'000)), PolicyStatus::acting, Band::at_most(w(0)));
  expect_abstains(tou(monday(9), charged(5'000)), PolicyStatus::watching);
  const auto step = time_of_use({}, windows(), monday(18), charged(5'000), false, kNow);
  EXPECT_EQ(step.state.window, 1);
  EXPECT_EQ(step.output.demand.policy, PolicyId::time_of_use);
}

TEST(TimeOfUse, StopsAtItsStateOfChargeAndKeepsTheEnergy) {
  expect_asks(tou(monday(23), charged(7'999)), PolicyStatus::acting, Band::point(w(-3'000)));
  expect_asks(tou(monday(23), charged(8'000)), PolicyStatus::satisfied, Band::at_most(w(0)));
  expect_asks(tou(monday(19), charged(2'001)), PolicyStatus::acting, Band::point(w(5'000)));
  expect_asks(tou(monday(19), charged(2'000)), PolicyStatus::satisfied, Band::at_most(w(0)));
}

TEST(TimeOfUse, GoesOnOnlyBeyondTheHysteresisOrInAnotherWindow) {
  const TimeOfUseConfig config = windows();
  const auto run = [&config](const TimeOfUseState& state, const WallTime& now, std::int32_t soc) {
    return time_of_use(state, config, now, charged(soc), false, kNow);
  };
  const TimeOfUseState full = run({}, monday(23), 8'000).state;
  EXPECT_TRUE(full.stopped);
  EXPECT_TRUE(run(full, monday(23), 7'901).state.stopped);
  EXPECT_FALSE(run(full, monday(23), 7'900).state.stopped);
  EXPECT_FALSE(run(full, monday(19), 7'999).state.stopped);
  const TimeOfUseState empty = run({}, monday(19), 2'000).state;
  EXPECT_TRUE(run(empty, monday(19), 2'099).state.stopped);
  EXPECT_FALSE(run(empty, monday(19), 2'100).state.stopped);
  EXPECT_FALSE(run(empty, monday(23), 2'001).state.stopped);
  // A window that closed and opened again starts anew.
  const TimeOfUseState closed = run(full, monday(9), 7'999).state;
  EXPECT_EQ(closed, TimeOfUseState{});
}

TEST(TimeOfUse, NeedsTheClockAndWhereItStopsTheStateOfCharge) {
  WallTime unset = monday(23);
  unset.quality = ClockQuality::unset;
  expect_abstains(tou(unset, charged(5'000)), PolicyStatus::clock_unset);
  expect_abstains(tou(monday(23), kUnknown), PolicyStatus::stale);
  expect_asks(tou(monday(13), kUnknown), PolicyStatus::acting, Band::at_most(w(0)));
  expect_asks(tou(monday(11), kUnknown), PolicyStatus::acting, Band::point(w(700)));
}

TEST(TimeOfUse, CanStandInForPricesOnly) {
  TimeOfUseConfig config = windows();
  const auto run = [&config](bool priced) {
    return time_of_use({}, config, monday(23), charged(5'000), priced, kNow);
  };
  EXPECT_EQ(run(true).output.status, PolicyStatus::acting);
  config.only_without_prices = true;
  EXPECT_EQ(run(false).output.status, PolicyStatus::acting);
  expect_abstains(run(true).output, PolicyStatus::not_applicable);
  EXPECT_EQ(run(true).state, TimeOfUseState{});
}

TEST(TimeOfUse, ConfigIsChecked) {
  refuses(TimeOfUseConfig{}, "time_of_use: it has no window");
  const auto with = [](const TimeOfUseWindow& window) {
    TimeOfUseConfig config = windows();
    config.windows.push_back(window);
    return config;
  };
  const std::string_view power = "time_of_use: a window's power does not fit its action";
  refuses(with({daily(0, 1), WindowAction::charge, w(0), {}}), power, 4);
  refuses(with({daily(0, 1), WindowAction::discharge, w(-1), {}}), power, 4);
  refuses(with({daily(0, 1), WindowAction::hold, w(1), {}}), power, 4);
  const std::string_view stop = "time_of_use: a window's soc_stop";
  refuses(with({daily(0, 1), WindowAction::hold, w(0), bp(5'000)}), stop, 4);
  refuses(with({daily(0, 1), WindowAction::charge, w(1), bp(10'001)}), stop, 4);
  refuses(with({daily(0, 1), WindowAction::discharge, w(1), bp(-1)}), stop, 4);
  refuses(with({daily(1, 1), WindowAction::charge, w(1), {}}), "window: it ends when it begins", 4);
  TimeOfUseConfig config = windows();
  config.soc_hysteresis = bp(10'001);
  refuses(config, "time_of_use.soc_hysteresis is not within 0 and 100 %");
}

TEST(WindowAction, HasAName) {
  EXPECT_EQ(to_string(WindowAction::charge), "charge");
  EXPECT_EQ(to_string(WindowAction::discharge), "discharge");
  EXPECT_EQ(to_string(WindowAction::hold), "hold");
  EXPECT_EQ(to_string(static_cast<WindowAction>(0)), "unknown");
}

// ---- price -------------------------------------------------------------------------------------

constexpr Price milli(std::int64_t thousandths) { return Price{thousandths * 1'000}; }
const Currency kBrl{"BRL"};

/// The numbers of REQUIREMENTS A2: buy below 0.45, sell above 0.85 BRL/kWh.
PriceConfig thresholds() {
  return {.currency = kBrl, .buy_below = milli(450), .sell_above = milli(850), .power = w(10'000)};
}

PriceTable table(std::span<const PriceSlot> slots) {
  return {.slots = slots, .end = utc(9'000), .made_at = utc(500), .currency = kBrl};
}

PriceStep priced(const PriceConfig& config, std::int64_t buy, std::int64_t sell,
                 std::int32_t soc = 5'000) {
  const PriceSlot slot{utc(1'000), milli(buy), milli(sell)};
  return price({}, config, table({&slot, 1}), wall(2'000), charged(soc), kNow);
}

TEST(Price, BuysBelowAndSellsAboveWithMorePowerTheBetterThePrice) {
  const struct {
    std::int64_t buy, sell;
    std::int32_t power;
  } cases[] = {
      {449, 100, -5'000},    // Just below: half.
      {225, 100, -5'000},    // 1 - p / buy is no more than half.
      {224, 100, -5'022},    // 1 - 224/450 = 0.50222...
      {45, 0, -9'000},       //
      {0, 0, -10'000},       //
      {-1, -2, -10'000},     // Paid to take it.
      {500, 851, 5'011},     // 0.5 + 1/850
      {500, 1'275, 10'000},  // 0.5 + 0.5
      {500, 9'999, 10'000},  //
      {449, 851, -5'000},    // Both: buying comes first.
  };
  for (const auto& c : cases) {
    const PriceStep out = priced(thresholds(), c.buy, c.sell);
    expect_asks(out.output, PolicyStatus::acting, Band::point(w(c.power)));
    EXPECT_EQ(out.output.demand.policy, PolicyId::price);
    EXPECT_EQ(out.slot, (PriceSlot{utc(1'000), milli(c.buy), milli(c.sell)}));
  }
  for (const auto& [buy, sell] : {std::pair{450, 850}, {600, 100}}) {
    expect_abstains(priced(thresholds(), buy, sell).output, PolicyStatus::watching);
  }
}

TEST(Price, ThresholdsMayBeBelowZeroAndTheShareFixed) {
  PriceConfig config = thresholds();
  config.share_at_threshold = bp(10'000);
  expect_asks(priced(config, 449, 0).output, PolicyStatus::acting, Band::point(w(-10'000)));
  expect_asks(priced(config, 500, 851).output, PolicyStatus::acting, Band::point(w(10'000)));
  config = thresholds();
  config.buy_below = milli(-10);
  config.sell_above = milli(-5);
  expect_asks(priced(config, -11, -20).output, PolicyStatus::acting, Band::point(w(-10'000)));
  expect_asks(priced(config, 0, -4).output, PolicyStatus::acting, Band::point(w(10'000)));
  expect_abstains(priced(config, -10, -5).output, PolicyStatus::watching);
  config.buy_below = config.sell_above = Price{};
  expect_asks(priced(config, 1, 1).output, PolicyStatus::acting, Band::point(w(10'000)));
}

TEST(Price, StaysInsideItsStateOfCharge) {
  expect_asks(priced(thresholds(), 100, 0, 8'999).output, PolicyStatus::acting,
              Band::point(w(-7'777)));
  expect_asks(priced(thresholds(), 100, 0, 9'000).output, PolicyStatus::satisfied,
              Band::at_most(w(0)));
  expect_asks(priced(thresholds(), 500, 1'700, 3'001).output, PolicyStatus::acting,
              Band::point(w(10'000)));
  expect_abstains(priced(thresholds(), 500, 1'700, 3'000).output, PolicyStatus::satisfied);
}

TEST(Price, BuysAndSellsAgainOnlyBeyondTheHysteresis) {
  const PriceSlot cheap{utc(1'000), milli(100), milli(0)};
  const PriceSlot dear{utc(1'000), milli(900), milli(1'700)};
  const auto run = [](const PriceState& state, const PriceSlot& slot, std::int32_t soc) {
    return price(state, thresholds(), table({&slot, 1}), wall(2'000), charged(soc), kNow);
  };
  const PriceState full = run({}, cheap, 9'000).state;
  EXPECT_EQ(full, (PriceState{.full = true, .empty = false}));
  EXPECT_EQ(run(full, cheap, 8'901).output.status, PolicyStatus::satisfied);
  EXPECT_EQ(run(full, cheap, 8'900).output.status, PolicyStatus::acting);
  const PriceState empty = run({}, dear, 3'000).state;
  EXPECT_EQ(empty, (PriceState{.full = false, .empty = true}));
  EXPECT_EQ(run(empty, dear, 3'099).output.status, PolicyStatus::satisfied);
  EXPECT_EQ(run(empty, dear, 3'100).output.status, PolicyStatus::acting);
  // What cannot be looked at keeps the state.
  EXPECT_EQ(price(full, thresholds(), {}, wall(2'000), charged(5'000), kNow).state, full);
}

TEST(Price, TakesTheSlotOfNow) {
  const std::array slots{PriceSlot{utc(1'000), milli(100), milli(0)},
                         PriceSlot{utc(2'000), milli(600), milli(500)},
                         PriceSlot{utc(3'000), milli(900), milli(1'700)}};
  const auto at = [&slots](std::int64_t s) {
    return price({}, thresholds(), table(slots), wall(s), charged(5'000), kNow).output.status;
  };
  EXPECT_EQ(at(999), PolicyStatus::not_covered);
  EXPECT_EQ(at(1'000), PolicyStatus::acting);
  EXPECT_EQ(at(2'000), PolicyStatus::watching);
  EXPECT_EQ(at(2'999), PolicyStatus::watching);
  EXPECT_EQ(at(3'000), PolicyStatus::acting);
  EXPECT_EQ(at(8'999), PolicyStatus::acting);
  EXPECT_EQ(at(9'000), PolicyStatus::not_covered);
}

TEST(Price, AbstainsAndSaysWhy) {
  const PriceSlot cheap{utc(1'000), milli(100), milli(0)};
  PriceConfig config = thresholds();
  config.age_max = seconds(2'000);
  PriceTable good = table({&cheap, 1});
  PriceTable dollars = good;
  dollars.currency = Currency{"USD"};
  PriceTable future = good;
  future.made_at = utc(2'001);
  WallTime unset = wall(2'000);
  unset.quality = ClockQuality::unset;
  const struct {
    std::optional<PriceTable> table;
    WallTime wall;
    PolicyStatus status;
  } cases[] = {
      {std::nullopt, wall(2'000), PolicyStatus::no_demand},
      {good, unset, PolicyStatus::clock_unset},
      {future, wall(2'000), PolicyStatus::stale},
      {good, wall(2'500), PolicyStatus::too_old},
      {dollars, wall(2'000), PolicyStatus::not_covered},
  };
  for (const auto& c : cases) {
    const PriceStep out = price({}, config, c.table, c.wall, charged(5'000), kNow);
    expect_abstains(out.output, c.status);
    EXPECT_EQ(out.slot, std::nullopt);
  }
  EXPECT_EQ(price({}, config, good, wall(2'499), charged(5'000), kNow).output.status,
            PolicyStatus::acting);
  future.made_at = utc(2'000);  // This very moment.
  EXPECT_EQ(price({}, config, future, wall(2'000), charged(5'000), kNow).output.status,
            PolicyStatus::acting);
  const PriceStep blind = price({}, config, good, wall(2'000), kUnknown, kNow);
  expect_abstains(blind.output, PolicyStatus::stale);
  EXPECT_EQ(blind.slot, cheap);  // There is a price: windows need not stand in.
}

TEST(PriceTable, IsCheckedWhenItArrives) {
  std::array slots{PriceSlot{utc(1'000), {}, {}}, PriceSlot{utc(2'000), {}, {}}};
  EXPECT_TRUE(validate(table(slots)));
  for (const std::string_view name : {"", "BR", "brl", "B[L", "BR1"}) {
    PriceTable bad = table(slots);
    bad.currency = Currency{name};
    refuses(bad, "prices: the currency is not three capital letters");
  }
  PriceTable other = table(slots);
  other.currency = Currency{"AZN"};
  EXPECT_TRUE(validate(other));
  refuses(table({}), "prices: there is no slot");
  slots[1].start = utc(1'000);
  refuses(table(slots), "prices: a slot does not start after the one before", 1);
  slots[1].start = utc(9'000);
  refuses(table(slots), "prices: the last slot ends before it begins", 1);
  slots[1] = {utc(2'000), kPriceMax + Price{1}, {}};
  refuses(table(slots), "prices: more than a million per kWh", 1);
  slots[1] = {utc(2'000), kPriceMax, -kPriceMax};
  EXPECT_TRUE(validate(table(slots)));
  slots[0].sell = -kPriceMax - Price{1};
  refuses(table(slots), "prices: more than a million per kWh", 0);
}

TEST(PriceConfig, IsChecked) {
  EXPECT_TRUE(validate(thresholds()));
  const auto with = [](auto change) {
    PriceConfig config = thresholds();
    change(config);
    return config;
  };
  refuses(with([](PriceConfig& c) { c.currency = {}; }),
          "price.currency is not three capital letters");
  const std::string_view absurd = "price: buy_below is above sell_above, or one is absurd";
  refuses(with([](PriceConfig& c) { c.buy_below = milli(851); }), absurd);
  refuses(with([](PriceConfig& c) { c.buy_below = -kPriceMax - Price{1}; }), absurd);
  refuses(with([](PriceConfig& c) { c.sell_above = kPriceMax + Price{1}; }), absurd);
  refuses(with([](PriceConfig& c) { c.power = {}; }), "price.power is not above 0");
  const std::string_view share =
      "price: share_at_threshold or soc_hysteresis is not within 0 and 100 %";
  refuses(with([](PriceConfig& c) { c.share_at_threshold = bp(10'001); }), share);
  refuses(with([](PriceConfig& c) { c.soc_hysteresis = bp(-1); }), share);
  const std::string_view band = "price: soc_sell_min and soc_buy_max are no band";
  refuses(with([](PriceConfig& c) { c.soc_sell_min = bp(-1); }), band);
  refuses(with([](PriceConfig& c) { c.soc_buy_max = bp(10'001); }), band);
  refuses(with([](PriceConfig& c) { c.soc_sell_min = bp(9'000); }), band);
  refuses(with([](PriceConfig& c) { c.age_max = {}; }), "price.age_max is not above 0");
}

// ---- self_consumption --------------------------------------------------------------------------

PolicyOutput self(const SelfConsumptionConfig& config, const std::optional<NetLoad>& net_load,
                  const BatterySummary& batteries = kUnknown) {
  return self_consumption({}, config, net_load, batteries, kNow).output;
}

TEST(SelfConsumption, DrivesThePccToItsTarget) {
  const struct {
    const char* why;
    SelfConsumptionConfig config;
    std::int32_t net_load;
    Band asked;
  } cases[] = {
      {"load: discharge", {}, 3'200, Band::point(w(3'200))},
      {"surplus: charge", {}, -1'500, Band::point(w(-1'500))},
      {"a watt of it", {}, -1, Band::point(w(-1))},
      {"nothing", {}, 0, Band::point(w(0))},
      {"keep importing a little", {w(100), w(0)}, 3'200, Band::point(w(3'100))},
      {"deadband", {w(0), w(50)}, 3'200, Band{w(3'150), w(3'250)}},
      {"inside the deadband", {w(0), w(50)}, 30, Band{w(-20), w(80)}},
  };
  for (const auto& c : cases) {
    const PolicyOutput out = self(c.config, load(c.net_load));
    expect_asks(out, PolicyStatus::acting, c.asked);
    EXPECT_EQ(out.demand.policy, PolicyId::self_consumption) << c.why;
  }
}

TEST(SelfConsumption, AbstainsWhenBlind) {
  expect_abstains(self({}, kNoLoad), PolicyStatus::stale);
  expect_abstains(self({.soc_store_max = bp(8'000)}, load(1'000)), PolicyStatus::stale);
  expect_abstains(self({.soc_feed_min = bp(2'000)}, load(1'000)), PolicyStatus::stale);
}

TEST(SelfConsumption, BeginsToStoreAtASurplusAndGoesOnBelowIt) {
  const SelfConsumptionConfig config{.surplus_start = w(1'000), .surplus_stop = w(200)};
  SelfConsumptionState state;
  const auto run = [&](const std::optional<NetLoad>& net_load) {
    const SelfConsumptionStep step = self_consumption(state, config, net_load, kUnknown, kNow);
    state = step.state;
    return step.output;
  };
  expect_abstains(run(load(-999)), PolicyStatus::watching);
  expect_asks(run(load(-1'000)), PolicyStatus::acting, Band::point(w(-1'000)));
  expect_asks(run(load(-999)), PolicyStatus::acting, Band::point(w(-999)));
  expect_asks(run(load(-200)), PolicyStatus::acting, Band::point(w(-200)));
  expect_abstains(run(load(-199)), PolicyStatus::watching);
  expect_abstains(run(load(-999)), PolicyStatus::watching);
  run(load(-1'000));
  expect_asks(run(load(300)), PolicyStatus::acting, Band::point(w(300)));  // Feeding at any load.
  expect_abstains(run(load(-999)), PolicyStatus::watching);
  expect_asks(run(load(0)), PolicyStatus::acting, Band::point(w(0)));
  run(load(-1'000));
  expect_abstains(run(kNoLoad), PolicyStatus::stale);
  expect_abstains(run(load(-999)), PolicyStatus::watching);
}

TEST(SelfConsumption, CountsTheSurplusFromItsTarget) {
  const SelfConsumptionConfig config{.pcc_target = w(-500), .surplus_start = w(1'000)};
  expect_abstains(self(config, load(-1'499)), PolicyStatus::watching);
  expect_asks(self(config, load(-1'500)), PolicyStatus::acting, Band::point(w(-1'000)));
}

TEST(SelfConsumption, KeepsToItsStatesOfCharge) {
  const SelfConsumptionConfig config{
      .deadband = w(50), .soc_store_max = bp(8'000), .soc_feed_min = bp(2'000)};
  const struct {
    const char* why;
    std::int32_t soc, net_load;
    PolicyStatus status;
    Band asked;
  } cases[] = {
      {"below the target", 7'999, -900, PolicyStatus::acting, Band{w(-950), w(-850)}},
      {"at it", 8'000, -900, PolicyStatus::satisfied, Band{w(0), w(0)}},
      {"at it, feeding", 8'000, 900, PolicyStatus::acting, Band{w(850), w(950)}},
      {"at it, balanced", 8'000, 0, PolicyStatus::acting, Band{w(0), w(50)}},
      {"above the floor", 2'001, 900, PolicyStatus::acting, Band{w(850), w(950)}},
      {"at it", 2'000, 900, PolicyStatus::satisfied, Band{w(0), w(0)}},
      {"at it, balanced", 2'000, 0, PolicyStatus::acting, Band{w(-50), w(0)}},
      {"at it, storing", 2'000, -900, PolicyStatus::acting, Band{w(-950), w(-850)}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.why);
    expect_asks(self(config, load(c.net_load), charged(c.soc)), c.status, c.asked);
  }
  // Each bound alone.
  expect_asks(self({.soc_store_max = bp(8'000)}, load(900), charged(0)), PolicyStatus::acting,
              Band::point(w(900)));
  expect_asks(self({.soc_feed_min = bp(2'000)}, load(-900), charged(10'000)), PolicyStatus::acting,
              Band::point(w(-900)));
}

TEST(SelfConsumption, StoresAndFeedsAgainOnlyBeyondTheHysteresis) {
  const SelfConsumptionConfig config{.soc_store_max = bp(8'000), .soc_feed_min = bp(2'000)};
  const auto run = [&config](const SelfConsumptionState& state, std::int32_t soc) {
    return self_consumption(state, config, load(1'000), charged(soc), kNow).state;
  };
  const SelfConsumptionState full = run({}, 8'000);
  EXPECT_TRUE(full.full);
  EXPECT_TRUE(run(full, 7'901).full);
  EXPECT_FALSE(run(full, 7'900).full);
  const SelfConsumptionState empty = run({}, 2'000);
  EXPECT_TRUE(empty.empty);
  EXPECT_TRUE(run(empty, 2'099).empty);
  EXPECT_FALSE(run(empty, 2'100).empty);
  EXPECT_TRUE(self_consumption(empty, config, kNoLoad, charged(5'000), kNow).state.empty);
}

TEST(SelfConsumption, ConfigIsChecked) {
  EXPECT_TRUE(validate(SelfConsumptionConfig{}));
  refuses(SelfConsumptionConfig{.deadband = w(-1)}, "self_consumption.deadband is below 0");
  const std::string_view surplus =
      "self_consumption.surplus_stop is below 0 or above surplus_start";
  refuses(SelfConsumptionConfig{.surplus_stop = w(-1)}, surplus);
  refuses(SelfConsumptionConfig{.surplus_stop = w(1)}, surplus);
  const std::string_view band = "self_consumption: soc_feed_min and soc_store_max are no band";
  refuses(SelfConsumptionConfig{.soc_store_max = bp(10'001)}, band);
  refuses(SelfConsumptionConfig{.soc_feed_min = bp(-1)}, band);
  refuses(SelfConsumptionConfig{.soc_store_max = bp(10), .soc_feed_min = bp(10)}, band);
  refuses(SelfConsumptionConfig{.soc_hysteresis = bp(-1)},
          "self_consumption.soc_hysteresis is not within 0 and 100 %");
}

}  // namespace
}  // namespace ems::decision
