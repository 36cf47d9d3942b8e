// SPDX-License-Identifier: Apache-2.0
/// @file Errors as gRPC status and back. The code is that of errc.def; the name travels in the
/// details.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "ems/core/result.hpp"

namespace ems::rpc {

/// Status of an error; the message is `name: what`.
[[nodiscard]] grpc::Status to_status(const Error& error);
[[nodiscard]] grpc::Status to_status(Errc code, std::string_view what);

/// Error of a status that is not OK. `what` is the code's static meaning; the words are the
/// status's.
[[nodiscard]] Error to_error(const grpc::Status& status);

}  // namespace ems::rpc
