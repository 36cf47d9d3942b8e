// SPDX-License-Identifier: Apache-2.0
// A battery of a site file that a DBC file and a mapping describe.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "ems/io/config/site_config.hpp"
#include "ems/io/dbc.hpp"
#include "ems/io/known_names.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

constexpr const char* kDbc =
    "BO_ 256 Pack: 8 Bms\n SG_ Voltage : 0|16@1+ (0.1,0) [0|6553.5] \"V\" Host\n";
constexpr const char* kMap = "name: own\ntitle: Own\nsignals:\n  pack_voltage: Pack.Voltage\n";

/// A site of one battery. @param keys  Its protocol and link, each line indented by four.
std::string site_with(const std::string& keys) {
  return "site: house\nagent: gateway-1\nbatteries:\n  - id: 1\n" + keys +
         "    chemistry: lfp\n    cells: 16\n    capacity_ah: 100.0\n"
         "    charge_current_max_a: 50.0\n    discharge_current_max_a: 100.0\n";
}
const std::string kCan = "    socketcan: {interface: can0}\n";
const std::string kFiles = "    described: {dbc: own.dbc, map: own.yaml}\n";
const std::string kDescribed = "    protocol: described\n";

std::string errors_of(const std::string& keys) {
  return to_text(parse_site_config(site_with(keys), "s", known_names()).errors);
}

/// A folder with a site file and what it names.
class Folder {
 public:
  Folder(const std::string& dbc, const std::string& map) {
    write("own.dbc", dbc);
    write("own.yaml", map);
    write("site.yaml", site_with(kDescribed + kFiles + kCan));
  }
  void write(const char* name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  void remove(const char* name) { std::filesystem::remove(folder_ / name); }
  [[nodiscard]] Loaded<SiteConfig> load() const {
    return load_site_config(folder_ / "site.yaml", known_names());
  }

 private:
  test::TempDir folder_;
};

TEST(ConfigDescribed, FilesNextToTheSiteFileDescribeABattery) {
  const Loaded<SiteConfig> site = Folder(kDbc, kMap).load();
  ASSERT_TRUE(site) << to_text(site.errors);
  const BatteryConfig& battery = site.value->batteries.at(0);
  ASSERT_TRUE(battery.described && battery.described->battery != nullptr);
  EXPECT_EQ(battery.described->battery->codec().name(), "own");
}

TEST(ConfigDescribed, MistakesInTheFilesAreNamedWithFileAndLine) {
  Folder wrong(kDbc, "name: own\ntitle: Own\nsignals:\n  pack_voltage: Pack.Voltag\n");
  const Loaded<SiteConfig> site = wrong.load();
  EXPECT_FALSE(site);
  ASSERT_EQ(site.errors.size(), 1U) << to_text(site.errors);
  EXPECT_EQ(site.errors[0].code, Errc::not_found);
  EXPECT_EQ(site.errors[0].text().find("own.yaml:4:"), 0U) << site.errors[0].text();
  EXPECT_NE(site.errors[0].text().find("'Voltage'"), std::string::npos);

  wrong.write("own.dbc", "BO_ what\n");
  EXPECT_EQ(wrong.load().errors.at(0).text().find("own.dbc:1:"), 0U);
  wrong.remove("own.dbc");
  EXPECT_EQ(wrong.load().errors.at(0).code, Errc::io);
}

TEST(ConfigDescribed, ProtocolFilesAndLinkBelongTogether) {
  EXPECT_EQ(errors_of(kDescribed + kFiles + kCan), "");
  EXPECT_EQ(errors_of(kDescribed + kCan),
            "s:5:15: protocol \"described\" needs its files: missing key \"described\"\n");
  EXPECT_EQ(errors_of("    protocol: jbd\n" + kFiles + "    tcp: {address: \"h:1\"}\n"),
            "s:6:16: \"described\" needs protocol \"described\", not \"jbd\"\n");
  EXPECT_NE(errors_of(kDescribed + kFiles + "    tcp: {address: \"h:1\"}\n")
                .find("is spoken on CAN; its link is"),
            std::string::npos);
  EXPECT_NE(errors_of(kDescribed + "    described: {dbc: own.dbc}\n" + kCan).find("\"map\""),
            std::string::npos);
}

TEST(ConfigDescribed, ItHasNoVariantNoAddressAndNoModules) {
  const auto with = [](const std::string& key) {
    return errors_of(kDescribed + kFiles + kCan + "    " + key + "\n");
  };
  EXPECT_EQ(with("variant: odd"), "s:8:14: a described battery has no \"variant\"\n");
  EXPECT_EQ(with("address: 1"), "s:8:14: a described battery has no \"address\"\n");
  EXPECT_EQ(with("modules: 2"),
            "s:8:14: a described battery is spoken on CAN: one battery on a bus\n");
}

}  // namespace
}  // namespace ems::io
