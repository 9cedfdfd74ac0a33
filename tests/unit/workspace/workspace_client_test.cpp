// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "support/workspace_fixture.hpp"

using namespace dbxauth;
using dbxauth::testing::WorkspaceFixture;

TEST_CASE("the current user comes with the workspace id of the response header", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, R"({"id": "7", "userName": "ann@example.com", "displayName": "Ann", "active": true})",
                            {{"x-databricks-org-id", "123456"}});
  const auto user = fixture.client("99").current_user();
  REQUIRE(user);
  CHECK(user->id == "7");
  CHECK(user->user_name == "ann@example.com");
  CHECK(user->display_name == "Ann");
  CHECK(user->workspace_id == "123456");
  CHECK(fixture.authorised->request(0).url == "https://adb-1.azuredatabricks.net/api/2.0/preview/scim/v2/Me");
  CHECK(fixture.authorised->request(0).header("X-Databricks-Workspace-Id") == "99");
}

TEST_CASE("an answer about nobody is a protocol error", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, "{}");
  const auto user = fixture.client().current_user();
  REQUIRE_FALSE(user);
  CHECK(user.error().code == ErrorCode::protocol);
}

TEST_CASE("a refused identity is authentication_failed with the SCIM text", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(401, R"({"detail": "Invalid access token.", "status": "401", "schemas": []})");
  const auto user = fixture.client().current_user();
  REQUIRE_FALSE(user);
  CHECK(user.error().code == ErrorCode::authentication_failed);
  CHECK(user.error().message.find("Invalid access token") != std::string::npos);
}

TEST_CASE("Unity Catalog lists ask for pages on every request", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised
      ->reply(200, R"({"catalogs": [{"name": "main", "owner": "o", "catalog_type": "MANAGED_CATALOG",
                       "comment": "c", "storage_root": "s3://b", "metastore_id": "m", "isolation_mode": "OPEN"}],
                       "next_page_token": "p"})")
      .reply(200, R"({"next_page_token": "q"})")
      .reply(200, R"({"catalogs": [{"name": "samples"}]})");
  const auto catalogs = fixture.client().catalogs();
  REQUIRE(catalogs);
  REQUIRE(catalogs->size() == 2);
  CHECK((*catalogs)[0].name == "main");
  CHECK((*catalogs)[0].owner == "o");
  CHECK((*catalogs)[0].metastore_id == "m");
  CHECK((*catalogs)[0].isolation_mode == "OPEN");
  CHECK((*catalogs)[1].name == "samples");
  const std::string list = "https://adb-1.azuredatabricks.net/api/2.1/unity-catalog/catalogs?max_results=0";
  CHECK(fixture.authorised->request(0).url == list);
  CHECK(fixture.authorised->request(1).url == list + "&page_token=p");
  CHECK(fixture.authorised->request(2).url == list + "&page_token=q");
}

TEST_CASE("names of catalogs and schemas are encoded", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, R"({"name": "a/b"})")
      .reply(200, R"({"schemas": [{"name": "s", "storage_root": "r"}]})")
      .reply(200, R"({"tables": [{"name": "t", "table_type": "VIEW"}]})");
  const auto client = fixture.client();
  REQUIRE(client.catalog("a/b"));
  const auto schemas = client.schemas("a&b");
  REQUIRE(schemas);
  CHECK(schemas->at(0).storage_root == "r");
  const auto tables = client.tables("a", "s p");
  REQUIRE(tables);
  CHECK(tables->at(0).table_type == "VIEW");
  const std::string base = "https://adb-1.azuredatabricks.net/api/2.1/unity-catalog/";
  CHECK(fixture.authorised->request(0).url == base + "catalogs/a%2Fb");
  CHECK(fixture.authorised->request(1).url == base + "schemas?catalog_name=a%26b&max_results=0");
  CHECK(fixture.authorised->request(2).url ==
        base + "tables?catalog_name=a&schema_name=s%20p&omit_columns=true&omit_properties=true&max_results=0");
}

TEST_CASE("an empty name is refused before any request", "[workspace]") {
  WorkspaceFixture fixture;
  const auto client = fixture.client();
  CHECK(client.catalog("").error().code == ErrorCode::invalid_argument);
  CHECK(client.schemas("").error().code == ErrorCode::invalid_argument);
  CHECK(client.tables("a", "").error().code == ErrorCode::invalid_argument);
  CHECK(fixture.authorised->request_count() == 0);
}

TEST_CASE("a catalog that does not exist is not_found", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(404,
                            R"({"error_code": "CATALOG_DOES_NOT_EXIST", "message": "Catalog 'x' does not exist."})");
  const auto catalog = fixture.client().catalog("x");
  REQUIRE_FALSE(catalog);
  CHECK(catalog.error().code == ErrorCode::not_found);
}

TEST_CASE("a login page says that the URL is wrong", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, "<!doctype html><html><title>Databricks - Sign in</title></html>", {}, "text/html");
  const auto catalogs = fixture.client().catalogs();
  REQUIRE_FALSE(catalogs);
  CHECK(catalogs.error().code == ErrorCode::not_databricks);
}
