// SPDX-License-Identifier: Apache-2.0
#include "rpc/site_service.hpp"

#include <chrono>

#include "ems/io/utc_text.hpp"
#include "rpc/site_convert.hpp"
#include "rpc/status.hpp"

namespace ems::rpc {

namespace {

constexpr Duration kIntervalMin = milliseconds(100);
constexpr Duration kIntervalMax = seconds(3600);
constexpr Duration kIntervalDefault = seconds(1);
constexpr Duration kAlarmsLook = milliseconds(200);
constexpr std::size_t kHistoryDefault = 1000;
constexpr std::chrono::milliseconds kLook{200};  // Notices a caller that left.

}  // namespace

grpc::Status SiteServiceImpl::GetStatus(grpc::ServerContext*, const v1::GetStatusRequest* request,
                                        v1::GetStatusResponse* response) {
  const auto filters = PointFilters::parse(request->points());
  if (!filters) return to_status(filters.error());
  const auto status = port_.status();
  if (!status) return to_status(status.error());
  set(*response->mutable_status(), *status, *filters);
  return grpc::Status::OK;
}

template <class Look>
grpc::Status SiteServiceImpl::watch(grpc::ServerContext& context, Duration interval, Look look) {
  if (++watchers_ > watchers_max_) {
    --watchers_;
    return to_status(Errc::resource_exhausted, "too many watchers");
  }
  const auto pace = std::chrono::microseconds{interval.count()};
  auto due = std::chrono::steady_clock::now();
  grpc::Status result = to_status(Errc::cancelled, "the caller left");
  std::unique_lock lock{mutex_};
  while (!context.IsCancelled()) {
    if (stopping_) {
      result = to_status(Errc::unavailable, "the agent is shutting down");
      break;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < due) {
      changed_.wait_until(lock, std::min(due, now + kLook));
      continue;
    }
    due = now + pace;
    lock.unlock();
    const Result<bool> goes_on = look();
    lock.lock();
    if (!goes_on) result = to_status(goes_on.error());
    if (!goes_on || !*goes_on) break;
  }
  --watchers_;
  return result;
}

grpc::Status SiteServiceImpl::WatchStatus(grpc::ServerContext* context,
                                          const v1::WatchStatusRequest* request,
                                          grpc::ServerWriter<v1::WatchStatusResponse>* writer) {
  const auto filters = PointFilters::parse(request->points());
  if (!filters) return to_status(filters.error());
  const Duration interval = request->has_interval() ? from(request->interval()) : kIntervalDefault;
  if (interval < kIntervalMin || interval > kIntervalMax) {
    return to_status(Errc::invalid_argument, "interval: 100 ms to 1 h");
  }
  return watch(*context, interval, [&]() -> Result<bool> {
    const auto status = port_.status();
    if (!status) return fail(status.error());
    v1::WatchStatusResponse response;
    set(*response.mutable_status(), *status, *filters);
    return writer->Write(response);
  });
}

grpc::Status SiteServiceImpl::Explain(grpc::ServerContext*, const v1::ExplainRequest* request,
                                      v1::ExplainResponse* response) {
  std::optional<UtcInstant> at;
  if (request->has_at()) at = from(request->at());
  const auto explanation = port_.explain(at);
  if (!explanation && explanation.error().code == Errc::not_found && at) {
    const auto earliest = port_.earliest_decision();
    const std::string when =
        earliest && *earliest ? "; the earliest was made at " + io::format_utc(**earliest) : "";
    return to_status(Errc::not_found, explanation.error().what + when);
  }
  if (!explanation) return to_status(explanation.error());
  set(*response->mutable_decision(), explanation->decision);
  response->set_text(explanation->text);
  if (explanation->asked) set(*response->mutable_asked(), *explanation->asked);
  for (const runtime::Happening& one : explanation->happened) {
    v1::Happening& message = *response->add_happened();
    set(*message.mutable_at(), one.at);
    message.set_text(one.text);
  }
  response->set_happened_before(explanation->happened_before);
  return grpc::Status::OK;
}

grpc::Status SiteServiceImpl::command(const std::string& id, Duration ttl, const std::string& actor,
                                      CommandAction action, v1::CommandStatus* status) {
  const auto step =
      port_.command({id, ttl, actor, runtime::CommandOrigin::local, std::move(action)});
  if (!step) return to_status(step.error());
  set(*status, *step);
  return grpc::Status::OK;
}

grpc::Status SiteServiceImpl::SetSetpoint(grpc::ServerContext*,
                                          const v1::SetSetpointRequest* request,
                                          v1::SetSetpointResponse* response) {
  return command(request->command_id(), runtime::kCommandTtlDefault, request->actor(),
                 SetpointAction{Watt{request->power_w()}, from(request->lease())},
                 response->mutable_status());
}

grpc::Status SiteServiceImpl::ClearSetpoint(grpc::ServerContext*,
                                            const v1::ClearSetpointRequest* request,
                                            v1::ClearSetpointResponse* response) {
  return command(request->command_id(), runtime::kCommandTtlDefault, request->actor(),
                 ClearSetpointAction{}, response->mutable_status());
}

grpc::Status SiteServiceImpl::EmergencyStop(grpc::ServerContext*,
                                            const v1::EmergencyStopRequest* request,
                                            v1::EmergencyStopResponse* response) {
  return command(request->command_id(), runtime::kCommandTtlDefault, request->actor(),
                 EmergencyStopAction{request->reason()}, response->mutable_status());
}

grpc::Status SiteServiceImpl::ResetEmergencyStop(grpc::ServerContext*,
                                                 const v1::ResetEmergencyStopRequest* request,
                                                 v1::ResetEmergencyStopResponse* response) {
  return command(request->command_id(), runtime::kCommandTtlDefault, request->name(),
                 runtime::ResetAction{request->cause()}, response->mutable_status());
}

grpc::Status SiteServiceImpl::SendCommand(grpc::ServerContext*,
                                          const v1::SiteServiceSendCommandRequest* request,
                                          v1::SiteServiceSendCommandResponse* response) {
  auto action = from(request->action());
  if (!action) return to_status(action.error());
  const Duration ttl = request->has_ttl() ? from(request->ttl()) : runtime::kCommandTtlDefault;
  return command(request->command_id(), ttl, request->actor(), std::move(*action),
                 response->mutable_status());
}

grpc::Status SiteServiceImpl::ListCommands(grpc::ServerContext*, const v1::ListCommandsRequest*,
                                           v1::ListCommandsResponse* response) {
  const auto commands = port_.commands();
  if (!commands) return to_status(commands.error());
  for (const runtime::CommandView& command : *commands) set(*response->add_commands(), command);
  return grpc::Status::OK;
}

grpc::Status SiteServiceImpl::ListAlarms(grpc::ServerContext*,
                                         const v1::SiteServiceListAlarmsRequest*,
                                         v1::SiteServiceListAlarmsResponse* response) {
  const auto alarms = port_.alarms();
  if (!alarms) return to_status(alarms.error());
  for (const alarm::Alarm& alarm : alarms->alarms) set(*response->add_alarms(), alarm);
  response->set_dropped(alarms->dropped);
  return grpc::Status::OK;
}

grpc::Status SiteServiceImpl::ListAlarmHistory(grpc::ServerContext*,
                                               const v1::ListAlarmHistoryRequest* request,
                                               v1::ListAlarmHistoryResponse* response) {
  const io::UtcRange all;
  const UtcInstant begin = request->has_from() ? from(request->from()) : all.from;
  const UtcInstant end = request->has_to() ? from(request->to()) : all.to;
  const std::size_t max = request->max() == 0 ? kHistoryDefault : request->max();
  const auto changes = port_.alarm_history(begin, end, max);
  if (!changes) return to_status(changes.error());
  for (const alarm::Change& change : *changes) set(*response->add_records(), change);
  return grpc::Status::OK;
}

grpc::Status SiteServiceImpl::WatchAlarms(grpc::ServerContext* context,
                                          const v1::WatchAlarmsRequest*,
                                          grpc::ServerWriter<v1::WatchAlarmsResponse>* writer) {
  std::optional<std::uint64_t> sent;
  return watch(*context, kAlarmsLook, [&]() -> Result<bool> {
    const auto alarms = port_.alarms();
    if (!alarms) return fail(alarms.error());
    if (sent == alarms->revision) return true;
    sent = alarms->revision;
    v1::WatchAlarmsResponse response;
    for (const alarm::Alarm& alarm : alarms->alarms) set(*response.add_alarms(), alarm);
    return writer->Write(response);
  });
}

grpc::Status SiteServiceImpl::AcknowledgeAlarm(
    grpc::ServerContext*, const v1::SiteServiceAcknowledgeAlarmRequest* request,
    v1::SiteServiceAcknowledgeAlarmResponse* response) {
  return command(request->command_id(), runtime::kCommandTtlDefault, request->actor(),
                 AcknowledgeAlarmAction{request->alarm_id(), request->comment()},
                 response->mutable_status());
}

grpc::Status SiteServiceImpl::GetCatalogue(grpc::ServerContext*,
                                           const v1::SiteServiceGetCatalogueRequest*,
                                           v1::SiteServiceGetCatalogueResponse* response) {
  set_catalogue(*response);
  return grpc::Status::OK;
}

void SiteServiceImpl::stop() {
  const std::scoped_lock lock{mutex_};
  stopping_ = true;
  changed_.notify_all();
}

}  // namespace ems::rpc
