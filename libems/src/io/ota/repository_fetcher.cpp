// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/repository_fetcher.hpp"

#include <optional>
#include <utility>

#include "url.hpp"

namespace ems::io {
namespace {

/// The path that a plain path or a `file:///...` URL means.
std::optional<std::string> folder_of(const std::string& address) {
  constexpr std::string_view kScheme = "file://";
  if (!address.starts_with(kScheme)) return address;
  if (!address.substr(kScheme.size()).starts_with('/')) return std::nullopt;
  return percent_decoded(address.substr(kScheme.size()));
}

ota::tuf::Fetcher* fetcher_of(auto& place) {
  if (auto* folder = std::get_if<DirectoryFetcher>(&place)) return folder;
  return std::get_if<HttpsFetcher>(&place);
}

std::string failure_of(const auto& place) {
  const auto* server = std::get_if<HttpsFetcher>(&place);
  return server == nullptr ? std::string{} : server->last_failure();
}

}  // namespace

Result<RepositoryFetcher::Place> RepositoryFetcher::open_place(const std::string& address,
                                                               const HttpsSettings& settings) {
  if (address.empty()) return Place{};
  const bool web = address.find("://") != std::string::npos && !address.starts_with("file://");
  if (!web) {
    const auto path = folder_of(address);
    if (!path) return fail(Errc::invalid_argument, 0, "repository: not a file:///... URL");
    auto folder = DirectoryFetcher::open(*path);
    if (!folder) return fail(folder.error());
    return Place{std::move(*folder)};
  }
  auto server = HttpsFetcher::open(address, settings);
  if (!server) return fail(server.error());
  return Place{std::move(*server)};
}

Result<RepositoryFetcher> RepositoryFetcher::open(const std::string& metadata,
                                                  const std::string& targets,
                                                  const HttpsSettings& settings) {
  auto first = open_place(metadata, settings);
  if (!first) return fail(first.error());
  auto second = open_place(targets, settings);
  if (!second) return fail(second.error());
  return RepositoryFetcher{std::move(*first), std::move(*second)};
}

RepositoryFetcher::RepositoryFetcher(Place metadata, Place targets) noexcept
    : metadata_(std::move(metadata)), targets_(std::move(targets)) {}

Result<std::vector<std::byte>> RepositoryFetcher::metadata(std::string_view name,
                                                           std::size_t size_max) {
  ota::tuf::Fetcher* fetcher = fetcher_of(metadata_);
  if (fetcher == nullptr) return fail(Errc::not_found, 0, "repository: no place for metadata");
  auto data = fetcher->metadata(name, size_max);
  last_failure_ = failure_of(metadata_);
  return data;
}

Result<void> RepositoryFetcher::target(std::string_view path, std::uint64_t from,
                                       std::uint64_t size, ota::tuf::Sink& sink) {
  ota::tuf::Fetcher* fetcher = fetcher_of(targets_);
  if (fetcher == nullptr) return fail(Errc::not_found, 0, "repository: no place for targets");
  const auto done = fetcher->target(path, from, size, sink);
  last_failure_ = failure_of(targets_);
  return done;
}

const std::string& RepositoryFetcher::last_failure() const noexcept { return last_failure_; }

}  // namespace ems::io
