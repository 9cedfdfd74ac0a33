// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/oauth_m2m.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "auth/oauth/token_endpoint.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

class OauthM2mSource final : public TokenSource {
 public:
  OauthM2mSource(OauthM2mSettings settings, std::shared_ptr<net::HttpTransport> transport,
                 std::shared_ptr<const platform::Clock> clock, std::shared_ptr<HostMetadataSource> host_metadata)
      : settings_(std::move(settings)),
        transport_(std::move(transport)),
        clock_(std::move(clock)),
        host_metadata_(std::move(host_metadata)) {
    auto& scopes = settings_.scopes;
    std::sort(scopes.begin(), scopes.end());
    scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
    scope_ = scopes.empty() ? "all-apis" : base::join(scopes, " ");
  }

  Result<IssuedToken> issue(const TokenDemand&, const CallContext& context) override {
    auto endpoint = token_endpoint(context);
    if (!endpoint) return std::move(endpoint).error();
    TokenEndpointRequest request;
    request.url = std::move(*endpoint);
    request.form = {{"grant_type", "client_credentials"}, {"scope", scope_}};
    request.client_id = settings_.client_id;
    request.client_secret = &settings_.client_secret;
    request.subject = "auth.oauth-m2m";
    auto token = request_token(*transport_, request, *clock_, context);
    if (!token) {
      forget_endpoint(token.error());
      return std::move(token).error();
    }
    return IssuedToken{std::move(*token), {}};
  }

 private:
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

  // An endpoint that has moved shows as anything but a verdict on the credentials.
  void forget_endpoint(const Error& error) {
    if (error.code == ErrorCode::authentication_failed) return;
    const std::lock_guard lock(mutex_);
    token_endpoint_.clear();
  }

  OauthM2mSettings settings_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  const std::shared_ptr<HostMetadataSource> host_metadata_;
  std::string scope_;
  std::mutex mutex_;
  std::string token_endpoint_;
};

}  // namespace

std::shared_ptr<TokenSource> make_oauth_m2m_source(OauthM2mSettings settings,
                                                   std::shared_ptr<net::HttpTransport> transport,
                                                   std::shared_ptr<const platform::Clock> clock,
                                                   std::shared_ptr<HostMetadataSource> host_metadata) {
  return std::make_shared<OauthM2mSource>(std::move(settings), std::move(transport), std::move(clock),
                                          std::move(host_metadata));
}

}  // namespace dbxauth::auth
