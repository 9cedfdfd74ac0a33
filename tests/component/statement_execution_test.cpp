// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "component/emulator_workspace.hpp"

using namespace dbxauth;
using dbxauth::testing::EmulatorWorkspace;

namespace {

StatementRequest request_for(const EmulatorWorkspace& workspace, std::string sql) {
  StatementRequest request;
  request.sql = std::move(sql);
  request.warehouse_id = workspace.process().warehouse_id();
  return request;
}

}  // namespace

TEST_CASE("statements run against a workspace", "[component]") {
  const EmulatorWorkspace workspace("demo");
  const WorkspaceClient client = workspace.client();

  SECTION("NULL and the text null arrive as different values, inline and by external links") {
    for (const bool large : {false, true}) {
      StatementRequest request = request_for(workspace, "SELECT :missing AS a, :text AS b, :number AS c");
      request.parameters = {{"missing", std::nullopt, "STRING"}, {"text", "null", "STRING"}, {"number", "42", "INT"}};
      request.large_result = large;
      const auto result = client.execute(request);
      INFO((result ? std::string() : result.error().message));
      REQUIRE(result);
      REQUIRE(result->rows.size() == 1);
      CHECK_FALSE(result->rows[0][0].has_value());
      CHECK(result->rows[0][1] == "null");
      CHECK(result->rows[0][2] == "42");
      CHECK(result->columns[1].name == "b");
    }
  }

  SECTION("polling gives the same result as waiting in the submit call") {
    StatementRequest request = request_for(workspace, "SELECT table_name FROM production.information_schema.tables");
    const auto waited = client.execute(request);
    REQUIRE(waited);
    request.wait_in_submit = std::chrono::seconds(0);
    std::string told;
    request.on_submitted = [&told](std::string_view id) { told = std::string(id); };
    const auto polled = client.execute(request);
    REQUIRE(polled);
    CHECK(polled->rows.size() == waited->rows.size());
    CHECK(polled->statement_id == told);
  }

  SECTION("what the server refuses is classified") {
    const auto missing = client.execute(request_for(workspace, "SELECT * FROM production.nowhere.nothing"));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::not_found);
    const auto nonsense = client.execute(request_for(workspace, "SELEKT 1"));
    REQUIRE_FALSE(nonsense);
    CHECK(nonsense.error().code == ErrorCode::sql_failed);
    CHECK_FALSE(nonsense.error().sql_state.empty());
  }

  SECTION("the workspace, its user and its warehouses can be read") {
    const auto user = client.current_user();
    REQUIRE(user);
    CHECK_FALSE(user->user_name.empty());
    CHECK_FALSE(user->workspace_id.empty());
    const auto warehouse = client.choose_warehouse({});
    REQUIRE(warehouse);
    CHECK(warehouse->state == "RUNNING");
    const auto catalogs = client.catalogs();
    REQUIRE(catalogs);
    CHECK(catalogs->size() >= 1);
    const auto schemas = client.schemas("production");
    REQUIRE(schemas);
    CHECK_FALSE(schemas->empty());
    const auto refused = workspace.client("not-a-token").current_user();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::authentication_failed);
  }

  SECTION("a stopped warehouse is started") {
    const std::string id(workspace.process().ready()["stopped_warehouse_id"].string_or());
    REQUIRE_FALSE(id.empty());
    const auto started = client.start_warehouse(id, CallContext::with_timeout(std::chrono::seconds(60)));
    INFO((started ? std::string() : started.error().message));
    REQUIRE(started);
    CHECK(started->state == "RUNNING");
  }
}
