// SPDX-License-Identifier: Apache-2.0
/// @file Buckets of time: neighbours without a hole, of one width or by the calendar.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ems/aggregate/grid.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::query {

using aggregate::kGridMax;

/// n + 1 moments that bound n buckets: edge i <= t < edge i + 1.
///
/// @thread_safety Like a value.
class Grid {
 public:
  /// Buckets between these moments.
  ///
  /// @param edges  Strictly ascending, two or more.
  /// @errors       invalid_argument  fewer than two, or not ascending; offset = the edge.
  ///               resource_exhausted  more than kGridMax buckets.
  [[nodiscard]] static Result<Grid> of(std::vector<UtcInstant> edges);

  /// Buckets of one width from `from`; the last one ends at `to` and may be shorter.
  ///
  /// @param width  Above 0.
  /// @errors       invalid_argument  `to` is not after `from`, or the width is not above 0.
  ///               resource_exhausted  more than kGridMax buckets.
  [[nodiscard]] static Result<Grid> uniform(UtcInstant from, UtcInstant to, Duration width);

  [[nodiscard]] std::size_t size() const noexcept { return edges_.size() - 1; }
  [[nodiscard]] UtcInstant from() const noexcept { return edges_.front(); }
  [[nodiscard]] UtcInstant to() const noexcept { return edges_.back(); }
  /// Bounds of a bucket. @pre bucket < size().
  [[nodiscard]] UtcInstant begin_of(std::size_t bucket) const noexcept { return edges_[bucket]; }
  [[nodiscard]] UtcInstant end_of(std::size_t bucket) const noexcept { return edges_[bucket + 1]; }
  [[nodiscard]] Duration width_of(std::size_t bucket) const noexcept {
    return end_of(bucket) - begin_of(bucket);
  }
  /// The bucket of a moment; nullopt outside the grid. O(log n).
  [[nodiscard]] std::optional<std::size_t> bucket_at(UtcInstant at) const noexcept {
    return view().bucket_at(at);
  }
  /// The same grid, borrowed.
  [[nodiscard]] aggregate::GridView view() const noexcept { return aggregate::GridView(edges_); }

 private:
  explicit Grid(std::vector<UtcInstant> edges) noexcept : edges_(std::move(edges)) {}
  std::vector<UtcInstant> edges_;
};

}  // namespace ems::query
