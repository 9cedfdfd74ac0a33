// SPDX-License-Identifier: Apache-2.0
#include "clone/reference_rewriter.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace dbxauth::clone;

namespace {

const RewriteContext context = {"production", "staging", "sales"};

std::string text_of(const std::string& sql) {
  return rewrite_references(sql, context).text;
}

/// "schema.object", "()" behind functions, "*" before names with a catalog.
std::vector<std::string> dependencies_of(const std::string& sql) {
  std::vector<std::string> names;
  for (const SqlDependency& found : rewrite_references(sql, context).dependencies) {
    names.push_back((found.names_catalog ? "*" : "") + found.schema + "." + found.object + (found.called ? "()" : ""));
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("references to the source are turned to the destination") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"SELECT * FROM production.sales.orders", "SELECT * FROM `staging`.sales.orders"},
      {"SELECT * FROM `production`.`sales`.`orders`", "SELECT * FROM `staging`.`sales`.`orders`"},
      {"select * from PRODUCTION.Sales.Orders", "select * from `staging`.Sales.Orders"},
      {"SELECT * FROM production . sales\n.\torders", "SELECT * FROM `staging` . sales\n.\torders"},
      {"SELECT * FROM production/* c */./**/sales.-- x\norders",
       "SELECT * FROM `staging`/* c */./**/sales.-- x\norders"},
      {"SELECT * FROM a JOIN production.s.t ON a.x = t.x", "SELECT * FROM a JOIN `staging`.s.t ON a.x = t.x"},
      {"SELECT * FROM a, production.s.t", "SELECT * FROM a, `staging`.s.t"},
      {"SELECT * FROM a JOIN b ON f(a.x, b.x) = 1, production.s.t",
       "SELECT * FROM a JOIN b ON f(a.x, b.x) = 1, `staging`.s.t"},
      {"SELECT * FROM (production.s.t JOIN production.s.u USING (k))",
       "SELECT * FROM (`staging`.s.t JOIN `staging`.s.u USING (k))"},
      {"SELECT (SELECT max(x) FROM production.s.t)", "SELECT (SELECT max(x) FROM `staging`.s.t)"},
      {"SELECT * FROM a WHERE x IN (SELECT y FROM production.s.t)",
       "SELECT * FROM a WHERE x IN (SELECT y FROM `staging`.s.t)"},
      {"WITH c AS (SELECT * FROM production.s.t) SELECT * FROM c",
       "WITH c AS (SELECT * FROM `staging`.s.t) SELECT * FROM c"},
      {"SELECT production.util.mask(name) FROM t", "SELECT `staging`.util.mask(name) FROM t"},
      {"SELECT * FROM production.util.series(1, 2)", "SELECT * FROM `staging`.util.series(1, 2)"},
      {"SELECT * FROM f(TABLE(production.s.t))", "SELECT * FROM f(TABLE(`staging`.s.t))"},
      {"TABLE production.s.t", "TABLE `staging`.s.t"},
      {"FROM production.s.t |> SELECT a", "FROM `staging`.s.t |> SELECT a"},
      {"SELECT * FROM STREAM production.s.t", "SELECT * FROM STREAM `staging`.s.t"},
      {"SELECT * FROM STREAM(production.s.t)", "SELECT * FROM STREAM(`staging`.s.t)"},
      {"SELECT * FROM production.information_schema.tables", "SELECT * FROM `staging`.information_schema.tables"},
      {"SELECT production.s.t.id FROM production.s.t", "SELECT `staging`.s.t.id FROM `staging`.s.t"},
      {"SELECT production.s.t.* FROM production.s.t", "SELECT `staging`.s.t.* FROM `staging`.s.t"},
      {"SELECT * FROM production.production.production", "SELECT * FROM `staging`.production.production"},
      {"SELECT 1 UNION ALL SELECT a FROM production.s.t UNION SELECT b FROM production.s.u",
       "SELECT 1 UNION ALL SELECT a FROM `staging`.s.t UNION SELECT b FROM `staging`.s.u"},
      {"SELECT extract(YEAR FROM d) FROM production.s.t", "SELECT extract(YEAR FROM d) FROM `staging`.s.t"},
      {"SELECT * FROM x, LATERAL production.util.f(x.a)", "SELECT * FROM x, LATERAL `staging`.util.f(x.a)"},
  };
  for (const auto& row : table) CHECK(text_of(row.first) == row.second);
}

TEST_CASE("what is no reference to the source stays byte for byte") {
  const std::vector<std::string> table = {
      "SELECT 'production.sales.orders', \"production.sales.orders\"",
      "SELECT 1 -- production.sales.orders\n",
      "SELECT 1 /* FROM production.sales.orders */",
      "SELECT r'\\' || 'FROM production.s.t'",
      "SELECT * FROM my_production.sales.orders",
      "SELECT * FROM production2.sales.orders",
      "SELECT * FROM other.production.orders",
      "SELECT * FROM production.orders",
      "SELECT production.orders.id FROM production.orders",
      "SELECT production.col.field FROM t AS production",
      "SELECT production.col.field.deeper FROM t production",
      "SELECT raw:production.sales.orders FROM t",
      "SELECT a.production.sales.orders FROM t a",
      "SELECT f(x).production.s.t FROM t",
      "SELECT :production.x",
      "SELECT `production.sales.orders` FROM t",
      "$$ FROM production.sales.orders $$",
      "SELECT x IS DISTINCT FROM production.a.b FROM t",
      "SELECT extract(DAY FROM production.a.b) FROM t production",
  };
  for (const std::string& sql : table) CHECK(text_of(sql) == sql);
}

TEST_CASE("hostile names are matched and written quoted") {
  const RewriteContext hostile = {"we`ird cat", "new`cat", "s"};
  CHECK(rewrite_references("SELECT * FROM `we``ird cat`.s.t", hostile).text == "SELECT * FROM `new``cat`.s.t");
  const RewriteContext umlaut = {"größe", "breite", "s"};
  CHECK(rewrite_references("SELECT * FROM größe.s.t", umlaut).text == "SELECT * FROM `breite`.s.t");
  const RewriteContext hyphen = {"my-cat", "x", "s"};
  CHECK(rewrite_references("SELECT * FROM `my-cat`.s.t, my.cat.t", hyphen).text == "SELECT * FROM `x`.s.t, my.cat.t");
}

TEST_CASE("dependencies are found where they are read") {
  CHECK(dependencies_of("SELECT * FROM production.a.b") == Names{"*a.b"});
  CHECK(dependencies_of("SELECT * FROM a.b, c") == Names{"a.b", "sales.c"});
  CHECK(dependencies_of("SELECT f(x), s.g(y) FROM t") == Names{"sales.f()", "s.g()", "sales.t"});
  CHECK(dependencies_of("SELECT * FROM t JOIN t ON TRUE") == Names{"sales.t"});
  CHECK(dependencies_of("SELECT a, b FROM t GROUP BY a, b") == Names{"sales.t"});
  CHECK(dependencies_of("SELECT * FROM t LATERAL VIEW explode(x) e AS k, v") == Names{"sales.t", "sales.explode()"});
  CHECK(dependencies_of("SELECT * FROM production.information_schema.columns").empty());
  CHECK(dependencies_of("SELECT * FROM other.a.b").empty());
  CHECK(dependencies_of("SELECT trim(BOTH 'x' FROM name)") == Names{"sales.trim()"});
  CHECK(dependencies_of("a.b + 1").empty());
  CHECK(dependencies_of("SELECT * FROM VALUES (1), (2) AS v(x)") == Names{"sales.v()"});
}

TEST_CASE("names of common table expressions hide tables where they are visible") {
  CHECK(dependencies_of("WITH c AS (SELECT 1) SELECT * FROM c").empty());
  CHECK(dependencies_of("WITH orders AS (SELECT * FROM orders) SELECT * FROM orders") == Names{"sales.orders"});
  CHECK(dependencies_of("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r").empty());
  CHECK(dependencies_of("WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b, c") == Names{"sales.c"});
  CHECK(dependencies_of("SELECT * FROM (WITH c AS (SELECT 1) SELECT * FROM c), c") == Names{"sales.c"});
}

TEST_CASE("what cannot be decided is left and noted") {
  const auto ambiguous =
      rewrite_references("SELECT production.s.t.id FROM production.s.t JOIN x AS production ON TRUE", context);
  CHECK(ambiguous.text == "SELECT production.s.t.id FROM `staging`.s.t JOIN x AS production ON TRUE");
  REQUIRE(ambiguous.notes.size() == 1);
  CHECK(ambiguous.notes[0].find("production.s.t.id") != std::string::npos);

  const auto identifier = rewrite_references("SELECT * FROM IDENTIFIER('production.s.t')", context);
  CHECK(identifier.text == "SELECT * FROM IDENTIFIER('production.s.t')");
  REQUIRE(identifier.notes.size() == 1);
  CHECK(identifier.notes[0].find("IDENTIFIER") == 0);

  const auto path = rewrite_references("SELECT * FROM read_files('/Volumes/Production/raw/x')", context);
  REQUIRE(path.notes.size() == 1);
  CHECK(path.notes[0].find("/Volumes/production/") != std::string::npos);

  CHECK(rewrite_references("SELECT * FROM production.a.b.c", context).notes.size() == 1);
  CHECK(rewrite_references("SELECT 'x", context).notes.size() == 1);
  CHECK(rewrite_references("SELECT 1", context).notes.empty());
}

TEST_CASE("any input survives, and rewriting is stable") {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {
      "production",   "staging", ".",  ".",        "(",          ")",          ",",    "FROM ", " JOIN ", "SELECT ",
      "`production`", "'",       "`",  "WITH ",    " AS ",       "*",          "t ",   ":",     "--",     "/*",
      "\n",           "TABLE ",  "$$", "LATERAL ", "RECURSIVE ", "IDENTIFIER", "MAX ", "VIEW ", "\xFF"};
  for (int round = 0; round < 5000; ++round) {
    std::string sql;
    const std::size_t count = random() % 25;
    for (std::size_t i = 0; i < count; ++i) sql += pieces[random() % pieces.size()];
    const std::string once = text_of(sql);
    if (sql.find("production") == std::string::npos) CHECK(once == sql);
    CHECK(text_of(once) == once);
  }
}
