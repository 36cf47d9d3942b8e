// SPDX-License-Identifier: Apache-2.0
/// @file What encoder and decoder of rows share: the model of a column and how it learns.
/// docs/reference/block-format.md describes it for people.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "bit_stream.hpp"
#include "block_layout.hpp"

namespace ems::telemetry::detail {

inline constexpr std::uint8_t kStateAbsent = 0;
inline constexpr std::uint8_t kStateGood = 1 + static_cast<std::uint8_t>(Quality::good);
inline constexpr unsigned kStateBits = 2;  // Which of the four other states it becomes.

/// A Golomb-Rice code with so many ones is an escape: a grid or a size that was not expected.
inline constexpr unsigned kEscape = 8;
inline constexpr unsigned kWidthBits = 6;       // Of a surprise's width, less 1.
inline constexpr unsigned kFirstWidthBits = 7;  // Of a first value's width, 0 .. 64.
inline constexpr std::uint64_t kSizeMax =
    (std::uint64_t{1} << 28) - 1;  // Larger ones teach as this.
inline constexpr unsigned kMeanShift = 3;
inline constexpr std::int32_t kRowsAlike = 3;  // Same surprise so often: it becomes the slope.
inline constexpr std::int64_t kSlopeMin = std::numeric_limits<std::int32_t>::min();
inline constexpr std::int64_t kSlopeMax = std::numeric_limits<std::int32_t>::max();
inline constexpr unsigned kPatience = 4;  // Rows without surprise until a column is quiet.
inline constexpr unsigned kPatienceRestless = 16;

inline constexpr std::uint8_t kGridUnseen = 0;
inline constexpr std::uint8_t kGridUnknown = 1;
inline constexpr std::uint8_t kGridFirst = 2;
inline constexpr std::array<std::int64_t, 4> kGrids{1, 10, 100, 1000};

/// Most bytes of a row: states, quiet columns, and per column a position, an escape and 64 bits.
[[nodiscard]] constexpr std::size_t row_size_max(std::size_t points) noexcept {
  return 12 * (points + 1) + sizeof(std::uint64_t);  // And what BitWriter touches beyond.
}

[[nodiscard]] constexpr std::uint8_t state_of(const RowValue& value) noexcept {
  return value.valid ? static_cast<std::uint8_t>(1 + static_cast<std::uint8_t>(value.quality))
                     : kStateAbsent;
}

constexpr void set(ColumnSet& columns, std::size_t i, bool in) noexcept {
  std::uint64_t& word = columns.words[i / 64];
  const std::uint64_t bit = std::uint64_t{1} << (i % 64);
  word = in ? word | bit : word & ~bit;
}
[[nodiscard]] constexpr bool has(const ColumnSet& columns, std::size_t i) noexcept {
  return (columns.words[i / 64] >> (i % 64) & 1) != 0;
}
[[nodiscard]] constexpr std::size_t words_of(const PackState& state) noexcept {
  return (state.column_count + 63) / 64;
}
/// std::popcount without the compiler's library, which the C library must not need.
[[nodiscard]] constexpr unsigned ones_of(std::uint64_t word) noexcept {
  word -= word >> 1 & 0x5555555555555555;
  word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<unsigned>(word * 0x0101010101010101 >> 56);
}

[[nodiscard]] constexpr std::int64_t grid_of(const Column& column) noexcept {
  return kGrids[column.grid - kGridFirst];
}
[[nodiscard]] constexpr unsigned patience_of(const Column& column) noexcept {
  return column.restless ? kPatienceRestless : kPatience;
}
[[nodiscard]] constexpr unsigned rice_parameter(const Column& column) noexcept {
  return static_cast<unsigned>(std::bit_width(column.mean >> (kMeanShift + 1)));
}
/// Turned around if the column turned down last, so that the way back has the shorter code.
[[nodiscard]] constexpr std::int64_t turned(const Column& column, std::int64_t steps) noexcept {
  const std::int64_t down = column.turn >> 31;  // 0 or -1: no branch, nobody could foretell it.
  return difference(steps ^ down, down);
}
/// Signed grid steps to a small number.
[[nodiscard]] constexpr std::uint64_t fold(const Column& column, std::int64_t steps) noexcept {
  return zigzag(turned(column, steps));
}
[[nodiscard]] constexpr std::int64_t unfold(const Column& column, std::uint64_t folded) noexcept {
  return turned(column, unzigzag(folded));
}

/// What the first value of a column is told from: a neighbour of the same signal, else 0.
[[nodiscard]] constexpr std::int64_t first_guess(const PackState& state, std::size_t i) noexcept {
  return has(state.akin, i) ? state.columns[i - 1].last : 0;
}

/// A column that never moved takes over what its neighbour of the same signal has learnt.
constexpr void adopt(PackState& state, std::size_t i) noexcept {
  Column& column = state.columns[i];
  if (column.grid != kGridUnknown || !has(state.akin, i)) return;
  const Column& neighbour = state.columns[i - 1];
  if (neighbour.grid < kGridFirst) return;
  column.grid = neighbour.grid;
  column.mean = neighbour.mean;
}

/// Learns the grid from a surprise that does not lie on the one there was. @return it in steps.
constexpr std::int64_t learn_grid(Column& column, std::int64_t surprise) noexcept {
  std::size_t grid = kGrids.size() - 1;
  while (surprise % kGrids[grid] != 0) --grid;
  const std::int64_t steps = surprise / kGrids[grid];
  column.grid = static_cast<std::uint8_t>(kGridFirst + grid);
  column.mean = static_cast<std::uint32_t>(std::min(zigzag(steps), kSizeMax) << kMeanShift);
  return steps;
}

/// A surprise that keeps coming becomes part of the slope.
constexpr void learn_slope(PackState& state, std::size_t i) noexcept {
  Column& column = state.columns[i];
  column.run = 0;
  const std::int64_t slope = std::int64_t{column.slope} + column.turn;
  if (slope < kSlopeMin || slope > kSlopeMax) return;
  column.slope = static_cast<std::int32_t>(slope);
  set(state.sloped, i, slope != 0);
}

/// After each value of an active column: its surprise, also in folded steps, and what it teaches.
inline void learn(PackState& state, std::size_t i, std::int64_t surprise,
                  std::uint64_t size) noexcept {
  Column& column = state.columns[i];
  column.mean += static_cast<std::uint32_t>(std::min(size, kSizeMax)) - (column.mean >> kMeanShift);
  // No branches on whether there was a surprise: nobody could foretell them.
  const auto clamped = static_cast<std::int32_t>(std::clamp(surprise, kSlopeMin, kSlopeMax));
  const std::int32_t moved = -static_cast<std::int32_t>(surprise != 0);  // All bits or none.
  const std::int32_t again = surprise == column.turn ? column.run + 1 : 1;
  const std::int32_t run = again & moved;
  column.run = static_cast<std::uint8_t>(run);
  column.turn ^= (column.turn ^ clamped) & moved;
  column.changed = static_cast<std::uint8_t>(
      column.changed ^ ((column.changed ^ state.row) & static_cast<std::uint8_t>(moved)));
  const unsigned still = static_cast<unsigned>(state.row - column.changed);
  if (still >= patience_of(column)) set(state.quiet, i, true);
  if (run >= (i == 0 ? 1 : kRowsAlike) && clamped == surprise) learn_slope(state, i);
}

/// After a surprise of a quiet column.
inline void learn_quiet(PackState& state, std::size_t i, std::int64_t surprise,
                        std::uint64_t size) noexcept {
  Column& column = state.columns[i];
  const unsigned still = static_cast<unsigned>(state.row - column.changed);
  if (still < patience_of(column)) {
    column.restless = true;
    set(state.quiet, i, false);
  }
  column.run = 0;
  learn(state, i, surprise, size);
}

/// Where the slope takes the quiet columns by this row.
template <class Moved>
void advance_quiet(PackState& state, Moved&& moved) noexcept {
  for (std::size_t w = 0; w < words_of(state); ++w) {
    std::uint64_t rest = state.quiet.words[w] & state.sloped.words[w] & state.present.words[w];
    for (; rest != 0; rest &= rest - 1) {
      const std::size_t i = 64 * w + static_cast<std::size_t>(std::countr_zero(rest));
      Column& column = state.columns[i];
      column.last = sum(column.last, column.slope);
      moved(i);
    }
  }
}

/// Begins a block of these points.
void begin(PackState& state, std::span<const Point> points) noexcept;

/// Packs a row behind `bit`. @return the bit after it.
/// @pre row_size_max() bytes are there; the row has the points of begin(), its qualities are some.
std::size_t pack_row(MutableBytes out, std::size_t bit, PackState& state, const Row& row) noexcept;
/// Unpacks the row at `bit` into `state`.
[[nodiscard]] Result<void> unpack_row(Bytes data, std::size_t& bit, PackState& state) noexcept;
/// The same, and keeps `values`, one per point, up to date.
[[nodiscard]] Result<void> unpack_row(Bytes data, std::size_t& bit, PackState& state,
                                      std::span<RowValue> values) noexcept;

}  // namespace ems::telemetry::detail
