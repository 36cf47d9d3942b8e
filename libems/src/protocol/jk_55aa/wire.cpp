// SPDX-License-Identifier: Apache-2.0
#include "protocol/jk_55aa/wire.hpp"

#include <algorithm>

namespace ems::protocol::jk_55aa {

Result<std::uint8_t> parse_command(Bytes command) noexcept {
  if (command.empty()) return fail(Errc::truncated, 0, "no JK command");
  for (std::size_t at = 0; at < std::min(command.size(), kCommandStart.size()); ++at) {
    if (load_u8(command, at) != kCommandStart[at]) {
      return fail(Errc::header, at, "JK command does not start with AA 55 90 EB");
    }
  }
  if (command.size() < kCommandSize) {
    return fail(Errc::truncated, command.size(), "JK command cut short");
  }
  if (command.size() > kCommandSize) {
    return fail(Errc::length, kCommandSize, "bytes behind the JK command");
  }
  if (load_u8(command, kCommandSumAt) != sum_of(command.first(kCommandSumAt))) {
    return fail(Errc::checksum, kCommandSumAt, "JK command checksum mismatch");
  }
  return load_u8(command, kCommandAt);
}

}  // namespace ems::protocol::jk_55aa
