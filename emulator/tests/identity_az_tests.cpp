// SPDX-License-Identifier: Apache-2.0
// The fake Azure CLI, started as clients start it: by the name `az` in a directory of PATH.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "authenticator.hpp"
#include "emulator_fixture.hpp"
#include "seed_data.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::emulator::testing {

namespace {

constexpr const char* me = "/api/2.0/preview/scim/v2/Me";
const std::string token_command =
    std::string("account get-access-token --output json --resource ") + azure_databricks_resource;

struct Outcome {
  int status = -1;
  std::string output;  ///< Of both streams.
  std::shared_ptr<base::JsonDocument> document;
  base::JsonView json() const {
    REQUIRE(document != nullptr);
    return document->root();
  }
};

class AzWorkspace {
 public:
  AzWorkspace() : workspace(options()) {}

  Outcome az(const std::string& arguments, const std::string& environment = {}) const {
    const std::string command = environment + " DBXAUTH_EMULATOR_URL=" + workspace.credentials().url + " " +
                                directory_.path() + "/az " + arguments + " 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    Outcome outcome;
    char buffer[4096];
    for (std::size_t count = 0; (count = ::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      outcome.output.append(buffer, count);
    const int ended = ::pclose(pipe);
    outcome.status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    if (auto document = base::JsonDocument::parse(outcome.output, "the output of az"))
      outcome.document = std::make_shared<base::JsonDocument>(std::move(*document));
    return outcome;
  }
  void login(const std::string& state) { REQUIRE(workspace.control("az", state).status == 200); }

 private:
  EmulatorOptions options() const {
    EmulatorOptions options;
    options.seed = "empty";
    options.identity_directory = directory_.path();
    options.az_program = DBXAUTH_EMULATOR_PROGRAM;
    return options;
  }
  dbxauth::testing::TemporaryDirectory directory_;

 public:
  mutable TestWorkspace workspace;
};

}  // namespace

TEST_CASE("az prints an account and a token as the real one does") {
  AzWorkspace machine;
  const auto& known = machine.workspace.credentials();
  const Outcome account = machine.az("account show --output json");
  REQUIRE(account.status == 0);
  CHECK(account.json()["tenantId"].string_or() == known.tenant_id);
  CHECK(account.json()["user"]["type"].string_or() == "user");
  CHECK(account.json()["user"]["name"].string_or() == SeedPrincipals::admin);

  const Outcome token = machine.az(token_command, "TZ=UTC-3");
  REQUIRE(token.status == 0);
  CHECK(token.json()["tokenType"].string_or() == "Bearer");
  CHECK(token.json()["tenant"].string_or() == known.tenant_id);
  CHECK(token.json()["subscription"].is_string());
  // Local time without a zone, here three hours ahead of UTC.
  const std::int64_t expires_on = token.json()["expires_on"].integer_or(0);
  const time_t local = static_cast<time_t>(expires_on + 3 * 3600);
  struct tm parts = {};
  ::gmtime_r(&local, &parts);
  char expected[40];
  ::strftime(expected, sizeof expected, "%Y-%m-%d %H:%M:%S.000000", &parts);
  CHECK(token.json()["expiresOn"].string_or() == expected);
  const std::string value(token.json()["accessToken"].string_or());
  CHECK(machine.workspace.get_as(value, me).text("userName") == SeedPrincipals::admin);

  const Outcome for_tenant = machine.az(token_command + " --tenant " + known.tenant_id);
  REQUIRE(for_tenant.status == 0);
  CHECK(for_tenant.json()["subscription"].is_missing());
  const Answer counters = machine.workspace.send("GET", "/_emulator/counters");
  CHECK(counters.text("az_account_show") == "1");
  CHECK(counters.text("az_get_access_token") == "2");
}

TEST_CASE("az fails in the words of the real one") {
  AzWorkspace machine;
  const auto& known = machine.workspace.credentials();
  const auto failure = [&](const std::string& arguments) {
    const Outcome outcome = machine.az(arguments);
    CHECK(outcome.status == 1);
    return outcome.output;
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(failure(token_command + " --tenant other"), Contains("AADSTS50020"));
  CHECK_THAT(failure(token_command + " --subscription other"), Contains("Subscription 'other' not found"));
  CHECK_THAT(failure(token_command + " --tenant a --subscription b"), Contains("only one of subscription and tenant"));

  machine.login(R"({"login":"managed-identity"})");
  CHECK(machine.az("account show").json()["user"]["name"].string_or() == "systemAssignedIdentity");
  CHECK_THAT(failure(token_command + " --tenant " + known.tenant_id),
             Contains("Tenant shouldn't be specified for managed identity account"));
  CHECK(machine.az(token_command).status == 0);

  machine.login(R"({"login":"service-principal","needs_tenant":true})");
  CHECK_THAT(failure(token_command), Contains("AADSTS50059"));
  CHECK(machine.az(token_command + " --tenant " + known.tenant_id).status == 0);
  CHECK_THAT(failure(token_command + " --tenant other"), Contains("AADSTS700016"));

  machine.login(R"({"login":"user","needs_tenant":false,"subscription":""})");
  CHECK_THAT(failure("account show"), Contains("No subscription found"));
  CHECK_THAT(failure(token_command), Contains("No subscription found"));
  machine.login(R"({"login":"none"})");
  CHECK_THAT(failure("account show"), Contains("Please run 'az login' to setup account."));
  CHECK_THAT(failure(token_command), Contains("Please run 'az login' to setup account."));
}

TEST_CASE("az follows what the control API sets") {
  AzWorkspace machine;
  machine.login(R"({"epoch_expiry":false,"principal":"bob@example.com"})");
  const Outcome old = machine.az(token_command);
  REQUIRE(old.status == 0);
  CHECK(old.json()["expires_on"].is_missing());
  const std::string value(old.json()["accessToken"].string_or());
  CHECK(machine.workspace.get_as(value, me).text("userName") == SeedPrincipals::analyst);

  // The active subscription belongs to another tenant: Databricks does not know its issuer.
  machine.login(R"({"tenant":"11111111-2222-3333-4444-555555555555"})");
  const Outcome foreign = machine.az(token_command);
  REQUIRE(foreign.status == 0);
  const Answer refused = machine.workspace.get_as(std::string(foreign.json()["accessToken"].string_or()), me);
  CHECK(refused.status == 400);
  CHECK(refused.text("message").find("Expected iss claim") != std::string::npos);

  machine.login(R"({"failure":"the network is down"})");
  CHECK(machine.az(token_command).output == "ERROR: the network is down\n");
  machine.login(R"({"failure":""})");
  machine.workspace.control("faults", R"({"path":"/az/*","status":500,"body":"oops","times":1})");
  CHECK(machine.az(token_command).status == 1);
  CHECK(machine.az(token_command).status == 0);
  CHECK(machine.workspace.control("az", R"({"login":"guest"})").status == 400);
  CHECK(machine.workspace.control("az", R"({"logn":"user"})").status == 400);
  CHECK(machine.workspace.control("az", R"({"tenants":"x"})").status == 400);
}

TEST_CASE("az refuses what it does not know") {
  AzWorkspace machine;
  CHECK(machine.az("login").status == 2);
  CHECK(machine.az("account show --output table").status == 2);
  CHECK(machine.az(token_command + " --scope x").status == 2);
  CHECK(machine.az("account get-access-token --resource").status == 2);
}

}  // namespace dbxauth::emulator::testing
