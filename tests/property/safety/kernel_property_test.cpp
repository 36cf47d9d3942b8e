// SPDX-License-Identifier: Apache-2.0
/// @file Monotone safety, continuity, latches and events over random batteries. Seeds are fixed and
/// printed; EMS_CASES says how many cases.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "property/safety/random_inputs.hpp"
#include "support/seed.hpp"

namespace ems::safety::test {
namespace {

constexpr std::uint64_t kSeed = 20'240'229;

Step run(const State& state, const Config& config, const BatteryInputs& in, Instant now,
         bool estop = false) {
  return step(state, config, {{&in, 1}, {}, estop}, now);
}

Config one_battery() {
  Config config = World().config;
  config.batteries[0].capacity = MicroAmpHour{100'000'000};
  return config;
}

/// A state that had every input of `in` for long enough: from here nothing hides behind start-up.
/// Its last cycle was 100 ms before `now`.
State settled(const Config& config, const BatteryInputs& in, Instant now) {
  World w;
  w.config = config;
  w.now = now - 100_ms * 62;
  w.batteries[0] = in;
  w.settle();
  return w.state;
}

BatteryInputs at(BatteryInputs in, Instant now) {
  World w;
  w.batteries[0] = in;
  w.now = now;
  w.refresh();
  return w.batteries[0];
}

bool contains(const Interval& outer, const Interval& inner) {
  return outer.lo <= inner.lo && inner.hi <= outer.hi;
}
bool closed(const BatteryVerdict& v) {
  return v.charge_current_max == 0_ma && v.discharge_current_max == 0_ma;
}
bool within(const BatteryVerdict& narrow, const BatteryVerdict& wide) {
  return narrow.charge_current_max <= wide.charge_current_max &&
         narrow.discharge_current_max <= wide.discharge_current_max &&
         narrow.charge_voltage_max <= wide.charge_voltage_max;
}

TEST(SafetyProperty, AWorseOrMissingInputNeverWidensTheEnvelope) {  // SAF-040
  const ems::test::Seed seed(kSeed);
  Random random(seed.value());
  const Config config = one_battery();
  const Instant now{1000_s};
  constexpr int kOfOneWorld = 100;
  const int cases = seed.cases(60'000);
  int moved = 0;
  State start;
  BatteryInputs base;
  for (int i = 0; i < cases; ++i) {
    if (i % kOfOneWorld == 0) {
      base = everything(now);
      place(base, random);
      start = settled(config, base, now);
    }
    BatteryInputs better = at(base, now);
    stir(better, random);
    BatteryInputs worse = better;
    for (int n = random.between(1, 3); n > 0; --n) {
      if (random.one_in(3)) {
        push(worse, random);
      } else {
        lose(worse, random, true);
      }
    }
    const Output a = run(start, config, better, now).output;
    const Output b = run(start, config, worse, now).output;
    moved += a.inverters[0].ac != Interval{};
    ASSERT_TRUE(within(b.batteries[0], a.batteries[0])) << "case " << i;
    ASSERT_TRUE(contains(a.inverters[0].ac, b.inverters[0].ac)) << "case " << i;
  }
  EXPECT_GT(moved, cases / 10) << "the cases are all closed: they prove nothing";
}

TEST(SafetyProperty, NoLossAllowsAnythingEarlierOverManyCycles) {  // SAF-016 SAF-040
  const ems::test::Seed seed(kSeed + 1);
  Random random(seed.value());
  const Config config = one_battery();
  constexpr int kTicks = 150;
  const int runs = seed.cases(200, kTicks);
  int open = 0;
  for (int run_number = 0; run_number < runs; ++run_number) {
    Instant now{1000_s};
    BatteryInputs base = everything(now);
    State a = settled(config, base, now);
    State b = a;
    const bool calm = random.one_in(2);
    int overload = 0;
    int lost = 0;
    Random how(0);  // The same loss for as long as it lasts.
    for (int tick = 0; tick < kTicks; ++tick) {
      base = at(base, now);
      if (!calm && random.one_in(3)) stir(base, random);
      if (!calm && random.one_in(30)) place(base, random);
      if (random.one_in(30)) base = everything(now);
      if (random.one_in(60)) overload = random.between(1, 60);
      if (overload-- > 0) set(base.pack_current, 118'000);
      BatteryInputs worse = base;
      if (random.one_in(20)) {
        lost = random.one_in(2) ? 1 : random.between(1, 60);
        how = Random(static_cast<std::uint64_t>(random.between(0, 1'000'000)));
      }
      if (lost-- > 0) {
        Random same = how;
        lose(worse, same, false);
      }
      const Step sa = run(a, config, base, now);
      const Step sb = run(b, config, worse, now);
      a = sa.state;
      b = sb.state;
      // A latch of the better run may have been hidden from the worse one: then both are at 0.
      ASSERT_TRUE(within(sb.output.batteries[0], sa.output.batteries[0]) || sa.state.tripped())
          << "run " << run_number << " tick " << tick;
      ASSERT_TRUE(contains(sa.output.inverters[0].ac, sb.output.inverters[0].ac) ||
                  sa.state.tripped())
          << "run " << run_number << " tick " << tick;
      if (sa.state.tripped()) break;
      open += !closed(sb.output.batteries[0]);
      now = now + 100_ms;
    }
  }
  EXPECT_GT(open, runs) << "the cases are all closed: they prove nothing";
}

TEST(SafetyProperty, LosingAPowerNeverOpensWhatItsMismatchClosed) {  // SAF-040 SAF-082
  const ems::test::Seed seed(kSeed + 5);
  Random random(seed.value());
  const int runs = seed.cases(20, 1'000);
  for (int run_number = 0; run_number < runs; ++run_number) {
    World w;
    w.batteries[0] = everything(w.now);
    w.inverters[0].active_power = taken(0_w, w.now);
    w.settle();
    const std::int32_t lie = random.between(600, 9'000) * (random.one_in(2) ? 1 : -1);
    const bool pack = random.one_in(2);
    auto& power = pack ? w.batteries[0].pack_power : w.inverters[0].active_power;
    set(power, lie);
    w.run(220);
    ASSERT_TRUE(closed(w.verdict())) << lie;
    for (int tick = 0; tick < 600; ++tick) {
      power = taken(Watt{lie}, w.now);
      if (tick > 2) spoil(power, random);
      w.run();
      if (power) power->sample.quality = Quality::bad;
      ASSERT_TRUE(closed(w.verdict())) << "run " << run_number << " tick " << tick;
    }
  }
}

TEST(SafetyProperty, ADirectionIsForbiddenOnlyByARuleOfThatDirection) {  // SAF-019
  const ems::test::Seed seed(kSeed + 3);
  Random random(seed.value());
  const Config config = one_battery();
  const Instant now{1000_s};
  const int cases = seed.cases(60'000);
  int only_charge = 0;
  int only_discharge = 0;
  State start;
  BatteryInputs base;
  for (int i = 0; i < cases; ++i) {
    if (i % 100 == 0) {
      base = everything(now);
      place(base, random);
      start = settled(config, base, now);
    }
    BatteryInputs in = at(base, now);
    stir(in, random);
    for (int n = random.between(-2, 2); n > 0; --n) lose(in, random, true);
    const Step next = run(start, config, in, now);
    const BatteryVerdict& v = next.output.batteries[0];
    bool charge = !next.state.tripped();
    bool discharge = charge;
    for (const Reason& reason : v.reasons) {
      if (reason.action == Action::warn) continue;
      // A derate to 0 forbids as well.
      const bool forbids = reason.action == Action::inhibit;
      if (includes(reason.direction, Direction::charge) &&
          (forbids || v.charge_current_max == 0_ma))
        charge = false;
      if (includes(reason.direction, Direction::discharge) &&
          (forbids || v.discharge_current_max == 0_ma))
        discharge = false;
    }
    ASSERT_EQ(v.charge_current_max > 0_ma, charge) << "case " << i;
    ASSERT_EQ(v.discharge_current_max > 0_ma, discharge) << "case " << i;
    only_charge += charge && !discharge;
    only_discharge += discharge && !charge;
  }
  if (cases < 60'000) return;
  EXPECT_GT(only_charge, 500);
  EXPECT_GT(only_discharge, 500);
}

TEST(SafetyProperty, SilenceIsSafeWithinStaleAfter) {  // SAF-017
  const ems::test::Seed seed(kSeed + 4);
  Random random(seed.value());
  const Config config = one_battery();
  const int runs = seed.cases(500, 40);
  for (int run_number = 0; run_number < runs; ++run_number) {
    Instant now{1000_s};
    const BatteryInputs last = everything(now);  // Nothing new arrives after this.
    State state = settled(config, last, now);
    const Instant silent_since = now;
    bool shut = false;
    for (int tick = 0; tick < 40; ++tick) {
      const Step next = run(state, config, last, now);
      state = next.state;
      const bool stale = now - silent_since >= kStaleAfter;
      shut = next.output.inverters[0].ac == Interval{};
      ASSERT_TRUE(shut || !stale) << "run " << run_number;
      now = now + Duration{random.between(50'000, 250'000)};
    }
    ASSERT_TRUE(shut);
  }
}

/// The largest change of a current maximum that one unit of an input may make, in mA, where no
/// inhibit changes: the steepest default curve is 100 A over 100 mV (1 A per mV) and over 5 K.
TEST(SafetyProperty, OneUnitOfAnInputMovesTheEnvelopeByABoundedStep) {  // SAF-008 SAF-040
  const ems::test::Seed seed(kSeed + 6);
  Random random(seed.value());
  const Config config = one_battery();
  const Instant now{1000_s};
  const int cases = seed.cases(20'000, 2);
  int derated = 0;
  State start;
  BatteryInputs base;
  const auto inhibits = [](const BatteryVerdict& v) {
    std::uint64_t rules = 0;
    for (const Reason& reason : v.reasons) {
      if (reason.action == Action::inhibit)
        rules |= std::uint64_t{1} << static_cast<int>(reason.rule);
    }
    return rules;
  };
  for (int i = 0; i < cases; ++i) {
    if (i % 100 == 0) {
      base = everything(now);
      const std::int32_t low =
          random.one_in(2) ? random.between(2'500, 2'900) : random.between(3'450, 3'650);
      set(base.cell_voltage_min, low);
      set(base.cell_voltage_max, low + random.between(0, 250));
      const std::int32_t cold =
          random.one_in(2) ? random.between(0, 8'000) : random.between(36'000, 55'000);
      set(base.temp_min, cold);
      set(base.temp_max, cold + random.between(0, 3'000));
      start = settled(config, base, now);
    }
    BatteryInputs one = at(base, now);
    stir(one, random);
    BatteryInputs other = one;
    std::int32_t most = 1;
    switch (random.between(0, 5)) {
      case 0:
        set(other.cell_voltage_max, one.cell_voltage_max->sample.value.count() + 1), most = 1'010;
        break;
      case 1:
        set(other.cell_voltage_min, one.cell_voltage_min->sample.value.count() - 1), most = 1'010;
        break;
      case 2:
        set(other.temp_max, one.temp_max->sample.value.count() + 1), most = 30;
        break;
      case 3:
        set(other.temp_min, one.temp_min->sample.value.count() - 1), most = 30;
        break;
      case 4:
        set(other.charge_current_limit, one.charge_current_limit->sample.value.count() - 1);
        break;
      default:
        set(other.soc, one.soc->sample.value.count() + 1), most = 0;
    }
    const BatteryVerdict a = run(start, config, one, now).output.batteries[0];
    const BatteryVerdict b = run(start, config, other, now).output.batteries[0];
    if (inhibits(a) != inhibits(b) || a.state != b.state) continue;
    const auto moved = [](MilliAmp x, MilliAmp y) { return std::abs(x.count() - y.count()); };
    ASSERT_LE(moved(a.charge_current_max, b.charge_current_max), most) << "case " << i;
    ASSERT_LE(moved(a.discharge_current_max, b.discharge_current_max), most) << "case " << i;
    derated += a.charge_current_max != b.charge_current_max ||
               a.discharge_current_max != b.discharge_current_max;
  }
  EXPECT_GT(derated, cases / 100) << "nothing was derated: nothing is proven";
}

/// Whether a trip's own cause stands in the inputs; written without the kernel's help.
bool stands(const Trip& trip, const BatteryInputs& in, bool estop, const Limits& limits) {
  const auto is = [](const auto& input, auto test) { return input && test(input->sample.value); };
  switch (trip.cause) {
    case TripCause::estop:
      return estop && trip.asset == kSite;
    case TripCause::cell_overvoltage:
      return is(in.cell_voltage_max,
                [&](MilliVolt v) { return v >= limits.cell_voltage_latch_max; });
    case TripCause::cell_undervoltage:
      return is(in.cell_voltage_min,
                [&](MilliVolt v) { return v <= limits.cell_voltage_latch_min; });
    case TripCause::overtemperature:
      return is(in.temp_max, [&](MilliCelsius t) { return t >= limits.temp_latch_max; });
    case TripCause::undertemperature:
      return is(in.temp_min, [&](MilliCelsius t) { return t <= limits.temp_latch_min; });
    case TripCause::smoke:
      return is(in.smoke_detected, [](Flag f) { return f != Flag{0}; });
    case TripCause::gas:
      return is(in.gas_detected, [](Flag f) { return f != Flag{0}; });
    case TripCause::insulation:
      return is(in.insulation_resistance,
                [&](KiloOhm r) { return r <= limits.insulation_latch_min; });
    case TripCause::contactor:
      return is(in.contactor_closed, [&](Flag closed) {
        const bool commanded = is(in.contactor_commanded, [](Flag f) { return f == Flag{1}; });
        const bool current = is(in.pack_current, [&](MilliAmp i) {
          return max_of(i, -i) >= limits.plausibility.contactor_current;
        });
        return closed == Flag{1} ? !commanded : commanded || current;
      });
    case TripCause::limit_disobeyed:
      return is(in.pack_current, [](MilliAmp i) { return max_of(i, -i) > 1'000_ma; });
    case TripCause::unreadable:
      break;
  }
  return false;
}

TEST(SafetyProperty, OnlyTheListedCausesLatchAndEventsAlternate) {  // SAF-005 SAF-009 SAF-035
  const ems::test::Seed seed(kSeed + 7);
  Random random(seed.value());
  const Config config = one_battery();
  constexpr int kTicks = 200;
  const int runs = seed.cases(200, kTicks);
  int trips = 0;
  int raised = 0;
  for (int run_number = 0; run_number < runs; ++run_number) {
    Instant now{1000_s};
    BatteryInputs base = everything(now);
    State state = settled(config, base, now);
    std::map<std::pair<int, std::string>, bool> active;  // By asset and name.
    for (int tick = 0; tick < kTicks; ++tick) {
      base = at(base, now);
      if (random.one_in(2)) stir(base, random);
      if (random.one_in(25)) place(base, random);
      if (random.one_in(20)) base = everything(now);
      BatteryInputs in = base;
      if (random.one_in(15)) lose(in, random, true);
      const bool estop = random.one_in(400);
      const Step next = run(state, config, in, now, estop);
      for (const Trip& trip : next.state.latch()) {
        bool is_new = true;
        for (const Trip& old : state.latch()) is_new = is_new && !(old == trip);
        if (!is_new) continue;
        ++trips;
        const bool after_order = trip.cause == TripCause::contactor && state.tripped();
        ASSERT_TRUE(stands(trip, in, estop, config.batteries[0].limits) || after_order)
            << to_string(trip.cause) << " run " << run_number << " tick " << tick;
      }
      for (const Event& event : next.output.events) {
        bool& now_active = active[{static_cast<int>(event.asset.kind), event.name}];
        const bool known_before = now_active;
        ASSERT_NE(known_before, event.active)
            << event.name << " run " << run_number << " tick " << tick;
        now_active = event.active;
        raised += event.active;
      }
      state = next.state;
      if (state.tripped() && random.one_in(30)) {
        const BatteryInputs good = everything(now);
        const auto after = reset(state, config, {{&good, 1}, {}, false}, now,
                                 {Role::technician, "Ada", "looked at it"});
        if (after) state = *after;
      }
      now = now + 100_ms;
    }
  }
  EXPECT_GT(trips, runs / 10);
  EXPECT_GT(raised, runs);
}

}  // namespace
}  // namespace ems::safety::test
