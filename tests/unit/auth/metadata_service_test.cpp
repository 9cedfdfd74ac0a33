// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/metadata_service.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

const std::string host = "https://dbc-1.cloud.databricks.com";
const std::string url = "http://127.0.0.1:4711/planted-path?key=planted-query";

struct Fixture {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();

  Result<auth::IssuedToken> issue(const auth::TokenDemand& demand = {}) {
    const auto source = auth::make_metadata_service_source(url, host, wire, clock);
    REQUIRE(source);
    return (*source)->issue(demand, {});
  }
};

}  // namespace

TEST_CASE("the metadata service is asked for a token of the host", "[metadata-service]") {
  Fixture f;
  const std::string expires_on = GENERATE(as<std::string>{}, "1767229200", "\"1767229200\"");
  f.wire->reply(200, R"({"access_token":"t","token_type":"bearer","expires_on":)" + expires_on + "}");
  const auto issued = f.issue();
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "t");
  CHECK(issued->token.token_type == "Bearer");
  CHECK(issued->token.lifetime == 1h);
  CHECK(issued->token.expires_at == f.clock->now() + 1h);
  REQUIRE(f.wire->request_count() == 1);
  const auto seen = f.wire->request(0);
  CHECK(seen.method == net::HttpMethod::get);
  CHECK(seen.url == url);
  CHECK(seen.header("X-Databricks-Metadata-Version") == "1");
  CHECK(seen.header("X-Databricks-Host") == host);
  CHECK(seen.secret_headers.empty());
  CHECK(seen.attempt_timeout == 10s);
  CHECK_FALSE(seen.follow_redirects);
}

TEST_CASE("only this machine may be asked", "[metadata-service]") {
  Fixture f;
  for (const char* good : {"http://localhost:1/x", "http://127.0.0.1:1", "http://127.8.9.10/", "http://[::1]:80/t",
                           "https://localhost/t", " http://LOCALHOST/ \n"}) {
    INFO(good);
    CHECK(auth::make_metadata_service_source(good, host, f.wire, f.clock));
  }
  for (const char* bad : {"", "localhost", "http://169.254.169.254/planted", "https://service.example/planted",
                          "http://localhost.attacker.example/planted", "http://127.0.0.1.example/planted",
                          "http://localhost@attacker.example/planted", "http://planted@localhost/", "file:///planted",
                          "http://0.0.0.0/planted", "http://[::2]/planted", "http://local host/planted"}) {
    INFO(bad);
    const auto source = auth::make_metadata_service_source(bad, host, f.wire, f.clock);
    REQUIRE_FALSE(source);
    CHECK(source.error().code == ErrorCode::configuration);
    CHECK(source.error().message.find("DATABRICKS_METADATA_SERVICE_URL") != std::string::npos);
    CHECK(to_json(source.error()).find("planted") == std::string::npos);
  }
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("failures of the metadata service do not show its URL", "[metadata-service]") {
  Fixture f;
  ErrorCode expected = ErrorCode::protocol;
  SECTION("404 with the path") {
    f.wire->reply(404, "Cannot GET /planted-path?key=planted-query", {}, "text/plain");
    expected = ErrorCode::authentication_failed;
  }
  SECTION("401") {
    f.wire->reply(401, R"({"error":"planted_query"})");
    expected = ErrorCode::authentication_failed;
  }
  SECTION("a redirection") {
    f.wire->reply(302, "", {{"location", "https://elsewhere.example/planted-path"}});
    expected = ErrorCode::authentication_failed;
  }
  SECTION("500") {
    f.wire->reply(500, R"({"message":"/planted-path"})");
    expected = ErrorCode::server_error;
  }
  SECTION("503") {
    f.wire->reply(503, "");
    expected = ErrorCode::unavailable;
  }
  SECTION("a page that names the path") {
    f.wire->reply(200, "<html><title>/planted-path?key=planted-query</title></html>", {}, "text/html");
    expected = ErrorCode::not_databricks;
  }
  SECTION("no JSON") {
    f.wire->reply(200, "planted-path");
  }
  SECTION("no token") {
    f.wire->reply(200, R"({"token_type":"Bearer","expires_on":1767229200})");
  }
  SECTION("an empty token") {
    f.wire->reply(200, R"({"access_token":"","expires_on":1767229200})");
  }
  SECTION("an expired token") {
    f.wire->reply(200, R"({"access_token":"planted","expires_on":1767225600})");
  }
  SECTION("an expiry that is none") {
    f.wire->reply(200, R"({"access_token":"planted","expires_on":"soon"})");
  }
  SECTION("no service") {
    f.wire->fail(Error(ErrorCode::network, "refused: " + url));
    expected = ErrorCode::network;
  }
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == expected);
  CHECK(issued.error().message.find("http://127.0.0.1:4711") != std::string::npos);
  CHECK(to_json(issued.error()).find("planted") == std::string::npos);
  CHECK(f.wire->request_count() == 1);
}

TEST_CASE("a service that is not running is advised about", "[metadata-service]") {
  Fixture f;
  f.wire->fail(Error(ErrorCode::network, "connection refused"));
  const auto issued = f.issue();
  REQUIRE_FALSE(issued);
  REQUIRE(issued.error().attempts.size() == 1);
  CHECK(issued.error().attempts[0].verdict == AttemptVerdict::unavailable);
  CHECK(issued.error().attempts[0].fix.find("DATABRICKS_METADATA_SERVICE_URL") != std::string::npos);
}

TEST_CASE("the metadata service is not believed when it repeats a refused token", "[metadata-service]") {
  Fixture f;
  f.wire->on(net::HttpMethod::get, "127.0.0.1", 200, R"({"access_token":"planted","expires_on":1767229200})");
  const SecretString rejected("planted");
  auth::TokenDemand demand;
  demand.rejected = &rejected;
  const auto issued = f.issue(demand);
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::authentication_failed);
  CHECK(to_json(issued.error()).find("planted") == std::string::npos);
  const SecretString older("another");
  demand.rejected = &older;
  CHECK(f.issue(demand));
}
