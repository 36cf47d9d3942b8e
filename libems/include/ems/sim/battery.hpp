// SPDX-License-Identifier: Apache-2.0
/// @file Simulated battery: LFP cells in series behind a BMS that measures, protects and switches.
///
/// What it leaves out is in docs/explanation/simulator.md. Values are doubles with the unit in the
/// name; current + discharges.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ems/core/time.hpp"

namespace ems::sim {

/// Open-circuit voltage of one LFP cell at rest. Strictly rising; beyond 0 .. 1 it goes on steeply,
/// as an abused cell does.
///
/// @param soc  State of charge, 1 = full; clamped to -0.02 .. 1.05.
/// @return     Volts.
/// @thread_safety Pure function.
[[nodiscard]] double lfp_open_circuit_v(double soc) noexcept;

/// What the BMS reports as protection, by bit number of the JBD table.
/// @source JBD General Protocol V4, register 03, protection state.
enum class Protection : std::uint8_t {
  cell_overvoltage = 0,
  cell_undervoltage = 1,
  charge_overtemperature = 4,
  charge_undertemperature = 5,
  discharge_overtemperature = 6,
  discharge_undertemperature = 7,
  charge_overcurrent = 8,
  discharge_overcurrent = 9,
};
inline constexpr std::size_t kProtectionCount = 16;  ///< Bits of the word.

/// A protection: acts at `trip` after the delay, goes when `release` is reached.
struct ProtectionLimit {
  double trip;
  double release;
};

struct BmsConfig {
  ProtectionLimit cell_overvoltage_v{3.75, 3.60};
  ProtectionLimit cell_undervoltage_v{2.50, 2.80};
  ProtectionLimit charge_overtemperature_degc{55.0, 50.0};
  ProtectionLimit charge_undertemperature_degc{0.0, 5.0};
  ProtectionLimit discharge_overtemperature_degc{65.0, 60.0};
  ProtectionLimit discharge_undertemperature_degc{-20.0, -15.0};
  double charge_overcurrent_a = 120.0;     ///< Magnitude.
  double discharge_overcurrent_a = 150.0;  ///< Magnitude.
  double delay_s = 1.0;                    ///< A limit must be broken this long.
  double overcurrent_hold_s = 30.0;        ///< An over-current protection goes after this time.
};

struct BatteryConfig {
  std::size_t cells = 16;      ///< 1 .. 32.
  double capacity_ah = 100.0;  ///< Nominal.
  double soc_start = 0.60;     ///< 0 .. 1.
  double cell_resistance_ohm = 0.0008;
  double capacity_spread = 0.005;  ///< Cells differ by up to this share, seeded.
  double resistance_spread = 0.05;
  double soc_spread = 0.003;  ///< Absolute.
  double thermal_mass_j_per_k = 40'000.0;
  double thermal_conductance_w_per_k = 4.0;
  double ambient_degc = 25.0;
  std::size_t temperature_sensors = 2;  ///< 0 .. 8.
  unsigned cycles = 12;
  BmsConfig bms;
};

/// The battery as its BMS sees it.
struct BatteryState {
  std::vector<double> cell_v;  ///< Measured, with any injected offset.
  double voltage_v = 0.0;      ///< Sum of cell_v.
  double current_a = 0.0;      ///< + discharges.
  double soc_pct = 0.0;        ///< 0 .. 100.
  double remaining_ah = 0.0;
  double full_ah = 0.0;
  unsigned cycles = 0;
  std::vector<double> temperature_degc;
  bool charge_on = true;  ///< Switch as it is: commanded and not held open by protection.
  bool discharge_on = true;
  std::uint16_t protection = 0;                                    ///< Bits: Protection.
  std::array<std::uint16_t, kProtectionCount> protection_count{};  ///< How often each acted.
  friend bool operator==(const BatteryState&, const BatteryState&) = default;
};

/// Where the battery's energy went since the start, in joules.
struct BatteryBooks {
  double chemical_j = 0.0;         ///< Taken out of the cells; charging counts negative.
  double terminal_j = 0.0;         ///< Delivered at the terminals; charging counts negative.
  double ohmic_loss_j = 0.0;       ///< >= 0. chemical = terminal + ohmic.
  double heat_to_ambient_j = 0.0;  ///< ohmic = heat stored + heat to ambient.
  friend bool operator==(const BatteryBooks&, const BatteryBooks&) = default;
};

/// @thread_safety None; one thread.
class Battery {
 public:
  /// @pre 1 <= cells <= 32, capacity, resistance and thermal mass > 0.
  Battery(const BatteryConfig& config, std::uint64_t seed);

  /// One step of physics and protection.
  /// @param dt_s      Step, > 0 and at most 0.1 s.
  /// @param demand_w  Power asked for at the terminals; + discharges.
  /// @return          Power that flowed: less of the demand where a switch is open or the cells
  ///                  cannot give it, never its opposite.
  double step(double dt_s, double demand_w);

  /// Opens or closes the switches, as the BMS's own command does.
  void command_switches(bool charge_on, bool discharge_on);

  /// Makes the BMS measure a cell wrong (or right, and the cell be high: it cannot tell).
  /// @param cell  Index from 0, < cells.
  void offset_cell(std::size_t cell, double add_v);
  /// Ends all offsets.
  void clear_offsets();

  [[nodiscard]] const BatteryState& state() const noexcept { return state_; }
  [[nodiscard]] const BatteryBooks& books() const noexcept { return books_; }
  [[nodiscard]] const BatteryConfig& config() const noexcept { return config_; }
  /// Temperature of the pack.
  [[nodiscard]] double temperature_degc() const noexcept { return temperature_degc_; }
  /// Energy still in the cells above empty, integral of the open-circuit curve, in joules.
  [[nodiscard]] double stored_j() const;

 private:
  struct Cell {
    double capacity_as;
    double charge_as;
    double resistance_ohm;
    double offset_v;
    double soc = 0.0;     ///< Of charge_as; measure() keeps it and open_v.
    double open_v = 0.0;  ///< Open-circuit voltage at soc.
  };
  struct Guard {
    double broken_s = 0.0;
    double held_s = 0.0;
  };

  [[nodiscard]] double current_for(double demand_w) const;
  void measure(double current_a);
  void protect(double dt_s);
  void guard(Protection which, double dt_s, bool broken, bool released);

  BatteryConfig config_;
  std::uint64_t seed_;
  std::vector<Cell> cells_;
  double temperature_degc_;
  bool charge_commanded_ = true;
  bool discharge_commanded_ = true;
  std::array<Guard, kProtectionCount> guards_{};
  BatteryState state_;
  BatteryBooks books_;
};

}  // namespace ems::sim
