// SPDX-License-Identifier: Apache-2.0
#include "ems/io/protocol_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ems/io/config/schema.hpp"

namespace ems::io {
namespace {

using Words = std::vector<std::string_view>;

ProtocolEntry entry(std::string_view name) {
  for (const ProtocolEntry& item : protocol_list()) {
    if (item.codec->name() == name) return item;
  }
  ADD_FAILURE() << name << " is not in the list";
  return {};
}

TEST(ProtocolList, HasEveryCodecInTheOrderOfTheRegistry) {
  const std::vector<ProtocolEntry> list = protocol_list();
  ASSERT_EQ(list.size(), protocol::codecs().size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(list[i].codec, protocol::codecs()[i]);
    EXPECT_EQ(list[i].page, "docs/protocols/" + std::string(list[i].codec->name()) + ".md");
  }
}

TEST(ProtocolList, LinksAreThoseThatABatteryOfASiteFileMayHave) {
  const std::string_view battery = "batteries[].";
  std::set<std::string_view> of_sites;
  for (const SchemaKey& key : site_schema().keys) {
    if (key.one_of == "link" && key.path.starts_with(battery)) {
      of_sites.insert(key.path.substr(battery.size()));
    }
  }
  std::set<std::string_view> listed;
  for (const ProtocolEntry& item : protocol_list()) {
    const bool can = item.codec->kind() == protocol::CodecKind::can;
    EXPECT_EQ(std::ranges::count(item.links, "serial"), can ? 0 : 1) << item.codec->name();
    listed.insert(item.links.begin(), item.links.end());
  }
  EXPECT_EQ(listed, of_sites);
}

TEST(ProtocolList, CommandsAreThoseThatTheCodecWrites) {
  EXPECT_EQ(entry("jbd").commands, Words{"switch"});
  EXPECT_EQ(entry("pylontech").commands, Words{"limits"});
  EXPECT_EQ(entry("daly_modbus").commands, (Words{"switch", "balance"}));
  EXPECT_EQ(entry("seplos_v2").commands, Words{});
  EXPECT_EQ(entry("pylontech-lv-can").commands, Words{});
}

TEST(ProtocolList, FourDialectsOnCanAreEmulated) {
  Words emulated;
  for (const ProtocolEntry& item : protocol_list()) {
    if (item.emulates) emulated.push_back(item.codec->name());
  }
  std::sort(emulated.begin(), emulated.end());
  EXPECT_EQ(emulated, (Words{"deye-lv-can", "pylontech-lv-can", "sma-lv-can", "victron-can-bms"}));
}

}  // namespace
}  // namespace ems::io
