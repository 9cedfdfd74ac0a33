// SPDX-License-Identifier: Apache-2.0
#include "authenticator.hpp"

#include "base/text.hpp"

namespace dbxauth::emulator {

Principal Authenticator::authenticate(const HttpRequest& request) const {
  const std::string credential = request.header("Authorization").value_or("");
  const std::size_t space = credential.find(' ');
  if (space == std::string::npos || !base::equals_ignoring_case(credential.substr(0, space), "Bearer"))
    throw unauthenticated("Credential was not sent or was of an unsupported type for this API.");
  const auto token = tokens_.find(base::trim(std::string_view(credential).substr(space + 1)));
  if (!token) throw unauthenticated("Invalid access token.");
  if (tokens_.is_expired(*token)) throw unauthenticated("Access token has expired.");
  if (token->kind == TokenKind::entra) {
    if (token->resource != azure_databricks_resource)
      throw unauthenticated("Invalid access token: its audience is not Azure Databricks.");
    if (outside_.count(token->principal) != 0) require_management_token(request, *token);
  }
  auto principal = metastore_.find_principal(token->principal);
  if (!principal) throw forbidden("User " + token->principal + " does not belong to this workspace.");
  if (!principal->active) throw forbidden("User " + token->principal + " is not active in this workspace.");
  return std::move(*principal);
}

void Authenticator::require_management_token(const HttpRequest& request, const AccessToken& token) const {
  const auto header = request.header("X-Databricks-Azure-SP-Management-Token");
  const auto management = header ? tokens_.find(*header) : std::nullopt;
  const bool valid = management && management->kind == TokenKind::entra && !tokens_.is_expired(*management) &&
                     management->resource == azure_management_resource && management->client_id == token.client_id;
  if (!valid)
    throw forbidden("Service principal " + token.principal +
                    " is not a user of this workspace and sent no valid management token.");
}

}  // namespace dbxauth::emulator
