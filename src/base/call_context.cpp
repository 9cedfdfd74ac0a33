// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/call_context.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace dbxauth {
namespace detail {

struct CancelState {
  std::atomic<bool> cancelled{false};
  std::mutex mutex;
  std::condition_variable changed;
};

}  // namespace detail

namespace {

using Clock = CallContext::Clock;

// A single wait stays far from the limits of the system's time types, whatever time point the caller names.
constexpr std::chrono::hours kLongestSingleWait{24};

Clock::time_point saturating_add(Clock::time_point start, std::chrono::milliseconds duration) {
  const auto room = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::time_point::max() - start);
  return duration >= room ? Clock::time_point::max() : start + std::max(duration, std::chrono::milliseconds{0});
}

}  // namespace

bool CancelToken::cancelled() const noexcept {
  return state_ != nullptr && state_->cancelled.load(std::memory_order_acquire);
}

bool CancelToken::wait_until(std::chrono::steady_clock::time_point until) const {
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    const auto wake = until - now > kLongestSingleWait ? now + kLongestSingleWait : until;
    if (state_ == nullptr) {
      std::this_thread::sleep_until(wake);
      continue;
    }
    std::unique_lock<std::mutex> lock(state_->mutex);
    if (state_->changed.wait_until(lock, wake, [this] { return cancelled(); })) return true;
  }
  return cancelled();
}

CancelSource::CancelSource() : state_(std::make_shared<detail::CancelState>()) {}

void CancelSource::cancel() noexcept {
  if (state_ == nullptr) return;
  {
    // Under the lock, so that a waiter cannot miss it between its test and its sleep.
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->cancelled.store(true, std::memory_order_release);
  }
  state_->changed.notify_all();
}

bool CancelSource::cancelled() const noexcept {
  return token().cancelled();
}

CallContext CallContext::with_timeout(std::chrono::milliseconds timeout, CancelToken cancel) {
  CallContext context;
  context.deadline = saturating_add(Clock::now(), timeout);
  context.cancel = std::move(cancel);
  return context;
}

CallContext CallContext::limited_to(std::chrono::milliseconds timeout) const {
  CallContext limited = *this;
  const auto end = saturating_add(Clock::now(), timeout);
  limited.deadline = deadline ? std::min(*deadline, end) : end;
  return limited;
}

std::chrono::milliseconds CallContext::remaining(std::chrono::milliseconds limit) const {
  constexpr std::chrono::milliseconds none{0};
  if (!deadline) return std::max(limit, none);
  const auto now = Clock::now();
  if (*deadline <= now) return none;
  // Rounded up: a part of a millisecond that is left is not "no time left".
  const auto left =
      *deadline == Clock::time_point::max()
          ? std::chrono::milliseconds::max()
          : std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - now) + std::chrono::milliseconds{1};
  return std::max(std::min(left, limit), none);
}

Result<void> CallContext::check(std::string_view doing) const {
  if (cancel.cancelled()) return Error{ErrorCode::cancelled, "cancelled while " + std::string(doing)};
  if (deadline && *deadline <= Clock::now()) {
    Error error{ErrorCode::timed_out, "the deadline passed while " + std::string(doing)};
    error.retryable = true;
    return error;
  }
  return {};
}

Result<void> CallContext::sleep_for(std::chrono::milliseconds duration, std::string_view doing) const {
  auto until = saturating_add(Clock::now(), duration);
  if (deadline) until = std::min(until, *deadline);
  cancel.wait_until(until);
  return check(doing);
}

}  // namespace dbxauth
