// SPDX-License-Identifier: Apache-2.0
/// @file Every safety limit with its key: what loading, hashing and printing walk over.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ems/safety/limits.hpp"

namespace ems::io::config {

struct LimitField {
  std::string_view key{};        ///< In limits.yaml: `cell_voltage_max.trip_v`.
  std::string_view member{};     ///< In safety::Limits: `cell_voltage_max.trip`.
  std::string_view canonical{};  ///< With its integer unit: `cell_voltage_max.trip_mv`.
  /// The trip that this clear follows when the file names only the trip; else empty.
  std::string_view follows{};
  std::int64_t (*get)(const safety::Limits&);
  void (*set)(safety::Limits&, std::int64_t);
};

/// In the order of safety::Limits. The order is part of the hash.
[[nodiscard]] std::span<const LimitField> limit_fields() noexcept;

}  // namespace ems::io::config
