// SPDX-License-Identifier: Apache-2.0
/// @file What the two sources of repository.hpp share.
#pragma once

#include <string>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/ota/tuf/repository.hpp"
#include "ota/tuf/json_edit.hpp"

namespace ems::ota::tuf::detail {

[[nodiscard]] std::string to_hex(Bytes data);
[[nodiscard]] JsonEdit key_object(const PublicKey& key);

/// A metadata file taken apart.
struct Envelope {
  JsonEdit document;
  /// @errors malformed  no `signatures` and `signed` of the right kinds.
  [[nodiscard]] static Result<Envelope> parse(std::string_view file);
  [[nodiscard]] EditArray& signatures() { return *document.find<EditArray>("signatures"); }
  [[nodiscard]] JsonEdit& body() { return *document.find("signed"); }
};

}  // namespace ems::ota::tuf::detail
