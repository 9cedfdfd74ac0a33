// SPDX-License-Identifier: Apache-2.0
#include "workspace/account_access.hpp"

#include <catch2/catch.hpp>

#include "support/scripted_transport.hpp"

using namespace dbxauth;
using dbxauth::testing::ScriptedTransport;

namespace {

Result<void> check(const std::shared_ptr<ScriptedTransport>& transport, std::string_view account_id) {
  const workspace::RestClient rest("https://accounts.example.com", transport, {});
  return workspace::check_account_access(rest, account_id, {});
}

}  // namespace

TEST_CASE("an account opens when it lists its workspaces, however many there are", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->reply(200, "[]").reply(200, R"([{"workspace_id": 1}])");
  CHECK(check(transport, "a-1"));
  CHECK(check(transport, "a/../b"));
  REQUIRE(transport->requests().size() == 2);
  CHECK(transport->requests()[0].url == "https://accounts.example.com/api/2.0/accounts/a-1/workspaces");
  CHECK(transport->requests()[1].url == "https://accounts.example.com/api/2.0/accounts/a%2F..%2Fb/workspaces");
}

TEST_CASE("an account that does not open says why", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->reply(403, R"({"error_code": "PERMISSION_DENIED", "message": "no administrator"})")
      .reply(200, R"({"workspaces": []})");
  const auto denied = check(transport, "a-1");
  REQUIRE_FALSE(denied);
  CHECK(denied.error().code == ErrorCode::permission_denied);
  CHECK(denied.error().message.find("account 'a-1'") != std::string::npos);
  const auto strange = check(transport, "a-1");
  REQUIRE_FALSE(strange);
  CHECK(strange.error().code == ErrorCode::protocol);
  const auto unnamed = check(transport, "");
  REQUIRE_FALSE(unnamed);
  CHECK(unnamed.error().code == ErrorCode::configuration);
  CHECK(transport->requests().size() == 2);
}
