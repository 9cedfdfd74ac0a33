// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/credentials.hpp"

#include <utility>

#include "auth/credential_resolver.hpp"

namespace dbxauth {

void CredentialProvider::reject(const AuthHeaders&) noexcept {}

Result<Token> CredentialProvider::token(std::chrono::seconds, const CallContext&) {
  return Error(ErrorCode::unsupported, "the strategy " + std::string(name()) + " has no token");
}

struct CredentialChain::State {
  explicit State(auth::CredentialPlan plan) : resolver(std::move(plan)) {}
  auth::CredentialResolver resolver;
};

CredentialChain::CredentialChain(std::vector<std::shared_ptr<CredentialProvider>> providers, OnFailure on_failure) {
  auth::CredentialPlan plan;
  for (auto& provider : providers) {
    if (!provider) continue;
    auth::Candidate candidate;
    candidate.attempt.strategy = std::string(provider->name());
    candidate.stop_on_failure = on_failure == OnFailure::stop;
    candidate.provider = std::move(provider);
    plan.candidates.push_back(std::move(candidate));
  }
  state_ = std::make_unique<State>(std::move(plan));
}

CredentialChain::~CredentialChain() = default;

std::string_view CredentialChain::name() const noexcept {
  return "chain";
}

Result<AuthHeadersPtr> CredentialChain::headers(std::chrono::seconds min_validity, const CallContext& context) {
  return state_->resolver.headers(min_validity, context);
}

void CredentialChain::reject(const AuthHeaders& rejected) noexcept {
  state_->resolver.reject(rejected);
}

Result<Token> CredentialChain::token(std::chrono::seconds min_validity, const CallContext& context) {
  return state_->resolver.token(min_validity, context);
}

std::vector<Attempt> CredentialChain::attempts() const {
  return state_->resolver.attempts();
}

}  // namespace dbxauth
