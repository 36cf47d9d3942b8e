// SPDX-License-Identifier: Apache-2.0
// What the compiler expects of a C++ runtime, so that the library links without one. Weak: in a
// program that has a C++ runtime, that one's is as good. Only a bug of ours could call them.
#include <string_view>

#include "ems/core/assert.hpp"

extern "C" [[gnu::weak]] void __cxa_pure_virtual() {
  ems::assertion_failed("a pure virtual function was called", __FILE__, __LINE__);
}

#if defined(__GLIBCXX__)
/// std::string_view::substr() beyond the end.
namespace std {
[[gnu::weak]] void __throw_out_of_range_fmt(const char*, ...) {
  ems::assertion_failed("a position beyond the end of a text", __FILE__, __LINE__);
}
}  // namespace std
#endif
