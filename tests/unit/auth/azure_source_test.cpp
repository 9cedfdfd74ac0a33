// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "auth/strategies/azure_environment.hpp"
#include "auth/strategies/azure_source.hpp"
#include "azure_fixture.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using auth::ManagementToken;
using testing::companion;
using testing::ScriptedTransport;

namespace {

constexpr const char* resource_id = "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w 1";
constexpr const char* arm_url =
    "https://management.azure.com/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/"
    "w%201?api-version=2018-04-01";

struct Azure {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeIssuer> issuer = std::make_shared<testing::FakeIssuer>();
  testing::FakeClock clock;
  auth::AzureTarget target;

  Azure() { target.host = "https://adb-1.2.azuredatabricks.net"; }

  std::shared_ptr<auth::AzureSource> source(ManagementToken management, bool parallel) {
    auto made = auth::make_azure_source("azure-cli", target, issuer, management, parallel, wire);
    REQUIRE(made);
    return *made;
  }
};

Token token_until(const std::string& text, std::chrono::system_clock::time_point expires_at,
                  std::chrono::seconds lifetime) {
  Token token;
  token.access_token = SecretString(text);
  token.expires_at = expires_at;
  token.lifetime = lifetime;
  return token;
}

}  // namespace

TEST_CASE("an Azure source gives the headers of the Go SDK", "[azure]") {
  Azure azure;
  azure.target.workspace_resource_id = resource_id;
  const bool parallel = GENERATE(false, true);
  const auto issued = azure.source(ManagementToken::required, parallel)->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == std::string("token for ") + testing::databricks_application);
  REQUIRE(issued->companion_headers.size() == 2);
  CHECK(companion(*issued, "X-Databricks-Azure-SP-Management-Token") ==
        std::string("token for ") + testing::public_management);
  CHECK(companion(*issued, "X-Databricks-Azure-Workspace-Resource-Id") == resource_id);
  CHECK(azure.issuer->asked().size() == 2);
  CHECK(azure.wire->request_count() == 0);
}

TEST_CASE("github-oidc-azure sends Authorization alone", "[azure]") {
  Azure azure;
  azure.target.workspace_resource_id = resource_id;
  const auto issued = azure.source(ManagementToken::none, true)->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->companion_headers.empty());
  CHECK(azure.issuer->asked() == std::vector<std::string>{testing::databricks_application});
}

TEST_CASE("without a resource id that header is left out", "[azure]") {
  Azure azure;
  const auto issued = azure.source(ManagementToken::required, false)->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->companion_headers.size() == 1);
}

TEST_CASE("the two tokens expire together, with the one that ends first", "[azure]") {
  Azure azure;
  const auto now = azure.clock.now();
  const bool management_first = GENERATE(false, true);
  azure.issuer->answer = [&](std::string_view resource, const CallContext&) -> Result<Token> {
    const bool management = resource == testing::public_management;
    const auto lifetime = management == management_first ? 600s : 3600s;
    return token_until("t", now + lifetime, lifetime);
  };
  const auto issued = azure.source(ManagementToken::required, GENERATE(false, true))->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.expires_at == now + 600s);
  CHECK(issued->token.lifetime == 600s);
}

TEST_CASE("a management token that cannot be had is left out or fails, as the strategy says", "[azure]") {
  Azure azure;
  azure.issuer->answer = [](std::string_view resource, const CallContext&) -> Result<Token> {
    if (resource == testing::public_management) return Error(ErrorCode::authentication_failed, "no management");
    return token_until("workspace", {}, 0s);
  };
  const bool parallel = GENERATE(false, true);
  const auto without = azure.source(ManagementToken::if_obtainable, parallel)->issue({}, {});
  REQUIRE(without);
  CHECK(without->companion_headers.empty());
  const auto failed = azure.source(ManagementToken::required, parallel)->issue({}, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "no management");
}

TEST_CASE("the workspace token's failure is the one that is told", "[azure]") {
  Azure azure;
  azure.issuer->answer = [](std::string_view resource, const CallContext&) -> Result<Token> {
    if (resource == testing::public_management) return Error(ErrorCode::timed_out, "no management");
    return Error(ErrorCode::authentication_failed, "no workspace");
  };
  const bool parallel = GENERATE(false, true);
  const auto failed = azure.source(ManagementToken::required, parallel)->issue({}, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "no workspace");
  CHECK(azure.issuer->asked().size() == (parallel ? 2u : 1u));
}

TEST_CASE("a cancelled management token is not taken for one that cannot be had", "[azure]") {
  Azure azure;
  azure.issuer->answer = [](std::string_view resource, const CallContext&) -> Result<Token> {
    if (resource == testing::public_management) return Error(ErrorCode::cancelled, "cancelled");
    return token_until("workspace", {}, 0s);
  };
  const auto failed = azure.source(ManagementToken::if_obtainable, GENERATE(false, true))->issue({}, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::cancelled);
}

TEST_CASE("both tokens are asked for at the same time, under one context", "[azure]") {
  Azure azure;
  std::atomic<int> inside{0};
  std::atomic<bool> met{false};
  const CallContext context = CallContext::with_timeout(30s);
  azure.issuer->answer = [&](std::string_view, const CallContext& given) -> Result<Token> {
    ++inside;
    // Only two at once can leave this loop before the deadline.
    while (inside < 2 && given.check("waiting for the other")) std::this_thread::yield();
    if (inside == 2) met = true;
    if (given.deadline != context.deadline) return Error(ErrorCode::internal, "another deadline");
    return token_until("t", {}, 0s);
  };
  REQUIRE(azure.source(ManagementToken::required, true)->issue({}, context));
  CHECK(met);
}

TEST_CASE("without a host Azure Resource Manager is asked once for the workspace's URL", "[azure]") {
  Azure azure;
  azure.target.host.clear();
  azure.target.workspace_resource_id = resource_id;
  azure.wire->on(net::HttpMethod::get, "api-version=2018-04-01", 200,
                 R"({"properties":{"workspaceUrl":"x.dev.azuredatabricks.net"}})");
  const auto source = azure.source(ManagementToken::required, false);
  CHECK(source->host().empty());
  REQUIRE(source->issue({}, {}));
  CHECK(source->host() == "https://x.dev.azuredatabricks.net");
  REQUIRE(source->issue({}, {}));
  REQUIRE(azure.wire->request_count() == 1);
  const auto request = azure.wire->request(0);
  CHECK(request.url == arm_url);
  CHECK(request.header("Authorization") == "Bearer token for https://management.azure.com/");
  CHECK(request.headers == std::vector<std::pair<std::string, std::string>>{{"Accept", "application/json"}});
  CHECK_FALSE(request.follow_redirects);
  // The host that was found decides for which application the tokens are.
  CHECK(azure.issuer->asked() ==
        std::vector<std::string>{"https://management.azure.com/", "62a912ac-b58e-4c1d-89ea-b2dbfc7358fc",
                                 testing::public_management, "62a912ac-b58e-4c1d-89ea-b2dbfc7358fc",
                                 testing::public_management});
}

TEST_CASE("the address of Azure Resource Manager goes by the cloud or is replaced", "[azure]") {
  Azure azure;
  azure.target.host.clear();
  azure.target.workspace_resource_id = "/subscriptions/s";
  std::string expected;
  SECTION("government") {
    azure.target.environment = "usgovernment";
    expected = "https://management.usgovcloudapi.net/subscriptions/s?api-version=2018-04-01";
  }
  SECTION("china") {
    azure.target.environment = "AzureChinaCloud";
    expected = "https://management.chinacloudapi.cn/subscriptions/s?api-version=2018-04-01";
  }
  SECTION("replaced") {
    azure.target.resource_manager_url = "http://127.0.0.1:9/arm";
    expected = "http://127.0.0.1:9/arm/subscriptions/s?api-version=2018-04-01";
  }
  azure.wire->reply(200, R"({"properties":{"workspaceUrl":"adb-1.2.azuredatabricks.net"}})");
  REQUIRE(azure.source(ManagementToken::none, false)->issue({}, {}));
  CHECK(azure.wire->request(0).url == expected);
}

TEST_CASE("a workspace of this computer is reached in the clear only when it was asked for in the clear", "[azure]") {
  Azure azure;
  azure.target.host.clear();
  azure.target.workspace_resource_id = "/subscriptions/s";
  std::string expected = "https://127.0.0.1:9";
  SECTION("ARM of this computer") {
    azure.target.resource_manager_url = "http://127.0.0.1:9";
    expected = "http://127.0.0.1:9";
  }
  SECTION("ARM over TLS") {
    azure.target.resource_manager_url = "https://127.0.0.1:9";
  }
  SECTION("ARM of Azure") {}
  azure.wire->reply(200, R"({"properties":{"workspaceUrl":"127.0.0.1:9"}})");
  const auto source = azure.source(ManagementToken::none, false);
  REQUIRE(source->issue({}, {}));
  CHECK(source->host() == expected);
}

TEST_CASE("a refusal of Azure Resource Manager says what to do, and is asked again", "[azure]") {
  Azure azure;
  azure.target.host.clear();
  azure.target.workspace_resource_id = resource_id;
  azure.issuer->answer = [](std::string_view, const CallContext&) -> Result<Token> {
    return token_until("planted-arm-token", {}, 0s);
  };
  azure.wire->reply(403, R"({"error":{"code":"AuthorizationFailed","message":"The client does not have it."}})");
  azure.wire->reply(200, R"({"properties":{}})");
  const auto source = azure.source(ManagementToken::none, false);
  const auto refused = source->issue({}, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::permission_denied);
  CHECK(refused.error().server_code == "AuthorizationFailed");
  CHECK(refused.error().message.find("The client does not have it") != std::string::npos);
  CHECK(refused.error().message.find("planted") == std::string::npos);
  CHECK(testing::fix_of(refused.error()).find("Reader") != std::string::npos);
  CHECK(source->host().empty());
  const auto empty = source->issue({}, {});
  REQUIRE_FALSE(empty);
  CHECK(empty.error().code == ErrorCode::protocol);
  CHECK(empty.error().message.find("workspaceUrl") != std::string::npos);
  CHECK(azure.wire->request_count() == 2);
}

TEST_CASE("targets that cannot work are refused before any request", "[azure]") {
  Azure azure;
  SECTION("neither host nor resource id") {
    azure.target.host.clear();
  }
  SECTION("a resource id that is none") {
    azure.target.host.clear();
    azure.target.workspace_resource_id =
        GENERATE(as<std::string>{}, "workspace", "/resourceGroups/g", "/subscriptions/../x", "//a/b");
  }
  SECTION("a control character") {
    azure.target.workspace_resource_id = "/subscriptions/s\r\nX-Evil: 1";
  }
  SECTION("an unknown cloud") {
    azure.target.host = "https://w.example";
    azure.target.environment = "MARS";
  }
  SECTION("a manager on plain http") {
    azure.target.resource_manager_url = "http://arm.example";
  }
  const auto made =
      auth::make_azure_source("azure-msi", azure.target, azure.issuer, ManagementToken::required, false, azure.wire);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::configuration);
}

TEST_CASE("the tenant of a workspace is the first segment of where it sends browsers", "[azure]") {
  ScriptedTransport wire;
  wire.reply(302, "", {{"location", "https://login.microsoftonline.com/tenant-9/oauth2/authorize?x=1"}});
  const auto tenant = auth::tenant_of_workspace(wire, "https://w.example", "azure-cli", {});
  REQUIRE(tenant);
  CHECK(*tenant == "tenant-9");
  CHECK(wire.request(0).url == "https://w.example/aad/auth");
  CHECK_FALSE(wire.request(0).follow_redirects);
  CHECK(wire.request(0).secret_headers.empty());

  for (const char* location : {"", "https://login.microsoftonline.com/", "/relative/path",
                               "https://login.microsoftonline.com/common/oauth2/authorize"}) {
    wire.reply(302, "", {{"location", location}});
    const auto untold = auth::tenant_of_workspace(wire, "https://w.example", "azure-cli", {});
    REQUIRE_FALSE(untold);
    CHECK(untold.error().code == ErrorCode::configuration);
    CHECK(untold.error().message.find("azure_tenant_id") != std::string::npos);
  }
}

TEST_CASE("the host's suffix tells the Azure cloud", "[azure]") {
  struct Row {
    const char* host;
    const char* name;
    const char* authority;
    const char* resource;
    const char* resource_manager;
  };
  const auto row = GENERATE(Row{"https://adb-1.2.azuredatabricks.net", "CHINA", "https://login.microsoftonline.com/",
                                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", "https://management.azure.com/"},
                            Row{"https://adb-1.2.databricks.azure.us", "", "https://login.microsoftonline.us/",
                                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", "https://management.usgovcloudapi.net/"},
                            Row{"https://adb-1.2.databricks.azure.cn", "", "https://login.chinacloudapi.cn/",
                                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", "https://management.chinacloudapi.cn/"},
                            Row{"https://x.dev.azuredatabricks.net", "", "https://login.microsoftonline.com/",
                                "62a912ac-b58e-4c1d-89ea-b2dbfc7358fc", "https://management.azure.com/"},
                            Row{"https://x.staging.azuredatabricks.net:443", "", "https://login.microsoftonline.com/",
                                "4a67d088-db5c-48f1-9ff2-0aace800ae68", "https://management.azure.com/"},
                            Row{"http://127.0.0.1:80", "usgovernment", "https://login.microsoftonline.us/",
                                "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", "https://management.usgovcloudapi.net/"});
  const auto environment = auth::azure_environment(row.host, row.name);
  REQUIRE(environment);
  CHECK(environment->authority == row.authority);
  CHECK(environment->databricks_resource == row.resource);
  CHECK(environment->resource_manager == row.resource_manager);
  CHECK_FALSE(auth::azure_environment("https://x.example", "MARS"));
  CHECK_FALSE(auth::is_azure_host("https://azuredatabricks.net.example.org"));
}
