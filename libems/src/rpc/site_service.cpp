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
constexpr std::chrono::milliseconds kLook{200};  // Notices a caller that left.

grpc::Status answer(const Result<void>& done) {
  return done ? grpc::Status::OK : to_status(done.error());
}

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

grpc::Status SiteServiceImpl::WatchStatus(grpc::ServerContext* context,
                                          const v1::WatchStatusRequest* request,
                                          grpc::ServerWriter<v1::WatchStatusResponse>* writer) {
  const auto filters = PointFilters::parse(request->points());
  if (!filters) return to_status(filters.error());
  const Duration interval = request->has_interval() ? from(request->interval()) : kIntervalDefault;
  if (interval < kIntervalMin || interval > kIntervalMax) {
    return to_status(Errc::invalid_argument, "interval: 100 ms to 1 h");
  }
  if (++watchers_ > watchers_max_) {
    --watchers_;
    return to_status(Errc::resource_exhausted, "too many watchers");
  }
  const auto pace = std::chrono::microseconds{interval.count()};
  auto due = std::chrono::steady_clock::now();
  grpc::Status result = to_status(Errc::cancelled, "the caller left");
  std::unique_lock lock{mutex_};
  while (!context->IsCancelled()) {
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
    const auto status = port_.status();
    v1::WatchStatusResponse response;
    if (status) set(*response.mutable_status(), *status, *filters);
    const bool written = status && writer->Write(response);
    lock.lock();
    if (!status) result = to_status(status.error());
    if (!written) break;
  }
  --watchers_;
  return result;
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

grpc::Status SiteServiceImpl::SetSetpoint(grpc::ServerContext*,
                                          const v1::SetSetpointRequest* request,
                                          v1::SetSetpointResponse*) {
  const Duration lease = from(request->lease());
  if (lease <= Duration::zero() || request->actor().empty()) {
    return to_status(Errc::invalid_argument, "a set-point needs a lease above zero and an actor");
  }
  return answer(port_.set_setpoint(
      {Watt{request->power_w()}, lease, request->actor(), runtime::CommandOrigin::local}));
}

grpc::Status SiteServiceImpl::ClearSetpoint(grpc::ServerContext*,
                                            const v1::ClearSetpointRequest* request,
                                            v1::ClearSetpointResponse*) {
  if (request->actor().empty()) return to_status(Errc::invalid_argument, "an actor is needed");
  return answer(port_.clear_setpoint(request->actor(), runtime::CommandOrigin::local));
}

grpc::Status SiteServiceImpl::EmergencyStop(grpc::ServerContext*,
                                            const v1::EmergencyStopRequest* request,
                                            v1::EmergencyStopResponse*) {
  if (request->actor().empty()) return to_status(Errc::invalid_argument, "an actor is needed");
  return answer(port_.emergency_stop(request->actor(), request->reason()));
}

grpc::Status SiteServiceImpl::ResetEmergencyStop(grpc::ServerContext*,
                                                 const v1::ResetEmergencyStopRequest* request,
                                                 v1::ResetEmergencyStopResponse*) {
  if (request->name().empty() || request->cause().empty()) {
    return to_status(Errc::invalid_argument, "a reset needs a name and a cause");
  }
  return answer(port_.reset_emergency_stop({request->name(), request->cause()}));
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
