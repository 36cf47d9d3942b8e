// SPDX-License-Identifier: Apache-2.0
#include "safety/battery.hpp"

#include <utility>

#include "safety/rule_table.hpp"

namespace ems::safety::detail {

namespace {

using AnyThreshold = Threshold<Raw>;
using Curve = DerateCurve<Raw>;

/// Protections that concern one direction only; every other bit, known or not, forbids both.
constexpr std::uint64_t alarm_bits(std::initializer_list<Alarm> alarms) noexcept {
  std::uint64_t mask = 0;
  for (const Alarm alarm : alarms) mask |= std::uint64_t{1} << static_cast<unsigned>(alarm);
  return mask;
}
constexpr std::uint64_t kChargeAlarms =
    alarm_bits({Alarm::cell_overvoltage, Alarm::pack_overvoltage, Alarm::charge_overcurrent,
                Alarm::charge_overtemperature, Alarm::charge_undertemperature});
constexpr std::uint64_t kDischargeAlarms = alarm_bits(
    {Alarm::cell_undervoltage, Alarm::pack_undervoltage, Alarm::discharge_overcurrent,
     Alarm::discharge_overtemperature, Alarm::discharge_undertemperature, Alarm::soc_low});

constexpr unsigned bit_of(Direction direction) noexcept { return static_cast<unsigned>(direction); }

unsigned forbidden_by(std::uint64_t alarms) noexcept {
  const unsigned charge = (alarms & ~kDischargeAlarms) != 0 ? bit_of(Direction::charge) : 0;
  const unsigned discharge = (alarms & ~kChargeAlarms) != 0 ? bit_of(Direction::discharge) : 0;
  return charge | discharge;
}

/// Where on a curve the largest current begins to fall, seen from `x`.
std::int32_t derates_from(const Curve& curve, std::int32_t x) noexcept {
  std::int32_t from = 0;
  for (const DeratePoint<Raw>& point : curve) {
    if (point.share.count() < kWhole) continue;
    from = point.x.count();
    if (from >= x) break;
  }
  return from;
}

/// Current in thousandths of the maximum, squared and less the maximum's own square, times time.
std::int64_t heat_gained(std::int32_t current, std::int32_t most, Duration passed) noexcept {
  constexpr std::int64_t kMost = 100'000;  // Ten times the maximum: far beyond over-current.
  constexpr std::int64_t kSquare = std::int64_t{kWhole} * kWhole;
  const std::int64_t reference = std::max<std::int64_t>(most, 1'000);
  const std::int64_t share =
      std::clamp<std::int64_t>(std::int64_t{current} * kWhole / reference, 0, kMost);
  const Duration time = clamp_to(passed, Duration::zero(), seconds(10));
  return (share * share - kSquare) * time.count();  // At most 1e10 * 1e7.
}
std::int64_t heat_allowed(const OverloadLimit& limit) noexcept {
  const std::int64_t factor = limit.factor.count();
  return (factor * factor - std::int64_t{kWhole} * kWhole) * limit.time.count();
}

/// Judges the rules of one battery, one after the other.
struct Evaluator {
  const Battery& battery;
  const Values& values;
  BatteryState& state;

  [[nodiscard]] Evaluation evaluate(const RuleRow& row) noexcept {
    switch (row.judge) {
      case Judge::upper:
      case Judge::lower:
        return threshold(row);
      case Judge::curve:
        return curve(row);
      case Judge::present:
        return present(row.source, row.signal);
      case Judge::current_limit:
        return current_limit(row);
      case Judge::flags:
        return flags(row);
      case Judge::pack_upper:
      case Judge::pack_lower:
        return pack(row);
      case Judge::overload:
        return overload(row);
      case Judge::hazards:
        return hazards();
      case Judge::alarms:
        return alarms(row);
      case Judge::plausible:
      case Judge::conduct:
      default:
        return judge(row.info.rule, state.plausibility, battery);
    }
  }

  /// The pack's own threshold: cells in series times the cell's, or where it is tighter the BMS's.
  [[nodiscard]] AnyThreshold pack_threshold(const RuleRow& row) const noexcept {
    AnyThreshold pack = field_at<AnyThreshold>(battery.limits, row.limit);
    pack.trip = pack.trip * battery.config.cells_in_series;
    pack.clear = pack.clear * battery.config.cells_in_series;
    const Value& bms = values[row.source];
    const Raw limit{bms.value};
    if (bms.known && (row.judge == Judge::pack_upper ? limit < pack.trip : limit > pack.trip)) {
      pack.clear = limit + (pack.clear - pack.trip);
      pack.trip = limit;
    }
    return pack;
  }

 private:
  [[nodiscard]] bool needed(Source source) const noexcept {
    return !optional(source) || ((state.seen | declared(battery.config)) & seen_bit(source)) != 0;
  }

  /// `value` against a threshold; what an input that is not known means, its need decides.
  [[nodiscard]] Evaluation against(const AnyThreshold& t, bool upper, Source source,
                                   Signal signal) const noexcept {
    const Value& value = values[source];
    const Raw count{value.value};
    const Finding finding = !value.known ? absent(source)
                            : upper      ? judge_upper(t, count)
                                         : judge_lower(t, count);
    return {finding,        t.clear_after, signal,      value.value,
            t.trip.count(), value.element, t.trip_after};
  }
  [[nodiscard]] Finding absent(Source source) const noexcept {
    return needed(source) ? Finding::missing : Finding::good;
  }

  [[nodiscard]] Evaluation threshold(const RuleRow& row) const noexcept {
    return against(field_at<AnyThreshold>(battery.limits, row.limit), row.judge == Judge::upper,
                   row.source, row.signal);
  }

  [[nodiscard]] Evaluation curve(const RuleRow& row) const noexcept {
    Evaluation e{Finding::missing, battery.limits.input_clear_after, row.signal};
    const Value& highest = values[row.source];
    if (!highest.known) return e;  // Another rule inhibits then.
    const auto points = field_at<Curve>(battery.limits, row.limit);
    const Value& lowest = values[row.lowest];
    const std::int32_t at_highest = share_at(points, highest.value);
    const std::int32_t at_lowest = share_at(points, lowest.value);
    const Value& worse = at_lowest < at_highest ? lowest : highest;
    e.share = std::min(at_lowest, at_highest);
    e.finding = e.share < kWhole ? Finding::exceeded : Finding::good;
    e.value = worse.value;
    e.limit = derates_from(points, worse.value);
    e.element = worse.element;
    return e;
  }

  [[nodiscard]] Evaluation present(Source source, Signal signal) const noexcept {
    Evaluation e{values[source].known ? Finding::good : absent(source),
                 battery.limits.input_clear_after, signal};
    e.announce_missing = true;
    return e;
  }

  /// An input that must be there, and `ok` when it is.
  template <class Ok>
  [[nodiscard]] Evaluation expect(Source source, Signal signal, std::int32_t limit,
                                  Ok ok) const noexcept {
    Evaluation e = present(source, signal);
    e.value = values[source].value;
    e.limit = limit;
    if (values[source].known && !ok(e.value)) e.finding = Finding::exceeded;
    return e;
  }

  [[nodiscard]] Evaluation current_limit(const RuleRow& row) const noexcept {
    return expect(row.source, row.signal, 0, [](std::int32_t current) { return current > 0; });
  }

  /// Both switches must be on; one that is off says more than one that is missing.
  [[nodiscard]] Evaluation flags(const RuleRow& row) const noexcept {
    const bool charge = row.info.direction == Direction::charge;
    const Signal enable = charge ? Signal::charge_enable : Signal::discharge_enable;
    const auto on = [](std::int32_t flag) { return flag == 1; };
    const Evaluation first = expect(row.source, row.signal, 1, on);
    const Evaluation second = expect(row.lowest, enable, 1, on);
    if (first.finding == Finding::exceeded || second.finding == Finding::good) return first;
    return second.finding == Finding::exceeded || first.finding == Finding::good ? second : first;
  }

  [[nodiscard]] Evaluation pack(const RuleRow& row) const noexcept {
    const AnyThreshold t = pack_threshold(row);
    if (values[row.source].known || !needed(row.source))
      return against(t, row.judge == Judge::pack_upper, Source::voltage, Signal::pack_voltage);
    Evaluation lost = present(row.source, row.signal);
    lost.limit = t.trip.count();
    return lost;
  }

  [[nodiscard]] Evaluation overload(const RuleRow& row) noexcept {
    const Limits& limits = battery.limits;
    const auto limit = field_at<OverloadLimit>(limits, row.limit);
    const bool charge = row.source == Source::charging;
    const MilliAmp most = charge ? limits.charge_current_max : limits.discharge_current_max;
    const Value& current = values[row.source];
    Evaluation e{Finding::missing, limit.clear_after, row.signal, current.value, most.count()};
    std::int64_t& heat = state.heat[charge ? 0 : 1];
    const std::int64_t allowed = heat_allowed(limit);
    if (!current.known) {
      if (state.started) heat = std::max(heat, allowed - 1);  // What was not seen was the worst.
      return e;
    }
    const std::int64_t gained = heat_gained(current.value, most.count(), battery.site.passed);
    heat = std::clamp<std::int64_t>(heat + gained, 0, allowed);
    e.finding = heat >= allowed ? Finding::exceeded : heat > 0 ? Finding::band : Finding::good;
    return e;
  }

  [[nodiscard]] Evaluation hazards() const noexcept {
    constexpr std::pair<Source, Signal> kInputs[] = {
        {Source::insulation, Signal::insulation_resistance},
        {Source::smoke, Signal::smoke_detected},
        {Source::gas, Signal::gas_detected},
        {Source::contactor, Signal::contactor_closed}};
    Evaluation e{};
    for (const auto& [source, signal] : kInputs) {
      e = present(source, signal);
      if (e.finding == Finding::missing) break;
    }
    return e;
  }

  /// Silent alarms are bms_alarm_unknown's; here they keep what was said last.
  [[nodiscard]] Evaluation alarms(const RuleRow& row) noexcept {
    Evaluation e{Finding::good, battery.limits.input_clear_after, row.signal};
    if (!values[row.source].known && needed(row.source)) e.finding = Finding::band;
    const std::uint64_t bits = values.alarms();
    if (bits == 0) return e;
    state.alarms_forbid = static_cast<std::uint8_t>(state.alarms_forbid | forbidden_by(bits));
    e.finding = Finding::exceeded;
    e.value = static_cast<std::int32_t>(bits & 0x7FFF'FFFFU);
    return e;
  }
};

Severity severity_of(Action action) noexcept {
  return action == Action::inhibit ? Severity::alarm : Severity::warning;
}

Cause cause_of(Finding finding) noexcept {
  if (finding == Finding::exceeded) return Cause::exceeded;
  return finding == Finding::missing ? Cause::missing : Cause::waiting;
}

/// What must be told first: the harder action, then what is wrong now.
int strength(const Reason& reason) noexcept {
  constexpr int kOfCause[] = {2, 1, 0};  // exceeded, missing, waiting
  return static_cast<int>(reason.action) * 4 + kOfCause[static_cast<std::size_t>(reason.cause)];
}

/// One cycle of one battery.
class Cycle {
 public:
  Cycle(BatteryState& state, BatteryVerdict& verdict, Events& events, const Battery& battery,
        const Values& values, const Standing& standing) noexcept
      : state_(state),
        verdict_(verdict),
        events_(events),
        standing_(standing),
        evaluator_{battery, values, state} {}

  void run() noexcept {
    const Limits& limits = evaluator_.battery.limits;
    verdict_.asset = evaluator_.battery.config.asset;
    // Plausibility speaks first: while a device contradicts itself, that alone is announced.
    for (const bool plausible : {true, false}) {
      for (std::size_t i = 0; i < kRuleCount; ++i) {
        const RuleRow& row = rule_row(static_cast<Rule>(i));
        if ((row.judge == Judge::plausible) == plausible) run(row, state_.rules[i]);
      }
    }
    if (includes(allowed_, Direction::charge)) {
      verdict_.charge_current_max =
          current_max(limits.charge_current_max, charge_share_, Source::charge_current_limit);
      verdict_.charge_voltage_max = pack_trip(Rule::pack_overvoltage);
    }
    if (includes(allowed_, Direction::discharge)) {
      verdict_.discharge_current_max = current_max(limits.discharge_current_max, discharge_share_,
                                                   Source::discharge_current_limit);
      verdict_.discharge_voltage_min = pack_trip(Rule::pack_undervoltage);
    }
    verdict_.state = safety_state();
    state_.started = state_.started || moves();
  }

 private:
  void run(const RuleRow& row, RuleState& rule) noexcept {
    const Evaluation e = evaluator_.evaluate(row);
    advance(rule, e, evaluator_.battery.site.passed);
    Event event{severity_of(row.info.action), verdict_.asset, row.info.name};
    if (!rule.active) {
      if (row.judge == Judge::alarms) state_.alarms_forbid = 0;
      announce(events_, rule.announced, false, event);
      return;
    }
    const Cause cause = cause_of(e.finding);
    const bool speaks = rule.exceeded || (cause == Cause::missing && e.announce_missing &&
                                          !standing_.grace && !verdict_.plausibility_failed);
    event.signal = e.signal;
    if (speaks) announce(events_, rule.announced, true, event, e.value);
    act(row, rule, e, cause);
  }

  void act(const RuleRow& row, const RuleState& rule, const Evaluation& e, Cause cause) noexcept {
    const Action action = row.info.action;
    Direction direction = row.info.direction;
    if (row.judge == Judge::alarms) direction = static_cast<Direction>(state_.alarms_forbid);
    // A warning or derate that was not exceeded has nothing to say.
    if (action != Action::inhibit && !rule.exceeded) return;
    if (row.judge == Judge::plausible && rule.exceeded) verdict_.plausibility_failed = true;
    keep({row.info.rule, direction, action, cause, e.signal, e.element, e.value, e.limit});
    if (action == Action::warn) return;
    limited_ = true;
    if (action == Action::derate) {
      if (includes(direction, Direction::charge)) charge_share_ = std::min(charge_share_, e.share);
      if (includes(direction, Direction::discharge))
        discharge_share_ = std::min(discharge_share_, e.share);
      return;
    }
    allowed_ = static_cast<Direction>(bit_of(allowed_) & ~bit_of(direction));
    const bool starting = !rule.exceeded && (cause == Cause::waiting || standing_.grace);
    fault_ = fault_ || !starting;
  }

  /// Keeps the strongest reasons when there is no room for all.
  void keep(const Reason& reason) noexcept {
    auto& reasons = verdict_.reasons;
    if (reasons.try_push_back(reason)) return;
    ++verdict_.reasons_dropped;
    const auto weaker = [](const Reason& a, const Reason& b) { return strength(a) < strength(b); };
    Reason* weakest = std::min_element(reasons.begin(), reasons.end(), weaker);
    if (weaker(*weakest, reason)) *weakest = reason;
  }

  /// Largest current: the limits', what a derate leaves of it, and the BMS's own.
  [[nodiscard]] MilliAmp current_max(MilliAmp most, std::int32_t share,
                                     Source bms_limit) const noexcept {
    const MilliAmp derated{mul_div(most.count(), share, kWhole)};
    const Value& bms = evaluator_.values[bms_limit];
    // Where the BMS's is needed and missing, its rule has inhibited.
    return bms.known ? clamp_to(MilliAmp{bms.value}, MilliAmp::zero(), derated) : derated;
  }
  [[nodiscard]] MilliVolt pack_trip(Rule rule) const noexcept {
    return MilliVolt{evaluator_.pack_threshold(rule_row(rule)).trip.count()};
  }
  [[nodiscard]] bool moves() const noexcept {
    return verdict_.charge_current_max > MilliAmp::zero() ||
           verdict_.discharge_current_max > MilliAmp::zero();
  }
  [[nodiscard]] SafetyState safety_state() const noexcept {
    if (standing_.tripped) return SafetyState::tripped;
    if (standing_.forbid) return SafetyState::safe;
    if (!moves()) {
      // INIT: nothing is wrong, good health has just not been shown for long enough yet.
      const bool init = !state_.started && limited_ && !fault_;
      return init ? SafetyState::init : SafetyState::safe;
    }
    const Limits& limits = evaluator_.battery.limits;
    const bool full = verdict_.charge_current_max == limits.charge_current_max &&
                      verdict_.discharge_current_max == limits.discharge_current_max;
    return full && !limited_ ? SafetyState::normal : SafetyState::derated;
  }

  BatteryState& state_;
  BatteryVerdict& verdict_;
  Events& events_;
  const Standing& standing_;
  Evaluator evaluator_;
  Direction allowed_ =
      standing_.forbid || standing_.tripped ? static_cast<Direction>(0) : Direction::both;
  std::int32_t charge_share_ = kWhole;
  std::int32_t discharge_share_ = kWhole;
  bool limited_ = false;  ///< A rule that is more than a warning is active.
  bool fault_ = false;    ///< One of them because something is wrong.
};

}  // namespace

void step_battery(BatteryState& state, BatteryVerdict& verdict, Events& events, const Battery& b,
                  const Values& values, const Standing& standing) noexcept {
  Cycle(state, verdict, events, b, values, standing).run();
}

}  // namespace ems::safety::detail
