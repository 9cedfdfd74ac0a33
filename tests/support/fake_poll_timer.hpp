// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "workspace/poll_timer.hpp"

namespace dbxauth::testing {

/// A timer whose sleeps take no real time: they move its own clock and are recorded. A sleep that would end after the
/// context's deadline, or whose context is cancelled, ends as the real one would. Thread-safe.
class FakePollTimer final : public workspace::PollTimer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  TimePoint now() const noexcept override { return start_ + std::chrono::milliseconds(slept_.load()); }

  Result<void> sleep_for(std::chrono::milliseconds duration, const CallContext& context,
                         std::string_view doing) const override {
    std::function<void()> during;
    {
      const std::lock_guard lock(mutex_);
      sleeps_.push_back(duration);
      during = during_sleep_;
    }
    if (during) during();
    if (context.cancel.cancelled()) return Error(ErrorCode::cancelled, "cancelled while " + std::string(doing));
    slept_ += duration.count();
    if (context.deadline && now() >= *context.deadline) {
      return Error(ErrorCode::timed_out, "the deadline passed while " + std::string(doing));
    }
    return {};
  }

  /// Called in every sleep, before the context is looked at.
  void during_sleep(std::function<void()> action) {
    const std::lock_guard lock(mutex_);
    during_sleep_ = std::move(action);
  }
  std::vector<std::chrono::milliseconds> sleeps() const {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  const TimePoint start_ = std::chrono::steady_clock::now();
  mutable std::atomic<std::int64_t> slept_{0};
  mutable std::mutex mutex_;
  mutable std::vector<std::chrono::milliseconds> sleeps_;
  std::function<void()> during_sleep_;
};

}  // namespace dbxauth::testing
