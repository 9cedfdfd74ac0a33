// SPDX-License-Identifier: Apache-2.0
#include "identity_service.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "authenticator.hpp"
#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "crypto.hpp"
#include "encoding/base64url.hpp"
#include "encoding/url.hpp"

namespace dbxauth::emulator {

namespace {

using Form = std::map<std::string, std::string>;

constexpr std::int64_t authorization_code_lifetime_ms = 60 * 1000;
constexpr const char* cli_client_id = "databricks-cli";  // public client of the Databricks CLI

RequestError oauth_error(int status, std::string code, std::string description) {
  return RequestError(status, std::move(code), std::move(description));
}

std::string field(const Form& form, const std::string& name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : found->second;
}

bool has_scope(const std::string& scopes, std::string_view wanted) {
  const auto list = base::split(scopes, ' ');
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

struct ClientCredentials {
  std::string id;
  std::string secret;
};

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

ClientCredentials credentials_of(const HttpRequest& request, const Form& form) {
  if (auto basic = basic_credentials(request)) {
    const std::string in_form = field(form, "client_id");
    if (!in_form.empty() && in_form != basic->id)
      throw oauth_error(400, "invalid_request", "client_id differs between the Authorization header and the form");
    return std::move(*basic);
  }
  return {field(form, "client_id"), field(form, "client_secret")};
}

bool secret_matches(const std::map<std::string, std::string>& clients, const ClientCredentials& given) {
  const auto found = clients.find(given.id);
  return found != clients.end() && equal_in_constant_time(found->second, given.secret);
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

}  // namespace

IdentityService::IdentityService(WorkspaceIdentity workspace, AccessTokens& tokens, const Metastore& metastore,
                                 const Settings& settings)
    : workspace_(std::move(workspace)), tokens_(tokens), metastore_(metastore), settings_(settings) {}

void IdentityService::add_client(const std::string& client_id, const std::string& client_secret) {
  clients_[client_id] = client_secret;
  entra_clients_[client_id] = client_secret;
}

void IdentityService::add_entra_client(const std::string& client_id, const std::string& client_secret) {
  entra_clients_[client_id] = client_secret;
}

void IdentityService::add_routes(HttpServer& server) {
  server_ = &server;
  const auto on = [&](std::string_view route, HttpResponse (IdentityService::*handler)(const HttpRequest&) const) {
    server.route(route, Access::open, [this, handler](const HttpRequest& r) { return (this->*handler)(r); });
  };
  on("GET /.well-known/databricks-config", &IdentityService::workspace_metadata);
  on("GET /oidc/.well-known/oauth-authorization-server", &IdentityService::authorization_server_metadata);
  on("GET /oidc/.well-known/openid-configuration", &IdentityService::authorization_server_metadata);
  on("GET /aad/auth", &IdentityService::entra_login);
  server.route(
      "GET /oidc/v1/authorize", Access::open, [this](const HttpRequest& r) { return authorize(r); },
      ErrorDialect::oauth);
  server.route(
      "POST /oidc/v1/token", Access::open, [this](const HttpRequest& r) { return token(r); }, ErrorDialect::oauth);
  server.route(
      "POST /{tenant}/oauth2/token", Access::open, [this](const HttpRequest& r) { return entra_token(r, false); },
      ErrorDialect::entra);
  server.route(
      "POST /{tenant}/oauth2/v2.0/token", Access::open, [this](const HttpRequest& r) { return entra_token(r, true); },
      ErrorDialect::entra);
}

/// The address the client used, so that `localhost` and 127.0.0.1 both get documents that point back at themselves.
std::string IdentityService::base_url(const HttpRequest& request) const {
  const std::string own = server_->url();
  const std::string scheme = own.substr(0, own.find("://"));
  if (const auto host = request.header("Host")) {
    const auto url = encoding::parse_url(scheme + "://" + *host);
    if (url && url->is_loopback()) return url->origin();
  }
  return own;
}

HttpResponse IdentityService::workspace_metadata(const HttpRequest& request) const {
  base::JsonWriter json;
  json.begin_object().member("oidc_endpoint", base_url(request) + "/oidc");
  json.member("account_id", workspace_.account_id).member("workspace_id", workspace_.workspace_id);
  json.member("cloud", workspace_.cloud).member("host_type", "workspace").end_object();
  return json_response(json.take());
}

HttpResponse IdentityService::authorization_server_metadata(const HttpRequest& request) const {
  const std::string issuer = base_url(request) + "/oidc";
  base::JsonWriter json;
  json.begin_object().member("issuer", issuer);
  json.member("authorization_endpoint", issuer + "/v1/authorize").member("token_endpoint", issuer + "/v1/token");
  json.member("scopes_supported", std::vector<std::string>{"all-apis", "offline_access"});
  json.member("response_types_supported", std::vector<std::string>{"code"});
  json.member("grant_types_supported",
              std::vector<std::string>{"client_credentials", "authorization_code", "refresh_token"});
  json.member("code_challenge_methods_supported", std::vector<std::string>{"S256"});
  json.member("token_endpoint_auth_methods_supported",
              std::vector<std::string>{"client_secret_basic", "client_secret_post", "none"});
  json.end_object();
  return json_response(json.take());
}

HttpResponse IdentityService::authorize(const HttpRequest& request) {
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
  return redirect_to(
      with_query(redirect_uri, {{"code", value}, {"state", query("state")}, {"iss", base_url(request) + "/oidc"}}));
}

HttpResponse IdentityService::token(const HttpRequest& request) {
  const Form form = require_form(request);
  const std::string grant_type = field(form, "grant_type");
  if (grant_type == "client_credentials") return client_credentials(request, form);
  if (grant_type == "authorization_code") return redeem_code(request, form);
  if (grant_type == "refresh_token") return refresh(request, form);
  if (grant_type.empty()) throw oauth_error(400, "invalid_request", "grant_type is required");
  throw oauth_error(400, "unsupported_grant_type", "The grant type is not supported");
}

HttpResponse IdentityService::client_credentials(const HttpRequest& request, const Form& form) {
  const ClientCredentials given = credentials_of(request, form);
  if (!secret_matches(clients_, given)) throw oauth_error(401, "invalid_client", "Client authentication failed");
  const std::string scope = field(form, "scope");
  if (!has_scope(scope, "all-apis"))
    throw oauth_error(400, "invalid_scope", "The scope all-apis is required for the client credentials grant");
  if (has_scope(scope, "offline_access"))
    throw oauth_error(400, "invalid_scope", "offline_access is not allowed for the client credentials grant");
  return issue(request, Grant{given.id, given.id, scope});
}

HttpResponse IdentityService::redeem_code(const HttpRequest& request, const Form& form) {
  const ClientCredentials given = credentials_of(request, form);
  if (given.id != cli_client_id && !secret_matches(clients_, given))
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
  return issue(request, code);
}

HttpResponse IdentityService::refresh(const HttpRequest& request, const Form& form) {
  const ClientCredentials given = credentials_of(request, form);
  if (given.id != cli_client_id && !secret_matches(clients_, given))
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
  return issue(request, grant);
}

HttpResponse IdentityService::issue(const HttpRequest& request, const Grant& grant) {
  AccessTokens::JwtRequest jwt;
  jwt.issuer = base_url(request) + "/oidc";
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
  json.member("scope", grant.scope).member("token_type", "Bearer").member("expires_in", jwt.lifetime_s);
  json.end_object();
  return token_response(json.take());
}

HttpResponse IdentityService::entra_login(const HttpRequest& request) const {
  return redirect_to(base_url(request) + "/" + workspace_.tenant_id +
                     "/oauth2/authorize?response_type=code&client_id=" + azure_databricks_resource);
}

HttpResponse IdentityService::entra_token(const HttpRequest& request, bool version_2) {
  if (request.path_parameter("tenant") != workspace_.tenant_id)
    throw oauth_error(400, "invalid_request",
                      "AADSTS90002: Tenant '" + request.path_parameter("tenant") +
                          "' not found. Check to make sure you have the correct tenant ID.");
  const Form form = require_form(request);
  if (field(form, "grant_type") != "client_credentials")
    throw oauth_error(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
  const ClientCredentials given = credentials_of(request, form);
  if (entra_clients_.count(given.id) == 0)
    throw oauth_error(400, "unauthorized_client",
                      "AADSTS700016: Application with identifier '" + given.id + "' was not found in the directory.");
  if (!secret_matches(entra_clients_, given))
    throw oauth_error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.");

  std::string resource = field(form, "resource");
  if (version_2) {
    constexpr std::string_view suffix = "/.default";
    resource = field(form, "scope");
    if (resource.size() <= suffix.size() || resource.substr(resource.size() - suffix.size()) != suffix)
      throw oauth_error(400, "invalid_scope", "AADSTS1002012: The scope must end with /.default.");
    resource.resize(resource.size() - suffix.size());
  }
  if (resource.empty())
    throw oauth_error(400, "invalid_request", "AADSTS900144: The request body must contain the parameter 'resource'.");
  if (resource + "/" == azure_management_resource) resource += "/";

  AccessTokens::JwtRequest jwt;
  jwt.issuer = base_url(request) + "/" + workspace_.tenant_id + "/";
  jwt.principal = given.id;
  jwt.client_id = given.id;
  jwt.audience = resource;
  jwt.lifetime_s = settings_.entra_token_lifetime_s;
  const std::string value = tokens_.issue_jwt(TokenKind::entra, jwt);
  base::JsonWriter json;
  json.begin_object().member("token_type", "Bearer");
  if (version_2) {
    json.member("expires_in", jwt.lifetime_s).member("ext_expires_in", jwt.lifetime_s);
  } else {
    // Version 1 sends numbers as text.
    const std::int64_t now_s = tokens_.now_ms() / 1000;
    json.member("expires_in", std::to_string(jwt.lifetime_s)).member("ext_expires_in", std::to_string(jwt.lifetime_s));
    json.member("expires_on", std::to_string(now_s + jwt.lifetime_s)).member("not_before", std::to_string(now_s));
    json.member("resource", resource);
  }
  json.member("access_token", value).end_object();
  return token_response(json.take());
}

}  // namespace dbxauth::emulator
