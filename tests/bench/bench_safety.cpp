// SPDX-License-Identifier: Apache-2.0
// The safety kernel on a battery of 400 cells, beside 1,600 debounced limits built the obvious way:
// a state machine per cell and limit (tests/property/safety proves that the kernel, which debounces
// the extremes, never acts later). Both start from the same 400 readings of the image.
#include <array>
#include <cstdint>
#include <memory>

#include "bench/measure.hpp"
#include "ems/model/image.hpp"
#include "ems/safety/in_place.hpp"
#include "ems/safety/kernel.hpp"

namespace {

using namespace ems;

constexpr std::uint16_t kCells = 400;
constexpr std::int32_t kNominal = 3'300;
constexpr int kBatches = 2'000;
constexpr int kPerBatch = 50;

safety::Config one_battery() {
  safety::Config config;
  safety::BatteryConfig battery_config;
  battery_config.asset = battery(1);
  battery_config.cells_in_series = kCells;
  battery_config.limits = safety::default_limits(safety::Chemistry::lfp);
  safety::set_current_limits(battery_config.limits, 100'000_ma, 100'000_ma);
  config.batteries.push_back(battery_config);
  safety::InverterConfig inverter_config;
  inverter_config.asset = inverter(1);
  inverter_config.batteries = 1;
  inverter_config.apparent_max = 100'000_va;
  inverter_config.charge_max = 100'000_w;
  inverter_config.discharge_max = 100'000_w;
  inverter_config.efficiency = 9'500_bp;
  config.inverters.push_back(inverter_config);
  return config;
}

/// All readings of the battery; cells between 3.300 and 3.308 V, another one each time.
void answer(ProcessImage& image, Instant now, std::uint64_t round) {
  const auto set = [&](Signal signal, std::uint16_t element, std::int64_t value) {
    if (!image.set({{battery(1), signal, element}, value, now, Quality::good}, seconds(3)))
      std::abort();
  };
  std::int64_t sum = 0;
  for (std::uint16_t cell = 1; cell <= kCells; ++cell) {
    const std::int64_t mv = kNominal + static_cast<std::int64_t>((cell * 7 + round) % 9);
    sum += mv;
    set(Signal::cell_voltage, cell, mv);
  }
  set(Signal::pack_voltage, 0, sum);
  set(Signal::pack_current, 0, static_cast<std::int64_t>(round % 1'000));
  set(Signal::soc, 0, 5'000 + static_cast<std::int64_t>(round % 100));
  for (std::uint16_t sensor = 1; sensor <= 8; ++sensor) set(Signal::temperature, sensor, 25'000);
}

/// A debounced limit as it is written everywhere: beyond the threshold for a time it trips, inside
/// `clear` for another time it clears.
struct Debounced {
  std::int32_t since_us = 0;
  bool tripped = false;
};
struct Threshold {
  std::int32_t trip, clear, trip_after_us, clear_after_us;
  bool upper;
};
constexpr std::array<Threshold, 4> kThresholds = {{{3'550, 3'500, 1'000'000, 5'000'000, true},
                                                   {3'650, 3'550, 200'000, 5'000'000, true},
                                                   {2'800, 2'900, 1'000'000, 5'000'000, false},
                                                   {2'500, 2'700, 200'000, 5'000'000, false}}};

class PerCell {
 public:
  /// How many limits are tripped after this cycle.
  int step(std::span<const ImageEntry> cells, Instant now, std::int32_t elapsed_us) {
    int tripped = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const PointSample& sample = cells[i].sample;
      const bool usable = sample.quality >= Quality::substituted && sample.taken_at <= now &&
                          now - sample.taken_at < cells[i].stale_after;
      const auto mv = static_cast<std::int32_t>(sample.value);
      for (std::size_t k = 0; k < kThresholds.size(); ++k) {
        const Threshold& t = kThresholds[k];
        Debounced& state = states_[i][k];
        const bool beyond = !usable || (t.upper ? mv >= t.trip : mv <= t.trip);
        const bool inside = usable && (t.upper ? mv < t.clear : mv > t.clear);
        const bool towards = state.tripped ? inside : beyond;
        state.since_us = towards ? state.since_us + elapsed_us : 0;
        if (towards && state.since_us >= (state.tripped ? t.clear_after_us : t.trip_after_us)) {
          state = {0, !state.tripped};
        }
        tripped += state.tripped ? 1 : 0;
      }
    }
    return tripped;
  }

 private:
  std::array<std::array<Debounced, 4>, kCells> states_{};
};

}  // namespace

int main() {
  static std::array<ImageEntry, 600> storage;
  ProcessImage image(storage);
  const safety::Config config = one_battery();
  if (!safety::validate(config)) return 1;
  Instant now{seconds(100)};

  // Up to the end of the start: from here on the battery may move power.
  const auto state = std::make_unique<safety::Step>();
  const auto tick = [&](std::uint64_t round) {
    now = now + milliseconds(100);
    answer(image, now, round);
    const safety::BatteryInputs battery_inputs =
        safety::read_inputs(image, battery(1), kCells, now);
    const safety::InverterInputs inverter_inputs = safety::read_inverter_inputs(image, inverter(1));
    safety::step_in_place(*state, config, {{&battery_inputs, 1}, {&inverter_inputs, 1}, false},
                          now);
  };
  for (std::uint64_t i = 0; i < 100; ++i) tick(i);
  if (state->output.site != safety::SafetyState::normal) return 2;

  const bench::Figures read = bench::measure(kBatches, kPerBatch, [&](std::uint64_t) {
    bench::keep(safety::read_inputs(image, battery(1), kCells, now));
  });
  const safety::BatteryInputs battery_inputs = safety::read_inputs(image, battery(1), kCells, now);
  const safety::InverterInputs inverter_inputs = safety::read_inverter_inputs(image, inverter(1));
  const safety::Inputs inputs{{&battery_inputs, 1}, {&inverter_inputs, 1}, false};
  // Time stands still: the samples stay fresh, and a step costs what it costs.
  const bench::Figures in_place = bench::measure(kBatches, kPerBatch, [&](std::uint64_t) {
    safety::step_in_place(*state, config, inputs, now);
    bench::keep(state->output.site);
  });
  const bench::Figures by_value = bench::measure(kBatches, kPerBatch, [&](std::uint64_t) {
    bench::keep(safety::step(state->state, config, inputs, now));
  });
  const auto peer = std::make_unique<PerCell>();
  int tripped = 0;
  const bench::Figures per_cell = bench::measure(kBatches, kPerBatch, [&](std::uint64_t) {
    tripped += peer->step(image.elements(battery(1), Signal::cell_voltage), now, 100'000);
  });
  if (state->output.site != safety::SafetyState::normal || tripped != 0) return 3;

  std::printf("{\"compiler\": \"%s\", \"flags\": \"%s\",\n", __VERSION__, EMS_BENCH_FLAGS);
  bench::print("read_400_cells", read);
  bench::print("step_in_place", in_place);
  bench::print("step_by_value", by_value);
  bench::print("limits_1600_per_cell", per_cell, "}");
  return 0;
}
