// SPDX-License-Identifier: Apache-2.0
/// @file Private: TDT's frames and where the values lie in them. Offsets count the data of a frame,
/// unless they are the frame's. Read by codec.cpp, written by board.cpp.
/// @source docs/protocols/tdt.md.
#pragma once

#include "ems/protocol/modbus/rtu.hpp"
#include "protocol/field.hpp"
#include "protocol/framed.hpp"

namespace ems::protocol::tdt {

inline constexpr std::string_view kVariants[] = {"7e", "1e"};
inline constexpr std::uint8_t kStarts[] = {0x7E, 0x1E};  // Of a request, by variant.

inline constexpr std::uint8_t kTelemetry = 0x8C;
inline constexpr std::uint8_t kStates = 0x8D;
inline constexpr std::uint8_t kAbout = 0x92;

// Frame: start version address 03 code command length(2) data crc(2) 0D.
inline constexpr std::size_t kAddressAt = 2;
inline constexpr std::size_t kKindAt = 3;
inline constexpr std::size_t kCodeAt = 4;
inline constexpr std::size_t kCommandAt = 5;
inline constexpr std::size_t kLengthAt = 6;
inline constexpr std::size_t kDataAt = 8;
inline constexpr std::uint8_t kKind = 0x03;
inline constexpr std::uint8_t kVersionBits = 0xFB;  // Versions 0 and 4 are known.
inline constexpr std::uint8_t kAddressBits = 0x3F;  // A board answered 41 to a request to 01.
inline constexpr std::uint8_t kAddressMax = kAddressBits;

// The Modbus CRC of all that is before it, high byte first.
inline void sum(Bytes before, MutableBytes checksum) noexcept {
  store_be16(checksum, 0, modbus::crc16(before));
}
inline bool sound(Bytes before, Bytes checksum) noexcept {
  return load_be16(checksum, 0) == modbus::crc16(before);
}
inline constexpr framed::Shape kShape{
    .length_at = kLengthAt, .length_size = 2, .data_at = kDataAt, .sound = sound, .end = {0x0D}};

struct Asked {
  std::uint8_t address = 0;
  std::uint8_t command = 0;
};
/// @errors header truncated length tail checksum; offset = first wrong byte.
[[nodiscard]] Result<Asked> parse_request(Bytes request) noexcept;

// 8C, behind the lists.
inline constexpr std::size_t kTelemetrySize = 14;
inline constexpr std::size_t kCurrentAt = 0;
inline constexpr std::uint16_t kDischarging = 0x8000;
inline constexpr std::uint16_t kCurrentBits = 0x3FFF;  // 0.1 A
inline constexpr FrameField kTelemetryFields[] = {
    {2, FieldWire::u16, value(Signal::pack_voltage, 10)},
    {4, FieldWire::u16, value(Signal::remaining_capacity, 100'000)},
    {6, FieldWire::u16, value(Signal::full_capacity, 100'000)},
    {8, FieldWire::u16, value(Signal::cycle_count)},
    {10, FieldWire::u16, value(Signal::design_capacity, 100'000)},
    {12, FieldWire::u16, percent(Signal::soc, 100)},
};
// The first two sensors; the cells' are behind them.
inline constexpr std::size_t kAmbientSensor = 0;
inline constexpr std::size_t kMosfetSensor = 1;

// 8D, behind the lists of codes.
inline constexpr std::size_t kStatesSize = 7;
inline constexpr std::size_t kProblemsAt = 4;
inline constexpr FlagBit kSwitches[] = {
    {6, 1, flag(Signal::discharge_fet_on)},
    {6, 2, flag(Signal::charge_fet_on)},
};

// 92: three texts.
inline constexpr std::size_t kTextSize = 20;
inline constexpr TextField kTexts[] = {TextField::software_version, TextField::manufacturer,
                                       TextField::serial_number};

}  // namespace ems::protocol::tdt
