// SPDX-License-Identifier: Apache-2.0
#include "clone/plan_check.hpp"

#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "clone/plan_request.hpp"
#include "clone/sql_tokenizer.hpp"

namespace dbxauth::clone {

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
