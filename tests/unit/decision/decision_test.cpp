// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/decision.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }
constexpr Interval iv(std::int32_t lo, std::int32_t hi) { return {w(lo), w(hi)}; }

MeasuredPower measured(std::int32_t watts, std::int64_t ms) {
  return {Sample<Watt>{w(watts), at(ms)}, 2_s};
}

Config all_policies() {
  return {.net_load = {},
          .import_limit = ImportLimitConfig{.limit = w(8'000), .hold = 30_s},
          .setpoint = SetpointConfig{.lease_max = 3'600_s},
          .self_consumption = SelfConsumptionConfig{}};
}

Config only_import_limit() {
  Config config = all_policies();
  config.setpoint.reset();
  config.self_consumption.reset();
  return config;
}

/// A site at 10 s: envelope, meter and battery as measured 100 ms ago.
Inputs seen(Interval envelope, std::int32_t pcc, std::int32_t battery) {
  return {.envelope = envelope,
          .pcc_power = measured(pcc, 9'900),
          .battery_power = measured(battery, 9'900),
          .gated = Sample<Watt>{w(battery), at(9'900)},
          .setpoint = {}};
}

SetpointCommand from_anna(std::int32_t watts) {
  return {w(watts), at(9'000), at(47'500), ActorName{"anna"}};
}

std::string text_of(const Decision& decision) {
  std::array<char, kExplanationSize> room{};
  return std::string(explain(decision, room));
}

Decision decide(const Config& config, const Inputs& inputs) {
  EXPECT_TRUE(validate(config));
  return step({}, config, inputs, at(10'000)).decision;
}

TEST(Decision, ImportLimitShavesThePeakAndSelfConsumptionFollowsWhenThereIsNone) {
  // 9.4 kW of load: self-consumption would feed all of it, safety allows 3 kW.
  EXPECT_EQ(decide(all_policies(), seen(iv(-2'000, 3'000), 9'400, 0)).target(), w(3'000));
  EXPECT_EQ(decide(only_import_limit(), seen(iv(-2'000, 3'000), 9'400, 0)).target(), w(1'400));
  EXPECT_EQ(decide(all_policies(), seen(iv(-5'000, 5'000), 900, 0)).target(), w(900));
  EXPECT_EQ(decide(all_policies(), seen(iv(-5'000, 5'000), -900, -1'000)).target(), w(-1'900));
}

TEST(Decision, RechargeNeverPushesImportAboveTheLimit) {
  Inputs inputs = seen(iv(-5'000, 5'000), 6'000, 0);
  inputs.setpoint = from_anna(-5'000);
  const Decision decision = decide(all_policies(), inputs);
  EXPECT_EQ(decision.target(), w(-2'000));
  EXPECT_EQ(decision.resolution.winner, PolicyId::setpoint);
  EXPECT_EQ(decision.resolution.conflicts[0].bound_by, PolicyId::import_limit);
  EXPECT_EQ(decision.resolution.conflicts[0].shortfall, w(3'000));
}

TEST(Decision, APersonBeatsSelfConsumptionAndTheLimitBeatsThePerson) {
  Inputs inputs = seen(iv(-5'000, 5'000), 9'400, 0);
  inputs.setpoint = from_anna(0);
  EXPECT_EQ(decide(all_policies(), inputs).target(), w(1'400));
  inputs.pcc_power = measured(2'000, 9'900);
  inputs.setpoint = from_anna(4'000);
  const Decision decision = decide(all_policies(), inputs);
  EXPECT_EQ(decision.target(), w(4'000));
  EXPECT_EQ(decision.resolution.runner_up, PolicyId::self_consumption);
}

TEST(Decision, TheSameSampleTwiceAsksForTheSame) {
  const Config config = only_import_limit();
  State state;
  for (std::int64_t ms = 10'000; ms < 11'800; ms += 100) {
    Inputs inputs = seen(iv(-5'000, 5'000), 9'400, 0);
    // The battery answers while the meter is silent.
    inputs.battery_power = measured(ms < 10'300 ? 0 : 1'400, ms);
    if (ms == 10'000) inputs.battery_power = measured(0, 9'900);
    const Step out = step(state, config, inputs, at(ms));
    EXPECT_EQ(out.decision.target(), w(1'400)) << ms;
    state = out.state;
  }
}

TEST(Decision, BlindHoldsThenGoesToZero) {
  const Config config = all_policies();
  const Inputs good = seen(iv(-5'000, 5'000), 9'400, 0);
  State state = step({}, config, good, at(10'000)).state;
  Inputs blind = good;  // No new samples; the gate's last command was 5 kW.
  blind.gated = Sample<Watt>{w(5'000), at(10'000)};
  Step out = step(state, config, blind, at(12'000));
  EXPECT_EQ(out.decision.target(), w(5'000));
  EXPECT_EQ(out.decision.find(PolicyId::import_limit)->status, PolicyStatus::holding);
  EXPECT_EQ(out.decision.find(PolicyId::self_consumption)->status, PolicyStatus::stale);
  EXPECT_EQ(out.decision.net_load, std::nullopt);
  out = step(out.state, config, blind, at(39'999));
  EXPECT_EQ(out.decision.target(), w(5'000));
  out = step(out.state, config, blind, at(40'000));
  EXPECT_EQ(out.decision.target(), w(0));
  EXPECT_EQ(out.decision.find(PolicyId::import_limit)->status, PolicyStatus::fallback);
}

TEST(Decision, AGateSampleFromTheFutureOrOfBadQualityIsNotHeld) {
  const Config config = only_import_limit();
  const State state{.net_load = {}, .import_limit = {.fresh_at = at(9'000), .held = {}}};
  Inputs inputs{.envelope = iv(-5'000, 5'000),
                .pcc_power = {},
                .battery_power = {},
                .gated = {},
                .setpoint = {}};
  inputs.gated = Sample<Watt>{w(2'000), at(10'001)};
  EXPECT_EQ(step(state, config, inputs, at(10'000)).decision.target(), w(0));
  inputs.gated = Sample<Watt>{w(2'000), at(9'000), Quality::bad};
  EXPECT_EQ(step(state, config, inputs, at(10'000)).decision.target(), w(0));
  inputs.gated = Sample<Watt>{w(2'000), at(9'000)};
  EXPECT_EQ(step(state, config, inputs, at(10'000)).decision.target(), w(2'000));
}

TEST(Decision, EveryInputsAgeIsReported) {
  Inputs inputs = seen(iv(-5'000, 5'000), 9'400, 0);
  inputs.battery_power = measured(0, 9'700);
  inputs.setpoint = from_anna(1);
  inputs.gated.reset();
  const Decision decision = decide(all_policies(), inputs);
  const auto good = [](PolicyId policy, Input input, Duration age, std::int64_t value) {
    return InputAge{policy, input, true, Quality::good, age, value};
  };
  const InputAge expected[] = {
      good(PolicyId::import_limit, Input::pcc_power, 100_ms, 9'400),
      good(PolicyId::import_limit, Input::battery_power, 300_ms, 0),
      {PolicyId::import_limit, Input::gated, false, Quality::bad, std::nullopt, std::nullopt},
      good(PolicyId::setpoint, Input::setpoint, 1'000_ms, 1),
      good(PolicyId::self_consumption, Input::pcc_power, 100_ms, 9'400),
      good(PolicyId::self_consumption, Input::battery_power, 300_ms, 0),
  };
  ASSERT_EQ(decision.inputs.size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(decision.inputs[i], expected[i]);
}

TEST(Decision, TheSetpointInForceIsRecordedWithTheLeaseItReallyHas) {
  Config config = all_policies();
  config.setpoint->lease_max = 5_s;
  Inputs inputs = seen(iv(-5'000, 5'000), 900, 0);
  inputs.setpoint = from_anna(4'000);
  const Decision decision = decide(config, inputs);
  ASSERT_TRUE(decision.setpoint);
  EXPECT_EQ(decision.setpoint->actor, ActorName{"anna"});
  EXPECT_EQ(decision.setpoint->lease_end, at(14'000));
  EXPECT_TRUE(text_of(decision).starts_with("set-point of anna, 4.0 s left: "));
  inputs.setpoint->given_at = at(5'000);
  const Decision expired = decide(config, inputs);
  EXPECT_EQ(expired.setpoint, std::nullopt);
  EXPECT_EQ(expired.find(PolicyId::setpoint)->status, PolicyStatus::expired);
}

TEST(Decision, AnUnconfiguredPolicyIsNotHeard) {
  Inputs inputs = seen(iv(-5'000, 5'000), 9'400, 0);
  inputs.setpoint = from_anna(4'000);
  const Decision decision = decide({}, inputs);
  EXPECT_EQ(decision.target(), w(0));
  EXPECT_TRUE(decision.policies.empty());
  EXPECT_EQ(decision.find(PolicyId::setpoint), nullptr);
  EXPECT_EQ(decision.setpoint, std::nullopt);
  EXPECT_EQ(decision.import_limit, std::nullopt);
}

TEST(Decision, ValidateNamesTheFirstMistake) {
  const auto what = [](auto change) {
    Config config = all_policies();
    change(config);
    const Result<void> result = validate(config);
    return std::string(result ? "" : result.error().what);
  };
  EXPECT_EQ(what([](Config&) {}), "");
  EXPECT_EQ(what([](Config& c) { c.import_limit->limit = w(-1); }),
            "import_limit.limit is below 0");
  EXPECT_EQ(what([](Config& c) { c.import_limit->limit = w(0); }), "");
  EXPECT_EQ(what([](Config& c) { c.import_limit->hold = Duration{}; }),
            "import_limit.hold is not above 0");
  EXPECT_EQ(what([](Config& c) { c.setpoint->lease_max = Duration{}; }),
            "setpoint.lease_max is not above 0");
  EXPECT_EQ(what([](Config& c) { c.self_consumption->deadband = w(-1); }),
            "self_consumption.deadband is below 0");
  EXPECT_EQ(what([](Config& c) { c.remote_setpoint = SetpointConfig{}; }),
            "remote_setpoint.lease_max is not above 0");
  EXPECT_EQ(what([](Config& c) { c.remote_setpoint = SetpointConfig{1_s}; }), "");
  EXPECT_EQ(what([](Config& c) { c.dimming = DimmingConfig{.failsafe = w(-1)}; }),
            "dimming.failsafe is below 0");
  EXPECT_EQ(what([](Config& c) { c.net_load.pair_skew_max = microseconds(-1); }),
            "net_load.pair_skew_max is below 0");
}

TEST(Decision, DiffersWhenSomethingAPersonWouldAskAboutChanges) {
  const Config config = all_policies();
  const Decision before = decide(config, seen(iv(-5'000, 5'000), 900, 0));
  EXPECT_FALSE(differs(before, before, w(0)));
  const Decision moved = decide(config, seen(iv(-5'000, 5'000), 950, 0));
  EXPECT_TRUE(differs(before, moved, w(49)));
  EXPECT_FALSE(differs(before, moved, w(50)));
  // Same winner and target, another binder: import_limit now holds the low side.
  const Decision bound = decide(config, seen(iv(-9'000, 5'000), 900, 0));
  EXPECT_EQ(bound.target(), before.target());
  EXPECT_TRUE(differs(before, bound, w(50)));
  // Winner only.
  Inputs inputs = seen(iv(-5'000, 5'000), 900, 0);
  inputs.setpoint = from_anna(900);
  EXPECT_TRUE(differs(before, decide(config, inputs), w(50)));
  Decision other_winner = before;
  other_winner.resolution.winner = PolicyId::setpoint;
  EXPECT_TRUE(differs(before, other_winner, w(50)));
  // Conflict only; its size alone is no news.
  const auto clipped = [&](std::int32_t pcc) {
    return decide(config, seen(iv(-5'000, 900), pcc, 0));
  };
  EXPECT_TRUE(differs(clipped(900), clipped(901), w(50)));
  EXPECT_FALSE(differs(clipped(1'000), clipped(1'500), w(50)));
  // Another policy in conflict, of another kind, or against another.
  const Decision clash = clipped(1'000);
  ASSERT_FALSE(clash.resolution.conflicts.empty());
  for (const auto change : {+[](Conflict& c) { c.policy = PolicyId::schedule; },
                            +[](Conflict& c) { c.kind = DemandKind::constraint; },
                            +[](Conflict& c) { c.bound_by = PolicyId::ramp; }}) {
    Decision other = clash;
    change(other.resolution.conflicts[0]);
    EXPECT_TRUE(differs(clash, other, w(50)));
    EXPECT_TRUE(differs(other, clash, w(50)));
  }
  // The upper bound's binder alone.
  Decision upper = before;
  upper.resolution.levels[2].hi_by = PolicyId::export_limit;
  EXPECT_TRUE(differs(before, upper, w(50)));
}

// ---- golden explanations
// -------------------------------------------------------------------------

TEST(Explain, GoldenTexts) {
  const Interval wide = iv(-2'000, 3'000);
  const auto with_setpoint = [](Inputs inputs, std::int32_t watts) {
    inputs.setpoint = from_anna(watts);
    return inputs;
  };
  Inputs blind = seen(wide, 0, 0);
  blind.pcc_power.sample.reset();

  const struct {
    Config config;
    Inputs inputs;
    const char* text;
  } cases[] = {
      {only_import_limit(), seen(wide, 9'400, 0),
       "grid import would be 9.4 kW, above the 8.0 kW limit: import_limit asks >= 1.4 kW "
       "discharge; safety allows [-2.0, 3.0] kW; discharging 1.4 kW"},
      {only_import_limit(), seen(wide, 12'345, 0),
       "grid import would be 12.345 kW, above the 8.0 kW limit: import_limit asks >= 4.345 kW "
       "discharge; safety allows [-2.0, 3.0] kW; import_limit falls short by 1.345 kW, bound by "
       "safety; discharging 3.0 kW"},
      {all_policies(), with_setpoint(seen(wide, 9'000, 0), -2'000),
       "set-point of anna wants 2.0 kW charge, import_limit leaves 1.0 kW discharge; safety allows "
       "[-2.0, 3.0] kW; self_consumption wants 9.0 kW discharge, setpoint leaves 1.0 kW discharge; "
       "discharging 1.0 kW"},
      {all_policies(), with_setpoint(seen(wide, 500, 0), -1'500),
       "set-point of anna, 37.5 s left: setpoint asks 1.5 kW charge; safety allows [-2.0, 3.0] kW; "
       "self_consumption wants 0.5 kW discharge, setpoint leaves 1.5 kW charge; charging 1.5 kW"},
      {all_policies(), seen(wide, -700, -1'000),
       "grid export would be 1.7 kW: self_consumption asks 1.7 kW charge; safety allows [-2.0, "
       "3.0] "
       "kW; charging 1.7 kW"},
      {only_import_limit(), seen(wide, 3'000, 0),
       "nobody needs the battery to move; safety allows [-2.0, 3.0] kW; idle"},
      {only_import_limit(), seen(iv(0, 0), 9'400, 0),
       "safety leaves no room; safety allows [0.0, 0.0] kW; import_limit falls short by 1.4 kW, "
       "bound by safety; idle"},
      {only_import_limit(), seen(iv(500, 3'000), 3'000, 0),
       "safety asks 0.5 kW discharge at least; safety allows [0.5, 3.0] kW; discharging 0.5 kW"},
      {all_policies(), blind,
       "grid power unknown, nothing left to hold: import_limit asks 0.0 kW; safety allows [-2.0, "
       "3.0] kW; self_consumption abstains, its input is stale; idle"},
      {{},
       seen(wide, 9'400, 0),
       "nobody needs the battery to move; safety allows [-2.0, 3.0] kW; idle"},
  };
  for (const auto& c : cases) EXPECT_EQ(text_of(decide(c.config, c.inputs)), c.text);
}

TEST(Explain, GoldenTextWhileBlindAndHolding) {
  const Config config = only_import_limit();
  Inputs inputs = seen(iv(-2'000, 3'000), 9'400, 0);
  const State state = step({}, config, inputs, at(10'000)).state;
  inputs.gated = Sample<Watt>{w(1'400), at(10'000)};
  EXPECT_EQ(
      text_of(step(state, config, inputs, at(12'000)).decision),
      "grid power unknown, last target held: import_limit asks 1.4 kW discharge; safety allows "
      "[-2.0, 3.0] kW; discharging 1.4 kW");
}

TEST(Explain, ExtremesFitTheBuffer) {
  Decision decision = decide(all_policies(), seen(iv(0, 0), 9'400, 0));
  decision.policies.clear();
  decision.resolution.conflicts.clear();
  while (!decision.policies.full()) {
    const PolicyId policy{static_cast<std::uint8_t>(255 - decision.policies.size())};
    const Band band{Watt::max(), Watt::min()};
    decision.policies.push_back(
        {{policy, Level::economic, band, Band{Watt::min(), Watt::max()}}, PolicyStatus::stale});
  }
  while (!decision.resolution.conflicts.full()) {
    decision.resolution.conflicts.push_back({PolicyId{255}, Level::economic, DemandKind::constraint,
                                             PolicyId{254}, Watt::max(), Watt::max()});
  }
  decision.resolution.winner = PolicyId{255};
  decision.resolution.runner_up = PolicyId{254};
  decision.resolution.target = Watt::min();
  const std::string text = text_of(decision);
  EXPECT_TRUE(
      text.starts_with("host policy 255 asks 0.0 kW and prefers [-2147483.648, 2147483.647]"))
      << text;
  EXPECT_TRUE(text.ends_with("; charging 2147483.648 kW")) << text;
  EXPECT_NE(text.find("; and 44 more conflicts"), std::string::npos) << text;
  EXPECT_LT(text.size(), kExplanationSize);
}

TEST(ExplainDeathTest, RefusesAShortBuffer) {
  std::array<char, kExplanationSize - 1> room{};
  EXPECT_DEATH((void)explain(Decision{}, room), "");
}

}  // namespace
}  // namespace ems::decision
