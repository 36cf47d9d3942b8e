// SPDX-License-Identifier: Apache-2.0
// `metrics.listen` of the two files that have it.
#include <gtest/gtest.h>

#include "ems/io/config/server_config.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/metrics_listener.hpp"

namespace ems::io {
namespace {

Loaded<SiteConfig> site(const std::string& more) {
  return parse_site_config("site: s\nagent: a\n" + more, "site.yaml", {});
}

Loaded<ServerConfig> server(const std::string& more) {
  return parse_server_config(
      "name: n\nlisten: \"127.0.0.1:7443\"\ntls: {ca: c, certificate: d, key: k}\n"
      "tenants: [{name: t, agents: [\"*/*\"]}]\n" +
          more,
      "server.yaml");
}

TEST(ConfigMetrics, AreOffUnlessTheFileSaysWhere) {
  ASSERT_TRUE(site("")) << to_text(site("").errors);
  EXPECT_EQ(site("").value->metrics_listen, std::nullopt);
  EXPECT_EQ(server("").value->metrics_listen, std::nullopt);
  EXPECT_FALSE(site("metrics: {}\n"));  // Said nothing: an error, not a default port.
}

TEST(ConfigMetrics, ListenOnLoopback) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "[::1]", "localhost"}) {
    const std::string text = "metrics: {listen: \"" + std::string(host) + ":9464\"}\n";
    ASSERT_TRUE(site(text)) << to_text(site(text).errors);
    EXPECT_EQ(site(text).value->metrics_listen->port, 9464) << host;
    ASSERT_TRUE(server(text)) << host;
    EXPECT_EQ(server(text).value->metrics_listen->port, 9464) << host;
  }
}

TEST(ConfigMetrics, RefuseEveryOtherAddressWithItsPlace) {
  for (const char* host : {"0.0.0.0", "10.0.0.5", "[::]", "[fe80::1]", "gateway.example",
                           "localhost.example", "128.0.0.1"}) {
    const std::string text = "metrics: {listen: \"" + std::string(host) + ":9464\"}\n";
    const std::vector<ConfigError> errors = site(text).errors;
    ASSERT_EQ(errors.size(), 1U) << host;
    EXPECT_EQ(errors[0].code, Errc::permission_denied);
    EXPECT_EQ(errors[0].line, 3U);
    EXPECT_EQ(errors[0].column, 19U);
    EXPECT_EQ(errors[0].suggestion, "127.0.0.1:9464");
    ASSERT_EQ(server(text).errors.size(), 1U) << host;
    EXPECT_EQ(server(text).errors[0].code, Errc::permission_denied);
  }
}

TEST(ConfigMetrics, TheListenerRefusesThemToo) {
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback(""));
  const auto started = MetricsListener::start({.address = {"0.0.0.0", 0}}, [] { return ""; });
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::permission_denied);
}

}  // namespace
}  // namespace ems::io
