// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/token_file.hpp"

#include <random>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth::tokenstore {
namespace {

using testing::sample_token;

// Written by hand after the description of the CLI's format.
constexpr std::string_view kGolden = R"({
  "version": 1,
  "tokens": {
    "DEFAULT": {
      "access_token": "eyJ.access",
      "token_type": "Bearer",
      "refresh_token": "doau.refresh",
      "expiry": "2026-11-22T14:07:51.379927313Z",
      "expires_in": 3600
    },
    "https://x/?a=1\u0026b=\u003c2\u003e": {
      "access_token": "opaque\u0026token",
      "token_type": "Bearer",
      "expiry": "0001-01-01T00:00:00Z"
    },
    "staging": {
      "access_token": "eyJ.access",
      "token_type": "Bearer",
      "refresh_token": "doau.refresh",
      "expiry": "2026-11-22T14:07:51.379927313Z",
      "expires_in": 3600
    }
  }
})";

TokenFile parsed(std::string_view text) {
  Result<TokenFile> file = TokenFile::parse(SecretString(text), "/h/token-cache.json");
  if (!file) FAIL(file.error().message);
  return std::move(*file);
}

TEST_CASE("The file has exactly the bytes of the CLI's") {
  TokenFile file;
  CHECK(file.encode().reveal() == "{\n  \"version\": 1,\n  \"tokens\": {}\n}");
  Token opaque;
  opaque.access_token = SecretString("opaque&token");
  file.put("staging", sample_token());
  file.put("https://x/?a=1&b=<2>", opaque);
  file.put("DEFAULT", sample_token());
  CHECK(file.encode().reveal() == kGolden);
  CHECK(parsed(kGolden).encode().reveal() == kGolden);
}

TEST_CASE("A file is read by key") {
  const TokenFile file = parsed(kGolden);
  CHECK_FALSE(file.damaged(true));
  CHECK(file.keys() == std::vector<std::string>{"DEFAULT", "https://x/?a=1&b=<2>", "staging"});
  CHECK(file.find("https://x/?a=1&b=<2>").value().access_token.equals("opaque&token"));
  CHECK(file.find("staging").value().expires_at == sample_token().expires_at);
  const Result<Token> missing = file.find("default");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message == "no token is stored under 'default' in /h/token-cache.json");
}

TEST_CASE("What is not ours survives a write") {
  TokenFile file = parsed(
      R"({"future":{"x":[1,2.50]},"version":1,"tokens":{"b":{"access_token":"1","new":true,"big":12345678901234567890},)"
      R"("a":{"odd":1},"c":null}})");
  CHECK_FALSE(file.damaged(true));
  file.put("b", sample_token("2", ""));
  CHECK(file.encode().reveal() == R"({
  "version": 1,
  "tokens": {
    "a": {
      "odd": 1
    },
    "b": {
      "access_token": "2",
      "token_type": "Bearer",
      "expiry": "2026-11-22T14:07:51.379927313Z",
      "expires_in": 3600,
      "new": true,
      "big": 12345678901234567890
    }
  },
  "future": {
    "x": [
      1,
      2.50
    ]
  }
})");
}

TEST_CASE("A bad entry fails alone") {
  const TokenFile file = parsed(
      R"({"version":1,"tokens":{"good":{"access_token":"g"},"bad":{"access_token":"hunter2","expiry":"soon"},"worse":7}})");
  CHECK_FALSE(file.damaged(true));
  CHECK(file.find("good").value().access_token.equals("g"));
  for (const char* key : {"bad", "worse"}) {
    const Result<Token> token = file.find(key);
    REQUIRE_FALSE(token.has_value());
    CHECK(token.error().code == ErrorCode::protocol);
    CHECK_THAT(token.error().message, Catch::Contains("/h/token-cache.json") && !Catch::Contains("hunter2"));
  }
}

TEST_CASE("An empty file is an empty cache") {
  for (const char* text : {"", " \n", "{\"version\":1}", "{\"version\":1,\"tokens\":null}",
                           "{\"tokens\":{},\"version\":1}", "\xEF\xBB\xBF{\"version\":1}"}) {
    INFO(text);
    const TokenFile file = parsed(text);
    CHECK(file.keys().empty());
    CHECK_FALSE(file.damaged(true));
  }
}

TEST_CASE("Another version is an error and never touched") {
  for (const char* text :
       {R"({"version":2,"tokens":{}})", R"({"version":"1"})", R"({"tokens":{}})", "{}", R"({"version":2,)"}) {
    INFO(text);
    const Result<TokenFile> file = TokenFile::parse(SecretString(text), "/h/c.json");
    REQUIRE_FALSE(file.has_value());
    CHECK(file.error().code == ErrorCode::storage_unavailable);
    CHECK_THAT(file.error().message, Catch::StartsWith("the token cache /h/c.json needs version 1 and has "));
  }
}

TEST_CASE("Every whole entry of a damaged file is recovered, garbage never becomes a token") {
  SECTION("cut off anywhere") {
    for (std::size_t size = 1; size < kGolden.size(); ++size) {
      INFO(size);
      const TokenFile file = parsed(kGolden.substr(0, size));
      REQUIRE(file.damaged(false));
      for (const std::string& key : file.keys()) {
        const Result<Token> token = file.find(key);
        REQUIRE(token.has_value());
        REQUIRE((token->access_token.equals("eyJ.access") || token->access_token.equals("opaque&token")));
      }
      if (size > kGolden.find("\"staging\"")) REQUIRE(file.keys().size() >= 2);
    }
  }
  SECTION("something behind the end") {
    const TokenFile file = parsed(std::string(kGolden) + "}\n");
    CHECK(file.damaged(false));
    CHECK(file.keys().size() == 3);
    CHECK(file.encode().reveal() == kGolden);
  }
  SECTION("a broken entry in the middle") {
    std::string text(kGolden);
    const std::size_t place = text.find("opaque");
    text.replace(place - 1, 1, "");
    const TokenFile file = parsed(text);
    CHECK(file.damaged(true));
    CHECK(file.find("DEFAULT").has_value());
    CHECK(file.find("staging").has_value());
  }
  SECTION("not a cache at all") {
    for (const char* text :
         {"null", "[]", "hunter2", "\"hunter2\"", "{\"version\":1,\"tokens\":[1]}", "{\"version\":1,\"tokens\":7}"}) {
      INFO(text);
      const TokenFile file = parsed(text);
      CHECK(file.damaged(false));
      CHECK(file.keys().empty());
    }
  }
  SECTION("a value that is no JSON") {
    const TokenFile file = parsed(R"({"version":1,"tokens":{"a":{"access_token":tru},"b":{"access_token":"b"}}})");
    CHECK(file.damaged(true));
    CHECK(parsed(file.encode().reveal()).keys() == std::vector<std::string>{"b"});
  }
}

TEST_CASE("Any bytes are a cache, a damaged cache or a refused version") {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string text(kGolden);
    const std::size_t edits = 1 + random() % 4;
    for (std::size_t i = 0; i < edits; ++i) text[random() % text.size()] = static_cast<char>(random() % 256);
    const Result<TokenFile> file = TokenFile::parse(SecretString(text), "c");
    if (!file) {
      REQUIRE(file.error().code == ErrorCode::storage_unavailable);
      continue;
    }
    // What is written from it is always whole.
    REQUIRE_FALSE(parsed(file->encode().reveal()).damaged(true));
  }
}

}  // namespace
}  // namespace dbxauth::tokenstore
