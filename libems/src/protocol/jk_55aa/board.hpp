// SPDX-License-Identifier: Apache-2.0
/// @file Private: the frames of a board, which PB boards send in their own way (jk_pb_modbus).
#pragma once

#include "ems/protocol/jk_55aa/codec.hpp"
#include "protocol/draft.hpp"

namespace ems::protocol::jk_55aa {

inline constexpr std::int64_t kOpenSensor = -2'000;  ///< 0.1 degC, of one that is missing.

/// Writes a frame of kFrameSize bytes that says what the state says.
/// @pre `frame` is empty, and little-endian.
void say_frame(Draft& frame, FrameType type, Layout layout) noexcept;

}  // namespace ems::protocol::jk_55aa
