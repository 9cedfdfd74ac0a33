// SPDX-License-Identifier: Apache-2.0
#include "identity_service.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "crypto.hpp"
#include "encoding/base64url.hpp"
#include "encoding/url.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::int64_t authorization_code_lifetime_ms = 60 * 1000;
constexpr const char* cli_client_id = "databricks-cli";  // public client of the Databricks CLI
constexpr std::string_view token_exchange_grant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view jwt_bearer_grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view known_scopes[] = {"all-apis",  "authentication", "clusters", "files",         "jobs",
                                             "pipelines", "scim",           "sql",      "unity-catalog", "workspace"};

/// Scopes of a grant without a user: only such as exist, and no refresh token.
void require_known_scopes(const std::string& scope) {
  if (base::trim(scope).empty()) throw oauth_error(400, "invalid_scope", "scope is required");
  if (has_scope(scope, "offline_access"))
    throw oauth_error(400, "invalid_scope", "offline_access is not allowed for this grant");
  for (const std::string_view one : base::split(scope, ' '))
    if (!one.empty() && std::find(std::begin(known_scopes), std::end(known_scopes), one) == std::end(known_scopes))
      throw oauth_error(400, "invalid_scope", "Unknown scope '" + std::string(one) + "'");
}

}  // namespace

IdentityService::IdentityService(WorkspaceIdentity workspace, AccessTokens& tokens, const Metastore& metastore,
                                 const Settings& settings, const FederationService& federation)
    : workspace_(std::move(workspace)),
      tokens_(tokens),
      metastore_(metastore),
      settings_(settings),
      federation_(federation) {}

void IdentityService::add_client(const std::string& client_id, const std::string& client_secret,
                                 std::vector<std::string> scopes) {
  clients_[client_id] = {client_secret, std::move(scopes)};
}

void IdentityService::add_routes(HttpServer& server) {
  server_ = &server;
  const auto on = [&](std::string_view route, HttpResponse (IdentityService::*handler)(const HttpRequest&)) {
    server.route(
        route, Access::open, [this, handler](const HttpRequest& r) { return (this->*handler)(r); },
        ErrorDialect::oauth);
  };
  const auto describe = [&](std::string_view route) {
    server.route(route, Access::open, [this](const HttpRequest& r) { return authorization_server_metadata(r); });
  };
  server.route("GET /.well-known/databricks-config", Access::open,
               [this](const HttpRequest& r) { return host_metadata(r); });
  // Accounts and unified hosts have the authorization server of the account only.
  if (workspace_.host_type == "workspace") {
    describe("GET /oidc/.well-known/oauth-authorization-server");
    describe("GET /oidc/.well-known/openid-configuration");
    on("GET /oidc/v1/authorize", &IdentityService::authorize);
    on("POST /oidc/v1/token", &IdentityService::token);
  }
  describe("GET /oidc/accounts/{account_id}/.well-known/oauth-authorization-server");
  describe("GET /oidc/accounts/{account_id}/.well-known/openid-configuration");
  on("GET /oidc/accounts/{account_id}/v1/authorize", &IdentityService::authorize);
  on("POST /oidc/accounts/{account_id}/v1/token", &IdentityService::token);
}

std::string IdentityService::issuer_of(const HttpRequest& request) const {
  const std::string issuer = base_url(*server_, request) + "/oidc";
  const auto account = request.path_parameters.find("account_id");
  if (account == request.path_parameters.end()) return issuer;
  if (account->second != workspace_.account_id)
    throw RequestError(404, "RESOURCE_DOES_NOT_EXIST", "Account " + account->second + " does not exist.");
  return issuer + "/accounts/" + account->second;
}

HttpResponse IdentityService::host_metadata(const HttpRequest& request) const {
  const bool is_workspace = workspace_.host_type == "workspace";
  base::JsonWriter json;
  // A host that serves many accounts leaves the account to whoever asks.
  json.begin_object().member("oidc_endpoint",
                             base_url(*server_, request) + (is_workspace ? "/oidc" : "/oidc/accounts/{account_id}"));
  if (workspace_.host_type != "account") json.member("account_id", workspace_.account_id);
  if (is_workspace) json.member("workspace_id", workspace_.workspace_id);
  json.member("cloud", workspace_.cloud).member("host_type", workspace_.host_type);
  if (const std::string audience = settings_.federation_audience(); !audience.empty())
    json.member("token_federation_default_oidc_audiences", std::vector<std::string>{audience});
  json.end_object();
  return json_response(json.take());
}

HttpResponse IdentityService::authorization_server_metadata(const HttpRequest& request) const {
  const std::string issuer = issuer_of(request);
  base::JsonWriter json;
  json.begin_object().member("issuer", issuer);
  json.member("authorization_endpoint", issuer + "/v1/authorize").member("token_endpoint", issuer + "/v1/token");
  json.member("scopes_supported", std::vector<std::string>{"all-apis", "offline_access", "sql", "unity-catalog"});
  json.member("response_types_supported", std::vector<std::string>{"code"});
  json.member("grant_types_supported",
              std::vector<std::string>{"client_credentials", "authorization_code", "refresh_token",
                                       std::string(token_exchange_grant), std::string(jwt_bearer_grant)});
  json.member("code_challenge_methods_supported", std::vector<std::string>{"S256"});
  json.member("token_endpoint_auth_methods_supported",
              std::vector<std::string>{"client_secret_basic", "client_secret_post", "none"});
  json.end_object();
  return json_response(json.take());
}

HttpResponse IdentityService::authorize(const HttpRequest& request) {
  const std::string issuer = issuer_of(request);
  const auto query = [&](std::string_view name) { return request.query_parameter(name).value_or(""); };
  const std::string redirect_uri = query("redirect_uri");
  const auto target = encoding::parse_url(redirect_uri);
  // Nothing may be sent to an address that does not belong to the client (RFC 6749 section 4.1.2.1).
  if (query("client_id") != cli_client_id && clients_.count(query("client_id")) == 0)
    throw oauth_error(
        400, "invalid_client",
        "OAuth application with client_id: '" + query("client_id") + "' is not available in this workspace.");
  if (!target || target->scheme != "http" || !target->is_loopback())
    throw oauth_error(400, "invalid_request", "redirect_uri is not registered for this OAuth application");
  const auto refuse_with = [&](const std::string& code, const std::string& text) {
    return redirect_to(
        with_query(redirect_uri, {{"error", code}, {"error_description", text}, {"state", query("state")}}));
  };
  if (query("response_type") != "code") return refuse_with("unsupported_response_type", "response_type must be code");
  if (query("code_challenge").size() < 43 || query("code_challenge_method") != "S256")
    return refuse_with("invalid_request", "PKCE with code_challenge_method S256 is required");
  if (query("scope").empty()) return refuse_with("invalid_scope", "scope is required");

  const std::string hint = query("login_hint");
  const auto user = metastore_.find_principal(hint.empty() ? settings_.default_user() : hint);
  if (!user || user->kind != PrincipalKind::user || !user->active)
    return refuse_with("access_denied", "The user does not belong to this workspace");
  AuthorizationCode code;
  code.client_id = query("client_id");
  code.principal = user->name;
  code.scope = query("scope");
  code.redirect_uri = redirect_uri;
  code.code_challenge = query("code_challenge");
  code.expires_at_ms = tokens_.now_ms() + authorization_code_lifetime_ms;
  const std::string value = random_base64url(32);
  {
    const std::lock_guard lock(mutex_);
    codes_.emplace(sha256_hex(value), std::move(code));
  }
  return redirect_to(with_query(redirect_uri, {{"code", value}, {"state", query("state")}, {"iss", issuer}}));
}

HttpResponse IdentityService::token(const HttpRequest& request) {
  const Form form = require_form(request);
  const std::string grant_type = field(form, "grant_type");
  if (grant_type == "client_credentials") return client_credentials(request, form);
  if (grant_type == "authorization_code") return redeem_code(request, form);
  if (grant_type == "refresh_token") return refresh(request, form);
  if (grant_type == token_exchange_grant) return exchange(request, form);
  if (grant_type == jwt_bearer_grant) return data_plane_token(request, form);
  if (grant_type.empty()) throw oauth_error(400, "invalid_request", "grant_type is required");
  throw oauth_error(400, "unsupported_grant_type", "The grant type is not supported");
}

bool IdentityService::secret_matches(const ClientCredentials& given) const {
  const auto found = clients_.find(given.id);
  return found != clients_.end() && equal_in_constant_time(found->second.secret, given.secret);
}

HttpResponse IdentityService::client_credentials(const HttpRequest& request, const Form& form) {
  const ClientCredentials given = credentials_of(request, form);
  if (!secret_matches(given)) throw oauth_error(401, "invalid_client", "Client authentication failed");
  const std::string scope = field(form, "scope");
  require_known_scopes(scope);
  const std::vector<std::string>& assigned = clients_.at(given.id).scopes;
  std::vector<std::string> missing;
  for (const std::string_view one : base::split(scope, ' '))
    if (!one.empty() && std::find(assigned.begin(), assigned.end(), one) == assigned.end()) missing.emplace_back(one);
  if (!assigned.empty() && !missing.empty())
    throw oauth_error(400, "access_denied",
                      "Scopes '" + base::join(missing, ", ") + "' are not assigned to this OAuth secret.");
  return issue(request, Grant{given.id, given.id, scope}, {});
}

HttpResponse IdentityService::exchange(const HttpRequest& request, const Form& form) {
  const std::string scope = field(form, "scope").empty() ? "all-apis" : field(form, "scope");
  require_known_scopes(scope);
  const FederationService::Grant who = federation_.exchange(request, form);
  return issue(request, Grant{who.client_id, who.principal, scope},
               {{"issued_token_type", "urn:ietf:params:oauth:token-type:access_token"}});
}

HttpResponse IdentityService::data_plane_token(const HttpRequest& request, const Form& form) {
  const std::string details = field(form, "authorization_details");
  const auto parsed = base::JsonDocument::parse(details, "authorization_details");
  if (!parsed || !parsed->root().is_array())
    throw oauth_error(400, "invalid_request", "authorization_details must be a JSON list");
  const auto assertion = tokens_.find(field(form, "assertion"));
  if (!assertion || assertion->kind != TokenKind::oauth || tokens_.is_expired(*assertion))
    throw oauth_error(400, "invalid_grant", "The assertion is not a valid token of this workspace");
  return issue(request, Grant{assertion->client_id, assertion->principal, base::join(assertion->scopes, " ")}, {});
}

HttpResponse IdentityService::redeem_code(const HttpRequest& request, const Form& form) {
  const ClientCredentials given = credentials_of(request, form);
  if (given.id != cli_client_id && !secret_matches(given))
    throw oauth_error(401, "invalid_client", "Client authentication failed");
  AuthorizationCode code;
  {
    const std::lock_guard lock(mutex_);
    const auto found = codes_.find(sha256_hex(field(form, "code")));
    if (found == codes_.end()) throw oauth_error(400, "invalid_grant", "The authorization code is invalid");
    code = std::move(found->second);
    codes_.erase(found);  // whatever the outcome: a code is good for one attempt
  }
  const std::string challenge = encoding::base64url(sha256_bytes(field(form, "code_verifier")));
  if (code.expires_at_ms <= tokens_.now_ms()) throw oauth_error(400, "invalid_grant", "The authorization code expired");
  if (code.client_id != given.id || code.redirect_uri != field(form, "redirect_uri"))
    throw oauth_error(400, "invalid_grant", "The authorization code was issued for another client or redirect_uri");
  if (!equal_in_constant_time(code.code_challenge, challenge))
    throw oauth_error(400, "invalid_grant", "The code_verifier does not match the code_challenge");
  return issue(request, code, {});
}

HttpResponse IdentityService::refresh(const HttpRequest& request, const Form& form) {
  const ClientCredentials given = credentials_of(request, form);
  if (given.id != cli_client_id && !secret_matches(given))
    throw oauth_error(401, "invalid_client", "Client authentication failed");
  Grant grant;
  {
    const std::lock_guard lock(mutex_);
    const auto found = refresh_tokens_.find(sha256_hex(field(form, "refresh_token")));
    if (found == refresh_tokens_.end() || found->second.client_id != given.id)
      throw oauth_error(400, "invalid_grant", "Refresh token is invalid");
    grant = std::move(found->second);
    refresh_tokens_.erase(found);
  }
  return issue(request, grant, {});
}

HttpResponse IdentityService::issue(const HttpRequest& request, const Grant& grant, const Members& more) {
  AccessTokens::JwtRequest jwt;
  jwt.issuer = issuer_of(request);
  jwt.principal = grant.principal;
  jwt.client_id = grant.client_id;
  jwt.audience = workspace_.workspace_id;
  jwt.scope = grant.scope;
  jwt.lifetime_s = settings_.oauth_token_lifetime_s;
  base::JsonWriter json;
  json.begin_object().member("access_token", tokens_.issue_jwt(TokenKind::oauth, jwt));
  if (has_scope(grant.scope, "offline_access")) {
    const std::string value = "doau" + random_hex(32);
    const std::lock_guard lock(mutex_);
    refresh_tokens_.insert_or_assign(sha256_hex(value), grant);
    json.member("refresh_token", value);
  }
  for (const auto& [name, value] : more) json.member(name, value);
  json.member("scope", grant.scope).member("token_type", "Bearer").member("expires_in", jwt.lifetime_s);
  json.end_object();
  return token_response(json.take());
}

}  // namespace dbxauth::emulator
