// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/repository.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace {

using ems::Bytes;
using ems::Errc;
using ems::seconds;
using ems::UtcInstant;
using ems::ota::Scheme;
using namespace ems::ota::tuf;
using nlohmann::json;
using testing::ElementsAre;

constexpr UtcInstant kExpires{seconds(1'900'000'000)};  // 2030-03-17T17:46:40Z
constexpr UtcInstant kLater{seconds(1'900'000'060)};

/// A signature is good when it begins with its key: repository.hpp makes none itself.
class Crypto final : public ems::ota::Crypto {
 public:
  bool verify_raw(Scheme, Bytes key, Bytes, Bytes signature) const noexcept override {
    return std::equal(key.begin(), key.end(), signature.begin());
  }
  bool key_is_valid(Scheme, Bytes) const noexcept override { return true; }
  ems::ota::Sha256 sha256(Bytes data) const noexcept override {
    return {static_cast<std::byte>(data.size()),
            data.empty() ? std::byte{} : data[data.size() / 2]};
  }
  ems::ota::Sha512 sha512(Bytes) const noexcept override { return {}; }
};

const json& test_keys() {
  static const json keys =
      json::parse(std::ifstream(EMS_TEST_VECTORS "/ota/tuf/generated/test_keys.json"))["keys"];
  return keys;
}

PublicKey key_of(const std::string& name) {
  const json object{{"keytype", "ed25519"},
                    {"scheme", "ed25519"},
                    {"keyval", {{"public", test_keys()[name]["public"]}}}};
  auto key = parse_public_key(Crypto{}, object.dump()).value();
  key.id = test_keys()[name]["keyid"];
  return key;
}

RootRoles roles() {
  return {{{key_of("root1"), key_of("root2"), key_of("root3")}, 2},
          {{key_of("tg1"), key_of("tg2")}, 2},
          {{key_of("sn1")}, 1},
          {{key_of("ts1")}, 1}};
}

std::string sign(const std::string& file, const PublicKey& key) {
  std::array<std::byte, 64> signature{};  // S is 0: below the order of the base point.
  std::copy(key.bytes.begin(), key.bytes.end(), signature.begin());
  return with_signature(file, key.id, signature).value();
}

Target target(const std::string& path) {
  Target out;
  out.path = path;
  out.length = 7;
  out.sha256.emplace();
  out.device = DeviceTarget{{"EMS-A"}, "edge", "2.4.1", 7, 5, 3, "raw", kExpires};
  return out;
}

TEST(Repository, KeyObjectIsTheCanonicalForm) {
  for (const auto& [name, entry] : test_keys().items()) {
    EXPECT_EQ(to_text(key_of(name)), entry["canonical_key"]);
  }
}

TEST(Repository, KeyThatNobodyMayTrustIsRefused) {
  EXPECT_EQ(make_public_key(Crypto{}, std::array<std::byte, 32>{}).error().code, Errc::bad_key);
  const std::string zero(64, '0');
  const auto object = [](const std::string& type, const std::string& text) {
    return json{{"keytype", type}, {"scheme", "ed25519"}, {"keyval", {{"public", text}}}}.dump();
  };
  EXPECT_EQ(parse_public_key(Crypto{}, object("ed25519", zero)).error().code, Errc::bad_key);
  EXPECT_EQ(parse_public_key(Crypto{}, object("rsa", zero)).error().code, Errc::unimplemented);
  const std::string upper = "A" + test_keys()["root1"]["public"].get<std::string>().substr(1);
  EXPECT_EQ(parse_public_key(Crypto{}, object("ed25519", upper)).error().code, Errc::malformed);
  EXPECT_EQ(parse_public_key(Crypto{}, "{}").error().code, Errc::malformed);
  EXPECT_EQ(parse_public_key(Crypto{}, "[").error().code, Errc::malformed);
}

TEST(Repository, RootSaysWhoSignsWhat) {
  const auto root = json::parse(make_root(roles(), kExpires).value());
  const json& body = root["signed"];
  EXPECT_EQ(root["signatures"], json::array());
  EXPECT_EQ(body["_type"], "root");
  EXPECT_EQ(body["version"], 1);
  EXPECT_EQ(body["expires"], "2030-03-17T17:46:40Z");
  EXPECT_EQ(body["consistent_snapshot"], true);
  EXPECT_TRUE(body["spec_version"].get<std::string>().starts_with("1.0."));
  EXPECT_EQ(body["roles"].size(), 4u);
  EXPECT_EQ(body["roles"]["root"]["threshold"], 2);
  EXPECT_EQ(body["roles"]["root"]["keyids"][2], test_keys()["root3"]["keyid"]);
  EXPECT_EQ(body["keys"].size(), 7u);
}

TEST(Repository, ThresholdThatNobodyCanMeetIsRefused) {
  for (const std::int64_t threshold : {-1, 0, 4}) {
    RootRoles bad = roles();
    bad.root.threshold = threshold;
    EXPECT_EQ(make_root(bad, kExpires).error().code, Errc::invalid_argument) << threshold;
  }
  RootRoles twice = roles();
  twice.targets.keys[1] = twice.targets.keys[0];
  EXPECT_EQ(make_root(twice, kExpires).error().code, Errc::invalid_argument);
}

TEST(Repository, DistinctKeysCount) {
  const std::string file = make_root(roles(), kExpires).value();
  const RoleKeys role = read_role(Crypto{}, file, "root").value();
  ASSERT_EQ(role.keys.size(), 3u);
  EXPECT_EQ(role.threshold, 2);
  const std::string once = sign(sign(file, role.keys[0]), role.keys[0]);
  EXPECT_FALSE(count_signatures(Crypto{}, once, role)->met());
  // The same key under a second name.
  RoleKeys alias = role;
  alias.keys[1].bytes = alias.keys[0].bytes;
  EXPECT_FALSE(count_signatures(Crypto{}, sign(once, alias.keys[1]), alias)->met());
  // A key of another role, and one that is wrong, beside.
  const std::string other = sign(once, key_of("ts1"));
  EXPECT_FALSE(count_signatures(Crypto{}, other, role)->met());
  auto wrong = json::parse(sign(other, role.keys[1]));
  wrong["signatures"][2]["sig"] = std::string(128, '1');
  EXPECT_FALSE(count_signatures(Crypto{}, wrong.dump(), role)->met());
  const auto two = count_signatures(Crypto{}, sign(wrong.dump(), role.keys[2]), role);
  EXPECT_TRUE(two->met());
  EXPECT_THAT(two->signed_by, ElementsAre(role.keys[0].id, role.keys[2].id));
}

TEST(Repository, ChangeDropsSignaturesAndKeepsWhatItDoesNotKnow) {
  auto root = json::parse(sign(make_root(roles(), kExpires).value(), key_of("root1")));
  root["signed"]["x-ours"] = {{"a", {1, nullptr, true, "\n\"\\/\x01\xC3\xA4"}}};
  const std::string next = with_version(root.dump(), 2, kLater).value();
  auto expected = root;
  expected["signatures"] = json::array();
  expected["signed"]["version"] = 2;
  expected["signed"]["expires"] = "2030-03-17T17:47:40Z";
  EXPECT_EQ(json::parse(next), expected);
  EXPECT_EQ(read_head(next)->version, 2);
  EXPECT_EQ(read_head(next)->expires, kLater);
  EXPECT_EQ(with_version(next, 0, kLater).error().code, Errc::invalid_argument);
  EXPECT_EQ(with_version("{\"signed\": {}}", 1, kLater).error().code, Errc::malformed);
}

TEST(Repository, RootChangesKeys) {
  const std::string root = make_root(roles(), kExpires).value();
  const std::string old_id = key_of("ts1").id;
  const auto next = with_change(root, {"timestamp", {key_of("root1")}, {old_id}, {}});
  const json body = json::parse(next.value())["signed"];
  EXPECT_EQ(body["roles"]["timestamp"]["keyids"], json::array({key_of("root1").id}));
  EXPECT_FALSE(body["keys"].contains(old_id));
  // A key that another role still uses stays.
  const auto fewer = with_change(*next, {"root", {}, {key_of("root1").id}, {}});
  EXPECT_TRUE(json::parse(fewer.value())["signed"]["keys"].contains(key_of("root1").id));

  const auto code = [&root](const RootChange& change) {
    return with_change(root, change).error().code;
  };
  EXPECT_EQ(code({"targets", {}, {old_id}, {}}), Errc::not_found);
  EXPECT_EQ(code({"bms", {}, {}, {}}), Errc::not_found);
  EXPECT_EQ(code({"targets", {}, {key_of("tg1").id}, {}}), Errc::invalid_argument);
  EXPECT_EQ(code({"targets", {key_of("tg1")}, {}, {}}), Errc::invalid_argument);
  EXPECT_EQ(code({"root", {}, {}, 0}), Errc::invalid_argument);
  EXPECT_EQ(code({"root", {}, {}, 4}), Errc::invalid_argument);
  EXPECT_TRUE(with_change(root, {"root", {}, {}, 3}));
}

TEST(Repository, TargetCarriesWhatTheDeviceAsksFor) {
  const std::string empty = make_targets(kExpires);
  const std::string file = with_target(empty, target("fw/edge.img")).value();
  const json entry = json::parse(file)["signed"]["targets"]["fw/edge.img"];
  EXPECT_EQ(entry, json::parse(R"({"length": 7, "hashes": {"sha256": ")" + std::string(64, '0') +
                               R"("}, "custom": {"ems": {"hardware_ids": ["EMS-A"],
      "component": "edge", "version": "2.4.1", "release_counter": 7, "security_floor": 5,
      "min_from_counter": 3, "payload": "raw", "published": "2030-03-17T17:46:40Z"}}})"));
  EXPECT_EQ(without_target(file, "fw/edge.img").value(), empty);
  EXPECT_EQ(without_target(file, "fw/edge").error().code, Errc::not_found);
}

TEST(Repository, TargetThatNoDeviceCouldTakeIsRefused) {
  const std::string file = make_targets(kExpires);
  for (const char* name : {"../edge", "/edge", "a//b", "", "\xC3\xA4"}) {
    EXPECT_EQ(with_target(file, target(name)).error().code, Errc::bad_name) << name;
  }
  const auto code = [&file](auto change) {
    Target bad = target("edge");
    change(bad);
    return with_target(file, bad).error().code;
  };
  EXPECT_EQ(code([](Target& t) { t.sha256.reset(); }), Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.length = ~0ULL; }), Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.device->hardware_ids.clear(); }), Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.device->hardware_ids[0] = "\xC3\xA4"; }),
            Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.device->version = "1\n"; }), Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.device->component.clear(); }), Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.device->release_counter = -1; }), Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.device->security_floor = -1; }), Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.device->security_floor = 8; }), Errc::invalid_argument);
  EXPECT_EQ(code([](Target& t) { t.device->min_from_counter = -1; }), Errc::invalid_argument);
  Target highest = target("edge");
  highest.device->security_floor = highest.device->release_counter;
  EXPECT_TRUE(with_target(file, highest));
}

TEST(Repository, DelegationsKeepTheirOrder) {
  const auto delegation = [](const std::string& role, const std::string& key) {
    return Delegation{role, {{key_of(key)}, 1}, {role + "/*"}, true};
  };
  std::string file = make_targets(kExpires);
  EXPECT_TRUE(read_delegations(file)->empty());
  file = with_delegation(file, delegation("bms", "root1")).value();
  file = with_delegation(file, delegation("pcs", "root2")).value();
  file = with_delegation(file, delegation("bms", "root3")).value();  // Another key.
  EXPECT_THAT(*read_delegations(file), ElementsAre("bms", "pcs"));
  EXPECT_EQ(read_role(Crypto{}, file, "bms")->keys.front().bytes, key_of("root3").bytes);
  EXPECT_EQ(read_role(Crypto{}, file, "edge").error().code, Errc::not_found);
  const json body = json::parse(file)["signed"]["delegations"];
  EXPECT_EQ(body["keys"].size(), 2u);
  EXPECT_EQ(body["roles"][0]["terminating"], true);
  for (const char* name : {"", "root", "targets", "snapshot", "timestamp", "..", "a/b", "a b"}) {
    EXPECT_EQ(with_delegation(file, delegation(name, "root1")).error().code, Errc::invalid_argument)
        << name;
  }
  Delegation nowhere = delegation("edge", "root1");
  nowhere.paths.clear();
  EXPECT_EQ(with_delegation(file, nowhere).error().code, Errc::invalid_argument);
}

TEST(Repository, KeyOfAnotherTypeIsKeptAndNotCounted) {
  auto root = json::parse(make_root(roles(), kExpires).value());
  root["signed"]["keys"]["new"] = {
      {"keytype", "ml-dsa"}, {"scheme", "ml-dsa-65"}, {"keyval", {{"public", "00"}}}};
  root["signed"]["roles"]["root"]["keyids"].push_back("new");
  EXPECT_EQ(read_role(Crypto{}, root.dump(), "root")->keys.size(), 3u);
  const auto next = json::parse(with_change(root.dump(), {"root", {}, {}, 3}).value());
  EXPECT_EQ(next["signed"]["keys"]["new"], root["signed"]["keys"]["new"]);
  root["signed"]["roles"]["root"]["keyids"].push_back("nowhere");
  EXPECT_EQ(read_role(Crypto{}, root.dump(), "root").error().code, Errc::malformed);
  root["signed"]["roles"]["root"] = {{"keyids", json::array()}, {"threshold", 0}};
  EXPECT_EQ(read_role(Crypto{}, root.dump(), "root").error().code, Errc::malformed);
}

TEST(Repository, SnapshotAndTimestampNameFiles) {
  const FileReference targets{"targets.json", 4, 100, {}};
  const std::string snapshot = make_snapshot(9, kExpires, std::array{targets});
  EXPECT_THAT(*read_versions(snapshot), ElementsAre(testing::Pair("targets.json", 4)));
  const FileReference reference{"snapshot.json", 9, snapshot.size(), {}};
  const json body = json::parse(make_timestamp(12, kExpires, reference))["signed"];
  EXPECT_EQ(body["meta"]["snapshot.json"]["length"], snapshot.size());
  EXPECT_EQ(body["meta"]["snapshot.json"]["version"], 9);
  EXPECT_EQ(body["meta"].size(), 1u);
  EXPECT_EQ(body["version"], 12);
  EXPECT_EQ(read_versions("{\"signatures\": [], \"signed\": {}}").error().code, Errc::malformed);
}

TEST(Repository, DateThatIsNoneIsMalformed) {
  for (const char* date : {"2030-02-30T00:00:00Z", "2030-01-01T24:00:00Z", "2030-01-01T00:00:00",
                           "2030-01-01 00:00:00Z", "2030-1-01T00:00:00Z", "2030-01-01T00:60:00Z",
                           "2030-01-01T00:00:60Z", "+030-01-01T00:00:00Z"}) {
    auto file = json::parse(make_targets(kExpires));
    file["signed"]["expires"] = date;
    EXPECT_EQ(read_head(file.dump()).error().code, Errc::malformed) << date;
  }
  auto file = json::parse(make_targets(kExpires));
  file["signed"]["expires"] = "2028-02-29T23:59:59Z";
  EXPECT_EQ(read_head(file.dump())->expires.since_epoch(), seconds(1'835'481'599));
}

}  // namespace
