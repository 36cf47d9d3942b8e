// SPDX-License-Identifier: Apache-2.0
/// @file A repository on a web server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ems/core/time.hpp"
#include "ems/ota/tuf/ports.hpp"

namespace ems::io {

struct HttpsSettings {
  /// Hosts that may be asked, without port; empty: the URL's own, whatever it is.
  std::vector<std::string> hosts{};
  std::string ca_file{};           ///< PEM authorities; empty: the system's.
  std::uint32_t rate_min = 1'024;  ///< Bytes a second, on average over each rate_window.
  Duration rate_window = seconds(60);
  Duration connect_deadline = seconds(30);
  Duration deadline = seconds(4 * 3600);  ///< Of one file, resumptions included.
  std::uint32_t resumptions = 3;          ///< Of one target, after its connection broke.
};

/// GET of files below one URL: TLS 1.2 or later with the server's name verified; plain http towards
/// loopback addresses only. A redirection is followed where scheme, host and port stay.
///
/// A broken transfer of a target goes on with a Range request; the answer's Content-Range must be
/// what was asked. A server that answers with the whole file is taken too: what the sink has
/// already is skipped, so a sink sees each byte once and in order, whatever the server does.
///
/// @thread_safety One caller.
class HttpsFetcher final : public ota::tuf::Fetcher {
 public:
  /// @param url  Of the folder, with or without `/` at its end; percent-encoding stays as it is.
  /// @errors invalid_argument   not a URL, or one with a user, query or fragment.
  ///         permission_denied  a host that is not allowed, or plain http towards another machine.
  ///         io                 the authorities cannot be read.
  static Result<HttpsFetcher> open(const std::string& url, HttpsSettings settings = {});
  HttpsFetcher(HttpsFetcher&&) noexcept;
  HttpsFetcher& operator=(HttpsFetcher&&) noexcept;
  ~HttpsFetcher();

  Result<std::vector<std::byte>> metadata(std::string_view name, std::size_t size_max) override;
  Result<void> target(std::string_view path, std::uint64_t from, std::uint64_t size,
                      ota::tuf::Sink& sink) override;

  /// The last failure for people: `https://host/2.root.json: HTTP status 500`; empty when none.
  [[nodiscard]] const std::string& last_failure() const noexcept;

 private:
  class Impl;
  explicit HttpsFetcher(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::io
