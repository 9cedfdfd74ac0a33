// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "auth/strategies/azure_source.hpp"
#include "auth/strategies/id_token_source.hpp"
#include "encoding/base64url.hpp"
#include "encoding/url.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

namespace dbxauth::testing {

inline constexpr const char* databricks_application = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
inline constexpr const char* public_management = "https://management.core.windows.net/";

/// The value of one field of a form, decoded; empty when absent.
inline std::string form_field(const std::string& body, const std::string& name) {
  const std::string padded = "&" + body;
  const auto at = padded.find("&" + name + "=");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 2;
  return encoding::percent_decode(padded.substr(begin, padded.find('&', begin) - begin)).value_or("<not decodable>");
}

/// A JWT with these claims and a signature that nobody checks.
inline std::string unsigned_jwt(const std::string& claims) {
  return encoding::base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + encoding::base64url(claims) + ".c2lnbmF0dXJl";
}

inline std::string companion(const auth::IssuedToken& issued, const std::string& name) {
  for (const AuthHeader& header : issued.companion_headers) {
    if (header.name == name) return std::string(header.value.reveal());
  }
  return {};
}

/// The error's advice; empty when there is none.
inline std::string fix_of(const Error& error) {
  return error.attempts.empty() ? std::string() : error.attempts.front().fix;
}
inline AttemptVerdict verdict_of(const Error& error) {
  return error.attempts.empty() ? AttemptVerdict::failed : error.attempts.front().verdict;
}

/// Gives "token for <resource>" or what `answer` says. Thread-safe.
class FakeIssuer final : public auth::AzureTokenIssuer {
 public:
  std::function<Result<Token>(std::string_view resource, const CallContext& context)> answer;

  Result<Token> token_for(std::string_view resource, const CallContext& context) override {
    {
      const std::lock_guard lock(mutex_);
      asked_.emplace_back(resource);
    }
    if (answer) return answer(resource, context);
    Token token;
    token.access_token = SecretString("token for " + std::string(resource));
    return token;
  }
  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
};

/// Gives id-token-1, id-token-2, … or the tokens given to it.
class FakeIdTokens final : public auth::IdTokenSource {
 public:
  std::vector<std::string> audiences;
  std::function<Result<SecretString>(int call)> answer = [](int call) {
    return Result<SecretString>(SecretString("id-token-" + std::to_string(call)));
  };
  Result<SecretString> id_token(std::string_view audience, const CallContext&) override {
    audiences.emplace_back(audience);
    return answer(static_cast<int>(audiences.size()));
  }
};

inline auth::EnvironmentReader environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)] { return platform::Environment(variables); };
}

}  // namespace dbxauth::testing
