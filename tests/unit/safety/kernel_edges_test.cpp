// SPDX-License-Identifier: Apache-2.0
// Limits and events at their edges.
#include <gtest/gtest.h>

#include "ems/safety/kernel.hpp"
#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

TEST(SafetyKernelEdges, ACellThresholdMayClearExactlyTheLeastGapAwayAndNoNearer) {  // SAF-001
  const MilliVolt gap = absolute_bounds(Chemistry::lfp).cell_voltage_gap;
  for (const auto& [distance, good] : {std::pair{gap, true}, std::pair{gap - 1_mv, false}}) {
    Limits upper = battery_config().limits;
    upper.cell_voltage_max.clear = upper.cell_voltage_max.trip - distance;
    EXPECT_EQ(validate(upper, Chemistry::lfp).has_value(), good);
    Limits lower = battery_config().limits;
    lower.cell_voltage_min.clear = lower.cell_voltage_min.trip + distance;
    EXPECT_EQ(validate(lower, Chemistry::lfp).has_value(), good);
  }
}

TEST(SafetyKernelEdges, AnEventWithoutAMeasurementHasTheValueZero) {  // SAF-035
  World w;
  w.config.tick_period = Duration::zero();  // Refused.
  const Step step = safety::step(w.state, w.config, w.inputs(), w.now);
  ASSERT_FALSE(step.output.events.empty());
  EXPECT_STREQ(step.output.events[0].name, "configuration_invalid");
  EXPECT_EQ(step.output.events[0].value, 0);
}

}  // namespace
}  // namespace ems::safety::test
