// SPDX-License-Identifier: Apache-2.0
/// @file UplinkService: one call per connected agent, a thread that reads and one that writes.
#pragma once

#include "ems/v1/uplink.grpc.pb.h"
#include "rpc/fleet_core.hpp"

namespace ems::rpc {

class UplinkServiceImpl final : public v1::UplinkService::Service {
 public:
  explicit UplinkServiceImpl(FleetCore& core) : core_(core) {}

  grpc::Status Connect(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ConnectResponse, v1::ConnectRequest>* stream) override;

 private:
  FleetCore& core_;
};

}  // namespace ems::rpc
