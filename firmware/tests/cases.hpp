// SPDX-License-Identifier: Apache-2.0
/// @file Tests that run on the chip and on the host, and must give the same bits on both: each
/// makes a digest of all that L0-L1 code gives out, and compares it with the one digest there is.
#pragma once

#include <cstdint>
#include <span>

namespace ems::firmware::test {

/// One test. `digest` must be `expected` on every architecture.
struct Case {
  const char* name;
  std::uint64_t (*digest)();
  std::uint64_t expected;
};

/// @thread_safety Pure functions.
[[nodiscard]] std::span<const Case> cases() noexcept;

}  // namespace ems::firmware::test
