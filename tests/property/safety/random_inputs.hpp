// SPDX-License-Identifier: Apache-2.0
/// @file Random batteries and inverters for the safety properties, and what can happen to an input.
#pragma once

#include <random>
#include <tuple>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::int32_t between(std::int32_t lo, std::int32_t hi) {
    const auto span = static_cast<std::uint64_t>(std::int64_t{hi} - lo) + 1;
    return static_cast<std::int32_t>(lo + static_cast<std::int64_t>(engine_() % span));
  }
  bool one_in(std::int32_t n) { return between(1, n) == 1; }
  /// Mostly `usual`, sometimes near a limit, rarely anything.
  std::int32_t value(std::int32_t lo, std::int32_t hi) {
    return one_in(20) ? between(lo - (hi - lo), hi + (hi - lo)) : between(lo, hi);
  }

 private:
  std::mt19937_64 engine_;
};

template <class Q>
void set(OptionalInput<Q>& input, typename Q::Rep value) {
  input->sample.value = Q{value};
}

/// Every input a battery can have, all good and in agreement, taken `at`.
inline BatteryInputs everything(Instant at, AssetId asset = battery(1)) {
  BatteryInputs in = healthy(at, asset);
  in.charge_voltage_limit = taken(58'400_mv, at);
  in.discharge_voltage_limit = taken(40'000_mv, at);
  in.charge_current_limit = in.discharge_current_limit = taken(100'000_ma, at);
  in.charge_fet_on = in.discharge_fet_on = taken(Flag{1}, at);
  in.charge_enable = in.discharge_enable = taken(Flag{1}, at);
  in.alarms = taken(AlarmBits{0}, at);
  in.pack_power = taken(0_w, at);
  in.insulation_resistance = taken(KiloOhm{2'000}, at);
  in.smoke_detected = in.gas_detected = taken(Flag{0}, at);
  in.contactor_closed = in.contactor_commanded = taken(Flag{1}, at);
  return in;
}

/// Puts a battery anywhere around its limits; what must agree agrees.
inline void place(BatteryInputs& in, Random& random) {
  // Each value is healthy in four of five cases, so that most worlds may still move power.
  const std::int32_t low =
      random.one_in(5) ? random.value(2'310, 3'700) : random.between(2'850, 3'500);
  set(in.cell_voltage_min, low);
  set(in.cell_voltage_max, low + random.between(0, random.one_in(5) ? 320 : 40));
  const std::int32_t cold =
      random.one_in(5) ? random.value(-12'000, 54'000) : random.between(6'000, 38'000);
  set(in.temp_min, cold);
  set(in.temp_max, cold + random.between(0, random.one_in(5) ? 16'000 : 1'000));
  set(in.soc, random.one_in(5) ? random.value(300, 9'900) : random.between(1'100, 9'300));
  set(in.pack_current,
      random.one_in(5) ? random.value(-115'000, 115'000) : random.between(-90'000, 90'000));
  const std::int32_t pack =
      random.one_in(5) ? random.value(40'100, 58'300) : random.between(46'000, 55'000);
  set(in.pack_voltage, pack);
  in.cell_sum->terminals.sample.value = MilliVolt{pack};
  in.cell_sum->sum.sample.value =
      MilliVolt{pack + (random.one_in(5) ? random.between(-700, 700) : random.between(-300, 300))};
  set(in.pack_power, power_of(MilliVolt{pack}, in.pack_current->sample.value).count());
  const auto limit = [&random] { return random.one_in(9) ? 0 : random.between(1, 150'000); };
  set(in.charge_current_limit, limit());
  set(in.discharge_current_limit, limit());
  set(in.charge_voltage_limit, random.value(54'000, 59'000));
  set(in.discharge_voltage_limit, random.value(39'000, 46'000));
  for (auto* flag :
       {&in.charge_fet_on, &in.discharge_fet_on, &in.charge_enable, &in.discharge_enable}) {
    set(*flag, random.one_in(25) ? 0 : 1);
  }
  set(in.insulation_resistance, random.one_in(9) ? random.between(90, 700) : 2'000);
  set(in.alarms, random.one_in(25) ? std::int64_t{1} << random.between(0, 40) : 0);
  if (random.one_in(60)) set(in.smoke_detected, 1);
  if (random.one_in(60)) set(in.gas_detected, 1);
  if (random.one_in(60)) set(in.contactor_closed, 0);
}

/// Moves what is measured by less than a jump.
inline void stir(BatteryInputs& in, Random& random) {
  const auto by = [&random](auto& input, std::int32_t most) {
    set(input, input->sample.value.count() + random.between(-most, most));
  };
  const std::int32_t cells = random.between(-200, 200);
  set(in.cell_voltage_min,
      in.cell_voltage_min->sample.value.count() + cells - random.between(0, 20));
  set(in.cell_voltage_max,
      in.cell_voltage_max->sample.value.count() + cells + random.between(0, 20));
  const std::int32_t temps = random.between(-4'000, 4'000);
  set(in.temp_min, in.temp_min->sample.value.count() + temps);
  set(in.temp_max, in.temp_max->sample.value.count() + temps + random.between(0, 500));
  by(in.soc, 400);
  by(in.pack_current, 20'000);
  set(in.pack_power,
      power_of(in.pack_voltage->sample.value, in.pack_current->sample.value).count());
  by(in.charge_current_limit, 20'000);
  by(in.discharge_current_limit, 20'000);
}

template <class Q>
void spoil(OptionalInput<Q>& input, Random& random) {
  if (!input) return;
  switch (random.between(0, 4)) {
    case 0:
      input.reset();
      break;
    case 1:
      input->sample.quality = Quality::bad;
      break;
    case 2:
      input->sample.quality = Quality::uncertain;
      break;
    case 3:
      input->sample.taken_at = input->sample.taken_at - kStaleAfter;
      break;
    default:
      input->sample.taken_at = input->sample.taken_at + 1_us;
      break;
  }
}

/// The inputs that a battery may lose. pack_power comes last: without it nothing is compared, which
/// is the one loss that is not unsafe (SAF-082).
inline auto inputs_of(BatteryInputs& in) {
  return std::tie(in.cell_voltage_max, in.cell_voltage_min, in.temp_max, in.temp_min, in.soc,
                  in.pack_current, in.pack_voltage, in.charge_current_limit,
                  in.discharge_current_limit, in.charge_voltage_limit, in.discharge_voltage_limit,
                  in.charge_fet_on, in.discharge_fet_on, in.charge_enable, in.discharge_enable,
                  in.alarms, in.insulation_resistance, in.smoke_detected, in.gas_detected,
                  in.contactor_closed, in.contactor_commanded, in.cell_sum, in.pack_power);
}

inline void spoil(std::optional<CellSum>& sum, Random&) { sum.reset(); }

/// Loses one input, pack_power only where `powers` says so.
inline void lose(BatteryInputs& in, Random& random, bool powers) {
  std::apply(
      [&random, powers](auto&... inputs) {
        int which = random.between(powers ? 0 : 1, static_cast<int>(sizeof...(inputs)) - 1);
        if (!powers) --which;
        ((which-- == 0 ? spoil(inputs, random) : void()), ...);
      },
      inputs_of(in));
}

/// Moves one value the way that can only be worse.
inline void push(BatteryInputs& in, Random& random) {
  const std::int32_t by = random.between(1, 900);
  const auto move = [](auto& input, std::int32_t distance) {
    if (input) set(input, input->sample.value.count() + distance);
  };
  const auto worse = [&](int which) {
    if (which == 0) move(in.cell_voltage_max, by / 4);
    if (which == 1) move(in.cell_voltage_min, -by / 4);
    if (which == 2) move(in.temp_max, by);
    if (which == 3) move(in.temp_min, -by);
    if (which == 4) move(in.charge_current_limit, -by * 10);
    if (which == 5) move(in.discharge_current_limit, -by * 10);
    if (which == 6) move(in.charge_voltage_limit, -by);
    if (which == 7) move(in.discharge_voltage_limit, by);
    if (which == 8) move(in.insulation_resistance, -by);
    if (which == 9) move(in.smoke_detected, 1);
    if (which == 10) move(in.gas_detected, 1);
    if (which == 11 && in.alarms)
      set(in.alarms, in.alarms->sample.value.count() | std::int64_t{1} << by % 41);
  };
  worse(random.between(0, 11));
}

}  // namespace ems::safety::test
