// SPDX-License-Identifier: Apache-2.0
// The gate at its edges: the smallest and the largest inverter, its default, its words.
#include <gtest/gtest.h>

#include <limits>

#include "ems/safety/gate.hpp"

namespace ems::safety::test {
namespace {

Output inverter_of(std::int32_t apparent, std::int32_t p) {
  Output out;
  InverterVerdict verdict;
  verdict.ac = {Watt{p}, Watt{p}};
  verdict.command = CommandKind::follow;
  verdict.state = SafetyState::normal;
  verdict.apparent_max = VoltAmp{apparent};
  out.inverters.push_back(verdict);
  return out;
}

TEST(SafetyGateEdges, ReactiveRoomIsExactFromOneVoltAmpToTheLargest) {  // SAF-037
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  const struct {
    std::int32_t apparent, p, room;
  } cases[] = {{1, 0, 1},          {1, 1, 0},         {2, 1, 1}, {5, 3, 4}, {5, 4, 3},
               {kMost, 0, kMost},  {kMost, kMost, 0}, {0, 0, 0}, {3, 4, 0}, {1 << 30, 0, 1 << 30},
               {65'536, 1, 65'535}};
  for (const auto& c : cases) {
    const InverterCommand wanted{CommandKind::follow, Watt{c.p}, Var{kMost}};
    const GateResult r = gate(inverter_of(c.apparent, c.p), 0, wanted, Arming::armed);
    ASSERT_TRUE(r.command);
    EXPECT_EQ(r.command->q, Var{c.room}) << c.apparent << " VA beside " << c.p << " W";
  }
}

TEST(SafetyGateEdges, AResultThatNobodyMadeSendsNothingAndSaysSo) {  // SAF-039
  const GateResult nothing;
  EXPECT_FALSE(nothing.command);
  EXPECT_TRUE(nothing.changed);
  EXPECT_EQ(nothing.why, GateReason::disarmed);
}

TEST(SafetyGateEdges, EveryReasonHasItsWordAndAnUnknownOneIsAnUnknownCommand) {  // SAF-038
  const char* words[] = {"none",         "disarmed",        "unknown_inverter",
                         "forced",       "unknown_command", "breaking_limit",
                         "active_power", "reactive_power",  "unknown_command"};
  for (std::uint8_t i = 0; i < std::size(words); ++i) {
    EXPECT_EQ(to_string(static_cast<GateReason>(i)), words[i]);
  }
}

}  // namespace
}  // namespace ems::safety::test
