// SPDX-License-Identifier: Apache-2.0
// What an update client trusts across cycles: nothing goes back, nothing damaged stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "support/ota_client.hpp"

namespace ems::test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class OtaStore : public testing::Test, public OtaClient {
 protected:
  void next_root(const OtaRepository::Names& signers = {}) {
    repository.root["version"] = repository.root["version"].get<int>() + 1;
    repository.publish_root(signers);
  }
};

TEST_F(OtaStore, ATimestampDoesNotGoBack) {
  repository.timestamp["version"] = 5;
  repository.publish();
  ASSERT_EQ(refresh(), "ok");
  repository.timestamp["version"] = 4;
  repository.publish();
  EXPECT_EQ(refresh(), "rollback timestamp.json");
  EXPECT_EQ(stored(), "1 5 1 1");
}

TEST_F(OtaStore, AnotherTimestampOfTheSameVersionIsNotTaken) {
  ASSERT_EQ(refresh(), "ok");
  const OtaBytes before = store.files["timestamp.json"];
  repository.timestamp["meta"]["snapshot.json"]["version"] = 100;
  repository.put("timestamp.json", repository.timestamp, {"ts1"});
  EXPECT_EQ(refresh(), "ok");
  EXPECT_EQ(store.files["timestamp.json"], before);
  repository.put("timestamp.json", repository.timestamp, {"s1"});
  EXPECT_EQ(refresh(), "signature timestamp.json");
}

TEST_F(OtaStore, ATimestampThatIsUsedOnMustNotHaveExpired) {
  repository.timestamp["expires"] = "2027-02-01T00:00:00Z";
  repository.publish();
  ASSERT_EQ(refresh(), "ok");
  now = "2027-02-01T00:00:00Z";
  EXPECT_EQ(refresh(), "expired timestamp.json");
  repository.timestamp["expires"] = "2040-01-01T00:00:00Z";  // Renewed without a new version.
  repository.publish();
  EXPECT_EQ(refresh(), "expired timestamp.json");
  repository.publish_next();  // An expired base is still one, and no hindrance.
  EXPECT_EQ(refresh(), "ok");
}

TEST_F(OtaStore, ASnapshotDoesNotGoBack) {
  repository.publish_next();
  ASSERT_EQ(refresh(), "ok");
  repository.timestamp["version"] = 3;
  repository.snapshot["version"] = 1;
  repository.publish();
  EXPECT_EQ(refresh(), "rollback timestamp.json");
  EXPECT_EQ(stored(), "1 2 2 2");
  store.files["timestamp.json"].resize(40);  // Nor where only the snapshot itself remembers.
  EXPECT_EQ(refresh(), "rollback timestamp.json");
  store.files["timestamp.json"] = OtaRepository::sign(
      [this] {
        json newer = repository.timestamp;
        newer["version"] = 2, newer["meta"]["snapshot.json"]["version"] = 2;
        return newer;
      }(),
      {"ts1"});
  store.files.erase("snapshot.json");  // Nor where only the timestamp does.
  EXPECT_EQ(refresh(), "rollback timestamp.json");
}

TEST_F(OtaStore, WhatASnapshotListsDoesNotGoBack) {
  repository.delegate(repository.targets, "bms", {"bms/*"});
  repository.delegated["bms"]["version"] = 7;
  repository.publish_next();
  ASSERT_EQ(refresh(), "ok");
  const auto before = store.files;
  const auto change = [this](const std::string& name, const json& version) {
    repository.publish_next();
    json& meta = repository.snapshot["meta"];
    version.is_null() ? static_cast<void>(meta.erase(name)) : void(meta[name]["version"] = version);
    repository.put(repository.snapshot["version"].dump() + ".snapshot.json", repository.snapshot,
                   {"s1"});
    repository.timestamp["meta"]["snapshot.json"].erase("hashes");
    repository.timestamp["meta"]["snapshot.json"].erase("length");
    repository.put("timestamp.json", repository.timestamp, {"ts1"});
    return refresh();
  };
  EXPECT_EQ(change("targets.json", 1), "rollback 3.snapshot.json");
  EXPECT_EQ(change("bms.json", 6), "rollback 4.snapshot.json");
  EXPECT_EQ(change("bms.json", nullptr), "rollback 5.snapshot.json");
  EXPECT_EQ(store.files["snapshot.json"], before.at("snapshot.json"));
  repository.publish_next();
  EXPECT_EQ(refresh(), "ok");
}

TEST_F(OtaStore, RefusesSnapshotsAndTargets) {
  const struct {
    const char* why;
    const char* result;
    std::function<void(OtaRepository&)> change;
  } cases[] = {
      {"other bytes", "hash 1.snapshot.json",
       [](auto& r) {
         r.put("1.snapshot.json", r.sign(r.snapshot, {"s1"})).back() = std::byte{' '};
       }},
      {"longer", "too-large 1.snapshot.json",
       [](auto& r) {
         r.put("1.snapshot.json", r.sign(r.snapshot, {"s1", "ts1"}));
       }},
      {"gone", "download 1.snapshot.json",
       [](auto& r) { r.fetcher.files.erase("metadata/1.snapshot.json"); }},
      {"expired", "expired 1.snapshot.json",
       [](auto& r) { r.snapshot["expires"] = "2027-01-01T00:00:00Z", r.publish(); }},
      {"another's key", "signature 1.snapshot.json",
       [](auto& r) { r.signers["snapshot"] = {"ts1"}, r.publish(); }},
      {"does not list targets", "not-in-snapshot targets.json",
       [](auto& r) {
         r.hashes = false, r.publish();
         r.snapshot["meta"].erase("targets.json");
         r.put("1.snapshot.json", r.snapshot, {"s1"});
       }},
      {"another version", "version 1.snapshot.json",
       [](auto& r) {
         r.hashes = false, r.publish();
         r.snapshot["version"] = 2, r.put("1.snapshot.json", r.snapshot, {"s1"});
       }},
      {"shorter than listed", "length 1.snapshot.json",
       [](auto& r) {
         r.hashes = false, r.publish();
         r.timestamp["meta"]["snapshot.json"]["length"] = 9999;
         r.put("timestamp.json", r.timestamp, {"ts1"});
       }},
      {"only an unknown hash", "unsupported-hash 1.snapshot.json",
       [](auto& r) {
         r.timestamp["meta"]["snapshot.json"]["hashes"] = {{"md5", "00"}};
         r.put("timestamp.json", r.timestamp, {"ts1"});
       }},
      {"the second hash is wrong", "hash 1.snapshot.json",
       [](auto& r) {
         r.timestamp["meta"]["snapshot.json"]["hashes"]["sha512"] = std::string(128, '0');
         r.put("timestamp.json", r.timestamp, {"ts1"});
       }},
      {"targets: one of two keys", "signature 1.targets.json",
       [](auto& r) { r.signers["targets"] = {"t1"}, r.publish(); }},
      {"targets: expired", "expired 1.targets.json",
       [](auto& r) { r.targets["expires"] = "2027-01-01T00:00:00Z", r.publish(); }},
      {"targets: another version", "version 1.targets.json",
       [](auto& r) {
         r.hashes = false, r.publish();
         r.targets["version"] = 2, r.put("1.targets.json", r.targets, {"t1", "t2"});
       }},
      {"targets: other bytes", "hash 1.targets.json",
       [](auto& r) {
         r.put("1.targets.json", r.sign(r.targets, {"t1", "t2"})).back() = std::byte{' '};
       }},
      {"targets: no hash", "malformed 1.targets.json",
       [](auto& r) {
         r.targets["targets"]["fw/edge.img"]["hashes"] = json::object(), r.publish();
       }},
      {"targets: a negative length", "malformed 1.targets.json",
       [](auto& r) { r.targets["targets"]["fw/edge.img"]["length"] = -1, r.publish(); }},
      {"targets: custom is no object", "malformed 1.targets.json",
       [](auto& r) { r.targets["targets"]["fw/edge.img"]["custom"] = 1, r.publish(); }},
      {"targets: a bad key", "bad-key 1.targets.json",
       [](auto& r) {
         r.delegate(r.targets, "bms", {"*"});
         r.targets["delegations"]["keys"]["bms"]["keyval"]["public"] = std::string(64, '0');
         r.publish();
       }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.why);
    OtaClient one;
    ASSERT_EQ(one.repository.snapshot["version"], 1);
    c.change(one.repository);
    EXPECT_EQ(one.refresh(), c.result);
    EXPECT_EQ(one.events.size(), 1U);
    EXPECT_EQ(one.stored(), std::string_view(c.result).find("targets") == std::string_view::npos
                                ? "1 1 - -"
                                : "1 1 1 -");
  }
}

TEST_F(OtaStore, Sha512AloneWillDo) {
  const auto named = [](Bytes file) {
    return json{{"version", 1}, {"hashes", {{"sha512", ota_sha512(ota_text(file))}}}};
  };
  json& target = repository.targets["targets"]["fw/edge.img"];
  target["hashes"] = {{"sha512", ota_sha512("the firmware of the edge")}};
  repository.fetcher.files["targets/fw/" + ota_sha512("the firmware of the edge") + ".edge.img"] =
      ota_bytes("the firmware of the edge");
  repository.snapshot["meta"]["targets.json"] =
      named(repository.put("1.targets.json", repository.targets, {"t1", "t2"}));
  repository.timestamp["meta"]["snapshot.json"] =
      named(repository.put("1.snapshot.json", repository.snapshot, {"s1"}));
  repository.put("timestamp.json", repository.timestamp, {"ts1"});
  EXPECT_EQ(refresh(), "ok");
  EXPECT_EQ(get("fw/edge.img"), "the firmware of the edge");
}

// Whoever stole the online keys has pushed the versions up; new keys make low ones possible again.
TEST_F(OtaStore, NewOnlineKeysEndAFastForward) {
  for (const char* stolen : {"timestamp", "snapshot"}) {
    OtaClient one;
    OtaRepository& r = one.repository;
    r.timestamp["version"] = 2'000'000'000;
    r.snapshot["version"] = 2'000'000'000;
    r.targets["version"] = 2'000'000'000;
    r.publish();
    ASSERT_EQ(one.refresh(), "ok");
    r.set_role(stolen, {"new"}, 1);
    r.root["version"] = 2;
    r.publish_root();
    r.timestamp["version"] = r.snapshot["version"] = r.targets["version"] = 1;
    r.publish();
    EXPECT_EQ(one.refresh(), "ok") << stolen;
    EXPECT_EQ(one.stored(), "2 1 1 1");
  }
}

TEST_F(OtaStore, AFastForwardAlsoEndsWhenThePowerWentInBetween) {
  for (const char* call :
       {"remove timestamp.json", "remove snapshot.json", "write keyset.sha256"}) {
    OtaClient one;
    OtaRepository& r = one.repository;
    r.timestamp["version"] = r.snapshot["version"] = 1000;
    r.publish();
    ASSERT_EQ(one.refresh(), "ok");
    r.set_role("snapshot", {"new"}, 1);
    r.root["version"] = 2;
    r.publish_root();
    r.timestamp["version"] = r.snapshot["version"] = 1;
    r.publish();
    one.store.fault = [call](const std::string& asked) -> Result<void> {
      if (asked == call) return fail(Errc::store, 0, "the power goes");
      return {};
    };
    EXPECT_EQ(one.refresh(), "store keyset.sha256") << call;
    EXPECT_EQ(one.stored().front(), '2');
    one.store.fault = nullptr;
    EXPECT_EQ(one.refresh(), "ok") << call;
    EXPECT_EQ(one.stored(), "2 1 1 1");
  }
}

TEST_F(OtaStore, ADamagedKeySetIsNoReasonToForget) {
  repository.publish_next();
  ASSERT_EQ(refresh(), "ok");
  for (const char* damage : {"x\n", "snapshot \n", "timestamp 00\nsnapshot zz\n", " \n\n"}) {
    store.files["keyset.sha256"] = ota_bytes(damage);
    repository.timestamp["version"] = 1;
    repository.publish();
    EXPECT_EQ(refresh(), "rollback timestamp.json") << damage;
    EXPECT_EQ(stored(), "1 2 2 2");
  }
}

TEST_F(OtaStore, AnOlderRootThatStandsInIsNoReasonToForget) {
  repository.publish_next();
  ASSERT_EQ(refresh(), "ok");
  const auto old = repository.fetcher.files;
  repository.set_role("timestamp", {"ts2"}, 1);
  next_root();
  repository.publish_next();
  ASSERT_EQ(refresh(), "ok");
  ASSERT_EQ(stored(), "2 3 3 3");
  const auto root = repository.fetcher.files["metadata/2.root.json"];
  repository.fetcher.files = old;  // What was signed before, by a key that is gone.
  store.fault = [](const std::string& call) -> Result<void> {
    return call == "read root.json" ? fail(Errc::store, 0, "no descriptor left") : Result<void>{};
  };
  EXPECT_EQ(refresh(), "rollback timestamp.json");
  store.fault = nullptr;
  repository.fetcher.files["metadata/2.root.json"] = root;
  store.files["root.json"].resize(9);
  EXPECT_EQ(refresh(), "signature timestamp.json");
  EXPECT_EQ(stored(), "2 3 3 3");
}

TEST_F(OtaStore, WhatTheDiskDoesNotGiveNowIsNotForgotten) {
  const auto old = repository.fetcher.files;
  repository.publish_next();
  ASSERT_EQ(refresh(), "ok");
  repository.fetcher.files = old;
  for (const char* name : {"timestamp.json", "snapshot.json"}) {
    store.fault = [name](const std::string& call) -> Result<void> {
      return call == std::string("read ") + name ? fail(Errc::store, 0, "EIO") : Result<void>{};
    };
    EXPECT_EQ(refresh(), std::string("store ") + name);
    EXPECT_EQ(stored(), "1 2 2 2");
  }
}

TEST_F(OtaStore, AKeyMoreOrAnotherThresholdIsNoReasonToForget) {
  ASSERT_EQ(refresh(), "ok");
  repository.set_role("snapshot", {"s1", "s2", "s3"}, 2);
  repository.signers["snapshot"] = {"s1"};
  next_root();
  repository.publish_next();
  EXPECT_EQ(refresh(), "signature 2.snapshot.json");
  EXPECT_EQ(stored(), "2 2 1 1");
}

TEST_F(OtaStore, DamagedFilesAreFetchedAgain) {
  ASSERT_EQ(refresh(), "ok");
  const auto good = store.files;
  for (const char* name : {"timestamp.json", "snapshot.json", "targets.json", "keyset.sha256"}) {
    for (const char* damage : {"", "{", "\"\"", "{\"signatures\": [], \"signed\": {}}"}) {
      store.files = good;
      store.files[name] = ota_bytes(damage);
      EXPECT_EQ(refresh(), "ok") << name << damage;
      EXPECT_EQ(store.files, good);
    }
    store.files.erase(name);
    EXPECT_EQ(refresh(), "ok") << name;
    EXPECT_EQ(store.files, good);
  }
}

TEST_F(OtaStore, FilesChangedOnDiskAreFetchedAgainAndBindNobody) {
  const std::string version = "\"version\": ";  // The last one is of the file itself.
  for (const char* name : {"timestamp.json", "snapshot.json", "targets.json"}) {
    for (const bool published : {false, true}) {
      ASSERT_EQ(refresh(), "ok");
      const auto good = store.files;
      std::string text(ota_text(store.files[name]));
      text.insert(text.rfind(version) + version.size(), "9");
      store.files[name] = ota_bytes(text);
      if (published) repository.publish_next();
      EXPECT_EQ(refresh(), "ok") << name;
      EXPECT_EQ(store.files == good, !published);
    }
  }
  EXPECT_EQ(stored(), "1 4 4 4");
}

TEST_F(OtaStore, ADamagedRootIsReplacedByTheOneBeforeAndThenByTheFactorys) {
  next_root();
  next_root();
  ASSERT_EQ(refresh(), "ok");
  const auto good = store.files;
  settings.factory_root = repository.first_root;
  for (const char* damage : {"", "{", "{}"}) {
    store.files["root.json"] = ota_bytes(damage);
    EXPECT_EQ(refresh(), "ok");
    EXPECT_EQ(store.files, good);
    EXPECT_EQ(repository.fetcher.asked.front(), "metadata/3.root.json");  // root.prev helped.
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].file, "root.json");
    store.files["root.prev"] = store.files["root.json"] = ota_bytes(damage);
    EXPECT_EQ(refresh(), "ok");
    EXPECT_EQ(store.files, good);
    EXPECT_EQ(repository.fetcher.asked.front(), "metadata/2.root.json");
  }
  store.files.clear();  // A device that starts for the first time.
  EXPECT_EQ(refresh(), "ok");
  EXPECT_EQ(stored(), "3 1 1 1");
  EXPECT_TRUE(events.empty());
}

TEST_F(OtaStore, WithoutAnyRootNothingIsAskedFor) {
  store.files["root.json"] = ota_bytes("{");
  store.files["root.prev"] = ota_bytes("{");
  EXPECT_EQ(refresh(), "no-trust-root root.json");
  EXPECT_TRUE(repository.fetcher.asked.empty());
  EXPECT_EQ(events.size(), 1U);
  json unsigned_root = json::parse(ota_text(repository.first_root));
  unsigned_root["signatures"].erase(0);
  store.files["root.json"] = ota_bytes(unsigned_root.dump());
  EXPECT_EQ(refresh(), "no-trust-root root.json");
}

TEST_F(OtaStore, ARootThatCannotBeReadNowIsNotOverwrittenByAnOlderOne) {
  next_root();
  ASSERT_EQ(refresh(), "ok");
  settings.factory_root = repository.first_root;
  repository.fetcher.files.erase("metadata/2.root.json");  // Somebody holds it back.
  store.fault = [](const std::string& call) -> Result<void> {
    if (call == "read root.json" || call == "read root.prev") return fail(Errc::store, 0, "EIO");
    return {};
  };
  EXPECT_EQ(refresh(), "ok");
  store.fault = nullptr;
  EXPECT_EQ(stored().front(), '2');
}

TEST_F(OtaStore, EveryFailedWriteEndsTheCycleAndTheNextSucceeds) {
  next_root();
  repository.publish_next();
  const struct {
    const char* call;
    const char* result;
    const char* stored;
  } cases[] = {
      {"write keyset.sha256", "disk-full keyset.sha256", "1 - - -"},
      {"write root.prev", "disk-full root.prev", "1 - - -"},
      {"write root.json", "disk-full root.json", "1 - - -"},
      {"write timestamp.json", "disk-full timestamp.json", "2 - - -"},
      {"write snapshot.json", "disk-full snapshot.json", "2 2 - -"},
      {"write targets.json", "disk-full targets.json", "2 2 2 -"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.call);
    store.files.clear();
    store.fault = [&c](const std::string& call) -> Result<void> {
      if (call == c.call) return fail(Errc::disk_full, 0, "no room");
      return {};
    };
    EXPECT_EQ(refresh(), c.result);
    EXPECT_EQ(stored(), c.stored);
    EXPECT_EQ(find("fw/edge.img"), "failed-precondition fw/edge.img");
    store.fault = nullptr;
    EXPECT_EQ(refresh(), "ok");
    EXPECT_EQ(stored(), "2 2 2 2");
  }
}

TEST_F(OtaStore, ATimestampIsKeptOnlyWhenAllOfItIsGood) {
  ASSERT_EQ(refresh(), "ok");
  repository.publish_next();
  repository.fetcher.files.erase("metadata/2.snapshot.json");
  EXPECT_EQ(refresh(), "download 2.snapshot.json");
  EXPECT_EQ(stored(), "1 2 1 1");
  EXPECT_THAT(store.changed, ElementsAre("timestamp.json"));
  repository.timestamp["expires"] = "2020-01-01T00:00:00Z";
  repository.publish_next();
  EXPECT_EQ(refresh(), "expired timestamp.json");
  EXPECT_THAT(store.changed, Not(Contains("timestamp.json")));
}

TEST_F(OtaStore, TheClockCountsFromItsFloorOn) {
  repository.timestamp["expires"] = "2026-06-01T00:00:00Z";
  repository.publish();
  settings.time_floor = date("2026-06-01T00:00:00Z");
  now = "2019-01-01T00:00:00Z";
  EXPECT_EQ(refresh(), "expired timestamp.json");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].file, "clock");
  EXPECT_EQ(events[0].error.code, Errc::rollback);
  settings.time_floor = date("2026-05-31T23:59:59Z");
  EXPECT_EQ(refresh(), "ok");
  now = "2026-05-31T23:59:59Z";
  EXPECT_EQ(refresh(), "ok");
  EXPECT_TRUE(events.empty());
}

TEST_F(OtaStore, MediaMayBeOlderThanTheirExpiryOnlyWhereThatIsSet) {
  for (json* part : {&repository.targets, &repository.snapshot, &repository.timestamp}) {
    (*part)["expires"] = "2026-12-31T00:00:00Z";
  }
  repository.publish();
  EXPECT_EQ(refresh(), "expired timestamp.json");
  settings.offline_grace = seconds(24 * 3600);
  EXPECT_EQ(refresh(), "expired timestamp.json");
  settings.offline_grace = seconds(24 * 3600 + 1);
  EXPECT_EQ(refresh(), "ok");
  repository.publish_next();
  ASSERT_EQ(refresh(), "ok");
  repository.timestamp["version"] = 1;  // Rollback checks stay.
  repository.publish();
  EXPECT_EQ(refresh(), "rollback timestamp.json");
}

TEST_F(OtaStore, InitTakesARootOnceAndOnlyAGoodOne) {
  restart();
  EXPECT_EQ(client->init(ota_bytes("{}")).error().code, Errc::malformed);
  json bare = json::parse(ota_text(repository.first_root));
  bare["signatures"].clear();
  EXPECT_EQ(client->init(ota_bytes(bare.dump())).error().code, Errc::signature);
  EXPECT_TRUE(store.files.empty());
  EXPECT_TRUE(client->init(repository.first_root));
  EXPECT_TRUE(client->init(repository.first_root));
  next_root();
  EXPECT_EQ(client->init(repository.fetcher.files["metadata/2.root.json"]).error().code,
            Errc::already_exists);
  EXPECT_EQ(store.files["root.json"], repository.first_root);
  EXPECT_EQ(find("fw/edge.img"), "failed-precondition fw/edge.img");
}

TEST_F(OtaStore, NoRootFollowsTheLastVersionThereIs) {
  repository.root["version"] = std::numeric_limits<std::int64_t>::max();
  repository.publish_root();
  store.files["root.json"] = repository.fetcher.files.at("metadata/9223372036854775807.root.json");
  EXPECT_EQ(refresh(), "ok");
  EXPECT_EQ(repository.fetcher.asked.front(), "metadata/timestamp.json");
}

TEST_F(OtaStore, InitReplacesARootThatNobodyCanTrustAnyMore) {
  store.files["root.json"] = ota_bytes("{");
  EXPECT_EQ(refresh(), "no-trust-root root.json");
  store.files["root.prev"] = repository.first_root;
  next_root();
  const OtaBytes second = repository.fetcher.files["metadata/2.root.json"];
  EXPECT_EQ(client->init(second).error().code, Errc::already_exists) << "root.prev is good";
  store.files.erase("root.prev");
  store.fault = [](const std::string& call) -> Result<void> {
    return call == "read root.json" ? fail(Errc::store, 0, "EIO") : Result<void>{};
  };
  EXPECT_EQ(client->init(second).error().code, Errc::already_exists) << "it may be good";
  store.fault = nullptr;
  EXPECT_TRUE(client->init(second));
  EXPECT_EQ(store.files["root.json"], second);
}

}  // namespace
}  // namespace ems::test
