// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "dbxauth/error.hpp"
#include "net/http_transport.hpp"
#include "net/server_statement.hpp"

namespace dbxauth::net {

/// What an HTTP answer comes to, whatever its status pretends: gateways and older services choose statuses loosely.
enum class ResponseClass {
  ok,                 ///< 2xx, and no web page.
  html_login,         ///< A sign-in page, or a redirection to the one of the same host.
  html_page,          ///< Another web page, or a redirection elsewhere: this is not the API.
  private_link,       ///< The workspace takes connections from its private network only.
  expired_token,      ///< The access token has ended, was revoked or is none: 401, 403 or 400 with a body that says so.
  unauthenticated,    ///< The credentials were refused, without a word about the token: 401, `invalid_client`.
  permission_denied,  ///< The identity is known and may not do this.
  not_found,
  conflict,
  invalid_request,
  rate_limited,
  unavailable,   ///< For now: 502, 503, 504.
  unsupported,   ///< The server knows what was asked for and does not offer it.
  server_error,  ///< Other 5xx.
  unexpected,    ///< Nothing that the protocol foresees.
};

/// "ok", "html_login", … as the enumerators are spelled.
std::string_view to_string(ResponseClass kind) noexcept;

ResponseClass classify_response(const HttpResponse& response);
/// The same for a body that was read already.
ResponseClass classify_response(const HttpResponse& response, const ServerStatement& statement);

/// Whether other credentials could make a difference: the server refused these before it did anything. Always for
/// unauthenticated and expired_token, never for permission_denied.
bool is_credential_refusal(ResponseClass kind) noexcept;

/// The code of an Error about such an answer.
ErrorCode error_code_of(ResponseClass kind) noexcept;

/// True for the address of a redirection, or of a page, at which people sign in.
bool is_login_address(std::string_view address) noexcept;

}  // namespace dbxauth::net
