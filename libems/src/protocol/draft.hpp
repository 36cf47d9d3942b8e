// SPDX-License-Identifier: Apache-2.0
/// @file Private: the content of a board's reply in the making. The other direction of
/// protocol/field.hpp and protocol/publish.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "ems/protocol/board.hpp"
#include "protocol/field.hpp"

namespace ems::protocol {

/// No number of any wire is as large: more is cut to it, so that nothing that is said overflows.
inline constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max() / 4;

/// `value / step` to the nearest, away from zero in the middle. @pre step != 0.
[[nodiscard]] constexpr std::int64_t nearest(std::int64_t value, std::int64_t step) noexcept {
  value = std::clamp(value, -kLargest, kLargest);
  if (step < 0) return nearest(-value, -step);
  return (value + (value < 0 ? -step : step) / 2) / step;
}

struct WireRange {
  std::int64_t low;
  std::int64_t high;
};
[[nodiscard]] constexpr WireRange range_of(FieldWire wire) noexcept {
  const bool is_signed = wire == FieldWire::s16 || wire == FieldWire::s32;
  const std::int64_t span = std::int64_t{1} << 8 * width(wire);
  return is_signed ? WireRange{-span / 2, span / 2 - 1} : WireRange{0, span - 1};
}

/// The number on the wire that says of `meaning` what `state` says, nearest and cut to the wire. Of
/// what is not said or missing: all ones for a cell or a percentage and -1 for an amount, which no
/// decoder takes for one, else zero.
[[nodiscard]] std::int64_t raw_of(const BoardState& state, const Meaning& meaning, FieldWire wire,
                                  std::uint8_t module = 0) noexcept;

/// A sensor in 0.1 K; 0 where nothing is said of it.
[[nodiscard]] std::uint16_t decikelvin_of(std::optional<std::int64_t> milli_degc,
                                          std::int32_t zero = kZeroCelsius) noexcept;

/// Bytes that grow at their end. What finds no room makes all of it worthless: fits().
class Draft {
 public:
  static constexpr std::size_t kSize = 1'024;

  explicit Draft(const BoardState& state, ByteOrder order = ByteOrder::big) noexcept
      : state_(state), order_(order) {}

  [[nodiscard]] const BoardState& state() const noexcept { return state_; }
  /// Whose values follow; 0: the whole battery. Vendor values are those of the whole only.
  void of_module(std::uint8_t module) noexcept { module_ = module; }
  [[nodiscard]] std::uint8_t module() const noexcept { return module_; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Bytes bytes() const noexcept { return Bytes(room_).first(size_); }
  [[nodiscard]] bool fits() const noexcept { return fits_; }
  /// Bytes that are there already. @pre they are.
  [[nodiscard]] MutableBytes part(std::size_t at, std::size_t size) noexcept {
    return MutableBytes(room_).subspan(at, size);
  }

  /// Adds zeros and gives their place. Where there is no room it is a place that was there before.
  std::size_t zeros(std::size_t count) noexcept;
  void number(FieldWire wire, std::int64_t raw) noexcept { store(zeros(width(wire)), wire, raw); }
  void u8(std::int64_t raw) noexcept { number(FieldWire::u8, raw); }
  void u16(std::int64_t raw) noexcept { number(FieldWire::u16, raw); }
  /// `size` characters, filled up with `pad`.
  void text(std::string_view text, std::size_t size, char pad) noexcept;
  /// Voltage of each cell, 1 .. count, in mV; FFFF where it is missing.
  void cells(std::size_t count) noexcept;
  /// Each sensor, 1 .. count, in 0.1 K; `absent` where it is missing.
  void sensors(std::size_t count, std::int32_t zero = kZeroCelsius,
               std::uint16_t absent = 0) noexcept;

  /// Writes into what is there already.
  void store(std::size_t at, FieldWire wire, std::int64_t raw) noexcept;
  void put(std::size_t at, FieldWire wire, const Meaning& meaning) noexcept;
  /// Rows whose places count from `at`.
  void put(std::size_t at, std::span<const FrameField> rows) noexcept;
  /// Bits of which nothing is said stay as they are.
  void put(std::size_t at, std::span<const FlagBit> rows) noexcept;

 private:
  const BoardState& state_;
  ByteOrder order_;
  std::uint8_t module_ = 0;
  bool fits_ = true;
  std::size_t size_ = 0;
  std::array<std::byte, kSize> room_{};
};

}  // namespace ems::protocol
