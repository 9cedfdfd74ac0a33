// SPDX-License-Identifier: Apache-2.0
#include "sql_fixture.hpp"

using namespace dbxauth::emulator;

TEST_CASE("what is not Databricks SQL is a syntax error") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  f.run("CREATE SCHEMA c.s");
  for (const auto* sql : {"",
                          ";",
                          "FROB t",
                          "SELECT",
                          "SELECT 1 FROM",
                          "SELECT 1; SELECT 2",
                          "CREATE TABLE",
                          "CREATE TABLE t (a)",
                          "CREATE TABLE t (a INT) WITH CHEESE",
                          "CREATE OR REPLACE SCHEMA x",
                          "CREATE TABLE t CLONE",
                          "CREATE TABLE t HOLLOW CLONE x",
                          "DROP c",
                          "ALTER TABLE t FROB",
                          "COMMENT ON TABLE t 'x'",
                          "COMMENT ON VIEW v IS 'x'",
                          "GRANT USE_CATALOG ON CATALOG c TO x",
                          "GRANT FLY ON CATALOG c TO x",
                          "GRANT SELECT ON TABLE t",
                          "CREATE OR REPLACE TABLE IF NOT EXISTS t (a INT)",
                          "CREATE VIEW v",
                          "CREATE VOLUME v LOCATION 's3://x/y'",
                          "CREATE EXTERNAL VOLUME v",
                          "SELECT 'unclosed",
                          "SELECT `unclosed",
                          "SELECT $x",
                          "MERGE INTO t USING s ON 1",
                          "VACUUM t",
                          "EXPLAIN SELECT 1",
                          "CREATE TABLE größe (a INT)",
                          "SELECT 1 +",
                          "CREATE FUNCTION f() RETURNS INT",
                          "SELECT CASE END"}) {
    INFO(sql);
    const auto refused = f.try_as("alice@example.com", sql);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().sql_state == "42601");
    CHECK(refused.error().error_code == "BAD_REQUEST");
  }
  CHECK(f.refusal("SELECT * FROM my-catalog.s.t").message.find("[INVALID_IDENTIFIER]") == 0);
  CHECK(f.refusal("CREATE TABLE t (a INT) USING parquet").sql_state == "0A000");
  CHECK(f.refusal("SELECT CAST(1 AS WIBBLE)").sql_state == "0A000");
  CHECK(f.run("SELECT 1;").rows.size() == 1);
}

TEST_CASE("errors name the class, the object and the state") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  f.run("CREATE SCHEMA c.s");
  f.run("CREATE TABLE t (a INT)");
  CHECK(f.refusal("SELECT * FROM c.s.x")
            .message.find("[TABLE_OR_VIEW_NOT_FOUND] The table or view `c`.`s`.`x` cannot be found.") == 0);
  CHECK(f.refusal("CREATE TABLE t (a INT)").message.find("[TABLE_OR_VIEW_ALREADY_EXISTS]") == 0);
  CHECK(f.state_of("CREATE TABLE t (a INT)") == "42P07");
  CHECK(f.refusal("CREATE TABLE c.nope.t (a INT)").message.find("[SCHEMA_NOT_FOUND]") == 0);
  CHECK(f.state_of("CREATE TABLE c.nope.t (a INT)") == "42704");
  CHECK(f.state_of("CREATE SCHEMA c.s") == "42P06");
  CHECK(f.state_of("CREATE CATALOG c") == "42710");
  CHECK(f.refusal("SELECT * FROM nope.s.t").message.find("[NO_SUCH_CATALOG_EXCEPTION]") == 0);
  CHECK(f.state_of("CREATE TABLE d (a INT, A STRING)") == "42711");
  CHECK(f.state_of("CREATE TABLE a.b.c.d (a INT)") == "42601");
  CHECK(f.state_of("CREATE TABLE `a b` (a INT)") == "22023");
  CHECK(f.state_of("CREATE SCHEMA c.`a.b`") == "22023");
  CHECK(f.state_of("CREATE TABLE c.information_schema.x (a INT)") == "42501");
  const auto denied = f.refusal("SELECT * FROM c.s.t", "carol@example.com");
  CHECK(denied.error_code == "PERMISSION_DENIED");
  CHECK(denied.sql_state == "42501");
  CHECK(denied.message.find("User does not have USE CATALOG on Catalog 'c'.") != std::string::npos);
  CHECK(f.refusal("CREATE CATALOG d", "carol@example.com")
            .message.find("User does not have CREATE CATALOG on Metastore") != std::string::npos);
}

TEST_CASE("a failed statement leaves nothing behind") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  f.run("CREATE SCHEMA c.s");
  const auto before = f.metastore->state_json();
  CHECK(f.state_of("CREATE TABLE t AS SELECT CAST(x AS INT) AS x FROM VALUES ('1'), ('boom') AS v(x)") == "22018");
  CHECK(f.metastore->state_json() == before);
}

TEST_CASE("hostile texts end in an error, not in a crash") {
  SqlFixture f;
  std::string deep(5000, '(');
  CHECK_FALSE(f.try_as("alice@example.com", "SELECT " + deep + "1"));
  std::string nots = "SELECT ";
  for (int i = 0; i < 5000; ++i) nots += "NOT ";
  CHECK_FALSE(f.try_as("alice@example.com", nots + "true"));
  std::string minus = "SELECT ";
  for (int i = 0; i < 5000; ++i) minus += "- ";
  CHECK_FALSE(f.try_as("alice@example.com", minus + "1"));
  CHECK_FALSE(f.try_as("alice@example.com", std::string("SELECT \0 1", 10)));
  CHECK_FALSE(f.try_as("alice@example.com", "SELECT \xff\xfe"));
  CHECK_FALSE(f.try_as("alice@example.com", "/* open"));
  const std::string text =
      "CREATE OR REPLACE VIEW `c`.s.v (a COMMENT 'x\\'y') AS SELECT CASE WHEN a IN (1, 2) THEN CAST(b AS "
      "DECIMAL(10,2)) END FROM t WHERE x BETWEEN 1 AND :p";
  for (std::size_t i = 0; i < text.size(); ++i) {
    (void)f.try_as("alice@example.com", text.substr(0, i));
    (void)statement_kind(text.substr(i));
  }
}
