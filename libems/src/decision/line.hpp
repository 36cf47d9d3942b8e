// SPDX-License-Identifier: Apache-2.0
/// @file The line that explain() writes, and what its parts share.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/decimal.hpp"
#include "ems/decision/decision.hpp"

namespace ems::decision {

/// The line being written. Watts become kW with all their digits.
class Line {
 public:
  Line& operator<<(std::string_view text) noexcept {
    text_.append(text);
    return *this;
  }
  Line& operator<<(PolicyId policy) noexcept {
    if (static_cast<std::uint8_t>(policy) < kHostPolicyFirst) return *this << to_string(policy);
    return (*this << "host policy ").number(static_cast<std::uint8_t>(policy), 0);
  }
  Line& number(std::int64_t count, int digits) noexcept {
    char room[kDecimalTextSize];
    return *this << format_decimal(count, digits, room);
  }
  /// "-1.4"
  Line& kw(Watt power) noexcept { return number(power.count(), 3); }
  /// "1.4 kW discharge"
  Line& power(Watt power) noexcept {
    magnitude(power) << " kW";
    if (power > Watt{}) *this << " discharge";
    if (power < Watt{}) *this << " charge";
    return *this;
  }
  Line& magnitude(Watt power) noexcept {
    const std::int64_t count = power.count();
    return number(count < 0 ? -count : count, 3);
  }
  /// "80.0 %"
  Line& percent(std::int64_t basis_points) noexcept { return number(basis_points, 2) << " %"; }
  /// "37.5 s"
  Line& time(Duration span) noexcept { return number(span.count() / 100'000, 1) << " s"; }
  Line& interval(Watt lo, Watt hi) noexcept {
    return ((*this << "[").kw(lo) << ", ").kw(hi) << "] kW";
  }
  [[nodiscard]] std::string_view view() const noexcept { return text_.view(); }

 private:
  FixedString<kExplanationSize> text_;
};

/// "grid import would be 9.4 kW": what the meter would show without the battery.
inline void tell_net_load(Line& line, Watt power) noexcept {
  line << (power < Watt{} ? "grid export would be " : "grid import would be ");
  line.magnitude(power) << " kW";
}

/// What a policy said it saw.
[[nodiscard]] inline std::optional<std::int64_t> value_of(const Decision& decision, PolicyId policy,
                                                          Input input) noexcept {
  for (const InputAge& seen : decision.inputs) {
    if (seen.policy == policy && seen.input == input && seen.usable) return seen.value;
  }
  return std::nullopt;
}

/// Why an ECONOMIC or LONGEVITY policy asks for what it asks; ends in ": " or says nothing.
void tell_economic_cause(Line& line, const Decision& decision, const PolicyOutput& output) noexcept;

}  // namespace ems::decision
