// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/image/image.hpp"

#include <algorithm>

#include "ems/ota/signature.hpp"

namespace ems::ota {
namespace {

// Header, little-endian, 32 bytes; MCUboot docs/design.md, section "Image format".
constexpr std::size_t kMagicAt = 0;           // u32
constexpr std::size_t kLoadAddressAt = 4;     // u32
constexpr std::size_t kHeaderSizeAt = 8;      // u16
constexpr std::size_t kProtectedSizeAt = 10;  // u16, with the area's own four bytes
constexpr std::size_t kPayloadSizeAt = 12;    // u32
constexpr std::size_t kFlagsAt = 16;          // u32
constexpr std::size_t kMajorAt = 20;          // u8
constexpr std::size_t kMinorAt = 21;          // u8
constexpr std::size_t kRevisionAt = 22;       // u16
constexpr std::size_t kBuildAt = 24;          // u32, then four bytes of padding
constexpr std::size_t kHeaderSize = 32;
static_assert(kBuildAt + 2 * sizeof(std::uint32_t) == kHeaderSize);

constexpr std::uint32_t kMagic = 0x96F3B83D;
constexpr std::uint16_t kProtectedMagic = 0x6908;
constexpr std::uint16_t kUnprotectedMagic = 0x6907;
constexpr std::size_t kAreaHeaderSize = 4;   // Magic u16, bytes of the area u16.
constexpr std::size_t kEntryHeaderSize = 4;  // Type u16, bytes of the value u16.

// Flags that leave "the SHA-256 of what is in the slot" true: position independent, not bootable
// alone, load to RAM, fixed address. Every other one means other bytes (encrypted, compressed).
constexpr std::uint32_t kKnownFlags = 0x0001 | 0x0010 | 0x0020 | 0x0100;

// boot/bootutil/include/bootutil/image.h
constexpr std::uint16_t kKeyHash = 0x01;
constexpr std::uint16_t kSha256 = 0x10;
constexpr std::uint16_t kSha384 = 0x11;
constexpr std::uint16_t kSha512 = 0x12;
constexpr std::uint16_t kSignatureFirst = 0x20;  // RSA, ECDSA, Ed25519, "signed without digest".
constexpr std::uint16_t kEd25519 = 0x24;
constexpr std::uint16_t kSignatureLast = 0x2F;
constexpr std::uint16_t kSecurityCounter = 0x50;
constexpr std::uint16_t kVendorId = 0x80;
constexpr std::uint16_t kClassId = 0x81;

constexpr std::size_t kChunk = 256;

/// DER of an Ed25519 SubjectPublicKeyInfo up to the key's 32 bytes; RFC 8410, section 4.
constexpr std::array<std::uint8_t, 12> kSpkiPrefix{0x30, 0x2A, 0x30, 0x05, 0x06, 0x03,
                                                   0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};

struct Header {
  std::uint16_t size;
  std::uint16_t protected_size;
  Image image;
};

/// Values of the TLV areas that count.
struct Entries {
  std::optional<std::array<std::byte, 4>> counter;
  std::optional<Uuid> vendor_id;
  std::optional<Uuid> class_id;
  std::optional<Sha256> sha256;
  std::optional<Sha256> key_hash;
  std::optional<std::array<std::byte, 64>> signature;
};

/// Reads the slot from its start on, every byte once, and hashes what is signed.
class Cursor {
 public:
  Cursor(ImageReader& reader, std::uint32_t slot_size, Hasher& hasher) noexcept
      : reader_(reader), slot_size_(slot_size), hasher_(hasher) {
    hasher_.begin(HashAlgorithm::sha256);
  }

  [[nodiscard]] std::uint32_t at() const noexcept { return at_; }

  /// @errors no_space; the reader's.
  Result<void> take(MutableBytes out) noexcept {
    if (out.size() > slot_size_ - at_) return fail(Errc::no_space, at_, "image: leaves its slot");
    if (const auto read = reader_.read(at_, out); !read) return read;
    if (in_signed_) hasher_.update(out);
    at_ += static_cast<std::uint32_t>(out.size());
    return {};
  }
  Result<void> skip(std::uint32_t size) noexcept {
    std::array<std::byte, kChunk> chunk{};
    while (size > 0) {
      const std::uint32_t some = std::min<std::uint32_t>(size, kChunk);
      if (const auto taken = take(MutableBytes(chunk).first(some)); !taken) return taken;
      size -= some;
    }
    return {};
  }
  /// Ends the signed bytes.
  Sha256 digest() noexcept {
    in_signed_ = false;
    Sha256 digest{};
    hasher_.finish(digest);
    return digest;
  }
  [[nodiscard]] bool in_signed() const noexcept { return in_signed_; }

 private:
  ImageReader& reader_;
  std::uint32_t slot_size_;
  Hasher& hasher_;
  std::uint32_t at_ = 0;
  bool in_signed_ = true;
};

Result<Header> read_header(Cursor& cursor, std::uint32_t slot_size) noexcept {
  std::array<std::byte, kHeaderSize> raw{};
  if (const auto taken = cursor.take(raw); !taken) return fail(taken.error());
  if (load_le32(raw, kMagicAt) != kMagic) {
    return fail(Errc::malformed, kMagicAt, "image: no MCUboot image");
  }
  Header header{.size = load_le16(raw, kHeaderSizeAt),
                .protected_size = load_le16(raw, kProtectedSizeAt),
                .image = {.version = {.major = load_u8(raw, kMajorAt),
                                      .minor = load_u8(raw, kMinorAt),
                                      .revision = load_le16(raw, kRevisionAt),
                                      .build = load_le32(raw, kBuildAt)},
                          .flags = load_le32(raw, kFlagsAt),
                          .load_address = load_le32(raw, kLoadAddressAt),
                          .payload_size = load_le32(raw, kPayloadSizeAt)}};
  header.image.payload_offset = header.size;
  if (header.size < kHeaderSize) {
    return fail(Errc::malformed, kHeaderSizeAt, "image: a header shorter than its fields");
  }
  if (header.image.payload_size == 0) {
    return fail(Errc::malformed, kPayloadSizeAt, "image: no payload");
  }
  if (header.protected_size < kAreaHeaderSize) {
    return fail(Errc::malformed, kProtectedSizeAt, "image: no signed values");
  }
  if ((header.image.flags & ~kKnownFlags) != 0) {
    return fail(Errc::unimplemented, kFlagsAt, "image: encrypted, compressed or of a later format");
  }
  const std::uint64_t size = std::uint64_t{header.size} + header.image.payload_size +
                             header.protected_size + kAreaHeaderSize;
  if (size > slot_size) return fail(Errc::no_space, kPayloadSizeAt, "image: larger than its slot");
  return header;
}

template <std::size_t kSize>
Result<void> take_value(Cursor& cursor, std::uint16_t size,
                        std::optional<std::array<std::byte, kSize>>& out) noexcept {
  if (out) return fail(Errc::malformed, cursor.at(), "image: a value is there twice");
  if (size != kSize) return fail(Errc::malformed, cursor.at(), "image: a value of another size");
  return cursor.take(out.emplace());
}

Result<void> take_signed(Cursor& cursor, std::uint16_t type, std::uint16_t size,
                         Entries& out) noexcept {
  switch (type) {
    case kSecurityCounter:
      return take_value(cursor, size, out.counter);
    case kVendorId:
      return take_value(cursor, size, out.vendor_id);
    case kClassId:
      return take_value(cursor, size, out.class_id);
    default:
      break;
  }
  if (type <= kSignatureLast) {  // A bootloader that looks for it would find this one first.
    return fail(Errc::malformed, cursor.at(), "image: hash, key or signature among signed values");
  }
  return cursor.skip(size);
}

Result<void> take_unsigned(Cursor& cursor, std::uint16_t type, std::uint16_t size,
                           Entries& out) noexcept {
  switch (type) {
    case kKeyHash:
      return take_value(cursor, size, out.key_hash);
    case kSha256:
      return take_value(cursor, size, out.sha256);
    case kEd25519:
      return take_value(cursor, size, out.signature);
    case kSha384:
    case kSha512:
      return fail(Errc::unsupported_hash, cursor.at(), "image: not SHA-256");
    default:
      break;
  }
  if (type >= kSignatureFirst && type <= kSignatureLast) {
    return fail(Errc::unimplemented, cursor.at(),
                "image: signed, but not by Ed25519 of its digest");
  }
  return fail(Errc::malformed, cursor.at(), "image: a value that nobody signed");
}

/// One TLV area: its head, then entries that fill it to the byte.
/// @param size_wanted  As the header says; none: as the area says itself.
Result<void> read_area(Cursor& cursor, std::uint16_t magic,
                       std::optional<std::uint16_t> size_wanted, Entries& out) noexcept {
  const std::uint32_t start = cursor.at();
  std::array<std::byte, kAreaHeaderSize> head{};
  if (const auto taken = cursor.take(head); !taken) return taken;
  const std::uint16_t size = load_le16(head, 2);
  if (load_le16(head, 0) != magic) {
    return fail(Errc::malformed, start, "image: no value area where the header puts it");
  }
  if (size < kAreaHeaderSize || size != size_wanted.value_or(size)) {
    return fail(Errc::malformed, start, "image: a value area of another size");
  }
  const std::uint64_t end = std::uint64_t{start} + size;
  while (cursor.at() < end) {
    if (end - cursor.at() < kEntryHeaderSize) {
      return fail(Errc::malformed, cursor.at(), "image: a cut value");
    }
    std::array<std::byte, kEntryHeaderSize> entry{};
    if (const auto taken = cursor.take(entry); !taken) return taken;
    const std::uint16_t type = load_le16(entry, 0);
    const std::uint16_t value_size = load_le16(entry, 2);
    if (value_size > end - cursor.at()) {
      return fail(Errc::malformed, cursor.at(), "image: a value that leaves its area");
    }
    const auto taken = cursor.in_signed() ? take_signed(cursor, type, value_size, out)
                                          : take_unsigned(cursor, type, value_size, out);
    if (!taken) return taken;
  }
  return {};
}

/// As imgtool and MCUboot name a key: SHA-256 of its DER SubjectPublicKeyInfo.
Sha256 hash_of(const Ed25519Key& key, const Crypto& crypto) noexcept {
  std::array<std::byte, kSpkiPrefix.size() + std::tuple_size_v<Ed25519Key>> spki{};
  std::ranges::transform(kSpkiPrefix, spki.begin(), [](std::uint8_t b) { return std::byte{b}; });
  std::ranges::copy(key, spki.begin() + kSpkiPrefix.size());
  return crypto.sha256(spki);
}

Result<void> check_signature(const Entries& entries, const ImagePolicy& policy,
                             const Crypto& crypto) noexcept {
  if (!entries.key_hash || !entries.signature) {
    return fail(Errc::signature, 0, "image: not signed");
  }
  for (const Ed25519Key& key : policy.keys) {
    if (hash_of(key, crypto) != *entries.key_hash) continue;
    if (const auto good = check_key(crypto, Scheme::ed25519, key); !good) return good;
    if (verify(crypto, Scheme::ed25519, key, *entries.sha256, *entries.signature)) return {};
    return fail(Errc::signature, 0, "image: not signed by the key that it names");
  }
  return fail(Errc::signature, 0, "image: signed by a key that nobody here trusts");
}

bool is_other(const std::optional<Uuid>& wanted, const std::optional<Uuid>& found) noexcept {
  return wanted && found != wanted;
}

}  // namespace

Result<Image> verify_image(ImageReader& reader, const ImagePolicy& policy, Hasher& hasher,
                           const Crypto& crypto) noexcept {
  Cursor cursor(reader, policy.slot_size, hasher);
  const auto header = read_header(cursor, policy.slot_size);
  if (!header) return fail(header.error());
  Image image = header->image;
  Entries entries;

  const std::uint32_t payload_end = image.payload_offset + image.payload_size;
  if (const auto read = cursor.skip(payload_end - cursor.at()); !read) return fail(read.error());
  if (const auto read = read_area(cursor, kProtectedMagic, header->protected_size, entries);
      !read) {
    return fail(read.error());
  }
  image.sha256 = cursor.digest();
  if (const auto read = read_area(cursor, kUnprotectedMagic, std::nullopt, entries); !read) {
    return fail(read.error());
  }
  image.size = cursor.at();

  if (!entries.sha256) return fail(Errc::unsupported_hash, 0, "image: no SHA-256");
  if (!entries.counter) return fail(Errc::malformed, 0, "image: no security counter");
  if (*entries.sha256 != image.sha256) {
    return fail(Errc::hash, 0, "image: not the bytes that its SHA-256 names");
  }
  if (const auto signed_by = check_signature(entries, policy, crypto); !signed_by) {
    return fail(signed_by.error());
  }
  image.counter = load_le32(*entries.counter, 0);
  if (image.counter < policy.counter_floor) {
    return fail(Errc::rollback, 0, "image: its security counter is below the floor");
  }
  if (is_other(policy.vendor_id, entries.vendor_id) ||
      is_other(policy.class_id, entries.class_id)) {
    return fail(Errc::wrong_hardware, 0, "image: for another vendor or class of device");
  }
  return image;
}

}  // namespace ems::ota
