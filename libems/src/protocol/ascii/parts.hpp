// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the INFO of these protocols is made of: lists with a count before them,
/// alarm codes, alarm bits, versions and padded names.
#pragma once

#include <optional>
#include <span>

#include "ems/model/catalogue.hpp"
#include "protocol/ascii/frame.hpp"
#include "protocol/field.hpp"

namespace ems::protocol::ascii {

/// `count`, then as many items of one width.
struct List {
  std::size_t at = 0;  ///< First item.
  std::size_t count = 0;
  std::size_t end = 0;  ///< Behind the last.
};
/// @errors length  INFO ends inside the list.
[[nodiscard]] Result<List> read_list(const Info& info, std::size_t at, std::size_t width) noexcept;

/// Cells, one or more, then sensors: how every reply to 42 and 44 begins.
struct Lists {
  List cells{};
  List sensors{};
};
[[nodiscard]] Result<Lists> read_lists(const Info& info, std::size_t at,
                                       std::size_t width) noexcept;

/// Whether a reply begins, at `at`, with codes: what tells one to 44 from one to 42.
[[nodiscard]] bool begins_with_codes(const Info& info, std::size_t at) noexcept;

// What most of these protocols say in the same way.
[[nodiscard]] constexpr Meaning charging(std::int32_t step) noexcept {  // In mA, + charges.
  return value(Signal::pack_current, -step);
}
inline constexpr std::int32_t k10Milli = 10;          ///< 10 mA or mV on the wire.
inline constexpr std::int32_t k10MilliHour = 10'000;  ///< 10 mAh.

/// Cell voltages in mV.
void give_cells(const Publisher& out, const Info& info, const List& cells) noexcept;
/// Temperatures in 0.1 K; `absent` is what boards say besides 0000 and FFFF without a sensor.
void give_sensors(const Publisher& out, const Info& info, const List& sensors,
                  std::int32_t zero = kZeroCelsius, std::uint16_t absent = 0) noexcept;

/// Rows whose places count from `at`.
void give(const Publisher& out, const Info& info, std::size_t at,
          std::span<const FrameField> rows) noexcept;
void give(const Publisher& out, const Info& info, std::size_t at,
          std::span<const FlagBit> rows) noexcept;

enum class Severity : std::uint8_t {
  protection,  ///< Acts: `alarms`.
  warning,     ///< Only says: `warnings`.
  status,      ///< Says what the device does: not given here.
};

/// Meaning of one bit of the bytes that a reply has for protections, warnings and states.
struct EventBit {
  std::uint8_t byte = 0;  ///< From the first event byte.
  std::uint8_t bit = 0;
  Severity severity = Severity::status;
  Alarm alarm{};  ///< Not of a status.
};

/// A bit of vendor_alarms with a name.
struct VendorBit {
  std::uint8_t bit = 0;
  std::string_view name{};
};
[[nodiscard]] std::optional<std::string_view> name_of(std::span<const VendorBit> names,
                                                      unsigned bit) noexcept;

/// Vendor bit of a code that is neither normal, low nor high.
inline constexpr unsigned kOtherCodeBit = 63;

/// What a reply raises.
class Raised {
 public:
  /// Codes of a list: 00 normal, 01 too low, 02 too high, else a fault.
  void codes(const Info& info, const List& list, Alarm low, Alarm high) noexcept;
  void code(std::uint8_t code, Alarm low, Alarm high) noexcept;
  /// `count` event bytes. Bits without a row are the vendor's own: first + 8 * byte + bit.
  void events(const Info& info, std::size_t at, std::size_t count, std::span<const EventBit> rows,
              unsigned first = 0) noexcept;
  /// The same with the bytes in one word, the first of them lowest.
  void events(std::uint64_t word, std::span<const EventBit> rows, unsigned first = 0) noexcept;
  void protection(Alarm alarm) noexcept { alarms_ |= alarm_bit(alarm); }
  void give(const Publisher& out) const noexcept;

 private:
  std::uint64_t alarms_ = 0;
  std::uint64_t warnings_ = 0;
  std::uint64_t vendor_ = 0;
};

/// Text of `size` bytes, at most 40; padded with blanks, NULs or, where `dashed`, '-'.
void give_text(const Publisher& out, TextField field, const Info& info, std::size_t at,
               std::size_t size, bool dashed = false) noexcept;
/// `parts` bytes with dots between: "2.7".
void give_version(const Publisher& out, TextField field, const Info& info, std::size_t at,
                  std::size_t parts) noexcept;

/// Reply to 4F: no INFO; its VER is what the device speaks.
[[nodiscard]] Result<void> read_protocol_version(const Frame& reply, ReadingSink& sink) noexcept;

/// Reply to 51: model (10), version (2), maker (20).
inline constexpr std::size_t kNumbersAt = 10;
inline constexpr std::size_t kMakerAt = 12;
inline constexpr std::size_t kMakerSize = 32;
[[nodiscard]] Result<void> read_maker(const Info& info, ReadingSink& sink) noexcept;

}  // namespace ems::protocol::ascii
