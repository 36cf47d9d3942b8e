// SPDX-License-Identifier: Apache-2.0
/// @file Codec handles: the addresses of the library's own static codecs, and objects with options.
#pragma once

#include "capi.hpp"
#include "ems/protocol/codec.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::capi {

/// The codec behind a handle; nullptr when it is none.
[[nodiscard]] const protocol::Codec* from_c(const ems_codec_t* codec) noexcept;

/// What a codec of the library is called in C.
[[nodiscard]] const ems_codec_t* handle_of(const protocol::Codec* codec) noexcept;

/// Reads the limits of a caller, or says what is wrong with them.
[[nodiscard]] ems_status_t take_limits(const ems_battery_limits_t* limits,
                                       protocol::LimitCommand& into) noexcept;

inline constexpr const char* kNoCodec = "codec is NULL or not a codec";
inline constexpr const char* kBadReadings = "out is NULL or its struct_size is too small";
inline constexpr const char* kNotPoll = "a CAN codec: the device speaks by itself";
inline constexpr const char* kNotCan = "a poll codec: the device is asked";

}  // namespace ems::capi
