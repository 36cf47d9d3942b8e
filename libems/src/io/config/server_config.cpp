// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/server_config.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "io/config/reader.hpp"
#include "io/config/site_rules.hpp"

namespace ems::io {
namespace {

using config::Reader;
using config::Section;
using config::Value;

/// `*` stands for any run of characters other than '/'. Linear backtracking over the last star.
bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && text[resume] != '/') {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// A pattern is SITE/AGENT of the characters of names and `*`.
bool is_pattern(std::string_view text) {
  std::size_t slashes = 0;
  for (const char c : text) {
    const bool name = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (c == '/') ++slashes;
    if (!name && c != '*' && c != '/') return false;
  }
  return slashes == 1 && text.front() != '/' && text.back() != '/';
}

/// A pattern over the name of a user.
bool is_user_pattern(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '*';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

/// Some text matches both patterns. One row of the table of (rest of a, rest of b) at a time.
bool overlap(std::string_view a, std::string_view b) {
  const auto passes = [](char c) { return c != '/'; };  // What `*` may stand for; `*` as well.
  std::vector<char> below(b.size() + 1);
  std::vector<char> row(b.size() + 1);
  for (std::size_t i = a.size() + 1; i-- > 0;) {
    for (std::size_t j = b.size() + 1; j-- > 0;) {
      const bool more_a = i < a.size();
      const bool more_b = j < b.size();
      bool meet = !more_a && !more_b;
      if (more_a && a[i] == '*') meet = below[j] || (more_b && passes(b[j]) && row[j + 1]);
      if (!meet && more_b && b[j] == '*') meet = row[j + 1] || (more_a && passes(a[i]) && below[j]);
      if (!meet && more_a && more_b && a[i] == b[j]) meet = below[j + 1];
      row[j] = meet;
    }
    std::swap(row, below);
  }
  return below[0];
}

/// An agent that two tenants allow could write under either name.
void check_overlaps(const Section& root, Reader& reader) {
  struct Pattern {
    const Section* tenant;
    const Value* value;
  };
  std::vector<Pattern> earlier;
  for (const Section& tenant : root.list("tenants")) {
    const Value* agents = tenant.find("agents");
    if (agents == nullptr) continue;
    for (const Value& agent : agents->list) {
      const auto other = std::find_if(earlier.begin(), earlier.end(), [&](const Pattern& p) {
        return p.tenant != &tenant && overlap(p.value->text, agent.text);
      });
      if (other != earlier.end()) {
        reader.error(agent.place, Errc::already_exists,
                     "\"" + agent.text + "\" overlaps \"" + other->value->text +
                         "\" of another tenant on line " +
                         std::to_string(other->value->place.line));
      }
      earlier.push_back({&tenant, &agent});
    }
  }
}

void check_tenants(const Section& root, Reader& reader) {
  std::map<std::string, std::uint32_t> names;
  for (const Section& tenant : root.list("tenants")) {
    if (const Value* name = tenant.find("name")) {
      const auto [first, is_new] = names.emplace(name->text, name->place.line);
      if (!is_new) {
        reader.error(name->place, Errc::already_exists,
                     "duplicate tenant \"" + name->text + "\"; first on line " +
                         std::to_string(first->second));
      }
    }
    if (const Value* users = tenant.find("users")) {
      for (const Value& user : users->list) {
        if (is_user_pattern(user.text)) continue;
        reader.error(user.place, Errc::invalid_argument,
                     "\"" + user.text + "\" is not a user's name of a-z, 0-9, - and *");
      }
    }
    const Value* agents = tenant.find("agents");
    if (agents == nullptr) continue;
    for (const Value& agent : agents->list) {
      if (is_pattern(agent.text)) continue;
      reader.error(agent.place, Errc::invalid_argument,
                   "\"" + agent.text + "\" is not a pattern SITE/AGENT of a-z, 0-9, - and *");
    }
  }
}

ServerConfig bind(const Section& root, const std::filesystem::path& file) {
  const auto path = [&](const Section& section, std::string_view key) {
    return config::joined(file, section.at(key).text);
  };
  ServerConfig out;
  out.file = file;
  out.name = root.at("name").text;
  out.listen = root.at("listen").endpoint;
  const Section& tls = *root.section("tls");
  out.tls = {path(tls, "ca"), path(tls, "certificate"), path(tls, "key")};
  out.store = path(*root.section("store"), "path");
  for (const Section& item : root.list("tenants")) {
    TenantConfig tenant{item.at("name").text, {}, {}};
    for (const Value& agent : item.at("agents").list) tenant.agents.push_back(agent.text);
    if (const Value* users = item.find("users")) {
      for (const Value& user : users->list) tenant.users.push_back(user.text);
    }
    out.tenants.push_back(std::move(tenant));
  }
  constexpr std::int64_t kBytesPerMb = 1'000'000;
  const Section& limits = *root.section("limits");
  const auto count = [&](std::string_view key) {
    return static_cast<std::uint32_t>(limits.at(key).number);
  };
  out.limits = {count("sessions_max"), Duration{limits.at("session_idle_max_s").number},
                limits.at("message_mb_max").number * kBytesPerMb, count("watchers_max"),
                count("watch_queue_max")};
  if (const Section* metrics = root.section("metrics")) {
    out.metrics_listen = metrics->at("listen").endpoint;
  }
  out.log_level = static_cast<LogLevel>(root.section("log")->at("level").number);
  return out;
}

}  // namespace

bool TenantConfig::allows(std::string_view agent) const noexcept {
  for (const std::string& pattern : agents) {
    if (matches(pattern, agent)) return true;
  }
  return false;
}

std::string ServerConfig::identity() const { return "urn:ems:server:" + name; }

const TenantConfig* ServerConfig::find_tenant(std::string_view tenant_name) const noexcept {
  for (const TenantConfig& tenant : tenants) {
    if (tenant.name == tenant_name) return &tenant;
  }
  return nullptr;
}

Loaded<ServerConfig> parse_server_config(std::string_view text, const std::filesystem::path& path) {
  Reader reader(server_schema(), path.string(), nullptr);
  const Section root = reader.read(text);
  check_tenants(root, reader);
  check_overlaps(root, reader);
  config::check_metrics(root, reader);
  if (!reader.ok()) return {std::nullopt, reader.take_errors()};
  return {bind(root, path), {}};
}

Loaded<ServerConfig> load_server_config(const std::filesystem::path& path) {
  std::vector<ConfigError> errors;
  const std::optional<std::string> text = config::read_file(path, errors);
  if (!text) return {std::nullopt, std::move(errors)};
  return parse_server_config(*text, path);
}

}  // namespace ems::io
