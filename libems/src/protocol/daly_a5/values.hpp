// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the data of a reply say.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/model/point.hpp"

namespace ems::protocol::daly_a5 {

/// Gives the values of a checked reply.
///
/// @param cells    Cells in series; 0: not known.
/// @param sensors  Temperature sensors; 0: not known.
/// @errors         unimplemented  libems does not read the command; offset = its byte.
[[nodiscard]] Result<void> give_values(std::uint8_t command, Bytes reply, std::uint8_t cells,
                                       std::uint8_t sensors, ReadingSink& sink) noexcept;

/// Name of a bit of `vendor_alarms`.
[[nodiscard]] std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept;

inline constexpr std::size_t kCellsPerFrame = 3;
inline constexpr std::size_t kSensorsPerFrame = 7;
inline constexpr std::size_t kCellsMax = 48;
inline constexpr std::size_t kSensorsMax = 16;

}  // namespace ems::protocol::daly_a5
