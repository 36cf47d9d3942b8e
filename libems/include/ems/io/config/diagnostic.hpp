// SPDX-License-Identifier: Apache-2.0
/// @file What is wrong with a configuration file: every fault at once, each with its place and,
/// where there is one, the word that was probably meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ems/core/errc.hpp"

namespace ems::io {

/// One fault of a configuration file. Lines and columns count from 1; 0 means the whole file.
struct ConfigError {
  std::string file;  ///< As the caller named it.
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  Errc code = Errc::syntax;
  std::string message;     ///< One sentence, without the place and the suggestion.
  std::string suggestion;  ///< The nearest known word; empty when none is near.

  /// `site.yaml:12:5: unknown key "baudrate"; did you mean "baud"?`
  [[nodiscard]] std::string text() const;
  friend bool operator==(const ConfigError&, const ConfigError&) = default;
};

/// A loaded configuration, or why not: there is a value exactly when there are no errors.
template <class T>
struct Loaded {
  std::optional<T> value;
  std::vector<ConfigError> errors;  ///< In the order of the file.

  explicit operator bool() const noexcept { return value.has_value(); }
};

/// All errors, one per line, each line ended.
///
/// @thread_safety Pure function.
[[nodiscard]] std::string to_text(const std::vector<ConfigError>& errors);

}  // namespace ems::io
