// SPDX-License-Identifier: Apache-2.0
/// @file Who a peer is: the one URI SAN of its certificate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ems/core/result.hpp"

namespace ems::io {

enum class PeerKind : std::uint8_t { agent, server, user };

/// What a user may do; each role may do all that the ones before it may.
// NOLINTNEXTLINE(readability-identifier-naming): `operator` is a keyword.
enum class Role : std::uint8_t { viewer = 0, operator_ = 1, technician = 2 };

/// @thread_safety Pure functions, all of this file.
[[nodiscard]] std::string_view to_string(PeerKind kind) noexcept;
[[nodiscard]] std::string_view to_string(Role role) noexcept;

/// An identity. Only certificates make one; messages never do.
struct Identity {
  PeerKind kind = PeerKind::user;
  std::string name;          ///< `SITE/NAME` of an agent, `NAME` of a server or user.
  Role role = Role::viewer;  ///< Users only.
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// Parses `urn:ems:agent:SITE/NAME`, `urn:ems:server:NAME` or
/// `urn:ems:user:NAME:viewer|operator|technician`. A SITE or NAME is [a-z0-9-]{1,63}; case counts.
///
/// @errors syntax  anything else; offset = the first character that is wrong.
[[nodiscard]] Result<Identity> parse_identity(std::string_view uri);

/// The URI of an identity.
[[nodiscard]] std::string to_uri(const Identity& identity);

}  // namespace ems::io
