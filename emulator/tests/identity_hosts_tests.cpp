// SPDX-License-Identifier: Apache-2.0
// Accounts and unified hosts, limited scopes, the metadata service, and the environments of the ready line.
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "emulator_fixture.hpp"
#include "encoding/base64url.hpp"
#include "encoding/jwt_claims.hpp"
#include "seed_data.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::emulator::testing {

namespace {

constexpr const char* me = "/api/2.0/preview/scim/v2/Me";

EmulatorOptions host(const std::string& type) {
  EmulatorOptions options;
  options.seed = "empty";
  options.host_type = type;
  return options;
}

Answer log_in(TestWorkspace& workspace, const std::string& path, const std::string& id, const std::string& secret,
              const std::string& scope = "all-apis") {
  return workspace.form(path, "grant_type=client_credentials&scope=" + scope,
                        {{"Authorization", "Basic " + encoding::base64(id + ":" + secret)}});
}

std::string account_path(const TestWorkspace& workspace, const std::string& rest) {
  return "/oidc/accounts/" + workspace.credentials().account_id + rest;
}

}  // namespace

TEST_CASE("a secret that is limited to sql has no other scope") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const auto ask = [&](const std::string& scope) {
    return log_in(workspace, "/oidc/v1/token", known.limited_client_id, known.limited_client_secret, scope);
  };
  const Answer refused = ask("all-apis");
  CHECK(refused.status == 400);
  CHECK(refused.text("error") == "access_denied");
  CHECK(refused.text("error_description").rfind("Scopes 'all-apis' are not assigned", 0) == 0);
  CHECK(ask("sql%20files").text("error_description").rfind("Scopes 'files' are not assigned", 0) == 0);

  const Answer token = ask("sql");
  REQUIRE(token.status == 200);
  CHECK(token.text("scope") == "sql");
  const std::string value = token.text("access_token");
  CHECK(workspace.execute_as(value, "SELECT 1").status == 200);
  CHECK(workspace.get_as(value, me).status == 403);
  CHECK(workspace.get_as(value, "/api/2.1/unity-catalog/catalogs").status == 403);
  CHECK(log_in(workspace, "/oidc/v1/token", known.client_id, known.client_secret, "sql").status == 200);
}

TEST_CASE("the account has an authorization server and a list of workspaces") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const Answer server = workspace.send("GET", account_path(workspace, "/.well-known/oauth-authorization-server"));
  REQUIRE(server.status == 200);
  CHECK(server.text("token_endpoint") == known.url + account_path(workspace, "/v1/token"));
  const Answer token = log_in(workspace, account_path(workspace, "/v1/token"), known.client_id, known.client_secret);
  REQUIRE(token.status == 200);
  CHECK(encoding::read_jwt_claims(token.text("access_token"))->issuer == known.url + account_path(workspace, ""));

  const std::string list = "/api/2.0/accounts/" + known.account_id + "/workspaces";
  const Answer workspaces = workspace.get_as(token.text("access_token"), list);
  REQUIRE(workspaces.status == 200);
  CHECK(std::to_string(workspaces.json().at(0)["workspace_id"].integer_or(0)) == known.workspace_id);
  CHECK(workspace.get(list).status == 200);
  CHECK(workspace.get_as(workspace.user(SeedPrincipals::analyst), list).status == 403);
  CHECK(workspace.send("GET", list).status == 401);
  CHECK(workspace.get("/api/2.0/accounts/other/workspaces").status == 404);
  CHECK(workspace.send("GET", "/oidc/accounts/other/.well-known/oauth-authorization-server").status == 404);
  CHECK(log_in(workspace, "/oidc/accounts/other/v1/token", known.client_id, known.client_secret).status == 404);
}

TEST_CASE("an accounts host has no workspace API") {
  TestWorkspace workspace(host("account"));
  const auto& known = workspace.credentials();
  const Answer metadata = workspace.send("GET", "/.well-known/databricks-config");
  CHECK(metadata.text("host_type") == "account");
  CHECK(metadata.text("oidc_endpoint") == known.url + "/oidc/accounts/{account_id}");
  CHECK(metadata.json()["account_id"].is_missing());
  CHECK(metadata.json()["workspace_id"].is_missing());
  CHECK(workspace.send("GET", "/oidc/.well-known/oauth-authorization-server").status == 404);
  CHECK(log_in(workspace, "/oidc/v1/token", known.client_id, known.client_secret).status == 404);
  CHECK(log_in(workspace, account_path(workspace, "/v1/token"), known.client_id, known.client_secret).status == 200);
  CHECK(workspace.get(me).status == 404);
  CHECK(workspace.get("/api/2.0/accounts/" + known.account_id + "/workspaces").status == 200);
}

TEST_CASE("a unified host needs to know which workspace is meant") {
  TestWorkspace workspace(host("unified"));
  const auto& known = workspace.credentials();
  const Answer metadata = workspace.send("GET", "/.well-known/databricks-config");
  CHECK(metadata.text("host_type") == "unified");
  CHECK(metadata.text("account_id") == known.account_id);
  CHECK(metadata.json()["workspace_id"].is_missing());
  CHECK(workspace.send("GET", "/oidc/.well-known/oauth-authorization-server").status == 404);

  const auto as_for = [&](const std::string& id) {
    auto headers = TestWorkspace::bearer(known.token);
    headers.emplace("X-Databricks-Workspace-Id", id);
    return workspace.send("GET", me, {}, headers).status;
  };
  const Answer refused = workspace.get(me);
  CHECK(refused.status == 403);
  CHECK(refused.text("message") == "Unable to load OAuth Config");
  CHECK(as_for(known.workspace_id) == 200);
  CHECK(as_for("1") == 403);
  CHECK(workspace.get(std::string(me) + "?o=" + known.workspace_id).status == 200);
  CHECK(workspace.get("/api/2.0/accounts/" + known.account_id + "/workspaces").status == 200);
  const auto& variables = workspace.emulator().environments().by_strategy.at("oauth-m2m");
  CHECK(variables.at("DATABRICKS_WORKSPACE_ID") == known.workspace_id);
  CHECK(variables.at("DATABRICKS_ACCOUNT_ID") == known.account_id);
}

TEST_CASE("the metadata service checks its headers") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const std::string path = known.metadata_service_url.substr(known.url.size());
  const auto ask = [&](const std::string& at, const std::string& version, const std::string& host_name) {
    return workspace.send("GET", at, {},
                          {{"X-Databricks-Metadata-Version", version}, {"X-Databricks-Host", host_name}});
  };
  const Answer answer = ask(path, "1", known.url);
  REQUIRE(answer.status == 200);
  CHECK(answer.text("token_type") == "Bearer");
  CHECK(answer.json()["expires_on"].as_integer().has_value());
  CHECK_FALSE(answer.json()["expires_on"].is_string());
  CHECK(workspace.get_as(answer.text("access_token"), me).text("userName") == known.client_id);
  CHECK(ask(path, "1", known.url + "/").status == 200);
  CHECK(ask(path, "2", known.url).status == 400);
  CHECK(ask(path, "1", "https://other.example").status == 404);
  CHECK(ask("/metadata-service/guess", "1", known.url).status == 404);
  CHECK(workspace.send("GET", path).status == 400);
}

TEST_CASE("the ready line has an environment for each strategy") {
  const dbxauth::testing::TemporaryDirectory directory;
  EmulatorOptions options = host("workspace");
  options.identity_directory = directory / "identity";
  options.az_program = "/bin/true";
  TestWorkspace workspace(options);
  const auto line = base::JsonDocument::parse(workspace.emulator().ready_line(), "the ready line");
  REQUIRE(line);
  for (const char* strategy :
       {"azure-cli", "azure-client-secret", "azure-devops-oidc", "azure-msi", "azure-msi-app-service",
        "azure-msi-workload-identity", "env-oidc", "file-oidc", "github-oidc", "github-oidc-azure",
        "google-credentials", "google-id", "metadata-service", "oauth-m2m", "pat"}) {
    INFO(strategy);
    CHECK((*line)["environments"][strategy]["DATABRICKS_HOST"].string_or() == workspace.credentials().url);
  }
  for (const char* file : {"oidc_token", "federated_token", "google_key", "google_authorized_user"}) {
    INFO(file);
    struct stat status = {};
    REQUIRE(::stat(std::string((*line)["files"][file].string_or()).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(status.st_size > 0);
  }
  struct stat status = {};
  REQUIRE(::stat((directory / "identity").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("over TLS the metadata server of Google is replaced by a file") {
  const dbxauth::testing::TemporaryDirectory directory;
  EmulatorOptions options = host("workspace");
  options.tls = true;
  options.tls_directory = directory.path();
  SECTION("with a directory for it") {
    options.identity_directory = directory.path();
    TestWorkspace workspace(options);
    const auto& variables = workspace.emulator().environments().by_strategy.at("google-id");
    CHECK(variables.count("GCE_METADATA_HOST") == 0);
    CHECK(variables.at("GOOGLE_APPLICATION_CREDENTIALS") == directory / "google-authorized-user.json");
    CHECK(variables.at("DATABRICKS_CA_BUNDLE") == workspace.credentials().ca_bundle);
  }
  SECTION("without one") {
    TestWorkspace workspace(options);
    CHECK(workspace.emulator().environments().by_strategy.count("google-id") == 0);
  }
}

TEST_CASE("strategies that need a file are missing without a directory for it") {
  TestWorkspace workspace("empty");
  const auto& made = workspace.emulator().environments();
  CHECK(made.files.empty());
  for (const char* strategy : {"azure-cli", "azure-msi-workload-identity", "file-oidc", "google-credentials"})
    CHECK(made.by_strategy.count(strategy) == 0);
  CHECK(made.by_strategy.count("env-oidc") == 1);
}

TEST_CASE("a directory that cannot be made is said") {
  const dbxauth::testing::TemporaryDirectory directory;
  EmulatorOptions options = host("workspace");
  options.identity_directory = directory.write("file", "") + "/below";
  Emulator emulator(options);
  CHECK(emulator.start().find(options.identity_directory) != std::string::npos);
}

}  // namespace dbxauth::emulator::testing
