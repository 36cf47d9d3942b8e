// SPDX-License-Identifier: Apache-2.0
#include "rpc/site_convert.hpp"

#include <algorithm>
#include <array>

namespace ems::rpc {

namespace {

std::string name_of(AssetId asset) { return std::string{to_name(asset).view()}; }

// An enum of ours is its message's value minus one: 0 is UNSPECIFIED there.
template <class Enum>
Result<Enum> enum_from(int number, Enum last) {
  if (number < 1 || number > static_cast<int>(last) + 1) {
    return fail(Errc::invalid_argument, 0, "an enumerator that is unknown here");
  }
  return static_cast<Enum>(number - 1);
}
template <class Enum>
int number_of(Enum value) {
  return static_cast<int>(value) + 1;
}
static_assert(static_cast<int>(runtime::SafetyState::init) + 1 == v1::SAFETY_STATE_INIT);
static_assert(static_cast<int>(runtime::SafetyState::tripped) + 1 == v1::SAFETY_STATE_TRIPPED);
static_assert(static_cast<int>(Severity::info) + 1 == v1::SEVERITY_INFO);
static_assert(static_cast<int>(Severity::critical) + 1 == v1::SEVERITY_CRITICAL);
static_assert(static_cast<int>(runtime::UplinkState::disabled) + 1 == v1::UPLINK_STATE_DISABLED);
static_assert(static_cast<int>(runtime::UplinkState::waiting) + 1 == v1::UPLINK_STATE_WAITING);

void set_reason(v1::SafetyReason& to, const runtime::SafetyReason& reason) {
  to.set_asset(name_of(reason.asset));
  to.set_name(reason.name);
  to.set_severity(static_cast<v1::Severity>(number_of(reason.severity)));
  if (reason.signal) to.set_signal(static_cast<std::uint32_t>(*reason.signal));
  if (reason.value) to.set_value(*reason.value);
  if (reason.limit) to.set_limit(*reason.limit);
  to.set_text(reason.text);
  to.set_element(reason.element);
  to.set_direction(reason.direction);
}

Result<runtime::SafetyReason> reason_from(const v1::SafetyReason& message) {
  const auto asset = parse_asset(message.asset());
  const auto severity = enum_from(message.severity(), Severity::critical);
  if (!asset) return fail(asset.error());
  if (!severity) return fail(severity.error());
  runtime::SafetyReason reason{*asset, message.name(), *severity, {}, {}, message.text()};
  if (message.has_signal()) reason.signal = static_cast<Signal>(message.signal());
  if (message.has_value()) reason.value = message.value();
  if (message.has_limit()) reason.limit = message.limit();
  reason.element = static_cast<std::uint16_t>(message.element());
  reason.direction = message.direction();
  return reason;
}

void set_safety(v1::Safety& to, const runtime::SafetyView& safety) {
  to.set_state(static_cast<v1::SafetyState>(number_of(safety.state)));
  set(*to.mutable_envelope(), safety.envelope);
  for (const runtime::SafetyReason& reason : safety.reasons) {
    set_reason(*to.add_reasons(), reason);
  }
  to.set_armed(safety.armed);
  to.set_limits_accepted(safety.limits_accepted);
  to.set_limits_hash(safety.limits_hash);
  to.set_emergency_stop(safety.emergency_stop);
}

Result<runtime::SafetyView> safety_from(const v1::Safety& message) {
  runtime::SafetyView safety;
  const auto state = enum_from(message.state(), runtime::SafetyState::tripped);
  if (!state) return fail(state.error());
  safety.state = *state;
  safety.envelope = from(message.envelope());
  for (const v1::SafetyReason& reason : message.reasons()) {
    auto view = reason_from(reason);
    if (!view) return fail(view.error());
    safety.reasons.push_back(std::move(*view));
  }
  safety.armed = message.armed();
  safety.limits_accepted = message.limits_accepted();
  safety.limits_hash = message.limits_hash();
  safety.emergency_stop = message.emergency_stop();
  return safety;
}

void set_uplink(v1::Uplink& to, const runtime::UplinkView& uplink) {
  to.set_state(static_cast<v1::UplinkState>(number_of(uplink.state)));
  to.set_server(uplink.server);
  to.set_last_error(uplink.last_error);
  to.set_attempts(uplink.attempts);
  if (uplink.last_ack_age) set(*to.mutable_last_ack_age(), *uplink.last_ack_age);
}

Result<runtime::UplinkView> uplink_from(const v1::Uplink& message) {
  const auto state = enum_from(message.state(), runtime::UplinkState::waiting);
  if (!state) return fail(state.error());
  runtime::UplinkView uplink{
      *state, message.server(), message.last_error(), message.attempts(), {}};
  if (message.has_last_ack_age()) uplink.last_ack_age = from(message.last_ack_age());
  return uplink;
}

void add_point(v1::SiteStatus& to, const runtime::PointStatus& point) {
  v1::PointValue& message = *to.add_points();
  set(*message.mutable_point(), point.point);
  message.set_value(point.value);
  message.set_quality(to_proto(point.quality));
  set(*message.mutable_age(), point.age);
  message.set_stale(point.stale);
}

void add_link(v1::SiteStatus& to, const runtime::LinkStatus& link) {
  v1::LinkStatus& message = *to.add_links();
  message.set_asset(name_of(link.asset));
  message.set_link(link.link);
  message.set_online(link.online);
  message.set_requests(link.requests);
  message.set_timeouts(link.timeouts);
  message.set_errors(link.errors);
  message.set_last_error(link.last_error);
}

constexpr std::array kTextFields{
#define EMS_TEXT(name, number) TextField::name,
#include "ems/model/texts.def"
#undef EMS_TEXT
};

Result<void> add_devices(runtime::SiteStatus& to, const v1::SiteStatus& message) {
  for (const v1::DeviceText& text : message.texts()) {
    const auto asset = parse_asset(text.asset());
    if (!asset) return fail(asset.error());
    const auto field = std::ranges::find(kTextFields, text.field(), text_name);
    if (field == kTextFields.end()) continue;  // A newer agent may know more fields.
    to.texts.push_back({*asset, *field, text.text()});
  }
  for (const v1::LinkStatus& link : message.links()) {
    const auto asset = parse_asset(link.asset());
    if (!asset) return fail(asset.error());
    to.links.push_back({*asset, link.link(), link.online(), link.requests(), link.timeouts(),
                        link.errors(), link.last_error()});
  }
  return {};
}

constexpr std::array kCommandKinds{CommandKind::stop, CommandKind::follow, CommandKind::form,
                                   CommandKind::standby, CommandKind::open};

Result<void> add_bounds(runtime::DecisionView& to, const v1::Decision& message) {
  for (const v1::EnvelopeBound& bound : message.bounds()) {
    auto because = reason_from(bound.because());
    if (!because) return fail(because.error());
    to.bounds.push_back({bound.side(), Watt{bound.power_w()}, std::move(*because)});
  }
  return {};
}

void add_policies(runtime::DecisionView& to, const v1::Decision& message) {
  const auto power = [](bool has, std::int32_t watts) {
    return has ? std::optional(Watt{watts}) : std::nullopt;
  };
  for (const v1::DecisionPolicy& policy : message.policies()) {
    to.policies.push_back({policy.policy(), policy.level(), policy.status(), policy.source(),
                           power(policy.has_constraint_lo_w(), policy.constraint_lo_w()),
                           power(policy.has_constraint_hi_w(), policy.constraint_hi_w()),
                           power(policy.has_preference_lo_w(), policy.preference_lo_w()),
                           power(policy.has_preference_hi_w(), policy.preference_hi_w())});
  }
}

void add_leases(runtime::DecisionView& to, const v1::Decision& message) {
  const auto magnitude = [](bool has, std::uint32_t watts) {
    constexpr std::uint32_t kMax = 0x7FFFFFFF;
    return has ? std::optional(Watt{static_cast<std::int32_t>(std::min(watts, kMax))})
               : std::nullopt;
  };
  for (const v1::ActiveLease& lease : message.leases()) {
    runtime::LeaseView view{lease.policy(), lease.actor(), lease.command_id(), from(lease.left())};
    if (lease.has_power_w()) view.power = Watt{lease.power_w()};
    view.discharge_max = magnitude(lease.has_discharge_max_w(), lease.discharge_max_w());
    view.charge_max = magnitude(lease.has_charge_max_w(), lease.charge_max_w());
    to.leases.push_back(std::move(view));
  }
}

Result<void> add_inputs(runtime::DecisionView& to, const v1::Decision& message) {
  for (const v1::DecisionInput& input : message.inputs()) {
    runtime::InputView view;
    view.name = input.name();
    if (input.has_point()) {
      const auto point = from(input.point());
      if (!point) return fail(point.error());
      view.point = *point;
    }
    if (input.quality() != v1::QUALITY_UNSPECIFIED) view.quality = from(input.quality());
    if (input.has_value()) view.value = input.value();
    if (input.has_age()) view.age = from(input.age());
    view.usable = input.usable();
    view.used_by.assign(input.used_by().begin(), input.used_by().end());
    to.inputs.push_back(std::move(view));
  }
  for (const v1::InverterOrder& order : message.orders()) {
    const auto asset = parse_asset(order.asset());
    if (!asset) return fail(asset.error());
    const auto kind =
        std::ranges::find(kCommandKinds, order.kind(), [](CommandKind k) { return to_string(k); });
    if (kind == kCommandKinds.end()) {
      return fail(Errc::invalid_argument, 0, "an inverter command that is unknown here");
    }
    to.orders.push_back({*asset, {*kind, Watt{order.p_w()}, Var{order.q_var()}}});
  }
  return {};
}

}  // namespace

void set(v1::Decision& to, const runtime::DecisionView& decision) {
  set(*to.mutable_at(), decision.at);
  to.set_target_w(decision.target.count());
  to.set_gated_w(decision.gated.count());
  to.set_winner(decision.winner);
  to.set_runner_up(decision.runner_up);
  for (const runtime::LevelView& level : decision.levels) {
    v1::DecisionLevel& message = *to.add_levels();
    message.set_level(level.level);
    set(*message.mutable_before(), level.before);
    set(*message.mutable_after(), level.after);
    message.set_lo_bound_by(level.lo_bound_by);
    message.set_hi_bound_by(level.hi_bound_by);
  }
  for (const runtime::ConflictView& conflict : decision.conflicts) {
    v1::DecisionConflict& message = *to.add_conflicts();
    message.set_level(conflict.level);
    message.set_policy(conflict.policy);
    message.set_shortfall_w(static_cast<std::uint32_t>(std::max(0, conflict.shortfall.count())));
    message.set_bound_by(conflict.bound_by);
  }
  for (const runtime::BoundView& bound : decision.bounds) {
    v1::EnvelopeBound& message = *to.add_bounds();
    message.set_side(bound.side);
    message.set_power_w(bound.power.count());
    set_reason(*message.mutable_because(), bound.because);
  }
  for (const runtime::PolicyView& policy : decision.policies) {
    v1::DecisionPolicy& message = *to.add_policies();
    message.set_policy(policy.policy);
    message.set_level(policy.level);
    message.set_status(policy.status);
    message.set_source(policy.source);
    if (policy.constraint_lo) message.set_constraint_lo_w(policy.constraint_lo->count());
    if (policy.constraint_hi) message.set_constraint_hi_w(policy.constraint_hi->count());
    if (policy.preference_lo) message.set_preference_lo_w(policy.preference_lo->count());
    if (policy.preference_hi) message.set_preference_hi_w(policy.preference_hi->count());
  }
  for (const runtime::InputView& input : decision.inputs) {
    v1::DecisionInput& message = *to.add_inputs();
    if (input.point.signal != Signal{}) set(*message.mutable_point(), input.point);
    message.set_name(input.name);
    for (const std::string& policy : input.used_by) message.add_used_by(policy);
    if (input.value) message.set_value(*input.value);
    if (input.age) set(*message.mutable_age(), *input.age);
    if (input.quality) message.set_quality(to_proto(*input.quality));
    message.set_usable(input.usable);
  }
  for (const runtime::OrderView& order : decision.orders) {
    v1::InverterOrder& message = *to.add_orders();
    message.set_asset(name_of(order.inverter));
    message.set_kind(std::string{to_string(order.command.kind)});
    message.set_p_w(order.command.p.count());
    message.set_q_var(order.command.q.count());
  }
  const auto magnitude = [](Watt power) {
    return static_cast<std::uint32_t>(std::max(0, power.count()));
  };
  for (const runtime::LeaseView& lease : decision.leases) {
    v1::ActiveLease& message = *to.add_leases();
    message.set_policy(lease.policy);
    message.set_actor(lease.actor);
    message.set_command_id(lease.id);
    set(*message.mutable_left(), lease.left);
    if (lease.power) message.set_power_w(lease.power->count());
    if (lease.discharge_max) message.set_discharge_max_w(magnitude(*lease.discharge_max));
    if (lease.charge_max) message.set_charge_max_w(magnitude(*lease.charge_max));
  }
  to.set_safety(static_cast<v1::SafetyState>(number_of(decision.safety)));
  to.set_summary(decision.summary);
}

Result<runtime::DecisionView> from(const v1::Decision& message) {
  runtime::DecisionView decision;
  decision.at = from(message.at());
  decision.target = Watt{message.target_w()};
  decision.gated = Watt{message.gated_w()};
  decision.winner = message.winner();
  decision.runner_up = message.runner_up();
  for (const v1::DecisionLevel& level : message.levels()) {
    decision.levels.push_back({level.level(), from(level.before()), from(level.after()),
                               level.lo_bound_by(), level.hi_bound_by()});
  }
  for (const v1::DecisionConflict& conflict : message.conflicts()) {
    constexpr std::uint32_t kMax = 0x7FFFFFFF;
    decision.conflicts.push_back(
        {conflict.level(), conflict.policy(),
         Watt{static_cast<std::int32_t>(std::min(conflict.shortfall_w(), kMax))},
         conflict.bound_by()});
  }
  if (const auto added = add_inputs(decision, message); !added) return fail(added.error());
  const auto safety = enum_from(message.safety(), runtime::SafetyState::tripped);
  if (!safety) return fail(safety.error());
  decision.safety = *safety;
  if (const auto added = add_bounds(decision, message); !added) return fail(added.error());
  add_policies(decision, message);
  add_leases(decision, message);
  decision.summary = message.summary();
  return decision;
}

void set(v1::SiteStatus& to, const runtime::SiteStatus& status, const PointFilters& filters) {
  to.set_site(status.site);
  to.set_agent(status.agent);
  to.set_software_version(status.software_version);
  set(*to.mutable_at(), status.at);
  to.set_tick(status.tick);
  for (const runtime::PointStatus& point : status.points) {
    if (filters.matches(point.point)) add_point(to, point);
  }
  for (const runtime::TextStatus& text : status.texts) {
    v1::DeviceText& message = *to.add_texts();
    message.set_asset(name_of(text.asset));
    message.set_field(std::string{text_name(text.field)});
    message.set_text(text.text);
  }
  for (const runtime::LinkStatus& link : status.links) add_link(to, link);
  set_safety(*to.mutable_safety(), status.safety);
  if (status.decision) set(*to.mutable_decision(), *status.decision);
  set_uplink(*to.mutable_uplink(), status.uplink);
  for (const runtime::RowCountersView& rows : status.rows) {
    v1::RowCounters& message = *to.add_rows();
    message.set_stream(rows.stream);
    message.set_made(rows.made);
    message.set_acknowledged(rows.acknowledged);
    message.set_pending(rows.pending);
    message.set_evicted(rows.evicted);
  }
  to.set_mode(static_cast<v1::OperatingMode>(status.mode));
  to.set_alarms_active(status.alarms_active);
  to.set_alarms_unacknowledged(status.alarms_unacknowledged);
}
static_assert(static_cast<int>(runtime::Mode::online) == v1::OPERATING_MODE_ONLINE);
static_assert(static_cast<int>(runtime::Mode::autonomous) == v1::OPERATING_MODE_AUTONOMOUS);

Result<runtime::SiteStatus> from(const v1::SiteStatus& message) {
  runtime::SiteStatus status;
  status.site = message.site();
  status.agent = message.agent();
  status.software_version = message.software_version();
  status.at = from(message.at());
  status.tick = message.tick();
  for (const v1::PointValue& value : message.points()) {
    const auto point = from(value.point());
    if (!point) return fail(point.error());
    status.points.push_back(
        {*point, value.value(), from(value.quality()), from(value.age()), value.stale()});
  }
  if (const auto added = add_devices(status, message); !added) return fail(added.error());
  auto safety = safety_from(message.safety());
  if (!safety) return fail(safety.error());
  status.safety = std::move(*safety);
  if (message.has_decision()) {
    auto decision = from(message.decision());
    if (!decision) return fail(decision.error());
    status.decision = std::move(*decision);
  }
  auto uplink = uplink_from(message.uplink());
  if (!uplink) return fail(uplink.error());
  status.uplink = std::move(*uplink);
  for (const v1::RowCounters& rows : message.rows()) {
    status.rows.push_back(
        {rows.stream(), rows.made(), rows.acknowledged(), rows.pending(), rows.evicted()});
  }
  // A mode unknown here is not "online".
  status.mode = message.mode() == v1::OPERATING_MODE_ONLINE ? runtime::Mode::online
                                                            : runtime::Mode::autonomous;
  status.alarms_active = message.alarms_active();
  status.alarms_unacknowledged = message.alarms_unacknowledged();
  return status;
}

void set(v1::CommandRecord& to, const runtime::CommandView& command) {
  set(*to.mutable_status(), command.step);
  to.set_kind(command.kind);
  to.set_actor(command.actor);
  to.set_origin(command.origin == runtime::CommandOrigin::local ? v1::COMMAND_ORIGIN_LOCAL
                                                                : v1::COMMAND_ORIGIN_REMOTE);
  set(*to.mutable_received_at(), command.received_at);
}
runtime::CommandView from(const v1::CommandRecord& command) {
  return {from(command.status()), command.kind(), command.actor(),
          command.origin() == v1::COMMAND_ORIGIN_LOCAL ? runtime::CommandOrigin::local
                                                       : runtime::CommandOrigin::remote,
          from(command.received_at())};
}

}  // namespace ems::rpc
