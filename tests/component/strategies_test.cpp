// SPDX-License-Identifier: Apache-2.0
// Every strategy over real HTTP, with the variables that the emulator offers for it.
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "component/client_fixture.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using dbxauth::testing::ClientFixture;
using dbxauth::testing::Overheard;
using dbxauth::testing::TemporaryDirectory;

namespace {

/// An emulator that also wrote the files of the strategies that read files.
struct IdentityFixture {
  TemporaryDirectory directory;
  ClientFixture f{"empty", {"--identity-dir", directory.path() + "/identity"}};

  ClientFixture::Variables variables(std::string_view strategy) const {
    ClientFixture::Variables variables;
    f.emulator.ready()["environments"][strategy].each_member([&](std::string_view name, const base::JsonView& value) {
      variables.emplace(std::string(name), std::string(value.string_or()));
    });
    INFO(strategy);
    REQUIRE_FALSE(variables.empty());
    return variables;
  }
  std::vector<std::string> strategies() const {
    std::vector<std::string> names;
    f.emulator.ready()["environments"].each_member(
        [&](std::string_view name, const base::JsonView&) { names.emplace_back(name); });
    return names;
  }
};

/// The strategy that an environment of the emulator is for: some strategies have several.
std::string strategy_of(const std::string& environment) {
  return environment.rfind("azure-msi", 0) == 0 ? "azure-msi" : environment;
}

bool is_secret(const std::string& variable) {
  const std::set<std::string> secrets{
      "DATABRICKS_TOKEN",      "DATABRICKS_CLIENT_SECRET",       "ARM_CLIENT_SECRET", "SYSTEM_ACCESSTOKEN",
      "DATABRICKS_OIDC_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "IDENTITY_HEADER"};
  return secrets.count(variable) != 0;
}

}  // namespace

TEST_CASE("every strategy gets in, under the rules of its own and of the Go SDK", "[strategies]") {
  const IdentityFixture identity;
  const ClientFixture& f = identity.f;
  const std::vector<std::string> environments = identity.strategies();
  const std::set<std::string> offered(environments.begin(), environments.end());
  for (const char* strategy :
       {"pat", "oauth-m2m", "metadata-service", "github-oidc", "azure-devops-oidc", "env-oidc", "file-oidc",
        "github-oidc-azure", "azure-msi", "azure-msi-app-service", "azure-msi-workload-identity", "azure-client-secret",
        "azure-cli", "google-credentials", "google-id"}) {
    INFO(strategy);
    CHECK(offered.count(strategy) == 1);
  }
  for (const ChainRules rules : {ChainRules::layered, ChainRules::databricks_sdk}) {
    for (const std::string& environment : environments) {
      INFO(to_string(rules) << ": " << environment);
      const Overheard overheard;
      ClientOptions options = f.options(identity.variables(environment));
      options.rules = rules;
      const auto client = Client::create(std::move(options));
      REQUIRE(client);
      const auto context = CallContext::with_timeout(ClientFixture::patience);
      const auto headers = client->headers(0s, context);
      INFO((headers ? std::string() : to_json(headers.error())));
      REQUIRE(headers);
      CHECK(client->config().auth_type == strategy_of(environment));
      const auto user = f.workspace(*client).current_user(context);
      INFO((user ? std::string() : user.error().message));
      REQUIRE(user);
      CHECK_FALSE(user->user_name.empty());
      for (const auto& [name, value] : identity.variables(environment)) {
        if (is_secret(name)) CHECK(overheard.text().find(value) == std::string::npos);
      }
      for (const AuthHeader& header : (*headers)->headers) {
        const std::string value(header.value.reveal());
        CHECK(overheard.text().find(value.substr(value.find(' ') + 1)) == std::string::npos);
      }
    }
  }
}

TEST_CASE("the headers of each cloud are those of the Go SDK", "[strategies]") {
  const IdentityFixture identity;
  const auto names = [&](const std::string& environment, const std::string& resource_id) {
    auto variables = identity.variables(environment);
    if (!resource_id.empty()) variables["DATABRICKS_AZURE_RESOURCE_ID"] = resource_id;
    const Client client = identity.f.client(std::move(variables));
    const auto headers = client.headers(0s, CallContext::with_timeout(ClientFixture::patience));
    INFO(environment << (headers ? std::string() : ": " + headers.error().message));
    REQUIRE(headers);
    std::vector<std::string> found;
    for (const AuthHeader& header : (*headers)->headers) found.push_back(header.name);
    return found;
  };
  using Names = std::vector<std::string>;
  const std::string management = "X-Databricks-Azure-SP-Management-Token";
  const std::string resource = "X-Databricks-Azure-Workspace-Resource-Id";
  CHECK(names("pat", "") == Names{"Authorization"});
  CHECK(names("github-oidc", "") == Names{"Authorization"});
  CHECK(names("azure-client-secret", "") == Names{"Authorization", management});
  CHECK(names("azure-msi", "") == Names{"Authorization", management});
  CHECK(names("azure-cli", "") == Names{"Authorization", management});
  CHECK(names("github-oidc-azure", "") == Names{"Authorization"});
  const std::string id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";
  CHECK(names("azure-client-secret", id) == Names{"Authorization", management, resource});
  CHECK(names("google-id", "") == Names{"Authorization", "X-Databricks-GCP-SA-Access-Token"});
  CHECK(names("google-credentials", "") == Names{"Authorization", "X-Databricks-GCP-SA-Access-Token"});
}

TEST_CASE("a hundred clients of one principal share one token", "[strategies][sharing]") {
  ClientFixture f;
  std::vector<Client> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(f.client(f.service_principal()));
  f.reset_counters();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 10; ++t) {
    threads.emplace_back([&clients, &good, t] {
      for (int i = t; i < 100; i += 10) {
        if (clients[static_cast<std::size_t>(i)].headers(0s, CallContext::with_timeout(ClientFixture::patience)))
          ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 100);
  CHECK(f.requests("POST /oidc/v1/token") == 1);

  SECTION("another principal does not") {
    auto variables = f.service_principal();
    variables["DATABRICKS_CLIENT_SECRET"] = "another";
    const auto refused = f.client(variables).headers(0s, CallContext::with_timeout(ClientFixture::patience));
    CHECK_FALSE(refused);
    CHECK(f.requests("POST /oidc/v1/token") == 2);
  }
  SECTION("the token goes with the last of them") {
    clients.clear();
    REQUIRE(f.client(f.service_principal()).headers(0s, CallContext::with_timeout(ClientFixture::patience)));
    CHECK(f.requests("POST /oidc/v1/token") == 2);
  }
  SECTION("a token that one of them had refused is renewed for all") {
    const auto before = clients[0].headers();
    REQUIRE(before);
    clients[0].reject(**before);
    const auto after = clients[1].headers(0s, CallContext::with_timeout(ClientFixture::patience));
    REQUIRE(after);
    CHECK_FALSE((*after)->headers[0].value.equals((*before)->headers[0].value));
    CHECK(f.requests("POST /oidc/v1/token") == 2);
  }
}

TEST_CASE("a unified host is found through its metadata, which is read once an hour", "[strategies][unified]") {
  TemporaryDirectory directory;
  ClientFixture f("empty", {"--host-type", "unified", "--identity-dir", directory.path() + "/identity"});
  ClientFixture::Variables variables = f.service_principal();
  SECTION("with an account id") {
    variables["DATABRICKS_ACCOUNT_ID"] = std::string(f.emulator.ready()["account_id"].string_or());
  }
  SECTION("without one") {}
  variables["DATABRICKS_WORKSPACE_ID"] = std::string(f.emulator.ready()["workspace_id"].string_or());
  for (int round = 0; round < 2; ++round) {
    const Client client = f.client(variables);
    const auto headers = client.headers(0s, CallContext::with_timeout(ClientFixture::patience));
    INFO((headers ? std::string() : to_json(headers.error())));
    REQUIRE(headers);
    CHECK((*headers)->headers.back().name == "X-Databricks-Workspace-Id");
    CHECK(f.workspace(client).current_user(CallContext::with_timeout(ClientFixture::patience)));
  }
  CHECK(f.requests("GET /.well-known/databricks-config") == 1);
}

TEST_CASE("custom headers travel with every request and with headers()", "[strategies]") {
  ClientFixture f;
  ClientOptions options = f.options(f.administrator());
  options.custom_headers["X-Team"] = "data";
  const auto client = Client::create(std::move(options));
  REQUIRE(client);
  const auto headers = client->headers();
  REQUIRE(headers);
  CHECK((*headers)->headers.back().name == "X-Team");
  CHECK(f.workspace(*client).current_user());

  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"Authorization", "Bearer x"}, {"X-Bad", "a\r\nX-Other: b"}, {"Bad Name", "x"}, {"", "x"}}) {
    ClientOptions wrong = f.options(f.administrator());
    wrong.custom_headers[name] = value;
    const auto refused = Client::create(std::move(wrong));
    INFO(name);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_argument);
  }
}

TEST_CASE("the variables of a client let another one in, as the same identity", "[strategies][environment]") {
  const IdentityFixture identity;
  for (const char* environment : {"pat", "oauth-m2m", "azure-client-secret", "metadata-service"}) {
    INFO(environment);
    const Client client = identity.f.client(identity.variables(environment));
    const auto variables = client.environment(CallContext::with_timeout(ClientFixture::patience));
    REQUIRE(variables);
    ClientFixture::Variables copied;
    for (const auto& [name, value] : *variables) copied.emplace(name, std::string(value.reveal()));
    CHECK(copied.at("DATABRICKS_AUTH_TYPE") == environment);
    const Client other = identity.f.client(copied);
    const auto context = CallContext::with_timeout(ClientFixture::patience);
    const auto one = identity.f.workspace(client).current_user(context);
    const auto two = identity.f.workspace(other).current_user(context);
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->user_name == two->user_name);
  }
}
