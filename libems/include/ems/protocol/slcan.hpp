// SPDX-License-Identifier: Apache-2.0
/// @file A CAN bus through a serial adapter: the text that LAWICEL's CAN232, CANUSB and everything
/// called "slcan" speaks. Sans I/O, heapless.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/protocol/can_record.hpp"

namespace ems::protocol {

/// Longest line that is understood: a CAN FD frame of 64 bytes with a 29-bit identifier and a time.
inline constexpr std::size_t kSlcanLineMax = 1 + 8 + 1 + 2 * kCanFdDataSize + 4;
/// Room that encode_slcan() needs: a classic frame, `\r` included.
inline constexpr std::size_t kSlcanFrameSize = 1 + 8 + 1 + 2 * kCanDataSize + 1;
/// Room that slcan_open_sequence() needs.
inline constexpr std::size_t kSlcanOpenSize = 16;
/// Commands in an open sequence: an adapter that answers answers so often.
inline constexpr std::size_t kSlcanOpenCommands = 5;

enum class SlcanEventKind : std::uint8_t {
  ok = 0,       ///< An empty line: the command was taken.
  sent = 1,     ///< `z`, `Z`: the frame was taken for sending.
  error = 2,    ///< BEL: the command was refused.
  frame = 3,    ///< `record`; CAN FD among them.
  version = 4,  ///< `V1013`: `text` is `1013`.
  serial = 5,   ///< `NA123`: `text` is `A123`.
  status = 6,   ///< `F00`: `text` is `00`, hexadecimal flags.
  refused = 7,  ///< A line that is none of these: `why`.
};

/// `ok`, `tx_ok`, `error`, `frame`, `version`, `serial`, `status`, `refused`.
/// @thread_safety Pure function.
[[nodiscard]] std::string_view to_string(SlcanEventKind kind) noexcept;

struct SlcanEvent {
  SlcanEventKind kind = SlcanEventKind::ok;
  CanRecord record{};  ///< Of `frame`.
  /// The adapter's clock, 0 .. 59 999 ms, where it states one; it wraps each minute.
  std::optional<std::uint16_t> timestamp_ms{};
  FixedString<16> text{};  ///< Of `version`, `serial`, `status`.
  Error why{};             ///< Of `refused`; offset = the character of the line.
};

/// Reads one line.
///
/// @param line    Without its `\r`.
/// @return        The event; never `error`, which is no line. `refused` with
///                header        an unknown command;
///                syntax        a digit that is none;
///                truncated     fewer digits than the frame needs;
///                length        a length code above 8 of a classic frame, or surplus digits;
///                out_of_range  an identifier or a time that does not fit.
/// @thread_safety Pure function.
/// @source        docs/protocols/slcan.md; vectors slcan-*.
[[nodiscard]] SlcanEvent parse_slcan(std::string_view line) noexcept;

/// Assembles lines from bytes however they are cut. A BEL ends and drops a line that was begun; a
/// line that is too long is dropped whole.
///
/// @memory        About 150 bytes, inline.
/// @thread_safety Not synchronised.
class SlcanParser {
 public:
  /// @return  What the byte completed; nullopt: nothing yet.
  [[nodiscard]] std::optional<SlcanEvent> push(std::byte byte) noexcept;
  /// Forgets a line that was begun: the port was opened anew.
  void reset() noexcept { size_ = 0; }

 private:
  std::array<char, kSlcanLineMax> line_{};
  std::size_t size_ = 0;  ///< May exceed the line by 1: it is too long.
};

/// Writes a frame as a command, `\r` included: `t35181402740E740ECC01\r`. Digits are upper case.
///
/// @param frame   @pre frame.valid().
/// @param out     At least kSlcanFrameSize characters.
/// @return        The text, in `out`.
/// @thread_safety Pure function.
[[nodiscard]] std::string_view encode_slcan(const CanFrame& frame, std::span<char> out) noexcept;

/// What opens the channel of an adapter in whatever state: closed three times (the first may only
/// end a line that was begun), then the bit rate, then open: `C\rC\rC\rS6\rO\r`.
///
/// @param bit_rate     10, 20, 50, 100, 125, 250, 500, 800 kbit/s or 1 Mbit/s, in bit/s.
/// @param listen_only  The adapter acknowledges nothing and sends nothing: `L` instead of `O`.
/// @param out          At least kSlcanOpenSize characters.
/// @errors             invalid_argument  no such bit rate.
/// @thread_safety      Pure function.
[[nodiscard]] Result<std::string_view> slcan_open_sequence(std::uint32_t bit_rate, bool listen_only,
                                                           std::span<char> out) noexcept;

/// The bit rates that an adapter has a name for, in bit/s: `S0` .. `S8`.
inline constexpr std::array<std::uint32_t, 9> kSlcanBitRates = {
    10'000, 20'000, 50'000, 100'000, 125'000, 250'000, 500'000, 800'000, 1'000'000};

}  // namespace ems::protocol
