// SPDX-License-Identifier: Apache-2.0
// Repositories and roots that other implementations publish as their test data, read from
// EMS_THIRD_PARTY.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "ems/ota/signature.hpp"
#include "ems/ota/tuf/json.hpp"
#include "ems/ota/tuf/pem.hpp"
#include "ems/ota/tuf/target_name.hpp"
#include "support/ota_client.hpp"

namespace ems::test {
namespace {

namespace fs = std::filesystem;

OtaBytes read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  return ota_bytes(text);
}

class StaticRepositories : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("EMS_THIRD_PARTY");
    if (folder == nullptr) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
    tuf = fs::path(folder) / "ota/tuf";
    ASSERT_TRUE(fs::is_directory(tuf)) << "EMS_THIRD_PARTY lacks ota/tuf";
    one.repository.fetcher.files.clear();
  }
  // Serves a folder, its names as they are and percent-encoded.
  void serve(const fs::path& folder) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string name = entry.path().filename().string();
      const std::string below = fs::relative(entry.path().parent_path(), folder).string() + "/";
      for (const std::string& as : {name, ota::tuf::percent_encoded(name)}) {
        one.repository.fetcher.files[below + as] = read_file(entry.path());
      }
    }
  }
  void trust(const fs::path& root) { one.store.files["root.json"] = read_file(tuf / root); }
  std::string init(const char* root) {
    OtaClient other;
    const Result<void> done = other.restart().init(read_file(tuf / root));
    return done ? "ok" : ota_class(done.error());
  }
  fs::path tuf;
  OtaClient one;
};

TEST_F(StaticRepositories, TufOnCi) {
  const fs::path folder = tuf / "tuf-conformance/tuf-on-ci-0.11";
  serve(folder);
  trust("tuf-conformance/tuf-on-ci-0.11/initial_root.json");
  one.now = "2025-02-09T09:17:23Z";  // Its `faketime`.
  EXPECT_EQ(one.refresh(), "ok");
  EXPECT_EQ(one.stored(), "1 2 2 1");
  const auto target = one.client->find("delegatedrole/artifact");
  ASSERT_TRUE(target) << ota_class(target.error());
  EXPECT_EQ(target->role, "delegatedrole");
  EXPECT_EQ(one.get("delegatedrole/artifact").size(), target->length);
}

TEST_F(StaticRepositories, PythonTuf) {
  serve(tuf / "python-tuf/repository_data");
  trust("python-tuf/repository_data/metadata/1.root.json");
  EXPECT_EQ(one.refresh(), "ok");
  for (const char* path : {"file1.txt", "file2.txt", "file3.txt"}) {
    const OtaBytes file = read_file(tuf / "python-tuf/repository_data/targets" / path);
    EXPECT_EQ(one.get(path), ota_text(file));
  }
  EXPECT_EQ(one.client->find("file3.txt")->role, "role1");
  one.now = "2030-01-01T00:00:00Z";
  EXPECT_EQ(one.refresh(), "expired root.json");
}

TEST_F(StaticRepositories, PythonTufWithKeyIdsOfAnotherForm) {
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
    const OtaBytes file =
        read_file(tuf / "python-tuf/ed25519_metadata" / (role + std::string("_with_ed25519.json")));
    one.repository.put(role + std::string(".json"), file);
    one.repository.put(std::string("1.") + role + ".json", file);
  }
  trust("python-tuf/ed25519_metadata/root_with_ed25519.json");
  EXPECT_EQ(one.refresh(), "ok");
  EXPECT_EQ(one.stored(), "1 1 1 1");
}

TEST_F(StaticRepositories, PythonTufWithFishyRoleNames) {
  serve(tuf / "python-tuf/fishy_rolenames");
  one.repository.put("1...%2Fa.json", read_file(tuf / "python-tuf/fishy_rolenames/1.a.json"));
  trust("python-tuf/fishy_rolenames/metadata/1.root.json");
  EXPECT_EQ(one.refresh(), "ok");
  EXPECT_EQ(one.find("missing"), "not-found missing");
  for (const char* file : {"..%2Fa.json", "..json", "%C3%B6.json"}) {
    EXPECT_TRUE(one.store.files.contains(file)) << file;
  }
}

TEST_F(StaticRepositories, ToughWithConsistentSnapshots) {
  serve(tuf / "tough/consistent-snapshots");
  trust("tough/consistent-snapshots/metadata/1.root.json");
  EXPECT_EQ(one.refresh(), "ok");
  EXPECT_EQ(
      one.get("data1.txt"),
      ota_text(one.repository.fetcher.files
                   ["targets/"
                    "5aa1d2b3bea034a0f9d0b27a1bc72919b3145a2b092b72ac0415a05e07e2bdd1.data1.txt"]));
}

TEST_F(StaticRepositories, ToughExpired) {
  serve(tuf / "tough/expired-repository");
  trust("tough/expired-repository/metadata/1.root.json");
  EXPECT_EQ(one.refresh(), "expired timestamp.json");
}

TEST_F(StaticRepositories, ToughRoots) {
  EXPECT_EQ(init("tough/simple-rsa/root.json"), "ok");
  EXPECT_EQ(init("tough/pem-encoded-ecdsa-sig-keys/root.json"), "ok");
  EXPECT_EQ(init("tough/ecdsa-new-type-sig-keys/root.json"), "ok");
  EXPECT_EQ(init("tough/no-root-json-signatures/root.json"), "signature");
  EXPECT_EQ(init("tough/invalid-root-json-signature/root.json"), "signature");
  EXPECT_EQ(init("tough/cross-sign-root/1.root.json"), "signature");
  EXPECT_EQ(init("tough/duplicate-keyid/root.json"), "malformed");
  EXPECT_EQ(init("tough/duplicate-sig-keys/root.json"), "malformed");
}

// Their dates have fractions of a second, which the specification does not allow; python-tuf
// refuses them too. Their signatures are good.
TEST_F(StaticRepositories, GoTufAndToughWithDatesOfAnotherForm) {
  const char* const root = "go-tuf/repository/metadata/root.json";
  EXPECT_EQ(init(root), "malformed");
  serve(tuf / "tough/dubious-role-names");
  trust("tough/dubious-role-names/metadata/1.root.json");
  EXPECT_EQ(one.refresh(), "malformed timestamp.json");

  const OtaBytes file = read_file(tuf / root);
  const auto json = ota::tuf::Json::parse(file);
  ASSERT_TRUE(json);
  const auto body = json->root()["signed"];
  const auto entry = *json->root()["signatures"].array()->begin();
  const auto pem = body["keys"][*entry["keyid"].string()]["keyval"]["public"].string();
  ASSERT_TRUE(pem);
  const auto key = ota::tuf::spki_from_pem(*pem);
  ASSERT_TRUE(key);
  const std::string hex(*entry["sig"].string());
  OtaBytes signature;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    signature.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  EXPECT_TRUE(ota::verify(one.crypto, ota::Scheme::rsassa_pss_sha256, *key,
                          ota::tuf::canonical(body), signature));
}

}  // namespace
}  // namespace ems::test
