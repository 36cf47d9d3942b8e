// SPDX-License-Identifier: Apache-2.0
/// @file SiteService over a SitePort. Who may open the socket is a technician.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "ems/runtime/site_port.hpp"
#include "ems/v1/site.grpc.pb.h"

namespace ems::rpc {

class SiteServiceImpl final : public v1::SiteService::Service {
 public:
  SiteServiceImpl(runtime::SitePort& port, std::uint32_t watchers_max)
      : port_(port), watchers_max_(watchers_max) {}

  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::GetStatusResponse* response) override;
  grpc::Status WatchStatus(grpc::ServerContext* context, const v1::WatchStatusRequest* request,
                           grpc::ServerWriter<v1::WatchStatusResponse>* writer) override;
  grpc::Status Explain(grpc::ServerContext* context, const v1::ExplainRequest* request,
                       v1::ExplainResponse* response) override;
  grpc::Status SetSetpoint(grpc::ServerContext* context, const v1::SetSetpointRequest* request,
                           v1::SetSetpointResponse* response) override;
  grpc::Status ClearSetpoint(grpc::ServerContext* context, const v1::ClearSetpointRequest* request,
                             v1::ClearSetpointResponse* response) override;
  grpc::Status EmergencyStop(grpc::ServerContext* context, const v1::EmergencyStopRequest* request,
                             v1::EmergencyStopResponse* response) override;
  grpc::Status ResetEmergencyStop(grpc::ServerContext* context,
                                  const v1::ResetEmergencyStopRequest* request,
                                  v1::ResetEmergencyStopResponse* response) override;
  grpc::Status GetCatalogue(grpc::ServerContext* context,
                            const v1::SiteServiceGetCatalogueRequest* request,
                            v1::SiteServiceGetCatalogueResponse* response) override;

  /// Ends every WatchStatus.
  void stop();

 private:
  runtime::SitePort& port_;
  const std::uint32_t watchers_max_;
  std::atomic<std::uint32_t> watchers_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
};

}  // namespace ems::rpc
