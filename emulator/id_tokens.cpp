// SPDX-License-Identifier: Apache-2.0
#include "id_tokens.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_writer.hpp"
#include "crypto.hpp"

namespace dbxauth::emulator {

namespace {

struct Provider {
  IdTokenIssuer issuer;
  const char* name;  // in POST /_emulator/id-token
  const char* path;
};

constexpr std::array<Provider, 3> providers{{
    {IdTokenIssuer::github, "github", "/github"},
    {IdTokenIssuer::azure_devops, "azure-devops", "/azure-devops"},
    {IdTokenIssuer::generic, "oidc", "/oidc-provider"},
}};

std::vector<std::string> audience_of(base::JsonView claim) {
  std::vector<std::string> audience;
  if (claim.is_string()) audience.emplace_back(claim.string_or());
  claim.each_element([&](base::JsonView element) { audience.emplace_back(element.string_or()); });
  return audience;
}

}  // namespace

bool VerifiedIdToken::has_audience(std::string_view wanted) const {
  return std::find(audience.begin(), audience.end(), wanted) != audience.end();
}

IdTokens::IdTokens(std::function<std::int64_t()> now_ms) : now_ms_(std::move(now_ms)) {}

std::string IdTokens::issuer_url(IdTokenIssuer issuer) const {
  for (const Provider& provider : providers)
    if (provider.issuer == issuer) return server_->url() + provider.path;
  return {};
}

std::string IdTokens::issue(const IdTokenRequest& request) const {
  const std::int64_t start_s = now_s() + request.starts_in_s;
  // A token that is expired at once was once valid: its `iat` lies before its `exp`.
  const std::int64_t issued_s = request.lifetime_s > 0 ? start_s : start_s + request.lifetime_s - 300;
  base::JsonWriter claims;
  claims.begin_object().member("iss", issuer_url(request.issuer)).member("sub", request.subject);
  claims.member("aud", request.audience).member("iat", issued_s).member("nbf", issued_s);
  claims.member("exp", start_s + request.lifetime_s).member("jti", new_request_id()).end_object();
  return (request.forged ? foreign_key_ : key_).sign_jwt(claims.text());
}

VerifiedIdToken IdTokens::verify(std::string_view token) const {
  VerifiedIdToken result;
  const auto parsed = parse_jwt(token);
  if (!parsed) return result;
  const base::JsonView claims = parsed->claims.root();
  result.issuer_url = claims["iss"].string_or();
  result.subject = claims["sub"].string_or();
  result.audience = audience_of(claims["aud"]);
  result.expires_at_s = claims["exp"].integer_or(0);

  const auto provider = std::find_if(providers.begin(), providers.end(), [&](const Provider& candidate) {
    return issuer_url(candidate.issuer) == result.issuer_url;
  });
  result.verdict = IdTokenVerdict::unknown_issuer;
  if (provider == providers.end()) return result;
  result.issuer = provider->issuer;
  if (parsed->algorithm != key_.algorithm_name() || parsed->key_id != key_.id() ||
      !key_.verifies(parsed->signed_text, parsed->signature))
    result.verdict = IdTokenVerdict::wrong_signature;
  else if (result.expires_at_s <= now_s())
    result.verdict = IdTokenVerdict::expired;
  else if (claims["nbf"].integer_or(0) > now_s())
    result.verdict = IdTokenVerdict::not_yet_valid;
  else
    result.verdict = IdTokenVerdict::valid;
  return result;
}

HttpResponse IdTokens::discovery_document(IdTokenIssuer issuer) const {
  base::JsonWriter json;
  json.begin_object().member("issuer", issuer_url(issuer)).member("jwks_uri", issuer_url(issuer) + "/jwks");
  json.member("response_types_supported", std::vector<std::string>{"id_token"});
  json.member("subject_types_supported", std::vector<std::string>{"public"});
  json.member("id_token_signing_alg_values_supported", std::vector<std::string>{key_.algorithm_name()});
  json.end_object();
  return json_response(json.take());
}

HttpResponse IdTokens::issue_for_test(const HttpRequest& request) const {
  const auto body = request.json();
  const std::string name = optional_string(body.root(), "issuer").value_or("oidc");
  const auto provider = std::find_if(providers.begin(), providers.end(),
                                     [&](const Provider& candidate) { return name == candidate.name; });
  if (provider == providers.end()) throw bad_parameter("issuer must be oidc, github or azure-devops");
  IdTokenRequest wanted;
  wanted.issuer = provider->issuer;
  wanted.subject = required_string(body.root(), "subject");
  wanted.audience = required_string(body.root(), "audience");
  wanted.lifetime_s = optional_integer(body.root(), "lifetime_s").value_or(wanted.lifetime_s);
  wanted.starts_in_s = optional_integer(body.root(), "starts_in_s").value_or(0);
  wanted.forged = optional_boolean(body.root(), "forged").value_or(false);
  base::JsonWriter json;
  json.begin_object().member("token", issue(wanted)).end_object();
  return json_response(json.take());
}

void IdTokens::add_routes(HttpServer& server) {
  server_ = &server;
  for (const Provider& provider : providers) {
    const std::string prefix = std::string("GET ") + provider.path;
    server.route(prefix + "/.well-known/openid-configuration", Access::open,
                 [this, issuer = provider.issuer](const HttpRequest&) { return discovery_document(issuer); });
    server.route(prefix + "/jwks", Access::open,
                 [this](const HttpRequest&) { return json_response("{\"keys\":[" + key_.public_jwk() + "]}"); });
  }
  server.route("POST /_emulator/id-token", Access::control, [this](const HttpRequest& r) { return issue_for_test(r); });
}

}  // namespace dbxauth::emulator
