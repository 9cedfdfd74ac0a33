// SPDX-License-Identifier: Apache-2.0
#include "clone/plan_builder.hpp"

#include <algorithm>

#include "catalog/sql_text.hpp"

namespace dbxauth::clone {
namespace {

bool is_plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string id_part(std::string_view name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), is_plain);
  return plain ? std::string(name) : catalog::quote_identifier(name);
}

PlanBuilder::PlanBuilder(const CloneSpec& spec, std::string host) {
  plan_.spec = spec;
  plan_.host = std::move(host);
}

std::string PlanBuilder::full_name(const std::string& catalog, const ObjectRef& object) const {
  if (object.kind == Securable::catalog) return catalog::quote_name({catalog});
  if (object.kind == Securable::schema) return catalog::quote_name({catalog, object.schema});
  return catalog::quote_name({catalog, object.schema, object.name});
}

std::string PlanBuilder::source_name(const ObjectRef& object) const {
  return full_name(plan_.spec.source, object);
}

std::string PlanBuilder::destination_name(const ObjectRef& object) const {
  return full_name(plan_.spec.destination, object);
}

std::string PlanBuilder::path(const ObjectRef& object) const {
  if (object.kind == Securable::catalog) return id_part(plan_.spec.destination);
  if (object.kind == Securable::schema) return id_part(object.schema);
  return id_part(object.schema) + "." + id_part(object.name);
}

std::string PlanBuilder::add_step(StepKind kind, const std::string& id_path, const ObjectRef& object, std::string sql,
                                  const std::vector<std::string>& depends_on, std::string reason) {
  CloneStep step;
  step.id = std::string(to_string(kind)) + ":" + id_path;
  step.kind = kind;
  step.object = destination_name(object);
  step.sql = std::move(sql);
  for (const std::string& id : depends_on) {
    if (!id.empty()) step.depends_on.push_back(id);
  }
  std::sort(step.depends_on.begin(), step.depends_on.end());
  step.depends_on.erase(std::unique(step.depends_on.begin(), step.depends_on.end()), step.depends_on.end());
  step.reason = std::move(reason);
  plan_.steps.push_back(std::move(step));
  return plan_.steps.back().id;
}

void PlanBuilder::verdict(const ObjectRef& object, std::string aspect, FidelityVerdict what, std::string reason) {
  FidelityEntry entry;
  entry.object = source_name(object);
  entry.aspect = std::move(aspect);
  entry.verdict = what;
  entry.reason = std::move(reason);
  verdicts_.push_back({{object.kind, object.schema, object.name}, std::move(entry)});
}

void PlanBuilder::warn(std::string text) {
  if (warned_.insert(text).second) plan_.warnings.push_back(std::move(text));
}

ClonePlan PlanBuilder::take() {
  std::stable_sort(verdicts_.begin(), verdicts_.end(),
                   [](const RankedVerdict& a, const RankedVerdict& b) { return a.rank < b.rank; });
  for (RankedVerdict& ranked : verdicts_) plan_.fidelity.push_back(std::move(ranked.entry));
  verdicts_.clear();
  return std::move(plan_);
}

}  // namespace dbxauth::clone
