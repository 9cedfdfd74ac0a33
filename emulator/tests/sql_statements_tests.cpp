// SPDX-License-Identifier: Apache-2.0
#include "sql_fixture.hpp"

using namespace dbxauth::emulator;

namespace {
struct Prepared : SqlFixture {
  Prepared() {
    run("CREATE CATALOG c");
    run("CREATE SCHEMA c.s");
    run("CREATE TABLE t (id BIGINT NOT NULL COMMENT 'key', name STRING, price DECIMAL(10,2)) COMMENT 'about t' "
        "TBLPROPERTIES ('a' = 'b')");
    run("INSERT INTO t VALUES (1, 'one', 1.5), (2, NULL, 20), (3, 'it''s', 0.1)");
  }
};
}  // namespace

TEST_CASE_METHOD(Prepared, "CLONE copies rows, columns and properties, and nothing else") {
  run("ALTER TABLE t SET TAGS ('k' = 'v')");
  run("GRANT SELECT ON TABLE t TO analysts");
  const auto result = run("CREATE TABLE c.s.t2 DEEP CLONE c.s.t TBLPROPERTIES ('x' = 'y')");
  REQUIRE(result.columns.size() == 6);
  CHECK(result.columns[0].name == "source_table_size");
  CHECK(result.columns[5].name == "copied_files_size");
  REQUIRE(result.rows.size() == 1);
  CHECK(result.rows[0][3] == "1");
  CHECK(value("SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM t2)") == "0");
  CHECK(value("SELECT count(*) FROM t2") == "3");
  const auto copy = metastore->get_table({}, "c", "s", "t2");
  REQUIRE(copy);
  CHECK_FALSE(copy->comment);
  CHECK(copy->tags.empty());
  CHECK(copy->properties == std::map<std::string, std::string>{{"a", "b"}, {"x", "y"}});
  CHECK(copy->columns[0].comment == "key");
  CHECK_FALSE(copy->columns[0].nullable);
  CHECK(metastore->get_grants({}, SecurableKind::table, {"c", "s", "t2"}, {}, {})->items.empty());
  // A clone is a table of its own.
  run("DELETE FROM t2 WHERE id = 1");
  CHECK(value("SELECT count(*) FROM t") == "3");
}

TEST_CASE_METHOD(Prepared, "CLONE refuses what Databricks refuses") {
  run("CREATE VIEW v AS SELECT * FROM t");
  CHECK(refusal("CREATE TABLE x CLONE v").message.find("[DELTA_CLONE_UNSUPPORTED_SOURCE]") == 0);
  CHECK(state_of("CREATE TABLE t CLONE t") == "0AKDC");
  run("CREATE TABLE sh SHALLOW CLONE t");
  CHECK(metastore->get_table({}, "c", "s", "sh")->table_type == "MANAGED_SHALLOW_CLONE");
  CHECK(state_of("CREATE TABLE sh2 SHALLOW CLONE sh") == "0AKDC");
  run("CREATE TABLE deep_of_shallow DEEP CLONE sh");
  CHECK(state_of("CREATE TABLE ext SHALLOW CLONE t LOCATION 's3://b/x'") == "0AKUC");
  CHECK(state_of("CREATE TABLE sh DEEP CLONE t") == "42P07");
  run("CREATE TABLE IF NOT EXISTS sh DEEP CLONE t");
  CHECK(state_of("CREATE TABLE y CLONE missing") == "42P01");
  CHECK(state_of("CREATE TABLE y CLONE t VERSION AS OF 99") == "22003");
  run("CREATE TABLE y CLONE t VERSION AS OF 1");
  run("CREATE TABLE e DEEP CLONE t LOCATION 's3://b/e'");
  CHECK(state_of("CREATE TABLE e2 DEEP CLONE t LOCATION 's3://b/e/inner'") == "42000");
  run("CREATE TABLE e3 SHALLOW CLONE e LOCATION 's3://b/f'");
  CHECK(state_of("REPLACE TABLE nothing CLONE t") == "42P01");
}

TEST_CASE_METHOD(Prepared, "OR REPLACE keeps id, owner, grants and raises the version") {
  run("GRANT SELECT ON TABLE t TO analysts");
  const auto before = *metastore->get_table({}, "c", "s", "t");
  run("CREATE TABLE other AS SELECT 9 AS id");
  run("CREATE OR REPLACE TABLE t CLONE other");
  const auto after = *metastore->get_table({}, "c", "s", "t");
  CHECK(after.id == before.id);
  CHECK(after.version == before.version + 1);
  CHECK(metastore->get_grants({}, SecurableKind::table, {"c", "s", "t"}, {}, {})->items.size() == 1);
  CHECK(value("SELECT id FROM t") == "9");
  run("CREATE OR REPLACE TABLE t AS SELECT id + 1 AS id FROM t");
  CHECK(value("SELECT id FROM t") == "10");
}

TEST_CASE_METHOD(Prepared, "views read with their owner's rights") {
  run("CREATE VIEW v (k COMMENT 'the key', n) COMMENT 'a view' TBLPROPERTIES ('p' = 'q') AS SELECT id, upper(name) "
      "FROM t");
  run("GRANT USE CATALOG, USE SCHEMA ON CATALOG c TO `bob@example.com`");
  CHECK(state_of("SELECT * FROM v", "bob@example.com") == "42501");
  run("GRANT SELECT ON VIEW v TO `bob@example.com`");
  CHECK(as("bob@example.com", "SELECT * FROM v").rows.size() == 3);
  CHECK(state_of("SELECT * FROM t", "bob@example.com") == "42501");
  CHECK(value("SELECT n FROM v WHERE k = 1") == "ONE");
  CHECK(state_of("CREATE VIEW broken AS SELECT * FROM nowhere") == "42P01");
  CHECK(state_of("CREATE VIEW broken AS SELECT nothing FROM t") == "42703");
  CHECK(state_of("CREATE OR REPLACE VIEW v AS SELECT * FROM v") == "54K00");
  CHECK(state_of("CREATE OR REPLACE VIEW t AS SELECT 1 AS a") == "42809");
  CHECK(state_of("DROP TABLE v") == "42809");
  run("DROP VIEW v");
}

TEST_CASE_METHOD(Prepared, "functions: scalar with defaults, table functions, Python") {
  run("CREATE FUNCTION plus(x INT, y INT DEFAULT 10) RETURNS INT RETURN x + y");
  CHECK(value("SELECT c.s.plus(1)") == "11");
  CHECK(value("SELECT sum(plus(CAST(id AS INT), 1)) FROM t") == "9");
  run("CREATE FUNCTION cheap(limit_price DECIMAL(10,2)) RETURNS TABLE (id BIGINT, price DECIMAL(10,2)) RETURN SELECT "
      "t.id, t.price FROM t WHERE t.price <= limit_price");
  CHECK(value("SELECT count(*) FROM cheap(2)") == "2");
  run("CREATE FUNCTION py(x STRING) RETURNS STRING LANGUAGE PYTHON AS $$\nreturn x\n$$");
  CHECK(state_of("SELECT py('a')") == "0A000");
  CHECK(state_of("SELECT nothing(1)") == "42883");
  CHECK(state_of("SELECT plus()") == "4274K");
  CHECK(state_of("SELECT plus(1, 2, 3)") == "42605");
  CHECK(state_of("CREATE FUNCTION bad(x INT) RETURNS INT RETURN y") == "42703");
  CHECK(state_of("CREATE FUNCTION plus(x INT) RETURNS INT RETURN x") == "42723");
}

TEST_CASE_METHOD(Prepared, "comments, tags, owners and renames") {
  run("COMMENT ON TABLE t IS 'new\\nline'");
  CHECK(metastore->get_table({}, "c", "s", "t")->comment == "new\nline");
  run("COMMENT ON TABLE t IS NULL");
  CHECK_FALSE(metastore->get_table({}, "c", "s", "t")->comment);
  run("ALTER TABLE t ALTER COLUMN name COMMENT 'names'");
  run("COMMENT ON COLUMN c.s.t.id IS NULL");
  const auto table = *metastore->get_table({}, "c", "s", "t");
  CHECK(table.columns[1].comment == "names");
  CHECK_FALSE(table.columns[0].comment);
  run("ALTER TABLE t ALTER COLUMN name SET TAGS ('pii' = 'yes')");
  CHECK(value("SELECT tag_value FROM c.information_schema.column_tags WHERE column_name = 'name'") == "yes");
  run("ALTER TABLE t ALTER COLUMN name UNSET TAGS ('pii')");
  CHECK(value("SELECT count(*) FROM c.information_schema.column_tags") == "0");
  CHECK(state_of("ALTER TABLE t SET TAGS ('a.b' = 'c')") == "22023");
  run("ALTER TABLE t RENAME TO c.s.u");
  CHECK(state_of("SELECT * FROM t") == "42P01");
  run("ALTER TABLE u SET OWNER TO `bob@example.com`");
  CHECK(metastore->get_table({}, "c", "s", "u")->owner == "bob@example.com");
  CHECK(state_of("ALTER TABLE u SET OWNER TO nobody") == "42704");
}

TEST_CASE_METHOD(Prepared, "INSERT, UPDATE, DELETE and TRUNCATE change rows and versions") {
  CHECK(run("UPDATE t SET price = price * 2, name = 'x' WHERE id < 3").rows[0][0] == "2");
  CHECK(value("SELECT price FROM t WHERE id = 2") == "40.00");
  CHECK(run("DELETE FROM t WHERE name = 'x'").rows[0][0] == "2");
  CHECK(run("INSERT INTO t (name, id) SELECT 'n', 7").rows[0][1] == "1");
  CHECK(value("SELECT price FROM t WHERE id = 7") == "<null>");
  CHECK(state_of("INSERT INTO t VALUES (NULL, 'a', 1)") == "23502");
  CHECK(state_of("INSERT INTO t VALUES (1)") == "21S01");
  CHECK(state_of("INSERT INTO t VALUES ('abc', 'a', 1)") == "22018");
  run("TRUNCATE TABLE t");
  CHECK(value("SELECT count(*) FROM t") == "0");
  CHECK(run("DESCRIBE HISTORY t").rows[0][3] == "TRUNCATE");
}

TEST_CASE_METHOD(Prepared, "SHOW and DESCRIBE") {
  CHECK(run("SHOW TABLES IN c.s").rows.size() == 1);
  CHECK(run("SHOW SCHEMAS IN c").rows.size() == 3);
  CHECK(run("SHOW SCHEMAS IN c LIKE 's*'").rows.size() == 1);
  run("GRANT SELECT ON SCHEMA c.s TO analysts");
  const auto grants = run("SHOW GRANTS ON TABLE c.s.t");
  REQUIRE(grants.rows.size() == 1);
  CHECK(grants.rows[0] == SqlRow{"analysts", "SELECT", "SCHEMA", "c.s"});
  const auto ddl = value("SHOW CREATE TABLE t");
  CHECK(ddl.find("id BIGINT NOT NULL COMMENT 'key'") != std::string::npos);
  CHECK(run("DESCRIBE TABLE t").rows.size() == 3);
  CHECK(run("DESCRIBE TABLE EXTENDED t").rows.size() > 10);
  CHECK(run("DESCRIBE DETAIL t").rows[0][0] == "delta");
}

TEST_CASE("statement kinds for counters") {
  CHECK(statement_kind("create or replace table a.b.c shallow clone d") == "CLONE");
  CHECK(statement_kind("CREATE TABLE `clone` (a INT)") == "CREATE_TABLE");
  CHECK(statement_kind("CREATE TABLE x AS SELECT 1") == "CREATE_TABLE_AS_SELECT");
  CHECK(statement_kind("-- c\nCREATE SCHEMA s") == "CREATE_SCHEMA");
  CHECK(statement_kind("(SELECT 1)") == "SELECT");
  CHECK(statement_kind("GRANT SELECT ON TABLE t TO u") == "GRANT");
  CHECK(statement_kind("ALTER VIEW v SET TAGS ('a'='b')") == "ALTER_VIEW");
  CHECK(statement_kind("") == "UNKNOWN");
  CHECK(statement_kind("'unclosed") == "UNKNOWN");
}
