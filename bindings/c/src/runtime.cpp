// SPDX-License-Identifier: Apache-2.0
// What the compiler expects of a C++ runtime, so that the library links without one.
#include "ems/core/assert.hpp"

/// Stands in the tables of abstract classes; only a bug of ours could call it. Weak: in a program
/// that has a C++ runtime, that one's is as good.
extern "C" [[gnu::weak, gnu::visibility("hidden")]] void __cxa_pure_virtual() {
  ems::assertion_failed("a pure virtual function was called", __FILE__, __LINE__);
}
