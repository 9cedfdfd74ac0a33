// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_CALL_CONTEXT_HPP
#define DBXAUTH_CALL_CONTEXT_HPP

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "dbxauth/result.hpp"

namespace dbxauth {

namespace detail {
struct CancelState;
}

/// Asks whether the owner of the matching CancelSource wants the work to stop. Copies share one state. Thread-safe.
/// A default-constructed token can never be cancelled and costs nothing.
class CancelToken {
 public:
  CancelToken() noexcept = default;
  bool cancelled() const noexcept;
  /// Sleeps until `until` or until cancelled. Returns true when it was cancelled.
  bool wait_until(std::chrono::steady_clock::time_point until) const;
  /// True for a token that belongs to a source.
  bool can_be_cancelled() const noexcept { return state_ != nullptr; }

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<detail::CancelState> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<detail::CancelState> state_;
};

/// Owner's side of cancellation. cancel() may be called from any thread, any number of times, and from a
/// signal-handling thread (not from a signal handler: it takes a lock).
class CancelSource {
 public:
  CancelSource();
  CancelToken token() const noexcept { return CancelToken(state_); }
  void cancel() noexcept;
  bool cancelled() const noexcept;

 private:
  std::shared_ptr<detail::CancelState> state_;
};

/// The deadline and the cancel token of one call, passed by value down to every place that could wait.
/// The default has no deadline of its own; operations then apply the limit that their documentation states.
struct CallContext {
  using Clock = std::chrono::steady_clock;

  std::optional<Clock::time_point> deadline;
  CancelToken cancel;

  /// A context that ends `timeout` from now.
  static CallContext with_timeout(std::chrono::milliseconds timeout, CancelToken cancel = {});

  /// This context, ending no later than `timeout` from now.
  CallContext limited_to(std::chrono::milliseconds timeout) const;

  /// Time left; `limit` when there is no deadline or more than `limit` remains; never negative.
  std::chrono::milliseconds remaining(std::chrono::milliseconds limit) const;

  /// An error with code `cancelled` or `timed_out` when the call should stop; `doing` completes "while …".
  Result<void> check(std::string_view doing) const;

  /// Sleeps for `duration`, less when the deadline or a cancellation comes first; then as check().
  Result<void> sleep_for(std::chrono::milliseconds duration, std::string_view doing) const;
};

}  // namespace dbxauth

#endif
