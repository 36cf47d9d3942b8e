// SPDX-License-Identifier: Apache-2.0
/// @file Private: factors, offsets and units of DBC files as the catalogue's whole numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ems/core/errc.hpp"
#include "ems/io/dbc.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/protocol/linear.hpp"

namespace ems::io::detail {

/// How a signal becomes a number of the catalogue, or why it cannot.
struct DbcScale {
  std::optional<protocol::Linear> linear;
  Errc code{};
  std::string why;
};

/// @param unit   Of the catalogue.
/// @param named  What the signal is measured in; empty: as the file says.
/// @param scale  A factor more.
[[nodiscard]] DbcScale scale_of(const DbcSignal& signal, Unit unit, std::string_view named,
                                const DbcNumber& scale);

}  // namespace ems::io::detail
