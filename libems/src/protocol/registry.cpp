// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/codec.hpp"
#include "ems/protocol/jbd/codec.hpp"

namespace ems::protocol {

std::span<const Codec* const> codecs() noexcept {
  static const Codec* const all[] = {&jbd::codec()};
  return all;
}

Result<const Codec*> find_codec(std::string_view name) noexcept {
  for (const Codec* codec : codecs()) {
    if (codec->name() == name) return codec;
  }
  return fail(Errc::unknown_protocol, 0, "no protocol of that name");
}

}  // namespace ems::protocol
