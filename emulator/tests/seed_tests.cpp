// SPDX-License-Identifier: Apache-2.0
#include "sql_fixture.hpp"

using namespace dbxauth::emulator;
using P = SeedPrincipals;

TEST_CASE("the demo seed is the same every time and reads back through SQL") {
  SqlFixture a("demo"), b("demo");
  CHECK(a.metastore->state_json() == b.metastore->state_json());
  a.catalog = "production";
  // Every view of the catalog can be read.
  const auto views = a.run("SELECT table_schema, table_name FROM production.information_schema.views ORDER BY 1, 2");
  CHECK(views.rows.size() == 8);
  for (const auto& row : views.rows) {
    const auto result =
        a.run("SELECT count(*) FROM IDENTIFIER(:v)",
              {{"v", "production.`" + *row[0] + "`.`" + (*row[1] == "tick`view" ? "tick``view" : *row[1]) + "`", ""}});
    INFO(*row[1]);
    CHECK(std::stoll(*result.rows[0][0]) > 0);
  }
  CHECK(a.value("SELECT phone FROM production.analytics.contacts WHERE c_custkey = 1").substr(2) == "-***");
  CHECK(a.as(P::analyst, "SELECT count(*) FROM production.analytics.customer_value").rows[0][0] == "120");
  CHECK(a.value("SELECT count(*) FROM production.analytics.orders_of(5)") != "0");
  CHECK(a.run("SELECT * FROM production.`odd-names`.`order` ORDER BY `select`").rows[0] ==
        SqlRow{"1", "a", "b", "c'c", "4", "42.5", "true"});
}

TEST_CASE("the demo's service principal can clone every table and may not write the source") {
  SqlFixture f("demo");
  f.as(P::service_principal, "CREATE CATALOG staging");
  const auto tables = f.as(P::service_principal,
                           "SELECT table_schema, table_name FROM production.information_schema.tables WHERE table_type "
                           "IN ('MANAGED', 'EXTERNAL')");
  CHECK(tables.rows.size() == 15);
  for (const auto& row : tables.rows) {
    const auto quoted = [](std::string name) {
      std::string text = "`";
      for (const char c : name) text += c == '`' ? "``" : std::string(1, c);
      return text + "`";
    };
    f.as(P::service_principal, "CREATE SCHEMA IF NOT EXISTS staging." + quoted(*row[0]));
    const std::string name = quoted(*row[0]) + "." + quoted(*row[1]);
    f.as(P::service_principal, "CREATE TABLE staging." + name + " DEEP CLONE production." + name);
    CHECK(f.as(P::service_principal, "SELECT count(*) FROM staging." + name).rows ==
          f.as(P::service_principal, "SELECT count(*) FROM production." + name).rows);
  }
  CHECK(f.state_of("DELETE FROM production.sales.orders", P::service_principal) == "42501");
  CHECK(f.as(P::service_principal,
             "SELECT view_definition FROM production.information_schema.views WHERE view_definition IS NOT NULL")
            .rows.size() == 8);
}

TEST_CASE("the demo grants little to others") {
  SqlFixture f("demo");
  CHECK(f.state_of("SELECT * FROM production.sales.orders", P::outsider) == "42501");
  CHECK(f.as(P::odd_name, "SELECT count(*) FROM production.analytics.top_nations").rows[0][0] == "5");
  CHECK(f.state_of("SELECT * FROM production.analytics.contacts", P::odd_name) == "42501");
  CHECK(f.as(P::analyst, "INSERT INTO production.sales.returns VALUES (1, 'broken')").rows[0][0] == "1");
}

TEST_CASE("the synthetic seed spreads tables over schemas") {
  SqlFixture f("tables:120,schemas:7");
  CHECK(f.as(P::service_principal, "SELECT count(*) FROM production.information_schema.tables").rows[0][0] == "120");
  CHECK(f.as(P::service_principal, "SELECT count(DISTINCT table_schema) FROM production.information_schema.tables")
            .rows[0][0] == "7");
  CHECK(f.as(P::service_principal, "SELECT count(*), max(amount) FROM production.schema_000001.table_000001").rows[0] ==
        SqlRow{"2", "10.25"});
  auto metastore = Metastore::open({});
  for (const auto* spec :
       {"", "nonsense", "tables:", "tables:x", "tables:1,schemas:0", "tables:999999", "schemas:3", "tables:1,frob:2"}) {
    INFO(spec);
    const auto refused = seed_metastore(**metastore, spec);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error_code == "INVALID_PARAMETER_VALUE");
  }
  CHECK(seed_metastore(**metastore, "empty"));
}
