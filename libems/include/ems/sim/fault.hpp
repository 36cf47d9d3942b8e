// SPDX-License-Identifier: Apache-2.0
/// @file Things that go wrong on purpose, and the text they are written in: `emsctl sim --fault`,
/// its script files and its control channel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::sim {

enum class Device : std::uint8_t { battery, meter, pcs };
inline constexpr std::array<Device, 3> kDevices{Device::battery, Device::meter, Device::pcs};

enum class FaultKind : std::uint8_t {
  silence,       ///< Hears nothing and answers nothing.
  garbage,       ///< Noise, truncated frames and noise around them instead of answers.
  wrong_sign,    ///< Current (battery) or active power (meter, PCS) with the opposite sign.
  stuck,         ///< Measurements keep the values they had when the fault began.
  slow,          ///< Answers come late.
  load_peak,     ///< The site's load takes more.
  cell_voltage,  ///< The BMS measures another voltage of one cell, and the pack's sum with it.
};

/// Names as text has them: `battery`, `cell_voltage`. @thread_safety Pure functions.
[[nodiscard]] std::string_view to_string(Device device) noexcept;
[[nodiscard]] std::string_view to_string(FaultKind kind) noexcept;

/// One fault and when it is there.
struct Fault {
  FaultKind kind = FaultKind::silence;
  Device device = Device::battery;  ///< Without meaning for load_peak.
  Instant at;                       ///< First moment, simulated time.
  Duration lasts;                   ///< It is gone at `at + lasts`.
  double extra_load_w = 0.0;        ///< load_peak: >= 0.
  std::size_t cell = 1;             ///< cell_voltage: 1 is the first cell.
  double cell_add_v = 0.0;          ///< cell_voltage: added to what is measured, unless:
  std::optional<double> cell_to_v;  ///< cell_voltage: the voltage it reaches when it begins.
  Duration delay;                   ///< slow: wall time by which an answer is late.

  [[nodiscard]] bool active(Instant now) const noexcept { return at <= now && now - at < lasts; }
  friend bool operator==(const Fault&, const Fault&) = default;
};

/// Reads one fault: `at=20,for=8,kind=load_peak,w=6000`.
///
/// Pairs are separated by commas or blanks. Keys: `kind` and `for` (s) always; `at` (s after
/// `base`, default 0); `device` (battery, meter, pcs) for silence, garbage, wrong_sign, stuck,
/// slow; `w` for load_peak; `cell` and one of `mv`, `to_mv` for cell_voltage; `delay_ms` for slow.
///
/// @errors syntax        a pair without `=`, or a value that is no number.
///         unknown_key   a key, kind or device that does not exist, or does not belong to the kind.
///         missing_key   a key that the kind needs; offset = 0.
///         already_exists  a key given twice.
///         out_of_range  a negative time, load or delay, a duration of 0, cell 0. offset = first
///                       character of the pair.
/// @thread_safety Pure function.
[[nodiscard]] Result<Fault> parse_fault(std::string_view text, Instant base = Instant{});

/// Reads a script: one fault a line, times from the start of the simulation; blank lines and lines
/// that begin with # are skipped.
///
/// @errors  Those of parse_fault(); offset = line, counted from 1.
/// @thread_safety Pure function.
[[nodiscard]] Result<std::vector<Fault>> parse_scenario(std::string_view text);

/// One line of the control channel.
struct ControlCommand {
  enum class Verb : std::uint8_t { fault, clear, status, quit };
  Verb verb = Verb::status;
  Fault fault;  ///< For Verb::fault.
};

/// Reads a control line. Forms (times in seconds from `now`):
/// `fault DEVICE KIND SECONDS [delay_ms=N]`, `load +W for SECONDS`, `cell N +MVmv for SECONDS`
/// (or `-MVmv`, or `=MVmv` for the voltage to reach), `clear` (ends every fault), `status`, `quit`.
///
/// @errors Those of parse_fault(); offset = 0 where a whole word is missing.
/// @thread_safety Pure function.
[[nodiscard]] Result<ControlCommand> parse_control(std::string_view line, Instant now);

}  // namespace ems::sim
