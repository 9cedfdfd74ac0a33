// SPDX-License-Identifier: Apache-2.0
#include "auth/plan_writer.hpp"

#include <algorithm>
#include <utility>

#include "auth/strategies/model_serving.hpp"
#include "auth/strategies/notebook.hpp"
#include "auth/strategy_error.hpp"
#include "auth/strategy_signs.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

/// The host that a credential of no layer, such as a program's own provider, may be sent to.
std::string host_outside_dotenv(const config::ConfigSources& sources) {
  for (const config::AttributeLayer& layer : sources.layers) {
    if (layer.layer == Layer::dotenv || layer.text("host").empty()) continue;
    const auto host = config::normalize_host(layer.text("host"));
    return host ? host->host : std::string();
  }
  return {};
}

std::string requested_host(const config::ConfigSources& sources) {
  const config::AttributeValue* value = sources.find_attribute("host");
  if (value == nullptr) return {};
  const auto host = config::normalize_host(value->value.reveal());
  return host ? host->host : std::string();
}

/// Which values a candidate would use, by where they are kept.
std::string identity_of(const Completion& completion) {
  std::string identity(completion.strategy->name);
  for (const auto& [name, value] : completion.values) {
    identity += "|" + name + "@" + value->provenance.place + "@" + std::string(to_string(value->provenance.layer));
  }
  return identity + "|" + completion.host;
}

std::string list(const std::vector<std::string>& names) {
  return base::join(names, ", ");
}

}  // namespace

PlanWriter::PlanWriter(const ChainInputs& inputs) : inputs_(inputs) {
  for (const config::AttributeLayer& layer : inputs.sources->layers) everything_.layers.push_back(&layer);
  plan_.host = requested_host(*inputs.sources);
  plan_.notes = inputs.sources->warnings;
  plan_.notes.insert(plan_.notes.end(), inputs.sources->hints.begin(), inputs.sources->hints.end());
}

Completion PlanWriter::complete(const StrategyDescription& strategy, const config::AttributeLayer& origin,
                                const std::vector<std::string_view>& also_required) const {
  return complete(strategy, origin, everything_, also_required);
}

Completion PlanWriter::complete(const StrategyDescription& strategy, const config::AttributeLayer& origin,
                                const LayerScope& scope, const std::vector<std::string_view>& also_required) const {
  Completion completion = complete_strategy(strategy, origin, scope, sources().environment, also_required);
  if (strategy.strategy == Strategy::model_serving && completion.host.empty()) {
    completion.host = model_serving_host(sources().environment);
    if (!completion.host.empty()) completion.missing.clear();
  }
  return completion;
}

void PlanWriter::add_account(Attempt attempt, int nearness) {
  reported_.insert(attempt.strategy);
  Candidate candidate;
  candidate.attempt = std::move(attempt);
  candidate.nearness = nearness;
  plan_.candidates.push_back(std::move(candidate));
}

void PlanWriter::add_own_providers() {
  const std::string host = host_outside_dotenv(sources());
  for (const auto& provider : inputs_.providers) {
    if (!provider) continue;
    Candidate candidate;
    candidate.attempt.strategy = std::string(provider->name());
    candidate.attempt.layer = "program";
    candidate.provider = provider;
    candidate.host = host;
    candidate.stop_on_failure = true;
    candidate.nearness = 3;
    plan_.candidates.push_back(std::move(candidate));
  }
}

void PlanWriter::add_strategy(const Completion& completion, bool stop_on_failure, std::string layer, CloudNeed cloud) {
  Attempt attempt;
  attempt.strategy = std::string(completion.strategy->name);
  attempt.layer = layer.empty() ? completion.layer_label : std::move(layer);
  if (!completion.refusal.empty()) {
    attempt.verdict = AttemptVerdict::ignored;
    attempt.reason = completion.refusal;
    attempt.fix = "name the host in the same place as the credential, or leave the other host out";
    add_account(std::move(attempt), 20);
    return;
  }
  if (!completion.missing.empty()) {
    attempt.reason = list(completion.missing) + (completion.missing.size() == 1 ? " is missing" : " are missing");
    attempt.fix = "set " + list(completion.missing);
    attempt.missing = completion.missing;
    add_account(std::move(attempt), 10 * completion.present - static_cast<int>(completion.missing.size()));
    return;
  }
  add_candidate(completion, std::move(attempt), stop_on_failure, cloud);
}

void PlanWriter::add_candidate(const Completion& completion, Attempt attempt, bool stop_on_failure, CloudNeed cloud) {
  if (!planned_.insert(identity_of(completion)).second) return;
  reported_.insert(attempt.strategy);
  Candidate candidate;
  candidate.attempt = std::move(attempt);
  StrategyProvider made = make_strategy_provider(completion, inputs_, cloud);
  candidate.provider = std::move(made.provider);
  candidate.late_host = std::move(made.late_host);
  candidate.host = completion.host;
  candidate.used = completion.used;
  candidate.stop_on_failure = stop_on_failure;
  candidate.nearness = 10 * completion.present;
  plan_.candidates.push_back(std::move(candidate));
}

void PlanWriter::add_ambient(const Completion& completion) {
  const std::size_t before = plan_.candidates.size();
  add_strategy(completion, false, "this machine");
  if (plan_.candidates.size() == before) return;
  Candidate& candidate = plan_.candidates.back();
  candidate.nearness = -2;
  if (completion.strategy->strategy == Strategy::azure_msi) candidate.limit = inputs_.probe_budget;
}

bool PlanWriter::has_candidate(std::string_view strategy) const {
  return std::any_of(plan_.candidates.begin(), plan_.candidates.end(), [strategy](const Candidate& candidate) {
    return candidate.provider != nullptr && candidate.attempt.strategy == strategy;
  });
}

void PlanWriter::add_ignored(const Completion& completion, std::string reason) {
  Attempt attempt;
  attempt.strategy = std::string(completion.strategy->name);
  attempt.layer = completion.layer_label;
  attempt.verdict = AttemptVerdict::ignored;
  // It may quote an attribute, and the attribute may be a misplaced secret or a whole file.
  attempt.reason = base::redact_excerpt(reason);
  add_account(std::move(attempt), 10 * completion.present);
}

void PlanWriter::add_unusable_auth_type(const config::AttributeLayer& layer, bool stop_on_failure) {
  const config::AttributeValue* value = layer.find("auth_type");
  const std::string type(base::trim(value->value.reveal()));
  const std::string place = value->provenance.place;
  // An unknown name may be a misplaced secret: it passes the filter before it is shown.
  const std::string shown = base::redact_excerpt(type, 60);
  Error error;
  if (is_known_unsupported_strategy(type)) {
    error = Error(ErrorCode::unsupported, "auth_type \"" + shown + "\" (" + place +
                                              ") is a strategy of Databricks that this version does not have");
  } else {
    error = Error(ErrorCode::configuration, "auth type \"" + shown + "\" not found (" + place + ")");
  }
  Candidate candidate;
  candidate.attempt.strategy = shown;
  const config::AttributeLayer* stated_in = sources().find(value->provenance.layer);
  candidate.attempt.layer = stated_in == nullptr ? layer.label : stated_in->label;
  candidate.provider =
      make_failing_provider(shown, with_fix(std::move(error), "set auth_type to one of " + supported_strategy_names()));
  candidate.stop_on_failure = stop_on_failure;
  candidate.nearness = 30;
  candidate.used.push_back({"auth_type", value->provenance});
  reported_.insert(shown);
  plan_.candidates.push_back(std::move(candidate));
}

void PlanWriter::add_notebook(bool stop_on_failure) {
  Attempt attempt;
  attempt.strategy = "notebook";
  attempt.layer = std::string(to_string(Layer::notebook));
  if (!inputs_.notebook) {
    attempt.reason = "the program supplies no notebook context";
    // Outside notebooks nobody can do anything about it.
    add_account(std::move(attempt), stop_on_failure ? 30 : -40);
    return;
  }
  const auto source = std::make_shared<NotebookSource>(inputs_.notebook, plan_.host);
  Candidate candidate;
  candidate.attempt = std::move(attempt);
  candidate.provider = make_refreshing_provider("notebook", source, inputs_);
  candidate.late_host = [source] { return source->host(); };
  candidate.stop_on_failure = stop_on_failure;
  candidate.nearness = -1;
  plan_.candidates.push_back(std::move(candidate));
}

Attempt PlanWriter::account_of_unconfigured(const StrategyDescription& strategy) const {
  Attempt attempt;
  attempt.strategy = std::string(strategy.name);
  if (plan_.host.empty()) attempt.missing.push_back("DATABRICKS_HOST");
  for (const std::string_view name : strategy.credential) attempt.missing.push_back(variable_name(name, false));
  for (const std::string_view name : strategy.variables) {
    if (!sources().environment.get(name)) attempt.missing.emplace_back(name);
  }
  if (strategy.strategy == Strategy::env_oidc) attempt.missing.push_back(base::redact(oidc_token_variable(sources())));
  if (strategy.strategy == Strategy::model_serving) {
    attempt.missing.clear();
    attempt.reason = "this is no model serving container";
    return attempt;
  }
  if (attempt.missing.empty()) {
    attempt.reason =
        strategy.cloud == CloudNeed::azure ? "the host is not known to be an Azure workspace" : "nothing asks for it";
    return attempt;
  }
  attempt.reason = list(attempt.missing) + (attempt.missing.size() == 1 ? " is missing" : " are missing");
  attempt.fix = "set " + list(attempt.missing);
  return attempt;
}

void PlanWriter::add_accounts_of_the_rest() {
  for (const Strategy strategy : all_strategies()) {
    const StrategyDescription& description = describe_strategy(strategy);
    if (reported_.count(description.name) != 0) continue;
    Attempt attempt = account_of_unconfigured(description);
    // What most people use comes first among equals.
    const int rarity = strategy == Strategy::pat || strategy == Strategy::oauth_m2m ? 0
                       : description.of_machine                                     ? 20
                                                                                    : 10;
    const int nearness = -static_cast<int>(attempt.missing.size()) - rarity;
    add_account(std::move(attempt), nearness);
  }
}

}  // namespace dbxauth::auth
