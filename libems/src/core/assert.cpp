// SPDX-License-Identifier: Apache-2.0
#include "ems/core/assert.hpp"

#include <atomic>

#if __STDC_HOSTED__ && !defined(EMS_FREESTANDING)
#include <cstdio>
#endif

namespace ems {
namespace {

void default_handler([[maybe_unused]] const AssertionFailure& failure) {
#if __STDC_HOSTED__ && !defined(EMS_FREESTANDING)
  std::fprintf(stderr, "libems: assertion failed: %s (%s:%d)\n", failure.expression, failure.file,
               failure.line);
#endif
}

std::atomic<AssertionHandler> current_handler{&default_handler};

}  // namespace

AssertionHandler set_assertion_handler(AssertionHandler handler) noexcept {
  return current_handler.exchange(handler != nullptr ? handler : &default_handler);
}

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  current_handler.load()({expression, file, line});
  __builtin_trap();
}

}  // namespace ems
