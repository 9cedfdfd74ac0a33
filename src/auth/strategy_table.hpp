// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_attributes.hpp"

namespace dbxauth::auth {

/// The strategies that are built in and find what they need in configuration and environment. In the order in which the
/// official Go SDK tries them; model_serving is the Python SDK's.
enum class Strategy : std::uint8_t {
  pat,
  basic,
  oauth_m2m,
  databricks_cli,
  metadata_service,
  github_oidc,
  azure_devops_oidc,
  env_oidc,
  file_oidc,
  github_oidc_azure,
  azure_msi,
  azure_client_secret,
  azure_cli,
  google_credentials,
  google_id,
  model_serving,
};

/// Where a strategy's tokens are good for a workspace.
enum class CloudNeed : std::uint8_t { any, azure, gcp };

/// One strategy and its attributes: what the rule sets, the reports and the factory share.
struct StrategyDescription {
  Strategy strategy = Strategy::pat;
  std::string_view name;                             ///< As in auth_type.
  config::StaticArray<std::string_view> credential;  ///< Required besides the host; a layer names the strategy by them.
  config::StaticArray<std::string_view> optional;    ///< Read when set.
  config::StaticArray<std::string_view> variables;   ///< Required of the process environment; no attributes.
  CloudNeed cloud = CloudNeed::any;
  /// Proves who the machine, the job or the signed-in person is, at any workspace: what it reads is bound to no host
  /// and may stand in any layer.
  bool of_machine = false;
  bool resource_id_names_host = false;  ///< azure_workspace_resource_id does instead of a host.
};

const StrategyDescription& describe_strategy(Strategy strategy) noexcept;
/// nullptr when `name` is not a strategy that is built in.
const StrategyDescription* find_strategy(std::string_view name) noexcept;

/// Every strategy, in the order of the official Go SDK.
config::StaticArray<Strategy> all_strategies() noexcept;

/// "notebook", and the names of the official SDKs for it: "runtime", "runtime-oauth". It is served by a callback of the
/// program and reads no attributes.
bool is_notebook_strategy(std::string_view name) noexcept;

/// Strategies of the official SDKs that auth_type may name and that are not built here.
bool is_known_unsupported_strategy(std::string_view name) noexcept;

/// "pat, basic, …", for messages.
std::string supported_strategy_names();

}  // namespace dbxauth::auth
