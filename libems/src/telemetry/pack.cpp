// SPDX-License-Identifier: Apache-2.0
#include "block_layout.hpp"

namespace ems::telemetry::detail {
namespace {

bool same_states(const PackState& state, const Row& row) noexcept {
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (state.states[i] != state_of(row.values[i])) return false;
  }
  return true;
}

Result<void> unpack_states(Bytes data, std::size_t& at, std::size_t point_count,
                           PackState& state) noexcept {
  if (data.size() - at < states_size(point_count)) {
    return fail(Errc::truncated, data.size(), "block: a row ends in its states");
  }
  bool changed = false;
  for (std::size_t i = 0; i < 2 * states_size(point_count); ++i) {
    const std::size_t byte_at = at + i / 2;
    const auto nibble =
        static_cast<std::uint8_t>((load_u8(data, byte_at) >> (i % 2 == 0 ? 0 : 4)) & 0x0F);
    if (i >= point_count) {
      if (nibble != 0) return fail(Errc::out_of_range, byte_at, "block: padding is not zero");
      break;
    }
    if (nibble > kStateMax) return fail(Errc::out_of_range, byte_at, "block: unknown state");
    changed = changed || state.states[i] != nibble;
    state.states[i] = nibble;
  }
  if (!changed) return fail(Errc::out_of_range, at, "block: states repeated");
  at += states_size(point_count);
  return {};
}

}  // namespace

std::size_t packed_size(const PackState& state, const Row& row) noexcept {
  std::size_t size = varint_size(delta(row.at.since_epoch().count(), state.time)) + 1;
  if (!same_states(state, row)) size += states_size(row.values.size());
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (row.values[i].valid) size += varint_size(delta(row.values[i].value, state.values[i]));
  }
  return size;
}

std::size_t pack_row(MutableBytes out, std::size_t at, PackState& state, const Row& row) noexcept {
  at = store_varint(out, at, delta(row.at.since_epoch().count(), state.time));
  state.time = row.at.since_epoch().count();
  if (same_states(state, row)) {
    store_u8(out, at++, kStatesSame);
  } else {
    store_u8(out, at++, kStatesFollow);
    for (std::size_t i = 0; i < row.values.size(); i += 2) {
      unsigned pair = state_of(row.values[i]);
      if (i + 1 < row.values.size()) {
        pair |= static_cast<unsigned>(state_of(row.values[i + 1])) << 4;
      }
      store_u8(out, at++, static_cast<std::uint8_t>(pair));
    }
  }
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    state.states[i] = state_of(row.values[i]);
    if (!row.values[i].valid) continue;
    at = store_varint(out, at, delta(row.values[i].value, state.values[i]));
    state.values[i] = row.values[i].value;
  }
  return at;
}

Result<void> unpack_row(Bytes data, std::size_t& at, std::size_t point_count,
                        PackState& state) noexcept {
  const Result<std::uint64_t> time = load_varint(data, at);
  if (!time) return fail(time.error());
  state.time = undelta(*time, state.time);
  if (at >= data.size()) return fail(Errc::truncated, data.size(), "block: a row ends early");
  const std::uint8_t flag = load_u8(data, at);
  if (flag > kStatesFollow) return fail(Errc::out_of_range, at, "block: unknown row flag");
  ++at;
  if (flag == kStatesFollow) {
    const Result<void> states = unpack_states(data, at, point_count, state);
    if (!states) return states;
  }
  for (std::size_t i = 0; i < point_count; ++i) {
    if (state.states[i] == kStateAbsent) continue;
    const Result<std::uint64_t> value = load_varint(data, at);
    if (!value) return fail(value.error());
    state.values[i] = undelta(*value, state.values[i]);
  }
  return {};
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
  time = undelta(*step, time);
  const auto payload_size = static_cast<std::size_t>(*size);
  const Record record{utc(time), static_cast<RecordType>(*type), data.subspan(at, payload_size)};
  at += payload_size;
  return record;
}

}  // namespace ems::telemetry::detail
