// SPDX-License-Identifier: Apache-2.0
#include "auth/plan_writer.hpp"

#include <utility>

#include "auth/strategies/notebook.hpp"
#include "auth/strategies/refreshing_provider.hpp"
#include "auth/strategy_error.hpp"
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

void PlanWriter::add_strategy(const Completion& completion, bool stop_on_failure, std::string layer) {
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
  if (!planned_.insert(identity_of(completion)).second) return;
  reported_.insert(attempt.strategy);
  Candidate candidate;
  candidate.attempt = std::move(attempt);
  candidate.provider = make_strategy_provider(completion, inputs_);
  candidate.host = completion.host;
  candidate.used = completion.used;
  candidate.stop_on_failure = stop_on_failure;
  candidate.nearness = 10 * completion.present;
  plan_.candidates.push_back(std::move(candidate));
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
  candidate.attempt.layer = layer.label;
  candidate.provider =
      make_failing_provider(shown, with_fix(std::move(error), "set auth_type to one of " + supported_strategy_names()));
  candidate.stop_on_failure = stop_on_failure;
  candidate.nearness = 30;
  candidate.used.push_back({"auth_type", value->provenance});
  reported_.insert(shown);
  plan_.candidates.push_back(std::move(candidate));
}

void PlanWriter::add_notebook() {
  Attempt attempt;
  attempt.strategy = "notebook";
  attempt.layer = std::string(to_string(Layer::notebook));
  if (!inputs_.notebook) {
    attempt.reason = "the program supplies no notebook context";
    add_account(std::move(attempt), -1);
    return;
  }
  const auto source = std::make_shared<NotebookSource>(inputs_.notebook, plan_.host);
  Candidate candidate;
  candidate.attempt = std::move(attempt);
  candidate.provider = std::make_shared<RefreshingProvider>("notebook", source, inputs_.clock, inputs_.policy);
  candidate.late_host = [source] { return source->host(); };
  candidate.nearness = -1;
  plan_.candidates.push_back(std::move(candidate));
}

void PlanWriter::add_accounts_of_the_rest() {
  for (const UnsupportedTrigger& trigger : unsupported_triggers()) {
    const config::AttributeValue* value = sources().find_attribute(trigger.attribute);
    if (value == nullptr || reported_.count(trigger.strategy) != 0) continue;
    if (trigger.attribute == "azure_use_msi") {
      const auto wanted = config::parse_boolean(value->value.reveal(), value->provenance.place);
      if (wanted && !*wanted) continue;
    }
    Attempt attempt;
    attempt.strategy = std::string(trigger.strategy);
    attempt.layer = std::string(to_string(value->provenance.layer));
    attempt.verdict = AttemptVerdict::unavailable;
    attempt.reason = value->provenance.place + " asks for a strategy that this version does not have";
    attempt.fix = "use one of " + supported_strategy_names();
    // Continuous-integration services set such variables for everybody: that alone is no near miss.
    add_account(std::move(attempt), -120);
  }
  for (const Strategy strategy : all_strategies()) {
    const StrategyDescription& description = describe_strategy(strategy);
    if (reported_.count(description.name) != 0) continue;
    Attempt attempt;
    attempt.strategy = std::string(description.name);
    if (strategy == Strategy::databricks_cli) attempt.missing.push_back("DATABRICKS_HOST");
    if (strategy != Strategy::databricks_cli && plan_.host.empty()) attempt.missing.push_back("DATABRICKS_HOST");
    for (const std::string_view name : description.credential) attempt.missing.push_back(variable_name(name, false));
    attempt.reason = list(attempt.missing) + (attempt.missing.size() == 1 ? " is missing" : " are missing");
    attempt.fix = "set " + list(attempt.missing);
    const int nearness = -static_cast<int>(attempt.missing.size());
    add_account(std::move(attempt), nearness);
  }
}

}  // namespace dbxauth::auth
