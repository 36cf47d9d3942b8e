// SPDX-License-Identifier: Apache-2.0
/// @file Strict JSON, as metadata is written in, and the canonical form that is signed. A file is
/// read before its signature can be checked, so nothing here trusts a byte of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::ota::tuf {

/// What a document may cost. What is beyond is `malformed`, except a file of too many bytes.
struct JsonLimits {
  std::size_t bytes = 5'000'000;
  std::size_t depth = 32;        ///< Objects and arrays within each other.
  std::size_t members = 10'000;  ///< Of all objects together.
  std::size_t values = 100'000;  ///< And names of members; the tree takes 32 bytes for each.
};

class JsonValue;
class JsonObject;
class JsonArray;

/// A document: a tree without pointers, its strings decoded.
///
/// Beside what RFC 8259 asks for: a member may stand once, numbers are integers of 64 bits,
/// surrogates come in pairs, the text is UTF-8 without a byte order mark.
///
/// @thread_safety Like a container.
class Json {
 public:
  /// @errors        too_large  more bytes than allowed.
  ///                malformed  at the byte (the offset of an Error ends at 65535).
  /// @thread_safety Yes.
  /// @memory        values * 32 bytes and the bytes of the strings, never more than the limits.
  [[nodiscard]] static Result<Json> parse(Bytes text, const JsonLimits& limits = {});

  /// The outermost value. It, and all that is read through it, is valid while the Json is, also
  /// after the Json was moved.
  [[nodiscard]] JsonValue root() const noexcept;

 private:
  friend class JsonParser;
  friend class JsonValue;
  friend class JsonObject;
  friend class JsonArray;
  friend class CanonicalWriter;

  enum class Kind : std::uint8_t { null, boolean, integer, string, array, object };
  /// In the order of the file; the name of a member is a string before its value.
  struct Node {
    std::int64_t integer = 0;  ///< Of an integer; 0 or 1 of a boolean.
    std::uint32_t begin = 0;   ///< Of a string in the strings; of an object in the order.
    std::uint32_t size = 0;    ///< Bytes, elements or members.
    std::uint32_t end = 0;     ///< The node after this one and all within it.
    std::uint32_t offset = 0;  ///< Byte of the file.
    Kind kind = Kind::null;
  };
  /// What a view needs; it lives on the heap and stays where it is.
  struct Tree {
    std::vector<Node> nodes;
    std::vector<std::uint32_t> order;  ///< Of each object: its names, sorted by their bytes.
    std::string strings;
    [[nodiscard]] std::string_view text(const Node& node) const noexcept {
      return std::string_view(strings).substr(node.begin, node.size);
    }
  };
  explicit Json(std::unique_ptr<const Tree> tree) noexcept : tree_(std::move(tree)) {}
  std::unique_ptr<const Tree> tree_;
};

/// A value of a document, or the reason why there is none: `json.root()["signed"]["version"]
/// .integer()` needs one check, at its end.
class JsonValue {
 public:
  /// A member that must be there; of anything but an object, or without it, the reason.
  [[nodiscard]] JsonValue operator[](std::string_view name) const noexcept;

  /// The value as what it must be. A string is decoded and may hold any character, also U+0000.
  /// @errors malformed  at the value's byte: it is of another kind.
  /// @thread_safety Yes, all of this file's views, while the document lives.
  [[nodiscard]] Result<JsonObject> object() const noexcept;
  [[nodiscard]] Result<JsonArray> array() const noexcept;
  [[nodiscard]] Result<std::string_view> string() const noexcept;
  [[nodiscard]] Result<std::int64_t> integer() const noexcept;
  [[nodiscard]] Result<bool> boolean() const noexcept;

  /// Whether it is there and null.
  [[nodiscard]] bool is_null() const noexcept;
  /// Byte of the file at which it begins; of a reason, the byte it is about.
  [[nodiscard]] std::size_t offset() const noexcept;

 private:
  friend class Json;
  friend class JsonObject;
  friend class JsonArray;
  friend std::vector<std::byte> canonical(JsonValue value);
  JsonValue(const Json::Tree& tree, std::uint32_t at) noexcept : tree_(&tree), at_(at) {}
  explicit JsonValue(const Error& error) noexcept : error_(error) {}
  [[nodiscard]] Result<const Json::Node*> node(Json::Kind kind, const char* what) const noexcept;

  const Json::Tree* tree_ = nullptr;  ///< nullptr: only the error.
  std::uint32_t at_ = 0;
  Error error_{};
};

/// The members of an object, in the order of the file.
class JsonObject {
 public:
  struct Member {
    std::string_view name;
    JsonValue value;
  };
  class Iterator {
   public:
    using value_type = Member;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Member operator*() const noexcept;
    Iterator& operator++() noexcept;
    Iterator operator++(int) noexcept;
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    friend class JsonObject;
    Iterator(const Json::Tree& tree, std::uint32_t at) noexcept : tree_(&tree), at_(at) {}
    const Json::Tree* tree_ = nullptr;
    std::uint32_t at_ = 0;  ///< Of the name.
  };

  /// Its members, in the order of the file.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] Iterator begin() const noexcept;
  [[nodiscard]] Iterator end() const noexcept;
  /// A member that must be there: else the reason.
  [[nodiscard]] JsonValue operator[](std::string_view name) const noexcept;
  /// A member that may be there; one that is null is there.
  [[nodiscard]] std::optional<JsonValue> find(std::string_view name) const noexcept;

 private:
  friend class JsonValue;
  JsonObject(const Json::Tree& tree, std::uint32_t at) noexcept : tree_(&tree), at_(at) {}
  const Json::Tree* tree_;
  std::uint32_t at_;
};

/// The elements of an array.
class JsonArray {
 public:
  class Iterator {
   public:
    using value_type = JsonValue;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    JsonValue operator*() const noexcept { return {*tree_, at_}; }
    Iterator& operator++() noexcept;
    Iterator operator++(int) noexcept;
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    friend class JsonArray;
    Iterator(const Json::Tree& tree, std::uint32_t at) noexcept : tree_(&tree), at_(at) {}
    const Json::Tree* tree_ = nullptr;
    std::uint32_t at_ = 0;
  };

  /// Its elements, in their order.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] Iterator begin() const noexcept;
  [[nodiscard]] Iterator end() const noexcept;

 private:
  friend class JsonValue;
  JsonArray(const Json::Tree& tree, std::uint32_t at) noexcept : tree_(&tree), at_(at) {}
  const Json::Tree* tree_;
  std::uint32_t at_;
};

/// OLPC canonical JSON: the bytes that a signature is of. Members sorted by the bytes of their
/// names, no blanks, and only `"` and `\` escaped: a control character stands as it is, so the
/// result need not be JSON.
///
/// @pre           `value` is a value, not a reason.
/// @thread_safety Yes.
/// @source        securesystemslib, formats.encode_canonical; vectors
///                tests/vectors/ota/tuf/generated/canonical_json_vectors.json.
[[nodiscard]] std::vector<std::byte> canonical(JsonValue value);

}  // namespace ems::ota::tuf
