// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/repository.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "ems/core/utc_text.hpp"
#include "ems/ota/tuf/target_name.hpp"
#include "ota/tuf/repository_text.hpp"

namespace ems::ota::tuf {

using detail::EditArray;
using detail::EditObject;
using detail::Envelope;
using detail::JsonEdit;
using detail::key_object;
using detail::to_hex;

namespace {

constexpr std::string_view kSpecVersion = "1.0.34";

std::string date_text(UtcInstant at) {
  UtcText room;
  return std::string(format_utc(at, 0, room));
}

std::string file_text(std::string_view type, std::int64_t version, UtcInstant expires,
                      EditObject body) {
  body.insert_or_assign("_type", type);
  body.insert_or_assign("spec_version", kSpecVersion);
  body.insert_or_assign("version", version);
  body.insert_or_assign("expires", date_text(expires));
  return detail::to_text(EditObject{{"signatures", EditArray{}}, {"signed", std::move(body)}});
}

Result<void> check_roles(const RoleKeys& role) {
  const auto count = static_cast<std::int64_t>(role.keys.size());
  if (role.threshold < 1 || role.threshold > count) {
    return fail(Errc::invalid_argument, 0, "a threshold is 1 to the number of the role's keys");
  }
  std::set<std::array<std::byte, 32>> seen;
  for (const PublicKey& key : role.keys) {
    if (!seen.insert(key.bytes).second) {
      return fail(Errc::invalid_argument, 0, "a key stands twice in one role");
    }
  }
  return {};
}

EditArray key_ids(const RoleKeys& role) {
  EditArray ids;
  for (const PublicKey& key : role.keys) ids.emplace_back(key.id);
  return ids;
}

bool is_ascii(std::string_view text) {
  constexpr char kFirst = 0x20;
  constexpr char kLast = 0x7E;
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= kFirst && c <= kLast; });
}

/// Keys that no role of `roles` names any more go.
void drop_unused(EditObject& keys, const std::vector<JsonEdit*>& roles) {
  std::set<std::string, std::less<>> used;
  for (JsonEdit* role : roles) {
    if (auto* ids = role->find<EditArray>("keyids"); ids != nullptr) {
      for (JsonEdit& id : *ids) {
        if (const auto* text = id.as<std::string>()) used.insert(*text);
      }
    }
  }
  std::erase_if(keys, [&used](const auto& entry) { return !used.contains(entry.first); });
}

std::string without_signatures(Envelope& envelope) {
  envelope.signatures().clear();
  return detail::to_text(envelope.document);
}

Result<JsonEdit> custom_of(const DeviceTarget& device) {
  const Failure counters = fail(Errc::invalid_argument, 0, "a counter is not negative");
  if (device.release_counter < 0 || device.security_floor < 0) return counters;
  if (device.min_from_counter.value_or(0) < 0) return counters;
  if (device.security_floor > device.release_counter) {  // No device takes it: see device.cpp.
    return fail(Errc::invalid_argument, 0, "the security floor is above the release counter");
  }
  bool ascii = is_ascii(device.component) && is_ascii(device.version) && is_ascii(device.payload);
  EditArray hardware;
  for (const std::string& id : device.hardware_ids) {
    ascii = ascii && is_ascii(id);
    hardware.emplace_back(id);
  }
  if (!ascii || hardware.empty()) {
    return fail(Errc::invalid_argument, 0,
                "hardware ids, component, version and payload are printable ASCII, at least one "
                "hardware id");
  }
  EditObject ems{{"hardware_ids", std::move(hardware)},
                 {"component", device.component},
                 {"version", device.version},
                 {"release_counter", device.release_counter},
                 {"security_floor", device.security_floor},
                 {"payload", device.payload}};
  if (device.min_from_counter) ems.insert_or_assign("min_from_counter", *device.min_from_counter);
  if (device.published) ems.insert_or_assign("published", date_text(*device.published));
  return JsonEdit(EditObject{{"ems", std::move(ems)}});
}

/// One role's `keyids` and `threshold`.
Result<void> apply(JsonEdit& role, EditObject& keys, const RootChange& change) {
  auto* ids = role.find<EditArray>("keyids");
  auto* threshold = role.find<std::int64_t>("threshold");
  if (ids == nullptr || threshold == nullptr) {
    return fail(Errc::malformed, 0, "a role has keyids and a threshold");
  }
  const auto place = [ids](std::string_view id) {
    return std::find_if(ids->begin(), ids->end(), [id](JsonEdit& each) {
      const auto* text = each.as<std::string>();
      return text != nullptr && *text == id;
    });
  };
  for (const std::string& id : change.remove) {
    const auto at = place(id);
    if (at == ids->end()) return fail(Errc::not_found, 0, "the role has no such key");
    ids->erase(at);
  }
  for (const PublicKey& key : change.add) {
    if (place(key.id) != ids->end()) {
      return fail(Errc::invalid_argument, 0, "a key stands twice in one role");
    }
    ids->emplace_back(key.id);
    keys.insert_or_assign(key.id, key_object(key));
  }
  *threshold = change.threshold.value_or(*threshold);
  if (*threshold < 1 || *threshold > static_cast<std::int64_t>(ids->size())) {
    return fail(Errc::invalid_argument, 0, "a threshold is 1 to the number of the role's keys");
  }
  return {};
}

EditObject reference_entry(const FileReference& file) {
  return {{"version", file.version},
          {"length", static_cast<std::int64_t>(file.length)},
          {"hashes", EditObject{{"sha256", to_hex(file.sha256)}}}};
}

}  // namespace

Result<std::string> make_root(const RootRoles& roles, UtcInstant expires) {
  EditObject keys;
  EditObject entries;
  const std::pair<std::string_view, const RoleKeys*> all[] = {{"root", &roles.root},
                                                              {"targets", &roles.targets},
                                                              {"snapshot", &roles.snapshot},
                                                              {"timestamp", &roles.timestamp}};
  for (const auto& [name, role] : all) {
    if (const auto fine = check_roles(*role); !fine) return fail(fine.error());
    for (const PublicKey& key : role->keys) keys.insert_or_assign(key.id, key_object(key));
    entries.emplace(name, EditObject{{"keyids", key_ids(*role)}, {"threshold", role->threshold}});
  }
  return file_text(
      "root", 1, expires,
      {{"consistent_snapshot", true}, {"keys", std::move(keys)}, {"roles", std::move(entries)}});
}

std::string make_targets(UtcInstant expires) {
  return file_text("targets", 1, expires, {{"targets", EditObject{}}});
}

std::string make_snapshot(std::int64_t version, UtcInstant expires,
                          std::span<const FileReference> files) {
  EditObject meta;
  for (const FileReference& file : files) meta.insert_or_assign(file.name, reference_entry(file));
  return file_text("snapshot", version, expires, {{"meta", std::move(meta)}});
}

std::string make_timestamp(std::int64_t version, UtcInstant expires,
                           const FileReference& snapshot) {
  return file_text("timestamp", version, expires,
                   {{"meta", EditObject{{"snapshot.json", reference_entry(snapshot)}}}});
}

Result<std::string> with_version(std::string_view file, std::int64_t version, UtcInstant expires) {
  if (version < 1) return fail(Errc::invalid_argument, 0, "a version is 1 or more");
  Result<Envelope> envelope = Envelope::parse(file);
  if (!envelope) return fail(envelope.error());
  auto& body = *envelope->body().as<EditObject>();
  body.insert_or_assign("version", version);
  body.insert_or_assign("expires", date_text(expires));
  return without_signatures(*envelope);
}

Result<std::string> with_change(std::string_view root, const RootChange& change) {
  Result<Envelope> envelope = Envelope::parse(root);
  if (!envelope) return fail(envelope.error());
  auto* keys = envelope->body().find<EditObject>("keys");
  auto* roles = envelope->body().find<EditObject>("roles");
  if (keys == nullptr || roles == nullptr) {
    return fail(Errc::malformed, 0, "a root has keys and roles");
  }
  const auto role = roles->find(change.role);
  if (role == roles->end()) return fail(Errc::not_found, 0, "a root has no such role");
  if (const auto done = apply(role->second, *keys, change); !done) return fail(done.error());
  std::vector<JsonEdit*> left;
  for (auto& entry : *roles) left.push_back(&entry.second);
  drop_unused(*keys, left);
  return without_signatures(*envelope);
}

Result<std::string> with_target(std::string_view targets, const Target& target) {
  if (const auto fine = check_target_name(target.path); !fine) return fail(fine.error());
  constexpr std::uint64_t kLengthMax = std::numeric_limits<std::int64_t>::max();
  if (!target.sha256 || target.length > kLengthMax) {
    return fail(Errc::invalid_argument, 0, "a target has a length and a SHA-256");
  }
  Result<Envelope> envelope = Envelope::parse(targets);
  if (!envelope) return fail(envelope.error());
  auto* all = envelope->body().find<EditObject>("targets");
  if (all == nullptr) return fail(Errc::malformed, 0, "a targets file has targets");
  EditObject hashes{{"sha256", to_hex(*target.sha256)}};
  if (target.sha512) hashes.insert_or_assign("sha512", to_hex(*target.sha512));
  EditObject entry{{"length", static_cast<std::int64_t>(target.length)},
                   {"hashes", std::move(hashes)}};
  if (target.device) {
    Result<JsonEdit> custom = custom_of(*target.device);
    if (!custom) return fail(custom.error());
    entry.insert_or_assign("custom", *std::move(custom));
  }
  all->insert_or_assign(target.path, std::move(entry));
  return without_signatures(*envelope);
}

Result<std::string> without_target(std::string_view targets, std::string_view path) {
  Result<Envelope> envelope = Envelope::parse(targets);
  if (!envelope) return fail(envelope.error());
  auto* all = envelope->body().find<EditObject>("targets");
  if (all == nullptr) return fail(Errc::malformed, 0, "a targets file has targets");
  const auto at = all->find(path);
  if (at == all->end()) return fail(Errc::not_found, 0, "no such target");
  all->erase(at);
  return without_signatures(*envelope);
}

Result<std::string> with_delegation(std::string_view targets, const Delegation& delegation) {
  if (const auto fine = check_roles(delegation.keys); !fine) return fail(fine.error());
  constexpr std::string_view kTaken[] = {"root", "targets", "snapshot", "timestamp"};
  // A name that stands for itself in a URL is the same in a folder whatever the web server decodes.
  if (delegation.role.empty() || percent_encoded(delegation.role) != delegation.role ||
      delegation.paths.empty() ||
      std::find(std::begin(kTaken), std::end(kTaken), delegation.role) != std::end(kTaken) ||
      !std::all_of(delegation.paths.begin(), delegation.paths.end(), is_ascii)) {
    return fail(Errc::invalid_argument, 0,
                "a delegated role has a name of its own, of A-Za-z0-9_.-~, and at least one path, "
                "printable ASCII");
  }
  Result<Envelope> envelope = Envelope::parse(targets);
  if (!envelope) return fail(envelope.error());
  auto* body = envelope->body().as<EditObject>();
  body->try_emplace("delegations", EditObject{{"keys", EditObject{}}, {"roles", EditArray{}}});
  JsonEdit& delegations = body->find("delegations")->second;
  auto* keys = delegations.find<EditObject>("keys");
  auto* roles = delegations.find<EditArray>("roles");
  if (keys == nullptr || roles == nullptr) {
    return fail(Errc::malformed, 0, "delegations have keys and roles");
  }
  EditArray paths;
  for (const std::string& path : delegation.paths) paths.emplace_back(path);
  const JsonEdit entry = EditObject{{"name", delegation.role},
                                    {"keyids", key_ids(delegation.keys)},
                                    {"threshold", delegation.keys.threshold},
                                    {"paths", std::move(paths)},
                                    {"terminating", delegation.terminating}};
  for (const PublicKey& key : delegation.keys.keys) {
    keys->insert_or_assign(key.id, key_object(key));
  }
  const auto at = std::find_if(roles->begin(), roles->end(), [&delegation](JsonEdit& role) {
    const auto* name = role.find<std::string>("name");
    return name != nullptr && *name == delegation.role;
  });
  if (at == roles->end()) {
    roles->push_back(entry);
  } else {
    *at = entry;
  }
  std::vector<JsonEdit*> left;
  for (JsonEdit& role : *roles) left.push_back(&role);
  drop_unused(*keys, left);
  return without_signatures(*envelope);
}

Result<std::string> with_signature(std::string_view file, std::string_view key_id,
                                   Bytes signature) {
  Result<Envelope> envelope = Envelope::parse(file);
  if (!envelope) return fail(envelope.error());
  EditArray& signatures = envelope->signatures();
  std::erase_if(signatures, [key_id](JsonEdit& each) {
    const auto* id = each.find<std::string>("keyid");
    return id != nullptr && *id == key_id;
  });
  signatures.emplace_back(EditObject{{"keyid", key_id}, {"sig", to_hex(signature)}});
  return detail::to_text(envelope->document);
}

}  // namespace ems::ota::tuf
