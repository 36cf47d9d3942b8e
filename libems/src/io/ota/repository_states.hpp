// SPDX-License-Identifier: Apache-2.0
/// @file How far the files of a repository have come. Private to io.
#pragma once

#include <string>
#include <string_view>

#include "ems/io/ota/repository_folder.hpp"
#include "io/ota/repository_view.hpp"

namespace ems::io::repository {

/// @errors malformed. not_found  nobody delegates to the role.
[[nodiscard]] Result<RoleState> state_of(const View& view, std::string_view role,
                                         const std::string& text);

}  // namespace ems::io::repository
