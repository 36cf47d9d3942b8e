// SPDX-License-Identifier: Apache-2.0
// Which role is asked for a target.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "ems/ota/tuf/trusted_set.hpp"
#include "ota/tuf/metadata_parts.hpp"

namespace ems::ota::tuf {
namespace {

// One part of a path against one of a pattern. After a mismatch the last `*` takes one character
// more, so the time is at most the product of the two lengths.
bool part_matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), [](char c) { return c == '*'; });
}

struct Edge {
  std::string_view from;  ///< Role that delegates.
  const Targets* delegator;
  const DelegatedRole* role;
};

}  // namespace

bool path_matches(std::string_view pattern, std::string_view path) noexcept {
  if (pattern.find('[') != std::string_view::npos) return false;
  for (;;) {
    const std::size_t p = std::min(pattern.find('/'), pattern.size());
    const std::size_t t = std::min(path.find('/'), path.size());
    if (!part_matches(pattern.substr(0, p), path.substr(0, t))) return false;
    const bool pattern_ends = p == pattern.size();
    const bool path_ends = t == path.size();
    if (pattern_ends || path_ends) return pattern_ends && path_ends;
    pattern.remove_prefix(p + 1);
    path.remove_prefix(t + 1);
  }
}

bool covers(const DelegatedRole& role, std::string_view path, const Crypto& crypto) {
  if (std::ranges::any_of(role.paths, [path](const auto& p) { return path_matches(p, path); })) {
    return true;
  }
  if (role.path_hash_prefixes.empty()) return false;
  const std::string hash = to_hex(crypto.sha256(std::as_bytes(std::span(path))));
  return std::ranges::any_of(role.path_hash_prefixes,
                             [&hash](const auto& prefix) { return hash.starts_with(prefix); });
}

Result<Found> find_target(const Targets& top, std::string_view path, std::uint32_t roles_max,
                          const Crypto& crypto, const LoadRole& load) {
  std::vector<Edge> open;  // The next one last.
  std::set<std::pair<std::string_view, std::string_view>> followed;
  const Targets* file = &top;
  std::string_view name = "targets";
  for (;;) {
    const auto found = file->targets.find(path);
    if (found != file->targets.end()) return Found{&found->second, std::string(name)};

    std::vector<Edge> next;
    for (const DelegatedRole& role : file->roles) {
      if (!covers(role, path, crypto)) continue;
      next.push_back({name, file, &role});
      if (!role.terminating) continue;
      open.clear();  // Whoever was to be asked after this role is not.
      break;
    }
    open.insert(open.end(), next.rbegin(), next.rend());

    for (;;) {
      if (open.empty() || followed.size() == roles_max) {
        return fail(Errc::not_found, 0, "no role that may do so lists the target");
      }
      const Edge edge = open.back();
      open.pop_back();
      if (!followed.emplace(edge.from, edge.role->name).second) continue;
      const Result<const Targets*> loaded = load(*edge.delegator, *edge.role);
      if (!loaded) return fail(loaded.error());
      file = *loaded;
      name = edge.role->name;
      break;
    }
  }
}

}  // namespace ems::ota::tuf
