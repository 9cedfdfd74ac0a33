// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <set>

#include "unit/clone/inventory_fixture.hpp"

using namespace dbxauth;
using namespace dbxauth::testing;

namespace {

ClonePlan planned(const CatalogInventory& source, const CatalogInventory& destination, const CloneSpec& spec) {
  auto plan = plan_clone(source, destination, spec);
  if (!plan) throw std::runtime_error(plan.error().message);
  return *plan;
}

const CloneStep* step(const ClonePlan& plan, const std::string& id) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const CloneStep& s) { return s.id == id; });
  return found == plan.steps.end() ? nullptr : &*found;
}

std::string sql_of(const ClonePlan& plan, const std::string& id) {
  const CloneStep* found = step(plan, id);
  return found == nullptr ? "(no step)" : found->sql;
}

/// "verdict: reason" of the first entry for the aspect of `production`.s.<name>.
std::string verdict(const ClonePlan& plan, const std::string& name, const std::string& aspect) {
  for (const FidelityEntry& entry : plan.fidelity) {
    if (entry.object != "`production`.`s`.`" + name + "`" || entry.aspect != aspect) continue;
    return std::string(to_string(entry.verdict)) + (entry.reason.empty() ? "" : ": " + entry.reason);
  }
  return "(none)";
}

void check_golden(const std::string& file, const std::string& actual) {
  if (std::getenv("DBXAUTH_UPDATE_GOLDEN") != nullptr) write_golden(file, actual);
  INFO("golden file " << file << "; DBXAUTH_UPDATE_GOLDEN=1 rewrites it");
  CHECK(read_golden(file) == actual);
}

template <class List>
void shuffle(List& list, std::mt19937& random) {
  std::shuffle(list.begin(), list.end(), random);
}

CatalogInventory shuffled(CatalogInventory inventory, unsigned seed) {
  std::mt19937 random(seed);
  shuffle(inventory.schemas, random);
  shuffle(inventory.attributes.grants, random);
  for (SchemaInventory& schema : inventory.schemas) {
    shuffle(schema.tables, random);
    shuffle(schema.functions, random);
    shuffle(schema.volumes, random);
    shuffle(schema.attributes.grants, random);
    for (TableInventory& table : schema.tables) {
      shuffle(table.columns, random);
      shuffle(table.attributes.grants, random);
    }
  }
  return inventory;
}

CloneSpec golden_spec() {
  CloneSpec spec = production_to_staging();
  spec.managed_location = "s3://lake/staging-managed";
  spec.location_map = {{"s3://lake/prod", "s3://lake/staging/"}};
  spec.exclude_schemas = {"scr*"};
  return spec;
}

}  // namespace

TEST_CASE("plans equal their golden files") {
  const CatalogInventory source = production();
  const ClonePlan deep = planned(source, absent("staging"), golden_spec());
  check_golden("deep.plan.json", deep.to_json());
  check_golden("deep.plan.sql", deep.to_sql_script());
  CloneSpec spec = golden_spec();
  spec.mode = CloneMode::shallow;
  check_golden("shallow.plan.sql", planned(source, absent("staging"), spec).to_sql_script());
  spec.mode = CloneMode::schema_only;
  spec.if_exists = IfExists::replace;
  check_golden("schema_only.plan.sql", planned(source, absent("staging"), spec).to_sql_script());
}

TEST_CASE("a plan does not depend on the order of its input") {
  const CatalogInventory source = production();
  const std::string expected = planned(source, absent("staging"), golden_spec()).to_json();
  for (unsigned seed = 0; seed < 20; ++seed) {
    CHECK(planned(shuffled(source, seed), absent("staging"), golden_spec()).to_json() == expected);
  }
}

TEST_CASE("steps stand behind what they depend on, grants behind everything") {
  const ClonePlan plan = planned(production(), absent("staging"), golden_spec());
  std::set<std::string> earlier;
  bool grants = false;
  for (const CloneStep& s : plan.steps) {
    INFO(s.id);
    for (const std::string& id : s.depends_on) CHECK(earlier.count(id) == 1);
    CHECK(earlier.insert(s.id).second);
    if (s.kind == StepKind::grant) grants = true;
    CHECK((s.kind == StepKind::grant) == grants);
    CHECK_FALSE(s.reason.empty());
  }
  CHECK(grants);
  CHECK(step(plan, "create_view:sales.v_orders")->depends_on ==
        std::vector<std::string>{"clone_table:sales.orders", "create_function:util.with_tax", "create_schema:sales"});
}

TEST_CASE("every object of the source is accounted for, with a reason where something is lost") {
  const CatalogInventory source = production();
  const ClonePlan plan = planned(source, absent("staging"), golden_spec());
  std::set<std::string> objects;
  for (const FidelityEntry& entry : plan.fidelity) {
    objects.insert(entry.object);
    INFO(entry.object << " " << entry.aspect);
    if (entry.verdict == FidelityVerdict::skipped) CHECK_FALSE(entry.reason.empty());
  }
  std::size_t expected = 1;
  for (const SchemaInventory& schema : source.schemas) {
    expected += 1 + schema.tables.size() + schema.functions.size() + schema.volumes.size();
  }
  CHECK(objects.size() == expected);
}

TEST_CASE("plans survive their JSON form") {
  const ClonePlan plan = planned(production(), absent("staging"), golden_spec());
  const auto again = ClonePlan::from_json(plan.to_json());
  REQUIRE(again);
  CHECK(again->to_json() == plan.to_json());
}

TEST_CASE("what cannot be cloned is skipped, with its reason") {
  CatalogInventory source = make_catalog("production");
  const auto reason = [&](const TableInventory& table, CloneMode mode = CloneMode::deep) {
    source.schemas[0].tables = {table};
    CloneSpec spec = production_to_staging();
    spec.mode = mode;
    const ClonePlan plan = planned(source, absent("staging"), spec);
    CHECK(plan.steps.size() == 2);  // catalog and schema
    const std::string data = verdict(plan, table.name, table.table_type == "VIEW" ? "definition" : "data");
    return data;
  };
  CHECK(reason(make_table("t", "MATERIALIZED_VIEW")) ==
        "skipped: a materialized view belongs to a pipeline and can be neither source nor target of CLONE");
  CHECK(reason(make_table("t", "STREAMING_TABLE")) ==
        "skipped: a streaming table belongs to a pipeline and can be neither source nor target of CLONE");
  CHECK(reason(make_table("t", "FOREIGN")) ==
        "skipped: a foreign table's data is in another system, which CLONE does not read");
  CHECK(reason(make_table("t", "METRIC_VIEW")) == "skipped: metric views are not supported");
  CHECK(reason(make_table("t", "NEW_KIND")) == "skipped: tables of type NEW_KIND are not supported");
  CHECK(reason(make_table("t", "EXTERNAL", "CSV")) ==
        "skipped: its format is CSV; CLONE reads Delta, Iceberg and Parquet only");
  CHECK(reason(make_table("t", "MANAGED", "ICEBERG"), CloneMode::shallow) ==
        "skipped: only Delta tables can be cloned shallowly; this one is ICEBERG");
  CHECK(reason(make_table("t", "EXTERNAL"), CloneMode::shallow) ==
        "skipped: the shallow clone of an external table must be external: add its location to location_map");
  CHECK(reason(make_table("t", "MANAGED_SHALLOW_CLONE"), CloneMode::shallow) ==
        "skipped: a shallow clone cannot be cloned shallowly once more");
  CHECK(reason(make_table("t"), CloneMode::schema_only) == "skipped: its columns are not visible to this identity");
  TableInventory masked = make_table("t");
  masked.has_column_mask = true;
  CHECK(reason(masked) == "skipped: protected: it has a column mask, which a copy would not have");
  CHECK(reason(masked, CloneMode::schema_only).find("skipped: protected") == 0);
  TableInventory injected = make_table("t");
  injected.columns.push_back({"c", "int); DROP TABLE x --", "", true, 0, {}});
  CHECK(reason(injected, CloneMode::schema_only).find("skipped: the type of column `c` is not a type") == 0);
  CHECK(reason(make_view("v", "")).find("skipped: its text is not visible") == 0);
  CHECK(reason(make_view("v", "SELECT 1; DROP TABLE x")) ==
        "skipped: its text cannot be used: it holds more than one statement");
  CHECK(reason(make_view("v", "SELECT 'x")).find("skipped: its text cannot be used: it ends inside") == 0);
  CHECK(reason(make_view("v", "SELECT * FROM production.s.v")) ==
        "skipped: it depends on itself: `production`.`s`.`v` -> `production`.`s`.`v`");
  CHECK(reason(make_view("v", "SELECT * FROM production.s.gone")).find("does not exist or is not visible") !=
        std::string::npos);
}

TEST_CASE("cycles are reported one by one, and what stands on them is skipped") {
  const CatalogInventory source = make_catalog(
      "production", {make_view("a", "SELECT * FROM production.s.b"), make_view("b", "SELECT * FROM production.s.a"),
                     make_view("c", "SELECT * FROM production.s.d"), make_view("d", "SELECT * FROM s.e"),
                     make_view("e", "SELECT * FROM c"), make_view("top", "SELECT * FROM production.s.a"),
                     make_view("fine", "SELECT 1")});
  const ClonePlan plan = planned(source, absent("staging"), production_to_staging());
  CHECK(verdict(plan, "a", "definition") ==
        "skipped: it depends on itself: `production`.`s`.`a` -> `production`.`s`.`b` -> `production`.`s`.`a`");
  CHECK(verdict(plan, "b", "definition") == verdict(plan, "a", "definition"));
  CHECK(verdict(plan, "d", "definition").find("`c` -> `production`.`s`.`d` -> `production`.`s`.`e`") !=
        std::string::npos);
  CHECK(verdict(plan, "top", "definition") == "skipped: it depends on `production`.`s`.`a`, which is skipped");
  CHECK(step(plan, "create_view:s.fine") != nullptr);
  CHECK(plan.steps.size() == 3);
}

TEST_CASE("a deep chain of views is planned without recursion") {
  std::vector<TableInventory> views = {make_view("v0", "SELECT 1")};
  for (int i = 1; i < 3000; ++i) {
    views.push_back(make_view("v" + std::to_string(i), "SELECT * FROM production.s.v" + std::to_string(i - 1)));
  }
  const ClonePlan plan = planned(make_catalog("production", views), absent("staging"), production_to_staging());
  REQUIRE(plan.steps.size() == 3002);
  CHECK(plan.steps.back().id == "create_view:s.v2999");
}

namespace {

/// The source as it looks after a complete clone: names of the catalog turned, nothing else changed.
CatalogInventory completed() {
  TableInventory orders = make_table("orders");
  orders.attributes = {"me", "All orders", {{"analysts", "SELECT"}}, {{"tier", "gold"}}};
  orders.columns = {{"id", "bigint", "The key", false, 0, {{"pii", "no"}}}};
  TableInventory view = make_view("v", "SELECT id FROM production.s.orders");
  view.attributes.comment = "A view";
  view.columns = {{"id", "bigint", "The key", true, 0, {}}};
  CatalogInventory catalog = make_catalog("production", {orders, view});
  catalog.attributes = {"me", "A catalog", {{"analysts", "USE_CATALOG"}}, {{"env", "prod"}}};
  FunctionInventory function;
  function.name = "f";
  function.body_kind = "SQL";
  function.definition = "SELECT max(id) FROM production.s.orders";
  function.return_type = "bigint";
  catalog.schemas[0].functions.push_back(function);
  catalog.schemas[0].volumes.push_back({"files", "MANAGED", "", {}});
  return catalog;
}

CatalogInventory as_staging(CatalogInventory catalog) {
  catalog.name = "staging";
  for (TableInventory& table : catalog.schemas[0].tables) {
    if (table.table_type == "VIEW") table.view_definition = "SELECT id\nFROM `staging`.s.orders ;";
  }
  catalog.schemas[0].functions[0].definition = "SELECT max(id) FROM `staging`.s.orders";
  return catalog;
}

}  // namespace

TEST_CASE("a second plan has nothing to do") {
  const ClonePlan plan = planned(completed(), as_staging(completed()), production_to_staging());
  for (const CloneStep& s : plan.steps) UNSCOPED_INFO(s.sql);
  CHECK(plan.nothing_to_do());
  for (const std::string& warning : plan.warnings) UNSCOPED_INFO(warning);
  CHECK(plan.warnings.empty());
  CHECK(verdict(plan, "v", "definition") == "already_there");
}

TEST_CASE("what a broken run left out is made up for") {
  CatalogInventory there = as_staging(completed());
  there.attributes.tags.clear();
  there.schemas[0].tables[0].attributes = {};
  there.schemas[0].tables[0].columns[0].comment.clear();
  there.schemas[0].tables[0].columns[0].tags.clear();
  there.schemas[0].volumes.clear();
  const ClonePlan plan = planned(completed(), there, production_to_staging());
  CHECK(plan.steps.size() == 7);
  CHECK(sql_of(plan, "create_volume:s.files") == "CREATE VOLUME IF NOT EXISTS `staging`.`s`.`files`");
  CHECK(sql_of(plan, "set_tags:catalog:staging") == "ALTER CATALOG `staging` SET TAGS ('env' = 'prod')");
  CHECK(sql_of(plan, "set_comment:table:s.orders") == "COMMENT ON TABLE `staging`.`s`.`orders` IS 'All orders'");
  CHECK(sql_of(plan, "set_comment:column:s.orders.id") ==
        "ALTER TABLE `staging`.`s`.`orders` ALTER COLUMN `id` COMMENT 'The key'");
  CHECK(sql_of(plan, "set_tags:column:s.orders.id") ==
        "ALTER TABLE `staging`.`s`.`orders` ALTER COLUMN `id` SET TAGS ('pii' = 'no')");
  CHECK(sql_of(plan, "set_tags:table:s.orders") == "ALTER TABLE `staging`.`s`.`orders` SET TAGS ('tier' = 'gold')");
  CHECK(sql_of(plan, "grant:table:s.orders:analysts") == "GRANT SELECT ON TABLE `staging`.`s`.`orders` TO `analysts`");
}

TEST_CASE("skip keeps what differs and says so, replace overwrites it") {
  CatalogInventory there = as_staging(completed());
  there.attributes.comment = "Mine";
  there.schemas[0].tables[0].attributes.comment = "Mine";
  there.schemas[0].tables[0].attributes.tags["tier"] = "bronze";
  there.schemas[0].tables[1].view_definition = "SELECT 2 AS id";
  there.schemas[0].tables.push_back(make_table("extra"));
  const ClonePlan kept = planned(completed(), there, production_to_staging());
  CHECK(kept.nothing_to_do());
  CHECK(verdict(kept, "orders", "comment").find("skipped: the destination has another comment") == 0);
  CHECK(verdict(kept, "orders", "tags").find("skipped: these have another value in the destination") == 0);
  CHECK(verdict(kept, "v", "definition").find("already_there: it differs") == 0);
  REQUIRE(kept.warnings.size() == 2);
  CHECK(kept.warnings[1] == "The destination has one object that the source does not have; left alone.");

  CloneSpec spec = production_to_staging();
  spec.if_exists = IfExists::replace;
  const ClonePlan replaced = planned(completed(), there, spec);
  CHECK(sql_of(replaced, "clone_table:s.orders") ==
        "CREATE OR REPLACE TABLE `staging`.`s`.`orders` DEEP CLONE `production`.`s`.`orders`");
  CHECK(sql_of(replaced, "create_view:s.v").find("CREATE OR REPLACE VIEW `staging`.`s`.`v` (`id` COMMENT 'The key')") ==
        0);
  CHECK(sql_of(replaced, "set_comment:catalog:staging") == "COMMENT ON CATALOG `staging` IS 'A catalog'");
  CHECK(sql_of(replaced, "set_tags:table:s.orders").find("'gold'") != std::string::npos);
  CHECK(step(replaced, "create_function:s.f") == nullptr);
  CHECK(step(replaced, "set_comment:table:s.orders") != nullptr);
}

TEST_CASE("tags are set again on what is replaced, although the destination had them") {
  CloneSpec spec = production_to_staging();
  spec.if_exists = IfExists::replace;
  const ClonePlan again = planned(completed(), as_staging(completed()), spec);
  CHECK(step(again, "clone_table:s.orders") != nullptr);
  CHECK(step(again, "set_tags:table:s.orders") != nullptr);
  CHECK(step(again, "set_tags:column:s.orders.id") != nullptr);
}

TEST_CASE("a source without a visible schema is told") {
  CatalogInventory source = completed();
  source.schemas.clear();
  const ClonePlan plan = planned(source, absent("staging"), production_to_staging());
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings[0].find("no schema that this identity may see") != std::string::npos);
}

TEST_CASE("types of tables that cannot be replaced are left alone") {
  CloneSpec spec = production_to_staging();
  spec.if_exists = IfExists::replace;
  const CatalogInventory source =
      make_catalog("production", {make_table("t"), make_view("v", "SELECT * FROM production.s.t")});
  const CatalogInventory view_there = make_catalog("staging", {make_view("t", "SELECT 1")});
  const ClonePlan plan = planned(source, view_there, spec);
  CHECK(verdict(plan, "t", "data") == "skipped: the destination has a VIEW of that name");
  CHECK(step(plan, "create_view:s.v") != nullptr);
  spec.mode = CloneMode::shallow;
  const ClonePlan shallow = planned(source, make_catalog("staging", {make_table("t")}), spec);
  CHECK(verdict(shallow, "t", "data").find("skipped: the destination has a full table") == 0);
  spec.mode = CloneMode::deep;
  const ClonePlan deep = planned(source, make_catalog("staging", {make_table("t", "MANAGED_SHALLOW_CLONE")}), spec);
  CHECK(verdict(deep, "t", "data").find("skipped: the destination has a shallow clone") == 0);
  REQUIRE(deep.warnings.size() == 1);
  CHECK(deep.warnings[0].find("`staging`.`s`.`t`: the destination has a shallow clone") == 0);
}

TEST_CASE("options leave things out, and say so") {
  CloneSpec spec = production_to_staging();
  spec.copy_views = spec.copy_functions = spec.copy_volumes = false;
  spec.copy_comments = spec.copy_tags = spec.copy_grants = false;
  const ClonePlan plan = planned(completed(), absent("staging"), spec);
  std::vector<std::string> ids;
  for (const CloneStep& s : plan.steps) ids.push_back(s.id);
  CHECK(ids == std::vector<std::string>{"create_catalog:staging", "create_schema:s", "clone_table:s.orders"});
  CHECK(plan.steps[0].sql == "CREATE CATALOG IF NOT EXISTS `staging`");
  CHECK(verdict(plan, "v", "definition") == "skipped: not asked for: copy_views is false");
  CHECK(verdict(plan, "f", "definition") == "skipped: not asked for: copy_functions is false");
  CHECK(verdict(plan, "files", "definition") == "skipped: not asked for: copy_volumes is false");
  CHECK(verdict(plan, "orders", "comment") == "skipped: not asked for: copy_comments is false");
  CHECK(verdict(plan, "orders", "grants") == "skipped: not asked for: copy_grants is false");
  CHECK(verdict(plan, "orders", "column tags") == "skipped: not asked for: copy_tags is false");
}

TEST_CASE("requests that cannot be carried out are refused") {
  const CatalogInventory source = completed();
  const auto code = [&](const CatalogInventory& from, const CatalogInventory& to, const CloneSpec& spec) {
    const auto plan = plan_clone(from, to, spec);
    return plan ? std::string("planned") : std::string(to_string(plan.error().code));
  };
  CloneSpec spec = production_to_staging();
  CHECK(code(source, absent("staging"), spec) == "planned");
  spec.destination = "PRODUCTION";
  CHECK(code(source, absent("PRODUCTION"), spec) == "invalid_argument");
  spec.destination = "";
  CHECK(code(source, absent(""), spec) == "invalid_argument");
  spec = production_to_staging();
  CHECK(code(absent("production"), absent("staging"), spec) == "not_found");
  CHECK(code(source, absent("other"), spec) == "invalid_argument");
  for (const int wrong : {0, 65, -1}) {
    spec.parallelism = wrong;
    CHECK(code(source, absent("staging"), spec) == "invalid_argument");
  }
  spec = production_to_staging();
  spec.include_schemas = {"s", "nosuch*"};
  CHECK(code(source, absent("staging"), spec) == "invalid_argument");
  spec = production_to_staging();
  spec.location_map = {{"s3://a/", "s3://a"}};
  CHECK(code(source, absent("staging"), spec) == "invalid_argument");
  spec = production_to_staging();
  CatalogInventory elsewhere = source;
  elsewhere.metastore_id = "one";
  CatalogInventory there = make_catalog("staging");
  there.metastore_id = "two";
  CHECK(code(elsewhere, there, spec) == "unsupported");
  there.metastore_id.clear();
  CHECK(code(elsewhere, there, spec) == "planned");
  there.catalog_type = "DELTASHARING_CATALOG";
  CHECK(code(elsewhere, there, spec) == "unsupported");
  spec.destination = "system";
  CHECK(code(source, absent("system"), spec) == "unsupported");
  spec = production_to_staging();
  spec.if_exists = IfExists::fail;
  CHECK(code(source, absent("staging"), spec) == "planned");
  CHECK(code(source, as_staging(source), spec) == "already_exists");
  CatalogInventory doubled = source;
  doubled.schemas[0].volumes.push_back(doubled.schemas[0].volumes[0]);
  CHECK(code(doubled, absent("staging"), production_to_staging()) == "invalid_argument");
}

TEST_CASE("locations are mapped at path boundaries, the longest prefix first") {
  TableInventory table = make_table("t", "EXTERNAL");
  CloneSpec spec = production_to_staging();
  spec.location_map = {{"s3://b/prod", "s3://b/x"}, {"s3://b/prod/deep/", "s3://c/"}};
  const auto location = [&](const std::string& from) {
    table.storage_location = from;
    return sql_of(planned(make_catalog("production", {table}), absent("staging"), spec), "clone_table:s.t");
  };
  const std::string head = "CREATE TABLE IF NOT EXISTS `staging`.`s`.`t` DEEP CLONE `production`.`s`.`t`";
  CHECK(location("s3://b/prod/t") == head + " LOCATION 's3://b/x/t'");
  CHECK(location("s3://b/prod/deep/t") == head + " LOCATION 's3://c/t'");
  CHECK(location("s3://b/production/t") == head);
}
