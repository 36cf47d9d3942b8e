// SPDX-License-Identifier: Apache-2.0
/// @file Private: frames of bytes that begin in a known way, say how long their data are, and end
/// with a checksum and a fixed end (ANT, LifePower, Seplos V2 binary, TDT); and the counted lists
/// in them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ems/protocol/poll_codec.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol::framed {

/// One byte of a header as it has to be.
struct HeaderByte {
  std::uint8_t value = 0;
  std::uint8_t mask = 0xFF;  ///< 0: any.
};
inline constexpr HeaderByte kAny{.value = 0, .mask = 0};
using Header = std::span<const HeaderByte>;

/// header length data checksum end
struct Shape {
  std::size_t length_at = 0;
  std::size_t length_size = 1;  ///< 1, or 2: big-endian. Counts the data.
  std::size_t data_at = 0;
  std::size_t checksum_size = 2;
  /// Whether `checksum` is that of all bytes before it; null: nobody knows how it is made.
  bool (*sound)(Bytes before, Bytes checksum) noexcept = nullptr;
  std::array<std::uint8_t, 2> end{};
  std::size_t end_size = 1;
  /// Bytes that a frame may have between checksum and end; null: none.
  std::size_t (*spare)(Bytes frame) noexcept = nullptr;
};

/// Checks one frame and gives its data.
///
/// @errors header truncated length tail checksum, in this order; offset = first wrong byte.
[[nodiscard]] Result<Bytes> open(const Shape& shape, Header header, Bytes frame) noexcept;

/// Finds the next frame that begins with `header`. `echo` is skipped: an adapter may send our
/// request back.
[[nodiscard]] FrameScan scan(const Shape& shape, Header header, Bytes echo,
                             Bytes received) noexcept;

/// Writes checksum bytes of what stands before them.
using Sum = void (*)(Bytes before, MutableBytes checksum) noexcept;
/// Writes a frame: `header` as given (its length included), data, checksum, end.
/// @errors resource_exhausted  out is too small.
[[nodiscard]] Result<std::size_t> seal(const Shape& shape, Bytes header, Bytes data, Sum sum,
                                       MutableBytes out) noexcept;

/// Whether two spans hold the same bytes.
[[nodiscard]] bool same(Bytes a, Bytes b) noexcept;

/// A number of cells, then the cells; a number of sensors, then the sensors. Places in the data.
struct Lists {
  std::size_t cells_at = 0;
  std::size_t cells = 0;
  std::size_t sensors_at = 0;
  std::size_t sensors = 0;
  std::size_t end = 0;
};
/// @param width  Bytes of one item.
/// @errors length  no cell at all, or the data end inside a list; offset counts the data.
[[nodiscard]] Result<Lists> read_lists(Bytes data, std::size_t at, std::size_t width) noexcept;
/// Cells in mV, big-endian.
void give_cells(const Publisher& out, Bytes data, const Lists& lists) noexcept;
/// Temperatures in 0.1 K, big-endian.
void give_sensors(const Publisher& out, Bytes data, const Lists& lists) noexcept;
[[nodiscard]] std::optional<std::int64_t> sensor_at(Bytes data, const Lists& lists,
                                                    std::size_t index) noexcept;

}  // namespace ems::protocol::framed
