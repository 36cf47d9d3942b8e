// SPDX-License-Identifier: Apache-2.0
/// @file Honest devices are never called liars, and liars are caught in the stated time, over
/// random polls, loads and delays.
#include <gtest/gtest.h>

#include <deque>

#include "property/safety/random_inputs.hpp"
#include "support/seed.hpp"

namespace ems::safety::test {
namespace {

constexpr std::uint64_t kSeed = 20'240'303;

/// A board with two replies, polled by any rhythm; the load does what it likes.
class Board {
 public:
  explicit Board(Random& random)
      : random_(random),
        period_(random.between(5, 30)),
        cells_after_(random.between(1, period_ - 1)),
        micro_ohm_(random.between(200, 1'500)),
        swing_(random.between(1'000, 90'000)),
        restlessness_(random.between(1, 60)) {}

  /// Cells and terminals of this tick, where it brings any; `lie` is in each cell's reading.
  void poll(World& w, std::int32_t lie_mv) {
    if (random_.one_in(restlessness_)) load_ma_ = random_.between(-swing_, swing_);
    BatteryInputs& in = w.batteries[0];
    const Duration keeps = max_of(2_s, w.config.tick_period * (3 * period_));
    const auto put = [&](auto& input, auto value) { input = {{value, w.now}, keeps}; };
    const std::int64_t cell_uv = 3'300'000 - std::int64_t{load_ma_} * micro_ohm_ / 1'000;
    if (ticks_ % period_ == 0) {
      const MilliVolt terminals{static_cast<std::int32_t>(cell_uv * kCells / 1'000)};
      put(in.pack_voltage, terminals);
      put(in.pack_current, MilliAmp{load_ma_});
      put(in.soc, 5000_bp);
      put(in.temp_max, 25'000_mdegc);
      put(in.temp_min, 25'000_mdegc);
      in.cell_sum->terminals = *in.pack_voltage;
    }
    if (ticks_ % period_ == cells_after_) {
      const MilliVolt cell{static_cast<std::int32_t>(cell_uv / 1'000) + lie_mv};
      put(in.cell_voltage_max, cell);
      put(in.cell_voltage_min, cell);
      in.cell_sum->sum = {{cell * kCells, w.now}, keeps};
    }
    ++ticks_;
  }
  [[nodiscard]] int window_ticks() const { return std::max(100, 4 * std::max(20, 3 * period_)); }
  /// What the load adds to the difference of two replies, at most.
  [[nodiscard]] std::int32_t spread_mv() const {
    return static_cast<std::int32_t>(std::int64_t{swing_} * 2 * micro_ohm_ / 1'000'000 * kCells);
  }

 private:
  Random& random_;
  int period_;
  int cells_after_;
  std::int32_t micro_ohm_;  ///< Of one cell.
  std::int32_t swing_;
  int restlessness_;  ///< Ticks between two steps of the load, on average.
  std::int32_t load_ma_ = 0;
  int ticks_ = 0;
};

TEST(SafetyProperty, CellsAreCalledLiarsOnlyWhenTheyLieAndThenInTime) {  // SAF-018 SAF-085
  const ems::test::Seed seed(kSeed);
  Random random(seed.value());
  const int runs = seed.cases(120, 500);
  for (int run_number = 0; run_number < runs; ++run_number) {
    World w;
    Board board(random);
    const auto tick = [&](std::int32_t lie) {
      w.now = w.now + w.config.tick_period;
      board.poll(w, lie);
      w.judge();
      const Reason* reason = w.reason(Rule::sum_of_cells);
      return reason != nullptr && reason->cause == Cause::exceeded;
    };
    for (int i = 0; i < 1'800; ++i) {
      ASSERT_FALSE(tick(0)) << "an honest board, run " << run_number << " tick " << i;
    }
    // Beyond the tolerance (1 % and a little for the drop), a quarter of what the load moves the
    // two extremes of a difference apart, and half as much again: the mean of a dozen is not exact.
    const std::int32_t lie = (570 + board.spread_mv() * 3 / 4) / kCells + 2;
    const std::int32_t signed_lie = random.one_in(2) ? lie : -lie;
    int ticks = 0;
    while (!tick(signed_lie) && ticks < 1'000) ++ticks;
    // Two windows of twelve polls, each at least 10 s long, and the polls around them.
    ASSERT_LE(ticks, 2 * board.window_ticks() + 30)
        << "run " << run_number << ", " << signed_lie << " mV";
  }
}

TEST(SafetyProperty, WhoFollowsInTimeIsNeverCountedAndWhoDoesNotIsTripped) {  // SAF-083
  const ems::test::Seed seed(kSeed + 1);
  Random random(seed.value());
  const int runs = seed.cases(100, 600);
  for (int run_number = 0; run_number < runs; ++run_number) {
    World w;
    w.batteries[0].charge_current_limit = taken(100'000_ma, w.now);
    w.batteries[0].discharge_current_limit = taken(100'000_ma, w.now);
    w.settle();
    const int delay = random.between(0, 29);  // Ticks; 3 s is allowed.
    const std::int32_t sign = random.one_in(2) ? 1 : -1;
    std::deque<std::int32_t> allowed(static_cast<std::size_t>(delay) + 1, 100'000);
    std::int32_t limit = 100'000;
    int slope = 0;
    const auto cycle = [&](bool obeys) {
      if (random.one_in(20)) slope = random.between(-3'000, 3'000);
      if (random.one_in(40)) limit = random.between(1, 100'000);
      limit = std::clamp(limit + slope, 1, 100'000);
      auto& bms =
          sign > 0 ? w.batteries[0].discharge_current_limit : w.batteries[0].charge_current_limit;
      set(bms, limit);
      // It runs at the limit that it knows and the margin above, or at full current.
      const std::int32_t current = obeys ? allowed.front() + 5'000 : 105'001;
      set(w.batteries[0].pack_current, sign * current);
      w.run();
      allowed.push_back(sign > 0 ? w.verdict().discharge_current_max.count()
                                 : w.verdict().charge_current_max.count());
      allowed.pop_front();
    };
    for (int i = 0; i < 600; ++i) {
      cycle(true);
      ASSERT_EQ(w.reason(Rule::limit_disobeyed), nullptr)
          << "run " << run_number << " tick " << i << " delay " << delay;
    }
    int ticks = 0;
    limit = 1;
    while (!w.state.tripped() && ticks < 1'000) {
      slope = 0;
      limit = std::min(limit, 50'000);
      cycle(false);
      ++ticks;
    }
    ASSERT_LE(ticks, 400) << "run " << run_number;
    ASSERT_EQ(w.state.latch()[0].cause, TripCause::limit_disobeyed);
  }
}

TEST(SafetyProperty, ABatteryThatOnlyWorksIsNeverImplausible) {  // SAF-080 SAF-081 SAF-082
  const ems::test::Seed seed(kSeed + 2);
  Random random(seed.value());
  const int runs = seed.cases(40, 1'500);
  for (int run_number = 0; run_number < runs; ++run_number) {
    World w;
    w.config.batteries[0].capacity = MicroAmpHour{100'000'000};
    w.inverters[0].active_power = taken(0_w, w.now);
    w.batteries[0].pack_power = taken(0_w, w.now);
    w.settle();
    std::int32_t load_ma = 0;
    double soc = 5'000;
    double temperature = 25'000;
    const std::int32_t micro_ohm = random.between(200, 2'000);
    const int lag = random.between(0, 19);  // Of the inverter's readings, in ticks.
    std::deque<std::int32_t> ac(static_cast<std::size_t>(lag) + 1, 0);
    for (int i = 0; i < 1'500; ++i) {
      if (random.one_in(80)) load_ma = random.between(-95'000, 95'000);
      soc -= load_ma * 0.1 / 3'600 / 100'000 * 10'000;
      temperature += random.between(-20, 20);
      BatteryInputs& in = w.batteries[0];
      const std::int32_t cell = static_cast<std::int32_t>(
          (3'300'000 - std::int64_t{load_ma} * micro_ohm / 1'000) / 1'000);
      set(in.pack_current, load_ma + random.between(-100, 100));
      set(in.cell_voltage_max, cell + random.between(0, 3));
      set(in.cell_voltage_min, cell - random.between(0, 3));
      set(in.pack_voltage, cell * kCells);
      in.cell_sum->sum.sample.value = in.cell_sum->terminals.sample.value =
          MilliVolt{cell * kCells};
      set(in.soc, static_cast<std::int32_t>(soc) / 100 * 100);  // Steps of 1 %.
      set(in.temp_max, static_cast<std::int32_t>(temperature));
      set(in.temp_min, static_cast<std::int32_t>(temperature) - 500);
      const Watt dc = power_of(in.pack_voltage->sample.value, MilliAmp{load_ma});
      set(in.pack_power, dc.count());
      ac.push_back(static_cast<std::int32_t>(load_ma > 0 ? dc.count() * 0.96 : dc.count() / 0.96));
      set(w.inverters[0].active_power, ac.front());
      ac.pop_front();
      w.run();
      for (const Rule rule : {Rule::value_jump, Rule::values_frozen, Rule::power_mismatch,
                              Rule::sum_of_cells, Rule::limit_disobeyed}) {
        ASSERT_EQ(w.reason(rule), nullptr)
            << rule_info(rule).name << " run " << run_number << " tick " << i;
      }
    }
  }
}

}  // namespace
}  // namespace ems::safety::test
