// SPDX-License-Identifier: Apache-2.0
// One update cycle, each check of it: docs/explanation/updates.md numbers the steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/ota_client.hpp"

namespace ems::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class OtaCycle : public testing::Test, public OtaClient {
 protected:
  void next_root() { repository.root["version"] = repository.root["version"].get<int>() + 1; }
};

TEST_F(OtaCycle, TheFirstFetchesAndKeepsEverythingInOrder) {
  EXPECT_EQ(refresh(), "ok");
  EXPECT_THAT(repository.fetcher.asked,
              ElementsAre("metadata/2.root.json", "metadata/timestamp.json",
                          "metadata/1.snapshot.json", "metadata/1.targets.json"));
  EXPECT_THAT(store.changed,
              ElementsAre("keyset.sha256", "timestamp.json", "snapshot.json", "targets.json"));
  EXPECT_EQ(get("fw/edge.img"), "the firmware of the edge");
  EXPECT_TRUE(events.empty());
}

TEST_F(OtaCycle, TheNextAsksOnlyWhetherThereIsSomethingNew) {
  ASSERT_EQ(refresh(), "ok");
  EXPECT_EQ(refresh(), "ok");
  EXPECT_THAT(repository.fetcher.asked,
              ElementsAre("metadata/2.root.json", "metadata/timestamp.json"));
  EXPECT_TRUE(store.changed.empty());
}

TEST_F(OtaCycle, NamesWithoutVersionsWhereSnapshotsAreNotConsistent) {
  repository.root["consistent_snapshot"] = false;
  repository.publish_root();
  EXPECT_EQ(refresh(), "ok");
  EXPECT_THAT(repository.fetcher.asked,
              ElementsAre("metadata/2.root.json", "metadata/timestamp.json",
                          "metadata/snapshot.json", "metadata/targets.json"));
  EXPECT_EQ(get("fw/edge.img"), "the firmware of the edge");
  EXPECT_EQ(repository.fetcher.asked.back(), "targets/fw/edge.img");
  next_root();  // And a root may change that.
  repository.root["consistent_snapshot"] = true;
  repository.publish_root();
  repository.publish_next();
  EXPECT_EQ(refresh(), "ok");
  EXPECT_EQ(repository.fetcher.asked.back(), "metadata/2.targets.json");
}

TEST_F(OtaCycle, FollowsAChainOfRootsAndKeepsTheOneBefore) {
  for (const char* key : {"a", "b", "c"}) {  // Each has one key that the one before had not.
    next_root();
    OtaRepository::Names signers = repository.signers["root"];
    signers.emplace_back(key);
    repository.set_role("root", {repository.signers["root"][1], key}, 2);
    repository.publish_root(signers);
  }
  EXPECT_EQ(refresh(), "ok");
  EXPECT_EQ(stored(), "4 1 1 1");
  EXPECT_EQ(json::parse(ota_text(store.files["root.prev"]))["signed"]["version"], 3);
}

TEST_F(OtaCycle, TakesSoManyRootsAndTheRestInTheNext) {
  for (int i = 0; i < 5; ++i) {
    next_root();
    repository.publish_root();
  }
  settings.limits.root_steps = 3;
  EXPECT_EQ(refresh(), "ok");
  EXPECT_EQ(stored(), "4 1 1 1");
  EXPECT_EQ(refresh(), "ok");
  EXPECT_EQ(stored(), "6 1 1 1");
}

TEST_F(OtaCycle, RefusesRootsAndStaysAtTheOneItHas) {
  using Change = std::function<void(OtaRepository&)>;
  const struct {
    const char* why;
    const char* result;
    Change change;
  } cases[] = {
      {"too few old keys", "signature 2.root.json", [](auto& r) { r.publish_root({"r1"}); }},
      {"one old key twice", "malformed 2.root.json",
       [](auto& r) {
         r.publish_root({"r1", "r1"});
       }},
      {"none of the new keys", "signature 2.root.json",
       [](auto& r) {
         r.set_role("root", {"n1", "n2"}, 2);
         r.publish_root({"r1", "r2", "n1"});
       }},
      {"none of the old keys", "signature 2.root.json",
       [](auto& r) {
         r.set_role("root", {"n1", "n2"}, 2);
         r.publish_root({"n1", "n2"});
       }},
      {"a role missing", "malformed 2.root.json",
       [](auto& r) { r.root["roles"].erase("snapshot"), r.publish_root(); }},
      {"keys missing", "malformed 2.root.json",
       [](auto& r) { r.root.erase("keys"), r.publish_root(); }},
      {"threshold 0", "malformed 2.root.json",
       [](auto& r) { r.root["roles"]["timestamp"]["threshold"] = 0, r.publish_root(); }},
      {"threshold -1", "malformed 2.root.json",
       [](auto& r) { r.root["roles"]["timestamp"]["threshold"] = -1, r.publish_root(); }},
      {"threshold text", "malformed 2.root.json",
       [](auto& r) { r.root["roles"]["timestamp"]["threshold"] = "1", r.publish_root(); }},
      {"a key id twice in a role", "malformed 2.root.json",
       [](auto& r) { r.root["roles"]["root"]["keyids"].push_back("r1"), r.publish_root(); }},
      {"an empty key id", "malformed 2.root.json",
       [](auto& r) { r.root["keys"][""] = OtaKey("x").object(), r.publish_root(); }},
      {"a key id of 129 bytes", "malformed 2.root.json",
       [](auto& r) {
         r.root["keys"][std::string(129, 'k')] = OtaKey("x").object(), r.publish_root();
       }},
      {"the key of an erased flash page", "bad-key 2.root.json",
       [](auto& r) {
         r.root["keys"]["ts1"]["keyval"]["public"] = std::string(64, '0'), r.publish_root();
       }},
      {"a short key", "bad-key 2.root.json",
       [](auto& r) {
         r.root["keys"]["ts1"]["keyval"]["public"] = std::string(62, '1'), r.publish_root();
       }},
      {"a key in capitals", "bad-key 2.root.json",
       [](auto& r) {
         std::string key = OtaKey("ts1").public_hex();
         std::ranges::transform(key, key.begin(), [](char c) { return std::toupper(c); });
         r.root["keys"]["ts1"]["keyval"]["public"] = key, r.publish_root();
       }},
      {"version 3", "rollback 2.root.json",
       [](auto& r) { r.root["version"] = 3, r.put("2.root.json", r.root, r.signers["root"]); }},
      {"version 1", "rollback 2.root.json", [](auto& r) { r.put("2.root.json", r.first_root); }},
      {"a timestamp", "malformed 2.root.json",
       [](auto& r) { r.put("2.root.json", r.timestamp, r.signers["root"]); }},
      {"no JSON", "malformed 2.root.json",
       [](auto& r) { r.put("2.root.json", ota_bytes("<html>")); }},
      {"too large", "too-large 2.root.json",
       [](auto& r) { r.put("2.root.json", ota_bytes(std::string(512'001, ' '))); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.why);
    OtaClient one;
    ASSERT_EQ(one.refresh(), "ok");
    const auto before = one.store.files;
    one.repository.root["version"] = 2;
    c.change(one.repository);
    EXPECT_EQ(one.refresh(), c.result);
    EXPECT_EQ(one.events.size(), 1U);
    EXPECT_EQ(one.store.files, before);
    one.repository.fetcher.files.erase("metadata/2.root.json");
    EXPECT_EQ(one.refresh(), "ok");
  }
}

TEST_F(OtaCycle, ARootThatCannotBeAskedForEndsTheCycle) {
  repository.fetcher.fault = [](std::string_view name, OtaBytes&) -> Result<void> {
    if (name == "metadata/2.root.json") return fail(Errc::download, 0, "HTTP status 500");
    return {};
  };
  EXPECT_EQ(refresh(), "download 2.root.json");
}

TEST_F(OtaCycle, AnExpiredRootIsKeptWhenItIsNewAndEndsTheCycle) {
  next_root();
  repository.root["expires"] = "2027-01-01T00:00:00Z";  // The very moment.
  repository.publish_root();
  EXPECT_EQ(refresh(), "expired root.json");
  EXPECT_EQ(stored(), "2 - - -");
  now = "2026-12-31T23:59:59Z";
  EXPECT_EQ(refresh(), "ok");
  now = "2027-01-01T00:00:00Z";
  next_root();  // Only in between it does not matter.
  repository.root["expires"] = "2040-01-01T00:00:00Z";
  repository.publish_root();
  EXPECT_EQ(refresh(), "ok");
}

TEST_F(OtaCycle, KeysThatTwoIdsNameCountOnce) {
  repository.root["keys"]["s1-again"] = OtaKey("s1").object();
  repository.root["roles"]["snapshot"] = {{"keyids", {"s1", "s1-again"}}, {"threshold", 2}};
  next_root();
  repository.publish_root();
  OtaBytes file = OtaRepository::sign(repository.snapshot, {"s1"});
  json twice = json::parse(ota_text(file));
  twice["signatures"].push_back(twice["signatures"][0]);
  twice["signatures"][1]["keyid"] = "s1-again";
  repository.hashes = false;
  repository.publish();
  repository.put("1.snapshot.json", ota_bytes(twice.dump()));
  EXPECT_EQ(refresh(), "signature 1.snapshot.json");
}

TEST_F(OtaCycle, KeysOfUnknownKindsAreKeptAndNotCounted) {
  repository.root["keys"]["future"] = {
      {"keytype", "ml-dsa"}, {"scheme", "ml-dsa-65/1"}, {"keyval", {{"public", "00"}}}};
  repository.root["roles"]["timestamp"] = {{"keyids", {"future", "ts1", "none"}}, {"threshold", 1}};
  next_root();
  repository.publish_root();
  EXPECT_EQ(refresh(), "ok");
  repository.root["roles"]["timestamp"]["threshold"] = 2;
  next_root();
  repository.publish_root();
  repository.signers["timestamp"] = {"ts1", "future"};
  repository.publish_next();
  EXPECT_EQ(refresh(), "signature timestamp.json");
}

TEST_F(OtaCycle, AKeyIsNotTriedWithAnotherScheme) {
  for (const auto& [type, scheme] :
       {std::pair{"ed25519", "rsassa-pss-sha256"}, std::pair{"ed25519", "ecdsa-sha2-nistp256"},
        std::pair{"rsa", "ed25519"}, std::pair{"ecdsa", "ed25519"}}) {
    OtaClient one;
    one.repository.root["keys"]["ts1"]["keytype"] = type;
    one.repository.root["keys"]["ts1"]["scheme"] = scheme;
    one.repository.root["version"] = 2;
    one.repository.publish_root();
    EXPECT_EQ(one.refresh(), "signature timestamp.json") << type << scheme;
  }
}

TEST_F(OtaCycle, SignaturesThatDoNotCountTakeNothingAway) {
  json file = json::parse(ota_text(OtaRepository::sign(repository.timestamp, {"ts1"})));
  const std::string good = file["signatures"][0]["sig"];
  next_root();
  repository.set_role("timestamp", {"ts2", "ts1", "ts3"}, 1);
  repository.publish_root();
  file["signatures"] = {{{"keyid", "ts2"}, {"sig", std::string(128, 'a')}},
                        {{"keyid", "ts3"}, {"sig", ""}},
                        {{"keyid", "nobody"}, {"sig", "zz"}},
                        {{"keyid", "ts1"}, {"sig", good}}};
  repository.put("timestamp.json", ota_bytes(file.dump()));
  EXPECT_EQ(refresh(), "ok");
  file["signatures"][3]["sig"] = good.substr(0, 126);
  repository.put("timestamp.json", ota_bytes(file.dump()));
  OtaClient::store.files.clear();
  EXPECT_EQ(refresh(), "signature timestamp.json");
}

TEST_F(OtaCycle, RefusesTimestamps) {
  const auto flipped = [](const OtaRepository& r) {
    std::string text(ota_text(r.sign(r.timestamp, {"ts1"})));
    char& digit = text[text.find("\"sig\": \"") + 8];
    digit = digit == '0' ? '1' : '0';
    return ota_bytes(text);
  };
  const auto with = [](const char* pointer, const json& value) {
    return [pointer = json::json_pointer(pointer), value](OtaRepository& r) {
      r.timestamp["version"] = 9;
      r.timestamp[pointer] = value;
      r.put("timestamp.json", r.timestamp, {"ts1"});
    };
  };
  const auto raw = [](const char* from, const char* to) {
    return [from, to](OtaRepository& r) {
      std::string text(ota_text(r.sign(r.timestamp, {"ts1"})));
      text.replace(text.find(from), std::string_view(from).size(), to);
      r.put("timestamp.json", ota_bytes(text));
    };
  };
  const struct {
    const char* why;
    const char* result;
    std::function<void(OtaRepository&)> change;
  } cases[] = {
      {"another key", "signature", [](auto& r) { r.put("timestamp.json", r.timestamp, {"s1"}); }},
      {"nobody", "signature", [](auto& r) { r.put("timestamp.json", r.timestamp, {}); }},
      {"a bit", "signature", [&](auto& r) { r.put("timestamp.json", flipped(r)); }},
      {"not there", "download", [](auto& r) { r.fetcher.files.erase("metadata/timestamp.json"); }},
      {"empty", "malformed", [](auto& r) { r.put("timestamp.json", OtaBytes{}); }},
      {"a list", "malformed", [](auto& r) { r.put("timestamp.json", ota_bytes("[]")); }},
      {"no signatures", "malformed", raw("signatures", "signatur")},
      {"version 0", "malformed", with("/version", 0)},
      {"version -1", "malformed", with("/version", -1)},
      {"version true", "malformed", with("/version", true)},
      {"version null", "malformed", with("/version", nullptr)},
      {"version text", "malformed", with("/version", "9")},
      {"version 01", "malformed", raw("\"version\": 1", "\"version\": 01")},
      {"version 1e0", "malformed", raw("\"version\": 1", "\"version\": 1e0")},
      {"not UTF-8", "malformed", raw("timestamp\"", "timestamp\", \"x\": \"\xff\"")},
      {"half a surrogate", "malformed", raw("timestamp\"", "timestamp\", \"x\": \"\\ud800\"")},
      {"a member twice", "malformed", raw("\"version\": 1", "\"version\": 1, \"version\": 1")},
      {"specification 2", "malformed", with("/spec_version", "2.0.0")},
      {"specification 10", "malformed", with("/spec_version", "10.0.0")},
      {"specification 1.", "malformed", with("/spec_version", "1.")},
      {"specification 1", "malformed", with("/spec_version", "1")},
      {"another type", "malformed", with("/_type", "snapshot")},
      {"no date", "malformed", with("/expires", "tomorrow")},
      {"no meta", "malformed", with("/meta", json::object())},
      {"null meta", "malformed", with("/meta", nullptr)},
      {"more meta", "malformed", with("/meta/root.json", {{"version", 1}})},
      {"a negative length", "malformed", with("/meta/snapshot.json/length", -1)},
      {"no hash", "malformed", with("/meta/snapshot.json/hashes", json::object())},
      {"a short hash", "malformed", with("/meta/snapshot.json/hashes/sha256", "00")},
      {"snapshot version 0", "malformed", with("/meta/snapshot.json/version", 0)},
      {"expired", "expired", with("/expires", "2027-01-01T00:00:00Z")},
      {"large", "too-large",
       [](auto& r) { r.put("timestamp.json", ota_bytes(std::string(16'385, ' '))); }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.why);
    OtaClient one;
    c.change(one.repository);
    EXPECT_EQ(one.refresh(), c.result + std::string(" timestamp.json"));
    EXPECT_EQ(one.stored(), "1 - - -");
    EXPECT_EQ(one.events.size(), 1U);
  }
}

}  // namespace
}  // namespace ems::test
