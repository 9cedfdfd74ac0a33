// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "clone/attribute_planner.hpp"
#include "clone/catalog_index.hpp"
#include "clone/plan_builder.hpp"
#include "clone/reference_rewriter.hpp"
#include "clone/table_planner.hpp"

namespace dbxauth::clone {

/// Plans tables, functions and views as one dependency graph. The inventories must outlive it.
class ObjectPlanner {
 public:
  ObjectPlanner(PlanBuilder& plan, const CatalogIndex& source, const CatalogIndex& destination)
      : plan_(plan), source_(source), destination_(destination), tables_(plan) {}

  /// Adds a chosen schema's objects. `schema_step` is the step that makes the schema, empty when it is there.
  void add_schema(const SchemaInventory& schema, const std::string& schema_step);

  /// Adds the steps and verdicts of everything added; call once. What comments, tags and grants need is appended.
  void plan(std::vector<PlannedObject>& planned);

 private:
  /// One table, view or function.
  struct Node {
    ObjectRef ref;
    const TableInventory* relation = nullptr;
    const FunctionInventory* function = nullptr;
    std::string schema_step;
    bool there = false;  ///< The destination has an object of that name.
    std::string skipped;
    StepKind kind = StepKind::create_view;
    std::string sql;  ///< Empty when nothing is to be done.
    std::string reason;
    std::vector<SqlDependency> references;
    std::string step_id;
  };

  void decide(Node& node);
  void decide_view(Node& node);
  void decide_function(Node& node);
  void keep_or_replace(Node& node, const std::string& wanted, const std::string& present, bool text_visible);
  void note_rewriting(const Node& node, const RewrittenSql& rewritten);
  std::string function_obstacle(const FunctionInventory& function) const;

  const Node* find(const SqlDependency& reference) const;
  bool in_destination(const SqlDependency& reference) const;
  std::vector<std::size_t> edges(std::size_t index);
  void skip_cycle(const std::vector<std::size_t>& cycle);
  void finish(Node& node);
  std::string missing_dependency(const Node& node, const SqlDependency& reference) const;
  void append(const Node& node, std::vector<PlannedObject>& planned) const;

  PlanBuilder& plan_;
  const CatalogIndex& source_;
  const CatalogIndex& destination_;
  TablePlanner tables_;
  std::vector<Node> nodes_;
  std::map<std::string, std::size_t> relations_;  ///< "schema\0name", lower case.
  std::map<std::string, std::size_t> functions_;
};

}  // namespace dbxauth::clone
