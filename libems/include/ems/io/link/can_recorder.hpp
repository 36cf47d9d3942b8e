// SPDX-License-Identifier: Apache-2.0
/// @file Records a CAN bus while it is used: each frame a line, as `candump -L` writes it.
#pragma once

#include <asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "ems/core/result.hpp"
#include "ems/io/link/can_link.hpp"
#include "ems/model/clock.hpp"

namespace ems::io {

/// Text that may wait for the disk. Overflow: further frames are not recorded, and counted.
inline constexpr std::size_t kCanRecordQueueSize = std::size_t{256} << 10U;

struct CanRecordOptions {
  std::filesystem::path file;  ///< Appended to. When it is full it becomes FILE.1, and that goes.
  std::uint64_t bytes_max = 64'000'000;  ///< Of both files together; at least 512 KiB.
  std::string interface_name = "can0";   ///< What the lines call the bus; at most 15 characters.
  /// Told on the executor when the disk refuses (once), and when it takes again (nullptr).
  std::function<void(const LinkError* error)> on_trouble{};
};

/// `link`, recorded: frames that arrive, and those that write() took. The bus never waits for the
/// disk: a thread of its own writes. What cannot be written is counted
/// (CanLinkCounters::unrecorded) and gone; a line is written whole or not at all.
///
/// @param clock   Outlives the link; its UTC is the time of a line.
/// @return        Behaves as `link` does; closing or destroying it writes what waits.
/// @source        docs/protocols/candump.md.
[[nodiscard]] std::unique_ptr<CanLink> record_can_link(asio::any_io_executor executor,
                                                       std::unique_ptr<CanLink> link,
                                                       const Clock& clock,
                                                       CanRecordOptions options);

}  // namespace ems::io
