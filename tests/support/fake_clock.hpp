// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "platform/clock.hpp"

namespace dbxauth::testing {

/// A clock that moves only when the test says so. Starts at 2026-01-01T00:00:00Z. Thread-safe.
class FakeClock final : public platform::Clock {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  FakeClock() : FakeClock(std::chrono::system_clock::from_time_t(1767225600)) {}
  explicit FakeClock(TimePoint start) : ticks_(start.time_since_epoch().count()) {}

  TimePoint now() const noexcept override { return TimePoint(TimePoint::duration(ticks_.load())); }

  template <class Rep, class Period>
  void advance(std::chrono::duration<Rep, Period> step) noexcept {
    ticks_ += std::chrono::duration_cast<TimePoint::duration>(step).count();
  }
  void set(TimePoint time) noexcept { ticks_ = time.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> ticks_;
};

}  // namespace dbxauth::testing
