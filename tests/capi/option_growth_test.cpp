// SPDX-License-Identifier: Apache-2.0
// Rule 6 of the C ABI: option structs grow in both directions.
#include <catch2/catch.hpp>
#include <cstring>

#include "capi_support.hpp"

using capi_test::Failure;
using capi_test::IsolatedOptions;

namespace {

// dbxauth_client_options up to `notebook`, its last field in the first release.
constexpr std::size_t first_client_options_size = 144;

// What a program built against a later release would pass.
struct LaterClientOptions {
  dbxauth_client_options known;
  const char* later_field;
  int64_t later_number;
};

LaterClientOptions later_options(const dbxauth_client_options& known) {
  LaterClientOptions later{};
  later.known = known;
  later.known.struct_size = sizeof later;
  return later;
}

}  // namespace

TEST_CASE("init zeroes a struct of any size and sets struct_size") {
  LaterClientOptions options;
  std::memset(&options, 0x5a, sizeof options);
  dbxauth_client_options_init(&options.known, sizeof options);
  CHECK(options.known.struct_size == sizeof options);
  CHECK(options.known.profile == nullptr);
  CHECK(options.later_field == nullptr);
  CHECK(options.later_number == 0);
}

TEST_CASE("a longer struct whose unknown fields are zero is accepted") {
  IsolatedOptions isolated;
  auto later = later_options(isolated.options);
  dbxauth_client* client = nullptr;
  Failure failure;
  REQUIRE(dbxauth_client_new(&later.known, &client, &failure.error) == DBXAUTH_OK);
  dbxauth_client_free(client);
}

TEST_CASE("a longer struct that sets an unknown field is refused with a clear error") {
  IsolatedOptions isolated;
  auto later = later_options(isolated.options);
  later.later_number = 7;
  dbxauth_client* client = nullptr;
  Failure failure;
  REQUIRE(dbxauth_client_new(&later.known, &client, &failure.error) == DBXAUTH_E_UNSUPPORTED);
  CHECK(client == nullptr);
  CHECK_THAT(failure.message(), Catch::Contains("dbxauth_client_options") && Catch::Contains("newer library"));
}

TEST_CASE("a struct of the first version is read no further than it goes") {
  IsolatedOptions isolated;
  // What lies behind an older program's struct is not the library's business.
  std::memset(&isolated.options.custom_headers, 0xa5, sizeof isolated.options - first_client_options_size);
  isolated.options.struct_size = first_client_options_size;
  dbxauth_client* client = nullptr;
  Failure failure;
  const auto status = dbxauth_client_new(&isolated.options, &client, &failure.error);
  INFO(failure.message());
  REQUIRE(status == DBXAUTH_OK);
  dbxauth_client_free(client);
}

TEST_CASE("a struct shorter than the first version is refused") {
  for (const std::size_t size : {std::size_t{0}, sizeof(std::size_t), first_client_options_size - 8}) {
    IsolatedOptions isolated;
    isolated.options.struct_size = size;
    dbxauth_client* client = nullptr;
    Failure failure;
    CHECK(dbxauth_client_new(&isolated.options, &client, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK_THAT(failure.message(), Catch::Contains("struct_size"));
  }
}

TEST_CASE("reserved fields must be zero") {
  IsolatedOptions isolated;
  isolated.options.reserved0 = 1;
  dbxauth_client* client = nullptr;
  Failure failure;
  CHECK(dbxauth_client_new(&isolated.options, &client, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
}

TEST_CASE("negative timeouts and NULL arrays with a count are refused by name") {
  dbxauth_client* client = nullptr;
  {
    IsolatedOptions isolated;
    isolated.options.auth_timeout_ms = -1;
    Failure failure;
    CHECK(dbxauth_client_new(&isolated.options, &client, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK_THAT(failure.message(), Catch::Contains("auth_timeout_ms"));
  }
  {
    IsolatedOptions isolated;
    isolated.options.program_timeout_ms = -1;
    Failure failure;
    CHECK(dbxauth_client_new(&isolated.options, &client, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK_THAT(failure.message(), Catch::Contains("program_timeout_ms"));
  }
  {
    IsolatedOptions isolated;
    isolated.options.custom_header_count = 1;
    Failure failure;
    CHECK(dbxauth_client_new(&isolated.options, &client, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK_THAT(failure.message(), Catch::Contains("custom_headers"));
  }
  {
    IsolatedOptions isolated;
    isolated.options.attribute_count = 3;
    Failure failure;
    CHECK(dbxauth_client_new(&isolated.options, &client, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK_THAT(failure.message(), Catch::Contains("attributes"));
  }
}
