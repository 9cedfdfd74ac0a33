// SPDX-License-Identifier: Apache-2.0
#include "google_identity_service.hpp"

#include <utility>
#include <vector>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "crypto.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::string_view jwt_bearer_grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr const char* user_client_id = "764086051850-dbxauth.apps.googleusercontent.com";
constexpr const char* google_issuer = "https://accounts.google.com";
constexpr std::int64_t longest_assertion_s = 3600;
constexpr std::int64_t clock_skew_s = 300;

/// A stable number for an account, as Google has it in `sub`.
std::string unique_id(const std::string& email) {
  std::string digits = "1";
  for (const char c : sha256_bytes(email).substr(0, 20)) digits += static_cast<char>('0' + (c & 0x07));
  return digits;
}

RequestError invalid_grant(std::string description) {
  return oauth_error(400, "invalid_grant", std::move(description));
}

/// The metadata server answers only who cannot be a tricked browser or proxy.
void require_metadata_flavor(const HttpRequest& request) {
  if (request.header("Metadata-Flavor").value_or("") != "Google")
    throw RequestError(403, "FORBIDDEN", "Missing Metadata-Flavor:Google header.");
  if (request.header("X-Forwarded-For"))
    throw RequestError(403, "FORBIDDEN", "Requests with the header X-Forwarded-For are not allowed.");
}

HttpResponse with_metadata_flavor(HttpResponse response) {
  response.headers.emplace_back("Metadata-Flavor", "Google");
  return response;
}

HttpResponse plain_text(std::string text) {
  HttpResponse response;
  response.content_type = "text/html";
  response.body = std::move(text);
  return response;
}

}  // namespace

GoogleIdentityService::GoogleIdentityService(std::string principal, std::string user, AccessTokens& tokens,
                                             const Settings& settings)
    : principal_(std::move(principal)),
      user_(std::move(user)),
      tokens_(tokens),
      settings_(settings),
      user_client_secret_("GOCSPX-" + random_base64url(21)),
      user_refresh_token_("1//0" + random_base64url(48)) {}

void GoogleIdentityService::add_routes(HttpServer& server) {
  server_ = &server;
  const auto on = [&](const char* route, ErrorDialect dialect, HttpServer::Handler handler) {
    server.route(route, Access::open, std::move(handler), dialect);
  };
  on("POST /google/token", ErrorDialect::oauth, [this](const HttpRequest& r) { return token(r); });
  on("POST /v1/projects/{project}/serviceAccounts/{target}", ErrorDialect::google,
     [this](const HttpRequest& r) { return generate(r); });
  on("GET /computeMetadata/v1/instance/service-accounts/{account}/token", ErrorDialect::google,
     [this](const HttpRequest& r) { return machine_token(r); });
  on("GET /computeMetadata/v1/instance/service-accounts/{account}/identity", ErrorDialect::google,
     [this](const HttpRequest& r) { return machine_identity(r); });
  on("GET /computeMetadata/v1/instance/service-accounts/{account}/email", ErrorDialect::google,
     [](const HttpRequest& r) {
       require_metadata_flavor(r);
       return with_metadata_flavor(plain_text(machine_account));
     });
  server.route("GET /_emulator/google-authorized-user", Access::control,
               [this](const HttpRequest&) { return json_response(authorized_user_json()); });
  server.route("GET /_emulator/google-key", Access::control,
               [this](const HttpRequest&) { return json_response(service_account_key_json()); });
}

const SigningKey& GoogleIdentityService::key() {
  std::call_once(key_once_, [this] { key_ = std::make_unique<SigningKey>(SigningAlgorithm::rs256); });
  return *key_;
}

std::string GoogleIdentityService::token_uri() const {
  return server_->url() + "/google/token";
}

std::string GoogleIdentityService::service_account_key_json() {
  base::JsonWriter json;
  json.begin_object().member("type", "service_account").member("project_id", "dbxauth-emulator");
  json.member("private_key_id", key().id()).member("private_key", key().private_key_pem());
  json.member("client_email", service_account).member("client_id", unique_id(service_account));
  json.member("auth_uri", "https://accounts.google.com/o/oauth2/auth").member("token_uri", token_uri());
  json.member("universe_domain", "googleapis.com").end_object();
  return json.take();
}

std::string GoogleIdentityService::authorized_user_json() const {
  base::JsonWriter json;
  json.begin_object().member("account", "").member("client_id", user_client_id);
  json.member("client_secret", user_client_secret_).member("refresh_token", user_refresh_token_);
  json.member("token_uri", token_uri()).member("type", "authorized_user");
  json.member("universe_domain", "googleapis.com").end_object();
  return json.take();
}

const std::string& GoogleIdentityService::principal_of(const std::string& email) const {
  return email == service_account ? principal_ : email;
}

std::string GoogleIdentityService::issue_id_token(const std::string& email, const std::string& audience,
                                                  bool include_email) {
  AccessTokens::JwtRequest jwt;
  jwt.issuer = google_issuer;
  // The workspace knows its service account by the e-mail address; without it the token stands for a bare number.
  jwt.principal = include_email ? principal_of(email) : unique_id(email);
  jwt.subject = unique_id(email);
  jwt.client_id = unique_id(email);
  jwt.audience = audience;
  jwt.lifetime_s = settings_.google_token_lifetime_s;
  if (include_email) jwt.claims.emplace_back("email", email);
  return tokens_.issue_jwt(TokenKind::google_identity, jwt);
}

std::string GoogleIdentityService::issue_access_token(const std::string& email, const std::string& scope) {
  AccessTokens::JwtRequest jwt;
  jwt.issuer = google_issuer;
  jwt.principal = principal_of(email);
  jwt.subject = unique_id(email);
  jwt.client_id = email;
  jwt.audience = "https://www.googleapis.com/";
  jwt.scope = scope;
  jwt.lifetime_s = settings_.google_token_lifetime_s;
  return tokens_.issue_jwt(TokenKind::google_access, jwt);
}

HttpResponse GoogleIdentityService::token(const HttpRequest& request) {
  const Form form = require_form(request);
  const std::string grant_type = field(form, "grant_type");
  if (grant_type == jwt_bearer_grant) return redeem_assertion(request, form);
  if (grant_type == "refresh_token") return refresh(form);
  throw oauth_error(400, "unsupported_grant_type", "Invalid grant_type: " + grant_type);
}

HttpResponse GoogleIdentityService::redeem_assertion(const HttpRequest& request, const Form& form) {
  const auto parsed = parse_jwt(field(form, "assertion"));
  if (!parsed) throw invalid_grant("Invalid JWT: the assertion cannot be read.");
  const base::JsonView claims = parsed->claims.root();
  if (claims["iss"].string_or() != service_account) throw invalid_grant("Invalid grant: account not found");
  if (parsed->algorithm != key().algorithm_name() || (!parsed->key_id.empty() && parsed->key_id != key().id()) ||
      !key().verifies(parsed->signed_text, parsed->signature))
    throw invalid_grant("Invalid JWT Signature.");
  const std::string audience(claims["aud"].string_or());
  if (audience != token_uri() && audience != base_url(*server_, request) + "/google/token")
    throw invalid_grant("Invalid JWT: Failed audience check.");
  const std::int64_t now_s = tokens_.now_ms() / 1000;
  const std::int64_t issued_s = claims["iat"].integer_or(0);
  const std::int64_t expires_s = claims["exp"].integer_or(0);
  if (issued_s > now_s + clock_skew_s || expires_s <= now_s || expires_s > issued_s + longest_assertion_s)
    throw invalid_grant(
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and "
        "exp values in the JWT claim.");

  const std::string target_audience(claims["target_audience"].string_or());
  const std::string scope(claims["scope"].string_or());
  base::JsonWriter json;
  json.begin_object();
  if (!target_audience.empty())
    json.member("id_token", issue_id_token(service_account, target_audience, true));
  else if (!scope.empty())
    json.member("access_token", issue_access_token(service_account, scope))
        .member("expires_in", settings_.google_token_lifetime_s.load())
        .member("token_type", "Bearer");
  else
    throw oauth_error(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
  json.end_object();
  return token_response(json.take());
}

HttpResponse GoogleIdentityService::refresh(const Form& form) {
  if (field(form, "client_id") != user_client_id ||
      !equal_in_constant_time(field(form, "client_secret"), user_client_secret_))
    throw oauth_error(401, "invalid_client", "The OAuth client was not found.");
  if (!equal_in_constant_time(field(form, "refresh_token"), user_refresh_token_))
    throw invalid_grant("Token has been expired or revoked.");
  const std::string scope = "https://www.googleapis.com/auth/cloud-platform";
  base::JsonWriter json;
  json.begin_object().member("access_token", issue_access_token(user_, scope));
  json.member("expires_in", settings_.google_token_lifetime_s.load()).member("scope", scope);
  json.member("token_type", "Bearer").end_object();
  return token_response(json.take());
}

HttpResponse GoogleIdentityService::generate(const HttpRequest& request) {
  const std::string& target = request.path_parameter("target");
  const std::size_t colon = target.rfind(':');
  const std::string method = colon == std::string::npos ? std::string() : target.substr(colon + 1);
  if (method != "generateIdToken" && method != "generateAccessToken")
    throw RequestError(404, "NOT_FOUND", "Requested entity was not found.");
  const auto bearer = bearer_token(request);
  const auto caller = bearer ? tokens_.find(*bearer) : std::nullopt;
  if (!caller || caller->kind != TokenKind::google_access || tokens_.is_expired(*caller))
    throw RequestError(401, "UNAUTHENTICATED",
                       "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
                       "other valid authentication credential.");
  const bool may_impersonate = caller->principal == user_ || caller->principal == machine_account;
  if (target.substr(0, colon) != service_account || !may_impersonate)
    throw RequestError(403, "PERMISSION_DENIED",
                       std::string("Permission 'iam.serviceAccounts.") +
                           (method == "generateIdToken" ? "getOpenIdToken" : "getAccessToken") +
                           "' denied on resource (or it may not exist).");
  return method == "generateIdToken" ? generate_id_token(request) : generate_access_token(request);
}

HttpResponse GoogleIdentityService::generate_id_token(const HttpRequest& request) {
  const auto body = request.json();
  const std::string audience = optional_string(body.root(), "audience").value_or("");
  if (audience.empty()) throw RequestError(400, "INVALID_ARGUMENT", "Request contains an invalid argument: audience");
  const bool include_email = optional_boolean(body.root(), "includeEmail").value_or(false);
  base::JsonWriter json;
  json.begin_object().member("token", issue_id_token(service_account, audience, include_email)).end_object();
  return token_response(json.take());
}

HttpResponse GoogleIdentityService::generate_access_token(const HttpRequest& request) {
  const auto body = request.json();
  std::vector<std::string> scopes;
  body["scope"].each_element([&](base::JsonView scope) { scopes.emplace_back(scope.string_or()); });
  if (scopes.empty()) throw RequestError(400, "INVALID_ARGUMENT", "Scope required.");
  // Google states whole seconds, and its Python library reads nothing else.
  const auto expires = std::chrono::system_clock::time_point(
      std::chrono::seconds(tokens_.now_ms() / 1000 + settings_.google_token_lifetime_s));
  base::JsonWriter json;
  json.begin_object().member("accessToken", issue_access_token(service_account, base::join(scopes, " ")));
  json.member("expireTime", encoding::format_rfc3339(expires)).end_object();
  return token_response(json.take());
}

HttpResponse GoogleIdentityService::machine_token(const HttpRequest& request) {
  require_metadata_flavor(request);
  const std::string& account = request.path_parameter("account");
  if (account != "default" && account != machine_account)
    throw RequestError(404, "NOT_FOUND", "The service account was not found.");
  std::string scope = request.query_parameter("scopes").value_or("https://www.googleapis.com/auth/cloud-platform");
  for (char& c : scope)
    if (c == ',') c = ' ';
  base::JsonWriter json;
  json.begin_object().member("access_token", issue_access_token(machine_account, scope));
  json.member("expires_in", settings_.google_token_lifetime_s.load()).member("token_type", "Bearer").end_object();
  return with_metadata_flavor(token_response(json.take()));
}

HttpResponse GoogleIdentityService::machine_identity(const HttpRequest& request) {
  require_metadata_flavor(request);
  const std::string audience = request.query_parameter("audience").value_or("");
  if (audience.empty()) throw RequestError(400, "INVALID_ARGUMENT", "non-empty audience parameter required");
  const bool full = request.query_parameter("format").value_or("") == "full";
  return with_metadata_flavor(plain_text(issue_id_token(machine_account, audience, full)));
}

}  // namespace dbxauth::emulator
