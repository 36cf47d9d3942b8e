// SPDX-License-Identifier: Apache-2.0
/// @file The catalogue of signals, units and alarms; every face (C++, C, proto, SQL, Python, JSON,
/// docs) takes its names here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"

namespace ems {

/// A signal's number: append-only, stored in files and sent on the wire.
enum class Signal : std::uint16_t {
#define EMS_SIGNAL(name, number, list_name, unit, kind, stale_ms, meaning) name = (number),
#include "ems/model/signals.def"
#undef EMS_SIGNAL
};

enum class Unit : std::uint8_t {
#define EMS_UNIT(name, number, suffix, si_suffix, digits, symbol) name = (number),
#include "ems/model/units.def"
#undef EMS_UNIT
};

/// Vendor-independent alarm; the value is its bit in the signals `alarms` and `warnings`.
enum class Alarm : std::uint8_t {
#define EMS_ALARM(name, bit) name = (bit),
#include "ems/model/alarms.def"
#undef EMS_ALARM
};

/// What a device says of itself in words.
enum class TextField : std::uint8_t {
#define EMS_TEXT(name, number) name = (number),
#include "ems/model/texts.def"
#undef EMS_TEXT
};

/// A scalar signal has element 0; an element signal counts its elements from 1, and where a device
/// gives one value for all of them that value has element 0.
enum class SignalKind : std::uint8_t { scalar, element };

struct UnitInfo {
  Unit unit{};
  std::string_view name;
  std::string_view suffix;     ///< For integers: `_mv`.
  std::string_view si_suffix;  ///< For decimals: `_v`.
  int digits = 0;              ///< 3650 _mv is 3.65 _v: 3.
  std::string_view symbol;
};

struct SignalInfo {
  Signal signal{};
  std::string_view name;       ///< Stem: `cell_voltage`.
  std::string_view list_name;  ///< Plural stem of an element signal: `cell_voltages`; else empty.
  Unit unit{};
  SignalKind kind{};
  Duration stale_after{};  ///< Zero: three poll periods, at least 2 s.
  std::string_view meaning;
};

/// Longest face name of any signal.
inline constexpr std::size_t kSignalNameSize = 40;
using SignalName = FixedString<kSignalNameSize>;

/// The whole catalogue, ascending by number. @thread_safety Pure functions, all of this file.
[[nodiscard]] std::span<const SignalInfo> signal_table() noexcept;
[[nodiscard]] std::span<const UnitInfo> unit_table() noexcept;

/// Row of a signal; nullptr for a number this version does not know.
[[nodiscard]] const SignalInfo* find_signal(Signal signal) noexcept;
/// Row of the signal with this stem, integer name or SI name (`pack_voltage`, `pack_voltage_mv`,
/// `pack_voltage_v`, `cell_voltages_v`); nullptr when there is none.
[[nodiscard]] const SignalInfo* find_signal(std::string_view any_name) noexcept;
/// @pre unit is an enumerator.
[[nodiscard]] const UnitInfo& unit_info(Unit unit) noexcept;

/// Name on the faces that carry integers (C, proto, SQL, logs): `pack_voltage_mv`,
/// `cell_voltages_mv`.
[[nodiscard]] SignalName integer_name(const SignalInfo& info) noexcept;
/// Name on the faces for people (Python, JSON, YAML): `pack_voltage_v`, `cell_voltages_v`.
[[nodiscard]] SignalName si_name(const SignalInfo& info) noexcept;
/// Name for people of the one value that stands for all elements of an element signal (element 0):
/// `temperature_degc`. Of a scalar: si_name().
[[nodiscard]] SignalName si_name_of_whole(const SignalInfo& info) noexcept;

/// Name of an alarm bit; nullopt for a bit without one.
[[nodiscard]] std::optional<std::string_view> alarm_name(unsigned bit) noexcept;
[[nodiscard]] std::string_view text_name(TextField field) noexcept;
[[nodiscard]] constexpr std::uint64_t alarm_bit(Alarm alarm) noexcept {
  return std::uint64_t{1} << static_cast<unsigned>(alarm);
}

/// FNV-1a hash over every row of the catalogue: two peers with equal hashes mean the same by every
/// number.
[[nodiscard]] std::uint64_t catalogue_hash() noexcept;

}  // namespace ems
