// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/token_json.hpp"

#include <chrono>
#include <string>

#include <catch2/catch.hpp>

#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth::tokenstore {
namespace {

using testing::sample_token;
using Clock = std::chrono::system_clock;

Result<Token> decoded(std::string_view text) {
  const Result<base::JsonDocument> document = base::JsonDocument::parse(text, "a token");
  REQUIRE(document.has_value());
  return decode_token(document->root(), "the entry 'x'");
}

TEST_CASE("A token is written as the Databricks CLI writes it") {
  CHECK(encode_token(sample_token()).reveal() ==
        R"({"access_token":"eyJ.access","token_type":"Bearer","refresh_token":"doau.refresh",)"
        R"("expiry":"2026-11-22T14:07:51.379927313Z","expires_in":3600})");
}

TEST_CASE("What a token does not have is left out, except the expiry") {
  Token token;
  token.access_token = SecretString("a");
  token.token_type.clear();
  CHECK(encode_token(token).reveal() == R"({"access_token":"a","expiry":"0001-01-01T00:00:00Z"})");
}

TEST_CASE("Members of others are kept behind the known ones") {
  const std::vector<RawMember> others =
      other_members(R"({"Access_Token":"x","new":{"a":1.50},"expiry":null,"id":"y"})");
  CHECK(encode_token(sample_token("a", ""), others).reveal() ==
        R"({"access_token":"a","token_type":"Bearer","expiry":"2026-11-22T14:07:51.379927313Z","expires_in":3600,)"
        R"("new":{"a":1.50},"id":"y"})");
}

TEST_CASE("What was written is read back") {
  const Token token = decoded(encode_token(sample_token()).reveal()).value();
  CHECK(token.access_token.equals("eyJ.access"));
  CHECK(token.refresh_token.equals("doau.refresh"));
  CHECK(token.token_type == "Bearer");
  CHECK(token.expires_at == sample_token().expires_at);
  CHECK(token.lifetime == std::chrono::seconds(3600));
}

TEST_CASE("The reader is tolerant") {
  CHECK(decoded(R"({"ACCESS_TOKEN":"a","Expiry":"2026-11-22T15:07:51.379927313+01:00","unknown":[1]})")
            .value()
            .expires_at == sample_token().expires_at);
  for (const char* text :
       {R"({"access_token":"a"})", R"({"access_token":"a","expiry":""})", R"({"access_token":"a","expiry":null})",
        R"({"access_token":"a","expiry":"0001-01-01T00:00:00Z"})"}) {
    INFO(text);
    CHECK(decoded(text).value().expires_at == Clock::time_point::max());
  }
  CHECK(decoded(R"({"access_token":"a","expires_in":"3600"})").value().lifetime == std::chrono::seconds(3600));
  CHECK(decoded(R"({"access_token":"a","expires_in":"soon"})").value().lifetime == std::chrono::seconds(0));
  CHECK(decoded(R"({"access_token":"a","expires_in":-5})").value().lifetime == std::chrono::seconds(0));
  CHECK(decoded(R"({"access_token":"a","token_type":""})").value().token_type == "Bearer");
  CHECK(decoded(R"({"refresh_token":"r","expiry":"2020-01-01T00:00:00Z"})").value().access_token.empty());
}

TEST_CASE("What is no token is refused without repeating it") {
  for (const char* text :
       {"null", "\"hunter2\"", "[]", "{}", R"({"access_token":""})", R"({"access_token":7})",
        R"({"access_token":"hunter2","expiry":"hunter2"})", R"({"access_token":"hunter2","expiry":12})"}) {
    INFO(text);
    const Result<Token> token = decoded(text);
    REQUIRE_FALSE(token.has_value());
    CHECK(token.error().code == ErrorCode::protocol);
    CHECK_THAT(token.error().message, Catch::Contains("the entry 'x'") && !Catch::Contains("hunter2"));
  }
}

}  // namespace
}  // namespace dbxauth::tokenstore
