// SPDX-License-Identifier: Apache-2.0
// A client's shared login that the host program keeps: read, renewed and written back through its callbacks.
#include <catch2/catch.hpp>

#include "stored_logins.hpp"
#include "support/loopback_http_server.hpp"

using capi_test::Failure;
using capi_test::IsolatedOptions;
using capi_test::StoredLogins;

namespace {

constexpr const char* expired_login =
    R"({"access_token":"planted-old","refresh_token":"planted-refresh","expiry":"2020-01-01T00:00:00Z"})";

/// A workspace that renews logins, and counts how often.
class Issuer {
 public:
  Issuer() {
    server_.routes().Get("/oidc/.well-known/oauth-authorization-server",
                         [this](const httplib::Request&, httplib::Response& answer) {
                           answer.set_content(R"({"authorization_endpoint":")" + server_.url("/oidc/v1/authorize") +
                                                  R"(","token_endpoint":")" + server_.url("/oidc/v1/token") + "\"}",
                                              "application/json");
                         });
    server_.routes().Post("/oidc/v1/token", [this](const httplib::Request& request, httplib::Response& answer) {
      ++renewals;
      if (request.get_param_value("refresh_token") != "planted-refresh") answer.status = 400;
      answer.set_content(
          R"({"access_token":"planted-new","refresh_token":"planted-next","token_type":"Bearer","expires_in":3600})",
          "application/json");
    });
    server_.start();
  }
  std::string url() const { return server_.url(); }
  std::atomic<int> renewals{0};

 private:
  dbxauth::testing::LoopbackHttpServer server_;
};

dbxauth_client* client_of(const std::string& host, StoredLogins& logins) {
  IsolatedOptions isolated;
  isolated.set("host", host.c_str());
  isolated.set("auth_type", "databricks-cli");
  dbxauth_token_cache* cache = logins.make();
  isolated.options.token_cache = cache;
  dbxauth_client* client = nullptr;
  Failure failure;
  const auto status = dbxauth_client_new(&isolated.options, &client, &failure.error);
  INFO(failure.message());
  REQUIRE(status == DBXAUTH_OK);
  dbxauth_token_cache_free(cache);
  return client;
}

/// The Authorization header, or everything that the error says.
std::string authorization(dbxauth_client* client, dbxauth_status expected = DBXAUTH_OK) {
  dbxauth_headers* headers = nullptr;
  Failure failure;
  const auto status = dbxauth_client_headers(client, 0, nullptr, &headers, &failure.error);
  INFO(failure.message());
  CHECK(status == expected);
  if (status != DBXAUTH_OK) return std::string(dbxauth_error_details_json(failure.error));
  std::string value(dbxauth_headers_value(headers, 0));
  dbxauth_headers_free(headers);
  return value;
}

}  // namespace

TEST_CASE("an expired login in the program's own cache is renewed and written back through it") {
  Issuer issuer;
  StoredLogins logins;
  logins.store(issuer.url(), expired_login);
  logins.store("an alias", expired_login);
  logins.store("somebody else", R"({"access_token":"other","refresh_token":"other-refresh"})");
  dbxauth_client* client = client_of(issuer.url(), logins);
  CHECK(authorization(client) == "Bearer planted-new");
  CHECK(issuer.renewals == 1);
  CHECK(logins.puts == 1);
  // The next use is from memory.
  const int reads = logins.gets;
  CHECK(authorization(client) == "Bearer planted-new");
  CHECK(logins.gets == reads);
  dbxauth_client_free(client);
  CHECK(logins.destroyed == 1);

  const auto stored = logins.stored();
  for (const std::string& key : {issuer.url(), std::string("an alias")}) {
    CHECK_THAT(stored.at(key), Catch::Contains(R"("access_token":"planted-new")") &&
                                   Catch::Contains(R"("refresh_token":"planted-next")") &&
                                   Catch::Contains(R"("expires_in":3600)"));
  }
  CHECK_THAT(stored.at("somebody else"), Catch::Contains("other-refresh"));

  // Another client goes on with what was written.
  client = client_of(issuer.url(), logins);
  CHECK(authorization(client) == "Bearer planted-new");
  CHECK(issuer.renewals == 1);
  dbxauth_client_free(client);
  CHECK(logins.destroyed == 2);
}

TEST_CASE("a renewed login that cannot be written back is used all the same") {
  Issuer issuer;
  StoredLogins logins;
  logins.store(issuer.url(), expired_login);
  logins.put_answer = DBXAUTH_E_STORAGE_UNAVAILABLE;
  logins.reason = "read-only";
  dbxauth_client* client = client_of(issuer.url(), logins);
  CHECK(authorization(client) == "Bearer planted-new");
  CHECK(authorization(client) == "Bearer planted-new");
  CHECK(issuer.renewals == 1);
  dbxauth_client_free(client);
}

TEST_CASE("a cache that fails says so, an empty one says where the login was looked for") {
  Issuer issuer;
  StoredLogins logins;
  dbxauth_client* client = client_of(issuer.url(), logins);
  CHECK_THAT(authorization(client, DBXAUTH_E_NO_CREDENTIALS),
             Catch::Contains("vault token cache (https://vault.example.com)"));
  logins.get_answer = DBXAUTH_E_STORAGE_UNAVAILABLE;
  logins.reason = "the vault is sealed";
  CHECK_THAT(authorization(client, DBXAUTH_E_STORAGE_UNAVAILABLE), Catch::Contains("the vault is sealed"));
  logins.get_answer = -1;
  CHECK_THAT(authorization(client, DBXAUTH_E_USER_CALLBACK), Catch::Contains("the vault is sealed"));
  CHECK(issuer.renewals == 0);
  dbxauth_client_free(client);
}

TEST_CASE("a cache may call back into its client") {
  Issuer issuer;
  StoredLogins logins;
  logins.store(issuer.url(), expired_login);
  dbxauth_client* client = client_of(issuer.url(), logins);
  logins.reenter = client;
  CHECK(authorization(client) == "Bearer planted-new");
  // The token that it asked for is the one that was being obtained: waiting for it would never end.
  CHECK(logins.reentered == DBXAUTH_E_UNAVAILABLE);
  CHECK(issuer.renewals == 1);
  dbxauth_client_free(client);
}
