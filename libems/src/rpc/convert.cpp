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

void set(v1::CommandAction& to, const CommandAction& action) {
  if (const auto* setpoint = std::get_if<SetpointAction>(&action)) {
    to.mutable_set_setpoint()->set_power_w(setpoint->power.count());
    set(*to.mutable_set_setpoint()->mutable_lease(), setpoint->lease);
  } else if (const auto* stop = std::get_if<EmergencyStopAction>(&action)) {
    to.mutable_emergency_stop()->set_reason(stop->reason);
  } else {
    to.mutable_clear_setpoint();
  }
}
Result<CommandAction> from(const v1::CommandAction& action) {
  switch (action.action_case()) {
    case v1::CommandAction::kSetSetpoint: {
      const Duration lease = from(action.set_setpoint().lease());
      if (lease <= Duration::zero()) {
        return fail(Errc::invalid_argument, 0, "a set-point needs a lease above zero");
      }
      return CommandAction{SetpointAction{Watt{action.set_setpoint().power_w()}, lease}};
    }
    case v1::CommandAction::kClearSetpoint:
      return CommandAction{ClearSetpointAction{}};
    case v1::CommandAction::kEmergencyStop:
      if (action.emergency_stop().reason().empty()) {
        return fail(Errc::invalid_argument, 0, "an emergency stop needs a reason");
      }
      return CommandAction{EmergencyStopAction{action.emergency_stop().reason()}};
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
  return step;
}
static_assert(static_cast<int>(CommandState::queued) == v1::COMMAND_STATE_QUEUED);
static_assert(static_cast<int>(CommandState::expired) == v1::COMMAND_STATE_EXPIRED);

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
