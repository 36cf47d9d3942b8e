// SPDX-License-Identifier: Apache-2.0
/// @file What the registers of a JBD battery management system hold: payload bytes to values. Pure,
/// heapless, MCU-safe.
///
/// Offsets in errors count bytes of the *payload*; Codec::decode adds the 4 bytes before it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/units.hpp"
#include "ems/protocol/jbd/frame.hpp"

namespace ems::protocol::jbd {

inline constexpr std::size_t kBasicInfoSize = 23;  ///< Payload bytes before the sensor list.
inline constexpr std::size_t kTemperaturesMax = (kPayloadSizeMax - kBasicInfoSize) / 2;
inline constexpr std::size_t kCellsMax = kPayloadSizeMax / 2;
inline constexpr std::size_t kErrorCounters = 11;

/// A calendar day. Only made for days that can exist on the wire: month 1 .. 12, day 1 .. 31.
struct Date {
  std::uint16_t year = 2000;
  std::uint8_t month = 1;
  std::uint8_t day = 1;
  friend constexpr bool operator==(const Date&, const Date&) noexcept = default;
};

/// Register 03.
struct BasicInfo {
  MilliVolt pack_voltage{};           ///< Wire step 10 mV.
  MilliAmp pack_current{};            ///< + discharges (the wire counts the other way), step 10 mA.
  MicroAmpHour remaining_capacity{};  ///< Wire step 10 mAh.
  MicroAmpHour full_capacity{};       ///< Wire step 10 mAh; nominal or learnt, as the board is set.
  std::uint16_t cycle_count = 0;
  std::optional<Date> manufacture_date;  ///< nullopt: the word is not a date.
  std::uint32_t balance_mask = 0;        ///< Bit 0 is cell 1.
  std::uint16_t protection = 0;          ///< Bits as on the wire.
  std::uint8_t software_major = 0;       ///< High nibble of the version byte.
  std::uint8_t software_minor = 0;       ///< Low nibble.
  std::optional<BasisPoints> soc;        ///< nullopt: the byte says more than 100 %.
  bool charge_fet_on = false;
  bool discharge_fet_on = false;
  std::uint8_t cell_count = 0;
  /// nullopt: the sensor is open or shorted (raw 0 or FFFF).
  StaticVector<std::optional<MilliCelsius>, kTemperaturesMax> temperatures;
};

using CellVoltages = StaticVector<MilliVolt, kCellsMax>;

/// Register AA: how often each protection has acted.
struct ErrorCounts {
  std::array<std::uint16_t, kErrorCounters> counts{};  ///< In the order of error_counter_name().
  std::optional<std::uint16_t> reboots;                ///< Newer firmware only.
};

/// Decodes register 03.
///
/// @param payload At least 23 bytes plus two per declared sensor. Newer firmware appends fields;
///                they are left alone.
/// @errors        length  shorter than that; offset = 22 (the sensor count) when the count
///                disagrees, else the first missing byte.
/// @thread_safety Pure function.
/// @source        docs/protocols/jbd.md#basic-info; vectors jbd-basic-*.
[[nodiscard]] Result<BasicInfo> decode_basic_info(Bytes payload) noexcept;

/// Decodes register 04: one voltage per cell, in order.
///
/// @errors        length  empty or an odd number of bytes; offset = the end of the payload.
/// @thread_safety Pure function.
/// @source        docs/protocols/jbd.md#cell-voltages; vectors jbd-cells-*.
[[nodiscard]] Result<CellVoltages> decode_cell_voltages(Bytes payload) noexcept;

/// Decodes register 05: the model's name without trailing blanks and NULs.
///
/// @return        Printable ASCII, borrowed from `payload`.
/// @errors        out_of_range  a character is not printable ASCII; offset = that character.
/// @thread_safety Pure function.
/// @source        docs/protocols/jbd.md#model; vector jbd-hwver-specv4.
[[nodiscard]] Result<std::string_view> decode_model(Bytes payload) noexcept;

/// Decodes register AA.
///
/// @errors        length  fewer than 11 counters, or an odd number of bytes; offset = the end of
/// the
///                payload.
/// @thread_safety Pure function.
/// @source        docs/protocols/jbd.md#error-counters; vector jbd-errcount-sp04s034.
[[nodiscard]] Result<ErrorCounts> decode_error_counts(Bytes payload) noexcept;

/// Checks the acknowledgement of a write: an empty payload.
///
/// @errors        length  there is a payload; offset = 0.
/// @thread_safety Pure function.
/// @source        docs/protocols/jbd.md#fet-control; vectors jbd-mos-*.
[[nodiscard]] Result<void> decode_ack(Bytes payload) noexcept;

/// Vendor-value name of a counter: `error_counts.short_circuit`. @pre index < kErrorCounters.
[[nodiscard]] std::string_view error_counter_name(std::size_t index) noexcept;

/// The protection word split into bits of alarms.def and the rest, which keep their wire position.
struct Protection {
  std::uint64_t alarms = 0;
  std::uint64_t vendor_alarms = 0;
  friend constexpr bool operator==(const Protection&, const Protection&) noexcept = default;
};

/// @thread_safety Pure function.
[[nodiscard]] Protection split_protection(std::uint16_t word) noexcept;

/// Name of a bit of Protection::vendor_alarms; nullopt for a bit that is not the vendor's own.
/// @thread_safety Pure function.
[[nodiscard]] std::optional<std::string_view> protection_name(unsigned bit) noexcept;

}  // namespace ems::protocol::jbd
