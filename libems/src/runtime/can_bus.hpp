// SPDX-License-Identifier: Apache-2.0
/// @file The CAN bus that a site file describes. Private to runtime.
#pragma once

#include <memory>

#include "ems/io/config/site_config.hpp"
#include "ems/io/link/can_link.hpp"
#include "ems/runtime/driver_wiring.hpp"

namespace ems::runtime {

/// Makes the link of a battery, recorded where the file says so.
///
/// @param bit_rate  The protocol's, where the file states none.
/// @return          nullptr where the battery's link is no CAN bus.
[[nodiscard]] std::unique_ptr<io::CanLink> make_can_bus(const DriverWiring& wiring,
                                                        const io::BatteryConfig& battery,
                                                        std::uint32_t bit_rate);

}  // namespace ems::runtime
