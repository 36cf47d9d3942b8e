// SPDX-License-Identifier: Apache-2.0
#include "io/json_text.hpp"

#include <nlohmann/json.hpp>

namespace ems::io::detail {

std::string json_text(std::string_view text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string list_text(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) {
    if (text.size() > 1) text += ", ";
    text += item;
  }
  return text + "]";
}

std::string error_object(const Error& error) {
  ObjectText object;
  object.add("code", json_text(to_string(error.code)));
  object.add("offset", std::size_t{error.offset});
  object.add("message", json_text(error.what));
  return object.str();
}

}  // namespace ems::io::detail
