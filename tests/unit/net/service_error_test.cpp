// SPDX-License-Identifier: Apache-2.0
#include "net/service_error.hpp"

#include <random>
#include <string>

#include "support/scripted_transport.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using namespace std::chrono_literals;

namespace {

net::HttpResponse answer(int status, std::string_view body,
                         std::vector<std::pair<std::string, std::string>> headers = {},
                         std::string_view type = "application/json",
                         std::string url = "https://host.example/api/2.1/x") {
  auto response = testing::http_response(status, body, std::move(headers), type);
  response.url = std::move(url);
  return response;
}

Error error_of(int status, std::string_view body) {
  return net::service_error(answer(status, body), "list catalogs");
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the Databricks dialect") {
  const auto response =
      answer(403, R"({"error_code":"PERMISSION_DENIED","message":"no USE CATALOG"})", {{"x-request-id", "r-7"}});
  const Error error = net::service_error(response, "list catalogs");
  CHECK(error.code == ErrorCode::permission_denied);
  CHECK(error.message ==
        "could not list catalogs: no USE CATALOG (HTTP 403 PERMISSION_DENIED from host.example); ask the owner of the "
        "object or an administrator for what this identity lacks");
  CHECK(error.server_code == "PERMISSION_DENIED");
  CHECK(error.http_status == 403);
  CHECK(error.request_id == "r-7");
  CHECK_FALSE(error.retryable);
  CHECK(error_of(400, R"({"error_code":1006,"message":"old endpoint"})").server_code == "1006");
}

TEST_CASE("a refusal names the server once and says what to do next") {
  CHECK(contains(error_of(401, "{}").message, "from host.example); check that the credentials belong"));
  CHECK(contains(error_of(429, "{}").message, "; try again later"));
  CHECK(contains(net::service_error(answer(503, "{}", {{"retry-after", "7"}}), "x").message, "; try again in 7 s"));
  const auto named = net::service_error(answer(500, R"({"message":"no"})"), "ask https://host.example/x");
  CHECK(named.message == "could not ask https://host.example/x: no (HTTP 500)");
  const auto oauth =
      answer(401, R"({"error":"invalid_client"})", {}, "application/json", "https://host.example/oidc/v1/token");
  CHECK_FALSE(contains(net::service_error(oauth, "get a token").message, "check that the credentials"));
}

TEST_CASE("statuses map to codes") {
  struct Case {
    int status;
    ErrorCode code;
    bool retryable;
  };
  for (const auto& [status, code, retryable] :
       {Case{400, ErrorCode::invalid_argument, false}, Case{401, ErrorCode::authentication_failed, false},
        Case{403, ErrorCode::permission_denied, false}, Case{404, ErrorCode::not_found, false},
        Case{409, ErrorCode::already_exists, false}, Case{429, ErrorCode::rate_limited, true},
        Case{500, ErrorCode::server_error, false}, Case{501, ErrorCode::server_error, false},
        Case{502, ErrorCode::unavailable, true}, Case{503, ErrorCode::unavailable, true},
        Case{504, ErrorCode::unavailable, true}}) {
    const Error error = error_of(status, R"({"message":"m"})");
    CHECK(error.code == code);
    CHECK(error.retryable == retryable);
    CHECK(error.http_status == status);
    CHECK(error_of(status, "").code == code);
  }
}

TEST_CASE("the server's code is stronger than the status") {
  struct Case {
    int status;
    const char* server_code;
    ErrorCode code;
  };
  for (const auto& [status, server_code, code] :
       {Case{400, "RESOURCE_DOES_NOT_EXIST", ErrorCode::not_found},
        Case{400, "CATALOG_ALREADY_EXISTS", ErrorCode::already_exists},
        Case{404, "INVALID_PARAMETER_VALUE", ErrorCode::invalid_argument},
        Case{400, "RESOURCE_EXHAUSTED", ErrorCode::rate_limited},
        Case{400, "REQUEST_LIMIT_EXCEEDED", ErrorCode::rate_limited},
        Case{400, "INVALID_STATE", ErrorCode::invalid_argument}, Case{500, "ABORTED", ErrorCode::already_exists},
        Case{400, "DATA_LOSS", ErrorCode::server_error}, Case{400, "SOMETHING_NEW", ErrorCode::invalid_argument}}) {
    const Error error = error_of(status, std::string(R"({"message":"m","error_code":")") + server_code + "\"}");
    CHECK(error.code == code);
    CHECK(error.server_code == server_code);
  }
}

TEST_CASE("three endpoints hide a missing object behind an invalid parameter") {
  const char* const body = R"({"error_code":"INVALID_PARAMETER_VALUE","message":"Job 1 does not exist."})";
  CHECK(net::service_error(answer(400, body, {}, "application/json", "https://h.example/api/2.2/jobs/get?job_id=1"),
                           "read the job")
            .code == ErrorCode::not_found);
  CHECK(net::service_error(answer(400, body), "read the job").code == ErrorCode::invalid_argument);
}

TEST_CASE("details carry request id and delay") {
  const Error error = error_of(503, R"({"error_code":"X","message":"m","details":[
      {"@type":"type.googleapis.com/google.rpc.RequestInfo","request_id":"r-9"},
      {"@type":"type.googleapis.com/google.rpc.RetryInfo","retry_delay":"42.000000001s"},17,null]})");
  CHECK(error.request_id == "r-9");
  CHECK(error.retry_after == 42001ms);
  CHECK(net::service_error(answer(429, "", {{"retry-after", "5"}}), "x").retry_after == 5000ms);
  CHECK_FALSE(error_of(503, R"({"details":[{"@type":"google.rpc.RetryInfo","retry_delay":"1e99s"}]})").retry_after);
}

TEST_CASE("API 1.2, SCIM, OAuth and ARM dialects") {
  CHECK(contains(error_of(400, R"({"error":"The cluster is gone"})").message, "The cluster is gone"));

  Error error = error_of(404, R"({"schemas":["s"],"detail":"User not found","status":"404","scimType":"noTarget"})");
  CHECK(error.server_code == "SCIM_404");
  CHECK(contains(error.message, "noTarget User not found"));
  CHECK(error.code == ErrorCode::not_found);
  CHECK(contains(error_of(500, R"({"detail":null,"status":500})").message, "SCIM API internal error"));
  CHECK(contains(error_of(500, R"({"detail":"null","status":"500"})").message, "SCIM API internal error"));

  error = error_of(
      400,
      R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Trace ID: 1 Timestamp: 2"})");
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK(error.server_code == "invalid_client");
  CHECK(error.message ==
        "could not list catalogs: AADSTS7000215: Invalid client secret provided. (HTTP 400 invalid_client from "
        "host.example)");
  CHECK(error_of(400, R"({"error":"authorization_pending"})").server_code == "authorization_pending");

  error = error_of(403, R"({"error":{"code":"AuthorizationFailed","message":"no access"}})");
  CHECK(error.server_code == "AuthorizationFailed");
  CHECK(contains(error.message, "no access"));
  CHECK(error_of(403, R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":"m"}})").server_code ==
        "PERMISSION_DENIED");
}

TEST_CASE("text, HTML, empty and broken bodies") {
  Error error = net::service_error(answer(404, "ENDPOINT_NOT_FOUND: no API for /x", {}, "text/plain"), "x");
  CHECK(error.server_code == "ENDPOINT_NOT_FOUND");
  CHECK(contains(error.message, "no API for /x"));
  CHECK(net::service_error(answer(401, "go away", {}, "text/plain"), "x").code == ErrorCode::authentication_failed);
  CHECK(contains(error_of(503, "").message, "Service Unavailable"));
  CHECK(contains(error_of(400, "{\"message\":").message, "(HTTP 400 from host.example)"));
  CHECK(contains(error_of(400, "[1]").message, "[1]"));

  error = net::service_error(
      answer(503, "<html><head><title>t</title></head><body><pre>Worker &amp; co</pre></body>", {}, "text/html"), "x");
  CHECK(error.code == ErrorCode::unavailable);
  CHECK(contains(error.message, "Worker & co"));
  error = net::service_error(answer(404, "<html><TITLE>Not here</TITLE>", {}, "text/html; charset=utf-8"), "x");
  CHECK(error.code == ErrorCode::not_databricks);
  CHECK(contains(error.message, "https://host.example/api/2.1/x answered with a web page titled \"Not here\""));
}

TEST_CASE("login pages and private links") {
  const auto redirect = [](const char* location) {
    return net::service_error(answer(302, "", {{"location", location}}, "text/html"), "x");
  };
  CHECK(redirect("/login.html").code == ErrorCode::authentication_failed);
  CHECK(redirect("https://host.example/login.html?next=1").code == ErrorCode::authentication_failed);
  CHECK(redirect("https://other.example/login.html").code == ErrorCode::not_databricks);
  CHECK(redirect("https://other.example/").code == ErrorCode::not_databricks);
  CHECK(redirect("").code == ErrorCode::not_databricks);
  const Error refused = redirect("https://host.example/login.html?error=private-link-validation-error:1");
  CHECK(refused.code == ErrorCode::permission_denied);
  CHECK(refused.server_code == "PRIVATE_LINK_VALIDATION_ERROR");
  const auto landed = net::json_body(
      answer(200, "<html>", {}, "text/html", "https://host.example/login.html?error=private-link-validation-error"),
      "x");
  REQUIRE_FALSE(landed);
  CHECK(landed.error().code == ErrorCode::permission_denied);
}

TEST_CASE("secrets in answers do not reach the error") {
  const Error error =
      error_of(400, R"({"error_code":"BAD","message":"token dapi0123456789abcdef0123456789abcdef is wrong"})");
  CHECK_FALSE(contains(error.message, "0123456789abcdef"));
  CHECK(contains(error.message, "is wrong"));
}

TEST_CASE("texts that ask for later make an error retryable") {
  CHECK(error_of(400, R"({"error_code":"X","message":"RPC token bucket limit has been exceeded"})").retryable);
}

TEST_CASE("json_body gives the document, or says what came instead") {
  const auto document = net::json_body(answer(200, R"({"a":1})"), "read it");
  REQUIRE(document);
  CHECK((*document)["a"].integer_or(0) == 1);
  CHECK(net::json_body(answer(200, ""), "read it")->root().is_object());

  auto wrong =
      net::json_body(answer(200, "<!doctype html><title>Databricks - Sign In</title>", {}, "text/html"), "read it");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::not_databricks);
  CHECK(contains(wrong.error().message, "Databricks - Sign In"));
  wrong = net::json_body(answer(200, "{\"access_token\":\"planted"), "read it");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::protocol);
  CHECK_FALSE(contains(wrong.error().message, "planted"));
  CHECK(net::json_body(answer(404, "{}"), "read it").error().code == ErrorCode::not_found);
}

TEST_CASE("any bytes give an error and nothing worse") {
  std::mt19937 generator(42);
  const std::string alphabet = "{}[]\"\\:,<>/predetailstatuserrorcode_:AZ0 \n\xff\xc3";
  for (int round = 0; round < 3000; ++round) {
    std::string body(generator() % 60, ' ');
    for (char& c : body) c = alphabet[generator() % alphabet.size()];
    const Error error = net::service_error(
        answer(400 + static_cast<int>(generator() % 110), body, {}, round % 2 == 0 ? "text/html" : "text/plain"), "x");
    CHECK(error.message.size() < 1000);
    CHECK_FALSE(error.message.empty());
  }
}
