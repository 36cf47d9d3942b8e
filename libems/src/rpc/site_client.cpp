// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/site_client.hpp"

#include <grpcpp/create_channel.h>

#include <utility>

#include "ems/v1/site.grpc.pb.h"
#include "rpc/caller.hpp"
#include "rpc/site_convert.hpp"
#include "rpc/unix_socket.hpp"

namespace ems::rpc {

class SiteClient::Impl {
 public:
  // A unix socket's peer is whoever the file's owner let in: there is no certificate to check.
  Impl(const std::string& address, Duration timeout)
      : stub(v1::SiteService::NewStub(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))),
        caller(timeout, [](grpc::ClientContext&) { return Result<void>{}; }) {}

  std::unique_ptr<v1::SiteService::Stub> stub;
  Caller caller;
};

Result<std::unique_ptr<SiteClient>> SiteClient::open(const std::filesystem::path& socket,
                                                     Duration timeout) {
  const auto address = socket_address(socket);
  if (!address) return fail(address.error());
  return std::unique_ptr<SiteClient>{new SiteClient{std::make_unique<Impl>(*address, timeout)}};
}

SiteClient::SiteClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SiteClient::~SiteClient() = default;
void SiteClient::cancel() { impl_->caller.cancel(); }
const std::string& SiteClient::detail() const noexcept { return impl_->caller.detail(); }

Result<runtime::SiteStatus> SiteClient::status() {
  const v1::GetStatusRequest request;
  v1::GetStatusResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->GetStatus(&context, request, &response); });
  if (!done) return fail(done.error());
  auto status = from(response.status());
  if (!status) return impl_->caller.bad_answer(status.error());
  return status;
}

Result<void> SiteClient::watch(Duration interval,
                               const std::function<bool(runtime::SiteStatus)>& update) {
  v1::WatchStatusRequest request;
  set(*request.mutable_interval(), interval);
  std::optional<Error> bad;
  const auto done = impl_->caller.stream<v1::WatchStatusResponse>(
      [&](auto& context) { return impl_->stub->WatchStatus(&context, request); },
      [&](const v1::WatchStatusResponse& response) {
        auto status = from(response.status());
        if (!status) bad = status.error();
        return status && update(std::move(*status));
      });
  if (bad) return impl_->caller.bad_answer(*bad);
  return done;
}

Result<runtime::Explanation> SiteClient::explain(std::optional<UtcInstant> at) {
  v1::ExplainRequest request;
  if (at) set(*request.mutable_at(), *at);
  v1::ExplainResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->Explain(&context, request, &response); });
  if (!done) return fail(done.error());
  auto decision = from(response.decision());
  if (!decision) return impl_->caller.bad_answer(decision.error());
  runtime::Explanation explanation{std::move(*decision), response.text()};
  if (response.has_asked()) explanation.asked = from(response.asked());
  for (const v1::Happening& one : response.happened()) {
    explanation.happened.push_back({from(one.at()), one.text()});
  }
  explanation.happened_before = response.happened_before();
  return explanation;
}

Result<runtime::CommandStep> SiteClient::command(const runtime::Command& command) {
  if (const auto* reset = std::get_if<runtime::ResetAction>(&command.action)) {
    v1::ResetEmergencyStopRequest request;
    request.set_name(command.actor);
    request.set_cause(reset->cause);
    request.set_command_id(command.id);
    v1::ResetEmergencyStopResponse response;
    const auto done = impl_->caller.once([&](auto& context) {
      return impl_->stub->ResetEmergencyStop(&context, request, &response);
    });
    if (!done) return fail(done.error());
    return from(response.status());
  }
  if (const auto* stop = std::get_if<EmergencyStopAction>(&command.action)) {  // Reason or not.
    v1::EmergencyStopRequest request;
    request.set_actor(command.actor);
    request.set_reason(stop->reason);
    request.set_command_id(command.id);
    v1::EmergencyStopResponse response;
    const auto done = impl_->caller.once(
        [&](auto& context) { return impl_->stub->EmergencyStop(&context, request, &response); });
    if (!done) return fail(done.error());
    return from(response.status());
  }
  v1::SiteServiceSendCommandRequest request;
  request.set_command_id(command.id);
  if (command.ttl != Duration::zero()) set(*request.mutable_ttl(), command.ttl);
  request.set_actor(command.actor);
  set(*request.mutable_action(), command.action);
  v1::SiteServiceSendCommandResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->SendCommand(&context, request, &response); });
  if (!done) return fail(done.error());
  return from(response.status());
}

Result<std::vector<runtime::CommandView>> SiteClient::commands() {
  const v1::ListCommandsRequest request;
  v1::ListCommandsResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->ListCommands(&context, request, &response); });
  if (!done) return fail(done.error());
  std::vector<runtime::CommandView> commands;
  for (const v1::CommandRecord& message : response.commands()) commands.push_back(from(message));
  return commands;
}

Result<runtime::AlarmsView> SiteClient::alarms() {
  const v1::SiteServiceListAlarmsRequest request;
  v1::SiteServiceListAlarmsResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->ListAlarms(&context, request, &response); });
  if (!done) return fail(done.error());
  runtime::AlarmsView view;
  auto alarms = alarms_from(response.alarms());
  if (!alarms) return impl_->caller.bad_answer(alarms.error());
  view.alarms = std::move(*alarms);
  view.dropped = response.dropped();
  return view;
}

Result<std::vector<alarm::Change>> SiteClient::alarm_history(std::optional<UtcInstant> begin,
                                                             std::optional<UtcInstant> end,
                                                             std::uint32_t max) {
  v1::ListAlarmHistoryRequest request;
  if (begin) set(*request.mutable_from(), *begin);
  if (end) set(*request.mutable_to(), *end);
  request.set_max(max);
  v1::ListAlarmHistoryResponse response;
  const auto done = impl_->caller.once(
      [&](auto& context) { return impl_->stub->ListAlarmHistory(&context, request, &response); });
  if (!done) return fail(done.error());
  std::vector<alarm::Change> changes;
  for (const v1::AlarmRecord& message : response.records()) {
    const auto change = from(message);
    if (!change) return impl_->caller.bad_answer(change.error());
    changes.push_back(*change);
  }
  return changes;
}

Result<void> SiteClient::watch_alarms(
    const std::function<bool(std::vector<alarm::Alarm>)>& update) {
  const v1::WatchAlarmsRequest request;
  std::optional<Error> bad;
  const auto done = impl_->caller.stream<v1::WatchAlarmsResponse>(
      [&](auto& context) { return impl_->stub->WatchAlarms(&context, request); },
      [&](const v1::WatchAlarmsResponse& response) {
        auto alarms = alarms_from(response.alarms());
        if (!alarms) bad = alarms.error();
        return alarms && update(std::move(*alarms));
      });
  if (bad) return impl_->caller.bad_answer(*bad);
  return done;
}

}  // namespace ems::rpc
