// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/site_config.hpp"

#include "ems/io/pack_loader.hpp"
#include "ems/protocol/codec.hpp"

namespace ems::io {

KnownNames known_names() {
  KnownNames out;
  for (const protocol::Codec* codec : protocol::codecs()) out.protocols.emplace_back(codec->name());
  for (const EmbeddedPack& pack : embedded_packs()) out.packs.emplace_back(pack.name);
  return out;
}

}  // namespace ems::io
