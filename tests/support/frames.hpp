// SPDX-License-Identifier: Apache-2.0
/// @file Hexadecimal text to bytes, for tests below the io layer.
#pragma once

#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ems::test {

using Frame = std::vector<std::byte>;

inline Frame frame(std::string_view hex) {
  if (hex.size() % 2 != 0) throw std::invalid_argument("odd number of hexadecimal digits");
  Frame bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

/// The vectors of one file of tests/vectors.
inline nlohmann::json vectors(const std::string& file) {
  std::ifstream stream(std::string(EMS_TEST_VECTORS) + "/" + file);
  if (!stream) throw std::runtime_error("no vector file " + file);
  return nlohmann::json::parse(stream);
}

}  // namespace ems::test
