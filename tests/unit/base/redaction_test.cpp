// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/redaction.hpp"
#include "base/text.hpp"

using namespace dbxauth::base;

namespace {

// Made up; only the shape is that of a token.
const std::string kJwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzMyJ9.c2lnbmF0dXJl-_0";
const std::string kPat = "dapi0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("credentials are replaced, what is around them stays") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"token " + kJwt + " was refused", "token [redacted] was refused"},
      {"(" + kJwt + ")", "([redacted])"},
      {"cut eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9", "cut [redacted]"},
      {"line\\n" + kJwt, "line\\n[redacted]"},
      {"x%20" + kJwt, "x%20[redacted]"},
      {"glued_" + kJwt, "glued_[redacted]"},
      {kPat, "[redacted]"},
      {kPat + "-2 and dose0123456789abcdef0123456789abcdef.", "[redacted] and [redacted]."},
      {"TOKEN_" + kPat + "x", "TOKEN_[redacted]"},
      {"dkea0123456789abcdef0123456789abcdef dsapi0123456789abcdef0123456789abcdef", "[redacted] [redacted]"},
      {"Authorization: Bearer x", "Authorization: Bearer [redacted]"},
      {"authorization: basic YTpi\r\nHost: h", "authorization: basic [redacted]\r\nHost: h"},
      {"Authorization: Negotiate abc def\nHost: h", "Authorization: [redacted]\nHost: h"},
      {"{\"Authorization\": \"Bearer abc\"}", "{\"Authorization\": \"[redacted]\"}"},
      {"sent Bearer abc.def123 to it", "sent Bearer [redacted] to it"},
      {"sent basic dXNlcjpwYXNzd29yZA== to it", "sent basic [redacted] to it"},
      {"Cookie: a=b; c=d\nHost: h", "Cookie: [redacted]\nHost: h"},
      {"X-Databricks-Azure-SP-Management-Token: opaque1\nA: b",
       "X-Databricks-Azure-SP-Management-Token: [redacted]\nA: b"},
      {"X-IDENTITY-HEADER: opaque2\nA: b", "X-IDENTITY-HEADER: [redacted]\nA: b"},
      {"IDENTITY_HEADER=opaque2", "IDENTITY_HEADER=[redacted]"},
      {R"({"access_token":"abc","expires_in":3600})", R"({"access_token":"[redacted]","expires_in":3600})"},
      {R"({"refresh_token" : "a\"b\\","x":"y"})", R"({"refresh_token" : "[redacted]","x":"y"})"},
      {R"({"accessToken":"abc","clientSecret":"d"})", R"({"accessToken":"[redacted]","clientSecret":"[redacted]"})"},
      {R"({"token_value":"abc","password":"p w","id_token":"i"})",
       R"({"token_value":"[redacted]","password":"[redacted]","id_token":"[redacted]"})"},
      {R"({"code":"a1b2c3d4e5","code_verifier":"v"})", R"({"code":"[redacted]","code_verifier":"[redacted]"})"},
      {R"({"access_token":"cut off)", R"({"access_token":"[redacted])"},
      {R"("{\"access_token\":\"abc\",\"x\":\"y\"}")", R"("{\"access_token\":\"[redacted]\",\"x\":\"y\"}")"},
      {"{'client_secret': 'abc', 'x': 'y'}", "{'client_secret': '[redacted]', 'x': 'y'}"},
      {"code=abc&grant_type=authorization_code&code_verifier=v",
       "code=[redacted]&grant_type=authorization_code&code_verifier=[redacted]"},
      {"http://localhost:8020/?code=abc&state=s", "http://localhost:8020/?code=[redacted]&state=s"},
      {"grant_type=x&assertion=abc&client_assertion=def&subject_token=ghi",
       "grant_type=x&assertion=[redacted]&client_assertion=[redacted]&subject_token=[redacted]"},
      {"next=a%3Faccess_token%3Dabc%26b", "next=a%3Faccess_token%3D[redacted]%26b"},
      {"host=h password='p w' user=u", "host=h password='[redacted]' user=u"},
      {"client_secret = s3cret", "client_secret = [redacted]"},
      {"DATABRICKS_CLIENT_SECRET=abc PATH=/bin", "DATABRICKS_CLIENT_SECRET=[redacted] PATH=/bin"},
      {"password: S3cret!", "password: [redacted]"},
      {"proxy http://user:pass@proxy:3128/", "proxy http://[redacted]@proxy:3128/"},
  };
  for (const auto& [text, expected] : cases) {
    CHECK(redact(text) == expected);
    CHECK(redact(expected) == expected);
  }
}

TEST_CASE("ordinary text is left alone") {
  for (const std::string_view text : {"",
                                      "code: 404",
                                      "code=404",
                                      "exit code 12345678",
                                      "error_code=INVALID_STATE",
                                      "the token endpoint https://h/oidc/v1/token",
                                      "the bearer token was refused",
                                      "Bearer authentication is required",
                                      "WWW-Authenticate: Bearer error=\"invalid_token\"",
                                      "Basic authentication",
                                      "SELECT * FROM `prod`.sales.orders WHERE code = 'x' AND t.code=s.code2024",
                                      "CREATE TABLE main.default.dapi_users (dose INT, token STRING)",
                                      "eyJson.schema.table",
                                      "keyJson.schema.table",
                                      "access_token is missing",
                                      "client_secret: not configured",
                                      "DATABRICKS_TOKEN is not set",
                                      "password",
                                      R"({"code":404,"message":"no"})",
                                      R"({"code":"RESOURCE_DOES_NOT_EXIST"})",
                                      R"({"error":"invalid_client"})",
                                      R"({"next_page_token":"abcdefgh1234","token_type":"Bearer"})",
                                      R"({"access_token":null,"password":""})",
                                      "dose_adjustment_2024",
                                      "std::password::type",
                                      "https://host/path?x=a@b",
                                      "user@example.com",
                                      "C:\\temp\\new"}) {
    CHECK(redact(text) == text);
  }
}

TEST_CASE("redaction is idempotent on any mixture of what it looks for") {
  const std::vector<std::string> pieces = {kJwt,
                                           kPat,
                                           "eyJ",
                                           "eyJhbGciOiJSUzI1NiJ9",
                                           ".",
                                           "..",
                                           "dapi",
                                           "dose12345678",
                                           "Bearer",
                                           "basic",
                                           " ",
                                           "\n",
                                           "\"",
                                           "'",
                                           "\\",
                                           "\\\"",
                                           ":",
                                           "=",
                                           "&",
                                           "?",
                                           "%3D",
                                           "%26",
                                           "%",
                                           "n",
                                           "password",
                                           "code",
                                           "access_token",
                                           "Authorization",
                                           "Cookie",
                                           "[redacted]",
                                           "[",
                                           "]",
                                           "redacted",
                                           "://",
                                           "@",
                                           "/",
                                           "{",
                                           "}",
                                           ",",
                                           "abc123def",
                                           "YTpi",
                                           "\xFF",
                                           "ä",
                                           "token",
                                           "-",
                                           "_",
                                           "<",
                                           "0"};
  std::mt19937 random(20260101);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const auto count = random() % 12;
    for (unsigned i = 0; i < count; ++i) text += pieces[random() % pieces.size()];
    const std::string once = redact(text);
    INFO(text);
    REQUIRE(redact(once) == once);
  }
}

TEST_CASE("a planted token never survives, whatever is around it") {
  const std::vector<std::string> around = {" ", "\"", "'", "=",   ":",   "&", "\n", "(", ")", ",",
                                           ";", "/",  "?", "\\n", "%20", "<", ">",  "|", "@", "#"};
  for (const auto& left : around) {
    for (const auto& right : around) {
      for (const auto& secret : {kJwt, kPat}) {
        const std::string result = redact("x" + left + secret + right + "y");
        INFO(left + " " + right);
        CHECK(result.find(secret.substr(0, 20)) == std::string::npos);
      }
    }
  }
}

TEST_CASE("long hostile input is handled in one pass") {
  for (const std::string_view unit : {"eyJ", "eyJ.", "eyJaaaaaaaa.", "password", "\"password\":\"", "\\", "://", "a@",
                                      "://a@", "Bearer ", "code=", "dapi", "%41", "\\u0041", "\"code\" "}) {
    std::string text;
    while (text.size() < 400000) text += unit;
    CHECK(redact(text).size() <= 4 * text.size());
  }
}

TEST_CASE("redact_excerpt shortens on a character boundary and drops control characters") {
  CHECK(redact_excerpt("a\r\n\tb\x7F") == "a   b ");
  CHECK(redact_excerpt("aäb", 2) == "a");
  CHECK(redact_excerpt("aäb", 3) == "aä");
  CHECK(redact_excerpt("a\xF0\x9F\x98\x80"
                       "b",
                       4) == "a");
  CHECK(redact_excerpt(std::string(1000, 'x')).size() == 300);
  CHECK(redact_excerpt("abc", 0).empty());
  const std::string excerpt = redact_excerpt(std::string(290, 'x') + " " + kJwt);
  CHECK(excerpt.find("eyJ") == std::string::npos);
}

TEST_CASE("sensitive names") {
  for (const std::string_view name : {"token", "client_secret", "Authorization", "PROXY-AUTHORIZATION", "accessToken",
                                      "password", "refresh_token", "DATABRICKS_TOKEN", "ARM_CLIENT_SECRET",
                                      "x-forwarded-access-token", "Cookie", "code", "code_verifier", "assertion"}) {
    INFO(name);
    CHECK(is_sensitive_name(name));
  }
  for (const std::string_view name : {"", "host", "client_id", "token_endpoint", "next_page_token", "nextPageToken",
                                      "error_code", "token_type", "username", "Content-Type"}) {
    INFO(name);
    CHECK_FALSE(is_sensitive_name(name));
  }
  CHECK_FALSE(is_sensitive_name(std::string(100000, 'a')));
}
