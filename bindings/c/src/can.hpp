// SPDX-License-Identifier: Apache-2.0
/// @file CAN frames in C and in C++.
#pragma once

#include "capi.hpp"
#include "ems/protocol/can_frame.hpp"

namespace ems::capi {

/// The frame as the codecs want it: nothing behind its size. It may still not be valid().
[[nodiscard]] protocol::CanFrame frame_from(const ems_can_frame_t& frame) noexcept;
[[nodiscard]] ems_can_frame_t frame_to_c(const protocol::CanFrame& frame) noexcept;

}  // namespace ems::capi
