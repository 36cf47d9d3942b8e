// SPDX-License-Identifier: Apache-2.0
/// @file Random hours of rows for queries, and random grids over them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "ems/query/grid.hpp"
#include "support/query_rows.hpp"

namespace ems::test {

inline constexpr Point kCounter{meter(1), Signal::energy_imported, 0};
inline constexpr Point kPower{meter(1), Signal::active_power, 0};
inline constexpr std::int64_t kSpan = 3'600;  // Seconds.

/// Rows of an hour with everything that happens: unknown values, doubted ones, pauses, lost rows, a
/// clock that is set, counters that slip, reset and jump.
struct Story {
  std::vector<OwnedRow> rows;
  std::vector<std::size_t> gaps;  ///< Rows are lost before these.
};

inline Story story_of(std::mt19937_64& random) {
  const auto any = [&](std::int64_t lo, std::int64_t hi) {
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random);
  };
  Story story;
  std::int64_t us = any(-600, 60) * 1'000'000;
  std::int64_t wh = any(0, 1'000'000);
  while (us < (kSpan + 60) * 1'000'000 && story.rows.size() < 2'000) {
    switch (any(0, 60)) {
      case 0:
        us += any(1, 900'000'000);  // An outage.
        break;
      case 1:
        us -= any(1, 300'000'000);  // The clock is set back.
        break;
      case 2:
        wh = any(0, 1) != 0 ? 0 : any(0, 2'000'000);
        break;
      default:
        us += any(1, 12'000'000);
    }
    wh += any(0, 30);
    if (any(0, 40) == 0) story.gaps.push_back(story.rows.size());
    const auto quality = static_cast<Quality>(any(0, 9) == 0 ? any(0, 3) : 3);
    OwnedRow row = row_at(0, {{kPower, any(-5'000, 5'000)}, {kCounter, wh}}, quality);
    row.utc_us += us;
    for (telemetry::RowValue& value : row.values) value.valid = any(0, 9) != 0;
    story.rows.push_back(std::move(row));
  }
  return story;
}

template <class Into>
void tell(const Story& story, Into& into) {
  for (std::size_t i = 0; i < story.rows.size(); ++i) {
    if (std::ranges::find(story.gaps, i) != story.gaps.end()) into.gap();
    ASSERT_TRUE(into.row(story.rows[i].view()));
  }
}

inline query::Grid grid_of(std::mt19937_64& random) {
  std::vector<UtcInstant> edges{at_s(0), at_s(kSpan)};
  const int inner = std::uniform_int_distribution<int>(0, 40)(random);
  for (int i = 0; i < inner; ++i) {
    const auto us = std::uniform_int_distribution<std::int64_t>(1, kSpan * 1'000'000 - 1)(random);
    edges.push_back(at_s(0) + microseconds(us));
  }
  std::ranges::sort(edges);
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return *query::Grid::of(std::move(edges));
}

}  // namespace ems::test
