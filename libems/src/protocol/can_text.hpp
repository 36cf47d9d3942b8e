// SPDX-License-Identifier: Apache-2.0
/// @file Reading and writing CAN frames as text, character by character. Private to the text forms
/// of CAN: candump and its relatives, slcan, socketcand.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/protocol/can_record.hpp"

namespace ems::protocol::detail {

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_fd_size(std::size_t size) noexcept {
  return size <= kCanDataSize || size == 12 || size == 16 || size == 20 || size == 24 ||
         size == 32 || size == 48 || size == kCanFdDataSize;
}

/// Reads one line from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] bool done() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip(std::size_t count = 1) noexcept { at_ += count; }
  void skip_rest() noexcept { at_ = text_.size(); }
  bool take(char c) noexcept {
    if (peek() != c || done()) return false;
    skip();
    return true;
  }
  bool take(std::string_view word) noexcept {
    if (text_.substr(at_).substr(0, word.size()) != word) return false;
    skip(word.size());
    return true;
  }
  std::size_t skip_spaces() noexcept {
    const std::size_t start = at_;
    while (peek() == ' ') skip();
    return at_ - start;
  }
  /// The word up to the next space; the scanner moves behind it.
  std::string_view word() noexcept {
    const std::size_t start = at_;
    while (!done() && peek() != ' ') skip();
    return text_.substr(start, at_ - start);
  }
  [[nodiscard]] Failure wrong(const char* what) const noexcept {
    return fail(Errc::syntax, at_, what);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// A decimal number without a sign: seconds, milliseconds.
struct Decimal {
  std::int64_t millionths = 0;
  std::size_t decimals = 0;  ///< Digits behind the point; those after the sixth are dropped.
};

/// Digits, and a point with up to 9 digits where one follows.
inline Result<Decimal> parse_decimal(Scanner& in) noexcept {
  constexpr std::size_t kWholeDigitsMax = 12;
  constexpr std::size_t kKeptDecimals = 6;
  constexpr std::size_t kDecimalsMax = 9;
  const std::size_t start = in.at();
  Decimal number;
  for (; is_digit(in.peek()); in.skip()) {
    if (in.at() - start == kWholeDigitsMax) {
      return fail(Errc::out_of_range, start, "the time does not fit");
    }
    number.millionths = number.millionths * 10 + (in.peek() - '0');
  }
  if (in.at() == start) return in.wrong("a decimal number expected");
  const bool has_point = in.peek() == '.' && is_digit(in.peek(1));
  if (has_point) in.skip();
  for (; has_point && is_digit(in.peek()); in.skip()) {
    if (number.decimals == kDecimalsMax) return in.wrong("at most 9 decimals expected");
    if (number.decimals++ < kKeptDecimals) {
      number.millionths = number.millionths * 10 + (in.peek() - '0');
    }
  }
  for (std::size_t i = number.decimals; i < kKeptDecimals; ++i) number.millionths *= 10;
  return number;
}

/// One byte, two digits. @pre the next character is a digit.
inline Result<void> parse_byte(Scanner& in, std::size_t size_max, CanRecord& record) noexcept {
  const int high = hex_value(in.peek());
  const int low = hex_value(in.peek(1));
  if (high < 0) return in.wrong("a hexadecimal byte expected");
  if (low < 0) return fail(Errc::syntax, in.at() + 1, "a hexadecimal byte expected");
  if (record.size == size_max) {
    return fail(Errc::length, in.at(), "more bytes than the frame holds");
  }
  record.data[record.size++] = static_cast<std::byte>(high << 4 | low);
  in.skip(2);
  return {};
}

/// What follows the identifier on a console: `[8]  14 02 74 0E 74 0E CC 01`.
///
/// @param record  Its `kind` is known as far as the identifier tells; gets size, data and kind.
/// @source        docs/protocols/candump.md; CAN FD writes `[08]`.
Result<void> parse_sized_data(Scanner& in, CanRecord& record) noexcept;

inline std::string_view trimmed(std::string_view line) noexcept {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

/// Writes from left to right; the room is checked once, by who prints.
class Printer {
 public:
  explicit Printer(std::span<char> out) noexcept : out_(out) {}
  void put(char c) noexcept { out_[size_++] = c; }
  void put(std::string_view text) noexcept {
    for (const char c : text) put(c);
  }
  void hex(std::uint32_t value, unsigned digits) noexcept {
    for (unsigned i = digits; i-- > 0;) put("0123456789ABCDEF"[value >> (4 * i) & 0xFU]);
  }
  void decimal(std::uint64_t value, unsigned digits) noexcept {
    std::array<char, 20> text{};
    std::size_t count = 0;
    for (; value > 0 || count < digits; value /= 10) {
      text[count++] = static_cast<char>('0' + value % 10);
    }
    while (count > 0) put(text[--count]);
  }
  [[nodiscard]] std::string_view text() const noexcept { return {out_.data(), size_}; }

 private:
  std::span<char> out_;
  std::size_t size_ = 0;
};

}  // namespace ems::protocol::detail
