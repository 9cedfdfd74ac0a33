// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/catalog.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "catalog/information_schema.hpp"
#include "component/emulator_workspace.hpp"

using namespace dbxauth;
using dbxauth::testing::EmulatorWorkspace;

namespace {

struct Counts {
  std::int64_t statements = 0;
  std::int64_t requests = 0;
};

Counts counts_of(const EmulatorWorkspace& workspace) {
  const auto counters = workspace.counters();
  return {counters["statements"].integer_or(-1), counters["requests"].integer_or(-1)};
}

CatalogInventory take(const EmulatorWorkspace& workspace, const std::string& catalog = "production") {
  auto inventory = CatalogInventory::take(workspace.client(), catalog, workspace.process().warehouse_id());
  INFO((inventory ? std::string() : inventory.error().message));
  REQUIRE(inventory);
  return std::move(*inventory);
}

std::size_t table_count(const CatalogInventory& inventory) {
  std::size_t count = 0;
  for (const SchemaInventory& schema : inventory.schemas) count += schema.tables.size();
  return count;
}

}  // namespace

TEST_CASE("the inventory of the demo catalog is complete and repeatable", "[component]") {
  const EmulatorWorkspace workspace("demo");
  workspace.reset_counters();
  const CatalogInventory inventory = take(workspace);
  const Counts counts = counts_of(workspace);
  const auto relations = static_cast<std::int64_t>(catalog::inventory_relations().size());
  CHECK(counts.statements == relations);
  // One for the catalog and one page of schemas besides the statements, none of which needs a poll.
  CHECK(counts.requests == relations + 2);

  CHECK(inventory.exists);
  CHECK(inventory.name == "production");
  CHECK(inventory.host == workspace.process().url());
  CHECK_FALSE(inventory.metastore_id.empty());
  CHECK(inventory.unseen == std::vector<std::string>{});
  REQUIRE_FALSE(inventory.schemas.empty());
  CHECK(table_count(inventory) >= 8);
  std::size_t views = 0, functions = 0, volumes = 0, tags = 0, grants = 0, comments = 0;
  for (const SchemaInventory& schema : inventory.schemas) {
    CHECK(schema.name != "information_schema");
    functions += schema.functions.size();
    volumes += schema.volumes.size();
    for (const FunctionInventory& function : schema.functions) {
      INFO(schema.name << "." << function.name);
      CHECK_FALSE(function.definition.empty());
      CHECK_FALSE(function.return_type.empty());
    }
    for (const TableInventory& table : schema.tables) {
      INFO(schema.name << "." << table.name);
      CHECK_FALSE(table.columns.empty());
      CHECK_FALSE(table.attributes.owner.empty());
      for (const ColumnInventory& column : table.columns) CHECK_FALSE(column.type_text.empty());
      if (table.table_type == "VIEW") {
        ++views;
        CHECK_FALSE(table.view_definition.empty());
      } else {
        CHECK_FALSE(table.data_source_format.empty());
      }
      tags += table.attributes.tags.size();
      grants += table.attributes.grants.size();
      comments += table.attributes.comment.empty() ? 0 : 1;
    }
  }
  CHECK(views > 0);
  CHECK(functions > 0);
  CHECK(volumes > 0);
  CHECK(tags > 0);
  CHECK(grants > 0);
  CHECK(comments > 0);

  const std::string json = inventory.to_json();
  CHECK(take(workspace).to_json() == json);
  const auto again = CatalogInventory::from_json(json);
  REQUIRE(again);
  CHECK(again->to_json() == json);
}

TEST_CASE("a thousand tables take as many statements as eight", "[component]") {
  const EmulatorWorkspace workspace("tables:1000,schemas:10");
  workspace.reset_counters();
  const CatalogInventory inventory = take(workspace);
  const Counts counts = counts_of(workspace);
  const auto relations = static_cast<std::int64_t>(catalog::inventory_relations().size());
  CHECK(table_count(inventory) == 1000);
  CHECK(counts.statements == relations);
  CHECK(counts.requests <= relations + 4);
}

TEST_CASE("a catalog that is not there exists not", "[component]") {
  const EmulatorWorkspace workspace("empty");
  workspace.reset_counters();
  const CatalogInventory inventory = take(workspace, "no such `catalog`/é");
  CHECK_FALSE(inventory.exists);
  CHECK(counts_of(workspace).requests == 1);
}
