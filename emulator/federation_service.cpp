// SPDX-License-Identifier: Apache-2.0
#include "federation_service.hpp"

#include <algorithm>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "crypto.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::string_view jwt_type = "urn:ietf:params:oauth:token-type:jwt";
constexpr std::string_view id_token_type = "urn:ietf:params:oauth:token-type:id_token";
constexpr std::string_view access_token_type = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view personal_token_type = "urn:databricks:params:oauth:token-type:personal-access-token";

void require_bearer(const HttpRequest& request, const std::string& expected, const char* refusal) {
  const auto given = bearer_token(request);
  if (!given || !equal_in_constant_time(*given, expected)) throw RequestError(401, "Unauthorized", refusal);
}

void require_valid(const VerifiedIdToken& token) {
  switch (token.verdict) {
    case IdTokenVerdict::valid:
      return;
    case IdTokenVerdict::malformed:
      throw oauth_error(400, "invalid_request", "The subject token is not a valid JWT.");
    case IdTokenVerdict::unknown_issuer:
      throw oauth_error(400, "invalid_grant",
                        "No federation policy trusts the issuer of the subject token: " + token.issuer_url);
    case IdTokenVerdict::wrong_signature:
      throw oauth_error(400, "invalid_grant", "The signature of the subject token is invalid.");
    case IdTokenVerdict::expired:
      throw oauth_error(400, "invalid_grant", "The subject token has expired.");
    case IdTokenVerdict::not_yet_valid:
      throw oauth_error(400, "invalid_grant", "The subject token is not valid yet.");
  }
}

}  // namespace

FederationService::FederationService(std::string account_id, std::string service_principal, const IdTokens& id_tokens,
                                     const AccessTokens& tokens, const Metastore& metastore, const Settings& settings)
    : account_id_(std::move(account_id)),
      service_principal_(std::move(service_principal)),
      id_tokens_(id_tokens),
      tokens_(tokens),
      metastore_(metastore),
      settings_(settings),
      policies_{{IdTokenIssuer::github, github_subject, service_principal_, {}},
                {IdTokenIssuer::azure_devops, azure_devops_subject, service_principal_, {entra_audience}},
                {IdTokenIssuer::generic, generic_subject, service_principal_, {}},
                {IdTokenIssuer::generic, {}, {}, {}}},
      github_request_token_(random_base64url(48)),
      azure_devops_access_token_(random_base64url(48)) {}

void FederationService::add_routes(HttpServer& server) {
  server_ = &server;
  server.route("GET /github/id-token", Access::open, [this](const HttpRequest& r) { return github_id_token(r); });
  // Clients add a slash to a collection URI that ends with one; the service accepts both.
  for (const char* collection : {"/azure-devops", "/azure-devops/"})
    server.route(std::string("POST ") + collection +
                     "/{project}/_apis/distributedtask/hubs/{hub}/plans/{plan}/jobs/{job}/oidctoken",
                 Access::open, [this](const HttpRequest& r) { return azure_devops_id_token(r); });
}

std::string FederationService::github_request_url() const {
  return server_->url() + "/github/id-token?api-version=2.0";
}

std::string FederationService::azure_devops_collection() const {
  return server_->url() + "/azure-devops/";
}

HttpResponse FederationService::github_id_token(const HttpRequest& request) const {
  require_bearer(request, github_request_token_, "The request token of this job is missing or wrong.");
  if (request.query_parameter("api-version").value_or("").empty())
    throw bad_parameter("The query of ACTIONS_ID_TOKEN_REQUEST_URL was lost: api-version is missing.");
  IdTokenRequest wanted;
  wanted.issuer = IdTokenIssuer::github;
  wanted.subject = github_subject;
  wanted.audience = request.query_parameter("audience").value_or("");
  if (wanted.audience.empty()) wanted.audience = "https://github.com/dbxauth";  // the owner's URL, as GitHub does
  wanted.lifetime_s = settings_.id_token_lifetime_s;
  const std::string token = id_tokens_.issue(wanted);
  base::JsonWriter json;
  json.begin_object().member("count", static_cast<std::int64_t>(token.size())).member("value", token).end_object();
  return token_response(json.take());
}

HttpResponse FederationService::azure_devops_id_token(const HttpRequest& request) const {
  require_bearer(request, azure_devops_access_token_, "TF400813: The user is not authorized to access this resource.");
  if (request.query_parameter("api-version").value_or("").rfind("7.", 0) != 0)
    throw bad_parameter("No api-version was supplied for the POST request, or one that this resource does not have.");
  IdTokenRequest wanted;
  wanted.issuer = IdTokenIssuer::azure_devops;
  wanted.subject = azure_devops_subject;
  wanted.audience = entra_audience;
  wanted.lifetime_s = settings_.id_token_lifetime_s;
  base::JsonWriter json;
  json.begin_object().member("oidcToken", id_tokens_.issue(wanted)).end_object();
  return token_response(json.take());
}

FederationService::Grant FederationService::exchange(const HttpRequest& request, const Form& form) const {
  const std::string value = field(form, "subject_token");
  const std::string type = field(form, "subject_token_type");
  if (value.empty()) throw oauth_error(400, "invalid_request", "subject_token is required");
  if (type.empty()) throw oauth_error(400, "invalid_request", "subject_token_type is required");
  const std::string requested = field(form, "requested_token_type");
  if (!requested.empty() && requested != access_token_type)
    throw oauth_error(400, "invalid_request", "Unsupported requested_token_type: " + requested);
  if (type == personal_token_type) return exchange_personal_token(value);
  if (type != jwt_type && type != id_token_type)
    throw oauth_error(400, "invalid_request", "Unsupported subject_token_type: " + type);
  return exchange_id_token(request, value, field(form, "client_id"));
}

FederationService::Grant FederationService::exchange_personal_token(const std::string& value) const {
  const auto token = tokens_.find(value);
  if (!token || token->kind != TokenKind::personal_access)
    throw oauth_error(400, "invalid_grant", "The subject token is not a valid personal access token.");
  if (tokens_.is_expired(*token)) throw oauth_error(400, "invalid_grant", "The subject token has expired.");
  return {token->principal, token->principal};
}

FederationService::Grant FederationService::exchange_id_token(const HttpRequest& request, const std::string& value,
                                                              const std::string& client_id) const {
  if (!client_id.empty() && !metastore_.find_principal(client_id))
    throw oauth_error(401, "invalid_client", "Service principal with client_id '" + client_id + "' was not found.");
  const VerifiedIdToken token = id_tokens_.verify(value);
  require_valid(token);

  bool issuer_matches = false;
  bool subject_matches = false;
  for (const Policy& policy : policies_) {
    if (policy.client_id != client_id || policy.issuer != token.issuer) continue;
    issuer_matches = true;
    if (!policy.subject.empty() && policy.subject != token.subject) continue;
    subject_matches = true;
    if (!accepts_audience(request, policy, token)) continue;
    const std::string principal = policy.client_id.empty() ? token.subject : policy.client_id;
    if (!metastore_.find_principal(principal))
      throw oauth_error(400, "access_denied", "The subject '" + principal + "' is no user of this account.");
    return {principal, principal};
  }
  const std::string owner = client_id.empty() ? "the account" : "service principal '" + client_id + "'";
  if (!issuer_matches)
    throw oauth_error(400, "invalid_request",
                      "No federation policy of " + owner + " trusts the issuer '" + token.issuer_url + "'.");
  if (!subject_matches)
    throw oauth_error(400, "access_denied",
                      "No federation policy of " + owner + " matches the subject '" + token.subject + "'.");
  throw oauth_error(400, "invalid_grant",
                    "The audience '" + base::join(token.audience, ", ") + "' of the subject token is not one that a " +
                        "federation policy of " + owner + " accepts.");
}

bool FederationService::accepts_audience(const HttpRequest& request, const Policy& policy,
                                         const VerifiedIdToken& token) const {
  const auto has = [&](const std::string& wanted) { return !wanted.empty() && token.has_audience(wanted); };
  if (std::any_of(policy.audiences.begin(), policy.audiences.end(), has)) return true;
  const std::string oidc = base_url(*server_, request) + "/oidc";
  return has(account_id_) || has(oidc + "/v1/token") || has(oidc + "/accounts/" + account_id_ + "/v1/token") ||
         has(settings_.federation_audience());
}

}  // namespace dbxauth::emulator
