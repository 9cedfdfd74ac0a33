// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/azure_issuers.hpp"
#include "auth/strategies/refreshing_provider.hpp"
#include "azure_fixture.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::form_field;
using testing::ScriptedTransport;

namespace {

struct Secret {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  auth::AzureTarget target;

  Secret() {
    target.host = "https://adb-1.2.azuredatabricks.net";
    target.tenant_id = "tenant-1";
    wire->on(net::HttpMethod::post, "/oauth2/token", [](const testing::RecordedRequest& request) {
      const bool management = form_field(request.body, "resource") == testing::public_management;
      return Result<net::HttpResponse>(testing::http_response(
          200, management ? R"({"access_token":"management-token","token_type":"Bearer","expires_in":"3600"})"
                          : R"({"access_token":"workspace-token","token_type":"Bearer","expires_in":"3599"})"));
    });
  }

  Result<std::shared_ptr<auth::AzureTokenIssuer>> issuer() {
    return auth::make_client_secret_issuer(target, "app-id", SecretString("entra secret&="), wire, clock);
  }
  std::shared_ptr<auth::AzureSource> source(bool parallel) {
    auto made = issuer();
    REQUIRE(made);
    auto source =
        auth::make_azure_source("azure-client-secret", target, *made, auth::ManagementToken::required, parallel, wire);
    REQUIRE(source);
    return *source;
  }
};

std::string header(const AuthHeaders& headers, std::string_view name) {
  for (const AuthHeader& header : headers.headers) {
    if (header.name == name) return std::string(header.value.reveal());
  }
  return {};
}

}  // namespace

TEST_CASE("azure-client-secret sends the headers of the official SDK", "[azure]") {
  Secret azure;
  azure.target.workspace_resource_id = "/subscriptions/s/resourceGroups/g";
  auth::RefreshingProvider provider("azure-client-secret", azure.source(false), azure.clock, {});
  const auto headers = provider.headers(0s, {});
  REQUIRE(headers);
  REQUIRE((*headers)->headers.size() == 3);
  CHECK(header(**headers, "Authorization") == "Bearer workspace-token");
  CHECK(header(**headers, "X-Databricks-Azure-SP-Management-Token") == "management-token");
  CHECK(header(**headers, "X-Databricks-Azure-Workspace-Resource-Id") == "/subscriptions/s/resourceGroups/g");
  CHECK((*headers)->expires_at == azure.clock->now() + 3599s);
  CHECK(provider.headers(0s, {}));

  REQUIRE(azure.wire->request_count() == 2);
  const auto request = azure.wire->request(0);
  CHECK(request.method == net::HttpMethod::post);
  CHECK(request.url == "https://login.microsoftonline.com/tenant-1/oauth2/token");
  CHECK(request.content_type == "application/x-www-form-urlencoded");
  CHECK(request.secret_headers.empty());
  CHECK(form_field(request.body, "grant_type") == "client_credentials");
  CHECK(form_field(request.body, "client_id") == "app-id");
  CHECK(form_field(request.body, "client_secret") == "entra secret&=");
  CHECK(form_field(request.body, "resource") == testing::databricks_application);
  CHECK(request.body.find("entra secret") == std::string::npos);
  CHECK(form_field(azure.wire->request(1).body, "resource") == testing::public_management);
}

TEST_CASE("the tenant is asked of the workspace once, also by two tokens at the same time", "[azure]") {
  Secret azure;
  azure.target.tenant_id.clear();
  azure.wire->on(net::HttpMethod::get, "/aad/auth", 302, "",
                 {{"location", "https://login.microsoftonline.com/tenant-9/oauth2/authorize?x=1"}});
  const auto source = azure.source(GENERATE(false, true));
  REQUIRE(source->issue({}, {}));
  REQUIRE(source->issue({}, {}));
  CHECK(azure.wire->request_count("https://adb-1.2.azuredatabricks.net/aad/auth") == 1);
  CHECK(azure.wire->request_count("https://login.microsoftonline.com/tenant-9/oauth2/token") == 4);
  CHECK(azure.wire->request_count() == 5);
}

TEST_CASE("a workspace that does not tell its tenant is a clear error", "[azure]") {
  Secret azure;
  azure.target.tenant_id.clear();
  azure.wire->on(net::HttpMethod::get, "/aad/auth", 404, "");
  const auto issued = azure.source(GENERATE(false, true))->issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::configuration);
  CHECK(issued.error().message.find("azure_tenant_id") != std::string::npos);
  CHECK(azure.wire->request_count("/oauth2/token") == 0);
}

TEST_CASE("neither a tenant nor a host to ask for it is a clear error", "[azure]") {
  Secret azure;
  azure.target.tenant_id.clear();
  azure.target.host.clear();
  const auto issuer = azure.issuer();
  REQUIRE(issuer);
  const auto token = (*issuer)->token_for("r", {});
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::configuration);
  CHECK(testing::fix_of(token.error()).find("ARM_TENANT_ID") != std::string::npos);
  CHECK(azure.wire->request_count() == 0);
}

TEST_CASE("the authority may be replaced by https or loopback addresses only", "[azure]") {
  Secret azure;
  azure.target.authority_host = "http://127.0.0.1:9/aad";
  REQUIRE(azure.source(false)->issue({}, {}));
  CHECK(azure.wire->request(0).url == "http://127.0.0.1:9/aad/tenant-1/oauth2/token");
  for (const char* bad : {"http://login.example/", "login.example", "https://login.example/?x=1", "ftp://x"}) {
    Secret plain;
    plain.target.authority_host = bad;
    const auto refused = plain.issuer();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::configuration);
  }
}

TEST_CASE("a tenant cannot leave its place in the URL", "[azure]") {
  Secret azure;
  azure.target.tenant_id = "../x?y";
  REQUIRE(azure.source(false)->issue({}, {}));
  CHECK(azure.wire->request(0).url == "https://login.microsoftonline.com/..%2Fx%3Fy/oauth2/token");
}

TEST_CASE("refusals of Entra ID say what to change", "[azure]") {
  struct Row {
    const char* description;
    const char* advice;
  };
  const auto row = GENERATE(Row{"AADSTS7000215: Invalid client secret provided.", "value of a client secret"},
                            Row{"AADSTS7000222: The provided client secret keys are expired.", "has expired"},
                            Row{"AADSTS700016: Application was not found in the directory.", "azure_client_id"},
                            Row{"AADSTS90002: Tenant not found.", "azure_tenant_id"},
                            Row{"AADSTS50059: No tenant-identifying information found.", "azure_tenant_id"},
                            Row{"AADSTS700024: Client assertion is not within its valid time range.", "clock"},
                            Row{"something without a number", "Databricks OAuth secret"});
  const auto wire = std::make_shared<ScriptedTransport>();
  wire->reply(401, std::string(R"({"error":"invalid_client","error_description":")") + row.description +
                       R"( Trace ID: 1-2-3 Correlation ID: 4 Timestamp: 2026-11-23 00:00:00Z"})");
  auth::AzureTarget target;
  target.host = "https://adb-1.2.azuredatabricks.net";
  target.tenant_id = "tenant-1";
  const auto issuer = auth::make_client_secret_issuer(target, "app-id", SecretString("planted"), wire,
                                                      std::make_shared<testing::FakeClock>());
  REQUIRE(issuer);
  const auto token = (*issuer)->token_for("r", {});
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::authentication_failed);
  CHECK(token.error().message.find(row.description) != std::string::npos);
  CHECK(token.error().message.find("Trace ID") == std::string::npos);
  CHECK(token.error().message.find("planted") == std::string::npos);
  CHECK(testing::fix_of(token.error()).find(row.advice) != std::string::npos);
  CHECK(wire->request_count() == 1);
}

TEST_CASE("a context that has ended asks for nothing", "[azure]") {
  Secret azure;
  azure.target.tenant_id.clear();
  CancelSource cancel;
  cancel.cancel();
  CallContext context;
  context.cancel = cancel.token();
  const auto issued = azure.source(GENERATE(false, true))->issue({}, context);
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::cancelled);
  CHECK(azure.wire->request_count() == 0);
}
