// SPDX-License-Identifier: Apache-2.0
// Keys, roles and what counts towards a threshold.
#include <algorithm>
#include <set>
#include <utility>

#include "ems/ota/signature.hpp"
#include "ems/ota/tuf/pem.hpp"
#include "ota/tuf/metadata_parts.hpp"

namespace ems::ota::tuf {
namespace {

constexpr std::size_t kKeyIdMax = 128;  // TAP 12 leaves its form open, not its length.

// Key type and scheme must fit: a key is never tried with another algorithm than its own.
std::optional<Scheme> scheme_of(std::string_view type, std::string_view scheme) noexcept {
  const std::optional<Scheme> named = scheme_named(scheme);
  if (!named) return std::nullopt;
  switch (*named) {
    case Scheme::ed25519:
      return type == "ed25519" ? named : std::nullopt;
    case Scheme::ecdsa_sha2_nistp256:  // The second is how older writers name the type.
      return type == "ecdsa" || type == "ecdsa-sha2-nistp256" ? named : std::nullopt;
    case Scheme::rsassa_pss_sha256:
      return type == "rsa" ? named : std::nullopt;
  }
  return std::nullopt;
}

Result<std::vector<std::byte>> key_bytes(Scheme scheme, std::string_view text) {
  if (scheme != Scheme::ed25519) return spki_from_pem(text);
  std::vector<std::byte> out(text.size() / 2);
  if (!from_hex(text, out)) return fail(Errc::bad_key, 0, "key: not lower-case hex");
  return out;
}

Result<Key> parse_key(JsonValue value, const Crypto& crypto) {
  const Result<std::string_view> type = value["keytype"].string();
  const Result<std::string_view> scheme = value["scheme"].string();
  const Result<JsonObject> keyval = value["keyval"].object();
  if (!type) return fail(type.error());
  if (!scheme) return fail(scheme.error());
  if (!keyval) return fail(keyval.error());
  Key out{.scheme = scheme_of(*type, *scheme), .bytes = {}};
  if (!out.scheme) return out;
  const JsonValue public_part = (*keyval)["public"];
  const Result<std::string_view> text = public_part.string();
  if (!text) return fail(text.error());
  Result<std::vector<std::byte>> bytes = key_bytes(*out.scheme, *text);
  if (!bytes) return fail(Errc::bad_key, public_part.offset(), bytes.error().what);
  const Result<void> good = check_key(crypto, *out.scheme, *bytes);
  if (!good) return fail(Errc::bad_key, public_part.offset(), good.error().what);
  out.bytes = std::move(*bytes);
  return out;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

bool from_hex(std::string_view hex, MutableBytes out) noexcept {
  if (hex.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::byte>(high * 16 + low);
  }
  return true;
}

std::string to_hex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::byte b : bytes) {
    out += kDigits[std::to_integer<std::size_t>(b >> 4)];
    out += kDigits[std::to_integer<std::size_t>(b & std::byte{0xF})];
  }
  return out;
}

Result<std::int64_t> integer_from(JsonValue value, std::int64_t min) {
  const Result<std::int64_t> number = value.integer();
  if (number && *number < min) return malformed(value, "metadata: a number that is too small");
  return number;
}

Result<std::string> text(JsonValue value) {
  const Result<std::string_view> view = value.string();
  if (!view) return fail(view.error());
  return std::string(*view);
}

Result<Hashes> parse_hashes(JsonValue value) {
  const Result<JsonObject> list = value.object();
  if (!list) return fail(list.error());
  if (list->size() == 0) return malformed(value, "metadata: no hash");
  Hashes out;
  for (const auto [algorithm, hash] : *list) {
    const Result<std::string_view> hex = hash.string();
    if (!hex) return fail(hex.error());
    if (algorithm != "sha256" && algorithm != "sha512") continue;
    const bool good = algorithm == "sha256" ? from_hex(*hex, out.sha256.emplace())
                                            : from_hex(*hex, out.sha512.emplace());
    if (!good) return malformed(hash, "metadata: a hash that is not lower-case hex of its size");
  }
  return out;
}

Result<Role> parse_role(JsonValue value) {
  const Result<JsonArray> keyids = value["keyids"].array();
  if (!keyids) return fail(keyids.error());
  Role out;
  std::set<std::string, std::less<>> seen;
  for (const JsonValue keyid : *keyids) {
    Result<std::string> id = text(keyid);
    if (!id) return fail(id.error());
    if (!seen.insert(*id).second) return malformed(keyid, "role: a key id twice");
    out.keyids.push_back(std::move(*id));
  }
  const Result<std::int64_t> threshold = integer_from(value["threshold"], 1);
  if (!threshold) return fail(threshold.error());
  out.threshold = *threshold;
  return out;
}

Result<KeyRing> parse_keys(JsonValue keys, const Crypto& crypto) {
  const Result<JsonObject> list = keys.object();
  if (!list) return fail(list.error());
  KeyRing out;
  for (const auto [id, value] : *list) {
    if (id.empty() || id.size() > kKeyIdMax)
      return malformed(value, "key: an id that is empty or too long");
    Result<Key> key = parse_key(value, crypto);
    if (!key) return fail(key.error());
    out.emplace(id, std::move(*key));
  }
  return out;
}

bool threshold_met(const Crypto& crypto, const Metadata& file, const KeyRing& keys,
                   const Role& role) {
  std::set<std::vector<std::byte>> counted;
  const auto needed = static_cast<std::size_t>(role.threshold);
  for (const Signature& signature : file.signatures) {
    if (counted.size() >= needed) break;
    if (std::ranges::find(role.keyids, signature.keyid) == role.keyids.end()) continue;
    const auto key = keys.find(signature.keyid);
    if (key == keys.end() || !key->second.scheme) continue;
    std::vector<std::byte> bytes(signature.sig.size() / 2);
    if (bytes.empty() || !from_hex(signature.sig, bytes)) continue;
    if (verify(crypto, *key->second.scheme, key->second.bytes, file.message, bytes)) {
      counted.insert(key->second.bytes);
    }
  }
  return role.threshold >= 1 && counted.size() >= needed;
}

}  // namespace ems::ota::tuf
