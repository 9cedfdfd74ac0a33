// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <string>
#include <type_traits>
#include <vector>

#include "base/json_reader.hpp"

using namespace dbxauth;
using namespace dbxauth::base;

namespace {

JsonDocument parse(std::string_view text) {
  auto document = JsonDocument::parse(text, "the test text");
  INFO(text.substr(0, 200));
  REQUIRE(document);
  return std::move(*document);
}

Error failure(std::string_view text) {
  const auto document = JsonDocument::parse(text, "the token response");
  INFO(text.substr(0, 200));
  REQUIRE_FALSE(document);
  return document.error();
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "1" + std::string(depth, ']');
}

}  // namespace

TEST_CASE("kinds and values") {
  const auto document = parse(R"({"n":null,"t":true,"i":-7,"d":2.5,"s":"x\u00e4\n","a":[1,2],"o":{"k":"v"}})");
  CHECK(document["n"].kind() == JsonKind::null);
  CHECK(document["t"].kind() == JsonKind::boolean);
  CHECK(document["i"].kind() == JsonKind::integer);
  CHECK(document["d"].kind() == JsonKind::number);
  CHECK(document["s"].kind() == JsonKind::string);
  CHECK(document["a"].kind() == JsonKind::array);
  CHECK(document["o"].kind() == JsonKind::object);
  CHECK(document["x"].kind() == JsonKind::missing);
  CHECK(document["t"].as_boolean() == true);
  CHECK(document["i"].as_integer() == -7);
  CHECK(document["i"].as_number() == -7.0);
  CHECK(document["d"].as_number() == 2.5);
  CHECK_FALSE(document["d"].as_integer());
  CHECK(document["s"].as_string() == "xä\n");
  CHECK(document["a"].at(1).as_integer() == 2);
  CHECK(document["a"].size() == 2);
  CHECK(document["o"]["k"].as_string() == "v");
  CHECK(document["n"].is_null_or_missing());
  CHECK(document["x"].is_null_or_missing());
}

TEST_CASE("navigation never fails") {
  CHECK(std::is_trivially_copyable_v<JsonView>);
  const JsonView nothing;
  CHECK(nothing["a"].at(3)["b"].is_missing());
  CHECK(nothing.size() == 0);
  CHECK_FALSE(nothing.as_text());
  CHECK(nothing.string_or("fallback") == "fallback");
  int visits = 0;
  nothing.each_element([&](JsonView) { ++visits; });
  nothing.each_member([&](std::string_view, JsonView) { ++visits; });
  const auto document = parse(R"({"s":"x","a":[]})");
  document["s"].each_element([&](JsonView) { ++visits; });
  document["s"].each_member([&](std::string_view, JsonView) { ++visits; });
  document["a"].each_element([&](JsonView) { ++visits; });
  document["a"].each_member([&](std::string_view, JsonView) { ++visits; });
  document.root().each_element([&](JsonView) { ++visits; });
  CHECK(visits == 0);
  CHECK(document["a"].at(0).is_missing());
  CHECK(document["s"]["k"].is_missing());
}

TEST_CASE("iteration is in document order and may be nested") {
  const auto document = parse(R"({"b":[1,[2,3]],"a":{"x":4}})");
  std::string trace;
  document.root().each_member([&](std::string_view key, JsonView value) {
    trace += key;
    value.each_element([&](JsonView element) {
      trace += element.as_text().value_or("[");
      element.each_element([&](JsonView inner) { trace += *inner.as_text(); });
    });
    value.each_member([&](std::string_view inner, JsonView member) { trace.append(inner).append(*member.as_text()); });
  });
  CHECK(trace == "b1[23ax4");
}

TEST_CASE("of duplicate keys the first counts") {
  CHECK(parse(R"({"a":1,"a":2})")["a"].as_integer() == 1);
}

TEST_CASE("keys are compared unescaped and exactly") {
  const auto document = parse(R"({"caf\u00e9":1,"A":2,"":3})");
  CHECK(document["café"].as_integer() == 1);
  CHECK(document["a"].is_missing());
  CHECK(document[""].as_integer() == 3);
}

TEST_CASE("numbers at the edges") {
  CHECK(parse("1e3").root().as_integer() == 1000);
  CHECK(parse("1.0").root().as_integer() == 1);
  CHECK_FALSE(parse("1e19").root().as_integer());
  CHECK_FALSE(parse("9223372036854775808.0").root().as_integer());
  CHECK(parse("-9223372036854775808").root().as_integer() == INT64_MIN);
  CHECK(parse("9223372036854775807").root().as_integer() == INT64_MAX);
  CHECK(parse("18446744073709551615").root().as_text() == "18446744073709551615");
  CHECK(parse("18446744073709551615").root().kind() == JsonKind::integer);
  CHECK_FALSE(parse("18446744073709551615").root().as_integer());
  CHECK(parse("18446744073709551616").root().as_number() == Approx(18446744073709551616.0));
  CHECK(parse("-9223372036854775809").root().as_number() == Approx(-9223372036854775809.0));
  const auto mixed = parse(
      R"({"n":123456789012345678901234567890,"s":"99999999999999999999999 \" 99999999999999999999999","z":18446744073709551615})");
  CHECK(mixed["n"].as_number() == Approx(1.2345678901234568e29));
  CHECK(mixed["s"].as_string() == "99999999999999999999999 \" 99999999999999999999999");
  CHECK(mixed["z"].as_text() == "18446744073709551615");
  CHECK(parse("0.12345678901234567890123").root().as_number() == Approx(0.12345678901234568));
}

TEST_CASE("as_text gives scalars as text") {
  const auto document = parse(R"(["x",5,-5,true,false,2.5,null,[],{}])");
  std::vector<std::string> texts;
  document.root().each_element([&](JsonView value) { texts.push_back(value.as_text().value_or("none")); });
  CHECK(texts == std::vector<std::string>{"x", "5", "-5", "true", "false", "2.5", "none", "none", "none"});
}

TEST_CASE("a byte order mark and white space are tolerated") {
  CHECK(parse("\xEF\xBB\xBF {\"a\" : 1}\r\n")["a"].as_integer() == 1);
}

TEST_CASE("nesting up to 256 levels") {
  CHECK(parse(nested(256)).root().is_array());
  const auto error = failure(nested(257));
  CHECK(error.code == ErrorCode::protocol);
  CHECK(error.message.find("256") != std::string::npos);
  CHECK(failure(std::string(1000000, '[')).code == ErrorCode::protocol);
}

TEST_CASE("errors name the text and quote nothing of it") {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "}",
                                      "{\"hunter2\":}",
                                      "{\"hunter2\" 1}",
                                      "[hunter2]",
                                      "\"hunter2",
                                      "{\"a\":\"hunter2\x01\"}",
                                      "\"hunter2\\q\"",
                                      "[1,]",
                                      "01",
                                      "1 2",
                                      "nul",
                                      "{\"hunter2\":1}}",
                                      "\"\\ud800\"",
                                      "-",
                                      "1e999",
                                      "[1e]",
                                      "\"hunter2\xFF\""}) {
    const auto error = failure(text);
    CHECK(error.code == ErrorCode::protocol);
    CHECK(error.message.rfind("the token response is not valid JSON: ", 0) == 0);
    CHECK(error.message.find("hunter2") == std::string::npos);
  }
  CHECK(failure("[\"ab\xFF\"]").message.find("at byte 4") != std::string::npos);
}

TEST_CASE("views stay valid when the document moves") {
  auto document = parse(R"({"a":"value"})");
  const JsonView view = document["a"];
  const JsonDocument moved = std::move(document);
  CHECK(view.as_string() == "value");
  CHECK(document.root().is_missing());  // NOLINT(bugprone-use-after-move)
  CHECK(moved["a"].as_string() == "value");
}

TEST_CASE("long arrays are counted beyond the parser's stored size") {
  std::string text = "[0";
  constexpr std::size_t size = 0xFFFFFF + 5;
  text.reserve(2 * size + 1);
  for (std::size_t i = 1; i < size; ++i) text += ",0";
  text += ']';
  CHECK(parse(text).root().size() == size);
}
