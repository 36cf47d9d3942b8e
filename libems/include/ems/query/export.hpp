// SPDX-License-Identifier: Apache-2.0
/// @file Rows as text for other programs: CSV and InfluxDB line protocol. Values are exact decimals
/// in SI units, under the names that people see; what is unknown is absent.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::query {

/// `battery/1 pack_voltage_v`, `battery/1 cell_voltages_v 7`; a signal that this version does not
/// know keeps its number: `battery/1 999`.
///
/// @thread_safety Pure function.
[[nodiscard]] std::string point_name(const Point& point);

/// The reverse of point_name(); any of the signal's names, or its number, is taken.
///
/// @errors syntax     not of that form, or no element of a signal that has one value per element;
///                    offset = the character.
///         not_found  no such signal; offset = the character.
/// @thread_safety Pure function.
[[nodiscard]] Result<Point> parse_point_name(std::string_view name);

/// A table: one line per row that has one of the points, one column per point.
///
/// `time` is UTC with microseconds (2026-11-21T08:15:30.250000Z). An unknown value is an empty
/// cell.
/// @source RFC 4180 (lines end with CRLF; no name needs quotes).
/// @thread_safety Like a value.
class CsvWriter {
 public:
  struct Options {
    bool qualities = false;  ///< Behind each column one more: good, substituted, uncertain, bad.
  };
  CsvWriter(std::vector<Point> points, Options options);
  /// Appends the line of column names.
  void header(std::string& out) const;
  /// Appends a row; nothing when it has none of the points.
  void row(std::string& out, const telemetry::Row& row);

 private:
  std::vector<Point> points_;
  Options options_;
};

/// InfluxDB line protocol, nanoseconds: one line per asset of a row that has known values.
///
/// The measurement is the kind of asset (`battery`), the tag `asset` its name (`battery/1`), the
/// fields the signals (`pack_voltage_v`, `cell_voltages_v_7`): decimals as floats, counts, states
/// and bits as integers. A value that is not good has a second field `..._quality`.
///
/// @source InfluxDB line protocol reference (v1.8): characters to escape, `i` for integers.
/// @thread_safety Like a value.
class LineProtocolWriter {
 public:
  /// @param points  Points wanted; empty: all.
  /// @param tags    Added to every line, e.g. {"agent", "site/a"}; an empty value is left out, as
  ///                the format demands; control characters and backslashes become `_`.
  LineProtocolWriter(std::vector<Point> points,
                     std::span<const std::pair<std::string, std::string>> tags);
  /// Appends the lines of a row.
  void row(std::string& out, const telemetry::Row& row) const;

 private:
  std::vector<Point> points_;  ///< Ascending.
  std::string tags_;           ///< `,agent=site/a`, escaped.
};

}  // namespace ems::query
