// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/server_config.hpp"

#include <gtest/gtest.h>

namespace ems::io {
namespace {

constexpr const char* kGood =
    "name: demo-server\n"
    "listen: \"[::1]:7443\"\n"
    "tls: {ca: pki/ca.crt, certificate: pki/server.crt, key: /etc/server.key}\n"
    "tenants:\n"
    "  - {name: default, agents: [\"demo/*\", \"*/spare-?\"]}\n";

std::string good() {
  std::string text = kGood;
  return text.replace(text.find("spare-?"), 7, "spare-*");
}

TEST(ConfigServer, BindsValuesDefaultsAndPaths) {
  const Loaded<ServerConfig> loaded = parse_server_config(good(), "etc/server.yaml");
  ASSERT_TRUE(loaded) << to_text(loaded.errors);
  EXPECT_EQ(loaded.value->identity(), "urn:ems:server:demo-server");
  EXPECT_EQ(loaded.value->listen, (TcpEndpoint{"::1", 7443}));
  EXPECT_EQ(loaded.value->tls.ca, "etc/pki/ca.crt");
  EXPECT_EQ(loaded.value->tls.key, "/etc/server.key");
  EXPECT_EQ(loaded.value->store, "etc/fleet.db");
  EXPECT_EQ(loaded.value->limits.sessions_max, 1000U);
  EXPECT_EQ(loaded.value->limits.session_idle_max, seconds(60));
  EXPECT_EQ(loaded.value->limits.message_bytes_max, 4'000'000);
}

TEST(ConfigServer, TenantsAllowAgentsByPattern) {
  const Loaded<ServerConfig> loaded = parse_server_config(good(), "server.yaml");
  ASSERT_TRUE(loaded);
  const TenantConfig* tenant = loaded.value->find_tenant("default");
  ASSERT_NE(tenant, nullptr);
  EXPECT_EQ(loaded.value->find_tenant("other"), nullptr);
  const struct {
    const char* agent;
    bool allowed;
  } cases[] = {{"demo/gateway-1", true}, {"demo/", true},        {"demo", false},
               {"demo2/gateway", false}, {"demo/a/b", false},    {"x/spare-7", true},
               {"x/spare", false},       {"x/y/spare-7", false}, {"", false}};
  for (const auto& c : cases) EXPECT_EQ(tenant->allows(c.agent), c.allowed) << c.agent;
}

TEST(ConfigServer, UsersAreListedAndNobodyByDefault) {
  EXPECT_TRUE(parse_server_config(good(), "server.yaml").value->tenants.front().users.empty());
  std::string text = good();
  text.replace(text.rfind("}"), 1, ", users: [ada, \"night-*\"]}");
  const Loaded<ServerConfig> listed = parse_server_config(text, "server.yaml");
  ASSERT_TRUE(listed) << to_text(listed.errors);
  EXPECT_EQ(listed.value->tenants.front().users, (std::vector<std::string>{"ada", "night-*"}));
  text.replace(text.find("night-*"), 7, "Night/*");
  EXPECT_EQ(to_text(parse_server_config(text, "server.yaml").errors),
            "server.yaml:5:67: \"Night/*\" is not a user's name of a-z, 0-9, - and *\n");
}

TEST(ConfigServer, TenantsDoNotShareAgents) {
  const struct {
    const char* pattern;
    bool overlaps;
  } cases[] = {{"demo/gw1", true},   {"*/gw1", true},     {"d*o/*", true},  {"de*/x*y", true},
               {"demo2/gw*", false}, {"*2/gw*", false},   {"de/mo", false}, {"x/spare-7", true},
               {"x*/s*", true},      {"x/spar-*", false}, {"x/*-7", true},  {"x/gw*", false}};
  for (const auto& c : cases) {
    const auto loaded = parse_server_config(
        good() + "  - {name: other, agents: [\"" + c.pattern + "\"]}\n", "server.yaml");
    EXPECT_EQ(!loaded, c.overlaps) << c.pattern << to_text(loaded.errors);
    if (c.overlaps) {
      EXPECT_NE(to_text(loaded.errors).find("of another tenant on line 5"), std::string::npos);
    }
  }
}

TEST(ConfigServer, AddressesGetTheirBracketsBack) {
  EXPECT_EQ(to_address({"::1", 7443}), "[::1]:7443");
  EXPECT_EQ(to_address({"127.0.0.1", 1}), "127.0.0.1:1");
  EXPECT_EQ(to_address({"server.example", 7443}), "server.example:7443");
}

TEST(ConfigServer, NamesItsFaults) {
  EXPECT_EQ(to_text(parse_server_config(kGood, "server.yaml").errors),
            "server.yaml:5:40: \"*/spare-?\" is not a pattern SITE/AGENT of a-z, 0-9, - and *\n");
  EXPECT_EQ(to_text(parse_server_config(good() + "  - {name: default, agents: [\"a/b\"]}\n",
                                        "server.yaml")
                        .errors),
            "server.yaml:6:12: duplicate tenant \"default\"; first on line 5\n");
  EXPECT_EQ(to_text(parse_server_config("name: a\nlisten: x:1\ntls: {}\n", "server.yaml").errors),
            "server.yaml:1:1: missing key \"tenants\"\n"
            "server.yaml:3:6: missing key \"ca\"\n"
            "server.yaml:3:6: missing key \"certificate\"\n"
            "server.yaml:3:6: missing key \"key\"\n");
}

}  // namespace
}  // namespace ems::io
