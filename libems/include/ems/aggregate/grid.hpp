// SPDX-License-Identifier: Apache-2.0
/// @file Buckets of time, neighbours without a hole, and what of their time was spoken for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ems/aggregate/list.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::aggregate {

/// Most buckets a grid may have: a minute each for almost two years.
inline constexpr std::size_t kGridMax = 1'000'000;

/// n + 1 moments that bound n buckets: edge i <= t < edge i + 1. Borrows the moments.
///
/// @thread_safety Like a value.
class GridView {
 public:
  /// Buckets between these moments.
  ///
  /// @param edges  Strictly ascending, two or more; outlive the view.
  /// @errors       invalid_argument  fewer than two, or not ascending; offset = the edge.
  ///               resource_exhausted  more than kGridMax buckets.
  [[nodiscard]] static Result<GridView> of(std::span<const UtcInstant> edges);

  /// Buckets of one width from `from`; the last one ends at `to` and may be shorter.
  ///
  /// @param width  Above 0.
  /// @errors       invalid_argument  `to` is not after `from`, or the width is not above 0.
  ///               resource_exhausted  more than kGridMax buckets.
  [[nodiscard]] static Result<GridView> uniform(UtcInstant from, UtcInstant to, Duration width);

  /// A view of edges that of() accepted before.
  explicit GridView(std::span<const UtcInstant> accepted) noexcept
      : edges_(accepted.data()),
        size_(accepted.size() - 1),
        from_(accepted.front()),
        to_(accepted.back()) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] UtcInstant from() const noexcept { return from_; }
  [[nodiscard]] UtcInstant to() const noexcept { return to_; }
  /// Bounds of a bucket. @pre bucket < size().
  [[nodiscard]] UtcInstant begin_of(std::size_t bucket) const noexcept;
  [[nodiscard]] UtcInstant end_of(std::size_t bucket) const noexcept {
    return bucket + 1 < size_ ? begin_of(bucket + 1) : to_;
  }
  /// The bucket of a moment; nullopt outside the grid. O(log n).
  [[nodiscard]] std::optional<std::size_t> bucket_at(UtcInstant at) const noexcept;

  /// Calls part(bucket, begin, end) for each bucket that [begin, end) touches, ascending.
  template <class Part>
  void each_part(UtcInstant begin, UtcInstant end, Part&& part) const {
    if (begin < from_) begin = from_;
    if (end > to_) end = to_;
    if (begin >= end) return;
    for (std::size_t bucket = *bucket_at(begin); begin < end; ++bucket) {
      const UtcInstant until = std::min(end_of(bucket), end);
      part(bucket, begin, until);
      begin = until;
    }
  }

 private:
  GridView(std::size_t size, UtcInstant from, UtcInstant to, Duration width) noexcept
      : size_(size), from_(from), to_(to), width_(width) {}

  const UtcInstant* edges_ = nullptr;  ///< nullptr: all of one width.
  std::size_t size_;
  UtcInstant from_;
  UtcInstant to_;
  Duration width_{};
};

/// Moments that were spoken for already, so that none counts twice when a clock was set back.
///
/// When its room is full the oldest hole between them counts as spoken for: time that comes into it
/// later stays unknown, none counts twice.
///
/// @memory        Room of the owner: a span for each hole between moments claimed.
/// @thread_safety Like a value.
class Claimed {
 public:
  struct Span {
    UtcInstant begin{};
    UtcInstant end{};
  };
  /// Least room: two spans and the one that comes.
  static constexpr std::size_t kRoomMin = 3;

  Claimed() noexcept = default;
  /// @pre room.size() >= kRoomMin.
  explicit Claimed(std::span<Span> room) noexcept : spans_(room) {}

  /// Claims [begin, end) and calls piece(begin, end) for each part that nobody had claimed,
  /// ascending. Takes room for one span at most.
  template <class Piece>
  void claim(UtcInstant begin, UtcInstant end, Piece&& piece) {
    if (begin >= end) return;
    UtcInstant from = begin;
    if (!spans_.empty() && begin < spans_.back().end) {  // Else time went on: the usual case.
      const Span* at = std::partition_point(
          spans_.begin(), spans_.end(), [begin](const Span& span) { return span.end <= begin; });
      for (; at != spans_.end() && at->begin < end; ++at) {
        if (from < at->begin) piece(from, at->begin);
        from = at->end;
      }
    }
    if (from < end) piece(from, end);
    add({begin, end});
  }
  /// Claims what of [begin, end) lies in the grid, and calls part(bucket, begin, end) for each part
  /// of a bucket that nobody had claimed.
  template <class Part>
  void claim_in(const GridView& grid, UtcInstant begin, UtcInstant end, Part&& part) {
    claim(std::max(begin, grid.from()), std::min(end, grid.to()),
          [&](UtcInstant from, UtcInstant to) { grid.each_part(from, to, part); });
  }

  /// Holes that count as spoken for because the room was full.
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }
  /// For the owner of the room.
  [[nodiscard]] List<Span>& spans() noexcept { return spans_; }

 private:
  void add(Span span);

  List<Span> spans_;  ///< Ascending, with holes between them.
  std::uint64_t forgotten_ = 0;
};

}  // namespace ems::aggregate
