// SPDX-License-Identifier: Apache-2.0
/// @file CAN frames between Python and C++: (id, data, extended) each.
#pragma once

#include <span>
#include <vector>

#include "ems/protocol/can_frame.hpp"
#include "native.hpp"

namespace ems::python {

/// @throws NativeError  length out_of_range
[[nodiscard]] std::vector<protocol::CanFrame> can_frames_of(const py::list& rows);
[[nodiscard]] py::list can_rows(std::span<const protocol::CanFrame> frames);

}  // namespace ems::python
