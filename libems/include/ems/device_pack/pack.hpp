// SPDX-License-Identifier: Apache-2.0
/// @file A device pack, compiled: which registers a device has, what they mean in the catalogue,
/// and how its active-power set-point is written. Plain data, spans over storage of whoever loaded
/// it (io::LoadedPack, or a generated constexpr table): no heap, no code per device.
///
/// @source docs/how-to/add-a-modbus-device.md; packs/*.yaml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/time.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/modbus/pdu.hpp"

namespace ems::device_pack {

using protocol::modbus::Function;

inline constexpr std::uint16_t kNoRegister = 0xFFFF;       ///< "There is none" for an offset.
inline constexpr std::size_t kSectionsMax = 16;            ///< Sections in one pack.
inline constexpr std::size_t kBlocksMax = 64;              ///< Read blocks in one pack.
inline constexpr std::size_t kTextRegistersMax = 32;       ///< Registers of one text.
inline constexpr std::size_t kWriteStepsMax = 8;           ///< Requests of one write group.
inline constexpr std::size_t kWriteStepRegistersMax = 16;  ///< Registers of one such request.

/// How the registers of a point make a number.
enum class WireType : std::uint8_t { s16, u16, s32, u32, s64, u64, f32, text };
/// Order of the 16-bit words of a longer value; bytes inside a word are always big-endian.
enum class WordOrder : std::uint8_t { high_low, low_high };
/// What becomes of a value.
enum class PointUse : std::uint8_t {
  number,   ///< raw * multiplier / divisor * 10^scale factor, nearest.
  bits,     ///< The raw bits, unscaled (bit field or enumeration).
  boolean,  ///< raw & mask, see RegisterPoint::mask.
  text,     ///< UTF-8, NUL- or blank-padded.
};

/// One value of a device.
struct RegisterPoint {
  std::string_view name{};   ///< The device's own name: `TotWhInj`.
  std::uint16_t offset = 0;  ///< First register, from the section's start.
  std::uint8_t registers = 1;
  WireType type = WireType::u16;
  WordOrder order = WordOrder::high_low;
  PointUse use = PointUse::number;
  Signal signal{};            ///< number, bits, boolean.
  std::uint16_t element = 0;  ///< As in Point.
  TextField text{};           ///< text.
  /// Exact factor from the wire's step to the catalogue's unit, the sign included.
  /// f32: multiplier is +-1, divisor 1, and `float_digits` decimal digits are taken.
  std::int64_t multiplier = 1;
  std::int64_t divisor = 1;  ///< > 0.
  std::uint8_t float_digits = 0;
  /// Offset of the s16 power-of-ten exponent, in the same read block; kNoRegister: none.
  std::uint16_t scale_at = kNoRegister;
  bool has_absent = false;   ///< The wire has a value that means "not implemented".
  std::uint64_t absent = 0;  ///< That value, as raw bits of the width of the type.
  /// boolean: true when (raw & mask) != 0. Mask 0: 0 is false, 1 is true, anything else is absent.
  std::uint64_t mask = 0;
};

/// Consecutive registers read by one request.
struct ReadBlock {
  std::uint16_t offset = 0;  ///< From the section's start.
  std::uint16_t count = 0;   ///< 1 .. 125.
  std::uint16_t first_point = 0;
  std::uint16_t point_count = 0;  ///< Points first_point .. of the section lie in this block.
};

/// A part of the register map: a SunSpec model, or a range at a fixed address.
struct Section {
  std::string_view name{};
  std::uint16_t model = 0;  ///< SunSpec model id; 0: fixed address.
  std::uint16_t base = 0;   ///< Fixed address of offset 0; unused for a model.
  /// Registers the definition has, a model's ID and L included; 0: not limited (fixed address).
  std::uint16_t registers = 0;
  Function function = Function::read_holding_registers;
  std::uint16_t every = 1;  ///< Read every n-th round; 0: once after each connect.
  std::span<const RegisterPoint> points{};
  std::span<const ReadBlock> blocks{};
};

/// Where the number of a written field comes from.
enum class WriteSource : std::uint8_t {
  constant,       ///< WriteField::constant, as raw.
  setpoint,       ///< Active power, + discharge; scaled, rounded towards 0.
  lease_seconds,  ///< Lease in whole seconds, rounded up.
  counter,        ///< One more with each heartbeat, 0 .. 32767 and round again.
};

/// Consecutive registers of a write.
struct WriteField {
  std::string_view name{};
  std::uint16_t offset = 0;  ///< From the section's start.
  WireType type = WireType::u16;
  WordOrder order = WordOrder::high_low;
  WriteSource source = WriteSource::constant;
  std::int64_t constant = 0;
  std::int64_t multiplier = 1;  ///< raw = watts * divisor / multiplier / 10^scale factor.
  std::int64_t divisor = 1;
  std::uint16_t scale_at = kNoRegister;
};

/// One request of a write group; its fields are consecutive and gapless.
struct WriteStep {
  std::span<const WriteField> fields{};
};

/// How a device expresses a command that is not a set-point.
enum class CommandSupport : std::uint8_t {
  none,        ///< It cannot.
  zero_power,  ///< Only as a set-point of 0 W: the device stays connected and energised.
  steps,       ///< By its own write group.
};

/// The active-power set-point of a device. Steps go out in order, each after the answer to the
/// one before; the last one makes the others take effect.
struct PowerControl {
  std::uint16_t section = 0;  ///< Index into Pack::sections.
  std::span<const WriteStep> setpoint{};
  Duration lease_min{};         ///< Shortest revert time the device can be given; > 0.
  Duration lease_max{};         ///< Longest.
  bool device_reverts = false;  ///< The device drops the set-point by itself when the lease ends.
  bool volatile_registers = false;  ///< May be written for ever: no flash wears out.
  std::string_view after_lease{};   ///< What the device does then, for people.
  /// The device opens its outputs by itself unless it is written at least so often; zero: it has no
  /// such dead-man.
  Duration heartbeat_period{};
  std::span<const WriteStep> heartbeat{};  ///< One request, when heartbeat_period is not zero.
  CommandSupport stop = CommandSupport::none;
  CommandSupport standby = CommandSupport::none;
  std::span<const WriteStep> stop_steps{};
  std::span<const WriteStep> standby_steps{};
};

/// One device family.
struct Pack {
  std::string_view name{};    ///< `sunspec_pcs`: in configuration and tools.
  std::string_view title{};   ///< For people.
  std::string_view source{};  ///< Where the map is from.
  AssetKind kind = AssetKind::meter;
  bool sunspec = false;                   ///< Sections are models found by walking the chain.
  std::uint16_t sunspec_base = 0;         ///< Where "SunS" stands.
  Duration reply_timeout{};               ///< Longest healthy answer; > 0.
  std::span<const Section> sections{};    ///< At most kSectionsMax, kBlocksMax blocks in all.
  const PowerControl* control = nullptr;  ///< nullptr: the device cannot be controlled.
};

}  // namespace ems::device_pack
