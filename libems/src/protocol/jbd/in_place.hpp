// SPDX-License-Identifier: Apache-2.0
/// @file Private: the large registers decoded where they are to lie. A Result would hold the value
/// twice on the way out, and a microcontroller has no stack for that.
#pragma once

#include "ems/protocol/jbd/registers.hpp"

namespace ems::protocol::jbd::detail {

/// As decode_basic_info(). @param info  A fresh value.
[[nodiscard]] Result<void> read_basic_info(Bytes payload, BasicInfo& info) noexcept;
/// As decode_cell_voltages(). @param cells  Empty.
[[nodiscard]] Result<void> read_cell_voltages(Bytes payload, CellVoltages& cells) noexcept;

}  // namespace ems::protocol::jbd::detail
