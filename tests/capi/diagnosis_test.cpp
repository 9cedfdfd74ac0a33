// SPDX-License-Identifier: Apache-2.0
// A diagnosis is an operation; the environment of a client is a text with secrets.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>

#include "capi_support.hpp"

using capi_test::Failure;
using capi_test::IsolatedOptions;

namespace {

dbxauth_client* client_of(const std::string& host) {
  IsolatedOptions isolated;
  isolated.set("host", host.c_str());
  isolated.set("token", "dapi-planted-secret");
  dbxauth_client* client = nullptr;
  Failure failure;
  const auto status = dbxauth_client_new(&isolated.options, &client, &failure.error);
  INFO(failure.message());
  REQUIRE(status == DBXAUTH_OK);
  return client;
}

/// Listens, and never answers.
class SilentHost {
 public:
  SilentHost() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || listen(descriptor_, 64) != 0 ||
        getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no loopback socket");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  SilentHost(const SilentHost&) = delete;
  SilentHost& operator=(const SilentHost&) = delete;
  ~SilentHost() { close(descriptor_); }
  const std::string& url() const { return url_; }

 private:
  int descriptor_;
  std::string url_;
};

struct Witness {
  std::atomic<int> calls{0};
  std::atomic<int> destroyed{0};
  static void progress(void* user_data, const char*, size_t) { static_cast<Witness*>(user_data)->calls++; }
  static void destroy(void* user_data) { static_cast<Witness*>(user_data)->destroyed++; }
};

}  // namespace

TEST_CASE("a diagnosis of an unreachable host succeeds as an operation and says what failed") {
  dbxauth_client* client = client_of("http://127.0.0.1:1");
  Witness witness;
  dbxauth_operation_options options;
  dbxauth_operation_options_init(&options, sizeof options);
  options.timeout_ms = 30000;
  options.progress = Witness::progress;
  options.user_data = &witness;
  options.destroy = Witness::destroy;
  dbxauth_operation* operation = nullptr;
  REQUIRE(dbxauth_diagnose_start(client, &options, &operation, nullptr) == DBXAUTH_OK);
  dbxauth_client_free(client);
  dbxauth_string* json = nullptr;
  Failure failure;
  const auto status = dbxauth_operation_result_json(operation, &json, &failure.error);
  INFO(failure.message());
  REQUIRE(status == DBXAUTH_OK);
  const std::string diagnosis = dbxauth_string_data(json);
  CHECK_THAT(diagnosis, Catch::Contains("\"schema\"") && Catch::Contains("unhealthy") && Catch::Contains("\"failed\""));
  CHECK_THAT(diagnosis, !Catch::Contains("planted"));
  dbxauth_string_free(json);
  dbxauth_operation_free(operation);
  CHECK(witness.calls > 0);
  CHECK(witness.destroyed == 1);
}

TEST_CASE("a cancelled diagnosis ends and is not a diagnosis") {
  const SilentHost silent;
  dbxauth_client* client = client_of(silent.url());
  dbxauth_operation* operation = nullptr;
  REQUIRE(dbxauth_diagnose_start(client, nullptr, &operation, nullptr) == DBXAUTH_OK);
  dbxauth_operation_cancel(operation);
  dbxauth_string* json = nullptr;
  CHECK(dbxauth_operation_result_json(operation, &json, nullptr) == DBXAUTH_E_CANCELLED);
  CHECK(json == nullptr);
  dbxauth_operation_free(operation);
  dbxauth_client_free(client);
}

TEST_CASE("a diagnosis needs a client, and its user data is destroyed without one") {
  Witness witness;
  dbxauth_operation_options options;
  dbxauth_operation_options_init(&options, sizeof options);
  options.user_data = &witness;
  options.destroy = Witness::destroy;
  dbxauth_operation* operation = nullptr;
  CHECK(dbxauth_diagnose_start(nullptr, &options, &operation, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(operation == nullptr);
  CHECK(witness.destroyed == 1);
}

TEST_CASE("the environment of a client names its host and its credentials") {
  dbxauth_client* client = client_of("https://workspace.example.com");
  dbxauth_string* json = nullptr;
  Failure failure;
  const auto status = dbxauth_client_environment_json(client, nullptr, &json, &failure.error);
  INFO(failure.message());
  REQUIRE(status == DBXAUTH_OK);
  const std::string text = dbxauth_string_data(json);
  CHECK(text.size() == dbxauth_string_size(json));
  CHECK_THAT(text, Catch::StartsWith("{\"schema\":1,\"env\":{") && Catch::EndsWith("\"}}"));
  CHECK_THAT(text, Catch::Contains("\"DATABRICKS_HOST\":\"https://workspace.example.com\"") &&
                       Catch::Contains("\"DATABRICKS_TOKEN\":\"dapi-planted-secret\""));
  dbxauth_string_free(json);
  dbxauth_client_free(client);
}

TEST_CASE("a client without credentials has no environment") {
  IsolatedOptions isolated;
  dbxauth_client* client = nullptr;
  REQUIRE(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_OK);
  dbxauth_string* json = nullptr;
  CHECK(dbxauth_client_environment_json(client, nullptr, &json, nullptr) == DBXAUTH_E_NO_CREDENTIALS);
  CHECK(json == nullptr);
  CHECK(dbxauth_client_environment_json(nullptr, nullptr, &json, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  dbxauth_client_free(client);
}

TEST_CASE("custom headers are part of the headers, next to the credential") {
  IsolatedOptions isolated;
  isolated.set("host", "https://workspace.example.com");
  isolated.set("token", "dapi-planted-secret");
  const dbxauth_attribute custom = {"X-Trace-Id", {"seven", 5}, nullptr};
  isolated.options.custom_headers = &custom;
  isolated.options.custom_header_count = 1;
  dbxauth_client* client = nullptr;
  REQUIRE(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_OK);
  dbxauth_headers* headers = nullptr;
  REQUIRE(dbxauth_client_headers(client, 0, nullptr, &headers, nullptr) == DBXAUTH_OK);
  REQUIRE(dbxauth_headers_count(headers) == 2);
  bool found = false;
  for (std::size_t i = 0; i < 2; ++i) {
    if (std::string(dbxauth_headers_name(headers, i)) == "X-Trace-Id") {
      found = std::string(dbxauth_headers_value(headers, i)) == "seven";
    }
  }
  CHECK(found);
  dbxauth_headers_free(headers);
  dbxauth_client_free(client);
}

TEST_CASE("custom headers that would replace the credential or break the request are refused") {
  for (const char* name : {"authorization", "Host", "Content-Length", "Bad Name"}) {
    IsolatedOptions isolated;
    const dbxauth_attribute custom = {name, {"planted", 7}, nullptr};
    isolated.options.custom_headers = &custom;
    isolated.options.custom_header_count = 1;
    dbxauth_client* client = nullptr;
    Failure failure;
    INFO(name);
    CHECK(dbxauth_client_new(&isolated.options, &client, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK(client == nullptr);
    CHECK_THAT(failure.message(), Catch::Contains(name) && !Catch::Contains("planted"));
  }
}
