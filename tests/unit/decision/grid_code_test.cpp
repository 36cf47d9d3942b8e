// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/grid_code.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "ems/decision/decision.hpp"

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr MilliHertz mhz(std::int32_t count) { return MilliHertz{count}; }
constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }

// ---- active_power_limit ------------------------------------------------------------------------

constexpr ActivePowerLimitConfig kLimits{
    .configured = {w(8'000), w(6'000)}, .fallback = {w(3'000), {}}, .lease_max = 60_s};

LimitCommand limit(std::optional<Watt> discharge, std::optional<Watt> charge) {
  return {{discharge, charge}, at(1'000), at(11'000), ActorName{"dso"}, 7};
}

TEST(ActivePowerLimit, TakesTheTighterOfConfiguredAndCommandedThenTheFallback) {
  const struct {
    const char* why;
    std::optional<LimitCommand> command;
    std::int64_t now;
    Band band;
    LimitSource source;
    PolicyStatus status;
  } cases[] = {
      {"no command",
       {},
       5'000,
       {w(-6'000), w(3'000)},
       LimitSource::fallback,
       PolicyStatus::fallback},
      {"discharge only",
       limit(w(2'000), {}),
       5'000,
       {w(-6'000), w(2'000)},
       LimitSource::command,
       PolicyStatus::acting},
      {"charge only",
       limit({}, w(0)),
       5'000,
       {w(0), w(8'000)},
       LimitSource::command,
       PolicyStatus::acting},
      {"cannot loosen",
       limit(w(9'000), w(9'000)),
       5'000,
       {w(-6'000), w(8'000)},
       LimitSource::configured,
       PolicyStatus::acting},
      {"release",
       limit({}, {}),
       5'000,
       {w(-6'000), w(8'000)},
       LimitSource::configured,
       PolicyStatus::acting},
      {"below 0 is 0",
       limit(w(-5), w(-5)),
       5'000,
       {w(0), w(0)},
       LimitSource::command,
       PolicyStatus::acting},
      {"last moment",
       limit(w(2'000), {}),
       10'999,
       {w(-6'000), w(2'000)},
       LimitSource::command,
       PolicyStatus::acting},
      {"expired",
       limit(w(2'000), {}),
       11'000,
       {w(-6'000), w(3'000)},
       LimitSource::fallback,
       PolicyStatus::fallback},
      {"an expired release loosens nothing",
       limit({}, {}),
       11'000,
       {w(-6'000), w(3'000)},
       LimitSource::fallback,
       PolicyStatus::fallback},
      {"from the future",
       limit(w(2'000), {}),
       999,
       {w(-6'000), w(3'000)},
       LimitSource::fallback,
       PolicyStatus::fallback},
  };
  for (const auto& c : cases) {
    const PolicyOutput out = active_power_limit(kLimits, c.command, at(c.now));
    EXPECT_EQ(out.demand.constraint, c.band) << c.why;
    EXPECT_EQ(out.demand.preference, std::nullopt) << c.why;
    EXPECT_EQ(out.demand.level, Level::grid_code) << c.why;
    EXPECT_EQ(out.source, c.source) << c.why;
    EXPECT_EQ(out.status, c.status) << c.why;
  }
}

TEST(ActivePowerLimit, AnEndlessLeaseIsCutAndAOneSidedLimitLeavesTheOtherSideOpen) {
  LimitCommand command = limit(w(2'000), {});
  command.lease_end = Instant{Duration::max()};
  EXPECT_EQ(active_power_limit(kLimits, command, at(60'999)).source, LimitSource::command);
  EXPECT_EQ(active_power_limit(kLimits, command, at(61'000)).source, LimitSource::fallback);
  const ActivePowerLimitConfig open{.configured = {w(5'000), {}}, .fallback = {}, .lease_max = 1_s};
  EXPECT_EQ(active_power_limit(open, {}, at(0)).demand.constraint, Band::at_most(w(5'000)));
}

// ---- frequency_droop ---------------------------------------------------------------------------

constexpr FrequencyDroopConfig kDroop{.grid = {}, .reference = w(10'000)};

Measured<MilliHertz> f(std::int32_t count, std::int64_t ms) {
  return {Sample<MilliHertz>{mhz(count), at(ms)}, 3_s};
}

/// Follows a frequency, remembering.
struct Droop {
  FrequencyDroopConfig config = kDroop;
  FrequencyDroopState state{};
  PolicyOutput operator()(std::int32_t count, std::optional<Watt> power, std::int64_t ms) {
    return see(f(count, ms), power, ms);
  }
  PolicyOutput see(const Measured<MilliHertz>& frequency, std::optional<Watt> power,
                   std::int64_t ms) {
    const FrequencyDroopStep step = frequency_droop(state, config, frequency, power, at(ms));
    state = step.state;
    return step.output;
  }
};

TEST(FrequencyDroop, AnswersFromTheDeadbandsEdgeAroundThePowerMeasuredThere) {
  // 5 % of 50 Hz is 2.5 Hz for 10 kW: 4 W per mHz.
  const struct {
    std::int32_t count;
    std::optional<Band> asked;
  } cases[] = {
      {50'000, {}},
      {50'050, {}},
      {49'950, {}},
      {50'051, Band::at_most(w(1'996))},
      {50'300, Band::at_most(w(1'000))},
      {51'500, Band::at_most(w(-3'800))},
      {49'949, Band::at_least(w(2'004))},
      {49'700, Band::at_least(w(3'000))},
      {47'500, Band::at_least(w(11'800))},
  };
  for (const auto& c : cases) {
    Droop droop;
    const PolicyOutput out = droop(c.count, w(2'000), 0);
    EXPECT_EQ(out.demand.constraint, c.asked) << c.count;
    EXPECT_EQ(out.status, c.asked ? PolicyStatus::acting : PolicyStatus::watching) << c.count;
    EXPECT_EQ(out.demand.preference, std::nullopt);
  }
}

TEST(FrequencyDroop, TheStartIsKeptWhileThePowerMoves) {
  Droop droop;
  EXPECT_EQ(droop(50'100, w(2'000), 0).demand.constraint, Band::at_most(w(1'800)));
  EXPECT_EQ(droop(50'150, w(1'800), 100).demand.constraint, Band::at_most(w(1'600)));
  EXPECT_EQ(droop(50'060, w(-900), 200).demand.constraint, Band::at_most(w(1'960)));
}

TEST(FrequencyDroop, BackInsideItHoldsTheEdgesPowerThenEnds) {
  Droop droop;  // release_after: 10 s.
  (void)droop(50'100, w(2'000), 0);
  EXPECT_EQ(droop(50'050, w(1'800), 1'000).demand.constraint, Band::at_most(w(2'000)));
  EXPECT_EQ(droop(50'000, w(1'800), 10'999).demand.constraint, Band::at_most(w(2'000)));
  const PolicyOutput over = droop(50'000, w(1'800), 11'000);
  EXPECT_EQ(over.demand.constraint, std::nullopt);
  EXPECT_EQ(over.status, PolicyStatus::watching);
  EXPECT_EQ(droop.state, FrequencyDroopState{});
  // The next time starts from the power of then.
  EXPECT_EQ(droop(50'100, w(500), 12'000).demand.constraint, Band::at_most(w(300)));
}

TEST(FrequencyDroop, LeavingAgainBeforeTheReleaseGoesOnFromTheOldStart) {
  Droop droop;
  (void)droop(50'100, w(2'000), 0);
  (void)droop(50'000, w(1'800), 1'000);
  EXPECT_EQ(droop(50'100, w(1'234), 9'000).demand.constraint, Band::at_most(w(1'800)));
  // And waits anew for the whole time.
  (void)droop(50'000, w(1'800), 10'000);
  EXPECT_EQ(droop(50'000, w(1'800), 19'999).status, PolicyStatus::acting);
  EXPECT_EQ(droop(50'000, w(1'800), 20'000).status, PolicyStatus::watching);
}

TEST(FrequencyDroop, TheOtherSideStartsAnew) {
  Droop droop;
  (void)droop(50'100, w(2'000), 0);
  EXPECT_EQ(droop(49'900, w(1'500), 100).demand.constraint, Band::at_least(w(1'700)));
}

TEST(FrequencyDroop, WithoutAFrequencyOfAGridItAbstains) {
  const struct {
    const char* why;
    Measured<MilliHertz> frequency;
  } cases[] = {
      {"missing", {{}, 3_s}},
      {"older than the response", f(50'200, 7'999)},
      {"from the future", f(50'200, 10'001)},
      {"no grid", f(0, 10'000)},
      {"more than 10 % off", f(55'001, 10'000)},
      {"uncertain", {Sample<MilliHertz>{mhz(50'200), at(10'000), Quality::uncertain}, 3_s}},
  };
  for (const auto& c : cases) {
    Droop droop;
    (void)droop(50'100, w(2'000), 9'900);
    const PolicyOutput out = droop.see(c.frequency, w(2'000), 10'000);
    EXPECT_EQ(out.status, PolicyStatus::stale) << c.why;
    EXPECT_EQ(out.demand.constraint, std::nullopt) << c.why;
    EXPECT_EQ(droop.state, (FrequencyDroopState{FrequencySide::over, w(2'000), at(10'000)}))
        << c.why;
  }
  Droop droop;
  EXPECT_EQ(droop.see(f(50'200, 8'000), w(2'000), 10'000).status, PolicyStatus::acting);
  EXPECT_EQ(droop.see(f(55'000, 10'100), w(2'000), 10'100).status, PolicyStatus::acting);
  EXPECT_EQ(droop.see(f(45'000, 10'200), w(2'000), 10'200).status, PolicyStatus::acting);
  EXPECT_EQ(droop.see(f(44'999, 10'200), w(2'000), 10'200).status, PolicyStatus::stale);
  // Nobody knows what the batteries do: there is nothing to start from.
  droop.state = {};
  EXPECT_EQ(droop(50'200, std::nullopt, 10'200).status, PolicyStatus::stale);
}

TEST(FrequencyDroop, AGapInTheMeasuringDoesNotAnswerItsOwnAnswer) {
  Droop droop;
  const Band answer = Band::at_most(w(1'800));
  EXPECT_EQ(droop(50'100, w(2'000), 0).demand.constraint, answer);
  for (std::int64_t ms = 1'000; ms < 60'000; ms += 5'000) {  // The meter answers now and then.
    EXPECT_EQ(droop.see({}, w(1'800), ms).demand.constraint, std::nullopt);
    EXPECT_EQ(droop(50'100, w(1'800), ms + 4'000).demand.constraint, answer) << ms;
  }
  // Unseen for long enough it is a new story.
  EXPECT_EQ(droop.see({}, w(1'800), 61'000).status, PolicyStatus::stale);
  EXPECT_NE(droop.state, FrequencyDroopState{});
  EXPECT_EQ(droop.see({}, w(1'800), 71'000).status, PolicyStatus::stale);
  EXPECT_EQ(droop.state, FrequencyDroopState{});
}

TEST(FrequencyDroop, ContinuousAtTheEdgeAndMonotoneBeyond) {
  for (const GridProfile& grid : {GridProfile{}, kEn50549, kIeee1547}) {
    const FrequencyDroopConfig config{.grid = grid, .reference = w(10'000)};
    ASSERT_TRUE(validate(config));
    const std::int32_t nominal = grid.f_nom.count();
    Droop droop{config};
    Watt last = w(2'000);
    for (std::int32_t above = grid.deadband_over.count() + 1; above < nominal / 11; ++above) {
      const Band asked = *droop(nominal + above, w(2'000), 0).demand.constraint;
      ASSERT_LE(*asked.hi, last);
      ASSERT_LE(last - *asked.hi, w(5)) << above;  // At most 4 W per mHz, and a rounding.
      last = *asked.hi;
    }
  }
}

TEST(FrequencyDroop, ThePresetsAreTheStandardsNumbers) {
  // EN 50549: 40 % of the reference per Hz beyond 50.2 Hz.
  Droop european{{.grid = kEn50549, .reference = w(10'000)}};
  EXPECT_EQ(european(50'200, w(10'000), 0).demand.constraint, std::nullopt);
  EXPECT_EQ(european(51'200, w(10'000), 0).demand.constraint, Band::at_most(w(6'000)));
  // IEEE 1547: (|f - 60| - 0.036) / (60 * 0.05).
  Droop american{{.grid = kIeee1547, .reference = w(10'000)}};
  EXPECT_EQ(american(60'036, w(10'000), 0).demand.constraint, std::nullopt);
  EXPECT_EQ(american(60'336, w(10'000), 0).demand.constraint, Band::at_most(w(9'000)));
  EXPECT_EQ(american(59'664, w(0), 0).demand.constraint, Band::at_least(w(1'000)));
}

// ---- ramp --------------------------------------------------------------------------------------

constexpr RampConfig kRamp{.up_per_s = w(1'000), .down_per_s = w(500), .step_max = 1_s};

std::optional<Sample<Watt>> told(std::int32_t watts, std::int64_t ms) {
  return Sample<Watt>{w(watts), at(ms)};
}

TEST(Ramp, AllowsItsRatesOverTheRealTime) {
  const auto band = [](std::int64_t elapsed_ms) {
    return ramp({}, kRamp, told(3'000, 0), at(elapsed_ms)).output.demand.constraint;
  };
  EXPECT_EQ(band(0), Band::point(w(3'000)));
  EXPECT_EQ(band(100), (Band{w(2'950), w(3'100)}));
  EXPECT_EQ(band(250), (Band{w(2'875), w(3'250)}));
  EXPECT_EQ(band(1'000), (Band{w(2'500), w(4'000)}));
  // A long pause is no licence for a jump, nor is a clock that stood still.
  EXPECT_EQ(band(3'600'000), (Band{w(2'500), w(4'000)}));
  EXPECT_EQ(ramp({}, kRamp, told(3'000, 500), at(0)).output.demand.constraint,
            Band::point(w(3'000)));
}

TEST(Ramp, ARateOfLessThanAWattPerTickIsKeptExactly) {
  const RampConfig slow{.up_per_s = w(3), .down_per_s = w(7), .step_max = 1_s};
  RampState state;
  std::int32_t up = 0;
  std::int32_t down = 0;
  for (std::int64_t ms = 100; ms <= 10'000; ms += 100) {
    const RampStep step = ramp(state, slow, told(0, ms - 100), at(ms));
    state = step.state;
    up += step.output.demand.constraint->hi->count();
    down -= step.output.demand.constraint->lo->count();
  }
  EXPECT_EQ(up, 30);
  EXPECT_EQ(down, 70);
}

TEST(Ramp, WithNothingToStartFromItAbstains) {
  const RampStep step = ramp({500'000, 1}, kRamp, std::nullopt, at(0));
  EXPECT_EQ(step.output.status, PolicyStatus::stale);
  EXPECT_EQ(step.output.demand.constraint, std::nullopt);
  EXPECT_EQ(step.state, RampState{});
}

TEST(Ramp, SaturatesInsteadOfWrapping) {
  const RampConfig fast{
      .up_per_s = Watt::max(), .down_per_s = Watt::max(), .step_max = Duration::max()};
  const RampStep step = ramp({}, fast, told(0, 0), Instant{Duration::max()});
  EXPECT_EQ(step.output.demand.constraint, (Band{-Watt::max(), Watt::max()}));
  const RampConfig big{.up_per_s = Watt::max(), .down_per_s = Watt::max(), .step_max = 2_s};
  EXPECT_EQ(ramp({}, big, told(0, 0), at(2'000)).output.demand.constraint,
            (Band{-Watt::max(), Watt::max()}));
}

// ---- the order: ramp never slows what stands above it ------------------------------------------

Inputs charging_at(std::int32_t watts, Interval envelope) {
  Inputs inputs;
  inputs.envelope = envelope;
  inputs.gated = Sample<Watt>{w(watts), at(9'900)};
  inputs.battery_power = {Sample<Watt>{w(watts), at(9'900)}, 2_s};
  return inputs;
}

TEST(GridCode, ARampNeverSlowsASafetyMove) {
  Config config;
  config.ramp = kRamp;
  const auto target = [&](std::int32_t from, std::int32_t lo, std::int32_t hi) {
    return step({}, config, charging_at(from, {w(lo), w(hi)}), at(10'000)).decision.target();
  };
  EXPECT_EQ(target(3'000, -5'000, 0), w(0));            // No discharging: at once.
  EXPECT_EQ(target(-3'000, 0, 5'000), w(0));            // No charging: at once.
  EXPECT_EQ(target(3'000, -5'000, -1'000), w(-1'000));  // Forced charging: at once.
  EXPECT_EQ(target(3'000, -5'000, 5'000), w(2'950));    // Nobody's move: 100 ms of the rate.
}

TEST(GridCode, ARampNeverSlowsAFrequencyResponseOrAnOperatorsLimit) {
  Config config;
  config.ramp = kRamp;
  config.frequency_droop = kDroop;
  Inputs inputs = charging_at(3'000, {w(-9'000), w(9'000)});
  inputs.frequency = f(51'050, 9'900);
  EXPECT_EQ(step({}, config, inputs, at(10'000)).decision.target(), w(-1'000));
  inputs.frequency = f(48'950, 9'900);
  EXPECT_EQ(step({}, config, inputs, at(10'000)).decision.target(), w(7'000));
  // The operator's limit stands above the frequency, and the ramp slows neither.
  config.active_power_limit =
      ActivePowerLimitConfig{.configured = {w(9'000), w(9'000)}, .fallback = {}, .lease_max = 60_s};
  inputs.active_power_limit = LimitCommand{{w(2'000), {}}, at(9'000), at(20'000), {}, 0};
  EXPECT_EQ(step({}, config, inputs, at(10'000)).decision.target(), w(2'000));
}

TEST(GridCode, TheRampStartsFromMeasuredPowerWhenNothingWasGatedYet) {
  Config config;
  config.ramp = kRamp;
  Inputs inputs = charging_at(3'000, {w(-9'000), w(9'000)});
  inputs.gated.reset();
  const Decision decision = step({}, config, inputs, at(10'000)).decision;
  EXPECT_EQ(decision.target(), w(2'950));
  EXPECT_EQ(decision.inputs.size(), 2U);
  EXPECT_EQ(decision.inputs[1].input, Input::battery_power);
}

TEST(GridCode, DroopStartsFromWhatWasToldWhenNothingIsMeasured) {
  Config config;
  config.frequency_droop = kDroop;
  Inputs inputs = charging_at(1'000, {w(-9'000), w(9'000)});
  inputs.battery_power.sample.reset();
  inputs.frequency = f(50'300, 9'900);
  const Decision decision = step({}, config, inputs, at(10'000)).decision;
  EXPECT_EQ(decision.droop_start, w(1'000));
  EXPECT_EQ(decision.find(PolicyId::frequency_droop)->demand.constraint, Band::at_most(w(0)));
}

TEST(GridCode, ValidateNamesTheMistake) {
  const auto what = [](const auto& config) {
    const Result<void> result = validate(config);
    return std::string(result ? "" : result.error().what);
  };
  EXPECT_EQ(what(kLimits), "");
  ActivePowerLimitConfig limits = kLimits;
  for (auto* side : {&limits.configured.discharge_max, &limits.configured.charge_max,
                     &limits.fallback.discharge_max, &limits.fallback.charge_max}) {
    const std::optional<Watt> old = *side;
    *side = w(-1);
    EXPECT_EQ(what(limits), "active_power_limit: a limit is below 0");
    *side = old;
  }
  limits.lease_max = Duration{};
  EXPECT_EQ(what(limits), "active_power_limit.lease_max is not above 0");
  const char* open = "active_power_limit: a side has neither limit nor fallback";
  EXPECT_EQ(what(ActivePowerLimitConfig{{w(1), {}}, {}, 1_s}), open);
  EXPECT_EQ(what(ActivePowerLimitConfig{{{}, w(1)}, {}, 1_s}), open);
  EXPECT_EQ(what(ActivePowerLimitConfig{{{}, w(1)}, {w(1), {}}, 1_s}), "");
  EXPECT_EQ(what(ActivePowerLimitConfig{{w(1), {}}, {{}, w(1)}, 1_s}), "");

  const auto grid = [&](auto change) {
    FrequencyDroopConfig config = kDroop;
    change(config);
    return what(config);
  };
  EXPECT_EQ(grid([](auto&) {}), "");
  EXPECT_EQ(grid([](auto& c) { c.reference = w(0); }), "frequency_droop.reference is not above 0");
  const std::string nominal = "frequency_droop: f_nom is not 40 .. 70 Hz";
  EXPECT_EQ(grid([](auto& c) { c.grid.f_nom = mhz(39'999); }), nominal);
  EXPECT_EQ(grid([](auto& c) { c.grid.f_nom = mhz(70'001); }), nominal);
  const std::string band = "frequency_droop: a deadband is not 1 mHz .. f_nom / 20";
  EXPECT_EQ(grid([](auto& c) { c.grid.deadband_over = mhz(0); }), band);
  EXPECT_EQ(grid([](auto& c) { c.grid.deadband_under = mhz(0); }), band);
  EXPECT_EQ(grid([](auto& c) { c.grid.deadband_over = mhz(2'501); }), band);
  EXPECT_EQ(grid([](auto& c) { c.grid.deadband_over = mhz(2'500); }), "");
  EXPECT_EQ(grid([](auto& c) { c.grid.deadband_under = mhz(1); }), "");
  EXPECT_EQ(grid([](auto& c) { c.grid.f_nom = mhz(40'000); }), "");
  EXPECT_EQ(grid([](auto& c) { c.grid.f_nom = mhz(70'000); }), "");
  EXPECT_EQ(grid([](auto& c) { c.grid.droop = BasisPoints{100}; }), "");
  EXPECT_EQ(grid([](auto& c) { c.grid.droop = BasisPoints{2'000}; }), "");
  EXPECT_EQ(grid([](auto& c) { c.grid.release_after = Duration{}; }), "");
  EXPECT_EQ(what(ActivePowerLimitConfig{{w(0), w(0)}, {w(0), w(0)}, 1_s}), "");
  const std::string share = "frequency_droop: droop is not 1 .. 20 %";
  EXPECT_EQ(grid([](auto& c) { c.grid.droop = BasisPoints{99}; }), share);
  EXPECT_EQ(grid([](auto& c) { c.grid.droop = BasisPoints{2'001}; }), share);
  EXPECT_EQ(grid([](auto& c) { c.grid.release_after = microseconds(-1); }),
            "frequency_droop: release_after is below 0");
  EXPECT_EQ(grid([](auto& c) { c.grid.response = Duration{}; }),
            "frequency_droop: response is not above 0");

  EXPECT_EQ(what(kRamp), "");
  EXPECT_EQ(what(RampConfig{w(0), w(1), 1_s}), "ramp: a rate is not above 0");
  EXPECT_EQ(what(RampConfig{w(1), w(0), 1_s}), "ramp: a rate is not above 0");
  EXPECT_EQ(what(RampConfig{w(1), w(1), Duration{}}), "ramp.step_max is not above 0");
  for (const LimitSource source : {LimitSource::none, LimitSource::configured, LimitSource::command,
                                   LimitSource::fallback, LimitSource::failsafe}) {
    EXPECT_NE(to_string(source), "unknown");
  }
}

}  // namespace
}  // namespace ems::decision
