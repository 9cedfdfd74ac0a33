// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "emulator_fixture.hpp"

namespace dbxauth::emulator::testing {

namespace {

constexpr const char* me = "/api/2.0/preview/scim/v2/Me";
constexpr const char* catalogs = "/api/2.1/unity-catalog/catalogs";

struct RawRequest {
  std::string bytes;
  std::string until;  ///< What the answer ends with, as far as this test cares.
};

/// Sends requests byte by byte as given, one after another over one connection; returns everything the server said.
std::string raw_exchange(const std::string& url, const std::vector<RawRequest>& requests) {
  const auto parsed = encoding::parse_url(url);
  REQUIRE(parsed);
  const int socket_fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(parsed->port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const timeval limit{20, 0};
  ::setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string received;
  char buffer[4096];
  for (const auto& [bytes, until] : requests) {
    REQUIRE(::send(socket_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    while (received.find(until) == std::string::npos) {
      const ssize_t count = ::recv(socket_fd, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      received.append(buffer, static_cast<std::size_t>(count));
    }
  }
  ::close(socket_fd);
  return received;
}

}  // namespace

TEST_CASE("unknown routes, bad bodies and large bodies get an error body") {
  TestWorkspace workspace("empty");
  const Answer unknown = workspace.get("/api/2.0/nothing");
  CHECK(unknown.status == 404);
  CHECK(code_of(unknown) == "ENDPOINT_NOT_FOUND");
  CHECK_FALSE(unknown.header("x-request-id").empty());
  CHECK(workspace.post(me, "{}").status == 404);

  for (const char* body : {"{", "[]", "\"text\"", "{\"name\":\"x\"} trailing"}) {
    INFO(body);
    const Answer malformed = workspace.post(catalogs, body);
    CHECK(malformed.status == 400);
    CHECK(code_of(malformed) == "MALFORMED_REQUEST");
  }
  const Answer wrong_type = workspace.post(catalogs, R"({"name":17})");
  CHECK(wrong_type.status == 400);
  CHECK(code_of(wrong_type) == "INVALID_PARAMETER_VALUE");
  CHECK(code_of(workspace.post(catalogs, "{}")) == "INVALID_PARAMETER_VALUE");

  const Answer large = workspace.post(catalogs, std::string(33u * 1024 * 1024, ' '));
  CHECK(large.status == 413);
  CHECK(code_of(large) == "MAX_REQUEST_SIZE_EXCEEDED");
  CHECK(workspace.get(me).status == 200);
}

TEST_CASE("a request without a length is answered at once and the connection goes on") {
  TestWorkspace workspace("empty");
  const std::string head =
      " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + workspace.credentials().token + "\r\n";
  const std::string answers = raw_exchange(
      workspace.credentials().url, {{"DELETE /api/2.1/unity-catalog/catalogs/none" + head + "\r\n", "serving_data"},
                                    {"POST /api/2.0/token/create" + head + "\r\n", "token_value"}});
  CHECK(answers.rfind("HTTP/1.1 404", 0) == 0);
  CHECK(answers.find("HTTP/1.1 200") != std::string::npos);
}

TEST_CASE("segments are decoded after they are split") {
  TestWorkspace workspace("empty");
  const Answer slash = workspace.get("/api/2.1/unity-catalog/catalogs/a%2Fb%20c");
  CHECK(slash.status == 404);
  CHECK(slash.text("message").find("a/b c") != std::string::npos);
  CHECK(code_of(slash) != "ENDPOINT_NOT_FOUND");
  CHECK(workspace.get("/api/2.0/token/list/").status == 200);
  CHECK(workspace.get("/api/2.1/unity-catalog/catalogs/a/b").status == 404);
}

TEST_CASE("requests are counted by route, and control requests are not") {
  TestWorkspace workspace("empty");
  CHECK(workspace.control("counters/reset", "{}").status == 200);
  workspace.get(me);
  workspace.get(me);
  workspace.get("/api/2.1/unity-catalog/catalogs/none");
  workspace.get("/api/2.0/nothing");
  const Answer counters = workspace.send("GET", "/_emulator/counters");
  CHECK(counters.json()["requests"].integer_or(0) == 4);
  const auto by_route = counters.json()["by_route"];
  CHECK(by_route["GET /api/2.0/preview/scim/v2/Me"].integer_or(0) == 2);
  CHECK(by_route["GET /api/2.1/unity-catalog/catalogs/{full_name}"].integer_or(0) == 1);
  CHECK(by_route["unknown route"].integer_or(0) == 1);
  workspace.control("counters/reset", "{}");
  CHECK(workspace.send("GET", "/_emulator/counters").json()["requests"].integer_or(-1) == 0);
}

TEST_CASE("faults answer for the handler") {
  TestWorkspace workspace("empty");
  SECTION("a status with Retry-After, a limited number of times, from the second request on") {
    workspace.control(
        "faults",
        R"({"method":"GET","path":"/api/2.0/*","nth":2,"times":2,"status":429,"headers":{"Retry-After":"7"}})");
    CHECK(workspace.get(me).status == 200);
    const Answer limited = workspace.get(me);
    CHECK(limited.status == 429);
    CHECK(limited.header("Retry-After") == "7");
    CHECK(code_of(limited) == "REQUEST_LIMIT_EXCEEDED");
    CHECK(workspace.get(me).status == 429);
    CHECK(workspace.get(me).status == 200);
    const Answer rules = workspace.send("GET", "/_emulator/faults");
    CHECK(rules.json()["rules"].at(0)["applied"].integer_or(0) == 2);
    CHECK(rules.json()["rules"].at(0)["matched"].integer_or(0) == 4);
  }
  SECTION("a body, and only where method and path match") {
    workspace.control("faults",
                      R"({"rules":[{"path":"*/Me","status":503,"body":"upstream"},{"method":"POST","status":500}]})");
    const Answer broken = workspace.get(me);
    CHECK(broken.status == 503);
    CHECK(broken.body == "upstream");
    CHECK(workspace.get("/api/2.0/token/list").status == 200);
    CHECK(workspace.post("/api/2.0/token/create", "{}").status == 500);
  }
  SECTION("a page in HTML") {
    workspace.control("faults", R"({"path":"*","html":true})");
    const Answer page = workspace.get(me);
    CHECK(page.status == 200);
    CHECK(page.header("Content-Type").rfind("text/html", 0) == 0);
  }
  SECTION("probability 0 never applies, 1 always") {
    workspace.control("faults", R"({"path":"*","probability":0,"status":500})");
    for (int i = 0; i < 20; ++i) CHECK(workspace.get(me).status == 200);
  }
  SECTION("rules that mean nothing are refused") {
    for (const char* rule : {R"({"statuss":500})", R"({"nth":0})", R"({"drop_connection":"sometimes"})",
                             R"({"status":9})", R"({"probability":2})", "[1]", "nonsense"}) {
      INFO(rule);
      CHECK(workspace.control("faults", rule).status == 400);
    }
    CHECK(workspace.send("GET", "/_emulator/faults").json()["rules"].size() == 0);
  }
  workspace.send("DELETE", "/_emulator/faults");
  CHECK(workspace.get(me).status == 200);
}

TEST_CASE("connections break before or after the handler ran") {
  TestWorkspace workspace("empty");
  const auto made = [&](const std::string& name) {
    return workspace.get(std::string(catalogs) + "/" + name).status == 200;
  };
  workspace.control("faults", R"({"method":"POST","path":"*/catalogs","times":1,"drop_connection":"before"})");
  CHECK(workspace.post(catalogs, R"({"name":"never"})").status == 0);
  CHECK_FALSE(made("never"));
  workspace.control("faults", R"({"method":"POST","path":"*/catalogs","times":1,"drop_connection":"after"})");
  CHECK(workspace.post(catalogs, R"({"name":"lost_answer"})").status == 0);
  CHECK(made("lost_answer"));
  CHECK(workspace.post(catalogs, R"({"name":"fine"})").status == 200);
}

TEST_CASE("bodies can be cut or slow") {
  TestWorkspace workspace("empty");
  const std::string whole = workspace.get(me).body;
  workspace.control("faults", R"({"path":"*/Me","times":1,"truncate_body_at":20})");
  const Answer cut = workspace.get(me);
  CHECK(cut.status == 200);
  CHECK(cut.body == whole.substr(0, 20));
  workspace.control("faults", R"({"path":"*/Me","times":1,"truncate_body_at":20,"truncate_closes":true})");
  CHECK(workspace.get(me).status == 0);
  workspace.control("faults", R"({"path":"*/Me","times":1,"slow_body_bytes_per_s":20000})");
  CHECK(workspace.get(me).body == whole);

  const std::string refusal = workspace.get_as("unknown", me).body;
  workspace.control("faults", R"({"path":"*/Me","times":1,"truncate_body_at":20})");
  const Answer cut_refusal = workspace.get_as("unknown", me);
  CHECK(cut_refusal.status == 401);
  CHECK(cut_refusal.body == refusal.substr(0, 20));
}

TEST_CASE("settings are checked and shown") {
  TestWorkspace workspace("empty");
  workspace.set(R"({"page_size":3,"empty_pages":true,"default_user":"bob@example.com"})");
  const Answer shown = workspace.send("GET", "/_emulator/settings");
  CHECK(shown.text("page_size") == "3");
  CHECK(shown.text("default_user") == "bob@example.com");
  CHECK(workspace.control("settings", R"({"page_size":5,"no_such_setting":1})").status == 400);
  CHECK(workspace.control("settings", R"({"page_size":-1})").status == 400);
  CHECK(workspace.send("GET", "/_emulator/settings").text("page_size") == "3");
}

TEST_CASE("many clients at once are all served") {
  TestWorkspace workspace("empty");
  constexpr int client_count = 100;
  // All stay connected, so that fewer threads than connections would starve the last ones.
  std::vector<std::unique_ptr<httplib::Client>> clients;
  for (int i = 0; i < client_count; ++i) clients.push_back(workspace.connect());
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (auto& client : clients)
    threads.emplace_back([&, raw = client.get()] {
      for (int i = 0; i < 3; ++i) {
        const auto answer = raw->Get(me, TestWorkspace::bearer(workspace.credentials().token));
        if (answer && answer->status == 200) ++served;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(served == 3 * client_count);
}

TEST_CASE("stopping ends waiting requests and open connections") {
  auto workspace = std::make_unique<TestWorkspace>("empty");
  workspace->set(R"({"statement_delay_ms":600000})");
  auto idle = workspace->connect();
  REQUIRE(idle->Get("/_emulator/counters"));
  auto waiting = workspace->connect();
  std::thread waiter([&] {
    waiting->Post("/api/2.0/sql/statements", TestWorkspace::bearer(workspace->credentials().token),
                  R"({"warehouse_id":")" + workspace->credentials().warehouse_id +
                      R"(","statement":"SELECT 1","wait_timeout":"50s"})",
                  "application/json");
  });
  while (workspace->send("GET", "/_emulator/counters").json()["statements"].integer_or(0) == 0)
    std::this_thread::yield();
  workspace->emulator().stop();
  waiter.join();
  CHECK_FALSE(idle->Get("/_emulator/counters"));
}

TEST_CASE("HTTPS is served with a certificate that its own authority signed") {
  const auto directory =
      std::filesystem::temp_directory_path() / ("dbxauth-emulator-tls-" + std::to_string(::getpid()));
  {
    TestWorkspace workspace("empty", true, directory.string());
    const std::string url = workspace.credentials().url;
    CHECK(url.rfind("https://127.0.0.1:", 0) == 0);
    CHECK(workspace.get(me).status == 200);
    CHECK(workspace.send("GET", "/oidc/.well-known/oauth-authorization-server").text("issuer") == url + "/oidc");
    httplib::Client distrustful(url);
    distrustful.enable_server_certificate_verification(true);
    CHECK_FALSE(distrustful.Get(me));
    const auto mode = std::filesystem::status(directory / "server.key").permissions();
    CHECK((mode & std::filesystem::perms::others_read) == std::filesystem::perms::none);
    workspace.control("faults", R"({"path":"*/Me","times":1,"drop_connection":"after"})");
    CHECK(workspace.get(me).status == 0);
    CHECK(workspace.get(me).status == 200);
  }
  std::filesystem::remove_all(directory);
}

TEST_CASE("the ready line is one JSON object with what other tools read") {
  TestWorkspace workspace("empty");
  const std::string line = workspace.emulator().ready_line();
  CHECK(line.find('\n') == std::string::npos);
  const auto document = base::JsonDocument::parse(line, "the ready line");
  REQUIRE(document);
  for (const char* key : {"url", "warehouse_id", "client_id", "client_secret", "token"}) {
    INFO(key);
    CHECK_FALSE((*document)[key].string_or().empty());
  }
  CHECK((*document)["pid"].integer_or(0) == ::getpid());
  CHECK((*document)["users"]["bob@example.com"].string_or() == workspace.user("bob@example.com"));
}

}  // namespace dbxauth::emulator::testing
