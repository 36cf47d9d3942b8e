// SPDX-License-Identifier: Apache-2.0
/// @file A site's state for people: a page, one line of a live table, or JSON with SI names.
#pragma once

#include <string>

#include "ems/runtime/site_port.hpp"

namespace ems::runtime {

/// Several lines: devices and their values, safety, decision, uplink, rows.
/// @thread_safety Pure functions, all of this file.
[[nodiscard]] std::string status_text(const SiteStatus& status);

/// One JSON object. `assets` maps each asset to `values` (SI names of the catalogue; null is
/// unknown: stale or bad), `quality` and `age_s` per name; also `safety`, `decision`, `uplink`,
/// `rows`, `links`.
[[nodiscard]] std::string status_json(const SiteStatus& status);

/// Head of the live table.
[[nodiscard]] std::string table_head();
/// One line of it: time, PV, load, battery, grid, SoC, envelope, state, winner, reason.
[[nodiscard]] std::string table_line(const SiteStatus& status);

}  // namespace ems::runtime
