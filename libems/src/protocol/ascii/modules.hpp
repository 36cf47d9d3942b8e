// SPDX-License-Identifier: Apache-2.0
/// @file Private: replies of one pack, or of all packs one behind the other.
///
///     flags(1) pack(1) content          the pack asked for
///     flags(1) count(1) content ...     all packs: FF was asked for
#pragma once

#include <optional>

#include "protocol/ascii/codec.hpp"
#include "protocol/ascii/parts.hpp"

namespace ems::protocol::ascii {

inline constexpr std::size_t kPackAt = 1;
inline constexpr std::size_t kModulesAt = 2;
inline constexpr std::uint8_t kAllModules = 0xFF;

/// Where the content of one pack lies.
struct Module {
  Lists lists{};
  std::size_t at = 0;   ///< Behind the lists.
  std::size_t end = 0;  ///< Behind the pack.
};

/// How a protocol reads the content of one pack in the reply to one command.
struct ModuleReader {
  /// Finds a pack that begins at a byte of INFO. @errors length.
  Result<Module> (*find)(const Info&, std::size_t) noexcept;
  void (*give)(const Publisher&, const Info&, const Module&) noexcept;
  std::size_t spare = 0;  ///< Most bytes behind the last pack.
};

/// Whether INFO is of all packs; nullopt: it is neither that nor of one pack.
[[nodiscard]] std::optional<bool> all_modules(const Info& info,
                                              const ModuleReader& reader) noexcept;

/// Gives the pack asked for, or all as module 1, 2, ... @errors length.
[[nodiscard]] Result<void> read_modules(const Exchange& exchange, const ModuleReader& reader,
                                        ReadingSink& sink) noexcept;

/// State of charge from what is left and what there is when full: these protocols have none. Both
/// in the same unit.
void give_soc(const Publisher& out, std::optional<std::int64_t> remaining,
              std::optional<std::int64_t> full) noexcept;

}  // namespace ems::protocol::ascii
