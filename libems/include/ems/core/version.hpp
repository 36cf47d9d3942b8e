// SPDX-License-Identifier: Apache-2.0
/// @file Version of libems, as in CMakeLists.txt (a test compares the two).
#pragma once

#include <string_view>

namespace ems {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace ems
