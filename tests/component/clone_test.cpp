// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/clone.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "catalog/sql_text.hpp"
#include "clone/reference_rewriter.hpp"
#include "component/emulator_workspace.hpp"

using namespace dbxauth;
using dbxauth::testing::EmulatorWorkspace;

namespace {

CatalogInventory take(const EmulatorWorkspace& workspace, const std::string& catalog) {
  auto inventory = CatalogInventory::take(workspace.client(), catalog, workspace.process().warehouse_id());
  if (!inventory) throw std::runtime_error(inventory.error().message);
  return std::move(*inventory);
}

ClonePlan plan(const EmulatorWorkspace& workspace, const CloneSpec& spec) {
  auto made = plan_clone(take(workspace, spec.source), take(workspace, spec.destination), spec);
  if (!made) throw std::runtime_error(made.error().message);
  return std::move(*made);
}

/// All rows of a relation, sorted; NULL is told apart from every text.
std::vector<std::string> rows_of(const EmulatorWorkspace& workspace, const std::string& catalog,
                                 const std::string& schema, const std::string& name) {
  StatementRequest request;
  request.warehouse_id = workspace.process().warehouse_id();
  request.sql = "SELECT * FROM " + catalog::quote_name({catalog, schema, name});
  auto result = workspace.client().execute(request);
  if (!result) return {"error: " + result.error().message};
  std::vector<std::string> rows;
  for (const auto& row : result->rows) {
    std::string text;
    for (const StatementCell& cell : row) text += cell ? "[" + *cell + "]" : "NULL";
    rows.push_back(std::move(text));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

TEST_CASE("a clone of the demo catalog has the source's rows, and a second run has nothing to do", "[component]") {
  const EmulatorWorkspace workspace("demo");
  CloneSpec spec;
  spec.source = "production";
  spec.destination = "staging";
  spec.warehouse_id = workspace.process().warehouse_id();
  const ClonePlan first = plan(workspace, spec);
  const auto report = run_clone(workspace.client(), first);
  REQUIRE(report);
  for (const StepReport& step : report->steps) {
    INFO(step.id << ": " << step.error);
    CHECK(step.outcome == StepOutcome::succeeded);
  }

  const CatalogInventory copy = take(workspace, "staging");
  std::size_t compared = 0;
  std::size_t rows = 0;
  for (const SchemaInventory& schema : copy.schemas) {
    for (const TableInventory& relation : schema.tables) {
      INFO(schema.name << "." << relation.name);
      const std::vector<std::string> there = rows_of(workspace, "staging", schema.name, relation.name);
      CHECK(there == rows_of(workspace, "production", schema.name, relation.name));
      const clone::RewriteContext context = {"production", "staging", schema.name};
      CHECK(clone::rewrite_references(relation.view_definition, context).text == relation.view_definition);
      ++compared;
      rows += there.size();
    }
  }
  CHECK(compared > 8);
  CHECK(rows > 100);

  const ClonePlan second = plan(workspace, spec);
  for (const CloneStep& step : second.steps) UNSCOPED_INFO(step.sql);
  CHECK(second.nothing_to_do());
}
