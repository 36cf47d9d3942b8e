// SPDX-License-Identifier: Apache-2.0
/// @file Result<T>: a value or an Error, with std::expected's names. Misuse traps; it is never
/// undefined.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "ems/core/assert.hpp"
#include "ems/core/errc.hpp"

namespace ems {

/// Why something failed: trivially copyable, static text, no allocation.
struct Error {
  Errc code = Errc::internal;
  std::uint16_t offset =
      0;  ///< Where; each function says what it counts (mostly bytes). Saturates at 65535.
  const char* what = "";  ///< One static sentence for people; never nullptr.
  friend constexpr bool operator==(const Error& a, const Error& b) noexcept {
    return a.code == b.code && a.offset == b.offset;
  }
};

/// Carries an Error into a Result; made by fail().
struct [[nodiscard]] Failure {
  Error error;
};

/// The one way to make an Error: `return fail(Errc::length, 3, "limits frame: expected 8 bytes");`
[[nodiscard]] constexpr Failure fail(Errc code, std::size_t offset, const char* what) noexcept {
  constexpr std::size_t kMax = 0xFFFF;
  return {{code, static_cast<std::uint16_t>(offset < kMax ? offset : kMax), what}};
}
/// Passes on an error that another function returned.
[[nodiscard]] constexpr Failure fail(const Error& error) noexcept { return {error}; }

/// A value of type T or an Error.
///
/// @thread_safety Like T.
template <class T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T> && !std::is_same_v<std::remove_cv_t<T>, Error>);

 public:
  using value_type = T;
  using error_type = Error;

  // Both convert on purpose: `return value;` and `return fail(...);`.
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Result(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
      : state_(std::in_place_index<0>, std::move(value)) {}
  constexpr Result(Failure failure) noexcept  // NOLINT(google-explicit-constructor)
      : state_(std::in_place_index<1>, failure.error) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return state_.index() == 0; }
  constexpr explicit operator bool() const noexcept { return has_value(); }

  /// @pre has_value(); else the assertion handler is called.
  [[nodiscard]] constexpr const T& value() const& noexcept {
    return checked(std::get_if<0>(&state_));
  }
  [[nodiscard]] constexpr T& value() & noexcept { return checked(std::get_if<0>(&state_)); }
  [[nodiscard]] constexpr T&& value() && noexcept {
    return std::move(checked(std::get_if<0>(&state_)));
  }
  [[nodiscard]] constexpr const T& operator*() const& noexcept { return value(); }
  [[nodiscard]] constexpr T& operator*() & noexcept { return value(); }
  [[nodiscard]] constexpr T&& operator*() && noexcept { return std::move(*this).value(); }
  [[nodiscard]] constexpr const T* operator->() const noexcept { return &value(); }
  [[nodiscard]] constexpr T* operator->() noexcept { return &value(); }

  /// @pre !has_value(); else the assertion handler is called.
  [[nodiscard]] constexpr const Error& error() const noexcept {
    return checked(std::get_if<1>(&state_));
  }

  template <class U>
  [[nodiscard]] constexpr T value_or(U&& fallback) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
  }
  /// Calls `f(value)`, which returns a Result, or passes the error on.
  template <class F>
  constexpr auto and_then(F&& f) const& -> std::invoke_result_t<F, const T&> {
    if (!has_value()) return fail(error());
    return std::forward<F>(f)(value());
  }
  /// Calls `f(value)`, which returns a plain value, or passes the error on.
  template <class F>
  constexpr auto transform(F&& f) const& -> Result<std::invoke_result_t<F, const T&>> {
    if (!has_value()) return fail(error());
    return std::forward<F>(f)(value());
  }

 private:
  template <class P>
  static constexpr auto& checked(P* pointer) noexcept {
    EMS_ASSERT(pointer != nullptr && "Result read without checking it");
    return *pointer;
  }
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  using error_type = Error;

  constexpr Result() noexcept = default;
  constexpr Result(Failure failure) noexcept  // NOLINT(google-explicit-constructor)
      : error_(failure.error), failed_(true) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return !failed_; }
  constexpr explicit operator bool() const noexcept { return !failed_; }
  constexpr void value() const noexcept {
    EMS_ASSERT(!failed_ && "Result read without checking it");
  }
  [[nodiscard]] constexpr const Error& error() const noexcept {
    EMS_ASSERT(failed_ && "error() of a Result that succeeded");
    return error_;
  }

 private:
  Error error_{};
  bool failed_ = false;
};

}  // namespace ems
