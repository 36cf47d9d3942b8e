// SPDX-License-Identifier: Apache-2.0
// Whatever is staged, whoever signs and whichever keys are at hand: what publish() lets through, a
// client takes, one that follows from the first root and one that is new; what it refuses changes
// nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "ems/io/ota/directory_fetcher.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/io/ota/repository_folder.hpp"
#include "ems/ota/tuf/client.hpp"
#include "support/ota_memory.hpp"
#include "support/seed.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

namespace fs = std::filesystem;
namespace tuf = ota::tuf;
using io::RepositoryFolder;
using io::SigningKey;
using nlohmann::json;
using Random = std::mt19937_64;

constexpr UtcInstant kNow{seconds(1'800'000'000)};
constexpr Duration kDay = seconds(86'400);
constexpr const char* kRoles[] = {"root", "targets", "snapshot", "timestamp"};

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class World {
 public:
  explicit World(Random& random) : random_(random), repository_(make()) {}

  /// Changes something, lets some people sign and publishes with some keys.
  /// @return Whether it was published.
  bool step() {
    change();
    for (const char* role : {"root", "targets"}) {
      for (const Key& key : keys_) {  // Whose key is not one of the role's is refused.
        if (chance(85)) (void)repository_.sign(role, SigningKey::load(key.file).value());
      }
    }
    const auto before = files();
    std::vector<SigningKey> online;
    const std::string roots = read(repo() / "staged/root.json") + newest_root();
    for (const Key& key : keys_) {
      if (key.online && roots.find(key.id) != std::string::npos && chance(92)) {
        online.push_back(SigningKey::load(key.file).value());
      }
    }
    const Result<void> done = repository_.publish({online, kNow, kNow + kDay, kNow + kDay, true});
    if (!done) {
      EXPECT_TRUE(done.error().code == Errc::signature ||
                  done.error().code == Errc::permission_denied)
          << repository_.subject() << ": " << done.error().what;
      EXPECT_EQ(files(), before);
    }
    return done.has_value();
  }

  /// The client that was there from the beginning, and a new one.
  void check_clients() {
    MemoryStore fresh;
    for (MemoryStore* store : {&old_client_, &fresh}) {
      auto fetcher = io::DirectoryFetcher::open(repo() / "metadata").value();
      tuf::Client client(fetcher, *store, crypto_, {});
      const OtaBytes root = ota_bytes(read(repo() / "metadata/1.root.json"));
      if (store->files.empty()) {
        ASSERT_TRUE(client.init(root));
      }
      const Result<void> taken = client.refresh(kNow);
      ASSERT_TRUE(taken) << client.last_event()->file << ": " << taken.error().what;
      for (const std::string& name : targets_) {
        EXPECT_EQ(client.find(name).has_value(), published(name)) << name;
      }
    }
  }

 private:
  [[nodiscard]] fs::path repo() const { return dir_ / "repo"; }
  bool chance(std::uint64_t percent) { return random_() % 100 < percent; }

  tuf::PublicKey new_key(std::string_view role) {
    const SigningKey key = SigningKey::generate().value();
    const std::string file = dir_ / ("key" + std::to_string(keys_.size())).c_str();
    EXPECT_TRUE(key.save(file));
    keys_.push_back({key.public_key().id, file, role == "snapshot" || role == "timestamp"});
    return key.public_key();
  }
  RepositoryFolder make() {
    const auto keys = [this](const char* role, int count, std::int64_t threshold) {
      tuf::RoleKeys out{{}, threshold};
      for (int i = 0; i < count; ++i) out.keys.push_back(new_key(role));
      return out;
    };
    return RepositoryFolder::init(repo(),
                                  {keys("root", 3, 2), keys("targets", 2, 2),
                                   keys("snapshot", 1, 1), keys("timestamp", 2, 1)},
                                  kNow + kDay, kNow + kDay)
        .value();
  }
  [[nodiscard]] std::string newest_root() const {
    std::string text;
    for (int n = 1; fs::exists(repo() / "metadata" / (std::to_string(n) + ".root.json")); ++n) {
      text = read(repo() / "metadata" / (std::to_string(n) + ".root.json"));
    }
    return text;
  }
  void change() {
    if (chance(50)) {
      const std::string name = "fw/" + std::to_string(targets_.size());
      std::ofstream(dir_ / "file") << name;
      tuf::Target target;
      target.path = name;
      target.role = "targets";
      ASSERT_TRUE(repository_.add(dir_ / "file", target, kNow + kDay));
      targets_.push_back(name);
    }
    if (chance(50)) {
      const char* role = kRoles[random_() % std::size(kRoles)];
      std::string text = read(repo() / "staged/root.json");
      if (text.empty()) text = newest_root();
      const json ids = json::parse(text)["signed"]["roles"][role]["keyids"];
      const std::string gone = ids[random_() % ids.size()];
      const tuf::RootChange changes[] = {{role, {new_key(role)}, {gone}, {}}};
      ASSERT_TRUE(repository_.rotate(changes, kNow + kDay));
    }
    if (chance(50)) {
      ASSERT_TRUE(repository_.renew("targets", kNow + kDay));
    }
  }
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::directory_iterator(repo() / "metadata")) {
      out[entry.path().filename().string()] = read(entry.path());
    }
    return out;
  }
  [[nodiscard]] bool published(const std::string& name) const {
    const json timestamp = json::parse(read(repo() / "metadata/timestamp.json"));
    const std::int64_t snapshot = timestamp["signed"]["meta"]["snapshot.json"]["version"];
    const json body =
        json::parse(read(repo() / "metadata" / (std::to_string(snapshot) + ".snapshot.json")));
    const std::int64_t targets = body["signed"]["meta"]["targets.json"]["version"];
    return json::parse(read(repo() / "metadata" /
                            (std::to_string(targets) + ".targets.json")))["signed"]["targets"]
        .contains(name);
  }

  Random& random_;
  TempDir dir_;
  struct Key {
    std::string id;
    std::string file;
    bool online;  ///< Of snapshot or timestamp.
  };
  std::vector<Key> keys_;  ///< In the order they were made, so that a seed replays a run.
  RepositoryFolder repository_;
  std::vector<std::string> targets_;
  MemoryStore old_client_;
  io::OpenSslCrypto crypto_;
};

TEST(OtaRepository, WhatIsPublishedEveryClientTakes) {
  const Seed seed(20261122);
  Random random = seed.engine();
  World world(random);
  const int steps = Seed::cases(20, 50);
  int published = 0;
  for (int i = 0; i < steps; ++i) {
    if (world.step()) ++published;
    if (published > 0) world.check_clients();
    if (HasFatalFailure()) return;
  }
  std::printf("published: %d, refused: %d\n", published, steps - published);
  if (steps >= 20) {
    EXPECT_GT(published, 3);
  }
}

}  // namespace
}  // namespace ems::test
