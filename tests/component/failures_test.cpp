// SPDX-License-Identifier: Apache-2.0
// What goes wrong between a client and a workspace: each failure has its own code, and a message that helps.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>

#include <catch2/catch.hpp>

#include "component/client_fixture.hpp"
#include "support/test_certificate.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using dbxauth::testing::ClientFixture;
using dbxauth::testing::Overheard;

namespace {

constexpr const char* me_route = "GET /api/2.0/preview/scim/v2/Me";
constexpr const char* token_route = "POST /oidc/v1/token";
constexpr const char* submit_route = "POST /api/2.0/sql/statements";

/// Fixture whose calls are short enough for a test, measured, and listened to.
struct Failures : ClientFixture {
  using ClientFixture::ClientFixture;

  CallContext deadline(std::chrono::milliseconds time = 20s) const { return CallContext::with_timeout(time); }

  Result<CurrentUser> me(const Client& client, std::chrono::milliseconds time = 20s) const {
    auto workspace = client.workspace(deadline(time));
    if (!workspace) return workspace.error();
    return workspace->current_user(deadline(time));
  }
  Result<StatementResult> select_1(std::chrono::milliseconds time = 20s) const {
    StatementRequest statement;
    statement.sql = "SELECT 1 AS one";
    statement.warehouse_id = emulator.warehouse_id();
    return workspace().execute(statement, deadline(time));
  }

  /// The failure's code, that its message holds every one of `parts`, and that nothing secret has come out.
  template <class T>
  void expect(const Result<T>& outcome, ErrorCode code, const std::vector<std::string>& parts) {
    REQUIRE_FALSE(outcome);
    const Error& error = outcome.error();
    INFO(to_json(error));
    CHECK(to_string(error.code) == to_string(code));
    for (const std::string& part : parts) {
      INFO("should say: " << part);
      CHECK(error.message.find(part) != std::string::npos);
    }
    heard.add(error);
    expect_no_secret();
  }
  void expect_no_secret() const {
    const std::string text = heard.text();
    CHECK(text.find(emulator.client_secret()) == std::string::npos);
    CHECK(text.find(emulator.token()) == std::string::npos);
  }
  std::string authority() const { return emulator.url().substr(emulator.url().find("://") + 3); }

  Overheard heard;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

  ~Failures() { CHECK(std::chrono::steady_clock::now() - start < 2min); }
};

/// A port of this machine on which nobody listens.
int refused_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

std::string http_date(std::chrono::seconds from_now) {
  const std::time_t time = std::time(nullptr) + from_now.count();
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return text;
}

}  // namespace

TEST_CASE("a host that does not exist", "[failures]") {
  Failures f;
  // Longer than a label may be, so that no name server is asked.
  const std::string host = std::string(64, 'x') + ".example";
  auto environment = f.administrator();
  environment["DATABRICKS_HOST"] = "https://" + host;
  f.expect(f.me(f.client(environment)), ErrorCode::network, {host, "could not be resolved", "check its spelling"});
  environment = f.service_principal();
  environment["DATABRICKS_HOST"] = "https://" + host;
  f.expect(f.me(f.client(environment)), ErrorCode::network, {host, "could not be resolved"});
}

TEST_CASE("a port on which nobody listens", "[failures]") {
  Failures f;
  const std::string authority = "127.0.0.1:" + std::to_string(refused_port());
  auto environment = f.administrator();
  environment["DATABRICKS_HOST"] = "http://" + authority;
  f.expect(f.me(f.client(environment)), ErrorCode::network, {authority, "could not connect", "check the address"});
  environment = f.service_principal();
  environment["DATABRICKS_HOST"] = "http://" + authority;
  f.expect(f.me(f.client(environment)), ErrorCode::network, {authority, "could not connect"});
}

TEST_CASE("HTML where JSON was due", "[failures]") {
  Failures f;
  SECTION("at the discovery of the token endpoint") {
    f.fault(R"({"path":"/oidc/.well-known/*","html":true})");
    f.expect(f.me(f.client(f.service_principal())), ErrorCode::not_databricks, {f.authority(), "/oidc/"});
  }
  SECTION("at the token endpoint") {
    f.fault(R"({"path":"/oidc/v1/token","html":true})");
    f.expect(f.me(f.client(f.service_principal())), ErrorCode::not_databricks, {f.authority(), "/oidc/v1/token"});
  }
  SECTION("at the API") {
    f.fault(R"({"path":"/api/*","html":true})");
    f.expect(f.me(f.client(f.administrator())), ErrorCode::not_databricks, {f.authority(), "/api/2.0/preview/scim"});
  }
}

TEST_CASE("a certificate of an unknown authority", "[failures][tls]") {
  Failures f("empty", {"--tls"});
  const std::string bundle(f.emulator.ready()["ca_bundle"].string_or());
  f.expect(f.me(f.client(f.administrator())), ErrorCode::tls, {f.authority(), "DATABRICKS_CA_BUNDLE"});
  f.expect(f.me(f.client(f.service_principal())), ErrorCode::tls, {f.authority(), "DATABRICKS_CA_BUNDLE"});

  auto options = f.options(f.service_principal());
  options.http.ca_bundle = bundle;
  auto client = Client::create(std::move(options));
  REQUIRE(client);
  CHECK(f.me(*client));

  auto environment = f.service_principal();
  environment["DATABRICKS_CA_BUNDLE"] = bundle;
  CHECK(f.me(f.client(environment)));
  // Pinned to another authority.
  const dbxauth::testing::TestCertificate other;
  environment["DATABRICKS_CA_BUNDLE"] = other.certificate_file();
  f.expect(f.me(f.client(environment)), ErrorCode::tls, {f.authority(), other.certificate_file()});
}

TEST_CASE("plain http to a server of https, and https to one of http", "[failures][tls]") {
  Failures secure("empty", {"--tls"});
  auto environment = secure.administrator();
  environment["DATABRICKS_HOST"] = "http://" + secure.authority();
  const auto plain = secure.me(secure.client(environment), 10s);
  CHECK_FALSE(plain);
  Failures open;
  environment = open.administrator();
  environment["DATABRICKS_HOST"] = "https://" + open.authority();
  open.expect(open.me(open.client(environment), 10s), ErrorCode::tls, {open.authority(), "handshake"});
}

TEST_CASE("credentials that the server refuses", "[failures]") {
  Failures f;
  auto environment = f.administrator();
  SECTION("an unknown token") {
    environment["DATABRICKS_TOKEN"] = "dapi00000000000000000000000000000000";
    f.expect(f.me(f.client(environment)), ErrorCode::authentication_failed, {f.authority()});
    CHECK(f.heard.text().find("dapi0000") == std::string::npos);
    CHECK(f.requests(me_route) == 1);
  }
  SECTION("a wrong client secret") {
    environment = f.service_principal();
    environment["DATABRICKS_CLIENT_SECRET"] = "dose-planted-wrong-secret";
    const auto outcome = f.me(f.client(environment));
    f.expect(outcome, ErrorCode::authentication_failed, {f.authority()});
    CHECK(outcome.error().server_code == "invalid_client");
    CHECK_FALSE(outcome.error().attempts.empty());
    CHECK(f.heard.text().find("planted-wrong") == std::string::npos);
    CHECK(f.requests(token_route) == 1);
  }
}

TEST_CASE("an access token that ended is renewed and the request sent once more", "[failures]") {
  Failures f;
  const Client client = f.client(f.service_principal());
  REQUIRE(f.me(client));
  REQUIRE(f.requests(token_route) == 1);
  f.control(net::HttpMethod::post, "/_emulator/tokens/expire", R"({"kind":"oauth"})");
  REQUIRE(f.me(client));
  CHECK(f.requests(token_route) == 2);
  CHECK(f.requests(me_route) == 3);
  // A server that refuses the new token, too, is not asked for ever.
  f.fault(R"({"path":"/api/2.0/preview/scim/v2/Me","status":401,"body":"{\"error_code\":\"401\"}"})");
  f.expect(f.me(client), ErrorCode::authentication_failed, {f.authority()});
  CHECK(f.requests(token_route) == 3);
  CHECK(f.requests(me_route) == 5);
}

TEST_CASE("what the identity may not do", "[failures]") {
  Failures f;
  f.fault(R"({"path":"/api/2.0/preview/scim/v2/Me","status":403,
              "body":"{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"dapi0123456789abcdef0123456789abcdef may not\"}"})");
  const auto outcome = f.me(f.client(f.service_principal()));
  f.expect(outcome, ErrorCode::permission_denied, {f.authority(), "ask the owner"});
  CHECK(outcome.error().http_status == 403);
  CHECK(outcome.error().server_code == "PERMISSION_DENIED");
  CHECK(f.heard.text().find("dapi0123") == std::string::npos);
  CHECK(f.requests(me_route) == 1);
  CHECK(f.requests(token_route) == 1);
}

TEST_CASE("Retry-After of 429 and 503 is waited for when it lies before the deadline", "[failures]") {
  Failures f;
  const Client client = f.client(f.administrator());
  const std::string status = GENERATE("429", "503");
  SECTION("seconds") {
    f.fault(R"({"path":"/api/*/Me","times":1,"headers":{"Retry-After":"1"},"status":)" + status + "}");
    CHECK(f.me(client));
    CHECK(f.requests(me_route) == 2);
  }
  SECTION("a date") {
    f.fault(R"({"path":"/api/*/Me","times":1,"headers":{"Retry-After":")" + http_date(1s) + R"("},"status":)" + status +
            "}");
    CHECK(f.me(client));
    CHECK(f.requests(me_route) == 2);
  }
  const ErrorCode code = status == "429" ? ErrorCode::rate_limited : ErrorCode::unavailable;
  SECTION("seconds behind the deadline") {
    f.fault(R"({"path":"/api/*/Me","headers":{"Retry-After":"3600"},"status":)" + status + "}");
    const auto outcome = f.me(client);
    f.expect(outcome, code, {f.authority()});
    CHECK(outcome.error().retry_after == 3600s);
    CHECK(outcome.error().retryable);
    CHECK(f.requests(me_route) == 1);
  }
  SECTION("a date behind the deadline") {
    f.fault(R"({"path":"/api/*/Me","headers":{"Retry-After":")" + http_date(1h) + R"("},"status":)" + status + "}");
    const auto outcome = f.me(client);
    f.expect(outcome, code, {f.authority()});
    REQUIRE(outcome.error().retry_after);
    CHECK(*outcome.error().retry_after > 30min);
    CHECK(f.requests(me_route) == 1);
  }
  SECTION("at the token endpoint") {
    f.fault(R"({"path":"/oidc/v1/token","times":1,"headers":{"Retry-After":"1"},"status":)" + status + "}");
    CHECK(f.me(f.client(f.service_principal())));
    CHECK(f.requests(token_route) == 2);
  }
  SECTION("at the token endpoint, behind the deadline") {
    f.fault(R"({"path":"/oidc/v1/token","headers":{"Retry-After":"3600"},"status":)" + status + "}");
    f.expect(f.me(f.client(f.service_principal())), code, {f.authority()});
    CHECK(f.requests(token_route) == 1);
  }
}

TEST_CASE("a lost answer", "[failures]") {
  Failures f;
  SECTION("of a GET is asked for again") {
    f.fault(R"({"path":"/api/*/Me","times":1,"drop_connection":"after"})");
    CHECK(f.me(f.client(f.administrator())));
    CHECK(f.requests(me_route) == 2);
  }
  SECTION("of the token endpoint is asked for again") {
    f.fault(R"({"path":"/oidc/v1/token","times":1,"drop_connection":"after"})");
    CHECK(f.me(f.client(f.service_principal())));
    CHECK(f.requests(token_route) == 2);
  }
  SECTION("of a submitted statement never is") {
    const char* when = GENERATE("before", "after");
    f.fault(R"({"method":"POST","path":"/api/2.0/sql/statements*","drop_connection":")" + std::string(when) + "\"}");
    f.expect(f.select_1(), ErrorCode::network,
             {f.authority(), "the statement may be running on warehouse " + f.emulator.warehouse_id(),
              "look it up in the query history"});
    CHECK(f.requests(submit_route) == 1);
    CHECK(f.statements() == (std::string(when) == "after" ? 1 : 0));
  }
  SECTION("of a submitted statement on a kept connection never is") {
    const WorkspaceClient workspace = f.workspace();
    StatementRequest statement;
    statement.sql = "SELECT 1 AS one";
    statement.warehouse_id = f.emulator.warehouse_id();
    REQUIRE(workspace.execute(statement, f.deadline()));
    f.fault(R"({"method":"POST","path":"/api/2.0/sql/statements*","drop_connection":"after"})");
    f.expect(workspace.execute(statement, f.deadline()), ErrorCode::network, {"the statement may be running"});
    CHECK(f.requests(submit_route) == 2);
    CHECK(f.statements() == 2);
  }
}

TEST_CASE("a statement that was turned away is submitted again and runs once", "[failures]") {
  Failures f;
  f.fault(R"([{"method":"POST","path":"/api/2.0/sql/statements*","nth":1,"times":1,"status":503,
               "headers":{"Retry-After":"1"}},
              {"method":"POST","path":"/api/2.0/sql/statements*","nth":1,"times":1,"status":429,
               "headers":{"Retry-After":"1"}}])");
  CHECK(f.select_1());
  CHECK(f.requests(submit_route) == 3);
  CHECK(f.statements() == 1);
  f.no_faults();
  f.fault(R"({"method":"POST","path":"/api/2.0/sql/statements*","status":500})");
  f.expect(f.select_1(), ErrorCode::server_error, {"the statement may be running"});
  CHECK(f.requests(submit_route) == 4);
}

TEST_CASE("an answer that is cut off", "[failures]") {
  Failures f;
  SECTION("as a whole message") {
    f.fault(R"({"path":"/api/*/Me","truncate_body_at":20})");
    f.expect(f.me(f.client(f.administrator())), ErrorCode::protocol, {f.authority()});
  }
  SECTION("by the end of the connection") {
    f.fault(R"({"path":"/api/*/Me","times":1,"truncate_body_at":20,"truncate_closes":true})");
    CHECK(f.me(f.client(f.administrator())));
    CHECK(f.requests(me_route) == 2);
  }
  SECTION("at the token endpoint") {
    f.fault(R"({"path":"/oidc/v1/token","truncate_body_at":60})");
    f.expect(f.me(f.client(f.service_principal())), ErrorCode::protocol, {f.authority(), "/oidc/v1/token"});
  }
  SECTION("at the submission of a statement") {
    f.fault(R"({"method":"POST","path":"/api/2.0/sql/statements*","truncate_body_at":20})");
    f.expect(f.select_1(), ErrorCode::protocol, {"the statement may be running"});
    CHECK(f.statements() == 1);
  }
}

TEST_CASE("an answer that trickles ends with the deadline", "[failures]") {
  Failures f;
  SECTION("of the API") {
    f.fault(R"({"path":"/api/*/Me","slow_body_bytes_per_s":1})");
    f.expect(f.me(f.client(f.administrator()), 2s), ErrorCode::timed_out, {f.authority()});
  }
  SECTION("of the token endpoint") {
    f.fault(R"({"path":"/oidc/v1/token","slow_body_bytes_per_s":1})");
    f.expect(f.me(f.client(f.service_principal()), 2s), ErrorCode::timed_out, {f.authority()});
  }
  SECTION("no answer at all") {
    f.fault(R"({"path":"/api/*/Me","latency_ms":600000})");
    f.expect(f.me(f.client(f.administrator()), 2s), ErrorCode::timed_out, {f.authority()});
  }
}

TEST_CASE("warehouses that do not run", "[failures]") {
  Failures f;
  const std::string stopped(f.emulator.ready()["stopped_warehouse_id"].string_or());
  const WorkspaceClient workspace = f.workspace();
  SECTION("a stopped one is started") {
    REQUIRE(workspace.warehouse(stopped, f.deadline())->state == "STOPPED");
    const auto started = workspace.start_warehouse(stopped, f.deadline(60s));
    REQUIRE(started);
    CHECK(started->state == "RUNNING");
  }
  SECTION("a statement starts it, too") {
    StatementRequest statement;
    statement.sql = "SELECT 1 AS one";
    statement.warehouse_id = stopped;
    const auto result = workspace.execute(statement, f.deadline(60s));
    REQUIRE(result);
    CHECK(result->rows.at(0).at(0) == "1");
  }
  SECTION("an unknown one") {
    f.expect(workspace.start_warehouse("0123456789abcdef", f.deadline()), ErrorCode::not_found, {"0123456789abcdef"});
    f.expect(workspace.choose_warehouse("0123456789abcdef", f.deadline()), ErrorCode::not_found, {"0123456789abcdef"});
    StatementRequest statement;
    statement.sql = "SELECT 1 AS one";
    statement.warehouse_id = "0123456789abcdef";
    f.expect(workspace.execute(statement, f.deadline()), ErrorCode::not_found, {"0123456789abcdef"});
    CHECK(f.statements() == 0);
  }
  SECTION("a deleted one") {
    f.fault(R"({"method":"GET","path":"/api/2.0/sql/warehouses/*","status":200,
                "body":"{\"id\":\"w1\",\"name\":\"old\",\"state\":\"DELETED\"}"})");
    f.expect(workspace.choose_warehouse("w1", f.deadline()), ErrorCode::not_found, {"w1", "deleted", "choose another"});
    f.expect(workspace.start_warehouse("w1", f.deadline()), ErrorCode::not_found, {"w1", "deleted", "choose another"});
  }
}

TEST_CASE("a result that the server has let go of", "[failures]") {
  Failures f;
  f.settings(R"({"statement_delay_ms":300})");
  f.fault(R"({"method":"GET","path":"/api/2.0/sql/statements/*","status":200,
              "body":"{\"statement_id\":\"s1\",\"status\":{\"state\":\"CLOSED\"}}"})");
  StatementRequest statement;
  statement.sql = "SELECT 1 AS one";
  statement.warehouse_id = f.emulator.warehouse_id();
  statement.wait_in_submit = 0s;
  f.expect(f.workspace().execute(statement, f.deadline()), ErrorCode::not_found, {"has run", "closed"});
  CHECK(f.statements() == 1);
}
