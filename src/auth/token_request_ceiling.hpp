// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::auth {

/// The process-wide ceiling on token requests: a program in a loop must not lock its principal out of the token
/// endpoint. For each pair of endpoint and client at most `burst` requests at once and one more every `refill`; whoever
/// comes too soon waits its turn within the context's deadline (at most `longest_wait`), and is told
/// ErrorCode::rate_limited, with retry_after, when that would be too late. Thread-safe, and usable in a child after
/// fork().
struct TokenRequestCeiling {
  static constexpr int burst = 50;
  static constexpr std::chrono::milliseconds refill{500};
  static constexpr std::chrono::milliseconds longest_wait{45000};
};
Result<void> await_token_request_turn(std::string_view endpoint, std::string_view client_id,
                                      const CallContext& context);

/// What await_token_request_turn() keeps for the process; a type of its own so that tests can give it limits and time.
class TokenRequestTurns {
 public:
  using TimePoint = CallContext::Clock::time_point;

  struct Limits {
    int burst = TokenRequestCeiling::burst;
    std::chrono::milliseconds refill = TokenRequestCeiling::refill;
    std::chrono::milliseconds longest_wait = TokenRequestCeiling::longest_wait;
  };
  /// What the passing of time means; both members are set and thread-safe.
  struct Timing {
    std::function<TimePoint()> now = [] { return CallContext::Clock::now(); };
    std::function<Result<void>(std::chrono::milliseconds, const CallContext&)> sleep =
        [](std::chrono::milliseconds duration, const CallContext& context) {
          return context.sleep_for(duration, "waiting to ask for another token");
        };
  };

  TokenRequestTurns() : TokenRequestTurns(Limits{}, Timing{}) {}
  TokenRequestTurns(Limits limits, Timing timing);

  Result<void> await(std::string_view endpoint, std::string_view client_id, const CallContext& context);
  /// Pairs that have not got their whole burst back, and some that have.
  std::size_t tracked() const;

 private:
  friend struct TokenRequestTurnsFork;

  Result<std::chrono::milliseconds> reserve(const std::string& key, std::string_view endpoint,
                                            const CallContext& context);
  void give_back(const std::string& key);
  void forget_idle(TimePoint now);

  const Limits limits_;
  const Timing timing_;
  mutable std::mutex mutex_;
  // When the pair would have its whole burst again if nobody asked any more.
  std::map<std::string, TimePoint> replenished_at_;
  std::size_t next_clearing_;
};

}  // namespace dbxauth::auth
