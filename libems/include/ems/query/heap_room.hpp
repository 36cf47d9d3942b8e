// SPDX-License-Identifier: Apache-2.0
/// @file Room for lists of `aggregate`, from the heap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

#include "ems/aggregate/list.hpp"

namespace ems::query {

/// The memory of one list, which grows with it.
///
/// @thread_safety Like a value.
template <class T>
class HeapRoom {
 public:
  /// Room for so many items beside those in the list.
  void reserve(aggregate::List<T>& list, std::size_t more) {
    constexpr std::size_t kFirst = 8;
    const std::size_t needed = list.size() + more;
    if (needed <= list.capacity()) return;
    const std::size_t size = std::max({needed, 2 * list.capacity(), kFirst});
    auto larger = std::make_unique<T[]>(size);
    list.move_to({larger.get(), size});
    memory_ = std::move(larger);
  }

 private:
  std::unique_ptr<T[]> memory_;
};

}  // namespace ems::query
