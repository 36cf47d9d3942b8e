// SPDX-License-Identifier: Apache-2.0
/// @file Every safety limit with its key: what loading, hashing and printing walk over.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ems/safety/limits.hpp"

namespace ems::io::config {

/// A point of a curve in integer units; the share in basis points.
struct CurvePoint {
  std::int64_t x = 0;
  std::int64_t share = 0;
};

struct LimitField {
  std::string_view key{};        ///< In limits.yaml: `cell_voltage_max.trip_v`.
  std::string_view member{};     ///< In safety::Limits: `cell_voltage_max.trip`.
  std::string_view canonical{};  ///< With its integer unit: `cell_voltage_max.trip_mv`.
  /// The trip that this clear follows when the file names only the trip; else empty.
  std::string_view follows{};
  std::int64_t (*get)(const safety::Limits&) = nullptr;  ///< Of a number.
  void (*set)(safety::Limits&, std::int64_t) = nullptr;
  std::vector<CurvePoint> (*curve)(const safety::Limits&) = nullptr;  ///< Of a curve.
  void (*set_curve)(safety::Limits&, std::span<const CurvePoint>) = nullptr;
};

/// In the order of safety::Limits. The order is part of the hash.
[[nodiscard]] std::span<const LimitField> limit_fields() noexcept;

}  // namespace ems::io::config
