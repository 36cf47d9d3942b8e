// SPDX-License-Identifier: Apache-2.0
/// @file A battery on Modbus RTU as data: which blocks to read, and what each register means.
///
/// One Map is one protocol; MapCodec (codec.hpp) reads it, Device (device.hpp) answers from it. A
/// reply gives every row that it covers wholly, whatever range was read. A row is one line:
///
///     value(0x1000, Wire::u16, Signal::pack_voltage, {.scale = 10}),   // 10 mV
///     cells(0x1100, 16),                                               // mV
///     sensor(0x1118, Wire::u16, Signal::ambient_temperature, kDeciKelvin, kZeroOrAllOnes),
///
/// What a row cannot say (a sign that another register decides) is Map::extra.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/linear.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::register_map {

/// How a number lies in registers. A register is big-endian.
enum class Wire : std::uint8_t {
  u16,
  s16,
  u8,           ///< High half of the register; eight coils.
  u8_low,       ///< Low half.
  s8,           ///< High half; elements follow byte by byte.
  u32,          ///< High word first.
  s32,          ///< High word first.
  u32_swapped,  ///< Low word first.
  s32_swapped,  ///< Low word first.
};

/// Bytes of one number. @thread_safety Pure function, like all of this file.
[[nodiscard]] constexpr std::size_t width(Wire wire) noexcept {
  switch (wire) {
    case Wire::u16:
    case Wire::s16:
      return 2;
    case Wire::u8:
    case Wire::u8_low:
    case Wire::s8:
      return 1;
    case Wire::u32:
    case Wire::s32:
    case Wire::u32_swapped:
    case Wire::s32_swapped:
      return 4;
  }
  return 2;
}

/// What a register holds.
enum class Use : std::uint8_t {
  value,    ///< A signal.
  cell,     ///< A cell voltage or an extreme of them; missing where no cell can be.
  sensor,   ///< A temperature; missing where no sensor can be.
  percent,  ///< State of charge or health; missing above 100 %.
  flag,     ///< On when a bit of the mask is set.
  text,     ///< ASCII, two characters per register.
  vendor,   ///< A number that only the vendor defines.
};

/// Raw values that mean "not there", any of them.
inline constexpr std::uint8_t kZero = 1;
inline constexpr std::uint8_t kAllOnes = 2;  ///< FF, FFFF or FFFFFFFF.
inline constexpr std::uint8_t k7fff = 4;
inline constexpr std::uint8_t kZeroOrAllOnes = kZero | kAllOnes;
/// Not a value but slots: those at the end of a run that read zero are not fitted, where neither
/// the battery nor an option says how many there are.
inline constexpr std::uint8_t kUnusedZero = 8;
/// Not a value either: the wire has a sign where only the magnitude counts.
inline constexpr std::uint8_t kMagnitude = 16;

/// One row. Made by the functions below.
struct Field {
  std::uint16_t at = 0;  ///< Address as on the wire.
  Wire wire = Wire::u16;
  Use use = Use::value;
  Signal signal{};            ///< All uses but text and vendor.
  TextField text_field{};     ///< Use::text.
  std::uint8_t elements = 0;  ///< Slots of a run; 0: a scalar. Use::text: bytes.
  std::uint8_t absent = 0;    ///< kZero ...
  std::uint8_t variants = 0;  ///< Bits of the variants that have this row; 0: all.
  std::uint32_t mask = 0;     ///< Use::flag.
  Linear linear{};
  std::string_view name{};  ///< Use::vendor.
};

[[nodiscard]] constexpr Field value(std::uint16_t at, Wire wire, Signal signal,
                                    Linear linear = {}) noexcept {
  return {.at = at, .wire = wire, .use = Use::value, .signal = signal, .linear = linear};
}
/// A scalar cell voltage, in mV on the wire unless `linear` says otherwise.
[[nodiscard]] constexpr Field cell(std::uint16_t at, Signal signal, Linear linear = {}) noexcept {
  return {.at = at, .use = Use::cell, .signal = signal, .linear = linear};
}
/// `slots` cells, one register each. How many of them are cells: Map::cells, or the option.
[[nodiscard]] constexpr Field cells(std::uint16_t at, std::uint8_t slots,
                                    Linear linear = {}) noexcept {
  return {.at = at,
          .use = Use::cell,
          .signal = Signal::cell_voltage,
          .elements = slots,
          .absent = kUnusedZero,
          .linear = linear};
}
/// A scalar temperature.
[[nodiscard]] constexpr Field sensor(std::uint16_t at, Wire wire, Signal signal, Linear linear,
                                     std::uint8_t absent = 0) noexcept {
  return {.at = at,
          .wire = wire,
          .use = Use::sensor,
          .signal = signal,
          .absent = absent,
          .linear = linear};
}
/// `slots` temperatures. How many of them are sensors: Map::temperatures, the option, else all.
[[nodiscard]] constexpr Field sensors(std::uint16_t at, Wire wire, std::uint8_t slots,
                                      Linear linear, std::uint8_t absent = 0) noexcept {
  return {.at = at,
          .wire = wire,
          .use = Use::sensor,
          .signal = Signal::temperature,
          .elements = slots,
          .absent = absent,
          .linear = linear};
}
/// @param basis_points  Of one step: 100 for whole percent.
[[nodiscard]] constexpr Field percent(std::uint16_t at, Signal signal, std::int32_t basis_points,
                                      Wire wire = Wire::u16) noexcept {
  return {.at = at,
          .wire = wire,
          .use = Use::percent,
          .signal = signal,
          .linear = {.scale = basis_points}};
}
[[nodiscard]] constexpr Field flag(std::uint16_t at, Signal signal, std::uint32_t mask = 0xFFFF,
                                   Wire wire = Wire::u16) noexcept {
  return {.at = at, .wire = wire, .use = Use::flag, .signal = signal, .mask = mask};
}
[[nodiscard]] constexpr Field text(std::uint16_t at, TextField field, std::uint8_t bytes) noexcept {
  return {.at = at, .wire = Wire::u8, .use = Use::text, .text_field = field, .elements = bytes};
}
[[nodiscard]] constexpr Field vendor(std::uint16_t at, Wire wire, std::string_view name,
                                     Linear linear = {}) noexcept {
  return {.at = at, .wire = wire, .use = Use::vendor, .linear = linear, .name = name};
}
/// The row with marks: kZero, kMagnitude ...
[[nodiscard]] constexpr Field marked(std::uint8_t absent, Field field) noexcept {
  field.absent = absent;
  return field;
}
/// The row only in the variants of `bits` (bit 0: the first of ProtocolInfo::variants).
[[nodiscard]] constexpr Field only(std::uint8_t bits, Field field) noexcept {
  field.variants = bits;
  return field;
}

/// What a bit of an alarm register is.
enum class Level : std::uint8_t {
  warning,
  alarm,
  both,  ///< A first level that the vectors count as an alarm.
};

struct Bit {
  std::uint16_t at = 0;
  std::uint8_t bit = 0;  ///< 0 is the least significant of the register, or of eight coils.
  Level level = Level::alarm;
  Alarm alarm{};
};

/// Bits of a register that only the vendor names.
struct VendorWord {
  std::uint16_t at = 0;
  std::uint16_t mask = 0;
  std::uint8_t shift = 0;  ///< Where bit 0 of the register stands in `vendor_alarms`.
  std::span<const std::string_view> names{};  ///< By bit of the register; empty: has no name.
};

/// Alarm registers that belong together: a reply that lacks one of them says nothing of alarms,
/// because half a list looks healthier than it is.
struct Alarms {
  bool coils = false;
  std::span<const Bit> bits{};
  std::span<const VendorWord> words{};
};

/// Where a battery says how many cells or sensors it has.
struct Count {
  std::uint16_t at = 0;
  Wire wire = Wire::u16;
  bool mask = false;  ///< A bit per element: the highest set one counts.
};

/// A register that says which way the current flows, where the sources do not agree about its sign.
/// It decides: a pack_current of the other sign is turned, is substituted, and the vendor value
/// `current_sign_by_state` is 1.
struct Direction {
  std::uint16_t at = 0;
  std::uint16_t charging = 1;     ///< Its value while the battery charges.
  std::uint16_t discharging = 2;  ///< Its value while the battery discharges.
};

/// One read of the poll plan.
struct Block {
  std::uint8_t number = 0;    ///< PollItem::number.
  std::uint8_t function = 3;  ///< 1 coils, 3, 4 registers.
  std::uint16_t at = 0;
  std::uint16_t count = 0;  ///< Registers, or coils.
};

/// A setting of one or two registers that is 1 for on and 0 for off.
struct Write {
  std::uint8_t function = 6;  ///< 6, or 16.
  std::uint16_t at = 0;
  std::uint8_t registers = 1;  ///< 2: a u32, high word first.
};

/// The data of one reply, by address.
class Reply {
 public:
  /// @param address_bits  Bits of data per address: 16; 1 for coils; 8 where addresses count bytes.
  Reply(Bytes data, std::uint16_t first, std::uint8_t address_bits, bool coils,
        std::uint8_t variant) noexcept
      : data_(data), first_(first), address_bits_(address_bits), coils_(coils), variant_(variant) {}

  [[nodiscard]] bool coils() const noexcept { return coils_; }
  [[nodiscard]] std::uint8_t variant() const noexcept { return variant_; }
  /// Offset in the data of `bytes` bytes from `at`; nullopt: not, or not wholly, in the reply.
  [[nodiscard]] std::optional<std::size_t> offset(std::uint16_t at,
                                                  std::size_t bytes) const noexcept;
  /// The raw number at `at`, sign-extended. @param element  0: the first of a run.
  [[nodiscard]] std::optional<std::int64_t> raw(std::uint16_t at, Wire wire,
                                                std::size_t element = 0) const noexcept;
  [[nodiscard]] Bytes data() const noexcept { return data_; }

 private:
  Bytes data_;
  std::uint16_t first_;
  std::uint8_t address_bits_;
  bool coils_;
  std::uint8_t variant_;
};

/// One protocol. Static; everything it names outlives it.
struct Map {
  ProtocolInfo info{};
  std::span<const std::span<const PollItem>> plans{};  ///< One per variant, or one for all.
  std::span<const Block> blocks{};                     ///< By PollItem::number, and others known.
  Duration reply_timeout{};
  Duration request_gap = milliseconds(5);  ///< 3.5 characters at 9600 bit/s are 4 ms.
  std::uint8_t address_min = 1;            ///< Besides ProtocolInfo::addresses.
  std::uint8_t address_max = 247;
  std::uint8_t reply_flip = 0;     ///< Bits of the address that a reply turns.
  std::uint8_t address_bits = 16;  ///< Bits of data per register address.
  std::span<const Field> registers{};
  std::span<const Field> coils{};
  std::span<const Alarms> alarms{};
  std::uint8_t cells_max = 0;  ///< Slots; 0: the protocol has no cells.
  std::uint8_t temperatures_max = 0;
  std::optional<Count> cells{};
  std::optional<Count> temperatures{};
  std::optional<Direction> direction{};
  std::optional<std::uint16_t> switches{};  ///< FC 16: two registers, charge and discharge, 1 on.
  std::optional<Write> balance{};
  /// Gives what rows cannot say. @return Something was given.
  bool (*extra)(const Reply& reply, ReadingSink& sink) = nullptr;
};

}  // namespace ems::protocol::register_map
