// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "auth/oauth/oidc_discovery.hpp"
#include "auth/token_source.hpp"
#include "dbxauth/token_cache.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

struct SharedLoginSettings {
  OidcTarget target;
  std::string profile;         ///< Looked up first; empty when no profile of this host applies.
  bool host_login = true;      ///< Whether the login under the host key, maybe somebody else's, may be used.
  std::string lock_directory;  ///< Where processes meet before they refresh; empty: no lock between processes.
};

/// The login that `databricks auth login` left behind, shared with the Databricks CLI through its token cache.
///
/// Looked up under the profile's name, then, where settings allow it, under the host key (`https://host`, for accounts
/// and unified hosts `https://host/oidc/accounts/<id>`). An access token that is valid for five more minutes is used as
/// it is. Otherwise, under a lock between processes (one for each host), the store is read again, and only if nobody
/// else has refreshed, the refresh_token grant of the public client `databricks-cli` is used; the answer goes back
/// under every key that holds the same login, and under the host key when that is free. After a rejected refresh the
/// store is read once more.
///
/// `host_metadata` may be null. Errors: no_credentials when there is no login; authentication_failed, with the fix, for
/// one that has expired.
std::shared_ptr<TokenSource> make_shared_login_source(SharedLoginSettings settings, std::shared_ptr<TokenCache> cache,
                                                      std::shared_ptr<net::HttpTransport> transport,
                                                      std::shared_ptr<const platform::Clock> clock,
                                                      std::shared_ptr<HostMetadataSource> host_metadata = nullptr);

/// The key under which a login without a profile is kept.
std::string host_cache_key(const OidcTarget& target);

}  // namespace dbxauth::auth
