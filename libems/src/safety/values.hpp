// SPDX-License-Identifier: Apache-2.0
/// @file Private: one battery's inputs as the rules read them: a usable number, or unknown.
#pragma once

#include <array>

#include "safety/view.hpp"

namespace ems::safety::detail {

/// Where a rule's number comes from.
enum class Source : std::uint8_t {
  // Optional: in the order of BmsSignal, then of HazardInput.
  charge_voltage_limit,
  discharge_voltage_limit,
  charge_current_limit,
  discharge_current_limit,
  charge_fet_on,
  discharge_fet_on,
  charge_enable,
  discharge_enable,
  alarms,  ///< Known only; see Values::alarms().
  insulation,
  smoke,
  gas,
  contactor,
  // Needed.
  cell_max,
  cell_min,
  cell_spread,
  temp_max,
  temp_min,
  temp_spread,
  voltage,
  charging,     ///< Current that charges, as a magnitude; negative while discharging.
  discharging,  ///< The other way round.
  soc,
  none,
};
inline constexpr std::size_t kSources = static_cast<std::size_t>(Source::none);
inline constexpr unsigned kHazardsFrom = static_cast<unsigned>(Source::insulation);
static_assert(kHazardsFrom == static_cast<unsigned>(BmsSignal::alarms) + 1);

[[nodiscard]] constexpr bool optional(Source source) noexcept { return source < Source::cell_max; }
/// Bit of an optional source in BatteryState::seen.
[[nodiscard]] constexpr std::uint16_t seen_bit(Source source) noexcept {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(source));
}
/// The optional inputs that the configuration says are there, in the bits of BatteryState::seen.
[[nodiscard]] constexpr std::uint16_t declared(const BatteryConfig& config) noexcept {
  return static_cast<std::uint16_t>(config.bms_required | unsigned{config.hazards_wired}
                                                              << kHazardsFrom);
}

/// Calls visit(source, signal, input) for each of the optional inputs.
template <class In, class Visit>
constexpr void for_each_optional(In& in, const Visit& visit) noexcept {
  visit(Source::charge_voltage_limit, Signal::charge_voltage_limit, in.charge_voltage_limit);
  visit(Source::discharge_voltage_limit, Signal::discharge_voltage_limit,
        in.discharge_voltage_limit);
  visit(Source::charge_current_limit, Signal::charge_current_limit, in.charge_current_limit);
  visit(Source::discharge_current_limit, Signal::discharge_current_limit,
        in.discharge_current_limit);
  visit(Source::charge_fet_on, Signal::charge_fet_on, in.charge_fet_on);
  visit(Source::discharge_fet_on, Signal::discharge_fet_on, in.discharge_fet_on);
  visit(Source::charge_enable, Signal::charge_enable, in.charge_enable);
  visit(Source::discharge_enable, Signal::discharge_enable, in.discharge_enable);
  visit(Source::alarms, Signal::alarms, in.alarms);
  visit(Source::insulation, Signal::insulation_resistance, in.insulation_resistance);
  visit(Source::smoke, Signal::smoke_detected, in.smoke_detected);
  visit(Source::gas, Signal::gas_detected, in.gas_detected);
  visit(Source::contactor, Signal::contactor_closed, in.contactor_closed);
}

struct Value {
  bool known = false;
  std::int32_t value = 0;
  std::uint16_t element = 0;  ///< As in Reason.
};

/// The usable numbers of one battery in one cycle. Nonsense (a lowest above its highest, a state of
/// charge of 120 %) is unknown.
class Values {
 public:
  explicit Values(const Battery& battery) noexcept;

  [[nodiscard]] const Value& operator[](Source source) const noexcept {
    return values_[static_cast<std::size_t>(source)];
  }
  [[nodiscard]] std::uint64_t alarms() const noexcept { return alarms_; }
  /// Optional inputs that are there, usable or not, in the bits of BatteryState::seen.
  [[nodiscard]] std::uint16_t given() const noexcept { return given_; }

 private:
  void pair(Source highest, Source lowest, Source spread) noexcept;
  [[nodiscard]] Value& at(Source source) noexcept {
    return values_[static_cast<std::size_t>(source)];
  }

  std::array<Value, kSources> values_{};
  std::uint64_t alarms_ = 0;
  std::uint16_t given_ = 0;
};

}  // namespace ems::safety::detail
