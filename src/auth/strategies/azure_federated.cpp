// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/azure_federated.hpp"

#include <utility>

#include "auth/strategies/azure_issuers.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "encoding/jwt_claims.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view audience = "api://AzureADTokenExchange";
constexpr std::string_view assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a federated credential is compared with; never the token itself.
std::string described(const SecretString& id_token) {
  const auto claims = encoding::read_jwt_claims(id_token.reveal());
  if (!claims) return "; the ID token is not a JWT";
  return "; the ID token says issuer \"" + base::redact_excerpt(claims->issuer) + "\", subject \"" +
         base::redact_excerpt(claims->subject) + "\", audience \"" +
         base::redact_excerpt(base::join(claims->audience, ", ")) + "\"";
}

class FederatedIssuer final : public AzureTokenIssuer {
 public:
  FederatedIssuer(std::shared_ptr<EntraTokenEndpoint> endpoint, std::string client_id,
                  std::shared_ptr<IdTokenSource> id_tokens)
      : endpoint_(std::move(endpoint)), client_id_(std::move(client_id)), id_tokens_(std::move(id_tokens)) {}

  Result<Token> token_for(std::string_view resource, const CallContext& context) override {
    const auto id_token = id_tokens_->id_token(audience, context);
    if (!id_token) return id_token.error();
    auto token = endpoint_->client_credentials(
        client_id_, {{"client_assertion_type", assertion_type}, {"client_assertion", id_token->reveal()}}, resource,
        context);
    if (token) return token;
    Error error = std::move(token).error();
    if (error.code == ErrorCode::authentication_failed) error.message += described(*id_token);
    return error;
  }

 private:
  const std::shared_ptr<EntraTokenEndpoint> endpoint_;
  const std::string client_id_;
  const std::shared_ptr<IdTokenSource> id_tokens_;
};

}  // namespace

std::shared_ptr<AzureTokenIssuer> make_federated_issuer(std::shared_ptr<EntraTokenEndpoint> endpoint,
                                                        std::string client_id,
                                                        std::shared_ptr<IdTokenSource> id_tokens) {
  return std::make_shared<FederatedIssuer>(std::move(endpoint), std::move(client_id), std::move(id_tokens));
}

Result<std::shared_ptr<AzureTokenIssuer>> make_federated_issuer(const AzureTarget& target, std::string client_id,
                                                                std::shared_ptr<IdTokenSource> id_tokens,
                                                                std::shared_ptr<net::HttpTransport> transport,
                                                                std::shared_ptr<const platform::Clock> clock) {
  auto endpoint = EntraTokenEndpoint::make(target, "github-oidc-azure", std::move(transport), std::move(clock));
  if (!endpoint) return std::move(endpoint).error();
  return make_federated_issuer(std::move(*endpoint), std::move(client_id), std::move(id_tokens));
}

}  // namespace dbxauth::auth
