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
  CHECK(contains(wrong.error().message, "SSL_CERT_FILE"));
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
