// SPDX-License-Identifier: Apache-2.0
/// @file Names of things: assets, points, and the readings that codecs produce.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/sample.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/model/catalogue.hpp"

namespace ems {

enum class AssetKind : std::uint8_t {
  site = 0,
  battery = 1,
  inverter = 2,
  meter = 3,
  pv = 4,
  load = 5
};

/// A thing of the site. Text form: `site`, `battery/1`, `battery/1/module/3`.
struct AssetId {
  AssetKind kind = AssetKind::site;
  std::uint8_t module = 0;  ///< 0: the whole asset; modules count from 1.
  std::uint16_t index = 0;  ///< 0 for the site, else counts from 1.
  friend constexpr auto operator<=>(const AssetId&, const AssetId&) noexcept = default;
};

inline constexpr AssetId kSite{};
[[nodiscard]] constexpr AssetId battery(std::uint16_t index) noexcept {
  return {AssetKind::battery, 0, index};
}
[[nodiscard]] constexpr AssetId inverter(std::uint16_t index) noexcept {
  return {AssetKind::inverter, 0, index};
}
[[nodiscard]] constexpr AssetId meter(std::uint16_t index) noexcept {
  return {AssetKind::meter, 0, index};
}

using AssetName = FixedString<40>;
/// @thread_safety Pure functions.
[[nodiscard]] AssetName to_name(AssetId asset) noexcept;
/// @errors syntax  not an asset name; offset = the character.
[[nodiscard]] Result<AssetId> parse_asset(std::string_view name) noexcept;

/// (asset, signal, element): what files, the wire and the C ABI identify a value by.
struct Point {
  AssetId asset{};
  Signal signal{};
  std::uint16_t element = 0;  ///< 0 for scalars; elements count from 1.
  friend constexpr auto operator<=>(const Point&, const Point&) noexcept = default;
};

/// One value of one point in the catalogue's integer unit.
struct PointSample {
  Point point{};
  std::int64_t value = 0;
  Instant taken_at{};
  Quality quality = Quality::bad;
  friend constexpr bool operator==(const PointSample&, const PointSample&) noexcept = default;
};

/// What a codec reads out of a frame: the asset and the time are the driver's to add.
struct Reading {
  Signal signal{};
  std::uint16_t element = 0;
  std::int64_t value = 0;  ///< Catalogue unit, libems sign.
  Quality quality = Quality::good;
  std::uint8_t module = 0;  ///< 0: the whole device.
  friend constexpr bool operator==(const Reading&, const Reading&) noexcept = default;
};

/// Where a codec puts what it reads. reading() is called only for values that are there; a sensor
/// that is known to be missing goes to missing().
class ReadingSink {
 public:
  virtual void reading(const Reading& reading) = 0;  ///< A value that is there.
  /// @param text  Borrowed for the call; printable ASCII or UTF-8, no NUL.
  virtual void text(TextField field, std::string_view text, std::uint8_t module) = 0;
  /// A command was accepted by the device.
  virtual void acknowledged() = 0;
  /// A sensor or field that the device has and that gives no value: an open temperature sensor, a
  /// state of charge above 100 %. Unless overridden it arrives as a reading of quality bad, so that
  /// nothing downstream can take it for healthy.
  virtual void missing(Signal signal, std::uint16_t element, std::uint8_t module) {
    reading({signal, element, 0, Quality::bad, module});
  }
  /// How many elements the device says an element signal has, missing ones included; 0 is an answer
  /// too: a board without a temperature sensor. Ignored unless overridden.
  virtual void element_count(Signal signal, std::uint16_t count, std::uint8_t module) {
    static_cast<void>(signal);
    static_cast<void>(count);
    static_cast<void>(module);
  }
  /// A number that only the vendor defines and the catalogue does not have: a counter, a raw mask.
  /// Ignored unless overridden.
  /// @param name  Static text, stable; a dot groups: `error_counts.short_circuit`.
  virtual void vendor_value(std::string_view name, std::int64_t value) {
    static_cast<void>(name);
    static_cast<void>(value);
  }

 protected:
  ReadingSink() = default;
  ReadingSink(const ReadingSink&) = default;
  ReadingSink& operator=(const ReadingSink&) = default;
  ~ReadingSink() = default;
};

}  // namespace ems
