// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <memory>
#include <set>
#include <string>

#include "dbxauth/error.hpp"
#include "dbxauth/result.hpp"

using namespace dbxauth;

TEST_CASE("every error code has its own stable name") {
  std::set<std::string> names;
  for (std::int32_t code = 1; code <= 24; ++code) names.emplace(to_string(static_cast<ErrorCode>(code)));
  CHECK(names.size() == 24);
  CHECK(names.count("unknown") == 0);
  CHECK(to_string(ErrorCode::no_credentials) == "no_credentials");
  CHECK(to_string(ErrorCode::partial_failure) == "partial_failure");
  CHECK(to_string(static_cast<ErrorCode>(0)) == "unknown");
  CHECK(to_string(static_cast<ErrorCode>(9999)) == "unknown");
}

TEST_CASE("every verdict has its own stable name") {
  CHECK(to_string(AttemptVerdict::not_configured) == "not_configured");
  CHECK(to_string(AttemptVerdict::ignored) == "ignored");
  CHECK(to_string(AttemptVerdict::unavailable) == "unavailable");
  CHECK(to_string(AttemptVerdict::failed) == "failed");
  CHECK(to_string(AttemptVerdict::used) == "used");
  CHECK(to_string(static_cast<AttemptVerdict>(77)) == "unknown");
}

TEST_CASE("an Error converts to any Result") {
  const auto fail = []() -> Result<int> { return Error{ErrorCode::io, "no"}; };
  const auto fail_void = []() -> Result<void> { return Error{ErrorCode::io, "no"}; };
  const auto move_only = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(3); };
  REQUIRE_FALSE(fail());
  CHECK(fail().error().code == ErrorCode::io);
  CHECK_FALSE(fail_void());
  REQUIRE(move_only());
  CHECK(**move_only() == 3);
}
