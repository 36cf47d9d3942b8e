// SPDX-License-Identifier: Apache-2.0
// Keys are made here, each of a kind that is refused or taken for one reason.
#include "ems/io/ota/openssl_crypto.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "ems/io/hex.hpp"
#include "ems/ota/signature.hpp"

namespace ems::io {
namespace {

using ota::HashAlgorithm;
using ota::Scheme;
using Buffer = std::vector<std::byte>;
using Key = std::shared_ptr<EVP_PKEY>;

const OpenSslCrypto kCrypto;
constexpr Scheme kEcdsa = Scheme::ecdsa_sha2_nistp256;
constexpr Scheme kRsa = Scheme::rsassa_pss_sha256;

unsigned char* chars(Buffer& buffer) { return reinterpret_cast<unsigned char*>(buffer.data()); }
Bytes text(std::string_view it) { return std::as_bytes(std::span(it)); }
Key owned(EVP_PKEY* key) {
  EXPECT_NE(key, nullptr);
  return {key, &EVP_PKEY_free};
}
Key ec(const char* curve) { return owned(EVP_EC_gen(curve)); }
Key rsa(std::size_t bits) { return owned(EVP_RSA_gen(bits)); }
/// One for the whole run: they take a while.
Key rsa_2048() {
  static const Key kKey = rsa(2048);
  return kKey;
}

Buffer spki(const Key& key) {
  unsigned char* written = nullptr;
  const int size = i2d_PUBKEY(key.get(), &written);
  EXPECT_GT(size, 0);
  const auto* begin = reinterpret_cast<const std::byte*>(written);
  Buffer der(begin, begin + size);
  OPENSSL_free(written);
  return der;
}

/// @param salt Bytes; RSA keys only.
Buffer sign(const Key& key, Bytes message, int salt = RSA_PSS_SALTLEN_DIGEST,
            int padding = RSA_PKCS1_PSS_PADDING) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, key.get()), 1);
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, padding), 1);
    if (padding == RSA_PKCS1_PSS_PADDING) {
      EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt), 1);
    }
  }
  Buffer signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t size = signature.size();
  EXPECT_EQ(EVP_DigestSign(context.get(), chars(signature), &size,
                           reinterpret_cast<const unsigned char*>(message.data()), message.size()),
            1);
  signature.resize(size);
  return signature;
}

/// An RSA public key of these numbers, whether or not anyone has its other half.
Buffer rsa_spki(std::size_t bits, BN_ULONG exponent) {
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> n(BN_new(), &BN_free), e(BN_new(), &BN_free);
  EXPECT_EQ(BN_set_bit(n.get(), static_cast<int>(bits) - 1), 1);
  EXPECT_EQ(BN_set_bit(n.get(), 0), 1);
  EXPECT_EQ(BN_set_word(e.get(), exponent), 1);
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  EXPECT_EQ(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n.get()), 1);
  EXPECT_EQ(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e.get()), 1);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* key = nullptr;
  EXPECT_EQ(EVP_PKEY_fromdata_init(context), 1);
  EXPECT_EQ(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(build);
  return spki(owned(key));
}

bool good(Scheme scheme, Bytes key) { return ota::check_key(kCrypto, scheme, key).has_value(); }

TEST(OpenSslCrypto, EcdsaOfP256IsVerified) {
  const Key key = ec("P-256");
  const Buffer der = spki(key);
  EXPECT_TRUE(good(kEcdsa, der));
  Buffer signature = sign(key, text("message"));
  EXPECT_TRUE(ota::verify(kCrypto, kEcdsa, der, text("message"), signature));
  EXPECT_FALSE(ota::verify(kCrypto, kEcdsa, der, text("massage"), signature));
  EXPECT_FALSE(ota::verify(kCrypto, kEcdsa, spki(ec("P-256")), text("message"), signature));
  signature.back() ^= std::byte{1};
  EXPECT_FALSE(ota::verify(kCrypto, kEcdsa, der, text("message"), signature));
  const Buffer none = sign(key, {});
  EXPECT_TRUE(ota::verify(kCrypto, kEcdsa, der, {}, none));
}

TEST(OpenSslCrypto, OtherCurvesAreNoEcdsaKeys) {
  for (const char* curve : {"P-384", "P-521", "secp256k1"}) {
    const Key key = ec(curve);
    EXPECT_FALSE(good(kEcdsa, spki(key))) << curve;
    EXPECT_FALSE(kCrypto.key_is_valid(kEcdsa, spki(key))) << curve;
    EXPECT_FALSE(kCrypto.verify_raw(kEcdsa, spki(key), text("m"), sign(key, text("m")))) << curve;
  }
  EXPECT_FALSE(kCrypto.key_is_valid(kEcdsa, spki(rsa_2048())));
  EXPECT_FALSE(
      kCrypto.key_is_valid(kEcdsa, spki(owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")))));
}

TEST(OpenSslCrypto, APointThatIsNotOnTheCurveIsNoKey) {
  Buffer der = spki(ec("P-256"));
  der.back() ^= std::byte{1};
  EXPECT_FALSE(good(kEcdsa, der));
}

TEST(OpenSslCrypto, ACompressedPointIsRefused) {
  const Key key = ec("P-256");
  EXPECT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           "compressed"),
            1);
  const Buffer der = spki(key);
  ASSERT_EQ(der.size(), 59U);
  EXPECT_TRUE(kCrypto.key_is_valid(kEcdsa, der));  // To OpenSSL it is the same key.
  EXPECT_FALSE(good(kEcdsa, der));
  EXPECT_FALSE(ota::verify(kCrypto, kEcdsa, der, text("m"), sign(key, text("m"))));
}

TEST(OpenSslCrypto, ExplicitParametersAreRefused) {
  const Key key = ec("P-256");
  EXPECT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
  const Buffer der = spki(key);
  ASSERT_GT(der.size(), 91U);
  EXPECT_FALSE(good(kEcdsa, der));
}

TEST(OpenSslCrypto, RsaPssIsVerifiedWithAnySalt) {
  const Buffer der = spki(rsa_2048());
  EXPECT_TRUE(good(kRsa, der));
  for (const int salt : {0, 20, 32, RSA_PSS_SALTLEN_MAX}) {
    const Buffer signature = sign(rsa_2048(), text("message"), salt);
    EXPECT_TRUE(ota::verify(kCrypto, kRsa, der, text("message"), signature)) << salt;
    EXPECT_FALSE(ota::verify(kCrypto, kRsa, der, text("massage"), signature)) << salt;
  }
}

TEST(OpenSslCrypto, OtherPaddingAndLengthsAreNoPssSignatures) {
  const Buffer der = spki(rsa_2048());
  const auto accepts = [&](Bytes signature) {
    return ota::verify(kCrypto, kRsa, der, text("m"), signature);
  };
  EXPECT_FALSE(accepts(sign(rsa_2048(), text("m"), 0, RSA_PKCS1_PADDING)));
  Buffer signature = sign(rsa_2048(), text("m"));
  EXPECT_TRUE(accepts(signature));
  signature.push_back(std::byte{0});
  EXPECT_FALSE(accepts(signature));
  signature.resize(255);
  EXPECT_FALSE(accepts(signature));
  EXPECT_FALSE(accepts({}));
}

TEST(OpenSslCrypto, WeakRsaKeysAreRefused) {
  EXPECT_TRUE(good(kRsa, rsa_spki(2048, 65537)));
  EXPECT_TRUE(good(kRsa, rsa_spki(4096, 65539)));
  EXPECT_TRUE(good(kRsa, rsa_spki(16384, 65537)));
  EXPECT_FALSE(good(kRsa, rsa_spki(2047, 65537)));
  EXPECT_FALSE(good(kRsa, rsa_spki(1024, 65537)));
  EXPECT_FALSE(good(kRsa, rsa_spki(16385, 65537)));
  for (const BN_ULONG exponent : {1U, 3U, 17U, 65535U, 65536U, 65538U}) {
    EXPECT_FALSE(good(kRsa, rsa_spki(2048, exponent))) << exponent;
  }
  const Key key = rsa(1024);
  EXPECT_FALSE(ota::verify(kCrypto, kRsa, spki(key), text("m"), sign(key, text("m"))));
}

TEST(OpenSslCrypto, KeysOfAnotherTypeAreNoRsaKeys) {
  EXPECT_FALSE(good(kRsa, spki(ec("P-256"))));
  EXPECT_FALSE(good(kRsa, {}));
  EXPECT_FALSE(good(kRsa, text("-----BEGIN PUBLIC KEY-----")));
  // The same numbers under another name would be a second key: id-RSASSA-PSS (...0A) without
  // parameters in the place of rsaEncryption (...01) with NULL.
  Buffer der = spki(rsa_2048());
  ASSERT_EQ(der[16], std::byte{0x01});
  ASSERT_EQ(der[17], std::byte{0x05});
  der[16] = std::byte{0x0A};
  der.erase(der.begin() + 17, der.begin() + 19);
  der[5] = std::byte{0x0B};
  der[3] ^= std::byte{0x02};  // 0x22 becomes 0x20.
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const Key read = owned(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_EQ(EVP_PKEY_get_base_id(read.get()), EVP_PKEY_RSA_PSS);
  EXPECT_FALSE(good(kRsa, der));
}

TEST(OpenSslCrypto, AKeyHasOneEncoding) {
  for (const auto& [scheme, der] :
       {std::pair{kRsa, spki(rsa_2048())}, std::pair{kEcdsa, spki(ec("P-256"))}}) {
    EXPECT_TRUE(kCrypto.key_is_valid(scheme, der));
    Buffer longer = der;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(kCrypto.key_is_valid(scheme, longer));
    const Buffer shorter(der.begin(), der.end() - 1);
    EXPECT_FALSE(kCrypto.key_is_valid(scheme, shorter));
  }
  // BER: the outer length in one byte more than it needs, which OpenSSL reads.
  Buffer ber = spki(rsa_2048());
  ber[1] = std::byte{0x83};
  ber.insert(ber.begin() + 2, std::byte{0});
  const auto* at = reinterpret_cast<const unsigned char*>(ber.data());
  const Key read = owned(d2i_PUBKEY(nullptr, &at, static_cast<long>(ber.size())));
  EXPECT_FALSE(good(kRsa, ber));
}

TEST(OpenSslCrypto, TheErrorQueueIsLeftAsItWas) {
  ERR_clear_error();
  EXPECT_FALSE(kCrypto.key_is_valid(kRsa, text("x")));
  EXPECT_FALSE(kCrypto.verify_raw(Scheme::ed25519, text("x"), text("m"), text("s")));
  const Buffer der = spki(rsa_2048());
  EXPECT_FALSE(kCrypto.verify_raw(kRsa, der, text("m"), Buffer(256, std::byte{1})));
  EXPECT_EQ(ERR_peek_error(), 0U);
  ERR_raise(ERR_LIB_USER, 7);
  EXPECT_FALSE(kCrypto.key_is_valid(kRsa, text("x")));
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), 7);
  ERR_clear_error();
}

// FIPS 180-4's examples: "abc", and none.
constexpr const char* kAbc256 = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
constexpr const char* kAbc512 =
    "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
    "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F";
constexpr const char* kNone256 = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";

TEST(OpenSslCrypto, HashesOfBytesAtHand) {
  EXPECT_EQ(to_hex(kCrypto.sha256(text("abc"))), kAbc256);
  EXPECT_EQ(to_hex(kCrypto.sha512(text("abc"))), kAbc512);
  EXPECT_EQ(to_hex(kCrypto.sha256({})), kNone256);
}

TEST(OpenSslHasher, PiecesAreOneHash) {
  OpenSslHasher hasher;
  const auto hash = [&](HashAlgorithm algorithm, std::initializer_list<std::string_view> pieces) {
    hasher.begin(algorithm);
    for (const auto piece : pieces) hasher.update(text(piece));
    Buffer out(64);
    out.resize(hasher.finish(out));
    return to_hex(out);
  };
  EXPECT_EQ(hash(HashAlgorithm::sha256, {"abc"}), kAbc256);
  EXPECT_EQ(hash(HashAlgorithm::sha256, {"a", "", "bc"}), kAbc256);
  EXPECT_EQ(hash(HashAlgorithm::sha512, {"ab", "c"}), kAbc512);
  EXPECT_EQ(hash(HashAlgorithm::sha256, {}), kNone256);
}

TEST(OpenSslHasher, BeginForgetsAndFinishEnds) {
  OpenSslHasher hasher;
  Buffer out(32);
  EXPECT_EQ(hasher.finish(out), 0U);  // Nothing was begun.
  hasher.begin(HashAlgorithm::sha512);
  hasher.update(text("xyz"));
  hasher.begin(HashAlgorithm::sha256);
  hasher.update(text("abc"));
  EXPECT_EQ(hasher.finish(out), 32U);
  EXPECT_EQ(to_hex(out), kAbc256);
  EXPECT_EQ(hasher.finish(out), 0U);  // It is over: no bytes, so nothing to compare.
  hasher.update(text("abc"));
  EXPECT_EQ(hasher.finish(out), 0U);
}

}  // namespace
}  // namespace ems::io
