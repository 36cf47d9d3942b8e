// SPDX-License-Identifier: Apache-2.0
/// @file Private: the status of ANT boards since 2021.
/// @source docs/protocols/ant.md#status.
#pragma once

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/model/point.hpp"

namespace ems::protocol::ant {

/// What no frame says.
struct Dialect {
  bool plus_charges = false;  ///< The wire's current is + while charging.
  bool swapped_fets = false;  ///< The discharge transistor's byte comes first.
};

/// @param variant  Place in kVariants.
[[nodiscard]] constexpr Dialect dialect_of(std::size_t variant) noexcept {
  return {.plus_charges = (variant & 1U) != 0, .swapped_fets = (variant & 2U) != 0};
}

/// @param frame  Checked. @param end  Where its data end.
/// @errors length  the data are too short for their counts; offset counts the frame.
[[nodiscard]] Result<void> read_status(Dialect dialect, Bytes frame, std::size_t end,
                                       ReadingSink& sink) noexcept;

}  // namespace ems::protocol::ant
