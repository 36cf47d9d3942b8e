// SPDX-License-Identifier: Apache-2.0
/// @file A CAN bus by its description: the keys of a site file, or a word of a command line.
#pragma once

#include <asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/link/can_link.hpp"

namespace ems::io {

/// Reads a live CAN bus, with the words and defaults of a site file:
///
///     socketcan:can0
///     slcan:/dev/ttyACM0           slcan:/dev/ttyUSB0@57600 (the tty's rate)
///     slcan_tcp:HOST:PORT
///     socketcand:HOST:PORT         socketcand:HOST:PORT/vcan1
///     cannelloni:HOST:PORT         cannelloni:HOST:PORT,LISTEN:PORT
///
/// @errors        syntax  none of these; offset = the character where it stops to be one.
/// @thread_safety Pure function.
[[nodiscard]] Result<BatteryLink> parse_can_endpoint(std::string_view text);

struct CanOpening {
  std::uint32_t bit_rate = 500'000;  ///< Of an slcan bus whose endpoint states none.
  bool listen_only = false;          ///< Of an slcan adapter: it does not even acknowledge.
};

/// Makes the link of an endpoint. Nothing is opened.
///
/// @return nullptr where the endpoint is no CAN bus.
[[nodiscard]] std::unique_ptr<CanLink> make_can_link(const asio::any_io_executor& executor,
                                                     const BatteryLink& endpoint,
                                                     const CanOpening& opening);

}  // namespace ems::io
