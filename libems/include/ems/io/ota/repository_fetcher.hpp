// SPDX-License-Identifier: Apache-2.0
/// @file A repository by its two addresses, on a web server or in folders.
#pragma once

#include <string>
#include <variant>

#include "ems/io/ota/directory_fetcher.hpp"
#include "ems/io/ota/https_fetcher.hpp"

namespace ems::io {

/// Metadata from one place, targets from another.
///
/// @thread_safety One caller.
class RepositoryFetcher final : public ota::tuf::Fetcher {
 public:
  /// @param metadata  `https://...`, `http://127.0.0.1:...`, `file:///...` or the path of a folder.
  /// @param targets   The same; empty: targets cannot be fetched (not_found).
  /// @errors Of the two fetchers' open().
  static Result<RepositoryFetcher> open(const std::string& metadata, const std::string& targets,
                                        const HttpsSettings& settings = {});

  Result<std::vector<std::byte>> metadata(std::string_view name, std::size_t size_max) override;
  Result<void> target(std::string_view path, std::uint64_t from, std::uint64_t size,
                      ota::tuf::Sink& sink) override;
  /// Of the last failed request to a web server; see HttpsFetcher::last_failure().
  [[nodiscard]] const std::string& last_failure() const noexcept;

 private:
  using Place = std::variant<std::monostate, DirectoryFetcher, HttpsFetcher>;
  RepositoryFetcher(Place metadata, Place targets) noexcept;
  static Result<Place> open_place(const std::string& address, const HttpsSettings& settings);

  Place metadata_;
  Place targets_;
  std::string last_failure_;
};

}  // namespace ems::io
