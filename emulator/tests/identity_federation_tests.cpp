// SPDX-License-Identifier: Apache-2.0
#include "emulator_fixture.hpp"
#include "encoding/jwt_claims.hpp"
#include "federation_service.hpp"
#include "seed_data.hpp"

namespace dbxauth::emulator::testing {

namespace {

constexpr const char* me = "/api/2.0/preview/scim/v2/Me";
constexpr const char* token_path = "/oidc/v1/token";
constexpr const char* jwt_type = "urn:ietf:params:oauth:token-type:jwt";
constexpr const char* personal_type = "urn:databricks:params:oauth:token-type:personal-access-token";

std::string exchange_form(const std::string& subject_token, const std::string& more,
                          const std::string& type = jwt_type) {
  return "grant_type=" + encoding::percent_encode("urn:ietf:params:oauth:grant-type:token-exchange") +
         "&subject_token=" + encoding::percent_encode(subject_token) +
         "&subject_token_type=" + encoding::percent_encode(type) + more;
}

std::string client(const TestWorkspace& workspace) {
  return "&client_id=" + workspace.credentials().client_id;
}

/// An ID token of the control API; `more` are further members.
std::string id_token(TestWorkspace& workspace, const std::string& audience,
                     const std::string& subject = FederationService::generic_subject, const std::string& more = {}) {
  const Answer answer =
      workspace.control("id-token", R"({"subject":")" + subject + R"(","audience":")" + audience + "\"" + more + "}");
  REQUIRE(answer.status == 200);
  return answer.text("token");
}

std::map<std::string, std::string> variables(TestWorkspace& workspace, const std::string& strategy) {
  return workspace.emulator().environments().by_strategy.at(strategy);
}

std::string path_of(const TestWorkspace& workspace, const std::string& url) {
  REQUIRE(url.rfind(workspace.credentials().url, 0) == 0);
  return url.substr(workspace.credentials().url.size());
}

std::string with_changed_end(std::string token) {
  token[token.size() - 10] = token[token.size() - 10] == 'A' ? 'B' : 'A';
  return token;
}

}  // namespace

TEST_CASE("an ID token is exchanged for a token of the service principal") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const bool for_account = GENERATE(true, false);
  const std::string audience = for_account ? known.account_id : known.url + "/oidc/v1/token";
  const Answer answer =
      workspace.form(token_path, exchange_form(id_token(workspace, audience), client(workspace) + "&scope=all-apis"));
  REQUIRE(answer.status == 200);
  CHECK(answer.text("token_type") == "Bearer");
  CHECK(answer.text("expires_in") == "3600");
  CHECK(answer.text("scope") == "all-apis");
  CHECK(answer.text("issued_token_type") == "urn:ietf:params:oauth:token-type:access_token");
  CHECK(answer.json()["refresh_token"].is_missing());
  CHECK(workspace.get_as(answer.text("access_token"), me).text("userName") == known.client_id);
}

TEST_CASE("without a client id the account-wide policy takes the subject for the user") {
  TestWorkspace workspace("empty");
  const std::string& account = workspace.credentials().account_id;
  const Answer bob =
      workspace.form(token_path, exchange_form(id_token(workspace, account, SeedPrincipals::analyst), ""));
  REQUIRE(bob.status == 200);
  CHECK(workspace.get_as(bob.text("access_token"), me).text("userName") == SeedPrincipals::analyst);
  const Answer nobody = workspace.form(token_path, exchange_form(id_token(workspace, account, "nobody"), ""));
  CHECK(nobody.status == 400);
  CHECK(nobody.text("error") == "access_denied");
  const Answer github = workspace.form(
      token_path,
      exchange_form(id_token(workspace, account, FederationService::github_subject, R"(,"issuer":"github")"), ""));
  CHECK(github.text("error") == "invalid_request");
}

TEST_CASE("an exchange is refused for what the ID token says") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const auto refused = [&](const std::string& token) {
    const Answer answer = workspace.form(token_path, exchange_form(token, client(workspace)));
    CHECK(answer.status == 400);
    CHECK(answer.body.find(token) == std::string::npos);
    return answer.text("error") + ": " + answer.text("error_description");
  };
  const std::string subject = FederationService::generic_subject;
  using Catch::Matchers::Contains;
  CHECK_THAT(refused(id_token(workspace, "https://elsewhere.example")),
             Contains("invalid_grant") && Contains("audience 'https://elsewhere.example'"));
  CHECK_THAT(refused(id_token(workspace, known.account_id, "system:serviceaccount:other")),
             Contains("access_denied") && Contains("subject 'system:serviceaccount:other'"));
  CHECK_THAT(refused(id_token(workspace, known.account_id, subject, R"(,"lifetime_s":-60)")),
             Contains("invalid_grant") && Contains("expired"));
  CHECK_THAT(refused(id_token(workspace, known.account_id, subject, R"(,"starts_in_s":600)")),
             Contains("invalid_grant") && Contains("not valid yet"));
  CHECK_THAT(refused(id_token(workspace, known.account_id, subject, R"(,"forged":true)")), Contains("signature"));
  CHECK_THAT(refused(with_changed_end(id_token(workspace, known.account_id))), Contains("signature"));
  CHECK_THAT(refused("not-a-jwt"), Contains("invalid_request"));
  // Signed by this very server, but not as an OpenID provider that a policy could trust.
  const Answer own =
      workspace.form(token_path, "grant_type=client_credentials&scope=all-apis&client_id=" + known.client_id +
                                     "&client_secret=" + known.client_secret);
  CHECK_THAT(refused(own.text("access_token")), Contains("issuer"));

  const std::string token = id_token(workspace, known.account_id);
  workspace.advance(std::chrono::seconds(301));
  CHECK_THAT(refused(token), Contains("expired"));
}

TEST_CASE("an exchange is refused for what the form says") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const std::string token = id_token(workspace, known.account_id);
  const auto error = [&](const std::string& form) { return workspace.form(token_path, form).text("error"); };
  CHECK(error(exchange_form("", client(workspace))) == "invalid_request");
  CHECK(error(exchange_form(token, client(workspace), "")) == "invalid_request");
  CHECK(error(exchange_form(token, client(workspace), "urn:example:other")) == "invalid_request");
  CHECK(error(exchange_form(token, "&client_id=nobody")) == "invalid_client");
  CHECK(error(exchange_form(token, "&client_id=" + known.limited_client_id)) == "invalid_request");
  CHECK(error(exchange_form(token, client(workspace) + "&scope=nonsense")) == "invalid_scope");
  CHECK(error(exchange_form(token, client(workspace) + "&requested_token_type=urn%3Aother")) == "invalid_request");
  const Answer narrow = workspace.form(token_path, exchange_form(token, client(workspace) + "&scope=sql"));
  CHECK(narrow.text("scope") == "sql");
  CHECK(workspace.get_as(narrow.text("access_token"), me).status == 403);
}

TEST_CASE("the announced audience is accepted") {
  EmulatorOptions options;
  options.seed = "empty";
  options.federation_audience = "urn:example:audience";
  TestWorkspace workspace(options);
  const auto announced = [&] {
    const Answer answer = workspace.send("GET", "/.well-known/databricks-config");
    return std::string(answer.json()["token_federation_default_oidc_audiences"].at(0).string_or());
  };
  CHECK(announced() == "urn:example:audience");
  const auto exchanged = [&](const std::string& audience) {
    return workspace.form(token_path, exchange_form(id_token(workspace, audience), client(workspace))).status;
  };
  CHECK(exchanged("urn:example:audience") == 200);
  workspace.set(R"({"federation_audience":"urn:example:other"})");
  CHECK(exchanged("urn:example:audience") == 400);
  CHECK(exchanged("urn:example:other") == 200);
}

TEST_CASE("a notebook's personal token is exchanged, and a token for a data plane made") {
  TestWorkspace workspace("empty");
  const std::string bob = workspace.user(SeedPrincipals::analyst);
  const Answer answer = workspace.form(token_path, exchange_form(bob, "&scope=sql", personal_type));
  REQUIRE(answer.status == 200);
  CHECK(answer.text("scope") == "sql");
  CHECK(workspace.form(token_path, exchange_form("dapi0000", "", personal_type)).text("error") == "invalid_grant");

  const std::string data_plane = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  const std::string details = "&authorization_details=" + encoding::percent_encode(R"([{"type":"workspace"}])");
  const std::string assertion = answer.text("access_token");
  CHECK(workspace.form(token_path, data_plane + assertion + details).status == 200);
  CHECK(workspace.form(token_path, data_plane + assertion).text("error") == "invalid_request");
  CHECK(workspace.form(token_path, data_plane + bob + details).text("error") == "invalid_grant");
  workspace.control("tokens/expire", R"({"kind":"oauth"})");
  CHECK(workspace.form(token_path, data_plane + assertion + details).text("error") == "invalid_grant");
}

TEST_CASE("GitHub Actions gives an ID token to who has the request token") {
  TestWorkspace workspace("empty");
  const auto job = variables(workspace, "github-oidc");
  const std::string path = path_of(workspace, job.at("ACTIONS_ID_TOKEN_REQUEST_URL"));
  const auto bearer = TestWorkspace::bearer(job.at("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
  const std::string audience = workspace.credentials().url + "/oidc/v1/token";
  const Answer answer = workspace.send("GET", path + "&audience=" + encoding::percent_encode(audience), {}, bearer);
  REQUIRE(answer.status == 200);
  const auto claims = encoding::read_jwt_claims(answer.text("value"));
  REQUIRE(claims);
  CHECK(claims->audience == std::vector<std::string>{audience});
  CHECK(claims->subject == FederationService::github_subject);
  CHECK(workspace.form(token_path, exchange_form(answer.text("value"), client(workspace))).status == 200);

  // Without an audience it is the owner's, which no policy of the workspace accepts.
  const Answer general = workspace.send("GET", path, {}, bearer);
  CHECK(workspace.form(token_path, exchange_form(general.text("value"), client(workspace))).text("error") ==
        "invalid_grant");
  CHECK(workspace.send("GET", path, {}, TestWorkspace::bearer("wrong")).status == 401);
  CHECK(workspace.send("GET", path).status == 401);
  CHECK(workspace.send("GET", "/github/id-token?audience=x", {}, bearer).status == 400);
  workspace.set(R"({"id_token_lifetime_s":0})");
  const Answer expired = workspace.send("GET", path + "&audience=" + encoding::percent_encode(audience), {}, bearer);
  const Answer refused = workspace.form(token_path, exchange_form(expired.text("value"), client(workspace)));
  CHECK(refused.text("error_description").find("expired") != std::string::npos);
}

TEST_CASE("Azure Pipelines gives an ID token, with one slash or two") {
  TestWorkspace workspace("empty");
  const auto job = variables(workspace, "azure-devops-oidc");
  const std::string collection = path_of(workspace, job.at("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"));
  REQUIRE(collection.back() == '/');
  const std::string rest = job.at("SYSTEM_TEAMPROJECTID") + "/_apis/distributedtask/hubs/" + job.at("SYSTEM_HOSTTYPE") +
                           "/plans/" + job.at("SYSTEM_PLANID") + "/jobs/" + job.at("SYSTEM_JOBID") + "/oidctoken";
  const auto bearer = TestWorkspace::bearer(job.at("SYSTEM_ACCESSTOKEN"));
  for (const std::string& path : {collection + rest, collection + "/" + rest}) {
    const Answer answer = workspace.send("POST", path + "?api-version=7.2-preview.1", {}, bearer);
    REQUIRE(answer.status == 200);
    CHECK(workspace.form(token_path, exchange_form(answer.text("oidcToken"), client(workspace))).status == 200);
  }
  CHECK(workspace.send("POST", collection + rest, {}, bearer).status == 400);
  CHECK(workspace.send("POST", collection + rest + "?api-version=7.2-preview.1").status == 401);
}

TEST_CASE("the providers publish what their tokens are checked with") {
  TestWorkspace workspace("empty");
  const std::string provider = GENERATE("/github", "/azure-devops", "/oidc-provider");
  const Answer document = workspace.send("GET", provider + "/.well-known/openid-configuration");
  REQUIRE(document.status == 200);
  CHECK(document.text("issuer") == workspace.credentials().url + provider);
  const Answer keys = workspace.send("GET", path_of(workspace, document.text("jwks_uri")));
  CHECK(keys.json()["keys"].at(0)["crv"].string_or() == "P-256");
  CHECK(keys.json()["keys"].at(0)["x"].string_or().size() == 43);
}

TEST_CASE("the control API refuses an ID token that it cannot make") {
  TestWorkspace workspace("empty");
  CHECK(workspace.control("id-token", R"({"audience":"a"})").status == 400);
  CHECK(workspace.control("id-token", R"({"subject":"s","audience":"a","issuer":"gitlab"})").status == 400);
  CHECK(workspace.control("id-token", R"({"subject":"s","audience":"a","lifetime_s":"long"})").status == 400);
}

TEST_CASE("faults and counters reach the identity services") {
  TestWorkspace workspace("empty");
  workspace.control("faults", R"({"path":"/github/*","status":503,"times":1,"headers":{"Retry-After":"1"}})");
  const auto job = variables(workspace, "github-oidc");
  const std::string path = path_of(workspace, job.at("ACTIONS_ID_TOKEN_REQUEST_URL"));
  const auto bearer = TestWorkspace::bearer(job.at("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
  CHECK(workspace.send("GET", path, {}, bearer).status == 503);
  CHECK(workspace.send("GET", path, {}, bearer).status == 200);
  const Answer counters = workspace.send("GET", "/_emulator/counters");
  CHECK(counters.json()["by_route"]["GET /github/id-token"].integer_or(0) == 2);
}

}  // namespace dbxauth::emulator::testing
