// SPDX-License-Identifier: Apache-2.0
// The generated client cases of tests/vectors/ota/tuf, each against the result it states; where
// the case is no deliberate difference, also against the versions that python-tuf 5.1.0 kept.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/ota/tuf/client.hpp"
#include "ems/ota/tuf/metadata.hpp"
#include "support/ota_memory.hpp"

namespace ems {
namespace {

using nlohmann::json;
using ota::tuf::Client;
using ota::tuf::ClientSettings;
using test::OtaBytes;

const std::string kFolder = EMS_TEST_VECTORS "/ota/tuf/generated/";

OtaBytes read_blob(const std::string& name) {
  std::ifstream file(kFolder + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  return test::ota_bytes(text);
}

OtaBytes blob(const json& from) {
  if (from.is_string()) return read_blob(from);
  const std::string one = from.at("repeat");
  std::string all;
  for (int i = 0; i < from.at("count").get<int>(); ++i) all += one;
  return test::ota_bytes(all);
}

const json& cases() {
  static const json all = json::parse(std::ifstream(kFolder + "index.json"));
  return all;
}

std::string class_of(const Error& error) {
  std::string name(to_string(error.code));
  std::ranges::replace(name, '_', '-');
  return name;
}

bool is_one_of(const std::string& result, const std::string& expected) {
  return ("|" + expected + "|").find("|" + result + "|") != std::string::npos;
}

UtcInstant date(const json& text) { return ota::tuf::parse_date(text.get<std::string>()).value(); }

ClientSettings settings_of(const json& test) {
  ClientSettings out;
  const json& device = test.at("device");
  if (device.is_null()) return out;
  if (device.contains("hardware_id")) out.device.hardware_id = device.at("hardware_id");
  if (device.contains("installed_release_counter")) {
    out.device.release_counter = device.at("installed_release_counter").get<std::int64_t>();
  }
  if (device.contains("time_floor")) out.time_floor = date(device.at("time_floor"));
  if (device.contains("factory_root")) out.factory_root = blob(test.at("trusted_root"));
  return out;
}

struct World {
  explicit World(const json& given) : test(given), settings(settings_of(given)) {
    settings.on_event = [this](const ota::tuf::Event& event) { events.push_back(event); };
    for (const auto& [url, content] : test.at("urls").items()) fetcher.files[url] = blob(content);
    for (const auto& [name, content] : test.at("state").items()) store.files[name] = blob(content);
  }
  // In a client of its own, as after a restart.
  Result<void> refresh() {
    client.emplace(fetcher, store, crypto, settings);
    if (!store.files.contains("root.json")) {
      const Result<void> trusted = client->init(blob(test.at("trusted_root")));
      if (!trusted) return trusted;
    }
    return client->refresh(date(test.at("now")));
  }
  std::string get(const std::string& path) {
    const Result<ota::tuf::Target> target = client->find(path);
    if (!target) return class_of(target.error());
    io::OpenSslHasher sha256;
    io::OpenSslHasher sha512;
    test::MemorySink sink;
    const Result<void> done = client->download(*target, sha256, sha512, sink);
    if (!done) return class_of(done.error());
    EXPECT_EQ(sink.content.size(), target->length);
    return "ok";
  }
  json versions() {
    json out;
    for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
      const auto file = store.files.find(role + std::string(".json"));
      out[role] = file == store.files.end()
                      ? json()
                      : json::parse(test::ota_text(file->second)).at("signed").at("version");
    }
    return out;
  }

  const json& test;
  ClientSettings settings;
  std::vector<ota::tuf::Event> events;
  io::OpenSslCrypto crypto;
  test::MemoryFetcher fetcher;
  test::MemoryStore store;
  std::optional<Client> client;
};

TEST(OtaClientCases, EachEndsAsItStates) {
  ASSERT_EQ(cases().size(), 72U);
  for (const json& test : cases()) {
    SCOPED_TRACE(test.at("id").get<std::string>() + ": " + test.at("note").get<std::string>());
    World world(test);
    auto before = world.store.files;
    const Result<void> refreshed = world.refresh();
    const json& expect = test.at("expect");
    EXPECT_TRUE(is_one_of(refreshed ? "ok" : class_of(refreshed.error()), expect.at("refresh")))
        << (refreshed ? "ok" : class_of(refreshed.error()));
    if (!refreshed) {
      ASSERT_FALSE(world.events.empty());
      EXPECT_EQ(world.events.back().error, refreshed.error());
      EXPECT_FALSE(world.events.back().file.empty());
      EXPECT_EQ(world.store.files["targets.json"], before["targets.json"]);  // Written last.
      EXPECT_FALSE(world.client->find("fw/edge/edge-2.4.1.img"));
      continue;
    }
    for (const auto& [path, expected] : expect.at("targets").items()) {
      EXPECT_EQ(world.get(path), expected) << path;
    }
  }
}

TEST(OtaClientCases, WhatIsKeptIsWhatPythonTufKept) {
  int compared = 0;
  for (const json& test : cases()) {
    if (!test.at("policy").is_null()) continue;
    if (test.at("id") == "t12-keytype-scheme-mismatch") continue;  // Which refuses the whole root.
    SCOPED_TRACE(test.at("id").get<std::string>());
    World world(test);
    (void)world.refresh();  // Its class is the other test's matter.
    EXPECT_EQ(world.versions(), test.at("python_tuf_5_1_0").at("persisted_versions"));
    ++compared;
  }
  EXPECT_GT(compared, 50);
}

TEST(OtaClientCases, AfterAnyFailureTheHonestRepositoryIsAccepted) {
  const json& honest = cases().at(0);
  ASSERT_EQ(honest.at("id"), "a01-base");
  int recovered = 0;
  for (const json& test : cases()) {
    SCOPED_TRACE(test.at("id").get<std::string>());
    World world(test);
    if (world.refresh() || world.versions().at("root") != 1) continue;
    // Where the attacker's timestamp 9 was signed as it should be, or the case's own past is newer,
    // another repository's 9 will not do.
    const json timestamp = world.versions().at("timestamp");
    const json snapshot = world.versions().at("snapshot");
    if (timestamp.is_number() && timestamp >= 9) continue;
    if (snapshot.is_number() && snapshot > 5) continue;
    ++recovered;
    world.fetcher.files.clear();
    for (const auto& [url, content] : honest.at("urls").items()) {
      world.fetcher.files[url] = blob(content);
    }
    world.settings = settings_of(honest);
    world.client.emplace(world.fetcher, world.store, world.crypto, world.settings);
    const Result<void> again = world.client->refresh(date(honest.at("now")));
    EXPECT_TRUE(again) << class_of(again.error()) << " " << world.client->last_event()->file;
    if (!again) continue;
    EXPECT_EQ(world.get("fw/edge/edge-2.4.1.img"), "ok");
  }
  EXPECT_GT(recovered, 25);
}

}  // namespace
}  // namespace ems
