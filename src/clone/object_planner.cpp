// SPDX-License-Identifier: Apache-2.0
#include "clone/object_planner.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/text.hpp"
#include "catalog/sql_text.hpp"
#include "clone/dependency_order.hpp"
#include "clone/sql_tokenizer.hpp"

namespace dbxauth::clone {
namespace {

using base::equals_ignoring_case;

std::string key(std::string_view schema, std::string_view name) {
  return base::to_lower(schema) + '\0' + base::to_lower(name);
}

RewriteContext rewrite_context(const CloneSpec& spec, const ObjectRef& ref) {
  return {spec.source, spec.destination, ref.schema};
}

bool is_external(const FunctionInventory& function) {
  return equals_ignoring_case(function.body_kind, "EXTERNAL");
}

/// A function with every SQL text of it rewritten, and everything that the rewriting found.
struct RewrittenFunction {
  FunctionInventory function;
  RewrittenSql found;
};

RewrittenFunction rewrite(const FunctionInventory& function, const RewriteContext& context) {
  RewrittenFunction result;
  result.function = function;
  const auto apply = [&](std::string& text) {
    RewrittenSql rewritten = rewrite_references(text, context);
    text = std::move(rewritten.text);
    auto& found = result.found;
    found.dependencies.insert(found.dependencies.end(), rewritten.dependencies.begin(), rewritten.dependencies.end());
    found.notes.insert(found.notes.end(), rewritten.notes.begin(), rewritten.notes.end());
  };
  if (!is_external(function)) apply(result.function.definition);
  for (FunctionParameter& parameter : result.function.parameters) {
    if (parameter.default_value) apply(*parameter.default_value);
  }
  return result;
}

std::string parameter_obstacle(const std::vector<FunctionParameter>& parameters) {
  for (const FunctionParameter& parameter : parameters) {
    for (const std::string& text : {parameter.type_text, parameter.default_value.value_or(std::string())}) {
      const std::string broken = embedding_obstacle(text);
      if (!broken.empty()) return fmt::format("parameter `{}` cannot be written down: {}", parameter.name, broken);
      if (ends_in_line_comment(text)) return fmt::format("parameter `{}` ends in a comment", parameter.name);
    }
    if (parameter.type_text.empty()) return fmt::format("the type of `{}` is not known", parameter.name);
  }
  return {};
}

}  // namespace

void ObjectPlanner::add_schema(const SchemaInventory& schema, const std::string& schema_step) {
  for (const TableInventory& relation : schema.tables) {
    Node node;
    node.ref = {is_view(relation) ? Securable::view : Securable::table, schema.name, relation.name};
    node.relation = &relation;
    node.schema_step = schema_step;
    nodes_.push_back(std::move(node));
  }
  for (const FunctionInventory& function : schema.functions) {
    Node node;
    node.ref = {Securable::function, schema.name, function.name};
    node.function = &function;
    node.schema_step = schema_step;
    nodes_.push_back(std::move(node));
  }
}

void ObjectPlanner::plan(std::vector<PlannedObject>& planned) {
  const auto rank = [](const Node& node) {
    const int kind = node.ref.kind == Securable::table ? 0 : node.ref.kind == Securable::function ? 1 : 2;
    return std::make_tuple(kind, node.ref.schema, node.ref.name);
  };
  std::sort(nodes_.begin(), nodes_.end(), [&](const Node& a, const Node& b) { return rank(a) < rank(b); });
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    auto& names = nodes_[i].function != nullptr ? functions_ : relations_;
    names.emplace(key(nodes_[i].ref.schema, nodes_[i].ref.name), i);
  }
  for (Node& node : nodes_) decide(node);

  std::vector<std::vector<std::size_t>> depends_on;
  for (std::size_t i = 0; i < nodes_.size(); ++i) depends_on.push_back(edges(i));
  const DependencyOrder order = order_by_dependencies(depends_on);
  for (const std::vector<std::size_t>& cycle : order.cycles) skip_cycle(cycle);
  for (const std::size_t index : order.order) finish(nodes_[index]);
  for (const Node& node : nodes_) append(node, planned);
}

void ObjectPlanner::decide(Node& node) {
  if (node.function != nullptr) return decide_function(node);
  if (is_view(*node.relation)) return decide_view(node);
  TableDecision decision =
      tables_.decide(node.ref, *node.relation, destination_.relation(node.ref.schema, node.ref.name));
  node.there = decision.there;
  node.skipped = std::move(decision.skipped);
  node.kind = decision.kind;
  node.sql = std::move(decision.sql);
  node.reason = std::move(decision.reason);
}

void ObjectPlanner::decide_view(Node& node) {
  const CloneSpec& spec = plan_.spec();
  const TableInventory& view = *node.relation;
  const TableInventory* there = destination_.relation(node.ref.schema, node.ref.name);
  node.there = there != nullptr;
  node.kind = StepKind::create_view;
  if (!spec.copy_views) {
    node.skipped = "not asked for: copy_views is false";
  } else if (there != nullptr && !is_view(*there)) {
    node.skipped = fmt::format("the destination has a {} of that name", there->table_type);
  } else if (base::trim(view.view_definition).empty()) {
    node.skipped = "its text is not visible to this identity; only the owner and those who may MANAGE it see it";
  } else if (const std::string broken = embedding_obstacle(without_terminator(view.view_definition)); !broken.empty()) {
    node.skipped = "its text cannot be used: " + broken;
  }
  if (!node.skipped.empty()) {
    if (!spec.copy_views || there == nullptr || !is_view(*there)) return;
    node.skipped.clear();
    plan_.verdict(node.ref, "definition", FidelityVerdict::already_there, "kept as it is; the texts were not compared");
    return;
  }

  RewrittenSql rewritten = rewrite_references(view.view_definition, rewrite_context(spec, node.ref));
  const std::string name = plan_.destination_name(node.ref);
  const OnExisting on_existing = spec.if_exists == IfExists::replace ? OnExisting::replace : OnExisting::keep;
  node.sql = create_view_sql(name, view, rewritten.text, on_existing, spec.copy_comments);
  node.reason = "the destination lacks the view";
  if (there != nullptr) {
    const bool visible = !there->view_definition.empty();
    keep_or_replace(node, node.sql,
                    create_view_sql(name, *there, there->view_definition, on_existing, spec.copy_comments), visible);
  }
  if (node.sql.empty()) return;
  note_rewriting(node, rewritten);
  node.references = std::move(rewritten.dependencies);
}

void ObjectPlanner::decide_function(Node& node) {
  const CloneSpec& spec = plan_.spec();
  const FunctionInventory* there = destination_.function(node.ref.schema, node.ref.name);
  node.there = there != nullptr;
  node.kind = StepKind::create_function;
  node.skipped = spec.copy_functions ? function_obstacle(*node.function) : "not asked for: copy_functions is false";
  if (!node.skipped.empty()) {
    if (!spec.copy_functions || there == nullptr) return;
    node.skipped.clear();
    plan_.verdict(node.ref, "definition", FidelityVerdict::already_there,
                  "kept as it is; the bodies were not compared");
    return;
  }

  RewrittenFunction rewritten = rewrite(*node.function, rewrite_context(spec, node.ref));
  const std::string name = plan_.destination_name(node.ref);
  const OnExisting on_existing = spec.if_exists == IfExists::replace ? OnExisting::replace : OnExisting::keep;
  node.sql = create_function_sql(name, rewritten.function, on_existing, spec.copy_comments);
  node.reason = "the destination lacks the function";
  if (there != nullptr) {
    keep_or_replace(node, node.sql, create_function_sql(name, *there, on_existing, spec.copy_comments),
                    !there->definition.empty());
  }
  if (node.sql.empty()) return;
  note_rewriting(node, rewritten.found);
  node.references = std::move(rewritten.found.dependencies);
}

/// For an object that is there: clears the statement unless the object differs and may be replaced.
void ObjectPlanner::keep_or_replace(Node& node, const std::string& wanted, const std::string& present,
                                    bool text_visible) {
  const bool same = text_visible && same_sql(wanted, present);
  if (!same && plan_.spec().if_exists == IfExists::replace) {
    node.reason = "it differs from the source's, and if_exists is \"replace\"";
    return;
  }
  node.sql.clear();
  if (same) return plan_.verdict(node.ref, "definition", FidelityVerdict::already_there);
  const std::string why = text_visible ? "it differs from the source's and is kept: if_exists is not \"replace\""
                                       : "kept as it is; its text is not visible, so it was not compared";
  plan_.verdict(node.ref, "definition", FidelityVerdict::already_there, why);
  plan_.warn(fmt::format("{}: {}.", plan_.destination_name(node.ref), why));
}

void ObjectPlanner::note_rewriting(const Node& node, const RewrittenSql& rewritten) {
  for (const std::string& note : rewritten.notes) plan_.warn(plan_.source_name(node.ref) + ": " + note);
}

std::string ObjectPlanner::function_obstacle(const FunctionInventory& function) const {
  if (base::trim(function.definition).empty()) {
    return "its body is not visible to this identity; only the owner and those who may MANAGE it see it";
  }
  const bool table_function = equals_ignoring_case(function.return_type, "TABLE");
  if (is_external(function)) {
    if (!equals_ignoring_case(function.language, "PYTHON")) {
      return fmt::format("functions in {} are not supported",
                         function.language.empty() ? "an unknown language" : function.language);
    }
    if (table_function) return "the handler class of a Python table function cannot be read back";
    if (function.definition.find("$$") != std::string::npos || function.definition.back() == '$') {
      return "its body cannot stand between $$ and $$, because it has $$ in it or ends in $";
    }
  } else if (const std::string broken = embedding_obstacle(without_terminator(function.definition)); !broken.empty()) {
    return "its body cannot be used: " + broken;
  }
  if (table_function && function.return_columns.empty()) return "the columns that it returns are not visible";
  if (!embedding_obstacle(function.return_type).empty()) return "its return type is not a type";
  if (std::string broken = parameter_obstacle(function.parameters); !broken.empty()) return broken;
  return parameter_obstacle(function.return_columns);
}

const ObjectPlanner::Node* ObjectPlanner::find(const SqlDependency& reference) const {
  // What is called is a function; what is not called may still be a table function's name only in broken texts.
  const auto& names = reference.called ? functions_ : relations_;
  const auto found = names.find(key(reference.schema, reference.object));
  return found == names.end() ? nullptr : &nodes_[found->second];
}

bool ObjectPlanner::in_destination(const SqlDependency& reference) const {
  return reference.called ? destination_.function(reference.schema, reference.object) != nullptr
                          : destination_.relation(reference.schema, reference.object) != nullptr;
}

std::vector<std::size_t> ObjectPlanner::edges(std::size_t index) {
  std::vector<std::size_t> below;
  const Node& node = nodes_[index];
  for (const SqlDependency& reference : node.references) {
    const Node* target = find(reference);
    if (target == nullptr || target->sql.empty()) continue;
    const auto other = static_cast<std::size_t>(target - nodes_.data());
    if (other == index && !reference.names_catalog) {
      plan_.warn(
          fmt::format("{}: its text uses its own name without a catalog; in the place where it was created that was "
                      "another object.",
                      plan_.source_name(node.ref)));
      continue;
    }
    below.push_back(other);
  }
  return below;
}

void ObjectPlanner::skip_cycle(const std::vector<std::size_t>& cycle) {
  std::string round;
  for (const std::size_t index : cycle) round += plan_.source_name(nodes_[index].ref) + " -> ";
  round += plan_.source_name(nodes_[cycle.front()].ref);
  for (const std::size_t index : cycle) {
    Node& node = nodes_[index];
    node.skipped = "it depends on itself: " + round;
    node.sql.clear();
    plan_.verdict(node.ref, "definition", FidelityVerdict::skipped, node.skipped);
  }
}

/// Called when everything that the node depends on has been finished.
void ObjectPlanner::finish(Node& node) {
  const bool is_table = node.ref.kind == Securable::table;
  std::vector<std::string> depends_on = {node.schema_step};
  for (const SqlDependency& reference : node.references) {
    if (const Node* target = find(reference); target != nullptr && target != &node)
      depends_on.push_back(target->step_id);
    if (node.skipped.empty()) node.skipped = missing_dependency(node, reference);
  }
  if (!node.skipped.empty()) {
    node.sql.clear();
    if (!is_table) plan_.verdict(node.ref, "definition", FidelityVerdict::skipped, node.skipped);
    return;
  }
  if (node.sql.empty()) return;
  node.step_id = plan_.add_step(node.kind, plan_.path(node.ref), node.ref, node.sql, depends_on, node.reason);
  if (is_table) return;
  if (node.function == nullptr) {
    plan_.verdict(node.ref, "view properties", FidelityVerdict::skipped,
                  "information_schema does not show the properties and the schema binding of views");
  }
  const bool sql_text = node.function == nullptr || !is_external(*node.function);
  plan_.verdict(node.ref, "definition", FidelityVerdict::recreated,
                sql_text ? fmt::format("from its text, with references to {} turned to {}",
                                       catalog::quote_name({plan_.spec().source}),
                                       catalog::quote_name({plan_.spec().destination}))
                         : "from its source text, unchanged");
}

/// Why `reference` will not be there for `node`; empty when it will, or when it is none of the source catalog's
/// objects.
std::string ObjectPlanner::missing_dependency(const Node& node, const SqlDependency& reference) const {
  const Node* target = find(reference);
  if (target == &node || in_destination(reference)) return {};
  const std::string name = catalog::quote_name({plan_.spec().source, reference.schema, reference.object});
  if (target != nullptr) {
    return target->skipped.empty() ? std::string() : fmt::format("it depends on {}, which is skipped", name);
  }
  const bool in_source = reference.called ? source_.function(reference.schema, reference.object) != nullptr
                                          : source_.relation(reference.schema, reference.object) != nullptr;
  if (in_source) return fmt::format("it depends on {}, whose schema is not part of this clone", name);
  // Without a catalog it may be a built-in function, a parameter, or an object of the place where the text was created.
  if (!reference.names_catalog) return {};
  return fmt::format("it depends on {}, which does not exist or is not visible to this identity", name);
}

void ObjectPlanner::append(const Node& node, std::vector<PlannedObject>& planned) const {
  PlannedObject object;
  object.ref = node.ref;
  object.step_id = node.step_id;
  object.skipped = node.skipped;
  if (node.function != nullptr) {
    object.source = &node.function->attributes;
    const FunctionInventory* there = destination_.function(node.ref.schema, node.ref.name);
    object.destination = there != nullptr ? &there->attributes : nullptr;
  } else {
    object.source = &node.relation->attributes;
    object.source_columns = &node.relation->columns;
    if (const TableInventory* there = destination_.relation(node.ref.schema, node.ref.name)) {
      object.destination = &there->attributes;
      object.destination_columns = &there->columns;
    }
  }
  const bool made = !node.step_id.empty();
  object.comment_made = made && plan_.spec().copy_comments && node.kind != StepKind::clone_table;
  // CLONE takes the columns' comments along whatever is asked for.
  object.column_comments_made = made && (plan_.spec().copy_comments || node.kind == StepKind::clone_table);
  planned.push_back(std::move(object));
}

}  // namespace dbxauth::clone
