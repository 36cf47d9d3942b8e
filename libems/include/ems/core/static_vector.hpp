// SPDX-License-Identifier: Apache-2.0
/// @file Containers with a fixed capacity and no heap, for L0 and L1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/assert.hpp"

namespace ems {

/// A vector of at most N values, stored in place. T must be default-constructible and cheap to
/// assign.
///
/// @memory        N * sizeof(T), inline; never allocates.
/// @thread_safety Like an array.
template <class T, std::size_t N>
class StaticVector {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  constexpr StaticVector() noexcept = default;

  [[nodiscard]] static constexpr std::size_t capacity() noexcept { return N; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr bool full() const noexcept { return size_ == N; }

  /// Appends; false, and nothing changes, when full.
  [[nodiscard]] constexpr bool try_push_back(const T& value) noexcept {
    if (full()) return false;
    items_[size_++] = value;
    return true;
  }
  /// Appends. @pre !full().
  constexpr T& push_back(const T& value) noexcept {
    EMS_ASSERT(!full());
    return items_[size_++] = value;
  }
  /// @pre !empty().
  constexpr void pop_back() noexcept {
    EMS_ASSERT(!empty());
    --size_;
  }
  constexpr void clear() noexcept { size_ = 0; }
  /// Removes the item at `index`, keeping the order of the rest. @pre index < size().
  constexpr void erase_at(std::size_t index) noexcept {
    EMS_ASSERT(index < size_);
    for (std::size_t i = index + 1; i < size_; ++i) items_[i - 1] = items_[i];
    --size_;
  }

  [[nodiscard]] constexpr T& operator[](std::size_t i) noexcept {
    EMS_ASSERT(i < size_);
    return items_[i];
  }
  [[nodiscard]] constexpr const T& operator[](std::size_t i) const noexcept {
    EMS_ASSERT(i < size_);
    return items_[i];
  }
  [[nodiscard]] constexpr T& back() noexcept { return (*this)[size_ - 1]; }
  [[nodiscard]] constexpr const T& back() const noexcept { return (*this)[size_ - 1]; }
  [[nodiscard]] constexpr iterator begin() noexcept { return items_.data(); }
  [[nodiscard]] constexpr iterator end() noexcept { return items_.data() + size_; }
  [[nodiscard]] constexpr const_iterator begin() const noexcept { return items_.data(); }
  [[nodiscard]] constexpr const_iterator end() const noexcept { return items_.data() + size_; }
  [[nodiscard]] constexpr std::span<const T> view() const noexcept {
    return {items_.data(), size_};
  }
  [[nodiscard]] constexpr std::span<T> view() noexcept { return {items_.data(), size_}; }

  friend constexpr bool operator==(const StaticVector& a, const StaticVector& b) noexcept {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (!(a.items_[i] == b.items_[i])) return false;
    }
    return true;
  }

 private:
  std::array<T, N> items_{};
  std::size_t size_ = 0;
};

/// Size of UTF-8 text without a last character of which only the first bytes are there. What is no
/// UTF-8 counts whole.
///
/// @return        Bytes, 0 .. text.size().
/// @thread_safety Pure function.
[[nodiscard]] constexpr std::size_t whole_characters(std::string_view text) noexcept {
  for (std::size_t n = 1; n <= 3 && n <= text.size(); ++n) {
    const auto byte = static_cast<unsigned char>(text[text.size() - n]);
    if ((byte & 0xC0U) == 0x80U) continue;  // Not the first of a character.
    const std::size_t needed = byte < 0xC0U ? 1 : byte < 0xE0U ? 2 : byte < 0xF0U ? 3 : 4;
    return needed > n ? text.size() - n : text.size();
  }
  return text.size();
}

/// UTF-8 text of at most N bytes, stored in place. Longer text is cut between two characters, and
/// is complete then: nothing more is appended until clear().
///
/// @memory        N + 3 bytes, inline; never allocates.
/// @thread_safety Like an array.
template <std::size_t N>
class FixedString {
 public:
  constexpr FixedString() noexcept = default;
  constexpr explicit FixedString(std::string_view text) noexcept { append(text); }

  /// Appends what fits. @return false when text was cut, now or before.
  constexpr bool append(std::string_view text) noexcept {
    for (const char c : text) {
      if (!cut_ && size_ == N) {
        cut_ = true;
        size_ = static_cast<std::uint16_t>(whole_characters(view()));
      }
      if (cut_) return false;
      chars_[size_++] = c;
    }
    return true;
  }
  constexpr void clear() noexcept {
    size_ = 0;
    cut_ = false;
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {chars_.data(), size_}; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  friend constexpr bool operator==(const FixedString& a, const FixedString& b) noexcept {
    return a.view() == b.view();
  }

 private:
  static_assert(N <= 0xFFFF);
  std::array<char, N> chars_{};
  std::uint16_t size_ = 0;
  bool cut_ = false;
};

}  // namespace ems
