// SPDX-License-Identifier: Apache-2.0
/// @file CRC-32/ISO-HDLC (zlib, Ethernet): polynomial 0x04C11DB7 reflected, init and xor all ones.
#pragma once

#include <cstdint>

#include "ems/core/bytes.hpp"

namespace ems::telemetry {

/// CRC of `data`, or of everything so far when `previous` is the CRC of what came before.
///
/// @return        The CRC; 0xCBF43926 for the nine characters "123456789".
/// @thread_safety Pure function.
/// @source        reveng.sourceforge.io CRC catalogue, CRC-32/ISO-HDLC.
[[nodiscard]] std::uint32_t crc32(Bytes data, std::uint32_t previous = 0) noexcept;

}  // namespace ems::telemetry
