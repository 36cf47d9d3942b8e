// SPDX-License-Identifier: Apache-2.0
/// @file Monotone safety and the gate, over random worlds. Seeds are fixed and printed on failure.
#include <gtest/gtest.h>

#include <random>

#include "support/seed.hpp"
#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

constexpr std::uint64_t kSeed = 20'240'229;

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

/// Random values around the limits, everything good and fresh at `now`.
BatteryInputs random_battery(Random& random, Instant now) {
  BatteryInputs in = healthy(now);
  // Each value is healthy in four of five cases, so that most worlds may still move power.
  const std::int32_t low = random.one_in(5) ? random.value(2280, 3700) : random.between(2800, 3400);
  in.cell_voltage_min->sample.value = MilliVolt{low};
  in.cell_voltage_max->sample.value = MilliVolt{low + random.between(0, 150)};
  const std::int32_t cold =
      random.one_in(5) ? random.value(-12'000, 56'000) : random.between(6'000, 41'000);
  in.temp_min->sample.value = MilliCelsius{cold};
  in.temp_max->sample.value = MilliCelsius{cold + random.between(0, 4'000)};
  in.soc->sample.value =
      BasisPoints{random.one_in(5) ? random.value(300, 9'900) : random.between(1'000, 9'500)};
  in.pack_current->sample.value = MilliAmp{random.one_in(5) ? random.value(-115'000, 115'000)
                                                            : random.between(-90'000, 90'000)};
  const std::int32_t pack =
      random.one_in(5) ? random.value(39'000, 59'000) : random.between(46'000, 55'000);
  in.pack_voltage->sample.value = MilliVolt{pack};
  in.cell_sum->terminals.sample.value = MilliVolt{pack};
  const std::int32_t off = random.one_in(5) ? 700 : 300;
  in.cell_sum->sum.sample.value = MilliVolt{pack + random.between(-off, off)};
  const auto limit = [&random] {
    return MilliAmp{random.one_in(5) ? 0 : random.between(1, 150'000)};
  };
  in.charge_current_limit = taken(limit(), now);
  in.discharge_current_limit = taken(limit(), now);
  in.charge_voltage_limit = taken(MilliVolt{random.value(54'000, 59'000)}, now);
  in.discharge_voltage_limit = taken(MilliVolt{random.value(39'000, 46'000)}, now);
  in.charge_fet_on = taken(Flag{random.between(0, 15) != 0}, now);
  in.discharge_fet_on = taken(Flag{random.between(0, 15) != 0}, now);
  in.charge_enable = taken(Flag{random.between(0, 15) != 0}, now);
  in.discharge_enable = taken(Flag{random.between(0, 15) != 0}, now);
  return in;
}

/// A state that had every BMS signal and was healthy: from here nothing hides behind start-up.
State settled(const Config& config, Instant now) {
  World w;
  w.config = config;
  w.now = now - 100_ms * 61;
  BatteryInputs in = healthy(w.now);
  in.charge_voltage_limit = taken(58'400_mv, w.now);
  in.discharge_voltage_limit = taken(40'000_mv, w.now);
  in.charge_current_limit = taken(100'000_ma, w.now);
  in.discharge_current_limit = taken(100'000_ma, w.now);
  in.charge_fet_on = in.discharge_fet_on = taken(Flag{1}, w.now);
  in.charge_enable = in.discharge_enable = taken(Flag{1}, w.now);
  w.batteries[0] = in;
  w.settle();
  return w.state;
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
/// Moves a value the way that can only be worse, or leaves it.
template <class Q>
void push_value(OptionalInput<Q>& input, std::int32_t by) {
  if (input) input->sample.value = input->sample.value + Q{by};
}

/// Makes one input worse or missing.
void worsen(BatteryInputs& in, Random& random) {
  const bool by_value = random.one_in(3);
  const std::int32_t by = random.between(1, 5'000);
  switch (random.between(0, 15)) {
    case 0:
      return by_value ? push_value(in.cell_voltage_max, by / 5)
                      : spoil(in.cell_voltage_max, random);
    case 1:
      return by_value ? push_value(in.cell_voltage_min, -by / 5)
                      : spoil(in.cell_voltage_min, random);
    case 2:
      return by_value ? push_value(in.temp_max, by) : spoil(in.temp_max, random);
    case 3:
      return by_value ? push_value(in.temp_min, -by) : spoil(in.temp_min, random);
    case 4:
      return spoil(in.soc, random);
    case 5:
      return spoil(in.pack_current, random);
    case 6:
      return spoil(in.pack_voltage, random);
    case 7:
      return by_value ? push_value(in.charge_current_limit, -by)
                      : spoil(in.charge_current_limit, random);
    case 8:
      return by_value ? push_value(in.discharge_current_limit, -by)
                      : spoil(in.discharge_current_limit, random);
    case 9:
      return by_value ? push_value(in.charge_voltage_limit, -by)
                      : spoil(in.charge_voltage_limit, random);
    case 10:
      return by_value ? push_value(in.discharge_voltage_limit, by)
                      : spoil(in.discharge_voltage_limit, random);
    case 11:
      return spoil(in.charge_fet_on, random);
    case 12:
      return spoil(in.discharge_fet_on, random);
    case 13:
      return spoil(in.charge_enable, random);
    case 14:
      return spoil(in.discharge_enable, random);
    default:
      in.cell_sum.reset();
  }
}

Step run(const State& state, const Config& config, const BatteryInputs& in, Instant now,
         bool estop = false) {
  return step(state, config, {{&in, 1}, {}, estop}, now);
}

Config one_battery() { return World().config; }

bool contains(const Interval& outer, const Interval& inner) {
  return outer.lo <= inner.lo && inner.hi <= outer.hi;
}

TEST(SafetyProperty, AWorseOrMissingInputNeverWidensTheEnvelope) {  // SAF-040
  const ems::test::Seed seed(kSeed);
  Random random(seed.value());
  const Config config = one_battery();
  const Instant now{1000_s};
  const State start = settled(config, now - 100_ms);
  int moved = 0;
  for (int i = 0; i < 60'000; ++i) {
    BatteryInputs better = random_battery(random, now);
    BatteryInputs worse = better;
    for (int n = random.between(1, 3); n > 0; --n) worsen(worse, random);
    const Output a = run(start, config, better, now).output;
    const Output b = run(start, config, worse, now).output;
    moved += a.inverters[0].ac != Interval{};
    const BatteryVerdict& va = a.batteries[0];
    const BatteryVerdict& vb = b.batteries[0];
    ASSERT_LE(vb.charge_current_max, va.charge_current_max) << "case " << i;
    ASSERT_LE(vb.discharge_current_max, va.discharge_current_max) << "case " << i;
    ASSERT_LE(vb.charge_voltage_max, va.charge_voltage_max) << "case " << i;
    ASSERT_TRUE(contains(a.inverters[0].ac, b.inverters[0].ac)) << "case " << i;
  }
  EXPECT_GT(moved, 6'000) << "the cases are all closed: they prove nothing";
}

TEST(SafetyProperty, WorseInputsOverManyCyclesNeverAllowEarlier) {  // SAF-016 SAF-040
  const ems::test::Seed seed(kSeed + 1);
  Random random(seed.value());
  const Config config = one_battery();
  for (int run_number = 0; run_number < 200; ++run_number) {
    Instant now{1000_s};
    State a = settled(config, now - 100_ms);
    State b = a;
    for (int tick = 0; tick < 150; ++tick) {
      const BatteryInputs better = random.one_in(30) ? random_battery(random, now) : [&now] {
        BatteryInputs in = healthy(now);
        in.charge_voltage_limit = taken(58'400_mv, now);
        in.discharge_voltage_limit = taken(40'000_mv, now);
        in.charge_current_limit = in.discharge_current_limit = taken(100'000_ma, now);
        in.charge_fet_on = in.discharge_fet_on = taken(Flag{1}, now);
        in.charge_enable = in.discharge_enable = taken(Flag{1}, now);
        return in;
      }();
      BatteryInputs worse = better;
      if (random.one_in(20)) worsen(worse, random);
      const Step sa = run(a, config, better, now);
      const Step sb = run(b, config, worse, now);
      a = sa.state;
      b = sb.state;
      // A latch of the better run may have been hidden from the worse one: then both are at 0.
      ASSERT_TRUE(contains(sa.output.inverters[0].ac, sb.output.inverters[0].ac) ||
                  sa.state.tripped())
          << "run " << run_number << " tick " << tick;
      if (sa.state.tripped()) break;
      now = now + 100_ms;
    }
  }
}

TEST(SafetyProperty, GateOutputIsInsideTheIntervalOrCarriesNoPower) {  // SAF-036 SAF-037
  const ems::test::Seed seed(kSeed + 2);
  Random random(seed.value());
  Config config = one_battery();
  const Instant now{1000_s};
  const State start = settled(config, now - 100_ms);
  for (int i = 0; i < 60'000; ++i) {
    config.inverters[0].has_dc_pv = random.one_in(2);
    config.inverters[0].can_curtail_pv = random.one_in(2);
    const BatteryInputs in = random_battery(random, now);
    InverterInputs inverter_in{inverter(1), taken(Watt{random.value(0, 12'000)}, now)};
    if (random.one_in(8)) spoil(inverter_in.dc_pv_power, random);
    const bool estop = random.one_in(20);
    const Output out = step(start, config, {{&in, 1}, {&inverter_in, 1}, estop}, now).output;
    const InverterVerdict& verdict = out.inverters[0];
    ASSERT_LE(verdict.ac.lo, verdict.ac.hi) << "case " << i;
    ASSERT_LE(verdict.ac.hi, config.inverters[0].discharge_max) << "case " << i;
    ASSERT_GE(verdict.ac.lo, -config.inverters[0].charge_max) << "case " << i;
    if (!config.inverters[0].has_dc_pv) {
      ASSERT_TRUE(verdict.ac.contains(0_w)) << "case " << i;
    }
    const InverterCommand wanted{static_cast<CommandKind>(random.between(0, 6)),
                                 Watt{random.between(-20'000, 20'000)},
                                 Var{random.between(-20'000, 20'000)}};
    const GateResult r = gate(out, 0, wanted, Arming::armed);
    ASSERT_TRUE(r.command);
    const InverterCommand& c = *r.command;
    if (estop) {
      ASSERT_EQ(c.kind, CommandKind::stop) << "case " << i;
    }
    if (c.kind != CommandKind::follow) {
      ASSERT_EQ(c.p, 0_w);
      ASSERT_EQ(c.q, 0_var);
      ASSERT_NE(c.kind, CommandKind::form);
      continue;
    }
    ASSERT_TRUE(verdict.ac.contains(c.p)) << "case " << i;
    const std::int64_t p = c.p.count();
    const std::int64_t q = c.q.count();
    const std::int64_t s = config.inverters[0].apparent_max.count();
    ASSERT_LE(p * p + q * q, s * s) << "case " << i;
    ASSERT_EQ(r.changed, c != wanted) << "case " << i;
  }
}

TEST(SafetyProperty, ADirectionIsForbiddenOnlyByARuleOfThatDirection) {  // SAF-019
  const ems::test::Seed seed(kSeed + 3);
  Random random(seed.value());
  const Config config = one_battery();
  const Instant now{1000_s};
  const State start = settled(config, now - 100_ms);
  int only_charge = 0;
  int only_discharge = 0;
  for (int i = 0; i < 60'000; ++i) {
    BatteryInputs in = random_battery(random, now);
    for (int n = random.between(0, 2); n > 0; --n) worsen(in, random);
    const Step next = run(start, config, in, now);
    const BatteryVerdict& v = next.output.batteries[0];
    bool charge = !next.state.tripped();
    bool discharge = charge;
    for (const Reason& reason : v.reasons) {
      if (reason.action != Action::inhibit) continue;
      if (includes(reason.direction, Direction::charge)) charge = false;
      if (includes(reason.direction, Direction::discharge)) discharge = false;
    }
    ASSERT_EQ(v.charge_current_max > 0_ma, charge) << "case " << i;
    ASSERT_EQ(v.discharge_current_max > 0_ma, discharge) << "case " << i;
    only_charge += charge && !discharge;
    only_discharge += discharge && !charge;
  }
  EXPECT_GT(only_charge, 500);
  EXPECT_GT(only_discharge, 500);
}

TEST(SafetyProperty, SilenceIsSafeWithinStaleAfter) {  // SAF-017
  const ems::test::Seed seed(kSeed + 4);
  Random random(seed.value());
  const Config config = one_battery();
  for (int run_number = 0; run_number < 500; ++run_number) {
    Instant now{1000_s};
    State state = settled(config, now - 100_ms);
    const BatteryInputs last = healthy(now);  // Nothing new arrives after this.
    const Instant silent_since = now;
    bool closed = false;
    for (int tick = 0; tick < 40; ++tick) {
      const Step next = run(state, config, last, now);
      state = next.state;
      const bool stale = now - silent_since >= kStaleAfter;
      closed = next.output.inverters[0].ac == Interval{};
      if (stale) {
        ASSERT_TRUE(closed) << "run " << run_number;
      }
      now = now + Duration{random.between(50'000, 250'000)};
    }
    ASSERT_TRUE(closed);
  }
}

}  // namespace
}  // namespace ems::safety::test
