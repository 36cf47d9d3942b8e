// SPDX-License-Identifier: Apache-2.0
/// @file The durable form of the safety latch: what is stored under kLatchKey in the edge store.
#pragma once

#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/safety/kernel.hpp"

namespace ems::runtime {

inline constexpr std::string_view kLatchKey = "safety.latch";

/// Version byte, number of trips, then (cause, asset kind, module, index be16) each. Times are not
/// kept: they are monotonic, and mean nothing after a restart.
/// @thread_safety Pure functions.
[[nodiscard]] std::vector<std::byte> encode_latch(const safety::Latch& latch);

/// @errors corrupt  not what encode_latch() writes; the caller starts TRIPPED.
[[nodiscard]] Result<safety::Latch> decode_latch(Bytes record);

}  // namespace ems::runtime
