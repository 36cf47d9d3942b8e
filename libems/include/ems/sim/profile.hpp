// SPDX-License-Identifier: Apache-2.0
/// @file What the site's load takes and its PV gives, as a function of time: seeded shapes or rows
/// of a CSV.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::sim {

/// Load and PV at one moment, in watts; both >= 0.
struct ProfilePower {
  double load_w = 0.0;
  double pv_w = 0.0;
  friend bool operator==(const ProfilePower&, const ProfilePower&) = default;
};

/// A household day. Shapes are ours, not measurements.
struct ShapeConfig {
  double load_base_w = 400.0;      ///< Always there.
  double load_evening_w = 1500.0;  ///< Height of the evening bump; the morning's is 60 % of it.
  double load_step_w = 800.0;      ///< Largest appliance that switches on and off at random.
  double pv_peak_w = 4000.0;       ///< Noon without clouds.
  double cloud_depth = 0.3;        ///< 0 .. 1: share of the sun a cloud can take.
  double start_hour = 10.0;        ///< Time of day at Instant zero, 0 .. 24.
  Duration day = seconds(86'400);  ///< Length of one simulated day: shorter compresses the shapes.
};

/// A pure function of time.
class Profile {
 public:
  /// Seeded shapes. @pre config.day > 0.
  [[nodiscard]] static Profile shaped(const ShapeConfig& config, std::uint64_t seed);

  /// Rows `t_s,load_w,pv_w` under that header line, t_s ascending from 0; a row holds until the
  /// next one, the last row for ever. Blank lines and lines that begin with # are skipped.
  ///
  /// @param text  The whole file.
  /// @errors      syntax       no header, a wrong number of columns, or no number.
  ///              out_of_range  t_s not ascending, a first t_s that is not 0, a negative power.
  ///              missing_key  no row at all. offset = line, counted from 1.
  [[nodiscard]] static Result<Profile> from_csv(std::string_view text);

  /// Load and PV at `now` (>= 0). @thread_safety Pure function.
  [[nodiscard]] ProfilePower at(Instant now) const;

 private:
  struct Row {
    Instant from;
    ProfilePower power;
  };
  Profile() = default;

  std::vector<Row> rows_;  ///< Empty: shapes.
  ShapeConfig shape_;
  std::uint64_t seed_ = 0;
};

}  // namespace ems::sim
