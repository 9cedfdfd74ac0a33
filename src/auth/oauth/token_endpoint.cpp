// SPDX-License-Identifier: Apache-2.0
#include "auth/oauth/token_endpoint.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>

#include "auth/header_value.hpp"
#include "auth/strategy_error.hpp"
#include "auth/token_request_ceiling.hpp"
#include "base/json_reader.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "encoding/base64url.hpp"
#include "encoding/jwt_claims.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"

namespace dbxauth::auth {

namespace {

using SystemTime = std::chrono::system_clock::time_point;

constexpr std::size_t token_answer_limit_bytes = 1u << 20;
// Far more than any issuer grants, and safe from overflow in time arithmetic.
constexpr std::int64_t maximum_seconds = 100LL * 365 * 24 * 3600;

/// A percent-encoded copy of a secret, without a trace in ordinary strings. Unreserved characters of RFC 3986 stay.
void append_percent_encoded(SecretString& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out.reserve(out.size() + 3 * text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' || byte == '~';
    if (unreserved) {
      out.append({&c, 1});
    } else {
      const char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
      out.append({escaped, sizeof escaped});
    }
  }
}

std::string_view form_value(const TokenEndpointRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.form) {
    if (key == name) return value;
  }
  return {};
}

std::string_view principal_of(const TokenEndpointRequest& request) {
  if (!request.client_id.empty()) return request.client_id;
  const std::string_view client = form_value(request, "client_id");
  return client.empty() ? request.principal : client;
}

Error explain_refusal(Error error, const TokenEndpointRequest& request) {
  const int status = error.http_status;
  if (status == 400 || status == 401 || status == 403) error.code = ErrorCode::authentication_failed;
  if (error.code == ErrorCode::authentication_failed) error.retryable = false;
  if (error.server_code == "invalid_client" || error.server_code == "unauthorized_client") {
    const bool entra = request.client_secret == nullptr && !form_value(request, "client_secret").empty();
    // A value with Databricks' prefix was not mixed up: it is wrong, or it has ended.
    if (!entra && request.client_secret != nullptr && request.client_secret->reveal().substr(0, 4) == "dose") {
      return with_fix(std::move(error),
                      "check that client_secret (DATABRICKS_CLIENT_SECRET) is the whole OAuth secret, that it belongs "
                      "to the service principal client_id (DATABRICKS_CLIENT_ID), and that it has neither expired nor "
                      "been deleted; the service principal must be known to this workspace or account");
    }
    return with_fix(
        std::move(error),
        entra ? "check azure_client_id, azure_tenant_id and that the secret is an Entra ID client secret that has "
                "not expired; a Databricks OAuth secret belongs in client_id and client_secret"
              : "client_id and client_secret take an OAuth secret made in Databricks (it starts with \"dose\"). A "
                "client secret of Entra ID (Azure AD) belongs in azure_client_id, azure_client_secret and "
                "azure_tenant_id (ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID)");
  }
  if (error.server_code == "invalid_scope" || error.server_code == "access_denied") {
    return with_fix(std::move(error), "the scopes asked for were \"" +
                                          base::redact_excerpt(form_value(request, "scope")) +
                                          "\"; set scopes to those that the secret was issued for");
  }
  return error;
}

std::optional<std::int64_t> seconds_member(const base::JsonDocument& document, std::string_view name, bool& malformed) {
  const base::JsonView view = document[name];
  if (view.is_null_or_missing()) return std::nullopt;
  if (const auto integer = view.as_integer()) return integer;
  if (const auto number = view.as_number()) {
    if (std::isfinite(*number) && std::fabs(*number) < static_cast<double>(maximum_seconds)) {
      return static_cast<std::int64_t>(*number);
    }
  }
  if (const auto text = view.as_string()) {
    const std::string_view trimmed = base::trim(*text);
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
    if (failure == std::errc() && end == trimmed.data() + trimmed.size() && !trimmed.empty()) return value;
  }
  malformed = true;
  return std::nullopt;
}

Result<void> read_expiry(Token& token, const base::JsonDocument& document, SystemTime now, const std::string& url) {
  bool malformed = false;
  auto lifetime = seconds_member(document, "expires_in", malformed);
  if (!lifetime && !malformed) {
    // Azure's v1 endpoint and metadata services state the absolute time, in seconds since 1970.
    if (const auto expires_on = seconds_member(document, "expires_on", malformed)) {
      lifetime = *expires_on - std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    }
  }
  if (malformed || (lifetime && (*lifetime <= 0 || *lifetime > maximum_seconds))) {
    return Error(ErrorCode::protocol, "the token endpoint " + url + " states an expiry that makes no sense");
  }
  if (lifetime) {
    token.lifetime = std::chrono::seconds(*lifetime);
    token.expires_at = now + token.lifetime;
    return {};
  }
  if (const auto claims = encoding::read_jwt_claims(token.access_token.reveal()); claims && claims->expires_at) {
    token.expires_at = *claims->expires_at;
    if (token.expires_at > now) token.lifetime = std::chrono::floor<std::chrono::seconds>(token.expires_at - now);
  }
  return {};
}

}  // namespace

Result<Token> read_token_answer(const net::HttpResponse& answer, const std::string& endpoint,
                                const platform::Clock& clock, std::string_view token_member) {
  const auto document = net::json_body(answer, "read the answer of the token endpoint " + endpoint);
  if (!document) return document.error();
  Token token;
  token.access_token = SecretString((*document)[token_member].string_or());
  if (token.access_token.empty()) {
    return Error(ErrorCode::protocol,
                 "the answer of the token endpoint " + endpoint + " holds no " + std::string(token_member));
  }
  const std::string_view type = (*document)["token_type"].string_or("Bearer");
  token.token_type = type.empty() || base::equals_ignoring_case(type, "bearer") ? "Bearer" : std::string(type);
  token.refresh_token = SecretString((*document)["refresh_token"].string_or());
  token.scope = (*document)["scope"].string_or();
  if (!is_header_safe(token.access_token.reveal()) || !is_header_safe(token.token_type)) {
    return Error(ErrorCode::protocol, "the token endpoint " + endpoint + " sent a token with control characters");
  }
  if (auto expiry = read_expiry(token, *document, clock.now(), endpoint); !expiry) return std::move(expiry).error();
  return token;
}

SecretString basic_client_authorization(std::string_view client_id, const SecretString& client_secret) {
  SecretString pair;
  append_percent_encoded(pair, client_id);
  pair.append(":");
  append_percent_encoded(pair, client_secret.reveal());
  const SecretString encoded = encoding::base64_secret(pair.reveal());
  SecretString value;
  value.reserve(6 + encoded.size());
  value.append("Basic ");
  value.append(encoded.reveal());
  return value;
}

Result<Token> request_token(net::HttpTransport& transport, const TokenEndpointRequest& request,
                            const platform::Clock& clock, const CallContext& context) {
  net::HttpRequest http;
  http.method = net::HttpMethod::post;
  http.url = request.url;
  http.headers.emplace_back("Accept", "application/json");
  if (request.client_secret != nullptr) {
    http.secret_headers.emplace_back("Authorization",
                                     basic_client_authorization(request.client_id, *request.client_secret));
  }
  http.body = encoding::form_encode(request.form);
  http.content_type = "application/x-www-form-urlencoded";
  http.replay = request.replay;
  http.response_limit = token_answer_limit_bytes;
  http.subject = request.subject;

  if (auto turn = await_token_request_turn(request.url, principal_of(request), context); !turn) return turn.error();
  const auto answer = transport.send(http, context);
  if (!answer) return answer.error();
  if (!answer->ok()) return explain_refusal(net::service_error(*answer, "get a token from " + request.url), request);
  return read_token_answer(*answer, request.url, clock, request.token_member);
}

}  // namespace dbxauth::auth
