// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/token_exchange.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "auth/oauth/token_endpoint.hpp"
#include "auth/strategy_error.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "encoding/jwt_claims.hpp"
#include "encoding/timestamp.hpp"

namespace dbxauth::auth {

using namespace std::chrono_literals;

namespace {

using SystemTime = std::chrono::system_clock::time_point;

constexpr auto tolerated_clock_skew = 5min;
constexpr std::size_t claim_limit_bytes = 200;

std::string seconds_of(SystemTime time) {
  return encoding::format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
}

std::string claim(std::string_view name, std::string_view value) {
  return std::string(name) + "=" +
         (value.empty() ? std::string("(absent)") : base::redact_excerpt(value, claim_limit_bytes));
}

std::string identity_of(const encoding::JwtClaims& claims) {
  return claim("iss", claims.issuer) + ", " + claim("aud", base::join(claims.audience, " ")) + ", " +
         claim("sub", claims.subject);
}

/// The later of the times before which the token does not count.
std::optional<SystemTime> valid_from(const encoding::JwtClaims& claims) {
  if (claims.issued_at && claims.not_before) return std::max(*claims.issued_at, *claims.not_before);
  return claims.issued_at ? claims.issued_at : claims.not_before;
}

/// Whether the host said anything of itself; a classic workspace does not.
bool is_known(const HostMetadata& metadata) {
  return !metadata.oidc_endpoint.empty() || !metadata.host_type.empty() || !metadata.account_id.empty();
}

class TokenExchangeSource final : public TokenSource {
 public:
  TokenExchangeSource(TokenExchangeSettings settings, std::shared_ptr<IdTokenSource> id_tokens,
                      std::shared_ptr<HostMetadataSource> host_metadata, std::shared_ptr<net::HttpTransport> transport,
                      std::shared_ptr<const platform::Clock> clock)
      : settings_(std::move(settings)),
        subject_("auth." + settings_.strategy),
        id_tokens_(std::move(id_tokens)),
        host_metadata_(std::move(host_metadata)),
        transport_(std::move(transport)),
        clock_(std::move(clock)) {
    auto& scopes = settings_.scopes;
    std::sort(scopes.begin(), scopes.end());
    scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
    scope_ = scopes.empty() ? "all-apis" : base::join(scopes, " ");
  }

  Result<IssuedToken> issue(const TokenDemand&, const CallContext& context) override {
    std::string audience;
    if (id_tokens_->takes_audience()) {
      auto found = find_audience(context);
      if (!found) return std::move(found).error();
      audience = std::move(*found);
    }
    const auto id_token = id_tokens_->id_token(audience, context);
    if (!id_token) return id_token.error();
    std::optional<encoding::JwtClaims> claims;
    if (auto read = encoding::read_jwt_claims(id_token->reveal())) claims = std::move(*read);
    if (claims && claims->expires_at && *claims->expires_at <= clock_->now()) return expired(*claims);

    const auto endpoint = token_endpoint(context);
    if (!endpoint) return endpoint.error();
    auto token = exchange(*endpoint, *id_token, context);
    if (token) {
      remember(audience);
      return IssuedToken{std::move(*token), {}};
    }
    forget(token.error());
    return explained(std::move(token).error(), claims);
  }

 private:
  Result<Token> exchange(const std::string& endpoint, const SecretString& id_token, const CallContext& context) {
    TokenEndpointRequest request;
    request.url = endpoint;
    request.form = {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                    {"subject_token", id_token.reveal()},
                    {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                    {"scope", scope_}};
    if (!settings_.client_id.empty()) request.form.emplace_back("client_id", settings_.client_id);
    request.replay = net::Replay::safe;
    request.subject = subject_;
    return request_token(*transport_, request, *clock_, context);
  }

  Result<std::string> find_audience(const CallContext& context) {
    if (!settings_.audience.empty()) return settings_.audience;
    {
      const std::lock_guard lock(mutex_);
      if (!audience_.empty()) return audience_;
    }
    HostMetadata metadata;
    if (host_metadata_) {
      auto found = host_metadata_->metadata(settings_.target.host, context);
      if (!found) return std::move(found).error();
      metadata = std::move(*found);
    }
    if (!metadata.audiences.empty()) return metadata.audiences.front();
    const bool of_workspace = !settings_.workspace_id.empty() || !metadata.workspace_id.empty();
    const bool of_account = is_account_host(settings_.target.host) || (is_known(metadata) && !of_workspace);
    const std::string& account_id =
        settings_.target.account_id.empty() ? metadata.account_id : settings_.target.account_id;
    if (of_account && !account_id.empty()) return account_id;
    return token_endpoint(context);
  }

  Result<std::string> token_endpoint(const CallContext& context) {
    {
      const std::lock_guard lock(mutex_);
      if (!token_endpoint_.empty()) return token_endpoint_;
    }
    auto endpoints = discover_oidc_endpoints(*transport_, settings_.target, context, host_metadata_.get());
    if (!endpoints) return std::move(endpoints).error();
    const std::lock_guard lock(mutex_);
    token_endpoint_ = std::move(endpoints->token_endpoint);
    return token_endpoint_;
  }

  // Kept, so that a host that does not tell its audience for once does not change it.
  void remember(const std::string& audience) {
    const std::lock_guard lock(mutex_);
    audience_ = audience;
  }

  void forget(const Error& error) {
    const std::lock_guard lock(mutex_);
    audience_.clear();
    // An endpoint that has moved shows as anything but a verdict on the credentials.
    if (error.code != ErrorCode::authentication_failed) token_endpoint_.clear();
  }

  Error expired(const encoding::JwtClaims& claims) const {
    const std::string now = seconds_of(clock_->now());
    return with_fix(Error(ErrorCode::authentication_failed,
                          "the ID token for " + settings_.strategy + " (" + identity_of(claims) + ") expired at " +
                              seconds_of(*claims.expires_at) + "; it is " + now + " now"),
                    "obtain a new ID token: whoever writes the file or variable must renew it. If the token is new, "
                    "set this machine's clock");
  }

  Error explained(Error error, const std::optional<encoding::JwtClaims>& claims) const {
    if (error.code != ErrorCode::authentication_failed) return error;
    const std::string policy = settings_.client_id.empty()
                                   ? "a federation policy of the account"
                                   : "a federation policy of the service principal " +
                                         base::redact_excerpt(settings_.client_id, claim_limit_bytes);
    if (!claims) {
      error.message += ". What was sent as ID token is not a JSON Web Token";
      return with_fix(std::move(error), "check where the ID token of " + settings_.strategy + " comes from");
    }
    error.message += ". The ID token says " + identity_of(*claims) + "; these must match " + policy;
    std::string fix = "compare issuer, audience and subject with " + policy;
    if (error.server_code == "invalid_scope" && !error.attempts.empty()) fix = error.attempts.front().fix;
    const auto from = valid_from(*claims);
    if (from && *from - clock_->now() > tolerated_clock_skew) {
      error.message += ". The ID token counts from " + seconds_of(*from) + " on, but this machine's clock says " +
                       seconds_of(clock_->now());
      fix = "check the clocks of this machine and of the token's issuer; then " + fix;
    }
    return with_fix(std::move(error), std::move(fix));
  }

  TokenExchangeSettings settings_;
  const std::string subject_;
  const std::shared_ptr<IdTokenSource> id_tokens_;
  const std::shared_ptr<HostMetadataSource> host_metadata_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  std::string scope_;
  std::mutex mutex_;
  std::string token_endpoint_;
  std::string audience_;
};

}  // namespace

std::shared_ptr<TokenSource> make_token_exchange_source(TokenExchangeSettings settings,
                                                        std::shared_ptr<IdTokenSource> id_tokens,
                                                        std::shared_ptr<HostMetadataSource> host_metadata,
                                                        std::shared_ptr<net::HttpTransport> transport,
                                                        std::shared_ptr<const platform::Clock> clock) {
  return std::make_shared<TokenExchangeSource>(std::move(settings), std::move(id_tokens), std::move(host_metadata),
                                               std::move(transport), std::move(clock));
}

}  // namespace dbxauth::auth
