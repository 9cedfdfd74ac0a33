// SPDX-License-Identifier: Apache-2.0
#include "auth/token_refresher.hpp"

#include <algorithm>
#include <new>
#include <thread>
#include <utility>

#include "auth/header_value.hpp"
#include "base/logging.hpp"

namespace dbxauth::auth {

using namespace std::chrono_literals;

namespace {

// How often a waiter looks whether it was cancelled: cancellation has no way to wake a condition variable.
constexpr auto cancel_poll_interval = 20ms;

}  // namespace

TokenRefresher::TokenRefresher(std::string strategy, std::shared_ptr<TokenSource> source,
                               std::shared_ptr<const platform::Clock> clock, RefreshPolicy policy)
    : strategy_(std::move(strategy)), source_(std::move(source)), clock_(std::move(clock)), policy_(policy) {}

TokenRefresher::Freshness TokenRefresher::freshness(const Ready& ready, TimePoint now,
                                                    std::chrono::seconds min_validity) const noexcept {
  if (ready.token.expires_at == TimePoint::max()) return Freshness::fresh;
  if (now >= ready.expired_from) return Freshness::unusable;
  const auto required = min_validity <= ready.lifetime ? min_validity : ready.lifetime / 2;
  if (ready.token.expires_at - now < required) return Freshness::unusable;
  return now >= ready.stale_from ? Freshness::stale : Freshness::fresh;
}

Result<AuthHeadersPtr> TokenRefresher::headers(std::chrono::seconds min_validity, const CallContext& context) {
  auto ready = obtain(min_validity, context);
  if (!ready) return std::move(ready).error();
  const AuthHeaders* const headers = &(*ready)->headers;
  return AuthHeadersPtr(std::move(*ready), headers);
}

Result<Token> TokenRefresher::token(std::chrono::seconds min_validity, const CallContext& context) {
  auto ready = obtain(min_validity, context);
  if (!ready) return std::move(ready).error();
  return (*ready)->token.clone();
}

Result<TokenRefresher::ReadyPtr> TokenRefresher::obtain(std::chrono::seconds min_validity, const CallContext& context) {
  ReadyPtr ready = current_.load();
  if (ready && freshness(*ready, clock_->now(), min_validity) == Freshness::fresh) return ready;
  ready.reset();
  return obtain_slowly(min_validity, context);
}

Result<TokenRefresher::ReadyPtr> TokenRefresher::obtain_slowly(std::chrono::seconds min_validity,
                                                               const CallContext& context) {
  std::unique_lock lock(mutex_);
  for (;;) {
    ReadyPtr ready = current_.load();
    if (ready) {
      const TimePoint now = clock_->now();
      switch (freshness(*ready, now, min_validity)) {
        case Freshness::fresh:
          return ready;
        case Freshness::stale: {
          if (flight_ || now < next_stale_attempt_) return ready;
          auto renewed = lead(lock, min_validity, context, true);
          if (renewed) return renewed;
          return ready;
        }
        case Freshness::unusable:
          break;
      }
    }
    if (!flight_) return lead(lock, min_validity, context, false);

    const std::shared_ptr<Flight> flight = flight_;
    if (flight->leader == std::this_thread::get_id()) {
      return Error(ErrorCode::unavailable,
                   strategy_ +
                       ": the token is being obtained by this thread; a callback that runs meanwhile, such as a "
                       "log sink, has none yet");
    }
    ++waiting_;
    auto waited = await(lock, *flight, context);
    --waiting_;
    if (!waited) return std::move(waited).error();
    if (!flight->abandoned) return *flight->outcome;
  }
}

Result<void> TokenRefresher::await(std::unique_lock<std::mutex>& lock, const Flight& flight,
                                   const CallContext& context) {
  while (!flight.done) {
    if (auto running = context.check("waiting for another thread to renew the token"); !running) return running;
    auto until = context.deadline.value_or(CallContext::Clock::now() + 1h);
    if (context.cancel.can_be_cancelled()) until = std::min(until, CallContext::Clock::now() + cancel_poll_interval);
    changed_.wait_until(lock, until);
  }
  return {};
}

Result<TokenRefresher::ReadyPtr> TokenRefresher::lead(std::unique_lock<std::mutex>& lock,
                                                      std::chrono::seconds min_validity, const CallContext& context,
                                                      bool replacing_valid_token) {
  const auto flight = std::make_shared<Flight>();
  flight->leader = std::this_thread::get_id();
  flight_ = flight;
  const SecretString rejected = rejected_.clone();
  lock.unlock();
  const auto limit = replacing_valid_token ? policy_.stale_limit : policy_.flight_limit;
  auto outcome = guarded_fetch(min_validity, rejected.empty() ? nullptr : &rejected, context.limited_to(limit));
  const bool context_ended = !context.check("renewing the token");
  const bool pause = !outcome && replacing_valid_token && !context_ended;
  // Told before the lock is taken again: a log sink may ask for headers.
  if (pause) {
    base::log(LogLevel::warning, "auth." + strategy_,
              "the token could not be renewed and is used until it expires: " + outcome.error().message);
  }
  lock.lock();

  if (outcome) {
    current_.store(*outcome);
    rejected_.clear();
    next_stale_attempt_ = TimePoint::min();
  } else if (pause) {
    next_stale_attempt_ = clock_->now() + policy_.retry_pause;
  }
  flight->abandoned = !outcome && context_ended;
  flight->outcome = outcome;
  flight->done = true;
  flight_.reset();
  changed_.notify_all();
  return outcome;
}

Result<TokenRefresher::ReadyPtr> TokenRefresher::guarded_fetch(std::chrono::seconds min_validity,
                                                               const SecretString* rejected,
                                                               const CallContext& context) noexcept {
  // An exception must not leave a flight behind that never lands.
  try {
    return fetch(min_validity, rejected, context);
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, "out of memory");
  } catch (...) {
    return Error(ErrorCode::user_callback, "the source of the token threw an exception");
  }
}

Result<TokenRefresher::ReadyPtr> TokenRefresher::fetch(std::chrono::seconds min_validity, const SecretString* rejected,
                                                       const CallContext& context) {
  if (auto running = context.check("obtaining a token"); !running) return std::move(running).error();
  TokenDemand demand;
  demand.min_validity = min_validity;
  demand.rejected = rejected;
  auto issued = source_->issue(demand, context);
  if (!issued) return std::move(issued).error();

  auto ready = std::make_shared<Ready>();
  ready->token = std::move(issued->token);
  // Whoever needs the refresh token keeps it: callers of headers() and token() get what authorises a request, no more.
  ready->token.refresh_token.clear();
  auto authorization = authorization_value(ready->token);
  if (!authorization) return std::move(authorization).error();
  ready->headers.headers.push_back({"Authorization", std::move(*authorization)});
  for (auto& companion : issued->companion_headers) ready->headers.headers.push_back(std::move(companion));
  ready->headers.expires_at = ready->token.expires_at;
  ready->headers.strategy = strategy_;

  if (ready->token.expires_at != TimePoint::max()) {
    const auto remaining = std::chrono::floor<std::chrono::seconds>(ready->token.expires_at - clock_->now());
    ready->lifetime = ready->token.lifetime > 0s ? ready->token.lifetime : std::max(remaining, 0s);
    ready->stale_from = ready->token.expires_at - std::min(ready->lifetime / 2, policy_.stale_lead_limit);
    ready->expired_from = ready->token.expires_at - std::min(ready->lifetime / 2, policy_.expiry_margin);
  }
  return ReadyPtr(std::move(ready));
}

int TokenRefresher::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

void TokenRefresher::reject(const AuthHeaders& rejected) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    const ReadyPtr ready = current_.load();
    if (!ready || !same_headers(ready->headers, rejected)) return;
    rejected_ = ready->token.access_token.clone();
    current_.reset();
  } catch (...) {
    // Only allocation can fail; the token then stays until it expires.
  }
}

}  // namespace dbxauth::auth
