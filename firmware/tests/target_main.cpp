// SPDX-License-Identifier: Apache-2.0
// Runs the cases on the chip and ends QEMU with their verdict: 0, or 4 when a digest is wrong, or 3
// when an assertion failed, or 2 after a fault. Built once more with EMS_TEST_MUST_FAIL, _ASSERT
// and _OVERFLOW, to show that a failure shows, also when the stack itself is what failed.
#include <array>
#include <cstdint>

#include "tests/cases.hpp"
#include "tests/semihosting.hpp"

namespace {

using namespace ems::firmware::test;

constexpr int kWrongDigest = 4;

#ifdef EMS_TEST_MUST_OVERFLOW
[[gnu::noinline]] std::uint32_t overflow(std::uint32_t depth) {  // NOLINT(misc-no-recursion)
  std::array<volatile std::uint32_t, 64> room{};
  room[0] = depth;
  return depth == 0 ? 0 : overflow(depth - 1) + room[0];
}
#endif

}  // namespace

extern "C" {
void ems_uart_irq() {}
void ems_tick_irq() {}
[[noreturn]] void ems_fault() {
  print("fault\n");
  end(2);
}
}

int main() {
  ems::set_assertion_handler(on_assertion);
#ifdef EMS_TEST_MUST_FAIL
  constexpr std::uint64_t kSpoilt = 1;
#else
  constexpr std::uint64_t kSpoilt = 0;
#endif
#ifdef EMS_TEST_MUST_OVERFLOW
  print(overflow(1'000'000) == 0 ? "no overflow\n" : "no fault\n");
#endif
#ifdef EMS_TEST_MUST_ASSERT
  EMS_ASSERT(kSpoilt == 1);
#endif
  bool good = true;
  for (const Case& test : cases()) {
    const std::uint64_t digest = test.digest() ^ kSpoilt;
    print(digest == test.expected ? "ok   " : "FAIL ");
    print(test.name);
    print(" ");
    print_hex(digest);
    print("\n");
    good = good && digest == test.expected;
  }
  end(good ? 0 : kWrongDigest);
}
