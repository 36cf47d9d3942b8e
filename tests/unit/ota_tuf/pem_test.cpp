// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/pem.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/frames.hpp"

namespace ems::ota::tuf {
namespace {

using namespace std::string_literals;
using test::frame;

std::string block(const std::string& base64) {
  return "-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----";
}

TEST(Pem, ABlockIsItsBytes) {
  EXPECT_EQ(*spki_from_pem(block("AAEC")), frame("000102"));
  EXPECT_EQ(*spki_from_pem(block("+/8=")), frame("fbff"));
  EXPECT_EQ(*spki_from_pem(block("/w==")), frame("ff"));
  EXPECT_EQ(*spki_from_pem(block("AAEC\nAwQF\r\nBg==") + "\r\n"), frame("00010203040506"));
  EXPECT_EQ(*spki_from_pem(block("AZaz09+/") + "\n\n"), frame("0196b3d3dfbf"));
  EXPECT_EQ(*spki_from_pem(block("")), frame(""));
}

TEST(Pem, EverythingElseIsABadKey) {
  const struct {
    std::string text;
    std::size_t offset;
  } cases[] = {
      {"", 0},
      {"d75a980182b10ab7", 0},
      {" " + block("AAEC"), 0},
      {"-----BEGIN RSA PUBLIC KEY-----\nAAEC\n-----END RSA PUBLIC KEY-----", 0},
      {"-----BEGIN PUBLIC KEY-----", 26},
      {"-----BEGIN PUBLIC KEY-----\nAAEC\n", 32},
      {"-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PRIVATE KEY-----", 32},
      {block("AAEC") + "x", 56},
      {block("AAEC") + "\n" + block("AAEC"), 57},
      {block("AA EC"), 29},
      {block("AA_C"), 29},
      {block("AAE"), 31},
      {block("AA"), 30},
      {block("A"), 29},
      {block("A==="), 32},
      {block("===="), 32},
      {block("AA=A"), 30},
      {block("AAE=AAEC"), 31},
      {block("/x=="), 32},  // Stray bits: /w== is the one way to write ff.
      {block("+/9="), 32},
      {block("AAEC===="), 36},
  };
  for (const auto& it : cases) {
    const auto der = spki_from_pem(it.text);
    ASSERT_FALSE(der) << it.text;
    EXPECT_EQ(der.error().code, Errc::bad_key) << it.text;
    EXPECT_EQ(der.error().offset, it.offset) << it.text;
  }
}

}  // namespace
}  // namespace ems::ota::tuf
