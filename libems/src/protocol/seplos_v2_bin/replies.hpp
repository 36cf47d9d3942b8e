// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the replies say. Offsets of errors count the data.
/// @source docs/protocols/seplos_v2_bin.md.
#pragma once

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/model/point.hpp"

namespace ems::protocol::seplos_v2_bin {

inline constexpr std::uint8_t kMaker = 0x51;
inline constexpr std::uint8_t kPack = 0x61;
inline constexpr std::uint8_t kSystem = 0x62;

/// @errors length  the data are too short; nothing is given.
[[nodiscard]] Result<void> read_maker(Bytes data, ReadingSink& sink) noexcept;
[[nodiscard]] Result<void> read_pack(Bytes data, ReadingSink& sink) noexcept;
[[nodiscard]] Result<void> read_system(Bytes data, ReadingSink& sink) noexcept;

}  // namespace ems::protocol::seplos_v2_bin
