// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/gate.hpp"

#include <gtest/gtest.h>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

Output output(Interval ac, CommandKind forced = CommandKind::follow,
              SafetyState state = SafetyState::normal) {
  Output out;
  InverterVerdict verdict;
  verdict.ac = ac;
  verdict.command = forced;
  verdict.state = state;
  verdict.apparent_max = 5'000_va;
  out.inverters.push_back(verdict);
  return out;
}
constexpr Interval kAc{Watt{-3000}, Watt{4000}};

InverterCommand follow(std::int32_t p, std::int32_t q = 0) {
  return {CommandKind::follow, Watt{p}, Var{q}};
}
InverterCommand only(CommandKind kind) { return {kind, Watt{0}, Var{0}}; }

TEST(SafetyGate, ClampsActivePowerIntoTheInvertersOwnInterval) {  // SAF-036
  const struct {
    std::int32_t wanted, sent;
  } cases[] = {{0, 0},
               {-3000, -3000},
               {-3001, -3000},
               {4000, 4000},
               {4001, 4000},
               {-99999, -3000},
               {Watt::max().count(), 4000},
               {Watt::min().count(), -3000}};
  for (const auto& c : cases) {
    const GateResult r = gate(output(kAc), 0, follow(c.wanted), Arming::armed);
    ASSERT_TRUE(r.command) << c.wanted;
    EXPECT_EQ(*r.command, follow(c.sent)) << c.wanted;
    EXPECT_EQ(r.changed, c.wanted != c.sent) << c.wanted;
    EXPECT_EQ(r.why, r.changed ? GateReason::active_power : GateReason::none) << c.wanted;
  }
}

TEST(SafetyGate, PvThatForcesDeliveryIsNeverGatedToZero) {  // SAF-036
  const Output out = output({Watt{950}, Watt{4000}});
  EXPECT_EQ(*gate(out, 0, follow(0), Arming::armed).command, follow(950));
}

TEST(SafetyGate, ReactivePowerShrinksToWhatFitsBesideP) {  // SAF-037
  const struct {
    std::int32_t p, q, sent;
  } cases[] = {{4000, 3000, 3000}, {4000, 3001, 3000},  {4000, -3001, -3000},
               {0, 5001, 5000},    {-3000, 4001, 4000}, {3999, 3001, 3001},
               {3999, 3002, 3001}, {1, 5000, 4999},     {0, Var::min().count(), -5000}};
  for (const auto& c : cases) {
    const GateResult r = gate(output(kAc), 0, follow(c.p, c.q), Arming::armed);
    EXPECT_EQ(*r.command, follow(c.p, c.sent)) << c.p << "/" << c.q;
    EXPECT_EQ(r.why, c.q == c.sent ? GateReason::none : GateReason::reactive_power);
  }
  EXPECT_EQ(*gate(output({Watt{6000}, Watt{6000}}), 0, follow(6000, 100), Arming::armed).command,
            follow(6000, 0));
}

TEST(SafetyGate, SafeIsFollowZeroZero) {  // SAF-037
  for (const SafetyState state : {SafetyState::safe, SafetyState::init, SafetyState::tripped}) {
    const Output out = output({}, CommandKind::follow, state);
    EXPECT_EQ(*gate(out, 0, follow(2000, 500), Arming::armed).command, follow(0, 0));
  }
  const Output derated = output(kAc, CommandKind::follow, SafetyState::derated);
  EXPECT_EQ(*gate(derated, 0, follow(2000, 500), Arming::armed).command, follow(2000, 500));
}

TEST(SafetyGate, NothingWeakerThanSafetysOwnCommandPasses) {  // SAF-038
  using K = CommandKind;
  const struct {
    K forced, wanted, sent;
    GateReason why;
  } cases[] = {
      {K::follow, K::standby, K::standby, GateReason::none},
      {K::follow, K::stop, K::stop, GateReason::none},
      {K::follow, K::open, K::stop, GateReason::breaking_limit},
      {K::follow, K::form, K::stop, GateReason::unknown_command},
      {K::follow, static_cast<K>(77), K::stop, GateReason::unknown_command},
      {K::standby, K::follow, K::standby, GateReason::forced},
      {K::standby, K::standby, K::standby, GateReason::none},
      {K::standby, K::stop, K::stop, GateReason::none},
      {K::standby, K::form, K::stop, GateReason::unknown_command},
      {K::stop, K::follow, K::stop, GateReason::forced},
      {K::stop, K::standby, K::stop, GateReason::forced},
      {K::stop, K::form, K::stop, GateReason::unknown_command},
      {K::stop, K::open, K::stop, GateReason::breaking_limit},
      {K::open, K::follow, K::open, GateReason::forced},
      {K::open, K::stop, K::open, GateReason::forced},
      {K::open, K::form, K::open, GateReason::forced},
      {K::form, K::follow, K::stop, GateReason::forced},
  };
  for (const auto& c : cases) {
    const GateResult r = gate(output(kAc, c.forced), 0, only(c.wanted), Arming::armed);
    EXPECT_EQ(*r.command, only(c.sent)) << to_string(c.forced) << to_string(c.wanted);
    EXPECT_EQ(r.why, c.why) << to_string(c.forced) << to_string(c.wanted);
    EXPECT_EQ(r.changed, c.sent != c.wanted);
  }
}

TEST(SafetyGate, OpenPassesOnceTheContactorMayBreak) {  // SAF-038
  Output out = output(kAc);
  out.inverters[0].may_open = true;
  EXPECT_EQ(*gate(out, 0, only(CommandKind::open), Arming::armed).command, only(CommandKind::open));
}

TEST(SafetyGate, AStopCarriesNoPower) {  // SAF-038
  const InverterCommand odd{CommandKind::standby, Watt{500}, Var{5}};
  const GateResult r = gate(output(kAc), 0, odd, Arming::armed);
  EXPECT_EQ(*r.command, only(CommandKind::standby));
  EXPECT_TRUE(r.changed);
}

TEST(SafetyGate, AnInverterWithoutAVerdictOrWithABrokenOneIsStopped) {  // SAF-038
  EXPECT_EQ(*gate(Output{}, 0, follow(100), Arming::armed).command, only(CommandKind::stop));
  EXPECT_EQ(*gate(output(kAc), 1, follow(100), Arming::armed).command, only(CommandKind::stop));
  EXPECT_EQ(*gate(output({Watt{1}, Watt{0}}), 0, follow(0), Arming::armed).command,
            only(CommandKind::stop));
  Output fresh;
  fresh.inverters.push_back({});  // A default verdict allows nothing.
  EXPECT_EQ(*gate(fresh, 0, follow(100), Arming::armed).command, only(CommandKind::stop));
}

TEST(SafetyGate, DisarmedSendsNothingAtAll) {  // SAF-039
  for (const Arming arming : {Arming::disarmed, static_cast<Arming>(7), Arming{}}) {
    for (const CommandKind kind : {CommandKind::follow, CommandKind::stop, CommandKind::open}) {
      const GateResult r = gate(output(kAc, CommandKind::stop), 0, only(kind), arming);
      EXPECT_FALSE(r.command.has_value());
      EXPECT_EQ(r.why, GateReason::disarmed);
      EXPECT_TRUE(r.changed);
    }
  }
}

}  // namespace
}  // namespace ems::safety::test
