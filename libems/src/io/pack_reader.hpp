// SPDX-License-Identifier: Apache-2.0
/// @file Strict reading of one YAML document: every mistake is collected with its place. Private to
/// the pack loader.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ems/io/pack_loader.hpp"

namespace ems::io::detail {

/// ` (did you mean X?)`, or nothing.
[[nodiscard]] std::string suggestion(std::string_view word,
                                     std::span<const std::string_view> candidates);

/// Collects errors and reads typed values of maps. A failed read records its error and gives
/// nullopt; reading goes on.
class PackReader {
 public:
  explicit PackReader(std::string_view file) : file_(file) {}

  void error(Errc code, const YAML::Node& at, std::string message);
  void error(Errc code, const YAML::Mark& at, std::string message);
  [[nodiscard]] bool failed() const { return !errors_.empty(); }
  /// The errors, in the order of the text.
  [[nodiscard]] std::vector<PackError> take_errors();

  /// Checks that `node` is a map with only these keys, each once.
  bool is_map(const YAML::Node& node, std::string_view what,
              std::span<const std::string_view> keys);
  bool is_map(const YAML::Node& node, std::string_view what,
              std::initializer_list<std::string_view> keys) {
    return is_map(node, what, std::span<const std::string_view>{keys.begin(), keys.size()});
  }
  /// A list that is not empty.
  bool is_list(const YAML::Node& node, std::string_view what);

  /// The node at `key`; records missing_key when `required` and absent. Never creates it.
  [[nodiscard]] std::optional<YAML::Node> find(const YAML::Node& map, std::string_view key,
                                               bool required);
  [[nodiscard]] std::optional<std::string> text(const YAML::Node& map, std::string_view key,
                                                bool required);
  /// Decimal or 0x integer within [lo, hi].
  [[nodiscard]] std::optional<std::int64_t> integer(const YAML::Node& map, std::string_view key,
                                                    std::int64_t lo, std::int64_t hi,
                                                    bool required);
  /// Exact decimal as a count of 10^-digits within [lo, hi].
  [[nodiscard]] std::optional<std::int64_t> decimal(const YAML::Node& map, std::string_view key,
                                                    int digits, std::int64_t lo, std::int64_t hi,
                                                    bool required);
  [[nodiscard]] std::optional<bool> boolean(const YAML::Node& map, std::string_view key,
                                            bool required);
  /// Index into `names`.
  [[nodiscard]] std::optional<std::size_t> choice(const YAML::Node& map, std::string_view key,
                                                  std::span<const std::string_view> names,
                                                  bool required);

 private:
  std::string file_;
  std::vector<PackError> errors_;
};

}  // namespace ems::io::detail
