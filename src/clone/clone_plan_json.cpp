// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <fmt/format.h>

#include "clone/clone_json.hpp"
#include "clone/plan_check.hpp"

namespace dbxauth {
namespace clone {
namespace {

Error wrong(std::string message) {
  return {ErrorCode::invalid_argument, std::move(message)};
}

/// The member of that name as a string; an error is kept in `error` when it is missing or something else.
std::string text_member(base::JsonView json, std::string_view key, std::string_view what, std::optional<Error>& error) {
  const base::JsonView member = json[key];
  if (!member.is_string() && !error)
    error = wrong(fmt::format("{} of the clone plan has no string \"{}\".", what, key));
  return std::string(member.string_or());
}

std::vector<std::string> texts_member(base::JsonView json, std::string_view key, std::optional<Error>& error) {
  std::vector<std::string> texts;
  const base::JsonView member = json[key];
  const auto refuse = [&] {
    if (!error) error = wrong(fmt::format("\"{}\" of the clone plan must be an array of strings.", key));
  };
  if (!member.is_array()) refuse();
  member.each_element([&](base::JsonView element) {
    if (!element.is_string()) return refuse();
    texts.emplace_back(element.string_or());
  });
  return texts;
}

CloneStep read_step(base::JsonView json, std::optional<Error>& error) {
  CloneStep step;
  step.id = text_member(json, "id", "A step", error);
  const std::string kind = text_member(json, "kind", "A step", error);
  const std::optional<StepKind> known = step_kind_from(kind);
  if (!known && !error)
    error = wrong(fmt::format("The clone plan has a step of the unknown kind \"{}\".", kind.substr(0, 60)));
  step.kind = known.value_or(StepKind::create_schema);
  step.object = text_member(json, "object", "A step", error);
  step.sql = text_member(json, "sql", "A step", error);
  step.depends_on = texts_member(json, "depends_on", error);
  step.reason = text_member(json, "reason", "A step", error);
  return step;
}

FidelityEntry read_fidelity(base::JsonView json, std::optional<Error>& error) {
  FidelityEntry entry;
  entry.object = text_member(json, "object", "A fidelity entry", error);
  entry.aspect = text_member(json, "aspect", "A fidelity entry", error);
  const std::string verdict = text_member(json, "verdict", "A fidelity entry", error);
  const std::optional<FidelityVerdict> known = fidelity_verdict_from(verdict);
  if (!known && !error)
    error = wrong(fmt::format("The clone plan has the unknown verdict \"{}\".", verdict.substr(0, 60)));
  entry.verdict = known.value_or(FidelityVerdict::skipped);
  entry.reason = text_member(json, "reason", "A fidelity entry", error);
  return entry;
}

Result<ClonePlan> read_plan(base::JsonView json) {
  if (!json.is_object()) return wrong("A clone plan is a JSON object.");
  if (json["schema"].as_integer() != 1)
    return wrong("\"schema\" of the clone plan must be 1: this version knows no other form.");
  std::optional<Error> error;
  ClonePlan plan;
  auto spec = read_spec(json["spec"]);
  if (!spec) return spec.error();
  plan.spec = std::move(*spec);
  plan.host = text_member(json, "host", "The outline", error);
  if (!json["steps"].is_array() || !json["fidelity"].is_array()) {
    return wrong("\"steps\" and \"fidelity\" of the clone plan must be arrays.");
  }
  json["steps"].each_element([&](base::JsonView step) { plan.steps.push_back(read_step(step, error)); });
  json["fidelity"].each_element([&](base::JsonView entry) { plan.fidelity.push_back(read_fidelity(entry, error)); });
  plan.warnings = texts_member(json, "warnings", error);
  if (error) return *error;
  auto checked = check_plan(plan);
  if (!checked) return checked.error();
  return plan;
}

}  // namespace

void write_outline(base::JsonWriter& json, const CloneSpec& spec, const std::string& host,
                   const std::vector<FidelityEntry>& fidelity, const std::vector<std::string>& warnings) {
  json.member("host", host);
  json.key("spec");
  write_spec(json, spec);
  json.member("warnings", warnings);
  json.key("fidelity").begin_array();
  for (const FidelityEntry& entry : fidelity) {
    json.begin_object();
    json.member("object", entry.object);
    json.member("aspect", entry.aspect);
    json.member("verdict", to_string(entry.verdict));
    json.member("reason", entry.reason);
    json.end_object();
  }
  json.end_array();
}

}  // namespace clone

std::string ClonePlan::to_json() const {
  base::JsonWriter json(2);
  json.begin_object();
  json.member("schema", 1);
  clone::write_outline(json, spec, host, fidelity, warnings);
  json.key("steps").begin_array();
  for (const CloneStep& step : steps) {
    json.begin_object();
    json.member("id", step.id);
    json.member("kind", to_string(step.kind));
    json.member("object", step.object);
    json.member("sql", step.sql);
    json.member("depends_on", step.depends_on);
    json.member("reason", step.reason);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take();
}

Result<ClonePlan> ClonePlan::from_json(std::string_view json) {
  auto document = base::JsonDocument::parse(json, "the clone plan");
  if (!document) {
    Error error = document.error();
    error.code = ErrorCode::invalid_argument;
    return error;
  }
  return clone::read_plan(document->root());
}

}  // namespace dbxauth
