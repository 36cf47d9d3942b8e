// SPDX-License-Identifier: Apache-2.0
/// @file Private: a field of a frame as one row: how its number lies there and what it means. For
/// boards whose frames are not registers (register_map has its own rows).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/model/point.hpp"
#include "protocol/publish.hpp"

namespace ems::protocol {

enum class FieldWire : std::uint8_t { u8, u16, s16, u32, s32 };
enum class ByteOrder : std::uint8_t { big, little };

[[nodiscard]] constexpr std::size_t width(FieldWire wire) noexcept {
  return wire == FieldWire::u8 ? 1 : wire == FieldWire::u16 || wire == FieldWire::s16 ? 2 : 4;
}

[[nodiscard]] constexpr std::int64_t load(Bytes data, std::size_t at, FieldWire wire,
                                          ByteOrder order) noexcept {
  if (wire == FieldWire::u8) return load_u8(data, at);
  const bool big = order == ByteOrder::big;
  if (width(wire) == 2) {
    const std::uint16_t raw = big ? load_be16(data, at) : load_le16(data, at);
    return wire == FieldWire::s16 ? as_signed(raw) : raw;
  }
  const std::uint32_t raw = big ? load_be32(data, at) : load_le32(data, at);
  return wire == FieldWire::s32 ? as_signed(raw) : raw;
}

/// What a number means: catalogue unit = raw * scale + offset.
struct Meaning {
  enum class Use : std::uint8_t {
    value,
    amount,   ///< Missing below zero.
    cell,     ///< Missing where no cell can be.
    percent,  ///< Missing above 100 %.
    sensor,   ///< Missing where no temperature can be, at 0 and at FFFF.
    flag,     ///< On unless zero.
    vendor,   ///< A number that only the vendor defines.
  };
  Use use = Use::vendor;
  Signal signal{};
  std::int32_t scale = 1;
  std::int32_t offset = 0;
  std::string_view name{};  ///< Use::vendor.
};

[[nodiscard]] constexpr Meaning value(Signal signal, std::int32_t scale = 1,
                                      std::int32_t offset = 0) noexcept {
  return {.use = Meaning::Use::value, .signal = signal, .scale = scale, .offset = offset};
}
[[nodiscard]] constexpr Meaning amount(Signal signal, std::int32_t scale = 1) noexcept {
  return {.use = Meaning::Use::amount, .signal = signal, .scale = scale};
}
/// In mV on the wire.
[[nodiscard]] constexpr Meaning cell(Signal signal) noexcept {
  return {.use = Meaning::Use::cell, .signal = signal};
}
/// @param basis_points  Of one step.
[[nodiscard]] constexpr Meaning percent(Signal signal, std::int32_t basis_points) noexcept {
  return {.use = Meaning::Use::percent, .signal = signal, .scale = basis_points};
}
/// In 0.1 K on the wire. @param zero  0 degC.
[[nodiscard]] constexpr Meaning sensor(Signal signal, std::int32_t zero = kZeroCelsius) noexcept {
  return {.use = Meaning::Use::sensor, .signal = signal, .scale = 100, .offset = -100 * zero};
}
[[nodiscard]] constexpr Meaning flag(Signal signal) noexcept {
  return {.use = Meaning::Use::flag, .signal = signal};
}
[[nodiscard]] constexpr Meaning vendor(std::string_view name, std::int32_t scale = 1,
                                       std::int32_t offset = 0) noexcept {
  return {.scale = scale, .offset = offset, .name = name};
}

/// A number at a place of a frame.
struct FrameField {
  std::uint8_t at = 0;
  FieldWire wire = FieldWire::u8;
  Meaning meaning{};
};

/// One bit of a byte that says yes or no: flag() or vendor().
struct FlagBit {
  std::uint8_t at = 0;
  std::uint8_t bit = 0;
  Meaning meaning{};
};

inline void give(const Publisher& out, const Meaning& meaning, std::int64_t raw) {
  const std::int64_t value = raw * meaning.scale + meaning.offset;
  switch (meaning.use) {
    case Meaning::Use::value:
      return out.value(meaning.signal, value);
    case Meaning::Use::amount:
      return out.within(meaning.signal, value, 0, std::numeric_limits<std::int64_t>::max());
    case Meaning::Use::cell:
      return out.cell(meaning.signal, value);
    case Meaning::Use::percent:
      return out.percent(meaning.signal, value);
    case Meaning::Use::sensor:
      return raw == 0 || raw == 0xFFFF ? out.missing(meaning.signal)
                                       : out.sensor(meaning.signal, value);
    case Meaning::Use::flag:
      return out.flag(meaning.signal, raw != 0);
    case Meaning::Use::vendor:
      return out.vendor(meaning.name, value);
  }
}

/// Rows of `data`.
inline void give(const Publisher& out, Bytes data, std::span<const FrameField> rows,
                 ByteOrder order) {
  for (const FrameField& row : rows) give(out, row.meaning, load(data, row.at, row.wire, order));
}
inline void give(const Publisher& out, Bytes data, std::span<const FlagBit> rows) {
  for (const FlagBit& row : rows) {
    give(out, row.meaning, has(load_u8(data, row.at), row.bit) ? 1 : 0);
  }
}

}  // namespace ems::protocol
