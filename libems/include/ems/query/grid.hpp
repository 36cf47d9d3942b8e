// SPDX-License-Identifier: Apache-2.0
/// @file Buckets of time: neighbours without a hole, of one width or by the calendar.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::query {

/// Most buckets a grid may have: a minute each for almost two years.
inline constexpr std::size_t kGridMax = 1'000'000;

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
  [[nodiscard]] std::optional<std::size_t> bucket_at(UtcInstant at) const noexcept;

  /// Calls part(bucket, begin, end) for each bucket that [begin, end) touches, ascending.
  template <class Part>
  void each_part(UtcInstant begin, UtcInstant end, Part&& part) const {
    if (begin < from()) begin = from();
    if (end > to()) end = to();
    if (begin >= end) return;
    for (std::size_t bucket = *bucket_at(begin); begin < end; ++bucket) {
      const UtcInstant until = end_of(bucket) < end ? end_of(bucket) : end;
      part(bucket, begin, until);
      begin = until;
    }
  }

 private:
  explicit Grid(std::vector<UtcInstant> edges) noexcept : edges_(std::move(edges)) {}
  std::vector<UtcInstant> edges_;
};

/// Moments that were spoken for already, so that none counts twice when a clock was set back.
///
/// @memory        16 bytes per hole between moments claimed.
/// @thread_safety Like a value.
class Claimed {
 public:
  /// Claims [begin, end) and calls piece(begin, end) for each part that nobody had claimed,
  /// ascending.
  template <class Piece>
  void claim(UtcInstant begin, UtcInstant end, Piece&& piece) {
    if (begin >= end) return;
    if (spans_.empty() || begin >= spans_.back().end) {  // Time went on: the usual case.
      piece(begin, end);
      append({begin, end});
      return;
    }
    for (const Span& fresh : unclaimed(begin, end)) piece(fresh.begin, fresh.end);
    merge({begin, end});
  }

 private:
  struct Span {
    UtcInstant begin{};
    UtcInstant end{};
  };
  void append(Span span);
  [[nodiscard]] std::vector<Span> unclaimed(UtcInstant begin, UtcInstant end) const;
  void merge(Span span);

  std::vector<Span> spans_;  ///< Ascending, with holes between them.
};

}  // namespace ems::query
