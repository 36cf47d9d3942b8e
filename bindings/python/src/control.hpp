// SPDX-License-Identifier: Apache-2.0
// What safety, decision and simulation share: values into an image, results into dicts.
#pragma once

#include "ems/decision/decision.hpp"
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

/// Policies by name; see ems/decision.py.
[[nodiscard]] decision::Config policies_of(const py::dict& policies);

}  // namespace ems::python
