// SPDX-License-Identifier: Apache-2.0
/// @file Device packs from YAML: the strict schema of docs/how-to/add-a-modbus-device.md.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/errc.hpp"
#include "ems/device_pack/pack.hpp"

namespace ems::io {

/// One mistake in a pack file.
struct PackError {
  Errc code{};
  std::string file;
  int line = 0;    ///< From 1; 0: the file as a whole.
  int column = 0;  ///< From 1.
  std::string message;
};
/// `file:line:column: message`.
[[nodiscard]] std::string to_string(const PackError& error);

/// Owns what a Pack points to.
class LoadedPack {
 public:
  virtual ~LoadedPack() = default;
  [[nodiscard]] virtual const device_pack::Pack& pack() const noexcept = 0;
};

/// A pack, or everything that is wrong with it. Exactly one of the two is there.
struct PackLoad {
  std::shared_ptr<const LoadedPack> loaded;
  std::vector<PackError> errors;
};

/// A pack compiled into the library.
struct EmbeddedPack {
  std::string_view name;
  std::string_view yaml;
};
/// All of them, by name. @thread_safety Pure function.
[[nodiscard]] std::span<const EmbeddedPack> embedded_packs() noexcept;

/// Compiles the text of a pack. Reports every mistake, in the order of the text.
///
/// @param yaml       The text.
/// @param file_name  For messages.
/// @errors           syntax unknown_key wrong_type missing_key out_of_range off_grid already_exists
///                   not_found (a name that is not there, with the nearest one).
/// @thread_safety    Pure function.
[[nodiscard]] PackLoad load_pack(std::string_view yaml, std::string_view file_name);

/// Finds a pack by name: `DIRECTORY/NAME.yaml` when there is one, else an embedded one.
///
/// @param name       Letters, digits, `_` and `-`: never a path.
/// @param directory  Where the site keeps its own packs; empty: only embedded ones.
/// @errors           unknown_protocol  no such pack; the message lists those there are.
///                   io                the file cannot be read. And those of load_pack().
/// @thread_safety    Any thread; blocks on the file.
[[nodiscard]] PackLoad find_pack(std::string_view name, std::string_view directory = {});

}  // namespace ems::io
