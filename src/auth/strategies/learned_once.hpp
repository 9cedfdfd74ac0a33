// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::auth {

/// A value that costs a request or a process to find out and is the same for everybody: one thread finds it out, the
/// others wait for its answer, each within its own deadline. A failure goes to those who waited for it and is not
/// remembered. Thread-safe.
template <class T>
class LearnedOnce {
 public:
  /// `learn()` returns Result<T> and runs without a lock; `doing` completes "while …" for those who wait.
  template <class Learn>
  Result<T> get(const CallContext& context, std::string_view doing, Learn&& learn) {
    std::unique_lock lock(mutex_);
    while (!value_) {
      if (!learning_) return find_out(lock, learn);
      const std::uint64_t awaited = flight_;
      while (learning_ && flight_ == awaited) {
        if (auto running = context.check(doing); !running) return std::move(running).error();
        // Short, because the cancel token cannot wake this condition.
        landed_.wait_for(lock, context.remaining(std::chrono::milliseconds(20)));
      }
      // Another caller's change of mind is not an answer for this one.
      const bool answered = failed_flight_ == awaited && failure_->code != ErrorCode::cancelled;
      if (!value_ && answered) return *failure_;
    }
    return *value_;
  }

  /// Makes the next get() find out anew.
  void forget() {
    const std::lock_guard lock(mutex_);
    value_.reset();
  }

 private:
  template <class Learn>
  Result<T> find_out(std::unique_lock<std::mutex>& lock, Learn& learn) {
    learning_ = true;
    const std::uint64_t flight = ++flight_;
    lock.unlock();
    // An exception (out of memory) must not leave the others waiting for ever.
    struct Landing {
      LearnedOnce& owner;
      ~Landing() {
        const std::lock_guard guard(owner.mutex_);
        owner.learning_ = false;
        owner.landed_.notify_all();
      }
    };
    const Landing landing{*this};
    Result<T> outcome = learn();
    const std::lock_guard guard(mutex_);
    if (outcome) {
      value_ = *outcome;
    } else {
      failed_flight_ = flight;
      failure_ = outcome.error();
    }
    return outcome;
  }

  std::mutex mutex_;
  std::condition_variable landed_;
  bool learning_ = false;
  std::uint64_t flight_ = 0;
  std::uint64_t failed_flight_ = 0;
  std::optional<T> value_;
  std::optional<Error> failure_;
};

}  // namespace dbxauth::auth
