// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/azure_client_secret.hpp"
#include "auth/strategies/azure_environment.hpp"
#include "auth/strategies/basic.hpp"
#include "auth/strategies/notebook.hpp"
#include "auth/strategies/oauth_m2m.hpp"
#include "auth/strategies/pat.hpp"
#include "auth/strategies/refreshing_provider.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

std::string header(const AuthHeaders& headers, std::string_view name) {
  for (const AuthHeader& header : headers.headers) {
    if (header.name == name) return std::string(header.value.reveal());
  }
  return {};
}

struct Azure {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  auth::AzureClientSecretSettings settings;

  Azure() {
    settings.host = "https://adb-1.2.azuredatabricks.net";
    settings.client_id = "app-id";
    settings.client_secret = SecretString("entra secret&=");
    settings.tenant_id = "tenant-1";
    wire->on(net::HttpMethod::post, "/oauth2/token", [](const testing::RecordedRequest& request) {
      const bool management = request.body.find("resource=https%3A%2F%2Fmanagement") != std::string::npos;
      return Result<net::HttpResponse>(testing::http_response(
          200, management ? R"({"access_token":"management-token","token_type":"Bearer","expires_in":"3600"})"
                          : R"({"access_token":"workspace-token","token_type":"Bearer","expires_in":"3599"})"));
    });
  }

  Result<AuthHeadersPtr> headers() {
    auto source = auth::make_azure_client_secret_source(std::move(settings), wire, clock);
    if (!source) return source.error();
    auth::RefreshingProvider provider("azure-client-secret", *source, clock, {});
    return provider.headers(0s, {});
  }
};

}  // namespace

TEST_CASE("a personal access token is sent as Bearer, without white space around it", "[pat]") {
  const auto provider = auth::make_pat_provider(" \tdapi-planted\r\n");
  REQUIRE(provider);
  const auto headers = (*provider)->headers(0s, {});
  REQUIRE(headers);
  CHECK(header(**headers, "Authorization") == "Bearer dapi-planted");
  CHECK((*headers)->strategy == "pat");
  CHECK((*provider)->token(0s, {})->access_token.reveal() == "dapi-planted");
}

TEST_CASE("a personal access token with control characters is refused and not quoted", "[pat]") {
  const std::string token = GENERATE(as<std::string>{}, "dapi\nplanted", "dapi planted",
                                     std::string("dapi\0planted", 12), "  ", "dapi-planted\r\nX-Evil: 1");
  const auto provider = auth::make_pat_provider(token);
  REQUIRE_FALSE(provider);
  CHECK(provider.error().code == ErrorCode::configuration);
  CHECK(provider.error().message.find("planted") == std::string::npos);
}

TEST_CASE("basic credentials are encoded as they are", "[basic]") {
  const auto provider = auth::make_basic_provider("someone@example.org", SecretString("p:\xc3\xa4ss w\"rd"));
  REQUIRE(provider);
  const auto headers = (*provider)->headers(0s, {});
  REQUIRE(headers);
  CHECK(header(**headers, "Authorization") == "Basic c29tZW9uZUBleGFtcGxlLm9yZzpwOsOkc3MgdyJyZA==");
  const auto token = (*provider)->token(0s, {});
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::unsupported);
  CHECK_FALSE(auth::make_basic_provider("a:b", SecretString("x")));
  CHECK_FALSE(auth::make_basic_provider("a", SecretString("x\ny")));
}

TEST_CASE("oauth-m2m asks for its scopes and remembers the endpoint", "[m2m]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  const auto clock = std::make_shared<testing::FakeClock>();
  wire->on(net::HttpMethod::get, "/oidc/.well-known/oauth-authorization-server", 200,
           R"({"token_endpoint":"https://w.example/oidc/v1/token"})");
  wire->on(net::HttpMethod::post, "/oidc/v1/token", 200, R"({"access_token":"t","expires_in":3600})");
  auth::OauthM2mSettings settings;
  settings.target.host = "https://w.example";
  settings.client_id = "id";
  settings.client_secret = SecretString("planted");
  std::string expected = "scope=all-apis";
  SECTION("none given") {}
  SECTION("given in any order, some twice") {
    settings.scopes = {"sql", "files", "sql"};
    expected = "scope=files%20sql";
  }
  const auto source = auth::make_oauth_m2m_source(std::move(settings), wire, clock);
  REQUIRE(source->issue({}, {}));
  REQUIRE(source->issue({}, {}));
  CHECK(wire->request_count("well-known") == 1);
  std::string body = wire->request(1).body;
  for (auto at = body.find('+'); at != std::string::npos; at = body.find('+')) body.replace(at, 1, "%20");
  CHECK(body.find(expected) != std::string::npos);
  CHECK(body.find("planted") == std::string::npos);
}

TEST_CASE("azure-client-secret sends the headers of the official SDK", "[azure]") {
  Azure azure;
  azure.settings.workspace_resource_id =
      "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";
  const auto headers = azure.headers();
  REQUIRE(headers);
  REQUIRE((*headers)->headers.size() == 3);
  CHECK(header(**headers, "Authorization") == "Bearer workspace-token");
  CHECK(header(**headers, "X-Databricks-Azure-SP-Management-Token") == "management-token");
  CHECK(header(**headers, "X-Databricks-Azure-Workspace-Resource-Id") ==
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w");
  CHECK((*headers)->expires_at == azure.clock->now() + 3599s);

  REQUIRE(azure.wire->request_count() == 2);
  CHECK(azure.wire->request(0).url == "https://login.microsoftonline.com/tenant-1/oauth2/token");
  const std::string body = azure.wire->request(0).body;
  CHECK(body.find("grant_type=client_credentials") != std::string::npos);
  CHECK(body.find("client_id=app-id") != std::string::npos);
  CHECK(body.find("resource=2ff814a6-3304-4ab8-85cb-cd0e6f879c1d") != std::string::npos);
  CHECK(body.find("entra secret&=") == std::string::npos);
  CHECK(azure.wire->request(1).body.find("resource=https%3A%2F%2Fmanagement.core.windows.net%2F") != std::string::npos);
}

TEST_CASE("without a resource id that header is left out", "[azure]") {
  Azure azure;
  const auto headers = azure.headers();
  REQUIRE(headers);
  CHECK((*headers)->headers.size() == 2);
}

TEST_CASE("the tenant is asked of the workspace when it is not set", "[azure]") {
  Azure azure;
  azure.settings.tenant_id.clear();
  azure.wire->on(net::HttpMethod::get, "/aad/auth", 302, "",
                 {{"location", "https://login.microsoftonline.com/tenant-9/oauth2/authorize?x=1"}});
  REQUIRE(azure.headers());
  CHECK(azure.wire->request(0).url == "https://adb-1.2.azuredatabricks.net/aad/auth");
  CHECK_FALSE(azure.wire->request(0).follow_redirects);
  CHECK(azure.wire->request(1).url == "https://login.microsoftonline.com/tenant-9/oauth2/token");
}

TEST_CASE("a workspace that does not tell its tenant is a clear error", "[azure]") {
  Azure azure;
  azure.settings.tenant_id.clear();
  azure.wire->on(net::HttpMethod::get, "/aad/auth", 404, "");
  const auto headers = azure.headers();
  REQUIRE_FALSE(headers);
  CHECK(headers.error().code == ErrorCode::configuration);
  CHECK(headers.error().message.find("azure_tenant_id") != std::string::npos);
}

TEST_CASE("the authority may be replaced by https or loopback addresses only", "[azure]") {
  Azure azure;
  azure.settings.authority_host = "http://127.0.0.1:9/aad";
  REQUIRE(azure.headers());
  CHECK(azure.wire->request(0).url == "http://127.0.0.1:9/aad/tenant-1/oauth2/token");
  Azure plain;
  plain.settings.authority_host = "http://login.example/";
  const auto refused = plain.headers();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::configuration);
  CHECK(plain.wire->request_count() == 0);
}

TEST_CASE("the host's suffix tells the Azure cloud", "[azure]") {
  struct Row {
    const char* host;
    const char* name;
    const char* authority;
    const char* resource;
  };
  const auto row = GENERATE(Row{"https://adb-1.2.azuredatabricks.net", "CHINA", "https://login.microsoftonline.com/",
                                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"},
                            Row{"https://adb-1.2.databricks.azure.us", "", "https://login.microsoftonline.us/",
                                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"},
                            Row{"https://adb-1.2.databricks.azure.cn", "", "https://login.chinacloudapi.cn/",
                                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"},
                            Row{"https://x.dev.azuredatabricks.net", "", "https://login.microsoftonline.com/",
                                "62a912ac-b58e-4c1d-89ea-b2dbfc7358fc"},
                            Row{"https://x.staging.azuredatabricks.net:443", "", "https://login.microsoftonline.com/",
                                "4a67d088-db5c-48f1-9ff2-0aace800ae68"},
                            Row{"http://127.0.0.1:80", "usgovernment", "https://login.microsoftonline.us/",
                                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"});
  const auto environment = auth::azure_environment(row.host, row.name);
  REQUIRE(environment);
  CHECK(environment->authority == row.authority);
  CHECK(environment->databricks_resource == row.resource);
  CHECK_FALSE(auth::azure_environment("https://x.example", "MARS"));
  CHECK_FALSE(auth::is_azure_host("https://azuredatabricks.net.example.org"));
}

TEST_CASE("a notebook brings its host along and is asked again after a refusal", "[notebook]") {
  int calls = 0;
  auth::NotebookSource source(
      [&calls]() -> Result<NotebookContext> {
        NotebookContext context;
        context.host = "adb-1.2.azuredatabricks.net/";
        context.token = SecretString("notebook-" + std::to_string(++calls));
        return context;
      },
      "");
  const auto first = source.issue({}, {});
  REQUIRE(first);
  CHECK(first->token.access_token.reveal() == "notebook-1");
  CHECK(source.host() == "https://adb-1.2.azuredatabricks.net");
  auth::TokenDemand demand;
  demand.rejected = &first->token.access_token;
  CHECK(source.issue(demand, {})->token.access_token.reveal() == "notebook-2");
}

TEST_CASE("a notebook of another workspace than the one asked for is not used", "[notebook]") {
  auth::NotebookSource source(
      []() -> Result<NotebookContext> {
        return NotebookContext{"https://a.example", SecretString("planted")};
      },
      "https://b.example");
  const auto issued = source.issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().message.find("https://a.example") != std::string::npos);
  CHECK(issued.error().message.find("planted") == std::string::npos);
}
