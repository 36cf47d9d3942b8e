// SPDX-License-Identifier: Apache-2.0
/// @file Recordings of CAN frames as other tools write them: PCAN-View (.trc) and Battery-Emulator;
/// and one reader for all, candump (candump.hpp) among them. Pure, heapless.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/protocol/can_record.hpp"

namespace ems::protocol {

/// Reads one line of Battery-Emulator's log: `(75.518) RX6 CF [8] E1 6D 5D 7F 5D 32 46 5D`.
/// Identifiers above 7FF have 29 bits. The interface is the first word: RX or TX with a number.
///
/// @param line    Without its line end; a trailing carriage return is allowed.
/// @errors        As parse_candump().
/// @thread_safety Pure function.
/// @source        docs/protocols/candump.md; vector battery-emulator-log.
[[nodiscard]] Result<CanRecord> parse_battery_emulator(std::string_view line) noexcept;

/// Reads the lines of a .trc file, versions 1.0 to 2.1; without a header 1.0, as PEAK does.
/// Times count from the start of the recording.
///
/// @thread_safety Not synchronised.
class PcanTraceReader {
 public:
  /// @param line  Without its line end; a trailing carriage return is allowed.
  /// @return      What it holds; nullopt for a comment (`;`), which may choose the version and the
  ///              columns, and for an empty line.
  /// @errors      As parse_candump(), and
  ///              unimplemented  a line that is no frame: a warning, an error, an event; a version
  ///                             or a column that is not known.
  /// @source      docs/protocols/candump.md; vector foxbms-trc-lines.
  [[nodiscard]] Result<std::optional<CanRecord>> read(std::string_view line) noexcept;

 private:
  Result<void> read_header(std::string_view line) noexcept;

  /// A letter for each column, as `;$COLUMNS=` names them: N number, O time offset in ms, T type, B
  /// bus, I identifier, d direction, R reserved, L bytes, l length code, D data.
  std::array<char, 10> columns_ = {'N', 'O', 'I', 'l', 'D'};
  bool numbered_types_ = false;  ///< Version 2: the type is DT, FD, RR ...; before: Rx, Tx.
  bool known_ = true;            ///< The version, and all of its columns.
};

/// Reads the lines of a recording in whichever of these forms they are; one form per recording is
/// usual, but nothing depends on it.
///
/// @thread_safety Not synchronised.
class CanLogReader {
 public:
  /// @return  nullopt for a comment (`;` of PCAN, `#`) and for an empty line.
  /// @errors  Those of the form that the line looks like.
  [[nodiscard]] Result<std::optional<CanRecord>> read(std::string_view line) noexcept;

 private:
  PcanTraceReader trace_{};
  bool is_trace_ = false;  ///< A header of PCAN was seen.
};

}  // namespace ems::protocol
