// SPDX-License-Identifier: Apache-2.0
// libems.a and the C++ libraries in one program: two copies of the core, each with its own symbols.
#include <ems/ems.h>

#include <string_view>

#include "ems/protocol/codec.hpp"

int main() {
  const ems_codec_t* codec = nullptr;
  if (ems_codec_find("jbd", &codec) != EMS_OK) return 1;
  const auto own = ems::protocol::find_codec("jbd");
  if (!own || static_cast<const void*>(*own) == static_cast<const void*>(codec)) return 2;
  ems_codec_info_t info{};
  info.struct_size = sizeof info;
  if (ems_codec_describe(codec, &info) != EMS_OK || (*own)->name() != info.name) return 3;
  const auto* foreign = static_cast<const ems_codec_t*>(static_cast<const void*>(*own));
  return ems_codec_describe(foreign, &info) == EMS_E_INVALID_ARGUMENT ? 0 : 4;
}
