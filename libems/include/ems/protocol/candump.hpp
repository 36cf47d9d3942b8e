// SPDX-License-Identifier: Apache-2.0
/// @file CAN frames as text: the lines that can-utils' `candump` writes, as a log (`-L`) and on the
/// console. Pure, heapless.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/protocol/can_record.hpp"

namespace ems::protocol {

/// Room that print_candump() needs for any record.
inline constexpr std::size_t kCandumpLineSize = 256;

using CandumpKind = CanRecordKind;
using CandumpRecord = CanRecord;  ///< One line.

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

/// A classic frame as a line. @pre frame.valid().
/// @thread_safety Pure function.
[[nodiscard]] inline CandumpRecord to_candump(const CanFrame& frame, std::optional<Duration> time,
                                              std::string_view interface_name) noexcept {
  return to_can_record(frame, time, interface_name);
}

}  // namespace ems::protocol
