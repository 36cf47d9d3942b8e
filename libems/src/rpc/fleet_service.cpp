// SPDX-License-Identifier: Apache-2.0
#include "rpc/fleet_service.hpp"

#include <algorithm>
#include <utility>

#include "ems/runtime/command_book.hpp"
#include "rpc/convert.hpp"
#include "rpc/status.hpp"

namespace ems::rpc {

namespace {

constexpr Duration kAcknowledgeTtl = seconds(60);
constexpr std::chrono::milliseconds kWatchLook{200};  // Notices a caller that left.
constexpr Duration kCommandLook = milliseconds(200);

void set_marks(v1::Agent& agent, const std::vector<fleet::StreamMark>& marks) {
  for (const fleet::StreamMark& mark : marks) {
    v1::StreamMark& to = *agent.add_marks();
    to.set_stream(static_cast<std::uint32_t>(telemetry::index_of(mark.stream)));
    set(*to.mutable_epoch(), mark.epoch);
    to.set_mark(mark.mark);
  }
}

}  // namespace

grpc::Status FleetServiceImpl::ListAgents(grpc::ServerContext* context,
                                          const v1::ListAgentsRequest* request,
                                          v1::ListAgentsResponse* response) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  const auto conflicts = core_.store.conflicts();
  if (!conflicts) return to_status(conflicts.error());
  const auto presence = core_.presence();
  for (const Tenant& tenant : core_.options.tenants) {
    if (!request->tenant().empty() && request->tenant() != tenant.name) continue;
    if (!core_.sees(*user, tenant.name)) continue;
    auto agents = core_.store.agents(tenant.name);
    if (!agents) return to_status(agents.error());
    for (const auto& [key, seen] : presence) {  // Connected, but nothing stored yet.
      if (key.tenant == tenant.name) agents->push_back(key);
    }
    for (const fleet::AgentKey& key : *conflicts) {  // Refused before anything was stored.
      if (key.tenant == tenant.name) agents->push_back(key);
    }
    std::ranges::sort(*agents);
    agents->erase(std::unique(agents->begin(), agents->end()), agents->end());
    for (const fleet::AgentKey& key : *agents) {
      const auto marks = core_.store.marks(key);
      if (!marks) return to_status(marks.error());
      v1::Agent& agent = *response->add_agents();
      agent.set_name(key.agent);
      agent.set_tenant(key.tenant);
      agent.set_identity_conflict(std::ranges::find(*conflicts, key) != conflicts->end());
      set_marks(agent, *marks);
      const auto seen = presence.find(key);
      if (seen == presence.end()) continue;
      agent.set_connected(seen->second.sessions > 0);
      agent.set_software_version(seen->second.software_version);
      agent.set_catalogue_differs(seen->second.catalogue_differs);
      if (seen->second.last_seen) set(*agent.mutable_last_seen(), *seen->second.last_seen);
    }
  }
  return grpc::Status::OK;
}

grpc::Status FleetServiceImpl::GetLatest(grpc::ServerContext* context,
                                         const v1::GetLatestRequest* request,
                                         v1::GetLatestResponse* response) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  const auto filters = PointFilters::parse(request->points());
  if (!filters) return to_status(filters.error());
  const auto key = core_.known_agent(*user, request->tenant(), request->agent());
  if (!key) return to_status(key.error());
  const auto values = core_.store.latest(*key);
  if (!values) return to_status(values.error());
  for (const fleet::LatestValue& value : *values) {
    if (filters->matches(value.point)) set(*response->add_values(), value);
  }
  return grpc::Status::OK;
}

grpc::Status FleetServiceImpl::WatchTelemetry(
    grpc::ServerContext* context, const v1::WatchTelemetryRequest* request,
    grpc::ServerWriter<v1::WatchTelemetryResponse>* writer) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  const auto filters = PointFilters::parse(request->points());
  if (!filters) return to_status(filters.error());
  const auto tenant = core_.tenant(*user, request->tenant());
  if (!tenant) return to_status(tenant.error());
  if (!core_.enter_watch()) return to_status(Errc::resource_exhausted, "too many watchers");
  fleet::LiveFilter filter{*tenant, std::nullopt, telemetry::Stream::telemetry};
  if (!request->agent().empty()) filter.agent = request->agent();
  fleet::LiveSubscription live = core_.hub.subscribe(filter, core_.options.watch_queue_max);
  bool ok = true;
  while (ok && !core_.stopping && !context->IsCancelled() && !live.closed()) {
    const std::optional<fleet::LiveRow> row = live.pop(kWatchLook);
    if (!row) continue;
    v1::WatchTelemetryResponse response;
    response.set_agent(row->agent);
    response.set_dropped(live.dropped());
    set(*response.mutable_at(), row->at);
    for (std::size_t i = 0; i < row->points.size() && i < row->values.size(); ++i) {
      const telemetry::RowValue& value = row->values[i];
      if (!value.valid || !filters->matches(row->points[i])) continue;
      set(*response.add_values(), {row->points[i], value.value, value.quality, row->at});
    }
    ok = writer->Write(response);
  }
  core_.leave_watch();
  if (!ok || context->IsCancelled()) return to_status(Errc::cancelled, "the caller left");
  return to_status(Errc::unavailable, "the server is shutting down");
}

grpc::Status FleetServiceImpl::GetCounts(grpc::ServerContext* context,
                                         const v1::GetCountsRequest* request,
                                         v1::GetCountsResponse* response) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  const auto key = core_.known_agent(*user, request->tenant(), request->agent());
  if (!key) return to_status(key.error());
  const auto marks = core_.store.marks(*key);
  if (!marks) return to_status(marks.error());
  for (const fleet::StreamMark& mark : *marks) {
    v1::StreamCounts& counts = *response->add_counts();
    counts.set_stream(static_cast<std::uint32_t>(telemetry::index_of(mark.stream)));
    set(*counts.mutable_epoch(), mark.epoch);
    counts.set_mark(mark.mark);
    counts.set_rows_stored(mark.stored);
    counts.set_rows_duplicate(mark.duplicates);
    counts.set_rows_gap(mark.gap_rows);
  }
  return grpc::Status::OK;
}

Result<std::string> FleetServiceImpl::send(grpc::ServerContext& context, const std::string& tenant,
                                           const std::string& agent, Duration ttl,
                                           CommandAction action, const std::string& id) {
  const auto user = core_.authorize(context, Role::operator_);
  if (!user) return fail(user.error());
  const auto key = core_.known_agent(*user, tenant, agent);
  if (!key) return fail(key.error());
  if (ttl <= Duration::zero() || ttl > runtime::kCommandTtlMax) {
    return fail(Errc::invalid_argument, 0, "ttl: above zero, at most one hour");
  }
  runtime::Command command = runtime::tidied(
      {id, ttl, "user:" + user->name, runtime::CommandOrigin::remote, std::move(action)});
  if (const Result<void> good = runtime::check_command(command); !good) return fail(good.error());
  if (core_.stopping) return fail(Errc::unavailable, 0, "the server is shutting down");
  const std::string_view kind = runtime::kind_of(command.action);
  const std::string asked = runtime::text_of(command.action);
  const auto given =
      core_.book.submit(*key, ttl, command.actor, std::move(command.action), command.id);
  if (!given) return given;
  // The audit of this side; the agent's is in its stream 0.
  core_.logger.info("command id={} kind={} tenant={} agent={} actor={} peer={} asked=\"{}\"",
                    *given, kind, key->tenant, key->agent, command.actor, context.peer(), asked);
  core_.wake(*key);
  return given;
}

grpc::Status FleetServiceImpl::SendCommand(grpc::ServerContext* context,
                                           const v1::SendCommandRequest* request,
                                           v1::SendCommandResponse* response) {
  // Who may not command learns nothing about the form of a command.
  const auto user = core_.authorize(*context, Role::operator_);
  if (!user) return to_status(user.error());
  const auto key = core_.known_agent(*user, request->tenant(), request->agent());
  if (!key) return to_status(key.error());
  auto action = from(request->action());
  if (!action) return to_status(action.error());
  const auto id = send(*context, request->tenant(), request->agent(), from(request->ttl()),
                       std::move(*action), request->command_id());
  if (!id) return to_status(id.error());
  response->set_command_id(*id);
  return grpc::Status::OK;
}

grpc::Status FleetServiceImpl::ListAlarms(grpc::ServerContext* context,
                                          const v1::FleetServiceListAlarmsRequest* request,
                                          v1::FleetServiceListAlarmsResponse* response) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  const auto key = core_.known_agent(*user, request->tenant(), request->agent());
  if (!key) return to_status(key.error());
  const auto alarms = core_.alarms.alarms(*key);
  if (!alarms) return to_status(alarms.error());
  for (const alarm::Alarm& alarm : *alarms) set(*response->add_alarms(), alarm);
  return grpc::Status::OK;
}

grpc::Status FleetServiceImpl::AcknowledgeAlarm(
    grpc::ServerContext* context, const v1::FleetServiceAcknowledgeAlarmRequest* request,
    v1::FleetServiceAcknowledgeAlarmResponse* response) {
  const Duration ttl = request->has_ttl() ? from(request->ttl()) : kAcknowledgeTtl;
  const auto id = send(*context, request->tenant(), request->agent(), ttl,
                       AcknowledgeAlarmAction{request->alarm_id(), request->comment()}, {});
  if (!id) return to_status(id.error());
  response->set_command_id(*id);
  return grpc::Status::OK;
}

grpc::Status FleetServiceImpl::WatchCommand(grpc::ServerContext* context,
                                            const v1::WatchCommandRequest* request,
                                            grpc::ServerWriter<v1::WatchCommandResponse>* writer) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  std::vector<std::string> tenants = core_.book.tenants_of(request->command_id());
  std::erase_if(tenants, [&](const std::string& tenant) { return !core_.sees(*user, tenant); });
  if (tenants.empty()) {
    return to_status(Errc::not_found, "no such command, or it ended long ago");
  }
  if (tenants.size() > 1) {  // Which of them is meant is not for us to guess.
    return to_status(Errc::failed_precondition, "several tenants of yours have used this id");
  }
  if (!core_.enter_watch()) return to_status(Errc::resource_exhausted, "too many watchers");
  grpc::Status status = to_status(Errc::unavailable, "the server is shutting down");
  std::size_t seen = 0;
  bool ended = false;
  while (!ended && !core_.stopping) {
    const auto steps = core_.book.steps(tenants.front(), request->command_id(), seen, kCommandLook);
    if (!steps) {
      status = to_status(steps.error());
      break;
    }
    for (const CommandStep& step : *steps) {
      v1::WatchCommandResponse response;
      set(*response.mutable_status(), step);
      ended = !writer->Write(response) || is_final(step.state);
      if (ended)
        status =
            is_final(step.state) ? grpc::Status::OK : to_status(Errc::cancelled, "the caller left");
    }
    seen += steps->size();
    if (!ended && context->IsCancelled()) {
      status = to_status(Errc::cancelled, "the caller left");
      break;
    }
  }
  core_.leave_watch();
  return status;
}

grpc::Status FleetServiceImpl::ClearIdentityConflict(
    grpc::ServerContext* context, const v1::ClearIdentityConflictRequest* request,
    v1::ClearIdentityConflictResponse*) {
  const auto user = core_.authorize(*context, Role::technician);
  if (!user) return to_status(user.error());
  const auto key = core_.known_agent(*user, request->tenant(), request->agent());
  if (!key) return to_status(key.error());
  const auto cleared = core_.store.clear_conflict(*key);
  if (!cleared) return to_status(cleared.error());
  core_.logger.warn("identity_conflict cleared tenant={} agent={} actor={}", key->tenant,
                    key->agent, user->name);
  return grpc::Status::OK;
}

grpc::Status FleetServiceImpl::GetCatalogue(grpc::ServerContext* context,
                                            const v1::FleetServiceGetCatalogueRequest*,
                                            v1::FleetServiceGetCatalogueResponse* response) {
  const auto user = core_.authorize(*context, Role::viewer);
  if (!user) return to_status(user.error());
  set_catalogue(*response);
  return grpc::Status::OK;
}

}  // namespace ems::rpc
