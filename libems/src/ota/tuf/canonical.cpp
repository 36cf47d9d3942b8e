// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>

#include "ems/core/assert.hpp"
#include "ems/ota/tuf/json.hpp"

namespace ems::ota::tuf {

class CanonicalWriter {
 public:
  explicit CanonicalWriter(const Json::Tree& tree) : tree_(tree) {}

  std::vector<std::byte> write(std::uint32_t root) && {
    for (std::optional<std::uint32_t> at = root; at; at = next()) begin(*at);
    return std::move(out_);
  }

 private:
  using Kind = Json::Kind;
  struct Open {
    std::uint32_t at;        ///< The object or array.
    std::uint32_t next;      ///< The element that follows.
    std::uint32_t done = 0;  ///< Members or elements written.
  };

  void put(std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    out_.insert(out_.end(), begin, begin + text.size());
  }

  void put_string(const Json::Node& node) {
    put("\"");
    for (std::string_view rest = tree_.text(node); !rest.empty();) {
      const std::size_t plain = std::min(rest.find_first_of("\"\\"), rest.size());
      put(rest.substr(0, plain));
      rest.remove_prefix(plain);
      if (rest.empty()) break;
      put("\\");
      put(rest.substr(0, 1));
      rest.remove_prefix(1);
    }
    put("\"");
  }

  void put_integer(std::int64_t value) {
    std::array<char, 20> digits{};  // -9223372036854775808
    const auto written = std::to_chars(digits.begin(), digits.end(), value);
    put({digits.data(), written.ptr});
  }

  /// A value, or the opening of one that has others within.
  void begin(std::uint32_t at) {
    const Json::Node& node = tree_.nodes[at];
    switch (node.kind) {
      case Kind::null:
        return put("null");
      case Kind::boolean:
        return put(node.integer != 0 ? "true" : "false");
      case Kind::integer:
        return put_integer(node.integer);
      case Kind::string:
        return put_string(node);
      case Kind::array:
        put("[");
        break;
      case Kind::object:
        put("{");
        break;
    }
    open_.push_back({.at = at, .next = at + 1});
  }

  /// Closes what is complete, and says which value is next.
  std::optional<std::uint32_t> next() {
    for (; !open_.empty(); open_.pop_back()) {
      Open& open = open_.back();
      const Json::Node& node = tree_.nodes[open.at];
      const bool object = node.kind == Kind::object;
      if (open.done == node.size) {
        put(object ? "}" : "]");
        continue;
      }
      if (open.done > 0) put(",");
      std::uint32_t at = open.next;
      if (object) {
        const std::uint32_t name = tree_.order[node.begin + open.done];
        put_string(tree_.nodes[name]);
        put(":");
        at = name + 1;
      } else {
        open.next = tree_.nodes[at].end;
      }
      ++open.done;
      return at;
    }
    return std::nullopt;
  }

  const Json::Tree& tree_;
  std::vector<Open> open_;
  std::vector<std::byte> out_;
};

std::vector<std::byte> canonical(JsonValue value) {
  EMS_ASSERT(value.tree_ != nullptr);
  return CanonicalWriter(*value.tree_).write(value.at_);
}

}  // namespace ems::ota::tuf
