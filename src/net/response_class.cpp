// SPDX-License-Identifier: Apache-2.0
#include "net/response_class.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "encoding/url.hpp"

namespace dbxauth::net {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
bool starts_with(std::string_view text, std::string_view part) {
  return text.substr(0, part.size()) == part;
}
bool ends_with(std::string_view text, std::string_view part) {
  return text.size() >= part.size() && text.substr(text.size() - part.size()) == part;
}

template <class Test>
bool any_of(std::initializer_list<std::string_view> texts, Test&& test) {
  return std::any_of(texts.begin(), texts.end(), test);
}

ResponseClass class_for_status(int status) {
  switch (status) {
    case 401:
      return ResponseClass::unauthenticated;
    case 403:
      return ResponseClass::permission_denied;
    case 404:
      return ResponseClass::not_found;
    case 409:
    case 412:
      return ResponseClass::conflict;
    case 429:
      return ResponseClass::rate_limited;
    case 408:
    case 502:
    case 503:
    case 504:
      return ResponseClass::unavailable;
    default:
      break;
  }
  if (status >= 500) return ResponseClass::server_error;
  if (status >= 400) return ResponseClass::invalid_request;
  return ResponseClass::unexpected;
}

/// The server's code is more exact than its status.
std::optional<ResponseClass> class_for_code(std::string_view code) {
  static constexpr std::pair<std::string_view, ResponseClass> kCodes[] = {
      {"INVALID_STATE", ResponseClass::invalid_request},
      {"INVALID_PARAMETER_VALUE", ResponseClass::invalid_request},
      {"BAD_REQUEST", ResponseClass::invalid_request},
      {"UNAUTHENTICATED", ResponseClass::unauthenticated},
      {"PERMISSION_DENIED", ResponseClass::permission_denied},
      {"NOT_FOUND", ResponseClass::not_found},
      {"ABORTED", ResponseClass::conflict},
      {"ALREADY_EXISTS", ResponseClass::conflict},
      {"RESOURCE_CONFLICT", ResponseClass::conflict},
      {"RESOURCE_EXHAUSTED", ResponseClass::rate_limited},
      {"REQUEST_LIMIT_EXCEEDED", ResponseClass::rate_limited},
      {"TEMPORARILY_UNAVAILABLE", ResponseClass::unavailable},
      {"DEADLINE_EXCEEDED", ResponseClass::unavailable},
      {"INTERNAL_ERROR", ResponseClass::server_error},
      {"UNKNOWN", ResponseClass::server_error},
      {"DATA_LOSS", ResponseClass::server_error},
      {"NOT_IMPLEMENTED", ResponseClass::unsupported},
      {"invalid_client", ResponseClass::unauthenticated},
      {"invalid_grant", ResponseClass::unauthenticated},
      {"invalid_token", ResponseClass::unauthenticated},
      {"unauthorized_client", ResponseClass::unauthenticated},
      {"access_denied", ResponseClass::unauthenticated},
      {"interaction_required", ResponseClass::unauthenticated},
      {"temporarily_unavailable", ResponseClass::unavailable},
      {"server_error", ResponseClass::server_error},
  };
  for (const auto& [name, mapped] : kCodes) {
    if (name == code) return mapped;
  }
  // RESOURCE_DOES_NOT_EXIST, CATALOG_DOES_NOT_EXIST, SCHEMA_ALREADY_EXISTS and their like.
  if (ends_with(code, "_DOES_NOT_EXIST")) return ResponseClass::not_found;
  if (ends_with(code, "_ALREADY_EXISTS")) return ResponseClass::conflict;
  return std::nullopt;
}

// ---- tokens ----

bool is_token_code(std::string_view code) {
  return any_of({"invalid_token", "INVALID_TOKEN", "TOKEN_EXPIRED", "EXPIRED_TOKEN", "ExpiredJwtException",
                 "ExpiredAuthenticationToken", "InvalidAuthenticationToken"},
                [code](std::string_view known) { return ends_with(code, known); });
}

/// Only what is said about the token that came with the request: a refresh token in a form, or a token that is the
/// object of the call, must not be taken for it.
bool says_token_is_refused(std::string_view said) {
  constexpr std::size_t kLookedAt = 300;
  const std::string text = base::to_lower(base::trim(said.substr(0, kLookedAt)));
  if (contains(text, "refresh token")) return false;
  if (any_of({"invalid access token", "expired access token", "access token expired", "access token has expired",
              "access token is expired", "access token is invalid", "access token is not valid", "expiredjwtexception",
              "jwt expired", "jwt is expired", "jwt has expired"},
             [&text](std::string_view phrase) { return contains(text, phrase); })) {
    return true;
  }
  return any_of({"invalid token", "expired token", "token expired", "token is expired", "token has expired",
                 "the token is expired", "the token has expired", "token is invalid", "token is not valid"},
                [&text](std::string_view phrase) { return starts_with(text, phrase); });
}

bool is_oauth_code(std::string_view code) {
  return !code.empty() &&
         std::all_of(code.begin(), code.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

/// Which status stands for a token that ended differs by endpoint, by cloud and by month.
bool refuses_token(const HttpResponse& response, const ServerStatement& statement) {
  if (response.status != 400 && response.status != 401 && response.status != 403) return false;
  if (statement.html || statement.code == "PERMISSION_DENIED") return false;
  if (is_token_code(statement.code)) return true;
  if (is_oauth_code(statement.code)) return false;  // A token endpoint, about what the form holds.
  if (contains(response.header("www-authenticate"), "invalid_token")) return true;  // RFC 6750 §3.1.
  return says_token_is_refused(statement.message) ||
         says_token_is_refused(response.header("x-databricks-reason-phrase"));
}

// ---- pages ----

bool is_private_link_refusal(std::string_view address) {
  return contains(address, "login.html") && contains(address, "private-link-validation-error");
}

bool is_sign_in_title(std::string_view title) {
  const std::string text = base::to_lower(title);
  return any_of({"sign in", "sign-in", "signin", "log in", "login"},
                [&text](std::string_view part) { return contains(text, part); });
}

ResponseClass class_of_redirection(const HttpResponse& response) {
  const std::string_view location = response.header("location");
  if (is_private_link_refusal(location)) return ResponseClass::private_link;
  const auto target = encoding::parse_url(location);
  const auto source = encoding::parse_url(response.url);
  const bool same_origin = !contains(location, "://") || (target && source && target->origin() == source->origin());
  return same_origin && is_login_address(location) ? ResponseClass::html_login : ResponseClass::html_page;
}

/// With other statuses the page only dresses up what the status says.
bool is_page_for_people(int status) {
  return status < 300 || status == 400 || status == 404 || status == 405;
}

ResponseClass class_of_page(const HttpResponse& response, const ServerStatement& statement) {
  const std::string_view path = std::string_view(response.url).substr(0, response.url.find_first_of("?#"));
  const bool login = ends_with(path, "/login.html") || ends_with(path, "/login") || is_sign_in_title(statement.message);
  return login ? ResponseClass::html_login : ResponseClass::html_page;
}

/// Three old endpoints call a missing object an invalid parameter.
bool is_missing_object_in_disguise(const HttpResponse& response, const ServerStatement& statement) {
  if (response.status != 400 || statement.code != "INVALID_PARAMETER_VALUE" ||
      !contains(statement.message, "does not exist")) {
    return false;
  }
  const auto url = encoding::parse_url(response.url);
  return url && any_of({"/clusters/get", "/jobs/get", "/jobs/runs/get"},
                       [&url](std::string_view path) { return ends_with(url->path, path); });
}

}  // namespace

std::string_view to_string(ResponseClass kind) noexcept {
  switch (kind) {
    case ResponseClass::ok:
      return "ok";
    case ResponseClass::html_login:
      return "html_login";
    case ResponseClass::html_page:
      return "html_page";
    case ResponseClass::private_link:
      return "private_link";
    case ResponseClass::expired_token:
      return "expired_token";
    case ResponseClass::unauthenticated:
      return "unauthenticated";
    case ResponseClass::permission_denied:
      return "permission_denied";
    case ResponseClass::not_found:
      return "not_found";
    case ResponseClass::conflict:
      return "conflict";
    case ResponseClass::invalid_request:
      return "invalid_request";
    case ResponseClass::rate_limited:
      return "rate_limited";
    case ResponseClass::unavailable:
      return "unavailable";
    case ResponseClass::unsupported:
      return "unsupported";
    case ResponseClass::server_error:
      return "server_error";
    case ResponseClass::unexpected:
      break;
  }
  return "unexpected";
}

ResponseClass classify_response(const HttpResponse& response) {
  // A success may be long, and says nothing of interest here unless it is a page.
  return classify_response(response,
                           response.ok() && !is_html(response) ? ServerStatement{} : read_statement(response));
}

ResponseClass classify_response(const HttpResponse& response, const ServerStatement& statement) {
  if (is_private_link_refusal(response.url)) return ResponseClass::private_link;
  if (response.status >= 300 && response.status < 400) return class_of_redirection(response);
  if (statement.html && is_page_for_people(response.status)) return class_of_page(response, statement);
  if (response.ok()) return ResponseClass::ok;
  if (refuses_token(response, statement)) return ResponseClass::expired_token;
  if (is_missing_object_in_disguise(response, statement)) return ResponseClass::not_found;
  return class_for_code(statement.code).value_or(class_for_status(response.status));
}

bool is_credential_refusal(ResponseClass kind) noexcept {
  return kind == ResponseClass::expired_token || kind == ResponseClass::unauthenticated;
}

ErrorCode error_code_of(ResponseClass kind) noexcept {
  switch (kind) {
    case ResponseClass::html_login:
    case ResponseClass::html_page:
      return ErrorCode::not_databricks;
    case ResponseClass::expired_token:
    case ResponseClass::unauthenticated:
      return ErrorCode::authentication_failed;
    case ResponseClass::private_link:
    case ResponseClass::permission_denied:
      return ErrorCode::permission_denied;
    case ResponseClass::not_found:
      return ErrorCode::not_found;
    case ResponseClass::conflict:
      return ErrorCode::already_exists;
    case ResponseClass::invalid_request:
      return ErrorCode::invalid_argument;
    case ResponseClass::rate_limited:
      return ErrorCode::rate_limited;
    case ResponseClass::unavailable:
      return ErrorCode::unavailable;
    case ResponseClass::unsupported:
      return ErrorCode::unsupported;
    case ResponseClass::server_error:
      return ErrorCode::server_error;
    case ResponseClass::ok:
    case ResponseClass::unexpected:
      break;
  }
  return ErrorCode::protocol;
}

bool is_login_address(std::string_view address) noexcept {
  const std::string_view path = address.substr(0, address.find_first_of("?#"));
  return ends_with(path, "/login.html") || ends_with(path, "/login") || contains(path, "/oauth2/") ||
         contains(path, "/oidc/");
}

}  // namespace dbxauth::net
