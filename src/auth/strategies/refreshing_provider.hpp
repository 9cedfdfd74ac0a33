// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "auth/token_refresher.hpp"
#include "dbxauth/credentials.hpp"

namespace dbxauth::auth {

/// A strategy that obtains tokens, behind a TokenRefresher.
class RefreshingProvider final : public CredentialProvider {
 public:
  RefreshingProvider(std::string name, std::shared_ptr<TokenSource> source,
                     std::shared_ptr<const platform::Clock> clock, RefreshPolicy policy)
      : name_(std::move(name)), refresher_(name_, std::move(source), std::move(clock), policy) {}

  std::string_view name() const noexcept override { return name_; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) override {
    return refresher_.headers(min_validity, context);
  }
  void reject(const AuthHeaders& rejected) noexcept override { refresher_.reject(rejected); }
  Result<Token> token(std::chrono::seconds min_validity, const CallContext& context) override {
    return refresher_.token(min_validity, context);
  }

 private:
  const std::string name_;
  TokenRefresher refresher_;
};

}  // namespace dbxauth::auth
