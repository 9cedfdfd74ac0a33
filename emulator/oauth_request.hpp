// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_message.hpp"
#include "http_server.hpp"

namespace dbxauth::emulator {

/// Fields of an application/x-www-form-urlencoded body.
using Form = std::map<std::string, std::string>;

/// A refusal of RFC 6749 section 5.2: `code` is the member `error`.
inline RequestError oauth_error(int status, std::string code, std::string description) {
  return RequestError(status, std::move(code), std::move(description));
}

std::string field(const Form& form, const std::string& name);  ///< Empty when absent.
bool has_scope(const std::string& scopes, std::string_view wanted);
/// Throws invalid_request for another content type or a bad escape.
Form require_form(const HttpRequest& request);

struct ClientCredentials {
  std::string id;
  std::string secret;
};
/// Of the Basic header, else of the form. Throws when the header is malformed or names another client than the form.
ClientCredentials credentials_of(const HttpRequest& request, const Form& form);

/// The token of an `Authorization: Bearer` header; nothing for a missing header or another scheme.
std::optional<std::string> bearer_token(const HttpRequest& request);

HttpResponse redirect_to(const std::string& location);
/// Fields with an empty value are left out.
std::string with_query(const std::string& url, const std::vector<std::pair<std::string, std::string>>& fields);
HttpResponse token_response(std::string json);  ///< Not to be stored by anyone on the way.

/// The address the client used, so that `localhost` and 127.0.0.1 both get documents that point back at themselves.
std::string base_url(const HttpServer& server, const HttpRequest& request);

}  // namespace dbxauth::emulator
