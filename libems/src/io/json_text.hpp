// SPDX-License-Identifier: Apache-2.0
/// @file JSON as text, member by member: numbers stay text, no double in between. Private to io.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"

namespace ems::io::detail {

/// A JSON string, quoted; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string json_text(std::string_view text);

/// The text of a JSON object that grows key by key.
class ObjectText {
 public:
  void add(std::string_view key, std::string_view value) {
    if (!members_.empty()) members_ += ", ";
    members_ += json_text(key);
    members_ += ": ";
    members_ += value;
  }
  void add(std::string_view key, std::size_t number) { add(key, std::to_string(number)); }
  [[nodiscard]] bool empty() const { return members_.empty(); }
  [[nodiscard]] std::string str() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

[[nodiscard]] std::string list_text(const std::vector<std::string>& items);
/// `{"code": "checksum", "offset": 36, "message": "..."}`.
[[nodiscard]] std::string error_object(const Error& error);

}  // namespace ems::io::detail
