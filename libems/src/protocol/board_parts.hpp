// SPDX-License-Identifier: Apache-2.0
/// @file Private: what several boards say alike, the other direction of protocol/publish.hpp.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

#include "ems/protocol/board.hpp"
#include "protocol/draft.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol {

/// The first bit of each alarm that is active, and the vendor's own bits. Alarms without a row
/// cannot be said.
template <std::size_t N>
[[nodiscard]] std::uint64_t alarm_word(const BoardState& state,
                                       const AlarmBit (&rows)[N]) noexcept {
  const auto said = [&state](Signal signal) {
    return static_cast<std::uint64_t>(state.value(signal).value_or(0));
  };
  std::uint64_t left = said(Signal::alarms);
  std::uint64_t word = vendor_bits(said(Signal::vendor_alarms), rows);
  for (const AlarmBit& row : rows) {
    if ((left & alarm_bit(row.alarm)) == 0) continue;
    word |= std::uint64_t{1} << row.bit;
    left &= ~alarm_bit(row.alarm);
  }
  return word;
}

/// Place of options.variant in a protocol's variants; 0 where none is said.
template <std::size_t N>
[[nodiscard]] std::size_t place_of(const std::string_view (&variants)[N],
                                   std::string_view variant) noexcept {
  const auto* at = std::ranges::find(variants, variant);
  return at == std::end(variants) ? 0 : static_cast<std::size_t>(at - std::begin(variants));
}

/// The nearest that a field can hold.
[[nodiscard]] constexpr std::int64_t cut(FieldWire wire, std::int64_t raw) noexcept {
  return std::clamp(raw, range_of(wire).low, range_of(wire).high);
}

/// W; where the battery does not say it, what its voltage and current make.
[[nodiscard]] inline std::int64_t power_of(const BoardState& state) noexcept {
  if (const auto watt = state.value(Signal::pack_power)) return cut(FieldWire::s32, *watt);
  constexpr std::int64_t kMicroWatt = 1'000'000;
  const auto said = [&state](Signal signal) {
    return cut(FieldWire::s32, state.value(signal).value_or(0));
  };
  return nearest(said(Signal::pack_voltage) * said(Signal::pack_current), kMicroWatt);
}

/// The cells that are balanced, bit 0 the first one's; where the battery does not say which, that.
[[nodiscard]] inline std::int64_t balance_mask_of(const BoardState& state) noexcept {
  const std::int64_t cells = state.vendor("balance_mask").value_or(0);
  return !state.is_on(Signal::balancing) ? 0 : cells == 0 ? 1 : cells;
}

/// A voltage in mV for 16 bits; FFFF, which no cell has, where it is missing.
[[nodiscard]] inline std::int64_t cell_of(const BoardState& state, std::size_t cell) noexcept {
  const auto said = state.value(Signal::cell_voltage, static_cast<std::uint16_t>(cell));
  return std::clamp<std::int64_t>(said.value_or(0xFFFF), 0, 0xFFFF);
}

}  // namespace ems::protocol
