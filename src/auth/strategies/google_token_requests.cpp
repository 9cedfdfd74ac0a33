// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/google_token_requests.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "auth/oauth/token_endpoint.hpp"
#include "auth/strategy_error.hpp"
#include "base/json_writer.hpp"
#include "base/logging.hpp"
#include "encoding/rs256.hpp"

namespace dbxauth::auth {

using std::chrono::system_clock;

namespace {

constexpr std::string_view jwt_bearer_grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
// Google refuses assertions from the future; clocks differ by some seconds.
constexpr std::chrono::seconds issue_backdating{10};

struct SpecialClaim {
  std::string_view name;
  std::string_view value;
};

Result<SecretString> signed_assertion(const GoogleKeyRequest& request, const SpecialClaim& special) {
  const auto issued_at =
      std::chrono::duration_cast<std::chrono::seconds>(request.clock.now().time_since_epoch()) - issue_backdating;
  base::JsonWriter claims;
  claims.begin_object()
      .member("iss", request.key.client_email)
      .member("sub", request.key.client_email)
      .member("aud", request.key.token_uri)
      .member("iat", static_cast<std::int64_t>(issued_at.count()))
      .member("exp", static_cast<std::int64_t>((issued_at + google_token_lifetime).count()))
      .member(special.name, special.value)
      .end_object();
  auto assertion = encoding::rs256_jwt(claims.text(), request.key.private_key_id, request.key.private_key);
  if (assertion) return assertion;
  Error error = std::move(assertion).error();
  error.message =
      "the key of the Google service account " + request.key.client_email + " cannot sign a request: " + error.message;
  return with_fix(std::move(error),
                  "download the key again, or make a new one: gcloud iam service-accounts keys create "
                  "key.json --iam-account " +
                      request.key.client_email);
}

Error explain_refusal(Error error, const GoogleServiceAccountKey& key) {
  if (error.code != ErrorCode::authentication_failed) return error;
  error.message = "Google refused the key " + key.private_key_id + (key.private_key_id.empty() ? "" : " ") + "of " +
                  key.client_email + ": " + error.message;
  return with_fix(std::move(error),
                  "check that the service account is enabled, that this key of it has not been deleted, and that this "
                  "machine's clock is right; else make a new key");
}

Result<Token> exchange(const GoogleKeyRequest& request, const SpecialClaim& special, std::string_view token_member,
                       const CallContext& context) {
  const auto assertion = signed_assertion(request, special);
  if (!assertion) return assertion.error();
  TokenEndpointRequest http;
  http.url = request.key.token_uri;
  http.form = {{"grant_type", jwt_bearer_grant}, {"assertion", assertion->reveal()}};
  http.subject = request.subject;
  http.token_member = token_member;
  http.principal = request.key.client_email;
  auto token = request_token(request.transport, http, request.clock, context);
  if (!token) return explain_refusal(std::move(token).error(), request.key);
  assume_google_lifetime(*token, request.clock);
  return token;
}

// A verdict on the request, which would be the same next time.
bool is_refusal(const Error& error) {
  return error.http_status >= 400 && error.http_status < 500 && error.http_status != 408 && error.http_status != 429;
}

}  // namespace

void assume_google_lifetime(Token& token, const platform::Clock& clock) {
  if (token.expires_at != system_clock::time_point::max()) return;
  token.lifetime = google_token_lifetime;
  token.expires_at = clock.now() + google_token_lifetime;
}

Result<Token> request_google_id_token(const GoogleKeyRequest& request, std::string_view audience,
                                      const CallContext& context) {
  auto token = exchange(request, {"target_audience", audience}, "id_token", context);
  if (token) token->token_type = "Bearer";
  return token;
}

Result<Token> request_google_access_token(const GoogleKeyRequest& request, std::string_view scope,
                                          const CallContext& context) {
  return exchange(request, {"scope", scope}, "access_token", context);
}

Result<IssuedToken> pair_google_tokens(Token id_token, Result<Token> access_token, std::string_view subject) {
  IssuedToken issued;
  issued.token = std::move(id_token);
  if (!access_token) {
    if (!is_refusal(access_token.error())) return std::move(access_token).error();
    base::log(LogLevel::warning, subject,
              "requests go without X-Databricks-GCP-SA-Access-Token, which some account operations need: " +
                  access_token.error().message);
    return issued;
  }
  if (access_token->expires_at < issued.token.expires_at) {
    issued.token.expires_at = access_token->expires_at;
    issued.token.lifetime = access_token->lifetime;
  }
  issued.companion_headers.push_back({"X-Databricks-GCP-SA-Access-Token", std::move(access_token->access_token)});
  return issued;
}

}  // namespace dbxauth::auth
