// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "auth/attribute_completion.hpp"
#include "auth/credential_resolver.hpp"
#include "auth/strategy_factory.hpp"

namespace dbxauth::auth {

/// Puts a CredentialPlan together: what all rule sets do in the same way. Used by one thread, for one plan.
class PlanWriter {
 public:
  explicit PlanWriter(const ChainInputs& inputs);

  const config::ConfigSources& sources() const noexcept { return *inputs_.sources; }
  const ChainInputs& inputs() const noexcept { return inputs_; }
  /// All layers of the configuration, highest first.
  const LayerScope& everything() const noexcept { return everything_; }

  void add_own_providers();
  /// A candidate when complete; else its account: what is missing, or why it may not be used. `layer` overrides the
  /// label.
  void add_strategy(const Completion& completion, bool stop_on_failure, std::string layer = {});
  /// Reports a configured strategy that is not considered.
  void add_ignored(const Completion& completion, std::string reason);
  /// An auth_type that cannot be served: known to Databricks but not built, or unknown to everybody.
  void add_unusable_auth_type(const config::AttributeLayer& layer, bool stop_on_failure);
  void add_notebook();
  /// One account for every strategy that has none yet, and for configured ones that are not built.
  void add_accounts_of_the_rest();

  void refuse(Error error) { plan_.refusal = std::move(error); }
  void set_failure_prefix(std::string text) { plan_.failure_prefix = std::move(text); }
  CredentialPlan take() { return std::move(plan_); }

 private:
  void add_account(Attempt attempt, int nearness);

  const ChainInputs& inputs_;
  LayerScope everything_;
  CredentialPlan plan_;
  std::set<std::string, std::less<>> reported_;
  std::set<std::string, std::less<>> planned_;  // one fingerprint per candidate: the same values are not tried twice
};

}  // namespace dbxauth::auth
