// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "auth/strategies/google.hpp"
#include "google_fixture.hpp"
#include "support/fake_clock.hpp"
#include "support/log_capture.hpp"
#include "support/scripted_transport.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

const std::string host = "https://1234.5.gcp.databricks.com";
const std::string token_uri = "https://oauth2.googleapis.com/token";
constexpr long long now_s = 1767225600;  // FakeClock's beginning

struct GoogleFixture {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  testing::TemporaryDirectory home;

  Result<std::shared_ptr<auth::TokenSource>> source(const std::string& credentials) {
    return auth::make_google_credentials_source(SecretString(credentials), host, home.path(), wire, clock);
  }
  Result<auth::IssuedToken> issue(const std::string& credentials) {
    auto made = source(credentials);
    if (!made) return made.error();
    return (*made)->issue({}, {});
  }
};

/// The claims of the assertion in a recorded request, once its signature has been verified.
base::JsonDocument verified_claims(const testing::RecordedRequest& request) {
  const auto form = testing::form_of(request.body);
  const std::string assertion = form.at("assertion");
  const auto parts = base::split(assertion, '.');
  REQUIRE(parts.size() == 3);
  CHECK(testing::google_test_key().verifies(assertion.substr(0, assertion.rfind('.')),
                                            encoding::decode_base64url(parts[2]).value()));
  CHECK(encoding::decode_base64url(parts[0]).value() == R"({"alg":"RS256","typ":"JWT","kid":"key-id-1"})");
  return base::JsonDocument::parse(encoding::decode_base64url(parts[1]).value(), "claims").value();
}

std::string id_answer(long long expires_at_s) {
  return R"({"id_token":")" + testing::jwt_ending_at(expires_at_s) + R"("})";
}

}  // namespace

TEST_CASE("a service account's key gets an ID token and an access token", "[google]") {
  GoogleFixture f;
  const std::string id_token = testing::jwt_ending_at(now_s + 3600);
  f.wire->reply(200, id_answer(now_s + 3600));
  f.wire->reply(200, R"({"access_token":"ya29.access","expires_in":3599,"token_type":"Bearer"})");
  const auto issued = f.issue(testing::google_key_json());
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == id_token);
  CHECK(issued->token.token_type == "Bearer");
  REQUIRE(issued->companion_headers.size() == 1);
  CHECK(issued->companion_headers[0].name == "X-Databricks-GCP-SA-Access-Token");
  CHECK(issued->companion_headers[0].value.reveal() == "ya29.access");

  REQUIRE(f.wire->request_count() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto request = f.wire->request(i);
    CHECK(request.method == net::HttpMethod::post);
    CHECK(request.url == token_uri);
    CHECK(request.content_type == "application/x-www-form-urlencoded");
    CHECK(request.secret_headers.empty());
    const auto form = testing::form_of(request.body);
    CHECK(form.size() == 2);
    CHECK(form.at("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const auto claims = verified_claims(request);
    CHECK(claims["iss"].string_or() == "robot@project.iam.gserviceaccount.com");
    CHECK(claims["sub"].string_or() == "robot@project.iam.gserviceaccount.com");
    CHECK(claims["aud"].string_or() == token_uri);
    CHECK(claims["iat"].integer_or(0) == now_s - 10);
    CHECK(claims["exp"].integer_or(0) == now_s - 10 + 3600);
    CHECK(claims.root().size() == 6);
  }
  CHECK(verified_claims(f.wire->request(0))["target_audience"].string_or() == host);
  CHECK(verified_claims(f.wire->request(1))["scope"].string_or() ==
        "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/compute");
}

TEST_CASE("the pair ends with whichever ends first", "[google]") {
  GoogleFixture f;
  SECTION("the access token") {
    f.wire->reply(200, id_answer(now_s + 3600)).reply(200, R"({"access_token":"a","expires_in":1800})");
    const auto issued = f.issue(testing::google_key_json());
    REQUIRE(issued);
    CHECK(issued->token.expires_at == f.clock->now() + 1800s);
    CHECK(issued->token.lifetime == 1800s);
  }
  SECTION("the ID token") {
    f.wire->reply(200, id_answer(now_s + 900)).reply(200, R"({"access_token":"a","expires_in":1800})");
    const auto issued = f.issue(testing::google_key_json());
    REQUIRE(issued);
    CHECK(issued->token.expires_at == f.clock->now() + 900s);
    CHECK(issued->token.lifetime == 900s);
  }
  SECTION("neither says") {
    f.wire->reply(200, R"({"id_token":"opaque"})").reply(200, R"({"access_token":"a"})");
    const auto issued = f.issue(testing::google_key_json());
    REQUIRE(issued);
    CHECK(issued->token.expires_at == f.clock->now() + 3600s);
  }
}

TEST_CASE("an access token that is refused is left out with a warning", "[google]") {
  GoogleFixture f;
  const testing::LogCapture log;
  f.wire->reply(200, id_answer(now_s + 3600));
  f.wire->reply(400, R"({"error":"invalid_scope","error_description":"no such scope"})");
  const auto issued = f.issue(testing::google_key_json());
  REQUIRE(issued);
  CHECK(issued->companion_headers.empty());
  CHECK(issued->token.expires_at == f.clock->now() + 3600s);
  CHECK(log.mentions("warning auth.google-credentials"));
  CHECK(log.mentions("X-Databricks-GCP-SA-Access-Token"));
  CHECK_FALSE(log.mentions(testing::google_key_bytes()));
}

TEST_CASE("a failure that will pass does not leave a header out for an hour", "[google]") {
  GoogleFixture f;
  f.wire->reply(200, id_answer(now_s + 3600));
  SECTION("the network") {
    f.wire->fail(Error(ErrorCode::network, "reset"));
  }
  SECTION("a busy server") {
    f.wire->reply(429, "{}");
  }
  SECTION("a failing server") {
    f.wire->reply(503, "{}");
  }
  CHECK_FALSE(f.issue(testing::google_key_json()));
}

TEST_CASE("the key may be in a file, also below the home directory", "[google]") {
  GoogleFixture f;
  f.home.write("keys/robot.json", testing::google_key_json());
  const std::string path = GENERATE(true, false) ? f.home / "keys/robot.json" : "~/keys/robot.json";
  f.wire->reply(200, id_answer(now_s + 3600)).reply(200, R"({"access_token":"a","expires_in":3600})");
  CHECK(f.issue(" " + path + "\n"));
}

TEST_CASE("a key names its own token endpoint", "[google]") {
  GoogleFixture f;
  f.wire->reply(200, id_answer(now_s + 3600)).reply(200, R"({"access_token":"a","expires_in":3600})");
  REQUIRE(f.issue(testing::google_key_json("http://127.0.0.1:4444/token")));
  CHECK(f.wire->request(0).url == "http://127.0.0.1:4444/token");
  CHECK(verified_claims(f.wire->request(0))["aud"].string_or() == "http://127.0.0.1:4444/token");

  const auto plain = f.source(testing::google_key_json("http://idp.example/token"));
  REQUIRE_FALSE(plain);
  CHECK(plain.error().code == ErrorCode::configuration);
  CHECK(plain.error().message.find("token_uri") != std::string::npos);
}

TEST_CASE("what is not a key is refused without being quoted", "[google]") {
  GoogleFixture f;
  struct Case {
    std::string credentials;
    std::string says;
  };
  f.home.write("other.json", R"({"type":"authorized_user","refresh_token":"planted-refresh"})");
  f.home.write("broken.json", "{planted");
  const std::string good = testing::google_key_json();
  const auto without = [&](const std::string& name) {
    std::string text = good;
    return text.replace(text.find('"' + name + '"'), name.size() + 2, "\"x\"");
  };
  const std::vector<Case> cases{
      {"", "cannot be read"},
      {"planted-no-key", "does not exist"},
      {"/planted/absent", "names a file that does not exist"},
      {"~/absent.json", "names the file ~/absent.json that does not exist"},
      {"~/other.json", "authorized_user"},
      {"~/broken.json", "not valid JSON"},
      {f.home.path(), "is a directory"},
      {R"({"planted)", "not valid JSON"},
      {R"({"type":"planted"})", "type is not"},
      {R"({"type":"external_account","planted":1})", "external_account"},
      {without("client_email"), "client_email"},
      {without("private_key"), "private_key"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.says);
    const auto made = f.source(c.credentials);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::configuration);
    CHECK(made.error().message.find(c.says) != std::string::npos);
    CHECK(made.error().message.find("GOOGLE_CREDENTIALS") != std::string::npos);
    REQUIRE(made.error().attempts.size() == 1);
    CHECK_FALSE(made.error().attempts[0].fix.empty());
    CHECK(testing::all_text(made.error()).find("planted") == std::string::npos);
    CHECK(testing::all_text(made.error()).find(testing::google_key_bytes()) == std::string::npos);
  }
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("a key that cannot sign names its account and nothing of the key", "[google]") {
  GoogleFixture f;
  std::string json = testing::google_key_json();
  const auto at = json.find("MII");
  REQUIRE(at != std::string::npos);
  json.replace(at, 3, "xxx");
  const auto issued = f.issue(json);
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::configuration);
  CHECK(issued.error().message.find("robot@project") != std::string::npos);
  CHECK(issued.error().attempts.at(0).fix.find("gcloud iam service-accounts keys create") != std::string::npos);
  CHECK(testing::all_text(issued.error()).find(testing::google_key_bytes().substr(10, 30)) == std::string::npos);
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("a refused key says whose it is and what to check", "[google]") {
  GoogleFixture f;
  const testing::LogCapture log;
  f.wire->reply_with([](const testing::RecordedRequest& request) -> Result<net::HttpResponse> {
    // A server that repeats what it was sent.
    return testing::http_response(400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature. )" +
                                           testing::form_of(request.body).at("assertion") + R"("})");
  });
  const auto issued = f.issue(testing::google_key_json());
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::authentication_failed);
  CHECK(issued.error().server_code == "invalid_grant");
  CHECK(issued.error().message.find("Google refused the key key-id-1 of robot@project.iam.gserviceaccount.com") !=
        std::string::npos);
  CHECK(issued.error().attempts.at(0).fix.find("clock") != std::string::npos);
  const std::string assertion = testing::form_of(f.wire->request(0).body).at("assertion");
  const std::string signature = assertion.substr(assertion.rfind('.') + 1);
  CHECK(testing::all_text(issued.error()).find(signature) == std::string::npos);
  CHECK_FALSE(log.mentions(signature));
  CHECK_FALSE(log.mentions(testing::google_key_bytes()));
  CHECK(f.wire->request_count() == 1);
}

TEST_CASE("an answer without an ID token is a protocol error", "[google]") {
  GoogleFixture f;
  f.wire->reply(200, R"({"access_token":"not asked for"})");
  const auto issued = f.issue(testing::google_key_json());
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::protocol);
  CHECK(issued.error().message.find("id_token") != std::string::npos);
}
