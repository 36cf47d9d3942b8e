// SPDX-License-Identifier: Apache-2.0
#include "ems/io/config/diagnostic.hpp"

namespace ems::io {

std::string ConfigError::text() const {
  std::string out = file;
  if (line != 0) {
    out += ':' + std::to_string(line) + ':' + std::to_string(column);
  }
  out += ": " + message;
  if (!suggestion.empty()) out += "; did you mean \"" + suggestion + "\"?";
  return out;
}

std::string to_text(const std::vector<ConfigError>& errors) {
  std::string out;
  for (const ConfigError& error : errors) out += error.text() + '\n';
  return out;
}

}  // namespace ems::io
