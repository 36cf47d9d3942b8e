// SPDX-License-Identifier: Apache-2.0
/// @file A small TUF repository that a test changes and signs at will, right or wrong. Its keys are
/// made from names: tests/vectors/ota/tuf/generated/test_keys.json has the same rule.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ems/core/assert.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/ota/tuf/json.hpp"
#include "support/ota_memory.hpp"

namespace ems::test {

inline std::string ota_hex(Bytes bytes) {
  std::string out;
  for (const std::byte b : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += kDigits[std::to_integer<std::size_t>(b >> 4)];
    out += kDigits[std::to_integer<std::size_t>(b & std::byte{15})];
  }
  return out;
}
inline std::string ota_sha256(std::string_view text) {
  return ota_hex(io::OpenSslCrypto().sha256(std::as_bytes(std::span(text))));
}
inline std::string ota_sha512(std::string_view text) {
  return ota_hex(io::OpenSslCrypto().sha512(std::as_bytes(std::span(text))));
}

/// An Ed25519 key of a name. Its key id is the name.
class OtaKey {
 public:
  explicit OtaKey(const std::string& name) : key_(nullptr, &EVP_PKEY_free) {
    const std::string seed = "libems-ota-test-key:" + name;
    const auto bytes = io::OpenSslCrypto().sha256(std::as_bytes(std::span(seed)));
    key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(bytes.data()), 32));
    EMS_ASSERT(key_ != nullptr);
  }
  [[nodiscard]] std::string public_hex() const {
    std::array<std::byte, 32> out{};
    std::size_t size = out.size();
    EMS_ASSERT(EVP_PKEY_get_raw_public_key(key_.get(), raw(out.data()), &size) == 1);
    return ota_hex(out);
  }
  [[nodiscard]] nlohmann::json object() const {
    return {{"keytype", "ed25519"}, {"scheme", "ed25519"}, {"keyval", {{"public", public_hex()}}}};
  }
  [[nodiscard]] std::string sign(Bytes message) const {
    std::array<std::byte, 64> out{};
    std::size_t size = out.size();
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     &EVP_MD_CTX_free);
    EMS_ASSERT(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
    EMS_ASSERT(EVP_DigestSign(context.get(), raw(out.data()), &size, raw(message.data()),
                              message.size()) == 1);
    return ota_hex(out);
  }

 private:
  static const unsigned char* raw(const std::byte* data) {
    return reinterpret_cast<const unsigned char*>(data);
  }
  static unsigned char* raw(std::byte* data) { return reinterpret_cast<unsigned char*>(data); }
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

/// The `signed` parts are plain JSON and may be changed to anything; publish() fills in what names
/// them above and signs them, put() serves one as it is.
class OtaRepository {
 public:
  using Names = std::vector<std::string>;  ///< Of keys.
  nlohmann::json root, timestamp, snapshot, targets;
  std::map<std::string, nlohmann::json> delegated;  ///< `signed` by role.
  std::map<std::string, Names> signers;             ///< By role.
  bool hashes = true;                               ///< Lengths and hashes of metadata files.
  MemoryFetcher fetcher;

  OtaRepository() {
    root = head("root", 1);
    root["consistent_snapshot"] = true;
    root["keys"] = nlohmann::json::object();
    set_role("root", {"r1", "r2", "r3"}, 2);
    set_role("targets", {"t1", "t2", "t3"}, 2);
    set_role("snapshot", {"s1"}, 1);
    set_role("timestamp", {"ts1"}, 1);
    targets = head("targets", 1);
    targets["targets"] = nlohmann::json::object();
    snapshot = head("snapshot", 1);
    timestamp = head("timestamp", 1);
    add_target(targets, "fw/edge.img", "the firmware of the edge");
    publish_root();
    publish();
  }

  static nlohmann::json head(const char* type, int version) {
    return {{"_type", type},
            {"spec_version", "1.0.31"},
            {"version", version},
            {"expires", "2040-01-01T00:00:00Z"}};
  }
  /// A role's keys in the root, and who signs for it from now on: all that are needed.
  void set_role(const std::string& role, const Names& keys, std::size_t threshold) {
    for (const std::string& key : keys) root["keys"][key] = OtaKey(key).object();
    root["roles"][role] = {{"keyids", keys}, {"threshold", threshold}};
    signers[role] = Names(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(threshold));
  }
  static nlohmann::json entry(std::string_view content) {
    return {{"length", content.size()}, {"hashes", {{"sha256", ota_sha256(content)}}}};
  }
  /// Lists a target in a targets file and serves its content.
  void add_target(nlohmann::json& file, const std::string& path, const std::string& content) {
    file["targets"][path] = entry(content);
    serve_target(path, content);
  }
  void serve_target(const std::string& path, const std::string& content) {
    const std::size_t name = path.rfind('/') + 1;  // npos + 1 is 0.
    fetcher
        .files["targets/" + path.substr(0, name) + ota_sha256(content) + "." + path.substr(name)] =
        ota_bytes(content);
    fetcher.files["targets/" + path] = ota_bytes(content);
  }
  /// A delegation of one key, named as the role, behind those that are there.
  void delegate(nlohmann::json& from, const std::string& role, const Names& paths,
                bool terminating = false) {
    if (!from.contains("delegations")) {
      from["delegations"] = {{"keys", nlohmann::json::object()},
                             {"roles", nlohmann::json::array()}};
    }
    from["delegations"]["keys"][role] = OtaKey(role).object();
    from["delegations"]["roles"].push_back({{"name", role},
                                            {"keyids", {role}},
                                            {"threshold", 1},
                                            {"terminating", terminating},
                                            {"paths", paths}});
    if (delegated.contains(role)) return;
    delegated[role] = head("targets", 1);
    delegated[role]["targets"] = nlohmann::json::object();
    signers[role] = {role};
  }

  [[nodiscard]] static OtaBytes sign(const nlohmann::json& part, const Names& keys) {
    nlohmann::json file = {{"signatures", nlohmann::json::array()}, {"signed", part}};
    const std::string text = file.dump();
    const auto parsed =
        ota::tuf::Json::parse(std::as_bytes(std::span(text)), {.depth = 64, .members = 1'000'000});
    if (!parsed) return ota_bytes(text);  // Not what anybody can sign.
    const auto message = ota::tuf::canonical(parsed->root()["signed"]);
    for (const std::string& key : keys) {
      file["signatures"].push_back({{"keyid", key}, {"sig", OtaKey(key).sign(message)}});
    }
    return ota_bytes(file.dump(1));
  }
  OtaBytes& put(const std::string& name, OtaBytes file) {
    return fetcher.files["metadata/" + name] = std::move(file);
  }
  OtaBytes& put(const std::string& name, const nlohmann::json& part, const Names& keys) {
    return put(name, sign(part, keys));
  }
  /// Serves the root under its version.
  void publish_root(Names keys = {}) {
    if (keys.empty()) keys = signers["root"];
    put(root["version"].dump() + ".root.json", root, keys);
    if (root["version"] == 1) first_root = sign(root, keys);
  }
  /// Signs and serves everything else, each under both names.
  void publish() {
    for (const auto& [role, part] : delegated) list(snapshot, role, part);
    list(snapshot, "targets", targets);
    list(timestamp, "snapshot", snapshot);
    put("timestamp.json", timestamp, signers["timestamp"]);
  }
  /// A new version of all but the root.
  void publish_next() {
    for (nlohmann::json* part : {&targets, &snapshot, &timestamp}) {
      (*part)["version"] = (*part)["version"].get<int>() + 1;
    }
    publish();
  }
  OtaBytes first_root;

 private:
  void list(nlohmann::json& above, const std::string& role, const nlohmann::json& part) {
    const OtaBytes file = sign(part, signers[role]);
    nlohmann::json& meta = above["meta"][role + ".json"];
    meta = {{"version", part["version"]}};
    if (hashes) {
      meta["length"] = file.size();
      meta["hashes"] = {{"sha256", ota_sha256(ota_text(file))}};
    }
    put(part["version"].dump() + "." + role + ".json", file);
    put(role + ".json", file);
  }
};

}  // namespace ems::test
