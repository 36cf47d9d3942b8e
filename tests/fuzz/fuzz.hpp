// SPDX-License-Identifier: Apache-2.0
/// @file What the fuzz targets share: a property that must hold, and a reader that takes an input
/// apart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "ems/core/bytes.hpp"

namespace ems::fuzz {

/// Ends the run when a property does not hold; libFuzzer then keeps the input.
inline void require(bool holds, const char* property, const char* file = __builtin_FILE(),
                    int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: property broken: %s\n", file, line, property);
  std::abort();
}

/// Takes an input apart from the front. Past its end everything is zero and empty.
class Feed {
 public:
  Feed(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t u8() {
    const Bytes one = take(1);
    return one.empty() ? std::uint8_t{0} : load_u8(one, 0);
  }
  std::uint16_t u16() {
    const auto high = static_cast<unsigned>(u8()) << 8;
    return static_cast<std::uint16_t>(high | u8());
  }
  /// The next `size` bytes, or what is left.
  Bytes take(std::size_t size) {
    const Bytes front = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(front.size());
    return front;
  }
  Bytes rest() { return take(rest_.size()); }
  std::string_view text() {
    const Bytes all = rest();
    return {reinterpret_cast<const char*>(all.data()), all.size()};
  }
  /// The next line without its end.
  std::string_view line() {
    const std::string_view all(reinterpret_cast<const char*>(rest_.data()), rest_.size());
    const std::size_t end = std::min(all.find('\n'), all.size());
    rest_ = rest_.subspan(std::min(end + 1, rest_.size()));
    return all.substr(0, end);
  }

 private:
  Bytes rest_;
};

inline bool same(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

}  // namespace ems::fuzz
