// SPDX-License-Identifier: Apache-2.0
/// @file Whatever is wanted of whatever wiring, what leaves the gate is inside every battery's
/// bounds.
#include <gtest/gtest.h>

#include "property/safety/random_inputs.hpp"
#include "support/seed.hpp"

namespace ems::safety::test {
namespace {

constexpr std::uint64_t kSeed = 20'240'301;

/// 1 .. 3 batteries on 1 .. 3 inverters by any wiring; some inverters with dc PV.
World random_site(Random& random) {
  World w;
  const int batteries = random.between(1, 3);
  const int inverters = random.between(1, 3);
  w.config.batteries.clear();
  w.batteries.clear();
  w.config.inverters.clear();
  w.inverters.clear();
  for (int i = 1; i <= batteries; ++i) {
    const AssetId asset = battery(static_cast<std::uint16_t>(i));
    BatteryConfig config = battery_config(asset);
    set_current_limits(config.limits, MilliAmp{random.between(1'000, 300'000)},
                       MilliAmp{random.between(1'000, 300'000)});
    config.breaking_current_max = MilliAmp{random.between(0, 20'000)};
    w.config.batteries.push_back(config);
    w.batteries.push_back(everything(w.now, asset));
  }
  for (int i = 1; i <= inverters; ++i) {
    const AssetId asset = inverter(static_cast<std::uint16_t>(i));
    const auto mask = static_cast<std::uint8_t>(random.between(1, (1 << batteries) - 1));
    InverterConfig config = inverter_config(mask, asset);
    config.apparent_max = VoltAmp{random.between(3'000, 30'000)};
    config.charge_max = Watt{random.between(1, config.apparent_max.count())};
    config.discharge_max = Watt{random.between(1, config.apparent_max.count())};
    config.efficiency = BasisPoints{random.between(5'000, 10'000)};
    config.has_dc_pv = random.one_in(3);
    config.can_curtail_pv = random.one_in(2);
    w.config.inverters.push_back(config);
    w.inverters.push_back({asset, std::nullopt, std::nullopt});
    if (config.has_dc_pv) w.inverters.back().dc_pv_power = taken(0_w, w.now);
  }
  return w;
}

InverterCommand hostile(Random& random) {
  const auto number = [&random] {
    if (random.one_in(8)) return random.one_in(2) ? Watt::max().count() : Watt::min().count();
    return random.between(-60'000, 60'000);
  };
  // Kinds beyond the enumeration as well: what a broken caller could hand over.
  return {static_cast<CommandKind>(random.between(0, 7)), Watt{number()}, Var{number()}};
}

/// dc current of one of the inverter's batteries, in uA, when it carries `p` and PV gives `pv` W:
/// discharging with the worst efficiency, charging with none lost; parallel batteries share, at the
/// lowest of their voltages. Written apart from the kernel's own arithmetic, in doubles.
double current_of(const World& w, std::size_t inverter, Watt p, double pv) {
  const InverterConfig& config = w.config.inverters[inverter];
  const double efficiency = config.efficiency.count() / 10'000.0;
  double dc = p.count() >= 0 ? p.count() / efficiency : p.count();
  dc -= pv;
  double voltage = 1e9;
  int count = 0;
  for (std::size_t b = 0; b < w.batteries.size(); ++b) {
    if ((config.batteries >> b & 1) == 0) continue;
    ++count;
    voltage = std::min(voltage, w.batteries[b].pack_voltage->sample.value.count() / 1e3);
  }
  return dc / voltage * 1e3 / count;  // mA
}

TEST(SafetyProperty, WhatLeavesTheGateIsInsideEveryBatterysBounds) {  // SAF-023 SAF-024 SAF-036
  const ems::test::Seed seed(kSeed);
  Random random(seed.value());
  const int cases = seed.cases(30'000, 2);
  int followed = 0;
  World w;
  for (int i = 0; i < cases; ++i) {
    if (i % 20 == 0) {
      w = random_site(random);
      for (BatteryInputs& in : w.batteries) {
        if (random.one_in(4)) place(in, random);
      }
      w.settle();
    }
    for (BatteryInputs& in : w.batteries) stir(in, random);
    for (InverterInputs& in : w.inverters) {
      if (in.dc_pv_power && random.one_in(3)) set(in.dc_pv_power, random.between(0, 9'000));
    }
    w.now = w.now + w.config.tick_period;
    w.refresh();
    const auto whole = w.batteries;
    if (random.one_in(10)) {
      lose(w.batteries[static_cast<std::size_t>(
               random.between(0, static_cast<int>(whole.size()) - 1))],
           random, true);
    }
    w.judge();
    w.batteries = whole;
    std::array<double, kMaxBatteries> current{};
    bool judged = true;
    for (std::size_t n = 0; n < w.config.inverters.size(); ++n) {
      const InverterConfig& config = w.config.inverters[n];
      const InverterCommand wanted = hostile(random);
      const GateResult r = gate(w.out, n, wanted, Arming::armed);
      ASSERT_TRUE(r.command);
      const InverterCommand& c = *r.command;
      ASSERT_NE(c.kind, CommandKind::form) << "case " << i;
      ASSERT_LE(static_cast<int>(c.kind), static_cast<int>(CommandKind::open)) << "case " << i;
      ASSERT_EQ(r.changed, c != wanted) << "case " << i;
      const double pv =
          config.has_dc_pv && !w.out.inverters[n].curtail_pv && w.inverters[n].dc_pv_power
              ? w.inverters[n].dc_pv_power->sample.value.count()
              : 0.0;
      if (c.kind != CommandKind::follow) {
        ASSERT_EQ(c.p, 0_w) << "case " << i;
        ASSERT_EQ(c.q, 0_var) << "case " << i;
        judged = judged && !config.has_dc_pv;  // What a standing inverter does with PV is its own.
        continue;
      }
      followed += c.p != 0_w;
      // More PV than the inverter takes: it is curtailed to an amount that nobody here knows.
      if (w.out.inverters[n].curtail_pv && c.p == config.discharge_max) judged = false;
      const std::int64_t p = c.p.count();
      const std::int64_t q = c.q.count();
      const std::int64_t s = config.apparent_max.count();
      ASSERT_LE(p * p + q * q, s * s) << "case " << i;
      ASSERT_LE(c.p, config.discharge_max) << "case " << i;
      ASSERT_GE(c.p, -config.charge_max) << "case " << i;
      for (std::size_t b = 0; b < w.batteries.size(); ++b) {
        if ((config.batteries >> b & 1) != 0) current[b] += current_of(w, n, c.p, pv);
      }
    }
    if (!judged) continue;
    for (std::size_t b = 0; b < w.batteries.size(); ++b) {
      const BatteryVerdict& v = w.out.batteries[b];
      const double slack = 1e-6;
      ASSERT_LE(current[b], v.discharge_current_max.count() + slack)
          << "case " << i << " battery " << b;
      ASSERT_GE(current[b], -v.charge_current_max.count() - slack)
          << "case " << i << " battery " << b;
    }
  }
  EXPECT_GT(followed, cases / 20) << "the cases are all closed: they prove nothing";
}

TEST(SafetyProperty, GateOutputIsInsideTheIntervalOrCarriesNoPower) {  // SAF-036 SAF-037 SAF-038
  const ems::test::Seed seed(kSeed + 1);
  Random random(seed.value());
  const int cases = seed.cases(20'000, 3);
  World w;
  for (int i = 0; i < cases; ++i) {
    if (i % 20 == 0) {
      w = random_site(random);
      w.settle();
    }
    w.estop = random.one_in(200);
    for (InverterInputs& in : w.inverters) {
      if (!in.dc_pv_power && random.one_in(8)) in.dc_pv_power = taken(0_w, w.now);
      if (in.dc_pv_power) set(in.dc_pv_power, random.value(0, 12'000));
      if (random.one_in(8)) spoil(in.dc_pv_power, random);
    }
    w.run();
    for (std::size_t n = 0; n < w.config.inverters.size(); ++n) {
      const InverterVerdict& verdict = w.out.inverters[n];
      const InverterConfig& config = w.config.inverters[n];
      ASSERT_LE(verdict.ac.lo, verdict.ac.hi) << "case " << i;
      ASSERT_LE(verdict.ac.hi, config.discharge_max) << "case " << i;
      ASSERT_GE(verdict.ac.lo, -config.charge_max) << "case " << i;
      ASSERT_TRUE(config.has_dc_pv || verdict.ac.contains(0_w)) << "case " << i;
      const InverterCommand wanted = hostile(random);
      const GateResult r = gate(w.out, n, wanted, Arming::armed);
      ASSERT_TRUE(r.command);
      if (w.estop) {
        ASSERT_TRUE(r.command->kind == CommandKind::stop || r.command->kind == CommandKind::open);
      }
      if (r.command->kind == CommandKind::open) {
        ASSERT_TRUE(verdict.may_open) << "case " << i;
      }
      if (r.command->kind == CommandKind::follow) {
        ASSERT_TRUE(verdict.ac.contains(r.command->p)) << "case " << i;
        ASSERT_EQ(verdict.command, CommandKind::follow) << "case " << i;
      }
      ASSERT_EQ(gate(w.out, n, wanted, Arming::disarmed).command, std::nullopt);
    }
    if (w.state.tripped()) w.state = State{}, w.settle();
  }
}

}  // namespace
}  // namespace ems::safety::test
