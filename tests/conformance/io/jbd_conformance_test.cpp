// SPDX-License-Identifier: Apache-2.0
// What `emsctl decode` prints of JBD frames, and how files of vectors are run. The vectors
// themselves: serial_conformance_test.cpp.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "ems/io/decode.hpp"
#include "ems/io/hex.hpp"
#include "support/frames.hpp"

namespace ems::io {
namespace {

using Json = nlohmann::json;
using test::frame;

std::string text_of(const Result<std::string>& result) {
  return result ? *result : error_to_json(result.error());
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
