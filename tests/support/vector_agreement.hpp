// SPDX-License-Identifier: Apache-2.0
/// @file Whether an answer is what a vector expects: a number agrees when it lies within half of
/// the last digit stated; keys that the vector does not name are allowed.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace ems::test {

/// Half of the last digit that the number states.
inline double tolerance(const nlohmann::json& expected) {
  const std::string text = expected.dump();
  const std::size_t point = text.find('.');
  const std::size_t decimals = point == std::string::npos ? 0 : text.size() - point - 1;
  return 0.5 * std::pow(10.0, -static_cast<double>(decimals)) * (1.0 + 1e-9);
}

inline void expect_agrees(const nlohmann::json& expected, const nlohmann::json& actual,
                          const std::string& where) {
  if (expected.is_number()) {
    ASSERT_TRUE(actual.is_number()) << where << ": " << actual;
    EXPECT_NEAR(actual.get<double>(), expected.get<double>(), tolerance(expected)) << where;
  } else if (expected.is_array()) {
    ASSERT_TRUE(actual.is_array()) << where << ": " << actual;
    ASSERT_EQ(actual.size(), expected.size()) << where;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expect_agrees(expected[i], actual[i], where + "[" + std::to_string(i) + "]");
    }
  } else if (expected.is_object()) {
    ASSERT_TRUE(actual.is_object()) << where << ": " << actual;
    for (const auto& [key, value] : expected.items()) {
      ASSERT_TRUE(actual.contains(key)) << where << "." << key;
      expect_agrees(value, actual[key], where + "." + key);
    }
  } else {
    EXPECT_EQ(actual, expected) << where;
  }
}

}  // namespace ems::test
