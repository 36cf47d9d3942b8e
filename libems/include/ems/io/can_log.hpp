// SPDX-License-Identifier: Apache-2.0
/// @file A recording of a CAN bus as a table of fixed rows: what numpy takes as a structured array.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <vector>

#include "ems/core/result.hpp"

namespace ems::io {

/// One classic frame. Plain bytes without padding: numpy reads the rows where they lie.
struct CanLogRow {
  /// Microseconds as the line states them (since 1970, or since the start); kNoTime: it states
  /// none.
  std::int64_t time_us = 0;
  std::uint32_t id = 0;
  std::uint8_t extended = 0;              ///< 1: a 29-bit identifier.
  std::uint8_t remote = 0;                ///< 1: a remote frame.
  std::uint8_t size = 0;                  ///< Data bytes; of a remote frame those asked for.
  std::uint8_t reserved = 0;              ///< Zero.
  std::array<std::uint8_t, 8> data{};     ///< Zero behind `size`.
  std::array<char, 16> interface_name{};  ///< Zero-padded.
  static constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();
  friend bool operator==(const CanLogRow&, const CanLogRow&) = default;
};
static_assert(sizeof(CanLogRow) == 40);

struct CanLog {
  std::vector<CanLogRow> rows;
  /// Lines, from 1, that hold no frame of classic CAN: no line of a log at all, CAN FD, an error
  /// frame. Blank lines and comments do not count.
  std::vector<std::size_t> refused;
};

/// Reads a recording (protocol/can_log.hpp: candump, PCAN, Battery-Emulator), line by line; of any
/// size.
///
/// @errors        io      the file cannot be read.
///                syntax  it has lines, but none of them holds a frame; offset = the first line.
/// @thread_safety Any thread.
/// @source        docs/protocols/candump.md.
[[nodiscard]] Result<CanLog> read_can_log(const std::filesystem::path& file);

}  // namespace ems::io
