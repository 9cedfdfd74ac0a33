// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "auth/striped_pointer.hpp"
#include "auth/token_source.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/credentials.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// When a token counts as what; docs/authentication.md.
struct RefreshPolicy {
  std::chrono::seconds stale_lead_limit{20 * 60};  ///< STALE at min(lifetime / 2, this) before expiry.
  std::chrono::seconds expiry_margin{40};  ///< EXPIRED this long before expiry; half the lifetime when that is less.
  std::chrono::seconds retry_pause{60};    ///< After a refresh of a STALE token failed.
  std::chrono::milliseconds stale_limit{15000};   ///< Most time a caller spends on refreshing a token that still works.
  std::chrono::milliseconds flight_limit{45000};  ///< Most time one refresh may take.
};

/// Keeps one token and the headers made of it. Thread-safe.
///
/// FRESH: every caller gets the cached headers; threads share no cache line. STALE: one caller refreshes, the others
/// get the token that is still valid; after a failure the old token stays and nobody tries for a minute. EXPIRED,
/// rejected or not valid for long enough: one caller fetches, all who wait get its token or its error. A waiter leaves
/// when its own context ends; when the fetching caller's context ends, a waiter takes over.
///
/// `min_validity` is met by fetching when the cached token falls short. More than the issuer's whole lifetime cannot be
/// had; then the token is renewed once half of the lifetime is over.
class TokenRefresher {
 public:
  TokenRefresher(std::string strategy, std::shared_ptr<TokenSource> source,
                 std::shared_ptr<const platform::Clock> clock, RefreshPolicy policy = {});

  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context);
  /// The access token without its refresh token.
  Result<Token> token(std::chrono::seconds min_validity, const CallContext& context);
  /// Forgets the cached token if `rejected` was made of it.
  void reject(const AuthHeaders& rejected) noexcept;
  /// Threads that wait at this moment for another one's fetch.
  int waiting() const;

 private:
  using TimePoint = std::chrono::system_clock::time_point;

  struct Ready {
    Token token;
    AuthHeaders headers;
    TimePoint stale_from = TimePoint::max();
    TimePoint expired_from = TimePoint::max();
    std::chrono::seconds lifetime = std::chrono::seconds::max();
  };
  using ReadyPtr = std::shared_ptr<const Ready>;

  struct Flight {
    std::thread::id leader;  // who waits for itself waits for ever
    bool done = false;
    bool abandoned = false;  ///< Its leader's context ended: somebody else has to fetch.
    std::optional<Result<ReadyPtr>> outcome;
  };
  enum class Freshness { fresh, stale, unusable };

  Freshness freshness(const Ready& ready, TimePoint now, std::chrono::seconds min_validity) const noexcept;
  Result<ReadyPtr> obtain(std::chrono::seconds min_validity, const CallContext& context);
  Result<ReadyPtr> obtain_slowly(std::chrono::seconds min_validity, const CallContext& context);
  Result<ReadyPtr> lead(std::unique_lock<std::mutex>& lock, std::chrono::seconds min_validity,
                        const CallContext& context, bool replacing_valid_token);
  Result<void> await(std::unique_lock<std::mutex>& lock, const Flight& flight, const CallContext& context);
  Result<ReadyPtr> guarded_fetch(std::chrono::seconds min_validity, const SecretString* rejected,
                                 const CallContext& context) noexcept;
  Result<ReadyPtr> fetch(std::chrono::seconds min_validity, const SecretString* rejected, const CallContext& context);

  const std::string strategy_;
  const std::shared_ptr<TokenSource> source_;
  const std::shared_ptr<const platform::Clock> clock_;
  const RefreshPolicy policy_;

  StripedPointer<Ready> current_;
  mutable std::mutex mutex_;  // guards everything below and serialises stores to current_
  std::condition_variable changed_;
  std::shared_ptr<Flight> flight_;
  SecretString rejected_;
  int waiting_ = 0;
  TimePoint next_stale_attempt_ = TimePoint::min();
};

}  // namespace dbxauth::auth
