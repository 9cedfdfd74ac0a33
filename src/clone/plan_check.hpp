// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dbxauth/clone.hpp"

namespace dbxauth::clone {

/// Refuses a plan that cannot be run as it is written: ids missing or used twice, statements missing, steps that depend
/// on unknown or later ones, a spec out of its limits. ErrorCode::invalid_argument.
Result<void> check_plan(const ClonePlan& plan);

/// Refuses a plan with a statement that does anything but what its step says to an object of the destination: a saved
/// plan is a file that anything can change, and the source is never written to.
Result<void> check_statements(const ClonePlan& plan);

/// Catalog and schema in which a step's unqualified names resolve: those of the object that it makes. Both are empty
/// for steps whose statements have full names only.
struct SessionDefaults {
  std::string catalog;
  std::string schema;
};
SessionDefaults session_defaults(const CloneStep& step);

}  // namespace dbxauth::clone
