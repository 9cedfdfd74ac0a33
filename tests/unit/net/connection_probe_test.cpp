// SPDX-License-Identifier: Apache-2.0
#include "net/connection_probe.hpp"

#include <map>
#include <string>
#include <vector>

#include "net/http_transport.hpp"
#include "support/loopback_http_server.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::LoopbackHttpServer;
using testing::TestCertificate;

namespace {

std::vector<net::ConnectionStage> probe(const std::string& url, const HttpOptions& options = {},
                                        std::map<std::string, std::string> variables = {},
                                        const CallContext& context = {}) {
  return net::probe_connection(url, options, platform::Environment(std::move(variables)), context);
}

/// "proxy dns tcp -tls": a stage that failed has a dash.
std::string outline(const std::vector<net::ConnectionStage>& stages) {
  std::string text;
  for (const auto& stage : stages) {
    CHECK(stage.reached == !stage.error.has_value());
    CHECK(stage.elapsed >= 0us);
    text += (text.empty() ? "" : " ") + std::string(stage.reached ? "" : "-") + stage.name;
  }
  return text;
}

const Error& failure(const std::vector<net::ConnectionStage>& stages) {
  REQUIRE_FALSE(stages.empty());
  REQUIRE(stages.back().error);
  REQUIRE(stages.back().error->attempts.size() == 1);
  return *stages.back().error;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int closed_port() {
  LoopbackHttpServer server;
  return server.start().port();
}

}  // namespace

TEST_CASE("a probe goes through all stages and sends no credentials") {
  const TestCertificate certificate;
  LoopbackHttpServer server(certificate);
  std::string headers;
  server.routes().Get("/x", [&](const httplib::Request& request, httplib::Response& response) {
    for (const auto& [name, value] : request.headers) headers += name + ": " + value + "\n";
    response.status = 404;
  });
  server.start();
  HttpOptions options;
  options.ca_bundle = certificate.certificate_file();
  const std::string by_name = "https://localhost:" + std::to_string(server.port()) + "/x";
  const auto stages = probe(by_name, options);
  REQUIRE(outline(stages) == "proxy dns tcp tls http");
  CHECK(contains(stages[0].detail, "none"));
  CHECK(contains(stages[1].detail, "localhost is "));
  CHECK(contains(stages[2].detail, ":" + std::to_string(server.port())));
  CHECK(contains(stages[3].detail, "TLSv1."));
  CHECK(contains(stages[3].detail, "issued by \"CN = dbxauth test\""));
  CHECK(contains(stages[3].detail, certificate.certificate_file()));
  CHECK(stages[4].detail == "HTTP 404");
  CHECK_FALSE(contains(headers, "Authorization"));
  CHECK(server.requests() == 1);

  CHECK(outline(probe(server.url("/x"), options)) == "proxy tcp tls http");
  CHECK(server.connections() == 2);  // Nothing is reused.
}

TEST_CASE("stages that do not apply are left out") {
  LoopbackHttpServer server;
  server.start();
  CHECK(outline(probe(server.url("/x"))) == "proxy tcp http");
}

TEST_CASE("each failure ends at its own stage, with its fix apart") {
  SECTION("an unknown name") {
    const auto stages = probe("https://workspace.invalid/");
    CHECK(outline(stages) == "proxy -dns");
    CHECK(failure(stages).message == "the host name workspace.invalid could not be resolved");
    CHECK(contains(failure(stages).attempts[0].fix, "check its spelling"));
    CHECK(failure(stages).code == ErrorCode::network);
  }
  SECTION("a refused port") {
    const auto stages = probe("http://127.0.0.1:" + std::to_string(closed_port()) + "/");
    CHECK(outline(stages) == "proxy -tcp");
    CHECK(contains(failure(stages).attempts[0].fix, "firewall"));
  }
  SECTION("an untrusted certificate") {
    TestCertificate::Options of_company;
    of_company.common_name = "Example Corp CA";
    const TestCertificate company(of_company);
    TestCertificate::Options of_leaf;
    of_leaf.issuer = &company;
    const TestCertificate leaf(of_leaf);
    LoopbackHttpServer server(leaf);
    server.start();
    const auto stages = probe(server.url("/"));
    CHECK(outline(stages) == "proxy tcp -tls");
    CHECK(failure(stages).code == ErrorCode::tls);
    CHECK(contains(failure(stages).message, "issued by \"CN = Example Corp CA\""));
    CHECK(contains(failure(stages).attempts[0].fix, "DATABRICKS_CA_BUNDLE"));
    CHECK(server.requests() == 0);
  }
  SECTION("a handshake with a server of plain http") {
    LoopbackHttpServer server;
    server.start();
    CHECK(outline(probe("https://127.0.0.1:" + std::to_string(server.port()) + "/")) == "proxy tcp -tls");
  }
  SECTION("no answer") {
    LoopbackHttpServer server;
    server.routes().Get("/", [&](const httplib::Request&, httplib::Response&) { server.stall(); });
    server.start();
    HttpOptions options;
    options.attempt_timeout = 100ms;
    const auto stages = probe(server.url("/"), options);
    CHECK(outline(stages) == "proxy tcp -http");
    CHECK(failure(stages).code == ErrorCode::timed_out);
  }
  SECTION("a bundle that is not there") {
    const auto stages = probe("https://127.0.0.1:1/", {}, {{"DATABRICKS_CA_BUNDLE", "/no/such.pem"}});
    CHECK(outline(stages) == "-tls");
    CHECK(failure(stages).code == ErrorCode::configuration);
    CHECK(contains(failure(stages).message, "/no/such.pem"));
  }
  SECTION("an address that may not be asked") {
    const auto stages = probe("http://workspace.invalid/");
    CHECK(outline(stages) == "-http");
    CHECK(failure(stages).code == ErrorCode::invalid_argument);
  }
  SECTION("a call that was cancelled") {
    CancelSource source;
    source.cancel();
    CallContext context;
    context.cancel = source.token();
    const auto stages = probe("https://workspace.invalid/", {}, {}, context);
    CHECK(outline(stages) == "-dns");
    CHECK(failure(stages).code == ErrorCode::cancelled);
  }
}

TEST_CASE("behind a proxy the proxy stands for name and connection") {
  LoopbackHttpServer proxy;
  proxy.routes().set_pre_routing_handler([](const httplib::Request&, httplib::Response& response) {
    response.status = 403;
    return httplib::Server::HandlerResponse::Handled;
  });
  proxy.start();
  SECTION("it refuses") {
    const auto stages = probe("https://workspace.invalid/", {},
                              {{"HTTPS_PROXY", "http://me:planted-secret@127.0.0.1:" + std::to_string(proxy.port())}});
    CHECK(outline(stages) == "-proxy");
    CHECK(contains(failure(stages).message, "(named by HTTPS_PROXY) refused to connect"));
    CHECK(contains(stages[0].detail, "through http://127.0.0.1:" + std::to_string(proxy.port())));
    CHECK_FALSE(contains(failure(stages).message + stages[0].detail, "planted-secret"));
  }
  SECTION("it is not there") {
    const auto stages =
        probe("https://workspace.invalid/", {}, {{"ALL_PROXY", "http://127.0.0.1:" + std::to_string(closed_port())}});
    CHECK(outline(stages) == "-proxy");
    CHECK(contains(failure(stages).attempts[0].fix, "ALL_PROXY"));
  }
  SECTION("its name is not known") {
    CHECK(outline(probe("https://workspace.invalid/", {}, {{"HTTPS_PROXY", "http://proxy.invalid:3128"}})) == "-proxy");
  }
  SECTION("it passes the request on") {
    HttpOptions options;
    options.proxy = proxy.url();
    const auto stages = probe("http://127.0.0.1:1/", options);
    CHECK(outline(stages) == "proxy http");
    CHECK(stages[1].detail == "HTTP 403");
  }
  SECTION("the host is an exception") {
    const auto stages =
        probe("https://workspace.invalid/", {}, {{"HTTPS_PROXY", proxy.url()}, {"no_proxy", "workspace.invalid"}});
    CHECK(outline(stages) == "proxy -dns");
    CHECK(stages[0].detail == "none: no_proxy names the host");
    CHECK(proxy.requests() == 0);
  }
}
