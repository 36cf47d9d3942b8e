// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/schema.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "ems/io/config/limits_config.hpp"
#include "ems/io/config/server_config.hpp"
#include "ems/io/config/site_config.hpp"

namespace ems::io {
namespace {

using nlohmann::json;

std::filesystem::path root() {
  return std::filesystem::path(EMS_TEST_VECTORS).parent_path().parent_path();
}
std::string read(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

const KnownNames kKnown{{"jbd"}, {"eastron_sdm630", "sunspec_pcs"}};

TEST(ConfigSchema, EveryKeyHasADocAParentAndASuffixForItsUnit) {
  for (const Schema* schema : all_schemas()) {
    std::set<std::string> sections{""};
    std::set<std::string_view> paths;
    for (const SchemaKey& row : schema->keys) {
      EXPECT_TRUE(paths.insert(row.path).second) << row.path;
      EXPECT_FALSE(row.doc.empty()) << row.path;
      const std::size_t dot = row.path.rfind('.');
      const std::string parent(dot == std::string_view::npos ? "" : row.path.substr(0, dot));
      EXPECT_TRUE(sections.count(parent)) << row.path << ": its section comes later or never";
      if (row.type == SchemaType::section) sections.insert(std::string(row.path));
      if (row.type == SchemaType::section_list) sections.insert(std::string(row.path) + "[]");
      EXPECT_LE(row.min, row.max) << row.path;
      EXPECT_FALSE(row.required && !row.default_text.empty()) << row.path;
    }
  }
}

// A choice is bound by the index of its word: the words must stand in the enumerators' order.
TEST(ConfigSchema, WordsOfAChoiceAreTheEnumeratorsInOrder) {
  const auto words = [](const Schema& schema, std::string_view path) {
    for (const SchemaKey& row : schema.keys) {
      if (row.path == path) return std::string(row.choices);
    }
    return std::string("no such key");
  };
  const auto joined = [](auto... values) {
    std::string out;
    ((out += (out.empty() ? "" : " ") + std::string(to_string(values))), ...);
    return out;
  };
  EXPECT_EQ(words(site_schema(), "control"), joined(ControlMode::disarmed, ControlMode::armed));
  EXPECT_EQ(words(site_schema(), "meters[].role"),
            joined(MeterRole::pcc, MeterRole::pv, MeterRole::load));
  EXPECT_EQ(words(site_schema(), "inverters[].dc_pv"),
            joined(DcPv::unknown, DcPv::none, DcPv::present));
  EXPECT_EQ(words(site_schema(), "batteries[].serial.parity"),
            joined(Parity::none, Parity::even, Parity::odd));
  EXPECT_EQ(words(site_schema(), "grid.profile"),
            joined(GridProfileName::hz50, GridProfileName::hz60, GridProfileName::en50549,
                   GridProfileName::ieee1547));
  EXPECT_EQ(words(site_schema(), "policies.time_of_use.windows[].action"),
            joined(decision::WindowAction::charge, decision::WindowAction::discharge,
                   decision::WindowAction::hold));
  for (const Schema* schema : {&site_schema(), &server_schema()}) {
    EXPECT_EQ(words(*schema, "log.level"), joined(LogLevel::trace, LogLevel::debug, LogLevel::info,
                                                  LogLevel::warning, LogLevel::error));
  }
}

TEST(ConfigSchema, PrintedPagesAreTheCommittedOnes) {
  const auto folder = root() / "docs" / "reference";
  EXPECT_EQ(read(folder / "configuration.md"), reference_markdown())
      << "run: emsctl config reference > docs/reference/configuration.md";
  for (const Schema* schema : all_schemas()) {
    const std::string name = std::string(schema->name) + ".schema.json";
    EXPECT_EQ(read(folder / name), json_schema(*schema))
        << "run: emsctl config schema " << schema->name << " > docs/reference/" << name;
  }
}

TEST(ConfigSchema, JsonSchemaHasEveryKeyAtItsPlace) {
  for (const Schema* schema : all_schemas()) {
    const json document = json::parse(json_schema(*schema));
    for (const SchemaKey& row : schema->keys) {
      const json* at = &document;
      std::istringstream parts{std::string(row.path)};
      std::string part;
      while (std::getline(parts, part, '.')) {
        if (at->value("type", "") == "array") at = &at->at("items");
        if (part.size() > 2 && part.substr(part.size() - 2) == "[]") part.resize(part.size() - 2);
        EXPECT_EQ(at->at("additionalProperties"), false) << row.path;
        if (row.required && parts.eof()) {
          const auto& required = at->at("required");
          EXPECT_NE(std::find(required.begin(), required.end(), part), required.end()) << row.path;
        }
        at = &at->at("properties").at(part);
      }
      EXPECT_EQ(at->at("description"), std::string(row.doc));
      if (row.type == SchemaType::quantity && row.digits > 0) {
        EXPECT_EQ(at->at("type"), "number") << row.path;
      }
    }
  }
  const json battery = json::parse(json_schema(site_schema()))["properties"]["batteries"]["items"];
  EXPECT_EQ(battery["oneOf"],
            json::parse(R"([{"required":["serial"]},{"required":["tcp"]},{"required":["candump"]},
                      {"required":["socketcan"]},{"required":["slcan"]},{"required":["slcan_tcp"]},
                      {"required":["socketcand"]},{"required":["cannelloni"]}])"));
  EXPECT_EQ(battery["properties"]["charge_current_max_a"]["maximum"], 10'000);
}

TEST(ConfigSchema, ExampleFilesLoad) {
  const auto folder = root() / "examples" / "site";
  const Loaded<SiteConfig> site = load_site_config(folder / "site.yaml", kKnown);
  ASSERT_TRUE(site) << to_text(site.errors);
  EXPECT_EQ(site.value->control, ControlMode::armed);
  EXPECT_EQ(site.value->limits, folder / "limits.yaml");
  const Loaded<LimitsConfig> limits = load_limits_config(*site.value->limits);
  EXPECT_TRUE(limits) << to_text(limits.errors);
  const Loaded<ServerConfig> server = load_server_config(folder / "server.yaml");
  ASSERT_TRUE(server) << to_text(server.errors);
  EXPECT_TRUE(server.value->find_tenant(site.value->tenant)
                  ->allows(site.value->site + '/' + site.value->agent));
}

}  // namespace
}  // namespace ems::io
