// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/json_slices.hpp"

#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace dbxauth::tokenstore {
namespace {

std::string quoted(std::string_view value) {
  SecretString out;
  append_json_string(out, value);
  return std::string(out.reveal());
}

std::string indented(std::string_view raw, int depth = 0) {
  SecretString out;
  append_indented(out, raw, depth);
  return std::string(out.reveal());
}

TEST_CASE("An object is cut into members and their bytes") {
  const RawObject object = slice_object(R"( { "a" : 1.10 , "b":{"c":[1,"}"]}, "\u00e9":"x\"y", "a":null } )");
  REQUIRE(object.complete);
  REQUIRE(object.members.size() == 4);
  CHECK(object.members[0].key == "a");
  CHECK(object.members[0].value == "1.10");
  CHECK(object.members[1].value == R"({"c":[1,"}"]})");
  CHECK(object.members[2].key == "\xC3\xA9");
  CHECK(object.members[2].value == R"("x\"y")");
  CHECK(object.members[3].value == "null");
  CHECK(slice_object("{}").complete);
  CHECK(slice_object(" { } ").complete);
}

TEST_CASE("A damaged object is not complete and yields what can be read") {
  for (const char* text : {"", "[]", "null", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
                           "{\"a\" 1}", "{\"a\":1}}", "{\"a\":1} x", "{\"a\":1 \"b\":2}", "{\"a\":\"x}"}) {
    INFO(text);
    CHECK_FALSE(slice_object(text).complete);
  }
  CHECK(slice_object("{\"a\":1}}").members.size() == 1);
  const RawObject recovered = slice_object("{\n  \"a\": {\"x\": 1},\n  garbage,\n  \"b\": {\"y\": 2}\n}");
  CHECK_FALSE(recovered.complete);
  REQUIRE(recovered.members.size() == 2);
  CHECK(recovered.members[1].key == "b");
  CHECK(recovered.members[1].value == "{\"y\": 2}");
}

TEST_CASE("Strings are escaped as Go escapes them") {
  CHECK(quoted("a<b>&c") == R"("a\u003cb\u003e\u0026c")");
  CHECK(quoted("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
  CHECK(quoted(std::string_view("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\x7f\"");
  CHECK(quoted("\xE2\x80\xA8\xE2\x80\xA9") == R"("\u2028\u2029")");
  CHECK(quoted("\xC3\xA9\xF0\x9F\x98\x80") == "\"\xC3\xA9\xF0\x9F\x98\x80\"");
  CHECK(quoted("\xC0\xAF\xED\xA0\x80\xF5") == R"("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd")");
}

TEST_CASE("Indentation changes white space outside of strings only") {
  CHECK(indented(R"({"a":[],"b":{ },"c":[1,{"d":"x, {y}: \""}]})") ==
        "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": \"x, {y}: \\\"\"\n    }\n  ]\n}");
  const std::string once = indented(R"({"a":{"b":1}})", 2);
  CHECK(once == "{\n      \"a\": {\n        \"b\": 1\n      }\n    }");
  CHECK(indented(once, 2) == once);
}

TEST_CASE("Any bytes can be cut") {
  std::mt19937 random(3);
  const std::string alphabet = "{}[]:,\"\\ \n\0ab1\xC3\xA9";
  std::size_t members = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = "{";
    const std::size_t size = random() % 40;
    for (std::size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
    const RawObject object = slice_object(text);
    members += object.members.size();
    for (const RawMember& member : object.members) {
      REQUIRE((member.value.empty() || (member.value.data() >= text.data() &&
                                        member.value.data() + member.value.size() <= text.data() + text.size())));
    }
  }
  CHECK(members > 100);
}

TEST_CASE("A member that lost its comma costs no more than itself") {
  const RawObject object = slice_object("{\n  \"a\": {\"x\": 1}.\n  \"b\": 2,\n  \"c\": 3\n}");
  CHECK_FALSE(object.complete);
  REQUIRE(object.members.size() == 3);
  CHECK(object.members[1].key == "b");
  CHECK(object.members[1].value == "2");
}

}  // namespace
}  // namespace dbxauth::tokenstore
