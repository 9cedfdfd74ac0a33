// SPDX-License-Identifier: Apache-2.0
// The whole path with the log open to its last level: nothing that comes out may hold a secret.
#include <set>

#include <catch2/catch.hpp>

#include "component/client_fixture.hpp"
#include "dbxauth/description.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using dbxauth::testing::ClientFixture;
using dbxauth::testing::Overheard;

namespace {

/// Texts that must not come out, and all that has come out.
struct Secrets : ClientFixture {
  Secrets() : ClientFixture("demo") {
    plant(emulator.token());
    plant(emulator.client_secret());
  }

  void plant(std::string_view secret) {
    REQUIRE(secret.size() >= 8);
    secrets.emplace(secret);
  }
  /// Whatever the client holds by now is a secret, too.
  void plant_tokens_of(const Client& client) {
    const auto headers = client.headers();
    REQUIRE(headers);
    for (const AuthHeader& header : (*headers)->headers) {
      if (header.name.find("Resource-Id") != std::string::npos) continue;
      const std::string_view value = header.value.reveal();
      plant(value.substr(0, 7) == "Bearer " ? value.substr(7) : value);
    }
  }
  void hear(const Client& client) {
    const Config config = client.config();
    heard.add(describe(client, true, CallContext::with_timeout(patience)).to_json());
    for (const ConfigValue& value : config.values) heard.add(value.name + "=" + value.value + value.provenance.place);
    for (const std::string& warning : config.warnings) heard.add(warning);
    for (const Attempt& attempt : client.attempts()) heard.add(attempt.reason + attempt.fix + attempt.layer);
  }
  void expect_silence() const {
    const std::string text = heard.text();
    REQUIRE(text.size() > 500);
    for (const std::string& secret : secrets) {
      const std::size_t at = text.find(secret);
      INFO(text.substr(at == std::string::npos ? 0 : text.rfind('\n', at) + 1, at == std::string::npos ? 0 : 300));
      CHECK(at == std::string::npos);
      // A JWT's signature alone, or a token without its ends, would be as bad.
      if (secret.size() > 40) CHECK(text.find(secret.substr(secret.size() - 30)) == std::string::npos);
    }
  }

  std::set<std::string> secrets;
  Overheard heard;
};

}  // namespace

TEST_CASE("a clone by a service principal shows no secret", "[secrets]") {
  Secrets s;
  const Client client = s.client(s.service_principal());
  const WorkspaceClient workspace = s.workspace(client);
  s.plant_tokens_of(client);
  s.hear(client);
  REQUIRE(workspace.current_user());
  const auto catalogs = workspace.catalogs();
  REQUIRE(catalogs);
  s.heard.add(to_json(*catalogs));
  CloneSpec spec;
  spec.source = "production";
  spec.destination = "staging";
  const auto plan = client.plan_clone(spec, CallContext::with_timeout(60s));
  REQUIRE(plan);
  s.heard.add(plan->to_json());
  s.heard.add(plan->to_sql_script());
  const auto report = run_clone(workspace, *plan, CallContext::with_timeout(120s),
                                [&s](const Progress& progress) { s.heard.add(progress.current); });
  REQUIRE(report);
  s.heard.add(report->to_json());
  const auto inventory =
      CatalogInventory::take(workspace, "staging", s.emulator.warehouse_id(), CallContext::with_timeout(60s));
  REQUIRE(inventory);
  s.heard.add(inventory->to_json());
  StatementRequest statement;
  statement.warehouse_id = s.emulator.warehouse_id();
  statement.sql = "SELECT * FROM staging.nowhere.nothing";
  const auto failed = workspace.execute(statement);
  REQUIRE_FALSE(failed);
  s.heard.add(failed.error());
  statement.sql = "SELECT 1";
  const auto result = workspace.execute(statement);
  REQUIRE(result);
  s.heard.add(to_json(*result));
  // A server that repeats what it was sent, and a refusal with what follows it.
  const auto token = client.token();
  REQUIRE(token);
  s.fault(R"({"path":"/api/*/Me","status":403,"body":"{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"Bearer )" +
          std::string(token->access_token.reveal()) + R"( may not\"}"})");
  const auto refused = workspace.current_user();
  REQUIRE_FALSE(refused);
  s.heard.add(refused.error());
  s.expect_silence();
}

TEST_CASE("an Azure service principal shows neither its secret nor its two tokens", "[secrets]") {
  Secrets s;
  const base::JsonView azure = s.emulator.ready()["azure"];
  const std::string secret(azure["outside_client_secret"].string_or());
  s.plant(secret);
  ClientFixture::Variables environment{{"DATABRICKS_HOST", s.emulator.url()},
                                       {"ARM_CLIENT_ID", std::string(azure["outside_client_id"].string_or())},
                                       {"ARM_CLIENT_SECRET", secret},
                                       {"ARM_TENANT_ID", std::string(azure["tenant_id"].string_or())}};
  // The variable of the authority has no ARM_ name.
  auto options = s.options(environment);
  options.set("azure_authority_host", s.emulator.url());
  options.set("azure_workspace_resource_id",
              "/subscriptions/0/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w");
  const auto client = Client::create(std::move(options));
  REQUIRE(client);
  const auto headers = client->headers();
  if (!headers) FAIL(headers.error().message);
  CHECK((*headers)->headers.size() == 3);
  s.plant_tokens_of(*client);
  s.hear(*client);
  CHECK(client->config().auth_type == "azure-client-secret");
  const auto me = s.workspace(*client).current_user();
  if (!me) s.heard.add(me.error());
  environment["ARM_CLIENT_SECRET"] = "planted-wrong-azure-secret";
  s.plant("planted-wrong-azure-secret");
  options = s.options(environment);
  options.set("azure_authority_host", s.emulator.url());
  const auto wrong = Client::create(std::move(options))->headers();
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::authentication_failed);
  s.heard.add(wrong.error());
  s.expect_silence();
}

TEST_CASE("a shared login shows neither of its tokens", "[secrets]") {
  Secrets s;
  s.plant("planted-access-token-of-a-login");
  s.plant("planted-refresh-token-of-a-login");
  s.home.write(".databricks/token-cache.json",
               R"({"version":1,"tokens":{"dev":{"access_token":"planted-access-token-of-a-login",
                   "refresh_token":"planted-refresh-token-of-a-login","expiry":"2020-01-01T00:00:00Z"}}})");
  s.home.write(".databrickscfg",
               "[dev]\nhost = " + s.emulator.url() +
                   "\nauth_type = databricks-cli\n[other]\nhost = " + s.emulator.url() +
                   "\ntoken = planted-token-of-the-other-profile\nno delimiter planted-line-of-text\n");
  s.plant("planted-token-of-the-other-profile");
  s.plant("planted-line-of-text");
  const auto broken = Client::create(s.options({{"DATABRICKS_CONFIG_PROFILE", "dev"}}));
  if (!broken) s.heard.add(broken.error());
  s.home.write(".databrickscfg", "[dev]\nhost = " + s.emulator.url() + "\nauth_type = databricks-cli\n");
  auto options = s.options({{"DATABRICKS_AUTH_TYPE", "planted-secret-in-a-wrong-place"}});
  s.plant("planted-secret-in-a-wrong-place");
  options.profile = "dev";
  const auto made = Client::create(std::move(options));
  REQUIRE(made);
  const Client& client = *made;
  const auto ended = client.headers();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == ErrorCode::authentication_failed);
  s.heard.add(ended.error());
  s.hear(client);
  s.expect_silence();
}
