// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "auth/strategies/azure_source.hpp"
#include "auth/strategies/azure_token_endpoint.hpp"
#include "auth/strategies/id_token_source.hpp"

namespace dbxauth::auth {

/// As the other make_federated_issuer() of azure_issuers.hpp, for a token endpoint that belongs to another strategy.
std::shared_ptr<AzureTokenIssuer> make_federated_issuer(std::shared_ptr<EntraTokenEndpoint> endpoint,
                                                        std::string client_id,
                                                        std::shared_ptr<IdTokenSource> id_tokens);

}  // namespace dbxauth::auth
