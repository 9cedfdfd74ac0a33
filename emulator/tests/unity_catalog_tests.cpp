// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <vector>

#include "emulator_fixture.hpp"

namespace dbxauth::emulator::testing {

namespace {

const std::string uc = "/api/2.1/unity-catalog";

struct Pages {
  std::vector<std::string> names;
  std::vector<std::size_t> sizes;
};

/// Follows next_page_token to the end.
Pages read_pages(TestWorkspace& workspace, const std::string& path, std::string_view member, std::string_view name) {
  Pages pages;
  std::string token;
  do {
    const char separator = path.find('?') == std::string::npos ? '?' : '&';
    const Answer answer = workspace.get(path + separator + "max_results=0" +
                                        (token.empty() ? "" : "&page_token=" + encoding::percent_encode(token)));
    REQUIRE(answer.status == 200);
    pages.sizes.push_back(answer.json()[member].size());
    answer.json()[member].each_element([&](base::JsonView item) { pages.names.emplace_back(item[name].string_or()); });
    token = answer.text("next_page_token");
    REQUIRE(pages.sizes.size() < 500);
  } while (!token.empty());
  return pages;
}

std::set<std::string> as_set(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

TEST_CASE("lists are paged, tables by fifty at most") {
  TestWorkspace workspace("tables:240,schemas:2");
  const Pages schemas = read_pages(workspace, uc + "/schemas?catalog_name=production", "schemas", "full_name");
  std::vector<std::string> tables;
  for (const std::string& schema : schemas.names) {
    const std::string name = schema.substr(schema.find('.') + 1);
    if (name == "information_schema") continue;
    const Pages pages =
        read_pages(workspace, uc + "/tables?catalog_name=production&schema_name=" + encoding::percent_encode(name),
                   "tables", "full_name");
    for (const std::size_t size : pages.sizes) CHECK(size <= 50);
    tables.insert(tables.end(), pages.names.begin(), pages.names.end());
  }
  CHECK(tables.size() == 240);
  CHECK(as_set(tables).size() == 240);

  const Pages summaries = read_pages(workspace, uc + "/table-summaries?catalog_name=production", "tables", "full_name");
  CHECK(summaries.sizes.size() == 1);
  const auto in_summaries = as_set(summaries.names);
  for (const std::string& table : tables) CHECK(in_summaries.count(table) == 1);

  SECTION("pages may be empty and go on") {
    workspace.set(R"({"empty_pages":true,"page_size":40})");
    const Pages with_holes =
        read_pages(workspace, uc + "/table-summaries?catalog_name=production", "tables", "full_name");
    CHECK(with_holes.sizes.front() == 0);
    CHECK(with_holes.sizes.size() >= 12);
    CHECK(as_set(with_holes.names) == in_summaries);
  }
  SECTION("bad page sizes and tokens are refused") {
    CHECK(workspace.get(uc + "/catalogs?max_results=-1").status == 400);
    CHECK(workspace.get(uc + "/catalogs?max_results=many").status == 400);
    CHECK(workspace.get(uc + "/table-summaries?catalog_name=production&page_token=bogus").status == 400);
    CHECK(workspace.get(uc + "/tables?catalog_name=production").status == 400);
  }
}

TEST_CASE("the demo workspace is read over REST") {
  TestWorkspace workspace("demo");
  const auto catalogs = as_set(read_pages(workspace, uc + "/catalogs", "catalogs", "name").names);
  CHECK(catalogs.count("production") == 1);
  const Answer table = workspace.get(uc + "/tables/production.reference.nation");
  REQUIRE(table.status == 200);
  CHECK(table.text("table_type") == "MANAGED");
  CHECK(table.text("data_source_format") == "DELTA");
  CHECK(table.json()["columns"].at(0)["name"].string_or() == "n_nationkey");
  CHECK(table.json()["columns"].at(0)["position"].integer_or(-1) == 0);
  CHECK(workspace.get(uc + "/tables/production.reference.nation/exists").text("table_exists") == "true");
  CHECK(workspace.get(uc + "/tables/production.reference.none/exists").text("table_exists") == "false");
  CHECK(workspace.get(uc + "/tables/production.reference.none").status == 404);
  CHECK(workspace.get(uc + "/tables/production.reference").status == 400);

  const Answer lean =
      workspace.get(uc + "/tables?catalog_name=production&schema_name=reference&omit_columns=true&omit_username=true");
  REQUIRE(lean.status == 200);
  CHECK(lean.json()["tables"].at(0)["columns"].is_missing());
  CHECK(lean.json()["tables"].at(0)["owner"].is_missing());
  CHECK(workspace.get(uc + "/tables?catalog_name=production&schema_name=reference&omit_columns=yes").status == 400);

  const Answer summary = workspace.get(uc + "/metastore_summary");
  CHECK_FALSE(summary.text("metastore_id").empty());
  const Answer assignment = workspace.get(uc + "/current-metastore-assignment");
  CHECK(assignment.text("metastore_id") == summary.text("metastore_id"));
  CHECK(assignment.text("workspace_id") == workspace.credentials().workspace_id);
  const Answer state = workspace.send("GET", "/_emulator/state?catalog=production");
  CHECK(state.status == 200);
  CHECK(state.body.find("n_nationkey") != std::string::npos);
  CHECK(workspace.send("GET", "/_emulator/state?catalog=none").status == 404);
}

TEST_CASE("catalogs and schemas live their life over REST") {
  TestWorkspace workspace("empty");
  const auto headers = TestWorkspace::bearer(workspace.credentials().token);
  const Answer made =
      workspace.post(uc + "/catalogs", R"({"name":"sales","comment":"first","properties":{"team":"a"}})");
  REQUIRE(made.status == 200);
  CHECK(made.text("catalog_type") == "MANAGED_CATALOG");
  CHECK(made.json()["properties"]["team"].string_or() == "a");
  const Answer twice = workspace.post(uc + "/catalogs", R"({"name":"sales"})");
  CHECK((twice.status == 409 || twice.status == 400));
  CHECK(code_of(twice).find("ALREADY_EXISTS") != std::string::npos);
  CHECK(workspace.post(uc + "/catalogs", R"({"name":"f","share_name":"s"})").status == 501);

  CHECK(workspace.post(uc + "/schemas", R"({"name":"raw","catalog_name":"sales"})").text("full_name") == "sales.raw");
  CHECK(workspace.post(uc + "/schemas", R"({"name":"raw","catalog_name":"none"})").status == 404);
  const Answer patched = workspace.send("PATCH", uc + "/schemas/sales.raw", R"({"comment":"second"})", headers);
  CHECK(patched.text("comment") == "second");
  const Answer renamed = workspace.send("PATCH", uc + "/catalogs/sales", R"({"new_name":"sold"})", headers);
  CHECK(renamed.text("name") == "sold");
  CHECK(workspace.get(uc + "/catalogs/sales").status == 404);
  CHECK(workspace.get(uc + "/schemas/sold.raw").text("comment") == "second");

  CHECK(workspace
            .post(uc + "/volumes",
                  R"({"catalog_name":"sold","schema_name":"raw","name":"files","volume_type":"MANAGED"})")
            .text("full_name") == "sold.raw.files");
  CHECK(workspace.post(uc + "/volumes", R"({"catalog_name":"sold","schema_name":"raw","name":"x","volume_type":"ODD"})")
            .status == 400);
  CHECK(workspace.get(uc + "/volumes?catalog_name=sold&schema_name=raw").json()["volumes"].size() == 1);

  CHECK(workspace.send("DELETE", uc + "/catalogs/sold", {}, headers).status == 400);
  CHECK(workspace.send("DELETE", uc + "/catalogs/sold?force=true", {}, headers).status == 200);
  CHECK(workspace.get(uc + "/catalogs/sold").status == 404);
}

TEST_CASE("grants are read, changed and enforced") {
  TestWorkspace workspace("empty");
  workspace.post(uc + "/catalogs", R"({"name":"sales"})");
  const std::string carol = workspace.user("carol@example.com");
  const auto admin = TestWorkspace::bearer(workspace.credentials().token);
  const std::string path = uc + "/permissions/catalog/sales";
  const auto carol_sees_sales = [&] {
    return workspace.get_as(carol, uc + "/catalogs").body.find(R"("name":"sales")") != std::string::npos;
  };
  CHECK_FALSE(carol_sees_sales());
  CHECK(workspace.get_as(carol, uc + "/catalogs/sales").status >= 403);
  CHECK(workspace.post_as(carol, uc + "/catalogs", R"({"name":"mine"})").status == 403);
  CHECK(workspace
            .send("PATCH", path, R"({"changes":[{"principal":"carol@example.com","add":["USE_CATALOG"]}]})",
                  TestWorkspace::bearer(carol))
            .status >= 403);

  const Answer granted = workspace.send(
      "PATCH", path,
      R"({"changes":[{"principal":"carol@example.com","add":["USE_CATALOG","USE_SCHEMA","CREATE_SCHEMA"]}]})", admin);
  REQUIRE(granted.status == 200);
  CHECK(granted.body.find("CREATE_SCHEMA") != std::string::npos);
  CHECK(carol_sees_sales());
  CHECK(workspace.post_as(carol, uc + "/schemas", R"({"name":"raw","catalog_name":"sales"})").status == 200);
  CHECK(workspace.get_as(carol, uc + "/schemas/sales.raw").text("owner") == "carol@example.com");

  const Answer listed = workspace.get(path + "?principal=carol%40example.com");
  REQUIRE(listed.json()["privilege_assignments"].size() == 1);
  CHECK(listed.json()["privilege_assignments"].at(0)["privileges"].size() == 3);
  const Answer effective = workspace.get(uc + "/effective-permissions/schema/sales.raw?principal=carol%40example.com");
  CHECK(effective.status == 200);
  CHECK(effective.body.find(R"("inherited_from_type":"CATALOG")") != std::string::npos);

  CHECK(workspace.get(path + "?max_results=10").status == 400);
  CHECK(workspace.get(path + "?max_results=150").status == 200);
  CHECK(workspace.get(uc + "/permissions/spaceship/sales").status == 400);
  CHECK(workspace.send("PATCH", path, "{}", admin).status == 400);
  CHECK(
      workspace.send("PATCH", path, R"({"changes":[{"principal":"nobody@example.com","add":["USE_CATALOG"]}]})", admin)
          .status == 404);
  CHECK(
      workspace.send("PATCH", path, R"({"changes":[{"principal":"carol@example.com","add":["FLY"]}]})", admin).status ==
      400);
  CHECK(workspace
            .send("PATCH", path,
                  R"({"changes":[{"principal":"carol@example.com","remove":["USE_CATALOG","CREATE_SCHEMA"]}],)"
                  R"("omit_permissions_in_response":true})",
                  admin)
            .body == "{}");
  CHECK(workspace.post_as(carol, uc + "/schemas", R"({"name":"more","catalog_name":"sales"})").status == 403);
}

TEST_CASE("tags are assigned to objects and columns") {
  TestWorkspace workspace("demo");
  const auto headers = TestWorkspace::bearer(workspace.credentials().token);
  const std::string base = uc + "/entity-tag-assignments";
  const std::string column = base + "/columns/production.reference.nation.n_name/tags";
  const std::string body =
      R"({"entity_type":"columns","entity_name":"production.reference.nation.n_name","tag_key":"kind","tag_value":"label"})";
  CHECK(workspace.post(base, body).text("tag_value") == "label");
  CHECK(workspace.post(base, body).status == 409);
  CHECK(workspace.get(column).json()["tag_assignments"].size() >= 1);
  CHECK(workspace.get(column + "/kind").text("tag_value") == "label");
  CHECK(workspace.send("PATCH", column + "/kind?update_mask=tag_value", R"({"tag_value":"name"})", headers).status ==
        200);
  CHECK(workspace.get(column + "/kind").text("tag_value") == "name");
  CHECK(workspace.send("PATCH", column + "/kind?update_mask=tag_key", R"({"tag_value":"x"})", headers).status == 400);
  CHECK(workspace.send("DELETE", column + "/kind", {}, headers).status == 200);
  CHECK(workspace.get(column + "/kind").status == 404);
  CHECK(workspace.send("DELETE", column + "/kind", {}, headers).status == 404);
  CHECK(workspace.get(base + "/moons/production/tags").status == 400);
  CHECK(workspace.get(base + "/catalogs/production/tags").status == 200);
}

}  // namespace dbxauth::emulator::testing
