// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/metadata.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ems::ota::tuf {
namespace {

TEST(ParseDate, CountsFrom1970) {
  const auto at = [](const char* text) {
    return parse_date(text).value().since_epoch().count() / 1'000'000;
  };
  EXPECT_EQ(at("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(at("2000-02-29T12:34:56Z"), 951'827'696);
  EXPECT_EQ(at("2027-01-01T00:00:00Z"), 1'798'761'600);
  EXPECT_EQ(at("2038-01-19T03:14:08Z"), 2'147'483'648);
  EXPECT_EQ(at("9999-12-31T23:59:59Z"), 253'402'300'799);
  EXPECT_EQ(at("0001-01-01T00:00:00Z"), -62'135'596'800);
}

TEST(ParseDate, TakesOneFormOnlyAndDaysThatExist) {
  for (const char* text : {"",
                           "2027-01-01",
                           "2027-01-01T00:00:00",
                           "2027-01-01T00:00:00z",
                           "2027-01-01t00:00:00Z",
                           "2027-01-01 00:00:00Z",
                           "2027-01-01T00:00:00.5Z",
                           "2027-01-01T00:00:00+00:00",
                           "2027-1-1T0:0:0Z",
                           "2027-02-29T00:00:00Z",
                           "2027-13-01T00:00:00Z",
                           "2027-00-01T00:00:00Z",
                           "2027-01-00T00:00:00Z",
                           "2027-04-31T00:00:00Z",
                           "2027-01-01T24:00:00Z",
                           "2027-01-01T00:60:00Z",
                           "2027-01-01T00:00:60Z",
                           "0000-01-01T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "20270-01-1T00:00:00Z",
                           "-027-01-01T00:00:00Z",
                           "2027-01-01T00:00:00ZZ",
                           " 027-01-01T00:00:00Z"}) {
    const auto date = parse_date(text);
    ASSERT_FALSE(date) << text;
    EXPECT_EQ(date.error().code, Errc::malformed);
  }
}

TEST(PathPattern, EachPartIsMatchedByItself) {
  const struct {
    const char* pattern;
    const char* path;
    bool matches;
  } cases[] = {
      {"*", "a", true},
      {"*", "a/b", false},
      {"*/*", "a/b", true},
      {"*/*", "a", false},
      {"a/*", "a/b", true},
      {"a/*", "a/b/c", false},
      {"a/*", "b/a", false},
      {"a/*.img", "a/x.img", true},
      {"a/*.img", "a/x.imgs", false},
      {"a/?.img", "a/x.img", true},
      {"a/?.img", "a/.img", false},
      {"a/?b", "a//b", false},
      {"a?b", "a/b", false},
      {"a*b", "a/b", false},
      {"**", "ab", true},
      {"*a*a*", "aa", true},
      {"*a*a*", "a", false},
      {"a*b*c", "axbxbc", true},
      {"a*b*c", "axbxbcd", false},
      {"", "", true},
      {"", "a", false},
      {"a", "", false},
      {"*", "", true},
      {"a", "A", false},
      {"[ab]", "a", false},
      {"[ab]", "[ab]", false},
      {"a.c", "abc", false},
      {"a\\*", "a*", false},
      {"a\\*", "a\\x", true},
      {"a/", "a/", true},
      {"a/", "a", false},
      {"a", "a/", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(path_matches(c.pattern, c.path), c.matches) << c.pattern << " " << c.path;
  }
}

TEST(PathPattern, TakesNoTimeThatGrowsWithTheStars) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(path_matches(pattern + "b", std::string(5'000, 'a')));
}

// Hashes nothing and believes everything: what is counted is the matter here.
class Credulous final : public Crypto {
 public:
  bool verify_raw(Scheme, Bytes, Bytes, Bytes signature) const noexcept override {
    return signature[40] != std::byte{0xEE};
  }
  bool key_is_valid(Scheme, Bytes) const noexcept override { return true; }
  Sha256 sha256(Bytes data) const noexcept override {
    Sha256 out{};
    for (std::size_t i = 0; i < data.size(); ++i) out[i % 32] ^= data[i];
    return out;
  }
  Sha512 sha512(Bytes) const noexcept override { return {}; }
};

// The y of points on the curve of full order; D.'s table of small orders has none of them.
Key key(std::uint8_t y) {
  Key out{.scheme = Scheme::ed25519, .bytes = std::vector<std::byte>(32)};
  out.bytes[0] = std::byte{y};
  return out;
}

class Threshold : public testing::Test {
 protected:
  // A signature that the pre-checks of Ed25519 let pass: S is small, R is not of small order.
  static Signature by(const std::string& keyid, bool good = true) {
    std::string sig(128, '0');
    sig[0] = '3';
    if (!good) sig[80] = sig[81] = 'e';
    return {keyid, sig};
  }
  bool met(std::int64_t threshold, const std::vector<Signature>& signatures) {
    Metadata file;
    file.signatures = signatures;
    return threshold_met(Credulous(), file, keys, {.keyids = ids, .threshold = threshold});
  }
  KeyRing keys{{"a", key(9)}, {"b", key(10)}, {"b2", key(10)}, {"c", key(14)}, {"new", Key{}}};
  std::vector<std::string> ids{"a", "b", "b2", "new", "gone"};
};

TEST_F(Threshold, CountsDistinctPublicKeysOfTheRole) {
  EXPECT_TRUE(met(1, {by("a")}));
  EXPECT_TRUE(met(2, {by("a"), by("b")}));
  EXPECT_FALSE(met(2, {by("a")}));
  EXPECT_FALSE(met(2, {by("a"), by("a")}));
  EXPECT_FALSE(met(2, {by("b"), by("b2")}));  // Two names of one key.
  EXPECT_TRUE(met(2, {by("b"), by("b2"), by("a")}));
  EXPECT_FALSE(met(2, {by("a"), by("c")}));     // In the ring, not in the role.
  EXPECT_FALSE(met(2, {by("a"), by("new")}));   // Of a kind nobody knows.
  EXPECT_FALSE(met(2, {by("a"), by("gone")}));  // In the role, not in the ring.
  EXPECT_FALSE(met(2, {by("a"), by("who")}));
  EXPECT_FALSE(met(1, {}));
}

TEST_F(Threshold, ABadSignatureTakesNothingAway) {
  EXPECT_TRUE(met(1, {by("a", false), by("b")}));
  EXPECT_TRUE(met(1, {{"a", ""}, {"b2", "zz"}, by("b")}));
  EXPECT_FALSE(met(1, {by("a", false)}));
  EXPECT_FALSE(met(1, {{"a", ""}}));
  EXPECT_TRUE(met(1, {by("b", false), by("b2")}));  // The same key under its other name.
}

TEST_F(Threshold, OnlyLowerCaseHexOfTheRightSizeCounts) {
  std::string sig = by("a").sig;
  EXPECT_TRUE(met(1, {{"a", sig}}));
  sig[1] = 'a';
  EXPECT_TRUE(met(1, {{"a", sig}}));
  sig[1] = 'A';
  EXPECT_FALSE(met(1, {{"a", sig}}));
  EXPECT_FALSE(met(1, {{"a", by("a").sig + "00"}}));
  EXPECT_FALSE(met(1, {{"a", by("a").sig + "0"}}));
  EXPECT_FALSE(met(1, {{"a", " " + by("a").sig.substr(1)}}));
}

TEST_F(Threshold, ThereIsNoneOfZero) {
  EXPECT_FALSE(met(0, {by("a")}));
  EXPECT_FALSE(met(-1, {by("a")}));
  EXPECT_FALSE(met(INT64_MAX, {by("a"), by("b")}));
}

TEST(Covers, ByTheFirstDigitsOfThePathsHash) {
  DelegatedRole role;
  role.path_hash_prefixes = {"00", "61"};  // Of "a", with the hash above: 61 and zeros.
  EXPECT_TRUE(covers(role, "a", Credulous()));
  EXPECT_FALSE(covers(role, "b", Credulous()));
  role.path_hash_prefixes = {"610000000000000000000000000000000000000000000000000000000000000000"};
  EXPECT_FALSE(covers(role, "a", Credulous()));
  role.path_hash_prefixes = {};
  EXPECT_FALSE(covers(role, "a", Credulous()));
}

}  // namespace
}  // namespace ems::ota::tuf
