// SPDX-License-Identifier: Apache-2.0
/// @file Codec handles: the addresses of the library's own static codecs.
#pragma once

#include "capi.hpp"
#include "ems/protocol/codec.hpp"

namespace ems::capi {

/// The codec behind a handle; nullptr when it is none. Never reads what the pointer points to.
[[nodiscard]] const protocol::Codec* from_c(const ems_codec_t* codec) noexcept;

inline constexpr const char* kNoCodec = "codec is NULL or not a codec";
inline constexpr const char* kBadReadings = "out is NULL or its struct_size is too small";
inline constexpr const char* kNotPoll = "a CAN codec: the device speaks by itself";

}  // namespace ems::capi
