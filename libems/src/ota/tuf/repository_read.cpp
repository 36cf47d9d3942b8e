// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ems/ota/signature.hpp"
#include "ems/ota/tuf/metadata.hpp"
#include "ems/ota/tuf/repository.hpp"
#include "ota/tuf/repository_text.hpp"

namespace ems::ota::tuf {

using detail::EditArray;
using detail::EditObject;
using detail::Envelope;
using detail::JsonEdit;

namespace {

constexpr std::string_view kTopLevel[] = {"root", "targets", "snapshot", "timestamp"};

bool from_hex(std::string_view text, MutableBytes out) {
  if (text.size() != 2 * out.size()) return false;
  const auto nibble = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = nibble(text[2 * i]);
    const int low = nibble(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::byte>(high * 16 + low);
  }
  return true;
}

Result<PublicKey> parse_key_object(const Crypto& crypto, JsonEdit& object) {
  const auto* type = object.find<std::string>("keytype");
  const auto* scheme = object.find<std::string>("scheme");
  auto* keyval = object.find("keyval");
  const auto* text = keyval == nullptr ? nullptr : keyval->find<std::string>("public");
  if (type == nullptr || scheme == nullptr || text == nullptr) {
    return fail(Errc::malformed, 0, "a key has keytype, scheme and keyval.public");
  }
  if (*type != "ed25519" || *scheme != "ed25519") {
    return fail(Errc::unimplemented, 0, "the key is not an Ed25519 key");
  }
  std::array<std::byte, 32> bytes{};
  if (!from_hex(*text, bytes)) {
    return fail(Errc::malformed, 0, "a public key is 64 lower-case hexadecimal digits");
  }
  return make_public_key(crypto, bytes);
}

/// `keyids`, `threshold`, and the object that has `keys` by id.
Result<RoleKeys> role_keys(const Crypto& crypto, JsonEdit& role, JsonEdit& scope) {
  auto* ids = role.find<EditArray>("keyids");
  auto* keys = scope.find("keys");
  const auto* threshold = role.find<std::int64_t>("threshold");
  if (ids == nullptr || keys == nullptr || threshold == nullptr || *threshold < 1) {
    return fail(Errc::malformed, 0, "a role has keyids and a threshold of at least 1");
  }
  RoleKeys out{{}, *threshold};
  for (JsonEdit& item : *ids) {
    const auto* id = item.as<std::string>();
    auto* object = id == nullptr ? nullptr : keys->find(*id);
    if (object == nullptr) return fail(Errc::malformed, 0, "a role names a key that is not there");
    Result<PublicKey> key = parse_key_object(crypto, *object);
    if (!key && key.error().code == Errc::unimplemented) continue;  // Kept, but not counted here.
    if (!key) return fail(key.error());
    key->id = *id;  // An id is opaque: TAP 12.
    out.keys.push_back(*std::move(key));
  }
  return out;
}

}  // namespace

namespace detail {

std::string to_hex(Bytes data) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(2 * data.size());
  for (const std::byte byte : data) {
    out += kHex[std::to_integer<std::size_t>(byte >> 4)];
    out += kHex[std::to_integer<std::size_t>(byte & std::byte{0xF})];
  }
  return out;
}

JsonEdit key_object(const PublicKey& key) {
  return EditObject{{"keytype", "ed25519"},
                    {"keyval", EditObject{{"public", to_hex(key.bytes)}}},
                    {"scheme", "ed25519"}};
}

Result<Envelope> Envelope::parse(std::string_view file) {
  Result<JsonEdit> document = JsonEdit::parse(file);
  if (!document) return fail(document.error());
  if (document->find<EditArray>("signatures") == nullptr ||
      document->find<EditObject>("signed") == nullptr) {
    return fail(Errc::malformed, 0, "metadata is an object with signatures and signed");
  }
  return Envelope{*std::move(document)};
}

}  // namespace detail

Result<PublicKey> make_public_key(const Crypto& crypto, Bytes bytes) {
  if (const auto usable = check_key(crypto, Scheme::ed25519, bytes); !usable) {
    return fail(usable.error());
  }
  PublicKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
  const std::string object = to_text(key);  // Already in the canonical form.
  key.id = detail::to_hex(crypto.sha256(std::as_bytes(std::span(object))));
  return key;
}

Result<PublicKey> parse_public_key(const Crypto& crypto, std::string_view text) {
  Result<JsonEdit> object = JsonEdit::parse(text);
  if (!object) return fail(object.error());
  return parse_key_object(crypto, *object);
}

std::string to_text(const PublicKey& key) {
  return R"({"keytype":"ed25519","keyval":{"public":")" + detail::to_hex(key.bytes) +
         R"("},"scheme":"ed25519"})";
}

Result<std::string> signed_bytes(std::string_view file) {
  const auto json = Json::parse(std::as_bytes(std::span(file)));
  if (!json) return fail(json.error());
  const JsonValue body = json->root()["signed"];
  if (const auto object = body.object(); !object) return fail(object.error());
  const std::vector<std::byte> bytes = canonical(body);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<FileHead> read_head(std::string_view file) {
  Result<Envelope> envelope = Envelope::parse(file);
  if (!envelope) return fail(envelope.error());
  const auto* type = envelope->body().find<std::string>("_type");
  const auto* version = envelope->body().find<std::int64_t>("version");
  const auto* expires = envelope->body().find<std::string>("expires");
  const auto date = expires == nullptr ? Result<UtcInstant>(fail(Errc::malformed, 0, "no date"))
                                       : parse_date(*expires);
  if (type == nullptr || version == nullptr || *version < 1 || !date) {
    return fail(Errc::malformed, 0, "metadata has _type, version and expires");
  }
  return FileHead{*type, *version, *date};
}

Result<FileVersions> read_versions(std::string_view file) {
  Result<Envelope> envelope = Envelope::parse(file);
  if (!envelope) return fail(envelope.error());
  auto* meta = envelope->body().find<EditObject>("meta");
  if (meta == nullptr) return fail(Errc::malformed, 0, "snapshot and timestamp have meta");
  FileVersions out;
  for (auto& [name, entry] : *meta) {
    const auto* version = entry.find<std::int64_t>("version");
    if (version == nullptr || *version < 1) {
      return fail(Errc::malformed, 0, "a listed file has a version");
    }
    out.emplace(name, *version);
  }
  return out;
}

Result<RoleKeys> read_role(const Crypto& crypto, std::string_view file, std::string_view role) {
  Result<Envelope> envelope = Envelope::parse(file);
  if (!envelope) return fail(envelope.error());
  const Failure none = fail(Errc::not_found, 0, "the file knows no such role");
  JsonEdit& body = envelope->body();
  if (std::find(std::begin(kTopLevel), std::end(kTopLevel), role) != std::end(kTopLevel)) {
    auto* roles = body.find("roles");
    auto* entry = roles == nullptr ? nullptr : roles->find(role);
    return entry == nullptr ? none : role_keys(crypto, *entry, body);
  }
  auto* delegations = body.find("delegations");
  auto* roles = delegations == nullptr ? nullptr : delegations->find<EditArray>("roles");
  if (roles == nullptr) return none;
  for (JsonEdit& entry : *roles) {
    const auto* name = entry.find<std::string>("name");
    if (name != nullptr && *name == role) return role_keys(crypto, entry, *delegations);
  }
  return none;
}

Result<std::vector<std::string>> read_delegations(std::string_view targets) {
  Result<Envelope> envelope = Envelope::parse(targets);
  if (!envelope) return fail(envelope.error());
  std::vector<std::string> out;
  auto* delegations = envelope->body().find("delegations");
  if (delegations == nullptr) return out;
  auto* roles = delegations->find<EditArray>("roles");
  if (roles == nullptr) return fail(Errc::malformed, 0, "delegations have a list of roles");
  for (JsonEdit& entry : *roles) {
    const auto* name = entry.find<std::string>("name");
    if (name == nullptr) return fail(Errc::malformed, 0, "a delegated role has a name");
    out.push_back(*name);
  }
  return out;
}

Result<SignatureCount> count_signatures(const Crypto& crypto, std::string_view file,
                                        const RoleKeys& role) {
  Result<Envelope> envelope = Envelope::parse(file);
  if (!envelope) return fail(envelope.error());
  const Result<std::string> message = signed_bytes(file);
  if (!message) return fail(message.error());
  SignatureCount out{{}, role.threshold};
  std::vector<std::array<std::byte, 32>> counted;
  for (JsonEdit& item : envelope->signatures()) {
    const auto* id = item.find<std::string>("keyid");
    const auto* hex = item.find<std::string>("sig");
    std::array<std::byte, 64> signature{};
    if (id == nullptr || hex == nullptr || !from_hex(*hex, signature)) continue;
    const auto key = std::find_if(role.keys.begin(), role.keys.end(),
                                  [id](const PublicKey& each) { return each.id == *id; });
    if (key == role.keys.end() ||
        std::find(counted.begin(), counted.end(), key->bytes) != counted.end() ||
        !verify(crypto, Scheme::ed25519, key->bytes, std::as_bytes(std::span(*message)),
                signature)) {
      continue;
    }
    counted.push_back(key->bytes);
    out.signed_by.push_back(*id);
  }
  return out;
}

}  // namespace ems::ota::tuf
