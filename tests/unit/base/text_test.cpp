// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "base/utf8.hpp"

using namespace dbxauth::base;

TEST_CASE("trim, case and comparison know ASCII only") {
  CHECK(trim(" \t\r\n a b \v\f") == "a b");
  CHECK(trim(" \n ").empty());
  CHECK(to_lower("ÄbC-1") == "Äbc-1");
  CHECK(to_upper("äbC-1") == "äBC-1");
  CHECK(equals_ignoring_case("Bearer", "bEARER"));
  CHECK_FALSE(equals_ignoring_case("Bearer", "Bearers"));
  CHECK_FALSE(equals_ignoring_case("Ä", "ä"));
}

TEST_CASE("split keeps empty pieces and join puts them back") {
  CHECK(split("", ',') == std::vector<std::string_view>{""});
  CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(join({"a", "", "b"}, ", ") == "a, , b");
  CHECK(join({}, ", ").empty());
}

TEST_CASE("glob_match") {
  CHECK(glob_match("", ""));
  CHECK_FALSE(glob_match("", "a"));
  CHECK(glob_match("*", ""));
  CHECK(glob_match("***", "anything"));
  CHECK(glob_match("sales_*_v?", "sales_2024_eu_v3"));
  CHECK_FALSE(glob_match("sales_*_v?", "sales_2024_eu_v"));
  CHECK(glob_match("a*b*c", "a-b-b-c"));
  CHECK_FALSE(glob_match("a*b*c", "a-b-b-c-"));
  CHECK(glob_match("gr??e", "größe"));
  CHECK(glob_match("?", "\xF0\x9F\x98\x80"));
  CHECK_FALSE(glob_match("?", ""));
  CHECK(glob_match("[a].+", "[a].+"));
  CHECK_FALSE(glob_match("[a].+", "a"));
  CHECK(glob_match("*?x", "\xC3\xA4x"));
  CHECK(glob_match("?\xFF*", "a\xFF\xFE"));
}

TEST_CASE("glob_match does not blow up on many stars") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  CHECK_FALSE(glob_match(pattern + "b", std::string(20000, 'a')));
}

TEST_CASE("is_valid_utf8 follows RFC 3629") {
  CHECK(is_valid_utf8(""));
  CHECK(is_valid_utf8("plain äöü € \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"));
  CHECK_FALSE(is_valid_utf8("\x80"));
  CHECK_FALSE(is_valid_utf8("\xC0\xAF"));
  CHECK_FALSE(is_valid_utf8("\xE0\x80\xAF"));
  CHECK_FALSE(is_valid_utf8("\xED\xA0\x80"));
  CHECK_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));
  CHECK_FALSE(is_valid_utf8("\xF5\x80\x80\x80"));
  CHECK_FALSE(is_valid_utf8("\xE2\x82"));
}

TEST_CASE("to_valid_utf8 replaces what is not") {
  CHECK(to_valid_utf8("a\xFF"
                      "b\xE2\x82") ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(to_valid_utf8("größe") == "größe");
}
