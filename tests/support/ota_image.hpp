// SPDX-License-Identifier: Apache-2.0
/// @file Builds images of MCUboot's format with whatever is wrong in them, a slot that holds one,
/// and arithmetic that needs no library.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "ems/ota/image/image.hpp"

namespace ems::ota::test {

using Buffer = std::vector<std::byte>;
using Signature = std::array<std::byte, 64>;
using Signer = std::function<Signature(Bytes digest)>;

inline void append_le(Buffer& out, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out.push_back(std::byte(value >> (8 * i) & 0xFF));
}
inline void append(Buffer& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
inline Buffer le32(std::uint32_t value) {
  Buffer out;
  append_le(out, value, 4);
  return out;
}
inline Buffer repeated(std::uint8_t value, std::size_t size) {
  return Buffer(size, std::byte{value});
}

struct Entry {
  std::uint16_t type;
  Buffer value;
};

/// What an image is made of. The layout is that of imgtool: MCUboot docs/design.md, "Image format".
struct Parts {
  std::uint16_t header_size = 32;
  std::uint32_t flags = 0;
  std::uint32_t load_address = 0;
  Buffer payload = repeated(0xA5, 300);  // More than one chunk.
  std::vector<Entry> signed_entries{
      {0x50, le32(7)}, {0x80, repeated(0x11, 16)}, {0x81, repeated(0x22, 16)}};
  /// Of the unsigned area; what is empty stands for the right value.
  std::vector<Entry> unsigned_entries{{0x10, {}}, {0x01, {}}, {0x24, {}}};
  std::function<void(Buffer&)> tamper{};        ///< The signed bytes, before they are hashed.
  std::function<void(Buffer&)> tamper_after{};  ///< The unsigned area.
};

inline Buffer area(std::uint16_t magic, const std::vector<Entry>& entries) {
  Buffer body;
  for (const Entry& entry : entries) {
    append_le(body, entry.type, 2);
    append_le(body, entry.value.size(), 2);
    append(body, entry.value);
  }
  Buffer out;
  append_le(out, magic, 2);
  append_le(out, body.size() + 4, 2);
  append(out, body);
  return out;
}

inline Sha256 key_hash(const Ed25519Key& key, const Crypto& crypto) {
  Buffer spki;
  for (const int byte : {0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00}) {
    spki.push_back(std::byte(byte));
  }
  append(spki, key);
  return crypto.sha256(spki);
}

inline Buffer build(const Parts& parts, const Ed25519Key& key, const Signer& sign,
                    const Crypto& crypto) {
  const Buffer signed_area = area(0x6908, parts.signed_entries);
  Buffer out;
  append_le(out, 0x96F3B83D, 4);
  append_le(out, parts.load_address, 4);
  append_le(out, parts.header_size, 2);
  append_le(out, signed_area.size(), 2);
  append_le(out, parts.payload.size(), 4);
  append_le(out, parts.flags, 4);
  append_le(out, 2, 1);  // 2.4.1+9
  append_le(out, 4, 1);
  append_le(out, 1, 2);
  append_le(out, 9, 4);
  append_le(out, 0, 4);
  out.resize(std::max<std::size_t>(parts.header_size, out.size()));
  append(out, parts.payload);
  append(out, signed_area);
  if (parts.tamper) parts.tamper(out);

  const Sha256 digest = crypto.sha256(out);
  std::vector<Entry> entries = parts.unsigned_entries;
  for (Entry& entry : entries) {
    if (!entry.value.empty()) continue;
    if (entry.type == 0x10) append(entry.value, digest);
    if (entry.type == 0x01) append(entry.value, key_hash(key, crypto));
    if (entry.type == 0x24) append(entry.value, sign(digest));
  }
  Buffer unsigned_area = area(0x6907, entries);
  if (parts.tamper_after) parts.tamper_after(unsigned_area);
  append(out, unsigned_area);
  return out;
}

/// A slot of flash: the image, then erased cells. Notes what was read.
class Slot final : public ImageReader {
 public:
  Slot(Bytes image, std::size_t size) : cells_(size, std::byte{0xFF}) {
    std::ranges::copy(image.first(std::min(image.size(), size)), cells_.begin());
  }
  Result<void> read(std::uint32_t offset, MutableBytes out) noexcept override {
    if (offset != next_) in_order_ = false;
    if (fails_at_ && offset + out.size() > *fails_at_) {
      return fail(Errc::io, offset, "slot: the chip does not answer");
    }
    if (out.size() > cells_.size() || offset > cells_.size() - out.size()) {
      return fail(Errc::truncated, offset, "slot: read beyond its end");
    }
    std::ranges::copy(Bytes(cells_).subspan(offset, out.size()), out.begin());
    next_ = offset + static_cast<std::uint32_t>(out.size());
    return {};
  }
  void fail_at(std::size_t offset) { fails_at_ = offset; }
  [[nodiscard]] bool read_once_and_in_order() const { return in_order_; }
  [[nodiscard]] std::uint32_t bytes_read() const { return next_; }

 private:
  Buffer cells_;
  std::uint32_t next_ = 0;
  bool in_order_ = true;
  std::optional<std::size_t> fails_at_;
};

/// Arithmetic that any change of a bit changes, and that nobody should use for anything else.
class ToyCrypto final : public Crypto {
 public:
  [[nodiscard]] static Sha256 digest_of(Bytes data) {
    std::uint64_t state = 0xCBF29CE484222325;
    for (const std::byte b : data) state = (state ^ std::to_integer<std::uint64_t>(b)) * kPrime;
    Sha256 out{};
    for (std::byte& b : out) {
      state = (state ^ 0x5A) * kPrime;
      b = std::byte(state >> 56);
    }
    return out;
  }
  /// A signature with S below the order of the base point: its highest byte is zero.
  [[nodiscard]] static Signature sign(const Ed25519Key& key, Bytes message) {
    Buffer both(key.begin(), key.end());
    append(both, message);
    const Sha256 half = digest_of(both);
    Signature out{};
    std::ranges::copy(half, out.begin());
    std::ranges::copy(half, out.begin() + 32);
    out[63] = std::byte{0};
    return out;
  }
  [[nodiscard]] bool verify_raw(Scheme scheme, Bytes key, Bytes message,
                                Bytes signature) const noexcept override {
    Ed25519Key raw{};
    if (scheme != Scheme::ed25519 || key.size() != raw.size()) return false;
    std::ranges::copy(key, raw.begin());
    return std::ranges::equal(sign(raw, message), signature);
  }
  [[nodiscard]] bool key_is_valid(Scheme, Bytes) const noexcept override { return false; }
  [[nodiscard]] Sha256 sha256(Bytes data) const noexcept override { return digest_of(data); }
  [[nodiscard]] Sha512 sha512(Bytes) const noexcept override { return {}; }

 private:
  static constexpr std::uint64_t kPrime = 0x100000001B3;
};

class ToyHasher final : public Hasher {
 public:
  void begin(HashAlgorithm) noexcept override { data_.clear(); }
  void update(Bytes data) noexcept override { append(data_, data); }
  std::size_t finish(MutableBytes out) noexcept override {
    std::ranges::copy(ToyCrypto::digest_of(data_), out.begin());
    return std::tuple_size_v<Sha256>;
  }

 private:
  Buffer data_;
};

}  // namespace ems::ota::test
