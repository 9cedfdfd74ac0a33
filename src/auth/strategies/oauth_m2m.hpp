// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/oauth/oidc_discovery.hpp"
#include "auth/token_source.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

struct OauthM2mSettings {
  OidcTarget target;
  std::string client_id;
  SecretString client_secret;
  std::vector<std::string> scopes;  ///< Empty: `all-apis`.
};

/// A Databricks service principal with an OAuth secret: the client_credentials grant (RFC 6749 §4.4) at the endpoint
/// that discovery names, which is remembered. Tokens stay in memory. `host_metadata` may be null.
std::shared_ptr<TokenSource> make_oauth_m2m_source(OauthM2mSettings settings,
                                                   std::shared_ptr<net::HttpTransport> transport,
                                                   std::shared_ptr<const platform::Clock> clock,
                                                   std::shared_ptr<HostMetadataSource> host_metadata = nullptr);

}  // namespace dbxauth::auth
