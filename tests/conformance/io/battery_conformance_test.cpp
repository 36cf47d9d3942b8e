// SPDX-License-Identifier: Apache-2.0
// Runs every battery vector of tests/vectors/bms_*.json through what `emsctl decode` prints. The
// values are compared as text from both sides: a number agrees when it lies within half of the last
// digit stated.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ems/io/decode.hpp"
#include "ems/protocol/poll_codec.hpp"
#include "support/frames.hpp"
#include "support/vector_agreement.hpp"

namespace ems::io {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPrefix = "bms_";

std::vector<std::string> vector_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(EMS_TEST_VECTORS)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// What a vector says of the vendor's own values is compared where the codec gives a number of that
/// name: vectors do not compare them by name (their units and names are ours to choose). JBD's are
/// ours, and all of them count.
Json comparable(const Json& vector, const Json& values) {
  Json expected = vector["expect"];
  if (!expected.contains("vendor") || vector["protocol"] == "jbd") return expected;
  Json& own = expected["vendor"];
  const Json given = values.value("vendor", Json::object());
  for (auto item = own.begin(); item != own.end();) {
    const auto found = given.find(item.key());
    const bool same_kind = found != given.end() && found->is_number() == item->is_number() &&
                           found->is_object() == item->is_object() && !item->is_boolean();
    item = same_kind ? std::next(item) : own.erase(item);
  }
  if (own.empty()) expected.erase("vendor");
  return expected;
}

void expect_vector(const Json& vector, const Json& result) {
  const auto id = vector["id"].get<std::string>();
  ASSERT_EQ(result["id"], id);
  if (vector.contains("expect_error")) {
    ASSERT_TRUE(result.contains("error")) << id << ": " << result;
    EXPECT_EQ(result["error"]["code"], vector["expect_error"]) << id;
    EXPECT_TRUE(result["error"]["offset"].is_number_unsigned()) << id;
    EXPECT_FALSE(result["error"]["message"].get<std::string>().empty()) << id;
    EXPECT_FALSE(result.contains("values")) << id;
  } else if (vector.contains("expect")) {  // Else a log or a transport: other tests.
    ASSERT_TRUE(result.contains("values")) << id << ": " << result;
    EXPECT_FALSE(result.contains("error")) << id;
    test::expect_agrees(comparable(vector, result["values"]), result["values"], id);
  }
}

class BatteryConformance : public testing::TestWithParam<std::string> {};

TEST_P(BatteryConformance, EveryVectorAgrees) {
  const Json vectors = test::vectors(GetParam().c_str());
  ASSERT_FALSE(vectors.empty());
  const Result<std::string> printed =
      run_vectors(std::filesystem::path(EMS_TEST_VECTORS) / GetParam());
  ASSERT_TRUE(printed) << printed.error().what;
  const Json results = Json::parse(*printed);
  ASSERT_EQ(results.size(), vectors.size());
  for (std::size_t i = 0; i < vectors.size(); ++i) expect_vector(vectors[i], results[i]);
}

INSTANTIATE_TEST_SUITE_P(Files, BatteryConformance, testing::ValuesIn(vector_files()),
                         [](const auto& file) {
                           const std::string& name = file.param;
                           return name.substr(kPrefix.size(), name.find('.') - kPrefix.size());
                         });

TEST(SerialVectors, EveryPollCodecHasSome) {
  EXPECT_GE(test::vectors("bms_serial_jbd.json").size(), 36U);
  std::vector<std::string> named;
  for (const std::string& file : vector_files()) {
    for (const Json& vector : test::vectors(file.c_str())) named.push_back(vector["protocol"]);
  }
  EXPECT_GE(named.size(), 168U);
  for (const protocol::Codec* codec : protocol::codecs()) {
    if (protocol::as_poll(*codec) == nullptr) continue;
    EXPECT_NE(std::count(named.begin(), named.end(), codec->name()), 0) << codec->name();
  }
}

}  // namespace
}  // namespace ems::io
