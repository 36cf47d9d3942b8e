// SPDX-License-Identifier: Apache-2.0
/// @file The bytes of a target: counted, hashed, handed on.
#pragma once

#include "ems/ota/tuf/client.hpp"

namespace ems::ota::tuf {

/// Client::download() for one repository.
/// @param consistent  Whether names carry their hash.
/// @errors As Client::download().
Result<void> fetch_target(Fetcher& fetcher, const Target& target, bool consistent, Hasher& sha256,
                          Hasher& sha512, Sink& sink);

}  // namespace ems::ota::tuf
