// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the replies of PACE boards say.
/// @source docs/protocols/pace.md.
#pragma once

#include <optional>

#include "protocol/ascii/modules.hpp"

namespace ems::protocol::pace {

inline constexpr std::uint8_t kAnalog = 0x42;
inline constexpr std::uint8_t kStatus = 0x44;
inline constexpr std::uint8_t kPackCount = 0x90;
inline constexpr std::uint8_t kSoftware = 0xC1;
inline constexpr std::uint8_t kProduct = 0xC2;

/// 0 degC in 0.1 K, as this family counts.
inline constexpr std::int32_t kZero = 2730;

/// See AsciiCodec::read().
[[nodiscard]] Result<void> read_reply(const ascii::Exchange& exchange, ReadingSink& sink) noexcept;
/// See AsciiCodec::recognise().
[[nodiscard]] std::optional<std::uint8_t> recognise_reply(const ascii::Info& info) noexcept;

[[nodiscard]] std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept;

}  // namespace ems::protocol::pace
