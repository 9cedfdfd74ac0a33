// SPDX-License-Identifier: Apache-2.0
#include "authenticator.hpp"
#include "crypto.hpp"
#include "emulator_fixture.hpp"
#include "encoding/base64url.hpp"
#include "encoding/jwt_claims.hpp"
#include "seed_data.hpp"

namespace dbxauth::emulator::testing {

namespace {

constexpr const char* me = "/api/2.0/preview/scim/v2/Me";
constexpr const char* token_path = "/oidc/v1/token";

httplib::Headers basic(const std::string& id, const std::string& secret) {
  return {{"Authorization", "Basic " + encoding::base64(id + ":" + secret)}};
}

/// Value of one query parameter of a redirect.
std::string redirect_parameter(const Answer& answer, const std::string& name) {
  const std::string location = answer.header("Location");
  const std::size_t start = location.find(name + "=");
  if (start == std::string::npos) return {};
  const std::size_t from = start + name.size() + 1;
  return encoding::percent_decode(location.substr(from, location.find('&', from) - from)).value_or("");
}

constexpr const char* verifier = "a-verifier-that-is-long-enough-for-the-rules-0123456789";

std::string authorize_path(const std::string& more = {}) {
  return "/oidc/v1/authorize?response_type=code&client_id=databricks-cli&redirect_uri=http%3A%2F%2Flocalhost%3A8020"
         "&scope=offline_access%20all-apis&state=xyz&code_challenge_method=S256&code_challenge=" +
         encoding::base64url(sha256_bytes(verifier)) + more;
}

std::string redeem_form(const std::string& code, const std::string& given_verifier = verifier) {
  return "grant_type=authorization_code&client_id=databricks-cli&redirect_uri=http%3A%2F%2Flocalhost%3A8020&code=" +
         code + "&code_verifier=" + given_verifier;
}

}  // namespace

TEST_CASE("the host describes itself and its authorization server") {
  TestWorkspace workspace("empty");
  const std::string url = workspace.credentials().url;
  const Answer metadata = workspace.send("GET", "/.well-known/databricks-config");
  REQUIRE(metadata.status == 200);
  CHECK(metadata.text("oidc_endpoint") == url + "/oidc");
  CHECK(metadata.text("host_type") == "workspace");
  CHECK(metadata.text("workspace_id") == workspace.credentials().workspace_id);
  const Answer server = workspace.send("GET", "/oidc/.well-known/oauth-authorization-server");
  REQUIRE(server.status == 200);
  CHECK(server.text("token_endpoint") == url + "/oidc/v1/token");
  CHECK(server.text("authorization_endpoint") == url + "/oidc/v1/authorize");
}

TEST_CASE("client credentials give a token by Basic header and by form") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const std::string form = "grant_type=client_credentials&scope=all-apis";
  const Answer by_header = workspace.form(token_path, form, basic(known.client_id, known.client_secret));
  REQUIRE(by_header.status == 200);
  CHECK(by_header.text("token_type") == "Bearer");
  CHECK(by_header.text("expires_in") == "3600");
  const auto claims = encoding::read_jwt_claims(by_header.text("access_token"));
  REQUIRE(claims);
  CHECK(claims->subject == known.client_id);
  CHECK(claims->issuer == known.url + "/oidc");
  CHECK(claims->scopes == std::vector<std::string>{"all-apis"});
  CHECK(workspace.get_as(by_header.text("access_token"), me).text("userName") == known.client_id);

  const Answer by_form =
      workspace.form(token_path, form + "&client_id=" + known.client_id + "&client_secret=" + known.client_secret);
  REQUIRE(by_form.status == 200);
  CHECK(by_form.text("access_token") != by_header.text("access_token"));

  // RFC 6749 section 2.3.1: both parts are form-encoded before Basic encoding.
  std::string encoded_id;
  for (const char c : known.client_id) encoded_id += c == '-' ? std::string("%2D") : std::string(1, c);
  CHECK(workspace.form(token_path, form, basic(encoded_id, known.client_secret)).status == 200);
}

TEST_CASE("the token endpoint refuses in the words of OAuth") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const auto good = basic(known.client_id, known.client_secret);
  const Answer wrong_secret =
      workspace.form(token_path, "grant_type=client_credentials&scope=all-apis", basic(known.client_id, "wrong"));
  CHECK(wrong_secret.status == 401);
  CHECK(wrong_secret.text("error") == "invalid_client");
  CHECK(workspace.form(token_path, "grant_type=client_credentials&scope=all-apis").text("error") == "invalid_client");
  CHECK(workspace.form(token_path, "grant_type=client_credentials", good).text("error") == "invalid_scope");
  CHECK(workspace.form(token_path, "grant_type=client_credentials&scope=nonsense", good).text("error") ==
        "invalid_scope");
  CHECK(workspace.form(token_path, "grant_type=password", good).text("error") == "unsupported_grant_type");
  CHECK(workspace.form(token_path, "scope=all-apis", good).text("error") == "invalid_request");
  CHECK(workspace.send("POST", token_path, "{}", good).text("error") == "invalid_request");
  CHECK(workspace.form(token_path, "grant_type=%zz", good).text("error") == "invalid_request");
  CHECK(workspace.form(token_path, "grant_type=client_credentials&scope=all-apis&client_id=other", good).status == 400);
}

TEST_CASE("a user logs in with PKCE, and refresh tokens rotate") {
  TestWorkspace workspace("empty");
  const Answer approved = workspace.send("GET", authorize_path());
  REQUIRE(approved.status == 302);
  CHECK(approved.header("Location").rfind("http://localhost:8020", 0) == 0);
  CHECK(redirect_parameter(approved, "state") == "xyz");
  const std::string code = redirect_parameter(approved, "code");
  const Answer tokens = workspace.form(token_path, redeem_form(code));
  REQUIRE(tokens.status == 200);
  CHECK(workspace.get_as(tokens.text("access_token"), me).text("userName") == SeedPrincipals::admin);

  SECTION("a code works once") {
    const Answer again = workspace.form(token_path, redeem_form(code));
    CHECK(again.status == 400);
    CHECK(again.text("error") == "invalid_grant");
  }
  SECTION("the refresh token is replaced and the old one is refused") {
    const std::string refresh = "grant_type=refresh_token&client_id=databricks-cli&refresh_token=";
    const std::string old_token = tokens.text("refresh_token");
    const Answer renewed = workspace.form(token_path, refresh + old_token);
    REQUIRE(renewed.status == 200);
    CHECK(renewed.text("refresh_token") != old_token);
    CHECK(workspace.get_as(renewed.text("access_token"), me).status == 200);
    const Answer refused = workspace.form(token_path, refresh + old_token);
    CHECK(refused.status == 400);
    CHECK(refused.text("error_description") == "Refresh token is invalid");
    CHECK(workspace.form(token_path, refresh + renewed.text("refresh_token")).status == 200);
  }
}

TEST_CASE("the login refuses what a login must refuse") {
  TestWorkspace workspace("empty");
  CHECK(redirect_parameter(workspace.send("GET", authorize_path("&login_hint=nobody%40example.com")), "error") ==
        "access_denied");
  const Answer bob = workspace.send("GET", authorize_path("&login_hint=bob%40example.com"));
  const std::string code = redirect_parameter(bob, "code");
  SECTION("a wrong verifier") {
    const Answer refused = workspace.form(token_path, redeem_form(code, std::string(50, 'x')));
    CHECK(refused.text("error") == "invalid_grant");
  }
  SECTION("a code that is too old") {
    workspace.advance(std::chrono::minutes(2));
    CHECK(workspace.form(token_path, redeem_form(code)).text("error") == "invalid_grant");
  }
  SECTION("the user that was named") {
    const Answer tokens = workspace.form(token_path, redeem_form(code));
    CHECK(workspace.get_as(tokens.text("access_token"), me).text("userName") == "bob@example.com");
  }
  SECTION("an unknown client or a foreign redirect_uri is answered without a redirect") {
    CHECK(workspace.send("GET", "/oidc/v1/authorize?client_id=evil&redirect_uri=http%3A%2F%2Flocalhost").status == 400);
    const Answer foreign =
        workspace.send("GET", "/oidc/v1/authorize?client_id=databricks-cli&redirect_uri=https%3A%2F%2Fexample.com");
    CHECK(foreign.status == 400);
    CHECK(foreign.header("Location").empty());
  }
  SECTION("no PKCE") {
    const Answer refused = workspace.send(
        "GET",
        "/oidc/v1/authorize?response_type=code&client_id=databricks-cli&scope=all-apis&redirect_uri=http%3A%2F%2F"
        "localhost%3A8020");
    CHECK(redirect_parameter(refused, "error") == "invalid_request");
  }
}

TEST_CASE("bearer tokens are checked on every API route") {
  TestWorkspace workspace("empty");
  const Answer missing = workspace.send("GET", me);
  CHECK(missing.status == 401);
  CHECK(code_of(missing) == "UNAUTHENTICATED");
  CHECK_FALSE(missing.header("WWW-Authenticate").empty());
  CHECK(workspace.get_as("dapi00000000000000000000000000000000", me).status == 401);
  CHECK(workspace.send("GET", me, {}, {{"Authorization", "Basic YTpi"}}).status == 401);
  const Answer found = workspace.get(me);
  CHECK(found.status == 200);
  CHECK(found.header("x-databricks-org-id") == workspace.credentials().workspace_id);
  CHECK(found.text("active") == "true");
  for (const char* path : {"/api/2.0/token/list", "/api/2.0/sql/warehouses", "/api/2.1/unity-catalog/catalogs",
                           "/api/2.0/sql/statements/some-id", "/api/2.1/unity-catalog/metastore_summary"}) {
    INFO(path);
    CHECK(workspace.send("GET", path).status == 401);
  }
}

TEST_CASE("tokens end when their time is over or when a test says so") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const auto fetch = [&] {
    return workspace.form(token_path, "grant_type=client_credentials&scope=all-apis",
                          basic(known.client_id, known.client_secret));
  };
  workspace.set(R"({"oauth_token_lifetime_s":120})");
  const Answer token = fetch();
  CHECK(token.text("expires_in") == "120");
  CHECK(workspace.get_as(token.text("access_token"), me).status == 200);
  workspace.advance(std::chrono::seconds(121));
  const Answer expired = workspace.get_as(token.text("access_token"), me);
  CHECK(expired.status == 401);
  CHECK(code_of(expired) == "UNAUTHENTICATED");

  const std::string second = fetch().text("access_token");
  CHECK(workspace.get_as(second, me).status == 200);
  CHECK(workspace.control("tokens/expire", R"({"kind":"oauth"})").text("expired") == "1");
  CHECK(workspace.get_as(second, me).status == 401);
  CHECK(workspace.get(me).status == 200);
  CHECK(workspace.control("tokens/expire", R"({"kind":"nothing"})").status == 400);
}

TEST_CASE("personal access tokens are made, listed, changed, deleted and counted") {
  TestWorkspace workspace("empty");
  const Answer made = workspace.post("/api/2.0/token/create", R"({"comment":"for tests","lifetime_seconds":60})");
  REQUIRE(made.status == 200);
  const std::string value = made.text("token_value");
  CHECK(value.size() == 36);
  CHECK(value.rfind("dapi", 0) == 0);
  const auto info = made.json()["token_info"];
  const std::string id(info["token_id"].string_or());
  CHECK(id == sha256_hex(value));
  CHECK(info["expiry_time"].integer_or(0) - info["creation_time"].integer_or(0) == 60'000);
  CHECK(workspace.get_as(value, me).text("userName") == SeedPrincipals::admin);

  const Answer listed = workspace.get("/api/2.0/token/list");
  CHECK(listed.json()["token_infos"].size() == 2);
  CHECK(listed.body.find(value) == std::string::npos);
  CHECK(workspace.get_as(workspace.user("bob@example.com"), "/api/2.0/token/list").json()["token_infos"].size() == 1);

  const auto headers = TestWorkspace::bearer(workspace.credentials().token);
  CHECK(
      workspace.send("PATCH", "/api/2.0/token/" + id, R"({"token":{"comment":"new"},"update_mask":"comment"})", headers)
          .status == 200);
  CHECK(workspace.get("/api/2.0/token/list").body.find("\"comment\":\"new\"") != std::string::npos);
  CHECK(workspace.send("PATCH", "/api/2.0/token/none", R"({"token":{},"update_mask":"comment"})", headers).status ==
        404);
  CHECK(workspace.send("PATCH", "/api/2.0/token/" + id, R"({"token":{},"update_mask":"owner"})", headers).status ==
        400);

  SECTION("it expires") {
    workspace.advance(std::chrono::seconds(61));
    CHECK(workspace.get_as(value, me).status == 401);
  }
  SECTION("it is deleted, by its owner only") {
    const std::string body = R"({"token_id":")" + id + "\"}";
    CHECK(workspace.post_as(workspace.user("bob@example.com"), "/api/2.0/token/delete", body).status == 404);
    CHECK(workspace.post("/api/2.0/token/delete", body).status == 200);
    CHECK(workspace.get_as(value, me).status == 401);
    const Answer again = workspace.post("/api/2.0/token/delete", body);
    CHECK(again.status == 404);
    CHECK(code_of(again) == "RESOURCE_DOES_NOT_EXIST");
  }
  SECTION("lifetimes have bounds") {
    CHECK(workspace.post("/api/2.0/token/create", R"({"lifetime_seconds":0})").status == 400);
    CHECK(workspace.post("/api/2.0/token/create", R"({"lifetime_seconds":99999999999})").status == 400);
    CHECK(workspace.post("/api/2.0/token/create", R"({"lifetime_seconds":"soon"})").status == 400);
  }
  SECTION("600 are enough") {
    int created = 0;
    while (created < 700 && workspace.post("/api/2.0/token/create", "{}").status == 200) ++created;
    CHECK(created == 598);
    CHECK(code_of(workspace.post("/api/2.0/token/create", "{}")) == "QUOTA_EXCEEDED");
  }
}

TEST_CASE("Entra tokens are bound to their resource") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const Answer login = workspace.send("GET", "/aad/auth");
  CHECK(login.status == 302);
  CHECK(login.header("Location").rfind(known.url + "/" + known.tenant_id + "/oauth2/authorize", 0) == 0);

  const auto entra = [&](const std::string& id, const std::string& secret, const std::string& resource) {
    return workspace.form("/" + known.tenant_id + "/oauth2/token",
                          "grant_type=client_credentials&client_id=" + id + "&client_secret=" + secret +
                              "&resource=" + encoding::percent_encode(resource));
  };
  const Answer member = entra(known.client_id, known.client_secret, azure_databricks_resource);
  REQUIRE(member.status == 200);
  CHECK(member.json()["expires_in"].is_string());
  CHECK(workspace.get_as(member.text("access_token"), me).status == 200);
  const Answer version_2 = workspace.form("/" + known.tenant_id + "/oauth2/v2.0/token",
                                          "grant_type=client_credentials&client_id=" + known.client_id +
                                              "&client_secret=" + known.client_secret +
                                              "&scope=" + azure_databricks_resource + "%2F.default");
  REQUIRE(version_2.status == 200);
  CHECK(workspace.get_as(version_2.text("access_token"), me).status == 200);

  const Answer wrong_resource = entra(known.client_id, known.client_secret, "https://graph.microsoft.com/");
  CHECK(workspace.get_as(wrong_resource.text("access_token"), me).status == 401);
  CHECK(entra(known.client_id, "wrong", azure_databricks_resource).text("error") == "invalid_client");
  CHECK(entra("nobody", "wrong", azure_databricks_resource).text("error") == "unauthorized_client");
  CHECK(entra(known.client_id, known.client_secret, "").text("error") == "invalid_request");
  CHECK(workspace.form("/other-tenant/oauth2/token", "grant_type=client_credentials").status == 400);

  // Not a user of the workspace: only beside a management token of the same application.
  const std::string outside =
      entra(known.outside_client_id, known.outside_client_secret, azure_databricks_resource).text("access_token");
  const std::string management =
      entra(known.outside_client_id, known.outside_client_secret, azure_management_resource).text("access_token");
  const std::string others_management =
      entra(known.client_id, known.client_secret, azure_management_resource).text("access_token");
  CHECK(workspace.get_as(outside, me).status == 403);
  const auto with = [&](const std::string& token) {
    auto headers = TestWorkspace::bearer(outside);
    headers.emplace("X-Databricks-Azure-SP-Management-Token", token);
    return workspace.send("GET", me, {}, headers).status;
  };
  CHECK(with(management) == 200);
  CHECK(with(others_management) == 403);
  CHECK(with(outside) == 403);
}

}  // namespace dbxauth::emulator::testing
