// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/payload_store.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "ems/io/ota/directory_fetcher.hpp"
#include "ems/io/ota/file_store.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/io/ota/repository_folder.hpp"
#include "support/power_cut_folder.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using test::PowerCutFolder;
using test::Unsynced;

const OpenSslCrypto kCrypto;

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Errc code(const auto& result) { return result ? Errc::internal : result.error().code; }

ota::tuf::Target target(std::string_view content, std::string version, std::int64_t counter = 1) {
  ota::tuf::Target out;
  out.path = "limits/limits.yaml";
  out.length = content.size();
  out.sha256 = kCrypto.sha256(bytes_of(content));
  out.device.emplace();
  out.device->component = "limits";
  out.device->version = std::move(version);
  out.device->release_counter = counter;
  return out;
}

/// An application: what it runs with, and what it cannot read.
struct Program {
  std::string running = "built in";
  int loads = 0;
  PayloadStore::Loader loader() {
    return [this](const ota::Payload&, Bytes content) -> Result<void> {
      ++loads;
      if (text_of(content).starts_with("bad")) return fail(Errc::syntax, 1, "line 1: no number");
      running = text_of(content);
      return {};
    };
  }
};

Result<ota::Payload> install(PayloadStore& store, Program& program, std::string_view content,
                             std::int64_t counter = 1) {
  return store.install("limits", target(content, "v-" + std::string(content), counter),
                       bytes_of(content), program.loader());
}

TEST(OtaPayloadStore, InstallsLoadsAndKeepsTheVersionBefore) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  EXPECT_EQ(code(store.load("limits", program.loader())), Errc::not_found);
  const auto one = install(store, program, "one");
  ASSERT_TRUE(one) << one.error().what;
  EXPECT_EQ(one->version.view(), "v-one");
  EXPECT_EQ(one->sha256, kCrypto.sha256(bytes_of("one")));
  ASSERT_TRUE(install(store, program, "two"));
  EXPECT_EQ(program.running, "two");
  EXPECT_EQ(text_of(*store.read("limits")), "two");
  const auto record = store.record("limits");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->previous()->payload.version.view(), "v-one");

  ASSERT_TRUE(install(store, program, "two"));  // In use already.
  EXPECT_EQ(program.loads, 2);
  Program restarted;
  ASSERT_TRUE(store.load("limits", restarted.loader()));
  EXPECT_EQ(restarted.running, "two");
}

TEST(OtaPayloadStore, StaysWithTheOldVersionWhenTheNewOneCannotBeLoaded) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  ASSERT_TRUE(install(store, program, "one"));
  EXPECT_EQ(code(install(store, program, "bad")), Errc::syntax);
  EXPECT_EQ(program.running, "one");
  EXPECT_EQ(text_of(*store.read("limits")), "one");
  const auto record = store.record("limits");
  ASSERT_EQ(record->quarantine().size(), 1U);
  EXPECT_EQ(record->quarantine()[0].reason.view(), "line 1: no number");

  EXPECT_EQ(code(install(store, program, "bad")), Errc::failed_precondition);
  EXPECT_EQ(program.loads, 2);  // It was not even tried.
  ASSERT_TRUE(store.release("limits", kCrypto.sha256(bytes_of("bad"))));
  EXPECT_EQ(code(install(store, program, "bad")), Errc::syntax);
}

TEST(OtaPayloadStore, RefusesWhatTheMetadataDoesNotVouchFor) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto, 8);
  Program program;
  const auto refused = [&](const ota::tuf::Target& what, std::string_view content = "one") {
    return code(store.install("limits", what, bytes_of(content), program.loader()));
  };
  const ota::tuf::Target good = target("one", "1");
  ota::tuf::Target other = good;
  other.device->component = "model";
  EXPECT_EQ(refused(other), Errc::wrong_hardware);
  other = good;
  other.device.reset();
  EXPECT_EQ(refused(other), Errc::wrong_hardware);
  EXPECT_EQ(refused(good, "on"), Errc::length);
  EXPECT_EQ(refused(good, "oneone"), Errc::length);
  EXPECT_EQ(refused(good, "One"), Errc::hash);
  EXPECT_EQ(refused(target("", "1"), ""), Errc::length);
  EXPECT_EQ(refused(target("123456789", "1"), "123456789"), Errc::too_large);
  EXPECT_EQ(refused(target("one", "")), Errc::malformed);
  EXPECT_EQ(refused(target("one", std::string(33, '1'))), Errc::malformed);
  other = good;
  other.sha256.reset();
  EXPECT_EQ(refused(other), Errc::unsupported_hash);
  other.sha512 = kCrypto.sha512(bytes_of("One"));
  EXPECT_EQ(refused(other), Errc::hash);
  other.sha256 = good.sha256;  // One of two is wrong.
  EXPECT_EQ(refused(other), Errc::hash);
  EXPECT_EQ(code(store.install("../x", good, bytes_of("one"), program.loader())),
            Errc::invalid_argument);
  EXPECT_EQ(program.loads, 0);
  EXPECT_EQ(folder.operations(), 0U);

  other.sha512 = kCrypto.sha512(bytes_of("one"));
  EXPECT_EQ(refused(other), Errc::internal);  // Which is what code() says of success.
}

TEST(OtaPayloadStore, RefusesAnOlderReleaseAfterANewerOne) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  ASSERT_TRUE(install(store, program, "one", 5));
  EXPECT_EQ(code(install(store, program, "two", 4)), Errc::rollback);
  EXPECT_EQ(program.running, "one");
}

TEST(OtaPayloadStore, KeepsKindsApart) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program limits;
  Program model;
  ASSERT_TRUE(install(store, limits, "one"));
  ota::tuf::Target other = target("weights", "7");
  other.device->component = "model";
  ASSERT_TRUE(store.install("model", other, bytes_of("weights"), model.loader()));
  EXPECT_EQ(text_of(*store.read("limits")), "one");
  EXPECT_EQ(text_of(*store.read("model")), "weights");
  ASSERT_TRUE(store.roll_back("model", "worse than none"));
  EXPECT_EQ(code(store.read("model")), Errc::not_found);
  EXPECT_EQ(text_of(*store.read("limits")), "one");
}

TEST(OtaPayloadStore, RollsBackAtStartWhatNoLongerLoads) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  ASSERT_TRUE(install(store, program, "one"));
  ASSERT_TRUE(install(store, program, "two"));
  const auto no_two = [&program](const ota::Payload&, Bytes content) -> Result<void> {
    if (text_of(content) == "two") return fail(Errc::unimplemented, 0, "a later format");
    program.running = text_of(content);
    return {};
  };
  const auto loaded = store.load("limits", no_two);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->version.view(), "v-one");
  EXPECT_EQ(program.running, "one");
  EXPECT_EQ(code(install(store, program, "two")), Errc::failed_precondition);

  const auto nothing = [](const ota::Payload&, Bytes) -> Result<void> {
    return fail(Errc::unimplemented, 0, "a later format");
  };
  EXPECT_EQ(code(store.load("limits", nothing)), Errc::unimplemented);
  EXPECT_EQ(code(store.load("limits", nothing)), Errc::not_found);
}

TEST(OtaPayloadStore, GoesBackOnceWhenAPersonSaysSo) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  EXPECT_EQ(code(store.roll_back("limits", "?")), Errc::not_found);
  ASSERT_TRUE(install(store, program, "one"));
  ASSERT_TRUE(install(store, program, "two"));
  ASSERT_TRUE(store.roll_back("limits", "the site tripped"));
  ASSERT_TRUE(store.load("limits", program.loader()));
  EXPECT_EQ(program.running, "one");
  EXPECT_EQ(store.record("limits")->quarantine()[0].reason.view(), "the site tripped");
}

void overwrite(PowerCutFolder& folder, std::string_view name, std::string_view content) {
  (void)folder.remove(name);
  const auto file = folder.create(name);
  ASSERT_TRUE(file);
  ASSERT_TRUE(folder.write(*file, bytes_of(content)));
  folder.close(*file);
}

TEST(OtaPayloadStore, GivesTheVersionBeforeWhenBytesRotAndTakesTheNewOneAgain) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  ASSERT_TRUE(install(store, program, "one"));
  ASSERT_TRUE(install(store, program, "two"));
  overwrite(folder, "limits.1", "twO");
  EXPECT_EQ(code(store.read("limits")), Errc::corrupt);
  ASSERT_TRUE(store.load("limits", program.loader()));
  EXPECT_EQ(program.running, "one");
  ASSERT_TRUE(install(store, program, "two"));
  EXPECT_EQ(program.running, "two");

  ASSERT_TRUE(folder.remove("limits.0"));
  overwrite(folder, "limits.1", "two, and more");
  EXPECT_EQ(code(store.load("limits", program.loader())), Errc::corrupt);
}

TEST(OtaPayloadStore, RecoversFromARecordThatRotted) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  ASSERT_TRUE(install(store, program, "one"));
  for (const std::size_t size : {3U, 5000U}) {
    overwrite(folder, "limits.record", std::string(size, 'x'));
    EXPECT_EQ(code(store.record("limits")), Errc::corrupt);
    EXPECT_EQ(code(store.load("limits", program.loader())), Errc::corrupt);
    EXPECT_EQ(code(store.roll_back("limits", "?")), Errc::corrupt);
    ASSERT_TRUE(install(store, program, "two"));
    EXPECT_EQ(text_of(*store.read("limits")), "two");
  }
}

// At every operation of an install, and with everything a disk may make of it: what is loaded at
// the next start is the old version or the new one, the old one while the new one was not loaded,
// and the same install then succeeds.
TEST(OtaPayloadStore, LeavesTheOldVersionOrTheNewOneWhereverThePowerGoes) {
  int cuts = 0;
  bool ended = false;
  for (std::uint64_t at = 1; !ended; ++at) {
    for (const Unsynced unsynced : test::kAllUnsynced) {
      PowerCutFolder folder;
      PayloadStore store(folder, kCrypto);
      Program before;
      ASSERT_TRUE(install(store, before, "zero"));
      ASSERT_TRUE(install(store, before, "one"));
      Program program;
      folder.cut_at(at);
      const auto result = install(store, program, "two");
      if (!folder.is_cut()) {
        ASSERT_TRUE(result);
        ended = true;
        break;
      }
      ++cuts;
      EXPECT_FALSE(result);
      folder.restart(unsynced);

      Program restarted;
      ASSERT_TRUE(store.load("limits", restarted.loader())) << at;
      const bool is_new = restarted.running == "two";
      EXPECT_TRUE(is_new || restarted.running == "one") << at << ": " << restarted.running;
      if (is_new) {
        EXPECT_EQ(program.loads, 1);
      }
      ASSERT_TRUE(install(store, restarted, "two")) << at;
      EXPECT_EQ(restarted.running, "two");
      EXPECT_EQ(text_of(*store.read("limits")), "two");
      EXPECT_EQ(store.record("limits")->previous()->payload.version.view(), "v-one");
    }
  }
  std::printf("power cuts tried: %d\n", cuts);
  EXPECT_GE(cuts, 40);
}

// The same for the failure of a version: it is never the one in use afterwards.
TEST(OtaPayloadStore, NeverKeepsAVersionThatFailedWhereverThePowerGoes) {
  bool ended = false;
  for (std::uint64_t at = 1; !ended; ++at) {
    for (const Unsynced unsynced : test::kAllUnsynced) {
      PowerCutFolder folder;
      PayloadStore store(folder, kCrypto);
      Program program;
      ASSERT_TRUE(install(store, program, "one"));
      folder.cut_at(at);
      EXPECT_FALSE(install(store, program, "bad"));
      ended = !folder.is_cut();
      folder.restart(unsynced);
      Program restarted;
      ASSERT_TRUE(store.load("limits", restarted.loader())) << at;
      EXPECT_EQ(restarted.running, "one") << at;
    }
  }
}

// Loading it ends the program: the third attempt is not made.
TEST(OtaPayloadStore, QuarantinesWhatTookTheProgramDownTwice) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  ASSERT_TRUE(install(store, program, "one"));
  int crashes = 0;
  const auto crash = [&](const ota::Payload&, Bytes) -> Result<void> {
    ++crashes;
    folder.cut_at(1);  // Nothing is written any more.
    return {};
  };
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_FALSE(store.install("limits", target("two", "2"), bytes_of("two"), crash));
    folder.restart(Unsynced::kept);
    Program restarted;
    ASSERT_TRUE(store.load("limits", restarted.loader()));
    EXPECT_EQ(restarted.running, "one");
  }
  EXPECT_EQ(code(store.install("limits", target("two", "2"), bytes_of("two"), crash)),
            Errc::failed_precondition);
  EXPECT_EQ(crashes, 2);
  EXPECT_TRUE(store.record("limits")->is_quarantined(kCrypto.sha256(bytes_of("two"))));
}

TEST(OtaPayloadStore, WhatTheDiskDidNotGiveBackWasNotLoadedAndIsNotQuarantined) {
  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto);
  Program program;
  for (int attempt = 0; attempt < 4; ++attempt) {
    folder.unreadable = "limits.0";
    EXPECT_EQ(code(install(store, program, "one")), Errc::store);
  }
  EXPECT_EQ(program.loads, 0);
  folder.unreadable.clear();
  ASSERT_TRUE(install(store, program, "one"));
  EXPECT_EQ(program.running, "one");
}

TEST(OtaPayloadStore, WorksInAFolder) {
  const test::TempDir dir;
  Program program;
  {
    auto folder = Folder::open(dir / "payloads");
    ASSERT_TRUE(folder);
    PayloadStore store(*folder, kCrypto);
    ASSERT_TRUE(install(store, program, "one"));
    EXPECT_EQ(code(install(store, program, "bad")), Errc::syntax);
  }
  auto folder = Folder::open(dir / "payloads");
  ASSERT_TRUE(folder);
  PayloadStore store(*folder, kCrypto);
  Program restarted;
  ASSERT_TRUE(store.load("limits", restarted.loader()));
  EXPECT_EQ(restarted.running, "one");
  EXPECT_EQ(code(install(store, program, "bad")), Errc::failed_precondition);
}

// The whole way: a repository, a client, the store.
TEST(OtaPayloadStore, InstallsWhatARepositoryVouchesForAndNothingElse) {
  const test::TempDir dir;
  constexpr UtcInstant kNow{seconds(1'800'000'000)};
  constexpr UtcInstant kLater{seconds(1'900'000'000)};
  std::vector<SigningKey> key;
  key.push_back(SigningKey::generate().value());
  const ota::tuf::RoleKeys one{.keys = {key[0].public_key()}, .threshold = 1};
  auto repository = RepositoryFolder::init(
      dir / "repo", {.root = one, .targets = one, .snapshot = one, .timestamp = one}, kLater,
      kLater);
  ASSERT_TRUE(repository);
  ASSERT_TRUE(repository->sign("root", key[0]));
  const auto publish = [&](std::string content, std::int64_t counter) {
    std::ofstream(dir / "file") << content;
    ota::tuf::Target what;
    what.path = "limits/limits.yaml";
    what.role = "targets";
    what.device.emplace();
    what.device->hardware_ids = {"any"};
    what.device->component = "limits";
    what.device->version = "1." + std::to_string(counter);
    what.device->release_counter = counter;
    what.device->payload = "raw";
    return repository->add(dir / "file", what, kLater) && repository->sign("targets", key[0]) &&
           repository->publish(
               {.keys = key, .now = kNow, .snapshot_expires = kLater, .timestamp_expires = kLater});
  };
  ASSERT_TRUE(publish("one", 1)) << repository->subject();

  auto metadata = DirectoryFetcher::open(dir / "repo");
  ASSERT_TRUE(metadata);
  class Fetcher final : public ota::tuf::Fetcher {
   public:
    explicit Fetcher(DirectoryFetcher& files) : files_(files) {}
    Result<std::vector<std::byte>> metadata(std::string_view name, std::size_t max) override {
      return files_.metadata("metadata/" + std::string(name), max);
    }
    Result<void> target(std::string_view path, std::uint64_t from, std::uint64_t size,
                        ota::tuf::Sink& sink) override {
      ++fetched;
      return files_.target("targets/" + std::string(path), from, size, sink);
    }
    int fetched = 0;

   private:
    DirectoryFetcher& files_;
  } fetcher(*metadata);
  PowerCutFolder trusted;
  FileStore trust(trusted);
  ota::tuf::Client client(fetcher, trust, kCrypto, {});
  std::ifstream root(dir / "repo/metadata/1.root.json");
  ASSERT_TRUE(client.init(bytes_of(std::string(std::istreambuf_iterator<char>(root), {}))));

  PowerCutFolder folder;
  PayloadStore store(folder, kCrypto, 16);
  Program program;
  const auto update = [&](std::string_view kind = "limits") {
    EXPECT_TRUE(client.refresh(kNow));
    return store.install_from(client, "limits/limits.yaml", kind, program.loader());
  };
  const auto installed = update();
  ASSERT_TRUE(installed) << installed.error().what;
  EXPECT_EQ(installed->version.view(), "1.1");
  EXPECT_EQ(program.running, "one");
  EXPECT_EQ(code(update("model")), Errc::wrong_hardware);
  EXPECT_EQ(code(store.install_from(client, "limits/none", "limits", program.loader())),
            Errc::not_found);

  ASSERT_TRUE(publish("bad", 2));
  EXPECT_EQ(code(update()), Errc::syntax);
  EXPECT_EQ(program.running, "one");
  ASSERT_TRUE(publish("larger than allowed", 3));
  const int before = fetcher.fetched;
  EXPECT_EQ(code(update()), Errc::too_large);
  EXPECT_EQ(fetcher.fetched, before);  // Not a byte of it.
  ASSERT_TRUE(publish("four", 4));
  ASSERT_TRUE(update());
  EXPECT_EQ(program.running, "four");
}

}  // namespace
}  // namespace ems::io
