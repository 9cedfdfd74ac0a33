// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/azure_issuers.hpp"
#include "azure_fixture.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::form_field;
using testing::ScriptedTransport;

namespace {

struct Federated {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::shared_ptr<testing::FakeIdTokens> id_tokens = std::make_shared<testing::FakeIdTokens>();
  auth::AzureTarget target;

  Federated() {
    target.host = "https://adb-1.2.azuredatabricks.net";
    target.tenant_id = "tenant-1";
  }
  std::shared_ptr<auth::AzureTokenIssuer> issuer() {
    auto made = auth::make_federated_issuer(target, "app-id", id_tokens, wire, clock);
    REQUIRE(made);
    return *made;
  }
};

}  // namespace

TEST_CASE("github-oidc-azure exchanges a new ID token for each token", "[azure]") {
  Federated federated;
  federated.wire->reply(200, R"({"access_token":"t1","token_type":"Bearer","expires_on":"1767229200"})");
  federated.wire->reply(200, R"({"access_token":"t2","token_type":"Bearer","expires_in":600})");
  const auto issuer = federated.issuer();
  const auto first = issuer->token_for(testing::databricks_application, {});
  const auto second = issuer->token_for(testing::databricks_application, {});
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->expires_at == federated.clock->now() + 3600s);
  CHECK(second->expires_at == federated.clock->now() + 600s);
  CHECK(federated.id_tokens->audiences == std::vector<std::string>(2, "api://AzureADTokenExchange"));

  REQUIRE(federated.wire->request_count() == 2);
  const auto request = federated.wire->request(1);
  CHECK(request.url == "https://login.microsoftonline.com/tenant-1/oauth2/token");
  CHECK(request.content_type == "application/x-www-form-urlencoded");
  CHECK(request.header("Authorization").empty());
  CHECK(form_field(request.body, "grant_type") == "client_credentials");
  CHECK(form_field(request.body, "client_id") == "app-id");
  CHECK(form_field(request.body, "resource") == testing::databricks_application);
  CHECK(form_field(request.body, "client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  CHECK(form_field(request.body, "client_assertion") == "id-token-2");
  CHECK(form_field(request.body, "client_secret").empty());
}

TEST_CASE("a missing ID token is what the strategy says, without a request", "[azure]") {
  Federated federated;
  federated.id_tokens->answer = [](int) -> Result<SecretString> {
    return Error(ErrorCode::no_credentials, "not in a job");
  };
  const auto token = federated.issuer()->token_for("r", {});
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::no_credentials);
  CHECK(federated.wire->request_count() == 0);
}

TEST_CASE("a refused ID token is described and never shown", "[azure]") {
  Federated federated;
  const std::string jwt = testing::unsigned_jwt(
      R"({"iss":"https://token.actions.example","sub":"repo:o/r:ref:refs/heads/main","aud":"api://AzureADTokenExchange"})");
  federated.id_tokens->answer = [&jwt](int) { return Result<SecretString>(SecretString(jwt)); };
  const bool expired = GENERATE(false, true);
  const std::string number = expired ? "AADSTS700024" : "AADSTS700213";
  federated.wire->reply(400, R"({"error":"invalid_client","error_description":")" + number +
                                 R"(: The assertion is refused. Trace ID: 11111111 Timestamp: now"})");
  const auto token = federated.issuer()->token_for("r", {});
  REQUIRE_FALSE(token);
  const Error& error = token.error();
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK(error.message.find("repo:o/r:ref:refs/heads/main") != std::string::npos);
  CHECK(error.message.find("https://token.actions.example") != std::string::npos);
  CHECK(error.message.find("Trace ID") == std::string::npos);
  CHECK(error.message.find("c2lnbmF0dXJl") == std::string::npos);
  CHECK(testing::fix_of(error).find(expired ? "expired" : "federated credential") != std::string::npos);
}

TEST_CASE("advice about client secrets is not given where there is none", "[azure]") {
  Federated federated;
  federated.wire->reply(401, R"({"error":"invalid_client","error_description":"AADSTS999999: something new"})");
  const auto token = federated.issuer()->token_for("r", {});
  REQUIRE_FALSE(token);
  CHECK(testing::fix_of(token.error()).empty());
  CHECK(token.error().message.find("the ID token is not a JWT") != std::string::npos);
}
