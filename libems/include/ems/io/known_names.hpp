// SPDX-License-Identifier: Apache-2.0
/// @file The protocols and packs of this build, for checking a site file.
#pragma once

#include "ems/io/config/site_config.hpp"

namespace ems::io {

/// Names of every codec and embedded pack.
///
/// @thread_safety Pure function.
[[nodiscard]] KnownNames known_names();

}  // namespace ems::io
