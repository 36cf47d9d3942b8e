// SPDX-License-Identifier: Apache-2.0
/// @file Channels and server settings that notice a dead peer.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>

#include "ems/core/time.hpp"

namespace ems::rpc {

/// A channel of its own: its connection is not shared, and keepalive runs while it is silent.
[[nodiscard]] std::shared_ptr<grpc::Channel> open_channel(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    Duration keepalive_interval, Duration keepalive_timeout);

/// Health, reflection and keepalive for a server.
void prepare(grpc::ServerBuilder& builder, Duration keepalive_interval, Duration keepalive_timeout);

}  // namespace ems::rpc
