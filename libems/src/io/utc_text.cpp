// SPDX-License-Identifier: Apache-2.0
#include "ems/io/utc_text.hpp"

namespace ems::io {

std::string format_utc(UtcInstant at) {
  UtcText room;
  return std::string(ems::format_utc(at, 3, room));
}

}  // namespace ems::io
