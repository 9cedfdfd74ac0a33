// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "auth/strategies/azure_source.hpp"
#include "auth/strategies/id_token_source.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// A service principal with a client secret: `POST {authority}{tenant}/oauth2/token`, grant client_credentials. The
/// tenant is asked of the workspace when it is not set, and remembered.
Result<std::shared_ptr<AzureTokenIssuer>> make_client_secret_issuer(const AzureTarget& target, std::string client_id,
                                                                    SecretString client_secret,
                                                                    std::shared_ptr<net::HttpTransport> transport,
                                                                    std::shared_ptr<const platform::Clock> clock);

/// A federated credential of GitHub Actions (github-oidc-azure): the same grant with `client_assertion`, an ID token
/// for the audience `api://AzureADTokenExchange` that is obtained anew each time.
Result<std::shared_ptr<AzureTokenIssuer>> make_federated_issuer(const AzureTarget& target, std::string client_id,
                                                                std::shared_ptr<IdTokenSource> id_tokens,
                                                                std::shared_ptr<net::HttpTransport> transport,
                                                                std::shared_ptr<const platform::Clock> clock);

struct ManagedIdentitySettings {
  std::string client_id;  ///< Of a user-assigned identity; empty: the system's, or what the environment names.
  /// Explicitly asked for: 410, 429 and 5xx of IMDS are tried again until the deadline. Otherwise it is a probe: one
  /// second to connect, one try.
  bool explicit_choice = true;
  std::string imds_url = "http://169.254.169.254";  ///< Link-local, never through a proxy.
};

/// A managed identity, looked for in this order: IDENTITY_ENDPOINT and IDENTITY_HEADER (App Service, Functions,
/// Container Apps), AZURE_FEDERATED_TOKEN_FILE with AZURE_CLIENT_ID and AZURE_TENANT_ID (workload identity on
/// Kubernetes; AZURE_AUTHORITY_HOST where set), the instance metadata service (IMDS).
/// ErrorCode::no_credentials with verdict `unavailable` when a probe finds nothing.
std::shared_ptr<AzureTokenIssuer> make_managed_identity_issuer(const AzureTarget& target,
                                                               ManagedIdentitySettings settings,
                                                               EnvironmentReader environment,
                                                               std::shared_ptr<net::HttpTransport> transport,
                                                               std::shared_ptr<net::HttpTransport> untried_transport,
                                                               std::shared_ptr<const platform::Clock> clock);

struct AzureCliSettings {
  std::string program = "az";                        ///< A path, or a name looked up in PATH; AZ_PATH wins.
  std::chrono::milliseconds program_timeout{30000};  ///< Of one run; the caller's deadline may end it earlier.
};

/// The login of the Azure CLI: `az account get-access-token --resource R --output json [--tenant T] [--subscription
/// S]`. See docs/authentication.md#azure-cli for the rules of tenant and principal type.
/// ErrorCode::no_credentials when there is no such program; unavailable with the fix `az login` when nobody is logged
/// in.
std::shared_ptr<AzureTokenIssuer> make_azure_cli_issuer(const AzureTarget& target, AzureCliSettings settings,
                                                        EnvironmentReader environment,
                                                        std::shared_ptr<net::HttpTransport> transport,
                                                        std::shared_ptr<const platform::Clock> clock);

}  // namespace dbxauth::auth
