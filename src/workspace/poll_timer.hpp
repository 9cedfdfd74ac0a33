// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::workspace {

/// What polling waits with; tests replace it so that nothing sleeps for real time. Thread-safe.
class PollTimer {
 public:
  virtual ~PollTimer() = default;
  virtual std::chrono::steady_clock::time_point now() const noexcept = 0;
  /// As CallContext::sleep_for(): an error when the context ends before `duration` has passed.
  virtual Result<void> sleep_for(std::chrono::milliseconds duration, const CallContext& context,
                                 std::string_view doing) const = 0;
  /// The real one; lives as long as the process.
  static const std::shared_ptr<const PollTimer>& system();
};

/// Doubles from `first` to `largest`. A value type, one per wait.
class BackOff {
 public:
  BackOff(std::chrono::milliseconds first, std::chrono::milliseconds largest) noexcept
      : next_(first), largest_(largest) {}
  std::chrono::milliseconds next() noexcept {
    const auto delay = next_;
    next_ = next_ * 2 < largest_ ? next_ * 2 : largest_;
    return delay;
  }

 private:
  std::chrono::milliseconds next_;
  std::chrono::milliseconds largest_;
};

}  // namespace dbxauth::workspace
