// SPDX-License-Identifier: Apache-2.0
/// @file Queries on stored rows: buckets and energy of one agent, from either store.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/io/store/row_source.hpp"
#include "ems/query/downsample.hpp"
#include "ems/query/energy.hpp"

namespace ems::io {

/// Fills the buckets of a grid. Reads a little beyond both ends, so that a bucket is the same
/// whichever range it is asked in.
///
/// @param points  Points wanted, in this order; empty: every point that occurs.
/// @errors        as RowSource::read, query::Downsampler::create and Downsampler::row.
/// @memory        as query::Downsampler.
[[nodiscard]] Result<query::Downsampler> read_buckets(RowSource& source, query::Grid grid,
                                                      std::span<const Point> points = {},
                                                      const query::DownsampleOptions& options = {});

/// Fills the energy ledger of a grid. Reads beyond both ends as far as a counter's readings need,
/// at most `bridge_max`.
///
/// @errors  as RowSource::read, query::EnergyLedger::create and EnergyLedger::row.
/// @memory  as query::EnergyLedger.
[[nodiscard]] Result<query::EnergyLedger> read_energy(RowSource& source, query::Grid grid,
                                                      const query::EnergyOptions& options = {});

/// Every point that occurs in telemetry of the range, ascending.
///
/// @errors  as RowSource::read.
[[nodiscard]] Result<std::vector<Point>> read_points(RowSource& source, const UtcRange& range = {});

/// How rows become text; see query/export.hpp.
struct ExportOptions {
  enum class Form : std::uint8_t { csv, line_protocol };
  Form form = Form::csv;
  bool qualities = false;                                   ///< CSV: a column more per point.
  std::vector<std::pair<std::string, std::string>> tags{};  ///< Line protocol: of every line.
};

/// Writes rows as text, in pieces of about 64 KiB. Rows come in the order they were made; rows that
/// are lost leave no trace in the text: read_columns() has the gaps.
///
/// @param points  Points wanted, for CSV in this order; empty: every point that occurs.
/// @param write   Takes a piece; false: it wants no more.
/// @errors        as RowSource::read; cancelled  write().
///                invalid_argument  a point given twice; a tag given twice, without a name, or
///                                  called `asset` (every line has it) or `time`.
[[nodiscard]] Result<void> export_rows(RowSource& source, std::span<const Point> points,
                                       const UtcRange& range, const ExportOptions& options,
                                       const std::function<bool(std::string_view)>& write);

}  // namespace ems::io
