// SPDX-License-Identifier: Apache-2.0
// Runs tests/vectors/bms_can_pylontech.json through what `emsctl decode` prints.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "ems/io/decode.hpp"
#include "ems/protocol/candump.hpp"
#include "support/frames.hpp"
#include "support/vector_agreement.hpp"

namespace ems::io {
namespace {

using Json = nlohmann::json;

const Json& vectors() {
  static const Json all = test::vectors("bms_can_pylontech.json");
  return all;
}

const Json& results() {
  static const Json all =
      Json::parse(run_vectors(EMS_TEST_VECTORS "/bms_can_pylontech.json").value());
  return all;
}

TEST(CanConformance, EveryVectorHasAnAnswer) {
  std::map<std::string, int> protocols;
  ASSERT_EQ(results().size(), vectors().size());
  for (std::size_t i = 0; i < vectors().size(); ++i) {
    ++protocols[vectors()[i]["protocol"].get<std::string>()];
    EXPECT_EQ(results()[i]["id"], vectors()[i]["id"]);
    if (vectors()[i].contains("expect_error")) {
      EXPECT_EQ(results()[i]["error"]["code"], vectors()[i]["expect_error"]) << results()[i];
    } else {
      EXPECT_TRUE(results()[i].contains("values")) << results()[i];
    }
  }
  EXPECT_EQ(protocols, (std::map<std::string, int>{
                           {"candump-console", 1}, {"candump-log", 7}, {"pylontech-lv-can", 18}}));
}

TEST(CanConformance, EveryBatteryVectorAgrees) {
  for (std::size_t i = 0; i < vectors().size(); ++i) {
    if (!vectors()[i].contains("expect")) continue;
    test::expect_agrees(vectors()[i]["expect"], results()[i]["values"], vectors()[i]["id"]);
  }
}

TEST(CanConformance, EveryLogVectorAgrees) {
  for (std::size_t i = 0; i < vectors().size(); ++i) {
    const Json& vector = vectors()[i];
    if (!vector.contains("wire_text")) continue;
    const Json& values = results()[i]["values"];
    test::expect_agrees(vector["frames"], values["frames"], vector["id"]);
    if (vector["encode"] == true) {
      EXPECT_EQ(values["wire_text"], vector["wire_text"]);
    }
    const bool garbage = vector["id"] == "candump-direction-suffix";
    EXPECT_EQ(values["skipped"], garbage ? 1 : 0) << vector["id"];
  }
}

TEST(CanConformance, BothDirectionsOfCurrentAreAmongTheVectors) {
  bool charging = false;
  bool discharging = false;
  for (const Json& vector : vectors()) {
    const double current =
        vector.value(Json::json_pointer("/expect/pack_current_a"), Json(0.0)).get<double>();
    charging = charging || current < 0;
    discharging = discharging || current > 0;
  }
  EXPECT_TRUE(charging && discharging);
}

std::string decoded(std::string_view text) {
  const auto record = protocol::parse_can_text(text).value();
  const protocol::CanFrame frame = protocol::to_can_frame(record).value();
  const Result<std::string> json = decode_can_to_json("pylontech-lv-can", {&frame, 1});
  return json ? *json : error_to_json(json.error());
}

TEST(CanConformance, PrintsExactDecimalsAndErrorsWithTheirPlace) {
  EXPECT_EQ(decoded("356#7B13E9FE6B01"),
            R"({"pack_voltage_v": 49.87, "pack_current_a": 27.9, "temperature_degc": 36.3})");
  EXPECT_EQ(
      decoded("351#10"),
      R"({"error": {"code": "length", "offset": 1, "message": "the frame is too short for its first field"}})");
  EXPECT_EQ(Json::parse(decoded("305#0000000000000000"))["error"]["code"], "header");
  EXPECT_EQ(Json::parse(decoded("00000351#1002"))["error"]["code"], "header");
}

TEST(CanConformance, AProtocolOfTheOtherKindIsRefused) {
  const protocol::CanFrame frame{};
  EXPECT_EQ(decode_can_to_json("jbd", {&frame, 1}).error().code, Errc::invalid_argument);
  EXPECT_EQ(decode_can_to_json("jbx", {&frame, 1}).error().code, Errc::unknown_protocol);
  EXPECT_EQ(decode_to_json("pylontech-lv-can", {}, test::frame("DD")).error().code,
            Errc::invalid_argument);
  const protocol::CanFrame wide{.id = 0x800};
  EXPECT_EQ(decode_can_to_json("pylontech-lv-can", {&wide, 1}).error().code, Errc::out_of_range);
}

}  // namespace
}  // namespace ems::io
