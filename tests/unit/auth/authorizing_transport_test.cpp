// SPDX-License-Identifier: Apache-2.0
#include "auth/authorizing_transport.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "support/scripted_transport.hpp"

using namespace dbxauth;
using testing::ScriptedTransport;

namespace {

/// Hands out token-1, and the next one after each rejection.
class RotatingProvider final : public CredentialProvider {
 public:
  explicit RotatingProvider(int last) : last_(last) {}
  std::string_view name() const noexcept override { return "rotating"; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds, const CallContext&) override {
    if (current_ > last_) return Error(ErrorCode::authentication_failed, "no more tokens");
    auto headers = std::make_shared<AuthHeaders>();
    headers->headers.push_back({"Authorization", SecretString("Bearer token-" + std::to_string(current_))});
    headers->headers.push_back({"X-Companion", SecretString("companion-" + std::to_string(current_))});
    return AuthHeadersPtr(headers);
  }
  void reject(const AuthHeaders&) noexcept override {
    ++rejections;
    if (rotates) ++current_;
  }
  int rejections = 0;
  bool rotates = true;

 private:
  int current_ = 1;
  int last_;
};

struct Fixture {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<RotatingProvider> provider = std::make_shared<RotatingProvider>(9);
  std::shared_ptr<net::HttpTransport> transport =
      auth::make_authorizing_transport(wire, provider, "https://adb-1.2.azuredatabricks.net").value();

  Result<net::HttpResponse> send(std::string url, net::HttpMethod method = net::HttpMethod::get,
                                 net::Replay replay = net::Replay::by_method) {
    net::HttpRequest request;
    request.method = method;
    request.url = std::move(url);
    request.replay = replay;
    request.body = SecretString("{}");
    return transport->send(request, {});
  }
};

}  // namespace

TEST_CASE("credentials are added to requests to the workspace, as secret headers", "[transport]") {
  Fixture f;
  f.wire->reply(200, "{}");
  REQUIRE(f.send("https://adb-1.2.azuredatabricks.net/api/2.0/clusters?x=1"));
  REQUIRE(f.wire->request(0).secret_headers.size() == 2);
  CHECK(f.wire->request(0).header("Authorization") == "Bearer token-1");
  CHECK(f.wire->request(0).header("X-Companion") == "companion-1");
  CHECK(f.wire->request(0).headers.empty());
}

TEST_CASE("credentials go nowhere else", "[transport]") {
  const std::string url =
      GENERATE(as<std::string>{}, "https://example.org/api", "https://adb-1.2.azuredatabricks.net:444/",
               "http://adb-1.2.azuredatabricks.net/", "https://adb-1.2.azuredatabricks.net.example.org/",
               "https://adb-1.2.azuredatabricks.net@example.org/");
  Fixture f;
  const auto answer = f.send(url);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::invalid_argument);
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("a default port and letter case make no other origin", "[transport]") {
  Fixture f;
  f.wire->reply(200, "{}");
  CHECK(f.send("https://ADB-1.2.azuredatabricks.net:443/api"));
}

TEST_CASE("after 401 the request is sent exactly once more with new credentials", "[transport]") {
  Fixture f;
  f.wire->reply(401, "{}").reply(200, "{}");
  const auto answer = f.send("https://adb-1.2.azuredatabricks.net/api", net::HttpMethod::post, net::Replay::never);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(f.wire->request_count() == 2);
  CHECK(f.wire->request(1).header("Authorization") == "Bearer token-2");
  CHECK(f.wire->request(1).secret_headers.size() == 2);

  f.wire->reply(401, "{}").reply(401, "{}");
  const auto refused = f.send("https://adb-1.2.azuredatabricks.net/api");
  REQUIRE(refused);
  CHECK(refused->status == 401);
  CHECK(f.wire->request_count() == 4);
}

TEST_CASE("401 with nothing better to send is returned as it is", "[transport]") {
  Fixture f;
  f.provider->rotates = false;
  f.wire->reply(401, "{}");
  const auto answer = f.send("https://adb-1.2.azuredatabricks.net/api");
  REQUIRE(answer);
  CHECK(answer->status == 401);
  CHECK(f.wire->request_count() == 1);
  CHECK(f.provider->rejections == 1);
}

TEST_CASE("403 and 400 are about other things and reject nothing", "[transport]") {
  const char* const body =
      GENERATE(as<const char*>{}, "{}", "", R"({"error_code":"PERMISSION_DENIED","message":"no USE CATALOG"})",
               R"({"error_code":"PERMISSION_DENIED","message":"Invalid access token."})",
               R"({"error":"invalid_grant","error_description":"Refresh token is invalid"})",
               R"({"error_code":"BAD_REQUEST","message":"the column token_expired does not exist"})",
               R"({"error_code":"INVALID_PARAMETER_VALUE","message":"Token 17 to delete has expired"})");
  const int status = GENERATE(400, 403);
  Fixture f;
  f.wire->reply(status, body);
  const auto answer = f.send("https://adb-1.2.azuredatabricks.net/api");
  REQUIRE(answer);
  CHECK(answer->status == status);
  CHECK(answer->body.reveal() == body);
  CHECK(f.provider->rejections == 0);
  CHECK(f.wire->request_count() == 1);
}

TEST_CASE("a token that the body calls expired is renewed once, whatever the status", "[transport]") {
  const char* const body =
      GENERATE(as<const char*>{}, R"({"error_code":403,"message":"Invalid access token."})",
               R"({"message":"io.jsonwebtoken.ExpiredJwtException: JWT expired at 2026-01-01T00:00:00Z"})",
               R"({"error_code":"UNAUTHENTICATED","message":"Access token has expired."})", "Token is expired");
  const int status = GENERATE(400, 403);
  Fixture f;
  f.wire->reply(status, body).reply(200, "{}");
  auto answer = f.send("https://adb-1.2.azuredatabricks.net/api", net::HttpMethod::post, net::Replay::never);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(f.wire->request(1).header("Authorization") == "Bearer token-2");

  f.wire->reply(status, body).reply(status, body);
  answer = f.send("https://adb-1.2.azuredatabricks.net/api");
  REQUIRE(answer);
  CHECK(answer->status == status);
  CHECK(f.wire->request_count() == 4);
  CHECK(f.provider->rejections == 2);
}

TEST_CASE("a reason in the headers counts as one in the body", "[transport]") {
  const auto header = GENERATE(table<const char*, const char*>(
      {{"x-databricks-reason-phrase", "Invalid access token"},
       {"www-authenticate", "Bearer realm=\"DatabricksRealm\", error=\"invalid_token\""}}));
  Fixture f;
  f.wire->reply(403, "", {{std::get<0>(header), std::get<1>(header)}}).reply(200, "{}");
  const auto answer = f.send("https://adb-1.2.azuredatabricks.net/api");
  REQUIRE(answer);
  CHECK(answer->status == 200);
}

TEST_CASE("plain http is for loopback only", "[transport]") {
  Fixture f;
  CHECK(auth::make_authorizing_transport(f.wire, f.provider, "http://127.0.0.1:8080"));
  CHECK_FALSE(auth::make_authorizing_transport(f.wire, f.provider, "http://example.org"));
}
