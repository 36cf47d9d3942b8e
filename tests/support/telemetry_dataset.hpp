// SPDX-License-Identifier: Apache-2.0
/// @file The data set that telemetry is measured on: one battery and its inverter, 50 signals at
/// 1 Hz, made from a seed. Same seed, same rows, on every machine.
///
/// 16 cell voltages (1 mV steps, open-circuit drift + I R + 0.4 mV of noise), 4 temperatures 0.1 C,
/// pack voltage 10 mV, current 0.1 A (noise 0.25 A), SoC and SoH 0.1 %, power 1 W (noise 15 W),
/// energy counters, minima and maxima, frequency 10 mHz, 3 phase voltages 0.1 V, 3 phase currents
/// 0.1 A, a set-point that holds 1 to 15 minutes, limits, states, alarms. Values are what a codec
/// of libems reports: the catalogue's integer unit, in steps of the device's resolution (pack
/// current in milliamp, always a multiple of 100). Three counters that the catalogue has no signal
/// for use the numbers of others: revert_time_left an uptime, module_count a message counter that
/// loses 2 %, cell_count a heartbeat of 8 bits.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "ems/model/point.hpp"

namespace ems::test {

inline constexpr std::size_t kDatasetSignals = 50;

/// One second of one device; values[i] belongs to dataset_points()[i].
struct DatasetRow {
  std::int64_t utc_us = 0;
  std::array<std::int64_t, kDatasetSignals> values{};
};

/// The point table, strictly ascending.
inline std::array<Point, kDatasetSignals> dataset_points() {
  std::array<Point, kDatasetSignals> points{};
  std::size_t n = 0;
  const auto add = [&](AssetId asset, Signal signal, std::uint16_t elements) {
    if (elements == 0) points[n++] = {asset, signal, 0};
    for (std::uint16_t i = 1; i <= elements; ++i) points[n++] = {asset, signal, i};
  };
  for (const Signal s : {Signal::pack_voltage, Signal::pack_current, Signal::soc, Signal::soh,
                         Signal::cycle_count, Signal::cell_count}) {
    add(battery(1), s, 0);
  }
  add(battery(1), Signal::cell_voltage, 16);
  add(battery(1), Signal::temperature, 4);
  for (const Signal s :
       {Signal::cell_voltage_max, Signal::cell_voltage_min, Signal::cell_temp_max,
        Signal::cell_temp_min, Signal::charge_current_limit, Signal::discharge_current_limit,
        Signal::heater_on, Signal::alarms, Signal::module_count, Signal::energy_charged,
        Signal::energy_discharged, Signal::pack_power, Signal::contactor_closed}) {
    add(battery(1), s, 0);
  }
  add(inverter(1), Signal::active_power, 0);
  add(inverter(1), Signal::frequency, 0);
  add(inverter(1), Signal::phase_voltage, 3);
  add(inverter(1), Signal::phase_current, 3);
  for (const Signal s :
       {Signal::operating_state, Signal::power_setpoint, Signal::revert_time_left}) {
    add(inverter(1), s, 0);
  }
  return points;
}

/// The rows, one after the other.
class Dataset {
 public:
  explicit Dataset(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {
    soc_ = 0.3 + 0.4 * uniform();
    uptime_ = below(1'000'000);
    messages_ = below(1'000'000);
    charged_wh_ = 1e6 * (1 + uniform());
    discharged_wh_ = 0.95 * charged_wh_;
    cycles_ = static_cast<std::int64_t>(discharged_wh_ / kCapacityWh);
    soh_ = 980 - below(30);
    for (double& offset : cell_offset_mv_) offset = 3 * noise();
    for (double& ohm : cell_mohm_) ohm = 0.3 * (1 + 0.1 * noise());
    for (double& degc : temperature_) degc = 24 + 2 * uniform();
    for (double& volt : phase_v_) volt = 229 + 2 * uniform();
  }

  const DatasetRow& next() {
    step();
    const double current = (power_dc_ / kNominalV) + 0.25 * noise();
    row_.utc_us = kStartUs + static_cast<std::int64_t>(second_++) * 1'000'000 + below(4'000);
    std::array<std::int64_t, 16> cells{};
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      cells[i] =
          round(3'200 + 150 * soc_ + cell_offset_mv_[i] - current * cell_mohm_[i] + 0.4 * noise());
      sum += cells[i];
    }
    std::array<std::int64_t, 4> degrees{};
    for (std::size_t i = 0; i < degrees.size(); ++i) {
      temperature_[i] += (25 + current * current * 2e-4 - temperature_[i]) * 5e-4;
      degrees[i] = 100 * round(10 * temperature_[i] + 0.15 * noise());
    }
    std::size_t n = 0;
    const auto put = [&](std::int64_t value) { row_.values[n++] = value; };
    put(10 * round(static_cast<double>(sum) / 10 + 0.5 * noise()));
    put(100 * round(10 * current));
    put(10 * round(1'000 * soc_));
    put(10 * soh_);
    put(cycles_);
    put(static_cast<std::int64_t>(second_ % 256));
    for (const std::int64_t cell : cells) put(cell);
    for (const std::int64_t degree : degrees) put(degree);
    put(*std::max_element(cells.begin(), cells.end()));
    put(*std::min_element(cells.begin(), cells.end()));
    put(*std::max_element(degrees.begin(), degrees.end()));
    put(*std::min_element(degrees.begin(), degrees.end()));
    put(soc_ > 0.9 ? 40'000 : 100'000);
    put(soc_ < 0.1 ? 40'000 : 120'000);
    put(degrees[0] < 15'000 ? 1 : 0);
    put(below(7'200) == 0 ? 1 << below(8) : 0);
    messages_ += 10 - (below(50) == 0 ? 1 : 0);
    put(messages_);
    put(round(charged_wh_));
    put(round(discharged_wh_));
    put(round(power_dc_ + 12 * noise()));
    put(1);
    put(round(power_ac_ + 15 * noise()));
    put(10 * round(5'000 + frequency_ + 0.5 * noise()));
    for (const double volt : phase_v_) put(100 * round(10 * volt + noise()));
    for (const double volt : phase_v_) put(100 * round(10 * power_ac_ / 3 / volt + 0.5 * noise()));
    put(setpoint_ == 0 ? 1 : 2);
    put(setpoint_);
    put(uptime_++);
    return row_;
  }

 private:
  static constexpr double kCapacityWh = 14'000;
  static constexpr double kNominalV = 51.2;
  static constexpr std::int64_t kStartUs = 1'760'000'000'000'000;

  std::uint64_t bits() {  // splitmix64
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  std::int64_t below(std::uint64_t n) { return static_cast<std::int64_t>(bits() % n); }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// Nearly normal, mean 0, deviation 1: the sum of twelve uniform numbers.
  double noise() {
    std::uint64_t sum = 0;
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t b = bits();
      sum += (b & 0xFFFF) + (b >> 16 & 0xFFFF) + (b >> 32 & 0xFFFF) + (b >> 48);
    }
    return static_cast<double>(sum) / 65'536 - 6 + 6.0 / 65'536;
  }
  static std::int64_t round(double value) {
    return static_cast<std::int64_t>(value < 0 ? value - 0.5 : value + 0.5);
  }

  void step() {
    if (hold_-- == 0) {
      hold_ = 60 + below(840);
      setpoint_ = below(8) == 0 ? 0 : 100 * (below(101) - 50);
      if (soc_ < 0.15 && setpoint_ > 0) setpoint_ = -setpoint_;
      if (soc_ > 0.90 && setpoint_ < 0) setpoint_ = -setpoint_;
    }
    power_ac_ += (static_cast<double>(setpoint_) - power_ac_) * 0.5;
    power_dc_ = power_ac_ > 0 ? power_ac_ / 0.96 : power_ac_ * 0.96;
    const double wh = power_dc_ / 3'600;
    soc_ -= wh / kCapacityWh;
    (wh > 0 ? discharged_wh_ : charged_wh_) += wh > 0 ? wh : -wh;
    frequency_ += 0.3 * noise() - 0.02 * frequency_;
    for (double& volt : phase_v_) volt += 0.05 * noise() + (230 - volt) * 0.01;
  }

  std::uint64_t state_;
  std::uint64_t second_ = 0;
  std::int64_t hold_ = 0;
  std::int64_t setpoint_ = 0;
  double power_ac_ = 0;
  double power_dc_ = 0;
  double soc_ = 0;
  double frequency_ = 0;  ///< Off 50 Hz, in 10 mHz.
  double charged_wh_ = 0;
  double discharged_wh_ = 0;
  std::int64_t soh_ = 0;
  std::int64_t cycles_ = 0;
  std::int64_t uptime_ = 0;
  std::int64_t messages_ = 0;
  std::array<double, 16> cell_offset_mv_{};
  std::array<double, 16> cell_mohm_{};
  std::array<double, 4> temperature_{};
  std::array<double, 3> phase_v_{};
  DatasetRow row_{};
};

}  // namespace ems::test
