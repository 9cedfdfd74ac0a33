// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "clone/plan_check.hpp"
#include "unit/clone/inventory_fixture.hpp"

using namespace dbxauth;
using namespace dbxauth::testing;

namespace {

std::string refusal(const std::string& json) {
  const auto spec = CloneSpec::from_json(json);
  if (spec) return "(read)";
  CHECK(spec.error().code == ErrorCode::invalid_argument);
  return spec.error().message;
}

ClonePlan small_plan() {
  ClonePlan plan;
  plan.spec = production_to_staging();
  plan.steps.push_back(
      {"a", StepKind::create_schema, "`staging`.`s`", "CREATE SCHEMA IF NOT EXISTS `staging`.`s`", {}, "why"});
  plan.steps.push_back(
      {"b", StepKind::create_view, "`staging`.`s`.`v`", "CREATE VIEW x AS SELECT 1 -- end", {"a"}, "why"});
  return plan;
}

}  // namespace

TEST_CASE("specs survive their JSON form") {
  CloneSpec spec = production_to_staging();
  spec.mode = CloneMode::shallow;
  spec.if_exists = IfExists::replace;
  spec.include_schemas = {"a*", "ü\"\\"};
  spec.exclude_schemas = {"b"};
  spec.copy_views = spec.copy_functions = spec.copy_volumes = spec.copy_comments = spec.copy_tags = spec.copy_grants =
      false;
  spec.managed_location = "s3://x";
  spec.location_map = {{"a", "b"}, {"c", "d"}};
  spec.warehouse_id = "w";
  spec.parallelism = 64;
  const auto again = CloneSpec::from_json(spec.to_json());
  REQUIRE(again);
  CHECK(again->to_json() == spec.to_json());
  CHECK(again->mode == CloneMode::shallow);
  CHECK(again->if_exists == IfExists::replace);
  CHECK(again->location_map == spec.location_map);
  CHECK_FALSE(again->copy_grants);
}

TEST_CASE("what a spec does not say has its default") {
  const auto spec = CloneSpec::from_json(R"({"source": "a", "destination": "b"})");
  REQUIRE(spec);
  CHECK(spec->to_json() == [] {
    CloneSpec defaults;
    defaults.source = "a";
    defaults.destination = "b";
    return defaults.to_json();
  }());
}

TEST_CASE("wrong specs are refused by the member that is wrong") {
  CHECK(refusal(R"({"sorce": "a"})") == "The clone spec has no member \"sorce\". Did you mean source?");
  CHECK(refusal(R"({"grants": true})").find("Did you mean copy_grants?") != std::string::npos);
  CHECK(refusal(R"({"xyzzyxyzzy": 1})").find("It may have: schema, source, destination") != std::string::npos);
  CHECK(refusal(R"({"schema": 2})") == "\"schema\" of the clone spec must be 1: this version knows no other form.");
  CHECK(refusal(R"({"mode": "full"})") == "\"mode\" of the clone spec must be deep, shallow or schema_only.");
  CHECK(refusal(R"({"mode": 1})") == "\"mode\" of the clone spec must be deep, shallow or schema_only.");
  CHECK(refusal(R"({"if_exists": "drop"})") == "\"if_exists\" of the clone spec must be skip, replace or fail.");
  CHECK(refusal(R"({"copy_tags": "yes"})") == "\"copy_tags\" of the clone spec must be true or false.");
  CHECK(refusal(R"({"source": null})") == "\"source\" of the clone spec must be a string.");
  CHECK(refusal(R"({"include_schemas": "a"})") == "\"include_schemas\" of the clone spec must be an array of strings.");
  CHECK(refusal(R"({"include_schemas": [1]})") == "\"include_schemas\" of the clone spec must be an array of strings.");
  CHECK(refusal(R"({"location_map": {"a": 1}})") == "\"location_map\" of the clone spec must be an object of strings.");
  for (const char* value : {"0", "65", "1.5", "\"8\"", "99999999999999999999"}) {
    CHECK(refusal(std::string(R"({"parallelism": )") + value + "}").find("between 1 and 64") != std::string::npos);
  }
  CHECK(refusal("[]").find("is a JSON object") != std::string::npos);
  CHECK(refusal("{").find("clone spec") != std::string::npos);
  CHECK(refusal(R"({"source": "a", "source": "b"})") == "The clone spec has \"source\" twice.");
}

TEST_CASE("plans that cannot be run are not read") {
  const auto refused = [](const ClonePlan& plan) {
    const auto read = ClonePlan::from_json(plan.to_json());
    return read ? std::string("(read)") : read.error().message;
  };
  CHECK(refused(small_plan()) == "(read)");
  ClonePlan plan = small_plan();
  plan.steps[0].depends_on = {"b"};
  CHECK(refused(plan) == "Step a of the clone plan depends on b, which is not among the steps before it.");
  plan = small_plan();
  plan.steps[1].id = "a";
  plan.steps[1].depends_on.clear();
  CHECK(refused(plan) == "The clone plan has two steps with the id a.");
  plan = small_plan();
  plan.steps[0].kind = StepKind::grant;
  CHECK(refused(plan).find("grants are given last") != std::string::npos);
  plan = small_plan();
  plan.steps[1].sql.clear();
  CHECK(refused(plan).find("without an id or a statement") != std::string::npos);
  plan = small_plan();
  plan.spec.parallelism = 0;
  CHECK_FALSE(ClonePlan::from_json(plan.to_json()));
  CHECK_FALSE(ClonePlan::from_json("{}"));
  CHECK_FALSE(ClonePlan::from_json(R"({"schema": 1, "spec": {"source": "a", "destination": "b"}})"));
  CHECK_FALSE(
      ClonePlan::from_json(R"({"schema": 1, "host": "", "spec": {"source": "a", "destination": "b"}, "warnings": [],
    "fidelity": [], "steps": [{"id": "x", "kind": "drop", "object": "", "sql": "s", "depends_on": [], "reason": ""}]})"));
}

TEST_CASE("scripts end every statement, and comments cannot break out") {
  ClonePlan plan = small_plan();
  plan.warnings = {"two\nDROP TABLE x;\\"};
  const std::string script = plan.to_sql_script();
  CHECK(script.find("SELECT 1 -- end\n;\n") != std::string::npos);
  CHECK(script.find("USE SCHEMA `staging`.`s`;\n") != std::string::npos);
  CHECK(script.find("-- Warning: two DROP TABLE x;\\ \n") != std::string::npos);
  plan.warnings = {"token dapi0123456789abcdef0123456789abcdef"};
  CHECK(plan.to_sql_script().find("dapi0123") == std::string::npos);
}

TEST_CASE("unqualified names of views and functions resolve in their own schema") {
  CloneStep step;
  step.kind = StepKind::create_view;
  step.object = "`sta``ging`.`odd.schema`.`v`";
  CHECK(clone::session_defaults(step).catalog == "sta`ging");
  CHECK(clone::session_defaults(step).schema == "odd.schema");
  step.kind = StepKind::clone_table;
  CHECK(clone::session_defaults(step).catalog.empty());
}
