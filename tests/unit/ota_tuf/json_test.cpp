// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ems::ota::tuf {
namespace {

using namespace std::string_literals;

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
Result<Json> parse(std::string_view text, const JsonLimits& limits = {}) {
  return Json::parse(bytes_of(text), limits);
}
std::string canonical_of(std::string_view text) {
  const Result<Json> json = parse(text);
  if (!json) return "error: "s + json.error().what;
  const std::vector<std::byte> out = canonical(json->root());
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}
/// Where and why a text is refused.
struct Refused {
  std::string text;
  std::size_t offset;
  const char* what;
};
void expect_refused(const std::vector<Refused>& cases) {
  for (const Refused& it : cases) {
    const Result<Json> json = parse(it.text);
    ASSERT_FALSE(json) << it.text;
    EXPECT_EQ(json.error().code, Errc::malformed) << it.text;
    EXPECT_EQ(json.error().offset, it.offset) << it.text;
    EXPECT_STREQ(json.error().what, it.what) << it.text;
  }
}

TEST(Json, AFileIsReadInOrder) {
  const auto json = parse(R"( {"b" : 1,"a":[true , null,"x",{}], "":false} )");
  ASSERT_TRUE(json);
  const auto object = json->root().object();
  ASSERT_TRUE(object);
  EXPECT_EQ(object->size(), 3U);
  std::string names;
  for (const auto& [name, value] : *object)
    names.append(name).append(std::to_string(value.offset())).append(" ");
  EXPECT_EQ(names, "b8 a14 39 ");
  const auto array = (*object)["a"].array();
  ASSERT_TRUE(array);
  EXPECT_EQ(array->size(), 4U);
  std::size_t kinds = 0;
  for (const JsonValue value : *array) {
    kinds = kinds * 10 + (value.boolean()   ? 1U
                          : value.is_null() ? 2U
                          : value.string()  ? 3U
                          : value.object()  ? 4U
                                            : 9U);
  }
  EXPECT_EQ(kinds, 1234U);
  EXPECT_EQ(*(*object)[""].boolean(), false);
}

TEST(Json, NestedContainersKeepTheirElementsApart) {
  const auto json = parse(R"({"a":[[1,2],[],[{"x":[3]}]],"b":{"c":{},"d":4},"e":5})");
  ASSERT_TRUE(json);
  const JsonValue root = json->root();
  std::vector<std::size_t> sizes;
  const Result<JsonArray> outer = root["a"].array();
  for (const JsonValue inner : *outer) sizes.push_back(inner.array()->size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 0, 1}));
  EXPECT_EQ(*root["b"]["d"].integer(), 4);
  EXPECT_EQ(*root["e"].integer(), 5);
  EXPECT_EQ(root["b"]["c"].object()->size(), 0U);
  EXPECT_EQ((*outer->begin()++).array()->size(), 2U);
}

TEST(Json, AChainEndsWithItsFirstReason) {
  const auto json = parse(R"({"signed":{"version":null,"n":"1"}})");
  ASSERT_TRUE(json);
  const JsonValue root = json->root();
  const auto reason = [](const auto& result) {
    return result ? "none"s : std::to_string(result.error().offset) + " " + result.error().what;
  };
  EXPECT_EQ(reason(root["signed"]["version"].integer()), "21 an integer is due");
  EXPECT_EQ(reason(root["signed"]["n"].integer()), "30 an integer is due");
  EXPECT_EQ(reason(root["signed"]["n"].boolean()), "30 true or false is due");
  EXPECT_EQ(reason(root["signed"]["version"].string()), "21 a string is due");
  EXPECT_EQ(reason(root["signed"]["version"].object()), "21 an object is due");
  EXPECT_EQ(reason(root["signed"].array()), "10 an array is due");
  EXPECT_EQ(reason(root["signed"]["none"].integer()), "10 a member is missing");
  EXPECT_EQ(reason(root["signed"]["none"]["deeper"]["still"].string()), "10 a member is missing");
  EXPECT_EQ(reason(root["signed"]["n"]["deeper"].array()), "30 an object is due");
  EXPECT_EQ(root["signed"]["n"]["deeper"].array().error().code, Errc::malformed);
  EXPECT_EQ(root["signed"]["none"].offset(), 10U);
  EXPECT_FALSE(root["signed"]["none"].is_null());
  EXPECT_TRUE(root["signed"]["version"].is_null());
}

TEST(Json, AMemberThatMayBeThereIsFoundOrNot) {
  const auto json = parse(R"({"b":1,"a":2,"c":null,"aa":4,"":5})");
  ASSERT_TRUE(json);
  const JsonObject object = *json->root().object();
  EXPECT_EQ(*object.find("aa")->integer(), 4);
  EXPECT_EQ(*object.find("")->integer(), 5);
  EXPECT_TRUE(object.find("c")->is_null());
  for (const char* name : {"A", "ab", "d", "b "}) EXPECT_FALSE(object.find(name)) << name;
  EXPECT_FALSE(parse("{}")->root().object()->find(""));
}

TEST(Json, ViewsOutliveAMove) {
  auto json = parse(R"({"name":"x"})");
  ASSERT_TRUE(json);
  const JsonValue name = json->root()["name"];
  const Json moved = *std::move(json);
  EXPECT_EQ(*name.string(), "x");
  EXPECT_EQ(*moved.root()["name"].string(), "x");
}

TEST(Json, IntegersAreThoseOf64Bits) {
  const auto integer = [](const char* text) { return *parse(text)->root().integer(); };
  EXPECT_EQ(integer("0"), 0);
  EXPECT_EQ(integer("-0"), 0);
  EXPECT_EQ(integer("-10"), -10);
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  expect_refused({
      {"9223372036854775808", 0, "JSON: an integer of more than 64 bits"},
      {"[-9223372036854775809]", 1, "JSON: an integer of more than 64 bits"},
      {"18446744073709551625", 0, "JSON: an integer of more than 64 bits"},
      {"09", 0, "JSON: a leading zero"},
      {"-01", 1, "JSON: a leading zero"},
      {"00", 0, "JSON: a leading zero"},
      {"9.0", 1, "JSON: a number that is not an integer"},
      {"9e0", 1, "JSON: a number that is not an integer"},
      {"9E0", 1, "JSON: a number that is not an integer"},
      {"-", 1, "JSON: a digit is due"},
      {"+1", 0, "JSON: a value is due"},
      {".5", 0, "JSON: a value is due"},
      {"NaN", 0, "JSON: a value is due"},
      {"Infinity", 0, "JSON: a value is due"},
      {"-Infinity", 1, "JSON: a digit is due"},
      {"0x10", 1, "JSON: bytes after the document"},
      {"1 2", 2, "JSON: bytes after the document"},
  });
}

TEST(Json, TheGrammarIsTheWholeGrammar) {
  expect_refused({
      {"", 0, "JSON: a value is due"},
      {" ", 1, "JSON: a value is due"},
      {"\xEF\xBB\xBF{}", 0, "JSON: a value is due"},
      {"{}x", 2, "JSON: bytes after the document"},
      {"{}\0"s, 2, "JSON: bytes after the document"},
      {"{}{}", 2, "JSON: bytes after the document"},
      {"{", 1, "JSON: the name of a member is due"},
      {"{1:2}", 1, "JSON: the name of a member is due"},
      {"{\"a\"}", 4, "JSON: a colon is due"},
      {"{\"a\":}", 5, "JSON: a value is due"},
      {"{\"a\":1,}", 7, "JSON: the name of a member is due"},
      {"{\"a\":1", 6, "JSON: a comma or the end of an object or array is due"},
      {"{\"a\":1]", 6, "JSON: a comma or the end of an object or array is due"},
      {"{\"a\":1 \"b\":2}", 7, "JSON: a comma or the end of an object or array is due"},
      {"[", 1, "JSON: a value is due"},
      {"[1,]", 3, "JSON: a value is due"},
      {"[,1]", 1, "JSON: a value is due"},
      {"[1}", 2, "JSON: a comma or the end of an object or array is due"},
      {"]", 0, "JSON: a value is due"},
      {"[1]]", 3, "JSON: bytes after the document"},
      {"nul", 0, "JSON: a value is due"},
      {"True", 0, "JSON: a value is due"},
      {"truex", 4, "JSON: bytes after the document"},
      {"// note\n1", 0, "JSON: a value is due"},
      {"'a'", 0, "JSON: a value is due"},
      {"[\v1]", 1, "JSON: a value is due"},
  });
}

TEST(Json, StringsAreUnicode) {
  const auto text = [](std::string_view json) {
    return std::string(*parse(json)->root().string());
  };
  EXPECT_EQ(text(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(text(R"("\u0041\u00e9\u20AC\ud83d\uDD0B")"), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x8B");
  EXPECT_EQ(text("\"\\u0000\""), "\0"s);
  EXPECT_EQ(text("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
            "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF");
  EXPECT_EQ(text("\"\\ud800\\udc00\\udbff\\udfff\""), "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  EXPECT_EQ(
      text("\"\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF"
           "\xBF\""),
      "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  expect_refused({
      {"\"a", 2, "JSON: a string without an end"},
      {"\"a\\\"", 4, "JSON: a string without an end"},
      {"\"a\nb\"", 2, "JSON: a control character in a string"},
      {"\"\x1F\"", 1, "JSON: a control character in a string"},
      {"\"\0\""s, 1, "JSON: a control character in a string"},
      {R"("a\x41")", 2, "JSON: an escape that does not exist"},
      {R"("\u12g4")", 1, "JSON: an escape that does not exist"},
      {R"("\U0041")", 1, "JSON: an escape that does not exist"},
      {"\"\\u004", 1, "JSON: an escape that does not exist"},
      {"\"\\", 1, "JSON: an escape that does not exist"},
      {"\"\\\0\""s, 1, "JSON: an escape that does not exist"},
      {R"("\ud800")", 1, "JSON: half a surrogate pair"},
      {R"("\udc00")", 1, "JSON: half a surrogate pair"},
      {R"("\udfff")", 1, "JSON: half a surrogate pair"},
      {R"("\ud800\u0041")", 1, "JSON: half a surrogate pair"},
      {R"("\ud800\ud800")", 1, "JSON: half a surrogate pair"},
      {R"("\ud800\ue000")", 1, "JSON: half a surrogate pair"},
      {R"("\ud800x")", 1, "JSON: half a surrogate pair"},
      {"\"\x80\"", 1, "JSON: not UTF-8"},
      {"\"a\xC3\"", 2, "JSON: not UTF-8"},
      {"\"\xC0\x80\"", 1, "JSON: not UTF-8"},  // Longer than needed.
      {"\"\xC1\xBF\"", 1, "JSON: not UTF-8"},
      {"\"\xE0\x9F\xBF\"", 1, "JSON: not UTF-8"},
      {"\"\xF0\x8F\xBF\xBF\"", 1, "JSON: not UTF-8"},
      {"\"\xED\xA0\x80\"", 1, "JSON: not UTF-8"},  // A surrogate.
      {"\"\xED\xBF\xBF\"", 1, "JSON: not UTF-8"},
      {"\"\xF4\x90\x80\x80\"", 1, "JSON: not UTF-8"},  // Beyond U+10FFFF.
      {"\"\xF5\x80\x80\x80\"", 1, "JSON: not UTF-8"},
      {"\"\xE2\x82\"", 1, "JSON: not UTF-8"},  // Cut off.
      {"\"\xE2\x82", 1, "JSON: not UTF-8"},
      {"\"\xF0\x9F\x94\"\"", 1, "JSON: not UTF-8"},
      {"\"\xFF\"", 1, "JSON: not UTF-8"},
  });
}

TEST(Json, AMemberStandsOnce) {
  expect_refused({
      {R"({"a":1,"b":2,"a":3})", 13, "JSON: a member stands twice"},
      {R"([{"x":{"":1,"":1}}])", 12, "JSON: a member stands twice"},
      {R"({"a":1,"\u0061":2})", 7, "JSON: a member stands twice"},  // However it is written.
      {R"({"a":{"a":1},"a":2})", 13, "JSON: a member stands twice"},
  });
  EXPECT_TRUE(parse(R"({"a":{"a":{"a":1}},"A":2})"));
  EXPECT_TRUE(parse(R"([{"a":1},{"a":1}])"));
}

TEST(Json, LimitsEndWhereTheySay) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse(nested(32)));
  EXPECT_EQ(parse(nested(33)).error().offset, 32U);
  EXPECT_STREQ(parse(nested(33)).error().what, "JSON: nested too deep");
  EXPECT_FALSE(parse(std::string(60'000, '[')));
  EXPECT_TRUE(parse("[[]]", {.depth = 2}));
  EXPECT_FALSE(parse("[[{}]]", {.depth = 2}));
  EXPECT_TRUE(parse("[[],[],[]]", {.depth = 2}));  // Beside each other is not within.

  EXPECT_TRUE(parse(R"({"a":{"b":1}})", {.members = 2}));
  EXPECT_STREQ(parse(R"({"a":{"b":1},"c":2})", {.members = 2}).error().what,
               "JSON: too many members");
  EXPECT_TRUE(parse("[1,2]", {.values = 3}));
  EXPECT_STREQ(parse("[1,2,3]", {.values = 3}).error().what, "JSON: too many values");
  EXPECT_STREQ(parse(R"({"a":1})", {.values = 2}).error().what, "JSON: too many values");

  EXPECT_TRUE(parse("[1]", {.bytes = 3}));
  EXPECT_EQ(parse("[1] ", {.bytes = 3}).error().code, Errc::too_large);
}

TEST(Json, AsManyMembersAsAllowedAreQuick) {
  // Names that differ at their end only, in an order that is bad for many sorts.
  std::string text = "{";
  for (int i = 0; i < 10'000; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::string(400, 'x') + std::to_string(i * 7919 % 10'000) +
            "\":1";
  }
  EXPECT_TRUE(parse(text + "}"));
  EXPECT_STREQ(parse(text + ",\"y\":1}").error().what, "JSON: too many members");
}

TEST(CanonicalJson, MembersAreSortedAndBlanksAreGone) {
  EXPECT_EQ(canonical_of(
                " { \"b\" : [ 1 , -0 , { } , [ ] ] , \"a\" : { \"d\" : null , \"c\" : true } } "),
            R"({"a":{"c":true,"d":null},"b":[1,0,{},[]]})");
  EXPECT_EQ(canonical_of(R"({"b":1,"a":{"z":[{"y":1,"x":2},false]},"aa":{}})"),
            R"({"a":{"z":[{"x":2,"y":1},false]},"aa":{},"b":1})");
  // By bytes: U+FFEE before U+10000, which UTF-16 has the other way.
  EXPECT_EQ(canonical_of("{\"\xF0\x90\x80\x80\":1,\"\xEF\xBF\xAE\":2,\"~\":3}"),
            "{\"~\":3,\"\xEF\xBF\xAE\":2,\"\xF0\x90\x80\x80\":1}");
}

TEST(CanonicalJson, OnlyTwoCharactersAreEscaped) {
  EXPECT_EQ(canonical_of(R"("\\\"\\")"), R"("\\\"\\")");
  EXPECT_EQ(canonical_of(R"("a\"")"), R"("a\"")");
  EXPECT_EQ(canonical_of(R"("\u0000\n\u001f\u007f\/\u00e9")"), "\"\0\n\x1F\x7F/\xC3\xA9\""s);
  EXPECT_EQ(canonical_of(R"({"\"\n":1})"), "{\"\\\"\n\":1}");
  EXPECT_EQ(canonical_of(R"("")"), R"("")");
}

TEST(CanonicalJson, APartOfADocumentHasItsOwn) {
  const auto json = parse(R"({"signatures":[],"signed":{"b":1,"a":[2,3]},"z":4})");
  ASSERT_TRUE(json);
  const auto out = canonical(json->root()["signed"]);
  EXPECT_TRUE(std::ranges::equal(out, bytes_of(R"({"a":[2,3],"b":1})")));
  EXPECT_EQ(canonical(json->root()["z"]).size(), 1U);
}

}  // namespace
}  // namespace ems::ota::tuf
