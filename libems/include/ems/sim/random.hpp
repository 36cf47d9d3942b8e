// SPDX-License-Identifier: Apache-2.0
/// @file Reproducible random numbers for the simulator: functions of (seed, stream, index), no
/// state, the same on every machine.
#pragma once

#include <cmath>
#include <cstdint>

namespace ems::sim {

/// 64 well-mixed bits (the finaliser of SplitMix64, applied to each argument in turn).
/// @thread_safety Pure function, like all of this file.
[[nodiscard]] constexpr std::uint64_t hash64(std::uint64_t seed, std::uint64_t stream,
                                             std::uint64_t index) noexcept {
  const auto mix = [](std::uint64_t z) {
    z += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  };
  return mix(mix(mix(seed) ^ stream) ^ index);
}

/// Uniform in [0, 1).
[[nodiscard]] constexpr double uniform(std::uint64_t seed, std::uint64_t stream,
                                       std::uint64_t index) noexcept {
  return static_cast<double>(hash64(seed, stream, index) >> 11) * 0x1.0p-53;
}

/// Uniform in [-1, 1).
[[nodiscard]] constexpr double spread(std::uint64_t seed, std::uint64_t stream,
                                      std::uint64_t index) noexcept {
  return 2.0 * uniform(seed, stream, index) - 1.0;
}

/// Smooth noise in [-1, 1): one random value per unit of `x`, joined without corners.
/// @param x  Any non-negative finite number.
[[nodiscard]] inline double smooth_noise(std::uint64_t seed, std::uint64_t stream,
                                         double x) noexcept {
  const double whole = std::floor(x);
  const double part = x - whole;
  const auto index = static_cast<std::uint64_t>(whole);
  const double a = spread(seed, stream, index);
  const double b = spread(seed, stream, index + 1);
  return a + (b - a) * (part * part * (3.0 - 2.0 * part));
}

}  // namespace ems::sim
