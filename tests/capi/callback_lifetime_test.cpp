// SPDX-License-Identifier: Apache-2.0
// Rules 11 to 13 of the C ABI: user data is destroyed exactly once on every path, callbacks run without a lock held.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "capi_support.hpp"

using capi_test::Failure;
using capi_test::IsolatedOptions;

namespace {

struct Witness {
  std::atomic<int> calls{0};
  std::atomic<int> destroyed{0};
  int answer = DBXAUTH_CALLBACK_DONE;
  int64_t expires_at = 0;
  dbxauth_client* reenter = nullptr;
  dbxauth_status reentered = DBXAUTH_E_INTERNAL;
};

void destroy(void* user_data) {
  static_cast<Witness*>(user_data)->destroyed++;
}

int32_t provide(void* user_data, int32_t, int64_t, dbxauth_headers_builder* headers) {
  auto* witness = static_cast<Witness*>(user_data);
  if (witness->calls++ == 0 && witness->reenter != nullptr) {
    // Would deadlock if the library held a lock of the client here. The provider is asked again, from inside itself.
    dbxauth_headers* inner = nullptr;
    witness->reentered = dbxauth_client_headers(witness->reenter, 0, nullptr, &inner, nullptr);
    dbxauth_client_reject(witness->reenter, inner);
    dbxauth_headers_free(inner);
  }
  if (witness->answer != DBXAUTH_CALLBACK_DONE) {
    dbxauth_headers_builder_set_reason(headers, "the vault is closed");
    return witness->answer;
  }
  if (witness->expires_at != 0) dbxauth_headers_builder_set_expiry(headers, witness->expires_at);
  return dbxauth_headers_builder_add(headers, "Authorization", "Bearer from-the-vault", 21) == DBXAUTH_OK
             ? DBXAUTH_CALLBACK_DONE
             : DBXAUTH_CALLBACK_FAILED;
}

dbxauth_client* client_with(Witness& witness) {
  dbxauth_provider* provider = nullptr;
  REQUIRE(dbxauth_provider_new("vault", provide, &witness, destroy, &provider, nullptr) == DBXAUTH_OK);
  IsolatedOptions isolated;
  isolated.set("host", "https://workspace.example.com");
  isolated.options.providers = &provider;
  isolated.options.provider_count = 1;
  dbxauth_client* client = nullptr;
  Failure failure;
  const auto status = dbxauth_client_new(&isolated.options, &client, &failure.error);
  INFO(failure.message());
  REQUIRE(status == DBXAUTH_OK);
  dbxauth_provider_free(provider);
  return client;
}

}  // namespace

TEST_CASE("a provider's user data lives as long as the last client and is destroyed once") {
  Witness witness;
  dbxauth_client* client = client_with(witness);
  CHECK(witness.destroyed == 0);
  dbxauth_headers* headers = nullptr;
  REQUIRE(dbxauth_client_headers(client, 0, nullptr, &headers, nullptr) == DBXAUTH_OK);
  CHECK(std::string(dbxauth_headers_value(headers, 0)) == "Bearer from-the-vault");
  CHECK(std::string(dbxauth_headers_strategy(headers)) == "vault");
  dbxauth_client_free(client);
  CHECK(witness.destroyed == 1);
  // Headers outlive the client.
  CHECK(std::string(dbxauth_headers_value(headers, 0)) == "Bearer from-the-vault");
  dbxauth_headers_free(headers);
  CHECK(witness.destroyed == 1);
}

TEST_CASE("user data is destroyed once when the call itself fails") {
  Witness witness;
  dbxauth_provider* provider = nullptr;
  Failure failure;
  CHECK(dbxauth_provider_new(nullptr, provide, &witness, destroy, &provider, &failure.error) ==
        DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(witness.destroyed == 1);
}

TEST_CASE("a provider without expiry is asked each time, one with expiry only when it runs out") {
  for (const bool lasting : {false, true}) {
    Witness witness;
    if (lasting) witness.expires_at = INT64_MAX;
    dbxauth_client* client = client_with(witness);
    for (int i = 0; i < 3; ++i) {
      dbxauth_headers* headers = nullptr;
      REQUIRE(dbxauth_client_headers(client, 60, nullptr, &headers, nullptr) == DBXAUTH_OK);
      dbxauth_headers_free(headers);
    }
    if (lasting) {
      CHECK(witness.calls == 1);
    } else {
      CHECK(witness.calls >= 3);
    }
    dbxauth_client_free(client);
  }
}

TEST_CASE("declining goes on with the next strategy, failing stops with the caller's own code") {
  {
    Witness witness;
    witness.answer = DBXAUTH_CALLBACK_DECLINED;
    dbxauth_client* client = client_with(witness);
    dbxauth_headers* headers = nullptr;
    Failure failure;
    CHECK(dbxauth_client_headers(client, 0, nullptr, &headers, &failure.error) == DBXAUTH_E_NO_CREDENTIALS);
    CHECK_THAT(std::string(dbxauth_error_details_json(failure.error)), Catch::Contains("the vault is closed"));
    dbxauth_client_free(client);
  }
  {
    Witness witness;
    witness.answer = DBXAUTH_CALLBACK_FAILED;
    dbxauth_client* client = client_with(witness);
    dbxauth_headers* headers = nullptr;
    Failure failure;
    CHECK(dbxauth_client_headers(client, 0, nullptr, &headers, &failure.error) == DBXAUTH_E_USER_CALLBACK);
    CHECK_THAT(failure.message(), Catch::Contains("the vault is closed"));
    dbxauth_client_free(client);
  }
}

TEST_CASE("headers that HTTP does not allow are refused") {
  struct Local {
    static int32_t provide(void*, int32_t, int64_t, dbxauth_headers_builder* headers) {
      CHECK(dbxauth_headers_builder_add(headers, "X-Bad", "a\r\nX-Injected: 1", 16) == DBXAUTH_E_INVALID_ARGUMENT);
      CHECK(dbxauth_headers_builder_add(headers, "Bad Name", "a", 1) == DBXAUTH_E_INVALID_ARGUMENT);
      CHECK(dbxauth_headers_builder_add(headers, "", "a", 1) == DBXAUTH_E_INVALID_ARGUMENT);
      CHECK(dbxauth_headers_builder_add(headers, nullptr, "a", 1) == DBXAUTH_E_INVALID_ARGUMENT);
      return DBXAUTH_CALLBACK_DECLINED;
    }
  };
  dbxauth_provider* provider = nullptr;
  REQUIRE(dbxauth_provider_new("odd", Local::provide, nullptr, nullptr, &provider, nullptr) == DBXAUTH_OK);
  IsolatedOptions isolated;
  isolated.options.providers = &provider;
  isolated.options.provider_count = 1;
  dbxauth_client* client = nullptr;
  REQUIRE(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_OK);
  dbxauth_provider_free(provider);
  dbxauth_headers* headers = nullptr;
  CHECK(dbxauth_client_headers(client, 0, nullptr, &headers, nullptr) == DBXAUTH_E_NO_CREDENTIALS);
  dbxauth_client_free(client);
}

TEST_CASE("a provider may call back into its client") {
  Witness witness;
  dbxauth_client* client = client_with(witness);
  witness.reenter = client;
  dbxauth_headers* headers = nullptr;
  CHECK(dbxauth_client_headers(client, 0, nullptr, &headers, nullptr) == DBXAUTH_OK);
  CHECK(witness.reentered == DBXAUTH_OK);
  CHECK(witness.calls == 2);
  dbxauth_headers_free(headers);
  dbxauth_client_free(client);
}

TEST_CASE("an operation's user data is destroyed once, started or not") {
  IsolatedOptions isolated;
  isolated.set("host", "http://127.0.0.1:1");
  isolated.set("token", "dapi-not-a-real-token");
  dbxauth_client* client = nullptr;
  REQUIRE(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_OK);
  struct Local {
    static void progress(void* user_data, const char*, size_t) { static_cast<Witness*>(user_data)->calls++; }
  };
  dbxauth_operation_options options;
  dbxauth_operation_options_init(&options, sizeof options);
  options.progress = Local::progress;
  options.destroy = destroy;
  SECTION("refused spec") {
    Witness witness;
    options.user_data = &witness;
    dbxauth_operation* operation = nullptr;
    Failure failure;
    CHECK(dbxauth_clone_start(client, "{\"sauce\":1}", 11, &options, &operation, &failure.error) ==
          DBXAUTH_E_INVALID_ARGUMENT);
    CHECK(operation == nullptr);
    CHECK(witness.destroyed == 1);
  }
  SECTION("started, cancelled by free") {
    Witness witness;
    options.user_data = &witness;
    dbxauth_operation* operation = nullptr;
    const std::string spec = R"({"schema":1,"source":"a","destination":"b"})";
    REQUIRE(dbxauth_clone_start(client, spec.data(), spec.size(), &options, &operation, nullptr) == DBXAUTH_OK);
    dbxauth_operation_free(operation);
    CHECK(witness.destroyed == 1);
  }
  SECTION("a negative timeout") {
    Witness witness;
    options.user_data = &witness;
    options.timeout_ms = -5;
    dbxauth_operation* operation = nullptr;
    CHECK(dbxauth_inventory_start(client, "a", nullptr, &options, &operation, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK(witness.destroyed == 1);
  }
  dbxauth_client_free(client);
}

TEST_CASE("the log sink's user data is destroyed when the sink is replaced") {
  Witness witness;
  struct Local {
    static void log(void* user_data, int32_t, const char*, const char*) { static_cast<Witness*>(user_data)->calls++; }
  };
  dbxauth_set_log_callback(DBXAUTH_LOG_TRACE, Local::log, &witness, destroy);
  CHECK(witness.destroyed == 0);
  dbxauth_set_log_callback(DBXAUTH_LOG_OFF, nullptr, nullptr, nullptr);
  CHECK(witness.destroyed == 1);
}
