// SPDX-License-Identifier: Apache-2.0
/// @file A battery of modules in parallel as one: totals computed from the values of its modules.
///
/// | total | of |
/// |---|---|
/// | sum | current, power, capacities, energies |
/// | mean | pack voltage, rounded |
/// | weakest | charge and discharge current limits: the lowest of the modules, times their number,
/// since modules in parallel share the current alike | | lowest, highest | the extreme that is
/// nearest to harm: cell and sensor extremes, voltage limits, state of health, cycles | | all, any
/// | permissions need all modules; alarms, warnings and requests need one |
///
/// State of charge is the charge left over the charge when full where all modules say both, else
/// the mean of what the modules say. Where modules give cells or sensors but no extremes, the
/// extremes are those of the cells and sensors.
///
/// A total that lacks one module's usable value is not made: it grows stale in the image, and
/// unknown is what safety acts on. It is as old as the oldest of its parts.
#pragma once

#include "ems/core/static_vector.hpp"
#include "ems/model/image.hpp"

namespace ems {

/// Most totals module_totals() gives.
inline constexpr std::size_t kModuleTotalsMax = 40;

using ModuleTotals = StaticVector<PointSample, kModuleTotalsMax>;

/// Computes the totals of `battery` from its modules 1 .. `modules`.
///
/// @param battery  The whole battery: battery.module is 0.
/// @param modules  1 .. 255.
/// @param now      Not before any sample of the image.
/// @return         Samples of `battery`, quality substituted; module_count among them.
/// @thread_safety  Pure function.
/// @memory         2 kB on the stack; never allocates.
[[nodiscard]] ModuleTotals module_totals(const ProcessImage& image, AssetId battery,
                                         std::uint8_t modules, Instant now) noexcept;

}  // namespace ems
