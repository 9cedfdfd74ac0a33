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
#include "auth/strategies/id_token_source.hpp"
#include "auth/token_refresher.hpp"
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
  std::shared_ptr<TokenCache> token_cache;        ///< Of the shared login; null: there is none.
  std::string lock_directory;                     ///< See SharedLoginSettings.
  std::shared_ptr<net::HttpTransport> transport;             ///< Retrying, without credentials.
  std::shared_ptr<net::HttpTransport> single_try_transport;  ///< The same without retries, for probes; null: transport.
  std::shared_ptr<HostMetadataSource> host_metadata;         ///< Null: nothing is known of any host.
  std::shared_ptr<const platform::Clock> clock;
  RefreshPolicy policy;
  EnvironmentReader environment;  ///< What ID tokens and programs are looked up in; unset: sources->environment.
  /// Added to the headers of every built-in strategy: the program's own, and the workspace id.
  std::vector<std::pair<std::string, std::string>> request_headers;
  std::chrono::milliseconds probe_budget{3000};
  std::chrono::milliseconds program_timeout{30000};
  std::string network_identity;  ///< How requests travel (proxy, CA): part of what clients may share. Empty: nothing is.
};

/// Makes the provider of a complete strategy. Values that cannot work give a provider that fails with the reason, so
/// that the chain's account shows it.
std::shared_ptr<CredentialProvider> make_strategy_provider(const Completion& completion, const ChainInputs& inputs);

}  // namespace dbxauth::auth
