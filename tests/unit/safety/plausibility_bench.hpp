// SPDX-License-Identifier: Apache-2.0
/// @file What the tests of the plausibility rules (17 and 42 .. 46) share: each rule is run by its
/// own functions, cycle by cycle, without the kernel around it.
#pragma once

#include <functional>

#include "safety/plausibility.hpp"
#include "unit/safety/fixture.hpp"

namespace ems::safety::test {

using detail::Battery;
using detail::Evaluation;
using detail::Finding;

inline constexpr Duration kTick = 100_ms;

/// One battery of 16 cells and 100 A on one inverter of 10 kVA, cycle by cycle.
struct Bench {
  Config config = World().config;
  StaticVector<BatteryInputs, kMaxBatteries> batteries{};
  StaticVector<InverterInputs, kMaxInverters> inverters{};
  PlausibilityState state{};
  Instant now{1000_s};
  Duration tick = kTick;

  Bench() {
    batteries.push_back(healthy(now));
    inverters.push_back({inverter(1), std::nullopt, std::nullopt});
  }
  BatteryInputs& in() { return batteries[0]; }
  Limits& limits() { return config.batteries[0].limits; }
  [[nodiscard]] Inputs inputs() const { return {batteries.view(), inverters.view(), false}; }
  /// Calls `use` with the context of this cycle.
  template <class Use>
  auto with(const Use& use) {
    const Inputs all = inputs();
    return use(Battery{{config, all, now, tick}});
  }
  void obey(ObedienceState& of, std::size_t inverter, const InverterVerdict& verdict) {
    with([&](const Battery& b) { detail::obey(of, b.site, inverter, verdict); });
  }
  /// One cycle later, every input taken now.
  void cycle() {
    now = now + tick;
    refresh();
    observe();
  }
  void run(int cycles) {
    for (int i = 0; i < cycles; ++i) cycle();
  }
  void observe() {
    with([this](const Battery& c) { detail::observe(state, c); });
  }
  void refresh() {
    World world;
    world.batteries = batteries;
    world.inverters = inverters;
    world.now = now;
    world.refresh();
    batteries = world.batteries;
    inverters = world.inverters;
  }
  [[nodiscard]] Evaluation judge(Rule rule) {
    return with([&](const Battery& c) { return detail::judge(rule, state, c); });
  }
  [[nodiscard]] Finding finding(Rule rule) { return judge(rule).finding; }
};

/// One of the values that are watched, and the largest step that no rule minds.
struct JumpCase {
  const char* name;
  std::function<void(BatteryInputs&, std::int32_t)> move;
  std::int32_t most;  ///< The largest step that is none.
  Signal signal;
};

template <class Q>
void step_by(OptionalInput<Q>& input, std::int32_t by) {
  input->sample.value += Q{by};
}

inline const JumpCase kJumps[] = {
    {"soc", [](BatteryInputs& in, std::int32_t by) { step_by(in.soc, by); }, 1'000, Signal::soc},
    {"temp_max", [](BatteryInputs& in, std::int32_t by) { step_by(in.temp_max, by); }, 5'000,
     Signal::temperature},
    {"temp_min", [](BatteryInputs& in, std::int32_t by) { step_by(in.temp_min, by); }, 5'000,
     Signal::temperature},
    {"pack_voltage", [](BatteryInputs& in, std::int32_t by) { step_by(in.pack_voltage, by); },
     8'000, Signal::pack_voltage},
    {"cell_max", [](BatteryInputs& in, std::int32_t by) { step_by(in.cell_voltage_max, by); }, 500,
     Signal::cell_voltage},
    {"cell_min", [](BatteryInputs& in, std::int32_t by) { step_by(in.cell_voltage_min, by); }, 500,
     Signal::cell_voltage},
};

/// Batteries 1 and 2 on inverter 1, batteries 2 and 3 on inverter 2: one group. Battery 4 alone on
/// inverter 3.
struct Wiring : Bench {
  Wiring() {
    for (std::uint16_t i = 2; i <= 4; ++i) {
      config.batteries.push_back(battery_config(battery(i)));
      batteries.push_back(healthy(now, battery(i)));
    }
    config.inverters.clear();
    inverters.clear();
    const std::uint8_t feeds[] = {0b0011, 0b0110, 0b1000};
    for (std::uint16_t i = 0; i < 3; ++i) {
      config.inverters.push_back(
          inverter_config(feeds[i], inverter(static_cast<std::uint16_t>(i + 1))));
      inverters.push_back(
          {inverter(static_cast<std::uint16_t>(i + 1)), std::nullopt, taken(0_w, now)});
    }
  }
};

/// A battery (or an inverter) that is allowed [-charge, discharge] and reads `value`.
struct Watched {
  Bench bench;
  BatteryVerdict verdict{};
  Duration age{};  ///< Of the reading.

  Watched() { allow(100'000, 100'000); }
  void allow(std::int32_t charge, std::int32_t discharge) {
    verdict.charge_current_max = MilliAmp{charge};
    verdict.discharge_current_max = MilliAmp{discharge};
  }
  int times() { return bench.state.obedience.times; }
  void run(Duration how_long, std::int32_t value) {
    for (Duration t{}; t < how_long; t += bench.tick) {
      bench.now = bench.now + bench.tick;
      bench.in().pack_current = taken(MilliAmp{value}, bench.now - age);
      bench.with([this](const Battery& c) { detail::obey(bench.state.obedience, c, verdict); });
    }
  }
};

/// A battery whose contactor is told and says what it does.
struct Contactor : Bench {
  void set(std::int32_t closed, std::int32_t commanded, std::int32_t current = 0) {
    in().contactor_closed = taken(Flag{closed}, now);
    in().contactor_commanded = taken(Flag{commanded}, now);
    in().pack_current = taken(MilliAmp{current}, now);
  }
  bool latches() { return detail::contactor_latches(state, limits()); }
  auto contradicts() { return with(detail::contactor_contradicts); }
};

}  // namespace ems::safety::test
