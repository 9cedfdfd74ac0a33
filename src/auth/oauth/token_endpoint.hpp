// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// One request to an OAuth 2.0 token endpoint (RFC 6749 §3.2). The views are borrowed for the call.
struct TokenEndpointRequest {
  std::string url;
  std::vector<std::pair<std::string_view, std::string_view>> form;
  /// Client authentication by HTTP Basic; none when empty.
  std::string_view client_id;
  const SecretString* client_secret = nullptr;
  /// A rotated refresh token may be used once only: such a request is not sent again after a lost answer.
  net::Replay replay = net::Replay::safe;
  std::string_view subject = "auth";               ///< Of log records.
  std::string_view token_member = "access_token";  ///< Member of the answer that is the token; Google: `id_token`.
  /// Whose requests are counted together (token_request_ceiling.hpp) where the form has no client_id.
  std::string_view principal;
};

/// Sends the form, in its turn (token_request_ceiling.hpp), and reads the token. `transport` retries 429 and 503; every
/// other 4xx is final. `expires_in` may be a number or text, as may Azure's `expires_on`; without either the JWT's
/// `exp` counts. A refusal is ErrorCode::authentication_failed; `invalid_client` explains the mix-up of Entra and
/// Databricks secrets.
Result<Token> request_token(net::HttpTransport& transport, const TokenEndpointRequest& request,
                            const platform::Clock& clock, const CallContext& context);

/// The token of a 2xx answer, read as request_token() does. `endpoint` names the answering place in messages.
Result<Token> read_token_answer(const net::HttpResponse& answer, const std::string& endpoint,
                                const platform::Clock& clock, std::string_view token_member = "access_token");

/// The value of an `Authorization: Basic` header for a client: id and secret are form-encoded first (RFC 6749 §2.3.1).
SecretString basic_client_authorization(std::string_view client_id, const SecretString& client_secret);

}  // namespace dbxauth::auth
