// SPDX-License-Identifier: Apache-2.0
#include "ems/io/known_names.hpp"

#include "ems/io/pack_loader.hpp"
#include "ems/protocol/codec.hpp"

namespace ems::io {

KnownNames known_names() {
  KnownNames names;
  for (const protocol::Codec* codec : protocol::codecs()) {
    names.protocols.emplace_back(codec->name());
    if (codec->kind() == protocol::CodecKind::can) names.can_protocols.emplace_back(codec->name());
  }
  for (auto* list : {&names.protocols, &names.can_protocols})
    list->emplace_back(kDescribedProtocol);
  for (const EmbeddedPack& pack : embedded_packs()) names.packs.emplace_back(pack.name);
  return names;
}

}  // namespace ems::io
