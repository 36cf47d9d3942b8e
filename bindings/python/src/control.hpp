// SPDX-License-Identifier: Apache-2.0
// What safety, decision and simulation share: values into an image, results into dicts.
#pragma once

#include "ems/decision/decision.hpp"
#include "ems/io/config/tables_config.hpp"
#include "ems/runtime/site_image.hpp"
#include "ems/safety/kernel.hpp"
#include "native.hpp"

namespace ems::python {

/// A native set of limits: `Limits` of the limits file.
struct LimitsHandle {
  safety::Chemistry chemistry{};
  safety::Limits limits;
};

/// Takes values as of `now` into the image: all of them, or none.
///
/// @param values  name -> number, sequence of numbers (an element signal), or None (unknown).
void put_values(runtime::SiteImage& image, const py::dict& values, Instant now,
                Duration stale_after);

/// None, or the number of watts.
[[nodiscard]] py::object watts(const std::optional<Watt>& power);
/// Seconds of the clock that `now` arguments are on.
[[nodiscard]] double seconds_of(Duration duration);
[[nodiscard]] py::dict to_dict(const Event& event);
[[nodiscard]] py::dict to_dict(const safety::Output& output);
[[nodiscard]] py::dict to_dict(const decision::Decision& decision, Instant now);
[[nodiscard]] py::list to_list(const safety::Latch& latch);

// ---- policies.cpp: what ems/decision.py describes -----------------------------------------------

/// Tables that were checked; shared, so that a simulated site may keep one.
struct ScheduleHandle {
  std::shared_ptr<const io::ScheduleFile> table;
};
struct PlanHandle {
  std::shared_ptr<const io::PlanFile> table;
};
struct PriceHandle {
  std::shared_ptr<const io::PriceFile> table;
};

/// Policies by name.
[[nodiscard]] decision::Config policies_of(const py::dict& policies);
[[nodiscard]] decision::ActorName actor_of(py::handle actor);
/// Rows of SetpointCommand and LimitCommand.
[[nodiscard]] decision::SetpointCommand setpoint_of(py::handle command);
[[nodiscard]] decision::LimitCommand limit_of(py::handle command);
[[nodiscard]] decision::PowerLimits limits_of(py::handle discharge_max_w, py::handle charge_max_w);
/// Row of WallTime: utc in us, utc_offset_s, quality, unsynced_s.
[[nodiscard]] decision::WallTime wall_of(const py::tuple& row);

}  // namespace ems::python
