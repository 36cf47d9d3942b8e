// SPDX-License-Identifier: Apache-2.0
#include "row_code.hpp"

namespace ems::telemetry::detail {

std::uint64_t BitReader::load_the_end(Bytes data, std::size_t at) noexcept {
  std::uint64_t word = 0;
  for (unsigned shift = 0; at < data.size(); ++at, shift += 8) {
    word |= std::uint64_t{load_u8(data, at)} << shift;
  }
  return word;
}

namespace {

std::uint64_t take_exact(BitReader& in) noexcept {
  const auto below = static_cast<unsigned>(in.take(kWidthBits));
  return std::uint64_t{1} << below | in.take_wide(below);
}

bool take_first(BitReader& in, std::uint64_t& number) noexcept {
  constexpr unsigned kWidthMax = 64;
  const auto width = static_cast<unsigned>(in.take(kFirstWidthBits));
  if (width > kWidthMax) return false;
  number = width == 0 ? 0 : std::uint64_t{1} << (width - 1) | in.take_wide(width - 1);
  return true;
}

struct Surprise {
  std::int64_t value = 0;
  std::uint64_t size = 0;  ///< In folded steps.
};

/// The rest of a surprise after its escape; false when it needed none.
bool take_escaped(BitReader& in, Column& column, unsigned least, Surprise& surprise) noexcept {
  surprise.value = unzigzag(take_exact(in));
  const std::int64_t grid = grid_of(column);
  if (surprise.value % grid != 0) {
    surprise.size = zigzag(learn_grid(column, surprise.value));
    return true;
  }
  surprise.size = fold(column, surprise.value / grid);
  return (surprise.size - least) >> rice_parameter(column) >= kEscape;
}

/// A surprise of a column whose grid is known. false: no encoder writes it.
inline bool take_surprise(BitReader& in, Column& column, unsigned least,
                          Surprise& surprise) noexcept {
  const unsigned parameter = rice_parameter(column);
  const std::uint64_t bits = in.peek();
  const auto ones = static_cast<unsigned>(std::countr_zero(~bits | std::uint64_t{1} << kEscape));
  if (ones == kEscape) [[unlikely]] {
    BitReader behind = in;  // So that `in` can live in registers.
    behind.skip(kEscape);
    const bool sound = take_escaped(behind, column, least, surprise);
    in = behind;
    return sound;
  }
  const std::uint64_t rest = bits >> (ones + 1) & low_bits(parameter);
  surprise.size = (std::uint64_t{ones} << parameter | rest) + least;
  surprise.value = unfold(column, surprise.size) * grid_of(column);
  in.skip(ones + 1 + parameter);
  return true;
}

/// A value of a column that has no grid yet.
bool unpack_young(BitReader& in, PackState& state, std::size_t i) noexcept {
  Column& column = state.columns[i];
  if (column.grid == kGridUnseen) {
    std::uint64_t first = 0;
    if (!take_first(in, first)) return false;
    column.last = sum(first_guess(state, i), unzigzag(first));
    column.grid = kGridUnknown;
    column.changed = state.row;
    return true;
  }
  Surprise surprise;
  if (in.take(1) != 0) {
    surprise.value = unzigzag(take_exact(in));
    surprise.size = zigzag(learn_grid(column, surprise.value));
  }
  column.last = sum(sum(column.last, column.slope), surprise.value);
  learn(state, i, surprise.value, surprise.size);
  return true;
}

inline bool unpack_active(BitReader& in, PackState& state, std::size_t i) noexcept {
  Column& column = state.columns[i];
  if (column.grid < kGridFirst) [[unlikely]] {
    adopt(state, i);
    if (column.grid < kGridFirst) {
      BitReader behind = in;
      const bool sound = unpack_young(behind, state, i);
      in = behind;
      return sound;
    }
  }
  Surprise surprise;
  if (!take_surprise(in, column, 0, surprise)) return false;
  column.last = sum(sum(column.last, column.slope), surprise.value);
  learn(state, i, surprise.value, surprise.size);
  return true;
}

bool unpack_quiet_column(BitReader& in, PackState& state, std::size_t i) noexcept {
  Column& column = state.columns[i];
  Surprise surprise;
  adopt(state, i);
  if (column.grid >= kGridFirst) {
    if (!take_surprise(in, column, 1, surprise)) return false;
  } else {
    surprise.value = unzigzag(take_exact(in));
    surprise.size = zigzag(learn_grid(column, surprise.value));
  }
  column.last = sum(column.last, surprise.value);
  learn_quiet(state, i, surprise.value, surprise.size);
  return true;
}

/// @return false when it says that states change and none does.
bool unpack_states(BitReader& in, PackState& state) noexcept {
  bool changed = false;
  for (std::size_t i = 0; i + 1 < state.column_count; ++i) {
    if (in.take(1) == 0) continue;
    changed = true;
    const auto code = static_cast<std::uint8_t>(in.take(kStateBits));
    const std::uint8_t from = state.states[i];
    state.states[i] = static_cast<std::uint8_t>(code < from ? code : code + 1);
    set(state.present, i + 1, state.states[i] != kStateAbsent);
  }
  return changed;
}

/// The surprises of the quiet columns.
template <class Moved>
const char* unpack_quiet(BitReader& in, PackState& state, const ColumnSet& quiet,
                         Moved&& moved) noexcept {
  unsigned left = 0;
  for (std::size_t w = 0; w < words_of(state); ++w) {
    left += ones_of(quiet.words[w] & state.present.words[w]);
  }
  std::size_t w = 0;
  std::uint64_t rest = quiet.words[0] & state.present.words[0];
  while (left > 0 && in.take(1) != 0) {
    auto skipped = static_cast<unsigned>(in.take(static_cast<unsigned>(std::bit_width(left - 1))));
    if (skipped >= left) return "block: a column that is not there";
    left -= skipped + 1;
    while (skipped > 0 || rest == 0) {
      if (rest == 0) {
        ++w;
        rest = quiet.words[w] & state.present.words[w];
      } else {
        rest &= rest - 1;
        --skipped;
      }
    }
    const std::size_t i = 64 * w + static_cast<std::size_t>(std::countr_zero(rest));
    rest &= rest - 1;
    if (!unpack_quiet_column(in, state, i)) return "block: an escape without need";
    moved(i);
  }
  return nullptr;
}

struct Outcome {
  const char* wrong = nullptr;  ///< nullptr: sound.
  bool states_changed = false;
};

template <class Moved>
Outcome unpack(BitReader& in, PackState& state, Moved&& moved) noexcept {
  Outcome outcome{nullptr, in.take(1) != 0};
  if (outcome.states_changed && !unpack_states(in, state)) return {"block: states repeated", true};
  const ColumnSet quiet = state.quiet;
  advance_quiet(state, moved);
  outcome.wrong = unpack_quiet(in, state, quiet, moved);
  if (outcome.wrong != nullptr) return outcome;
  BitReader behind = in;  // So that it can live in registers.
  for (std::size_t w = 0; w < words_of(state); ++w) {
    std::uint64_t rest = ~quiet.words[w] & state.present.words[w];
    for (; rest != 0; rest &= rest - 1) {
      const std::size_t i = 64 * w + static_cast<std::size_t>(std::countr_zero(rest));
      if (!unpack_active(behind, state, i)) {
        in = behind;
        outcome.wrong = "block: an escape without need, or a value of more than 64 bits";
        return outcome;
      }
      moved(i);
    }
  }
  in = behind;
  ++state.row;
  return outcome;
}

Result<void> finish(const BitReader& in, Bytes data, const Outcome& outcome,
                    std::size_t& bit) noexcept {
  if (in.overrun()) return fail(Errc::truncated, data.size(), "block: a row ends early");
  if (outcome.wrong != nullptr) return fail(Errc::out_of_range, in.bit() / 8, outcome.wrong);
  bit = in.bit();
  return {};
}

}  // namespace

Result<void> unpack_row(Bytes data, std::size_t& bit, PackState& state) noexcept {
  BitReader in(data, bit);
  const Outcome outcome = unpack(in, state, [](std::size_t) {});
  return finish(in, data, outcome, bit);
}

Result<void> unpack_row(Bytes data, std::size_t& bit, PackState& state,
                        std::span<RowValue> values) noexcept {
  const bool first = state.row == 0;
  BitReader in(data, bit);
  const Outcome outcome = unpack(in, state, [&state, values](std::size_t i) {
    if (i > 0) values[i - 1].value = state.columns[i].last;
  });
  if (first || outcome.states_changed) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint8_t is = state.states[i];
      values[i] = is == kStateAbsent
                      ? RowValue{}
                      : RowValue{state.columns[i + 1].last, static_cast<Quality>(is - 1), true};
    }
  }
  return finish(in, data, outcome, bit);
}

Result<Record> unpack_record(Bytes data, std::size_t& at, std::int64_t& time) noexcept {
  const Result<std::uint64_t> step = load_varint(data, at);
  if (!step) return fail(step.error());
  const std::size_t type_at = at;
  const Result<std::uint64_t> type = load_varint(data, at);
  if (!type) return fail(type.error());
  if (*type == 0 || *type > 0xFFFF) {
    return fail(Errc::out_of_range, type_at, "block: record type");
  }
  const std::size_t size_at = at;
  const Result<std::uint64_t> size = load_varint(data, at);
  if (!size) return fail(size.error());
  if (*size > kRecordSizeMax) return fail(Errc::out_of_range, size_at, "block: record size");
  if (data.size() - at < *size) {
    return fail(Errc::truncated, data.size(), "block: a record ends early");
  }
  time = sum(time, unzigzag(*step));
  const auto payload_size = static_cast<std::size_t>(*size);
  const Record record{utc(time), static_cast<RecordType>(*type), data.subspan(at, payload_size)};
  at += payload_size;
  return record;
}

}  // namespace ems::telemetry::detail
