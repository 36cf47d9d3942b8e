// SPDX-License-Identifier: Apache-2.0
// Updates through the C ABI: signatures, images and payloads, with arithmetic of the caller.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "c_site.hpp"
#include "support/ota_image.hpp"

namespace ems::test {
namespace {

using ota::test::Buffer;
using ota::test::ToyCrypto;

/// The toy arithmetic as C functions.
class Arithmetic {
 public:
  Arithmetic() {
    calls.context = this;
    calls.ed25519_verify = [](void* self, const std::uint8_t* key, const std::uint8_t* message,
                              std::size_t size, const std::uint8_t* signature) -> std::int32_t {
      static_cast<Arithmetic*>(self)->asked += 1;
      const bool good = ToyCrypto{}.verify_raw(ota::Scheme::ed25519, bytes(key, 32),
                                               bytes(message, size), bytes(signature, 64));
      return good ? 1 : 0;
    };
    calls.sha256_begin = [](void* self) { static_cast<Arithmetic*>(self)->hashed_.clear(); };
    calls.sha256_update = [](void* self, const std::uint8_t* data, std::size_t size) {
      ota::test::append(static_cast<Arithmetic*>(self)->hashed_, bytes(data, size));
    };
    calls.sha256_finish = [](void* self, std::uint8_t* digest) {
      const auto out = ToyCrypto::digest_of(static_cast<Arithmetic*>(self)->hashed_);
      std::memcpy(digest, out.data(), out.size());
    };
  }
  static Bytes bytes(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
  }
  ems_ota_crypto_t calls = sized<ems_ota_crypto_t>();
  int asked = 0;

 private:
  Buffer hashed_;
};

ota::Ed25519Key key_of(std::uint8_t byte) {
  ota::Ed25519Key key{};
  key.fill(std::byte{byte});
  return key;
}
const std::uint8_t* raw(const auto& of) { return reinterpret_cast<const std::uint8_t*>(of.data()); }

TEST(COta, ASignatureIsVerifiedStrictly) {
  Arithmetic arithmetic;
  const ota::Ed25519Key key = key_of(0x17);
  const std::array<std::byte, 3> message{};
  auto signature = ToyCrypto::sign(key, message);
  const auto verify = [&](const ota::Ed25519Key& by) {
    return ems_ota_verify_ed25519(&arithmetic.calls, raw(by), raw(message), message.size(),
                                  raw(signature));
  };
  EXPECT_EQ(verify(key), EMS_OK);
  EXPECT_EQ(verify(key_of(0x18)), EMS_E_SIGNATURE);
  const int before = arithmetic.asked;
  EXPECT_EQ(verify(key_of(0x00)), EMS_E_BAD_KEY);  // The key of an erased page.
  signature[63] = std::byte{0x11};                 // S beyond the order of the base point.
  EXPECT_EQ(verify(key), EMS_E_SIGNATURE);
  EXPECT_EQ(arithmetic.asked, before);
}

TEST(COta, CryptographyWithoutAFunctionIsRefused) {
  const ota::Ed25519Key key = key_of(0x17);
  const auto signature = ToyCrypto::sign(key, key);
  const auto verify = [&](const Arithmetic& with) {
    return ems_ota_verify_ed25519(&with.calls, raw(key), raw(key), key.size(), raw(signature));
  };
  EXPECT_EQ(verify(Arithmetic{}), EMS_OK);
  Arithmetic lacking;
  lacking.calls.ed25519_verify = nullptr;
  EXPECT_EQ(verify(lacking), EMS_E_INVALID_ARGUMENT);
  lacking = {};
  lacking.calls.sha256_begin = nullptr;
  EXPECT_EQ(verify(lacking), EMS_E_INVALID_ARGUMENT);
  lacking = {};
  lacking.calls.sha256_update = nullptr;
  EXPECT_EQ(verify(lacking), EMS_E_INVALID_ARGUMENT);
  lacking = {};
  lacking.calls.sha256_finish = nullptr;
  EXPECT_EQ(verify(lacking), EMS_E_INVALID_ARGUMENT);
}

/// A slot of 4 KiB with an image of `kKey` in it.
class Slot {
 public:
  explicit Slot(const ota::test::Parts& parts = {}) {
    image = ota::test::build(
        parts, key, [this](Bytes digest) { return ToyCrypto::sign(key, digest); }, ToyCrypto{});
    reader.context = this;
    reader.read = [](void* self, std::uint32_t offset, std::uint8_t* out,
                     std::size_t size) -> ems_status_t {
      const Slot& slot = *static_cast<Slot*>(self);
      if (slot.answer != EMS_OK) return slot.answer;
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t at = offset + i;
        out[i] = at < slot.image.size() ? std::to_integer<std::uint8_t>(slot.image[at])
                                        : std::uint8_t{0xFF};
      }
      return EMS_OK;
    };
    policy.keys = raw(key);
    policy.key_count = 1;
    policy.slot_size = 4096;
    policy.counter_floor = 7;
    policy.valid = EMS_OTA_HAS_VENDOR_ID | EMS_OTA_HAS_CLASS_ID;
    std::memset(policy.vendor_id, 0x11, sizeof policy.vendor_id);
    std::memset(policy.class_id, 0x22, sizeof policy.class_id);
  }
  ems_status_t verify() { return ems_ota_verify_image(&reader, &policy, &arithmetic.calls, &out); }
  ota::Ed25519Key key = key_of(0x17);
  Buffer image;
  ems_status_t answer = EMS_OK;
  Arithmetic arithmetic;
  ems_ota_reader_t reader = sized<ems_ota_reader_t>();
  ems_ota_image_policy_t policy = sized<ems_ota_image_policy_t>();
  ems_ota_image_t out = sized<ems_ota_image_t>();
};

TEST(COta, AnImageSaysWhatItHolds) {
  Slot slot({.flags = 0x20, .load_address = 0x20000400});
  ASSERT_EQ(slot.verify(), EMS_OK) << ems_last_error_message();
  EXPECT_EQ(slot.out.struct_size, sizeof slot.out);
  EXPECT_EQ(slot.out.counter, 7U);
  EXPECT_EQ(slot.out.payload_offset, 32U);
  EXPECT_EQ(slot.out.payload_size, 300U);
  EXPECT_EQ(slot.out.size, slot.image.size());
  EXPECT_EQ(slot.out.flags, 0x20U);
  EXPECT_EQ(slot.out.load_address, 0x20000400U);
  EXPECT_EQ(slot.out.version_major, 2);
  EXPECT_EQ(slot.out.version_minor, 4);
  EXPECT_EQ(slot.out.version_revision, 1);
  EXPECT_EQ(slot.out.version_build, 9U);
  const auto digest = ToyCrypto::digest_of(Bytes(slot.image).first(32 + 300 + 52));
  EXPECT_EQ(std::memcmp(slot.out.sha256, digest.data(), digest.size()), 0);
}

TEST(COta, AnImageIsRefusedWithItsClass) {
  const auto refused = [](auto&& spoil) {
    Slot slot;
    spoil(slot);
    const ems_status_t status = slot.verify();
    EXPECT_EQ(slot.out.payload_size, 0U);
    return status;
  };
  EXPECT_EQ(refused([](Slot& s) { s.image[40] ^= std::byte{1}; }), EMS_E_HASH);
  EXPECT_EQ(refused([](Slot& s) { s.image[0] ^= std::byte{1}; }), EMS_E_MALFORMED);
  EXPECT_EQ(refused([](Slot& s) { s.image[s.image.size() - 1] ^= std::byte{1}; }), EMS_E_SIGNATURE);
  EXPECT_EQ(refused([](Slot& s) { s.policy.slot_size = 400; }), EMS_E_NO_SPACE);
  EXPECT_EQ(refused([](Slot& s) { s.policy.counter_floor = 8; }), EMS_E_ROLLBACK);
  EXPECT_EQ(refused([](Slot& s) { s.policy.vendor_id[15] = 0; }), EMS_E_WRONG_HARDWARE);
  EXPECT_EQ(refused([](Slot& s) { s.policy.class_id[0] = 0; }), EMS_E_WRONG_HARDWARE);
  EXPECT_EQ(refused([](Slot& s) { s.policy.key_count = 0; }), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(refused([](Slot& s) { s.policy.valid |= 4; }), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(refused([](Slot& s) { s.reader.read = nullptr; }), EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(refused([](Slot& s) { s.answer = EMS_E_TIMEOUT; }), EMS_E_TIMEOUT);
  EXPECT_EQ(refused([](Slot& s) { s.answer = -5; }), EMS_E_IO);
}

TEST(COta, AnIdThatThePolicyDoesNotNameIsNotAskedFor) {
  Slot slot;
  slot.policy.valid = 0;
  std::memset(slot.policy.vendor_id, 0, sizeof slot.policy.vendor_id);
  EXPECT_EQ(slot.verify(), EMS_OK);
}

/// A record of limits, and what happens to it.
class Limits {
 public:
  Limits() : memory_(ems_payloads_size()) {
    EXPECT_EQ(ems_payloads_init(memory_.data(), memory_.size(), "limits", &payloads), EMS_OK);
  }
  ems_status_t offer(std::uint8_t content, std::int64_t counter = 1) {
    auto payload = sized<ems_payload_t>();
    payload.size = content;
    payload.counter = counter;
    payload.version[0] = static_cast<char>('0' + content);
    std::memset(payload.sha256, content, sizeof payload.sha256);
    return ems_payloads_offer(payloads, &payload, &place);
  }
  ems_payload_t current() {
    auto out = sized<ems_payload_t>();
    EXPECT_EQ(ems_payloads_current(payloads, &out), EMS_OK);
    return out;
  }
  ems_payloads_t* payloads = nullptr;
  std::uint8_t place = 0xFF;
  Arithmetic arithmetic;

 private:
  Memory memory_;
};

TEST(COta, APayloadIsOfferedLoadedKeptAndRolledBack) {
  Limits limits;
  auto none = sized<ems_payload_t>();
  EXPECT_EQ(ems_payloads_current(limits.payloads, &none), EMS_E_NOT_FOUND);
  EXPECT_EQ(ems_payloads_loaded(limits.payloads), EMS_E_FAILED_PRECONDITION);
  ASSERT_EQ(limits.offer(1), EMS_OK);
  EXPECT_EQ(limits.place, 0);
  ASSERT_EQ(ems_payloads_loaded(limits.payloads), EMS_OK);
  ASSERT_EQ(limits.offer(2, 5), EMS_OK);
  EXPECT_EQ(limits.place, 1);
  ASSERT_EQ(ems_payloads_loaded(limits.payloads), EMS_OK);
  const ems_payload_t current = limits.current();
  EXPECT_EQ(current.place, 1);
  EXPECT_EQ(current.counter, 5);
  EXPECT_EQ(current.size, 2U);
  EXPECT_EQ(current.sha256[31], 2);
  EXPECT_STREQ(current.version, "2");
  auto previous = sized<ems_payload_t>();
  ASSERT_EQ(ems_payloads_previous(limits.payloads, &previous), EMS_OK);
  EXPECT_STREQ(previous.version, "1");
  EXPECT_EQ(limits.offer(3, 4), EMS_E_ROLLBACK);
  EXPECT_EQ(limits.offer(2, 5), EMS_E_ALREADY_EXISTS);

  ASSERT_EQ(limits.offer(3, 5), EMS_OK);
  ASSERT_EQ(ems_payloads_failed(limits.payloads, "line 1"), EMS_OK);
  EXPECT_EQ(limits.offer(3, 5), EMS_E_FAILED_PRECONDITION);
  ASSERT_EQ(ems_payloads_roll_back(limits.payloads, "tripped"), EMS_OK);
  EXPECT_STREQ(limits.current().version, "1");
  auto failure = sized<ems_payload_failure_t>();
  ASSERT_EQ(ems_payloads_failure_at(limits.payloads, 1, &failure), EMS_OK);
  EXPECT_STREQ(failure.reason, "tripped");
  EXPECT_EQ(failure.sha256[0], 2);
  EXPECT_EQ(ems_payloads_failure_at(limits.payloads, 2, &failure), EMS_E_NOT_FOUND);
  ASSERT_EQ(ems_payloads_release(limits.payloads, failure.sha256), EMS_OK);
  EXPECT_EQ(ems_payloads_release(limits.payloads, failure.sha256), EMS_E_NOT_FOUND);
  EXPECT_EQ(limits.offer(2, 5), EMS_OK);
  ASSERT_EQ(ems_payloads_drop_damaged(limits.payloads), EMS_OK);
  EXPECT_EQ(ems_payloads_drop_damaged(limits.payloads), EMS_E_NOT_FOUND);
}

TEST(COta, ARecordOutlivesAPowerCutAndADamagedOneIsRefused) {
  std::array<std::uint8_t, EMS_PAYLOAD_RECORD_SIZE> stored{};
  Limits before;
  ASSERT_EQ(before.offer(1), EMS_OK);
  ASSERT_EQ(ems_payloads_loaded(before.payloads), EMS_OK);
  EXPECT_EQ(ems_payloads_encode(before.payloads, &before.arithmetic.calls, stored.data(),
                                stored.size() - 1),
            EMS_E_RESOURCE_EXHAUSTED);
  ASSERT_EQ(
      ems_payloads_encode(before.payloads, &before.arithmetic.calls, stored.data(), stored.size()),
      EMS_OK);
  Limits after;
  const auto decode = [&] {
    return ems_payloads_decode(after.payloads, &after.arithmetic.calls, stored.data(),
                               stored.size());
  };
  stored[100] ^= 1;
  EXPECT_EQ(decode(), EMS_E_CORRUPT);
  stored[100] ^= 1;
  ASSERT_EQ(decode(), EMS_OK);
  EXPECT_STREQ(after.current().version, "1");
}

TEST(COta, AVersionWithoutItsNulIsRefused) {
  Limits limits;
  auto payload = sized<ems_payload_t>();
  payload.size = 1;
  std::memset(payload.version, 'x', sizeof payload.version);
  EXPECT_EQ(ems_payloads_offer(limits.payloads, &payload, &limits.place), EMS_E_INVALID_ARGUMENT);
  payload.version[EMS_PAYLOAD_VERSION_SIZE - 1] = '\0';
  EXPECT_EQ(ems_payloads_offer(limits.payloads, &payload, &limits.place), EMS_OK);
}

TEST(COta, OnlyTheNameOfAKindMakesARecord) {
  Memory memory(ems_payloads_size());
  ems_payloads_t* payloads = nullptr;
  EXPECT_EQ(ems_payloads_init(memory.data(), memory.size(), "../limits", &payloads),
            EMS_E_INVALID_ARGUMENT);
  EXPECT_EQ(ems_payloads_init(memory.data(), memory.size() - 1, "limits", &payloads),
            EMS_E_RESOURCE_EXHAUSTED);
  EXPECT_EQ(payloads, nullptr);
}

}  // namespace
}  // namespace ems::test
