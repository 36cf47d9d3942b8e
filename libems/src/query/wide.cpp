// SPDX-License-Identifier: Apache-2.0
#include "ems/query/wide.hpp"

#include <cmath>

namespace ems::query {

double to_double(const Wide& wide) noexcept {
  const Wide magnitude = wide.negative() ? -wide : wide;
  const double value =
      std::ldexp(static_cast<double>(magnitude.high()), 64) + static_cast<double>(magnitude.low());
  return wide.negative() ? -value : value;
}

}  // namespace ems::query
