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

Result<void> SiteClient::set_setpoint(const runtime::SetpointRequest& setpoint) {
  v1::SetSetpointRequest request;
  request.set_power_w(setpoint.power.count());
  set(*request.mutable_lease(), setpoint.lease);
  request.set_actor(setpoint.actor);
  v1::SetSetpointResponse response;
  return impl_->caller.once(
      [&](auto& context) { return impl_->stub->SetSetpoint(&context, request, &response); });
}

Result<void> SiteClient::clear_setpoint(const std::string& actor) {
  v1::ClearSetpointRequest request;
  request.set_actor(actor);
  v1::ClearSetpointResponse response;
  return impl_->caller.once(
      [&](auto& context) { return impl_->stub->ClearSetpoint(&context, request, &response); });
}

Result<void> SiteClient::emergency_stop(const std::string& actor, const std::string& reason) {
  v1::EmergencyStopRequest request;
  request.set_actor(actor);
  request.set_reason(reason);
  v1::EmergencyStopResponse response;
  return impl_->caller.once(
      [&](auto& context) { return impl_->stub->EmergencyStop(&context, request, &response); });
}

Result<void> SiteClient::reset_emergency_stop(const runtime::ResetRequest& reset) {
  v1::ResetEmergencyStopRequest request;
  request.set_name(reset.name);
  request.set_cause(reset.cause);
  v1::ResetEmergencyStopResponse response;
  return impl_->caller.once(
      [&](auto& context) { return impl_->stub->ResetEmergencyStop(&context, request, &response); });
}

}  // namespace ems::rpc
