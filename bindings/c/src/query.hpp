// SPDX-License-Identifier: Apache-2.0
/// @file What downsampler and ledger share: grids, rows, and memory of the caller in parts.
#pragma once

#include <array>
#include <optional>

#include "capi.hpp"
#include "ems/aggregate/grid.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::capi {

static_assert(EMS_TIME_GRID_MAX == aggregate::kGridMax);
static_assert(EMS_TELEMETRY_POINTS_MAX == telemetry::kPointsMax);
static_assert(EMS_QUERY_BREAKS_MIN == aggregate::Claimed::kRoomMin);

/// A grid of the caller: with edges they are still his.
struct GridRequest {
  std::optional<aggregate::GridView> uniform;
  std::span<const std::int64_t> edges;  ///< Of a grid that is not uniform.
  [[nodiscard]] std::size_t buckets() const noexcept {
    return uniform ? uniform->size() : edges.size() - 1;
  }
};
/// Checks a grid.
[[nodiscard]] ems_status_t grid_of(const ems_time_grid_t& grid, GridRequest& out) noexcept;

/// Memory of the caller, given out from the front in arrays of one object each.
class Parts {
 public:
  explicit Parts(void* memory) noexcept : at_(static_cast<std::byte*>(memory)) {}
  /// @pre the memory is large enough: bytes_of() of all parts.
  template <class T>
  [[nodiscard]] std::span<T> take(std::size_t count) noexcept {
    static_assert(alignof(T) <= kAlignment && std::is_trivially_destructible_v<T>);
    T* first = reinterpret_cast<T*>(at_);
    for (std::size_t i = 0; i < count; ++i) ::new (static_cast<void*>(first + i)) T{};
    at_ += bytes_of<T>(count);
    return {first, count};
  }
  template <class T>
  [[nodiscard]] static constexpr std::uint64_t bytes_of(std::uint64_t count) noexcept {
    return (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
  }
  /// The grid, its edges copied here.
  [[nodiscard]] aggregate::GridView take(const GridRequest& request) noexcept;

 private:
  std::byte* at_;
};

/// Room for one row of the caller.
class RowRoom {
 public:
  /// Checks and copies a row.
  [[nodiscard]] ems_status_t fill(std::int64_t utc_us, const ems_point_t* points,
                                  const ems_row_value_t* values, std::size_t count,
                                  telemetry::Row& out) noexcept;

 private:
  std::array<Point, telemetry::kPointsMax> points_{};
  std::array<telemetry::RowValue, telemetry::kPointsMax> values_{};
};

[[nodiscard]] inline Point point_of(const ems_point_t& point) noexcept {
  return {from_c(point.asset), static_cast<Signal>(point.signal), point.element};
}
/// Bytes as the caller's machine counts them; more than it can have: SIZE_MAX.
[[nodiscard]] inline std::size_t possible(std::uint64_t bytes) noexcept {
  return static_cast<std::size_t>(std::min<std::uint64_t>(bytes, SIZE_MAX));
}
[[nodiscard]] constexpr bool breaks_fit(std::uint32_t capacity) noexcept {
  return capacity >= EMS_QUERY_BREAKS_MIN && capacity <= EMS_QUERY_CAPACITY_MAX;
}

}  // namespace ems::capi
