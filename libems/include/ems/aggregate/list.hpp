// SPDX-License-Identifier: Apache-2.0
/// @file A vector in memory of somebody else.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "ems/core/assert.hpp"

namespace ems::aggregate {

/// A vector that borrows its room; whoever owns the room can give it a larger one.
///
/// @memory        None of its own. A copy is the same list, not another.
/// @thread_safety Like an array.
template <class T>
class List {
 public:
  constexpr List() noexcept = default;
  constexpr explicit List(std::span<T> room) noexcept : room_(room) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr std::size_t capacity() const noexcept { return room_.size(); }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr bool full() const noexcept { return size_ == room_.size(); }

  /// @pre index < size().
  [[nodiscard]] constexpr T& operator[](std::size_t index) const noexcept {
    EMS_ASSERT(index < size_);
    return room_[index];
  }
  /// @pre !empty().
  [[nodiscard]] constexpr T& back() const noexcept { return (*this)[size_ - 1]; }
  [[nodiscard]] constexpr T* begin() const noexcept { return room_.data(); }
  [[nodiscard]] constexpr T* end() const noexcept { return room_.data() + size_; }

  /// @pre !full().
  constexpr void push_back(const T& value) noexcept { insert(size_, value); }
  /// Before the item at `index`. @pre !full(), index <= size().
  constexpr void insert(std::size_t index, const T& value) noexcept {
    EMS_ASSERT(!full() && index <= size_);
    std::copy_backward(begin() + index, end(), end() + 1);
    room_[index] = value;
    ++size_;
  }
  /// Removes the items first .. last - 1. @pre first <= last <= size().
  constexpr void erase(std::size_t first, std::size_t last) noexcept {
    EMS_ASSERT(first <= last && last <= size_);
    std::copy(begin() + last, end(), begin() + first);
    size_ -= last - first;
  }
  constexpr void clear() noexcept { size_ = 0; }

  /// Goes on in other room. @pre size() <= room.size().
  constexpr void move_to(std::span<T> room) noexcept {
    EMS_ASSERT(size_ <= room.size());
    std::copy(begin(), end(), room.begin());
    room_ = room;
  }

 private:
  std::span<T> room_;
  std::size_t size_ = 0;
};

}  // namespace ems::aggregate
