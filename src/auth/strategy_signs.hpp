// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "auth/strategy_table.hpp"
#include "config/config_sources.hpp"

namespace dbxauth::auth {

/// Whether `layer` means `strategy`: it states a credential attribute of it, or, for the strategies of jobs, the client
/// that the job's identity is to become (a client id without a secret) while the job's variables exist.
bool names_strategy(const config::AttributeLayer& layer, const StrategyDescription& strategy,
                    const config::ConfigSources& sources);

/// Whether the place where the program runs offers `strategy` although no layer names it: the variables of a job, an
/// Azure workspace that the Azure CLI or a managed identity may open, a model serving container.
bool is_ambient(const StrategyDescription& strategy, const config::ConfigSources& sources);

/// Whether any layer states `attribute`.
bool any_layer_states(const config::ConfigSources& sources, std::string_view attribute);

/// The variable that env-oidc reads: the attribute oidc_token_env, else DATABRICKS_OIDC_TOKEN.
std::string oidc_token_variable(const config::ConfigSources& sources);

/// The cloud of a workspace as far as configuration and host name tell. `unknown`: only the host itself can.
enum class KnownCloud : std::uint8_t { unknown, azure, gcp, aws };
KnownCloud known_cloud(std::string_view host, std::string_view cloud_attribute, bool has_azure_resource_id);
/// Whether a cloud is the one that is needed; true for CloudNeed::any.
bool satisfies(KnownCloud cloud, CloudNeed need) noexcept;

}  // namespace dbxauth::auth
