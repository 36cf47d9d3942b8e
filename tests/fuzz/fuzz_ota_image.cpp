// SPDX-License-Identifier: Apache-2.0
// A microcontroller's image. Input: size of the slot, u16, then the slot. The hash is a constant
// and every signature is one, so that what a signed image may hold is reached.
#include "ems/ota/image/image.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using fuzz::require;

namespace {

struct Constant final : ota::Crypto {
  static ota::Sha256 value() {
    ota::Sha256 out{};
    out.fill(std::byte{0x11});
    return out;
  }
  bool verify_raw(ota::Scheme, Bytes, Bytes, Bytes) const noexcept override { return true; }
  bool key_is_valid(ota::Scheme, Bytes) const noexcept override { return true; }
  ota::Sha256 sha256(Bytes) const noexcept override { return value(); }
  ota::Sha512 sha512(Bytes) const noexcept override { return {}; }
};

struct Counting final : ota::Hasher {
  std::size_t hashed = 0;
  void begin(ota::HashAlgorithm) noexcept override { hashed = 0; }
  void update(Bytes data) noexcept override { hashed += data.size(); }
  std::size_t finish(MutableBytes out) noexcept override {
    std::ranges::copy(Constant::value(), out.begin());
    return out.size();
  }
};

struct Slot final : ota::ImageReader {
  Slot(Bytes cells, std::uint32_t size) : cells(cells), size(size) {}
  Bytes cells;
  std::uint32_t size;
  std::uint32_t next = 0;
  Result<void> read(std::uint32_t offset, MutableBytes out) noexcept override {
    require(offset == next, "every byte is read once and in order");
    require(out.size() <= size - offset, "nothing beyond the slot is read");
    next = offset + static_cast<std::uint32_t>(out.size());
    if (next > cells.size()) return fail(Errc::io, offset, "");
    std::ranges::copy(cells.subspan(offset, out.size()), out.begin());
    return {};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  const std::uint32_t slot_size = feed.u16();
  Slot slot(feed.rest(), slot_size);
  Counting hasher;
  ota::Ed25519Key key{};
  key.fill(std::byte{0x17});
  const ota::ImagePolicy policy{
      .keys = std::span(&key, 1), .slot_size = slot_size, .counter_floor = 3};
  const auto image = ota::verify_image(slot, policy, hasher, Constant{});
  if (!image) return 0;
  require(image->size == slot.next && image->size <= slot_size, "it says how much was verified");
  require(image->payload_size > 0 && image->payload_offset >= 32, "it has a payload");
  const std::size_t end = std::size_t{image->payload_offset} + image->payload_size;
  require(end < hasher.hashed && hasher.hashed < image->size, "the payload is hashed");
  require(image->counter >= policy.counter_floor, "its counter is not below the floor");
  return 0;
}
