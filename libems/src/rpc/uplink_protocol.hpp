// SPDX-License-Identifier: Apache-2.0
/// @file The version that both ends of UplinkService speak.
#pragma once

#include <cstdint>

namespace ems::rpc {

inline constexpr std::uint32_t kUplinkProtocolVersion = 1;

}  // namespace ems::rpc
