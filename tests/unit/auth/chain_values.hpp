// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "chain_fixture.hpp"

namespace dbxauth::testing {

// What the tests of the rule sets put into layers.

using Values = ChainFixture::Values;

inline const std::string a = "https://a.example";
inline const std::string b = "https://b.example";

inline const Values m2m{{"client_id", "id"}, {"client_secret", "secret"}};
inline const Values azure{{"azure_client_id", "app"}, {"azure_client_secret", "secret"}, {"azure_tenant_id", "tenant"}};

inline Values operator+(Values left, const Values& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
inline Values at(const std::string& host) {
  return {{"host", host}};
}
inline Values pat(const std::string& token) {
  return {{"token", token}};
}

/// A cache with one login.
class OneLogin final : public TokenCache {
 public:
  OneLogin(std::string key, std::chrono::system_clock::time_point expires) : key_(std::move(key)), expires_(expires) {}
  std::string_view kind() const noexcept override { return "one"; }
  std::string location() const override { return "a test"; }
  Result<Token> get(std::string_view key, const CallContext&) override {
    if (key != key_) return Error(ErrorCode::not_found, "nothing there");
    Token token;
    token.access_token = SecretString("login-token");
    token.expires_at = expires_;
    return token;
  }
  Result<void> put(const std::vector<std::string>&, const Token&, const CallContext&) override { return {}; }
  Result<void> remove(std::string_view, const CallContext&) override { return {}; }
  Result<std::vector<std::string>> list(const CallContext&) override { return std::vector<std::string>{key_}; }
  Result<void> availability(const CallContext&) override { return {}; }

 private:
  std::string key_;
  std::chrono::system_clock::time_point expires_;
};

}  // namespace dbxauth::testing
