// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/repository_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/io/ota/signing_key.hpp"
#include "ems/ota/signature.hpp"
#include "support/temp_dir.hpp"

namespace {

namespace fs = std::filesystem;
namespace tuf = ems::ota::tuf;
using ems::Duration;
using ems::Errc;
using ems::seconds;
using ems::UtcInstant;
using ems::io::RepositoryFolder;
using ems::io::SigningKey;
using nlohmann::json;
using testing::ElementsAre;
using testing::SizeIs;

constexpr Duration kDay = seconds(86'400);
constexpr UtcInstant kNow{seconds(1'800'000'000)};
const UtcInstant kYear = kNow + kDay * 365;

ems::Bytes bytes(const std::string& text) { return std::as_bytes(std::span(text)); }
std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
mode_t mode(const fs::path& file) {
  struct stat info {};
  EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
  return info.st_mode & 0777;
}

// ---- keys ----

TEST(SigningKey, FileIsForItsOwnerAndComesBack) {
  const ems::test::TempDir dir;
  const SigningKey made = SigningKey::generate().value();
  ASSERT_TRUE(made.save(dir / "a.pem"));
  EXPECT_EQ(mode(dir / "a.pem"), 0600u);
  EXPECT_EQ(mode(dir / "a.pem.pub"), 0644u);
  const auto loaded = SigningKey::load(dir / "a.pem");
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(loaded->public_key(), made.public_key());
  EXPECT_EQ(ems::io::load_public_key(dir / "a.pem.pub").value(), made.public_key());
  const auto signature = loaded->sign(bytes("hello")).value();
  EXPECT_TRUE(ems::ota::verify(ems::io::OpenSslCrypto{}, ems::ota::Scheme::ed25519,
                               made.public_key().bytes, bytes("hello"), signature));
  EXPECT_FALSE(ems::ota::verify(ems::io::OpenSslCrypto{}, ems::ota::Scheme::ed25519,
                                made.public_key().bytes, bytes("hallo"), signature));
}

TEST(SigningKey, KeyOthersCanReadIsRefused) {
  const ems::test::TempDir dir;
  ASSERT_TRUE(SigningKey::generate().value().save(dir / "a.pem"));
  for (const mode_t open : {0640U, 0604U, 0620U, 0601U}) {
    ASSERT_EQ(::chmod((dir / "a.pem").c_str(), open), 0);
    EXPECT_EQ(SigningKey::load(dir / "a.pem").error().code, Errc::permission_denied) << open;
  }
  ASSERT_EQ(::chmod((dir / "a.pem").c_str(), 0400), 0);
  EXPECT_TRUE(SigningKey::load(dir / "a.pem"));
}

TEST(SigningKey, NothingIsOverwritten) {
  const ems::test::TempDir dir;
  const SigningKey key = SigningKey::generate().value();
  ASSERT_TRUE(key.save(dir / "a.pem"));
  const std::string before = read(dir / "a.pem");
  EXPECT_EQ(SigningKey::generate().value().save(dir / "a.pem").error().code, Errc::already_exists);
  EXPECT_EQ(read(dir / "a.pem"), before);
  std::ofstream(dir / "b.pem") << "mine";
  EXPECT_EQ(key.save(dir / "b.pem").error().code, Errc::already_exists);
  EXPECT_FALSE(fs::exists(dir / "b.pem.pub"));
  EXPECT_EQ(read(dir / "b.pem"), "mine");
}

TEST(SigningKey, FileThatHoldsNoEd25519KeyIsRefused) {
  const ems::test::TempDir dir;
  EXPECT_EQ(SigningKey::load(dir / "none").error().code, Errc::not_found);
  // An X25519 key: OpenSSL loads it, and could not sign with it.
  EVP_PKEY* const made = EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519");
  BIO* const memory = BIO_new(BIO_s_mem());
  ASSERT_EQ(PEM_write_bio_PrivateKey(memory, made, nullptr, nullptr, 0, nullptr, nullptr), 1);
  char* pem = nullptr;
  const long size = BIO_get_mem_data(memory, &pem);
  const std::string other(pem, static_cast<std::size_t>(size));
  BIO_free(memory);
  EVP_PKEY_free(made);
  for (const std::string& text : {std::string{}, std::string("PEM"), other}) {
    std::ofstream(dir / "a.pem") << text;
    ASSERT_EQ(::chmod((dir / "a.pem").c_str(), 0600), 0);
    EXPECT_EQ(SigningKey::load(dir / "a.pem").error().code, Errc::malformed) << text;
  }
}

// ---- the repository ----

class Repository : public testing::Test {
 protected:
  static std::vector<SigningKey> make(int count) {
    std::vector<SigningKey> keys;
    for (int i = 0; i < count; ++i) keys.push_back(SigningKey::generate().value());
    return keys;
  }
  static tuf::RoleKeys publics(const std::vector<SigningKey>& keys, std::int64_t threshold) {
    tuf::RoleKeys out{{}, threshold};
    for (const SigningKey& key : keys) out.keys.push_back(key.public_key());
    return out;
  }

  RepositoryFolder init() {
    online_.push_back(SigningKey::generate().value());
    online_.push_back(SigningKey::generate().value());
    const tuf::RootRoles roles{publics(root_, 2),
                               publics(targets_, 2),
                               {{online_[0].public_key()}, 1},
                               {{online_[1].public_key()}, 1}};
    return RepositoryFolder::init(dir_ / "repo", roles, kYear, kYear).value();
  }
  static void sign(RepositoryFolder& repository, std::string_view role,
                   const std::vector<SigningKey>& keys, std::size_t count = 2) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto signed_by = repository.sign(role, keys[i]);
      ASSERT_TRUE(signed_by) << signed_by.error().what;
    }
  }
  ems::Result<void> publish(RepositoryFolder& repository, bool staged = true,
                            UtcInstant now = kNow) {
    return repository.publish({online_, now, now + kDay * 30, now + kDay * 7, staged});
  }
  /// Root, targets and one snapshot are out.
  RepositoryFolder published() {
    RepositoryFolder repository = init();
    sign(repository, "root", root_);
    sign(repository, "targets", targets_);
    const auto done = publish(repository);
    EXPECT_TRUE(done) << repository.subject() << ": " << done.error().what;
    return repository;
  }
  void add(RepositoryFolder& repository, const std::string& name, const std::string& content,
           const std::string& role = "targets") {
    std::ofstream(dir_ / "file") << content;
    tuf::Target target;
    target.path = name;
    target.role = role;
    target.device = tuf::DeviceTarget{{"EMS-A"}, "edge", "1", 1, 0, {}, "raw", kNow};
    const auto done = repository.add(dir_ / "file", target, kYear);
    ASSERT_TRUE(done) << repository.subject() << ": " << done.error().what;
  }
  [[nodiscard]] fs::path metadata(const char* name) const {
    return fs::path(dir_ / "repo") / "metadata" / name;
  }
  /// Every file that clients see, with its content.
  [[nodiscard]] std::map<std::string, std::string> public_files() const {
    std::map<std::string, std::string> out;
    for (const char* part : {"metadata", "targets"}) {
      for (const auto& entry : fs::recursive_directory_iterator(fs::path(dir_ / "repo") / part)) {
        if (entry.is_regular_file()) out[entry.path().string()] = read(entry.path());
      }
    }
    return out;
  }
  [[nodiscard]] json body(const char* name) const {
    return json::parse(read(metadata(name)))["signed"];
  }
  static tuf::RootChange replaced(const std::string& role, const SigningKey& old,
                                  const SigningKey& fresh) {
    return {role, {fresh.public_key()}, {old.public_key().id}, {}};
  }

  ems::test::TempDir dir_;
  std::vector<SigningKey> root_ = make(3);
  std::vector<SigningKey> targets_ = make(3);
  std::vector<SigningKey> online_;  ///< Snapshot, timestamp.
};

TEST_F(Repository, NothingIsPublishedBelowAThreshold) {
  RepositoryFolder repository = init();
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  EXPECT_EQ(repository.subject(), "root");
  sign(repository, "root", root_);
  sign(repository, "targets", targets_, 1);
  sign(repository, "targets", targets_, 1);  // The same person again.
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  EXPECT_EQ(repository.subject(), "targets");
  EXPECT_TRUE(public_files().empty());
  sign(repository, "targets", targets_);
  EXPECT_TRUE(publish(repository));
  EXPECT_TRUE(repository.staged()->empty());
  EXPECT_EQ(mode(fs::path(dir_ / "repo") / "staged"), 0700u);
  EXPECT_EQ(mode(metadata("timestamp.json")), 0644u);
}

TEST_F(Repository, PublishedFilesNameEachOther) {
  RepositoryFolder repository = published();
  add(repository, "fw/edge.img", "image 1");
  sign(repository, "targets", targets_);
  ASSERT_TRUE(publish(repository));
  const json meta = body("timestamp.json")["meta"]["snapshot.json"];
  EXPECT_EQ(meta["version"], 2);
  EXPECT_EQ(meta["length"], fs::file_size(metadata("2.snapshot.json")));
  EXPECT_EQ(body("2.snapshot.json")["meta"]["targets.json"]["version"], 2);
  const json target = body("2.targets.json")["targets"]["fw/edge.img"];
  const fs::path file = fs::path(dir_ / "repo") / "targets/fw" /
                        (target["hashes"]["sha256"].get<std::string>() + ".edge.img");
  EXPECT_EQ(read(file), "image 1");
  EXPECT_EQ(mode(file), 0644u);
  std::vector<std::string> roles;
  const auto states = repository.published().value();
  for (const auto& state : states) {
    EXPECT_TRUE(state.complete()) << state.role;
    roles.push_back(state.role);
  }
  EXPECT_THAT(roles, ElementsAre("root", "targets", "snapshot", "timestamp"));
}

TEST_F(Repository, ChangeAfterASignatureDropsIt) {
  RepositoryFolder repository = published();
  add(repository, "a", "1");
  sign(repository, "targets", targets_);
  add(repository, "b", "2");
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  const auto staged = repository.staged().value();
  ASSERT_THAT(staged, SizeIs(1));
  EXPECT_EQ(staged[0].version, 2);  // Still the next one.
  EXPECT_FALSE(staged[0].complete());
}

TEST_F(Repository, KeyOfAnotherRoleSignsNothing) {
  RepositoryFolder repository = init();
  EXPECT_EQ(repository.sign("root", targets_[0]).error().code, Errc::permission_denied);
  EXPECT_EQ(repository.sign("targets", online_[0]).error().code, Errc::permission_denied);
  EXPECT_EQ(repository.sign("bms", root_[0]).error().code, Errc::not_found);
  sign(repository, "root", root_);
  sign(repository, "targets", targets_);
  online_[0] = SigningKey::generate().value();
  EXPECT_EQ(publish(repository).error().code, Errc::permission_denied);
  online_.erase(online_.begin());  // The key of timestamp alone cannot make a snapshot.
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  EXPECT_EQ(repository.subject(), "snapshot");
  EXPECT_TRUE(public_files().empty());
}

TEST_F(Repository, RenewingLeavesWhatIsStaged) {
  RepositoryFolder repository = published();
  add(repository, "a", "1");
  ASSERT_TRUE(publish(repository, false));
  EXPECT_EQ(body("timestamp.json")["version"], 2);
  EXPECT_EQ(body("2.snapshot.json")["meta"]["targets.json"]["version"], 1);
  EXPECT_THAT(repository.staged().value(), SizeIs(1));
  // Without the key of snapshot the published one goes on, as long as it is good.
  online_.erase(online_.begin());
  ASSERT_TRUE(publish(repository, false));
  EXPECT_EQ(body("timestamp.json")["version"], 3);
  EXPECT_EQ(body("timestamp.json")["meta"]["snapshot.json"]["version"], 2);
  EXPECT_EQ(publish(repository, false, kNow + kDay * 31).error().code, Errc::signature);
  EXPECT_EQ(repository.subject(), "snapshot");
}

TEST_F(Repository, ExpiredFileIsNotPublished) {
  RepositoryFolder repository = published();
  const auto before = public_files();
  EXPECT_EQ(publish(repository, true, kYear).error().code, Errc::expired);
  EXPECT_EQ(repository.subject(), "root");
  ASSERT_TRUE(repository.rotate({}, kYear + kDay * 365));
  sign(repository, "root", root_);
  EXPECT_EQ(publish(repository, true, kYear).error().code, Errc::expired);
  EXPECT_EQ(repository.subject(), "targets");
  EXPECT_EQ(public_files(), before);
  ASSERT_TRUE(repository.renew("targets", kYear + kDay * 365));
  sign(repository, "targets", targets_);
  EXPECT_TRUE(publish(repository, true, kYear));
  // A file that would be expired when it appears.
  EXPECT_EQ(repository.publish({online_, kYear, kYear, kYear + kDay, true}).error().code,
            Errc::expired);
  EXPECT_EQ(repository.publish({online_, kYear, kYear + kDay, kYear, true}).error().code,
            Errc::expired);
}

TEST_F(Repository, DelegatedRoleThatLapsedStopsNobodyElse) {
  RepositoryFolder repository = published();
  const std::vector<SigningKey> bms = make(2);
  const UtcInstant soon = kNow + kDay * 10;
  ASSERT_TRUE(repository.delegate({"bms", publics(bms, 2), {"bms/*"}, true}, soon));
  ASSERT_TRUE(repository.renew("targets", kYear));
  sign(repository, "targets", targets_);
  sign(repository, "bms", bms);
  ASSERT_TRUE(publish(repository));
  ASSERT_TRUE(publish(repository, false, soon)) << repository.subject();
  EXPECT_EQ(body("timestamp.json")["version"], 3);
  add(repository, "a", "1");
  sign(repository, "targets", targets_);
  ASSERT_TRUE(publish(repository, true, soon)) << repository.subject();
  ASSERT_TRUE(repository.renew("bms", soon));
  sign(repository, "bms", bms);
  EXPECT_EQ(publish(repository, true, soon).error().code, Errc::expired);  // A slip is told.
  EXPECT_EQ(repository.subject(), "bms");
  EXPECT_EQ(publish(repository, false, kYear).error().code, Errc::expired);
  EXPECT_EQ(repository.subject(), "root");
}

/// A thief of the online keys can have published the last version there is.
TEST_F(Repository, NoVersionFollowsTheLastOne) {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  RepositoryFolder repository = published();
  const auto put = [this](const std::string& name, const json& file) {
    std::ofstream(metadata(name.c_str())) << file.dump();
  };
  const json timestamp = json::parse(read(metadata("timestamp.json")));
  json snapshot = json::parse(read(metadata("1.snapshot.json")));
  const auto refused = [&](const json& file, const char* subject) {
    put("timestamp.json", file);
    const auto before = public_files();
    EXPECT_EQ(publish(repository).error().code, Errc::version) << subject;
    EXPECT_EQ(repository.subject(), subject);
    EXPECT_EQ(public_files(), before);
  };
  json last = timestamp;
  last["signed"]["version"] = kLast;
  refused(last, "timestamp");
  last = timestamp;
  last["signed"]["meta"]["snapshot.json"]["version"] = kLast;
  put(std::to_string(kLast) + ".snapshot.json", snapshot);
  refused(last, "snapshot");
  put("timestamp.json", timestamp);
  snapshot["signed"]["meta"]["targets.json"]["version"] = kLast;
  put("1.snapshot.json", snapshot);
  fs::copy(metadata("1.targets.json"), metadata((std::to_string(kLast) + ".targets.json").c_str()));
  EXPECT_EQ(repository.renew("targets", kYear).error().code, Errc::version);
  EXPECT_TRUE(repository.staged()->empty());
}

TEST_F(Repository, NewRootNeedsOldAndNewKeys) {
  RepositoryFolder repository = published();
  const std::vector<SigningKey> fresh = make(2);
  const tuf::RootChange changes[] = {replaced("root", root_[0], fresh[0]),
                                     replaced("root", root_[1], fresh[1])};
  ASSERT_TRUE(repository.rotate(changes, kYear));
  sign(repository, "root", fresh);  // Two of the new three; of the old ones nobody.
  const auto before = public_files();
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  EXPECT_EQ(repository.subject(), "root");
  sign(repository, "root", root_, 1);
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  EXPECT_EQ(public_files(), before);
  sign(repository, "root", root_, 2);
  ASSERT_TRUE(publish(repository));
  EXPECT_EQ(body("2.root.json")["version"], 2);
  // From now on the old ones sign nothing.
  ASSERT_TRUE(repository.rotate({}, kYear));
  EXPECT_EQ(repository.sign("root", root_[0]).error().code, Errc::permission_denied);
}

TEST_F(Repository, OldKeysAloneMakeNoRoot) {
  RepositoryFolder repository = published();
  const std::vector<SigningKey> fresh = make(2);
  const tuf::RootChange changes[] = {replaced("root", root_[0], fresh[0]),
                                     replaced("root", root_[1], fresh[1])};
  ASSERT_TRUE(repository.rotate(changes, kYear));
  sign(repository, "root", root_, 3);  // Three of the old, of which one is new.
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  const auto state = repository.staged().value().front();
  ASSERT_THAT(state.signatures, SizeIs(2));
  EXPECT_FALSE(state.signatures[0].met());
  EXPECT_TRUE(state.signatures[1].met());
}

TEST_F(Repository, TargetsSignedByRemovedKeysAreRefused) {
  RepositoryFolder repository = published();
  const std::vector<SigningKey> fresh = make(2);
  const tuf::RootChange changes[] = {replaced("targets", targets_[0], fresh[0]),
                                     replaced("targets", targets_[1], fresh[1])};
  ASSERT_TRUE(repository.rotate(changes, kYear));
  sign(repository, "root", root_);
  const auto before = public_files();
  EXPECT_EQ(publish(repository).error().code, Errc::signature);  // Targets must be signed anew.
  EXPECT_EQ(repository.subject(), "targets");
  EXPECT_EQ(public_files(), before);
  ASSERT_TRUE(repository.renew("targets", kYear));
  sign(repository, "targets", fresh);
  ASSERT_TRUE(publish(repository));
  EXPECT_EQ(body("2.snapshot.json")["meta"]["targets.json"]["version"], 2);
}

/// How a new root meets clients of the old one, told by which of its files can be put in place.
TEST_F(Repository, RootComesLastWhereTheOldRootTakesTheRest) {
  RepositoryFolder repository = published();
  SigningKey fresh = SigningKey::generate().value();
  const tuf::RootChange change[] = {replaced("timestamp", online_[1], fresh)};
  ASSERT_TRUE(repository.rotate(change, kYear));
  sign(repository, "root", root_);
  online_.push_back(std::move(fresh));            // Both keys are at hand.
  fs::create_directory(metadata("2.root.json"));  // The root cannot be written.
  EXPECT_FALSE(publish(repository));
  EXPECT_EQ(body("timestamp.json")["version"], 2);
  EXPECT_THAT(json::parse(read(metadata("timestamp.json")))["signatures"], SizeIs(2));
  fs::remove(metadata("2.root.json"));
  ASSERT_TRUE(publish(repository));
  EXPECT_EQ(body("2.root.json")["version"], 2);
}

TEST_F(Repository, RootComesFirstWhereTheOldKeyIsGone) {
  RepositoryFolder repository = published();
  SigningKey fresh = SigningKey::generate().value();
  const tuf::RootChange change[] = {replaced("timestamp", online_[1], fresh)};
  ASSERT_TRUE(repository.rotate(change, kYear));
  sign(repository, "root", root_);
  online_[1] = std::move(fresh);
  fs::create_directory(metadata("2.root.json"));
  EXPECT_FALSE(publish(repository));
  EXPECT_EQ(body("timestamp.json")["version"], 1);  // Nobody could have taken the new one.
  fs::remove(metadata("2.root.json"));
  ASSERT_TRUE(publish(repository));
  EXPECT_EQ(body("timestamp.json")["version"], 2);
}

TEST_F(Repository, StolenKeysBelowAThresholdPublishNothing) {
  RepositoryFolder repository = published();
  add(repository, "fw/evil", "evil");
  sign(repository, "targets", targets_, 1);  // One key of targets and both online ones.
  const auto before = public_files();
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  EXPECT_EQ(public_files(), before);
}

TEST_F(Repository, PublishThatFailedIsTakenUpAgain) {
  RepositoryFolder repository = published();
  add(repository, "a", "1");
  sign(repository, "targets", targets_);
  const std::string old = read(metadata("timestamp.json"));
  fs::remove(metadata("timestamp.json"));
  fs::create_directory(metadata("timestamp.json"));  // Nothing can take its place.
  EXPECT_FALSE(publish(repository));
  fs::remove(metadata("timestamp.json"));
  std::ofstream(metadata("timestamp.json")) << old;
  ASSERT_TRUE(publish(repository));
  EXPECT_EQ(body("timestamp.json")["version"], 2);
  EXPECT_EQ(body("2.snapshot.json")["meta"]["targets.json"]["version"], 2);
}

TEST_F(Repository, WhatAPublishLeftBehindIsNotPublishedTwice) {
  RepositoryFolder repository = published();
  add(repository, "a", "1");
  sign(repository, "targets", targets_);
  const fs::path staged = fs::path(dir_ / "repo") / "staged/targets.json";
  const std::string text = read(staged);
  ASSERT_TRUE(publish(repository));
  std::ofstream(staged) << text;  // The power went before it was removed.
  EXPECT_TRUE(repository.staged()->empty());
  ASSERT_TRUE(publish(repository));
  EXPECT_EQ(body("3.snapshot.json")["meta"]["targets.json"]["version"], 2);
  EXPECT_FALSE(fs::exists(staged));
}

TEST_F(Repository, StagedFileThatDoesNotFollowIsRefused) {
  RepositoryFolder repository = published();
  add(repository, "a", "1");
  const fs::path staged = fs::path(dir_ / "repo") / "staged/targets.json";
  for (const std::int64_t version : {1, 3}) {
    const std::string text = tuf::with_version(read(staged), version, kYear).value();
    std::ofstream(staged) << text;
    sign(repository, "targets", targets_);
    EXPECT_EQ(publish(repository).error().code, Errc::version) << version;
  }
}

TEST_F(Repository, DelegatedRoleSignsItsOwnTargets) {
  RepositoryFolder repository = published();
  const std::vector<SigningKey> bms = make(2);
  ASSERT_TRUE(repository.delegate({"bms", publics(bms, 2), {"bms/*"}, true}, kYear));
  sign(repository, "targets", targets_);
  EXPECT_EQ(publish(repository).error().code, Errc::signature);
  EXPECT_EQ(repository.subject(), "bms");
  EXPECT_EQ(repository.sign("bms", targets_[0]).error().code, Errc::permission_denied);
  sign(repository, "bms", bms);
  ASSERT_TRUE(publish(repository));
  add(repository, "bms/fw", "1", "bms");  // Nobody of targets is needed.
  sign(repository, "bms", bms);
  ASSERT_TRUE(publish(repository));
  const json meta = body("3.snapshot.json")["meta"];
  EXPECT_EQ(meta["bms.json"]["version"], 2);
  EXPECT_EQ(meta["targets.json"]["version"], 2);
  std::ofstream(fs::path(dir_ / "repo") / "staged/pcs.json") << tuf::make_targets(kYear);
  EXPECT_EQ(publish(repository).error().code, Errc::not_found);
  EXPECT_EQ(repository.subject(), "pcs");
}

TEST_F(Repository, NothingIsStagedThatCannotBeReadAgain) {
  RepositoryFolder repository = published();
  const fs::path staged = fs::path(dir_ / "repo") / "staged/targets.json";
  ASSERT_TRUE(repository.renew("targets", kYear));
  json file = json::parse(read(staged));
  std::size_t members = 7;  // signatures, signed, and the five of signed.
  EXPECT_EQ(file["signed"].size(), 5u);
  // Room for one signature (2), a target without `custom` (4) and one member more.
  for (; members < 10'000 - 7; ++members) file["signed"]["x" + std::to_string(members)] = 0;
  std::ofstream(staged) << file.dump();
  const auto before = public_files();
  std::ofstream(dir_ / "file") << "x";
  tuf::Target target;
  target.path = "a";
  target.role = "targets";
  target.device = tuf::DeviceTarget{{"EMS-A"}, "edge", "1", 1, 0, {}, "raw", kNow};
  EXPECT_EQ(repository.add(dir_ / "file", target, kYear).error().code, Errc::malformed);
  EXPECT_EQ(read(staged), file.dump());
  EXPECT_EQ(public_files(), before);  // Nor the image.
  target.device.reset();
  ASSERT_TRUE(repository.add(dir_ / "file", target, kYear));
  sign(repository, "targets", targets_, 1);
  const std::string once = read(staged);
  EXPECT_EQ(repository.sign("targets", targets_[1]).error().code, Errc::malformed);
  EXPECT_EQ(read(staged), once);
  ASSERT_TRUE(repository.remove("targets", "a", kYear));  // The way out.
  sign(repository, "targets", targets_);
  EXPECT_TRUE(publish(repository));
}

TEST_F(Repository, OneProgramAtATime) {
  RepositoryFolder repository = init();
  EXPECT_EQ(RepositoryFolder::open(dir_ / "repo").error().code, Errc::aborted);
  EXPECT_EQ(RepositoryFolder::open(dir_ / "other").error().code, Errc::not_found);
  EXPECT_EQ(RepositoryFolder::init(
                dir_ / "repo",
                {publics(root_, 2), publics(targets_, 2), publics(root_, 1), publics(root_, 1)},
                kYear, kYear)
                .error()
                .code,
            Errc::already_exists);
}

TEST_F(Repository, TargetThatCannotBeAddedChangesNothing) {
  RepositoryFolder repository = published();
  std::ofstream(dir_ / "file") << "x";
  const auto code = [&](const char* file, const std::string& name, const char* role) {
    tuf::Target target;
    target.path = name;
    target.role = role;
    return repository.add(dir_ / file, target, kYear).error().code;
  };
  const auto before = public_files();
  EXPECT_EQ(code("none", "a", "targets"), Errc::not_found);
  EXPECT_EQ(code("file", "../a", "targets"), Errc::bad_name);
  EXPECT_EQ(code("file", std::string(200, 'a'), "targets"), Errc::bad_name);
  EXPECT_EQ(code("file", "a", "bms"), Errc::not_found);
  EXPECT_EQ(repository.remove("targets", "a", kYear).error().code, Errc::not_found);
  EXPECT_EQ(public_files(), before);
  EXPECT_TRUE(repository.staged()->empty());
  EXPECT_TRUE(fs::is_empty(fs::path(dir_ / "repo") / "staged"));
}

}  // namespace
