// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/strategies/azure_source.hpp"
#include "auth/strategies/learned_once.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// `url` with exactly one trailing slash; ErrorCode::configuration, naming `what`, unless it is https, or http to the
/// machine itself.
Result<std::string> checked_azure_endpoint(std::string_view url, std::string_view what);

/// A refusal of Microsoft Entra ID (an answer of its token endpoint, or what the Azure CLI says of one) with advice by
/// its AADSTS number. An error without a number that is known here stays as it is.
Error explain_entra_refusal(Error error);

/// The AADSTS number in a text of Microsoft Entra ID; 0 when there is none.
int entra_error_number(std::string_view text) noexcept;

/// The v1 token endpoint of one tenant, `{authority}{tenant}/oauth2/token`. A tenant that is not configured is asked of
/// the workspace and remembered. Thread-safe.
class EntraTokenEndpoint {
 public:
  using Field = std::pair<std::string_view, std::string_view>;

  /// ErrorCode::configuration for an authority or cloud that cannot be.
  static Result<std::shared_ptr<EntraTokenEndpoint>> make(const AzureTarget& target, std::string_view strategy,
                                                          std::shared_ptr<net::HttpTransport> transport,
                                                          std::shared_ptr<const platform::Clock> clock);

  EntraTokenEndpoint(std::string authority, const AzureTarget& target, std::string_view strategy,
                     std::shared_ptr<net::HttpTransport> transport, std::shared_ptr<const platform::Clock> clock);

  /// The grant client_credentials for one resource; `proof` holds the fields by which the client shows who it is.
  Result<Token> client_credentials(std::string_view client_id, const std::vector<Field>& proof,
                                   std::string_view resource, const CallContext& context);

 private:
  Result<std::string> tenant(const CallContext& context);

  const std::string authority_;
  const std::string host_;
  const std::string configured_tenant_;
  const std::string strategy_;
  const std::string subject_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  LearnedOnce<std::string> tenant_;
};

}  // namespace dbxauth::auth
