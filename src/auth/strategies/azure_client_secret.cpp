// SPDX-License-Identifier: Apache-2.0
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

}  // namespace dbxauth::auth
