// SPDX-License-Identifier: Apache-2.0
#include "ems/io/pki.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ems/io/identity.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

constexpr UtcInstant kNow{seconds(1'800'000'000)};
constexpr Duration kYear = seconds(365 * 86'400);

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

CertificateRequest request(std::string uri, std::string stem) {
  return {std::move(uri), {}, {}, std::move(stem), kYear};
}

TEST(Identity, ParsesWhatItPrints) {
  for (const char* uri :
       {"urn:ems:agent:site-1/gateway", "urn:ems:server:s1", "urn:ems:user:ada:viewer",
        "urn:ems:user:ada:operator", "urn:ems:user:0-9:technician"}) {
    const auto identity = parse_identity(uri);
    ASSERT_TRUE(identity) << uri;
    EXPECT_EQ(to_uri(*identity), uri);
  }
  const auto user = parse_identity("urn:ems:user:ada:operator");
  EXPECT_EQ(user->kind, PeerKind::user);
  EXPECT_EQ(user->name, "ada");
  EXPECT_EQ(user->role, Role::operator_);
  EXPECT_EQ(parse_identity("urn:ems:agent:a/b")->name, "a/b");
}

TEST(Identity, RefusesEverythingElseWithItsPlace) {
  const std::string long_name(64, 'a');
  const struct {
    std::string uri;
    unsigned offset;
  } cases[] = {
      {"", 0},
      {"urn:ems", 0},
      {"URN:EMS:server:a", 0},
      {" urn:ems:server:a", 0},
      {"urn:ems:robot:a", 8},
      {"urn:ems:server:", 15},
      {"urn:ems:server:A", 15},
      {"urn:ems:server:a b", 16},
      {"urn:ems:server:a/b", 16},
      {"urn:ems:server:" + long_name, 15},
      {"urn:ems:agent:site", 18},
      {"urn:ems:agent:/name", 14},
      {"urn:ems:agent:site/", 19},
      {"urn:ems:agent:site/name/more", 23},
      {"urn:ems:agent:../x", 14},
      {"urn:ems:user:ada", 16},
      {"urn:ems:user:ada:", 17},
      {"urn:ems:user:ada:root", 17},
      {"urn:ems:user:ada:operator ", 17},
      {"urn:ems:user::viewer", 13},
      {std::string("urn:ems:server:a\0b", 18), 16},
  };
  for (const auto& c : cases) {
    const auto identity = parse_identity(c.uri);
    ASSERT_FALSE(identity) << c.uri;
    EXPECT_EQ(identity.error().code, Errc::syntax) << c.uri;
    EXPECT_EQ(identity.error().offset, c.offset) << c.uri;
  }
}

TEST(Pki, MakesAnAuthorityWithAClosedKey) {
  const test::TempDir dir;
  const auto files = make_authority(dir / "ca", "test authority", kNow, kYear);
  ASSERT_TRUE(files) << files.error().what;
  EXPECT_EQ(mode_of(files->key), 0600U);
  EXPECT_EQ(mode_of(files->certificate), 0644U);
  EXPECT_EQ(mode_of(dir / "ca"), 0700U);
  const auto info = read_certificate(files->certificate);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->authority);
  EXPECT_EQ(info->subject, "test authority");
  EXPECT_EQ(info->issuer, "test authority");
  EXPECT_EQ(info->key_type, "EC prime256v1");
  EXPECT_EQ(info->not_before, kNow + (-seconds(3600)));
  EXPECT_EQ(info->not_after, kNow + kYear);
  EXPECT_EQ(text_of(files->certificate).find("PRIVATE"), std::string::npos);
}

TEST(Pki, IssuesExactlyOneIdentity) {
  const test::TempDir dir;
  ASSERT_TRUE(make_authority(dir / "ca", "ca", kNow, kYear));
  CertificateRequest server = request("urn:ems:server:s1", "server");
  server.dns_names = {"localhost"};
  server.addresses = {"127.0.0.1", "::1"};
  server.life = kYear * 5;
  const auto files = issue_certificate(dir / "ca", server, kNow);
  ASSERT_TRUE(files) << files.error().what;
  EXPECT_EQ(mode_of(files->key), 0600U);
  const auto info = read_certificate(files->certificate);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->uris, std::vector<std::string>{"urn:ems:server:s1"});
  EXPECT_EQ(info->dns_names, std::vector<std::string>{"localhost"});
  EXPECT_EQ(info->addresses, (std::vector<std::string>{"127.0.0.1", "0:0:0:0:0:0:0:1"}));
  EXPECT_FALSE(info->authority);
  EXPECT_EQ(info->issuer, "ca");
  EXPECT_EQ(info->not_after, kNow + kYear) << "not longer than the authority";
}

TEST(Pki, SerialNumbersAreLongAndDiffer) {
  const test::TempDir dir;
  ASSERT_TRUE(make_authority(dir / "ca", "ca", kNow, kYear));
  const auto a = issue_certificate(dir / "ca", request("urn:ems:user:a:viewer", "a"), kNow);
  const auto b = issue_certificate(dir / "ca", request("urn:ems:user:a:viewer", "b"), kNow);
  ASSERT_TRUE(a && b);
  const std::string serial = read_certificate(a->certificate)->serial;
  EXPECT_EQ(serial.size(), 32U);
  EXPECT_NE(serial, read_certificate(b->certificate)->serial);
}

TEST(Pki, NeverOverwrites) {
  const test::TempDir dir;
  ASSERT_TRUE(make_authority(dir / "ca", "ca", kNow, kYear));
  const std::string before = text_of(dir / "ca/ca.key");
  EXPECT_EQ(make_authority(dir / "ca", "ca", kNow, kYear).error().code, Errc::already_exists);
  EXPECT_EQ(text_of(dir / "ca/ca.key"), before);

  const auto wanted = request("urn:ems:user:a:viewer", "a");
  ASSERT_TRUE(issue_certificate(dir / "ca", wanted, kNow));
  EXPECT_EQ(issue_certificate(dir / "ca", wanted, kNow).error().code, Errc::already_exists);
  std::filesystem::remove(dir / "ca/a.key");
  EXPECT_EQ(issue_certificate(dir / "ca", wanted, kNow).error().code, Errc::already_exists);
  EXPECT_FALSE(std::filesystem::exists(dir / "ca/a.key")) << "a key without its certificate";
}

TEST(Pki, RefusesWhatItMustNotIssue) {
  const test::TempDir dir;
  ASSERT_TRUE(make_authority(dir / "ca", "ca", kNow, kYear));
  CertificateRequest bad_dns = request("urn:ems:server:s", "x");
  bad_dns.dns_names = {"a,URI:urn:ems:user:root:technician"};
  CertificateRequest bad_ip = request("urn:ems:server:s", "x");
  bad_ip.addresses = {"127.0.0"};
  CertificateRequest short_life = request("urn:ems:user:a:viewer", "x");
  short_life.life = seconds(3599);
  const struct {
    const char* why;
    CertificateRequest wanted;
  } cases[] = {
      {"no identity", request("urn:ems:user:a", "x")},
      {"other URI", request("https://example.org", "x")},
      {"path in stem", request("urn:ems:user:a:viewer", "../x")},
      {"hidden stem", request("urn:ems:user:a:viewer", ".x")},
      {"the authority's own name", request("urn:ems:user:a:viewer", "ca")},
      {"server without a name to dial", request("urn:ems:server:s", "x")},
      {"a second SAN in a DNS name", bad_dns},
      {"malformed address", bad_ip},
      {"too short", short_life},
  };
  for (const auto& c : cases) {
    const auto files = issue_certificate(dir / "ca", c.wanted, kNow);
    ASSERT_FALSE(files) << c.why;
    EXPECT_EQ(files.error().code, Errc::invalid_argument) << c.why;
  }
  EXPECT_FALSE(std::filesystem::exists(dir / "ca/x.key"));
}

TEST(Pki, SaysWhatIsWrongWithTheAuthority) {
  const test::TempDir dir;
  const auto wanted = request("urn:ems:user:a:viewer", "a");
  EXPECT_EQ(issue_certificate(dir / "none", wanted, kNow).error().code, Errc::not_found);
  ASSERT_TRUE(make_authority(dir / "one", "one", kNow, kYear));
  ASSERT_TRUE(make_authority(dir / "two", "two", kNow, kYear));
  std::filesystem::copy_file(dir / "two/ca.key", dir / "one/ca.key",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(issue_certificate(dir / "one", wanted, kNow).error().code, Errc::corrupt);
  EXPECT_EQ(issue_certificate(dir / "two", wanted, kNow + kYear).error().code, Errc::expired);
  std::ofstream(dir / "two/ca.crt") << "not PEM";
  EXPECT_EQ(issue_certificate(dir / "two", wanted, kNow).error().code, Errc::corrupt);
  EXPECT_EQ(read_certificate(dir / "two/ca.crt").error().code, Errc::syntax);
  EXPECT_EQ(make_authority(dir / "three", "", kNow, kYear).error().code, Errc::invalid_argument);
  EXPECT_EQ(make_authority(dir / "three", "x", kNow, seconds(1)).error().code,
            Errc::invalid_argument);
}

}  // namespace
}  // namespace ems::io
