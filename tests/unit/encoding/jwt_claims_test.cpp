// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <chrono>
#include <string>

#include "encoding/base64url.hpp"
#include "encoding/jwt_claims.hpp"

using namespace dbxauth::encoding;
using std::chrono::system_clock;

namespace {

std::string token(std::string_view claims, std::string_view header = R"({"alg":"none"})") {
  return base64url(header) + "." + base64url(claims) + ".c2ln";
}

}  // namespace

TEST_CASE("claims are read") {
  const auto claims = read_jwt_claims(token(
      R"({"iss":"https://h/oidc","sub":"me@example.com","aud":["a","b"],"scope":"all-apis  offline_access","exp":1700000000,"iat":1699996400.5})"));
  REQUIRE(claims);
  CHECK(claims->issuer == "https://h/oidc");
  CHECK(claims->subject == "me@example.com");
  CHECK(claims->audience == std::vector<std::string>{"a", "b"});
  CHECK(claims->scopes == std::vector<std::string>{"all-apis", "offline_access"});
  CHECK(claims->expires_at == system_clock::from_time_t(1700000000));
  CHECK(claims->issued_at == system_clock::from_time_t(1699996400) + std::chrono::milliseconds(500));
}

TEST_CASE("the other forms of a claim") {
  CHECK(read_jwt_claims(token(R"({"aud":"one audience"})"))->audience == std::vector<std::string>{"one audience"});
  CHECK(read_jwt_claims(token(R"({"scope":["a","b"]})"))->scopes == std::vector<std::string>{"a", "b"});
  CHECK(read_jwt_claims(token(R"({"scp":"a b"})"))->scopes == std::vector<std::string>{"a", "b"});
  CHECK(read_jwt_claims(token(R"({"scp":["a"],"scope":""})"))->scopes == std::vector<std::string>{"a"});
  CHECK(read_jwt_claims(token("{}"))->issuer.empty());
  CHECK_FALSE(read_jwt_claims(token("{}"))->expires_at);
  CHECK_FALSE(read_jwt_claims(token(R"({"exp":"1700000000"})"))->expires_at);
  CHECK_FALSE(read_jwt_claims(token(R"({"exp":-5})"))->expires_at);
  CHECK(read_jwt_claims(token(R"({"exp":1e300})"))->expires_at == system_clock::time_point::max());
  CHECK(read_jwt_claims(token(R"({"exp":9223372036.9})"))->expires_at == system_clock::time_point::max());
  CHECK(read_jwt_claims(base64url("{}") + "." + base64url("{}") + "."));
}

TEST_CASE("what is not a JWT is refused without being quoted") {
  for (const std::string& text :
       {std::string(), std::string("dapi0123456789abcdef"), std::string("a.b"), std::string(".."),
        std::string("a.b.c.d.e"), token("[1]"), token("\"x\""), token("{"), token("{}", "no"), token("{}", "[]"),
        std::string("hunter2+.hunter2.x"), base64url("{}") + ".hunter2*.x"}) {
    const auto claims = read_jwt_claims(text);
    INFO(text);
    REQUIRE_FALSE(claims);
    CHECK(claims.error().code == dbxauth::ErrorCode::protocol);
    CHECK(claims.error().message.find("hunter2") == std::string::npos);
    CHECK(claims.error().message.find("dapi") == std::string::npos);
  }
}
