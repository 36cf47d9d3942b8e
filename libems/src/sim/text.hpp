// SPDX-License-Identifier: Apache-2.0
/// @file Small helpers for the simulator's text forms.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>

#include "ems/core/time.hpp"

namespace ems::sim::text {

inline constexpr double kMicrosPerSecond = 1e6;

[[nodiscard]] inline std::string_view trim(std::string_view s) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = s.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(kBlank) - first + 1);
}

/// The whole of `s` as a finite number; a leading + is allowed.
[[nodiscard]] inline std::optional<double> number(std::string_view s) {
  if (s.size() > 1 && s.front() == '+' && s[1] != '-') s.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error != std::errc{} || end != s.data() + s.size() || !std::isfinite(value)) return {};
  return value;
}

/// @pre |s| < 1e12.
[[nodiscard]] inline Duration duration_of_s(double s) {
  return microseconds(std::llround(s * kMicrosPerSecond));
}
[[nodiscard]] inline double s_of(Duration d) {
  return static_cast<double>(d.count()) / kMicrosPerSecond;
}

/// Walks the lines of a text; number() counts from 1.
class Lines {
 public:
  explicit Lines(std::string_view all) : rest_(all) {}
  bool next() {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    return true;
  }
  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::string_view line_;
  std::size_t number_ = 0;
};

}  // namespace ems::sim::text
