// SPDX-License-Identifier: Apache-2.0
#include "authenticator.hpp"
#include "emulator_fixture.hpp"
#include "federation_service.hpp"
#include "seed_data.hpp"

namespace dbxauth::emulator::testing {

namespace {

constexpr const char* me = "/api/2.0/preview/scim/v2/Me";
constexpr const char* imds = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=";
const httplib::Headers metadata{{"Metadata", "true"}};

std::string assertion_form(const std::string& client_id, const std::string& assertion) {
  return "grant_type=client_credentials&client_id=" + client_id + "&resource=" + azure_databricks_resource +
         "&client_assertion_type=" +
         encoding::percent_encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") +
         "&client_assertion=" + encoding::percent_encode(assertion);
}

std::string assertion(TestWorkspace& workspace, const std::string& more = {},
                      const std::string& audience = FederationService::entra_audience,
                      const std::string& subject = FederationService::generic_subject) {
  const Answer answer =
      workspace.control("id-token", R"({"subject":")" + subject + R"(","audience":")" + audience + "\"" + more + "}");
  REQUIRE(answer.status == 200);
  return answer.text("token");
}

std::string entra_path(const TestWorkspace& workspace) {
  return "/" + workspace.credentials().tenant_id + "/oauth2/token";
}

std::string secret_form(const std::string& id, const std::string& secret, const std::string& resource) {
  return "grant_type=client_credentials&client_id=" + id + "&client_secret=" + secret +
         "&resource=" + encoding::percent_encode(resource);
}

std::string entra_token(TestWorkspace& workspace, const std::string& resource) {
  const auto& known = workspace.credentials();
  const Answer answer =
      workspace.form(entra_path(workspace), secret_form(known.client_id, known.client_secret, resource));
  REQUIRE(answer.status == 200);
  return answer.text("access_token");
}

bool begins(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

}  // namespace

TEST_CASE("Entra takes an ID token for a federated application") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const Answer answer = workspace.form(entra_path(workspace), assertion_form(known.client_id, assertion(workspace)));
  REQUIRE(answer.status == 200);
  CHECK(answer.json()["expires_on"].is_string());
  CHECK(workspace.get_as(answer.text("access_token"), me).text("userName") == known.client_id);

  const Answer version_2 = workspace.form(
      "/" + known.tenant_id + "/oauth2/v2.0/token",
      assertion_form(known.client_id, assertion(workspace)) + "&scope=" + azure_databricks_resource + "%2F.default");
  REQUIRE(version_2.status == 200);
  CHECK(version_2.json()["expires_in"].is_string() == false);
  CHECK(workspace.get_as(version_2.text("access_token"), me).status == 200);
}

TEST_CASE("Entra refuses an assertion with its own code for each reason") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const auto refusal = [&](const std::string& token, const std::string& client_id) {
    const Answer answer = workspace.form(entra_path(workspace), assertion_form(client_id, token));
    CHECK(answer.status == 401);
    CHECK(answer.text("error") == "invalid_client");
    CHECK(answer.body.find(token) == std::string::npos);
    return answer.json()["error_codes"].at(0).integer_or(0);
  };
  CHECK(refusal("not-a-jwt", known.client_id) == 50027);
  CHECK(refusal(assertion(workspace, R"(,"forged":true)"), known.client_id) == 50013);
  CHECK(refusal(assertion(workspace, R"(,"lifetime_s":-1)"), known.client_id) == 700024);
  CHECK(refusal(assertion(workspace, R"(,"starts_in_s":900)"), known.client_id) == 700024);
  CHECK(refusal(assertion(workspace), known.outside_client_id) == 700211);
  CHECK(refusal(assertion(workspace, {}, known.account_id), known.client_id) == 700212);
  CHECK(refusal(assertion(workspace, {}, FederationService::entra_audience, "other"), known.client_id) == 700213);
  const std::string token = assertion(workspace);
  workspace.advance(std::chrono::seconds(301));
  CHECK(refusal(token, known.client_id) == 700024);
}

TEST_CASE("Entra says what is wrong with a tenant, an application and a secret") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const auto refusal = [&](const std::string& path, const std::string& id, const std::string& secret) {
    return workspace.form(path, secret_form(id, secret, azure_databricks_resource)).text("error_description");
  };
  const std::string path = entra_path(workspace);
  CHECK(begins(refusal("/other/oauth2/token", known.client_id, known.client_secret), "AADSTS90002:"));
  CHECK(begins(refusal(path, "nobody", "x"), "AADSTS700016:"));
  CHECK(begins(refusal(path, known.client_id, "x"), "AADSTS7000215:"));
  CHECK(begins(refusal(path, known.expired_client_id, known.expired_client_secret), "AADSTS7000222:"));
  CHECK(begins(refusal(path, known.expired_client_id, "x"), "AADSTS7000215:"));
}

TEST_CASE("a virtual machine has tokens for who asks as its documentation says") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const Answer answer = workspace.send("GET", std::string(imds) + azure_databricks_resource, {}, metadata);
  REQUIRE(answer.status == 200);
  CHECK(answer.json()["expires_on"].is_string());
  CHECK(answer.text("client_id") == known.client_id);
  CHECK(workspace.get_as(answer.text("access_token"), me).text("userName") == known.client_id);

  CHECK(workspace.send("GET", std::string(imds) + azure_databricks_resource).status == 400);
  CHECK(workspace
            .send("GET", std::string(imds) + azure_databricks_resource, {},
                  {{"Metadata", "true"}, {"X-Forwarded-For", "10.0.0.1"}})
            .status == 400);
  CHECK(workspace.send("GET", imds, {}, metadata).status == 400);
  CHECK(workspace.send("GET", "/metadata/identity/oauth2/token?resource=x", {}, metadata).status == 400);
  const Answer unknown =
      workspace.send("GET", std::string(imds) + azure_databricks_resource + "&client_id=nobody", {}, metadata);
  CHECK(unknown.status == 400);
  CHECK(unknown.text("error_description") == "Identity not found");

  // A user-assigned identity outside the workspace enters beside its management token only.
  const std::string named = "&client_id=" + known.outside_client_id;
  const std::string outside =
      workspace.send("GET", std::string(imds) + azure_databricks_resource + named, {}, metadata).text("access_token");
  const std::string management =
      workspace.send("GET", imds + encoding::percent_encode(azure_management_resource) + named, {}, metadata)
          .text("access_token");
  CHECK(workspace.get_as(outside, me).status == 403);
  auto both = TestWorkspace::bearer(outside);
  both.emplace("X-Databricks-Azure-SP-Management-Token", management);
  CHECK(workspace.send("GET", me, {}, both).status == 200);
}

TEST_CASE("App Service has tokens for who knows its header") {
  TestWorkspace workspace("empty");
  const auto job = workspace.emulator().environments().by_strategy.at("azure-msi-app-service");
  const std::string path = job.at("IDENTITY_ENDPOINT").substr(workspace.credentials().url.size()) +
                           "?api-version=2019-08-01&resource=" + azure_databricks_resource;
  const Answer answer = workspace.send("GET", path, {}, {{"X-IDENTITY-HEADER", job.at("IDENTITY_HEADER")}});
  REQUIRE(answer.status == 200);
  CHECK(answer.json()["expires_on"].is_string());
  CHECK(answer.json()["expires_in"].is_missing());
  CHECK(workspace.get_as(answer.text("access_token"), me).status == 200);
  CHECK(workspace.send("GET", path, {}, {{"X-IDENTITY-HEADER", "wrong"}}).status == 401);
  CHECK(workspace.send("GET", path, {}, metadata).status == 401);
}

TEST_CASE("Azure Resource Manager says where the workspace is") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const std::string path = known.azure_resource_id + "?api-version=2018-04-01";
  const std::string token = entra_token(workspace, azure_resource_manager_resource);
  const Answer answer = workspace.get_as(token, path);
  REQUIRE(answer.status == 200);
  CHECK("http://" + std::string(answer.json()["properties"]["workspaceUrl"].string_or()) == known.url);
  CHECK(answer.json()["properties"]["workspaceId"].string_or() == known.workspace_id);
  CHECK(workspace.get_as(token, "/" + path).status == 200);

  const auto code = [&](const Answer& refused) { return std::string(refused.json()["error"]["code"].string_or()); };
  CHECK(code(workspace.send("GET", path)) == "AuthenticationFailed");
  CHECK(code(workspace.get_as("wrong", path)) == "InvalidAuthenticationToken");
  CHECK(code(workspace.get_as(known.token, path)) == "InvalidAuthenticationToken");
  CHECK(code(workspace.get_as(entra_token(workspace, azure_databricks_resource), path)) ==
        "InvalidAuthenticationTokenAudience");
  CHECK(code(workspace.get_as(token, known.azure_resource_id)) == "MissingApiVersionParameter");
  CHECK(code(workspace.get_as(token, known.azure_resource_id + "x?api-version=2018-04-01")) == "ResourceNotFound");
  workspace.advance(std::chrono::seconds(3601));
  CHECK(code(workspace.get_as(token, path)) == "ExpiredAuthenticationToken");
}

TEST_CASE("the workspace tells its tenant by a redirect") {
  TestWorkspace workspace("empty");
  const auto& known = workspace.credentials();
  const Answer answer = workspace.send("GET", "/oidc/oauth2/v2.0/authorize");
  CHECK(answer.status == 302);
  CHECK(begins(answer.header("Location"), known.url + "/" + known.tenant_id + "/oauth2/v2.0/authorize"));
}

}  // namespace dbxauth::emulator::testing
