// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/profile.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "ems/core/assert.hpp"
#include "ems/sim/random.hpp"
#include "text.hpp"

namespace ems::sim {
namespace {

// Streams of the seed.
constexpr std::uint64_t kLoadNoise = 1;
constexpr std::uint64_t kClouds = 2;
constexpr std::uint64_t kAppliance = 3;

constexpr double kHoursPerDay = 24.0;
constexpr double kLoadNoiseShare = 0.05;
constexpr double kMorningShare = 0.6;
constexpr double kApplianceChance = 0.2;
// Details of a day become no shorter than this when the day is compressed: a load that jumps
// faster than anything can follow tells nothing.
constexpr double kNoisePerDay = 1440.0, kNoiseShortest_s = 2.0;
constexpr double kCloudsPerDay = 288.0, kCloudShortest_s = 5.0;
constexpr double kAppliancePerDay = 480.0, kApplianceShortest_s = 20.0;

double bump(double hour, double centre, double width) {
  const double x = (hour - centre) / width;
  return std::exp(-0.5 * x * x);
}

/// Sun over the horizon from 6 to 18 o'clock, 0 .. 1.
double sun(double hour) {
  if (hour <= 6.0 || hour >= 18.0) return 0.0;
  const double elevation = std::sin(std::numbers::pi * (hour - 6.0) / 12.0);
  return elevation * std::sqrt(elevation);
}

Result<std::array<double, 3>> parse_row(std::string_view line, std::size_t number) {
  std::array<double, 3> values{};
  for (std::size_t column = 0; column < values.size(); ++column) {
    const std::size_t comma = line.find(',');
    const bool last = column + 1 == values.size();
    if ((comma == std::string_view::npos) != last) {
      return fail(Errc::syntax, number, "profile: expected three columns t_s,load_w,pv_w");
    }
    const std::optional<double> value = text::number(text::trim(line.substr(0, comma)));
    if (!value) return fail(Errc::syntax, number, "profile: not a number");
    values[column] = *value;
    if (!last) line.remove_prefix(comma + 1);
  }
  return values;
}

}  // namespace

Profile Profile::shaped(const ShapeConfig& config, std::uint64_t seed) {
  EMS_ASSERT(config.day > Duration::zero());
  Profile profile;
  profile.shape_ = config;
  profile.seed_ = seed;
  return profile;
}

Result<Profile> Profile::from_csv(std::string_view csv) {
  constexpr double kLongest_s = 1e9;
  Profile profile;
  bool header = false;
  for (text::Lines lines(csv); lines.next();) {
    const std::string_view line = text::trim(lines.line());
    if (line.empty() || line.front() == '#') continue;
    if (!header) {
      if (line != "t_s,load_w,pv_w") {
        return fail(Errc::syntax, lines.number(), "profile: expected the header t_s,load_w,pv_w");
      }
      header = true;
      continue;
    }
    const Result<std::array<double, 3>> row = parse_row(line, lines.number());
    if (!row) return fail(row.error());
    const auto [t_s, load_w, pv_w] = row.value();
    if (t_s < 0.0 || t_s > kLongest_s || load_w < 0.0 || pv_w < 0.0) {
      return fail(Errc::out_of_range, lines.number(), "profile: negative, or a time too large");
    }
    const Instant from{text::duration_of_s(t_s)};
    if (profile.rows_.empty() ? from != Instant{} : from <= profile.rows_.back().from) {
      return fail(Errc::out_of_range, lines.number(), "profile: t_s must ascend from 0");
    }
    profile.rows_.push_back({from, {load_w, pv_w}});
  }
  if (!header) return fail(Errc::syntax, 1, "profile: expected the header t_s,load_w,pv_w");
  if (profile.rows_.empty()) return fail(Errc::missing_key, 1, "profile: no rows");
  return profile;
}

ProfilePower Profile::at(Instant now) const {
  if (!rows_.empty()) {
    const auto after = std::upper_bound(rows_.begin(), rows_.end(), now,
                                        [](Instant t, const Row& row) { return t < row.from; });
    return after == rows_.begin() ? rows_.front().power : std::prev(after)->power;
  }
  const double t_s = text::s_of(now.since_zero());
  const double day_s = text::s_of(shape_.day);
  const double hour = std::fmod(shape_.start_hour + t_s / day_s * kHoursPerDay, kHoursPerDay);

  const double noise_s = std::max(day_s / kNoisePerDay, kNoiseShortest_s);
  const double cloud_s = std::max(day_s / kCloudsPerDay, kCloudShortest_s);
  const double appliance_s = std::max(day_s / kAppliancePerDay, kApplianceShortest_s);

  double load_w =
      shape_.load_base_w +
      shape_.load_evening_w * (bump(hour, 19.0, 1.6) + kMorningShare * bump(hour, 7.5, 1.0));
  load_w *= 1.0 + kLoadNoiseShare * smooth_noise(seed_, kLoadNoise, t_s / noise_s);
  const auto slot = static_cast<std::uint64_t>(t_s / appliance_s);
  if (uniform(seed_, kAppliance, 2 * slot) < kApplianceChance) {
    load_w += shape_.load_step_w * uniform(seed_, kAppliance, 2 * slot + 1);
  }
  const double cloud = 0.5 + 0.5 * smooth_noise(seed_, kClouds, t_s / cloud_s);
  const double pv_w = shape_.pv_peak_w * sun(hour) * (1.0 - shape_.cloud_depth * cloud);
  return {load_w, pv_w};
}

}  // namespace ems::sim
