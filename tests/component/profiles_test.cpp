// SPDX-License-Identifier: Apache-2.0
// Profiles as programs list, change and try them.
#include "dbxauth/profiles.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "component/client_fixture.hpp"
#include "support/loopback_http_server.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using dbxauth::testing::ClientFixture;
using dbxauth::testing::LoopbackHttpServer;
using dbxauth::testing::TemporaryDirectory;

namespace {

ProfileFileOptions in(const TemporaryDirectory& home, std::map<std::string, std::string> environment = {}) {
  environment.emplace("HOME", home.path());
  ProfileFileOptions options;
  options.environment = std::move(environment);
  return options;
}

const ProfileCheck& named(const std::vector<ProfileCheck>& checks, std::string_view name) {
  for (const ProfileCheck& check : checks) {
    if (check.profile.name == name) return check;
  }
  throw std::runtime_error("no profile " + std::string(name));
}

ProfileEdit edit_of(std::initializer_list<std::pair<const char*, const char*>> values) {
  ProfileEdit edit;
  for (const auto& value : values) edit.set.emplace(value.first, SecretString(value.second));
  return edit;
}

}  // namespace

TEST_CASE("profiles are listed without their secrets and without a network", "[profiles]") {
  const TemporaryDirectory home;
  home.write(".databrickscfg",
             "host = https://early.cloud.databricks.com/\ntoken = dapi-planted\n"
             "[__settings__]\ndefault_profile = azure\nhost = https://ignored.example.com\n"
             "[azure]\nhost = adb-1.2.azuredatabricks.net/?o=42\nauth_type = azure-cli\n"
             "[account]\nhost = https://accounts.gcp.databricks.com\naccount_id = 0d26daa6\nworkspace_id = none\n"
             "[only_account]\naccount_id = 1\nauth_type = dapi0123456789abcdef0123456789abcdef\n[no_host]\ntoken = "
             "x\n[empty]\n");
  const auto profiles = list_profiles(in(home, {{"DATABRICKS_HOST", "https://elsewhere.example.com"}}));
  REQUIRE(profiles);
  REQUIRE(profiles->size() == 4);
  const Profile& early = (*profiles)[0];
  CHECK(early.name == "DEFAULT");
  CHECK(early.host == "https://early.cloud.databricks.com");
  CHECK(early.cloud == "aws");
  CHECK_FALSE(early.is_default);
  const Profile& azure = (*profiles)[1];
  CHECK(azure.host == "https://adb-1.2.azuredatabricks.net");
  CHECK(azure.workspace_id == "42");
  CHECK(azure.cloud == "azure");
  CHECK(azure.auth_type == "azure-cli");
  CHECK(azure.is_default);
  CHECK(azure.line == 6);
  const Profile& account = (*profiles)[2];
  CHECK(account.cloud == "gcp");
  CHECK(account.account_id == "0d26daa6");
  CHECK(account.workspace_id.empty());
  CHECK((*profiles)[3].name == "only_account");
  CHECK((*profiles)[3].auth_type.find("dapi") == std::string::npos);

  CHECK(list_profiles(in(home, {{"DATABRICKS_CONFIG_FILE", "~/absent"}}))->empty());
  home.write("broken", "[x\n");
  const auto broken = list_profiles(in(home, {{"DATABRICKS_CONFIG_FILE", "~/broken"}}));
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == ErrorCode::configuration);
}

TEST_CASE("each profile is tried by itself", "[profiles]") {
  ClientFixture f;
  LoopbackHttpServer account;
  account.routes().Get("/api/2.0/accounts/acc-1/workspaces", [](const httplib::Request& request,
                                                                httplib::Response& response) {
    if (request.get_header_value("Authorization") != "Bearer dapi-account-token") response.status = 401;
    response.set_content(response.status == 401 ? "{\"error_code\":\"UNAUTHENTICATED\"}" : "[]", "application/json");
  });
  account.start();
  const auto account_profile = [&](const std::string& token) {
    return "host = " + account.url() + "\naccount_id = acc-1\ndiscovery_url = " + account.url() +
           "/oidc/accounts/acc-1/.well-known/oauth-authorization-server\ntoken = " + token + "\n";
  };
  f.home.write(".databrickscfg",
               "[good]\nhost = " + f.emulator.url() + "\ntoken = " + f.emulator.token() + "\n" +
                   "[principal]\nhost = " + f.emulator.url() + "\nclient_id = " + f.emulator.client_id() +
                   "\nclient_secret = " + f.emulator.client_secret() + "\n[refused]\nhost = " + f.emulator.url() +
                   "\ntoken = dapi-planted-secret\n[nobody]\nhost = " + f.emulator.url() +
                   "\n[malformed]\nhost = http://plain.example.com\ntoken = x\n[account]\n" +
                   account_profile("dapi-account-token") + "[stranger]\n" + account_profile("dapi-planted-secret"));
  // Credentials of other layers are no profile's.
  f.home.write(".clone-xs/session.json", "{\"host\": \"" + f.emulator.url() + "\", \"token\": \"" + f.emulator.token() +
                                             "\", \"timestamp\": " +
                                             std::to_string(std::chrono::duration_cast<std::chrono::seconds>(
                                                                std::chrono::system_clock::now().time_since_epoch())
                                                                .count()) +
                                             "}");
  auto environment = f.administrator();
  environment["PATH"] = "/nowhere";
  ProfileCheckOptions options;
  options.parallelism = 3;
  options.per_profile = ClientFixture::patience;
  options.http.ca_bundle = std::string(f.emulator.ready()["ca_bundle"].string_or());
  f.reset_counters();
  const auto checks =
      check_profiles(in(f.home, environment), options, CallContext::with_timeout(ClientFixture::patience));
  REQUIRE(checks);
  REQUIRE(checks->size() == 7);
  CHECK((*checks)[0].profile.name == "good");
  CHECK(named(*checks, "good").valid);
  CHECK(named(*checks, "good").profile.auth_type == "pat");
  CHECK_FALSE(named(*checks, "good").user_name.empty());
  CHECK(named(*checks, "principal").valid);
  CHECK(named(*checks, "principal").user_name == f.emulator.client_id());
  CHECK(named(*checks, "principal").profile.auth_type == "oauth-m2m");
  CHECK(named(*checks, "refused").error->code == ErrorCode::authentication_failed);
  CHECK(named(*checks, "nobody").error->code == ErrorCode::no_credentials);
  CHECK_FALSE(named(*checks, "malformed").valid);
  CHECK(named(*checks, "account").valid);
  CHECK(named(*checks, "account").user_name.empty());
  CHECK(named(*checks, "stranger").error->code == ErrorCode::authentication_failed);
  CHECK(f.requests("GET /api/2.0/preview/scim/v2/Me") == 3);

  const std::string json = to_json(*checks);
  CHECK(json.find("planted") == std::string::npos);
  CHECK(json.find(f.emulator.token()) == std::string::npos);
  CHECK(json.find(f.emulator.client_secret()) == std::string::npos);
  const auto document = base::JsonDocument::parse(json, "the profiles");
  REQUIRE(document);
  CHECK((*document)["schema"].integer_or(0) == 1);
  int valid = 0;
  (*document)["profiles"].each_element([&](base::JsonView one) { valid += one["valid"].boolean_or(false) ? 1 : 0; });
  CHECK(valid == 3);
}

TEST_CASE("a check that is cancelled says so and one profile's deadline is its own", "[profiles]") {
  LoopbackHttpServer silent;
  silent.routes().Get(".*", [&silent](const httplib::Request&, httplib::Response&) { silent.stall(); });
  silent.start();
  const TemporaryDirectory home;
  home.write(".databrickscfg",
             "[slow]\nhost = " + silent.url() + "\ntoken = x\n[also]\nhost = " + silent.url() + "\ntoken = y\n");
  ProfileCheckOptions options;
  options.per_profile = 100ms;
  const auto checks = check_profiles(in(home), options);
  REQUIRE(checks);
  REQUIRE(checks->size() == 2);
  CHECK(named(*checks, "slow").error->code == ErrorCode::timed_out);
  CHECK(named(*checks, "also").error->code == ErrorCode::timed_out);
  CancelSource cancel;
  cancel.cancel();
  CallContext context;
  context.cancel = cancel.token();
  const auto cancelled = check_profiles(in(home), options, context);
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ErrorCode::cancelled);
}

TEST_CASE("saving a profile touches nothing else", "[profiles]") {
  const TemporaryDirectory home;
  const std::string before =
      "; mine\r\n[DEFAULT]\r\nhost = https://a.example.com # main\r\n\r\n[p]\r\nhost      = https://b.example.com\r\n"
      "token     = dapi-old\r\ncluster_id = 1\r\nmy key    = kept\r\n";
  home.write(".databrickscfg", before, 0640);
  ProfileEdit edit = edit_of({{"token", "dapi-new"}, {"auth_type", "pat"}, {"cluster_id", ""}});
  edit.remove = {"scopes", "experimental_is_unified_host"};
  REQUIRE(save_profile("p", edit, in(home)));
  CHECK(home.read(".databrickscfg") ==
        "; mine\r\n[DEFAULT]\r\nhost = https://a.example.com # main\r\n\r\n[p]\r\nhost      = https://b.example.com\r\n"
        "token     = dapi-new\r\nmy key    = kept\r\nauth_type = pat\r\n");
  CHECK(home.read(".databrickscfg.bak") == before);
}

TEST_CASE("the first profile becomes the default and goes with its setting", "[profiles]") {
  const TemporaryDirectory home;
  const ProfileFileOptions options = in(home);
  REQUIRE(save_profile("first", edit_of({{"token", "t"}, {"host", "https://a.example.com"}}), options));
  CHECK(home.read(".databrickscfg") ==
        "[first]\nhost = https://a.example.com\ntoken = t\n\n[__settings__]\ndefault_profile = first\n");
  REQUIRE(save_profile("second", edit_of({{"host", "https://b.example.com"}}), options));
  CHECK(list_profiles(options)->at(0).is_default);
  REQUIRE(set_default_profile("second", options));
  CHECK(list_profiles(options)->at(1).is_default);
  REQUIRE(remove_profile("second", options));
  CHECK(home.read(".databrickscfg") == "[first]\nhost = https://a.example.com\ntoken = t\n\n[__settings__]\n");
  const auto missing = set_default_profile("second", options);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message.find("Available profiles: first") != std::string::npos);
  CHECK(remove_profile("second", options).error().code == ErrorCode::not_found);
}

TEST_CASE("names and attributes that cannot be are refused before the file is touched", "[profiles]") {
  const TemporaryDirectory home;
  for (const char* name : {"", "__settings__", " p", "a]b", "[a", "a\nb", "a\x1b[31m"}) {
    INFO(name);
    const auto saved = save_profile(name, edit_of({{"token", "t"}}), in(home));
    REQUIRE_FALSE(saved);
    CHECK(saved.error().code == ErrorCode::invalid_argument);
    CHECK(saved.error().message.find('\x1b') == std::string::npos);
  }
  for (const char* attribute : {"tokn", "profile", "config_file"}) {
    INFO(attribute);
    const auto saved = save_profile("p", edit_of({{attribute, "dapi-planted"}}), in(home));
    REQUIRE_FALSE(saved);
    CHECK(saved.error().code == ErrorCode::invalid_argument);
    CHECK(saved.error().message.find("planted") == std::string::npos);
  }
  CHECK(set_default_profile("__settings__", in(home)).error().code == ErrorCode::invalid_argument);
  CHECK_FALSE(home.exists(".databrickscfg"));
}
