// SPDX-License-Identifier: Apache-2.0
#include "auth/strategy_table.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view pat_credential[] = {"token"};
constexpr std::string_view basic_credential[] = {"username", "password"};
constexpr std::string_view m2m_credential[] = {"client_id", "client_secret"};
constexpr std::string_view azure_credential[] = {"azure_client_id", "azure_client_secret"};
constexpr std::string_view oauth_optional[] = {"account_id", "discovery_url", "scopes"};
constexpr std::string_view login_optional[] = {"account_id", "discovery_url"};
constexpr std::string_view azure_optional[] = {"azure_tenant_id", "azure_workspace_resource_id", "azure_environment",
                                               "azure_authority_host"};

// In the order of the enumeration.
constexpr StrategyDescription descriptions[] = {
    {Strategy::pat, "pat", pat_credential, {}},
    {Strategy::basic, "basic", basic_credential, {}},
    {Strategy::oauth_m2m, "oauth-m2m", m2m_credential, oauth_optional},
    {Strategy::databricks_cli, "databricks-cli", {}, login_optional},
    {Strategy::azure_client_secret, "azure-client-secret", azure_credential, azure_optional},
};

constexpr Strategy report_order[] = {Strategy::oauth_m2m, Strategy::azure_client_secret, Strategy::pat, Strategy::basic,
                                     Strategy::databricks_cli};

constexpr std::string_view known_unsupported[] = {
    "azure-cli",        "azure-msi",     "azure-devops-oidc", "env-oidc",           "external-browser",
    "file-oidc",        "github-oidc",   "github-oidc-azure", "google-credentials", "google-id",
    "metadata-service", "model-serving", "runtime",           "runtime-oauth"};

constexpr UnsupportedTrigger triggers[] = {{"azure_use_msi", "azure-msi"},
                                           {"google_credentials", "google-credentials"},
                                           {"google_service_account", "google-id"},
                                           {"metadata_service_url", "metadata-service"},
                                           {"oidc_token_filepath", "file-oidc"},
                                           {"oidc_token_env", "env-oidc"},
                                           {"actions_id_token_request_url", "github-oidc"}};

}  // namespace

const StrategyDescription& describe_strategy(Strategy strategy) noexcept {
  return descriptions[static_cast<std::size_t>(strategy)];
}

const StrategyDescription* find_strategy(std::string_view name) noexcept {
  for (const StrategyDescription& description : descriptions) {
    if (description.name == name) return &description;
  }
  return nullptr;
}

config::StaticArray<Strategy> all_strategies() noexcept {
  return report_order;
}

bool is_known_unsupported_strategy(std::string_view name) noexcept {
  return std::find(std::begin(known_unsupported), std::end(known_unsupported), name) != std::end(known_unsupported);
}

config::StaticArray<UnsupportedTrigger> unsupported_triggers() noexcept {
  return triggers;
}

std::string supported_strategy_names() {
  std::vector<std::string> names;
  for (const StrategyDescription& description : descriptions) names.emplace_back(description.name);
  return base::join(names, ", ");
}

}  // namespace dbxauth::auth
