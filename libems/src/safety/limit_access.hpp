// SPDX-License-Identifier: Apache-2.0
/// @file Private: limits read by their place in the struct, so that one table can list them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "ems/safety/limits.hpp"

namespace ems::safety::detail {

/// A count whose unit the table's row knows.
using Raw = Quantity<struct RawTag, std::int32_t>;
using Place = std::uint16_t;  ///< Offset in Limits.
#define EMS_AT(field) static_cast<::ems::safety::detail::Place>(offsetof(Limits, field))

static_assert(std::is_standard_layout_v<Limits> && std::is_trivially_copyable_v<Limits>);
static_assert(sizeof(Threshold<Raw>) == sizeof(Threshold<MilliVolt>));
static_assert(sizeof(DerateCurve<Raw>) == sizeof(DerateCurve<MilliCelsius>));

/// The field at `place` of limits or bounds: an int32, a Duration, a Threshold<Raw> or a
/// DerateCurve<Raw>.
template <class T, class From>
[[nodiscard]] T field_at(const From& from, Place place) noexcept {
  static_assert(std::is_standard_layout_v<From> && std::is_trivially_copyable_v<T>);
  T field{};
  std::memcpy(&field, reinterpret_cast<const std::byte*>(&from) + place, sizeof field);
  return field;
}

/// Share of the largest current that `curve` allows at `x`, in basis points, rounded down; 0 for a
/// curve without points.
[[nodiscard]] std::int32_t share_at(const DerateCurve<Raw>& curve, std::int32_t x) noexcept;

}  // namespace ems::safety::detail
