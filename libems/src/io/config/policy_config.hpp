// SPDX-License-Identifier: Apache-2.0
/// @file `policies:` of the site file: from its keys to decision's own structs, and the rules that
/// no single key can state.
#pragma once

#include <filesystem>

#include "ems/io/config/site_config.hpp"
#include "io/config/reader.hpp"

namespace ems::io::config {

/// @pre The file has no errors.
[[nodiscard]] PoliciesConfig bind_policies(const Section& policies, GridProfileName grid,
                                           const std::filesystem::path& file);

/// Reports every contradiction between keys of one policy. Sections with wrong keys are left out.
void check_policies(const Section& policies, Reader& reader);

}  // namespace ems::io::config
