// SPDX-License-Identifier: Apache-2.0
#include "auth/strategy_signs.hpp"

#include <algorithm>

#include "auth/strategies/azure_environment.hpp"
#include "auth/strategies/model_serving.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

using config::AttributeLayer;
using config::ConfigSources;

bool states(const AttributeLayer& layer, std::string_view attribute) {
  return layer.find(attribute) != nullptr;
}

bool all_variables_set(const StrategyDescription& strategy, const ConfigSources& sources) {
  return std::all_of(strategy.variables.begin(), strategy.variables.end(),
                     [&sources](std::string_view name) { return sources.environment.get(name).has_value(); });
}

bool in_github_job(const ConfigSources& sources) {
  return any_layer_states(sources, "actions_id_token_request_url") &&
         any_layer_states(sources, "actions_id_token_request_token");
}

bool wants_managed_identity(const AttributeLayer& layer) {
  const config::AttributeValue* value = layer.find("azure_use_msi");
  if (value == nullptr) return false;
  const auto wanted = config::parse_boolean(value->value.reveal(), value->provenance.place);
  return !wanted || *wanted;  // what cannot be read is reported by the strategy
}

bool refuses_managed_identity(const ConfigSources& sources) {
  const config::AttributeValue* value = sources.find_attribute("azure_use_msi");
  if (value == nullptr) return false;
  const auto wanted = config::parse_boolean(value->value.reveal(), value->provenance.place);
  return wanted && !*wanted;
}

/// `host` may carry a scheme and a port.
bool has_suffix(std::string_view host, std::string_view suffix) {
  const auto scheme = host.find("://");
  if (scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
  host = host.substr(0, host.find(':'));
  return host.size() > suffix.size() && base::equals_ignoring_case(host.substr(host.size() - suffix.size()), suffix);
}

bool is_azure(const ConfigSources& sources) {
  std::string host;
  if (const config::AttributeValue* value = sources.find_attribute("host")) {
    const auto normalized = config::normalize_host(value->value.reveal());
    if (normalized) host = normalized->host;
  }
  const config::AttributeValue* cloud = sources.find_attribute("cloud");
  return known_cloud(host, cloud == nullptr ? std::string_view() : cloud->value.reveal(),
                     any_layer_states(sources, "azure_workspace_resource_id")) == KnownCloud::azure;
}

}  // namespace

bool any_layer_states(const ConfigSources& sources, std::string_view attribute) {
  return sources.find_attribute(attribute) != nullptr;
}

std::string oidc_token_variable(const ConfigSources& sources) {
  const config::AttributeValue* value = sources.find_attribute("oidc_token_env");
  return value == nullptr ? "DATABRICKS_OIDC_TOKEN" : std::string(base::trim(value->value.reveal()));
}

bool names_strategy(const AttributeLayer& layer, const StrategyDescription& strategy, const ConfigSources& sources) {
  switch (strategy.strategy) {
    case Strategy::azure_msi:
      return wants_managed_identity(layer);
    case Strategy::env_oidc:
      return states(layer, "oidc_token_env") ||
             (layer.layer == Layer::environment && sources.environment.get("DATABRICKS_OIDC_TOKEN").has_value());
    case Strategy::github_oidc:
      return states(layer, "client_id") && !states(layer, "client_secret") && in_github_job(sources);
    case Strategy::azure_devops_oidc:
      return states(layer, "client_id") && !states(layer, "client_secret") && all_variables_set(strategy, sources);
    case Strategy::github_oidc_azure:
      return states(layer, "azure_client_id") && !states(layer, "azure_client_secret") &&
             !wants_managed_identity(layer) && in_github_job(sources);
    default:
      return std::any_of(strategy.credential.begin(), strategy.credential.end(),
                         [&layer](std::string_view name) { return states(layer, name); });
  }
}

bool is_ambient(const StrategyDescription& strategy, const ConfigSources& sources) {
  switch (strategy.strategy) {
    case Strategy::github_oidc:
      return in_github_job(sources);
    case Strategy::azure_devops_oidc:
      return all_variables_set(strategy, sources);
    case Strategy::env_oidc:
      return sources.environment.get(oidc_token_variable(sources)).has_value();
    case Strategy::azure_cli:
      return is_azure(sources);
    case Strategy::azure_msi:
      return is_azure(sources) && !refuses_managed_identity(sources);
    case Strategy::model_serving:
      return in_model_serving(sources.environment);
    default:
      return false;
  }
}

KnownCloud known_cloud(std::string_view host, std::string_view cloud_attribute, bool has_azure_resource_id) {
  if (has_azure_resource_id) return KnownCloud::azure;
  const std::string_view cloud = base::trim(cloud_attribute);
  if (base::equals_ignoring_case(cloud, "azure")) return KnownCloud::azure;
  if (base::equals_ignoring_case(cloud, "gcp")) return KnownCloud::gcp;
  if (base::equals_ignoring_case(cloud, "aws")) return KnownCloud::aws;
  if (is_azure_host(host)) return KnownCloud::azure;
  if (has_suffix(host, ".gcp.databricks.com")) return KnownCloud::gcp;
  for (const std::string_view suffix :
       {".cloud.databricks.com", ".cloud.databricks.us", ".cloud.databricks.mil", ".dev.databricks.com"}) {
    if (has_suffix(host, suffix)) return KnownCloud::aws;
  }
  return KnownCloud::unknown;
}

bool satisfies(KnownCloud cloud, CloudNeed need) noexcept {
  switch (need) {
    case CloudNeed::any:
      return true;
    case CloudNeed::azure:
      return cloud == KnownCloud::azure;
    case CloudNeed::gcp:
      return cloud == KnownCloud::gcp;
  }
  return false;
}

}  // namespace dbxauth::auth
