// SPDX-License-Identifier: Apache-2.0
// The way to a workspace, step by step: each thing that can be wrong is found at its own step, with what to do.
#include "dbxauth/diagnosis.hpp"

#include <ctime>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "component/client_fixture.hpp"
#include "support/loopback_http_server.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using dbxauth::testing::ClientFixture;
using dbxauth::testing::LoopbackHttpServer;
using dbxauth::testing::Overheard;
using dbxauth::testing::TestCertificate;

namespace {

using Variables = std::map<std::string, std::string>;

constexpr const char* kPlantedToken = "dapi0123456789abcdef0123456789abcdef";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A client that sees nothing of this machine but `environment`.
Client client_of(Variables environment) {
  environment.emplace("HOME", "/nonexistent");
  ClientOptions options;
  options.environment = std::move(environment);
  auto client = Client::create(std::move(options));
  if (!client) throw std::runtime_error(client.error().message);
  return std::move(*client);
}

/// "configuration passed, proxy passed, dns skipped, …"
std::string outline(const Diagnosis& diagnosis) {
  std::string text;
  for (const DiagnosisStep& step : diagnosis.steps) {
    CHECK(step.elapsed >= 0us);
    CHECK((step.verdict == DiagnosisVerdict::failed || step.verdict == DiagnosisVerdict::warning) == !step.fix.empty());
    CHECK_FALSE(step.detail.empty());
    text += (text.empty() ? "" : ", ") + step.name + " " + std::string(to_string(step.verdict));
  }
  return text;
}

const DiagnosisStep& step(const Diagnosis& diagnosis, const std::string& name) {
  for (const DiagnosisStep& one : diagnosis.steps) {
    if (one.name == name) return one;
  }
  throw std::runtime_error("the diagnosis lacks the step " + name);
}

/// A diagnosis, after looking for what none may hold: a gap, or a secret.
Diagnosis examined(const Client& client, const std::string& secret = kPlantedToken) {
  const Overheard heard;
  Diagnosis diagnosis = diagnose(client, CallContext::with_timeout(ClientFixture::patience));
  std::string names;
  for (const DiagnosisStep& one : diagnosis.steps) names += one.name + " ";
  CHECK(names == "configuration proxy dns tcp tls clock discovery token identity ");
  const std::string json = diagnosis.to_json();
  INFO(json);
  CHECK_FALSE(contains(json, secret));
  CHECK_FALSE(contains(heard.text(), secret));
  const auto parsed = base::JsonDocument::parse(json, "the diagnosis");
  REQUIRE(parsed);
  CHECK((*parsed)["schema"].integer_or(0) == 1);
  CHECK((*parsed)["steps"].size() == diagnosis.steps.size());
  CHECK((*parsed)["status"].string_or() == (diagnosis.healthy() ? "healthy" : "unhealthy"));
  return diagnosis;
}

int closed_port() {
  LoopbackHttpServer server;
  return server.start().port();
}

std::string http_date(std::chrono::seconds from_now) {
  const std::time_t time = std::time(nullptr) + from_now.count();
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return text;
}

/// As much of a workspace as a diagnosis asks for; handlers may change what it says.
struct SmallWorkspace {
  std::string date;
  LoopbackHttpServer server;

  SmallWorkspace() {
    const auto add = [this](const char* path, int status, const char* body) {
      server.routes().Get(path, [this, status, body](const httplib::Request&, httplib::Response& response) {
        response.status = status;
        if (!date.empty()) response.set_header("Date", date);
        response.set_content(body, "application/json");
      });
    };
    add("/.well-known/databricks-config", 404, R"({"error_code":"ENDPOINT_NOT_FOUND","message":"no"})");
    add("/oidc/.well-known/oauth-authorization-server", 200, R"({"token_endpoint":"https://w.example/oidc/v1/token"})");
    add("/api/2.0/preview/scim/v2/Me", 200, R"({"id":"1","userName":"ada@example.com"})");
  }
  Client client() const { return client_of({{"DATABRICKS_HOST", server.url()}, {"DATABRICKS_TOKEN", kPlantedToken}}); }
};

}  // namespace

TEST_CASE("a healthy workspace", "[diagnosis]") {
  const ClientFixture f;
  const bool by_secret = GENERATE(false, true);
  const Diagnosis diagnosis = examined(f.client(by_secret ? f.service_principal() : f.administrator()),
                                       by_secret ? f.emulator.client_secret() : f.emulator.token());
  CHECK(
      contains(outline(diagnosis), "configuration passed, proxy passed, dns skipped, tcp passed, tls skipped, clock "));
  CHECK(contains(outline(diagnosis), ", discovery passed, token passed, identity passed"));
  CHECK(step(diagnosis, "clock").verdict == DiagnosisVerdict::passed);
  CHECK(diagnosis.healthy());
  CHECK(contains(step(diagnosis, "configuration").detail, "from DATABRICKS_HOST"));
  CHECK(contains(step(diagnosis, "discovery").detail, "host_type workspace"));
  CHECK(contains(step(diagnosis, "discovery").detail, "/oidc/v1/token"));
  CHECK(contains(step(diagnosis, "token").detail, by_secret ? "oauth-m2m" : "pat"));
  CHECK(contains(step(diagnosis, "token").detail, "valid for ") == by_secret);
  CHECK(contains(step(diagnosis, "identity").detail, " in workspace "));
  CHECK_FALSE(diagnosis.attempts.empty());
  CHECK(diagnosis.config.auth_type == (by_secret ? "oauth-m2m" : "pat"));
}

TEST_CASE("a healthy workspace behind TLS", "[diagnosis]") {
  const ClientFixture f("empty", {"--tls"});
  auto environment = f.administrator();
  environment["DATABRICKS_CA_BUNDLE"] = std::string(f.emulator.ready()["ca_bundle"].string_or());
  const Diagnosis diagnosis = examined(f.client(environment), f.emulator.token());
  CHECK(diagnosis.healthy());
  CHECK(step(diagnosis, "tls").verdict == DiagnosisVerdict::passed);
  CHECK(contains(step(diagnosis, "tls").detail, "DATABRICKS_CA_BUNDLE"));

  environment.erase("DATABRICKS_CA_BUNDLE");
  const Diagnosis untrusted = examined(f.client(environment), f.emulator.token());
  CHECK(outline(untrusted) ==
        "configuration passed, proxy passed, dns skipped, tcp passed, tls failed, clock skipped, discovery skipped, "
        "token skipped, identity skipped");
  CHECK(contains(step(untrusted, "tls").fix, "DATABRICKS_CA_BUNDLE"));
}

TEST_CASE("an account console is asked for its workspaces", "[diagnosis]") {
  const ClientFixture f("empty", {"--host-type", "account"});
  auto environment = f.service_principal();
  const std::string account(f.emulator.ready()["account_id"].string_or());
  REQUIRE_FALSE(account.empty());
  const Diagnosis nameless = examined(f.client(environment), f.emulator.client_secret());
  CHECK_FALSE(nameless.healthy());
  environment["DATABRICKS_ACCOUNT_ID"] = account;
  const Diagnosis diagnosis = examined(f.client(environment), f.emulator.client_secret());
  INFO(diagnosis.to_json());
  CHECK(diagnosis.healthy());
  CHECK(contains(step(diagnosis, "discovery").detail, "/oidc/accounts/" + account));
  CHECK(contains(step(diagnosis, "identity").detail, "account " + account));
}

TEST_CASE("no workspace is named", "[diagnosis]") {
  const Diagnosis diagnosis = examined(client_of({{"DATABRICKS_TOKEN", kPlantedToken}}));
  CHECK(outline(diagnosis) ==
        "configuration failed, proxy skipped, dns skipped, tcp skipped, tls skipped, clock skipped, discovery skipped, "
        "token skipped, identity skipped");
  CHECK(contains(step(diagnosis, "configuration").fix, "DATABRICKS_HOST"));
}

TEST_CASE("a host name that does not exist", "[diagnosis]") {
  const Diagnosis diagnosis =
      examined(client_of({{"DATABRICKS_HOST", "https://workspace.invalid"}, {"DATABRICKS_TOKEN", kPlantedToken}}));
  CHECK(outline(diagnosis) ==
        "configuration passed, proxy passed, dns failed, tcp skipped, tls skipped, clock skipped, discovery skipped, "
        "token skipped, identity skipped");
  CHECK(contains(step(diagnosis, "dns").detail, "workspace.invalid could not be resolved"));
  CHECK(contains(step(diagnosis, "dns").fix, "check its spelling"));
}

TEST_CASE("a port on which nobody listens", "[diagnosis]") {
  const std::string authority = "127.0.0.1:" + std::to_string(closed_port());
  const Diagnosis diagnosis =
      examined(client_of({{"DATABRICKS_HOST", "http://" + authority}, {"DATABRICKS_TOKEN", kPlantedToken}}));
  CHECK(contains(outline(diagnosis), "dns skipped, tcp failed, tls skipped, clock skipped"));
  CHECK(contains(step(diagnosis, "tcp").detail, authority));
  CHECK(contains(step(diagnosis, "tcp").fix, "firewall"));
}

TEST_CASE("a company's inspecting proxy is told by its issuer", "[diagnosis]") {
  TestCertificate::Options of_company;
  of_company.common_name = "Example Corp Inspection CA";
  const TestCertificate company(of_company);
  TestCertificate::Options of_leaf;
  of_leaf.issuer = &company;
  const TestCertificate leaf(of_leaf);
  LoopbackHttpServer server(leaf);
  server.start();
  const Diagnosis diagnosis =
      examined(client_of({{"DATABRICKS_HOST", server.url()}, {"DATABRICKS_TOKEN", kPlantedToken}}));
  CHECK(contains(outline(diagnosis), "tcp passed, tls failed, clock skipped"));
  CHECK(contains(step(diagnosis, "tls").detail, "issued by \"CN = Example Corp Inspection CA\""));
  CHECK(contains(step(diagnosis, "tls").fix, "DATABRICKS_CA_BUNDLE"));
  CHECK(server.requests() == 0);
}

TEST_CASE("a proxy that refuses", "[diagnosis]") {
  LoopbackHttpServer proxy;
  int status = 403;
  proxy.routes().set_pre_routing_handler([&status](const httplib::Request&, httplib::Response& response) {
    response.status = status;
    return httplib::Server::HandlerResponse::Handled;
  });
  proxy.start();
  const std::string address = "127.0.0.1:" + std::to_string(proxy.port());
  const Client client = client_of({{"DATABRICKS_HOST", "https://workspace.invalid"},
                                   {"DATABRICKS_TOKEN", kPlantedToken},
                                   {"HTTPS_PROXY", "http://me:planted-password@" + address}});
  Diagnosis diagnosis = examined(client, "planted-password");
  CHECK(outline(diagnosis) ==
        "configuration passed, proxy failed, dns skipped, tcp skipped, tls skipped, clock skipped, discovery skipped, "
        "token skipped, identity skipped");
  CHECK(contains(step(diagnosis, "proxy").detail,
                 "the proxy http://" + address + " (named by HTTPS_PROXY) refused to connect to workspace.invalid"));
  CHECK(contains(step(diagnosis, "proxy").fix, "NO_PROXY"));
  status = 407;
  diagnosis = examined(client, "planted-password");
  CHECK(contains(step(diagnosis, "proxy").detail, "did not accept the user and password"));
  CHECK(contains(step(diagnosis, "proxy").fix, "correct HTTPS_PROXY"));
}

TEST_CASE("a host that is a web site", "[diagnosis]") {
  LoopbackHttpServer server;
  server.routes().Get("/.*", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("<html><title>Welcome</title></html>", "text/html");
  });
  server.start();
  const Diagnosis diagnosis =
      examined(client_of({{"DATABRICKS_HOST", server.url()}, {"DATABRICKS_TOKEN", kPlantedToken}}));
  CHECK(contains(outline(diagnosis), "discovery failed, token passed, identity failed"));
  for (const char* name : {"discovery", "identity"}) {
    CHECK(contains(step(diagnosis, name).detail, "answered with a web page titled \"Welcome\""));
    CHECK(contains(step(diagnosis, name).fix, "set host to the URL of the workspace"));
  }
}

TEST_CASE("an older workspace has no metadata, and that is fine", "[diagnosis]") {
  SmallWorkspace workspace;
  workspace.server.start();
  const Diagnosis diagnosis = examined(workspace.client());
  CHECK(diagnosis.healthy());
  CHECK(step(diagnosis, "discovery").verdict == DiagnosisVerdict::passed);
  CHECK(
      contains(step(diagnosis, "discovery").detail, "no metadata, as older workspaces; tokens from https://w.example"));
  CHECK(contains(step(diagnosis, "identity").detail, "ada@example.com"));
}

TEST_CASE("without OAuth a personal access token still works", "[diagnosis]") {
  LoopbackHttpServer server;
  server.routes().Get("/api/2.0/preview/scim/v2/Me", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(R"({"id":"1","userName":"ada@example.com"})", "application/json");
  });
  server.start();
  const Diagnosis diagnosis =
      examined(client_of({{"DATABRICKS_HOST", server.url()}, {"DATABRICKS_TOKEN", kPlantedToken}}));
  CHECK(diagnosis.healthy());
  CHECK(step(diagnosis, "discovery").verdict == DiagnosisVerdict::warning);
  CHECK(contains(step(diagnosis, "discovery").detail, server.url("/oidc/.well-known/oauth-authorization-server")));
}

TEST_CASE("no credentials, wrong ones and old ones", "[diagnosis]") {
  const ClientFixture f;
  auto environment = f.administrator();
  SECTION("none") {
    environment.erase("DATABRICKS_TOKEN");
    const Diagnosis diagnosis = examined(f.client(environment));
    CHECK(contains(outline(diagnosis), "discovery passed, token failed, identity skipped"));
    CHECK_FALSE(diagnosis.attempts.empty());
  }
  SECTION("a wrong token") {
    environment["DATABRICKS_TOKEN"] = kPlantedToken;
    const Diagnosis diagnosis = examined(f.client(environment));
    CHECK(contains(outline(diagnosis), "discovery passed, token passed, identity failed"));
    CHECK(contains(step(diagnosis, "identity").fix, "log in again, or replace the token"));
  }
  SECTION("a wrong secret") {
    environment = f.service_principal();
    environment["DATABRICKS_CLIENT_SECRET"] = "dose-planted-wrong-secret";
    const Diagnosis diagnosis = examined(f.client(environment), "dose-planted-wrong-secret");
    CHECK(contains(outline(diagnosis), "discovery passed, token failed, identity skipped"));
    CHECK(contains(step(diagnosis, "token").detail, "invalid_client"));
  }
  SECTION("an expired token, whatever the status") {
    f.fault(R"({"path":"/api/2.0/preview/scim/v2/Me","status":403,
                "body":"{\"error_code\":403,\"message\":\"Invalid access token.\"}"})");
    const Diagnosis diagnosis = examined(f.client(environment), f.emulator.token());
    CHECK(contains(outline(diagnosis), "token passed, identity failed"));
    CHECK(contains(step(diagnosis, "identity").detail, "Invalid access token."));
    CHECK(contains(step(diagnosis, "identity").fix, "it has ended"));
  }
}

TEST_CASE("the host that the credentials belong to is the one that is examined", "[diagnosis]") {
  SmallWorkspace named;
  named.server.start();
  SmallWorkspace used;
  used.server.start();
  const dbxauth::testing::TemporaryDirectory home;
  const std::string profiles = "[DEFAULT]\nhost = " + used.server.url() + "\ntoken = " + kPlantedToken + "\n";
  const Diagnosis diagnosis = examined(client_of({{"DATABRICKS_HOST", named.server.url()},
                                                  {"DATABRICKS_CONFIG_FILE", home.write("profiles", profiles)},
                                                  {"DBXAUTH_CHAIN", "clone-xs"}}));
  INFO(diagnosis.to_json());
  CHECK(diagnosis.healthy());
  CHECK(diagnosis.config.host == used.server.url());
  CHECK(contains(step(diagnosis, "configuration").detail, "host " + used.server.url()));
  CHECK(used.server.requests() == 4);  // The probe, two documents, the identity.
}

TEST_CASE("metadata that send elsewhere over plain http are not followed", "[diagnosis]") {
  LoopbackHttpServer server;
  server.routes().Get("/.well-known/databricks-config", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(R"({"oidc_endpoint":"http://169.254.169.254/oidc"})", "application/json");
  });
  server.start();
  const Diagnosis diagnosis =
      examined(client_of({{"DATABRICKS_HOST", server.url()}, {"DATABRICKS_TOKEN", kPlantedToken}}));
  CHECK(contains(step(diagnosis, "discovery").detail, server.url("/oidc/.well-known/oauth-authorization-server")));
  CHECK_FALSE(contains(diagnosis.to_json(), "169.254"));
}

TEST_CASE("an access token that ended since is renewed on the way", "[diagnosis]") {
  const ClientFixture f;
  const Client client = f.client(f.service_principal());
  REQUIRE(client.headers());
  f.control(net::HttpMethod::post, "/_emulator/tokens/expire", R"({"kind":"oauth"})");
  CHECK(examined(client, f.emulator.client_secret()).healthy());
}

TEST_CASE("a clock that is wrong is a warning", "[diagnosis]") {
  SmallWorkspace workspace;
  workspace.server.start();
  const auto clock = [&](std::chrono::seconds server_time) {
    workspace.date = http_date(server_time);
    const Diagnosis diagnosis = examined(workspace.client());
    CHECK(diagnosis.healthy());
    return step(diagnosis, "clock");
  };
  CHECK(clock(0s).verdict == DiagnosisVerdict::passed);
  CHECK(clock(-4min).verdict == DiagnosisVerdict::passed);
  const DiagnosisStep ahead = clock(-3h);
  CHECK(ahead.verdict == DiagnosisVerdict::warning);
  CHECK(contains(ahead.detail, "h"));
  CHECK(contains(ahead.detail, "ahead of the server's"));
  CHECK(contains(ahead.fix, "set this machine's clock"));
  CHECK(contains(clock(10min).detail, "behind the server's"));
  workspace.date.clear();
  const Diagnosis silent = examined(workspace.client());
  CHECK(step(silent, "clock").verdict == DiagnosisVerdict::skipped);
}

TEST_CASE("a diagnosis that is cancelled still lists all steps", "[diagnosis]") {
  SmallWorkspace workspace;
  workspace.server.start();
  CancelSource source;
  source.cancel();
  CallContext context;
  context.cancel = source.token();
  const Diagnosis diagnosis = diagnose(workspace.client(), context);
  CHECK(diagnosis.steps.size() == 9);
  CHECK_FALSE(diagnosis.healthy());
  CHECK(workspace.server.requests() == 0);
}
