// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "capi_support.hpp"

using capi_test::Failure;
using capi_test::IsolatedOptions;

TEST_CASE("NULL arguments are refused, never followed") {
  dbxauth_client* client = nullptr;
  dbxauth_headers* headers = nullptr;
  dbxauth_operation* operation = nullptr;
  dbxauth_string* text = nullptr;
  int32_t finished = 0;
  CHECK(dbxauth_client_new(nullptr, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_client_headers(nullptr, 0, nullptr, &headers, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_client_describe_json(nullptr, 0, nullptr, &text, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_clone_start(client, nullptr, 0, nullptr, &operation, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_operation_wait(nullptr, 0, &finished, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_operation_result_json(nullptr, &text, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_clone_plan_sql(nullptr, 0, &text, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_headers_count(nullptr) == 0);
  CHECK(dbxauth_headers_name(nullptr, 0) == nullptr);
  dbxauth_client_reject(nullptr, nullptr);
  dbxauth_operation_cancel(nullptr);
  dbxauth_cancel_trigger(nullptr);
}

TEST_CASE("an unknown attribute is an error that names it and hides its value") {
  IsolatedOptions isolated;
  isolated.set("clientsecret", "dose-planted-secret");
  dbxauth_client* client = nullptr;
  Failure failure;
  REQUIRE(dbxauth_client_new(&isolated.options, &client, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK_THAT(failure.message(), Catch::Contains("clientsecret"));
  CHECK_THAT(failure.message(), !Catch::Contains("planted"));
}

TEST_CASE("a triggered cancel object ends a call") {
  IsolatedOptions isolated;
  // Nobody answers here, and connecting takes longer than the test.
  isolated.set("host", "https://192.0.2.1");
  isolated.set("client_id", "id");
  isolated.set("client_secret", "dose-planted-secret");
  dbxauth_client* client = nullptr;
  REQUIRE(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_OK);
  dbxauth_cancel* cancel = dbxauth_cancel_new();
  REQUIRE(cancel != nullptr);
  dbxauth_cancel_trigger(cancel);
  dbxauth_call_options call;
  dbxauth_call_options_init(&call, sizeof call);
  call.cancel = cancel;
  dbxauth_headers* headers = nullptr;
  Failure failure;
  CHECK(dbxauth_client_headers(client, 0, &call, &headers, &failure.error) == DBXAUTH_E_CANCELLED);
  dbxauth_cancel_free(cancel);
  dbxauth_client_free(client);
}

TEST_CASE("an operation reports its failure, again and again") {
  IsolatedOptions isolated;
  isolated.set("host", "http://127.0.0.1:1");
  isolated.set("token", "dapi-planted-secret");
  dbxauth_client* client = nullptr;
  REQUIRE(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_OK);
  dbxauth_operation_options options;
  dbxauth_operation_options_init(&options, sizeof options);
  options.timeout_ms = 2000;
  dbxauth_operation* operation = nullptr;
  REQUIRE(dbxauth_inventory_start(client, "production", nullptr, &options, &operation, nullptr) == DBXAUTH_OK);
  // The client may go first.
  dbxauth_client_free(client);
  int32_t finished = 0;
  REQUIRE(dbxauth_operation_wait(operation, 30000, &finished, nullptr) == DBXAUTH_OK);
  REQUIRE(finished == 1);
  for (int i = 0; i < 2; ++i) {
    dbxauth_string* text = nullptr;
    Failure failure;
    const auto status = dbxauth_operation_result_json(operation, &text, &failure.error);
    CHECK((status == DBXAUTH_E_NETWORK || status == DBXAUTH_E_TIMED_OUT));
    CHECK(text == nullptr);
    CHECK_THAT(failure.message(), !Catch::Contains("planted"));
  }
  dbxauth_string* progress = nullptr;
  REQUIRE(dbxauth_operation_progress_json(operation, &progress, nullptr) == DBXAUTH_OK);
  CHECK_THAT(std::string(dbxauth_string_data(progress)), Catch::Contains("inventory"));
  dbxauth_string_free(progress);
  dbxauth_operation_free(operation);
}

TEST_CASE("one client serves many threads") {
  IsolatedOptions isolated;
  isolated.set("host", "https://workspace.example.com");
  isolated.set("token", "dapi-not-a-real-token");
  dbxauth_client* client = nullptr;
  REQUIRE(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_OK);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        dbxauth_headers* headers = nullptr;
        if (dbxauth_client_headers(client, 0, nullptr, &headers, nullptr) == DBXAUTH_OK) good++;
        dbxauth_headers_free(headers);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 1600);
  dbxauth_client_free(client);
}
