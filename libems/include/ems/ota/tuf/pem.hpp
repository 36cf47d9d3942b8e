// SPDX-License-Identifier: Apache-2.0
/// @file Public keys as metadata writes those of ECDSA and RSA: PEM.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"

namespace ems::ota::tuf {

/// The DER SubjectPublicKeyInfo within one `PUBLIC KEY` block: nothing before it, nothing but line
/// ends after it. Whether the DER is a key, check_key() says.
///
/// @errors        bad_key  no such block, or base64 that has more than one reading; offset = the
///                         character.
/// @thread_safety Yes.
/// @source        RFC 7468, sections 2, 3 and 13; RFC 4648, section 3.5 (no stray bits).
[[nodiscard]] Result<std::vector<std::byte>> spki_from_pem(std::string_view pem);

}  // namespace ems::ota::tuf
