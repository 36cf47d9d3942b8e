// SPDX-License-Identifier: Apache-2.0
#include "ems/core/errc.hpp"
#include "ems/ota/image/image.hpp"
#include "ems/ota/payload.hpp"
#include "ems/ota/signature.hpp"

#include "capi.hpp"

struct ems_payloads {
  static constexpr ems::capi::Tag kTag = ems::capi::Tag::payloads;
  explicit ems_payloads(const ems::ota::PayloadRecord& from) noexcept : record(from) {}
  ems::capi::Tag tag = kTag;
  ems::ota::PayloadRecord record;
};

namespace ems::capi {
namespace {

static_assert(sizeof(ems_payloads) <= sizeof(std::uint64_t) * EMS_PAYLOADS_WORDS);
static_assert(EMS_PAYLOAD_RECORD_SIZE == ota::PayloadRecord::kEncodedSize);
static_assert(EMS_PAYLOAD_PLACES == ota::PayloadRecord::kPlaces);
static_assert(EMS_OTA_KEY_SIZE == sizeof(ota::Ed25519Key));
static_assert(EMS_OTA_UUID_SIZE == sizeof(ota::Uuid));
static_assert(EMS_OTA_SHA256_SIZE == sizeof(ota::Sha256));

constexpr const char* kNoCrypto = "crypto is NULL, its struct_size is too small or a function NULL";
constexpr const char* kNoPayloads = "payloads is NULL or not a record of payloads";
constexpr const char* kNoOut = "out is NULL or its struct_size is too small";
constexpr const char* kNull = "NULL argument";

const std::uint8_t* raw(Bytes data) noexcept {
  return reinterpret_cast<const std::uint8_t*>(data.data());
}
std::uint8_t* raw(MutableBytes data) noexcept {
  return reinterpret_cast<std::uint8_t*>(data.data());
}

/// The functions of the caller as the ports of ota. One hash at a time.
class CallerCrypto final : public ota::Crypto, public ota::Hasher {
 public:
  explicit CallerCrypto(const ems_ota_crypto_t& calls) noexcept : calls_(calls) {}

  [[nodiscard]] bool verify_raw(ota::Scheme scheme, Bytes key, Bytes message,
                                Bytes signature) const noexcept override {
    return scheme == ota::Scheme::ed25519 && key.size() == EMS_OTA_KEY_SIZE &&
           signature.size() == EMS_OTA_SIGNATURE_SIZE &&
           calls_.ed25519_verify(calls_.context, raw(key), raw(message), message.size(),
                                 raw(signature)) == 1;
  }
  [[nodiscard]] bool key_is_valid(ota::Scheme, Bytes) const noexcept override { return false; }
  [[nodiscard]] ota::Sha256 sha256(Bytes data) const noexcept override {
    ota::Sha256 digest{};
    calls_.sha256_begin(calls_.context);
    calls_.sha256_update(calls_.context, raw(data), data.size());
    calls_.sha256_finish(calls_.context, raw(MutableBytes(digest)));
    return digest;
  }
  [[nodiscard]] ota::Sha512 sha512(Bytes) const noexcept override {
    EMS_ASSERT(false && "nothing in this ABI hashes with SHA-512");
    return {};
  }
  void begin(ota::HashAlgorithm algorithm) noexcept override {
    EMS_ASSERT(algorithm == ota::HashAlgorithm::sha256);
    calls_.sha256_begin(calls_.context);
  }
  void update(Bytes data) noexcept override {
    calls_.sha256_update(calls_.context, raw(data), data.size());
  }
  std::size_t finish(MutableBytes out) noexcept override {
    calls_.sha256_finish(calls_.context, raw(out));
    return EMS_OTA_SHA256_SIZE;
  }

 private:
  ems_ota_crypto_t calls_;
};

class CallerReader final : public ota::ImageReader {
 public:
  explicit CallerReader(const ems_ota_reader_t& calls) noexcept : calls_(calls) {}
  Result<void> read(std::uint32_t offset, MutableBytes out) noexcept override {
    const ems_status_t status = calls_.read(calls_.context, offset, raw(out), out.size());
    if (status == EMS_OK) return {};
    for (const ErrcInfo& info : errc_table()) {
      if (static_cast<ems_status_t>(info.code) == status) {
        return fail(info.code, offset, "image: it cannot be read");
      }
    }
    return fail(Errc::io, offset, "image: it cannot be read");
  }

 private:
  ems_ota_reader_t calls_;
};

/// What the caller gave, with all its functions.
[[nodiscard]] bool take_crypto(const ems_ota_crypto_t* given, ems_ota_crypto_t& into) noexcept {
  return sized(given) && take(given, into) && into.ed25519_verify != nullptr &&
         into.sha256_begin != nullptr && into.sha256_update != nullptr &&
         into.sha256_finish != nullptr;
}

ota::Uuid uuid_of(const std::uint8_t (&from)[EMS_OTA_UUID_SIZE]) noexcept {
  ota::Uuid out{};
  std::ranges::copy(bytes(from, sizeof from), out.begin());
  return out;
}

ems_ota_image_t to_c(const ota::Image& from) noexcept {
  ems_ota_image_t out{};
  out.counter = from.counter;
  out.payload_offset = from.payload_offset;
  out.payload_size = from.payload_size;
  out.size = from.size;
  out.flags = from.flags;
  out.load_address = from.load_address;
  out.version_build = from.version.build;
  out.version_revision = from.version.revision;
  out.version_major = from.version.major;
  out.version_minor = from.version.minor;
  std::ranges::copy(from.sha256, bytes(out.sha256, sizeof out.sha256).begin());
  return out;
}

ems_payload_t to_c(const ota::PayloadRecord::Stored& from) noexcept {
  ems_payload_t out{};
  out.place = from.place;
  out.counter = from.payload.counter;
  out.size = from.payload.size;
  std::ranges::copy(from.payload.sha256, bytes(out.sha256, sizeof out.sha256).begin());
  (void)copy_text(from.payload.version.view(), out.version, sizeof out.version);
  return out;
}

ota::Sha256 sha256_of(const std::uint8_t* from) noexcept {
  ota::Sha256 out{};
  std::ranges::copy(bytes(from, out.size()), out.begin());
  return out;
}

ems_status_t give_stored(const std::optional<ota::PayloadRecord::Stored>& stored,
                         ems_payload_t* out) noexcept {
  if (!stored) return failed(EMS_E_NOT_FOUND, "no such version");
  give(out, to_c(*stored));
  return EMS_OK;
}

}  // namespace

extern "C" {

EMS_API ems_status_t ems_ota_verify_ed25519(const ems_ota_crypto_t* crypto, const std::uint8_t* key,
                                            const std::uint8_t* message, std::size_t size,
                                            const std::uint8_t* signature) {
  return guarded([&]() -> ems_status_t {
    ems_ota_crypto_t calls{};
    if (!take_crypto(crypto, calls)) return invalid(kNoCrypto);
    if (key == nullptr || message == nullptr || signature == nullptr) return invalid(kNull);
    const CallerCrypto port(calls);
    const Bytes key_bytes = bytes(key, EMS_OTA_KEY_SIZE);
    const auto good = ota::check_key(port, ota::Scheme::ed25519, key_bytes);
    if (!good) return failed(good.error());
    if (ota::verify(port, ota::Scheme::ed25519, key_bytes, bytes(message, size),
                    bytes(signature, EMS_OTA_SIGNATURE_SIZE))) {
      return EMS_OK;
    }
    return failed(EMS_E_SIGNATURE, "not a signature of this message under this key");
  });
}

EMS_API ems_status_t ems_ota_verify_image(const ems_ota_reader_t* reader,
                                          const ems_ota_image_policy_t* policy,
                                          const ems_ota_crypto_t* crypto, ems_ota_image_t* out) {
  return guarded([&]() -> ems_status_t {
    ems_ota_reader_t slot{};
    ems_ota_image_policy_t wanted{};
    ems_ota_crypto_t calls{};
    if (!sized(reader) || !take(reader, slot) || slot.read == nullptr) {
      return invalid("reader is NULL, its struct_size is too small or read NULL");
    }
    if (!sized(policy) || !take(policy, wanted) || wanted.keys == nullptr ||
        wanted.key_count == 0) {
      return invalid("policy is NULL, its struct_size is too small, or it has no key");
    }
    if (!take_crypto(crypto, calls)) return invalid(kNoCrypto);
    if (!sized(out)) return invalid(kNoOut);
    constexpr std::uint32_t kKnown = EMS_OTA_HAS_VENDOR_ID | EMS_OTA_HAS_CLASS_ID;
    if ((wanted.valid & ~kKnown) != 0) return invalid(kNewer);

    ota::ImagePolicy rules{
        .keys = {reinterpret_cast<const ota::Ed25519Key*>(wanted.keys), wanted.key_count},
        .slot_size = wanted.slot_size,
        .counter_floor = wanted.counter_floor};
    if ((wanted.valid & EMS_OTA_HAS_VENDOR_ID) != 0) rules.vendor_id = uuid_of(wanted.vendor_id);
    if ((wanted.valid & EMS_OTA_HAS_CLASS_ID) != 0) rules.class_id = uuid_of(wanted.class_id);
    CallerReader port(slot);
    CallerCrypto arithmetic(calls);
    const auto image = ota::verify_image(port, rules, arithmetic, arithmetic);
    if (!image) return failed(image.error());
    give(out, to_c(*image));
    return EMS_OK;
  });
}

EMS_API std::size_t ems_payloads_size(void) { return sizeof(ems_payloads); }

EMS_API ems_status_t ems_payloads_init(void* memory, std::size_t size, const char* kind,
                                       ems_payloads_t** out) {
  return guarded([&]() -> ems_status_t {
    if (kind == nullptr || out == nullptr) return invalid(kNull);
    if (const ems_status_t bad = check_memory(memory, size, sizeof(ems_payloads)); bad != EMS_OK) {
      return bad;
    }
    const auto record = ota::PayloadRecord::of(kind);
    if (!record) return failed(record.error());
    *out = place<ems_payloads>(memory, *record);
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_payloads_decode(ems_payloads_t* payloads, const ems_ota_crypto_t* crypto,
                                         const std::uint8_t* record, std::size_t size) {
  return guarded([&]() -> ems_status_t {
    ems_ota_crypto_t calls{};
    if (!is(payloads)) return invalid(kNoPayloads);
    if (!take_crypto(crypto, calls)) return invalid(kNoCrypto);
    if (record == nullptr) return invalid(kNull);
    const auto read = ota::PayloadRecord::decode(payloads->record.kind(), CallerCrypto(calls),
                                                 bytes(record, size));
    if (!read) return failed(read.error());
    payloads->record = *read;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_payloads_encode(const ems_payloads_t* payloads,
                                         const ems_ota_crypto_t* crypto, std::uint8_t* record,
                                         std::size_t size) {
  return guarded([&]() -> ems_status_t {
    ems_ota_crypto_t calls{};
    if (!is(payloads)) return invalid(kNoPayloads);
    if (!take_crypto(crypto, calls)) return invalid(kNoCrypto);
    if (record == nullptr) return invalid(kNull);
    return status_of(payloads->record.encode(CallerCrypto(calls), bytes(record, size)));
  });
}

EMS_API ems_status_t ems_payloads_offer(ems_payloads_t* payloads, const ems_payload_t* payload,
                                        std::uint8_t* place) {
  return guarded([&]() -> ems_status_t {
    ems_payload_t given{};
    if (!is(payloads)) return invalid(kNoPayloads);
    if (!sized(payload) || !take(payload, given)) {
      return invalid("payload is NULL or its struct_size is too small");
    }
    if (place == nullptr) return invalid(kNull);
    const std::string_view version = text_of(given.version);
    if (version.size() == sizeof given.version) return invalid("a version without its NUL");
    const auto free = payloads->record.offer({.version = FixedString<32>(version),
                                              .sha256 = sha256_of(given.sha256),
                                              .size = given.size,
                                              .counter = given.counter});
    if (!free) return failed(free.error());
    *place = *free;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_payloads_loaded(ems_payloads_t* payloads) {
  return guarded([&]() -> ems_status_t {
    if (!is(payloads)) return invalid(kNoPayloads);
    return status_of(payloads->record.loaded());
  });
}

EMS_API ems_status_t ems_payloads_failed(ems_payloads_t* payloads, const char* reason) {
  return guarded([&]() -> ems_status_t {
    if (!is(payloads)) return invalid(kNoPayloads);
    if (reason == nullptr) return invalid(kNull);
    return status_of(payloads->record.failed(reason));
  });
}

EMS_API ems_status_t ems_payloads_roll_back(ems_payloads_t* payloads, const char* reason) {
  return guarded([&]() -> ems_status_t {
    if (!is(payloads)) return invalid(kNoPayloads);
    if (reason == nullptr) return invalid(kNull);
    return status_of(payloads->record.roll_back(reason));
  });
}

EMS_API ems_status_t ems_payloads_drop_damaged(ems_payloads_t* payloads) {
  return guarded([&]() -> ems_status_t {
    if (!is(payloads)) return invalid(kNoPayloads);
    return status_of(payloads->record.drop_damaged());
  });
}

EMS_API ems_status_t ems_payloads_release(ems_payloads_t* payloads, const std::uint8_t* sha256) {
  return guarded([&]() -> ems_status_t {
    if (!is(payloads)) return invalid(kNoPayloads);
    if (sha256 == nullptr) return invalid(kNull);
    return status_of(payloads->record.release(sha256_of(sha256)));
  });
}

EMS_API ems_status_t ems_payloads_current(const ems_payloads_t* payloads, ems_payload_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(payloads)) return invalid(kNoPayloads);
    if (!sized(out)) return invalid(kNoOut);
    return give_stored(payloads->record.current(), out);
  });
}

EMS_API ems_status_t ems_payloads_previous(const ems_payloads_t* payloads, ems_payload_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(payloads)) return invalid(kNoPayloads);
    if (!sized(out)) return invalid(kNoOut);
    return give_stored(payloads->record.previous(), out);
  });
}

EMS_API ems_status_t ems_payloads_failure_at(const ems_payloads_t* payloads, std::uint32_t index,
                                             ems_payload_failure_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!is(payloads)) return invalid(kNoPayloads);
    if (!sized(out)) return invalid(kNoOut);
    const auto& quarantine = payloads->record.quarantine();
    if (index >= quarantine.size()) return failed(EMS_E_NOT_FOUND, "no such failure");
    ems_payload_failure_t full{};
    std::ranges::copy(quarantine[index].sha256, bytes(full.sha256, sizeof full.sha256).begin());
    (void)copy_text(quarantine[index].reason.view(), full.reason, sizeof full.reason);
    give(out, full);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
