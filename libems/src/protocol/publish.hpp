// SPDX-License-Identifier: Apache-2.0
/// @file Private: what every codec says to a ReadingSink in the same way, and how it checks
/// options.
///
/// The rule for impossible values is here: what no lithium cell, sensor or percentage can be is
/// given as missing, never cut to something that looks healthy.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/codec.hpp"

namespace ems::protocol {

/// Place of options.variant in info.variants; 0 when it is not given.
/// @errors  as PollCodec::with(); counts and the range of addresses are the codec's own to check.
[[nodiscard]] Result<std::size_t> check_options(const ProtocolInfo& info,
                                                const CodecOptions& options) noexcept;

/// Options of a protocol that has addresses.
struct Chosen {
  std::uint8_t variant = 0;  ///< Place in info.variants.
  std::uint8_t address = 0;
};

/// The options with their defaults.
/// @param address_max  Addresses are 0 .. this.
/// @errors             as PollCodec::with().
/// @pre                info.addresses is not empty.
[[nodiscard]] Result<Chosen> choose(const ProtocolInfo& info, const CodecOptions& options,
                                    std::uint8_t address_max) noexcept;

inline constexpr std::int64_t kCellMilliVoltMax = 6'000;  ///< No lithium cell reaches it.
inline constexpr std::int64_t kSensorMilliDegCMin = -100'000;
inline constexpr std::int64_t kSensorMilliDegCMax = 300'000;
inline constexpr std::int64_t kFullBasisPoints = 10'000;

/// What one frame says of one device or module.
class Publisher {
 public:
  explicit Publisher(ReadingSink& sink, std::uint8_t module = 0) noexcept
      : sink_(sink), module_(module) {}

  void value(Signal signal, std::int64_t value, std::uint16_t element = 0) const {
    sink_.reading({.signal = signal, .element = element, .value = value, .module = module_});
  }
  void flag(Signal signal, bool on) const { value(signal, on ? 1 : 0); }
  /// A value that the codec makes from others of the frame.
  void computed(Signal signal, std::int64_t value) const {
    sink_.reading(
        {.signal = signal, .value = value, .quality = Quality::substituted, .module = module_});
  }
  void missing(Signal signal, std::uint16_t element = 0) const {
    sink_.missing(signal, element, module_);
  }
  /// nullopt: missing.
  void maybe(Signal signal, std::optional<std::int64_t> known, std::uint16_t element = 0) const {
    if (known) {
      value(signal, *known, element);
    } else {
      missing(signal, element);
    }
  }
  /// Missing outside low .. high.
  void within(Signal signal, std::int64_t value_, std::int64_t low, std::int64_t high,
              std::uint16_t element = 0) const {
    maybe(signal, value_ < low || value_ > high ? std::nullopt : std::optional(value_), element);
  }
  /// A cell or an extreme of the cells.
  void cell(Signal signal, std::int64_t millivolt, std::uint16_t element = 0) const {
    within(signal, millivolt, 0, kCellMilliVoltMax, element);
  }
  /// A sensor; nullopt: it is open, shorted or not fitted.
  void sensor(Signal signal, std::optional<std::int64_t> milli_degc,
              std::uint16_t element = 0) const {
    if (!milli_degc) return missing(signal, element);
    within(signal, *milli_degc, kSensorMilliDegCMin, kSensorMilliDegCMax, element);
  }
  /// State of charge or health. Missing above 100 %.
  void percent(Signal signal, std::int64_t basis_points) const {
    within(signal, basis_points, 0, kFullBasisPoints);
  }
  void count(Signal signal, std::size_t elements) const {
    sink_.element_count(signal, static_cast<std::uint16_t>(elements), module_);
  }
  /// Cuts trailing blanks and NULs, and leaves out what is empty or not printable ASCII.
  void text(TextField field, Bytes raw) const;
  void text(TextField field, std::string_view text) const { sink_.text(field, text, module_); }
  void vendor(std::string_view name, std::int64_t value) const { sink_.vendor_value(name, value); }
  void acknowledged() const { sink_.acknowledged(); }

 private:
  ReadingSink& sink_;
  std::uint8_t module_;
};

inline constexpr std::int32_t kZeroCelsius = 2731;  ///< 0 degC in 0.1 K, as most boards count.

/// A sensor's 0.1 K as 0.001 degC; nullopt for 0 and FFFF: shorted or open.
[[nodiscard]] constexpr std::optional<std::int64_t> from_decikelvin(
    std::uint16_t raw, std::int32_t zero = kZeroCelsius) noexcept {
  if (raw == 0 || raw == 0xFFFF) return std::nullopt;
  return (std::int64_t{raw} - zero) * 100;
}

/// 16 bits of two's complement.
[[nodiscard]] constexpr std::int32_t as_signed(std::uint16_t raw) noexcept {
  return static_cast<std::int16_t>(raw);
}
/// 32 bits of two's complement.
[[nodiscard]] constexpr std::int64_t as_signed(std::uint32_t raw) noexcept {
  return static_cast<std::int32_t>(raw);
}

[[nodiscard]] constexpr bool has(std::uint8_t byte, unsigned bit) noexcept {
  return (unsigned{byte} >> bit & 1U) != 0;
}

/// What a bit of a device's alarm word means.
struct AlarmBit {
  std::uint8_t bit = 0;
  Alarm alarm{};
};

/// The bits of `word` that have a row, as bits of alarms.def. The rest is the vendor's own.
template <std::size_t N>
[[nodiscard]] constexpr std::uint64_t common_alarms(std::uint64_t word,
                                                    const AlarmBit (&rows)[N]) noexcept {
  std::uint64_t alarms = 0;
  for (const AlarmBit& row : rows) {
    if ((word >> row.bit & 1U) != 0) alarms |= alarm_bit(row.alarm);
  }
  return alarms;
}

/// The bits of `word` that have no row, where they stand.
template <std::size_t N>
[[nodiscard]] constexpr std::uint64_t vendor_bits(std::uint64_t word,
                                                  const AlarmBit (&rows)[N]) noexcept {
  for (const AlarmBit& row : rows) word &= ~(std::uint64_t{1} << row.bit);
  return word;
}

/// Appends `value` in decimal with at least `digits` digits.
template <std::size_t N>
void append_number(FixedString<N>& text, std::uint32_t value, unsigned digits = 1) noexcept {
  std::uint32_t power = 1;
  for (unsigned i = 1; i < digits || value / power >= 10; ++i) power *= 10;
  for (; power > 0; power /= 10) {
    const char digit = static_cast<char>('0' + value / power % 10);
    text.append({&digit, 1});
  }
}

/// `error` counted from the start of the frame, in which its bytes start at `at`.
[[nodiscard]] constexpr Failure moved(const Error& error, std::size_t at) noexcept {
  return fail(error.code, error.offset + at, error.what);
}

}  // namespace ems::protocol
