// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/image/image.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "support/ota_image.hpp"

namespace ems::ota {
namespace {

using test::Buffer;
using test::Entry;
using test::Parts;

Ed25519Key key_of(std::uint8_t byte) {
  Ed25519Key key{};
  key.fill(std::byte{byte});
  return key;
}
Uuid uuid_of(std::uint8_t byte) {
  Uuid uuid{};
  uuid.fill(std::byte{byte});
  return uuid;
}
const Ed25519Key kKey = key_of(0x17);
constexpr std::uint32_t kSlotSize = 4096;
const test::ToyCrypto kCrypto;

Buffer built(const Parts& parts = {}, const Ed25519Key& key = kKey) {
  return test::build(
      parts, key, [&](Bytes digest) { return test::ToyCrypto::sign(key, digest); }, kCrypto);
}

ImagePolicy policy() {
  return {.keys = std::span(&kKey, 1),
          .slot_size = kSlotSize,
          .counter_floor = 7,
          .vendor_id = uuid_of(0x11),
          .class_id = uuid_of(0x22)};
}

Result<Image> verified(Bytes image, const ImagePolicy& wanted = policy()) {
  test::Slot slot(image, kSlotSize);
  test::ToyHasher hasher;
  const auto result = verify_image(slot, wanted, hasher, kCrypto);
  EXPECT_TRUE(slot.read_once_and_in_order());
  return result;
}
Errc refused(const Parts& parts, const ImagePolicy& wanted = policy()) {
  const auto result = verified(built(parts), wanted);
  return result ? Errc::internal : result.error().code;
}
Errc refused(const ImagePolicy& wanted) { return refused(Parts{}, wanted); }

TEST(Image, SaysWhatASignedImageSays) {
  const Buffer image = built({.flags = 0x20, .load_address = 0x2000'0400});
  const auto result = verified(image);
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->version, (ImageVersion{2, 4, 1, 9}));
  EXPECT_EQ(result->counter, 7U);
  EXPECT_EQ(result->flags, 0x20U);
  EXPECT_EQ(result->load_address, 0x2000'0400U);
  EXPECT_EQ(result->payload_offset, 32U);
  EXPECT_EQ(result->payload_size, 300U);
  EXPECT_EQ(result->size, image.size());
  EXPECT_EQ(result->sha256, kCrypto.sha256(Bytes(image).first(32 + 300 + 4 + 8 + 20 + 20)));
}

TEST(Image, TakesAPaddedHeaderAndAnyOrderOfValues) {
  EXPECT_TRUE(verified(built({.header_size = 512})));
  EXPECT_TRUE(verified(built({.unsigned_entries = {{0x24, {}}, {0x10, {}}, {0x01, {}}}})));
  const std::uint16_t all_known = 0x0131;
  EXPECT_TRUE(verified(built({.flags = all_known})));
}

TEST(Image, LeavesSignedValuesOfOthersAlone) {
  Parts parts;
  parts.signed_entries.push_back({0x60, test::repeated(0x33, 700)});  // Boot record.
  parts.signed_entries.push_back({0x40, test::repeated(0x01, 12)});   // Two dependencies.
  parts.signed_entries.push_back({0x40, test::repeated(0x02, 12)});
  parts.signed_entries.push_back({0xFFA0, {}});  // A vendor's own.
  EXPECT_TRUE(verified(built(parts)));
}

TEST(Image, FillsItsSlotToTheByteAndNoFurther) {
  const Buffer image = built();
  ImagePolicy tight = policy();
  tight.slot_size = static_cast<std::uint32_t>(image.size());
  EXPECT_TRUE(verified(image, tight));
  tight.slot_size -= 1;
  test::Slot slot(image, image.size());
  test::ToyHasher hasher;
  const auto result = verify_image(slot, tight, hasher, kCrypto);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::no_space);
  EXPECT_LE(slot.bytes_read(), tight.slot_size);
}

TEST(Image, NeverReadsBeyondASlotThatIsTooSmallForAHeader) {
  for (std::uint32_t size = 0; size < 32; ++size) {
    ImagePolicy tiny = policy();
    tiny.slot_size = size;
    EXPECT_EQ(refused(tiny), Errc::no_space) << size;
  }
}

TEST(Image, RefusesEveryFlippedBit) {
  Parts parts;
  parts.payload.resize(40);
  Buffer image = built(parts);
  ASSERT_TRUE(verified(image));
  for (std::size_t bit = 0; bit < image.size() * 8; ++bit) {
    const std::byte mask{static_cast<unsigned char>(1U << (bit % 8))};
    image[bit / 8] ^= mask;
    EXPECT_FALSE(verified(image)) << "bit " << bit;
    image[bit / 8] ^= mask;
  }
}

TEST(Image, RefusesACutAtEveryByte) {
  const Buffer image = built();
  for (std::size_t size = 0; size < image.size(); ++size) {
    EXPECT_FALSE(verified(Bytes(image).first(size))) << size;
  }
}

TEST(Image, PassesOnWhatTheReaderSays) {
  const Buffer image = built();
  for (std::size_t at = 0; at < image.size(); ++at) {
    test::Slot slot(image, kSlotSize);
    slot.fail_at(at);
    test::ToyHasher hasher;
    const auto result = verify_image(slot, policy(), hasher, kCrypto);
    ASSERT_FALSE(result) << at;
    EXPECT_EQ(result.error().code, Errc::io) << at;
  }
}

// Sizes that lie, in images that are signed all the same.
void store16(Buffer& out, std::size_t at, std::size_t value) {
  store_le16(out, at, static_cast<std::uint16_t>(value));
}

TEST(Image, RefusesSizesThatLie) {
  constexpr std::size_t kArea = 32 + 300;  // The signed area.
  const struct {
    const char* why;
    Errc code;
    std::function<void(Buffer&)> tamper;
  } cases[] = {
      {"other magic", Errc::malformed, [](Buffer& b) { store_le32(b, 0, 0x96F3B83C); }},
      {"header of 31 bytes", Errc::malformed, [](Buffer& b) { store16(b, 8, 31); }},
      {"header of nothing", Errc::malformed, [](Buffer& b) { store16(b, 8, 0); }},
      {"no payload", Errc::malformed, [](Buffer& b) { store_le32(b, 12, 0); }},
      {"payload of 4 GiB", Errc::no_space, [](Buffer& b) { store_le32(b, 12, 0xFFFFFFFF); }},
      {"a sum that wraps", Errc::no_space, [](Buffer& b) { store_le32(b, 12, 0xFFFFFFE0); }},
      {"payload a byte short", Errc::malformed, [](Buffer& b) { store_le32(b, 12, 299); }},
      {"no signed area", Errc::malformed, [](Buffer& b) { store16(b, 10, 0); }},
      {"signed area of 3 bytes", Errc::malformed, [](Buffer& b) { store16(b, 10, 3); }},
      {"areas disagree, header", Errc::malformed, [](Buffer& b) { store16(b, 10, 51); }},
      {"areas disagree, area", Errc::malformed, [](Buffer& b) { store16(b, kArea + 2, 51); }},
      {"other area magic", Errc::malformed, [](Buffer& b) { store16(b, kArea, 0x6907); }},
      {"a value beyond its area", Errc::malformed, [](Buffer& b) { store16(b, kArea + 34, 17); }},
      {"a value that ends early", Errc::malformed, [](Buffer& b) { store16(b, kArea + 6, 3); }},
      {"encrypted", Errc::unimplemented, [](Buffer& b) { store_le32(b, 16, 0x4); }},
      {"encrypted, 256 bits", Errc::unimplemented, [](Buffer& b) { store_le32(b, 16, 0x8); }},
      {"compressed", Errc::unimplemented, [](Buffer& b) { store_le32(b, 16, 0x200); }},
      {"a later flag", Errc::unimplemented, [](Buffer& b) { store_le32(b, 16, 0x80000000); }},
  };
  for (const auto& c : cases) EXPECT_EQ(refused(Parts{.tamper = c.tamper}), c.code) << c.why;
  const auto nothing = [](Buffer& b) {  // The payload would end inside the header.
    store16(b, 8, 0);
    store_le32(b, 12, 1);
  };
  EXPECT_EQ(refused(Parts{.tamper = nothing}), Errc::malformed);
  EXPECT_EQ(refused(Parts{.payload = {}}), Errc::malformed);
  const auto cut_value = [](Buffer& b) {  // Two bytes more in the signed area.
    b.insert(b.end(), 2, std::byte{0xFF});
    store16(b, 10, 54);
    store16(b, kArea + 2, 54);
  };
  EXPECT_EQ(refused(Parts{.tamper = cut_value}), Errc::malformed);
}

TEST(Image, ReadsNoPayloadOfAnImageThatIsTooLarge) {
  ImagePolicy tight = policy();
  tight.slot_size = 330;
  test::Slot slot(built(), kSlotSize);
  test::ToyHasher hasher;
  EXPECT_FALSE(verify_image(slot, tight, hasher, kCrypto));
  EXPECT_EQ(slot.bytes_read(), 32U);
}

TEST(Image, RefusesAnUnsignedAreaThatLies) {
  const struct {
    const char* why;
    std::function<void(Buffer&)> tamper;
  } cases[] = {
      {"other magic", [](Buffer& b) { store16(b, 0, 0x6908); }},
      {"smaller than its head", [](Buffer& b) { store16(b, 2, 3); }},
      {"a byte shorter", [](Buffer& b) { store16(b, 2, b.size() - 1); }},
      {"a cut value", [](Buffer& b) { store16(b, 2, b.size() + 3); }},
      {"longer by what is erased", [](Buffer& b) { store16(b, 2, b.size() + 64); }},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refused(Parts{.tamper_after = c.tamper}), Errc::malformed) << c.why;
  }
  const auto beyond = [](Buffer& b) {  // The last value reaches over the end of the slot.
    store16(b, 2, 0xFFFF);
    store16(b, 4 + 36 + 36 + 2, 0xFF00);
  };
  EXPECT_EQ(refused(Parts{.tamper_after = beyond}), Errc::malformed);
  const auto entries = [](Buffer& b) { store16(b, 2, 0xFFFF); };
  ImagePolicy tight = policy();
  tight.slot_size = static_cast<std::uint32_t>(built().size());
  EXPECT_EQ(refused(Parts{.tamper_after = entries}, tight), Errc::no_space);
}

TEST(Image, RefusesValuesThatAreThereTwiceMissingOrElsewhere) {
  const Entry counter{0x50, test::le32(9)};
  const Entry vendor{0x80, test::repeated(0x11, 16)};
  const Entry klass{0x81, test::repeated(0x22, 16)};
  const Entry sha{0x10, {}};
  const Entry key{0x01, {}};
  const Entry signature{0x24, {}};
  const struct {
    const char* why;
    Errc code;
    std::vector<Entry> in_signed;
    std::vector<Entry> in_unsigned;
  } cases[] = {
      {"counter twice", Errc::malformed, {counter, vendor, klass, counter}, {sha, key, signature}},
      {"vendor twice", Errc::malformed, {counter, vendor, klass, vendor}, {sha, key, signature}},
      {"class twice", Errc::malformed, {counter, vendor, klass, klass}, {sha, key, signature}},
      {"no counter", Errc::malformed, {vendor, klass}, {sha, key, signature}},
      {"nothing signed", Errc::malformed, {}, {sha, key, signature}},
      {"a counter of 8 bytes",
       Errc::malformed,
       {{0x50, test::repeated(9, 8)}, vendor, klass},
       {sha, key, signature}},
      {"hash among signed",
       Errc::malformed,
       {counter, vendor, klass, {0x10, test::repeated(0, 32)}},
       {sha, key, signature}},
      {"signature among signed",
       Errc::malformed,
       {counter, vendor, klass, {0x24, test::repeated(0, 64)}},
       {sha, key, signature}},
      {"hash twice", Errc::malformed, {counter, vendor, klass}, {sha, key, signature, sha}},
      {"key twice", Errc::malformed, {counter, vendor, klass}, {sha, key, signature, key}},
      {"signed twice",
       Errc::malformed,
       {counter, vendor, klass},
       {sha, key, signature, key, signature}},
      {"no hash", Errc::unsupported_hash, {counter, vendor, klass}, {key, signature}},
      {"SHA-512",
       Errc::unsupported_hash,
       {counter, vendor, klass},
       {{0x12, test::repeated(1, 64)}, key, signature}},
      {"no key hash", Errc::signature, {counter, vendor, klass}, {sha, signature}},
      {"no signature", Errc::signature, {counter, vendor, klass}, {sha, key}},
      {"nothing unsigned", Errc::unsupported_hash, {counter, vendor, klass}, {}},
      {"counter that nobody signed",
       Errc::malformed,
       {vendor, klass},
       {counter, sha, key, signature}},
      {"class that nobody signed",
       Errc::malformed,
       {counter, vendor},
       {klass, sha, key, signature}},
      {"a value that nobody signed",
       Errc::malformed,
       {counter, vendor, klass},
       {sha, key, signature, {0xA0, test::repeated(1, 4)}}},
      {"RSA",
       Errc::unimplemented,
       {counter, vendor, klass},
       {sha, key, {0x20, test::repeated(1, 256)}}},
      {"signed without digest",
       Errc::unimplemented,
       {counter, vendor, klass},
       {sha, key, signature, {0x25, test::repeated(1, 1)}}},
  };
  for (const auto& c : cases) {
    const Parts parts{.signed_entries = c.in_signed, .unsigned_entries = c.in_unsigned};
    EXPECT_EQ(refused(parts), c.code) << c.why;
  }
}

TEST(Image, RefusesBytesThatItsHashDoesNotName) {
  Parts parts;
  parts.unsigned_entries[0].value = test::repeated(0x44, 32);
  EXPECT_EQ(refused(parts), Errc::hash);
}

TEST(Image, RefusesEveryKeyButThoseOfThePolicy) {
  ImagePolicy nobody = policy();
  nobody.keys = {};
  EXPECT_EQ(refused(nobody), Errc::signature);

  const std::array<Ed25519Key, 2> others{key_of(0x18), key_of(0x19)};
  ImagePolicy wrong = policy();
  wrong.keys = others;
  EXPECT_EQ(refused(wrong), Errc::signature);
  EXPECT_TRUE(verified(built({}, others[1]), wrong));  // The second may sign too.

  Parts stolen;  // Names a trusted key; another one signed.
  const Sha256 name = test::key_hash(kKey, kCrypto);
  stolen.unsigned_entries[1].value.assign(name.begin(), name.end());
  const auto result = verified(built(stolen, others[0]));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::signature);
}

TEST(Image, RefusesAKeyThatNobodyMayTrustEvenInThePolicy) {
  const Ed25519Key erased{};  // All zero: a point of order 4.
  ImagePolicy careless = policy();
  careless.keys = std::span(&erased, 1);
  const auto result = verified(built({}, erased), careless);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::bad_key);
}

TEST(Image, RefusesASignatureWithAnSOfTheOrderOrMore) {
  // The toy arithmetic takes any S that sign() makes: only the strict rule can refuse.
  class Yes final : public Crypto {
   public:
    bool verify_raw(Scheme, Bytes, Bytes, Bytes) const noexcept override { return true; }
    bool key_is_valid(Scheme, Bytes) const noexcept override { return true; }
    Sha256 sha256(Bytes data) const noexcept override { return kCrypto.sha256(data); }
    Sha512 sha512(Bytes) const noexcept override { return {}; }
  };
  const auto code = [](std::uint8_t top_of_s) {
    Parts parts;
    parts.unsigned_entries[2].value = test::repeated(0x03, 64);
    parts.unsigned_entries[2].value[63] = std::byte{top_of_s};
    test::Slot slot(built(parts), kSlotSize);
    test::ToyHasher hasher;
    const auto result = verify_image(slot, policy(), hasher, Yes{});
    return result ? Errc::internal : result.error().code;
  };
  EXPECT_EQ(code(0x0F), Errc::internal);
  EXPECT_EQ(code(0x11), Errc::signature);
}

TEST(Image, RefusesACounterBelowTheFloorAndTakesOneAtIt) {
  ImagePolicy floor = policy();
  floor.counter_floor = 8;
  EXPECT_EQ(refused(floor), Errc::rollback);
  floor.counter_floor = 7;
  EXPECT_TRUE(verified(built(), floor));
  Parts latest;
  latest.signed_entries[0].value = test::le32(std::numeric_limits<std::uint32_t>::max());
  EXPECT_TRUE(verified(built(latest), floor));
}

TEST(Image, RefusesAnotherVendorOrClassAndOneThatSaysNone) {
  ImagePolicy other = policy();
  other.vendor_id = uuid_of(0x12);
  EXPECT_EQ(refused(other), Errc::wrong_hardware);
  other = policy();
  other.class_id = uuid_of(0x23);
  EXPECT_EQ(refused(other), Errc::wrong_hardware);

  const Parts mute{.signed_entries = {{0x50, test::le32(7)}}};
  EXPECT_EQ(refused(mute), Errc::wrong_hardware);
  ImagePolicy any = policy();
  any.vendor_id.reset();
  any.class_id.reset();
  EXPECT_TRUE(verified(built(mute), any));
  EXPECT_TRUE(verified(built(), any));
}

TEST(Image, ChecksInTheOrderThatIsWritten) {
  // Everything is wrong; each step taken away shows the next one.
  const Ed25519Key other = key_of(0x18);
  ImagePolicy wanted = policy();
  wanted.keys = std::span(&other, 1);
  wanted.counter_floor = 8;
  wanted.class_id = uuid_of(0x23);
  Parts parts;
  parts.unsigned_entries[0].value = test::repeated(0x44, 32);
  EXPECT_EQ(refused(parts, wanted), Errc::hash);
  parts.unsigned_entries[0].value.clear();
  EXPECT_EQ(refused(parts, wanted), Errc::signature);
  wanted.keys = std::span(&kKey, 1);
  EXPECT_EQ(refused(parts, wanted), Errc::rollback);
  wanted.counter_floor = 7;
  EXPECT_EQ(refused(parts, wanted), Errc::wrong_hardware);
}

}  // namespace
}  // namespace ems::ota
