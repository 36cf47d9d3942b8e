// SPDX-License-Identifier: Apache-2.0
/// @file A recording of a CAN bus: the file that candump, PCAN-View or Battery-Emulator writes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/protocol/can_frame.hpp"

namespace ems::io {

/// Largest file read_can_recording() takes: about a day of a battery's bus.
inline constexpr std::size_t kCanRecordingSize = std::size_t{64} << 20U;
/// Time from frame to frame in a recording that states no times.
inline constexpr Duration kUntimedFrameGap = milliseconds(20);

struct RecordedFrame {
  Duration at{};  ///< Since the first frame; never less than that of the frame before.
  protocol::CanFrame frame{};
};

/// A line that holds no frame of classic CAN: no line of a log at all, CAN FD, an error frame.
struct RefusedLine {
  std::size_t line = 0;  ///< From 1.
  Error error{};         ///< offset = the character.
};

struct CanRecording {
  std::vector<RecordedFrame> frames;
  std::size_t refused = 0;  ///< Lines skipped; blank ones and comments do not count.
  std::optional<RefusedLine> first_refused;
};

/// Reads a file of lines (protocol/can_log.hpp) of one bus.
///
/// @errors        io                  the file cannot be read, or is no regular file.
///                resource_exhausted  it is larger than kCanRecordingSize.
///                syntax              no line of it holds a frame; offset = the first refused line.
/// @memory        Holds the whole file, then its frames.
/// @thread_safety Any thread.
[[nodiscard]] Result<CanRecording> read_can_recording(const std::filesystem::path& file);

}  // namespace ems::io
