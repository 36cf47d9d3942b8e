// SPDX-License-Identifier: Apache-2.0
// Signatures with OpenSSL's arithmetic, against every public collection of attacks on them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "ems/io/ota/openssl_crypto.hpp"
#include "ems/ota/signature.hpp"
#include "support/frames.hpp"

namespace ems::ota {
namespace {

using nlohmann::json;

const io::OpenSslCrypto kCrypto;

test::Frame bytes(const json& vector, const char* key) {
  return test::frame(vector.at(key).get<std::string>());
}
bool accepts(Bytes key, Bytes message, Bytes signature) {
  return verify(kCrypto, Scheme::ed25519, key, message, signature);
}
/// nullopt where EMS_THIRD_PARTY is not set.
std::optional<json> third_party(const std::string& file) {
  const char* folder = std::getenv("EMS_THIRD_PARTY");
  if (folder == nullptr) return std::nullopt;
  std::ifstream stream(std::string(folder) + "/ota/ed25519/" + file);
  return json::parse(stream);
}

TEST(SignatureConformance, Wycheproof) {
  const auto file = third_party("wycheproof_ed25519_test.json");
  if (!file) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
  std::size_t agree = 0;
  for (const json& group : file->at("testGroups")) {
    const auto key = bytes(group.at("publicKey"), "pk");
    for (const json& it : group.at("tests")) {
      const bool accepted = accepts(key, bytes(it, "msg"), bytes(it, "sig"));
      EXPECT_EQ(accepted, it.at("result") == "valid") << it;
      agree += accepted == (it.at("result") == "valid") ? 1U : 0U;
    }
  }
  EXPECT_EQ(file->at("numberOfTests"), 151);
  EXPECT_EQ(agree, 151U);
}

TEST(SignatureConformance, Speccheck) {
  const auto file = third_party("speccheck_cases.json");
  if (!file) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
  const json verdicts = test::vectors("ota/ed25519/speccheck_expected.json").at("results");
  ASSERT_EQ(file->size(), 12U);
  ASSERT_EQ(verdicts.size(), 12U);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const json& it = (*file)[i];
    const json& verdict = verdicts[i];
    ASSERT_EQ(verdict.at("case"), i);
    const auto key = bytes(it, "pub_key");
    EXPECT_EQ(accepts(key, bytes(it, "message"), bytes(it, "signature")),
              verdict.at("strict_accept").get<bool>())
        << i;
    const bool bad_key = verdict.at("precheck").get<std::string>().starts_with("A-");
    EXPECT_EQ(check_key(kCrypto, Scheme::ed25519, key).has_value(), !bad_key) << i;
  }
}

TEST(SignatureConformance, ForgeriesForKeysOfSmallOrderAreRefusedThoughOpenSslTakesThem) {
  const json forgeries = test::vectors("ota/ed25519/small_order_forgeries.json").at("vectors");
  ASSERT_EQ(forgeries.size(), 14U);
  for (const json& it : forgeries) {
    const auto key = bytes(it, "pub");
    const auto message = bytes(it, "msg_hex");
    const auto signature = bytes(it, "sig");
    EXPECT_FALSE(accepts(key, message, signature)) << it;
    EXPECT_FALSE(check_key(kCrypto, Scheme::ed25519, key)) << it;
    // Else the rule above would prove nothing.
    EXPECT_TRUE(kCrypto.verify_raw(Scheme::ed25519, key, message, signature)) << it;
  }
}

TEST(SignatureConformance, MalformedSignaturesAndKeys) {
  const json cases = test::vectors("ota/ed25519/misc_negative.json");
  ASSERT_EQ(cases.size(), 17U);
  for (const json& it : cases) {
    EXPECT_EQ(accepts(bytes(it, "pub"), bytes(it, "msg"), bytes(it, "sig")),
              it.at("expect") == "accept")
        << it;
  }
}

TEST(SignatureConformance, KnownAnswersOfRfc8032) {
  const json cases = test::vectors("ota/ed25519/rfc8032_ed25519.json").at("vectors");
  ASSERT_EQ(cases.size(), 5U);
  for (const json& it : cases) {
    const auto key = bytes(it, "public_key");
    const auto message = bytes(it, "message");
    auto signature = bytes(it, "signature");
    EXPECT_TRUE(check_key(kCrypto, Scheme::ed25519, key)) << it;
    EXPECT_TRUE(accepts(key, message, signature)) << it;
    signature[0] ^= std::byte{1};
    EXPECT_FALSE(accepts(key, message, signature)) << it;
  }
}

}  // namespace
}  // namespace ems::ota
