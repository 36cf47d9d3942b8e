// SPDX-License-Identifier: Apache-2.0
// The rules that need no arithmetic, each alone: the port here says yes to everything.
#include "ems/ota/signature.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support/frames.hpp"

namespace ems::ota {
namespace {

using test::Frame;
using test::frame;

class YesCrypto final : public Crypto {
 public:
  [[nodiscard]] bool verify_raw(Scheme, Bytes, Bytes, Bytes) const noexcept override {
    return signature_is_right;
  }
  [[nodiscard]] bool key_is_valid(Scheme, Bytes) const noexcept override { return key_is_right; }
  [[nodiscard]] Sha256 sha256(Bytes) const noexcept override { return {}; }
  [[nodiscard]] Sha512 sha512(Bytes) const noexcept override { return {}; }
  bool signature_is_right = true;
  bool key_is_right = true;
};

const Frame kKey = frame("6a6386584bcd1686d71b24f67d0af627a9eb1626f02a18e6514bdb94e07711a0");
const Frame kSignature = frame(
    "6c2d278460f0180f14dd8479bd9c96165cab3ebdd4041720c7ae816f1d39b9b4"
    "10d911de1956d1a3687a00ddbc3c10aec120685020d32450aaac8f224471c007");
const std::string kL = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
const std::string kP256Key =
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "d2086bd2086bd2086bd2086bd2086bd2086bd2086bd2086bd2086bd2086bd208"
    "117b33117b33117b33117b33117b33117b33117b33117b33117b33117b33117b";

bool ed25519_key_is_good(Bytes key) {
  const Result<void> checked = check_key(YesCrypto{}, Scheme::ed25519, key);
  EXPECT_TRUE(checked || checked.error().code == Errc::bad_key);
  return checked.has_value();
}
bool accepts_ed25519(Bytes key, Bytes signature, const YesCrypto& crypto = {}) {
  return verify(crypto, Scheme::ed25519, key, frame("00"), signature);
}
bool accepts_s(const std::string& s) {
  Frame signature = kSignature;
  std::ranges::copy(frame(s), signature.begin() + 32);
  return accepts_ed25519(kKey, signature);
}
bool accepts_r(Bytes r) {
  Frame signature = kSignature;
  std::ranges::copy(r, signature.begin());
  return accepts_ed25519(kKey, signature);
}
bool accepts_ecdsa(const std::string& signature, const YesCrypto& crypto = {}) {
  return verify(crypto, Scheme::ecdsa_sha2_nistp256, frame(kP256Key), {}, frame(signature));
}

TEST(Signature, TheWordOfThePortDecidesLast) {
  EXPECT_TRUE(accepts_ed25519(kKey, kSignature));
  YesCrypto no;
  no.signature_is_right = false;
  EXPECT_FALSE(accepts_ed25519(kKey, kSignature, no));
}

TEST(Signature, Ed25519LengthsAreExact) {
  for (const std::size_t size : {0U, 31U, 33U, 64U}) {
    Frame key = kKey;
    key.resize(size);
    EXPECT_FALSE(ed25519_key_is_good(key)) << size;
    EXPECT_FALSE(accepts_ed25519(key, kSignature)) << size;
  }
  for (const std::size_t size : {0U, 32U, 63U, 65U, 128U}) {
    Frame signature = kSignature;
    signature.resize(size);
    EXPECT_FALSE(accepts_ed25519(kKey, signature)) << size;
  }
}

TEST(Signature, EveryPointOfSmallOrderIsRefusedAsKeyAndAsR) {
  std::ifstream file(std::string(EMS_TEST_VECTORS) + "/ota/ed25519/small_order_points.json");
  const auto points = nlohmann::json::parse(file).at("points");
  ASSERT_EQ(points.size(), 14U);
  for (const auto& point : points) {
    const Frame encoded = frame(point.at("encoding").get<std::string>());
    EXPECT_FALSE(ed25519_key_is_good(encoded)) << point;
    EXPECT_FALSE(accepts_ed25519(encoded, kSignature)) << point;
    EXPECT_FALSE(accepts_r(encoded)) << point;
  }
}

TEST(Signature, APointHasOneEncoding) {
  // y = p + 2 .. p + 18, which is 2 .. 18 not reduced; y = p - 2 is the largest that is none.
  for (int byte = 0xEF; byte <= 0xFF; ++byte) {
    for (const std::byte sign : {std::byte{0x7F}, std::byte{0xFF}}) {
      Frame point(32, std::byte{0xFF});
      point.front() = static_cast<std::byte>(byte);
      point.back() = sign;
      EXPECT_FALSE(ed25519_key_is_good(point)) << byte;
      EXPECT_FALSE(accepts_r(point)) << byte;
      point.front() = std::byte{0xEB};
      EXPECT_TRUE(ed25519_key_is_good(point));
      EXPECT_TRUE(accepts_r(point));
    }
  }
  // The comparison begins at the highest byte, the last.
  EXPECT_TRUE(ed25519_key_is_good(
      frame("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7e")));
  EXPECT_TRUE(ed25519_key_is_good(
      frame("fffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffff7f")));
}

TEST(Signature, SIsBelowTheOrder) {
  EXPECT_FALSE(accepts_s(kL));
  EXPECT_TRUE(accepts_s("ec" + kL.substr(2)));          // L - 1
  EXPECT_FALSE(accepts_s("ee" + kL.substr(2)));         // L + 1
  EXPECT_TRUE(accepts_s(std::string(62, 'f') + "0f"));  // The highest byte decides.
  EXPECT_FALSE(accepts_s(std::string(62, '0') + "11"));
  EXPECT_FALSE(accepts_s(std::string(62, '0') + "80"));
  EXPECT_FALSE(accepts_s(std::string(64, 'f')));
  EXPECT_TRUE(accepts_s(std::string(64, '0')));  // Below it; R says the rest.
}

TEST(Signature, EcdsaKeysAreUncompressedPointsOfTheNamedCurve) {
  const auto good = [](const std::string& key, const YesCrypto& crypto = {}) {
    const Result<void> checked = check_key(crypto, Scheme::ecdsa_sha2_nistp256, frame(key));
    EXPECT_TRUE(checked || checked.error().code == Errc::bad_key);
    return checked.has_value();
  };
  EXPECT_TRUE(good(kP256Key));
  EXPECT_FALSE(good(kP256Key + "00"));
  EXPECT_FALSE(good(kP256Key.substr(2)));
  EXPECT_FALSE(good(""));
  for (std::size_t byte = 0; byte < 27; ++byte) {
    std::string other = kP256Key;
    other[2 * byte + 1] = other[2 * byte + 1] == '1' ? '5' : '1';
    EXPECT_FALSE(good(other)) << byte;
  }
  // Compressed: the same key in another encoding would count twice.
  EXPECT_FALSE(
      good("3039301306072a8648ce3d020106082a8648ce3d030107032200" + kP256Key.substr(54, 66)));
  YesCrypto off_curve;
  off_curve.key_is_right = false;
  EXPECT_FALSE(good(kP256Key, off_curve));
}

TEST(Signature, EcdsaSignaturesAreStrictDer) {
  EXPECT_TRUE(accepts_ecdsa("3006020101020101"));
  EXPECT_TRUE(accepts_ecdsa("300702020080020101"));
  const std::string big = "022100" + std::string(64, 'f');
  EXPECT_TRUE(accepts_ecdsa("3046" + big + big));
  for (const char* signature : {
           "",
           "30",
           "3000",
           "3003020101",
           "300602010102010100",  // A byte after it.
           "30060201010201",      // A byte short.
           "3007020101020101",    // A length beyond the end.
           "3005020101020101",    // One before it.
           "3106020101020101",    // Not a SEQUENCE.
           "3006030101020101",
           "3006020101030101",        // Not an INTEGER.
           "3009020101020101020101",  // Three of them.
           "3006020100020101",
           "3006020101020100",  // Zero.
           "3006020181020101",
           "3006020101020181",  // Negative.
           "300702020001020101",
           "300702010102020001",  // Longer than needed.
           "30050200020101",
           "30050201010200",      // Empty.
           "308106020101020101",  // The length in a longer form.
           "3006020201020101",    // r takes what is s.
       }) {
    EXPECT_FALSE(accepts_ecdsa(signature)) << signature;
  }
  EXPECT_FALSE(accepts_ecdsa("3027022201" + std::string(66, '0') + "020101"));  // 34 bytes.
  YesCrypto no;
  no.signature_is_right = false;
  EXPECT_FALSE(accepts_ecdsa("3006020101020101", no));
}

TEST(Signature, AKeyThatThePortRefusesSignsNothing) {
  YesCrypto weak;
  weak.key_is_right = false;
  EXPECT_EQ(check_key(weak, Scheme::rsassa_pss_sha256, frame("00")).error().code, Errc::bad_key);
  EXPECT_FALSE(verify(weak, Scheme::rsassa_pss_sha256, frame("00"), {}, frame("00")));
  EXPECT_TRUE(verify(YesCrypto{}, Scheme::rsassa_pss_sha256, frame("00"), {}, frame("00")));
}

TEST(Signature, SchemesHaveTheNamesOfMetadata) {
  for (const Scheme scheme :
       {Scheme::ed25519, Scheme::ecdsa_sha2_nistp256, Scheme::rsassa_pss_sha256}) {
    EXPECT_EQ(scheme_named(to_text(scheme)), scheme);
  }
  EXPECT_EQ(to_text(Scheme::ecdsa_sha2_nistp256), "ecdsa-sha2-nistp256");
  EXPECT_EQ(scheme_named("ED25519"), std::nullopt);
  EXPECT_EQ(scheme_named("ml-dsa-65"), std::nullopt);
}

}  // namespace
}  // namespace ems::ota
