// SPDX-License-Identifier: Apache-2.0
// Metadata before anyone signed for it, and its canonical form.
#include <nlohmann/json.hpp>
#include <string>

#include "ems/ota/tuf/json.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using namespace ems::ota::tuf;
using fuzz::require;

namespace {

/// The same tree, whatever the order of members. Not deeper than the limit.
bool same(JsonValue a, JsonValue b) {
  if (const auto members = a.object()) {
    const auto others = b.object();
    if (!others || members->size() != others->size()) return false;
    for (const auto& [name, value] : *members) {
      const auto other = others->find(name);
      if (!other || !same(value, *other)) return false;
    }
    return true;
  }
  if (const auto elements = a.array()) {
    const auto others = b.array();
    if (!others || elements->size() != others->size()) return false;
    auto other = others->begin();
    for (const JsonValue value : *elements) {
      if (!same(value, *other++)) return false;
    }
    return true;
  }
  if (a.string()) return b.string() && *a.string() == *b.string();
  if (a.integer()) return b.integer() && *a.integer() == *b.integer();
  if (a.boolean()) return b.boolean() && *a.boolean() == *b.boolean();
  return a.is_null() && b.is_null();
}

/// The one thing that makes canonical JSON no JSON: control characters, which stand in strings
/// only.
std::string escaped(Bytes canonical) {
  std::string text;
  for (const std::byte byte : canonical) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto c = std::to_integer<unsigned>(byte);
    if (c >= 0x20) {
      text.push_back(static_cast<char>(c));
    } else {
      text.append("\\u00").append({kDigits[c >> 4], kDigits[c & 15]});
    }
  }
  return text;
}

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes text = std::as_bytes(std::span(data, size));
  const Result<Json> json = Json::parse(text);
  if (!json) {
    require(json.error().code == Errc::malformed && json.error().offset <= size,
            "a class and a place");
    return 0;
  }
  require(nlohmann::json::accept(data, data + size), "what is accepted is JSON");
  const auto form = canonical(json->root());
  const Result<Json> again = Json::parse(bytes_of(escaped(form)));
  require(again.has_value(), "the canonical form can be read");
  require(same(json->root(), again->root()), "and is the same tree");
  require(canonical(again->root()) == form, "whose canonical form is itself");
  return 0;
}
