// SPDX-License-Identifier: Apache-2.0
// The simulated PCS against the official model definitions (SunSpec Alliance, models 1, 701, 704),
// read from EMS_THIRD_PARTY.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "ems/sim/sunspec_server.hpp"

namespace ems::sim {
namespace {

using Json = nlohmann::json;

struct Official {
  std::string name = {}, type = {}, sf = {};
  unsigned offset = 0, registers = 0;
  bool writable = false, mandatory = false;
};

void flatten(const Json& group, const std::string& prefix, unsigned& offset,
             std::vector<Official>& out) {
  for (const Json& point : group.value("points", Json::array())) {
    Official o;
    o.name = prefix + point.at("name").get<std::string>();
    o.type = point.at("type").get<std::string>();
    o.sf = point.contains("sf") && point["sf"].is_string() ? point["sf"].get<std::string>() : "";
    o.offset = offset;
    o.registers = point.at("size").get<unsigned>();
    o.writable = point.value("access", "R") == "RW";
    o.mandatory = point.value("mandatory", "O") == "M";
    offset += o.registers;
    out.push_back(o);
  }
  for (const Json& inner : group.value("groups", Json::array())) {
    flatten(inner, prefix + inner.at("name").get<std::string>() + "_", offset, out);
  }
}

const std::map<std::string, SunSpecType> kTypes = {
    {"uint16", SunSpecType::uint16}, {"int16", SunSpecType::int16},
    {"enum16", SunSpecType::enum16}, {"uint32", SunSpecType::uint32},
    {"int32", SunSpecType::int32},   {"bitfield32", SunSpecType::bitfield32},
    {"uint64", SunSpecType::uint64}, {"string", SunSpecType::string},
    {"pad", SunSpecType::pad},       {"sunssf", SunSpecType::sunssf}};

const std::map<std::string, std::uint64_t> kNotImplemented = {
    {"uint16", 0xFFFF},           {"int16", 0x8000},     {"enum16", 0xFFFF},
    {"uint32", 0xFFFFFFFF},       {"int32", 0x80000000}, {"bitfield32", 0xFFFFFFFF},
    {"uint64", ~std::uint64_t{}}, {"pad", 0x8000},       {"sunssf", 0x8000}};

class SunSpecModels : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("EMS_THIRD_PARTY");
    if (folder == nullptr) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
    std::ifstream file(std::string(folder) + "/sunspec/models/model_" + std::to_string(GetParam()) +
                       ".json");
    ASSERT_TRUE(file) << "EMS_THIRD_PARTY lacks the model";
    unsigned offset = 0;
    flatten(Json::parse(file).at("group"), "", offset, official_);
    ASSERT_FALSE(official_.empty());
  }
  std::uint64_t value(const Official& point) {
    const auto first = *sunspec_model_address(static_cast<std::uint16_t>(GetParam())) -
                       kSunSpecBase + static_cast<int>(point.offset);
    std::uint64_t raw = 0;
    for (unsigned i = 0; i < point.registers; ++i) {
      raw = raw << 16 | image_.at(static_cast<std::size_t>(first) + i);
    }
    return raw;
  }

  std::vector<Official> official_;
  Plant plant_{{}, 1};
  SunSpecServer server_{plant_, [this] { return plant_.state(); }};
  std::vector<std::uint16_t> image_ = server_.image();
};

TEST_P(SunSpecModels, EveryPointIsWhereAndWhatTheDefinitionSays) {
  std::vector<SunSpecPoint> ours;
  for (const SunSpecPoint& point : sunspec_points()) {
    if (point.model == GetParam()) ours.push_back(point);
  }
  ASSERT_EQ(ours.size(), official_.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(ours[i].name, official_[i].name);
    EXPECT_EQ(ours[i].offset, official_[i].offset) << official_[i].name;
    EXPECT_EQ(ours[i].registers, official_[i].registers) << official_[i].name;
    EXPECT_EQ(ours[i].writable, official_[i].writable) << official_[i].name;
    EXPECT_EQ(ours[i].type, kTypes.at(official_[i].type)) << official_[i].name;
  }
}

TEST_P(SunSpecModels, ImageHasIdLengthAndEveryMandatoryPoint) {
  EXPECT_EQ(value(official_[0]), GetParam());
  EXPECT_EQ(value(official_[1]), official_.back().offset + official_.back().registers - 2);
  for (const Official& point : official_) {
    if (!point.mandatory) continue;
    if (point.type == "string") {
      EXPECT_NE(value({.offset = point.offset, .registers = 1}), 0u) << point.name;
    } else {
      EXPECT_NE(value(point), kNotImplemented.at(point.type)) << point.name;
    }
  }
}

TEST_P(SunSpecModels, AnImplementedValueHasAnImplementedScale) {
  for (const Official& point : official_) {
    if (point.sf.empty() || value(point) == kNotImplemented.at(point.type)) continue;
    for (const Official& scale : official_) {
      if (scale.name != point.sf) continue;
      const auto sf = static_cast<std::int16_t>(value(scale));
      EXPECT_GE(sf, -10) << point.name;
      EXPECT_LE(sf, 10) << point.name;
    }
  }
}

TEST_P(SunSpecModels, ReadOnlyPointsRefuseWrites) {
  const auto model_at = *sunspec_model_address(static_cast<std::uint16_t>(GetParam()));
  for (const Official& point : official_) {
    if (point.writable) continue;
    const std::vector<std::uint16_t> zeros(point.registers, 0);
    EXPECT_NE(server_.write(static_cast<std::uint16_t>(model_at + point.offset), zeros),
              std::nullopt)
        << point.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SunSpecModels, testing::Values(1u, 701u, 704u));

}  // namespace
}  // namespace ems::sim
