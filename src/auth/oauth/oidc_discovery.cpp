// SPDX-License-Identifier: Apache-2.0
#include "auth/oauth/oidc_discovery.hpp"

#include <utility>

#include "base/json_reader.hpp"
#include "base/logging.hpp"
#include "base/redaction.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view metadata_path = "/.well-known/oauth-authorization-server";
constexpr std::size_t metadata_limit_bytes = 1u << 20;

Result<void> require_secure_url(std::string_view text, std::string_view what, std::string_view source) {
  const auto url = encoding::parse_url(text);
  if (url && (url->scheme == "https" || (url->scheme == "http" && url->is_loopback()))) return {};
  return Error(ErrorCode::protocol, std::string(what) + " named by " + std::string(source) +
                                        " is not an https URL: " + base::redact_excerpt(text));
}

net::HttpRequest metadata_request(std::string url) {
  net::HttpRequest request;
  request.url = std::move(url);
  request.headers.emplace_back("Accept", "application/json");
  request.response_limit = metadata_limit_bytes;
  request.follow_redirects = true;
  request.subject = "auth.oidc";
  return request;
}

Result<OidcEndpoints> read_metadata(net::HttpTransport& transport, const std::string& url, const std::string& host,
                                    const CallContext& context) {
  if (auto secure = require_secure_url(url, "the discovery URL", "the configuration"); !secure) {
    secure.error().code = ErrorCode::configuration;
    return std::move(secure).error();
  }
  const auto answer = transport.send(metadata_request(url), context);
  if (!answer) return answer.error();
  if (answer->status == 404) {
    Error error(ErrorCode::unsupported, "OAuth is not supported for this host: " + url + " answered 404. Check that " +
                                            host + " is a Databricks workspace or account URL");
    error.http_status = answer->status;
    return error;
  }
  const auto document = net::json_body(*answer, "read the OAuth endpoints from " + url);
  if (!document) return document.error();
  OidcEndpoints endpoints;
  endpoints.authorization_endpoint = (*document)["authorization_endpoint"].string_or();
  endpoints.token_endpoint = (*document)["token_endpoint"].string_or();
  if (endpoints.token_endpoint.empty()) {
    return Error(ErrorCode::protocol, "the OAuth metadata at " + url + " names no token_endpoint");
  }
  if (auto secure = require_secure_url(endpoints.token_endpoint, "the token endpoint", url); !secure) {
    return std::move(secure).error();
  }
  if (!endpoints.authorization_endpoint.empty()) {
    auto secure = require_secure_url(endpoints.authorization_endpoint, "the authorization endpoint", url);
    if (!secure) return std::move(secure).error();
  }
  return endpoints;
}

std::string substitute_account(std::string text, const std::string& account_id) {
  constexpr std::string_view placeholder = "{account_id}";
  for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + account_id.size())) {
    text.replace(at, placeholder.size(), account_id);
  }
  return text;
}

/// The OIDC root of a host that says what it is; empty when it does not (older workspaces answer 404).
Result<std::string> oidc_root_of_host(net::HttpTransport& transport, const OidcTarget& target,
                                      const CallContext& context) {
  const std::string url = target.host + "/.well-known/databricks-config";
  const auto answer = transport.send(metadata_request(url), context);
  if (!answer) {
    if (answer.error().code == ErrorCode::cancelled || answer.error().code == ErrorCode::timed_out)
      return answer.error();
    base::log(LogLevel::debug, "auth.oidc", "no host metadata at " + url + ": " + answer.error().message);
    return std::string();
  }
  const auto document = net::json_body(*answer, "read the host's metadata from " + url);
  if (!document) {
    base::log(LogLevel::debug, "auth.oidc", document.error().message);
    return std::string();
  }
  std::string root = substitute_account(std::string((*document)["oidc_endpoint"].string_or()),
                                        encoding::percent_encode(target.account_id));
  while (!root.empty() && root.back() == '/') root.pop_back();
  return root;
}

}  // namespace

bool is_account_host(std::string_view host) noexcept {
  return host.rfind("https://accounts.", 0) == 0 || host.rfind("https://accounts-dod.", 0) == 0;
}

Result<OidcEndpoints> discover_oidc_endpoints(net::HttpTransport& transport, const OidcTarget& target,
                                              const CallContext& context) {
  if (!target.discovery_url.empty()) return read_metadata(transport, target.discovery_url, target.host, context);
  if (is_account_host(target.host)) {
    if (target.account_id.empty()) {
      return Error(ErrorCode::configuration,
                   "account_id is needed to log in at " + target.host + "; set DATABRICKS_ACCOUNT_ID or account_id");
    }
    const std::string root = target.host + "/oidc/accounts/" + encoding::percent_encode(target.account_id) + "/v1/";
    return OidcEndpoints{root + "authorize", root + "token"};
  }
  if (!target.account_id.empty()) {
    auto root = oidc_root_of_host(transport, target, context);
    if (!root) return std::move(root).error();
    if (!root->empty()) return read_metadata(transport, *root + std::string(metadata_path), target.host, context);
  }
  return read_metadata(transport, target.host + "/oidc" + std::string(metadata_path), target.host, context);
}

}  // namespace dbxauth::auth
