// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/token_exchange.hpp"
#include "encoding/base64url.hpp"
#include "encoding/url.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

const std::string host = "https://dbc-1.cloud.databricks.com";
const std::string token_endpoint = host + "/oidc/v1/token";
constexpr std::int64_t start_s = 1767225600;  // When the fake clock starts: 2026-01-01T00:00:00Z.

std::string jwt(const std::string& claims) {
  return encoding::base64url(R"({"alg":"RS256"})") + "." + encoding::base64url(claims) + ".planted-signature";
}

std::string id_token_claims(const std::string& times = "") {
  return R"({"iss":"https://issuer.example","aud":["aud-1","aud-2"],"sub":"repo:org/name:ref:main")" + times + "}";
}

/// Counts its calls and remembers the audience.
class FakeIdTokens final : public auth::IdTokenSource {
 public:
  Result<SecretString> id_token(std::string_view audience, const CallContext&) override {
    ++calls;
    last_audience = audience;
    if (error) return *error;
    return SecretString(token);
  }
  bool takes_audience() const noexcept override { return takes; }

  std::string token = jwt(id_token_claims());
  bool takes = true;
  std::optional<Error> error;
  int calls = 0;
  std::string last_audience;
};

struct Fixture {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::shared_ptr<FakeIdTokens> id_tokens = std::make_shared<FakeIdTokens>();
  std::shared_ptr<auth::HostMetadataSource> metadata = auth::make_host_metadata_source(wire, clock, "");
  auth::TokenExchangeSettings settings;
  std::shared_ptr<auth::TokenSource> source;

  Fixture() {
    settings.strategy = "github-oidc";
    settings.target.host = host;
    settings.client_id = "client-1";
  }

  void answer_discovery() {
    wire->on(net::HttpMethod::get, "/oidc/.well-known/oauth-authorization-server", 200,
             R"({"token_endpoint":")" + token_endpoint + R"("})");
  }
  void answer_metadata(int status, const std::string& text) {
    wire->on(net::HttpMethod::get, "/.well-known/databricks-config", status, text);
  }
  void answer_exchange() {
    wire->on(net::HttpMethod::post, "/v1/token", 200, R"({"access_token":"databricks-token","expires_in":3600})");
  }
  Result<auth::IssuedToken> issue(const CallContext& context = {}) {
    if (!source) source = auth::make_token_exchange_source(settings, id_tokens, metadata, wire, clock);
    return source->issue({}, context);
  }
  Error failure() {
    const auto issued = issue();
    REQUIRE_FALSE(issued);
    const std::string text = to_json(issued.error());
    CHECK(text.find("planted") == std::string::npos);
    CHECK(text.find(id_tokens->token) == std::string::npos);
    CHECK(text.find(id_tokens->token.substr(0, 40)) == std::string::npos);
    return issued.error();
  }
};

std::map<std::string, std::string> form(const std::string& body) {
  std::map<std::string, std::string> fields;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('&', at), body.size());
    const auto equals = body.find('=', at);
    REQUIRE(equals < end);
    fields[body.substr(at, equals - at)] = *encoding::percent_decode(body.substr(equals + 1, end - equals - 1), true);
    at = end + 1;
  }
  return fields;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an ID token is exchanged at the token endpoint", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.answer_discovery();
  f.answer_exchange();
  std::string scope = "all-apis";
  SECTION("for all scopes") {}
  SECTION("for some, sorted and each once") {
    f.settings.scopes = {"sql", "files", "sql"};
    scope = "files sql";
  }
  const auto issued = f.issue();
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "databricks-token");
  CHECK(issued->token.expires_at == f.clock->now() + 1h);
  CHECK(issued->companion_headers.empty());
  REQUIRE(f.wire->request_count() == 2);
  const auto seen = f.wire->request(1);
  CHECK(seen.method == net::HttpMethod::post);
  CHECK(seen.url == token_endpoint);
  CHECK(seen.content_type == "application/x-www-form-urlencoded");
  CHECK(seen.secret_headers.empty());
  CHECK(seen.header("Authorization").empty());
  CHECK(form(seen.body) ==
        std::map<std::string, std::string>{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                                           {"subject_token", f.id_tokens->token},
                                           {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                                           {"scope", scope},
                                           {"client_id", "client-1"}});
}

TEST_CASE("an account-wide policy needs no client id", "[exchange]") {
  Fixture f;
  f.settings.client_id.clear();
  f.id_tokens->takes = false;
  f.answer_discovery();
  f.answer_exchange();
  REQUIRE(f.issue());
  CHECK(form(f.wire->request(1).body).count("client_id") == 0);
}

TEST_CASE("each exchange takes a new ID token, and discovery is done once", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.answer_discovery();
  f.answer_exchange();
  REQUIRE(f.issue());
  f.id_tokens->token = jwt(R"({"sub":"second"})");
  REQUIRE(f.issue());
  CHECK(f.id_tokens->calls == 2);
  CHECK(f.wire->request_count("/oidc/.well-known/") == 1);
  CHECK(f.wire->request_count() == 3);
  CHECK(form(f.wire->request(2).body)["subject_token"] == f.id_tokens->token);
}

TEST_CASE("a source without an audience is asked before the network", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.id_tokens->error = Error(ErrorCode::no_credentials, "the environment variable X is not set");
  const Error error = f.failure();
  CHECK(error.code == ErrorCode::no_credentials);
  CHECK(contains(error.message, "X is not set"));
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("a given audience needs no metadata", "[exchange]") {
  Fixture f;
  f.settings.audience = "mine";
  f.answer_discovery();
  f.answer_exchange();
  REQUIRE(f.issue());
  CHECK(f.id_tokens->last_audience == "mine");
  CHECK(f.wire->request_count("databricks-config") == 0);
  f.id_tokens->error = Error(ErrorCode::no_credentials, "no job");
  CHECK(f.failure().code == ErrorCode::no_credentials);
  CHECK(f.wire->request_count() == 2);
}

TEST_CASE("the audience is chosen as the official SDKs choose it", "[exchange]") {
  Fixture f;
  std::string expected;
  bool discovered_first = false;
  SECTION("the first that the host names") {
    f.answer_metadata(200, R"({"workspace_id":"7","account_id":"acc",)"
                           R"("token_federation_default_oidc_audiences":["first","second"]})");
    expected = "first";
  }
  SECTION("a host without a workspace: its account") {
    f.answer_metadata(200, R"({"account_id":"acc"})");
    expected = "acc";
  }
  SECTION("a host without a workspace: the account given") {
    f.answer_metadata(200, R"({"host_type":"unified","account_id":"acc"})");
    f.wire->on(net::HttpMethod::get, "/oidc/accounts/given/.well-known/oauth-authorization-server", 200,
               R"({"token_endpoint":")" + token_endpoint + R"("})");
    f.settings.target.account_id = "given";
    expected = "given";
  }
  SECTION("a workspace: the token endpoint") {
    f.answer_metadata(200, R"({"account_id":"acc","workspace_id":"7"})");
    expected = token_endpoint;
    discovered_first = true;
  }
  SECTION("a workspace that is configured: the token endpoint") {
    f.settings.workspace_id = "7";
    f.answer_metadata(200, R"({"account_id":"acc"})");
    expected = token_endpoint;
    discovered_first = true;
  }
  SECTION("a classic workspace, although an account id is set: the token endpoint") {
    f.answer_metadata(404, "");
    f.settings.target.account_id = "stale";
    expected = token_endpoint;
    discovered_first = true;
  }
  SECTION("an account host: the account") {
    f.settings.target = {"https://accounts.cloud.databricks.com", "acc", ""};
    f.answer_metadata(404, "");
    expected = "acc";
  }
  f.answer_discovery();
  f.answer_exchange();
  REQUIRE(f.issue());
  CHECK(f.id_tokens->last_audience == expected);
  CHECK(f.wire->request(0).url == f.settings.target.host + "/.well-known/databricks-config");
  CHECK(f.wire->request_count("databricks-config") == 1);

  Fixture failing;
  failing.settings = f.settings;
  failing.answer_metadata(404, "");
  failing.id_tokens->error = Error(ErrorCode::network, "no ID token");
  if (!discovered_first) return;
  failing.answer_discovery();
  CHECK(failing.failure().code == ErrorCode::network);
  CHECK(failing.wire->request_count("/oidc/.well-known/") == 1);
  CHECK(failing.wire->request_count("/v1/token") == 0);
}

TEST_CASE("without a source of metadata a workspace's audience is its token endpoint", "[exchange]") {
  Fixture f;
  f.metadata.reset();
  f.answer_discovery();
  f.answer_exchange();
  REQUIRE(f.issue());
  CHECK(f.id_tokens->last_audience == token_endpoint);
  CHECK(f.wire->request_count() == 2);
}

TEST_CASE("an audience that worked stays when the host does not tell it for once", "[exchange]") {
  Fixture f;
  f.answer_discovery();
  f.answer_exchange();
  f.wire->reply(200, R"({"workspace_id":"7","token_federation_default_oidc_audiences":["first"]})");
  REQUIRE(f.issue());
  f.clock->advance(2h);
  f.wire->reply(503, "");
  REQUIRE(f.issue());
  CHECK(f.id_tokens->last_audience == "first");
}

TEST_CASE("a refused exchange tells whose ID token it was", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.answer_discovery();
  const auto [status, code] = GENERATE(table<int, std::string>(
      {{400, "invalid_request"}, {400, "invalid_grant"}, {401, "invalid_client"}, {403, "access_denied"}}));
  f.wire->reply(status, R"({"error":")" + code + R"(","error_description":"no matching policy for )" +
                            f.id_tokens->token + R"("})");
  const Error error = f.failure();
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK(error.server_code == code);
  CHECK(error.http_status == status);
  CHECK_FALSE(error.retryable);
  CHECK(contains(error.message, "iss=https://issuer.example"));
  CHECK(contains(error.message, "aud=aud-1 aud-2"));
  CHECK(contains(error.message, "sub=repo:org/name:ref:main"));
  CHECK(contains(error.message, "federation policy of the service principal client-1"));
  CHECK_FALSE(contains(error.message, "clock"));
  REQUIRE(error.attempts.size() == 1);
  CHECK(contains(error.attempts[0].fix, "federation policy"));
  CHECK_FALSE(contains(error.attempts[0].fix, "azure_client_secret"));
  CHECK(f.wire->request_count() == 2);
}

TEST_CASE("claims that look like secrets are not shown", "[exchange]") {
  Fixture f;
  f.settings.client_id.clear();
  f.id_tokens->takes = false;
  f.id_tokens->token = jwt(R"({"iss":"dapi0123456789abcdef0123456789abcdef","sub":")" + jwt("{}") + R"("})");
  f.answer_discovery();
  f.wire->reply(400, R"({"error":"invalid_grant"})");
  const Error error = f.failure();
  CHECK(contains(error.message, "aud=(absent)"));
  CHECK(contains(error.message, "federation policy of the account"));
  CHECK_FALSE(contains(error.message, "dapi0123456789"));
}

TEST_CASE("what is no JSON Web Token is said to be none once it is refused", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.id_tokens->token = "planted-opaque-token-of-somebody-else-that-is-long-enough";
  f.answer_discovery();
  f.wire->reply(400, R"({"error":"invalid_grant"})");
  const Error error = f.failure();
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK(contains(error.message, "not a JSON Web Token"));
}

TEST_CASE("refused scopes keep their advice", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.settings.scopes = {"sql"};
  f.answer_discovery();
  f.wire->reply(400, R"({"error":"invalid_scope"})");
  const Error error = f.failure();
  CHECK(contains(error.message, "sub=repo:org/name:ref:main"));
  CHECK(contains(error.attempts.at(0).fix, "\"sql\""));
}

TEST_CASE("failures that are no verdict on the ID token do not blame it", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.answer_discovery();
  ErrorCode expected = ErrorCode::server_error;
  SECTION("500") {
    f.wire->reply(500, "{}");
  }
  SECTION("429") {
    f.wire->reply(429, "{}", {{"retry-after", "30"}});
    expected = ErrorCode::rate_limited;
  }
  SECTION("404") {
    f.wire->reply(404, "{}");
    expected = ErrorCode::not_found;
  }
  SECTION("no network") {
    f.wire->fail(Error(ErrorCode::network, "no route"));
    expected = ErrorCode::network;
  }
  const Error error = f.failure();
  CHECK(error.code == expected);
  CHECK_FALSE(contains(error.message, "iss="));
  // The endpoint may have moved, so it is looked up again.
  f.answer_exchange();
  REQUIRE(f.issue());
  CHECK(f.wire->request_count("/oidc/.well-known/") == 2);
}

TEST_CASE("an expired ID token is not sent anywhere", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = GENERATE(false, true);
  f.settings.audience = "mine";
  f.id_tokens->token = jwt(id_token_claims(",\"exp\":" + std::to_string(start_s)));
  const Error error = f.failure();
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK(contains(error.message, "expired at 2026-01-01T00:00:00Z"));
  CHECK(contains(error.message, "iss=https://issuer.example"));
  REQUIRE(error.attempts.size() == 1);
  CHECK(contains(error.attempts[0].fix, "new ID token"));
  CHECK(contains(error.attempts[0].fix, "clock"));
  CHECK(f.wire->request_count() == 0);
  f.id_tokens->token = jwt(id_token_claims(",\"exp\":" + std::to_string(start_s + 1)));
  f.answer_discovery();
  f.answer_exchange();
  CHECK(f.issue());
}

TEST_CASE("a refused ID token from the future gets a hint about clocks", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.answer_discovery();
  f.wire->reply(400, R"({"error":"invalid_grant"})");
  const std::string late = std::to_string(start_s + 301);
  const std::string tolerated = std::to_string(start_s + 300);
  bool hint = true;
  SECTION("iat") {
    f.id_tokens->token = jwt(id_token_claims(",\"iat\":" + late));
  }
  SECTION("nbf") {
    f.id_tokens->token = jwt(id_token_claims(",\"nbf\":" + late));
  }
  SECTION("nbf after iat") {
    f.id_tokens->token = jwt(id_token_claims(",\"iat\":" + tolerated + ",\"nbf\":" + late));
  }
  SECTION("within five minutes") {
    f.id_tokens->token = jwt(id_token_claims(",\"iat\":" + tolerated));
    hint = false;
  }
  const Error error = f.failure();
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK(contains(error.message, "clock") == hint);
  CHECK(contains(error.message, "2026-01-01T00:05:01Z") == hint);
  CHECK(contains(error.attempts.at(0).fix, "clock") == hint);
}

TEST_CASE("a host without OAuth is reported after the ID token was found", "[exchange]") {
  Fixture f;
  f.id_tokens->takes = false;
  f.wire->on(net::HttpMethod::get, "/oidc/.well-known/oauth-authorization-server", 404, "");
  f.answer_metadata(404, "");
  const Error error = f.failure();
  CHECK(error.code == ErrorCode::unsupported);
  CHECK(f.id_tokens->calls == 1);
}

TEST_CASE("cancellation ends the exchange", "[exchange]") {
  Fixture f;
  CancelSource cancel;
  cancel.cancel();
  CallContext context;
  context.cancel = cancel.token();
  const auto issued = f.issue(context);
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::cancelled);
  CHECK(f.id_tokens->calls == 0);
}
