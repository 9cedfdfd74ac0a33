// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/basic.hpp"
#include "auth/strategies/notebook.hpp"
#include "auth/strategies/oauth_m2m.hpp"
#include "auth/strategies/pat.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

std::string header(const AuthHeaders& headers, std::string_view name) {
  for (const AuthHeader& header : headers.headers) {
    if (header.name == name) return std::string(header.value.reveal());
  }
  return {};
}

}  // namespace

TEST_CASE("a personal access token is sent as Bearer, without white space around it", "[pat]") {
  const auto provider = auth::make_pat_provider(" \tdapi-planted\r\n");
  REQUIRE(provider);
  const auto headers = (*provider)->headers(0s, {});
  REQUIRE(headers);
  CHECK(header(**headers, "Authorization") == "Bearer dapi-planted");
  CHECK((*headers)->strategy == "pat");
  CHECK((*provider)->token(0s, {})->access_token.reveal() == "dapi-planted");
}

TEST_CASE("a personal access token with control characters is refused and not quoted", "[pat]") {
  const std::string token = GENERATE(as<std::string>{}, "dapi\nplanted", "dapi planted",
                                     std::string("dapi\0planted", 12), "  ", "dapi-planted\r\nX-Evil: 1");
  const auto provider = auth::make_pat_provider(token);
  REQUIRE_FALSE(provider);
  CHECK(provider.error().code == ErrorCode::configuration);
  CHECK(provider.error().message.find("planted") == std::string::npos);
}

TEST_CASE("basic credentials are encoded as they are", "[basic]") {
  const auto provider = auth::make_basic_provider("someone@example.org", SecretString("p:\xc3\xa4ss w\"rd"));
  REQUIRE(provider);
  const auto headers = (*provider)->headers(0s, {});
  REQUIRE(headers);
  CHECK(header(**headers, "Authorization") == "Basic c29tZW9uZUBleGFtcGxlLm9yZzpwOsOkc3MgdyJyZA==");
  const auto token = (*provider)->token(0s, {});
  REQUIRE_FALSE(token);
  CHECK(token.error().code == ErrorCode::unsupported);
  CHECK_FALSE(auth::make_basic_provider("a:b", SecretString("x")));
  CHECK_FALSE(auth::make_basic_provider("a", SecretString("x\ny")));
}

TEST_CASE("oauth-m2m asks for its scopes and remembers the endpoint", "[m2m]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  const auto clock = std::make_shared<testing::FakeClock>();
  wire->on(net::HttpMethod::get, "/oidc/.well-known/oauth-authorization-server", 200,
           R"({"token_endpoint":"https://w.example/oidc/v1/token"})");
  wire->on(net::HttpMethod::post, "/oidc/v1/token", 200, R"({"access_token":"t","expires_in":3600})");
  auth::OauthM2mSettings settings;
  settings.target.host = "https://w.example";
  settings.client_id = "id";
  settings.client_secret = SecretString("planted");
  std::string expected = "scope=all-apis";
  SECTION("none given") {}
  SECTION("given in any order, some twice") {
    settings.scopes = {"sql", "files", "sql"};
    expected = "scope=files%20sql";
  }
  const auto source = auth::make_oauth_m2m_source(std::move(settings), wire, clock);
  REQUIRE(source->issue({}, {}));
  REQUIRE(source->issue({}, {}));
  CHECK(wire->request_count("well-known") == 1);
  std::string body = wire->request(1).body;
  for (auto at = body.find('+'); at != std::string::npos; at = body.find('+')) body.replace(at, 1, "%20");
  CHECK(body.find(expected) != std::string::npos);
  CHECK(body.find("planted") == std::string::npos);
}

TEST_CASE("a notebook brings its host along and is asked again after a refusal", "[notebook]") {
  int calls = 0;
  auth::NotebookSource source(
      [&calls]() -> Result<NotebookContext> {
        NotebookContext context;
        context.host = "adb-1.2.azuredatabricks.net/";
        context.token = SecretString("notebook-" + std::to_string(++calls));
        return context;
      },
      "");
  const auto first = source.issue({}, {});
  REQUIRE(first);
  CHECK(first->token.access_token.reveal() == "notebook-1");
  CHECK(source.host() == "https://adb-1.2.azuredatabricks.net");
  auth::TokenDemand demand;
  demand.rejected = &first->token.access_token;
  CHECK(source.issue(demand, {})->token.access_token.reveal() == "notebook-2");
}

TEST_CASE("a notebook of another workspace than the one asked for is not used", "[notebook]") {
  auth::NotebookSource source(
      []() -> Result<NotebookContext> {
        return NotebookContext{"https://a.example", SecretString("planted")};
      },
      "https://b.example");
  const auto issued = source.issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().message.find("https://a.example") != std::string::npos);
  CHECK(issued.error().message.find("planted") == std::string::npos);
}
