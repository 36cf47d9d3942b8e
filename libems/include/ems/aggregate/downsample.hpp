// SPDX-License-Identifier: Apache-2.0
/// @file Many rows into few buckets, in memory of the caller: min, max, mean, last and count of
/// each point, and how much of each bucket is known. query/downsample.hpp is the same with a heap.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "ems/aggregate/grid.hpp"
#include "ems/aggregate/wide.hpp"
#include "ems/core/result.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::aggregate {

/// One point in one bucket.
struct Bucket {
  std::int64_t min = 0;       ///< Of the samples in it; means nothing while count is 0.
  std::int64_t max = 0;       ///< Likewise.
  std::int64_t last = 0;      ///< Likewise: the one of the latest moment.
  UtcInstant last_at{};       ///< When that was.
  std::uint64_t count = 0;    ///< Samples in it that are trusted.
  std::uint64_t doubted = 0;  ///< Samples that are not, and count for nothing.
  Duration known{};           ///< For so much of the bucket a trusted value speaks.
  Wide weighted{};            ///< Value x microseconds of that time.

  /// Mean over the time that is known, not over samples, in thousandths of the unit, rounded to
  /// nearest, halves up; saturates. nullopt when none is known.
  [[nodiscard]] std::optional<std::int64_t> mean_milli() const noexcept;
  /// Takes in a bucket beside it: minutes become hours. Exact.
  void merge(const Bucket& other) noexcept;
  /// A trusted sample.
  void take(UtcInstant at, std::int64_t value) noexcept {
    merge({.min = value, .max = value, .last = value, .last_at = at, .count = 1});
  }
  /// A value speaks for so much time of the bucket.
  void speak(std::int64_t value, Duration time) noexcept {
    known += time;
    weighted += Wide::product(value, time.count());
  }
  friend bool operator==(const Bucket&, const Bucket&) noexcept = default;
};

/// Which values speak, and for how long.
struct DownsampleRule {
  /// A value speaks from its moment to the next row, if that comes within so much time; else for
  /// nothing. Take three times the period of the rows. 1 us .. 1 h.
  Duration gap_max = seconds(10);
  /// Values of a lower quality are counted as doubted and otherwise as unknown.
  Quality quality_min = Quality::substituted;
};
/// @errors        invalid_argument  outside these ranges.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> check(const DownsampleRule& rule);

/// Fills buckets from rows. The time for which values speak counts once, even when a clock was set
/// back over it: so do known and mean. Samples count as they come: count, doubted, min, max and
/// last are of all of them.
///
/// @memory        None but its room.
/// @thread_safety Like a value; a copy fills the same buckets.
class Downsampler {
 public:
  /// A point and what it says now. The owner only gives the memory.
  struct Track {
    Point point{};
    std::uint16_t rank = 0;  ///< Of all tracks by point: the track that is there.
    bool speaks = false;
    std::int64_t value = 0;
  };
  static constexpr std::size_t kTracksMax = 65'535;
  struct Room {
    std::span<Track> tracks;           ///< One per point; kTracksMax at most.
    std::span<Bucket> buckets;         ///< grid.size() per track.
    std::span<Claimed::Span> moments;  ///< Claimed::kRoomMin or more.
  };
  /// @param points  Points wanted; empty: every point that occurs, as far as there is room.
  /// @errors        invalid_argument    a point twice (offset), a rule or a room out of range.
  ///                resource_exhausted  more points than tracks.
  [[nodiscard]] static Result<Downsampler> create(const GridView& grid,
                                                  std::span<const Point> points,
                                                  const DownsampleRule& rule, const Room& room);

  /// The next row, in the order they were made. Rows beside the grid matter too: the one before it
  /// speaks into it, the one after it ends what the last one says.
  ///
  /// @errors resource_exhausted  new points, and more than there are tracks; the row counts for
  ///                             nothing.
  [[nodiscard]] Result<void> row(const telemetry::Row& row);
  /// Rows are missing here: what came before speaks no further.
  void gap() noexcept { before_.reset(); }

  [[nodiscard]] const GridView& grid() const noexcept { return grid_; }
  /// The points, in the order asked for, or as they occurred: point(i) for i < size().
  [[nodiscard]] std::size_t size() const noexcept { return tracks_.size(); }
  [[nodiscard]] const Point& point(std::size_t index) const noexcept {
    return tracks_[index].point;
  }
  /// Buckets of point(index), one per bucket of the grid. @pre index < size().
  [[nodiscard]] std::span<Bucket> buckets(std::size_t index) const noexcept {
    return buckets_.subspan(index * grid_.size(), grid_.size());
  }
  /// Holes in time that were closed for lack of room; see Claimed.
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return claimed_.forgotten(); }

 private:
  static constexpr std::uint16_t kNowhere = kTracksMax;

  Downsampler(const GridView& grid, const DownsampleRule& rule, const Room& room) noexcept
      : grid_(grid),
        rule_(rule),
        tracks_(room.tracks),
        buckets_(room.buckets),
        claimed_(room.moments) {}
  [[nodiscard]] std::size_t rank_of(const Point& point) const noexcept;
  [[nodiscard]] std::optional<std::uint16_t> find(const Point& point) const noexcept;
  [[nodiscard]] Result<void> add(const Point& point);
  [[nodiscard]] Result<void> learn(std::span<const Point> points);
  void speak(UtcInstant until);
  void take(const telemetry::Row& row);

  GridView grid_;
  DownsampleRule rule_;
  bool all_ = false;
  List<Track> tracks_;
  std::span<Bucket> buckets_;
  Claimed claimed_;
  std::array<Point, telemetry::kPointsMax> table_{};          ///< Point table of the row before.
  std::array<std::uint16_t, telemetry::kPointsMax> place_{};  ///< Its points' tracks.
  std::size_t table_size_ = 0;
  std::optional<UtcInstant> before_;  ///< Moment of the row before.
};

}  // namespace ems::aggregate
