// SPDX-License-Identifier: Apache-2.0
/// @file What this build speaks, as data: `emsctl protocols` and the README's table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ems/protocol/codec.hpp"

namespace ems::io {

/// One protocol. Everything points to static data.
struct ProtocolEntry {
  const protocol::Codec* codec = nullptr;     ///< Never null.
  std::span<const std::string_view> links{};  ///< Sections of a battery in a site file: `serial`.
  /// What a battery of the first variant can be told: of `switch`, `limits`, `balance`.
  std::vector<std::string_view> commands{};
  bool emulates = false;  ///< libems can also speak for the battery, towards an inverter.
  std::string page{};     ///< From the top of the sources: `docs/protocols/jbd.md`.
};

/// Every protocol of this build, in the order of protocol::codecs(). A command is found by asking
/// the codec to write one; nothing is sent.
///
/// @thread_safety Pure function.
[[nodiscard]] std::vector<ProtocolEntry> protocol_list();

}  // namespace ems::io
