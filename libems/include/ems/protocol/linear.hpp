// SPDX-License-Identifier: Apache-2.0
/// @file How a number on the wire becomes one of the catalogue, for protocols that are tables.
#pragma once

#include <cstdint>

namespace ems::protocol {

/// Catalogue unit = raw * scale / divide + offset; divided towards zero.
struct Linear {
  std::int32_t scale = 1;
  std::int32_t offset = 0;
  std::int32_t divide = 1;  ///< > 0.
};

inline constexpr Linear kDeciKelvin{.scale = 100, .offset = -273'100};  ///< 0 degC is 2731.
inline constexpr Linear kDeciCelsius{.scale = 100};
inline constexpr Linear kFrom40Below{.scale = 1'000, .offset = -40'000};  ///< 0 is -40 degC.

}  // namespace ems::protocol
