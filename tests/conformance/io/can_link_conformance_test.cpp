// SPDX-License-Identifier: Apache-2.0
// Runs tests/vectors/can_links.json, the links and logs of a CAN bus, through what `emsctl decode
// --vectors` prints.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "ems/io/decode.hpp"
#include "support/frames.hpp"
#include "support/vector_agreement.hpp"

namespace ems::io {
namespace {

using Json = nlohmann::json;

const Json& vectors() {
  static const Json all = test::vectors("can_links.json");
  return all;
}

/// `values` of each vector, by its id.
const Json& results() {
  static const Json all = [] {
    Json by_id;
    for (const Json& item : Json::parse(run_vectors(EMS_TEST_VECTORS "/can_links.json").value())) {
      by_id[item["id"].get<std::string>()] = item.value("values", item);
    }
    return by_id;
  }();
  return all;
}

const Json& result(const Json& vector) { return results()[vector["id"].get<std::string>()]; }

TEST(CanLinkConformance, EveryVectorHasAnAnswer) {
  std::map<std::string, int> protocols;
  for (const Json& vector : vectors()) {
    ++protocols[vector["protocol"].get<std::string>()];
    EXPECT_TRUE(result(vector).contains("frames")) << vector["id"] << result(vector);
  }
  EXPECT_EQ(
      protocols,
      (std::map<std::string, int>{
          {"be-log", 1}, {"cannelloni", 3}, {"pcan-trc", 4}, {"slcan", 10}, {"socketcand", 7}}));
}

TEST(CanLinkConformance, EveryFrameAgrees) {
  for (const Json& vector : vectors()) {
    test::expect_agrees(vector["frames"], result(vector)["frames"], vector["id"]);
  }
}

TEST(CanLinkConformance, EventsAndSequenceNumbersAgree) {
  int events = 0;
  for (const Json& vector : vectors()) {
    if (vector.contains("seq")) {
      EXPECT_EQ(result(vector)["seq"], vector["seq"]) << vector["id"];
    }
    if (!vector.contains("events")) continue;
    ++events;
    EXPECT_EQ(result(vector)["events"], vector["events"]) << vector["id"];
  }
  EXPECT_EQ(events, 3);
}

TEST(CanLinkConformance, WhatItWritesIsWhatItRead) {
  int written = 0;
  for (const Json& vector : vectors()) {
    if (vector["encode"] != true) continue;
    ++written;
    if (vector.contains("wire_hex")) {
      EXPECT_EQ(result(vector)["wire_hex"], vector["wire_hex"]) << vector["id"];
    } else {
      const Json& again =
          vector.contains("wire_again") ? vector["wire_again"] : vector["wire_text"];
      EXPECT_EQ(result(vector)["wire_text"], again) << vector["id"];
    }
  }
  EXPECT_EQ(written, 6);
}

TEST(CanLinkConformance, EveryRejectIsRejected) {
  std::size_t rejects = 0;
  for (const Json& vector : vectors()) {
    if (!vector.contains("reject")) continue;
    rejects += vector["reject"].size();
    EXPECT_EQ(result(vector)["rejected"], vector["reject"].size()) << vector["id"];
  }
  EXPECT_EQ(rejects, 26U);
}

TEST(CanLinkConformance, OurClientSpeaksAsTheDialogueSays) {
  int dialogues = 0;
  for (const Json& vector : vectors()) {
    if (!vector.contains("dialogue")) continue;
    ++dialogues;
    EXPECT_EQ(result(vector)["dialogue"], vector["dialogue"]) << vector["id"];
  }
  EXPECT_EQ(dialogues, 1);
}

TEST(CanLinkConformance, LinesThatAreNoFramesAreCounted) {
  EXPECT_EQ(results()["trc-1-1"]["skipped"], 1);
  EXPECT_EQ(results()["trc-2-1"]["skipped"], 1);
  EXPECT_EQ(results()["trc-1-0"]["skipped"], 1);
  EXPECT_EQ(results()["battery-emulator-log"]["skipped"], 0);
  EXPECT_EQ(results()["foxbms-trc-lines"]["skipped"], 0);
}

}  // namespace
}  // namespace ems::io
