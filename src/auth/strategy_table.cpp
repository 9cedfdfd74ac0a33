// SPDX-License-Identifier: Apache-2.0
#include "auth/strategy_table.hpp"

#include <algorithm>

#include "auth/strategies/id_token_source.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

using Names = config::StaticArray<std::string_view>;

constexpr std::string_view pat_credential[] = {"token"};
constexpr std::string_view basic_credential[] = {"username", "password"};
constexpr std::string_view m2m_credential[] = {"client_id", "client_secret"};
constexpr std::string_view azure_credential[] = {"azure_client_id", "azure_client_secret"};
constexpr std::string_view metadata_credential[] = {"metadata_service_url"};
constexpr std::string_view github_credential[] = {"actions_id_token_request_url", "actions_id_token_request_token"};
constexpr std::string_view github_azure_credential[] = {"azure_client_id", "actions_id_token_request_url",
                                                        "actions_id_token_request_token"};
constexpr std::string_view file_credential[] = {"oidc_token_filepath"};
constexpr std::string_view msi_credential[] = {"azure_use_msi"};
constexpr std::string_view google_key_credential[] = {"google_credentials"};
constexpr std::string_view google_id_credential[] = {"google_service_account"};

constexpr std::string_view m2m_optional[] = {"account_id", "discovery_url", "scopes"};
constexpr std::string_view login_optional[] = {"account_id", "discovery_url", "databricks_cli_path"};
constexpr std::string_view exchange_optional[] = {"client_id",     "account_id", "workspace_id",
                                                  "discovery_url", "scopes",     "token_audience"};
constexpr std::string_view env_optional[] = {"oidc_token_env", "client_id", "account_id",    "workspace_id",
                                             "discovery_url",  "scopes",    "token_audience"};
constexpr std::string_view azure_optional[] = {"azure_tenant_id", "azure_workspace_resource_id", "azure_environment",
                                               "azure_authority_host", "azure_resource_manager_url"};
constexpr std::string_view msi_optional[] = {"azure_client_id",   "azure_tenant_id",      "azure_workspace_resource_id",
                                             "azure_environment", "azure_authority_host", "azure_resource_manager_url"};

constexpr Names none;
constexpr Names devops(azure_devops_variables);
constexpr CloudNeed any = CloudNeed::any;
constexpr CloudNeed azure = CloudNeed::azure;

// In the order of the enumeration. Columns: …, credential, optional, variables, cloud, of_machine, resource id.
constexpr StrategyDescription descriptions[] = {
    {Strategy::pat, "pat", pat_credential, none, none, any, false, false},
    {Strategy::basic, "basic", basic_credential, none, none, any, false, false},
    {Strategy::oauth_m2m, "oauth-m2m", m2m_credential, m2m_optional, none, any, false, false},
    {Strategy::databricks_cli, "databricks-cli", none, login_optional, none, any, false, false},
    {Strategy::metadata_service, "metadata-service", metadata_credential, none, none, any, false, false},
    {Strategy::github_oidc, "github-oidc", github_credential, exchange_optional, none, any, true, false},
    {Strategy::azure_devops_oidc, "azure-devops-oidc", none, exchange_optional, devops, any, true, false},
    {Strategy::env_oidc, "env-oidc", none, env_optional, none, any, true, false},
    {Strategy::file_oidc, "file-oidc", file_credential, exchange_optional, none, any, true, false},
    {Strategy::github_oidc_azure, "github-oidc-azure", github_azure_credential, azure_optional, none, azure, true,
     true},
    {Strategy::azure_msi, "azure-msi", msi_credential, msi_optional, none, azure, true, true},
    {Strategy::azure_client_secret, "azure-client-secret", azure_credential, azure_optional, none, azure, false, true},
    {Strategy::azure_cli, "azure-cli", none, azure_optional, none, azure, true, true},
    {Strategy::google_credentials, "google-credentials", google_key_credential, none, none, CloudNeed::gcp, false,
     false},
    {Strategy::google_id, "google-id", google_id_credential, none, none, CloudNeed::gcp, true, false},
    {Strategy::model_serving, "model-serving", none, none, none, any, true, false},
};

constexpr Strategy order[] = {
    Strategy::pat,
    Strategy::basic,
    Strategy::oauth_m2m,
    Strategy::databricks_cli,
    Strategy::metadata_service,
    Strategy::github_oidc,
    Strategy::azure_devops_oidc,
    Strategy::env_oidc,
    Strategy::file_oidc,
    Strategy::github_oidc_azure,
    Strategy::azure_msi,
    Strategy::azure_client_secret,
    Strategy::azure_cli,
    Strategy::google_credentials,
    Strategy::google_id,
    Strategy::model_serving,
};

// It waits for a person: a chain never does.
constexpr std::string_view known_unsupported[] = {"external-browser"};

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
  return order;
}

bool is_notebook_strategy(std::string_view name) noexcept {
  return name == "notebook" || name == "runtime" || name == "runtime-oauth";
}

bool is_known_unsupported_strategy(std::string_view name) noexcept {
  return std::find(std::begin(known_unsupported), std::end(known_unsupported), name) != std::end(known_unsupported);
}

std::string supported_strategy_names() {
  std::vector<std::string> names;
  for (const StrategyDescription& description : descriptions) names.emplace_back(description.name);
  names.emplace_back("notebook");
  return base::join(names, ", ");
}

}  // namespace dbxauth::auth
