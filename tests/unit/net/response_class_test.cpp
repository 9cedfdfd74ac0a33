// SPDX-License-Identifier: Apache-2.0
#include "net/response_class.hpp"

#include <string>

#include "net/service_error.hpp"
#include "support/scripted_transport.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using net::ResponseClass;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

net::HttpResponse answer(int status, std::string_view body, Headers headers = {},
                         std::string_view type = "application/json",
                         std::string url = "https://host.example/api/2.1/x") {
  auto response = testing::http_response(status, body, std::move(headers), type);
  response.url = std::move(url);
  return response;
}

std::string class_of(int status, std::string_view body, Headers headers = {},
                     std::string_view type = "application/json") {
  return std::string(net::to_string(net::classify_response(answer(status, body, std::move(headers), type))));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("statuses without a word") {
  CHECK(class_of(200, "{}") == "ok");
  CHECK(class_of(204, "", {}, "") == "ok");
  CHECK(class_of(400, "") == "invalid_request");
  CHECK(class_of(401, "") == "unauthenticated");
  CHECK(class_of(403, "") == "permission_denied");
  CHECK(class_of(404, "") == "not_found");
  CHECK(class_of(409, "") == "conflict");
  CHECK(class_of(429, "") == "rate_limited");
  CHECK(class_of(500, "") == "server_error");
  CHECK(class_of(501, R"({"error_code":"NOT_IMPLEMENTED"})") == "unsupported");
  CHECK(class_of(502, "") == "unavailable");
  CHECK(class_of(503, "") == "unavailable");
  CHECK(class_of(100, "") == "unexpected");
}

TEST_CASE("a token that ended is found behind every status that services use for it") {
  for (const int status : {400, 401, 403}) {
    CHECK(class_of(status, R"({"error_code":403,"message":"Invalid access token. [ReqId: 1]"})") == "expired_token");
    CHECK(class_of(status, R"({"message":"ExpiredJwtException: JWT expired at 12"})") == "expired_token");
    CHECK(class_of(status, R"({"error":{"code":"ExpiredAuthenticationToken","message":"m"}})") == "expired_token");
    CHECK(class_of(status, R"({"error_code":"UNAUTHENTICATED","message":"Access token has expired."})") ==
          "expired_token");
    CHECK(class_of(status, "Token is expired", {}, "text/plain") == "expired_token");
    CHECK(class_of(status, "", {{"x-databricks-reason-phrase", "Invalid access token"}}) == "expired_token");
    CHECK(class_of(status, "", {{"www-authenticate", "Bearer error=\"invalid_token\""}}) == "expired_token");
    CHECK(class_of(status, R"({"error":"invalid_token"})") == "expired_token");
  }
  for (const int status : {404, 409, 429, 500, 503}) {
    CHECK(class_of(status, R"({"message":"Invalid access token."})") != "expired_token");
  }
}

TEST_CASE("permissions, forms and other tokens are not taken for a token that ended") {
  for (const int status : {400, 401, 403}) {
    CHECK(class_of(status, R"({"error_code":"PERMISSION_DENIED","message":"Invalid access token."})") ==
          "permission_denied");
    CHECK(class_of(status, R"({"error":"invalid_grant","error_description":"The refresh token has expired"})") ==
          "unauthenticated");
    CHECK(class_of(status, R"({"message":"Refresh token is invalid"})") != "expired_token");
    CHECK(class_of(status, R"({"message":"The activation link's token has expired"})") != "expired_token");
    CHECK(class_of(status, "<html>Invalid access token</html>", {}, "text/html") != "expired_token");
  }
}

TEST_CASE("a page is a login page by its title or its address, and only where the status says nothing else") {
  CHECK(class_of(200, "<!doctype html><title>Databricks - Sign In</title>", {}, "text/html") == "html_login");
  CHECK(class_of(404, "<html><title>Nothing here</title>", {}, "text/html") == "html_page");
  CHECK(class_of(200, "<html></html>", {}, "text/html") == "html_page");
  CHECK(net::classify_response(answer(200, "<html>", {}, "text/html", "https://host.example/login.html?o=1")) ==
        ResponseClass::html_login);
  CHECK(net::classify_response(answer(200, "<html>", {}, "text/html", "https://host.example/oidc/v1/token")) ==
        ResponseClass::html_page);
  CHECK(class_of(401, "<html><title>Sign in</title>", {}, "text/html") == "unauthenticated");
  CHECK(class_of(503, "<html>", {}, "text/html") == "unavailable");
  CHECK(class_of(302, "", {{"location", "/login.html"}}) == "html_login");
  CHECK(class_of(302, "", {{"location", "https://other.example/login.html"}}) == "html_page");
  CHECK(class_of(302, "", {{"location", "/login.html?error=private-link-validation-error"}}) == "private_link");
}

TEST_CASE("only refused credentials can be replaced by better ones") {
  for (int kind = 0; kind <= static_cast<int>(ResponseClass::unexpected); ++kind) {
    const auto one = static_cast<ResponseClass>(kind);
    CHECK(net::is_credential_refusal(one) ==
          (one == ResponseClass::expired_token || one == ResponseClass::unauthenticated));
    CHECK(std::string(net::to_string(one)).empty() == false);
  }
}

TEST_CASE("an error about an expired token says so whatever the status") {
  const Error error = net::service_error(answer(403, R"({"message":"Invalid access token."})"), "list catalogs");
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK(error.http_status == 403);
  CHECK_FALSE(error.retryable);
  CHECK(contains(error.message, "Invalid access token. (HTTP 403 from host.example); check that the credentials"));
}

TEST_CASE("a web page says which setting to look at") {
  const auto message = [](std::string url) {
    return net::service_error(answer(200, "<html><title>Sign in</title>", {}, "text/html", std::move(url)), "x")
        .message;
  };
  const std::string workspace = message("https://dbc-1.cloud.databricks.com/api/2.0/x");
  CHECK(contains(workspace, "https://dbc-1.cloud.databricks.com/api/2.0/x answered with a sign-in page"));
  CHECK(contains(workspace, "the host is the URL of a workspace"));
  CHECK(contains(workspace, "workspace_id"));
  const std::string console = message("https://accounts.cloud.databricks.com/api/2.0/x");
  CHECK(contains(console, "the host is an account console: set host to the URL of a workspace"));
  const std::string account = message("https://accounts.azuredatabricks.net/api/2.0/accounts/1/workspaces");
  CHECK(contains(account, "check account_id"));
  const std::string misplaced = message("https://dbc-1.cloud.databricks.com/api/2.0/accounts/1/workspaces");
  CHECK(contains(misplaced, "https://accounts.cloud.databricks.com"));
  CHECK(contains(misplaced, "account_id"));
}
