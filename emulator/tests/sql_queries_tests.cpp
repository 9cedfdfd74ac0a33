// SPDX-License-Identifier: Apache-2.0
#include "sql_fixture.hpp"

using namespace dbxauth::emulator;

namespace {
std::string typed(SqlFixture& f, const std::string& expression) {
  const auto result = f.run("SELECT " + expression);
  return result.rows[0][0].value_or("<null>") + " " + result.columns[0].type_text;
}
}  // namespace

TEST_CASE("literals and results have Databricks types and spelling") {
  SqlFixture f;
  CHECK(typed(f, "1") == "1 INT");
  CHECK(typed(f, "3000000000") == "3000000000 BIGINT");
  CHECK(typed(f, "1.50") == "1.50 DECIMAL(3,2)");
  CHECK(typed(f, "1e3") == "1000.0 DOUBLE");
  CHECK(typed(f, "1e10") == "1.0E10 DOUBLE");
  CHECK(typed(f, "0.1D + 0.2D") == "0.30000000000000004 DOUBLE");
  CHECK(typed(f, "true AND NOT false") == "true BOOLEAN");
  CHECK(typed(f, "1 > 2") == "false BOOLEAN");
  CHECK(typed(f, "NULL") == "<null> VOID");
  CHECK(typed(f, "DATE'2024-02-29'") == "2024-02-29 DATE");
  CHECK(typed(f, "TIMESTAMP'2024-02-29 12:00:00.5'") == "2024-02-29T12:00:00.500Z TIMESTAMP");
  CHECK(typed(f, "5 / 2") == "2.5 DOUBLE");
  CHECK(typed(f, "7 DIV 2") == "3 BIGINT");
  CHECK(typed(f, "7 % 4") == "3 INT");
  CHECK(typed(f, "CAST('12' AS INT) + 1L") == "13 BIGINT");
  CHECK(typed(f, "CAST(1.005 AS STRING) || 'x'") == "1.005x STRING");
  CHECK(typed(f, "CAST(true AS STRING)") == "true STRING");
  CHECK(typed(f, "try_cast('x' AS INT)") == "<null> INT");
  CHECK(typed(f, "'12'::int") == "12 INT");
  CHECK(typed(f, "1.5 * 2.25") == "3.375 DECIMAL(6,3)");
  CHECK(typed(f, "'null'") == "null STRING");
}

TEST_CASE("string literals: escapes, doubled quotes, raw strings") {
  SqlFixture f;
  CHECK(f.value("SELECT 'a\\'b\\\\c\\n'") == "a'b\\c\n");
  CHECK(f.value("SELECT 'it''s'") == "it's");
  CHECK(f.value("SELECT \"double 'x'\"") == "double 'x'");
  CHECK(f.value("SELECT r'a\\n'") == "a\\n");
  CHECK(f.value("SELECT '\\u00fc'") == "ü");
  CHECK(f.value("SELECT /* a /* nested */ comment */ 'x' -- end") == "x");
}

TEST_CASE("functions") {
  SqlFixture f;
  CHECK(f.value("SELECT upper(concat('a', 'b', 1))") == "AB1");
  CHECK(f.value("SELECT concat_ws('-', 'a', NULL, 'b')") == "a-b");
  CHECK(f.value("SELECT substring('databricks', 5, 3)") == "bri");
  CHECK(f.value("SELECT lpad('7', 3, '0')") == "007");
  CHECK(f.value("SELECT split_part('a.b.c', '.', -1)") == "c");
  CHECK(f.value("SELECT greatest(1, NULL, 3)") == "3");
  CHECK(f.value("SELECT coalesce(NULL, 'x')") == "x");
  CHECK(f.value("SELECT if(1 = 1, 'y', 'n')") == "y");
  CHECK(f.value("SELECT md5('a')") == "0cc175b9c0f1b6a831c399e269772661");
  CHECK(f.value("SELECT year(DATE'2024-05-06')") == "2024");
  CHECK(f.value("SELECT extract(MONTH FROM DATE'2024-05-06')") == "5");
  CHECK(f.value("SELECT add_months(DATE'2024-01-31', 1)") == "2024-02-29");
  CHECK(f.value("SELECT DATE'2024-01-31' + INTERVAL 2 DAYS") == "2024-02-02");
  CHECK(f.value("SELECT datediff(DATE'2024-03-01', DATE'2024-02-01')") == "29");
  CHECK(f.value("SELECT date_trunc('MONTH', TIMESTAMP'2024-05-06 07:08:09')") == "2024-05-01T00:00:00.000Z");
  CHECK(f.value("SELECT date_format(DATE'2024-05-06', 'yyyy/M/d')") == "2024/5/6");
  CHECK(f.value("SELECT current_user()") == "alice@example.com");
  CHECK(f.value("SELECT 'aBc' LIKE 'a%c'") == "true");
  CHECK(f.value("SELECT 'aBc' LIKE 'ab%'") == "false");
  CHECK(f.value("SELECT 'aBc' ILIKE 'ab_'") == "true");
  CHECK(f.value("SELECT 'a_c' LIKE 'a\\_c'") == "true");
  CHECK(f.value("SELECT regexp_replace('a1b22', '[0-9]+', '#')") == "a#b#");
  CHECK(f.state_of("SELECT 1 / 0") == "22012");
  CHECK(f.state_of("SELECT CAST('x' AS INT)") == "22018");
  CHECK(f.state_of("SELECT frobnicate(1)") == "42883");
  CHECK(f.state_of("SELECT substring('a')") == "42605");
}

TEST_CASE("queries: joins, grouping, set operations, subqueries, windows") {
  SqlFixture f("demo");
  f.catalog = "production";
  f.schema = "sales";
  CHECK(f.value("SELECT count(*) FROM orders") == "300");
  CHECK(f.value(
            "SELECT count(*) FROM customer c JOIN `production`.reference.nation n ON c.c_nationkey = n.n_nationkey") ==
        "120");
  CHECK(f.value("SELECT count(*) FROM customer WHERE c_custkey IN (SELECT o_custkey FROM orders)") ==
        f.value("SELECT count(DISTINCT o_custkey) FROM orders"));
  CHECK(f.value("SELECT count(*) FROM customer c LEFT ANTI JOIN orders o ON o.o_custkey = c.c_custkey") ==
        f.value("SELECT 120 - count(DISTINCT o_custkey) FROM orders"));
  CHECK(f.value(
            "SELECT count(*) FROM customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.o_custkey = c.c_custkey)") ==
        f.value("SELECT count(*) FROM customer c LEFT SEMI JOIN orders o ON o.o_custkey = c.c_custkey"));
  CHECK(f.run("SELECT o_orderstatus, count(*) AS n FROM orders GROUP BY o_orderstatus HAVING count(*) > 0 ORDER BY n "
              "DESC, 1")
            .rows.size() == 3);
  CHECK(f.run("SELECT o_orderstatus, count(*) FROM orders GROUP BY ALL").rows.size() == 3);
  CHECK(f.value("WITH a AS (SELECT 1 AS x UNION ALL SELECT 2), b(y) AS (SELECT x * 10 FROM a) SELECT sum(y) FROM b") ==
        "30");
  CHECK(f.value("SELECT count(*) FROM (SELECT 1 EXCEPT SELECT 1) AS q") == "0");
  CHECK(f.run("SELECT x, row_number() OVER (PARTITION BY g ORDER BY x DESC) AS r FROM VALUES (1, 'a'), (2, 'a'), (3, "
              "'b') AS v(x, g) ORDER BY x")
            .rows[0][1] == "2");
  CHECK(f.run("SELECT x FROM VALUES (3), (1), (2) AS v(x) ORDER BY x LIMIT 2 OFFSET 1").rows[1][0] == "3");
  CHECK(f.run("SELECT * FROM production.reference.region r JOIN production.reference.nation n ON r.r_regionkey = "
              "n.n_regionkey LIMIT 1")
            .columns.size() == 7);
  const auto sum = f.run("SELECT sum(o_totalprice) AS total, avg(o_totalprice) FROM orders");
  CHECK(sum.columns[0].type_text == "DECIMAL(22,2)");
  CHECK(sum.columns[0].type_name == "DECIMAL");
  CHECK(sum.columns[1].name == "avg(o_totalprice)");
  CHECK(f.state_of("SELECT o_orderstatus, count(*) FROM orders") == "42803");
  CHECK(f.state_of("SELECT c_name FROM customer a JOIN customer b ON a.c_custkey = b.c_custkey") == "42704");
  CHECK(f.state_of("SELECT nonsense FROM orders") == "42703");
  CHECK(f.state_of("SELECT 1 UNION SELECT 1, 2") == "42826");
}

TEST_CASE("parameters are values, named, and refused in DDL") {
  SqlFixture f;
  CHECK(f.run("SELECT :a, :b + 1, :n", {{"a", "x' OR 1=1", ""}, {"b", "41", "INT"}, {"n", std::nullopt, "STRING"}})
            .rows[0] == SqlRow{"x' OR 1=1", "42", std::nullopt});
  CHECK(f.refusal("SELECT :missing").message.find("[UNBOUND_SQL_PARAMETER]") == 0);
  f.run("CREATE CATALOG IDENTIFIER(:name)", {{"name", "`my-catalog`", ""}});
  CHECK(f.metastore->find(SecurableKind::catalog, {"my-catalog"}));
  const auto refused = f.try_as("alice@example.com", "CREATE CATALOG d COMMENT :c", {{"c", "x", ""}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().sql_state == "0A000");
  CHECK(f.value("SELECT count(*) FROM IDENTIFIER('`my-catalog`.information_schema.schemata')") == "2");
}

TEST_CASE("information_schema shows what the caller may see, with the documented columns") {
  SqlFixture f("demo");
  f.catalog = "production";
  f.schema = "sales";
  CHECK(f.value("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'sales'") == "4");
  CHECK(f.value("SELECT count(*) FROM production.information_schema.columns WHERE table_name = 'lineitem'") == "16");
  const auto column = f.run(
      "SELECT ordinal_position, is_nullable, full_data_type, numeric_precision, comment FROM "
      "information_schema.columns WHERE table_name = 'customer' AND column_name = 'c_acctbal'");
  CHECK(column.rows[0] == SqlRow{"6", "YES", "decimal(12,2)", "12", "Balance in USD; may be \"negative\""});
  CHECK(f.value("SELECT count(*) FROM information_schema.views WHERE view_definition IS NULL") == "0");
  CHECK(f.value("SELECT count(*) FROM information_schema.volumes WHERE volume_type = 'EXTERNAL'") == "1");
  CHECK(f.value("SELECT external_language FROM information_schema.routines WHERE routine_name = 'initials'") ==
        "Python");
  CHECK(f.value("SELECT parameter_default FROM information_schema.parameters WHERE specific_name = 'with_tax' AND "
                "parameter_name = 'rate'") == "0.19");
  CHECK(f.value("SELECT count(*) FROM information_schema.routine_columns WHERE specific_name = 'orders_of'") == "3");
  CHECK(f.value("SELECT inherited_from FROM information_schema.table_privileges WHERE table_name = 'orders' AND "
                "grantee = 'analysts' AND privilege_type = 'SELECT'") == "NONE");
  CHECK(f.value("SELECT count(*) FROM system.information_schema.catalogs") == "4");
  CHECK(f.value("SELECT count(*) FROM information_schema.row_filters") == "0");
  CHECK(f.state_of("SELECT no_such_column FROM information_schema.tables") == "42703");
  CHECK(f.state_of("SELECT * FROM information_schema.no_such_relation") == "42P01");
  // bob sees less: tables of `reference`, three single grants, and views by grant only.
  const auto seen =
      f.as("bob@example.com",
           "SELECT table_schema, count(*) FROM information_schema.tables GROUP BY table_schema ORDER BY 1");
  CHECK(seen.rows == std::vector<SqlRow>{{"analytics", "1"}, {"reference", "5"}, {"sales", "2"}});
  CHECK(f.as("carol@example.com", "SELECT count(*) FROM information_schema.tables").rows[0][0] == "0");
  CHECK(f.as("bob@example.com",
             "SELECT view_definition FROM information_schema.views WHERE table_name = 'customer_value'")
            .rows[0][0] == std::nullopt);
}
