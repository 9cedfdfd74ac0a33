// SPDX-License-Identifier: Apache-2.0
#include "auth/token_request_ceiling.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "auth/strategy_error.hpp"
#include "base/redaction.hpp"

namespace dbxauth::auth {

using std::chrono::milliseconds;

// A child must not inherit the mutex locked by a thread that it does not have.
struct TokenRequestTurnsFork {
  static TokenRequestTurns& process_wide() {
    // Never destroyed: threads of the host may still ask for tokens while static objects are being destroyed.
    static TokenRequestTurns* const turns = create();
    return *turns;
  }

 private:
  static TokenRequestTurns* create() {
    auto* const turns = new TokenRequestTurns;
    static_cast<void>(::pthread_atfork([] { process_wide().mutex_.lock(); }, [] { process_wide().mutex_.unlock(); },
                                       [] { process_wide().mutex_.unlock(); }));
    return turns;
  }
};

namespace {

// More pairs than a program with many principals has at a time; beyond, those at rest are dropped.
constexpr std::size_t kIdlePairsKept = 256;

Error too_many(std::string_view endpoint, milliseconds wait) {
  Error error(ErrorCode::rate_limited, "this process has asked " + base::redact_excerpt(endpoint) +
                                           " for tokens too often; the next request would have to wait " +
                                           std::to_string(wait.count()) + " ms, which is more than the call may take");
  error.retryable = true;
  error.retry_after = wait;
  return with_fix(
      std::move(error),
      "share one client between threads and calls instead of making one each time: it keeps its token until "
      "it expires");
}

}  // namespace

TokenRequestTurns::TokenRequestTurns(Limits limits, Timing timing)
    : limits_(limits), timing_(std::move(timing)), next_clearing_(kIdlePairsKept) {}

Result<void> TokenRequestTurns::await(std::string_view endpoint, std::string_view client_id,
                                      const CallContext& context) {
  std::string key;
  key.reserve(endpoint.size() + 1 + client_id.size());
  key.append(endpoint).append(1, '\n').append(client_id);
  const auto wait = reserve(key, endpoint, context);
  if (!wait) return wait.error();
  if (*wait <= milliseconds::zero()) return {};
  auto slept = timing_.sleep(*wait, context);
  if (!slept) give_back(key);
  return slept;
}

Result<milliseconds> TokenRequestTurns::reserve(const std::string& key, std::string_view endpoint,
                                                const CallContext& context) {
  const milliseconds patience = context.remaining(limits_.longest_wait);
  const std::lock_guard<std::mutex> lock(mutex_);
  const TimePoint now = timing_.now();
  if (replenished_at_.size() >= next_clearing_) forget_idle(now);
  TimePoint& replenished_at = replenished_at_.emplace(key, now).first->second;
  replenished_at = std::max(replenished_at, now);
  const TimePoint turn = replenished_at - (limits_.burst - 1) * limits_.refill;
  const milliseconds wait = turn <= now ? milliseconds::zero() : std::chrono::ceil<milliseconds>(turn - now);
  if (wait > patience) return too_many(endpoint, wait);
  replenished_at += limits_.refill;
  return wait;
}

// Who gave up has used nothing: later ones move up.
void TokenRequestTurns::give_back(const std::string& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = replenished_at_.find(key);
  if (found != replenished_at_.end()) found->second -= limits_.refill;
}

void TokenRequestTurns::forget_idle(TimePoint now) {
  for (auto pair = replenished_at_.begin(); pair != replenished_at_.end();) {
    pair = pair->second <= now ? replenished_at_.erase(pair) : std::next(pair);
  }
  // Looking through all of them again pays when as many have come as were left.
  next_clearing_ = std::max(kIdlePairsKept, 2 * replenished_at_.size());
}

std::size_t TokenRequestTurns::tracked() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return replenished_at_.size();
}

Result<void> await_token_request_turn(std::string_view endpoint, std::string_view client_id,
                                      const CallContext& context) {
  return TokenRequestTurnsFork::process_wide().await(endpoint, client_id, context);
}

}  // namespace dbxauth::auth
