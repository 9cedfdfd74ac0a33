// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <set>
#include <thread>

#include "sql_fixture.hpp"

using namespace dbxauth::emulator;
using P = SeedPrincipals;

namespace {
Securable object(const Metastore& metastore, SecurableKind kind, const std::vector<std::string>& path) {
  const auto found = metastore.find(kind, path);
  REQUIRE(found);
  return *found;
}
}  // namespace

TEST_CASE("privileges are inherited from catalog and schema and through groups") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  f.run("CREATE SCHEMA c.s");
  f.run("CREATE TABLE c.s.t (a INT)");
  const auto table = object(*f.metastore, SecurableKind::table, {"c", "s", "t"});
  CHECK_FALSE(f.metastore->is_allowed(P::analyst, Privilege::select, table));
  f.run("GRANT SELECT ON CATALOG c TO analysts");
  CHECK(f.metastore->is_allowed(P::analyst, Privilege::select, table));
  CHECK_FALSE(f.metastore->is_allowed(P::outsider, Privilege::select, table));
  CHECK_FALSE(f.metastore->is_allowed(P::analyst, Privilege::modify, table));
  f.run("REVOKE SELECT ON CATALOG c FROM analysts");
  f.run("GRANT ALL PRIVILEGES ON SCHEMA c.s TO `account users`");
  CHECK(f.metastore->is_allowed(P::outsider, Privilege::modify, table));
  CHECK_FALSE(f.metastore->is_allowed(P::outsider, Privilege::manage, table));
}

TEST_CASE("ownership of a parent gives its children; USE privileges are still needed and named") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  f.run("CREATE SCHEMA c.s");
  f.run("CREATE TABLE c.s.t (a INT)");
  f.run("ALTER SCHEMA c.s SET OWNER TO `bob@example.com`");
  const auto table = object(*f.metastore, SecurableKind::table, {"c", "s", "t"});
  CHECK(f.metastore->is_allowed(P::analyst, Privilege::select, table));
  const auto refused = f.metastore->require(P::analyst, Privilege::select, table);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error_code == "PERMISSION_DENIED");
  CHECK(refused.error().message == "User does not have USE CATALOG on Catalog 'c'.");
  f.run("GRANT USE CATALOG ON CATALOG c TO `bob@example.com`");
  CHECK(f.metastore->require(P::analyst, Privilege::select, table));
}

TEST_CASE("a metastore administrator manages everything and reads nothing by that alone") {
  SqlFixture f;
  CHECK(f.try_as(P::service_principal, "CREATE CATALOG c"));
  f.as(P::service_principal, "CREATE TABLE c.default.t AS SELECT 1 AS a");
  CHECK(f.state_of("SELECT * FROM c.default.t") == "42501");
  f.run("GRANT USE CATALOG, USE SCHEMA, SELECT ON CATALOG c TO `alice@example.com`");
  CHECK(f.value("SELECT a FROM c.default.t") == "1");
}

TEST_CASE("lists page by token and show what the principal may see") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  for (int i = 0; i < 7; ++i) f.run("CREATE TABLE c.default.t" + std::to_string(i) + " (a INT)");
  std::set<std::string> names;
  PageRequest page{3, {}};
  int pages = 0;
  do {
    const auto listed = f.metastore->list_tables(P::admin, "c", "default", page);
    REQUIRE(listed);
    CHECK(listed->items.size() <= 3);
    for (const auto& table : listed->items) names.insert(table.name);
    page.page_token = listed->next_page_token;
    ++pages;
  } while (!page.page_token.empty());
  CHECK(names.size() == 7);
  CHECK(pages == 3);
  f.run("GRANT USE CATALOG, USE SCHEMA ON CATALOG c TO `bob@example.com`");
  f.run("GRANT SELECT ON TABLE c.default.t3 TO `bob@example.com`");
  const auto seen = f.metastore->list_tables(P::analyst, "c", "default", {});
  REQUIRE(seen);
  REQUIRE(seen->items.size() == 1);
  CHECK(seen->items[0].name == "t3");
  CHECK_FALSE(f.metastore->list_tables(P::admin, "c", "default", {3, "bogus"}));
  std::size_t summaries = 0;
  PageRequest request{2, {}};
  do {
    const auto listed = f.metastore->list_table_summaries(P::admin, "c", "", "t%", request);
    REQUIRE(listed);
    summaries += listed->items.size();
    request.page_token = listed->next_page_token;
  } while (!request.page_token.empty());
  CHECK(summaries == 7);
}

TEST_CASE("grants are all or nothing and know their principals") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  const std::vector<std::string> path{"c"};
  auto refused =
      f.metastore->change_grants(P::admin, SecurableKind::catalog, path,
                                 {{P::analyst, {"USE_CATALOG"}, {}}, {"nobody@example.com", {"SELECT"}, {}}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error_code == "PRINCIPAL_DOES_NOT_EXIST");
  CHECK(f.metastore->get_grants(P::admin, SecurableKind::catalog, path, {}, {})->items.empty());
  refused = f.metastore->change_grants(P::admin, SecurableKind::catalog, path, {{P::analyst, {"CREATE_CATALOG"}, {}}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error_code == "INVALID_PARAMETER_VALUE");
}

TEST_CASE("a catalog that is not empty is dropped by CASCADE only") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  f.run("CREATE TABLE c.default.t (a INT)");
  CHECK(f.state_of("DROP CATALOG c") == "2BP01");
  f.run("DROP CATALOG c CASCADE");
  CHECK_FALSE(f.metastore->find(SecurableKind::catalog, {"c"}));
  f.run("CREATE CATALOG c");
  f.run("DROP CATALOG c");
}

TEST_CASE("the state can live in a file") {
  const std::string path = "/tmp/dbxauth-metastore-test-" + new_uuid() + ".db";
  MetastoreOptions options;
  options.database_path = path;
  std::string before, id;
  {
    auto metastore = Metastore::open(options);
    REQUIRE(metastore);
    REQUIRE(seed_metastore(**metastore, "tables:5,schemas:2"));
    before = (*metastore)->state_json();
    id = (*metastore)->metastore_id();
  }
  {
    auto metastore = Metastore::open(options);
    REQUIRE(metastore);
    CHECK((*metastore)->state_json() == before);
    CHECK((*metastore)->metastore_id() == id);
  }
  std::remove(path.c_str());
}

TEST_CASE("threads share one metastore") {
  SqlFixture f;
  f.run("CREATE CATALOG c");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&f, i] {
      for (int k = 0; k < 10; ++k)
        (void)f.engine->execute({"alice@example.com", "c", "default"},
                                "CREATE TABLE t" + std::to_string(i) + "_" + std::to_string(k) + " AS SELECT 1 AS a");
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(f.value("SELECT count(*) FROM c.information_schema.tables WHERE table_schema = 'default'") == "40");
}
