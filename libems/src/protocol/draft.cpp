// SPDX-License-Identifier: Apache-2.0
#include "protocol/draft.hpp"

namespace ems::protocol {

std::int64_t raw_of(const BoardState& state, const Meaning& meaning, FieldWire wire,
                    std::uint8_t module) noexcept {
  using Use = Meaning::Use;
  const WireRange range = range_of(wire);
  std::optional<std::int64_t> said;
  if (meaning.use != Use::vendor) {
    said = state.value(meaning.signal, 0, module);
  } else if (module == 0) {
    said = state.vendor(meaning.name);
  }
  if (!said) {
    if (meaning.use == Use::amount) return range.low < 0 ? -1 : 0;
    return meaning.use == Use::cell || meaning.use == Use::percent ? range.high : 0;
  }
  if (meaning.use == Use::flag) return *said != 0 ? 1 : 0;
  const std::int64_t raw =
      nearest(std::clamp(*said, -kLargest, kLargest) - meaning.offset, meaning.scale);
  if (meaning.use == Use::sensor) return std::clamp<std::int64_t>(raw, 1, range.high - 1);
  return std::clamp(raw, range.low, range.high);
}

std::uint16_t decikelvin_of(std::optional<std::int64_t> milli_degc, std::int32_t zero) noexcept {
  if (!milli_degc) return 0;
  return static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(nearest(*milli_degc, 100) + zero, 1, 0xFFFE));
}

std::size_t Draft::zeros(std::size_t count) noexcept {
  if (size_ + count > kSize) {
    fits_ = false;
    EMS_ASSERT(count <= kSize);
    return 0;
  }
  const std::size_t at = size_;
  size_ += count;
  return at;
}

void Draft::store(std::size_t at, FieldWire wire, std::int64_t raw) noexcept {
  const std::size_t size = width(wire);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t shift = 8 * (order_ == ByteOrder::big ? size - 1 - i : i);
    store_u8(room_, at + i, static_cast<std::uint8_t>(raw >> shift & 0xFF));
  }
}

void Draft::text(std::string_view text, std::size_t size, char pad) noexcept {
  const std::size_t at = zeros(size);
  for (std::size_t i = 0; i < size; ++i) {
    store_u8(room_, at + i, static_cast<std::uint8_t>(i < text.size() ? text[i] : pad));
  }
}

void Draft::cells(std::size_t count) noexcept {
  for (std::size_t i = 1; i <= count; ++i) {
    const auto said = state_.value(Signal::cell_voltage, static_cast<std::uint16_t>(i), module_);
    u16(std::clamp<std::int64_t>(said.value_or(0xFFFF), 0, 0xFFFF));
  }
}

void Draft::sensors(std::size_t count, std::int32_t zero, std::uint16_t absent) noexcept {
  for (std::size_t i = 1; i <= count; ++i) {
    const auto said = state_.value(Signal::temperature, static_cast<std::uint16_t>(i), module_);
    u16(said ? decikelvin_of(said, zero) : absent);
  }
}

void Draft::put(std::size_t at, FieldWire wire, const Meaning& meaning) noexcept {
  store(at, wire, raw_of(state_, meaning, wire, module_));
}

void Draft::put(std::size_t at, std::span<const FrameField> rows) noexcept {
  for (const FrameField& row : rows) put(at + row.at, row.wire, row.meaning);
}

void Draft::put(std::size_t at, std::span<const FlagBit> rows) noexcept {
  for (const FlagBit& row : rows) {
    const bool vendor = row.meaning.use == Meaning::Use::vendor;
    const std::optional<std::int64_t> said = !vendor ? state_.value(row.meaning.signal, 0, module_)
                                             : module_ == 0 ? state_.vendor(row.meaning.name)
                                                            : std::nullopt;
    if (!said) continue;
    const unsigned old = load_u8(room_, at + row.at);
    const unsigned bit = 1U << row.bit;
    store_u8(room_, at + row.at, static_cast<std::uint8_t>(*said != 0 ? old | bit : old & ~bit));
  }
}

}  // namespace ems::protocol
