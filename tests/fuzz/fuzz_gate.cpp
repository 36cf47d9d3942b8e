// SPDX-License-Identifier: Apache-2.0
// The gate behind real cycles of the kernel. Input: cycles; each one changes some inputs (values,
// qualities, ages, wrong assets), then asks for commands of any kind, of inverters that may not be
// there, through leases of any length.
#include <cmath>

#include "app/leased_command.hpp"
#include "ems/safety/gate.hpp"
#include "fuzz/fuzz.hpp"
#include "unit/safety/fixture.hpp"

using namespace ems;
using namespace ems::safety;
using fuzz::require;

namespace {

std::int32_t number(fuzz::Feed& feed) {
  const std::uint32_t high = feed.u16();
  return static_cast<std::int32_t>(high << 16U | feed.u16());
}

template <class Q>
void change(OptionalInput<Q>& input, fuzz::Feed& feed, Instant now) {
  const std::uint8_t how = feed.u8();
  if (how % 16 == 0) return input.reset();
  if (!input) input = test::taken(Q{}, now);
  if (how % 16 < 6) {
    input->sample.value = Q{static_cast<typename Q::Rep>(number(feed))};
  } else if (how % 16 < 12) {  // A small step, so that most worlds stay open.
    input->sample.value += Q{static_cast<std::int8_t>(feed.u8())};
  }
  input->sample.quality = static_cast<Quality>(how / 16 < 12 ? 3 : how / 16 - 12);
  input->sample.taken_at = now - microseconds(how % 16 == 15 ? number(feed) : 0);
}

/// Two batteries: the first on both inverters, the second on the other alone; that one has dc PV.
struct Site {
  test::World world;

  Site() {
    World& w = world;
    w.config.batteries.push_back(test::battery_config(battery(2)));
    w.batteries.push_back(test::healthy(w.now, battery(2)));
    w.config.inverters.push_back(test::inverter_config(3, inverter(2)));
    w.config.inverters[1].has_dc_pv = true;
    w.config.inverters[1].can_curtail_pv = true;
    w.inverters.push_back({inverter(2), test::taken(Watt{}, w.now), test::taken(Watt{}, w.now)});
    w.settle();
  }
  using World = test::World;

  void change_one(fuzz::Feed& feed) {
    World& w = world;
    BatteryInputs& in = w.batteries[feed.u8() % 2];
    InverterInputs& of_inverter = w.inverters[feed.u8() % 2];
    switch (feed.u8() % 24) {
      case 0:
        return change(in.pack_voltage, feed, w.now);
      case 1:
        return change(in.pack_current, feed, w.now);
      case 2:
        return change(in.soc, feed, w.now);
      case 3:
        return change(in.cell_voltage_max, feed, w.now);
      case 4:
        return change(in.cell_voltage_min, feed, w.now);
      case 5:
        return change(in.temp_max, feed, w.now);
      case 6:
        return change(in.temp_min, feed, w.now);
      case 7:
        return change(in.charge_voltage_limit, feed, w.now);
      case 8:
        return change(in.discharge_voltage_limit, feed, w.now);
      case 9:
        return change(in.charge_current_limit, feed, w.now);
      case 10:
        return change(in.discharge_current_limit, feed, w.now);
      case 11:
        return change(in.charge_fet_on, feed, w.now);
      case 12:
        return change(in.discharge_enable, feed, w.now);
      case 13:
        return change(in.alarms, feed, w.now);
      case 14:
        return change(in.pack_power, feed, w.now);
      case 15:
        return change(in.insulation_resistance, feed, w.now);
      case 16:
        return change(in.smoke_detected, feed, w.now);
      case 17:
        return change(in.contactor_closed, feed, w.now);
      case 18:
        return change(in.contactor_commanded, feed, w.now);
      case 19:
        return change(of_inverter.dc_pv_power, feed, w.now);
      case 20:
        return change(of_inverter.active_power, feed, w.now);
      case 21:
        in.asset = battery(static_cast<std::uint16_t>(feed.u8() % 4));
        return;
      case 22:
        w.estop = feed.u8() % 8 == 0;
        return;
      default:  // All is well again.
        in = test::healthy(w.now, in.asset);
    }
  }
  void cycle(fuzz::Feed& feed) {
    for (int n = feed.u8() % 4; n > 0; --n) change_one(feed);
    const std::uint8_t how = feed.u8();
    if (how < 8) {  // A clock fault, or late.
      world.now = world.now + microseconds(number(feed));
      world.judge();
    } else if (how < 80) {  // Silence.
      world.now = world.now + world.config.tick_period;
      world.judge();
    } else {
      world.run(how < 250 ? 1 : 61);
    }
  }
};

void check_verdicts(const test::World& w) {
  for (std::size_t i = 0; i < w.out.batteries.size(); ++i) {
    const BatteryVerdict& v = w.out.batteries[i];
    const Limits& limits = w.config.batteries[i].limits;
    require(v.charge_current_max >= MilliAmp::zero() && v.discharge_current_max >= MilliAmp::zero(),
            "magnitudes");
    require(v.charge_current_max <= limits.charge_current_max &&
                v.discharge_current_max <= limits.discharge_current_max,
            "a battery's bounds are inside its limits");
    const bool shut =
        v.charge_current_max == MilliAmp::zero() && v.discharge_current_max == MilliAmp::zero();
    require(shut || w.batteries[i].asset == w.config.batteries[i].asset,
            "inputs of another battery open nothing");
    require(shut || !w.state.tripped() || v.state != SafetyState::tripped, "TRIPPED is shut");
  }
}

/// What leaves may be sent: inside the verdict, and with the dc current inside every bound.
void check_command(const test::World& w, std::size_t index, const InverterCommand& wanted) {
  require(!gate(w.out, index, wanted, Arming::disarmed).command, "disarmed sends nothing");
  const GateResult r = gate(w.out, index, wanted, Arming::armed);
  require(r.command.has_value(), "armed there is always a command");
  const InverterCommand& c = *r.command;
  require(c.kind == CommandKind::stop || c.kind == CommandKind::follow ||
              c.kind == CommandKind::standby || c.kind == CommandKind::open,
          "form and what is no kind never leave");
  require(r.changed == (c != wanted), "changed says so");
  if (c.kind != CommandKind::follow)
    require(c.p == Watt{} && c.q == Var{}, "only a set-point carries power");
  if (index >= w.out.inverters.size()) {
    require(c.kind == CommandKind::stop, "an inverter that is not there is stopped");
    return;
  }
  const InverterVerdict& v = w.out.inverters[index];
  const InverterConfig& config = w.config.inverters[index];
  require(v.ac.lo <= v.ac.hi, "an interval");
  if (w.estop || v.state == SafetyState::tripped)
    require(c.kind == CommandKind::stop || c.kind == CommandKind::open, "TRIPPED stops");
  if (c.kind == CommandKind::open) require(v.may_open, "no contactor opens under load");
  if (c.kind == CommandKind::standby)
    require(v.command == CommandKind::follow || v.command == CommandKind::standby,
            "nothing weaker than safety's own");
  if (c.kind != CommandKind::follow) return;
  require(v.command == CommandKind::follow, "nothing weaker than safety's own");
  require(v.ac.contains(c.p), "inside the interval");
  require(c.p <= config.discharge_max && c.p >= -config.charge_max, "inside the rating");
  const std::int64_t p = c.p.count();
  const std::int64_t q = c.q.count();
  const std::int64_t s = config.apparent_max.count();
  require(p * p + q * q <= s * s, "inside the nameplate");
  require(p == 0 || (p > 0) == (wanted.p > Watt{}) || config.has_dc_pv, "never the other sign");
  if (config.has_dc_pv) return;
  for (std::size_t b = 0; b < w.out.batteries.size(); ++b) {
    if ((config.batteries >> b & 1U) == 0) continue;
    const BatteryVerdict& battery = w.out.batteries[b];
    require(p >= 0 || battery.charge_current_max > MilliAmp::zero(), "charging is forbidden");
    require(p <= 0 || battery.discharge_current_max > MilliAmp::zero(), "discharging is forbidden");
    if (p == 0) continue;
    const double volt = w.batteries[b].pack_voltage->sample.value.count() / 1e3;
    require(std::abs(static_cast<double>(p)) / volt * 1e3 <=
                std::max(battery.charge_current_max, battery.discharge_current_max).count() + 1e-6,
            "inside the battery's current");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  static const Site kStart;
  Site site = kStart;
  firmware::LeasedCommand leased;
  std::optional<Instant> ends;
  for (int cycles = 0; !feed.empty() && cycles < 64; ++cycles) {
    site.cycle(feed);
    check_verdicts(site.world);
    const InverterCommand wanted{static_cast<CommandKind>(feed.u8()), Watt{number(feed)},
                                 Var{number(feed)}};
    check_command(site.world, feed.u8() % 4, wanted);

    // A host's command with its lease, as the I/O board holds it.
    const std::uint8_t host = feed.u8();
    const Instant now = site.world.now;
    if (host % 4 == 0) {
      const Duration lease = microseconds(number(feed));
      leased.set(wanted, lease, now);
      ends = now + lease;
    }
    if (host % 32 == 1) {
      leased.end(now);
      if (ends && *ends > now) ends = now;
    }
    const InverterCommand held = leased.at(now);
    const bool over = !ends || now >= *ends;
    require(!over || held.kind != CommandKind::follow || (held.p == Watt{} && held.q == Var{}),
            "a set-point whose lease is over is 0 W");
    require(leased.left(now) >= Duration{}, "no lease is negative");
    check_command(site.world, host / 64, held);

    // A verdict that something overwrote never lets more through than stop.
    Output broken = site.world.out;
    const std::uint8_t kind = feed.u8();
    broken.inverters[0].command = static_cast<CommandKind>(kind);
    const GateResult r = gate(broken, 0, wanted, Arming::armed);
    const bool known = kind <= static_cast<std::uint8_t>(CommandKind::open) &&
                       kind != static_cast<std::uint8_t>(CommandKind::form);
    require(known || r.command->kind == CommandKind::stop, "a broken verdict is a stop");
  }
  return 0;
}
