// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the replies of Seplos V2 boards say.
/// @source docs/protocols/seplos_v2.md.
#pragma once

#include <optional>

#include "protocol/ascii/codec.hpp"
#include "protocol/ascii/parts.hpp"

namespace ems::protocol::seplos_v2 {

inline constexpr std::uint8_t kTelemetry = 0x42;
inline constexpr std::uint8_t kAlarms = 0x44;
inline constexpr std::uint8_t kProtocolVersion = 0x4F;
inline constexpr std::uint8_t kMaker = 0x51;

/// See AsciiCodec::read().
[[nodiscard]] Result<void> read_reply(const ascii::Exchange& exchange, ReadingSink& sink) noexcept;
/// See AsciiCodec::recognise().
[[nodiscard]] std::optional<std::uint8_t> recognise_reply(const ascii::Info& info) noexcept;

[[nodiscard]] std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept;

}  // namespace ems::protocol::seplos_v2
