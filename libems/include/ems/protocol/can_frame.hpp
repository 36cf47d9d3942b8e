// SPDX-License-Identifier: Apache-2.0
/// @file One classic CAN frame. CAN FD and error frames are not frames of a battery protocol: what
/// reads a log or an adapter refuses them by name.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::protocol {

inline constexpr std::size_t kCanDataSize = 8;
inline constexpr std::uint32_t kCanIdMax = 0x7FF;               ///< 11 bit.
inline constexpr std::uint32_t kCanExtendedIdMax = 0x1FFFFFFF;  ///< 29 bit.

/// A data frame, or a remote frame (which asks for one and carries no data).
struct CanFrame {
  std::uint32_t id = 0;
  bool extended = false;  ///< 29-bit identifier: 0x351 and extended 0x351 are two identifiers.
  bool remote = false;
  std::uint8_t size = 0;  ///< Data bytes, 0 .. 8; of a remote frame the number asked for.
  std::array<std::byte, kCanDataSize> data{};  ///< Zero behind `size`; all zero when remote.
  friend constexpr bool operator==(const CanFrame&, const CanFrame&) noexcept = default;

  /// The data bytes; empty for a remote frame. @pre valid().
  [[nodiscard]] constexpr Bytes payload() const noexcept {
    return Bytes(data).first(remote ? 0U : size);
  }
  /// The identifier fits its width and at most 8 bytes are there.
  [[nodiscard]] constexpr bool valid() const noexcept {
    return id <= (extended ? kCanExtendedIdMax : kCanIdMax) && size <= kCanDataSize;
  }
};

/// Makes a data frame.
///
/// @param id        0 .. 0x7FF, extended 0 .. 0x1FFFFFFF.
/// @param data      0 .. 8 bytes, copied.
/// @errors          out_of_range  the identifier does not fit its width.
///                  length        more than 8 bytes; offset = 8.
/// @thread_safety   Pure function.
[[nodiscard]] constexpr Result<CanFrame> make_can_frame(std::uint32_t id, bool extended,
                                                        Bytes data) noexcept {
  if (id > (extended ? kCanExtendedIdMax : kCanIdMax)) {
    return fail(Errc::out_of_range, 0, "the CAN identifier does not fit its width");
  }
  if (data.size() > kCanDataSize) {
    return fail(Errc::length, kCanDataSize, "a CAN frame holds at most 8 bytes");
  }
  CanFrame frame{.id = id, .extended = extended, .size = static_cast<std::uint8_t>(data.size())};
  std::copy(data.begin(), data.end(), frame.data.begin());
  return frame;
}

}  // namespace ems::protocol
