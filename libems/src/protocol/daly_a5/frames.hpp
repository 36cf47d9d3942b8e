// SPDX-License-Identifier: Apache-2.0
/// @file Private: frames of 13 bytes, alone and in rows.
///
///     request  A5 address command 08 data(8) sum
///     reply    A5 board   command 08 data(8) sum
#pragma once

#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::daly_a5 {

inline constexpr std::size_t kFrame = 13;
inline constexpr std::size_t kAddressAt = 1;
inline constexpr std::size_t kCommandAt = 2;
inline constexpr std::size_t kDataAt = 4;
inline constexpr std::size_t kDataSize = 8;
inline constexpr std::size_t kFramesMax = 16;  ///< Of one reply.

inline constexpr std::uint8_t kRs485 = 0x40;  ///< Of board 1.
inline constexpr std::uint8_t kUart = 0x80;
inline constexpr std::uint8_t kGprs = 0x20;
inline constexpr std::uint8_t kBoardsMax = 16;

[[nodiscard]] constexpr bool is_rs485(std::uint8_t address) noexcept {
  return address >= kRs485 && address < kRs485 + kBoardsMax;
}
/// Number of the board at an address; who has no number of his own answers as 1.
[[nodiscard]] constexpr std::uint8_t board_of(std::uint8_t address) noexcept {
  return is_rs485(address) ? static_cast<std::uint8_t>(address - kRs485 + 1) : std::uint8_t{1};
}

enum Command : std::uint8_t {
  kRestart = 0x00,
  kWriteSoc = 0x21,
  kRated = 0x50,
  kDate = 0x53,
  kCode = 0x57,
  kPack = 0x90,
  kCellExtremes = 0x91,
  kTempExtremes = 0x92,
  kSwitches = 0x93,
  kStatus = 0x94,
  kCells = 0x95,
  kTemperatures = 0x96,
  kBalancing = 0x97,
  kFaults = 0x98,
  kSetDischarge = 0xD9,
  kSetCharge = 0xDA,
};

[[nodiscard]] constexpr bool is_switch(std::uint8_t command) noexcept {
  return command == kSetDischarge || command == kSetCharge;
}
/// Its frames carry their number in the first byte of the data.
[[nodiscard]] constexpr bool is_numbered(std::uint8_t command) noexcept {
  return command == kCells || command == kTemperatures || command == kCode;
}

/// Which frames answer a request.
struct Expected {
  std::uint8_t command = 0;       ///< Of the first frame.
  std::uint8_t last_command = 0;  ///< Of the last.
  std::uint8_t board = 0;         ///< Who may answer besides board 1; 0: anybody.
  std::size_t frames = 1;         ///< At least.
  std::uint8_t first_number = 1;  ///< Of numbered frames.
  bool more = false;              ///< There may be more frames than that.

  [[nodiscard]] constexpr std::uint8_t command_of(std::size_t frame) const noexcept {
    return frame == 0 ? command : last_command;
  }
};

/// Writes one frame. @param data  At most 8 bytes; zeros behind them. @pre out has kFrame bytes.
void write_frame(std::uint8_t address, std::uint8_t command, Bytes data, MutableBytes out) noexcept;
void write_frame(std::uint8_t address, std::uint8_t command, std::uint8_t first_byte,
                 MutableBytes out) noexcept;

/// Checks a request: one frame, or two that switch both transistors.
///
/// @return The last of them.
/// @errors header truncated length checksum, in this order; offset = first wrong byte.
[[nodiscard]] Result<Bytes> check_request(Bytes request) noexcept;

/// Checks a reply: whole frames, in order.
///
/// @errors header truncated length checksum device_error, in this order; offset = first wrong byte.
///         device_error: the board marks the frame as invalid (number FF).
[[nodiscard]] Result<void> check_reply(const Expected& expected, Bytes reply) noexcept;

/// Finds the reply in a stream: PollCodec::scan().
/// @param expected  nullptr: any single frame.
[[nodiscard]] FrameScan scan_reply(const Expected* expected, Bytes received) noexcept;

}  // namespace ems::protocol::daly_a5
