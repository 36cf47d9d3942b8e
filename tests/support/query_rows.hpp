// SPDX-License-Identifier: Apache-2.0
/// @file Rows for queries: seconds and what is known then.
#pragma once

#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "ems/telemetry/row.hpp"
#include "support/telemetry_rows.hpp"

namespace ems::test {

inline constexpr Point kGridPower{kSite, Signal::site_grid_power, 0};

inline UtcInstant at_s(std::int64_t second) { return UtcInstant{seconds(1'790'000'000 + second)}; }

/// A row of some points at a second; nullopt: nobody knows.
inline OwnedRow row_at(double second,
                       std::initializer_list<std::pair<Point, std::optional<std::int64_t>>> values,
                       Quality quality = Quality::good) {
  OwnedRow row;
  row.utc_us = 1'790'000'000'000'000 + static_cast<std::int64_t>(second * 1e6);
  for (const auto& [point, value] : values) {
    row.points.push_back(point);
    row.values.push_back({value.value_or(0), quality, value.has_value()});
  }
  return row;
}

}  // namespace ems::test
