// SPDX-License-Identifier: Apache-2.0
// Whatever a repository or the way to it does to the bytes: what is trusted never goes back, only
// what was signed is stored, and the first honest cycle succeeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "support/ota_client.hpp"
#include "support/seed.hpp"

namespace ems::test {
namespace {

using nlohmann::json;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t end) { return random() % end; }

void mutate(Random& random, OtaBytes& file, const std::vector<OtaBytes>& others) {
  const auto at = [&] {
    return file.begin() + static_cast<std::ptrdiff_t>(below(random, file.size() + 1));
  };
  switch (below(random, 7)) {
    case 0:  // A bit.
      if (!file.empty()) {
        file[below(random, file.size())] ^= static_cast<std::byte>(1U << below(random, 8));
      }
      break;
    case 1:  // A byte of JSON's own.
      file.insert(at(), static_cast<std::byte>("{}[]\",:0 \n"[below(random, 10)]));
      break;
    case 2:
      file.resize(below(random, file.size() + 1));
      break;
    case 3: {  // A piece once more.
      const OtaBytes piece(file.begin(), at());
      file.insert(at(), piece.begin(), piece.end());
      break;
    }
    case 4: {  // A digit.
      std::vector<std::size_t> digits;
      for (std::size_t i = 0; i < file.size(); ++i) {
        if (file[i] >= std::byte{'0'} && file[i] <= std::byte{'9'}) digits.push_back(i);
      }
      if (!digits.empty()) {
        file[digits[below(random, digits.size())]] =
            static_cast<std::byte>('0' + below(random, 10));
      }
      break;
    }
    case 5:  // A file that was good once, or elsewhere.
      file = others[below(random, others.size())];
      break;
    default:
      file.clear();
  }
}

/// What was signed, whatever stands around it.
std::string signed_part(Bytes file) {
  const json parsed = json::parse(ota_text(file), nullptr, false);
  return parsed.is_object() && parsed.contains("signed") ? parsed["signed"].dump() : "";
}

std::array<std::int64_t, 4> versions(const MemoryStore& store) {
  std::array<std::int64_t, 4> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto file = store.files.find(std::string(ota::tuf::kTopRoles[i]) + ".json");
    if (file != store.files.end()) {
      out[i] = json::parse(ota_text(file->second)).at("signed").at("version");
    }
  }
  return out;
}

void publish(OtaClient& one, int version) {
  OtaRepository& r = one.repository;
  const std::string content = "release " + std::to_string(version);
  r.delegated["bms"]["version"] = version;
  r.add_target(r.delegated["bms"], "bms/fw", content);
  r.root["version"] = version;
  r.publish_root();
  r.publish_next();
}

TEST(OtaClientProperty, BytesOnTheWayChangeNothingButTheTime) {
  const Seed seed(20261122);
  Random random = seed.engine();
  const int cases = Seed::cases(60, 200);
  int refused = 0;
  for (int i = 0; i < cases; ++i) {
    OtaClient one;
    one.repository.delegate(one.repository.targets, "bms", {"bms/*"});
    std::set<std::string> honest;
    std::vector<OtaBytes> others;
    for (int version = 2; version <= 4; ++version) {
      publish(one, version);
      for (const auto& [name, file] : one.repository.fetcher.files) {
        if (name.starts_with("metadata/") && honest.insert(signed_part(file)).second) {
          others.push_back(file);
        }
      }
      if (version == 2) {
        ASSERT_EQ(one.refresh(), "ok");
        ASSERT_EQ(one.get("bms/fw"), "release 2");
      }
    }
    honest.insert(signed_part(one.repository.first_root));
    std::array<std::int64_t, 4> before = versions(one.store);
    for (int cycle = 0; cycle < 4; ++cycle) {
      const std::size_t chosen = below(random, 8);
      std::size_t count = 0;
      one.repository.fetcher.fault = [&](std::string_view, OtaBytes& file) -> Result<void> {
        if (count++ == chosen) mutate(random, file, others);
        return {};
      };
      if (one.refresh() != "ok" || one.get("bms/fw") != "release 4") ++refused;
      for (const auto& [name, file] : one.store.files) {
        if (name == "keyset.sha256") continue;
        ASSERT_TRUE(honest.contains(signed_part(file))) << name << ota_text(file);
      }
      const auto after = versions(one.store);
      for (std::size_t role = 0; role < after.size(); ++role) ASSERT_GE(after[role], before[role]);
      before = after;
    }
    one.repository.fetcher.fault = nullptr;
    ASSERT_EQ(one.refresh(), "ok");
    ASSERT_EQ(one.get("bms/fw"), "release 4");
    ASSERT_EQ(one.stored(), "4 4 4 4");
  }
  EXPECT_GT(refused, cases / 4);
}

TEST(OtaClientProperty, AStoreThatFailsAnywhereIsMendedByTheNextCycle) {
  const Seed seed(20261123);
  Random random = seed.engine();
  const int cases = Seed::cases(60, 200);
  for (int i = 0; i < cases; ++i) {
    OtaClient one;
    one.repository.delegate(one.repository.targets, "bms", {"bms/*"});
    for (int version = 2; version <= 3; ++version) {
      publish(one, version);
      std::size_t left = below(random, 14);
      one.store.fault = [&](const std::string& call) -> Result<void> {
        if (call.starts_with("read") || left-- > 0) return {};
        left = 1'000'000;
        return fail(Errc::store, 0, "the disk fails once");
      };
      if (one.refresh() == "ok") (void)one.find("bms/fw");
      one.store.fault = nullptr;
      const auto before = versions(one.store);
      ASSERT_EQ(one.refresh(), "ok");
      ASSERT_EQ(one.get("bms/fw"), "release " + std::to_string(version));
      const auto after = versions(one.store);
      for (std::size_t role = 0; role < after.size(); ++role) ASSERT_GE(after[role], before[role]);
    }
  }
}

}  // namespace
}  // namespace ems::test
