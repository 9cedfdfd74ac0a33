// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "auth/strategies/learned_once.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using auth::LearnedOnce;

namespace {

/// Lets a learner be held inside learn() until the test opens it.
class Gate {
 public:
  void open() { opened_.set_value(); }
  void pass() {
    entered_ = true;
    future_.wait();
  }
  void await_entry() const {
    while (!entered_) std::this_thread::yield();
  }

 private:
  std::promise<void> opened_;
  std::shared_future<void> future_ = opened_.get_future().share();
  std::atomic<bool> entered_{false};
};

}  // namespace

TEST_CASE("a value is found out once for all threads", "[learned]") {
  LearnedOnce<std::string> value;
  std::atomic<int> calls{0};
  std::vector<std::future<std::string>> threads;
  for (int i = 0; i < 8; ++i) {
    threads.push_back(std::async(std::launch::async, [&] {
      return *value.get({}, "waiting", [&] { return Result<std::string>("value " + std::to_string(++calls)); });
    }));
  }
  for (auto& thread : threads) CHECK(thread.get() == "value 1");
  CHECK(calls == 1);
  value.forget();
  CHECK(*value.get({}, "waiting", [&] { return Result<std::string>("value " + std::to_string(++calls)); }) ==
        "value 2");
}

TEST_CASE("who waits for another thread keeps the own deadline and cancellation", "[learned]") {
  LearnedOnce<int> value;
  Gate gate;
  auto learner = std::async(std::launch::async, [&] {
    return value.get({}, "waiting", [&] {
      gate.pass();
      return Result<int>(7);
    });
  });
  gate.await_entry();
  std::atomic<int> calls{0};
  const auto learn = [&calls] {
    ++calls;
    return Result<int>(8);
  };
  const auto late = value.get(CallContext::with_timeout(1ms), "waiting", learn);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timed_out);
  CancelSource cancel;
  cancel.cancel();
  CallContext context;
  context.cancel = cancel.token();
  const auto cancelled = value.get(context, "waiting", learn);
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ErrorCode::cancelled);
  CHECK(calls == 0);
  gate.open();
  CHECK(*learner.get() == 7);
  CHECK(*value.get({}, "waiting", learn) == 7);
}

TEST_CASE("a failure is not remembered, nor is an exception a trap", "[learned]") {
  LearnedOnce<int> value;
  const auto failed = value.get({}, "waiting", []() -> Result<int> { return Error(ErrorCode::network, "no route"); });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "no route");
  CHECK_THROWS_AS(value.get({}, "waiting", []() -> Result<int> { throw std::runtime_error("out"); }),
                  std::runtime_error);
  CHECK(*value.get(CallContext::with_timeout(10s), "waiting", [] { return Result<int>(1); }) == 1);
}
