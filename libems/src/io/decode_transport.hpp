// SPDX-License-Identifier: Apache-2.0
/// @file Vectors of CAN links and logs. Private to io.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"

namespace ems::io::detail {

/// Runs one vector of `slcan`, `socketcand`, `cannelloni`, `candump-log`, `candump-console`,
/// `pcan-trc` or `be-log`; nullopt for any other protocol.
[[nodiscard]] std::optional<Result<std::string>> run_transport(std::string_view protocol,
                                                               const nlohmann::json& vector);

/// Bytes of one `*_hex` member; nullopt when it is absent or null.
[[nodiscard]] Result<std::optional<std::vector<std::byte>>> hex_member(const nlohmann::json& vector,
                                                                       const char* key);

}  // namespace ems::io::detail
