// SPDX-License-Identifier: Apache-2.0
#include "auth/strategy_factory.hpp"

#include <utility>

#include "auth/provider_registry.hpp"
#include "auth/strategies/azure_issuers.hpp"
#include "auth/strategies/azure_source.hpp"
#include "auth/strategies/basic.hpp"
#include "auth/strategies/cli_program.hpp"
#include "auth/strategies/cloud_condition.hpp"
#include "auth/strategies/databricks_cli.hpp"
#include "auth/strategies/google.hpp"
#include "auth/strategies/metadata_service.hpp"
#include "auth/strategies/model_serving.hpp"
#include "auth/strategies/oauth_m2m.hpp"
#include "auth/strategies/pat.hpp"
#include "auth/strategies/refreshing_provider.hpp"
#include "auth/strategies/token_exchange.hpp"
#include "auth/strategy_signs.hpp"
#include "base/text.hpp"
#include "platform/files.hpp"

namespace dbxauth::auth {

namespace {

using SourcePtr = std::shared_ptr<TokenSource>;

/// A source, and the host that it finds out by itself.
struct StrategySource {
  SourcePtr source;
  std::function<std::string()> late_host;
};

std::string trimmed(const Completion& completion, std::string_view name) {
  return std::string(base::trim(completion.text(name)));
}

EnvironmentReader environment_reader(const ChainInputs& inputs) {
  if (inputs.environment) return inputs.environment;
  return [environment = inputs.sources->environment] { return environment; };
}

std::string account_id(const Completion& completion) {
  std::string id = trimmed(completion, "account_id");
  return id.empty() ? completion.account_id : id;
}

OidcTarget oidc_target(const Completion& completion) {
  return {completion.host, account_id(completion), trimmed(completion, "discovery_url")};
}

/// Adds what goes along with every credential.
class CompanionSource final : public TokenSource {
 public:
  CompanionSource(SourcePtr source, RequestHeaders headers)
      : source_(std::move(source)), headers_(std::move(headers)) {}
  Result<IssuedToken> issue(const TokenDemand& demand, const CallContext& context) override {
    auto issued = source_->issue(demand, context);
    if (!issued) return issued;
    append(issued->companion_headers, headers_);
    return issued;
  }

 private:
  const SourcePtr source_;
  const RequestHeaders headers_;
};

// ---- shared login ----

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
bool may_use_host_login(const Completion& completion, const config::ConfigSources& sources) {
  return sources.rules == ChainRules::clone_xs || login_profile(completion, sources).empty();
}

Result<SharedLoginSettings> shared_login_settings(const Completion& completion, const ChainInputs& inputs) {
  SharedLoginSettings settings;
  settings.target = oidc_target(completion);
  settings.profile = login_profile(completion, *inputs.sources);
  settings.lock_directory = inputs.lock_directory;
  settings.host_login = may_use_host_login(completion, *inputs.sources);
  if (inputs.sources->rules == ChainRules::clone_xs) return settings;
  const bool named = inputs.sources->profile_named || inputs.sources->find_attribute("profile") != nullptr;
  if (settings.profile.empty() && named) {
    return Error(ErrorCode::no_credentials, "the profile " + inputs.sources->profile + " is not one of " +
                                                completion.host +
                                                ", so its login is not used there; give the profile this host, or name "
                                                "another profile or none");
  }
  return settings;
}

/// The shared stores, then the official tool if the configuration names it.
Result<StrategySource> login_source(const Completion& completion, const ChainInputs& inputs) {
  SourcePtr program;
  if (const std::string path = trimmed(completion, "databricks_cli_path"); !path.empty()) {
    CliProgramSettings settings;
    settings.path = path;
    settings.profile = login_profile(completion, *inputs.sources);
    settings.host = completion.host;
    settings.account_id = account_id(completion);
    settings.timeout = inputs.program_timeout;
    program = make_cli_program_source(std::move(settings), environment_reader(inputs));
  }
  if (!inputs.token_cache) {
    if (program) return StrategySource{std::move(program), {}};
    return Error(ErrorCode::no_credentials, "there is no token cache in which a shared login could be");
  }
  auto settings = shared_login_settings(completion, inputs);
  if (!settings) return std::move(settings).error();
  SourcePtr stored = make_shared_login_source(std::move(*settings), inputs.token_cache, inputs.transport, inputs.clock,
                                              inputs.host_metadata);
  if (!program) return StrategySource{std::move(stored), {}};
  return StrategySource{make_fallback_source(std::move(stored), std::move(program)), {}};
}

// ---- Databricks OAuth ----

StrategySource m2m_source(const Completion& completion, const ChainInputs& inputs) {
  OauthM2mSettings settings;
  settings.target = oidc_target(completion);
  settings.client_id = trimmed(completion, "client_id");
  settings.client_secret = SecretString(base::trim(completion.text("client_secret")));
  settings.scopes = config::parse_list(completion.text("scopes"));
  return {make_oauth_m2m_source(std::move(settings), inputs.transport, inputs.clock, inputs.host_metadata), {}};
}

std::shared_ptr<IdTokenSource> github_id_tokens(const Completion& completion, const ChainInputs& inputs) {
  return make_github_id_token_source(trimmed(completion, "actions_id_token_request_url"),
                                     SecretString(base::trim(completion.text("actions_id_token_request_token"))),
                                     inputs.transport);
}

std::shared_ptr<IdTokenSource> id_tokens(const Completion& completion, const ChainInputs& inputs) {
  const config::ConfigSources& sources = *inputs.sources;
  switch (completion.strategy->strategy) {
    case Strategy::github_oidc:
      return github_id_tokens(completion, inputs);
    case Strategy::azure_devops_oidc:
      return make_azure_devops_id_token_source(environment_reader(inputs), inputs.transport);
    case Strategy::file_oidc:
      return make_file_id_token_source(
          platform::expand_home(trimmed(completion, "oidc_token_filepath"), sources.environment.home_directory()));
    default: {
      std::string variable = trimmed(completion, "oidc_token_env");
      if (variable.empty()) variable = "DATABRICKS_OIDC_TOKEN";
      return make_environment_id_token_source(std::move(variable), environment_reader(inputs));
    }
  }
}

StrategySource exchange_source(const Completion& completion, const ChainInputs& inputs) {
  TokenExchangeSettings settings;
  settings.strategy = std::string(completion.strategy->name);
  settings.target = oidc_target(completion);
  settings.client_id = trimmed(completion, "client_id");
  settings.scopes = config::parse_list(completion.text("scopes"));
  settings.audience = trimmed(completion, "token_audience");
  settings.workspace_id = trimmed(completion, "workspace_id");
  if (settings.workspace_id.empty()) settings.workspace_id = completion.workspace_id;
  // How older versions of the Databricks CLI wrote that there is none.
  if (settings.workspace_id == "none") settings.workspace_id.clear();
  return {make_token_exchange_source(std::move(settings), id_tokens(completion, inputs), inputs.host_metadata,
                                     inputs.transport, inputs.clock),
          {}};
}

// ---- Azure ----

AzureTarget azure_target(const Completion& completion) {
  AzureTarget target;
  target.host = completion.host;
  target.workspace_resource_id = trimmed(completion, "azure_workspace_resource_id");
  target.environment = trimmed(completion, "azure_environment");
  target.authority_host = trimmed(completion, "azure_authority_host");
  target.resource_manager_url = trimmed(completion, "azure_resource_manager_url");
  target.tenant_id = trimmed(completion, "azure_tenant_id");
  return target;
}

/// Nobody set azure_use_msi: the strategy only looks whether there is such an identity.
bool is_probe(const Completion& completion, const ChainInputs& inputs) {
  const config::AttributeValue* type = inputs.sources->find_attribute("auth_type");
  const bool pinned = type != nullptr && base::trim(type->value.reveal()) == completion.strategy->name;
  return !pinned && completion.values.count("azure_use_msi") == 0;
}

Result<std::shared_ptr<AzureTokenIssuer>> azure_issuer(const Completion& completion, const AzureTarget& target,
                                                       const ChainInputs& inputs) {
  switch (completion.strategy->strategy) {
    case Strategy::azure_client_secret:
      return make_client_secret_issuer(target, trimmed(completion, "azure_client_id"),
                                       SecretString(base::trim(completion.text("azure_client_secret"))),
                                       inputs.transport, inputs.clock);
    case Strategy::github_oidc_azure:
      return make_federated_issuer(target, trimmed(completion, "azure_client_id"), github_id_tokens(completion, inputs),
                                   inputs.transport, inputs.clock);
    case Strategy::azure_msi: {
      if (const auto* wanted = completion.find("azure_use_msi")) {
        const auto read = config::parse_boolean(wanted->value.reveal(), wanted->provenance.place);
        if (!read) return read.error();
      }
      ManagedIdentitySettings settings;
      settings.client_id = trimmed(completion, "azure_client_id");
      settings.explicit_choice = !is_probe(completion, inputs);
      return make_managed_identity_issuer(target, std::move(settings), environment_reader(inputs), inputs.transport,
                                          inputs.single_try_transport ? inputs.single_try_transport : inputs.transport,
                                          inputs.clock);
    }
    default: {
      AzureCliSettings settings;
      settings.program_timeout = inputs.program_timeout;
      return make_azure_cli_issuer(target, std::move(settings), environment_reader(inputs), inputs.transport,
                                   inputs.clock);
    }
  }
}

ManagementToken management_token(Strategy strategy) {
  if (strategy == Strategy::github_oidc_azure) return ManagementToken::none;
  return strategy == Strategy::azure_cli ? ManagementToken::if_obtainable : ManagementToken::required;
}

Result<StrategySource> azure_strategy_source(const Completion& completion, const ChainInputs& inputs) {
  AzureTarget target = azure_target(completion);
  const Strategy strategy = completion.strategy->strategy;
  auto issuer = azure_issuer(completion, target, inputs);
  if (!issuer) return std::move(issuer).error();
  const bool parallel = strategy == Strategy::azure_cli;
  auto source = make_azure_source(std::string(completion.strategy->name), std::move(target), std::move(*issuer),
                                  management_token(strategy), parallel, inputs.transport);
  if (!source) return std::move(source).error();
  if (!completion.host.empty()) return StrategySource{std::move(*source), {}};
  const std::shared_ptr<AzureSource> finds_host = std::move(*source);
  return StrategySource{finds_host, [finds_host] { return finds_host->host(); }};
}

// ---- all of them ----

Result<StrategySource> google_source(const Completion& completion, const ChainInputs& inputs) {
  if (completion.strategy->strategy == Strategy::google_id) {
    return StrategySource{make_google_id_source(trimmed(completion, "google_service_account"), completion.host,
                                                environment_reader(inputs), inputs.transport, inputs.clock),
                          {}};
  }
  auto source =
      make_google_credentials_source(SecretString(completion.text("google_credentials")), completion.host,
                                     inputs.sources->environment.home_directory(), inputs.transport, inputs.clock);
  if (!source) return std::move(source).error();
  return StrategySource{std::move(*source), {}};
}

Result<StrategySource> make_source(const Completion& completion, const ChainInputs& inputs) {
  switch (completion.strategy->strategy) {
    case Strategy::oauth_m2m:
      return m2m_source(completion, inputs);
    case Strategy::databricks_cli:
      return login_source(completion, inputs);
    case Strategy::metadata_service: {
      auto source = make_metadata_service_source(trimmed(completion, "metadata_service_url"), completion.host,
                                                 inputs.transport, inputs.clock);
      if (!source) return std::move(source).error();
      return StrategySource{std::move(*source), {}};
    }
    case Strategy::github_oidc:
    case Strategy::azure_devops_oidc:
    case Strategy::env_oidc:
    case Strategy::file_oidc:
      return exchange_source(completion, inputs);
    case Strategy::github_oidc_azure:
    case Strategy::azure_msi:
    case Strategy::azure_client_secret:
    case Strategy::azure_cli:
      return azure_strategy_source(completion, inputs);
    case Strategy::google_credentials:
    case Strategy::google_id:
      return google_source(completion, inputs);
    case Strategy::model_serving:
      return StrategySource{make_model_serving_source(std::string(model_serving_token_file), inputs.clock), {}};
    case Strategy::pat:
    case Strategy::basic:
      break;
  }
  return Error(ErrorCode::internal, std::string(completion.strategy->name) + " has no token source");
}

/// What a strategy takes from outside of its attributes.
bool depends_on_environment(const Completion& completion) {
  return completion.strategy->of_machine || completion.values.count("databricks_cli_path") != 0;
}

/// Everything that makes the provider what it is. Empty: it is not shared.
SecretString sharing_key(const Completion& completion, const ChainInputs& inputs) {
  SecretString key;
  const bool login = completion.strategy->strategy == Strategy::databricks_cli;
  if (inputs.network_identity.empty() || (login && inputs.token_cache_identity.empty())) return key;
  const auto add = [&key](std::string_view name, std::string_view value) {
    key.append(std::to_string(name.size()) + ":" + std::to_string(value.size()) + ":");
    key.append(name);
    key.append(value);
  };
  add(completion.strategy->name, completion.host);
  add(completion.workspace_id, completion.account_id);
  add("network", inputs.network_identity);
  if (login) {
    add("cache", inputs.token_cache_identity);
    add("profile", login_profile(completion, *inputs.sources));
    add("host login", may_use_host_login(completion, *inputs.sources) ? "yes" : "no");
  }
  // In which `~/key.json` may lie.
  if (completion.strategy->strategy == Strategy::google_credentials) {
    add("home", inputs.sources->environment.home_directory());
  }
  add("limits", std::to_string(inputs.program_timeout.count()) + "/" + std::to_string(inputs.probe_budget.count()));
  // Counted, so that a header, a variable and an attribute of one name are never taken for each other.
  add("attributes", std::to_string(completion.values.size()));
  for (const auto& [name, value] : completion.values) add(name, value->value.reveal());
  add("headers", std::to_string(inputs.request_headers.size()));
  for (const auto& [name, value] : inputs.request_headers) add(name, value);
  if (depends_on_environment(completion)) {
    // One that looks variables up again goes its own way when they change.
    add("environment", inputs.environment ? "read again" : "as given");
    for (const auto& [name, value] : inputs.sources->environment.variables()) add(name, value);
  }
  return key;
}

Result<std::shared_ptr<CredentialProvider>> make_fixed(const Completion& completion, const ChainInputs& inputs) {
  if (completion.strategy->strategy == Strategy::pat) {
    return make_pat_provider(completion.text("token"), inputs.request_headers);
  }
  return make_basic_provider(completion.text("username"), SecretString(completion.text("password")),
                             inputs.request_headers);
}

Result<StrategyProvider> make_provider(const Completion& completion, const ChainInputs& inputs) {
  const Strategy strategy = completion.strategy->strategy;
  if (strategy == Strategy::pat || strategy == Strategy::basic) {
    auto provider = make_fixed(completion, inputs);
    if (!provider) return std::move(provider).error();
    return StrategyProvider{std::move(*provider), {}};
  }
  auto made = make_source(completion, inputs);
  if (!made) return std::move(made).error();
  const auto make = [&] {
    return make_refreshing_provider(std::string(completion.strategy->name), std::move(made->source), inputs);
  };
  SecretString key = sharing_key(completion, inputs);
  // A host that is found out belongs to the source which found it.
  if (key.empty() || made->late_host) return StrategyProvider{make(), std::move(made->late_host)};
  return StrategyProvider{share_provider(std::move(key), make), {}};
}

/// What configuration and host name tell of the cloud.
KnownCloud cloud_of(const Completion& completion, const ChainInputs& inputs) {
  const config::AttributeValue* cloud = inputs.sources->find_attribute("cloud");
  return known_cloud(completion.host, cloud == nullptr ? std::string_view() : cloud->value.reveal(),
                     completion.values.count("azure_workspace_resource_id") != 0);
}

}  // namespace

std::shared_ptr<CredentialProvider> make_refreshing_provider(std::string name, std::shared_ptr<TokenSource> source,
                                                             const ChainInputs& inputs) {
  if (!inputs.request_headers.empty()) {
    source = std::make_shared<CompanionSource>(std::move(source), inputs.request_headers);
  }
  return std::make_shared<RefreshingProvider>(std::move(name), std::move(source), inputs.clock, inputs.policy);
}

StrategyProvider make_strategy_provider(const Completion& completion, const ChainInputs& inputs, CloudNeed cloud) {
  const std::string name(completion.strategy->name);
  const KnownCloud known = cloud_of(completion, inputs);
  if (known != KnownCloud::unknown && !satisfies(known, cloud)) {
    return {make_failing_provider(name, wrong_cloud(completion.host, cloud)), {}};
  }
  auto made = make_provider(completion, inputs);
  if (!made) return {make_failing_provider(name, std::move(made).error()), {}};
  if (known == KnownCloud::unknown && cloud != CloudNeed::any) {
    made->provider = make_cloud_condition(std::move(made->provider), cloud, completion.host, inputs.host_metadata);
  }
  return std::move(*made);
}

}  // namespace dbxauth::auth
