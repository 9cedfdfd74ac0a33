// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "clone/plan_builder.hpp"

namespace dbxauth::clone {

/// What became of an object's definition, as far as its comments, tags and grants need to know.
struct PlannedObject {
  ObjectRef ref;
  const ObjectAttributes* source = nullptr;                           ///< Never null.
  const ObjectAttributes* destination = nullptr;                      ///< Null when the object is not there yet.
  const std::vector<ColumnInventory>* source_columns = nullptr;       ///< Tables and views only.
  const std::vector<ColumnInventory>* destination_columns = nullptr;  ///< Null when not there yet.
  std::string step_id;                ///< The step that makes it; empty when it is there already.
  std::string skipped;                ///< Why it is not made and not there; empty otherwise.
  bool comment_made = false;          ///< The step sets the object's comment itself.
  bool column_comments_made = false;  ///< The step sets the columns' comments itself.
};

/// Plans comments, tags and, behind all of them, grants, for objects in the order given; and gives the verdicts on them
/// and on the owner.
void plan_attributes(PlanBuilder& plan, const std::vector<PlannedObject>& objects);

}  // namespace dbxauth::clone
