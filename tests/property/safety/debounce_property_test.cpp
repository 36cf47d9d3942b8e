// SPDX-License-Identifier: Apache-2.0
/// @file The kernel debounces extremes, not cells: never later than a state machine for each cell
/// and limit would act.
#include <gtest/gtest.h>

#include <vector>

#include "property/safety/random_inputs.hpp"
#include "support/seed.hpp"

namespace ems::safety::test {
namespace {

constexpr std::uint64_t kSeed = 20'240'302;
constexpr std::size_t kCellCount = 400;

/// One limit of one cell with its own timers; written from the requirement, not from the kernel.
struct CellMachine {
  bool active = false;
  Duration beyond{-1};  ///< Time beyond the limit so far; negative: is not beyond.
  Duration good{-1};

  void step(const Threshold<MilliVolt>& limit, bool upper, MilliVolt v, Duration passed) {
    const bool trips = upper ? v >= limit.trip : v <= limit.trip;
    const bool clears = upper ? v < limit.clear : v > limit.clear;
    beyond = !trips ? Duration{-1} : beyond < Duration{} ? Duration{} : beyond + passed;
    good = !clears ? Duration{-1} : good < Duration{} ? Duration{} : good + passed;
    if (trips && beyond >= limit.trip_after) active = true;
    if (clears && good >= limit.clear_after) active = false;
  }
};

struct Limit {
  Rule rule;
  Threshold<MilliVolt> Limits::*threshold;
  bool upper;
};
constexpr Limit kFour[] = {{Rule::cell_overvoltage, &Limits::cell_voltage_max, true},
                           {Rule::cell_undervoltage, &Limits::cell_voltage_min, false},
                           {Rule::cell_voltage_high, &Limits::cell_voltage_high, true},
                           {Rule::cell_voltage_low, &Limits::cell_voltage_low, false}};

TEST(SafetyProperty, TheExtremesActNoLaterThanOneMachinePerCell) {  // SAF-016 SAF-020
  const ems::test::Seed seed(kSeed);
  Random random(seed.value());
  constexpr int kTicks = 300;
  const int runs = seed.cases(20, 3'000);
  int acted = 0;
  int earlier = 0;
  for (int run_number = 0; run_number < runs; ++run_number) {
    World w;
    w.config.batteries[0].cells_in_series = kCellCount;
    BatteryInputs& in = w.batteries[0];
    in.cell_sum.reset();
    set(in.pack_voltage, static_cast<std::int32_t>(kCellCount) * 3'300);
    Limits& limits = w.config.batteries[0].limits;
    for (const Limit& limit : kFour) {
      Threshold<MilliVolt>& t = limits.*limit.threshold;
      t.trip_after = milliseconds(random.between(0, 25) * 100);
      t.clear_after = milliseconds(random.between(10, 30) * 100);
    }
    w.settle();
    std::vector<std::int32_t> cells(kCellCount, 3'300);
    std::vector<std::array<CellMachine, 4>> machines(kCellCount);
    for (int tick = 0; tick < kTicks; ++tick) {
      // A few cells at a time go to a limit, stay there or come back, each when it likes.
      for (int n = random.between(0, 3); n > 0; --n) {
        const int to = random.between(0, 5);
        cells[static_cast<std::size_t>(random.between(0, kCellCount - 1))] =
            to == 0   ? random.between(3'540, 3'700)
            : to == 1 ? random.between(2'400, 2'860)
                      : random.between(3'250, 3'350);
      }
      if (random.one_in(40)) std::fill(cells.begin(), cells.end(), 3'300);
      const auto [lowest, highest] = std::minmax_element(cells.begin(), cells.end());
      set(in.cell_voltage_min, *lowest);
      set(in.cell_voltage_max, *highest);
      w.run();
      for (std::size_t i = 0; i < std::size(kFour); ++i) {
        const Threshold<MilliVolt>& t = limits.*kFour[i].threshold;
        bool any = false;
        for (std::size_t c = 0; c < kCellCount; ++c) {
          machines[c][i].step(t, kFour[i].upper, MilliVolt{cells[c]}, w.config.tick_period);
          any = any || machines[c][i].active;
        }
        const bool group = w.reason(kFour[i].rule) != nullptr;
        ASSERT_TRUE(group || !any)
            << rule_info(kFour[i].rule).name << " run " << run_number << " tick " << tick;
        acted += any;
        earlier += group && !any;
      }
    }
  }
  EXPECT_GT(acted, runs * 10) << "no cell's machine ever acted: nothing is proven";
  EXPECT_GT(earlier, 0) << "the group never acts earlier: it would be the same machine";
}

}  // namespace
}  // namespace ems::safety::test
