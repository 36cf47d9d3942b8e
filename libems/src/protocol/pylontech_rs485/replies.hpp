// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the replies of Pylontech's RS485 protocol say.
/// @source docs/protocols/pylontech.md.
#pragma once

#include <optional>

#include "protocol/ascii/modules.hpp"

namespace ems::protocol::pylontech_rs485 {

enum class Command : std::uint8_t {
  analog = 0x42,
  status = 0x44,
  parameters = 0x47,
  protocol_version = 0x4F,
  maker = 0x51,
  system_analog = 0x61,
  system_alarms = 0x62,
  system_limits = 0x63,
  pack_count = 0x90,  ///< Console only.
  limits = 0x92,
  serial_number = 0x93,
  set_limits = 0x94,
  turn_off = 0x95,  ///< Never sent.
  firmware = 0x96,
};

/// Steps of the currents in 61 and 63, mA: sources do not agree.
struct SystemSteps {
  std::int32_t current = 10;
  std::int32_t limit = 100;
};

inline constexpr SystemSteps kFineSteps{.current = 1, .limit = 10};
inline constexpr std::string_view kVariants[] = {"module", "system", "system_fine", "console"};
enum Variant : std::uint8_t { kModule, kSystem, kSystemFine, kConsole };

/// See AsciiCodec::read().
[[nodiscard]] Result<void> read_reply(const ascii::Exchange& exchange, const SystemSteps& steps,
                                      ReadingSink& sink) noexcept;
/// See AsciiCodec::recognise().
[[nodiscard]] std::optional<std::uint8_t> recognise_reply(const ascii::Info& info) noexcept;

[[nodiscard]] std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept;

}  // namespace ems::protocol::pylontech_rs485
