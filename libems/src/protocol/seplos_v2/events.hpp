// SPDX-License-Identifier: Apache-2.0
/// @file Private: the event bytes of Seplos V2 boards, the same in ASCII and binary frames.
/// @source docs/protocols/seplos_v2.md.
#pragma once

#include "protocol/ascii/parts.hpp"

namespace ems::protocol::seplos_v2 {

/// Bytes 1 to 6.
inline constexpr ascii::EventBit kEvents[] = {
    // Sensors and switches.
    {0, 0, ascii::Severity::protection, Alarm::internal_failure},
    {0, 1, ascii::Severity::protection, Alarm::internal_failure},
    {0, 2, ascii::Severity::protection, Alarm::internal_failure},
    {0, 4, ascii::Severity::protection, Alarm::internal_failure},  // A cell dropped out.
    {0, 5, ascii::Severity::protection, Alarm::internal_failure},
    {0, 6, ascii::Severity::protection, Alarm::internal_failure},
    {0, 7, ascii::Severity::protection, Alarm::internal_failure},
    // Voltages.
    {1, 0, ascii::Severity::warning, Alarm::cell_overvoltage},
    {1, 1, ascii::Severity::protection, Alarm::cell_overvoltage},
    {1, 2, ascii::Severity::warning, Alarm::cell_undervoltage},
    {1, 3, ascii::Severity::protection, Alarm::cell_undervoltage},
    {1, 4, ascii::Severity::warning, Alarm::pack_overvoltage},
    {1, 5, ascii::Severity::protection, Alarm::pack_overvoltage},
    {1, 6, ascii::Severity::warning, Alarm::pack_undervoltage},
    {1, 7, ascii::Severity::protection, Alarm::pack_undervoltage},
    // Temperatures of the cells.
    {2, 0, ascii::Severity::warning, Alarm::charge_overtemperature},
    {2, 1, ascii::Severity::protection, Alarm::charge_overtemperature},
    {2, 2, ascii::Severity::warning, Alarm::charge_undertemperature},
    {2, 3, ascii::Severity::protection, Alarm::charge_undertemperature},
    {2, 4, ascii::Severity::warning, Alarm::discharge_overtemperature},
    {2, 5, ascii::Severity::protection, Alarm::discharge_overtemperature},
    {2, 6, ascii::Severity::warning, Alarm::discharge_undertemperature},
    {2, 7, ascii::Severity::protection, Alarm::discharge_undertemperature},
    // Ambient, power stage, heater.
    {3, 0, ascii::Severity::warning, Alarm::overtemperature},
    {3, 1, ascii::Severity::protection, Alarm::overtemperature},
    {3, 2, ascii::Severity::warning, Alarm::undertemperature},
    {3, 3, ascii::Severity::protection, Alarm::undertemperature},
    {3, 4, ascii::Severity::protection, Alarm::mosfet_overtemperature},
    {3, 5, ascii::Severity::warning, Alarm::mosfet_overtemperature},
    {3, 6, ascii::Severity::status},
    // Currents; the last two are latched.
    {4, 0, ascii::Severity::warning, Alarm::charge_overcurrent},
    {4, 1, ascii::Severity::protection, Alarm::charge_overcurrent},
    {4, 2, ascii::Severity::warning, Alarm::discharge_overcurrent},
    {4, 3, ascii::Severity::protection, Alarm::discharge_overcurrent},
    {4, 4, ascii::Severity::protection, Alarm::discharge_overcurrent},
    {4, 5, ascii::Severity::protection, Alarm::short_circuit},
    {4, 6, ascii::Severity::protection, Alarm::discharge_overcurrent},
    {4, 7, ascii::Severity::protection, Alarm::short_circuit},
    // Charging above its voltage, charge left, the output; bit 1 waits for the next charge.
    {5, 0, ascii::Severity::protection, Alarm::pack_overvoltage},
    {5, 1, ascii::Severity::status},
    {5, 2, ascii::Severity::warning, Alarm::soc_low},
    {5, 3, ascii::Severity::protection, Alarm::soc_low},
    {5, 5, ascii::Severity::protection, Alarm::internal_failure},  // Reverse polarity.
    {5, 6, ascii::Severity::protection, Alarm::internal_failure},  // Output connection.
};
inline constexpr ascii::EventBit kMemory[] = {
    {0, 0, ascii::Severity::protection, Alarm::internal_failure}};

inline constexpr unsigned kMemoryFrom = 48;
inline constexpr ascii::VendorBit kVendorBits[] = {
    {3, "key"},
    {44, "charge_forbidden_low_voltage"},
    {49, "clock"},
    {50, "voltage_not_calibrated"},
    {51, "current_not_calibrated"},
    {52, "zero_not_calibrated"},
};

}  // namespace ems::protocol::seplos_v2
