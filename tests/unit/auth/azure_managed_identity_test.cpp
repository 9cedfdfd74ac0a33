// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/azure_issuers.hpp"
#include "auth/strategies/azure_token_answer.hpp"
#include "azure_fixture.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::form_field;
using testing::ScriptedTransport;

namespace {

constexpr const char* token_answer =
    R"({"access_token":"msi-token","token_type":"Bearer","expires_on":"1767229200","resource":"r"})";

struct Identity {
  std::shared_ptr<ScriptedTransport> retried = std::make_shared<ScriptedTransport>();
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::map<std::string, std::string> variables;
  auth::AzureTarget target;
  auth::ManagedIdentitySettings settings;

  Identity() { target.host = "https://adb-1.2.azuredatabricks.net"; }

  Result<Token> token(const CallContext& context = {}) {
    return auth::make_managed_identity_issuer(target, settings, testing::environment_of(variables), retried, wire,
                                              clock)
        ->token_for(testing::databricks_application, context);
  }
};

}  // namespace

TEST_CASE("a managed identity asks the instance metadata service", "[azure]") {
  Identity identity;
  identity.wire->reply(200, token_answer);
  const auto token = identity.token();
  REQUIRE(token);
  CHECK(token->access_token.reveal() == "msi-token");
  CHECK(token->expires_at == identity.clock->now() + 3600s);
  CHECK(token->lifetime == 3600s);
  REQUIRE(identity.wire->request_count() == 1);
  CHECK(identity.retried->request_count() == 0);
  const auto request = identity.wire->request(0);
  CHECK(request.method == net::HttpMethod::get);
  CHECK(request.url ==
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
        "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d");
  CHECK(request.headers == std::vector<std::pair<std::string, std::string>>{{"Metadata", "true"}});
  CHECK(request.secret_headers.empty());
  CHECK(request.attempt_timeout == 0ms);
  CHECK_FALSE(request.follow_redirects);
}

TEST_CASE("a user-assigned identity is named, and resources are encoded", "[azure]") {
  Identity identity;
  identity.settings.client_id = "id&1";
  identity.settings.imds_url = "http://127.0.0.1:9/";
  identity.wire->reply(200, token_answer);
  const auto issuer = auth::make_managed_identity_issuer(identity.target, identity.settings,
                                                         testing::environment_of({{"AZURE_CLIENT_ID", "other"}}),
                                                         identity.retried, identity.wire, identity.clock);
  REQUIRE(issuer->token_for("https://management.core.windows.net/", {}));
  CHECK(identity.wire->request(0).url ==
        "http://127.0.0.1:9/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
        "https%3A%2F%2Fmanagement.core.windows.net%2F&client_id=id%261");
}

TEST_CASE("App Service comes before everything else", "[azure]") {
  Identity identity;
  identity.settings.client_id = GENERATE(as<std::string>{}, "", "c-1");
  identity.settings.explicit_choice = GENERATE(false, true);
  identity.variables = {{"IDENTITY_ENDPOINT", "http://169.254.255.2:8081/msi/token"},
                        {"IDENTITY_HEADER", "planted-header"},
                        {"AZURE_FEDERATED_TOKEN_FILE", "/nowhere"},
                        {"AZURE_CLIENT_ID", "c"},
                        {"AZURE_TENANT_ID", "t"}};
  identity.wire->reply(200, R"({"access_token":"msi-token","expires_on":1767229200})");
  const auto token = identity.token();
  REQUIRE(token);
  CHECK(token->expires_at == identity.clock->now() + 3600s);
  REQUIRE(identity.wire->request_count() == 1);
  const auto request = identity.wire->request(0);
  CHECK(request.url ==
        "http://169.254.255.2:8081/msi/token?api-version=2019-08-01&resource=2ff814a6-3304-4ab8-85cb-cd0e6f879c1d" +
            std::string(identity.settings.client_id.empty() ? "" : "&client_id=c-1"));
  CHECK(request.headers.empty());
  CHECK(request.secret_headers ==
        std::vector<std::pair<std::string, std::string>>{{"X-IDENTITY-HEADER", "planted-header"}});
}

TEST_CASE("an endpoint without its header is not App Service", "[azure]") {
  Identity identity;
  identity.variables = {{"IDENTITY_ENDPOINT", "http://127.0.0.1:40342/metadata"}};
  identity.wire->reply(200, token_answer);
  REQUIRE(identity.token());
  CHECK(identity.wire->request_count("http://169.254.169.254/") == 1);
}

TEST_CASE("the identity's secret goes over https or to the machine's own link only", "[azure]") {
  Identity identity;
  const std::string url =
      GENERATE(as<std::string>{}, "http://identity.example/msi", "http://10.0.0.1/msi", "ftp://127.0.0.1/", "nonsense");
  SECTION("App Service") {
    identity.variables = {{"IDENTITY_ENDPOINT", url}, {"IDENTITY_HEADER", "planted-header"}};
  }
  SECTION("pod identity") {
    identity.variables = {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", url}};
  }
  SECTION("the metadata service") {
    identity.settings.imds_url = url;
  }
  const auto token = identity.token();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::configuration);
  CHECK(token.error().message.find("planted") == std::string::npos);
  CHECK(identity.wire->request_count() == 0);
}

TEST_CASE("the pod identity's address replaces that of the metadata service", "[azure]") {
  Identity identity;
  identity.variables = {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://[fe80::1]:8080/"}};
  identity.wire->reply(200, token_answer);
  REQUIRE(identity.token());
  CHECK(identity.wire->request_count("http://[fe80::1]:8080/metadata/identity/oauth2/token?") == 1);
}

TEST_CASE("workload identity exchanges the token file, read each time", "[azure]") {
  Identity identity;
  const testing::TemporaryDirectory directory;
  const std::string file = directory.write("token", "file-token-1\n");
  identity.variables = {{"AZURE_FEDERATED_TOKEN_FILE", file},
                        {"AZURE_CLIENT_ID", "aks-client"},
                        {"AZURE_TENANT_ID", "aks-tenant"},
                        {"AZURE_AUTHORITY_HOST", "https://login.example/"}};
  identity.retried->on(net::HttpMethod::post, "/oauth2/token", 200, R"({"access_token":"t","expires_in":3600})");
  REQUIRE(identity.token());
  directory.write("token", "file-token-2\n");
  identity.settings.client_id = "own-client";
  identity.target.tenant_id = "own-tenant";
  REQUIRE(identity.token());

  CHECK(identity.wire->request_count() == 0);
  REQUIRE(identity.retried->request_count() == 2);
  const auto first = identity.retried->request(0);
  CHECK(first.url == "https://login.example/aks-tenant/oauth2/token");
  CHECK(form_field(first.body, "client_id") == "aks-client");
  CHECK(form_field(first.body, "client_assertion") == "file-token-1");
  CHECK(form_field(first.body, "resource") == testing::databricks_application);
  const auto second = identity.retried->request(1);
  CHECK(second.url == "https://login.example/own-tenant/oauth2/token");
  CHECK(form_field(second.body, "client_id") == "own-client");
  CHECK(form_field(second.body, "client_assertion") == "file-token-2");
}

TEST_CASE("a token file without client and tenant is passed over and mentioned", "[azure]") {
  Identity identity;
  identity.variables = {{"AZURE_FEDERATED_TOKEN_FILE", "/nowhere"}, {"AZURE_CLIENT_ID", "c"}};
  identity.wire->reply(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
  const auto token = identity.token();
  REQUIRE_FALSE(token);
  CHECK(token.error().message.find("AZURE_FEDERATED_TOKEN_FILE") != std::string::npos);
  CHECK(identity.retried->request_count() == 0);
}

TEST_CASE("a probe waits one second, tries once, and finds nothing", "[azure]") {
  Identity identity;
  identity.settings.explicit_choice = false;
  SECTION("nobody answers") {
    Error error(ErrorCode::timed_out, "no connection in time");
    error.server_code = net::kNotSent;
    error.retryable = true;
    identity.wire->fail(error);
  }
  SECTION("a machine without an identity") {
    identity.wire->reply(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
  }
  SECTION("another cloud") {
    identity.wire->reply(404, "<html><title>404</title></html>", {}, "text/html");
  }
  SECTION("a captive portal") {
    identity.wire->reply(200, "<html><title>Welcome</title></html>", {}, "text/html");
  }
  const auto token = identity.token();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::no_credentials);
  CHECK(token.error().server_code != net::kNotSent);
  CHECK(testing::verdict_of(token.error()) == AttemptVerdict::unavailable);
  CHECK_FALSE(testing::fix_of(token.error()).empty());
  REQUIRE(identity.wire->request_count() == 1);
  CHECK(identity.wire->request(0).attempt_timeout == 1000ms);
}

TEST_CASE("a probe does not hide a service that is busy", "[azure]") {
  Identity identity;
  identity.settings.explicit_choice = false;
  identity.wire->reply(429, R"({"error":"too_many_requests"})");
  const auto token = identity.token();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::rate_limited);
  CHECK(testing::verdict_of(token.error()) == AttemptVerdict::unavailable);
  CHECK(identity.wire->request_count() == 1);
}

TEST_CASE("an identity that was asked for is worth waiting for", "[azure]") {
  Identity identity;
  for (const int status : {410, 429, 500, 503}) identity.wire->reply(status, "{}", {{"retry-after", "0"}});
  identity.wire->reply(200, token_answer);
  REQUIRE(identity.token());
  CHECK(identity.wire->request_count() == 5);
}

TEST_CASE("the wait for an identity ends with the caller's patience", "[azure]") {
  Identity identity;
  identity.wire->on(net::HttpMethod::get, "/metadata/", 410, "{}", {{"retry-after", "60"}});
  const auto late = identity.token(CallContext::with_timeout(10s));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::unavailable);
  CHECK(late.error().retryable);
  CHECK(identity.wire->request_count() == 1);

  CancelSource cancel;
  CallContext context;
  context.cancel = cancel.token();
  Identity cancelled;
  cancelled.wire->reply_with([&cancel](const testing::RecordedRequest&) -> Result<net::HttpResponse> {
    cancel.cancel();
    return testing::http_response(503, "{}");
  });
  const auto ended = cancelled.token(context);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == ErrorCode::cancelled);
  CHECK(cancelled.wire->request_count() == 1);
}

TEST_CASE("an identity that was asked for and is not there is a failure with advice", "[azure]") {
  Identity identity;
  identity.settings.client_id = GENERATE(as<std::string>{}, "", "c-1");
  identity.wire->reply(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
  const auto missing = identity.token();
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::authentication_failed);
  CHECK(missing.error().message.find("Identity not found") != std::string::npos);
  CHECK(testing::fix_of(missing.error()).find("azure_client_id") != std::string::npos);

  Error refused(ErrorCode::network, "connection refused");
  refused.server_code = net::kNotSent;
  identity.wire->fail(refused);
  const auto unreachable = identity.token();
  REQUIRE_FALSE(unreachable);
  CHECK(unreachable.error().code == ErrorCode::network);
  CHECK(unreachable.error().server_code.empty());
  CHECK(unreachable.error().message.find("169.254.169.254") != std::string::npos);
  CHECK(identity.wire->request_count() == 2);
}

TEST_CASE("answers of metadata services are read with care", "[azure]") {
  Identity identity;
  struct Row {
    const char* body;
    long long seconds;  // Until the expiry; 0: refused.
  };
  const auto row =
      GENERATE(Row{R"({"access_token":"planted","expires_on":"1767229200"})", 3600},
               Row{R"({"access_token":"planted","expires_on":1767229200.5})", 3600},
               Row{R"({"access_token":"planted","expires_on":"01/01/2026 01:00:00 +00:00"})", 3600},
               Row{R"({"access_token":"planted","expires_on":"1/1/2026 1:00:00 AM +00:00"})", 3600},
               Row{R"({"access_token":"planted","expires_on":"1/1/2026 12:00:01 AM"})", 1},
               Row{R"({"access_token":"planted","expires_on":"1/1/2026 1:00:00 PM +00:00"})", 13 * 3600},
               Row{R"({"access_token":"planted","expires_on":"2026-01-01T01:00:00Z"})", 3600},
               Row{R"({"access_token":"planted","expires_in":"600"})", 600},
               Row{R"({"access_token":"planted","expires_on":"","expires_in":600})", 600},
               Row{R"({"access_token":"planted","expires_on":"1/1/2026 1:00:00 AM +02:00"})", 0},
               Row{R"({"access_token":"planted","expires_on":"13/40/2026 1:00:00 AM"})", 0},
               Row{R"({"access_token":"planted","expires_on":"soon"})", 0},
               Row{R"({"access_token":"planted","expires_on":-5})", 0},
               Row{R"({"access_token":"planted","expires_on":99999999999999999})", 0},
               Row{R"({"access_token":"planted","expires_on":"1767225599"})", 0},
               Row{R"({"access_token":"planted\nX: y"})", 0}, Row{R"({"access_token":""})", 0},
               Row{R"({"token":"planted"})", 0}, Row{R"(["planted"])", 0}, Row{R"({"access_token":"planted")", 0});
  identity.wire->reply(200, row.body);
  const auto token = identity.token();
  if (row.seconds > 0) {
    REQUIRE(token);
    CHECK(token->expires_at == identity.clock->now() + std::chrono::seconds(row.seconds));
  } else {
    REQUIRE_FALSE(token);
    CHECK(token.error().message.find("planted") == std::string::npos);
  }
}
