// SPDX-License-Identifier: Apache-2.0
/// @file Queries on stored rows: buckets and energy of one agent, from either store.
#pragma once

#include <span>

#include "ems/core/result.hpp"
#include "ems/io/store/row_source.hpp"
#include "ems/query/downsample.hpp"
#include "ems/query/energy.hpp"

namespace ems::io {

/// Fills the buckets of a grid. Reads a little beyond both ends, so that a bucket is the same
/// whichever range it is asked in.
///
/// @param points  Points wanted, in this order; empty: every point that occurs.
/// @errors        as RowSource::read, query::Downsampler::create and ::row.
/// @memory        as query::Downsampler.
[[nodiscard]] Result<query::Downsampler> read_buckets(RowSource& source, query::Grid grid,
                                                      std::span<const Point> points = {},
                                                      const query::DownsampleOptions& options = {});

/// Fills the energy ledger of a grid. Reads beyond both ends as far as a counter's readings need,
/// at most `bridge_max`.
///
/// @errors  as RowSource::read, query::EnergyLedger::create and ::row.
/// @memory  as query::EnergyLedger.
[[nodiscard]] Result<query::EnergyLedger> read_energy(RowSource& source, query::Grid grid,
                                                      const query::EnergyOptions& options = {});

}  // namespace ems::io
