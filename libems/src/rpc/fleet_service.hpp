// SPDX-License-Identifier: Apache-2.0
/// @file FleetService: what people and programs ask a server.
#pragma once

#include "ems/v1/fleet.grpc.pb.h"
#include "rpc/fleet_core.hpp"

namespace ems::rpc {

class FleetServiceImpl final : public v1::FleetService::Service {
 public:
  explicit FleetServiceImpl(FleetCore& core) : core_(core) {}

  grpc::Status ListAgents(grpc::ServerContext* context, const v1::ListAgentsRequest* request,
                          v1::ListAgentsResponse* response) override;
  grpc::Status GetLatest(grpc::ServerContext* context, const v1::GetLatestRequest* request,
                         v1::GetLatestResponse* response) override;
  grpc::Status QueryRange(grpc::ServerContext* context, const v1::QueryRangeRequest* request,
                          grpc::ServerWriter<v1::QueryRangeResponse>* writer) override;
  grpc::Status QueryEnergy(grpc::ServerContext* context, const v1::QueryEnergyRequest* request,
                           grpc::ServerWriter<v1::QueryEnergyResponse>* writer) override;
  grpc::Status WatchTelemetry(grpc::ServerContext* context,
                              const v1::WatchTelemetryRequest* request,
                              grpc::ServerWriter<v1::WatchTelemetryResponse>* writer) override;
  grpc::Status GetCounts(grpc::ServerContext* context, const v1::GetCountsRequest* request,
                         v1::GetCountsResponse* response) override;
  grpc::Status SendCommand(grpc::ServerContext* context, const v1::SendCommandRequest* request,
                           v1::SendCommandResponse* response) override;
  grpc::Status WatchCommand(grpc::ServerContext* context, const v1::WatchCommandRequest* request,
                            grpc::ServerWriter<v1::WatchCommandResponse>* writer) override;
  grpc::Status ListAlarms(grpc::ServerContext* context,
                          const v1::FleetServiceListAlarmsRequest* request,
                          v1::FleetServiceListAlarmsResponse* response) override;
  grpc::Status AcknowledgeAlarm(grpc::ServerContext* context,
                                const v1::FleetServiceAcknowledgeAlarmRequest* request,
                                v1::FleetServiceAcknowledgeAlarmResponse* response) override;
  grpc::Status ClearIdentityConflict(grpc::ServerContext* context,
                                     const v1::ClearIdentityConflictRequest* request,
                                     v1::ClearIdentityConflictResponse* response) override;
  grpc::Status GetCatalogue(grpc::ServerContext* context,
                            const v1::FleetServiceGetCatalogueRequest* request,
                            v1::FleetServiceGetCatalogueResponse* response) override;

 private:
  /// Queues a command of a user; the common end of SendCommand and AcknowledgeAlarm.
  [[nodiscard]] Result<std::string> send(grpc::ServerContext& context, const std::string& tenant,
                                         const std::string& agent, Duration ttl,
                                         CommandAction action, const std::string& id);
  FleetCore& core_;
};

}  // namespace ems::rpc
