// SPDX-License-Identifier: Apache-2.0
#include "net/service_error.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.hpp"
#include "base/text.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"
#include "net/response_class.hpp"
#include "net/server_statement.hpp"

namespace dbxauth::net {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
bool starts_with(std::string_view text, std::string_view part) {
  return text.substr(0, part.size()) == part;
}

// ---- what people read ----

std::string_view reason_phrase(int status) {
  switch (status) {
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 407:
      return "Proxy Authentication Required";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "the server gave no reason";
  }
}

/// Texts that mean "later" whatever the status.
bool asks_for_later(std::string_view message) {
  static constexpr std::string_view kTexts[] = {
      "RPC token bucket limit has been exceeded", "Please try again later or try a faster operation.",
      "Unknown worker environment", "ClusterNotReadyException", "does not have any associated worker environments"};
  return std::any_of(std::begin(kTexts), std::end(kTexts),
                     [&](std::string_view text) { return contains(message, text); });
}

std::string address_of(const HttpResponse& response) {
  const auto parsed = encoding::parse_url(response.url);
  return parsed ? parsed->origin() + parsed->path : std::string("the server");
}

/// " from host:port"; empty when the text before it names the server already, or nobody knows it.
std::string named_server(const HttpResponse& response, std::string_view said) {
  const auto parsed = encoding::parse_url(response.url);
  if (!parsed) return {};
  const std::string origin = parsed->origin();
  const std::string_view server = std::string_view(origin).substr(origin.find("://") + 3);
  return contains(said, server) ? std::string() : fmt::format(" from {}", server);
}

/// What the reader can do about an answer of an API. A token endpoint's refusals are explained by who asked it.
std::string next_step(const HttpResponse& response, const Error& error, ResponseClass kind) {
  switch (error.code) {
    case ErrorCode::authentication_failed:
      if (contains(response.url, "/oidc/") || contains(response.url, "/oauth2/")) return {};
      if (response.status != 401 && kind != ResponseClass::expired_token) return {};
      return "; check that the credentials belong to this workspace and have neither ended nor been revoked";
    case ErrorCode::permission_denied:
      return "; ask the owner of the object or an administrator for what this identity lacks";
    case ErrorCode::rate_limited:
    case ErrorCode::unavailable:
      if (!error.retry_after) return "; try again later";
      return fmt::format("; try again in {} s", (error.retry_after->count() + 999) / 1000);
    default:
      return {};
  }
}

std::string_view request_id_of(const HttpResponse& response) {
  for (const std::string_view name :
       {"x-request-id", "x-databricks-request-id", "x-ms-request-id", "x-ms-correlation-request-id", "request-id"}) {
    if (const auto id = response.header(name); !id.empty()) return id;
  }
  return {};
}

Error base_error(const HttpResponse& response, std::string_view doing, ErrorCode code, std::string_view server_code,
                 std::string_view what) {
  Error error;
  error.code = code;
  error.http_status = response.status;
  error.server_code = base::redact_excerpt(server_code, 100);
  error.request_id = base::redact_excerpt(request_id_of(response), 100);
  const std::string said = fmt::format("could not {}: {}", doing, what);
  error.message = fmt::format("{} (HTTP {}{}{}{})", said, response.status, error.server_code.empty() ? "" : " ",
                              error.server_code, named_server(response, said));
  return error;
}

Error private_link_error(const HttpResponse& response, std::string_view doing) {
  return base_error(response, doing, ErrorCode::permission_denied, "PRIVATE_LINK_VALIDATION_ERROR",
                    "the workspace accepts connections over its private link only, and this machine does not come from "
                    "there; connect from the private network, or ask an administrator about public network access");
}

/// Which setting to look at when what answers is no API.
std::string_view place_advice(const HttpResponse& response) {
  const auto url = encoding::parse_url(response.url);
  const bool account_call = url && contains(url->path, "/accounts/");
  const bool account_host = url && (starts_with(url->host, "accounts.") || starts_with(url->host, "accounts-dod."));
  if (account_host && account_call) return "check account_id, and that the host is the account console of your cloud";
  if (account_host) {
    return "the host is an account console: set host to the URL of a workspace, or account_id for account calls";
  }
  if (account_call) {
    return "account calls go to the account console: check the host (https://accounts.cloud.databricks.com, "
           "https://accounts.azuredatabricks.net or https://accounts.gcp.databricks.com) and account_id";
  }
  return "check that the host is the URL of a workspace; a host that serves several needs workspace_id as well";
}

Error redirection_error(const HttpResponse& response, std::string_view doing, ResponseClass kind) {
  if (kind == ResponseClass::html_login) {
    return base_error(
        response, doing, ErrorCode::authentication_failed, {},
        fmt::format("{} sent a redirection to its login page, so it did not accept the credentials; log in "
                    "again",
                    address_of(response)));
  }
  const std::string_view location = response.header("location");
  const auto target = encoding::parse_url(location);
  return base_error(
      response, doing, ErrorCode::not_databricks, {},
      fmt::format("{} redirects to {} instead of answering as the Databricks API; {}", address_of(response),
                  target ? target->origin() + target->path : base::redact_excerpt(location, 100),
                  place_advice(response)));
}

Error web_page_error(const HttpResponse& response, std::string_view doing, ResponseClass kind, std::string_view title) {
  const std::string shown = base::redact_excerpt(title, 100);
  return base_error(
      response, doing, ErrorCode::not_databricks, {},
      fmt::format("{} answered with a {}{}{}{} instead of the Databricks API; {}", address_of(response),
                  kind == ResponseClass::html_login ? "sign-in page" : "web page", shown.empty() ? "" : " titled \"",
                  shown, shown.empty() ? "" : "\"", place_advice(response)));
}

bool is_redirection(int status) {
  return status >= 300 && status < 400;
}

Error page_error(const HttpResponse& response, std::string_view doing, ResponseClass kind,
                 const ServerStatement& statement) {
  if (kind == ResponseClass::private_link) return private_link_error(response, doing);
  if (is_redirection(response.status)) return redirection_error(response, doing, kind);
  return web_page_error(response, doing, kind, statement.message);
}

}  // namespace

Error service_error(const HttpResponse& response, std::string_view doing) {
  const ServerStatement statement = read_statement(response);
  const ResponseClass kind = classify_response(response, statement);
  if (kind == ResponseClass::private_link || kind == ResponseClass::html_login || kind == ResponseClass::html_page) {
    return page_error(response, doing, kind, statement);
  }
  const std::string what =
      statement.message.empty() ? std::string(reason_phrase(response.status)) : base::redact_excerpt(statement.message);
  Error error = base_error(response, doing, error_code_of(kind), statement.code, what);
  if (error.request_id.empty()) error.request_id = base::redact_excerpt(statement.request_id, 100);
  error.retryable =
      kind == ResponseClass::rate_limited || kind == ResponseClass::unavailable || asks_for_later(statement.message);
  error.retry_after = encoding::parse_retry_after(response.header("retry-after"), std::chrono::system_clock::now());
  if (!error.retry_after) error.retry_after = statement.retry_after;
  error.message += next_step(response, error, kind);
  return error;
}

Result<base::JsonDocument> json_body(const HttpResponse& response, std::string_view doing) {
  const ResponseClass kind = classify_response(response);
  const std::string_view body = base::trim(response.body.reveal());
  // Some calls answer a success with nothing at all where others send {}.
  if (kind == ResponseClass::ok && body.empty()) return base::JsonDocument::parse("{}", "an empty answer");
  if (kind != ResponseClass::ok) return service_error(response, doing);
  auto document = base::JsonDocument::parse(body, "the answer");
  if (document) return document;
  return base_error(response, doing, ErrorCode::protocol, {},
                    fmt::format("{}: {}", address_of(response), document.error().message));
}

}  // namespace dbxauth::net
