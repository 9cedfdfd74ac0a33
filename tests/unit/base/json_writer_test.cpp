// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "base/json_reader.hpp"
#include "base/json_writer.hpp"

using namespace dbxauth::base;

TEST_CASE("compact output") {
  JsonWriter json;
  json.begin_object().member("a", 1).member("b", true).member("c", "x").key("d").null();
  json.member("e", std::vector<std::string>{"p", "q"}).member("f", std::vector<std::string>{});
  json.key("g").begin_object().end_object().key("h").raw("[1,2]").end_object();
  CHECK(json.text() == R"({"a":1,"b":true,"c":"x","d":null,"e":["p","q"],"f":[],"g":{},"h":[1,2]})");
}

TEST_CASE("indented output leaves empty containers on one line") {
  JsonWriter json(2);
  json.begin_object().member("a", std::vector<std::string>{"x", "y"}).member("b", std::vector<std::string>{});
  json.key("c")
      .begin_object()
      .end_object()
      .key("d")
      .begin_array()
      .begin_object()
      .member("n", 1)
      .end_object()
      .end_array();
  json.end_object();
  CHECK(json.take() ==
        "{\n  \"a\": [\n    \"x\",\n    \"y\"\n  ],\n  \"b\": [],\n  \"c\": {},\n  \"d\": [\n    {\n      \"n\": 1\n   "
        " }\n  ]\n}");
}

TEST_CASE("strings are escaped") {
  CHECK(JsonWriter().string("\"\\/\b\f\n\r\t\x01\x1f\x7f").text() == "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  CHECK(JsonWriter().string("<&> \xE2\x80\xA8 größe").text() == "\"<&> \xE2\x80\xA8 größe\"");
  CHECK(JsonWriter()
            .string("a\xFF"
                    "b")
            .text() ==
        "\"a\xEF\xBF\xBD"
        "b\"");
  CHECK(JsonWriter().string(std::string_view("\0", 1)).text() == "\"\\u0000\"");
}

TEST_CASE("escape_html writes what Go's encoder writes") {
  CHECK(JsonWriter().escape_html(true).string("<a href=\"x\">&\xE2\x80\xA8\xE2\x80\xA9\xFF€").text() ==
        "\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\u2028\\u2029\\ufffd€\"");
}

TEST_CASE("numbers round-trip") {
  CHECK(JsonWriter().integer(std::numeric_limits<std::int64_t>::min()).text() == "-9223372036854775808");
  CHECK(JsonWriter().number(2.0).text() == "2");
  CHECK(JsonWriter().number(-0.0).text() == "-0.0");
  CHECK(JsonWriter().number(std::nan("")).text() == "null");
  CHECK(JsonWriter().number(std::numeric_limits<double>::infinity()).text() == "null");
  for (const double value : {0.1, 1.0 / 3, 1e300, 5e-324, -2.5, 1e22, 123456789012345680.0, 1.7976931348623157e308}) {
    const auto document = JsonDocument::parse(JsonWriter().number(value).text(), "a number");
    REQUIRE(document);
    CHECK(document->root().as_number() == value);
  }
}

TEST_CASE("what is written can be read") {
  std::string hostile;
  for (int c = 0; c < 256; ++c) hostile += static_cast<char>(c);
  JsonWriter json(2);
  json.begin_object().key(hostile).string(hostile).end_object();
  const auto document = JsonDocument::parse(json.text(), "a text");
  REQUIRE(document);
  CHECK(document->root().size() == 1);
}
