// SPDX-License-Identifier: Apache-2.0
// The image verifier with real arithmetic; what it refuses by form is in unit/ota/image_test.cpp.
#include "ems/ota/image/image.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>

#include "ems/io/ota/openssl_crypto.hpp"
#include "support/ota_image.hpp"

namespace ems::ota {
namespace {

using test::Buffer;
using test::Parts;

/// A key pair that this run made.
class SigningKey {
 public:
  SigningKey() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free) {
    std::size_t size = public_key.size();
    EXPECT_EQ(EVP_PKEY_get_raw_public_key(key_.get(), as_chars(public_key.data()), &size), 1);
  }
  [[nodiscard]] test::Signature sign(Bytes message) const {
    test::Signature out{};
    std::size_t size = out.size();
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()), 1);
    EXPECT_EQ(
        EVP_DigestSign(context.get(), as_chars(out.data()), &size,
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()),
        1);
    return out;
  }
  Ed25519Key public_key{};

 private:
  static unsigned char* as_chars(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
  }
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

const io::OpenSslCrypto kCrypto;
constexpr std::uint32_t kSlotSize = 2048;

Buffer built(const SigningKey& key, const Parts& parts = {}) {
  return test::build(
      parts, key.public_key, [&](Bytes digest) { return key.sign(digest); }, kCrypto);
}
Result<Image> verified(Bytes image, std::span<const Ed25519Key> keys) {
  test::Slot slot(image, kSlotSize);
  io::OpenSslHasher hasher;
  return verify_image(slot, {.keys = keys, .slot_size = kSlotSize, .counter_floor = 7}, hasher,
                      kCrypto);
}

TEST(OtaImage, TakesAnImageThatAKeyOfThePolicySigned) {
  const SigningKey key;
  const SigningKey other;
  const std::array keys{other.public_key, key.public_key};
  const Buffer image = built(key);
  const auto result = verified(image, keys);
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->counter, 7U);
  EXPECT_EQ(result->size, image.size());
  EXPECT_EQ(verified(image, std::span(keys).first(1)).error().code, Errc::signature);
}

TEST(OtaImage, RefusesEveryFlippedBit) {
  const SigningKey key;
  Parts parts;
  parts.payload.resize(24);
  Buffer image = built(key, parts);
  const std::span keys(&key.public_key, 1);
  ASSERT_TRUE(verified(image, keys));
  for (std::size_t bit = 0; bit < image.size() * 8; ++bit) {
    const std::byte mask{static_cast<unsigned char>(1U << (bit % 8))};
    image[bit / 8] ^= mask;
    EXPECT_FALSE(verified(image, keys)) << "bit " << bit;
    image[bit / 8] ^= mask;
  }
}

TEST(OtaImage, RefusesASignatureOverTheImageInsteadOfItsDigest) {
  const SigningKey key;
  const Buffer honest = built(key);
  const auto area = std::size_t{4 + 36 + 36 + 4 + 64};
  Parts parts;
  const test::Signature pure = key.sign(Bytes(honest).first(honest.size() - area));
  parts.unsigned_entries[2].value.assign(pure.begin(), pure.end());
  EXPECT_EQ(verified(built(key, parts), std::span(&key.public_key, 1)).error().code,
            Errc::signature);
}

// OpenSSL takes this signature of anything under the key of order 1: nobody needs a private key.
TEST(OtaImage, RefusesAKeyOfSmallOrderThatOpenSslTakes) {
  Ed25519Key one{};
  one[0] = std::byte{1};
  test::Signature forged{};
  forged[0] = std::byte{1};
  const Buffer image = test::build(
      {}, one, [&](Bytes) { return forged; }, kCrypto);
  ASSERT_TRUE(kCrypto.verify_raw(Scheme::ed25519, one, image, forged));
  EXPECT_EQ(verified(image, std::span(&one, 1)).error().code, Errc::bad_key);
}

}  // namespace
}  // namespace ems::ota
