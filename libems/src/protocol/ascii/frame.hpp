// SPDX-License-Identifier: Apache-2.0
/// @file Private: the frame that Pylontech, Seplos V2, PACE and EG4 share.
///
///     7E  VER(2) ADR(2) CID1(2) CID2|RTN(2) LENGTH(4) INFO CHKSUM(4)  0D
///
/// Numbers in parentheses are characters: every byte is two hexadecimal digits.
/// @source docs/protocols/pylontech.md#frame.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::protocol::ascii {

// Places of the fields, in characters.
inline constexpr std::size_t kVersionAt = 1;
inline constexpr std::size_t kAddressAt = 3;
inline constexpr std::size_t kDeviceAt = 5;  ///< CID1.
inline constexpr std::size_t kCodeAt = 7;    ///< CID2 of a request, RTN of a reply.
inline constexpr std::size_t kLengthAt = 9;
inline constexpr std::size_t kInfoAt = 13;
inline constexpr std::size_t kOverhead = 18;  ///< Characters around INFO.

inline constexpr std::uint8_t kStart = 0x7E;
inline constexpr std::uint8_t kEnd = 0x0D;

/// INFO: read in place. Offsets and sizes count its bytes; errors count the frame's characters.
class Info {
 public:
  Info() = default;
  /// @param digits  An even number of hexadecimal digits.
  explicit Info(Bytes digits) noexcept : digits_(digits) {}

  [[nodiscard]] std::size_t size() const noexcept { return digits_.size() / 2; }
  [[nodiscard]] bool empty() const noexcept { return digits_.empty(); }
  [[nodiscard]] std::uint8_t u8(std::size_t at) const noexcept;
  [[nodiscard]] std::uint16_t u16(std::size_t at) const noexcept;
  [[nodiscard]] std::int32_t s16(std::size_t at) const noexcept;
  [[nodiscard]] std::uint32_t u24(std::size_t at) const noexcept;
  [[nodiscard]] std::uint32_t u32(std::size_t at) const noexcept;
  /// Copies bytes at .. at + out.size().
  void copy(std::size_t at, MutableBytes out) const noexcept;

  /// INFO has another size than it should; `at` is the first byte missing or too many.
  [[nodiscard]] Failure wrong(std::size_t at) const noexcept;
  /// @errors length  INFO is not of `size` bytes.
  [[nodiscard]] Result<void> expect_size(std::size_t size) const noexcept;

 private:
  Bytes digits_{};
};

struct Frame {
  std::uint8_t version = 0;
  std::uint8_t address = 0;
  std::uint8_t device = 0;  ///< CID1.
  std::uint8_t code = 0;    ///< CID2 of a request, RTN of a reply.
  Info info{};              ///< Borrowed.
};

/// Checks a frame of either direction and takes it apart.
///
/// @param frame  Exactly one frame.
/// @errors       header truncated length tail checksum out_of_range; offset = first wrong
///               character. In this order, but a frame whose LENGTH disagrees has a wrong checksum
///               first.
[[nodiscard]] Result<Frame> parse(Bytes frame) noexcept;

/// Two digits of a frame that may be damaged; -1 when they are no digits.
[[nodiscard]] int peek_u8(Bytes frame, std::size_t at) noexcept;

/// Writes a frame.
///
/// @param info  Bytes, not digits; at most 2047.
/// @errors      resource_exhausted  out is too small.
[[nodiscard]] Result<std::size_t> encode(const Frame& header, Bytes info,
                                         MutableBytes out) noexcept;

}  // namespace ems::protocol::ascii
