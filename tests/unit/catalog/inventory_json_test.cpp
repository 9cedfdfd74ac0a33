// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include "dbxauth/catalog.hpp"

using dbxauth::CatalogInventory;
using dbxauth::ErrorCode;

namespace {

std::string golden() {
  std::ifstream in(std::string(DBXAUTH_GOLDEN_DIRECTORY) + "/production.json", std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void check_refused(std::string_view json, std::string_view part) {
  INFO(json);
  const auto inventory = CatalogInventory::from_json(json);
  REQUIRE_FALSE(inventory);
  INFO(inventory.error().message);
  CHECK(inventory.error().code == ErrorCode::invalid_argument);
  CHECK(inventory.error().message.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("reading and writing an inventory gives the same bytes", "[catalog]") {
  const std::string text = golden();
  const auto inventory = CatalogInventory::from_json(text);
  REQUIRE(inventory);
  CHECK(inventory->to_json() + "\n" == text);
  CHECK(inventory->schemas.at(1).functions.at(0).parameters.at(1).default_value == "41");
  CHECK_FALSE(inventory->schemas.at(1).functions.at(0).parameters.at(0).default_value.has_value());
}

TEST_CASE("an inventory of nothing can be read", "[catalog]") {
  const auto inventory = CatalogInventory::from_json(R"({"schema": 1, "name": "c"})");
  REQUIRE(inventory);
  CHECK(inventory->name == "c");
  CHECK(inventory->exists);
  const auto again = CatalogInventory::from_json(inventory->to_json());
  REQUIRE(again);
  CHECK(again->to_json() == inventory->to_json());
}

TEST_CASE("members of newer minor versions are ignored", "[catalog]") {
  const auto inventory =
      CatalogInventory::from_json(R"({"schema": 1, "name": "c", "policies": [{"x": 1}], "taken_at": null})");
  REQUIRE(inventory);
  CHECK(inventory->to_json().find("policies") == std::string::npos);
}

TEST_CASE("names of any kind survive", "[catalog]") {
  CatalogInventory inventory;
  inventory.name = "we`ird \"quoted\" \\ \n\t é 日本 \x01";
  inventory.attributes.tags = {{"", "empty key"}, {"k", ""}};
  inventory.attributes.grants = {{"o`brien@example.com", "USE_CATALOG"}};
  const auto again = CatalogInventory::from_json(inventory.to_json());
  REQUIRE(again);
  CHECK(again->name == inventory.name);
  CHECK(again->attributes.tags == inventory.attributes.tags);
}

TEST_CASE("wrong documents are refused with the place of the problem", "[catalog]") {
  check_refused("", "inventory");
  check_refused("{", "inventory");
  check_refused("[]", "$: expected an object, found an array");
  check_refused(R"({"name": "c"})", "$.schema: missing");
  check_refused(R"({"schema": 2, "name": "c"})", "$.schema: expected 1");
  check_refused(R"({"schema": "1", "name": "c"})", "$.schema");
  check_refused(R"({"schema": 1})", "$.name: missing");
  check_refused(R"({"schema": 1, "name": 7})", "$.name: expected a string, found a number");
  check_refused(R"({"schema": 1, "name": "c", "exists": "yes"})", "$.exists: expected a boolean, found a string");
  check_refused(R"({"schema": 1, "name": "c", "schemas": {}})", "$.schemas: expected an array, found an object");
  check_refused(R"({"schema": 1, "name": "c", "schemas": [{"name": "s"}, "x"]})",
                "$.schemas[1]: expected an object, found a string");
  check_refused(R"({"schema": 1, "name": "c", "schemas": [{"name": "s", "tables": [{"name": "t", "columns":
                    [{"name": "a"}, {"name": "b", "position": "1"}]}]}]})",
                "$.schemas[0].tables[0].columns[1].position: expected a number, found a string");
  check_refused(R"({"schema": 1, "name": "c", "schemas": [{"tables": []}]})", "$.schemas[0].name: missing");
  check_refused(R"({"schema": 1, "name": "c", "tags": {"a": null}})", "$.tags.a: expected a string, found null");
  check_refused(R"({"schema": 1, "name": "c", "grants": [{"principal": "p"}]})", "$.grants[0].privilege: missing");
  check_refused(R"({"schema": 1, "name": "c", "unseen": [1]})", "$.unseen[0]: expected a string, found a number");
}
