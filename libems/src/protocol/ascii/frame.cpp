// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/frame.hpp"

#include <algorithm>
#include <optional>

#include "protocol/publish.hpp"

namespace ems::protocol::ascii {
namespace {

constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kTrailer = kChecksumSize + 1;
constexpr std::size_t kInfoSizeMax = 0xFFF / 2;
static_assert(kInfoAt + kTrailer == kOverhead);

/// Value of a digit; -1: it is none. Lower case is taken too.
constexpr int digit(std::uint8_t c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// `count` digits as a number; nullopt when one of them is none.
std::optional<std::uint32_t> number(Bytes text, std::size_t at, std::size_t count) noexcept {
  if (text.size() < at + count) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int nibble = digit(load_u8(text, at + i));
    if (nibble < 0) return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(nibble);
  }
  return value;
}

void put(MutableBytes out, std::size_t at, std::size_t count, std::uint32_t value) noexcept {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (std::size_t i = 0; i < count; ++i) {
    store_u8(out, at + i, static_cast<std::uint8_t>(kDigits[value >> 4 * (count - 1 - i) & 0xFU]));
  }
}

/// LENGTH of INFO of `lenid` characters: its check nibble and itself.
constexpr std::uint32_t length_word(std::uint32_t lenid) noexcept {
  const std::uint32_t sum = (lenid >> 8) + (lenid >> 4 & 0xFU) + (lenid & 0xFU);
  return (0x10U - sum % 0x10U) % 0x10U << 12 | lenid;
}
static_assert(length_word(2) == 0xE002 && length_word(98) == 0x8062 && length_word(0) == 0);

/// Minus the sum of the characters between the start and `end`.
std::uint32_t checksum(Bytes frame, std::size_t end) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = kVersionAt; i < end; ++i) sum += load_u8(frame, i);
  return (0x10000U - sum % 0x10000U) % 0x10000U;
}

/// Size of the frame as its LENGTH says; nullopt when it is not there or is damaged.
std::optional<std::size_t> stated_size(Bytes frame) noexcept {
  const std::optional<std::uint32_t> length = number(frame, kLengthAt, kInfoAt - kLengthAt);
  if (!length || length_word(*length & 0xFFFU) != *length) return std::nullopt;
  return kOverhead + (*length & 0xFFFU);
}

/// Everything before the fields: that there is one whole frame.
Result<void> check_ends(Bytes frame) noexcept {
  if (frame.empty()) return fail(Errc::truncated, 0, "no frame");
  if (load_u8(frame, 0) != kStart) return fail(Errc::header, 0, "the frame does not start with ~");
  std::size_t end = kVersionAt;
  while (end < frame.size() && load_u8(frame, end) != kEnd) ++end;
  if (end == frame.size()) {
    const std::optional<std::size_t> stated = stated_size(frame);
    if (stated && *stated <= frame.size()) {
      return fail(Errc::tail, *stated - 1, "the frame does not end with a carriage return");
    }
    return fail(Errc::truncated, frame.size(), "frame cut short");
  }
  if (end + 1 < frame.size()) return fail(Errc::length, end + 1, "bytes behind the frame");
  if (frame.size() < kOverhead) return fail(Errc::truncated, frame.size(), "frame cut short");
  return {};
}

/// The characters from `from` to `to` are digits.
Result<void> check_digits(Bytes frame, std::size_t from, std::size_t to, Errc code) noexcept {
  for (std::size_t i = from; i < to; ++i) {
    if (digit(load_u8(frame, i)) < 0) return fail(code, i, "not a hexadecimal digit");
  }
  return {};
}

}  // namespace

std::uint8_t Info::u8(std::size_t at) const noexcept {
  const int high = digit(load_u8(digits_, 2 * at));
  const int low = digit(load_u8(digits_, 2 * at + 1));
  EMS_ASSERT(high >= 0 && low >= 0);
  return static_cast<std::uint8_t>(high * 0x10 + low);
}

std::uint16_t Info::u16(std::size_t at) const noexcept {
  return static_cast<std::uint16_t>(u8(at) << 8 | u8(at + 1));
}

std::int32_t Info::s16(std::size_t at) const noexcept { return as_signed(u16(at)); }

std::uint32_t Info::u24(std::size_t at) const noexcept {
  return static_cast<std::uint32_t>(u8(at)) << 16 | u16(at + 1);
}

std::uint32_t Info::u32(std::size_t at) const noexcept {
  return static_cast<std::uint32_t>(u16(at)) << 16 | u16(at + 2);
}

void Info::copy(std::size_t at, MutableBytes out) const noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) store_u8(out, i, u8(at + i));
}

Failure Info::wrong(std::size_t at) const noexcept {
  return fail(Errc::length, kInfoAt + 2 * at, "INFO has another size than its content needs");
}

Result<void> Info::expect_size(std::size_t wanted) const noexcept {
  if (size() == wanted) return {};
  return wrong(std::min(size(), wanted));
}

Result<Frame> parse(Bytes frame) noexcept {
  const Result<void> whole = check_ends(frame);
  if (!whole) return fail(whole.error());
  const std::size_t checksum_at = frame.size() - kTrailer;
  if (number(frame, checksum_at, kChecksumSize) != checksum(frame, checksum_at)) {
    return fail(Errc::checksum, checksum_at, "checksum mismatch");
  }
  for (const Result<void>& digits :
       {check_digits(frame, kVersionAt, kLengthAt, Errc::header),
        check_digits(frame, kLengthAt, kInfoAt, Errc::length),
        check_digits(frame, kInfoAt, checksum_at, Errc::out_of_range)}) {
    if (!digits) return fail(digits.error());
  }
  const Bytes info = frame.subspan(kInfoAt, checksum_at - kInfoAt);
  if (stated_size(frame) != frame.size() || info.size() % 2 != 0) {
    return fail(Errc::length, kLengthAt, "LENGTH disagrees with itself or with the frame");
  }
  const Info head(frame.subspan(kVersionAt, kLengthAt - kVersionAt));
  return Frame{.version = head.u8(0),
               .address = head.u8(1),
               .device = head.u8(2),
               .code = head.u8(3),
               .info = Info(info)};
}

int peek_u8(Bytes frame, std::size_t at) noexcept {
  const std::optional<std::uint32_t> value = number(frame, at, 2);
  return value ? static_cast<int>(*value) : -1;
}

Result<std::size_t> encode(const Frame& header, Bytes info, MutableBytes out) noexcept {
  EMS_ASSERT(info.size() <= kInfoSizeMax);
  const std::size_t checksum_at = kInfoAt + 2 * info.size();
  const std::size_t size = checksum_at + kTrailer;
  if (out.size() < size) return fail(Errc::resource_exhausted, 0, "no room for the frame");
  store_u8(out, 0, kStart);
  put(out, kVersionAt, 2, header.version);
  put(out, kAddressAt, 2, header.address);
  put(out, kDeviceAt, 2, header.device);
  put(out, kCodeAt, 2, header.code);
  put(out, kLengthAt, 4, length_word(static_cast<std::uint32_t>(2 * info.size())));
  for (std::size_t i = 0; i < info.size(); ++i) put(out, kInfoAt + 2 * i, 2, load_u8(info, i));
  put(out, checksum_at, kChecksumSize, checksum(out, checksum_at));
  store_u8(out, size - 1, kEnd);
  return size;
}

}  // namespace ems::protocol::ascii
