// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "auth/strategies/azure_issuers.hpp"
#include "auth/strategies/azure_token_answer.hpp"
#include "azure_fixture.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

constexpr const char* resource_id = "/subscriptions/sub-1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";
constexpr const char* user = R"({"tenantId":"home-tenant","user":{"name":"someone@example.org","type":"user"}})";
constexpr const char* service_principal =
    R"({"tenantId":"home-tenant","user":{"name":"app-id","type":"servicePrincipal"}})";
constexpr const char* managed_identity =
    R"({"tenantId":"home-tenant","user":{"name":"userAssignedIdentity","type":"servicePrincipal"}})";
constexpr const char* token_json =
    R"({"accessToken":"az-token","expires_on":1767229200,"expiresOn":"1999-01-01 00:00:00.000000","tokenType":"Bearer"})";

constexpr const char* get_token =
    "account|get-access-token|--resource|2ff814a6-3304-4ab8-85cb-cd0e6f879c1d|--output|json";
constexpr const char* show_account = "account|show|--output|json";

/// A program `az` that logs its arguments and does what the test's shell cases say. `$all` holds the arguments, each
/// with a blank before and after.
class FakeAz {
 public:
  testing::TemporaryDirectory directory;
  std::map<std::string, std::string> variables;

  FakeAz() { variables = {{"PATH", directory.path()}, {"FAKE_AZ", directory.path()}}; }

  void answers(const std::string& account, const std::string& token_cases) const {
    directory.write("az",
                    std::string("#!/bin/sh\n") +
                        "line=\"$1\"; shift; for a in \"$@\"; do line=\"$line|$a\"; done\n"
                        "printf '%s\\n' \"$line\" >> \"$FAKE_AZ/log\"\n"
                        "say() { printf '%s\\n' \"$1\"; exit 0; }\n"
                        "refuse() { printf 'WARNING: be careful\\nERROR: %s\\n' \"$1\" >&2; exit 1; }\n"
                        "case \"$line\" in 'account|show'*) " +
                        account + " ;; esac\ncase \"$line\" in\n" + token_cases + "\nesac\nexit 7\n",
                    0700);
  }
  static std::string say(const std::string& text) { return "say '" + text + "'"; }

  std::vector<std::string> calls() const {
    std::vector<std::string> lines;
    if (!directory.exists("log")) return lines;
    std::istringstream log(directory.read("log"));
    for (std::string line; std::getline(log, line);) lines.push_back(line);
    return lines;
  }
  std::size_t count(const std::string& part) const {
    const auto lines = calls();
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&part](const std::string& line) { return line.find(part) != std::string::npos; }));
  }
};

struct Cli {
  FakeAz az;
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  auth::AzureTarget target;
  auth::AzureCliSettings settings;

  Cli() {
    target.host = "https://adb-1.2.azuredatabricks.net";
    target.tenant_id = "tenant-1";
  }
  void workspace_is_of(const std::string& tenant) {
    target.tenant_id.clear();
    wire->on(net::HttpMethod::get, "/aad/auth", 302, "",
             {{"location", "https://login.microsoftonline.com/" + tenant + "/oauth2/authorize"}});
  }
  void workspace_does_not_tell() {
    target.tenant_id.clear();
    wire->on(net::HttpMethod::get, "/aad/auth", 404, "");
  }
  std::shared_ptr<auth::AzureTokenIssuer> issuer() {
    return auth::make_azure_cli_issuer(target, settings, testing::environment_of(az.variables), wire, clock);
  }
  Result<Token> token(const CallContext& context = {}) {
    return issuer()->token_for(testing::databricks_application, context);
  }
};

}  // namespace

TEST_CASE("az is asked for the configured tenant, its account looked at once", "[azure][az]") {
  Cli cli;
  cli.az.answers(FakeAz::say(GENERATE(as<std::string>{}, user, service_principal)),
                 "*) " + FakeAz::say(token_json) + ";;");
  const auto issuer = cli.issuer();
  const auto token = issuer->token_for(testing::databricks_application, {});
  REQUIRE(token);
  CHECK(token->access_token.reveal() == "az-token");
  CHECK(token->token_type == "Bearer");
  // Neither the local time beside it nor the zone of this machine counts.
  CHECK(token->expires_at == cli.clock->now() + 3600s);
  REQUIRE(issuer->token_for(testing::databricks_application, {}));
  const std::string with_tenant = std::string(get_token) + "|--tenant|tenant-1";
  CHECK(cli.az.calls() == std::vector<std::string>{show_account, with_tenant, with_tenant});
  CHECK(cli.wire->request_count() == 0);
}

TEST_CASE("az is asked for the tenant of the workspace when none is configured", "[azure][az]") {
  Cli cli;
  cli.workspace_is_of("tenant-9");
  cli.target.workspace_resource_id = resource_id;
  cli.az.answers(FakeAz::say(user), "*) " + FakeAz::say(token_json) + ";;");
  const auto issuer = cli.issuer();
  REQUIRE(issuer->token_for(testing::databricks_application, {}));
  REQUIRE(issuer->token_for(testing::public_management, {}));
  CHECK(
      cli.az.calls() ==
      std::vector<std::string>{
          show_account, std::string(get_token) + "|--tenant|tenant-9",
          "account|get-access-token|--resource|https://management.core.windows.net/|--output|json|--tenant|tenant-9"});
  CHECK(cli.wire->request_count() == 1);
}

TEST_CASE("a workspace that does not tell its tenant costs az nothing", "[azure][az]") {
  Cli cli;
  SECTION("it answers") {
    cli.workspace_does_not_tell();
  }
  SECTION("it cannot be reached") {
    cli.target.tenant_id.clear();
    cli.wire->fail(Error(ErrorCode::network, "no route"));
  }
  SECTION("it names a tenant that is an option of az") {
    cli.workspace_is_of("--debug");
  }
  SECTION("there is no host yet") {
    cli.target.tenant_id.clear();
    cli.target.host.clear();
  }
  cli.az.answers("exit 9", "*) " + FakeAz::say(token_json) + ";;");
  REQUIRE(cli.token());
  CHECK(cli.az.calls() == std::vector<std::string>{get_token});
}

TEST_CASE("a managed identity never gets a tenant", "[azure][az]") {
  Cli cli;
  const std::string account =
      GENERATE(as<std::string>{}, managed_identity,
               R"({"tenantId":"t","user":{"name":"systemAssignedIdentity","type":"servicePrincipal"}})",
               R"({"tenantId":"t","user":{"name":"someone@example.org","type":"user","cloudShellID":true}})");
  const bool inferred = GENERATE(false, true);
  if (inferred) cli.workspace_is_of("tenant-9");
  cli.az.answers(FakeAz::say(account),
                 "*'|--tenant|'*) refuse 'Tenant should not be specified' ;; *) " + FakeAz::say(token_json) + ";;");
  REQUIRE(cli.token());
  CHECK(cli.az.calls() == std::vector<std::string>{show_account, get_token});
}

TEST_CASE("a managed identity without a tenant is not asked again with one", "[azure][az]") {
  Cli cli;
  cli.workspace_does_not_tell();
  cli.az.answers(FakeAz::say(managed_identity), "*) refuse 'AADSTS50059: No tenant-identifying information' ;;");
  REQUIRE_FALSE(cli.token());
  CHECK(cli.az.count("--tenant") == 0);
  CHECK(cli.az.count("get-access-token") == 1);
}

TEST_CASE("the subscription of the resource is tried before none", "[azure][az]") {
  Cli cli;
  cli.workspace_does_not_tell();
  cli.target.workspace_resource_id = resource_id;
  const std::string with_subscription = std::string(get_token) + "|--subscription|sub-1";
  SECTION("it is there") {
    cli.az.answers("exit 9", "*) " + FakeAz::say(token_json) + ";;");
    REQUIRE(cli.token());
    CHECK(cli.az.calls() == std::vector<std::string>{with_subscription});
  }
  SECTION("az does not know it; what works is remembered") {
    cli.az.answers(
        "exit 9", std::string("*'|--subscription|'*) refuse '") +
                      GENERATE(as<std::string>{}, "No subscription found. Run az account set to select a subscription.",
                               "Subscription sub-1 not found.") +
                      "' ;; *) " + FakeAz::say(token_json) + ";;");
    const auto issuer = cli.issuer();
    REQUIRE(issuer->token_for(testing::databricks_application, {}));
    REQUIRE(issuer->token_for(testing::databricks_application, {}));
    CHECK(cli.az.calls() == std::vector<std::string>{with_subscription, get_token, get_token});
  }
  SECTION("another refusal is final") {
    cli.az.answers("exit 9", "*) refuse 'AADSTS500011: resource principal not found' ;;");
    REQUIRE_FALSE(cli.token());
    CHECK(cli.az.calls() == std::vector<std::string>{with_subscription});
  }
}

TEST_CASE("without a tenant, AADSTS50059 is answered with the tenant of the login", "[azure][az]") {
  Cli cli;
  cli.workspace_does_not_tell();
  const std::string at_home = std::string(get_token) + "|--tenant|home-tenant";
  SECTION("which works") {
    cli.az.answers(FakeAz::say(service_principal),
                   "*'|--tenant|home-tenant') " + FakeAz::say(token_json) +
                       ";; *) refuse 'AADSTS50059: No tenant-identifying information' ;;");
    REQUIRE(cli.token());
    CHECK(cli.az.calls() == std::vector<std::string>{get_token, show_account, at_home});
  }
  SECTION("which does not work either") {
    cli.az.answers(FakeAz::say(service_principal), "*) refuse 'AADSTS50059: No tenant-identifying information' ;;");
    const auto token = cli.token();
    REQUIRE_FALSE(token);
    CHECK(token.error().code == ErrorCode::authentication_failed);
    CHECK(testing::fix_of(token.error()).find("azure_tenant_id") != std::string::npos);
    CHECK(cli.az.calls() == std::vector<std::string>{get_token, show_account, at_home});
  }
}

TEST_CASE("a federated service principal is asked again without the tenant", "[azure][az]") {
  Cli cli;
  cli.az.answers(FakeAz::say(service_principal),
                 "*'|--tenant|'*) refuse 'AADSTS700024: assertion' ;; *) " + FakeAz::say(token_json) + ";;");
  const auto issuer = cli.issuer();
  REQUIRE(issuer->token_for(testing::databricks_application, {}));
  REQUIRE(issuer->token_for(testing::databricks_application, {}));
  CHECK(cli.az.calls() ==
        std::vector<std::string>{show_account, std::string(get_token) + "|--tenant|tenant-1", get_token, get_token});
}

TEST_CASE("a user is not asked again in the tenant of somebody else", "[azure][az]") {
  Cli cli;
  cli.az.answers(FakeAz::say(user), "*) refuse 'AADSTS90002: Tenant tenant-1 not found. Trace ID: 1-2' ;;");
  const auto token = cli.token();
  REQUIRE_FALSE(token);
  CHECK(cli.az.calls() == std::vector<std::string>{show_account, std::string(get_token) + "|--tenant|tenant-1"});
  CHECK(token.error().message.find("AADSTS90002") != std::string::npos);
  CHECK(token.error().message.find("Trace ID") == std::string::npos);
  CHECK(token.error().message.find("be careful") == std::string::npos);
}

TEST_CASE("another login is noticed after a failure", "[azure][az]") {
  Cli cli;
  cli.az.answers(FakeAz::say(user), "*) " + FakeAz::say(token_json) + ";;");
  const auto issuer = cli.issuer();
  REQUIRE(issuer->token_for(testing::databricks_application, {}));
  cli.az.answers(FakeAz::say(managed_identity),
                 "*'|--tenant|'*) refuse 'Tenant should not be specified' ;; *) " + FakeAz::say(token_json) + ";;");
  CHECK_FALSE(issuer->token_for(testing::databricks_application, {}));
  REQUIRE(issuer->token_for(testing::databricks_application, {}));
  CHECK(cli.az.count("account|show") == 2);
}

TEST_CASE("nobody logged in to az is unavailable, with the way to log in", "[azure][az]") {
  Cli cli;
  cli.target.tenant_id = GENERATE(as<std::string>{}, "", "tenant-1");
  if (cli.target.tenant_id.empty()) cli.target.host.clear();
  const std::string refusal = std::string("refuse '") +
                              GENERATE(as<std::string>{}, "Please run az login to setup account.",
                                       "AADSTS700082: The refresh token has expired due to inactivity.",
                                       "AADSTS50076: you must use multi-factor authentication") +
                              "'";
  cli.az.answers(refusal, "*) " + refusal + " ;;");
  const auto token = cli.token();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::authentication_failed);
  CHECK(testing::verdict_of(token.error()) == AttemptVerdict::unavailable);
  CHECK(token.error().message.find("Please run 'az login'") != std::string::npos);
  CHECK(testing::fix_of(token.error()) ==
        (cli.target.tenant_id.empty() ? "run 'az login'" : "run 'az login --tenant tenant-1'"));
  CHECK(cli.az.calls().size() == 1);
}

TEST_CASE("a machine without az has no such credentials", "[azure][az]") {
  Cli cli;
  SECTION("not in PATH") {}
  SECTION("not where the settings say") {
    cli.settings.program = "/nowhere/az";
  }
  SECTION("not where AZ_PATH says") {
    cli.az.answers(FakeAz::say(user), "*) " + FakeAz::say(token_json) + ";;");
    cli.az.variables["AZ_PATH"] = "/nowhere/az";
  }
  const auto token = cli.token();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::no_credentials);
  CHECK(testing::verdict_of(token.error()) == AttemptVerdict::unavailable);
  CHECK(token.error().message.find("the Azure CLI (az) is not installed") != std::string::npos);
  CHECK(cli.az.calls().empty());
}

TEST_CASE("AZ_PATH names the program and the child gets the reader's environment", "[azure][az]") {
  Cli cli;
  cli.az.answers(FakeAz::say(user),
                 "*) printf '%s' \"$ONLY_HERE-${HOME-none}\" > \"$FAKE_AZ/seen\"; " + FakeAz::say(token_json) + ";;");
  cli.az.variables["AZ_PATH"] = cli.az.directory / "az";
  cli.az.variables["PATH"] = "/nowhere";
  cli.az.variables["ONLY_HERE"] = "x";
  REQUIRE(cli.token());
  CHECK(cli.az.directory.read("seen") == "x-none");
}

TEST_CASE("az has a time limit, which may be set", "[azure][az]") {
  Cli cli;
  cli.target.tenant_id.clear();
  cli.target.host.clear();
  cli.az.answers("", "*) while :; do :; done ;;");
  SECTION("DBXAUTH_AZ_TIMEOUT") {
    cli.az.variables["DBXAUTH_AZ_TIMEOUT"] = "1";
    const auto token = cli.token();
    REQUIRE_FALSE(token);
    CHECK(token.error().code == ErrorCode::timed_out);
    CHECK(testing::fix_of(token.error()).find("DBXAUTH_AZ_TIMEOUT") != std::string::npos);
  }
  SECTION("the settings") {
    cli.settings.program_timeout = 50ms;
    CHECK(cli.token().error().code == ErrorCode::timed_out);
  }
  SECTION("the caller's deadline") {
    const auto token = cli.token(CallContext::with_timeout(50ms));
    REQUIRE_FALSE(token);
    CHECK(token.error().code == ErrorCode::timed_out);
    CHECK(testing::fix_of(token.error()).empty());
  }
  SECTION("cancelled") {
    CancelSource cancel;
    CallContext context;
    context.cancel = cancel.token();
    cancel.cancel();
    CHECK(cli.token(context).error().code == ErrorCode::cancelled);
    CHECK(cli.az.calls().empty());
  }
  SECTION("a limit that is none") {
    cli.az.variables["DBXAUTH_AZ_TIMEOUT"] =
        GENERATE(as<std::string>{}, "soon", "0", "-1", "1.5", "99999999999999999999");
    const auto token = cli.token();
    REQUIRE_FALSE(token);
    CHECK(token.error().code == ErrorCode::configuration);
    CHECK(token.error().message.find("DBXAUTH_AZ_TIMEOUT") != std::string::npos);
    CHECK(cli.az.calls().empty());
  }
}

TEST_CASE("what az prints is never quoted", "[azure][az]") {
  Cli cli;
  cli.target.host.clear();
  cli.target.tenant_id.clear();
  const std::string jwt = testing::unsigned_jwt(R"({"sub":"planted"})");
  const std::string behaviour = GENERATE_COPY(
      FakeAz::say("planted-output"), FakeAz::say(R"({"accessToken":""})"),
      FakeAz::say(R"({"accessToken":"planted-output","expires_on":"soon"})"),
      FakeAz::say(R"({"accessToken":"planted-output","expires_on":1767225599})"), FakeAz::say(R"(["planted-output"])"),
      "printf planted-output; exit 3", "refuse 'it failed with client_secret=planted-output and " + jwt + "'");
  cli.az.answers("exit 9", "*) " + behaviour + ";;");
  const auto token = cli.token();
  REQUIRE_FALSE(token);
  CHECK(token.error().message.find("planted-output") == std::string::npos);
  CHECK(token.error().message.find("c2lnbmF0dXJl") == std::string::npos);
}

TEST_CASE("the expiry is expires_on, then the JWT's, then the local time", "[azure][az]") {
  Cli cli;
  cli.target.host.clear();
  cli.target.tenant_id.clear();
  const std::string jwt = testing::unsigned_jwt(R"({"exp":1767232800})");
  SECTION("a number as text") {
    cli.az.answers("", "*) " + FakeAz::say(R"({"accessToken":")" + jwt + R"(","expires_on":"1767229200"})") + ";;");
    CHECK(cli.token()->expires_at == cli.clock->now() + 3600s);
  }
  SECTION("the JWT") {
    cli.az.answers("",
                   "*) " + FakeAz::say(R"({"accessToken":")" + jwt + R"(","expiresOn":"2000-01-01 00:00:00"})") + ";;");
    CHECK(cli.token()->expires_at == cli.clock->now() + 7200s);
  }
  SECTION("the local time") {
    const auto expected = std::chrono::system_clock::from_time_t(1767300000);
    const time_t moment = 1767300000;
    tm local{};
    REQUIRE(::localtime_r(&moment, &local) != nullptr);
    char text[40];
    REQUIRE(::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S.123456", &local) > 0);
    cli.az.answers("", std::string("*) ") +
                           FakeAz::say(R"({"accessToken":"opaque","expiresOn":")" + std::string(text) + R"("})") +
                           ";;");
    const auto token = cli.token();
    REQUIRE(token);
    CHECK(token->expires_at == expected);
  }
}

TEST_CASE("a local time that comes twice is read as the earlier one", "[azure][az]") {
  const char* before = ::getenv("TZ");
  const std::string saved = before == nullptr ? "" : before;
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  ::tzset();
  const auto twice = auth::parse_local_time("2026-10-25 02:30:00");
  const auto summer = auth::parse_local_time("2026-07-01 12:00:00.5");
  const auto winter = auth::parse_local_time("2026-12-01 12:00:00");
  if (before == nullptr) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", saved.c_str(), 1);
  }
  ::tzset();
  REQUIRE(twice);
  CHECK(std::chrono::system_clock::to_time_t(*twice) == 1792888200);  // 00:30 UTC
  REQUIRE(summer);
  CHECK(std::chrono::system_clock::to_time_t(*summer) == 1782900000);  // 10:00 UTC
  REQUIRE(winter);
  CHECK(std::chrono::system_clock::to_time_t(*winter) == 1796122800);  // 11:00 UTC
  for (const char* bad : {"", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01 00:00:00", "2026-01-01 24:00:00",
                          "x-01-01 00:00:00", "2026-01-01 00:00", "2026--1-01 00:00:00"}) {
    CHECK_FALSE(auth::parse_local_time(bad));
  }
}

TEST_CASE("both tokens at once look at the account and the tenant once", "[azure][az]") {
  Cli cli;
  cli.workspace_is_of("tenant-9");
  cli.target.workspace_resource_id = resource_id;
  cli.az.answers(FakeAz::say(service_principal), "*) " + FakeAz::say(token_json) + ";;");
  const auto source = auth::make_azure_source("azure-cli", cli.target, cli.issuer(),
                                              auth::ManagementToken::if_obtainable, true, cli.wire);
  REQUIRE(source);
  const auto issued = (*source)->issue({}, {});
  REQUIRE(issued);
  CHECK(testing::companion(*issued, "X-Databricks-Azure-SP-Management-Token") == "az-token");
  CHECK(testing::companion(*issued, "X-Databricks-Azure-Workspace-Resource-Id") == resource_id);
  CHECK(cli.az.count("account|show") == 1);
  CHECK(cli.az.count("get-access-token") == 2);
  CHECK(cli.az.count("|--tenant|tenant-9") == 2);
  CHECK(cli.az.count("--subscription") == 0);
  CHECK(cli.wire->request_count() == 1);
}

TEST_CASE("a user who may not have a management token goes without", "[azure][az]") {
  Cli cli;
  cli.az.answers(FakeAz::say(user), "*management*) refuse 'AADSTS500011: not found in the tenant' ;; *) " +
                                        FakeAz::say(token_json) + ";;");
  const auto source = auth::make_azure_source("azure-cli", cli.target, cli.issuer(),
                                              auth::ManagementToken::if_obtainable, GENERATE(false, true), cli.wire);
  REQUIRE(source);
  const auto issued = (*source)->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->companion_headers.empty());
  REQUIRE((*source)->issue({}, {}));
  CHECK(cli.az.count("get-access-token") == 4);
}

TEST_CASE("a tenant that az would take for an option is refused", "[azure][az]") {
  Cli cli;
  cli.target.tenant_id = GENERATE(as<std::string>{}, "--debug", "a b", "t;rm");
  cli.az.answers(FakeAz::say(user), "*) " + FakeAz::say(token_json) + ";;");
  const auto token = cli.token();
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::configuration);
  CHECK(cli.az.calls().empty());
}
