// SPDX-License-Identifier: Apache-2.0
#include "clone/plan_check.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "catalog/sql_text.hpp"
#include "clone/plan_request.hpp"
#include "clone/sql_tokenizer.hpp"

namespace dbxauth::clone {
namespace {

/// What a statement of that kind begins with, up to the name of its object; a grant up to its privileges.
std::vector<std::string_view> statement_heads(StepKind kind) {
  switch (kind) {
    case StepKind::create_catalog:
      return {"CREATE CATALOG IF NOT EXISTS "};
    case StepKind::create_schema:
      return {"CREATE SCHEMA IF NOT EXISTS "};
    case StepKind::clone_table:
    case StepKind::create_table:
      return {"CREATE TABLE IF NOT EXISTS ", "CREATE OR REPLACE TABLE "};
    case StepKind::create_view:
      return {"CREATE VIEW IF NOT EXISTS ", "CREATE OR REPLACE VIEW "};
    case StepKind::create_function:
      return {"CREATE FUNCTION IF NOT EXISTS ", "CREATE OR REPLACE FUNCTION "};
    case StepKind::create_volume:
      return {"CREATE VOLUME IF NOT EXISTS ", "CREATE EXTERNAL VOLUME IF NOT EXISTS "};
    case StepKind::set_comment:
      return {"COMMENT ON CATALOG ", "COMMENT ON SCHEMA ", "COMMENT ON TABLE ", "COMMENT ON VOLUME ", "ALTER TABLE "};
    case StepKind::set_tags:
      return {"ALTER CATALOG ", "ALTER SCHEMA ", "ALTER TABLE ", "ALTER VIEW ", "ALTER VOLUME "};
    case StepKind::grant:
      return {"CATALOG ", "SCHEMA ", "TABLE ", "FUNCTION ", "VOLUME "};
  }
  return {};
}

/// The statement without "GRANT privileges ON "; nothing when it does not begin so.
std::string_view without_privileges(std::string_view sql) {
  constexpr std::string_view verb = "GRANT ";
  constexpr std::string_view on = " ON ";
  if (sql.substr(0, verb.size()) != verb) return {};
  const std::size_t end = sql.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ, ");
  const std::size_t at = sql.substr(0, end).find(on);
  return at == std::string_view::npos ? std::string_view() : sql.substr(at + on.size());
}

bool writes_to_its_object(const CloneStep& step) {
  const std::string_view sql = step.kind == StepKind::grant ? without_privileges(step.sql) : step.sql;
  const std::vector<std::string_view> heads = statement_heads(step.kind);
  return std::any_of(heads.begin(), heads.end(), [&](std::string_view head) {
    const std::string wanted = std::string(head) + step.object;
    if (sql.substr(0, wanted.size()) != wanted) return false;
    return sql.size() == wanted.size() || sql[wanted.size()] == ' ' || sql[wanted.size()] == '(';
  });
}

bool is_in_destination(const CloneStep& step, const std::string& destination) {
  const std::string name = catalog::quote_name({destination});
  if (step.object.substr(0, name.size()) != name) return false;
  return step.object.size() == name.size() || step.object[name.size()] == '.';
}

}  // namespace

Result<void> check_statements(const ClonePlan& plan) {
  for (const CloneStep& step : plan.steps) {
    if (is_in_destination(step, plan.spec.destination) && writes_to_its_object(step)) continue;
    return Error(ErrorCode::invalid_argument,
                 fmt::format("The statement of step {} is not that of a {} of {} in the destination `{}`: the plan was "
                             "changed. Make a new one.",
                             step.id, to_string(step.kind), step.object, plan.spec.destination));
  }
  return {};
}

Result<void> check_plan(const ClonePlan& plan) {
  if (auto spec = check_spec(plan.spec); !spec) return spec;
  const auto wrong = [](std::string message) { return Error(ErrorCode::invalid_argument, std::move(message)); };
  std::unordered_set<std::string> earlier;
  std::unordered_set<std::string> grants;
  for (const CloneStep& step : plan.steps) {
    if (step.id.empty() || step.sql.empty()) return wrong("The clone plan has a step without an id or a statement.");
    for (const std::string& id : step.depends_on) {
      if (step.kind != StepKind::grant && grants.count(id) != 0) {
        return wrong(
            fmt::format("Step {} of the clone plan depends on the grant {}; grants are given last.", step.id, id));
      }
      if (earlier.count(id) != 0) continue;
      return wrong(
          fmt::format("Step {} of the clone plan depends on {}, which is not among the steps before it.", step.id, id));
    }
    if (!earlier.insert(step.id).second)
      return wrong(fmt::format("The clone plan has two steps with the id {}.", step.id));
    if (step.kind == StepKind::grant) grants.insert(step.id);
  }
  return {};
}

SessionDefaults session_defaults(const CloneStep& step) {
  if (step.kind != StepKind::create_view && step.kind != StepKind::create_function) return {};
  std::vector<std::string> parts;
  for (const SqlToken& token : tokenize_sql(step.object)) {
    if (token.is_name()) parts.push_back(identifier_name(token));
  }
  if (parts.size() != 3) return {};
  return {parts[0], parts[1]};
}

}  // namespace dbxauth::clone
