// SPDX-License-Identifier: Apache-2.0
/// @file A battery on CAN as data: which bits of which frame mean what.
///
/// One Protocol is one protocol; MapCodec (codec.hpp) reads it, Battery (battery.hpp) speaks it. A
/// frame gives every row of its identifier that it is long enough for. A row is one line:
///
///     value(0x4210, u16le(0), Signal::pack_voltage, {.scale = 100}),   // 0.1 V
///     percent(0x4210, u8(6), Signal::soc, 100),                        // 1 %
///     alarm(0x4250, bit(6, 1), Alarm::cell_overvoltage),
///
/// Identifiers stand in rows without the bits of the address. What a row cannot say (a number whose
/// meaning another frame decides) is Map::extra. A DBC file becomes the same rows (io/dbc.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/can_frame.hpp"
#include "ems/protocol/can_mailbox.hpp"
#include "ems/protocol/linear.hpp"

namespace ems::protocol::can_map {

/// Where a number lies in a frame, as DBC files say it: bit 8 * n + b is bit b (0 lowest) of byte
/// n.
struct Bits {
  std::uint8_t start = 0;   ///< Its lowest bit; with `big_endian` its highest.
  std::uint8_t size = 0;    ///< 1 .. 64.
  bool big_endian = false;  ///< Motorola: it goes on in the highest bit of the next byte.
  bool is_signed = false;   ///< Two's complement.
};

/// @thread_safety Pure functions, like all of this file. @param at  Byte, from 0.
[[nodiscard]] constexpr Bits u8(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at), .size = 8};
}
[[nodiscard]] constexpr Bits s8(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at), .size = 8, .is_signed = true};
}
[[nodiscard]] constexpr Bits u16le(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at), .size = 16};
}
[[nodiscard]] constexpr Bits s16le(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at), .size = 16, .is_signed = true};
}
[[nodiscard]] constexpr Bits u32le(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at), .size = 32};
}
[[nodiscard]] constexpr Bits u16be(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at + 7), .size = 16, .big_endian = true};
}
[[nodiscard]] constexpr Bits s16be(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at + 7),
          .size = 16,
          .big_endian = true,
          .is_signed = true};
}
[[nodiscard]] constexpr Bits u32be(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at + 7), .size = 32, .big_endian = true};
}
[[nodiscard]] constexpr Bits s32be(std::uint8_t at) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at + 7),
          .size = 32,
          .big_endian = true,
          .is_signed = true};
}
/// `size` bits of one byte, from bit `first`.
[[nodiscard]] constexpr Bits bits(std::uint8_t at, std::uint8_t first, std::uint8_t size) noexcept {
  return {.start = static_cast<std::uint8_t>(8 * at + first), .size = size};
}
[[nodiscard]] constexpr Bits bit(std::uint8_t at, std::uint8_t which) noexcept {
  return bits(at, which, 1);
}

/// Where number `i` of those lies that follow one another without gaps; `where` is number 0.
[[nodiscard]] Bits following(Bits where, unsigned i) noexcept;
/// The number; nullopt when the frame is too short for it. Unsigned ones of 64 bits wrap.
[[nodiscard]] std::optional<std::int64_t> read(Bytes payload, Bits where) noexcept;
/// Puts the low bits of `value` in. @pre The payload is long enough.
void write(MutableBytes payload, Bits where, std::int64_t value) noexcept;

/// What a number is.
enum class Use : std::uint8_t {
  value,      ///< A signal.
  magnitude,  ///< A signal without a sign: what the wire adds is dropped.
  amount,     ///< A signal; missing below zero.
  cell,       ///< A cell voltage or an extreme of them; missing where no cell can be.
  sensor,     ///< A temperature; missing where no sensor can be.
  percent,    ///< State of charge or health; missing above 100 %.
  flag,       ///< On unless zero.
  equals,     ///< On when the number is Row::operand.
  differs,    ///< On unless the number is Row::operand.
  vendor,     ///< A number that only the vendor defines.
};

/// Raw numbers that mean "not there", any of them.
inline constexpr std::uint8_t kZero = 1;
inline constexpr std::uint8_t kAllOnes = 2;  ///< FF, FFFF ...
inline constexpr std::uint8_t kLowest = 4;   ///< 8000, as signed numbers without a value have it.
inline constexpr std::uint8_t kZeroOrAllOnes = kZero | kAllOnes;

/// A multiplexed message: this frame has the row only when the selector (Map::selectors) is so.
inline constexpr std::int32_t kAnySelector = -1;

/// One number. Made by the functions below.
struct Row {
  std::uint32_t id = 0;
  Bits where{};
  Use use = Use::value;
  Signal signal{};
  std::uint16_t element = 0;  ///< From 1; 0: a scalar.
  std::uint8_t absent = 0;    ///< kZero ...
  /// Use::equals, Use::differs: what it is compared with. Use::value, Use::magnitude: the largest
  /// size that can be; missing above. 0: any.
  std::int32_t operand = 0;
  std::int32_t selector = kAnySelector;
  Linear linear{};
  std::string_view name{};  ///< Use::vendor.
  Bits unless{};            ///< A flag of the frame that makes the number missing; size 0: none.
};

/// A row of any use; the functions below say the usual ones.
[[nodiscard]] constexpr Row row(Use use, std::uint32_t id, Bits where, Signal signal, Linear linear,
                                std::uint8_t absent, std::uint16_t element = 0) noexcept {
  return {.id = id,
          .where = where,
          .use = use,
          .signal = signal,
          .element = element,
          .absent = absent,
          .linear = linear};
}
[[nodiscard]] constexpr Row value(std::uint32_t id, Bits where, Signal signal, Linear linear = {},
                                  std::uint8_t absent = 0) noexcept {
  return row(Use::value, id, where, signal, linear, absent);
}
/// A signal without a sign.
[[nodiscard]] constexpr Row magnitude(std::uint32_t id, Bits where, Signal signal,
                                      Linear linear = {}, std::uint8_t absent = 0) noexcept {
  return row(Use::magnitude, id, where, signal, linear, absent);
}
/// A signal that is missing below zero.
[[nodiscard]] constexpr Row amount(std::uint32_t id, Bits where, Signal signal, Linear linear = {},
                                   std::uint8_t absent = 0) noexcept {
  return row(Use::amount, id, where, signal, linear, absent);
}
/// In mV on the wire unless `linear` says otherwise. A cell of 0 mV cannot be told from bytes that
/// nobody filled.
[[nodiscard]] constexpr Row cell(std::uint32_t id, Bits where, Signal signal, Linear linear = {},
                                 std::uint16_t element = 0) noexcept {
  return row(Use::cell, id, where, signal, linear, kZeroOrAllOnes, element);
}
[[nodiscard]] constexpr Row sensor(std::uint32_t id, Bits where, Signal signal, Linear linear,
                                   std::uint16_t element = 0, std::uint8_t absent = 0) noexcept {
  return row(Use::sensor, id, where, signal, linear, absent, element);
}
/// @param basis_points  Of one step.
[[nodiscard]] constexpr Row percent(std::uint32_t id, Bits where, Signal signal,
                                    std::int32_t basis_points) noexcept {
  return {.id = id,
          .where = where,
          .use = Use::percent,
          .signal = signal,
          .linear = {.scale = basis_points}};
}
[[nodiscard]] constexpr Row flag(std::uint32_t id, Bits where, Signal signal) noexcept {
  return {.id = id, .where = where, .use = Use::flag, .signal = signal};
}
[[nodiscard]] constexpr Row equals(std::uint32_t id, Bits where, std::int32_t operand,
                                   Signal signal) noexcept {
  return {.id = id, .where = where, .use = Use::equals, .signal = signal, .operand = operand};
}
[[nodiscard]] constexpr Row differs(std::uint32_t id, Bits where, std::int32_t operand,
                                    Signal signal) noexcept {
  return {.id = id, .where = where, .use = Use::differs, .signal = signal, .operand = operand};
}
[[nodiscard]] constexpr Row vendor(std::uint32_t id, Bits where, std::string_view name,
                                   Linear linear = {}) noexcept {
  return {.id = id, .where = where, .use = Use::vendor, .linear = linear, .name = name};
}
/// The row in frames of one selector only.
[[nodiscard]] constexpr Row when(std::int32_t selector, Row row) noexcept {
  row.selector = selector;
  return row;
}
/// The number is missing when it is larger than `most` in size.
[[nodiscard]] constexpr Row at_most(std::int32_t most, Row row) noexcept {
  row.operand = most;
  return row;
}
/// The number is missing while `flag` is set.
[[nodiscard]] constexpr Row unless(Bits flag, Row row) noexcept {
  row.unless = flag;
  return row;
}

/// Cells or sensors, `per_frame` in each frame of a numbered series: element = (number - first) *
/// per_frame + place in the frame + `element`. Those beyond CodecOptions' count, where given, are
/// not.
struct Series {
  std::uint32_t id = 0;
  Bits number{};           ///< Of the frame; size 0: one frame without a number.
  std::uint8_t first = 0;  ///< Number of the first frame.
  std::uint8_t last = 0;   ///< Number of the last; others are ignored.
  Bits where{};            ///< The first of a frame; the others follow in the next bits.
  std::uint8_t per_frame = 0;
  Use use = Use::cell;  ///< cell | sensor.
  Linear linear{};
  std::uint8_t absent = kZeroOrAllOnes;
  std::uint16_t element = 1;   ///< The first of the first frame.
  Bits flags{};                ///< The first one's flag, the others follow upwards; size 0: none.
  bool flag_is_valid = false;  ///< A set flag: there; else: missing.
};

/// A piece of a text.
struct TextPart {
  std::uint32_t id = 0;
  std::uint8_t at = 0;                   ///< First byte; the text goes to the end of the frame.
  std::int32_t selector = kAnySelector;  ///< Of this part's frame.
};

/// A text over one or more frames, in their order. It ends at the first byte that is not printable
/// ASCII, and is given when it is whole up to there.
struct Text {
  TextField field{};
  std::span<const TextPart> parts{};
};

/// How a number says that something is wrong.
enum class Sense : std::uint8_t {
  at_least,  ///< Active when it is >= AlarmRow::level.
  pair,      ///< Two bits: 01 begins, 10 ends, others change nothing.
};

/// One alarm or warning.
struct AlarmRow {
  std::uint32_t id = 0;
  Bits where{};
  bool warns = false;            ///< A warning; else an alarm.
  std::optional<Alarm> alarm{};  ///< What it means for everybody,
  std::string_view name{};       ///< and what the vendor calls it; at least one of both.
  Sense sense = Sense::at_least;
  std::int32_t level = 1;
  std::int64_t below = INT64_MAX;  ///< Sense::at_least: active only below this.
};

/// An alarm of the catalogue, active unless its number is 0.
[[nodiscard]] constexpr AlarmRow alarm(std::uint32_t id, Bits where, Alarm what) noexcept {
  return {.id = id, .where = where, .alarm = what};
}
/// The same as a warning.
[[nodiscard]] constexpr AlarmRow warning(std::uint32_t id, Bits where, Alarm what) noexcept {
  return {.id = id, .where = where, .warns = true, .alarm = what};
}
/// An alarm that the vendor names more exactly than the catalogue.
[[nodiscard]] constexpr AlarmRow alarm(std::uint32_t id, Bits where, std::string_view name,
                                       Alarm what) noexcept {
  return {.id = id, .where = where, .alarm = what, .name = name};
}
/// An alarm that only the vendor names: nothing acts on it. One that says that something is broken
/// needs an Alarm too.
[[nodiscard]] constexpr AlarmRow alarm(std::uint32_t id, Bits where,
                                       std::string_view name) noexcept {
  return {.id = id, .where = where, .name = name};
}
[[nodiscard]] constexpr AlarmRow warning(std::uint32_t id, Bits where,
                                         std::string_view name) noexcept {
  return {.id = id, .where = where, .warns = true, .name = name};
}
/// The same as a pair that begins and ends.
[[nodiscard]] constexpr AlarmRow pair(AlarmRow row) noexcept {
  row.sense = Sense::pair;
  return row;
}

/// Which part of an identifier's messages a frame is.
struct Selector {
  std::uint32_t id = 0;
  Bits where{};
};

/// A number that says which way the battery's current flows. Where it and the sign of pack_current
/// contradict each other the current is missing: one of both is not what it is taken for.
struct Direction {
  std::uint32_t id = 0;
  Bits where{};
  std::int32_t charging = 0;     ///< The number while it charges.
  std::int32_t discharging = 0;  ///< And while it discharges.
};

/// Up to here a current may flow the other way than the battery says: it turns around, or idles.
inline constexpr std::int64_t kTurningMilliAmp = 1'000;

struct Map;

/// What Map::extra is given, after the rows of the frame.
struct Extra {
  const Map& map;
  const CanFrame& frame;
  std::uint32_t id;  ///< Of the frame, without its address.
  Instant now;
  const CanMailbox& mailbox;  ///< Has the frame already.
  ReadingSink& sink;
};

/// One reading (variant) of a protocol. All spans are static.
struct Map {
  bool extended = false;  ///< Identifiers up to 7FF have 29 bits too; those above always have.
  std::uint32_t address_mask = 0;       ///< Bits of the identifier that are the battery's address.
  std::uint32_t send_address_mask = 0;  ///< The same in identifiers that the host sends.
  std::uint8_t address_min = 0;         ///< Identifiers with a lower address are nobody's.
  std::span<const CanSend> sends{};
  std::span<const Row> rows{};
  std::span<const Series> series{};
  std::span<const Text> texts{};
  std::span<const AlarmRow> alarms{};
  std::span<const Selector> selectors{};
  std::optional<Direction> direction{};
  /// Frames of these selectors stay in the mailbox side by side, as their parts: `extra` looks
  /// back, and an alarm of one part stays until the same part takes it back.
  std::span<const std::int32_t> kept{};
  /// Identifiers that only `extra` reads.
  std::span<const std::uint32_t> others{};
  void (*extra)(const Extra&) noexcept = nullptr;
};

/// Bits per second, for ProtocolInfo::bit_rates.
inline constexpr std::uint32_t k250kbit[] = {250'000};
inline constexpr std::uint32_t k500kbit[] = {500'000};
/// Variants of a protocol whose sources do not agree about the sign of the current on the wire.
inline constexpr std::string_view kSignVariants[] = {"charge_positive", "discharge_positive"};

/// A protocol.
struct Protocol {
  ProtocolInfo info{};  ///< bit_rates has the bus's first. addresses: within every address_mask.
  Duration quiet_after{};
  std::span<const Map> maps{};  ///< One for each of info.variants; one where there are none.
};

}  // namespace ems::protocol::can_map
