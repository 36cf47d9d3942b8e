// SPDX-License-Identifier: Apache-2.0
#include "row_code.hpp"

namespace ems::telemetry::detail {
namespace {

/// A number below 2^width whose highest bit is one: width less 1, and the bits below that one.
void put_exact(BitWriter& out, std::uint64_t number) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(number));
  out.put(width - 1, kWidthBits);
  out.put_wide(number & low_bits(width - 1), width - 1);
}

void put_first(BitWriter& out, std::uint64_t number) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(number));
  out.put(width, kFirstWidthBits);
  if (width > 1) out.put_wide(number & low_bits(width - 1), width - 1);
}

/// A surprise that its code has no place for. @return it in folded steps.
std::uint64_t put_escaped(BitWriter& out, Column& column, std::int64_t surprise) noexcept {
  out.put(low_bits(kEscape), kEscape);
  put_exact(out, zigzag(surprise));
  const std::int64_t grid = grid_of(column);
  return surprise % grid == 0 ? fold(column, surprise / grid)
                              : zigzag(learn_grid(column, surprise));
}

/// The surprise of a column whose grid is known. @return it in folded steps.
inline std::uint64_t put_surprise(BitWriter& out, Column& column, std::int64_t surprise,
                                  unsigned least) noexcept {
  const std::int64_t grid = grid_of(column);
  const std::int64_t steps = grid == 1 ? surprise : surprise / grid;
  const bool on_grid = steps * grid == surprise;
  const std::uint64_t size = fold(column, steps);
  const unsigned parameter = rice_parameter(column);
  const std::uint64_t ones = (size - least) >> parameter;
  if (!on_grid || ones >= kEscape) [[unlikely]] {
    BitWriter behind = out;  // So that `out` can live in registers.
    const std::uint64_t escaped = put_escaped(behind, column, surprise);
    out = behind;
    return escaped;
  }
  const auto count = static_cast<unsigned>(ones);
  const std::uint64_t rest = (size - least) & low_bits(parameter);
  out.put(low_bits(count) | rest << (count + 1), count + 1 + parameter);
  return size;
}

/// A value of a column that has no grid yet.
void pack_young(BitWriter& out, PackState& state, std::size_t i, std::int64_t value) noexcept {
  Column& column = state.columns[i];
  if (column.grid == kGridUnseen) {
    put_first(out, zigzag(difference(value, first_guess(state, i))));
    column.grid = kGridUnknown;
    column.last = value;
    column.changed = state.row;
    return;
  }
  const std::int64_t surprise = difference(value, sum(column.last, column.slope));
  std::uint64_t size = 0;
  out.put(surprise != 0 ? 1 : 0, 1);
  if (surprise != 0) {
    put_exact(out, zigzag(surprise));
    size = zigzag(learn_grid(column, surprise));
  }
  column.last = value;
  learn(state, i, surprise, size);
}

inline void pack_active(BitWriter& out, PackState& state, std::size_t i,
                        std::int64_t value) noexcept {
  Column& column = state.columns[i];
  if (column.grid < kGridFirst) [[unlikely]] {
    adopt(state, i);
    if (column.grid < kGridFirst) {
      BitWriter behind = out;
      pack_young(behind, state, i, value);
      out = behind;
      return;
    }
  }
  const std::int64_t surprise = difference(value, sum(column.last, column.slope));
  column.last = value;
  const std::uint64_t size = put_surprise(out, column, surprise, 0);
  learn(state, i, surprise, size);
}

void pack_quiet_column(BitWriter& out, PackState& state, std::size_t i,
                       std::int64_t value) noexcept {
  Column& column = state.columns[i];
  const std::int64_t surprise = difference(value, column.last);
  column.last = value;
  adopt(state, i);
  std::uint64_t size = 0;
  if (column.grid >= kGridFirst) {
    size = put_surprise(out, column, surprise, 1);
  } else {
    put_exact(out, zigzag(surprise));
    size = zigzag(learn_grid(column, surprise));
  }
  learn_quiet(state, i, surprise, size);
}

bool states_differ(const PackState& state, const Row& row) noexcept {
  unsigned differ = 0;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    differ |= static_cast<unsigned>(state.states[i] ^ state_of(row.values[i]));
  }
  return differ != 0;
}

void pack_states(BitWriter& out, PackState& state, const Row& row) noexcept {
  const bool differ = states_differ(state, row);
  out.put(differ ? 1 : 0, 1);
  if (!differ) return;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const std::uint8_t to = state_of(row.values[i]);
    const std::uint8_t from = state.states[i];
    out.put(to != from ? 1 : 0, 1);
    if (to == from) continue;
    out.put(to < from ? to : to - 1U, kStateBits);
    state.states[i] = to;
    set(state.present, i + 1, to != kStateAbsent);
  }
}

}  // namespace

void begin(PackState& state, std::span<const Point> points) noexcept {
  state = PackState{};
  state.column_count = points.size() + 1;
  set(state.present, 0, true);
  for (std::size_t i = 0; i < points.size(); ++i) {
    state.states[i] = kStateGood;
    set(state.present, i + 1, true);
    if (i > 0) set(state.akin, i + 1, points[i].signal == points[i - 1].signal);
  }
}

std::size_t pack_row(MutableBytes buffer, std::size_t bit, PackState& state,
                     const Row& row) noexcept {
  const auto value_of = [&row](std::size_t i) {
    return i == 0 ? row.at.since_epoch().count() : row.values[i - 1].value;
  };
  BitWriter out(buffer, bit);
  pack_states(out, state, row);
  const ColumnSet quiet = state.quiet;
  advance_quiet(state, [](std::size_t) {});
  unsigned left = 0;
  for (std::size_t w = 0; w < words_of(state); ++w) {
    left += ones_of(quiet.words[w] & state.present.words[w]);
  }
  unsigned skipped = 0;
  for (std::size_t w = 0; w < words_of(state); ++w) {
    for (std::uint64_t rest = quiet.words[w] & state.present.words[w]; rest != 0;
         rest &= rest - 1) {
      const std::size_t i = 64 * w + static_cast<std::size_t>(std::countr_zero(rest));
      if (value_of(i) == state.columns[i].last) {
        ++skipped;
        continue;
      }
      out.put(1, 1);
      out.put(skipped, static_cast<unsigned>(std::bit_width(left - 1)));
      pack_quiet_column(out, state, i, value_of(i));
      left -= skipped + 1;
      skipped = 0;
    }
  }
  if (left > 0) out.put(0, 1);
  BitWriter behind = out;  // So that it can live in registers.
  for (std::size_t w = 0; w < words_of(state); ++w) {
    std::uint64_t rest = ~quiet.words[w] & state.present.words[w];
    for (; rest != 0; rest &= rest - 1) {
      const std::size_t i = 64 * w + static_cast<std::size_t>(std::countr_zero(rest));
      pack_active(behind, state, i, value_of(i));
    }
  }
  ++state.row;
  return behind.bit();
}

}  // namespace ems::telemetry::detail
