// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/strategies/azure_environment.hpp"
#include "auth/token_source.hpp"
#include "dbxauth/call_context.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// Which workspace the tokens of Microsoft Entra ID are for, and the attributes that all Azure strategies share.
struct AzureTarget {
  std::string host;                   ///< May be empty when workspace_resource_id is set: ARM is asked for it then.
  std::string workspace_resource_id;  ///< `/subscriptions/…/workspaces/name`; empty: no header.
  std::string environment;            ///< The attribute azure_environment; the host's suffix wins.
  std::string authority_host;         ///< Replaces Microsoft Entra ID's address; https or loopback.
  std::string resource_manager_url;   ///< Replaces ARM's address; https or loopback. Empty: by environment.
  std::string tenant_id;              ///< Empty: asked of the workspace where the strategy needs it.
};

/// Obtains a token for one resource (an application id or URL); nothing is cached in it. Thread-safe; issue() of the
/// source may ask for two resources at once from two threads.
class AzureTokenIssuer {
 public:
  virtual ~AzureTokenIssuer() = default;
  virtual Result<Token> token_for(std::string_view resource, const CallContext& context) = 0;
};

/// Whether the second token, for Azure's service management API, goes along as X-Databricks-Azure-SP-Management-Token.
enum class ManagementToken {
  required,       ///< azure-client-secret, azure-msi: without it the strategy fails, as in the Go SDK.
  if_obtainable,  ///< azure-cli: left out silently when the issuer cannot give it.
  none,           ///< github-oidc-azure.
};

/// A source that knows its host only after asking Azure Resource Manager.
class AzureSource : public TokenSource {
 public:
  virtual std::string host() const = 0;  ///< As configured or as ARM said; empty before that.
};

/// `Authorization` for Databricks, the management token, and `X-Databricks-Azure-Workspace-Resource-Id` when there is a
/// resource id (not with ManagementToken::none): the headers of the official Go SDK. Without a host, `GET
/// {ARM}{resource id}?api-version=2018-04-01` with a token for ARM gives `properties.workspaceUrl`; it is remembered.
/// The two tokens are obtained side by side when `parallel`. They expire together: the earlier one counts.
/// ErrorCode::configuration for values that cannot work.
Result<std::shared_ptr<AzureSource>> make_azure_source(std::string strategy, AzureTarget target,
                                                       std::shared_ptr<AzureTokenIssuer> issuer,
                                                       ManagementToken management, bool parallel,
                                                       std::shared_ptr<net::HttpTransport> transport);

/// The tenant of a workspace: `GET {host}/aad/auth` without following the redirect; the first path segment of
/// `Location`. ErrorCode::configuration, naming azure_tenant_id, when it does not tell. Not remembered.
Result<std::string> tenant_of_workspace(net::HttpTransport& transport, const std::string& host,
                                        std::string_view strategy, const CallContext& context);

}  // namespace dbxauth::auth
