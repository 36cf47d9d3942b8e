// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/metadata.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "ems/core/utc_text.hpp"
#include "ota/tuf/metadata_parts.hpp"

namespace ems::ota::tuf {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// `1.N` or `1.N.N`: what has another first number may mean anything.
bool is_known_spec(std::string_view version) noexcept {
  int parts = 1;
  for (std::size_t begin = 0;; ++parts) {
    const std::size_t end = std::min(version.find('.', begin), version.size());
    const std::string_view part = version.substr(begin, end - begin);
    if (part.empty() || !std::ranges::all_of(part, is_digit)) return false;
    if (parts == 1 && part != "1") return false;
    if (end == version.size()) return parts == 2 || parts == 3;
    begin = end + 1;
  }
}

Result<std::vector<Signature>> parse_signatures(JsonValue value) {
  const Result<JsonArray> list = value.array();
  if (!list) return fail(list.error());
  std::vector<Signature> out;
  std::set<std::string, std::less<>> seen;
  for (const JsonValue entry : *list) {
    Result<std::string> keyid = text(entry["keyid"]);
    Result<std::string> sig = text(entry["sig"]);
    if (!keyid) return fail(keyid.error());
    if (!sig) return fail(sig.error());
    if (!seen.insert(*keyid).second) return malformed(entry, "metadata: a key id that signs twice");
    out.push_back({std::move(*keyid), std::move(*sig)});
  }
  return out;
}

// Reads what every file has and gives `signed` to `body`, which fills in the rest.
template <class T, class Body>
Result<T> parse_file(Bytes file, std::size_t size_max, std::string_view type, Body&& body) {
  const Result<Json> json = Json::parse(file, {.bytes = size_max});
  if (!json) return fail(json.error());
  Result<std::vector<Signature>> signatures = parse_signatures(json->root()["signatures"]);
  if (!signatures) return fail(signatures.error());
  const JsonValue value = json->root()["signed"];
  const Result<JsonObject> object = value.object();
  if (!object) return fail(object.error());

  const Result<std::string_view> of_type = value["_type"].string();
  if (!of_type) return fail(of_type.error());
  if (*of_type != type) return malformed(value["_type"], "metadata: of another type");
  const Result<std::string_view> spec = value["spec_version"].string();
  if (!spec) return fail(spec.error());
  if (!is_known_spec(*spec)) {
    return malformed(value["spec_version"], "metadata: not of specification 1.x");
  }
  const Result<std::int64_t> version = integer_from(value["version"], 1);
  if (!version) return fail(version.error());
  const Result<std::string_view> date = value["expires"].string();
  if (!date) return fail(date.error());
  const Result<UtcInstant> expires = parse_date(*date);
  if (!expires) return malformed(value["expires"], expires.error().what);

  T out;
  out.version = *version;
  out.expires = *expires;
  out.signatures = std::move(*signatures);
  out.message = canonical(value);
  const Result<void> rest = body(value, out);
  if (!rest) return fail(rest.error());
  return out;
}

Result<FileMeta> parse_file_meta(JsonValue value) {
  const Result<JsonObject> object = value.object();
  if (!object) return fail(object.error());
  const Result<std::int64_t> version = integer_from(value["version"], 1);
  if (!version) return fail(version.error());
  FileMeta out{.version = *version, .length = std::nullopt, .hashes = std::nullopt};
  if (const auto length = object->find("length")) {
    const Result<std::int64_t> bytes = integer_from(*length, 0);
    if (!bytes) return fail(bytes.error());
    out.length = static_cast<std::uint64_t>(*bytes);
  }
  if (const auto hashes = object->find("hashes")) {
    const Result<Hashes> known = parse_hashes(*hashes);
    if (!known) return fail(known.error());
    out.hashes = *known;
  }
  return out;
}

Result<TargetEntry> parse_target(JsonValue value) {
  const Result<JsonObject> object = value.object();
  if (!object) return fail(object.error());
  const Result<std::int64_t> length = integer_from(value["length"], 0);
  if (!length) return fail(length.error());
  const Result<Hashes> hashes = parse_hashes(value["hashes"]);
  if (!hashes) return fail(hashes.error());
  TargetEntry out{.length = static_cast<std::uint64_t>(*length), .hashes = *hashes, .custom = {}};
  if (const auto custom = object->find("custom")) {
    const Result<JsonObject> members = custom->object();
    if (!members) return fail(members.error());
    if (const auto ems = members->find("ems")) out.custom = parse_device_target(*ems);
  }
  return out;
}

Result<std::vector<std::string>> parse_texts(JsonValue value) {
  const Result<JsonArray> list = value.array();
  if (!list) return fail(list.error());
  std::vector<std::string> out;
  for (const JsonValue entry : *list) {
    Result<std::string> one = text(entry);
    if (!one) return fail(one.error());
    out.push_back(std::move(*one));
  }
  return out;
}

Result<DelegatedRole> parse_delegated_role(JsonValue value) {
  const Result<JsonObject> object = value.object();
  if (!object) return fail(object.error());
  Result<Role> role = parse_role(value);
  if (!role) return fail(role.error());
  Result<std::string> name = text(value["name"]);
  if (!name) return fail(name.error());
  if (name->empty() || std::ranges::find(kTopRoles, *name) != kTopRoles.end()) {
    return malformed(value["name"], "delegation: a name that is none or a top-level role's");
  }
  const Result<bool> terminating = value["terminating"].boolean();
  if (!terminating) return fail(terminating.error());
  const auto paths = object->find("paths");
  const auto prefixes = object->find("path_hash_prefixes");
  if (paths.has_value() == prefixes.has_value()) {
    return malformed(value, "delegation: paths or path_hash_prefixes, one of them");
  }
  Result<std::vector<std::string>> texts = parse_texts(paths ? *paths : *prefixes);
  if (!texts) return fail(texts.error());
  DelegatedRole out;
  static_cast<Role&>(out) = std::move(*role);
  out.name = std::move(*name);
  out.terminating = *terminating;
  (paths ? out.paths : out.path_hash_prefixes) = std::move(*texts);
  return out;
}

Result<void> parse_delegations(JsonValue value, const Crypto& crypto, Targets& out) {
  const Result<JsonObject> object = value.object();
  if (!object) return fail(object.error());
  if (object->find("succinct_roles")) {
    return fail(Errc::unimplemented, value.offset(), "delegations: succinct roles (TAP 15)");
  }
  Result<KeyRing> keys = parse_keys(value["keys"], crypto);
  if (!keys) return fail(keys.error());
  out.keys = std::move(*keys);
  const Result<JsonArray> roles = value["roles"].array();
  if (!roles) return fail(roles.error());
  std::set<std::string, std::less<>> seen;
  for (const JsonValue entry : *roles) {
    Result<DelegatedRole> role = parse_delegated_role(entry);
    if (!role) return fail(role.error());
    if (!seen.insert(role->name).second) return malformed(entry, "delegations: a role twice");
    out.roles.push_back(std::move(*role));
  }
  return {};
}

}  // namespace

Result<UtcInstant> parse_date(std::string_view text) noexcept {
  constexpr std::size_t kSize = std::string_view("0001-01-01T00:00:00Z").size();
  const Result<UtcInstant> at = parse_utc(text);
  if (!at || text.size() != kSize || text.starts_with("0000")) {
    return fail(Errc::malformed, 0, "a date that is not YYYY-MM-DDTHH:MM:SSZ");
  }
  return at;
}

Result<Root> parse_root(Bytes file, std::size_t size_max, const Crypto& crypto) {
  return parse_file<Root>(file, size_max, "root", [&](JsonValue body, Root& out) -> Result<void> {
    if (const auto consistent = body.object()->find("consistent_snapshot")) {
      const Result<bool> value = consistent->boolean();
      if (!value) return fail(value.error());
      out.consistent_snapshot = *value;
    }
    Result<KeyRing> keys = parse_keys(body["keys"], crypto);
    if (!keys) return fail(keys.error());
    out.keys = std::move(*keys);
    for (std::size_t i = 0; i < kTopRoles.size(); ++i) {
      Result<Role> role = parse_role(body["roles"][kTopRoles[i]]);
      if (!role) return fail(role.error());
      out.roles[i] = std::move(*role);
    }
    return {};
  });
}

Result<Timestamp> parse_timestamp(Bytes file, std::size_t size_max) {
  return parse_file<Timestamp>(
      file, size_max, "timestamp", [](JsonValue body, Timestamp& out) -> Result<void> {
        const Result<JsonObject> meta = body["meta"].object();
        if (!meta) return fail(meta.error());
        if (meta->size() != 1) return malformed(body["meta"], "timestamp: of more than a snapshot");
        const Result<FileMeta> snapshot = parse_file_meta((*meta)["snapshot.json"]);
        if (!snapshot) return fail(snapshot.error());
        out.snapshot = *snapshot;
        return {};
      });
}

Result<Snapshot> parse_snapshot(Bytes file, std::size_t size_max) {
  return parse_file<Snapshot>(file, size_max, "snapshot",
                              [](JsonValue body, Snapshot& out) -> Result<void> {
                                const Result<JsonObject> meta = body["meta"].object();
                                if (!meta) return fail(meta.error());
                                for (const auto [name, value] : *meta) {
                                  const Result<FileMeta> one = parse_file_meta(value);
                                  if (!one) return fail(one.error());
                                  out.files.emplace(name, *one);
                                }
                                return {};
                              });
}

Result<Targets> parse_targets(Bytes file, std::size_t size_max, const Crypto& crypto) {
  return parse_file<Targets>(
      file, size_max, "targets", [&](JsonValue body, Targets& out) -> Result<void> {
        const Result<JsonObject> targets = body["targets"].object();
        if (!targets) return fail(targets.error());
        for (const auto [path, value] : *targets) {
          Result<TargetEntry> entry = parse_target(value);
          if (!entry) return fail(entry.error());
          out.targets.emplace(path, std::move(*entry));
        }
        const auto delegations = body.object()->find("delegations");
        return delegations ? parse_delegations(*delegations, crypto, out) : Result<void>{};
      });
}

}  // namespace ems::ota::tuf
