// SPDX-License-Identifier: Apache-2.0
#include "auth/chain_builder.hpp"

#include "auth/chain_rules.hpp"

namespace dbxauth::auth {

CredentialPlan plan_credentials(const ChainInputs& inputs) {
  PlanWriter writer(inputs);
  writer.add_own_providers();
  switch (inputs.sources->rules) {
    case ChainRules::layered:
      write_layered_plan(writer);
      break;
    case ChainRules::clone_xs:
      write_clone_xs_plan(writer);
      break;
    case ChainRules::databricks_sdk:
      write_databricks_sdk_plan(writer);
      break;
  }
  return writer.take();
}

}  // namespace dbxauth::auth
