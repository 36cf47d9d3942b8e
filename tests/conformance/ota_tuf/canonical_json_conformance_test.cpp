// SPDX-License-Identifier: Apache-2.0
// The canonical form against securesystemslib's, and the reader against another reader over every
// metadata file there is.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "ems/ota/tuf/json.hpp"
#include "support/frames.hpp"

namespace ems::ota::tuf {
namespace {

namespace fs = std::filesystem;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string whole(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void expect_same(JsonValue mine, const nlohmann::json& other) {
  if (other.is_object()) {
    const auto object = mine.object();
    ASSERT_TRUE(object);
    ASSERT_EQ(object->size(), other.size());
    for (const auto& [name, value] : *object) expect_same(value, other.at(std::string(name)));
  } else if (other.is_array()) {
    const auto array = mine.array();
    ASSERT_TRUE(array);
    ASSERT_EQ(array->size(), other.size());
    std::size_t i = 0;
    for (const JsonValue value : *array) expect_same(value, other[i++]);
  } else if (other.is_string()) {
    EXPECT_EQ(*mine.string(), other.get<std::string>());
  } else if (other.is_number()) {
    EXPECT_EQ(*mine.integer(), other.get<std::int64_t>());
  } else if (other.is_boolean()) {
    EXPECT_EQ(*mine.boolean(), other.get<bool>());
  } else {
    EXPECT_TRUE(mine.is_null());
  }
}

/// Reads every file of a folder that both take. Returns how many.
std::size_t compare_all(const fs::path& folder) {
  std::size_t read = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    SCOPED_TRACE(entry.path().string());
    const std::string text = whole(entry.path());
    const auto mine = Json::parse(bytes_of(text));
    if (!mine) continue;
    ++read;
    expect_same(mine->root(), nlohmann::json::parse(text));
  }
  return read;
}

TEST(CanonicalJsonConformance, EveryVectorAgrees) {
  const auto file = test::vectors("ota/tuf/generated/canonical_json_vectors.json");
  ASSERT_EQ(file.at("vectors").size(), 10U);
  for (const auto& vector : file.at("vectors")) {
    const auto text = vector.at("json_text").get<std::string>();
    const auto json = Json::parse(bytes_of(text));
    ASSERT_TRUE(json) << vector;
    EXPECT_EQ(canonical(json->root()), test::frame(vector.at("canonical_hex").get<std::string>()))
        << vector;
  }
  for (const auto& text : file.at("must_reject")) {
    const auto json = Json::parse(bytes_of(text.get<std::string>()));
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().code, Errc::malformed) << text;
  }
}

TEST(CanonicalJsonConformance, EveryGeneratedFileReadsAlike) {
  EXPECT_GE(compare_all(fs::path(EMS_TEST_VECTORS) / "ota/tuf/generated"), 100U);
}

TEST(CanonicalJsonConformance, EveryFileOfOtherProjectsReadsAlike) {
  const char* folder = std::getenv("EMS_THIRD_PARTY");
  if (folder == nullptr) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
  EXPECT_GE(compare_all(fs::path(folder) / "ota/tuf"), 50U);
}

// The cases whose file is refused as JSON, by id: the rest of the class is the metadata's.
TEST(CanonicalJsonConformance, WhatIsNotStrictJsonIsMalformed) {
  const auto cases = test::vectors("ota/tuf/generated/index.json");
  std::size_t checked = 0;
  for (const std::string id :
       {"p01-trailing-garbage", "p02-utf8-bom", "p04-duplicate-object-key", "p05-version-float-9.0",
        "p06-version-exponent", "p11-version-264plus9", "p13-version-NaN", "p15-deep-nesting"}) {
    const auto it = std::find_if(cases.begin(), cases.end(),
                                 [&](const auto& one) { return one.at("id") == id; });
    ASSERT_NE(it, cases.end()) << id;
    const auto blob = it->at("urls").at("metadata/timestamp.json").template get<std::string>();
    const std::string text = whole(fs::path(EMS_TEST_VECTORS) / "ota/tuf/generated" / blob);
    ASSERT_FALSE(text.empty()) << id;
    const auto json = Json::parse(bytes_of(text));
    ASSERT_FALSE(json) << id;
    EXPECT_EQ(json.error().code, Errc::malformed) << id;
    ++checked;
  }
  EXPECT_EQ(checked, 8U);
}

}  // namespace
}  // namespace ems::ota::tuf
