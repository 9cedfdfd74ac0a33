// SPDX-License-Identifier: Apache-2.0
#include "entra_directory.hpp"

#include <algorithm>
#include <utility>

#include "authenticator.hpp"
#include "base/text.hpp"
#include "crypto.hpp"
#include "encoding/timestamp.hpp"
#include "federation_service.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::string_view assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::string timestamp_of(std::int64_t unix_s) {
  return encoding::format_rfc3339(std::chrono::system_clock::time_point(std::chrono::seconds(unix_s)));
}

}  // namespace

EntraDirectory::EntraDirectory(std::string tenant_id, const IdTokens& id_tokens, AccessTokens& tokens,
                               const Settings& settings)
    : tenant_id_(std::move(tenant_id)), id_tokens_(id_tokens), tokens_(tokens), settings_(settings) {}

void EntraDirectory::add_application(const std::string& client_id, const std::string& secret, bool secret_expired) {
  applications_[client_id].secret = secret;
  applications_[client_id].secret_expired = secret_expired;
}

void EntraDirectory::add_federated_credential(const std::string& client_id, IdTokenIssuer issuer, std::string subject) {
  applications_[client_id].federated.push_back({issuer, std::move(subject)});
}

std::string EntraDirectory::authenticate(const HttpRequest& request, const Form& form) const {
  const ClientCredentials given = credentials_of(request, form);
  const auto found = applications_.find(given.id);
  if (found == applications_.end())
    throw oauth_error(400, "unauthorized_client",
                      "AADSTS700016: Application with identifier '" + given.id + "' was not found in the directory '" +
                          tenant_id_ + "'.");
  if (!field(form, "client_assertion").empty() || !field(form, "client_assertion_type").empty()) {
    check_assertion(found->second, form);
    return given.id;
  }
  if (!equal_in_constant_time(found->second.secret, given.secret))
    throw oauth_error(401, "invalid_client",
                      "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is "
                      "the client secret value, not the client secret ID, for a secret added to app '" +
                          given.id + "'.");
  if (found->second.secret_expired)
    throw oauth_error(401, "invalid_client",
                      "AADSTS7000222: The provided client secret keys for app '" + given.id + "' are expired.");
  return given.id;
}

void EntraDirectory::check_assertion(const Application& application, const Form& form) const {
  if (field(form, "client_assertion_type") != assertion_type)
    throw oauth_error(400, "invalid_request",
                      "AADSTS900144: The request body must contain the parameter 'client_assertion_type' with the "
                      "value of a JWT bearer assertion.");
  const VerifiedIdToken token = id_tokens_.verify(field(form, "client_assertion"));
  switch (token.verdict) {
    case IdTokenVerdict::malformed:
      throw oauth_error(401, "invalid_client", "AADSTS50027: JWT token is invalid or malformed.");
    case IdTokenVerdict::wrong_signature:
      throw oauth_error(401, "invalid_client", "AADSTS50013: Assertion failed signature validation.");
    case IdTokenVerdict::expired:
    case IdTokenVerdict::not_yet_valid:
      throw oauth_error(401, "invalid_client",
                        "AADSTS700024: Client assertion is not within its valid time range. Current time: " +
                            timestamp_of(id_tokens_.now_s()) + ", expiry time of assertion " +
                            timestamp_of(token.expires_at_s) + ".");
    case IdTokenVerdict::unknown_issuer:
    case IdTokenVerdict::valid:
      break;
  }
  const auto& credentials = application.federated;
  const auto trusts_issuer = [&](const FederatedCredential& one) {
    return token.verdict == IdTokenVerdict::valid && one.issuer == token.issuer;
  };
  if (std::none_of(credentials.begin(), credentials.end(), trusts_issuer))
    throw oauth_error(401, "invalid_client",
                      "AADSTS700211: No matching federated identity record found for presented assertion issuer '" +
                          token.issuer_url + "'.");
  const auto trusts_subject = [&](const FederatedCredential& one) {
    return trusts_issuer(one) && one.subject == token.subject;
  };
  if (std::none_of(credentials.begin(), credentials.end(), trusts_subject))
    throw oauth_error(401, "invalid_client",
                      "AADSTS700213: No matching federated identity record found for presented assertion subject '" +
                          token.subject + "'.");
  if (!token.has_audience(FederationService::entra_audience))
    throw oauth_error(401, "invalid_client",
                      "AADSTS700212: No matching federated identity record found for presented assertion audience '" +
                          base::join(token.audience, ", ") + "'.");
}

EntraDirectory::IssuedToken EntraDirectory::issue(const std::string& base_url, const TokenSubject& subject,
                                                  std::string resource) {
  if (resource + "/" == azure_management_resource || resource + "/" == azure_resource_manager_resource) resource += "/";
  const std::string& tenant = subject.tenant_id.empty() ? tenant_id_ : subject.tenant_id;
  AccessTokens::JwtRequest jwt;
  jwt.issuer = base_url + "/" + tenant + "/";
  jwt.principal = subject.principal;
  jwt.client_id = subject.client_id;
  jwt.audience = resource;
  jwt.lifetime_s = settings_.entra_token_lifetime_s;
  jwt.claims.emplace_back("tid", tenant);
  if (!subject.user_principal_name.empty()) jwt.claims.emplace_back("upn", subject.user_principal_name);

  IssuedToken issued;
  issued.value = tokens_.issue_jwt(TokenKind::entra, jwt);
  issued.resource = std::move(resource);
  issued.lifetime_s = jwt.lifetime_s;
  issued.not_before_s = tokens_.now_ms() / 1000;
  issued.expires_on_s = issued.not_before_s + issued.lifetime_s;
  return issued;
}

}  // namespace dbxauth::emulator
