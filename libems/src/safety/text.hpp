// SPDX-License-Identifier: Apache-2.0
/// @file Private: texts that only a host prints. Freestanding builds leave them out: there an error
/// has its code and its offset, and a host says of the same input what they mean.
#pragma once

namespace ems::safety::detail {

#if __STDC_HOSTED__
using Text = const char*;
#else
struct Text {
  consteval Text(const char* /*text*/) noexcept {}   // NOLINT(google-explicit-constructor)
  constexpr operator const char*() const noexcept {  // NOLINT(google-explicit-constructor)
    return "";
  }
};
#endif

}  // namespace ems::safety::detail
