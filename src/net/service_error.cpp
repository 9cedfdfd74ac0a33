// SPDX-License-Identifier: Apache-2.0
#include "net/service_error.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.hpp"
#include "base/text.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"

namespace dbxauth::net {
namespace {

using base::JsonView;
using std::chrono::milliseconds;

/// What an answer's body says, before anything is redacted.
struct ServerStatement {
  std::string code;
  std::string message;
  std::string request_id;
  std::optional<milliseconds> retry_after;
  bool html = false;
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
bool starts_with(std::string_view text, std::string_view part) {
  return text.substr(0, part.size()) == part;
}
bool ends_with(std::string_view text, std::string_view part) {
  return text.size() >= part.size() && text.substr(text.size() - part.size()) == part;
}

// ---- HTML ----

bool is_html(const HttpResponse& response) {
  const std::string type = base::to_lower(response.header("content-type"));
  if (starts_with(type, "text/html") || starts_with(type, "application/xhtml")) return true;
  return !contains(type, "json") && starts_with(base::trim(response.body.reveal()), "<");
}

std::string without_markup(std::string_view html) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},
                                                                    {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}};
  std::string text;
  while (!html.empty()) {
    if (html.front() == '<') {
      html.remove_prefix(std::min(html.size(), std::min(html.find('>'), html.size() - 1) + 1));
      continue;
    }
    const auto entity = std::find_if(std::begin(kEntities), std::end(kEntities),
                                     [&](const auto& entry) { return starts_with(html, entry.first); });
    text += entity == std::end(kEntities) ? html.front() : entity->second;
    html.remove_prefix(entity == std::end(kEntities) ? 1 : entity->first.size());
  }
  return std::string(base::trim(text));
}

/// The text of the first element of that name, which is given in lower case; empty when there is none.
std::string element_text(std::string_view html, std::string_view lower_case_html, std::string_view name) {
  std::size_t open = lower_case_html.find(fmt::format("<{}", name));
  if (open == std::string_view::npos) return {};
  open = lower_case_html.find('>', open);
  if (open == std::string_view::npos) return {};
  const std::size_t close = lower_case_html.find(fmt::format("</{}", name), open);
  const std::size_t length = close == std::string_view::npos ? std::string_view::npos : close - open - 1;
  return without_markup(html.substr(open + 1, length));
}

std::string html_message(std::string_view html) {
  constexpr std::size_t kLookedAt = 64u << 10;
  html = html.substr(0, kLookedAt);
  const std::string lower = base::to_lower(html);
  std::string text = element_text(html, lower, "pre");
  return text.empty() ? element_text(html, lower, "title") : text;
}

// ---- JSON dialects ----

/// "42.5s", as google.protobuf.Duration is written in JSON.
std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text.size() < 2 || text.back() != 's') return std::nullopt;
  const std::string number(text.substr(0, text.size() - 1));
  char* end = nullptr;
  const double seconds = std::strtod(number.c_str(), &end);
  constexpr double kLongest = 86400.0;
  if (end != number.c_str() + number.size() || !std::isfinite(seconds) || seconds < 0 || seconds > kLongest)
    return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(std::ceil(seconds * 1000.0)));
}

/// The members of `details` (google.rpc) that say something to a program.
void read_details(JsonView details, ServerStatement& statement) {
  details.each_element([&statement](JsonView detail) {
    const std::string_view type = detail["@type"].string_or();
    if (ends_with(type, "google.rpc.RequestInfo")) statement.request_id = detail["request_id"].string_or();
    if (ends_with(type, "google.rpc.RetryInfo"))
      statement.retry_after = parse_duration(detail["retry_delay"].string_or());
    if (ends_with(type, "google.rpc.ErrorInfo") && statement.code.empty())
      statement.code = detail["reason"].string_or();
  });
}

/// Microsoft's token endpoint adds lines of identifiers and times after its sentence.
std::string_view without_trace(std::string_view description) {
  return base::trim(description.substr(0, description.find("Trace ID")));
}

bool is_oauth_code(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

void read_scim(JsonView root, ServerStatement& statement) {
  statement.code = fmt::format("SCIM_{}", root["status"].as_text().value_or("ERROR"));
  const std::string_view detail = root["detail"].string_or();
  const std::string_view type = root["scimType"].string_or();
  // The service sends a null, or the text "null", when it broke itself.
  if (detail.empty() || detail == "null")
    statement.message = "SCIM API internal error";
  else
    statement.message = type.empty() ? std::string(detail) : fmt::format("{} {}", type, detail);
}

void read_nested(JsonView error, ServerStatement& statement) {
  const auto code = error["code"].as_string();
  statement.code = code ? std::string(*code) : error["status"].as_text().value_or(error["code"].as_text().value_or(""));
  statement.message = error["message"].string_or();
  read_details(error["details"], statement);
}

void read_object(JsonView root, ServerStatement& statement) {
  if (root["error"].is_object()) return read_nested(root["error"], statement);
  const std::string error = root["error"].as_text().value_or("");
  statement.message = root["message"].string_or();
  if (auto code = root["error_code"].as_text()) statement.code = *code;
  read_details(root["details"], statement);
  if (!statement.code.empty()) {
    if (statement.message.empty()) statement.message = error.empty() ? root["error_message"].string_or() : error;
    return;
  }
  if (root["error_description"].is_string()) {
    statement.code = error;
    statement.message = without_trace(root["error_description"].string_or());
  } else if (!root["detail"].is_missing() || !root["scimType"].is_missing()) {
    read_scim(root, statement);
  } else if (!error.empty()) {
    if (is_oauth_code(error)) statement.code = error;
    if (statement.message.empty()) statement.message = error;
  } else if (auto code = root["code"].as_text()) {
    statement.code = *code;
  }
}

// ---- text ----

bool is_server_code(std::string_view text) {
  return text.size() >= 3 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

/// `CODE: message`; anything else is the message.
void read_text(std::string_view text, ServerStatement& statement) {
  const std::size_t colon = text.find(": ");
  if (colon != std::string_view::npos && is_server_code(text.substr(0, colon))) {
    statement.code = text.substr(0, colon);
    text.remove_prefix(colon + 2);
  }
  statement.message = base::trim(text);
}

ServerStatement read_body(const HttpResponse& response) {
  ServerStatement statement;
  const std::string_view body = base::trim(response.body.reveal());
  if (body.empty()) return statement;
  if (is_html(response)) {
    statement.html = true;
    statement.message = html_message(body);
    return statement;
  }
  if (body.front() == '{') {
    if (const auto document = base::JsonDocument::parse(body, "the error"); document && document->root().is_object()) {
      read_object(document->root(), statement);
      return statement;
    }
  }
  read_text(body, statement);
  return statement;
}

// ---- classification ----

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

ErrorCode code_for_status(int status) {
  switch (status) {
    case 401:
      return ErrorCode::authentication_failed;
    case 403:
      return ErrorCode::permission_denied;
    case 404:
      return ErrorCode::not_found;
    case 409:
    case 412:
      return ErrorCode::already_exists;
    case 429:
      return ErrorCode::rate_limited;
    case 408:
    case 502:
    case 503:
    case 504:
      return ErrorCode::unavailable;
    default:
      break;
  }
  if (status >= 500) return ErrorCode::server_error;
  if (status >= 400) return ErrorCode::invalid_argument;
  return ErrorCode::protocol;
}

/// The server's code is more exact than its status, which gateways and older services choose loosely.
std::optional<ErrorCode> code_for_server_code(std::string_view code) {
  static constexpr std::pair<std::string_view, ErrorCode> kCodes[] = {
      {"INVALID_STATE", ErrorCode::invalid_argument},
      {"INVALID_PARAMETER_VALUE", ErrorCode::invalid_argument},
      {"BAD_REQUEST", ErrorCode::invalid_argument},
      {"UNAUTHENTICATED", ErrorCode::authentication_failed},
      {"PERMISSION_DENIED", ErrorCode::permission_denied},
      {"NOT_FOUND", ErrorCode::not_found},
      {"ABORTED", ErrorCode::already_exists},
      {"ALREADY_EXISTS", ErrorCode::already_exists},
      {"RESOURCE_CONFLICT", ErrorCode::already_exists},
      {"RESOURCE_EXHAUSTED", ErrorCode::rate_limited},
      {"REQUEST_LIMIT_EXCEEDED", ErrorCode::rate_limited},
      {"TEMPORARILY_UNAVAILABLE", ErrorCode::unavailable},
      {"DEADLINE_EXCEEDED", ErrorCode::unavailable},
      {"INTERNAL_ERROR", ErrorCode::server_error},
      {"UNKNOWN", ErrorCode::server_error},
      {"DATA_LOSS", ErrorCode::server_error},
      {"NOT_IMPLEMENTED", ErrorCode::unsupported},
      {"invalid_client", ErrorCode::authentication_failed},
      {"invalid_grant", ErrorCode::authentication_failed},
      {"invalid_token", ErrorCode::authentication_failed},
      {"unauthorized_client", ErrorCode::authentication_failed},
      {"access_denied", ErrorCode::authentication_failed},
      {"interaction_required", ErrorCode::authentication_failed},
      {"temporarily_unavailable", ErrorCode::unavailable},
      {"server_error", ErrorCode::server_error},
  };
  for (const auto& [name, mapped] : kCodes) {
    if (name == code) return mapped;
  }
  // RESOURCE_DOES_NOT_EXIST, CATALOG_DOES_NOT_EXIST, SCHEMA_ALREADY_EXISTS and their like.
  if (ends_with(code, "_DOES_NOT_EXIST")) return ErrorCode::not_found;
  if (ends_with(code, "_ALREADY_EXISTS")) return ErrorCode::already_exists;
  return std::nullopt;
}

std::string path_of(const std::string& url) {
  const auto parsed = encoding::parse_url(url);
  return parsed ? parsed->path : std::string();
}

/// Three old endpoints call a missing object an invalid parameter.
bool is_missing_object_in_disguise(const HttpResponse& response, const ServerStatement& statement) {
  if (response.status != 400 || statement.code != "INVALID_PARAMETER_VALUE" ||
      !contains(statement.message, "does not exist")) {
    return false;
  }
  const std::string path = path_of(response.url);
  return ends_with(path, "/clusters/get") || ends_with(path, "/jobs/get") || ends_with(path, "/jobs/runs/get");
}

/// Texts that mean "later" whatever the status.
bool asks_for_later(std::string_view message) {
  static constexpr std::string_view kTexts[] = {
      "RPC token bucket limit has been exceeded", "Please try again later or try a faster operation.",
      "Unknown worker environment", "ClusterNotReadyException", "does not have any associated worker environments"};
  return std::any_of(std::begin(kTexts), std::end(kTexts),
                     [&](std::string_view text) { return contains(message, text); });
}

bool is_login_page(std::string_view address) {
  const std::string_view path = address.substr(0, address.find_first_of("?#"));
  return ends_with(path, "/login.html") || ends_with(path, "/login") || contains(path, "/oauth2/") ||
         contains(path, "/oidc/");
}

bool is_private_link_refusal(std::string_view address) {
  return contains(address, "login.html") && contains(address, "private-link-validation-error");
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
std::string next_step(const HttpResponse& response, const Error& error) {
  switch (error.code) {
    case ErrorCode::authentication_failed:
      if (response.status != 401 || contains(response.url, "/oidc/") || contains(response.url, "/oauth2/")) return {};
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

Error redirect_error(const HttpResponse& response, std::string_view doing) {
  const std::string_view location = response.header("location");
  if (is_private_link_refusal(location)) return private_link_error(response, doing);
  const auto target = encoding::parse_url(location);
  const auto source = encoding::parse_url(response.url);
  const bool same_origin = !contains(location, "://") || (target && source && target->origin() == source->origin());
  if (same_origin && is_login_page(location)) {
    return base_error(
        response, doing, ErrorCode::authentication_failed, {},
        fmt::format("{} sent a redirection to its login page, so it did not accept the credentials; log in "
                    "again",
                    address_of(response)));
  }
  return base_error(
      response, doing, ErrorCode::not_databricks, {},
      fmt::format("{} redirects to {} instead of answering as the Databricks API; check the host", address_of(response),
                  target ? target->origin() + target->path : base::redact_excerpt(location, 100)));
}

Error web_page_error(const HttpResponse& response, std::string_view doing, std::string_view title) {
  const std::string shown = base::redact_excerpt(title, 100);
  return base_error(
      response, doing, ErrorCode::not_databricks, {},
      fmt::format("{} answered with a web page{}{}{} instead of the Databricks API; check that the host is the "
                  "URL of a workspace (or of the account console for account calls)",
                  address_of(response), shown.empty() ? "" : " titled \"", shown, shown.empty() ? "" : "\""));
}

bool is_wrong_place(int status) {
  return status < 300 || status == 400 || status == 404 || status == 405;
}

}  // namespace

Error service_error(const HttpResponse& response, std::string_view doing) {
  if (is_private_link_refusal(response.url)) return private_link_error(response, doing);
  if (response.status >= 300 && response.status < 400) return redirect_error(response, doing);
  const ServerStatement statement = read_body(response);
  if (statement.html && is_wrong_place(response.status)) return web_page_error(response, doing, statement.message);

  ErrorCode code = code_for_server_code(statement.code).value_or(code_for_status(response.status));
  if (is_missing_object_in_disguise(response, statement)) code = ErrorCode::not_found;
  const std::string what =
      statement.message.empty() ? std::string(reason_phrase(response.status)) : base::redact_excerpt(statement.message);
  Error error = base_error(response, doing, code, statement.code, what);
  if (error.request_id.empty()) error.request_id = base::redact_excerpt(statement.request_id, 100);
  error.retryable =
      code == ErrorCode::rate_limited || code == ErrorCode::unavailable || asks_for_later(statement.message);
  error.retry_after = encoding::parse_retry_after(response.header("retry-after"), std::chrono::system_clock::now());
  if (!error.retry_after) error.retry_after = statement.retry_after;
  error.message += next_step(response, error);
  return error;
}

Result<base::JsonDocument> json_body(const HttpResponse& response, std::string_view doing) {
  if (!response.ok() || is_private_link_refusal(response.url)) return service_error(response, doing);
  const std::string_view body = base::trim(response.body.reveal());
  // Some calls answer a success with nothing at all where others send {}.
  if (body.empty()) return base::JsonDocument::parse("{}", "an empty answer");
  if (is_html(response)) return web_page_error(response, doing, html_message(body));
  auto document = base::JsonDocument::parse(body, "the answer");
  if (document) return document;
  return base_error(response, doing, ErrorCode::protocol, {},
                    fmt::format("{}: {}", address_of(response), document.error().message));
}

}  // namespace dbxauth::net
