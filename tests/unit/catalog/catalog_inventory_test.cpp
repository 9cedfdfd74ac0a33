// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "catalog/information_schema.hpp"
#include "catalog/inventory_assembly.hpp"
#include "dbxauth/catalog.hpp"
#include "unit/catalog/scripted_catalog.hpp"

using namespace dbxauth;
using dbxauth::testing::ScriptedCatalog;

namespace {

const std::vector<std::string> schemata_columns{"schema_name", "schema_owner", "comment"};
const std::vector<std::string> tables_columns{"table_schema", "table_name",         "table_type",  "table_owner",
                                              "comment",      "data_source_format", "storage_path"};
const std::vector<std::string> columns_columns{"table_schema", "table_name",     "column_name", "ordinal_position",
                                               "is_nullable",  "full_data_type", "comment"};

std::string golden(const char* name) {
  std::ifstream in(std::string(DBXAUTH_GOLDEN_DIRECTORY) + "/" + name, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Result<CatalogInventory> take(const ScriptedCatalog& catalog) {
  return CatalogInventory::take(catalog.client(), "production", "w1");
}

// A catalog with one of everything, in an order that no list should keep.
void fill(ScriptedCatalog& catalog) {
  catalog.schemas_answer(
      R"({"schemas": [{"name": "sales", "storage_root": "s3://sales"}, {"name": "information_schema"}]})");
  catalog.rows("schemata", schemata_columns,
               {{"sales", "ann", "orders & co"},
                {"information_schema", "System user", std::nullopt},
                {"hr-büro", "bob", std::nullopt}});
  catalog.rows("tables", tables_columns,
               {{"sales", "recent", "VIEW", "ann", std::nullopt, "UNKNOWN_DATA_SOURCE_FORMAT", std::nullopt},
                {"sales", "orders", "MANAGED", "ann", "all 'orders'\nby \\ day", "DELTA", "s3://root/t1"},
                {"hr-büro", "we`ird.name", "EXTERNAL", "bob", "", "PARQUET", "s3://ext/x"},
                {"information_schema", "tables", "VIEW", "System user", std::nullopt, std::nullopt, std::nullopt}});
  catalog.rows("columns", columns_columns,
               {{"sales", "orders", "total", "1", "YES", "decimal(10,2)", std::nullopt},
                {"sales", "orders", "id", "0", "NO", "bigint", "key"},
                {"sales", "recent", "id", "0", "YES", "bigint", std::nullopt},
                {"hr-büro", "we`ird.name", "a b", "0", "YES", "struct<x:int>", std::nullopt}});
  catalog.rows("views", {"table_schema", "table_name", "view_definition"},
               {{"sales", "recent", "SELECT id FROM production.sales.orders"}});
  catalog.rows(
      "routines",
      {"specific_schema", "specific_name", "routine_name", "routine_type", "data_type", "full_data_type",
       "routine_body", "routine_definition", "external_language", "is_deterministic", "routine_owner", "comment"},
      {{"sales", "top", "top", "FUNCTION", "TABLE", "TABLE", "SQL", "SELECT 1", std::nullopt, "NO", "ann",
        std::nullopt},
       {"sales", "add_one", "add_one", "FUNCTION", "INT", "int", "EXTERNAL", "return x + 1", "Python", "YES", "ann",
        "adds"},
       {"sales", "tidy", "tidy", "PROCEDURE", std::nullopt, std::nullopt, "SQL", "BEGIN END", std::nullopt, "NO", "ann",
        std::nullopt}});
  catalog.rows("parameters",
               {"specific_schema", "specific_name", "ordinal_position", "parameter_name", "full_data_type",
                "parameter_default", "comment"},
               {{"sales", "add_one", "1", "y", "int", "41", "second"},
                {"sales", "add_one", "0", "x", "int", std::nullopt, std::nullopt},
                {"sales", "tidy", "0", "p", "int", std::nullopt, std::nullopt}});
  catalog.rows("routine_columns",
               {"specific_schema", "specific_name", "ordinal_position", "column_name", "full_data_type", "comment"},
               {{"sales", "top", "1", "id", "bigint", "key"}});
  catalog.rows("volumes",
               {"volume_schema", "volume_name", "volume_type", "volume_owner", "comment", "storage_location"},
               {{"sales", "files", "MANAGED", "ann", "raw", "s3://root/v1"}});
  catalog.rows("catalog_privileges", {"grantee", "privilege_type"},
               {{"readers", "USE CATALOG"}, {"admins", "ALL PRIVILEGES"}});
  catalog.rows("schema_privileges", {"schema_name", "grantee", "privilege_type"},
               {{"sales", "readers", "USE SCHEMA"}, {"information_schema", "account users", "USE SCHEMA"}});
  catalog.rows("table_privileges", {"table_schema", "table_name", "grantee", "privilege_type"},
               {{"sales", "orders", "readers", "SELECT"},
                {"sales", "orders", "o`brien@example.com", "MODIFY"},
                {"sales", "orders", "readers", "SELECT"}});
  catalog.rows("volume_privileges", {"volume_schema", "volume_name", "grantee", "privilege_type"},
               {{"sales", "files", "readers", "READ VOLUME"}});
  catalog.rows("routine_privileges", {"specific_schema", "specific_name", "grantee", "privilege_type"},
               {{"sales", "add_one", "readers", "EXECUTE"}});
  catalog.rows("catalog_tags", {"tag_name", "tag_value"}, {{"env", "prod"}});
  catalog.rows("schema_tags", {"schema_name", "tag_name", "tag_value"}, {{"sales", "team", "x'), ('admin' = 'y"}});
  catalog.rows("table_tags", {"schema_name", "table_name", "tag_name", "tag_value"},
               {{"sales", "orders", "pii", ""}, {"sales", "orders", "class", "gold"}});
  catalog.rows("column_tags", {"schema_name", "table_name", "column_name", "tag_name", "tag_value"},
               {{"sales", "orders", "id", "key", "primary"}});
  catalog.rows("volume_tags", {"schema_name", "volume_name", "tag_name", "tag_value"},
               {{"sales", "files", "raw", "1"}});
  catalog.rows("row_filters", {"table_schema", "table_name", "filter_name"}, {{"hr-büro", "we`ird.name", "f"}});
  catalog.rows("column_masks", {"SCHEMA_NAME", "TABLE_NAME", "COLUMN_NAME"}, {{"sales", "orders", "id"}});
}

}  // namespace

TEST_CASE("an inventory is what the golden file says", "[catalog]") {
  ScriptedCatalog catalog;
  fill(catalog);
  const auto inventory = take(catalog);
  REQUIRE(inventory);
  CHECK(inventory->to_json() + "\n" == golden("production.json"));
}

TEST_CASE("an inventory takes one request per relation and two lists, whatever the number of tables", "[catalog]") {
  constexpr int schemas = 10;
  constexpr int tables = 1000;
  ScriptedCatalog catalog;
  std::vector<std::vector<StatementCell>> schema_rows, table_rows, column_rows, tag_rows;
  for (int s = 0; s < schemas; ++s) {
    schema_rows.push_back({fmt::format("s{:02}", s), "o", std::nullopt});
    for (int t = 0; t < tables; ++t) {
      const std::string schema = fmt::format("s{:02}", s), table = fmt::format("t{:04}", t);
      table_rows.push_back({schema, table, "MANAGED", "o", std::nullopt, "DELTA", "s3://x"});
      for (int c = 0; c < 3; ++c) {
        column_rows.push_back({schema, table, fmt::format("c{}", c), std::to_string(c), "YES", "int", std::nullopt});
      }
      tag_rows.push_back({schema, table, "k", "v"});
    }
  }
  catalog.rows("schemata", schemata_columns, schema_rows);
  catalog.rows("tables", tables_columns, table_rows);
  catalog.rows("columns", columns_columns, column_rows);
  catalog.rows("table_tags", {"schema_name", "table_name", "tag_name", "tag_value"}, tag_rows);
  const auto inventory = take(catalog);
  REQUIRE(inventory);
  REQUIRE(inventory->schemas.size() == schemas);
  REQUIRE(inventory->schemas[9].tables.size() == tables);
  CHECK(inventory->schemas[9].tables[999].name == "t0999");
  CHECK(inventory->schemas[9].tables[999].columns.size() == 3);
  CHECK(inventory->schemas[9].tables[999].attributes.tags.at("k") == "v");
  CHECK(inventory->unseen.empty());
  CHECK(catalog.statements().size() == catalog::inventory_relations().size());
  CHECK(catalog.transport().request_count() == catalog::inventory_relations().size() + 2);
}

TEST_CASE("a relation beyond the inline limit is read by external links", "[catalog]") {
  ScriptedCatalog catalog;
  fill(catalog);
  const std::vector<std::vector<StatementCell>> rows{{"sales", "orders", "id", "0", "NO", "bigint", std::nullopt}};
  catalog.rows("columns", columns_columns, rows);
  catalog.exceed_inline_limit("columns", "https://store.example/columns");
  catalog.store().reply(200, ScriptedCatalog::rows_json(rows));
  const auto inventory = take(catalog);
  REQUIRE(inventory);
  const auto& sales = inventory->schemas.at(1);
  REQUIRE(sales.name == "sales");
  CHECK(sales.tables.at(0).columns.at(0).name == "id");
  CHECK(catalog.statements().size() == catalog::inventory_relations().size() + 1);
  CHECK(catalog.store().request_count() == 1);
}

TEST_CASE("statements name the catalog as an identifier and read direct grants only", "[catalog]") {
  for (const catalog::Relation& relation : catalog::inventory_relations()) {
    const std::string sql = catalog::select_statement(relation, "we`ird; DROP");
    INFO(sql);
    CHECK(sql.find(" FROM `we``ird; DROP`.information_schema.") != std::string::npos);
    const bool privileges = relation.name.find("_privileges") != std::string_view::npos;
    CHECK((sql.find("inherited_from = 'NONE'") != std::string::npos) == privileges);
  }
}

TEST_CASE("a catalog that does not exist needs no statement", "[catalog]") {
  dbxauth::testing::WorkspaceFixture fixture;
  fixture.authorised->reply(404, R"({"error_code": "CATALOG_DOES_NOT_EXIST", "message": "no"})");
  const auto inventory = CatalogInventory::take(fixture.client(), "nowhere", "");
  REQUIRE(inventory);
  CHECK_FALSE(inventory->exists);
  CHECK(inventory->name == "nowhere");
  CHECK(inventory->host == "https://adb-1.azuredatabricks.net");
  CHECK(fixture.authorised->request_count() == 1);
}

TEST_CASE("a catalog that may not be read is an error, not an absent one", "[catalog]") {
  dbxauth::testing::WorkspaceFixture fixture;
  fixture.authorised->reply(403, R"({"error_code": "PERMISSION_DENIED", "message": "no"})");
  const auto inventory = CatalogInventory::take(fixture.client(), "secret", "w1");
  REQUIRE_FALSE(inventory);
  CHECK(inventory.error().code == ErrorCode::permission_denied);
}

TEST_CASE("an empty catalog has no schemas", "[catalog]") {
  ScriptedCatalog catalog;
  const auto inventory = take(catalog);
  REQUIRE(inventory);
  CHECK(inventory->exists);
  CHECK(inventory->schemas.empty());
  CHECK(inventory->unseen.empty());
}

TEST_CASE("what is missing or denied is told and does not fail the rest", "[catalog]") {
  ScriptedCatalog catalog;
  fill(catalog);
  catalog.fail("table_tags", "BAD_REQUEST", "[INSUFFICIENT_PERMISSIONS] no", "42501");
  catalog.fail("row_filters", "BAD_REQUEST", "[TABLE_OR_VIEW_NOT_FOUND] no", "42P01");
  catalog.fail("volumes", "BAD_REQUEST", "[UNRESOLVED_COLUMN.WITH_SUGGESTION] no", "42703");
  const auto inventory = take(catalog);
  REQUIRE(inventory);
  const std::vector<std::string> expected{
      "procedure `sales`.`tidy`: not part of an inventory",
      "row_filters: not found (SQLSTATE 42P01)",
      "table_tags: permission denied (SQLSTATE 42501)",
      "volume_privileges: 1 rows name objects that are not listed",
      "volume_tags: 1 rows name objects that are not listed",
      "volumes: refused by the server (SQLSTATE 42703)",
  };
  CHECK(inventory->unseen == expected);
  CHECK(inventory->schemas.at(1).tables.at(0).attributes.tags.empty());
  CHECK(inventory->schemas.at(1).tables.at(0).attributes.grants.size() == 2);
}

TEST_CASE("definitions that this identity may not see are told", "[catalog]") {
  ScriptedCatalog catalog;
  fill(catalog);
  catalog.rows("views", {"table_schema", "table_name", "view_definition"}, {{"sales", "recent", std::nullopt}});
  const auto inventory = take(catalog);
  REQUIRE(inventory);
  CHECK(inventory->schemas.at(1).tables.at(1).view_definition.empty());
  CHECK(std::count(inventory->unseen.begin(), inventory->unseen.end(),
                   "views: 1 definitions are hidden from this identity") == 1);
}

TEST_CASE("without schemata or tables there is no inventory", "[catalog]") {
  for (const char* relation : {"schemata", "tables"}) {
    ScriptedCatalog catalog;
    fill(catalog);
    catalog.fail(relation, "BAD_REQUEST", "[INSUFFICIENT_PERMISSIONS] no", "42501");
    const auto inventory = take(catalog);
    REQUIRE_FALSE(inventory);
    CHECK(inventory.error().code == ErrorCode::permission_denied);
    CHECK(inventory.error().message.find(relation) != std::string::npos);
  }
}

TEST_CASE("a failure that says nothing about rights fails the whole", "[catalog]") {
  ScriptedCatalog catalog;
  fill(catalog);
  catalog.fail("column_tags", "IO_ERROR", "the store is on fire");
  const auto inventory = take(catalog);
  REQUIRE_FALSE(inventory);
  CHECK(inventory.error().code == ErrorCode::sql_failed);
  CHECK(inventory.error().message.find("column_tags") != std::string::npos);
}

TEST_CASE("a list of schemas that is denied costs only their storage roots", "[catalog]") {
  dbxauth::testing::WorkspaceFixture fixture;
  fixture.authorised->on(net::HttpMethod::get, "/catalogs/c", 200, R"({"name": "c"})");
  fixture.authorised->on(net::HttpMethod::get, "/schemas?", 403,
                         R"({"error_code": "PERMISSION_DENIED", "message": "no"})");
  fixture.authorised->on(net::HttpMethod::post, "/sql/statements", 200,
                         R"({"statement_id": "s", "status": {"state": "SUCCEEDED"}})");
  const auto inventory = CatalogInventory::take(fixture.client(), "c", "w1");
  REQUIRE(inventory);
  CHECK(inventory->unseen == std::vector<std::string>{"storage roots of schemas: permission denied"});
}

TEST_CASE("cancelling ends an inventory", "[catalog]") {
  dbxauth::testing::WorkspaceFixture fixture;
  CancelSource source;
  CallContext context;
  context.cancel = source.token();
  fixture.authorised->on(net::HttpMethod::get, "/catalogs/c", 200, R"({"name": "c"})");
  fixture.authorised->on(net::HttpMethod::post, "/cancel", 200, "{}");
  fixture.authorised->on(net::HttpMethod::post, "/sql/statements", 200,
                         R"({"statement_id": "s", "status": {"state": "RUNNING"}})");
  fixture.timer->during_sleep([&source] { source.cancel(); });
  const auto inventory = CatalogInventory::take(fixture.client(), "c", "w1", context);
  REQUIRE_FALSE(inventory);
  CHECK(inventory.error().code == ErrorCode::cancelled);
}

TEST_CASE("the order of rows does not matter", "[catalog]") {
  ScriptedCatalog catalog;
  fill(catalog);
  const auto client = catalog.client();
  auto forward = catalog::read_information_schema(client, "production", "w1", 1, {});
  REQUIRE(forward);
  CatalogInventory one;
  catalog::assemble_inventory(*forward, one);
  // The same rows, every list reversed.
  catalog::InformationSchema backward;
  for (const catalog::Relation& relation : catalog::inventory_relations()) {
    StatementRequest request;
    request.sql = catalog::select_statement(relation, "production");
    request.warehouse_id = "w1";
    auto result = client.execute(request);
    REQUIRE(result);
    std::reverse(result->rows.begin(), result->rows.end());
    backward.relations.emplace(std::string(relation.name), catalog::RelationRows(std::move(*result)));
  }
  CatalogInventory other;
  catalog::assemble_inventory(backward, other);
  CHECK(one.to_json() == other.to_json());
}

TEST_CASE("privileges have one spelling", "[catalog]") {
  CHECK(catalog::normalized_privilege("USE CATALOG") == "USE_CATALOG");
  CHECK(catalog::normalized_privilege("use_schema") == "USE_SCHEMA");
  CHECK(catalog::normalized_privilege(" ALL PRIVILEGES ") == "ALL_PRIVILEGES");
}
