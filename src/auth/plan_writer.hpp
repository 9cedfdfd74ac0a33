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

  /// See complete_strategy(); from all layers of the configuration, or from those of `scope`.
  Completion complete(const StrategyDescription& strategy, const config::AttributeLayer& origin,
                      const std::vector<std::string_view>& also_required = {}) const;
  Completion complete(const StrategyDescription& strategy, const config::AttributeLayer& origin,
                      const LayerScope& scope, const std::vector<std::string_view>& also_required) const;

  void add_own_providers();
  /// A candidate when complete; else its account: what is missing, or why it may not be used. `layer` overrides the
  /// label. With `cloud`, the strategy declines for hosts that are not of it; a host that does not tell by its name is
  /// asked when the candidate's turn comes.
  void add_strategy(const Completion& completion, bool stop_on_failure, std::string layer = {},
                    CloudNeed cloud = CloudNeed::any);
  /// A strategy that nobody configured: it is passed over when it fails, and where it has to look on the network
  /// whether it exists at all, that is limited.
  void add_ambient(const Completion& completion);
  /// Whether a strategy of that name will be tried.
  bool has_candidate(std::string_view strategy) const;
  /// Reports a configured strategy that is not considered.
  void add_ignored(const Completion& completion, std::string reason);
  /// An auth_type that cannot be served: known to Databricks but not built, or unknown to everybody.
  void add_unusable_auth_type(const config::AttributeLayer& layer, bool stop_on_failure);
  void add_notebook(bool stop_on_failure);
  /// One account for every strategy that has none yet.
  void add_accounts_of_the_rest();

  void refuse(Error error) { plan_.refusal = std::move(error); }
  void set_failure_prefix(std::string text) { plan_.failure_prefix = std::move(text); }
  CredentialPlan take() { return std::move(plan_); }

 private:
  void add_account(Attempt attempt, int nearness);
  void add_candidate(const Completion& completion, Attempt attempt, bool stop_on_failure, CloudNeed cloud);
  Attempt account_of_unconfigured(const StrategyDescription& strategy) const;

  const ChainInputs& inputs_;
  LayerScope everything_;
  CredentialPlan plan_;
  std::set<std::string, std::less<>> reported_;
  std::set<std::string, std::less<>> planned_;  // one fingerprint per candidate: the same values are not tried twice
};

}  // namespace dbxauth::auth
