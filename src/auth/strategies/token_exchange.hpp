// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/oauth/host_metadata.hpp"
#include "auth/oauth/oidc_discovery.hpp"
#include "auth/strategies/id_token_source.hpp"
#include "auth/token_source.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

struct TokenExchangeSettings {
  std::string strategy;  ///< "github-oidc", …: for messages and log records.
  OidcTarget target;
  std::string workspace_id;         ///< As configured; may be empty.
  std::string client_id;            ///< Empty: account-wide federation policy.
  std::vector<std::string> scopes;  ///< Empty: `all-apis`. Sorted and without repetitions on the wire.
  std::string audience;             ///< Empty: as the official SDKs choose it, see make_token_exchange_source().
};

/// Workload identity federation: exchanges an ID token for a Databricks token (RFC 8693) at the token endpoint that
/// discovery names. The ID token is obtained anew for each exchange, before the network is used where it needs no
/// audience, so that a missing variable is reported as such. Audience: settings, else the first of the host's
/// token_federation_default_oidc_audiences, else the account id for account hosts and for hosts that have metadata
/// where neither these nor the settings name a workspace, else the token endpoint. A refused exchange tells `iss`,
/// `aud`, `sub` of the ID token, never the token, and that these must match a federation policy; an ID token that has
/// expired already is its own error, before it is sent anywhere. `host_metadata` may be null.
std::shared_ptr<TokenSource> make_token_exchange_source(TokenExchangeSettings settings,
                                                        std::shared_ptr<IdTokenSource> id_tokens,
                                                        std::shared_ptr<HostMetadataSource> host_metadata,
                                                        std::shared_ptr<net::HttpTransport> transport,
                                                        std::shared_ptr<const platform::Clock> clock);

}  // namespace dbxauth::auth
