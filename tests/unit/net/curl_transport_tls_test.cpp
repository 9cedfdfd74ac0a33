// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "net/http_transport.hpp"
#include "support/loopback_http_server.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using testing::LoopbackHttpServer;
using testing::TestCertificate;

namespace {

Result<net::HttpResponse> get(const std::string& url, const HttpOptions& options,
                              std::map<std::string, std::string> variables) {
  net::HttpRequest request;
  request.url = url;
  return net::make_curl_transport(options, platform::Environment(std::move(variables)))->send(request, {});
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a certificate is verified against the configured authorities") {
  const TestCertificate certificate;
  LoopbackHttpServer server(certificate);
  server.routes().Get(
      "/x", [](const httplib::Request&, httplib::Response& response) { response.set_content("ok", "text/plain"); });
  server.start();
  const std::string url = server.url("/x");

  const auto unknown = get(url, {}, {});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::tls);
  CHECK(contains(unknown.error().message, "127.0.0.1:" + std::to_string(server.port())));
  CHECK(contains(unknown.error().message, "DATABRICKS_CA_BUNDLE"));
  CHECK(contains(unknown.error().message, "the system's certificate authorities"));
  CHECK(contains(unknown.error().message, "CN = dbxauth test"));
  CHECK(server.requests() == 0);

  HttpOptions options;
  options.ca_bundle = certificate.certificate_file();
  CHECK(get(url, options, {}));
  for (const char* name : {"DATABRICKS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    INFO(name);
    const auto response = get(url, {}, {{name, certificate.certificate_file()}});
    REQUIRE(response);
    CHECK(response->body.reveal() == "ok");
  }

  const TestCertificate other;
  const auto wrong = get(url, {}, {{"SSL_CERT_FILE", other.certificate_file()}});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::tls);
  CHECK(contains(wrong.error().message, "those in " + other.certificate_file() + " (named by SSL_CERT_FILE)"));
  CHECK(contains(wrong.error().message, "the system's directory"));
}

namespace {

/// What a request to a server that has `presented` is told by a client that trusts `trusted` only.
Error refusal(const TestCertificate& presented, const TestCertificate& trusted, int* requests = nullptr) {
  LoopbackHttpServer server(presented);
  server.start();
  HttpOptions options;
  options.ca_bundle = trusted.certificate_file();
  const auto response = get(server.url("/x"), options, {});
  REQUIRE_FALSE(response);
  if (requests != nullptr) *requests = server.requests();
  CHECK(response.error().code == ErrorCode::tls);
  CHECK_FALSE(response.error().retryable);
  return response.error();
}

}  // namespace

TEST_CASE("a company's own authority is named with the certificate that it issued, and nothing is sent to it") {
  TestCertificate::Options of_company;
  of_company.common_name = "Example Corp Inspection CA";
  const TestCertificate company(of_company);
  TestCertificate::Options of_leaf;
  of_leaf.common_name = "inspected.example";
  of_leaf.issuer = &company;
  const TestCertificate leaf(of_leaf);
  const TestCertificate trusted;

  int requests = -1;
  const Error error = refusal(leaf, trusted, &requests);
  CHECK(requests == 0);
  CHECK(contains(error.message, "\"CN = inspected.example\", issued by \"CN = Example Corp Inspection CA\""));
  CHECK(contains(error.message, "those in " + trusted.certificate_file() + " (named by the option ca_bundle)"));
  CHECK(contains(error.message, "DATABRICKS_CA_BUNDLE (or the option ca_bundle)"));

  LoopbackHttpServer server(leaf);
  server.start();
  HttpOptions options;
  options.ca_bundle = company.certificate_file();
  CHECK(get(server.url("/x"), options, {}));
}

TEST_CASE("a certificate outside its time points to the clock") {
  TestCertificate::Options options;
  SECTION("expired") {
    options.begins_in_s = -7200;
    options.ends_in_s = -3600;
    const TestCertificate old(options);
    const Error error = refusal(old, old);
    CHECK(contains(error.message, "has expired: \"CN = dbxauth test\" is valid from "));
    CHECK(contains(error.message, "this machine's clock says 20"));
    CHECK_FALSE(contains(error.message, "DATABRICKS_CA_BUNDLE"));
  }
  SECTION("not valid yet") {
    options.begins_in_s = 3600;
    options.ends_in_s = 7200;
    const TestCertificate early(options);
    const Error error = refusal(early, early);
    CHECK(contains(error.message, "is not valid yet: \"CN = dbxauth test\""));
    CHECK(contains(error.message, "this machine's clock says 20"));
  }
}

TEST_CASE("a certificate for another host shows its names") {
  TestCertificate::Options options;
  options.alternative_names = "DNS:other.example";
  const TestCertificate other(options);
  const Error error = refusal(other, other);
  CHECK(contains(error.message, "is one of another host"));
  CHECK(contains(error.message, "valid for DNS:other.example"));
  CHECK(contains(error.message, "check the host's spelling"));
}

TEST_CASE("a missing bundle is named with the setting that names it, before anything is sent") {
  const auto response = get("https://127.0.0.1:1/", {}, {{"DATABRICKS_CA_BUNDLE", "/no/such/bundle.pem"}});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::configuration);
  CHECK(contains(response.error().message, "DATABRICKS_CA_BUNDLE"));
  CHECK(contains(response.error().message, "/no/such/bundle.pem"));
}

TEST_CASE("a file without certificates is a tls error") {
  const testing::TemporaryDirectory directory;
  const TestCertificate certificate;
  LoopbackHttpServer server(certificate);
  server.start();
  const auto unusable = get(server.url("/"), {}, {{"CURL_CA_BUNDLE", directory.write("empty.pem", "nothing")}});
  REQUIRE_FALSE(unusable);
  CHECK(unusable.error().code == ErrorCode::tls);
  CHECK(contains(unusable.error().message, "CURL_CA_BUNDLE"));
}
