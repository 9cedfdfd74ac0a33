// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "auth/oauth/oidc_discovery.hpp"
#include "auth/oauth/token_endpoint.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

const std::string workspace = "https://dbc-1.cloud.databricks.com";
const std::string metadata = R"({"authorization_endpoint":"https://dbc-1.cloud.databricks.com/oidc/v1/authorize",)"
                             R"("token_endpoint":"https://dbc-1.cloud.databricks.com/oidc/v1/token"})";

struct TokenFixture {
  ScriptedTransport wire;
  testing::FakeClock clock;
  SecretString secret{"dose-planted"};

  Result<Token> request(std::string_view scope = "all-apis") {
    auth::TokenEndpointRequest request;
    request.url = workspace + "/oidc/v1/token";
    request.form = {{"grant_type", "client_credentials"}, {"scope", scope}};
    request.client_id = "client";
    request.client_secret = &secret;
    return auth::request_token(wire, request, clock, {});
  }
};

}  // namespace

TEST_CASE("a workspace's endpoints come from its OAuth metadata", "[oidc]") {
  ScriptedTransport wire;
  wire.reply(200, metadata);
  const auto endpoints = auth::discover_oidc_endpoints(wire, {workspace, "", ""}, {});
  REQUIRE(endpoints);
  CHECK(endpoints->token_endpoint == workspace + "/oidc/v1/token");
  CHECK(endpoints->authorization_endpoint == workspace + "/oidc/v1/authorize");
  CHECK(wire.request(0).url == workspace + "/oidc/.well-known/oauth-authorization-server");
}

TEST_CASE("a discovery URL is used as it is", "[oidc]") {
  ScriptedTransport wire;
  wire.reply(200, metadata);
  REQUIRE(auth::discover_oidc_endpoints(wire, {workspace, "", "https://idp.example/meta"}, {}));
  CHECK(wire.request(0).url == "https://idp.example/meta");
  const auto plain = auth::discover_oidc_endpoints(wire, {workspace, "", "http://idp.example/meta"}, {});
  REQUIRE_FALSE(plain);
  CHECK(plain.error().code == ErrorCode::configuration);
  CHECK(wire.request_count() == 1);
}

TEST_CASE("an account host's endpoints are computed without a request", "[oidc]") {
  ScriptedTransport wire;
  const auto endpoints =
      auth::discover_oidc_endpoints(wire, {"https://accounts.cloud.databricks.com", "abc-1", ""}, {});
  REQUIRE(endpoints);
  CHECK(endpoints->token_endpoint == "https://accounts.cloud.databricks.com/oidc/accounts/abc-1/v1/token");
  CHECK(wire.request_count() == 0);
  const auto without = auth::discover_oidc_endpoints(wire, {"https://accounts.cloud.databricks.com", "", ""}, {});
  REQUIRE_FALSE(without);
  CHECK(without.error().message.find("DATABRICKS_ACCOUNT_ID") != std::string::npos);
}

TEST_CASE("a unified host tells its OIDC root", "[oidc]") {
  ScriptedTransport wire;
  wire.on(
      net::HttpMethod::get, "/.well-known/databricks-config", 200,
      R"({"oidc_endpoint":"https://dbc-1.cloud.databricks.com/oidc/accounts/{account_id}/","host_type":"unified"})");
  wire.on(net::HttpMethod::get, "/oidc/accounts/acc/.well-known/oauth-authorization-server", 200, metadata);
  CHECK(auth::discover_oidc_endpoints(wire, {workspace, "acc", ""}, {}));
}

TEST_CASE("a stale account id does no harm on a workspace that knows no host metadata", "[oidc]") {
  ScriptedTransport wire;
  wire.on(net::HttpMethod::get, "/.well-known/databricks-config", 404, "{}");
  wire.on(net::HttpMethod::get, "/oidc/.well-known/oauth-authorization-server", 200, metadata);
  CHECK(auth::discover_oidc_endpoints(wire, {workspace, "acc", ""}, {}));
}

TEST_CASE("discovery failures name the URL", "[oidc]") {
  ScriptedTransport wire;
  SECTION("404") {
    wire.reply(404, "");
    const auto endpoints = auth::discover_oidc_endpoints(wire, {workspace, "", ""}, {});
    REQUIRE_FALSE(endpoints);
    CHECK(endpoints.error().code == ErrorCode::unsupported);
    CHECK(endpoints.error().message.find("OAuth is not supported for this host") != std::string::npos);
    CHECK(endpoints.error().message.find(workspace + "/oidc") != std::string::npos);
  }
  SECTION("a page instead of JSON") {
    wire.reply(200, "<html><body>Sign in</body></html>", {}, "text/html");
    const auto endpoints = auth::discover_oidc_endpoints(wire, {workspace, "", ""}, {});
    REQUIRE_FALSE(endpoints);
    CHECK(endpoints.error().code == ErrorCode::not_databricks);
    CHECK(endpoints.error().message.find(workspace) != std::string::npos);
  }
  SECTION("an endpoint without encryption") {
    wire.reply(200, R"({"token_endpoint":"http://evil.example/token"})");
    const auto endpoints = auth::discover_oidc_endpoints(wire, {workspace, "", ""}, {});
    REQUIRE_FALSE(endpoints);
    CHECK(endpoints.error().code == ErrorCode::protocol);
    CHECK(endpoints.error().message.find("http://evil.example/token") != std::string::npos);
  }
  SECTION("no endpoint") {
    wire.reply(200, "{}");
    const auto endpoints = auth::discover_oidc_endpoints(wire, {workspace, "", ""}, {});
    REQUIRE_FALSE(endpoints);
    CHECK(endpoints.error().code == ErrorCode::protocol);
  }
}

TEST_CASE("client id and secret are percent-encoded before Basic encoding", "[token]") {
  // RFC 6749 §2.3.1; the expected texts were computed with Python's base64 and urllib.parse.quote(safe='').
  CHECK(auth::basic_client_authorization("client", SecretString("secret")).reveal() == "Basic Y2xpZW50OnNlY3JldA==");
  CHECK(auth::basic_client_authorization("a:b", SecretString("p@ss w\xc3\xb6rd%+/=")).reveal() ==
        "Basic YSUzQWI6cCU0MHNzJTIwdyVDMyVCNnJkJTI1JTJCJTJGJTNE");
}

TEST_CASE("a token request is a form with HTTP Basic authentication", "[token]") {
  TokenFixture f;
  f.wire.reply(200, R"({"access_token":"abc","token_type":"bearer","expires_in":3600,"scope":"all-apis"})");
  const auto token = f.request();
  REQUIRE(token);
  CHECK(token->access_token.reveal() == "abc");
  CHECK(token->token_type == "Bearer");
  CHECK(token->lifetime == 3600s);
  CHECK(token->expires_at == f.clock.now() + 3600s);
  CHECK(token->scope == "all-apis");
  const auto seen = f.wire.request(0);
  CHECK(seen.method == net::HttpMethod::post);
  CHECK(seen.content_type == "application/x-www-form-urlencoded");
  CHECK(seen.body == "grant_type=client_credentials&scope=all-apis");
  REQUIRE(seen.secret_headers.size() == 1);
  CHECK(seen.secret_headers[0].second == "Basic Y2xpZW50OmRvc2UtcGxhbnRlZA==");
}

TEST_CASE("expires_in may be a number or text, or be missing", "[token]") {
  TokenFixture f;
  f.wire.reply(200, R"({"access_token":"a","expires_in":"3599"})");
  f.wire.reply(200, R"({"access_token":"a","expires_in":3599.0})");
  f.wire.reply(200, R"({"access_token":"a","expires_on":"1767229200"})");
  f.wire.reply(200, R"({"access_token":"a"})");
  CHECK(f.request()->lifetime == 3599s);
  CHECK(f.request()->lifetime == 3599s);
  CHECK(f.request()->lifetime == 3600s);
  CHECK(f.request()->expires_at == std::chrono::system_clock::time_point::max());
}

TEST_CASE("the JWT's own expiry counts when the endpoint states none", "[token]") {
  TokenFixture f;
  // {"alg":"none"} . {"exp":1767226200}: ten minutes after the fake clock's start.
  f.wire.reply(200, R"({"access_token":"eyJhbGciOiJub25lIn0.eyJleHAiOjE3NjcyMjYyMDB9.c2ln"})");
  const auto token = f.request();
  REQUIRE(token);
  CHECK(token->expires_at == f.clock.now() + 600s);
  CHECK(token->lifetime == 600s);
}

TEST_CASE("answers that are no token are protocol errors", "[token]") {
  const std::string body =
      GENERATE(as<std::string>{}, "{}", R"({"access_token":""})", R"({"access_token":7})", "[]", "not json",
               R"({"access_token":"a","expires_in":-5})", R"({"access_token":"a","expires_in":"soon"})",
               R"({"access_token":"a","expires_in":99999999999999})", R"({"access_token":"a\r\nX: y"})");
  TokenFixture f;
  f.wire.reply(200, body);
  const auto token = f.request();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::protocol);
  CHECK(token.error().message.find(workspace) != std::string::npos);
}

TEST_CASE("invalid_client explains which secret belongs where", "[token]") {
  TokenFixture f;
  const bool of_databricks = GENERATE(false, true);
  f.secret = SecretString(of_databricks ? "dose-planted" : "8Q~planted");
  f.wire.reply(401, R"({"error":"invalid_client","error_description":"Client authentication failed"})");
  const auto token = f.request();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::authentication_failed);
  CHECK(token.error().server_code == "invalid_client");
  CHECK_FALSE(token.error().retryable);
  REQUIRE(token.error().attempts.size() == 1);
  const std::string& fix = token.error().attempts[0].fix;
  CHECK(fix.find(of_databricks ? "neither expired nor been deleted" : "azure_client_secret") != std::string::npos);
  CHECK((token.error().message + fix).find("planted") == std::string::npos);
}

TEST_CASE("refused scopes are named", "[token]") {
  TokenFixture f;
  f.wire.reply(400, R"({"error":"access_denied","error_description":"Scopes 'all-apis' are not assigned"})");
  const auto token = f.request();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::authentication_failed);
  REQUIRE(token.error().attempts.size() == 1);
  CHECK(token.error().attempts[0].fix.find("\"all-apis\"") != std::string::npos);
}

TEST_CASE("429 and 503 of the token endpoint are retried, other refusals are final", "[token]") {
  auto wire = std::make_shared<ScriptedTransport>();
  net::RetryPolicy policy;
  policy.base_delay = 1ms;
  policy.maximum_delay = 2ms;
  const auto transport = net::make_retrying_transport(wire, policy);
  testing::FakeClock clock;
  SecretString secret("s");
  auth::TokenEndpointRequest request;
  request.url = workspace + "/oidc/v1/token";
  request.client_id = "client";
  request.client_secret = &secret;
  wire->reply(429, "{}", {{"retry-after", "0"}}).reply(503, "{}", {{"retry-after", "0"}});
  wire->reply(200, R"({"access_token":"a","expires_in":60})");
  CHECK(auth::request_token(*transport, request, clock, {}));
  CHECK(wire->request_count() == 3);
  wire->reply(400, R"({"error":"invalid_grant"})");
  CHECK_FALSE(auth::request_token(*transport, request, clock, {}));
  CHECK(wire->request_count() == 4);
}
