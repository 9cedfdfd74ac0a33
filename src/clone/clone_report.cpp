// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "clone/clone_json.hpp"

namespace dbxauth {

std::int64_t CloneReport::count(StepOutcome outcome) const noexcept {
  return std::count_if(steps.begin(), steps.end(), [&](const StepReport& step) { return step.outcome == outcome; });
}

bool CloneReport::complete() const noexcept {
  return count(StepOutcome::succeeded) == std::ssize(steps);
}

std::string CloneReport::to_json() const {
  base::JsonWriter json(2);
  json.begin_object();
  json.member("schema", 1);
  json.member("complete", complete());
  json.key("counts").begin_object();
  for (const StepOutcome outcome :
       {StepOutcome::succeeded, StepOutcome::failed, StepOutcome::blocked, StepOutcome::cancelled}) {
    json.member(to_string(outcome), count(outcome));
  }
  json.end_object();
  json.member("duration_ms", duration_ms);
  clone::write_outline(json, spec, host, fidelity, warnings);
  json.key("steps").begin_array();
  for (const StepReport& step : steps) {
    json.begin_object();
    json.member("id", step.id);
    json.member("kind", to_string(step.kind));
    json.member("object", step.object);
    json.member("outcome", to_string(step.outcome));
    json.member("statement_id", step.statement_id);
    json.member("error", step.error);
    json.member("error_code", step.error_code);
    json.member("duration_ms", step.duration_ms);
    json.member("copied_files", step.copied_files);
    json.member("copied_bytes", step.copied_bytes);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace dbxauth
