// SPDX-License-Identifier: Apache-2.0
#include "ems/io/identity.hpp"

#include <cstddef>

namespace ems::io {

namespace {

constexpr std::size_t kNameSizeMax = 63;
constexpr std::string_view kPrefix = "urn:ems:";

constexpr bool is_name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

// Length of the name at the start of `text`; 0: none, or too long.
std::size_t name_size(std::string_view text) noexcept {
  std::size_t n = 0;
  while (n < text.size() && is_name_char(text[n])) ++n;
  return n <= kNameSizeMax ? n : 0;
}

Failure bad(std::size_t at) noexcept {
  return fail(Errc::syntax, at,
              "not an identity: urn:ems:agent:SITE/NAME, urn:ems:server:NAME or "
              "urn:ems:user:NAME:viewer|operator|technician");
}

Result<Identity> parse_agent(std::string_view uri, std::size_t at) {
  const std::size_t site = name_size(uri.substr(at));
  if (site == 0) return bad(at);
  const std::size_t slash = at + site;
  if (slash >= uri.size() || uri[slash] != '/') return bad(slash);
  const std::size_t name = name_size(uri.substr(slash + 1));
  if (name == 0) return bad(slash + 1);
  if (slash + 1 + name != uri.size()) return bad(slash + 1 + name);
  return Identity{PeerKind::agent, std::string{uri.substr(at)}, Role::viewer};
}

Result<Identity> parse_server(std::string_view uri, std::size_t at) {
  const std::size_t name = name_size(uri.substr(at));
  if (name == 0) return bad(at);
  if (at + name != uri.size()) return bad(at + name);
  return Identity{PeerKind::server, std::string{uri.substr(at)}, Role::viewer};
}

Result<Identity> parse_user(std::string_view uri, std::size_t at) {
  const std::size_t name = name_size(uri.substr(at));
  if (name == 0) return bad(at);
  const std::size_t colon = at + name;
  if (colon >= uri.size() || uri[colon] != ':') return bad(colon);
  const std::string_view word = uri.substr(colon + 1);
  for (const Role role : {Role::viewer, Role::operator_, Role::technician}) {
    if (word == to_string(role)) {
      return Identity{PeerKind::user, std::string{uri.substr(at, name)}, role};
    }
  }
  return bad(colon + 1);
}

}  // namespace

std::string_view to_string(PeerKind kind) noexcept {
  switch (kind) {
    case PeerKind::agent:
      return "agent";
    case PeerKind::server:
      return "server";
    case PeerKind::user:
      return "user";
  }
  return "unknown";
}

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::technician:
      return "technician";
  }
  return "unknown";
}

Result<Identity> parse_identity(std::string_view uri) {
  if (!uri.starts_with(kPrefix)) return bad(0);
  const std::size_t at = kPrefix.size();
  const std::string_view rest = uri.substr(at);
  if (rest.starts_with("agent:")) return parse_agent(uri, at + 6);
  if (rest.starts_with("server:")) return parse_server(uri, at + 7);
  if (rest.starts_with("user:")) return parse_user(uri, at + 5);
  return bad(at);
}

std::string to_uri(const Identity& identity) {
  std::string uri{kPrefix};
  uri.append(to_string(identity.kind)).append(":").append(identity.name);
  if (identity.kind == PeerKind::user) uri.append(":").append(to_string(identity.role));
  return uri;
}

}  // namespace ems::io
