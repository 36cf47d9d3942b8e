// SPDX-License-Identifier: Apache-2.0
/// @file Private: what one cycle goes by, for the whole site and for one of its batteries.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "ems/safety/kernel.hpp"

namespace ems::safety::detail {

inline constexpr std::int32_t kWhole = 10'000;  ///< Basis points.

[[nodiscard]] constexpr std::int64_t magnitude(std::int64_t value) noexcept {
  return value < 0 ? -value : value;
}
[[nodiscard]] constexpr std::int32_t narrow(std::int64_t value) noexcept {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(value, -kMost, kMost));
}
[[nodiscard]] constexpr std::int64_t share_of(std::int64_t whole, BasisPoints share) noexcept {
  return whole * share.count() / kWhole;
}

/// True when Config::batteries[battery] feeds this inverter.
[[nodiscard]] constexpr bool feeds(const InverterConfig& inverter, std::size_t battery) noexcept {
  return (static_cast<unsigned>(inverter.batteries) >> battery & 1U) != 0;
}

/// The whole site. An entry of the inputs that is absent, or names another asset than the
/// configuration's, is one of which everything is missing.
struct Site {
  const Config& config;
  const Inputs& inputs;
  Instant now{};
  Duration passed{};  ///< Since the cycle before; negative: the clock went backwards.

  [[nodiscard]] const BatteryInputs& battery(std::size_t i) const noexcept {
    return matching(inputs.batteries, i, config.batteries[i].asset);
  }
  [[nodiscard]] const InverterInputs& inverter(std::size_t i) const noexcept {
    return matching(inputs.inverters, i, config.inverters[i].asset);
  }

 private:
  template <class T>
  static const T& matching(std::span<const T> inputs, std::size_t i, AssetId asset) noexcept {
    static constexpr T kMissing{};
    return i < inputs.size() && inputs[i].asset == asset ? inputs[i] : kMissing;
  }
};

/// One of its batteries.
struct Battery {
  const Site& site;
  std::size_t index = 0;
  const BatteryConfig& config = site.config.batteries[index];
  const Limits& limits = config.limits;
  const BatteryInputs& in = site.battery(index);

  /// The count that a rule may use, if there is one.
  template <class Q>
  [[nodiscard]] std::optional<std::int32_t> value(const OptionalInput<Q>& input) const noexcept {
    if (!input || !input->usable(site.now, limits.stale_after_max)) return std::nullopt;
    return static_cast<std::int32_t>(input->sample.value.count());
  }
};

}  // namespace ems::safety::detail
