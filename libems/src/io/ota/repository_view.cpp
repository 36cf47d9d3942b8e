// SPDX-License-Identifier: Apache-2.0
#include "io/ota/repository_view.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include "io/ota/repository_files.hpp"

namespace ems::io::repository {

namespace fs = std::filesystem;
namespace tuf = ota::tuf;

namespace {

constexpr std::string_view kEnding = ".json";

/// Number of the newest `N.root.json`; 0: there is none.
Result<std::int64_t> newest_root(const fs::path& metadata) {
  constexpr std::string_view kRoot = ".root.json";
  std::int64_t newest = 0;
  std::error_code error;
  for (fs::directory_iterator entry{metadata, error}, end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(kRoot) || !entry->is_regular_file(error)) continue;
    const char* const last = name.data() + name.size() - kRoot.size();
    std::int64_t number = 0;
    const auto [at, failure] = std::from_chars(name.data(), last, number);
    if (failure == std::errc{} && at == last) newest = std::max(newest, number);
  }
  if (error) return failed(error.value(), "the folder cannot be read");
  return newest;
}

Result<std::map<std::string, std::string, std::less<>>> read_staged(const fs::path& folder) {
  std::map<std::string, std::string, std::less<>> out;
  std::error_code error;
  for (fs::directory_iterator entry{folder, error}, end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(kEnding)) continue;
    Result<std::string> text = read_text(entry->path(), kFileMax);
    if (!text) return fail(text.error());
    out.emplace(name.substr(0, name.size() - kEnding.size()), *std::move(text));
  }
  if (error) return failed(error.value(), "the folder cannot be read");
  return out;
}

}  // namespace

std::string versioned(std::int64_t version, std::string_view role) {
  return std::to_string(version) + "." + std::string(role) + std::string(kEnding);
}

Result<std::int64_t> version_after(std::int64_t version) {
  if (version == std::numeric_limits<std::int64_t>::max()) {
    return fail(Errc::version, 0, "no version is left: restore metadata/ from a copy");
  }
  return version + 1;
}

Result<Published> Published::read(const fs::path& metadata) {
  Published out;
  const Result<std::int64_t> newest = newest_root(metadata);
  if (!newest) return fail(newest.error());
  out.root_version = *newest;
  if (out.root_version == 0) return out;
  Result<std::string> root = read_text(metadata / versioned(out.root_version, "root"), kFileMax);
  if (!root) return fail(root.error());
  out.root = *std::move(root);

  Result<std::string> timestamp = read_text(metadata / "timestamp.json", kFileMax);
  if (!timestamp && timestamp.error().code == Errc::not_found) return out;
  if (!timestamp) return fail(timestamp.error());
  out.timestamp = *std::move(timestamp);
  const auto head = tuf::read_head(out.timestamp);
  const auto listed = tuf::read_versions(out.timestamp);
  if (!head) return fail(head.error());
  if (!listed) return fail(listed.error());
  out.timestamp_version = head->version;
  const auto at = listed->find("snapshot.json");
  if (at == listed->end()) return fail(Errc::malformed, 0, "the timestamp names no snapshot");
  out.snapshot_version = at->second;

  Result<std::string> snapshot =
      read_text(metadata / versioned(out.snapshot_version, "snapshot"), kFileMax);
  if (!snapshot) return fail(snapshot.error());
  out.snapshot = *std::move(snapshot);
  Result<tuf::FileVersions> files = tuf::read_versions(out.snapshot);
  if (!files) return fail(files.error());
  out.files = *std::move(files);
  return out;
}

Result<View> View::read(const fs::path& folder, bool with_staged) {
  View view;
  view.metadata = folder / "metadata";
  Result<Published> published = Published::read(view.metadata);
  if (!published) return fail(published.error());
  view.published = *std::move(published);
  if (!with_staged) return view;
  auto staged = read_staged(folder / "staged");
  if (!staged) return fail(staged.error());
  view.staged = *std::move(staged);
  // What a publish() that was cut short had already brought to the clients.
  std::erase_if(view.staged, [&view](const auto& entry) {
    const std::int64_t version = view.version_before(entry.first);
    if (version == 0) return false;
    const auto known = read_text(view.metadata / versioned(version, entry.first), kFileMax);
    return known && *known == entry.second;
  });
  return view;
}

Result<std::string> View::text(std::string_view role) const {
  if (const auto at = staged.find(role); at != staged.end()) return at->second;
  const std::int64_t version = version_before(role);
  if (version == 0) return fail(Errc::not_found, 0, "there is no file of this role");
  return read_text(metadata / versioned(version, role), kFileMax);
}

std::int64_t View::version_before(std::string_view role) const {
  if (role == "root") return published.root_version;
  const auto at = published.files.find(std::string(role) + std::string(kEnding));
  return at == published.files.end() ? 0 : at->second;
}

Result<std::vector<tuf::RoleKeys>> View::authorities(const ota::Crypto& crypto,
                                                     std::string_view role) const {
  std::vector<std::string> files;
  if (role == "root" || role == "targets" || role == "snapshot" || role == "timestamp") {
    Result<std::string> root = text("root");
    if (!root) return fail(root.error());
    files.push_back(*std::move(root));
    if (role == "root" && staged.contains("root") && published.root_version > 0) {
      files.push_back(published.root);
    }
  } else {
    const Result<std::vector<Role>> roles = targets_roles();
    if (!roles) return fail(roles.error());
    for (const Role& each : *roles) {
      if (each.name != role) continue;
      for (const std::string& delegator : each.delegators) {
        Result<std::string> file = text(delegator);
        if (!file) return fail(file.error());
        files.push_back(*std::move(file));
      }
    }
  }
  std::vector<tuf::RoleKeys> out;
  for (const std::string& file : files) {
    Result<tuf::RoleKeys> keys = tuf::read_role(crypto, file, role);
    if (!keys) return fail(keys.error());
    out.push_back(*std::move(keys));
  }
  if (out.empty()) return fail(Errc::not_found, 0, "nobody delegates to this role");
  return out;
}

Result<std::vector<View::Role>> View::targets_roles() const {
  std::vector<Role> out{{"targets", {}}};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::string delegator = out[i].name;
    const Result<std::string> file = text(delegator);
    if (!file && file.error().code == Errc::not_found) continue;  // Its own publish() says so.
    if (!file) return fail(file.error());
    const auto names = tuf::read_delegations(*file);
    if (!names) return fail(names.error());
    for (const std::string& name : *names) {
      const auto known =
          std::find_if(out.begin(), out.end(), [&name](const Role& r) { return r.name == name; });
      if (known == out.end()) {
        out.push_back({name, {delegator}});
      } else {
        known->delegators.push_back(delegator);
      }
    }
  }
  return out;
}

}  // namespace ems::io::repository
