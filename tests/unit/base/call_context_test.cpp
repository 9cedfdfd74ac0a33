// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "dbxauth/call_context.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using Clock = CallContext::Clock;

TEST_CASE("a default token cannot be cancelled") {
  const CancelToken token;
  CHECK_FALSE(token.cancelled());
  CHECK_FALSE(token.can_be_cancelled());
  CHECK_FALSE(token.wait_until(Clock::now()));
  CHECK_FALSE(token.wait_until(Clock::now() + 2ms));
}

TEST_CASE("cancel reaches every copy and wakes every waiter") {
  CancelSource source;
  const CancelToken token = source.token();
  CHECK(token.can_be_cancelled());
  CHECK_FALSE(token.wait_until(Clock::now() - 1h));
  std::atomic<int> woken{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 3; ++i) {
    // Only the cancellation can end these waits: the time points are out of reach.
    const auto until = i == 0 ? Clock::time_point::max() : Clock::now() + 100h;
    waiters.emplace_back([&woken, copy = token, until] {
      if (copy.wait_until(until)) ++woken;
    });
  }
  source.cancel();
  source.cancel();
  for (auto& waiter : waiters) waiter.join();
  CHECK(woken == 3);
  CHECK(source.cancelled());
  CHECK(token.cancelled());
  CHECK(token.wait_until(Clock::now() - 1h));
}

TEST_CASE("a token outlives its source") {
  CancelToken token;
  {
    CancelSource source;
    token = source.token();
    source.cancel();
  }
  CHECK(token.cancelled());
}

TEST_CASE("check names the reason and what was going on") {
  CHECK(CallContext{}.check("doing anything"));
  CHECK(CallContext::with_timeout(1h).check("doing anything"));

  const auto late = CallContext::with_timeout(-1ms).check("listing tables");
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timed_out);
  CHECK(late.error().message == "the deadline passed while listing tables");

  CancelSource source;
  source.cancel();
  const auto cancelled = CallContext::with_timeout(-1ms, source.token()).check("listing tables");
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ErrorCode::cancelled);
  CHECK(cancelled.error().message == "cancelled while listing tables");
  CHECK_FALSE(cancelled.error().retryable);
}

TEST_CASE("remaining is bounded on both sides") {
  CHECK(CallContext{}.remaining(5s) == 5s);
  CHECK(CallContext{}.remaining(-5s) == 0s);
  CHECK(CallContext::with_timeout(1h).remaining(5s) == 5s);
  CHECK(CallContext::with_timeout(-1s).remaining(5s) == 0s);
  const auto left = CallContext::with_timeout(1h).remaining(10h);
  CHECK(left > 59min);
  CHECK(left <= 1h + 1ms);
  CHECK(CallContext::with_timeout(std::chrono::milliseconds::max()).remaining(5s) == 5s);
  CHECK(CallContext::with_timeout(std::chrono::milliseconds::min()).remaining(5s) == 0s);
}

TEST_CASE("limited_to only ever shortens") {
  const auto context = CallContext::with_timeout(1h);
  CHECK(*context.limited_to(10h).deadline == *context.deadline);
  CHECK(*context.limited_to(1min).deadline < *context.deadline);
  CHECK(CallContext{}.limited_to(std::chrono::milliseconds::max()).deadline == Clock::time_point::max());
  CancelSource source;
  CHECK(CallContext::with_timeout(1h, source.token()).limited_to(1min).cancel.can_be_cancelled());
}

TEST_CASE("sleep_for ends with the duration, the deadline or the cancellation") {
  CHECK(CallContext{}.sleep_for(1ms, "backing off"));
  const auto late = CallContext::with_timeout(1ms).sleep_for(100h, "backing off");
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timed_out);

  CancelSource source;
  std::thread other([&] { source.cancel(); });
  CallContext context;
  context.cancel = source.token();
  const auto cancelled = context.sleep_for(std::chrono::milliseconds::max(), "backing off");
  other.join();
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().message == "cancelled while backing off");
}
