// SPDX-License-Identifier: Apache-2.0
#include "rpc/convert.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace ems::rpc {

namespace {

constexpr std::int64_t kMicro = 1'000'000;
constexpr std::int64_t kNanoPerMicro = 1'000;
constexpr std::int64_t kSecondsMax = std::numeric_limits<std::int64_t>::max() / kMicro - 1;

constexpr std::int32_t kNanosMax = 999'999'999;  // @source google/protobuf/duration.proto.

// Seconds and nanoseconds of a peer to microseconds, saturated.
std::int64_t to_micro(std::int64_t seconds, std::int32_t nanos) {
  return std::clamp(seconds, -kSecondsMax, kSecondsMax) * kMicro +
         std::clamp(nanos, -kNanosMax, kNanosMax) / kNanoPerMicro;
}

std::string text(std::string_view view) { return std::string{view}; }

}  // namespace

void set(google::protobuf::Timestamp& to, UtcInstant at) {
  std::int64_t whole = at.since_epoch().count() / kMicro;
  std::int64_t rest = at.since_epoch().count() % kMicro;
  if (rest < 0) {  // Nanoseconds of a Timestamp count forward, always.
    rest += kMicro;
    --whole;
  }
  to.set_seconds(whole);
  to.set_nanos(static_cast<std::int32_t>(rest * kNanoPerMicro));
}
void set(google::protobuf::Duration& to, Duration duration) {
  to.set_seconds(duration.count() / kMicro);
  to.set_nanos(static_cast<std::int32_t>(duration.count() % kMicro * kNanoPerMicro));
}
UtcInstant from(const google::protobuf::Timestamp& at) {
  return UtcInstant{Duration{to_micro(at.seconds(), at.nanos())}};
}
Duration from(const google::protobuf::Duration& duration) {
  return Duration{to_micro(duration.seconds(), duration.nanos())};
}

void set(v1::Epoch& to, const telemetry::Epoch& epoch) {
  to.set_random(epoch.random.data(), epoch.random.size());
  to.set_counter(epoch.counter);
}
Result<telemetry::Epoch> from(const v1::Epoch& epoch) {
  telemetry::Epoch result;
  if (epoch.random().size() != result.random.size()) {
    return fail(Errc::invalid_argument, 0, "epoch: expected 16 random bytes");
  }
  std::memcpy(result.random.data(), epoch.random().data(), result.random.size());
  result.counter = epoch.counter();
  return result;
}
Result<telemetry::Stream> stream_from(std::uint32_t number) {
  if (number >= telemetry::kStreamCount) {
    return fail(Errc::invalid_argument, 0, "no stream of that number");
  }
  return telemetry::kStreams[number];
}

void set(v1::Point& to, const Point& point) {
  to.set_asset(text(to_name(point.asset).view()));
  to.set_signal(static_cast<std::uint32_t>(point.signal));
  to.set_element(point.element);
}
Result<Point> from(const v1::Point& point) {
  const Result<AssetId> asset = parse_asset(point.asset());
  if (!asset) return fail(Errc::invalid_argument, asset.error().offset, asset.error().what);
  constexpr std::uint32_t kMax = std::numeric_limits<std::uint16_t>::max();
  if (point.signal() > kMax || point.element() > kMax) {
    return fail(Errc::invalid_argument, 0, "point: signal or element beyond 65535");
  }
  return Point{*asset, static_cast<Signal>(point.signal()),
               static_cast<std::uint16_t>(point.element())};
}
v1::Quality to_proto(Quality quality) {
  return static_cast<v1::Quality>(static_cast<int>(quality) + 1);
}
Quality from(v1::Quality quality) {
  switch (quality) {
    case v1::QUALITY_UNCERTAIN:
      return Quality::uncertain;
    case v1::QUALITY_SUBSTITUTED:
      return Quality::substituted;
    case v1::QUALITY_GOOD:
      return Quality::good;
    default:
      return Quality::bad;
  }
}
static_assert(static_cast<int>(Quality::bad) + 1 == v1::QUALITY_BAD);
static_assert(static_cast<int>(Quality::good) + 1 == v1::QUALITY_GOOD);

void set(v1::PowerInterval& to, const Interval& interval) {
  to.set_lo_w(interval.lo.count());
  to.set_hi_w(interval.hi.count());
}
Interval from(const v1::PowerInterval& interval) {
  return {Watt{interval.lo_w()}, Watt{interval.hi_w()}};
}

void set(v1::Gap& to, telemetry::Stream stream, const telemetry::Epoch& epoch,
         const telemetry::Gap& gap) {
  to.set_stream(static_cast<std::uint32_t>(telemetry::index_of(stream)));
  set(*to.mutable_epoch(), epoch);
  to.set_first(gap.first);
  to.set_last(gap.last);
  to.set_reason(static_cast<v1::GapReason>(gap.reason));
  if (!gap.time_known) return;
  set(*to.mutable_first_at(), gap.utc_first);
  set(*to.mutable_last_at(), gap.utc_last);
}
static_assert(static_cast<int>(telemetry::GapReason::evicted) == v1::GAP_REASON_EVICTED);
static_assert(static_cast<int>(telemetry::GapReason::corrupt) == v1::GAP_REASON_CORRUPT);
static_assert(static_cast<int>(telemetry::GapReason::not_held) == v1::GAP_REASON_NOT_HELD);
Result<telemetry::Gap> from(const v1::Gap& gap) {
  if (!v1::GapReason_IsValid(gap.reason()) || gap.reason() == v1::GAP_REASON_UNSPECIFIED) {
    return fail(Errc::invalid_argument, 0, "gap: unknown reason");
  }
  telemetry::Gap result;
  result.first = gap.first();
  result.last = gap.last();
  result.reason = static_cast<telemetry::GapReason>(gap.reason());
  result.time_known = gap.has_first_at() && gap.has_last_at();
  if (result.time_known) {
    result.utc_first = from(gap.first_at());
    result.utc_last = from(gap.last_at());
  }
  return result;
}

namespace {

struct SetAction {
  v1::CommandAction& to;
  void operator()(const SetpointAction& action) const {
    to.mutable_set_setpoint()->set_power_w(action.power.count());
    set(*to.mutable_set_setpoint()->mutable_lease(), action.lease);
  }
  void operator()(const ClearSetpointAction&) const { to.mutable_clear_setpoint(); }
  void operator()(const EmergencyStopAction& action) const {
    to.mutable_emergency_stop()->set_reason(action.reason);
  }
  void operator()(const ActivePowerLimitAction& action) const {
    v1::ActivePowerLimitAction& limit = *to.mutable_active_power_limit();
    if (action.discharge_max) limit.set_discharge_max_w(magnitude(*action.discharge_max));
    if (action.charge_max) limit.set_charge_max_w(magnitude(*action.charge_max));
    set(*limit.mutable_lease(), action.lease);
  }
  void operator()(const DimmingAction& action) const {
    v1::DimmingAction& dimming = *to.mutable_dimming();
    if (action.charge_max) dimming.set_charge_max_w(magnitude(*action.charge_max));
    set(*dimming.mutable_lease(), action.lease);
  }
  void operator()(const AcknowledgeAlarmAction& action) const {
    to.mutable_acknowledge_alarm()->set_alarm_id(action.alarm);
    to.mutable_acknowledge_alarm()->set_comment(action.comment);
  }
  void operator()(const ShelveAlarmAction& action) const {
    to.mutable_shelve_alarm()->set_alarm_id(action.alarm);
    set(*to.mutable_shelve_alarm()->mutable_duration(), action.duration);
    to.mutable_shelve_alarm()->set_reason(action.reason);
  }
  void operator()(const BatterySwitchAction& action) const {
    v1::BatterySwitchAction& outputs = *to.mutable_battery_switch();
    outputs.set_battery(action.battery);
    outputs.set_charge_on(action.outputs.charge_on);
    outputs.set_discharge_on(action.outputs.discharge_on);
  }
  void operator()(const BatteryLimitsAction& action) const {
    v1::BatteryLimitsAction& out = *to.mutable_battery_limits();
    const protocol::LimitCommand& limits = action.limits;
    out.set_battery(action.battery);
    out.set_charge_voltage_limit_mv(static_cast<std::uint32_t>(limits.charge_voltage.count()));
    out.set_discharge_voltage_limit_mv(
        static_cast<std::uint32_t>(limits.discharge_voltage.count()));
    out.set_charge_current_limit_ma(static_cast<std::uint32_t>(limits.charge_current.count()));
    out.set_discharge_current_limit_ma(
        static_cast<std::uint32_t>(limits.discharge_current.count()));
    set(*out.mutable_lease(), action.lease);
  }
  void operator()(const BatteryBalanceAction& action) const {
    to.mutable_battery_balance()->set_battery(action.battery);
    to.mutable_battery_balance()->set_on(action.balancing.on);
  }
  void operator()(const runtime::ResetAction&) const {}  // Not of the wire: at the site only.

  static std::uint32_t magnitude(Watt watt) {
    return static_cast<std::uint32_t>(std::max(0, watt.count()));
  }
};

Watt watt_from(std::uint32_t magnitude) {
  constexpr std::uint32_t kMax = std::numeric_limits<std::int32_t>::max();
  return Watt{static_cast<std::int32_t>(std::min(magnitude, kMax))};
}

Result<std::uint16_t> battery_from(std::uint32_t id) {
  if (id > std::numeric_limits<std::uint16_t>::max()) {
    return fail(Errc::not_found, 0, "the site has no such battery");
  }
  return static_cast<std::uint16_t>(id);
}

template <class Unit>
Result<Unit> milli_from(bool given, std::uint32_t value) {
  if (!given) return fail(Errc::invalid_argument, 0, "a battery needs all four of its limits");
  if (value > std::numeric_limits<std::int32_t>::max()) {
    return fail(Errc::out_of_range, 0, "a limit that no battery has");
  }
  return Unit{static_cast<std::int32_t>(value)};
}

Result<Duration> lease_from(const google::protobuf::Duration& message) {
  const Duration lease = from(message);
  if (lease > Duration::zero()) return lease;
  return fail(Errc::invalid_argument, 0, "a set-point or limit needs a lease above zero");
}

Result<CommandAction> action_from(const v1::BatterySwitchAction& given) {
  const Result<std::uint16_t> battery = battery_from(given.battery());
  if (!battery) return fail(battery.error());
  if (!given.has_charge_on() || !given.has_discharge_on()) {
    return fail(Errc::invalid_argument, 0, "say of both outputs whether they are on");
  }
  return CommandAction{BatterySwitchAction{*battery, {given.charge_on(), given.discharge_on()}}};
}

Result<CommandAction> action_from(const v1::BatteryLimitsAction& given) {
  const Result<std::uint16_t> battery = battery_from(given.battery());
  if (!battery) return fail(battery.error());
  const auto charge_voltage =
      milli_from<MilliVolt>(given.has_charge_voltage_limit_mv(), given.charge_voltage_limit_mv());
  const auto discharge_voltage = milli_from<MilliVolt>(given.has_discharge_voltage_limit_mv(),
                                                       given.discharge_voltage_limit_mv());
  const auto charge_current =
      milli_from<MilliAmp>(given.has_charge_current_limit_ma(), given.charge_current_limit_ma());
  const auto discharge_current = milli_from<MilliAmp>(given.has_discharge_current_limit_ma(),
                                                      given.discharge_current_limit_ma());
  if (!charge_voltage) return fail(charge_voltage.error());
  if (!discharge_voltage) return fail(discharge_voltage.error());
  if (!charge_current) return fail(charge_current.error());
  if (!discharge_current) return fail(discharge_current.error());
  const Result<Duration> lease = lease_from(given.lease());
  if (!lease) return fail(lease.error());
  return CommandAction{BatteryLimitsAction{
      *battery,
      {*charge_voltage, *discharge_voltage, *charge_current, *discharge_current},
      *lease}};
}

Result<CommandAction> action_from(const v1::BatteryBalanceAction& given) {
  const Result<std::uint16_t> battery = battery_from(given.battery());
  if (!battery) return fail(battery.error());
  if (!given.has_on()) return fail(Errc::invalid_argument, 0, "say whether balancing is on");
  return CommandAction{BatteryBalanceAction{*battery, {given.on()}}};
}

}  // namespace

void set(v1::CommandAction& to, const CommandAction& action) { std::visit(SetAction{to}, action); }

Result<CommandAction> from(const v1::CommandAction& action) {
  switch (action.action_case()) {
    case v1::CommandAction::kSetSetpoint: {
      const Result<Duration> lease = lease_from(action.set_setpoint().lease());
      if (!lease) return fail(lease.error());
      return CommandAction{SetpointAction{Watt{action.set_setpoint().power_w()}, *lease}};
    }
    case v1::CommandAction::kClearSetpoint:
      return CommandAction{ClearSetpointAction{}};
    case v1::CommandAction::kEmergencyStop:
      return CommandAction{EmergencyStopAction{action.emergency_stop().reason()}};
    case v1::CommandAction::kActivePowerLimit: {
      const v1::ActivePowerLimitAction& limit = action.active_power_limit();
      const Result<Duration> lease = lease_from(limit.lease());
      if (!lease) return fail(lease.error());
      ActivePowerLimitAction result;
      result.lease = *lease;
      if (limit.has_discharge_max_w()) result.discharge_max = watt_from(limit.discharge_max_w());
      if (limit.has_charge_max_w()) result.charge_max = watt_from(limit.charge_max_w());
      return CommandAction{result};
    }
    case v1::CommandAction::kDimming: {
      const Result<Duration> lease = lease_from(action.dimming().lease());
      if (!lease) return fail(lease.error());
      DimmingAction result;
      result.lease = *lease;
      if (action.dimming().has_charge_max_w()) {
        result.charge_max = watt_from(action.dimming().charge_max_w());
      }
      return CommandAction{result};
    }
    case v1::CommandAction::kAcknowledgeAlarm:
      return CommandAction{AcknowledgeAlarmAction{action.acknowledge_alarm().alarm_id(),
                                                  action.acknowledge_alarm().comment()}};
    case v1::CommandAction::kShelveAlarm:
      return CommandAction{ShelveAlarmAction{action.shelve_alarm().alarm_id(),
                                             from(action.shelve_alarm().duration()),
                                             action.shelve_alarm().reason()}};
    case v1::CommandAction::kBatterySwitch:
      return action_from(action.battery_switch());
    case v1::CommandAction::kBatteryLimits:
      return action_from(action.battery_limits());
    case v1::CommandAction::kBatteryBalance:
      return action_from(action.battery_balance());
    case v1::CommandAction::ACTION_NOT_SET:
      break;
  }
  return fail(Errc::invalid_argument, 0, "the command has no action, or one unknown here");
}
void set(v1::CommandStatus& to, const CommandStep& step) {
  to.set_command_id(step.id);
  to.set_state(static_cast<v1::CommandState>(step.state));
  to.set_message(step.message);
  set(*to.mutable_at(), step.at);
  to.set_overruled_by(step.overruled_by);
  if (step.shortfall) to.set_shortfall_w(SetAction::magnitude(*step.shortfall));
}
CommandStep from(const v1::CommandStatus& status) {
  CommandStep step;
  step.id = status.command_id();
  step.state =
      v1::CommandState_IsValid(status.state()) && status.state() != v1::COMMAND_STATE_UNSPECIFIED
          ? static_cast<CommandState>(status.state())
          : CommandState::rejected;  // A state unknown here is not "accepted".
  step.message = status.message();
  step.at = from(status.at());
  step.overruled_by = status.overruled_by();
  if (status.has_shortfall_w()) step.shortfall = watt_from(status.shortfall_w());
  return step;
}
static_assert(static_cast<int>(CommandState::queued) == v1::COMMAND_STATE_QUEUED);
static_assert(static_cast<int>(CommandState::expired) == v1::COMMAND_STATE_EXPIRED);
static_assert(static_cast<int>(CommandState::executing) == v1::COMMAND_STATE_EXECUTING);
static_assert(static_cast<int>(CommandState::failed) == v1::COMMAND_STATE_FAILED);

void set(v1::Alarm& to, const alarm::Alarm& alarm) {
  to.set_id(alarm.id);
  to.set_severity(static_cast<v1::Severity>(static_cast<int>(alarm.severity) + 1));
  to.set_asset(text(to_name(alarm.asset).view()));
  to.set_name(text(alarm.name.view()));
  to.set_state(static_cast<v1::AlarmState>(alarm.state()));
  if (alarm.signal != Signal{}) {
    to.set_signal(static_cast<std::uint32_t>(alarm.signal));
    to.set_value(alarm.value);
  }
  to.set_count(alarm.count);
  set(*to.mutable_raised_at(), alarm.raised_at);
  set(*to.mutable_changed_at(), alarm.changed_at);
  to.set_acknowledged_by(text(alarm.acknowledged_by.view()));
  if (alarm.shelved_until) set(*to.mutable_shelved_until(), *alarm.shelved_until);
}
Result<alarm::Alarm> from(const v1::Alarm& message) {
  const Result<AssetId> asset = parse_asset(message.asset());
  if (!asset) return fail(Errc::invalid_argument, asset.error().offset, asset.error().what);
  const bool valid =
      v1::Severity_IsValid(message.severity()) && message.severity() != v1::SEVERITY_UNSPECIFIED &&
      v1::AlarmState_IsValid(message.state()) && message.state() != v1::ALARM_STATE_UNSPECIFIED;
  if (!valid) return fail(Errc::invalid_argument, 0, "alarm: a severity or state unknown here");
  alarm::Alarm alarm;
  alarm.id = message.id();
  alarm.severity = static_cast<Severity>(static_cast<int>(message.severity()) - 1);
  alarm.asset = *asset;
  alarm.name = FixedString<alarm::kNameMax>(message.name());
  const auto state = static_cast<alarm::State>(message.state());
  using S = alarm::State;
  alarm.active = state == S::unacknowledged || state == S::acknowledged;
  alarm.latched = state == S::latched_unacknowledged || state == S::latched_acknowledged;
  alarm.seen = state == S::acknowledged || state == S::latched_acknowledged || state == S::normal;
  if (message.has_signal()) alarm.signal = static_cast<Signal>(message.signal());
  alarm.value = message.value();
  alarm.count = message.count();
  alarm.raised_at = from(message.raised_at());
  alarm.changed_at = from(message.changed_at());
  alarm.acknowledged_by = FixedString<alarm::kActorMax>(message.acknowledged_by());
  if (message.has_shelved_until()) alarm.shelved_until = from(message.shelved_until());
  return alarm;
}
static_assert(static_cast<int>(Severity::critical) + 1 == v1::SEVERITY_CRITICAL);
static_assert(static_cast<int>(alarm::State::latched_acknowledged) ==
              v1::ALARM_STATE_LATCHED_ACKNOWLEDGED);

void set(v1::AlarmRecord& to, const alarm::Change& change) {
  set(*to.mutable_at(), change.at);
  to.set_transition(static_cast<v1::AlarmTransition>(change.transition));
  to.set_actor(text(change.actor.view()));
  to.set_text(text(change.text.view()));
  set(*to.mutable_alarm(), change.alarm);
}
Result<alarm::Change> from(const v1::AlarmRecord& message) {
  const Result<alarm::Alarm> alarm = from(message.alarm());
  if (!alarm) return fail(alarm.error());
  if (!v1::AlarmTransition_IsValid(message.transition()) ||
      message.transition() == v1::ALARM_TRANSITION_UNSPECIFIED) {
    return fail(Errc::invalid_argument, 0, "alarm: a transition unknown here");
  }
  return alarm::Change{static_cast<alarm::Transition>(message.transition()), from(message.at()),
                       FixedString<alarm::kActorMax>(message.actor()),
                       FixedString<alarm::kTextMax>(message.text()), *alarm};
}
static_assert(static_cast<int>(alarm::Transition::dropped) == v1::ALARM_TRANSITION_DROPPED);

void set(v1::PointValue& to, const fleet::LatestValue& value) {
  set(*to.mutable_point(), value.point);
  to.set_value(value.value);
  to.set_quality(to_proto(value.quality));
  set(*to.mutable_taken_at(), value.at);
}
Result<fleet::LatestValue> from(const v1::PointValue& value) {
  const Result<Point> point = from(value.point());
  if (!point) return fail(point.error());
  return fleet::LatestValue{*point, value.value(), from(value.quality()), from(value.taken_at())};
}

void set(v1::PointFilter& to, const PointQuery& query) {
  if (query.asset) to.set_asset(text(to_name(*query.asset).view()));
  if (query.signal) to.set_signal(static_cast<std::uint32_t>(*query.signal));
  if (query.element) to.set_element(*query.element);
}

Result<void> PointFilters::add(const v1::PointFilter& filter) {
  PointQuery query;
  if (filter.has_asset()) {
    const Result<AssetId> asset = parse_asset(filter.asset());
    if (!asset) return fail(Errc::invalid_argument, asset.error().offset, asset.error().what);
    query.asset = *asset;
  }
  constexpr std::uint32_t kMax = std::numeric_limits<std::uint16_t>::max();
  if (filter.signal() > kMax || filter.element() > kMax) {
    return fail(Errc::invalid_argument, 0, "filter: signal or element beyond 65535");
  }
  if (filter.has_signal()) query.signal = static_cast<Signal>(filter.signal());
  if (filter.has_element()) query.element = static_cast<std::uint16_t>(filter.element());
  queries_.push_back(query);
  return {};
}
bool PointFilters::matches(const Point& point) const noexcept {
  if (queries_.empty()) return true;
  return std::ranges::any_of(queries_, [&point](const PointQuery& query) {
    return (!query.asset || *query.asset == point.asset) &&
           (!query.signal || *query.signal == point.signal) &&
           (!query.element || *query.element == point.element);
  });
}

void add_signals(google::protobuf::RepeatedPtrField<v1::CatalogueSignal>& to) {
  for (const SignalInfo& info : signal_table()) {
    const UnitInfo& unit = unit_info(info.unit);
    v1::CatalogueSignal& row = *to.Add();
    row.set_signal(static_cast<std::uint32_t>(info.signal));
    row.set_integer_name(text(integer_name(info).view()));
    row.set_si_name(text(si_name(info).view()));
    row.set_unit(text(unit.name));
    row.set_symbol(text(unit.symbol));
    row.set_digits(static_cast<std::uint32_t>(unit.digits));
    row.set_element(info.kind == SignalKind::element);
    row.set_meaning(text(info.meaning));
  }
}

}  // namespace ems::rpc
