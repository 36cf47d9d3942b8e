// SPDX-License-Identifier: Apache-2.0
/// @file JK (Jikong) boards' frames of 300 bytes that begin with 55 AA EB 90: what their radio
/// module sends, and what PB boards put into their Modbus answers (jk_pb_modbus).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::jk_55aa {

inline constexpr std::size_t kFrameSize = 300;
inline constexpr std::size_t kTypeAt = 4;

/// What a frame tells.
enum class FrameType : std::uint8_t { settings = 1, status = 2, about = 3 };

/// Where the fields are; no frame says which it has. In the order of ProtocolInfo::variants.
enum class Layout : std::uint8_t {
  cells_32 = 0,  ///< `32S`: software 11 and later, all PB boards.
  cells_24 = 1,  ///< `24S`: software before 11.
};

/// Decodes one frame of any type.
///
/// @param frame   Exactly kFrameSize bytes.
/// @errors        header truncated length checksum, in this order; offset = first wrong byte.
///                unimplemented  another type of frame; offset = kTypeAt.
///                out_of_range   a status whose cells contradict its mask of cells: the other
///                layout's; offset = the mask. Nothing is given on failure.
/// @thread_safety Pure function.
/// @source        docs/protocols/jk_55aa.md; vectors tests/vectors/bms_serial_jk_55aa.json.
[[nodiscard]] Result<void> decode_frame(Layout layout, Bytes frame, ReadingSink& sink) noexcept;

/// The alarm word of a status (JK's list of 32 bits, the same in the registers of PB boards).
struct Alarms {
  std::uint64_t alarms = 0;         ///< Bits of alarms.def.
  std::uint64_t vendor_alarms = 0;  ///< The rest, where they stand.
};

/// @thread_safety Pure function.
[[nodiscard]] Alarms split_alarms(std::uint32_t word) noexcept;

/// Name of a bit of Alarms::vendor_alarms; nullopt for a bit that is not the vendor's own.
/// @thread_safety Pure function.
[[nodiscard]] std::optional<std::string_view> alarm_name(unsigned bit) noexcept;

/// The protocol `jk_55aa`, for a link that passes the radio module's bytes unchanged. Poll numbers
/// are those of FrameType. A frame that the board sends without being asked decodes without a
/// request.
///
/// Vendor values of a request: `request_command`, `request_write` (0 or 1).
///
/// @thread_safety Stateless.
/// @source        docs/protocols/jk_55aa.md.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::jk_55aa
