// SPDX-License-Identifier: Apache-2.0
// Runs tests/vectors/bms_serial_jbd.json through what `emsctl decode` prints. The values are
// compared as text from both sides: a number agrees when it lies within half of the last digit
// stated.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "ems/core/decimal.hpp"
#include "ems/io/decode.hpp"
#include "ems/io/hex.hpp"
#include "support/frames.hpp"
#include "support/vector_agreement.hpp"

namespace ems::io {
namespace {

using Json = nlohmann::json;
using test::expect_agrees;
using test::frame;

constexpr const char* kFile = EMS_TEST_VECTORS "/bms_serial_jbd.json";

std::string text_of(const Result<std::string>& result) {
  return result ? *result : error_to_json(result.error());
}

TEST(JbdConformance, EveryVectorAgrees) {
  const Json vectors = test::vectors("bms_serial_jbd.json");
  ASSERT_GE(vectors.size(), 36U);
  const Result<std::string> printed = run_vectors(kFile);
  ASSERT_TRUE(printed) << printed.error().what;
  const Json results = Json::parse(*printed);
  ASSERT_EQ(results.size(), vectors.size());
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const auto id = vectors[i]["id"].get<std::string>();
    ASSERT_EQ(results[i]["id"], id);
    if (vectors[i].contains("expect_error")) {
      ASSERT_TRUE(results[i].contains("error")) << id << ": " << results[i];
      EXPECT_EQ(results[i]["error"]["code"], vectors[i]["expect_error"]) << id;
      EXPECT_TRUE(results[i]["error"]["offset"].is_number_unsigned()) << id;
      EXPECT_FALSE(results[i]["error"]["message"].get<std::string>().empty()) << id;
      EXPECT_FALSE(results[i].contains("values")) << id;
    } else {
      ASSERT_TRUE(results[i].contains("values")) << id << ": " << results[i];
      EXPECT_FALSE(results[i].contains("error")) << id;
      expect_agrees(vectors[i]["expect"], results[i]["values"], id);
    }
  }
}

TEST(JbdConformance, BothDirectionsOfCurrentAreAmongTheVectors) {
  bool charging = false;
  bool discharging = false;
  for (const Json& vector : test::vectors("bms_serial_jbd.json")) {
    const double current =
        vector.value(Json::json_pointer("/expect/pack_current_a"), Json(0.0)).get<double>();
    charging = charging || current < 0;
    discharging = discharging || current > 0;
  }
  EXPECT_TRUE(charging && discharging);
}

TEST(JbdConformance, PrintsExactDecimals) {
  EXPECT_EQ(text_of(decode_to_json("jbd", frame("DDA50400FFFC77"),
                                   frame("DD0400080D660D610D680D59FE3C77"))),
            R"({"cell_voltages_v": [3.43, 3.425, 3.432, 3.417]})");
  EXPECT_EQ(text_of(decode_to_json("jbd", frame("DD5AE1020000FF1D77"), frame("DDE10000000077"))),
            R"({"ack": true})");
}

TEST(JbdConformance, PrintsErrorsWithTheirPlace) {
  EXPECT_EQ(
      text_of(decode_to_json("jbd", frame("DDA50400FFFC77"), frame("DD0400040DE40CE5FE1B77"))),
      R"({"error": {"code": "checksum", "offset": 8, "message": "JBD checksum mismatch"}})");
  EXPECT_EQ(decode_to_json("jbx", {}, frame("DD")).error().code, Errc::unknown_protocol);
}

TEST(JbdConformance, ANoRequestIsNotAnEmptyReply) {
  const auto request = frame("DDA50400FFFC77");
  EXPECT_EQ(text_of(decode_to_json("jbd", request, {})),
            R"({"vendor": {"request_register": 4, "request_write": 0}})");
  EXPECT_EQ(decode_reply_to_json("jbd", request, {}).error().code, Errc::truncated);
  EXPECT_EQ(decode_to_json("jbd", {}, {}).error().code, Errc::truncated);
}

class VectorFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(testing::TempDir()) /
            ("jbd_vectors_" +
             std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".json");
  }
  void TearDown() override { std::filesystem::remove(path_); }
  Result<std::string> run(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return run_vectors(path_);
  }
  std::filesystem::path path_;
};

TEST_F(VectorFile, ThatCannotBeRunIsAnError) {
  EXPECT_EQ(run_vectors(path_).error().code, Errc::io);
  EXPECT_EQ(run_vectors(std::filesystem::path(testing::TempDir())).error().code, Errc::io);
  EXPECT_EQ(run("").error().code, Errc::syntax);
  EXPECT_EQ(run("[{]").error(), (Error{Errc::syntax, 3}));
  EXPECT_EQ(run("{}").error().code, Errc::syntax);
  EXPECT_EQ(Json::parse(run("[]").value()), Json::array());
}

TEST_F(VectorFile, ElementsFailOneByOne) {
  const std::string printed = run(R"([
    7,
    {"id": "no-protocol", "response_hex": "DD"},
    {"id": "number", "protocol": 3},
    {"id": "other", "protocol": "nonesuch", "response_hex": "DD"},
    {"id": "hex", "protocol": "jbd", "response_hex": "DD0"},
    {"id": "digit", "protocol": "jbd", "response_hex": "DG"},
    {"id": "not-text", "protocol": "jbd", "response_hex": 12},
    {"id": "neither", "protocol": "jbd", "request_hex": null},
    {"id": "no-request", "protocol": "jbd", "response_hex": "dd e1 00 00 00 00 77"}
  ])")
                                  .value();
  const Json results = Json::parse(printed);
  const char* const codes[] = {"wrong_type", "missing_key", "wrong_type", "unknown_protocol",
                               "syntax",     "syntax",      "wrong_type", "missing_key"};
  ASSERT_EQ(results.size(), 9U);
  EXPECT_TRUE(results[0]["id"].is_null());
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(results[i]["error"]["code"], codes[i]) << i;
  EXPECT_EQ(results[4]["error"]["offset"], 2);
  EXPECT_EQ(results[5]["error"]["offset"], 1);
  EXPECT_EQ(results[8]["values"]["ack"], true);
}

TEST(Hex, RoundTripsAndRefuses) {
  EXPECT_EQ(to_hex(parse_hex("00ffA5 7e\n").value()), "00FFA57E");
  EXPECT_EQ(parse_hex("").value().size(), 0U);
  EXPECT_EQ(parse_hex("0").error(), (Error{Errc::syntax, 0}));
  EXPECT_EQ(parse_hex("00 0").error(), (Error{Errc::syntax, 3}));
  EXPECT_EQ(parse_hex("0 0").error(), (Error{Errc::syntax, 1}));
  EXPECT_EQ(parse_hex("0x00").error(), (Error{Errc::syntax, 1}));
}

}  // namespace
}  // namespace ems::io
