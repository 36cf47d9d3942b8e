// SPDX-License-Identifier: Apache-2.0
/// @file The seed of a property test: fixed, printed, replaced by EMS_SEED, and told again with the
/// command that replays the run when the test fails.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace ems::test {

/// One per test, in its body or fixture: `const Seed seed(20240601); auto random = seed.engine();`
class Seed {
 public:
  /// @param standard  What runs when EMS_SEED says nothing else.
  explicit Seed(std::uint64_t standard) : value_(from_environment(standard)) {
    std::printf("EMS_SEED=%llu\n", static_cast<unsigned long long>(value_));
  }
  ~Seed() {
    if (!testing::Test::HasFailure()) return;
    std::printf("replay: %s\n", replay(value_).c_str());
  }
  Seed(const Seed&) = delete;
  Seed& operator=(const Seed&) = delete;

  [[nodiscard]] std::uint64_t value() const { return value_; }
  /// A generator that starts with this seed.
  template <class Engine = std::mt19937_64>
  [[nodiscard]] Engine engine() const {
    return Engine(static_cast<typename Engine::result_type>(value_));
  }

  /// The command that runs the current test again with `seed`.
  static std::string replay(std::uint64_t seed) {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string command = "EMS_SEED=" + std::to_string(seed) + " " + program_invocation_name;
    if (test != nullptr) {
      command += std::string(" --gtest_filter=") + test->test_suite_name() + "." + test->name();
    }
    return command;
  }

  /// How many cases a property test draws, printed so that scripts/properties can add them up:
  /// `standard`, or EMS_CASES of a test whose one case costs `cost` times as much as a usual one.
  static int cases(int standard, int cost = 1) {
    const std::uint64_t asked = number("EMS_CASES", 0);
    const std::uint64_t share = asked / static_cast<std::uint64_t>(cost);
    const int count = asked == 0 ? standard : share == 0 ? 1 : static_cast<int>(share);
    std::printf("cases: %d\n", count);
    return count;
  }

  /// A number of the environment, or `standard`. Anything but a whole number ends the run.
  static std::uint64_t number(const char* name, std::uint64_t standard) {
    const char* text = std::getenv(name);
    if (text == nullptr) return standard;
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(text, &end, 10);
    if (end == text || *end != '\0') {
      std::fprintf(stderr, "%s: not a number: %s\n", name, text);
      std::exit(2);
    }
    return value;
  }

 private:
  static std::uint64_t from_environment(std::uint64_t standard) {
    return number("EMS_SEED", standard);
  }
  std::uint64_t value_;
};

}  // namespace ems::test
