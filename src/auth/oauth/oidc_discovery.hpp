// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "auth/oauth/host_metadata.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "net/http_transport.hpp"

namespace dbxauth::auth {

/// Where an authorization server is reached.
struct OidcEndpoints {
  std::string authorization_endpoint;
  std::string token_endpoint;
};

/// Whose authorization server is looked for.
struct OidcTarget {
  std::string host;           ///< Normalised, no trailing slash.
  std::string account_id;     ///< Needed for account hosts; on other hosts it may mean a unified host.
  std::string discovery_url;  ///< The attribute of that name: the complete URL of the metadata document. May be empty.
};

/// `https://accounts.…` and `https://accounts-dod.…`.
bool is_account_host(std::string_view host) noexcept;

/// Finds the endpoints as the official Go SDK does: `discovery_url` if given; computed without a request for account
/// hosts; for a host with an account id, the `oidc_endpoint` of its metadata (unified hosts serve several workspaces
/// and accounts); else `{host}/oidc/.well-known/oauth-authorization-server` (RFC 8414 metadata). Where that answers
/// 404, `host_metadata` is asked whether the host is a unified one. The endpoints found must be https, or loopback.
///
/// `host_metadata` is borrowed for the call. Null: the host is asked each time that it has to be, and a 404 is final.
/// ErrorCode::unsupported when the host knows no OAuth; configuration when it needs an account id; errors name the URL.
Result<OidcEndpoints> discover_oidc_endpoints(net::HttpTransport& transport, const OidcTarget& target,
                                              const CallContext& context, HostMetadataSource* host_metadata = nullptr);

}  // namespace dbxauth::auth
