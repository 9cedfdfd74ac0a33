// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/attribute_completion.hpp"
#include "auth/oauth/host_metadata.hpp"
#include "auth/request_headers.hpp"
#include "auth/strategies/id_token_source.hpp"
#include "auth/strategy_table.hpp"
#include "auth/token_refresher.hpp"
#include "auth/token_source.hpp"
#include "config/config_sources.hpp"
#include "dbxauth/client.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/token_cache.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// What credentials are planned from and made with. Everything but `sources` and `clock` may be absent.
struct ChainInputs {
  const config::ConfigSources* sources = nullptr;              ///< Borrowed for the call.
  std::vector<std::shared_ptr<CredentialProvider>> providers;  ///< The program's own.
  std::function<Result<NotebookContext>()> notebook;
  std::shared_ptr<TokenCache> token_cache;                   ///< Of the shared login; null: there is none.
  std::string lock_directory;                                ///< See SharedLoginSettings.
  std::shared_ptr<net::HttpTransport> transport;             ///< Retrying, without credentials.
  std::shared_ptr<net::HttpTransport> single_try_transport;  ///< The same without retries, for probes; null: transport.
  std::shared_ptr<HostMetadataSource> host_metadata;         ///< Null: nothing is known of any host.
  std::shared_ptr<const platform::Clock> clock;
  RefreshPolicy policy;
  EnvironmentReader environment;  ///< What ID tokens and programs are looked up in; unset: sources->environment.
  /// Added to the headers of every built-in strategy: the program's own, and the workspace id.
  RequestHeaders request_headers;
  std::chrono::milliseconds probe_budget{3000};
  std::chrono::milliseconds program_timeout{30000};
  /// What the token cache is, for sharing: a path. Empty with a token cache of the program: nothing is shared then.
  std::string token_cache_identity;
  std::string
      network_identity;  ///< How requests travel (proxy, CA): part of what clients may share. Empty: nothing is.
};

/// A strategy that is ready to be tried.
struct StrategyProvider {
  std::shared_ptr<CredentialProvider> provider;
  std::function<std::string()> late_host;  ///< For a host that is known only after the first success; may be empty.
};

/// Makes the provider of a complete strategy. Values that cannot work give a provider that fails with the reason, so
/// that the chain's account shows it. With `cloud`, it declines for hosts that turn out not to be of that cloud.
/// Providers that keep tokens are shared between the clients of this process whose inputs are the same.
StrategyProvider make_strategy_provider(const Completion& completion, const ChainInputs& inputs,
                                        CloudNeed cloud = CloudNeed::any);

/// A source that obtains tokens, behind a TokenRefresher, with the headers that go along with every credential.
std::shared_ptr<CredentialProvider> make_refreshing_provider(std::string name, std::shared_ptr<TokenSource> source,
                                                             const ChainInputs& inputs);

}  // namespace dbxauth::auth
