// SPDX-License-Identifier: Apache-2.0
#include "auth/oauth/oidc_discovery.hpp"

#include <utility>

#include "auth/strategy_error.hpp"
#include "base/json_reader.hpp"
#include "base/redaction.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view metadata_path = "/.well-known/oauth-authorization-server";
constexpr std::string_view account_placeholder = "{account_id}";
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
  for (auto at = text.find(account_placeholder); at != std::string::npos;
       at = text.find(account_placeholder, at + account_id.size())) {
    text.replace(at, account_placeholder.size(), account_id);
  }
  return text;
}

Result<HostMetadata> metadata_of_host(net::HttpTransport& transport, const std::string& host,
                                      const CallContext& context, HostMetadataSource* source) {
  if (source != nullptr) return source->metadata(host, context);
  auto answer = request_host_metadata(transport, host, context);
  if (!answer) return std::move(answer).error();
  return std::move(*answer).value_or(HostMetadata{});
}

/// The OIDC root of a host that says what it is; empty when it does not (older workspaces answer 404).
Result<std::string> oidc_root(const HostMetadata& metadata, const OidcTarget& target) {
  const std::string account_id =
      encoding::percent_encode(target.account_id.empty() ? metadata.account_id : target.account_id);
  if (metadata.oidc_endpoint.empty()) {
    const bool of_account = metadata.host_type == "unified" || metadata.host_type == "account";
    if (!of_account || account_id.empty()) return std::string();
    return target.host + "/oidc/accounts/" + account_id;
  }
  if (account_id.empty() && metadata.oidc_endpoint.find(account_placeholder) != std::string::npos) {
    return with_fix(Error(ErrorCode::configuration, "account_id is needed to log in at " + target.host +
                                                        ", which serves several workspaces and accounts; set "
                                                        "DATABRICKS_ACCOUNT_ID or account_id"),
                    "set account_id (DATABRICKS_ACCOUNT_ID)");
  }
  return substitute_account(metadata.oidc_endpoint, account_id);
}

bool is_unknown_to_host(const Error& error) {
  return error.code == ErrorCode::unsupported && error.http_status == 404;
}

}  // namespace

bool is_account_host(std::string_view host) noexcept {
  return host.rfind("https://accounts.", 0) == 0 || host.rfind("https://accounts-dod.", 0) == 0;
}

Result<OidcEndpoints> discover_oidc_endpoints(net::HttpTransport& transport, const OidcTarget& target,
                                              const CallContext& context, HostMetadataSource* host_metadata) {
  if (!target.discovery_url.empty()) return read_metadata(transport, target.discovery_url, target.host, context);
  if (is_account_host(target.host)) {
    if (target.account_id.empty()) {
      return Error(ErrorCode::configuration,
                   "account_id is needed to log in at " + target.host + "; set DATABRICKS_ACCOUNT_ID or account_id");
    }
    const std::string root = target.host + "/oidc/accounts/" + encoding::percent_encode(target.account_id) + "/v1/";
    return OidcEndpoints{root + "authorize", root + "token"};
  }
  const std::string workspace_root = target.host + "/oidc";
  const auto root_from_metadata = [&]() -> Result<std::string> {
    const auto metadata = metadata_of_host(transport, target.host, context, host_metadata);
    if (!metadata) return metadata.error();
    return oidc_root(*metadata, target);
  };
  const auto read_root = [&](const std::string& root) {
    return read_metadata(transport, root + std::string(metadata_path), target.host, context);
  };
  if (!target.account_id.empty()) {
    const auto root = root_from_metadata();
    if (!root) return root.error();
    return read_root(root->empty() ? workspace_root : *root);
  }
  auto endpoints = read_root(workspace_root);
  if (endpoints || host_metadata == nullptr || !is_unknown_to_host(endpoints.error())) return endpoints;
  const auto root = root_from_metadata();
  if (!root) return root.error();
  if (root->empty() || *root == workspace_root) return endpoints;
  return read_root(*root);
}

}  // namespace dbxauth::auth
