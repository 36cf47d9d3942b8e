// SPDX-License-Identifier: Apache-2.0
/// @file A JSON document that can be changed and written: what Json, which only reads, is not.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/ota/tuf/json.hpp"

namespace ems::ota::tuf::detail {

struct JsonEdit;
using EditArray = std::vector<JsonEdit>;
using EditObject = std::map<std::string, JsonEdit, std::less<>>;  ///< Sorted by bytes: canonical.

struct JsonEdit {
  std::variant<std::nullptr_t, bool, std::int64_t, std::string, EditArray, EditObject> value;

  JsonEdit() = default;
  // These convert on purpose: a document reads as one.
  // NOLINTBEGIN(google-explicit-constructor)
  JsonEdit(bool flag) : value(flag) {}
  JsonEdit(std::int64_t number) : value(number) {}
  JsonEdit(std::string text) : value(std::move(text)) {}
  JsonEdit(std::string_view text) : value(std::string(text)) {}
  JsonEdit(const char* text) : value(std::string(text)) {}
  JsonEdit(EditArray items) : value(std::move(items)) {}
  JsonEdit(EditObject members) : value(std::move(members)) {}
  // NOLINTEND(google-explicit-constructor)

  /// @errors too_large, malformed.
  [[nodiscard]] static Result<JsonEdit> parse(std::string_view text);

  /// The member of an object; nullptr without it, and of anything else.
  [[nodiscard]] JsonEdit* find(std::string_view name);
  /// nullptr: of another kind.
  template <class T>
  [[nodiscard]] T* as() {
    return std::get_if<T>(&value);
  }
  /// The member of that kind, or nullptr.
  template <class T>
  [[nodiscard]] T* find(std::string_view name) {
    JsonEdit* member = find(name);
    return member == nullptr ? nullptr : member->as<T>();
  }
};

/// One blank of indent for each level, members sorted, a newline at the end: as python-tuf writes.
[[nodiscard]] std::string to_text(const JsonEdit& document);

}  // namespace ems::ota::tuf::detail
