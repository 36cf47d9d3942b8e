// SPDX-License-Identifier: Apache-2.0
// The power goes before every operation of a refresh that changes the disk, and the disk keeps,
// loses or tears what was not synced. The next cycle succeeds, and nothing trusted is ever older.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "ems/io/ota/file_store.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "support/ota_client.hpp"
#include "support/power_cut_folder.hpp"

namespace ems::test {
namespace {

using ota::tuf::Client;
using Versions = std::map<std::string, int>;  ///< By file; one that is not there has none.

constexpr std::uint64_t kOperationsMax = 1'000;  // A refresh has some fifty.

/// What a device went through: a repository as it was, and as it is now.
struct Story {
  OtaBytes first_root;
  MemoryFetcher before;
  MemoryFetcher after;
};

OtaRepository plain_repository() {
  OtaRepository repository;
  repository.delegate(repository.targets, "bms", {"fw/bms/*"});
  repository.add_target(repository.delegated["bms"], "fw/bms/a.img", "one");
  repository.publish();
  return repository;
}

Story new_versions() {
  OtaRepository repository = plain_repository();
  const MemoryFetcher before = repository.fetcher;
  repository.delegated["bms"]["version"] = 2;
  repository.add_target(repository.delegated["bms"], "fw/bms/a.img", "two");
  repository.publish_next();
  return {repository.first_root, before, repository.fetcher};
}

/// Two new roots; with the second, timestamp and snapshot have new keys and begin at 1 again, as
/// after a thief had published versions beyond reach.
Story new_keys() {
  OtaRepository repository = plain_repository();
  repository.timestamp["version"] = 1'000;
  repository.snapshot["version"] = 1'000;
  repository.publish();
  const MemoryFetcher before = repository.fetcher;
  repository.root["version"] = 2;
  repository.publish_root();
  repository.root["version"] = 3;
  repository.set_role("timestamp", {"ts2"}, 1);
  repository.set_role("snapshot", {"s2"}, 1);
  repository.publish_root();
  repository.timestamp["version"] = 1;
  repository.snapshot["version"] = 1;
  repository.targets["version"] = 2;
  repository.delegated["bms"]["version"] = 2;
  repository.add_target(repository.delegated["bms"], "fw/bms/a.img", "two");
  repository.publish();
  return {repository.first_root, before, repository.fetcher};
}

struct Device {
  explicit Device(const Story& told) : story(told) {}

  /// A client after a start: root where there is none, a refresh, a delegated target.
  std::string cycle(MemoryFetcher served) {
    io::FileStore store{folder};
    Client client{served, store, crypto, {}};
    if (const auto root = store.read("root.json", 1'000'000); !root) {
      const auto trusted = client.init(story.first_root);
      if (!trusted) return "init " + ota_class(trusted.error());
    }
    if (const auto done = client.refresh(OtaClient::date("2027-01-01T00:00:00Z")); !done) {
      return ota_class(done.error()) + " " + client.last_event()->file;
    }
    const auto target = client.find("fw/bms/a.img");
    return target ? "ok" : ota_class(target.error()) + " " + client.last_event()->file;
  }
  Versions versions() {
    Versions out;
    for (const char* name :
         {"root.json", "timestamp.json", "snapshot.json", "targets.json", "bms.json"}) {
      const auto file = folder.read(name, 1'000'000);
      if (!file) continue;
      const auto json = nlohmann::json::parse(ota_text(*file), nullptr, false);
      EXPECT_FALSE(json.is_discarded()) << name << " is torn";
      if (!json.is_discarded()) out[name] = json["signed"]["version"];
    }
    return out;
  }

  const Story& story;
  io::OpenSslCrypto crypto;
  PowerCutFolder folder;
};

/// Nothing that was there is older; with new keys, timestamp and snapshot count anew.
void expect_not_older(const Versions& before, const Versions& after, bool counts_anew) {
  for (const auto& [name, version] : before) {
    const auto now = after.find(name);
    const bool anew = counts_anew && (name == "timestamp.json" || name == "snapshot.json");
    if (anew && (now == after.end() || now->second == 1)) continue;
    ASSERT_NE(now, after.end()) << name << " is gone";
    EXPECT_GE(now->second, version) << name;
  }
}

/// @return Cuts tried.
std::uint64_t cut_everywhere(const Story& story, bool trusted_before, bool counts_anew) {
  std::uint64_t cuts = 0;
  for (const Unsynced unsynced : kAllUnsynced) {
    for (std::uint64_t at = 1; at < kOperationsMax; ++at) {
      SCOPED_TRACE("operation " + std::to_string(at) + ", unsynced " +
                   std::to_string(static_cast<int>(unsynced)));
      Device device{story};
      const std::string first = trusted_before ? device.cycle(story.before) : "ok";
      EXPECT_EQ(first, "ok");
      const Versions before = device.versions();
      device.folder.cut_at(at);
      const std::string cut_cycle = device.cycle(story.after);
      if (!device.folder.is_cut()) {
        EXPECT_EQ(cut_cycle, "ok");
        break;  // Every operation had its turn.
      }
      ++cuts;
      EXPECT_NE(cut_cycle, "ok");  // No success is told that is not durable.
      device.folder.restart(unsynced);
      const Versions left = device.versions();
      expect_not_older(before, left, counts_anew);
      (void)device.cycle(story.before);  // Whoever serves the old files changes nothing.
      expect_not_older(left, device.versions(), counts_anew);
      EXPECT_EQ(device.cycle(story.after), "ok");
      expect_not_older(left, device.versions(), counts_anew);
      if (testing::Test::HasFailure()) return cuts;
    }
  }
  return cuts;
}

void print(const char* story, std::uint64_t cuts) {
  std::printf("%s: cuts tried: %llu\n", story, static_cast<unsigned long long>(cuts));
  EXPECT_GE(cuts, 64U);  // A refresh replaces four files or more, each in four operations or more.
}

TEST(OtaPowerCut, AtEveryOperationOfTheFirstRefresh) {
  print("first refresh", cut_everywhere(new_versions(), false, false));
}

TEST(OtaPowerCut, AtEveryOperationOfARefreshToNewVersions) {
  print("new versions", cut_everywhere(new_versions(), true, false));
}

TEST(OtaPowerCut, AtEveryOperationOfARefreshToNewRootsAndKeys) {
  print("new roots and keys", cut_everywhere(new_keys(), true, true));
}

TEST(OtaPowerCut, AgainAndAgainUntilItStays) {
  const Story story = new_keys();
  std::uint64_t cuts = 0;
  for (const Unsynced unsynced : kAllUnsynced) {
    // Operations between two cuts. A file takes five, eight where a cut left its beginning.
    for (const std::uint64_t reach : {12U, 13U, 14U, 17U, 20U, 30U}) {
      Device device{story};
      ASSERT_EQ(device.cycle(story.before), "ok");
      for (int starts = 0;; ++starts) {
        ASSERT_LT(starts, 60) << "no progress with " << reach << " operations at a time";
        const Versions before = device.versions();
        device.folder.cut_at(reach);
        const std::string done = device.cycle(story.after);
        if (!device.folder.is_cut()) {
          ASSERT_EQ(done, "ok");
          break;
        }
        ++cuts;
        device.folder.restart(unsynced);
        expect_not_older(before, device.versions(), true);
        if (HasFailure()) return;
      }
      EXPECT_EQ(device.versions(), (Versions{{"root.json", 3},
                                             {"timestamp.json", 1},
                                             {"snapshot.json", 1},
                                             {"targets.json", 2},
                                             {"bms.json", 2}}));
    }
  }
  print("again and again", cuts);
}

}  // namespace
}  // namespace ems::test
