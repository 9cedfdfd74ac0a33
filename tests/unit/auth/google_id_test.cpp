// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "auth/strategies/google.hpp"
#include "encoding/timestamp.hpp"
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
const std::string iam = "https://iamcredentials.googleapis.com";
const std::string account = "target@project.iam.gserviceaccount.com";
const std::string account_url = iam + "/v1/projects/-/serviceAccounts/" + account;
const std::string login = R"({"type":"authorized_user","client_id":"gcloud-client","client_secret":"planted-secret",)"
                          R"("refresh_token":"planted-refresh"})";
constexpr long long now_s = 1767225600;  // FakeClock's beginning

struct GoogleIdFixture {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  testing::TemporaryDirectory home;
  std::map<std::string, std::string> variables{{"HOME", home.path()}};
  std::shared_ptr<auth::TokenSource> source = auth::make_google_id_source(
      account, host, [this] { return platform::Environment(variables); }, wire, clock);

  /// IAM gives both tokens.
  void impersonation_works() {
    wire->on(net::HttpMethod::post, ":generateIdToken", 200,
             R"({"token":")" + testing::jwt_ending_at(now_s + 3600) + R"("})");
    wire->on(net::HttpMethod::post, ":generateAccessToken", 200,
             R"({"accessToken":"ya29.target","expireTime":"2026-01-01T00:30:00Z"})");
  }
  void well_known_login() { home.write(".config/gcloud/application_default_credentials.json", login); }
  void login_works() {
    wire->on(net::HttpMethod::post, "oauth2.googleapis.com", 200, R"({"access_token":"ya29.own","expires_in":3599})");
  }
  Result<auth::IssuedToken> issue(const CallContext& context = {}) { return source->issue({}, context); }
  testing::RecordedRequest request_to(std::string_view part) const {
    for (const auto& request : wire->requests()) {
      if (request.url.find(part) != std::string::npos) return request;
    }
    throw std::runtime_error("no request to " + std::string(part));
  }
};

void check_no_secret(const std::string& text) {
  CHECK(text.find("planted") == std::string::npos);
  CHECK(text.find("ya29") == std::string::npos);
  CHECK(text.find(testing::google_key_bytes()) == std::string::npos);
}

}  // namespace

TEST_CASE("a user's login impersonates the service account", "[google]") {
  GoogleIdFixture f;
  f.well_known_login();
  f.login_works();
  f.impersonation_works();
  const auto issued = f.issue();
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == testing::jwt_ending_at(now_s + 3600));
  CHECK(issued->token.token_type == "Bearer");
  // The access token ends first.
  CHECK(issued->token.expires_at == f.clock->now() + 1800s);
  CHECK(issued->token.lifetime == 1800s);
  REQUIRE(issued->companion_headers.size() == 1);
  CHECK(issued->companion_headers[0].name == "X-Databricks-GCP-SA-Access-Token");
  CHECK(issued->companion_headers[0].value.reveal() == "ya29.target");

  REQUIRE(f.wire->request_count() == 3);
  const auto refresh = f.wire->request(0);
  CHECK(refresh.url == "https://oauth2.googleapis.com/token");
  CHECK(testing::form_of(refresh.body) == std::map<std::string, std::string>{{"grant_type", "refresh_token"},
                                                                             {"client_id", "gcloud-client"},
                                                                             {"client_secret", "planted-secret"},
                                                                             {"refresh_token", "planted-refresh"}});
  const auto id = f.wire->request(1);
  CHECK(id.method == net::HttpMethod::post);
  CHECK(id.url == account_url + ":generateIdToken");
  CHECK(id.secret_headers == std::vector<std::pair<std::string, std::string>>{{"Authorization", "Bearer ya29.own"}});
  CHECK(id.content_type == "application/json");
  CHECK(id.body == R"({"audience":"https://1234.5.gcp.databricks.com","includeEmail":true})");
  const auto access = f.wire->request(2);
  CHECK(access.url == account_url + ":generateAccessToken");
  CHECK(access.header("Authorization") == "Bearer ya29.own");
  CHECK(access.body ==
        R"({"scope":["https://www.googleapis.com/auth/cloud-platform","https://www.googleapis.com/auth/compute"]})");
}

TEST_CASE("application default credentials are looked for in Google's order", "[google]") {
  GoogleIdFixture f;
  f.impersonation_works();
  f.wire->on(net::HttpMethod::post, "/token", 200, R"({"access_token":"ya29.own","expires_in":3599})");
  const auto with_client = [](const std::string& client) {
    return R"({"type":"authorized_user","client_id":")" + client + R"(","client_secret":"s","refresh_token":"r"})";
  };
  f.home.write(".config/gcloud/application_default_credentials.json", with_client("in home"));
  const auto client = [&] {
    REQUIRE(f.issue());
    for (const auto& request : f.wire->requests()) {
      if (request.url.find("/token") != std::string::npos) return testing::form_of(request.body).at("client_id");
    }
    return std::string();
  };
  SECTION("home") {
    CHECK(client() == "in home");
  }
  SECTION("CLOUDSDK_CONFIG") {
    f.home.write("sdk/application_default_credentials.json", with_client("of sdk"));
    f.variables["CLOUDSDK_CONFIG"] = f.home / "sdk";
    CHECK(client() == "of sdk");
  }
  SECTION("GOOGLE_APPLICATION_CREDENTIALS") {
    f.variables["CLOUDSDK_CONFIG"] = f.home / "sdk";
    f.variables["GOOGLE_APPLICATION_CREDENTIALS"] = f.home.write("mine.json", with_client("mine"));
    CHECK(client() == "mine");
  }
}

TEST_CASE("a service account's key impersonates with the scope cloud-platform", "[google]") {
  GoogleIdFixture f;
  f.variables["GOOGLE_APPLICATION_CREDENTIALS"] =
      f.home.write("key.json", testing::google_key_json("http://127.0.0.1:4444/token"));
  f.wire->on(net::HttpMethod::post, "127.0.0.1:4444/token", 200, R"({"access_token":"ya29.robot","expires_in":3599})");
  f.impersonation_works();
  REQUIRE(f.issue());
  const auto form = testing::form_of(f.request_to("127.0.0.1").body);
  CHECK(form.at("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const std::string assertion = form.at("assertion");
  CHECK(testing::google_test_key().verifies(
      assertion.substr(0, assertion.rfind('.')),
      encoding::decode_base64url(assertion.substr(assertion.rfind('.') + 1)).value()));
  const auto claims = base::JsonDocument::parse(
                          encoding::decode_base64url(std::string(base::split(assertion, '.')[1])).value(), "claims")
                          .value();
  CHECK(claims["scope"].string_or() == "https://www.googleapis.com/auth/cloud-platform");
  CHECK(f.request_to(":generateIdToken").header("Authorization") == "Bearer ya29.robot");
}

TEST_CASE("the metadata server gives the machine's token", "[google]") {
  GoogleIdFixture f;
  f.impersonation_works();
  const std::string path = "/computeMetadata/v1/instance/service-accounts/default/token";
  f.wire->on(net::HttpMethod::get, path, 200, R"({"access_token":"ya29.machine","expires_in":1200})");
  SECTION("at its fixed address, which is made sure of once") {
    f.wire->on(net::HttpMethod::get, "http://169.254.169.254/", 200, "computeMetadata/",
               {{"metadata-flavor", "Google"}});
    REQUIRE(f.issue());
    REQUIRE(f.wire->request_count() == 4);
    CHECK(f.wire->request(0).url == "http://169.254.169.254/");
    CHECK(f.wire->request(0).header("Metadata-Flavor") == "Google");
    CHECK(f.wire->request(0).attempt_timeout == 1s);
    CHECK(f.wire->request(1).url == "http://169.254.169.254" + path);
    CHECK(f.wire->request(1).header("Metadata-Flavor") == "Google");
    CHECK(f.request_to(":generateIdToken").header("Authorization") == "Bearer ya29.machine");
    REQUIRE(f.issue());
    CHECK(f.wire->request_count() == 7);
  }
  SECTION("where GCE_METADATA_HOST says") {
    const std::string address = GENERATE("127.0.0.1:8123", "metadata.google.internal", "169.254.170.2", "localhost");
    f.variables["GCE_METADATA_HOST"] = address;
    REQUIRE(f.issue());
    CHECK(f.wire->request_count() == 3);
    CHECK(f.wire->request(0).url == "http://" + address + path);
  }
}

TEST_CASE("a metadata server elsewhere is not asked", "[google]") {
  GoogleIdFixture f;
  f.variables["GCE_METADATA_HOST"] =
      GENERATE("evil.example", "user:planted@127.0.0.1", "8.8.8.8", "metadata.google.internal.evil.example",
               "169.254.169.254@evil.example", "localhost/path", "localhost?x");
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::configuration);
  CHECK(issued.error().message.find("GCE_METADATA_HOST") != std::string::npos);
  CHECK(issued.error().message.find("planted") == std::string::npos);
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("without application default credentials the error says where they were looked for", "[google]") {
  GoogleIdFixture f;
  SECTION("nothing answers") {
    f.wire->fail(Error(ErrorCode::network, "no route"));
  }
  SECTION("another cloud answers") {
    f.wire->reply(401, "");
  }
  SECTION("it takes too long") {
    f.wire->fail(Error(ErrorCode::timed_out, "too long"));
  }
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::no_credentials);
  CHECK(issued.error().message.find("GOOGLE_APPLICATION_CREDENTIALS") != std::string::npos);
  REQUIRE(issued.error().attempts.size() == 1);
  CHECK(issued.error().attempts[0].verdict == AttemptVerdict::unavailable);
  CHECK(issued.error().attempts[0].fix.find("gcloud auth application-default login") != std::string::npos);
  CHECK(f.wire->request_count() == 1);
}

TEST_CASE("a call that is over is not taken for a missing metadata server", "[google]") {
  GoogleIdFixture f;
  CancelSource cancel;
  f.wire->reply_with([&](const testing::RecordedRequest&) -> Result<net::HttpResponse> {
    cancel.cancel();
    return Error(ErrorCode::cancelled, "cancelled");
  });
  CallContext context;
  context.cancel = cancel.token();
  const auto issued = f.issue(context);
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::cancelled);
}

TEST_CASE("a machine without a service account says so", "[google]") {
  GoogleIdFixture f;
  f.variables["GCE_METADATA_HOST"] = "127.0.0.1:8123";
  f.wire->reply(404, "no service account", {}, "text/plain");
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().http_status == 404);
  CHECK(issued.error().attempts.at(0).fix.find("attach a service account") != std::string::npos);
}

TEST_CASE("unusable credential files are explained without their secrets", "[google]") {
  GoogleIdFixture f;
  const testing::LogCapture log;
  struct Case {
    std::string text;
    ErrorCode code;
    std::string says;
  };
  const auto c = GENERATE(values<Case>({
      {R"({"type":"external_account","audience":"planted"})", ErrorCode::unsupported, "external_account"},
      {R"({"type":"impersonated_service_account","planted":1})", ErrorCode::unsupported,
       "impersonated_service_account"},
      {R"({"planted":1})", ErrorCode::unsupported, "unknown kind"},
      {R"({"type":"authorized_user","client_id":"i","client_secret":"planted"})", ErrorCode::configuration,
       "refresh_token"},
      {R"({"type":"authorized_user","client_id":"i","client_secret":"planted","refresh_token":"planted","token_uri":"http://x"})",
       ErrorCode::configuration, "token_uri"},
      {R"({"type":"service_account","client_email":"planted@x"})", ErrorCode::configuration, "private_key"},
      {"planted", ErrorCode::configuration, "not a JSON object"},
      {"[]", ErrorCode::configuration, "not a JSON object"},
  }));
  f.variables["GOOGLE_APPLICATION_CREDENTIALS"] = f.home.write("adc.json", c.text);
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CAPTURE(issued.error().message);
  CHECK(issued.error().code == c.code);
  CHECK(issued.error().message.find(c.says) != std::string::npos);
  CHECK(issued.error().message.find("adc.json") != std::string::npos);
  CHECK_FALSE(issued.error().attempts.at(0).fix.empty());
  check_no_secret(testing::all_text(issued.error()));
  check_no_secret(log.text());
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("a file that GOOGLE_APPLICATION_CREDENTIALS names must exist", "[google]") {
  GoogleIdFixture f;
  f.well_known_login();
  f.variables["GOOGLE_APPLICATION_CREDENTIALS"] = f.home / "absent.json";
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::configuration);
  CHECK(issued.error().message.find("absent.json") != std::string::npos);
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("an ended login says how to log in again", "[google]") {
  GoogleIdFixture f;
  const testing::LogCapture log;
  f.well_known_login();
  f.wire->reply(400, R"({"error":"invalid_grant","error_description":"Token refresh_token=planted-refresh expired."})");
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::authentication_failed);
  CHECK(issued.error().attempts.at(0).verdict == AttemptVerdict::unavailable);
  CHECK(issued.error().attempts.at(0).fix == "run gcloud auth application-default login");
  check_no_secret(testing::all_text(issued.error()));
  check_no_secret(log.text());
}

TEST_CASE("a missing role says which and on what", "[google]") {
  GoogleIdFixture f;
  const testing::LogCapture log;
  f.well_known_login();
  f.login_works();
  f.wire->on(net::HttpMethod::post, ":generateIdToken", 403,
             R"({"error":{"code":403,"message":"Permission 'iam.serviceAccounts.getOpenIdToken' denied",)"
             R"("status":"PERMISSION_DENIED"}})");
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::permission_denied);
  CHECK(issued.error().message.find(account) != std::string::npos);
  CHECK(issued.error().message.find("getOpenIdToken") != std::string::npos);
  CHECK(issued.error().attempts.at(0).fix.find("roles/iam.serviceAccountTokenCreator on " + account) !=
        std::string::npos);
  check_no_secret(testing::all_text(issued.error()));
  check_no_secret(log.text());
}

TEST_CASE("without permission for an access token the ID token goes alone", "[google]") {
  GoogleIdFixture f;
  const testing::LogCapture log;
  f.well_known_login();
  f.login_works();
  f.wire->on(net::HttpMethod::post, ":generateIdToken", 200,
             R"({"token":")" + testing::jwt_ending_at(now_s + 3600) + R"("})");
  f.wire->on(net::HttpMethod::post, ":generateAccessToken", 403, R"({"error":{"code":403,"message":"no"}})");
  const auto issued = f.issue();
  REQUIRE(issued);
  CHECK(issued->companion_headers.empty());
  CHECK(issued->token.expires_at == f.clock->now() + 3600s);
  CHECK(log.mentions("warning auth.google-id"));
  check_no_secret(log.text());
}

TEST_CASE("answers without tokens are protocol errors", "[google]") {
  GoogleIdFixture f;
  f.well_known_login();
  f.login_works();
  f.wire->on(net::HttpMethod::post, ":generateIdToken", 200,
             GENERATE(R"({})", R"({"token":""})", R"({"token":7})", R"({"token":"a\nb"})"));
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::protocol);
}

TEST_CASE("the IAM address can be replaced, by https or loopback only", "[google]") {
  GoogleIdFixture f;
  f.well_known_login();
  f.login_works();
  f.impersonation_works();
  SECTION("loopback") {
    f.variables["DBXAUTH_GOOGLE_IAM_CREDENTIALS_URL"] = "http://127.0.0.1:4444/";
    REQUIRE(f.issue());
    CHECK(f.request_to(":generateIdToken").url ==
          "http://127.0.0.1:4444/v1/projects/-/serviceAccounts/" + account + ":generateIdToken");
  }
  SECTION("plain http elsewhere") {
    f.variables["DBXAUTH_GOOGLE_IAM_CREDENTIALS_URL"] = "http://iam.example";
    const auto issued = f.issue();
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::configuration);
    CHECK(issued.error().message.find("DBXAUTH_GOOGLE_IAM_CREDENTIALS_URL") != std::string::npos);
    CHECK(f.wire->request_count() == 0);
  }
}
