// SPDX-License-Identifier: Apache-2.0
/// @file CAN frames as text: the lines that can-utils' `candump` writes, as a log (`-L`) and on the
/// console. Pure, heapless.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/protocol/can_frame.hpp"

namespace ems::protocol {

inline constexpr std::size_t kCanFdDataSize = 64;
/// Room that print_candump() needs for any record.
inline constexpr std::size_t kCandumpLineSize = 256;

enum class CandumpKind : std::uint8_t {
  data = 0,    ///< A data frame of classic CAN.
  remote = 1,  ///< A remote frame.
  fd = 2,      ///< CAN FD.
  error = 3,   ///< What the controller reports of the bus: no frame that anybody sent.
};

/// One line.
struct CandumpRecord {
  std::optional<Duration> time{};    ///< As the line states it: since 1970, or since the start.
  FixedString<16> interface_name{};  ///< `can0`.
  CandumpKind kind = CandumpKind::data;
  std::uint32_t id = 0;       ///< Of an error frame: the error class.
  bool extended = false;      ///< Written with 8 digits, and no error frame.
  std::uint8_t size = 0;      ///< Data bytes; of a remote frame the number asked for.
  std::uint8_t raw_dlc = 0;   ///< 9 .. 15 where an 8-byte frame says so (`_9`); else 0.
  std::uint8_t fd_flags = 0;  ///< Bit 0 bit-rate switch, bit 1 error state.
  std::array<std::byte, kCanFdDataSize> data{};

  [[nodiscard]] constexpr Bytes payload() const noexcept {
    return Bytes(data).first(kind == CandumpKind::remote ? 0U : size);
  }
  friend constexpr bool operator==(const CandumpRecord&, const CandumpRecord&) noexcept = default;
};

/// Reads one line, in either form:
/// `(1699999999.123456) can0 351#1402740E740ECC01`, with an optional ` R` or ` T` behind it;
/// `  can0  351   [8]  14 02 74 0E 74 0E CC 01`, with an optional time before it.
///
/// @param line    Without its line end; a trailing carriage return is allowed.
/// @errors        syntax        not such a line; offset = the character.
///                out_of_range  an identifier or a time that does not fit; offset = its start.
///                length        more bytes than the frame holds; offset = its first surplus byte.
/// @thread_safety Pure function.
/// @source        docs/protocols/candump.md; vectors candump-*.
[[nodiscard]] Result<CandumpRecord> parse_candump(std::string_view line) noexcept;

/// Reads a frame alone, as candump writes and `cansend` takes it: `351#1402740E740ECC01`.
/// @errors        As parse_candump().
/// @thread_safety Pure function.
[[nodiscard]] Result<CandumpRecord> parse_can_text(std::string_view text) noexcept;

/// Writes the log form; a time that is absent is left out with its parentheses.
///
/// @param out     At least kCandumpLineSize characters.
/// @return        The line without a line end, in `out`.
/// @thread_safety Pure function.
[[nodiscard]] std::string_view print_candump(const CandumpRecord& record,
                                             std::span<char> out) noexcept;

/// The record as a classic frame.
/// @errors        unimplemented  a CAN FD frame, or an error frame; `what` says which.
/// @thread_safety Pure functions.
[[nodiscard]] Result<CanFrame> to_can_frame(const CandumpRecord& record) noexcept;
/// A classic frame as a record.
[[nodiscard]] CandumpRecord to_candump(const CanFrame& frame, std::optional<Duration> time,
                                       std::string_view interface_name) noexcept;

}  // namespace ems::protocol
