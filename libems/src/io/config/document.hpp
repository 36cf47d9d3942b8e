// SPDX-License-Identifier: Apache-2.0
/// @file YAML text as a tree with places. Takes the plain part of YAML that configuration needs:
/// one document, no anchors, aliases or tags, bounded in size, depth and nodes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/io/config/diagnostic.hpp"

namespace ems::io::config {

/// Largest file read.
inline constexpr std::size_t kFileSizeMax = 256 * 1024;
inline constexpr std::size_t kDepthMax = 16;
inline constexpr std::size_t kNodesMax = 20'000;

/// Line and column from 1; line 0 is the whole file.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Node {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };
  Kind kind = Kind::null;
  Place place{};
  bool quoted = false;        ///< Of a scalar: never a number.
  std::string text{};         ///< Of a scalar.
  std::vector<Node> keys{};   ///< Of a map: as many as items.
  std::vector<Node> items{};  ///< Of a sequence or a map.
};

/// Parses text. An empty text is an empty map.
///
/// @return  The root, or nullopt with the first syntax error appended to `errors`.
[[nodiscard]] std::optional<Node> parse_document(std::string_view text, const std::string& file,
                                                 std::vector<ConfigError>& errors);

/// Reads a file of at most kFileSizeMax bytes.
///
/// @return  Its bytes, or nullopt with an error of line 0 appended.
[[nodiscard]] std::optional<std::string> read_file(const std::filesystem::path& path,
                                                   std::vector<ConfigError>& errors);

}  // namespace ems::io::config
