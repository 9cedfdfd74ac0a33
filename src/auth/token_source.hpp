// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::auth {

/// What a source gives: a token, and headers that go with `Authorization` (Azure's management token).
struct IssuedToken {
  Token token;
  std::vector<AuthHeader> companion_headers;
};

/// What is asked of a source beyond "a token".
struct TokenDemand {
  std::chrono::seconds min_validity{0};
  /// A token that a server has just refused: a source that keeps tokens must not give it again. Null when none was;
  /// borrowed for the call.
  const SecretString* rejected = nullptr;
};

/// Obtains one token, now, without caching in memory. Thread-safe; the refresher calls it from one thread at a time.
/// The error's single attempt, when there is one, carries the fix for people.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual Result<IssuedToken> issue(const TokenDemand& demand, const CallContext& context) = 0;
};

}  // namespace dbxauth::auth
