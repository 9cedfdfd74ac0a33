// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>

#include "clone/plan_builder.hpp"
#include "dbxauth/catalog.hpp"

namespace dbxauth::clone {

/// What is done with one table: a statement, or why there is none.
struct TableDecision {
  std::string skipped;  ///< Why the table is not made; empty otherwise.
  bool there = false;   ///< The destination has a relation of that name, whatever it is.
  StepKind kind = StepKind::clone_table;
  std::string sql;  ///< Empty when skipped, or when what is there is kept.
  std::string reason;
};

/// Decides over tables one by one and gives the verdicts on their data, definition and location.
class TablePlanner {
 public:
  explicit TablePlanner(PlanBuilder& plan) : plan_(plan) {}

  /// `there` is the destination's relation of the same name, or null.
  TableDecision decide(const ObjectRef& ref, const TableInventory& table, const TableInventory* there);

 private:
  std::string obstacle(const TableInventory& table) const;
  std::string replacement_obstacle(const TableInventory& there) const;
  std::string shallow_obstacle(const TableInventory& table) const;
  std::string columns_obstacle(const TableInventory& table) const;
  void verdicts_of_made(const ObjectRef& ref, const TableInventory& table, const std::optional<std::string>& location);
  void verdicts_on_protection(const ObjectRef& ref, const TableInventory& table);
  void verdicts_on_loss(const ObjectRef& ref, const TableInventory& table);

  PlanBuilder& plan_;
  std::set<std::string> locations_;  ///< Of the destination, each used once.
};

/// "VIEW", "MATERIALIZED_VIEW", … are relations that hold no data of their own to clone; this is true for plain views.
bool is_view(const TableInventory& relation) noexcept;

}  // namespace dbxauth::clone
