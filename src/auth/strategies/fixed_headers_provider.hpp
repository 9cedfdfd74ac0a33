// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "auth/striped_pointer.hpp"
#include "dbxauth/credentials.hpp"

namespace dbxauth::auth {

/// Headers that never change. A refusal by the server changes nothing: there are no others.
class FixedHeadersProvider final : public CredentialProvider {
 public:
  /// `token` is what token() copies; none for strategies that have no token.
  FixedHeadersProvider(std::string name, std::shared_ptr<const AuthHeaders> headers, std::optional<Token> token)
      : name_(std::move(name)), token_(std::move(token)) {
    headers_.store(headers);
  }

  std::string_view name() const noexcept override { return name_; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds, const CallContext&) override { return headers_.load(); }
  Result<Token> token(std::chrono::seconds, const CallContext&) override {
    if (token_) return token_->clone();
    return Error(ErrorCode::unsupported, "the strategy " + name_ + " has no token");
  }

 private:
  const std::string name_;
  const std::optional<Token> token_;
  StripedPointer<AuthHeaders> headers_;
};

}  // namespace dbxauth::auth
