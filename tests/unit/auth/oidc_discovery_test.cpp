// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "auth/oauth/oidc_discovery.hpp"
#include "auth/strategies/databricks_cli.hpp"
#include "auth/strategies/oauth_m2m.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

const std::string host = "https://unified.cloud.databricks.com";
const std::string workspace_document = "/oidc/.well-known/oauth-authorization-server";
const std::string host_document = "/.well-known/databricks-config";
const std::string endpoints_document =
    R"({"authorization_endpoint":"https://unified.cloud.databricks.com/oidc/accounts/acc/v1/authorize",)"
    R"("token_endpoint":"https://unified.cloud.databricks.com/oidc/accounts/acc/v1/token"})";

struct Fixture {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::shared_ptr<auth::HostMetadataSource> metadata = auth::make_host_metadata_source(wire, clock, "");

  Fixture& host_says(const std::string& text) {
    wire->on(net::HttpMethod::get, host + host_document, 200, text);
    return *this;
  }
  Fixture& answers(const std::string& path, int status, const std::string& text = endpoints_document) {
    wire->on(net::HttpMethod::get, host + path, status, text);
    return *this;
  }
  Result<auth::OidcEndpoints> discover(const std::string& account_id = "") {
    return auth::discover_oidc_endpoints(*wire, {host, account_id, ""}, {}, metadata.get());
  }
};

}  // namespace

TEST_CASE("a plain workspace costs one request and no metadata", "[oidc]") {
  Fixture f;
  f.answers(workspace_document, 200);
  REQUIRE(f.discover());
  CHECK(f.wire->request_count() == 1);
}

TEST_CASE("an account host needs neither", "[oidc]") {
  Fixture f;
  const auto endpoints = auth::discover_oidc_endpoints(*f.wire, {"https://accounts.cloud.databricks.com", "acc", ""},
                                                       {}, f.metadata.get());
  REQUIRE(endpoints);
  CHECK(endpoints->token_endpoint == "https://accounts.cloud.databricks.com/oidc/accounts/acc/v1/token");
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("with an account id the host's metadata decide, and are remembered", "[oidc]") {
  Fixture f;
  f.host_says(R"({"oidc_endpoint":"https://unified.cloud.databricks.com/oidc/accounts/{account_id}"})");
  f.answers("/oidc/accounts/acc" + std::string("/.well-known/oauth-authorization-server"), 200);
  const auto endpoints = f.discover("acc");
  REQUIRE(endpoints);
  CHECK(endpoints->token_endpoint == host + "/oidc/accounts/acc/v1/token");
  REQUIRE(f.discover("acc"));
  CHECK(f.wire->request_count(host_document) == 1);
  CHECK(f.wire->request_count() == 3);
}

TEST_CASE("a 404 of the workspace's document sends to the host's metadata", "[oidc]") {
  Fixture f;
  f.answers(workspace_document, 404, "");
  SECTION("which hold the account id") {
    f.host_says(
        R"({"oidc_endpoint":"https://unified.cloud.databricks.com/oidc/accounts/{account_id}","account_id":"a/c"})");
    f.answers("/oidc/accounts/a%2Fc/.well-known/oauth-authorization-server", 200);
    const auto endpoints = f.discover();
    REQUIRE(endpoints);
    CHECK(endpoints->token_endpoint == host + "/oidc/accounts/acc/v1/token");
    CHECK(f.wire->request_count() == 3);
  }
  SECTION("which name a root without a placeholder") {
    f.host_says(R"({"oidc_endpoint":"https://unified.cloud.databricks.com/other/oidc/"})");
    f.answers("/other/oidc/.well-known/oauth-authorization-server", 200);
    REQUIRE(f.discover());
    CHECK(f.wire->request_count() == 3);
  }
  SECTION("which name no root, but say that it is a unified host of an account") {
    f.host_says(R"({"host_type":"unified","account_id":"acc"})");
    f.answers("/oidc/accounts/acc/.well-known/oauth-authorization-server", 200);
    REQUIRE(f.discover());
    CHECK(f.wire->request_count() == 3);
  }
  SECTION("which leave the account open") {
    f.host_says(R"({"oidc_endpoint":"https://unified.cloud.databricks.com/oidc/accounts/{account_id}"})");
    const auto endpoints = f.discover();
    REQUIRE_FALSE(endpoints);
    CHECK(endpoints.error().code == ErrorCode::configuration);
    CHECK(endpoints.error().message.find("DATABRICKS_ACCOUNT_ID") != std::string::npos);
    CHECK(f.wire->request_count() == 2);
  }
}

TEST_CASE("a host that knows no OAuth stays one", "[oidc]") {
  Fixture f;
  f.answers(workspace_document, 404, "");
  std::size_t requests = 2;
  SECTION("without metadata") {
    f.answers(host_document, 404, "");
  }
  SECTION("with metadata that name the place that answered 404") {
    f.host_says(R"({"oidc_endpoint":"https://unified.cloud.databricks.com/oidc"})");
  }
  SECTION("with metadata that name nothing") {
    f.host_says(R"({"host_type":"workspace"})");
  }
  SECTION("with a root that answers 404 too") {
    f.host_says(R"({"oidc_endpoint":"https://unified.cloud.databricks.com/gone"})");
    f.answers("/gone/.well-known/oauth-authorization-server", 404, "");
    requests = 3;
  }
  const auto endpoints = f.discover();
  REQUIRE_FALSE(endpoints);
  CHECK(endpoints.error().code == ErrorCode::unsupported);
  CHECK(endpoints.error().message.find("OAuth is not supported for this host") != std::string::npos);
  CHECK(f.wire->request_count() == requests);
}

TEST_CASE("without a source of metadata a 404 is final", "[oidc]") {
  Fixture f;
  f.answers(workspace_document, 404, "");
  const auto endpoints = auth::discover_oidc_endpoints(*f.wire, {host, "", ""}, {});
  REQUIRE_FALSE(endpoints);
  CHECK(endpoints.error().code == ErrorCode::unsupported);
  CHECK(f.wire->request_count() == 1);
}

TEST_CASE("other failures of the workspace's document are not followed up", "[oidc]") {
  Fixture f;
  SECTION("500") {
    f.answers(workspace_document, 500, "{}");
  }
  SECTION("501") {
    f.answers(workspace_document, 501, R"({"error_code":"NOT_IMPLEMENTED"})");
  }
  SECTION("a page") {
    f.answers(workspace_document, 200, "<html>");
  }
  REQUIRE_FALSE(f.discover());
  CHECK(f.wire->request_count() == 1);
}

TEST_CASE("a root that is not encrypted gets no request", "[oidc]") {
  Fixture f;
  f.answers(workspace_document, 404, "");
  f.host_says(R"({"oidc_endpoint":"http://attacker.example/oidc"})");
  const auto endpoints = f.discover();
  REQUIRE_FALSE(endpoints);
  CHECK(endpoints.error().message.find("http://attacker.example/oidc") != std::string::npos);
  CHECK(f.wire->request_count("attacker") == 0);
}

TEST_CASE("a cancelled search is not taken for an answer", "[oidc]") {
  Fixture f;
  f.answers(workspace_document, 404, "");
  f.wire->fail(Error(ErrorCode::cancelled, "stop"));
  const auto endpoints = f.discover();
  REQUIRE_FALSE(endpoints);
  CHECK(endpoints.error().code == ErrorCode::cancelled);
}

TEST_CASE("oauth-m2m logs in at a unified host", "[oidc][m2m]") {
  Fixture f;
  f.answers(workspace_document, 404, "");
  f.host_says(
      R"({"oidc_endpoint":"https://unified.cloud.databricks.com/oidc/accounts/{account_id}","account_id":"acc"})");
  f.answers("/oidc/accounts/acc/.well-known/oauth-authorization-server", 200);
  f.wire->on(net::HttpMethod::post, "/oidc/accounts/acc/v1/token", 200, R"({"access_token":"t","expires_in":3600})");
  auth::OauthM2mSettings settings;
  settings.target.host = host;
  settings.client_id = "id";
  settings.client_secret = SecretString("secret");
  const auto source = auth::make_oauth_m2m_source(std::move(settings), f.wire, f.clock, f.metadata);
  REQUIRE(source->issue({}, {}));
  CHECK(f.wire->request_count() == 4);
}

TEST_CASE("a shared login is renewed at a unified host", "[oidc][login]") {
  Fixture f;
  f.answers(workspace_document, 404, "");
  f.host_says(
      R"({"oidc_endpoint":"https://unified.cloud.databricks.com/oidc/accounts/{account_id}","account_id":"acc"})");
  f.answers("/oidc/accounts/acc/.well-known/oauth-authorization-server", 200);
  f.wire->on(net::HttpMethod::post, "/oidc/accounts/acc/v1/token", 200, R"({"access_token":"new","expires_in":3600})");
  const std::shared_ptr<TokenCache> cache = make_memory_token_cache();
  Token old;
  old.access_token = SecretString("old");
  old.refresh_token = SecretString("refresh");
  old.expires_at = f.clock->now() - 1h;
  REQUIRE(cache->put({host}, old, {}));
  auth::SharedLoginSettings settings;
  settings.target.host = host;
  const auto source = auth::make_shared_login_source(std::move(settings), cache, f.wire, f.clock, f.metadata);
  const auto issued = source->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "new");
  CHECK(f.wire->request_count() == 4);
}
