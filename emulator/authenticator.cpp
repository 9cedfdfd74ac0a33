// SPDX-License-Identifier: Apache-2.0
#include "authenticator.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.hpp"
#include "oauth_request.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::string_view account_api = "/api/2.0/accounts/";

struct ApiScope {
  std::string_view path;
  std::string_view scope;
};
constexpr std::array<ApiScope, 4> api_scopes{{
    {"/api/2.0/sql/", "sql"},
    {"/api/2.1/unity-catalog/", "unity-catalog"},
    {"/api/2.0/preview/scim/", "scim"},
    {"/api/2.0/token/", "authentication"},
}};

/// A token without `all-apis` is good for the APIs of its scopes only.
void require_scope(const HttpRequest& request, const AccessToken& token) {
  const auto has = [&](std::string_view scope) {
    return std::find(token.scopes.begin(), token.scopes.end(), scope) != token.scopes.end();
  };
  if (token.scopes.empty() || has("all-apis")) return;
  for (const ApiScope& api : api_scopes) {
    if (request.path.rfind(api.path, 0) != 0 || has(api.scope)) continue;
    throw forbidden("Provided OAuth token does not have required scopes: " + std::string(api.scope));
  }
}

std::string_view without_scheme(std::string_view url) {
  const std::size_t mark = url.find("://");
  if (mark != std::string_view::npos) url.remove_prefix(mark + 3);
  while (!url.empty() && url.back() == '/') url.remove_suffix(1);
  return url;
}

}  // namespace

Principal Authenticator::authenticate(const HttpRequest& request) const {
  require_workspace(request);
  const auto credential = bearer_token(request);
  if (!credential) throw unauthenticated("Credential was not sent or was of an unsupported type for this API.");
  const auto token = tokens_.find(*credential);
  if (!token || token->kind == TokenKind::google_access) throw unauthenticated("Invalid access token.");
  if (tokens_.is_expired(*token)) throw unauthenticated("Access token has expired.");
  if (token->kind == TokenKind::entra) require_entra_token(request, *token);
  if (token->kind == TokenKind::google_identity) require_google_tokens(request, *token);
  if (token->kind == TokenKind::oauth) require_scope(request, *token);
  auto principal = metastore_.find_principal(token->principal);
  if (!principal) throw forbidden("User " + token->principal + " does not belong to this workspace.");
  if (!principal->active) throw forbidden("User " + token->principal + " is not active in this workspace.");
  return std::move(*principal);
}

void Authenticator::require_workspace(const HttpRequest& request) const {
  if (rules_.host_type == "workspace" || request.path.rfind(account_api, 0) == 0) return;
  if (rules_.host_type == "account")
    throw RequestError(404, "ENDPOINT_NOT_FOUND", "No API found for '" + request.method + " " + request.path + "'");
  const std::string wanted =
      request.header("X-Databricks-Workspace-Id").value_or(request.query_parameter("o").value_or(""));
  // Without a workspace the request is taken for one to the account, which has no such API.
  if (wanted.empty()) throw forbidden("Unable to load OAuth Config");
  if (wanted != rules_.workspace_id) throw forbidden("Workspace " + wanted + " is not reachable through this host.");
}

void Authenticator::require_entra_token(const HttpRequest& request, const AccessToken& token) const {
  if (token.resource != azure_databricks_resource)
    throw unauthenticated("Invalid access token: its audience is not Azure Databricks.");
  const std::string path = "/" + rules_.tenant_id + "/";
  if (token.issuer.size() < path.size() || token.issuer.substr(token.issuer.size() - path.size()) != path)
    throw RequestError(
        400, "INVALID_PARAMETER_VALUE",
        "Expected iss claim to be that of the tenant " + rules_.tenant_id + ", but was: " + token.issuer);
  if (outside_.count(token.principal) != 0) require_management_token(request, token);
}

void Authenticator::require_management_token(const HttpRequest& request, const AccessToken& token) const {
  const auto header = request.header("X-Databricks-Azure-SP-Management-Token");
  const auto management = header ? tokens_.find(*header) : std::nullopt;
  const bool valid = management && management->kind == TokenKind::entra && !tokens_.is_expired(*management) &&
                     management->resource == azure_management_resource && management->client_id == token.client_id;
  if (!valid)
    throw forbidden("Service principal " + token.principal +
                    " is not a user of this workspace and sent no valid management token.");
}

void Authenticator::require_google_tokens(const HttpRequest& request, const AccessToken& token) const {
  if (without_scheme(token.resource) != request.header("Host").value_or(""))
    throw unauthenticated("Invalid access token: its audience is not this workspace.");
  const auto header = request.header("X-Databricks-GCP-SA-Access-Token");
  if (!header) return;
  const auto access = tokens_.find(*header);
  if (!access || access->kind != TokenKind::google_access || tokens_.is_expired(*access) ||
      access->principal != token.principal)
    throw unauthenticated("Invalid Google service account access token.");
}

}  // namespace dbxauth::emulator
