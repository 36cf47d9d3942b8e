// SPDX-License-Identifier: Apache-2.0
/// @file The server file (server.yaml): what ems-server listens on, trusts and stores.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/time.hpp"
#include "ems/io/config/diagnostic.hpp"
#include "ems/io/config/site_config.hpp"

namespace ems::io {

/// Files of one mTLS identity and of the authority that peers are checked against.
struct TlsConfig {
  std::filesystem::path ca;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Who may write under a tenant's name, and who may see it.
struct TenantConfig {
  std::string name;
  std::vector<std::string> agents;   ///< Patterns over SITE/AGENT; `*` stands for any run of
                                     ///< characters other than `/`.
  std::vector<std::string> users{};  ///< Patterns over the names of users; empty: nobody.

  /// True when `agent` (`SITE/AGENT`, from the certificate) matches one of the patterns.
  [[nodiscard]] bool allows(std::string_view agent) const noexcept;
};

/// Bounds of what peers may ask of the server.
struct ServerLimitsConfig {
  std::uint32_t sessions_max = 0;      ///< Agents connected at one time.
  Duration session_idle_max{};         ///< A session that says nothing for so long is closed.
  std::int64_t message_bytes_max = 0;  ///< Largest message taken.
  std::uint32_t watchers_max = 0;      ///< Live watchers at one time.
  std::uint32_t watch_queue_max = 0;   ///< Live samples queued per watcher; then the oldest go.
};

/// A whole server file, checked. Relative paths in it are already joined to the file's folder.
struct ServerConfig {
  std::filesystem::path file;  ///< Where it was read from.
  std::string name;            ///< Identity urn:ems:server:<name>.
  TcpEndpoint listen;
  TlsConfig tls;
  std::filesystem::path store;
  std::vector<TenantConfig> tenants;
  ServerLimitsConfig limits;
  std::optional<TcpEndpoint> metrics_listen;  ///< Loopback; nullopt: no metrics.
  LogLevel log_level = LogLevel::info;

  /// `urn:ems:server:<name>`: what the server's certificate must say.
  [[nodiscard]] std::string identity() const;
  [[nodiscard]] const TenantConfig* find_tenant(std::string_view name) const noexcept;
};

/// Reads and checks a server file; like load_site_config().
///
/// @thread_safety Any thread; reads the file once.
[[nodiscard]] Loaded<ServerConfig> load_server_config(const std::filesystem::path& path);

/// Like load_server_config(), from text that was read already.
///
/// @thread_safety Pure function.
[[nodiscard]] Loaded<ServerConfig> parse_server_config(std::string_view text,
                                                       const std::filesystem::path& path);

}  // namespace ems::io
