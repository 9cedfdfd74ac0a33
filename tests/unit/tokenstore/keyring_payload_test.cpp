// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_payload.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth::tokenstore {
namespace {

using testing::sample_token;

TEST_CASE("A keyring payload is what the Databricks CLI writes") {
  CHECK(encode_keyring_payload(sample_token()).reveal() ==
        R"({"token":{"access_token":"eyJ.access","token_type":"Bearer","refresh_token":"doau.refresh",)"
        R"("expiry":"2026-11-22T14:07:51.379927313Z","expires_in":3600}})");
}

TEST_CASE("A keyring payload keeps the members that others have put there") {
  const SecretString written = encode_keyring_payload(
      sample_token("new", ""), R"({"a":{"b":[1.50]},"Token":{"access_token":"old","id":"x"},"dbxauth_chunks":{}})");
  CHECK(written.reveal() ==
        R"({"token":{"access_token":"new","token_type":"Bearer","expiry":"2026-11-22T14:07:51.379927313Z",)"
        R"("expires_in":3600,"id":"x"},"a":{"b":[1.50]}})");
  CHECK(encode_keyring_payload(sample_token("new", ""), written.reveal()).equals(written));
}

TEST_CASE("What is replaced does not matter when it is garbage") {
  const SecretString plain = encode_keyring_payload(sample_token());
  for (const char* garbage : {"", "null", "[1]", R"({"a":)", R"({"a":1}x)", "\xff\xfe", R"({"token":7})"}) {
    CHECK(encode_keyring_payload(sample_token(), garbage).equals(plain));
  }
}

TEST_CASE("Keyring payloads of other writers are read") {
  const auto read = [](std::string_view text) { return decode_keyring_payload(text, "k"); };
  CHECK(read(R"({"token":{"access_token":"a","expiry":"0001-01-01T00:00:00Z"}})").value().expires_at ==
        std::chrono::system_clock::time_point::max());
  CHECK(read(R"( {"x":1,"TOKEN":{"Access_Token":"a","REFRESH_TOKEN":"r","expires_in":"60","new":null}} )")
            .value()
            .refresh_token.equals("r"));
}

TEST_CASE("A keyring payload that holds no token is an error that quotes nothing") {
  for (const char* text :
       {"", "null", "[]", "\"planted\"", "planted", "{}", R"({"token":null})", R"({"token":"planted"})",
        R"({"token":{}})", R"({"token":{"access_token":"","refresh_token":""}})",
        R"({"token":{"access_token":"planted","expiry":"tomorrow"}})", R"({"token":{"access_token":"planted"})",
        "{\"token\":{\"access_token\":\"planted\xff\"}}"}) {
    CAPTURE(text);
    const Result<Token> read = decode_keyring_payload(text, "my-profile");
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::protocol);
    CHECK(read.error().message.find("'my-profile'") != std::string::npos);
    CHECK(read.error().message.find("log in again") != std::string::npos);
    CHECK(read.error().message.find("planted") == std::string::npos);
  }
}

TEST_CASE("A manifest comes back, and is no token to anybody") {
  const ChunkManifest manifest{"00ff", 256, 3, 70000};
  const SecretString text = encode_manifest(manifest);
  CHECK(decode_manifest(text.reveal()) == manifest);
  CHECK(decode_keyring_payload(text.reveal(), "k").error().code == ErrorCode::protocol);
  CHECK_FALSE(decode_manifest(encode_keyring_payload(sample_token()).reveal()).has_value());
}

TEST_CASE("A manifest that contradicts itself is none") {
  const auto with = [](std::string_view members) {
    return decode_manifest(R"({"dbxauth_chunks":{)" + std::string(members) + "}}");
  };
  REQUIRE(with(R"("version":1,"id":"a","first":0,"count":1,"size":1)").has_value());
  for (const char* members :
       {R"("version":2,"id":"a","first":0,"count":1,"size":1)", R"("version":1,"id":"","first":0,"count":1,"size":1)",
        R"("version":1,"id":"a:1","first":0,"count":1,"size":1)",
        R"("version":1,"id":"a","first":-1,"count":1,"size":1)", R"("version":1,"id":"a","first":0,"count":0,"size":1)",
        R"("version":1,"id":"a","first":0,"count":257,"size":1)",
        R"("version":1,"id":"a","first":0,"count":1,"size":0)", R"("version":1,"id":"a","count":1,"size":1)",
        R"("version":1,"id":"a","first":9000000000,"count":1,"size":1)"}) {
    CAPTURE(members);
    CHECK_FALSE(with(members).has_value());
  }
}

TEST_CASE("A chunk is only that of its number and secret") {
  const SecretString chunk = encode_chunk("ab", 7, "part:1");
  CHECK(decode_chunk("ab", 7, chunk.reveal()) == std::string_view("part:1"));
  CHECK_FALSE(decode_chunk("ab", 8, chunk.reveal()).has_value());
  CHECK_FALSE(decode_chunk("ac", 7, chunk.reveal()).has_value());
  CHECK_FALSE(decode_chunk("ab", 7, "").has_value());
}

}  // namespace
}  // namespace dbxauth::tokenstore
