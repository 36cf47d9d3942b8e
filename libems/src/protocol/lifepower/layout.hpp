// SPDX-License-Identifier: Apache-2.0
/// @file Private: requests, and what the groups of a status hold, for the decoder and the board.
/// @source docs/protocols/lifepower.md.
#pragma once

#include "protocol/field.hpp"
#include "protocol/framed.hpp"

namespace ems::protocol::lifepower {

inline constexpr std::uint8_t kStatus = 0x01;
inline constexpr std::uint8_t kFirmware = 0x33;
inline constexpr std::uint8_t kHardware = 0x42;

// Frame: 7E address command length data check 0D.
inline constexpr std::uint8_t kStart = 0x7E;
inline constexpr std::size_t kAddressAt = 1;
inline constexpr std::size_t kCommandAt = 2;
inline constexpr std::size_t kLengthAt = 3;
inline constexpr std::size_t kDataAt = 4;
inline constexpr std::uint8_t kAddress = 1;  // Unless said.
inline constexpr std::uint8_t kAddressMax = 15;
inline constexpr framed::Shape kShape{
    .length_at = kLengthAt, .data_at = kDataAt, .checksum_size = 1, .end = {0x0D}};

/// The check of a request: ~(x ^ (x - 1)) of address times command fits every request known.
[[nodiscard]] constexpr std::uint8_t check_of(unsigned address, unsigned command) noexcept {
  const unsigned x = address * command;
  return static_cast<std::uint8_t>(~(x ^ (x - 1)) & 0xFFU);
}
void sum(Bytes before, MutableBytes checksum) noexcept;

struct Asked {
  std::uint8_t address = 0;
  std::uint8_t command = 0;
};

/// @errors header truncated length tail checksum; offset = first wrong byte.
[[nodiscard]] Result<Asked> parse_request(Bytes request) noexcept;

// Status: groups of id, count, count words.
enum Group : std::uint8_t {
  kCells = 1,
  kCurrent = 2,
  kSoc = 3,
  kCapacity = 4,
  kTemperatures = 5,
  kStates = 6,
  kCycles = 7,
  kVoltage = 8,
  kSoh = 9,
  kGroups = 10,  ///< Of which the last says what nobody knows.
};

// One word each.
struct Row {
  Group group{};
  Meaning meaning{};
};
inline constexpr Row kRows[] = {
    {kSoc, percent(Signal::soc, 1)},       {kCapacity, value(Signal::full_capacity, 10'000)},
    {kCycles, value(Signal::cycle_count)}, {kVoltage, value(Signal::pack_voltage, 10)},
    {kSoh, percent(Signal::soh, 1)},
};

inline constexpr std::uint16_t kMilliVolt = 0x3FFF;  // Of a cell's word; the rest marks it.

// Six sensors are four of the cells, transistors, ambient. A word's low byte, in degC.
inline constexpr std::size_t kNamedSensors = 6;
inline constexpr std::size_t kCellSensors = 4;
inline constexpr std::int64_t kDegreesBelow = 50;

inline constexpr std::int64_t kZeroCurrent = 30'000;  // Less is charging.
inline constexpr std::int64_t kMilliAmpPerStep = 10;

inline constexpr std::size_t kStateWords = 2;
// The second word of the states.
inline constexpr std::uint16_t kCharging = 1U << 0;
inline constexpr std::uint16_t kDischarging = 1U << 1;
inline constexpr AlarmBit kAlarms[] = {
    {2, Alarm::short_circuit},
    {3, Alarm::charge_overcurrent},  // One bit for both directions.
    {3, Alarm::discharge_overcurrent},
    {4, Alarm::pack_overvoltage},
    {5, Alarm::pack_undervoltage},
    {6, Alarm::charge_overtemperature},
    {7, Alarm::charge_undertemperature},
};

}  // namespace ems::protocol::lifepower
