// SPDX-License-Identifier: Apache-2.0
// The SunSpec pack against the official model files: every offset, type, size, scale factor.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ems/device_pack/device.hpp"
#include "ems/io/pack_loader.hpp"
#include "support/recording_sink.hpp"

namespace ems::io {
namespace {

using device_pack::Pack;
using device_pack::RegisterPoint;
using device_pack::Section;
using device_pack::WireType;

struct Official {
  nlohmann::json json;
  int offset = 0;
};

struct Model {
  std::map<std::string, Official> points;
  int registers = 0;  // ID and L included.
};

std::optional<std::string> third_party() {
  const char* folder = std::getenv("EMS_THIRD_PARTY");
  return folder == nullptr ? std::nullopt : std::optional<std::string>{folder};
}

// Points of groups get `group.point`; only their place in the count of registers matters here.
void walk(const nlohmann::json& group, const std::string& prefix, Model& model) {
  for (const auto& point : group.at("points")) {
    model.points[prefix + point.at("name").get<std::string>()] = {point, model.registers};
    model.registers += point.at("size").get<int>();
  }
  if (!group.contains("groups")) return;
  for (const auto& inner : group.at("groups")) {
    walk(inner, inner.at("name").get<std::string>() + ".", model);
  }
}

Model official_model(const std::string& folder, int id) {
  std::ifstream file(folder + "/sunspec/models/model_" + std::to_string(id) + ".json");
  const nlohmann::json json = nlohmann::json::parse(file);
  EXPECT_EQ(json.at("id").get<int>(), id);
  Model model;
  walk(json.at("group"), "", model);
  return model;
}

struct TypeRow {
  WireType type;
  bool has_absent;
  std::uint64_t absent;
};
const std::map<std::string, TypeRow> kTypes = {
    {"int16", {WireType::s16, true, 0x8000}},
    {"uint16", {WireType::u16, true, 0xFFFF}},
    {"int32", {WireType::s32, true, 0x80000000}},
    {"uint32", {WireType::u32, true, 0xFFFFFFFF}},
    {"uint64", {WireType::u64, true, 0xFFFFFFFFFFFFFFFF}},
    {"enum16", {WireType::u16, true, 0xFFFF}},
    {"bitfield32", {WireType::u32, true, 0xFFFFFFFF}},
    {"string", {WireType::text, false, 0}},
};

// The unit of the official file as a factor to the catalogue's unit.
std::int64_t factor_of(const RegisterPoint& point, const std::string& unit) {
  if (point.signal == Signal::power_factor) return 1'000'000;
  if (unit == "V" || unit == "A" || unit == "Hz" || unit == "C") return 1'000;
  return 1;
}

void check_point(const RegisterPoint& point, const Model& model) {
  SCOPED_TRACE(std::string(point.name));
  const auto found = model.points.find(std::string(point.name));
  ASSERT_NE(found, model.points.end());
  const nlohmann::json& json = found->second.json;
  EXPECT_EQ(point.offset, found->second.offset);
  EXPECT_EQ(point.registers, json.at("size").get<int>());
  const auto type = kTypes.find(json.at("type").get<std::string>());
  ASSERT_NE(type, kTypes.end());
  EXPECT_EQ(point.type, type->second.type);
  EXPECT_EQ(point.has_absent, type->second.has_absent);
  if (point.has_absent) {
    EXPECT_EQ(point.absent, type->second.absent);
  }
  EXPECT_EQ(point.order, device_pack::WordOrder::high_low);
  if (json.contains("sf")) {
    const auto scale = model.points.find(json.at("sf").get<std::string>());
    ASSERT_NE(scale, model.points.end());
    EXPECT_EQ(scale->second.json.at("type"), "sunssf");
    EXPECT_EQ(point.scale_at, scale->second.offset);
  } else {
    EXPECT_EQ(point.scale_at, device_pack::kNoRegister);
  }
  if (point.use == device_pack::PointUse::number) {
    EXPECT_EQ(point.multiplier, factor_of(point, json.value("units", "")));
    EXPECT_EQ(point.divisor, 1);
  }
}

TEST(SunspecModels, ThePackIsTheOfficialModels) {
  const auto folder = third_party();
  if (!folder) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
  const PackLoad load = find_pack("sunspec_pcs");
  ASSERT_NE(load.loaded, nullptr);
  const Pack& pack = load.loaded->pack();
  int points = 0;
  for (const Section& section : pack.sections) {
    SCOPED_TRACE(section.model);
    const Model model = official_model(*folder, section.model);
    EXPECT_EQ(section.registers, model.registers);
    for (const RegisterPoint& point : section.points) check_point(point, model);
    points += static_cast<int>(section.points.size());
  }
  EXPECT_EQ(points, 4 + 21 + 3);
}

TEST(SunspecModels, TheSetpointWritesWhatTheOfficialModelNames) {
  const auto folder = third_party();
  if (!folder) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
  const PackLoad load = find_pack("sunspec_pcs");
  ASSERT_NE(load.loaded, nullptr);
  const Pack& pack = load.loaded->pack();
  ASSERT_NE(pack.control, nullptr);
  const Model model = official_model(*folder, pack.sections[pack.control->section].model);
  int fields = 0;
  for (const auto& step : pack.control->setpoint) {
    for (const auto& field : step.fields) {
      SCOPED_TRACE(std::string(field.name));
      const auto found = model.points.find(std::string(field.name));
      ASSERT_NE(found, model.points.end());
      const nlohmann::json& json = found->second.json;
      EXPECT_EQ(field.offset, found->second.offset);
      EXPECT_EQ(json.at("access"), "RW");
      EXPECT_EQ(field.type, kTypes.at(json.at("type").get<std::string>()).type);
      if (json.contains("symbols") && field.source == device_pack::WriteSource::constant) {
        const std::string wanted = field.name == "WSetMod" ? "WATTS" : "ENABLED";
        for (const auto& symbol : json.at("symbols")) {
          if (symbol.at("name") == wanted) {
            EXPECT_EQ(symbol.at("value").get<int>(), field.constant);
          }
        }
      }
      if (json.contains("sf")) {
        EXPECT_EQ(field.scale_at, model.points.at(json.at("sf").get<std::string>()).offset);
      }
      ++fields;
    }
  }
  EXPECT_EQ(fields, 6);
}

// pysunspec2's device image: raw register values by point name, null where not implemented.
TEST(SunspecModels, ReadsTheDeviceImageOfPysunspec2) {
  const auto folder = third_party();
  if (!folder) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
  std::ifstream file(*folder + "/sunspec/devices/pysunspec2/device_1547.json");
  const nlohmann::json image = nlohmann::json::parse(file);
  const Model model = official_model(*folder, 701);
  const nlohmann::json* values = nullptr;
  for (const auto& entry : image.at("models")) {
    if (entry.at("ID") == 701) values = &entry;
  }
  ASSERT_NE(values, nullptr);
  std::vector<std::uint16_t> registers(static_cast<std::size_t>(model.registers));
  for (const auto& [name, official] : model.points) {
    const auto size = official.json.at("size").get<std::size_t>();
    const auto type = kTypes.find(official.json.at("type").get<std::string>());
    const auto value = values->find(name);
    if (type != kTypes.end() && type->second.type == WireType::text) continue;
    std::uint64_t raw = type == kTypes.end() ? 0x8000 : type->second.absent;
    if (value != values->end() && value->is_number_integer()) {
      raw = static_cast<std::uint64_t>(value->get<std::int64_t>());
    }
    for (std::size_t i = 0; i < size; ++i) {
      registers[static_cast<std::size_t>(official.offset) + size - 1 - i] =
          static_cast<std::uint16_t>(raw >> (16 * i));
    }
  }
  const PackLoad load = find_pack("sunspec_pcs");
  ASSERT_NE(load.loaded, nullptr);
  device_pack::PackDevice device(load.loaded->pack());
  ASSERT_TRUE(device.discovered(std::array<std::uint16_t, 2>{0x5375, 0x6E53}));
  ASSERT_TRUE(device.discovered(std::array<std::uint16_t, 2>{1, 66}));
  ASSERT_TRUE(device.discovered(std::array<std::uint16_t, 2>{701, 153}));
  ASSERT_TRUE(device.discovered(std::array<std::uint16_t, 2>{704, 65}));
  const device_pack::BoundBlock block = device.blocks()[1];
  test::RecordingSink sink;
  const auto offset = static_cast<std::size_t>(load.loaded->pack().sections[1].blocks[0].offset);
  ASSERT_TRUE(
      device.decode_block(block, std::span{registers}.subspan(offset, block.request.count), sink));
  const auto scaled = [&](const char* name, const char* scale, int digits) {
    const auto raw = values->at(name).get<long double>();
    return std::llround(raw * std::pow(10.0L, values->at(scale).get<int>() + digits));
  };
  ASSERT_TRUE(values->at("W").is_number()) << values->dump();
  EXPECT_EQ(sink.value(Signal::active_power), scaled("W", "W_SF", 0));
  EXPECT_EQ(sink.value(Signal::frequency), scaled("Hz", "Hz_SF", 3));
  EXPECT_EQ(sink.value(Signal::line_voltage), scaled("LLV", "V_SF", 3));
}

}  // namespace
}  // namespace ems::io
