// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "auth/token_source.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

struct AzureClientSecretSettings {
  std::string host;
  std::string client_id;
  SecretString client_secret;
  std::string tenant_id;              ///< Empty: asked of the workspace, `GET {host}/aad/auth`.
  std::string workspace_resource_id;  ///< Empty: the header is left out.
  std::string environment;            ///< The attribute azure_environment; the host's suffix wins.
  std::string authority_host;  ///< Replaces Microsoft Entra ID's address; https or loopback. Empty: by environment.
};

/// A service principal of Microsoft Entra ID with a client secret, as the official Go SDK uses it: the v1 token
/// endpoint
/// `{authority}{tenant}/oauth2/token` is asked for a token for Databricks and one for Azure's management API. Headers:
/// `Authorization`, `X-Databricks-Azure-SP-Management-Token`, and with a resource id
/// `X-Databricks-Azure-Workspace-Resource-Id`. Tokens stay in memory. ErrorCode::configuration for values that cannot
/// work.
Result<std::shared_ptr<TokenSource>> make_azure_client_secret_source(AzureClientSecretSettings settings,
                                                                     std::shared_ptr<net::HttpTransport> transport,
                                                                     std::shared_ptr<const platform::Clock> clock);

}  // namespace dbxauth::auth
