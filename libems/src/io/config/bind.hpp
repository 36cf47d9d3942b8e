// SPDX-License-Identifier: Apache-2.0
/// @file Values of a checked section as the types of the structs.
#pragma once

#include "io/config/reader.hpp"

namespace ems::io::config {

template <class Q>
[[nodiscard]] Q quantity(const Section& section, std::string_view key) {
  return Q{static_cast<typename Q::Rep>(section.at(key).number)};  // The schema's range fits.
}
/// Nullopt when the key is absent.
template <class Q>
[[nodiscard]] std::optional<Q> maybe(const Section& section, std::string_view key) {
  if (section.find(key) == nullptr) return std::nullopt;
  return quantity<Q>(section, key);
}

template <class I>
[[nodiscard]] I integer(const Section& section, std::string_view key) {
  return static_cast<I>(section.at(key).number);
}

// The words of a choice stand in the order of the enumerators; config_schema_test.cpp checks it.
template <class E>
[[nodiscard]] E choice(const Section& section, std::string_view key) {
  return static_cast<E>(section.at(key).number);
}

[[nodiscard]] inline bool flag(const Section& section, std::string_view key) {
  return section.at(key).number != 0;
}
[[nodiscard]] inline UtcInstant moment(const Section& section, std::string_view key) {
  return UtcInstant{microseconds(section.at(key).number)};
}

}  // namespace ems::io::config
