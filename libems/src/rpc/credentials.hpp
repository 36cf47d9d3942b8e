// SPDX-License-Identifier: Apache-2.0
/// @file mTLS credentials from files, and the identity of a peer.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "ems/core/result.hpp"
#include "ems/rpc/identity.hpp"
#include "ems/rpc/tls.hpp"

namespace ems::rpc {

/// A client certificate is required and verified.
///
/// @errors not_found, permission_denied, io  a file cannot be read. invalid_argument  it is empty.
[[nodiscard]] Result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(
    const TlsFiles& files);
/// @errors as server_credentials().
[[nodiscard]] Result<std::shared_ptr<grpc::ChannelCredentials>> client_credentials(
    const TlsFiles& files);

/// Who the peer is: its certificate has exactly one URI SAN and it is an identity.
///
/// @errors unauthenticated  no certificate, none or several URIs, or not an identity.
[[nodiscard]] Result<Identity> peer_identity(const std::shared_ptr<const grpc::AuthContext>& peer);

/// A server's own identity, as its certificate file says.
/// @errors as io::read_certificate(); invalid_argument  not exactly one identity.
[[nodiscard]] Result<Identity> own_identity(const TlsFiles& files);

}  // namespace ems::rpc
