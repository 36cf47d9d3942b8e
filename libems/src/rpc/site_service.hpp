// SPDX-License-Identifier: Apache-2.0
/// @file SiteService over a SitePort. Who may open the socket is a technician.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "ems/rpc/command.hpp"
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
  grpc::Status SendCommand(grpc::ServerContext* context,
                           const v1::SiteServiceSendCommandRequest* request,
                           v1::SiteServiceSendCommandResponse* response) override;
  grpc::Status ListCommands(grpc::ServerContext* context, const v1::ListCommandsRequest* request,
                            v1::ListCommandsResponse* response) override;
  grpc::Status ListAlarms(grpc::ServerContext* context,
                          const v1::SiteServiceListAlarmsRequest* request,
                          v1::SiteServiceListAlarmsResponse* response) override;
  grpc::Status ListAlarmHistory(grpc::ServerContext* context,
                                const v1::ListAlarmHistoryRequest* request,
                                v1::ListAlarmHistoryResponse* response) override;
  grpc::Status WatchAlarms(grpc::ServerContext* context, const v1::WatchAlarmsRequest* request,
                           grpc::ServerWriter<v1::WatchAlarmsResponse>* writer) override;
  grpc::Status AcknowledgeAlarm(grpc::ServerContext* context,
                                const v1::SiteServiceAcknowledgeAlarmRequest* request,
                                v1::SiteServiceAcknowledgeAlarmResponse* response) override;
  grpc::Status GetCatalogue(grpc::ServerContext* context,
                            const v1::SiteServiceGetCatalogueRequest* request,
                            v1::SiteServiceGetCatalogueResponse* response) override;

  /// Ends every stream.
  void stop();

 private:
  /// Gives a command and fills in where it is.
  [[nodiscard]] grpc::Status command(const std::string& id, Duration ttl, const std::string& actor,
                                     CommandAction action, v1::CommandStatus* status);
  /// Calls `look` every `pace` until the caller leaves, it says no, or the agent ends.
  template <class Look>
  [[nodiscard]] grpc::Status watch(grpc::ServerContext& context, Duration pace, Look look);

  runtime::SitePort& port_;
  const std::uint32_t watchers_max_;
  std::atomic<std::uint32_t> watchers_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
};

}  // namespace ems::rpc
