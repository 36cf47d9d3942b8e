// SPDX-License-Identifier: Apache-2.0
/// @file What an image held, moment by moment, in columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "ems/model/image.hpp"

namespace ems::runtime {

/// One point over the rows of a history. The three vectors are equally long and begin at
/// `first_row`; before it nobody knew the point.
struct Track {
  std::size_t first_row = 0;
  std::vector<std::int64_t> values;     ///< Catalogue unit; 0 where not valid.
  std::vector<std::uint8_t> valid;      ///< 1: known then, neither bad nor stale.
  std::vector<std::uint8_t> qualities;  ///< ems::Quality; 0 where not valid.
};

/// Rows of an image, as telemetry would store them.
///
/// @memory        10 bytes per point and row.
/// @thread_safety Not synchronised.
class ImageHistory {
 public:
  /// Adds a row: every point that the image holds. Stale and bad values are unknown.
  /// @param now  At or after that of the row before.
  void add(const ProcessImage& image, Instant now);

  [[nodiscard]] const std::vector<Instant>& times() const noexcept { return times_; }
  /// Points that occur, ascending.
  [[nodiscard]] const std::map<Point, Track>& tracks() const noexcept { return tracks_; }

 private:
  std::vector<Instant> times_;
  std::map<Point, Track> tracks_;
};

}  // namespace ems::runtime
