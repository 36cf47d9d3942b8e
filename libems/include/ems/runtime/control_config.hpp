// SPDX-License-Identifier: Apache-2.0
/// @file From the checked site file and limits to the control loop's configuration.
#pragma once

#include <string>

#include "ems/io/config/limits_config.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/runtime/control_loop.hpp"

namespace ems::runtime {

/// Builds what the control loop runs with. Current limits are the tighter of the limits file's and
/// the battery's own in the site file. Without a valid limits file the chemistry's defaults are
/// used for monitoring; arming is then disarmed.
///
/// @param permission  From io::control_permission().
/// @errors            invalid_argument, too_wide ...  as safety::validate() and
///                    decision::validate(); not_found  no battery or no inverter.
///                    `what` says which.
/// @thread_safety     Pure function.
[[nodiscard]] Result<ControlConfig> make_control_config(const io::SiteConfig& site,
                                                        const io::ControlPermission& permission);

}  // namespace ems::runtime
