// SPDX-License-Identifier: Apache-2.0
// Several batteries and inverters in one control loop: what decision and distribute get to see.
#include <gtest/gtest.h>

#include <array>

#include "support/plain_site.hpp"

namespace ems::runtime {
namespace {

/// Two batteries and two inverters of the plain site's kind; `first` and `second` are the batteries
/// that feed each inverter, as bits.
ControlConfig two_of_each(std::uint8_t first, std::uint8_t second) {
  ControlConfig config = test::plain_config();
  safety::BatteryConfig twin = config.safety.batteries[0];
  twin.asset = battery(2);
  config.safety.batteries.push_back(twin);
  config.batteries[0] = {10'000_wh};
  config.batteries.push_back({30'000_wh});
  safety::InverterConfig other = config.safety.inverters[0];
  other.asset = inverter(2);
  config.safety.inverters.push_back(other);
  config.safety.inverters[0].batteries = first;
  config.safety.inverters[1].batteries = second;
  config.inverters.push_back({5'000_w});
  return config;
}

class Fleet {
 public:
  explicit Fleet(const ControlConfig& config) : loop_(config, safety::State{}) {}

  /// 30 s of 100 ms ticks with healthy devices, as far as they are alive.
  Tick settle() {
    Tick tick;
    for (int i = 0; i < 300; ++i) {
      now = now + 100_ms;
      for (const std::uint16_t n : {std::uint16_t{1}, std::uint16_t{2}}) {
        if (n == 2 && !second_alive) continue;
        for (int cell = 1; cell <= test::kCells; ++cell) {
          site_.put(battery(n), Signal::cell_voltage, 3'300, now, static_cast<std::uint16_t>(cell));
        }
        site_.put(battery(n), Signal::pack_voltage, 3'300 * test::kCells, now);
        site_.put(battery(n), Signal::pack_current, 0, now);
        site_.put(battery(n), Signal::soc, soc[n - 1U], now);
        site_.put(battery(n), Signal::temperature, 20'000 + 1'000 * n, now, 1);
      }
      site_.put(inverter(1), Signal::active_power, 0, now);
      site_.put(inverter(2), Signal::active_power, 0, now);
      site_.put(meter(1), Signal::active_power, 2'000, now);
      tick = loop_.tick(site_.image, inputs, now);
    }
    return tick;
  }
  /// A person asks for `power`.
  Tick ask(Watt power) {
    inputs.setpoint =
        decision::SetpointCommand{power, now, now + seconds(3'600), decision::ActorName{"anna"}};
    return settle();
  }

  TickInputs inputs{.inverters_ready = 3};
  std::array<int, 2> soc{5'000, 5'000};
  bool second_alive = true;
  Instant now{seconds(100)};

 private:
  test::PlainSite site_;
  ControlLoop loop_;
};

/// What decision was told of an input, through whatever policy looked.
std::optional<std::int64_t> told(const Tick& tick, decision::Input which) {
  for (const decision::InputAge& input : tick.decision.inputs) {
    if (input.input == which) return input.usable ? input.value : std::nullopt;
  }
  return std::nullopt;
}

ControlConfig watching(ControlConfig config) {
  config.decision.comfort_band = decision::ComfortBandConfig{.power = 10'000_w};
  config.decision.gentle_current = decision::GentleCurrentConfig{};
  config.decision.gentle_temperature = decision::GentleTemperatureConfig{.power = 10'000_w};
  config.decision.backup_reserve = decision::BackupReserveConfig{};
  return config;
}

TEST(ControlLoopFleet, SharesByTheEnergyAboveTheFloorOfEachBattery) {
  Fleet fleet(two_of_each(1, 2));
  fleet.soc = {6'500, 2'500};  // 60 % of 10 kWh and 20 % of 30 kWh above the floor of 5 %.
  const Tick tick = fleet.ask(4'000_w);
  EXPECT_EQ(tick.distribution.shares[0].energy, 6'000_wh);
  EXPECT_EQ(tick.distribution.shares[1].energy, 6'000_wh);
  EXPECT_EQ(tick.orders[0].command->p, 2'000_w);
  EXPECT_EQ(tick.orders[1].command->p, 2'000_w);
  const Tick charging = fleet.ask(Watt{-2'640});  // Room below 98 %: 3.3 and 21.9 kWh.
  EXPECT_EQ(charging.distribution.shares[0].energy, 3'300_wh);
  EXPECT_EQ(charging.distribution.shares[1].energy, 21'900_wh);
  EXPECT_EQ(charging.orders[0].command->p, Watt{-345});
  EXPECT_EQ(charging.orders[1].command->p, Watt{-2'295});
}

TEST(ControlLoopFleet, ABatteryBehindTwoInvertersCountsOnce) {
  Fleet fleet(two_of_each(1, 3));
  const Tick tick = fleet.ask(2'000_w);
  // 45 % above the floor; half of battery 1 with each inverter, all of battery 2 with the second.
  EXPECT_EQ(tick.distribution.shares[0].energy, 2'250_wh);
  EXPECT_EQ(tick.distribution.shares[1].energy, 15'750_wh);
  EXPECT_EQ(tick.orders[0].command->p, 250_w);
  EXPECT_EQ(tick.orders[1].command->p, 1'750_w);
}

TEST(ControlLoopFleet, BatteriesOnOneBusGiveWhatTheirInverterMay) {
  Fleet fleet(two_of_each(3, 3));
  const Tick tick = fleet.settle();
  ASSERT_EQ(tick.safety.inverters[0].command, CommandKind::follow);
  EXPECT_EQ(tick.distribution.shares[0].bounds.lo,
            max_of(tick.safety.inverters[0].ac.lo, Watt{-5'000}));
  EXPECT_EQ(tick.distribution.shares[0].bounds.hi, min_of(tick.safety.inverters[0].ac.hi, 5'000_w));
  EXPECT_LT(tick.distribution.shares[0].bounds.lo, Watt{-1'000});
}

TEST(ControlLoopFleet, BoundsOnOneSideOf0AreSharedByThreeBatteriesToo) {
  ControlConfig config = two_of_each(1, 2);
  safety::BatteryConfig third = config.safety.batteries[0];
  third.asset = battery(3);
  config.safety.batteries.push_back(third);
  config.batteries.push_back({10'000_wh});
  config.safety.inverters.pop_back();
  config.inverters.pop_back();
  config.safety.inverters[0].batteries = 7;
  config.safety.inverters[0].has_dc_pv = true;
  test::PlainSite site;
  ControlLoop loop(config, safety::State{});
  Instant now{seconds(100)};
  int forced = 0;
  for (int i = 0; i < 600; ++i) {
    now = now + 100_ms;
    for (const std::uint16_t n : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}}) {
      for (int cell = 1; cell <= test::kCells; ++cell) {
        site.put(battery(n), Signal::cell_voltage, 3'300, now, static_cast<std::uint16_t>(cell));
      }
      site.put(battery(n), Signal::pack_voltage, 3'300 * test::kCells, now);
      site.put(battery(n), Signal::pack_current, 0, now);
      site.put(battery(n), Signal::soc, 5'000, now);
      site.put(battery(n), Signal::temperature, 20'000, now, 1);
      // No charging, and next to no discharging: what the PV delivers must flow, and little more.
      site.put(battery(n), Signal::charge_current_limit, 0, now);
      site.put(battery(n), Signal::discharge_current_limit, 13 + i % 5, now);
    }
    site.put(inverter(1), Signal::active_power, 0, now);
    site.put(inverter(1), Signal::dc_pv_power, 1'000 + i, now);
    site.put(meter(1), Signal::active_power, 0, now);
    const Tick tick = loop.tick(site.image, {.inverters_ready = 1}, now);
    const Interval ac = tick.safety.inverters[0].ac;
    if (tick.safety.inverters[0].command != CommandKind::follow || ac.lo <= Watt{}) continue;
    ++forced;
    ASSERT_EQ(tick.distribution.shares[0].bounds, ac);
  }
  EXPECT_GT(forced, 40);
}

TEST(ControlLoopFleet, AStaleMeterLeavesTheFrequencyToAnInverter) {
  ControlConfig config = test::plain_config();
  config.decision.frequency_droop = decision::FrequencyDroopConfig{.reference = 5'000_w};
  test::PlainSite site;
  ControlLoop loop(config, safety::State{});
  const auto seen = [&](Instant now) {
    site.healthy(now);
    return told(loop.tick(site.image, {.inverters_ready = 1}, now), decision::Input::frequency);
  };
  const Instant start{seconds(100)};
  site.put(meter(1), Signal::frequency, 50'010, start);
  site.put(inverter(1), Signal::frequency, 50'020, start);
  EXPECT_EQ(seen(start), 50'010);
  site.put(inverter(1), Signal::frequency, 50'020, start + 10_s);
  EXPECT_EQ(seen(start + 10_s), 50'020);
  EXPECT_EQ(seen(start + 20_s), std::nullopt);  // Both are old.
}

TEST(ControlLoopFleet, APhaseLimitBoundsItsInverter) {
  ControlConfig config = two_of_each(1, 2);
  config.inverters[1].phases.push_back({Watt{-700}, 700_w});
  Fleet fleet(config);
  const Tick tick = fleet.ask(3'000_w);
  EXPECT_EQ(tick.distribution.shares[1].bounds, (Interval{Watt{-700}, 700_w}));
  EXPECT_EQ(tick.orders[0].command->p, 2'300_w);
  EXPECT_EQ(tick.orders[1].command->p, 700_w);
}

TEST(ControlLoopFleet, DecisionSeesAllBatteriesTogether) {
  Fleet fleet(watching(two_of_each(1, 2)));
  fleet.soc = {3'000, 7'000};
  const Tick tick = fleet.settle();
  EXPECT_EQ(told(tick, decision::Input::soc), 6'000);
  EXPECT_EQ(told(tick, decision::Input::soc_min), 3'000);
  EXPECT_EQ(told(tick, decision::Input::soc_max), 7'000);
  EXPECT_EQ(told(tick, decision::Input::temperature_min), 21'000);
  EXPECT_EQ(told(tick, decision::Input::temperature_max), 22'000);
  EXPECT_EQ(told(tick, decision::Input::capacity), 40'000);
}

TEST(ControlLoopFleet, ADeadBatteryDoesNotStopThePoliciesOfTheOther) {
  Fleet fleet(watching(two_of_each(1, 2)));
  fleet.soc = {3'000, 7'000};
  fleet.second_alive = false;
  const Tick tick = fleet.settle();
  EXPECT_EQ(tick.distribution.shares[1].bounds, Interval{});
  EXPECT_EQ(told(tick, decision::Input::soc), 3'000);
  EXPECT_EQ(told(tick, decision::Input::temperature_max), 21'000);
  EXPECT_EQ(told(tick, decision::Input::capacity), 10'000);
  // One that dies while it works is no longer known; safety stops it with that.
  Fleet dying(watching(two_of_each(1, 2)));
  dying.settle();
  dying.second_alive = false;
  EXPECT_EQ(told(dying.settle(), decision::Input::capacity), 10'000);
}

TEST(ControlLoopFleet, NoBatteryKnownIsNothingKnown) {
  Fleet fleet(watching(two_of_each(1, 2)));
  fleet.inputs.inverters_ready = 0;
  fleet.soc = {10'001, 10'001};
  const Tick tick = fleet.settle();
  EXPECT_EQ(told(tick, decision::Input::soc), std::nullopt);
  EXPECT_EQ(told(tick, decision::Input::capacity), std::nullopt);
  EXPECT_EQ(tick.decision.find(decision::PolicyId::comfort_band)->status,
            decision::PolicyStatus::stale);
}

TEST(ControlLoopFleet, PlanAndPricesReachTheDecision) {
  ControlConfig config = two_of_each(1, 2);
  config.decision.plan = decision::PlanConfig{};
  config.decision.price = decision::PriceConfig{.currency = decision::Currency{"EUR"},
                                                .buy_below = decision::Price{100'000},
                                                .sell_above = decision::Price{300'000},
                                                .power = 1'000_w};
  Fleet fleet(config);
  const UtcInstant day{seconds(1'700'000'000)};
  const std::array slots{decision::PlanSlot{day, day + seconds(900), Watt{-1'200}, {}}};
  const std::array prices{
      decision::PriceSlot{day, decision::Price{50'000}, decision::Price{20'000}}};
  fleet.inputs.wall = {.utc = day + seconds(60), .quality = ClockQuality::synced};
  fleet.inputs.plan = decision::Plan{
      .slots = slots, .made_at = day, .valid_for = seconds(900), .id = decision::PlanId{"p"}};
  fleet.inputs.prices = decision::PriceTable{.slots = prices,
                                             .end = day + seconds(3'600),
                                             .made_at = day,
                                             .currency = decision::Currency{"EUR"}};
  EXPECT_EQ(fleet.settle().decision.target(), Watt{-1'200});
  fleet.inputs.plan.reset();
  EXPECT_EQ(fleet.settle().decision.resolution.winner, decision::PolicyId::price);
}

}  // namespace
}  // namespace ems::runtime
