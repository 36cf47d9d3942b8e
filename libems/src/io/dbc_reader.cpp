// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <numeric>
#include <unordered_map>

#include "ems/io/dbc.hpp"
#include "io/pack_reader.hpp"

namespace ems::io {
namespace {

constexpr std::size_t kErrorsMax = 50;
constexpr std::uint32_t kExtendedFlag = 0x8000'0000;
constexpr std::string_view kSignalForm =
    "expected SG_ name : start|size@order sign (factor,offset) [min|max] \"unit\"";

constexpr std::array<std::string_view, 28> kPassedOver = {
    "CM_",
    "BA_DEF_",
    "BA_DEF_DEF_",
    "BA_",
    "VAL_TABLE_",
    "SIG_GROUP_",
    "BO_TX_BU_",
    "EV_",
    "ENVVAR_DATA_",
    "EV_DATA_",
    "SGTYPE_",
    "SGTYPE_VAL_",
    "BA_DEF_SGTYPE_",
    "BA_SGTYPE_",
    "SIGTYPE_VALTYPE_",
    "SIG_TYPE_REF_",
    "SIGTYPE_",
    "CAT_DEF_",
    "CAT_",
    "FILTER",
    "BA_DEF_REL_",
    "BA_REL_",
    "BA_DEF_DEF_REL_",
    "BU_SG_REL_",
    "BU_EV_REL_",
    "BU_BO_REL_",
    "BA_SGTYPE_REL_",
    "ENVVAR_",
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// A decimal as DBC files have it, `-1.5E-3`; nullopt: no number, or more than 64 bits.
std::optional<DbcNumber> exact(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t digits = 0;
  int exponent = 0;
  bool point = false;
  bool any = false;
  std::size_t at = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.' && !point) {
      point = true;
      continue;
    }
    if (std::isdigit(static_cast<unsigned char>(text[at])) == 0) return std::nullopt;
    any = true;
    if (__builtin_mul_overflow(digits, std::int64_t{10}, &digits) ||
        __builtin_add_overflow(digits, std::int64_t{text[at] - '0'}, &digits)) {
      return std::nullopt;
    }
    if (point) --exponent;
  }
  if (!any) return std::nullopt;
  if (at < text.size()) {
    std::string_view power = text.substr(at + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int value = 0;
    const auto [end, code] = std::from_chars(power.data(), power.data() + power.size(), value);
    if (code != std::errc{} || end != power.data() + power.size() || value < -99 || value > 99) {
      return std::nullopt;
    }
    exponent += value;
  }
  DbcNumber number{.numerator = negative ? -digits : digits};
  for (; exponent > 0 && number.numerator != 0; --exponent) {
    if (__builtin_mul_overflow(number.numerator, std::int64_t{10}, &number.numerator)) {
      return std::nullopt;
    }
  }
  for (; exponent < 0 && number.numerator != 0; ++exponent) {
    if (number.numerator % 10 == 0) {
      number.numerator /= 10;
    } else if (__builtin_mul_overflow(number.denominator, std::int64_t{10}, &number.denominator)) {
      return std::nullopt;
    }
  }
  const std::int64_t common = std::gcd(number.numerator, number.denominator);
  return DbcNumber{number.numerator / common, number.denominator / common};
}

class DbcReader {
 public:
  DbcReader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Dbc read() {
    while (skip_blanks(true), at_ < text_.size() && dbc_.errors.size() < kErrorsMax) statement();
    for (DbcMessage& message : dbc_.messages) check_twice(message);
    std::stable_sort(dbc_.errors.begin(), dbc_.errors.end(),
                     [](const PackError& a, const PackError& b) { return a.line < b.line; });
    return std::move(dbc_);
  }

 private:
  void error(Errc code, std::string message, int line) {
    if (dbc_.errors.size() < kErrorsMax) {
      dbc_.errors.push_back({code, std::string(file_), line, 1, std::move(message)});
    }
  }
  void next() {
    if (text_[at_] == '\n') ++line_;
    ++at_;
  }
  void skip_blanks(bool lines) {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0 &&
           (lines || text_[at_] != '\n')) {
      next();
    }
  }
  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') next();
  }
  /// To behind the semicolon that is not part of a text.
  void skip_statement() {
    bool quoted = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      next();
      if (c == '"') quoted = !quoted;
      if (c == ';' && !quoted) return;
    }
  }
  std::string_view word() {
    skip_blanks(false);
    const std::size_t from = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  bool take(char c) {
    skip_blanks(false);
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// Up to one of `ends` on this line.
  std::string_view up_to(std::string_view ends) {
    skip_blanks(false);
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '\n' && ends.find(text_[at_]) == ends.npos) ++at_;
    std::size_t size = at_ - from;
    while (size > 0 && std::isspace(static_cast<unsigned char>(text_[from + size - 1])) != 0)
      --size;
    return text_.substr(from, size);
  }
  /// Text in quotes, over lines too.
  std::optional<std::string_view> quoted() {
    skip_blanks(true);
    if (at_ >= text_.size() || text_[at_] != '"') return std::nullopt;
    ++at_;
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '"') next();
    if (at_ >= text_.size()) return std::nullopt;
    return text_.substr(from, at_++ - from);
  }
  template <class T>
  std::optional<T> integer() {
    skip_blanks(true);
    T value{};
    const char* from = text_.data() + at_;
    const auto [end, code] = std::from_chars(from, text_.data() + text_.size(), value);
    if (code != std::errc{}) return std::nullopt;
    at_ += static_cast<std::size_t>(end - from);
    return value;
  }

  void statement() {
    const int line = line_;
    const std::string_view key = word();
    if (key == "BO_") return message(line);
    if (key == "SG_") return signal(line);
    if (key == "VAL_") return values(line);
    if (key == "SIG_VALTYPE_") return value_type(line);
    if (key == "SG_MUL_VAL_") return nested(line);
    if (key == "VERSION" || key == "BS_" || key == "BU_") return skip_line();
    if (key == "NS_") return new_symbols();
    if (std::ranges::find(kPassedOver, key) != kPassedOver.end()) return skip_statement();
    const std::string shown(key.empty() ? text_.substr(at_, 1) : key);
    error(Errc::unknown_key, "'" + shown + "': no DBC statement begins so", line);
    skip_line();
  }
  /// Its words stand alone on their lines.
  void new_symbols() {
    skip_line();
    while (at_ < text_.size()) {
      const std::size_t before = at_;
      const int line = line_;
      next();
      const std::string_view only = word();
      skip_blanks(false);
      const bool alone = at_ >= text_.size() || text_[at_] == '\n';
      if (only.empty() || !alone) {
        at_ = before;
        line_ = line;
        next();
        return;
      }
    }
  }

  void message(int line) {
    const auto id = integer<std::uint32_t>();
    const std::string_view name = word();
    const bool colon = take(':');
    const auto size = integer<unsigned>();
    skip_line();
    current_ = nullptr;
    if (!id || name.empty() || !colon || !size) {
      return error(Errc::syntax, "expected BO_ id name: size sender", line);
    }
    const bool extended = (*id & kExtendedFlag) != 0;
    if (!by_id_.emplace(*id, dbc_.messages.size()).second) {
      return error(Errc::already_exists, "message " + std::string(name) + ": its id stands twice",
                   line);
    }
    dbc_.messages.push_back({.id = *id & ~kExtendedFlag,
                             .extended = extended,
                             .name = name,
                             .size = *size,
                             .line = line,
                             .signals = {}});
    current_ = &dbc_.messages.back();
  }

  void signal(int line) {
    DbcSignal signal;
    signal.name = word();
    signal.line = line;
    const std::string_view kind = word();
    bool nested = false;
    bool sound = kind.empty() || kind == "M";
    signal.selects = kind == "M";
    if (kind.starts_with('m')) {
      std::int32_t part = 0;
      const char* last = kind.data() + kind.size();
      const auto [end, code] = std::from_chars(kind.data() + 1, last, part);
      nested = end + 1 == last && *end == 'M';
      sound = code == std::errc{} && part >= 0 && (end == last || nested);
      signal.part = part;
    }
    sound = sound && !signal.name.empty() && take(':') && layout(signal) && scaling(signal);
    skip_line();
    if (!sound) {
      return error(Errc::syntax, std::string(signal.name) + ": " + std::string(kSignalForm), line);
    }
    if (signal.size < 1 || signal.size > 64) {
      return error(Errc::out_of_range, std::string(signal.name) + ": a signal has 1 to 64 bits",
                   line);
    }
    if (current_ == nullptr) {
      return error(Errc::syntax, std::string(signal.name) + ": stands behind no message", line);
    }
    current_->nested = current_->nested || nested;
    current_->signals.push_back(std::move(signal));
  }
  bool layout(DbcSignal& signal) {
    const auto start = integer<unsigned>();
    if (!start || !take('|')) return false;
    const auto size = integer<unsigned>();
    if (!size || !take('@')) return false;
    const auto order = integer<unsigned>();
    if (!order || *order > 1) return false;
    signal.is_signed = take('-');
    if (!signal.is_signed && !take('+')) return false;
    signal.start = *start;
    signal.size = *size;
    signal.big_endian = *order == 0;
    return true;
  }
  bool scaling(DbcSignal& signal) {
    if (!take('(')) return false;
    const std::string_view factor = up_to(",)");
    if (!take(',')) return false;
    const std::string_view offset = up_to(")");
    if (!take(')') || !take('[') || factor.empty() || offset.empty()) return false;
    (void)up_to("]");
    if (!take(']')) return false;
    skip_blanks(false);
    const int line = line_;
    const auto unit = quoted();
    if (!unit || line_ != line) return false;
    signal.factor = exact(factor);
    signal.offset = exact(offset);
    signal.unit = *unit;
    return true;
  }

  DbcSignal* find(std::uint32_t id, std::string_view name) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return nullptr;
    auto& signals = dbc_.messages[found->second].signals;
    const auto signal = std::ranges::find(signals, name, &DbcSignal::name);
    return signal == signals.end() ? nullptr : &*signal;
  }
  void values(int line) {
    skip_blanks(false);
    const auto id = integer<std::uint32_t>();
    if (!id) return skip_statement();  // Of an environment variable.
    const std::string_view name = word();
    DbcSignal* signal = find(*id, name);
    if (signal == nullptr) {
      error(Errc::not_found, "VAL_ " + std::string(name) + ": its message has no such signal",
            line);
      return skip_statement();
    }
    for (skip_blanks(true); !take(';'); skip_blanks(true)) {
      const auto value = integer<std::int64_t>();
      const auto text = value ? quoted() : std::nullopt;
      if (!text) {
        error(Errc::syntax, "VAL_ " + std::string(name) + ": expected pairs of a number and a text",
              line);
        return skip_statement();
      }
      signal->values.push_back({*value, *text});
    }
  }
  void value_type(int line) {
    const auto id = integer<std::uint32_t>();
    const std::string_view name = word();
    (void)take(':');
    const auto type = integer<unsigned>();
    if (!id || name.empty() || !type) {
      error(Errc::syntax, "expected SIG_VALTYPE_ id signal : type;", line);
    } else if (DbcSignal* signal = find(*id, name); signal != nullptr) {
      signal->is_float = *type != 0;
    }
    skip_statement();
  }
  void nested(int line) {
    const auto id = integer<std::uint32_t>();
    const auto found = id ? by_id_.find(*id) : by_id_.end();
    if (found == by_id_.end()) {
      error(Errc::not_found, "SG_MUL_VAL_: no such message", line);
    } else {
      dbc_.messages[found->second].nested = true;
    }
    skip_statement();
  }

  void check_twice(const DbcMessage& message) {
    std::vector<const DbcSignal*> sorted;
    for (const DbcSignal& signal : message.signals) sorted.push_back(&signal);
    std::ranges::sort(sorted, {}, [](const DbcSignal* signal) { return signal->name; });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      if (sorted[i]->name != sorted[i - 1]->name) continue;
      error(Errc::already_exists, std::string(sorted[i]->name) + ": stands twice in its message",
            std::max(sorted[i]->line, sorted[i - 1]->line));
    }
  }

  std::string_view text_;
  std::string_view file_;
  std::size_t at_ = 0;
  int line_ = 1;
  Dbc dbc_;
  DbcMessage* current_ = nullptr;
  std::unordered_map<std::uint32_t, std::size_t> by_id_;
};

}  // namespace

Dbc parse_dbc(std::string_view text, std::string_view file_name) {
  return DbcReader(text, file_name).read();
}

}  // namespace ems::io
