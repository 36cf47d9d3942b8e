// SPDX-License-Identifier: Apache-2.0
/// @file Many rows into few buckets: min, max, mean, last and count of each point, and how much of
/// each bucket is known. Pure: rows in the order they were made go in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ems/aggregate/downsample.hpp"
#include "ems/core/result.hpp"
#include "ems/query/grid.hpp"
#include "ems/query/heap_room.hpp"
#include "ems/query/wide.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::query {

/// One point in one bucket; what is in it: aggregate::Bucket.
struct Bucket : aggregate::Bucket {
  /// Mean over the time that is known, not over samples; nullopt when none is.
  [[nodiscard]] std::optional<double> mean() const noexcept;
  friend bool operator==(const Bucket&, const Bucket&) noexcept = default;
};

struct DownsampleOptions {
  /// A value speaks from its moment to the next row, if that comes within so much time; else for
  /// nothing. Take three times the period of the rows. 1 us .. 1 h.
  Duration gap_max = seconds(10);
  /// Values of a lower quality are counted as doubted and otherwise as unknown.
  Quality quality_min = Quality::substituted;
  /// Where no points are named: which of those that occur. Empty: all.
  std::function<bool(const Point&)> wanted{};
  /// Most buckets (grid x points) that are kept.
  std::size_t buckets_max = 4'000'000;
};

/// Fills buckets from rows. The time for which values speak counts once, even when a clock was set
/// back over it: so do known and mean. Samples count as they come: count, doubted, min, max and
/// last are of all of them.
///
/// @memory        sizeof(Bucket), 72 bytes, per point and bucket, at most buckets_max of them.
/// @thread_safety Like a value.
class Downsampler {
 public:
  /// @param points  Points wanted; empty: every point that occurs.
  /// @errors        invalid_argument    a point twice, or an option outside its range.
  ///                resource_exhausted  more than buckets_max.
  [[nodiscard]] static Result<Downsampler> create(Grid grid, std::span<const Point> points = {},
                                                  const DownsampleOptions& options = {});

  /// The next row, in the order they were made. Rows beside the grid matter too: the one before it
  /// speaks into it, the one after it ends what the last one says.
  ///
  /// @errors resource_exhausted  new points, and more than buckets_max with them.
  [[nodiscard]] Result<void> row(const telemetry::Row& row);
  /// Rows are missing here: what came before speaks no further.
  void gap() noexcept;

  [[nodiscard]] const Grid& grid() const noexcept { return grid_; }
  /// The points, in the order asked for, or as they occurred.
  [[nodiscard]] std::span<const Point> points() const noexcept { return points_; }
  /// Buckets of points()[index], one per bucket of the grid. @pre index < points().size().
  [[nodiscard]] std::span<const Bucket> buckets(std::size_t index) const noexcept {
    return buckets_[index];
  }

 private:
  Downsampler(Grid grid, const DownsampleOptions& options)
      : grid_(std::move(grid)), options_(options) {}
  [[nodiscard]] Result<void> learn(std::span<const Point> points);
  [[nodiscard]] Result<std::size_t> add(const Point& point);
  void speak(UtcInstant until);
  void take(const telemetry::Row& row);

  Grid grid_;
  DownsampleOptions options_;
  bool all_ = false;
  std::vector<Point> points_;
  std::map<Point, std::size_t> index_;
  std::vector<std::vector<Bucket>> buckets_;       ///< By point, then by bucket.
  std::vector<Point> table_;                       ///< Point table of the row before.
  std::vector<std::size_t> place_;                 ///< Its points' places here.
  std::vector<std::optional<std::int64_t>> held_;  ///< By point: what speaks now.
  std::optional<UtcInstant> before_;               ///< Moment of the row before.
  aggregate::Claimed claimed_;
  HeapRoom<aggregate::Claimed::Span> moments_;
};

}  // namespace ems::query
