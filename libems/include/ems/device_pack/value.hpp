// SPDX-License-Identifier: Apache-2.0
/// @file Registers to one value and back: word order, exact scaling, "not implemented".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/device_pack/pack.hpp"

namespace ems::device_pack {

/// Smallest and largest power-of-ten exponent a scale factor register may hold.
/// @source SunSpec Device Information Model Specification, type sunssf.
inline constexpr int kScaleExponentMax = 10;

/// Registers a number of this type takes; 0 for text, whose size is the point's.
[[nodiscard]] constexpr std::size_t registers_of(WireType type) noexcept {
  switch (type) {
    case WireType::s16:
    case WireType::u16:
      return 1;
    case WireType::s32:
    case WireType::u32:
    case WireType::f32:
      return 2;
    case WireType::s64:
    case WireType::u64:
      return 4;
    case WireType::text:
      return 0;
  }
  return 0;
}

/// The raw bits of a number, right-aligned. @pre registers.size() is 1, 2 or 4.
/// @thread_safety Pure function, like all of this file.
[[nodiscard]] std::uint64_t load_words(std::span<const std::uint16_t> registers,
                                       WordOrder order) noexcept;
/// Puts raw bits into registers. @pre registers.size() is 1, 2 or 4.
void store_words(std::uint64_t raw, WordOrder order, std::span<std::uint16_t> registers) noexcept;

/// Exponent held by a scale factor register; nullopt when not implemented or not -10 .. 10.
[[nodiscard]] std::optional<int> scale_exponent(std::uint16_t raw) noexcept;

/// The value of a number point in its catalogue unit: raw * multiplier / divisor * 10^exponent,
/// nearest (ties away from zero), in integers.
///
/// @param point     Use number, bits or boolean.
/// @param raw       Right-aligned raw bits.
/// @param exponent  Of the scale factor; 0 when the point has none.
/// @return          nullopt: not implemented, NaN, a boolean that is neither, or outside int64.
[[nodiscard]] std::optional<std::int64_t> point_value(const RegisterPoint& point, std::uint64_t raw,
                                                      int exponent) noexcept;

/// Raw integer of a written field: value * divisor / multiplier / 10^exponent, towards zero.
/// @return nullopt outside int64.
[[nodiscard]] std::optional<std::int64_t> field_raw(const WriteField& field, std::int64_t value,
                                                    int exponent) noexcept;
/// Whether `raw` fits the type and is not the value that means "not implemented" there.
[[nodiscard]] bool fits_wire(WireType type, std::int64_t raw) noexcept;

/// The text of registers: to the first NUL, without blanks at the end; what is neither printable
/// nor UTF-8 becomes `?`.
/// @param out  At least 2 * registers.size() characters.
/// @return     In `out`; empty: not implemented.
[[nodiscard]] std::string_view register_text(std::span<const std::uint16_t> registers,
                                             std::span<char> out) noexcept;

}  // namespace ems::device_pack
