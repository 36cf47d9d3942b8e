// SPDX-License-Identifier: Apache-2.0
// Without recursion: what is open stands in a vector that the depth bounds.
#include <algorithm>
#include <charconv>
#include <limits>

#include "ems/ota/tuf/json.hpp"
#include "ota/tuf/utf8.hpp"

namespace ems::ota::tuf {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Failure malformed(std::size_t at, const char* what) noexcept {
  return fail(Errc::malformed, at, what);
}

}  // namespace

class JsonParser {
 public:
  JsonParser(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  Result<Json> parse() {
    bool value_is_due = true;  // Else one has just ended.
    for (;;) {
      skip_blanks();
      if (!value_is_due && open_.empty()) break;
      const Result<bool> due = value_is_due ? begin_value() : after_value();
      if (!due) return fail(due.error());
      value_is_due = *due;
    }
    if (at_ != text_.size()) return malformed(at_, "JSON: bytes after the document");
    return Json(std::make_unique<const Json::Tree>(std::move(tree_)));
  }

 private:
  using Kind = Json::Kind;
  using Node = Json::Node;

  [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) noexcept {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() noexcept {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  Result<Node*> add(Kind kind) {
    if (tree_.nodes.size() == limits_.values) return malformed(at_, "JSON: too many values");
    const std::size_t size = tree_.nodes.size() + 1;
    tree_.nodes.push_back({.end = static_cast<std::uint32_t>(size),
                           .offset = static_cast<std::uint32_t>(at_),
                           .kind = kind});
    return &tree_.nodes.back();
  }

  // Each of the two returns whether a value is due next.
  Result<bool> begin_value() {
    if (!open_.empty() && tree_.nodes[open_.back()].kind == Kind::array) {
      ++tree_.nodes[open_.back()].size;
    }
    if (peek() == '{') return open(Kind::object, '}');
    if (peek() == '[') return open(Kind::array, ']');
    const Result<void> scalar = this->scalar();
    if (!scalar) return fail(scalar.error());
    return false;
  }

  Result<bool> after_value() {
    const bool object = tree_.nodes[open_.back()].kind == Kind::object;
    if (take(object ? '}' : ']')) return close();
    if (!take(',')) return malformed(at_, "JSON: a comma or the end of an object or array is due");
    skip_blanks();
    return object ? name() : true;
  }

  Result<bool> open(Kind kind, char closing) {
    if (open_.size() == limits_.depth) return malformed(at_, "JSON: nested too deep");
    const Result<Node*> added = add(kind);
    if (!added) return fail(added.error());
    open_.push_back(static_cast<std::uint32_t>(tree_.nodes.size() - 1));
    ++at_;
    skip_blanks();
    if (take(closing)) return close();
    return kind == Kind::object ? name() : true;
  }

  Result<bool> close() {
    const std::uint32_t at = open_.back();
    open_.pop_back();
    Node& node = tree_.nodes[at];
    node.end = static_cast<std::uint32_t>(tree_.nodes.size());
    if (node.kind == Kind::array) return false;
    // Sorted once: to find members and those that stand twice, and for the canonical form.
    node.begin = static_cast<std::uint32_t>(tree_.order.size());
    for (std::uint32_t name = at + 1; name < node.end; name = tree_.nodes[name + 1].end) {
      tree_.order.push_back(name);
    }
    const auto first = tree_.order.begin() + node.begin;
    const auto text = [this](std::uint32_t name) { return tree_.text(tree_.nodes[name]); };
    std::ranges::sort(first, tree_.order.end(), {}, text);
    const auto twice = std::ranges::adjacent_find(first, tree_.order.end(), {}, text);
    if (twice == tree_.order.end()) return false;
    return malformed(tree_.nodes[std::max(twice[0], twice[1])].offset,
                     "JSON: a member stands twice");
  }

  Result<bool> name() {
    if (members_++ == limits_.members) return malformed(at_, "JSON: too many members");
    if (peek() != '"') return malformed(at_, "JSON: the name of a member is due");
    ++tree_.nodes[open_.back()].size;
    const Result<void> text = string();
    if (!text) return fail(text.error());
    skip_blanks();
    if (!take(':')) return malformed(at_, "JSON: a colon is due");
    return true;
  }

  Result<void> scalar() {
    if (peek() == '"') return string();
    if (peek() == '-' || is_digit(peek())) return integer();
    for (const auto& [word, kind, value] :
         {Word{"null", Kind::null, 0}, Word{"true", Kind::boolean, 1},
          Word{"false", Kind::boolean, 0}}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      const Result<Node*> node = add(kind);
      if (!node) return fail(node.error());
      (*node)->integer = value;
      at_ += word.size();
      return {};
    }
    return malformed(at_, "JSON: a value is due");
  }

  Result<void> integer() {
    const Result<Node*> node = add(Kind::integer);
    if (!node) return fail(node.error());
    const std::size_t begin = at_;
    (void)take('-');
    const std::size_t digits = at_;
    while (is_digit(peek())) ++at_;
    if (at_ == digits) return malformed(at_, "JSON: a digit is due");
    if (text_[digits] == '0' && at_ - digits > 1) return malformed(digits, "JSON: a leading zero");
    if (peek() == '.' || peek() == 'e' || peek() == 'E') {
      return malformed(at_, "JSON: a number that is not an integer");
    }
    const auto read = std::from_chars(text_.data() + begin, text_.data() + at_, (*node)->integer);
    if (read.ec != std::errc{}) return malformed(begin, "JSON: an integer of more than 64 bits");
    return {};
  }

  Result<void> string() {
    const Result<Node*> added = add(Kind::string);
    if (!added) return fail(added.error());
    Node& node = **added;
    node.begin = static_cast<std::uint32_t>(tree_.strings.size());
    ++at_;  // The opening mark.
    while (!take('"')) {
      if (at_ == text_.size()) return malformed(at_, "JSON: a string without an end");
      const Result<void> read = peek() == '\\' ? escape() : character();
      if (!read) return read;
    }
    node.size = static_cast<std::uint32_t>(tree_.strings.size()) - node.begin;
    return {};
  }

  Result<void> character() {
    if (static_cast<unsigned char>(peek()) < 0x20) {
      return malformed(at_, "JSON: a control character in a string");
    }
    const std::size_t size = utf8_size(text_.substr(at_));
    if (size == 0) return malformed(at_, "JSON: not UTF-8");
    tree_.strings.append(text_, at_, size);
    at_ += size;
    return {};
  }

  Result<void> escape() {
    constexpr std::string_view kShort = "\"\\/bfnrt";
    constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
    const std::size_t begin = at_++;
    if (const std::size_t found = kShort.find(peek()); found != std::string_view::npos) {
      tree_.strings.push_back(kMeaning[found]);
      ++at_;
      return {};
    }
    std::uint32_t code = 0;
    if (!unit(code)) return malformed(begin, "JSON: an escape that does not exist");
    if (code >= 0xD800 && code < 0xDC00) {
      std::uint32_t low = 0;
      if (!take('\\') || !unit(low) || low < 0xDC00 || low > 0xDFFF) {
        return malformed(begin, "JSON: half a surrogate pair");
      }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return malformed(begin, "JSON: half a surrogate pair");
    }
    append_utf8(tree_.strings, code);
    return {};
  }

  /// `uXXXX`.
  bool unit(std::uint32_t& code) noexcept {
    constexpr std::size_t kDigits = 4;
    if (!take('u') || text_.size() - at_ < kDigits) return false;
    for (const char c : text_.substr(at_, kDigits)) {
      const int value = hex_value(c);
      if (value < 0) return false;
      code = code * 16 + static_cast<std::uint32_t>(value);
    }
    at_ += kDigits;
    return true;
  }

  struct Word {
    std::string_view text;
    Kind kind;
    std::int64_t value;
  };

  std::string_view text_;
  const JsonLimits& limits_;
  std::size_t at_ = 0;
  std::size_t members_ = 0;
  std::vector<std::uint32_t> open_;  ///< Objects and arrays that have not ended, outermost first.
  Json::Tree tree_;
};

Result<Json> Json::parse(Bytes text, const JsonLimits& limits) {
  constexpr std::size_t kMax = std::numeric_limits<std::uint32_t>::max();
  if (text.size() > std::min(limits.bytes, kMax)) {
    return fail(Errc::too_large, std::min(limits.bytes, kMax), "JSON: more bytes than allowed");
  }
  return JsonParser({reinterpret_cast<const char*>(text.data()), text.size()}, limits).parse();
}

}  // namespace ems::ota::tuf
