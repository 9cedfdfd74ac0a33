// SPDX-License-Identifier: Apache-2.0
#include "oauth_request.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "encoding/base64url.hpp"
#include "encoding/url.hpp"

namespace dbxauth::emulator {

namespace {

/// RFC 6749 section 2.3.1: id and secret are form-encoded before Basic encoding. Clients that skip this send no `%`.
std::optional<ClientCredentials> basic_credentials(const HttpRequest& request) {
  const std::string header = request.header("Authorization").value_or("");
  if (header.size() < 6 || !base::equals_ignoring_case(header.substr(0, 6), "Basic ")) return std::nullopt;
  std::string encoded(base::trim(std::string_view(header).substr(6)));
  std::replace(encoded.begin(), encoded.end(), '+', '-');
  std::replace(encoded.begin(), encoded.end(), '/', '_');
  const auto decoded = encoding::decode_base64url(encoded);
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) throw oauth_error(401, "invalid_client", "The Authorization header is malformed");
  const std::string_view text = *decoded;
  const auto read = [](std::string_view part) {
    return encoding::percent_decode(part, true).value_or(std::string(part));
  };
  return ClientCredentials{read(text.substr(0, colon)), read(text.substr(colon + 1))};
}

}  // namespace

std::string field(const Form& form, const std::string& name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : found->second;
}

bool has_scope(const std::string& scopes, std::string_view wanted) {
  const auto list = base::split(scopes, ' ');
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

Form require_form(const HttpRequest& request) {
  const std::string type = base::to_lower(request.header("Content-Type").value_or(""));
  if (type.rfind("application/x-www-form-urlencoded", 0) != 0)
    throw oauth_error(400, "invalid_request", "Content-Type must be application/x-www-form-urlencoded");
  try {
    return request.form();
  } catch (const RequestError&) {
    throw oauth_error(400, "invalid_request", "The form cannot be decoded");
  }
}

ClientCredentials credentials_of(const HttpRequest& request, const Form& form) {
  if (auto basic = basic_credentials(request)) {
    const std::string in_form = field(form, "client_id");
    if (!in_form.empty() && in_form != basic->id)
      throw oauth_error(400, "invalid_request", "client_id differs between the Authorization header and the form");
    return std::move(*basic);
  }
  return {field(form, "client_id"), field(form, "client_secret")};
}

std::optional<std::string> bearer_token(const HttpRequest& request) {
  const std::string credential = request.header("Authorization").value_or("");
  const std::size_t space = credential.find(' ');
  if (space == std::string::npos || !base::equals_ignoring_case(credential.substr(0, space), "Bearer"))
    return std::nullopt;
  return std::string(base::trim(std::string_view(credential).substr(space + 1)));
}

HttpResponse redirect_to(const std::string& location) {
  HttpResponse response;
  response.status = 302;
  response.content_type = "text/html; charset=utf-8";
  response.headers.emplace_back("Location", location);
  return response;
}

std::string with_query(const std::string& url, const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text = url;
  char separator = url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    text += separator + name + "=" + encoding::percent_encode(value);
    separator = '&';
  }
  return text;
}

HttpResponse token_response(std::string json) {
  HttpResponse response = json_response(std::move(json));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

std::string base_url(const HttpServer& server, const HttpRequest& request) {
  const std::string own = server.url();
  const std::string scheme = own.substr(0, own.find("://"));
  if (const auto host = request.header("Host")) {
    const auto url = encoding::parse_url(scheme + "://" + *host);
    if (url && url->is_loopback()) return url->origin();
  }
  return own;
}

}  // namespace dbxauth::emulator
