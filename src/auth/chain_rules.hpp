// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "auth/plan_writer.hpp"

namespace dbxauth::auth {

/// The three rule sets; each writes its candidates, in order, into the plan.
void write_layered_plan(PlanWriter& writer);
void write_clone_xs_plan(PlanWriter& writer);
void write_databricks_sdk_plan(PlanWriter& writer);

}  // namespace dbxauth::auth
