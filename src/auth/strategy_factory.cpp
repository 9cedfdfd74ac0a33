// SPDX-License-Identifier: Apache-2.0
#include "auth/strategy_factory.hpp"

#include <utility>

#include "auth/strategies/azure_client_secret.hpp"
#include "auth/strategies/basic.hpp"
#include "auth/strategies/databricks_cli.hpp"
#include "auth/strategies/oauth_m2m.hpp"
#include "auth/strategies/pat.hpp"
#include "auth/strategies/refreshing_provider.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

std::string trimmed(const Completion& completion, std::string_view name) {
  return std::string(base::trim(completion.text(name)));
}

OidcTarget oidc_target(const Completion& completion) {
  return {completion.host, trimmed(completion, "account_id"), trimmed(completion, "discovery_url")};
}

/// The profile whose login may be used: only that of a profile for the very host.
std::string login_profile(const Completion& completion, const config::ConfigSources& sources) {
  if (sources.profile.empty()) return {};
  for (const Layer kind : {Layer::named_profile, Layer::default_profile}) {
    const config::AttributeLayer* layer = sources.find(kind);
    if (layer == nullptr || layer->text("host").empty()) continue;
    const auto own = config::normalize_host(layer->text("host"));
    if (own && own->host == completion.host) return sources.profile;
  }
  return {};
}

/// Several people's logins may meet under one host key, so it is read only when no profile says whose login is meant.
/// Clone-Xs hands profiles to an SDK that looks logins up by host.
Result<SharedLoginSettings> shared_login_settings(const Completion& completion, const ChainInputs& inputs) {
  SharedLoginSettings settings;
  settings.target = oidc_target(completion);
  settings.profile = login_profile(completion, *inputs.sources);
  settings.lock_directory = inputs.lock_directory;
  if (inputs.sources->rules == ChainRules::clone_xs) return settings;
  const bool named = inputs.sources->profile_named || inputs.sources->find_attribute("profile") != nullptr;
  if (settings.profile.empty() && named) {
    return Error(ErrorCode::no_credentials, "the profile " + inputs.sources->profile + " is not one of " +
                                                completion.host +
                                                ", so its login is not used there; give the profile this host, or name "
                                                "another profile or none");
  }
  settings.host_login = settings.profile.empty();
  return settings;
}

Result<std::shared_ptr<CredentialProvider>> make_provider(const Completion& completion, const ChainInputs& inputs) {
  std::shared_ptr<TokenSource> source;
  switch (completion.strategy->strategy) {
    case Strategy::pat:
      return make_pat_provider(completion.text("token"));
    case Strategy::basic:
      return make_basic_provider(completion.text("username"), SecretString(completion.text("password")));
    case Strategy::oauth_m2m: {
      OauthM2mSettings settings;
      settings.target = oidc_target(completion);
      settings.client_id = trimmed(completion, "client_id");
      settings.client_secret = SecretString(base::trim(completion.text("client_secret")));
      settings.scopes = config::parse_list(completion.text("scopes"));
      source = make_oauth_m2m_source(std::move(settings), inputs.transport, inputs.clock);
      break;
    }
    case Strategy::azure_client_secret: {
      AzureClientSecretSettings settings;
      settings.host = completion.host;
      settings.client_id = trimmed(completion, "azure_client_id");
      settings.client_secret = SecretString(base::trim(completion.text("azure_client_secret")));
      settings.tenant_id = trimmed(completion, "azure_tenant_id");
      settings.workspace_resource_id = trimmed(completion, "azure_workspace_resource_id");
      settings.environment = trimmed(completion, "azure_environment");
      settings.authority_host = trimmed(completion, "azure_authority_host");
      auto made = make_azure_client_secret_source(std::move(settings), inputs.transport, inputs.clock);
      if (!made) return std::move(made).error();
      source = std::move(*made);
      break;
    }
    case Strategy::databricks_cli: {
      if (!inputs.token_cache) {
        return Error(ErrorCode::no_credentials, "there is no token cache in which a shared login could be");
      }
      auto settings = shared_login_settings(completion, inputs);
      if (!settings) return std::move(settings).error();
      source = make_shared_login_source(std::move(*settings), inputs.token_cache, inputs.transport, inputs.clock);
      break;
    }
  }
  return std::shared_ptr<CredentialProvider>(std::make_shared<RefreshingProvider>(
      std::string(completion.strategy->name), std::move(source), inputs.clock, inputs.policy));
}

}  // namespace

std::shared_ptr<CredentialProvider> make_strategy_provider(const Completion& completion, const ChainInputs& inputs) {
  auto provider = make_provider(completion, inputs);
  if (provider) return std::move(*provider);
  return make_failing_provider(std::string(completion.strategy->name), std::move(provider).error());
}

}  // namespace dbxauth::auth
