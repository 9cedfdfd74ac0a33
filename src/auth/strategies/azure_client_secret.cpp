// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/azure_client_secret.hpp"

#include <utility>

#include "auth/strategies/azure_issuers.hpp"
#include "auth/strategies/azure_token_endpoint.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view strategy = "azure-client-secret";

class ClientSecretIssuer final : public AzureTokenIssuer {
 public:
  ClientSecretIssuer(std::shared_ptr<EntraTokenEndpoint> endpoint, std::string client_id, SecretString client_secret)
      : endpoint_(std::move(endpoint)), client_id_(std::move(client_id)), client_secret_(std::move(client_secret)) {}

  Result<Token> token_for(std::string_view resource, const CallContext& context) override {
    return endpoint_->client_credentials(client_id_, {{"client_secret", client_secret_.reveal()}}, resource, context);
  }

 private:
  const std::shared_ptr<EntraTokenEndpoint> endpoint_;
  const std::string client_id_;
  const SecretString client_secret_;
};

}  // namespace

Result<std::shared_ptr<AzureTokenIssuer>> make_client_secret_issuer(const AzureTarget& target, std::string client_id,
                                                                    SecretString client_secret,
                                                                    std::shared_ptr<net::HttpTransport> transport,
                                                                    std::shared_ptr<const platform::Clock> clock) {
  auto endpoint = EntraTokenEndpoint::make(target, strategy, std::move(transport), std::move(clock));
  if (!endpoint) return std::move(endpoint).error();
  return std::shared_ptr<AzureTokenIssuer>(
      std::make_shared<ClientSecretIssuer>(std::move(*endpoint), std::move(client_id), std::move(client_secret)));
}

Result<std::shared_ptr<TokenSource>> make_azure_client_secret_source(AzureClientSecretSettings settings,
                                                                     std::shared_ptr<net::HttpTransport> transport,
                                                                     std::shared_ptr<const platform::Clock> clock) {
  AzureTarget target;
  target.host = std::move(settings.host);
  target.workspace_resource_id = std::move(settings.workspace_resource_id);
  target.environment = std::move(settings.environment);
  target.authority_host = std::move(settings.authority_host);
  target.tenant_id = std::move(settings.tenant_id);
  auto issuer = make_client_secret_issuer(target, std::move(settings.client_id), std::move(settings.client_secret),
                                          transport, std::move(clock));
  if (!issuer) return std::move(issuer).error();
  auto source = make_azure_source(std::string(strategy), std::move(target), std::move(*issuer),
                                  ManagementToken::required, false, std::move(transport));
  if (!source) return std::move(source).error();
  return std::shared_ptr<TokenSource>(std::move(*source));
}

}  // namespace dbxauth::auth
