// SPDX-License-Identifier: Apache-2.0
/// @file Opening a tty or pty raw and exclusively. Private to the links.
#pragma once

#include <optional>
#include <string>

#include "ems/io/link/byte_link.hpp"

namespace ems::io::detail {

/// Whether termios knows the rate.
[[nodiscard]] bool is_standard_baud(int baud) noexcept;

/// `PLACE: text of errno`, with the code: busy and locked lines are `unavailable`, else `io`.
[[nodiscard]] LinkError system_error(const std::string& place, int error_number);

/// Takes a line for this process alone. @return nullopt on success.
[[nodiscard]] std::optional<LinkError> lock_line(int fd, const std::string& device);

/// Opens non-blocking, raw, 8N1. @return the descriptor, or -1 and `error`.
[[nodiscard]] int open_serial(const SerialOptions& options, LinkError& error);

}  // namespace ems::io::detail
