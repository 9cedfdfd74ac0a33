// SPDX-License-Identifier: Apache-2.0
#include "auth/token_refresher.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "dbxauth/log.hpp"
#include "support/fake_clock.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using auth::IssuedToken;
using auth::TokenDemand;
using auth::TokenRefresher;

namespace {

/// Issues token-1, token-2, … for an hour each, or whatever the test says. Can hold calls until they are let go.
class CountingSource final : public auth::TokenSource {
 public:
  explicit CountingSource(std::shared_ptr<testing::FakeClock> clock) : clock_(std::move(clock)) {}

  Result<IssuedToken> issue(const TokenDemand& demand, const CallContext& context) override {
    std::unique_lock lock(mutex_);
    ++calls_;
    if (demand.rejected != nullptr) last_rejected_ = std::string(demand.rejected->reveal());
    changed_.notify_all();
    while (held_) {
      if (auto running = context.check("issuing a token"); !running) return running.error();
      changed_.wait_for(lock, 2ms);
    }
    if (!errors_.empty()) {
      Error error = errors_.front();
      if (errors_.size() > 1 || !keep_failing_) errors_.pop_front();
      return error;
    }
    IssuedToken issued;
    issued.token.access_token = SecretString("token-" + std::to_string(calls_));
    issued.token.refresh_token = SecretString("refresh-secret");
    if (lifetime_ > 0s) {
      issued.token.lifetime = lifetime_;
      issued.token.expires_at = clock_->now() + lifetime_;
    }
    return issued;
  }

  void set_lifetime(std::chrono::seconds lifetime) { lifetime_ = lifetime; }
  void fail_with(Error error, bool keep_failing = false) {
    const std::lock_guard lock(mutex_);
    errors_.push_back(std::move(error));
    keep_failing_ = keep_failing;
  }
  void succeed() {
    const std::lock_guard lock(mutex_);
    errors_.clear();
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  void wait_for_calls(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_ >= count; });
  }
  std::string last_rejected() const {
    const std::lock_guard lock(mutex_);
    return last_rejected_;
  }

 private:
  const std::shared_ptr<testing::FakeClock> clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Error> errors_;
  std::string last_rejected_;
  std::chrono::seconds lifetime_{3600};
  int calls_ = 0;
  bool held_ = false;
  bool keep_failing_ = false;
};

struct Fixture {
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::shared_ptr<CountingSource> source = std::make_shared<CountingSource>(clock);
  TokenRefresher refresher{"test", source, clock};

  std::string get(std::chrono::seconds min_validity = 0s) {
    auto headers = refresher.headers(min_validity, {});
    if (!headers) return "error: " + headers.error().message;
    return std::string((*headers)->headers.at(0).value.reveal());
  }
};

}  // namespace

TEST_CASE("a fresh token is obtained once and keeps its headers", "[refresher]") {
  Fixture f;
  const auto first = f.refresher.headers(0s, {});
  REQUIRE(first);
  CHECK((*first)->headers.at(0).name == "Authorization");
  CHECK((*first)->headers.at(0).value.reveal() == "Bearer token-1");
  CHECK((*first)->strategy == "test");
  CHECK((*first)->expires_at == f.clock->now() + 3600s);
  f.clock->advance(39min);
  const auto second = f.refresher.headers(0s, {});
  REQUIRE(second);
  CHECK(second->get() == first->get());
  CHECK(f.source->calls() == 1);
}

TEST_CASE("the refresh token stays with the source", "[refresher]") {
  Fixture f;
  const auto token = f.refresher.token(0s, {});
  REQUIRE(token);
  CHECK(token->access_token.reveal() == "token-1");
  CHECK(token->refresh_token.empty());
}

TEST_CASE("a token without an expiry is kept for ever", "[refresher]") {
  Fixture f;
  f.source->set_lifetime(0s);
  CHECK(f.get() == "Bearer token-1");
  f.clock->advance(24h * 365);
  CHECK(f.get(1h) == "Bearer token-1");
}

TEST_CASE("a token becomes stale at half its life, at most 20 minutes before expiry", "[refresher]") {
  struct Row {
    std::chrono::seconds lifetime;
    std::chrono::seconds stale_after;
  };
  const auto row = GENERATE(Row{3600s, 2400s}, Row{600s, 300s}, Row{90s, 45s}, Row{7200s, 6000s});
  Fixture f;
  f.source->set_lifetime(row.lifetime);
  REQUIRE(f.get() == "Bearer token-1");
  f.clock->advance(row.stale_after - 1s);
  CHECK(f.get() == "Bearer token-1");
  f.clock->advance(1s);
  CHECK(f.get() == "Bearer token-2");
}

TEST_CASE("a stale token that cannot be renewed stays, and nobody tries again for a minute", "[refresher]") {
  Fixture f;
  REQUIRE(f.get() == "Bearer token-1");
  f.clock->advance(41min);
  f.source->fail_with(Error(ErrorCode::unavailable, "down"), true);
  CHECK(f.get() == "Bearer token-1");
  CHECK(f.source->calls() == 2);
  f.clock->advance(59s);
  CHECK(f.get() == "Bearer token-1");
  CHECK(f.source->calls() == 2);
  f.clock->advance(1s);
  CHECK(f.get() == "Bearer token-1");
  CHECK(f.source->calls() == 3);
  f.source->succeed();
  f.clock->advance(60s);
  CHECK(f.get() == "Bearer token-4");
}

TEST_CASE("a stale token is renewed by one caller while the others use it", "[refresher]") {
  Fixture f;
  REQUIRE(f.get() == "Bearer token-1");
  f.clock->advance(45min);
  f.source->hold();
  std::thread renewing([&] { CHECK(f.get() == "Bearer token-2"); });
  f.source->wait_for_calls(2);
  for (int i = 0; i < 5; ++i) CHECK(f.get() == "Bearer token-1");
  f.source->let_go();
  renewing.join();
  CHECK(f.get() == "Bearer token-2");
  CHECK(f.source->calls() == 2);
}

TEST_CASE("40 seconds before its expiry a token is not used any more", "[refresher]") {
  Fixture f;
  REQUIRE(f.get() == "Bearer token-1");
  f.source->fail_with(Error(ErrorCode::unavailable, "down"), true);
  f.clock->advance(3600s - 41s);
  CHECK(f.get() == "Bearer token-1");
  f.clock->advance(1s);
  CHECK(f.get() == "error: down");
}

TEST_CASE("a token that lives shorter than the margin is used for half of its life", "[refresher]") {
  Fixture f;
  f.source->set_lifetime(20s);
  CHECK(f.get() == "Bearer token-1");
  f.clock->advance(9s);
  CHECK(f.get() == "Bearer token-1");
  f.clock->advance(1s);
  CHECK(f.get() == "Bearer token-2");
}

TEST_CASE("min_validity is met by renewing, and its failure is told", "[refresher]") {
  Fixture f;
  REQUIRE(f.get() == "Bearer token-1");
  f.clock->advance(15min);
  CHECK(f.get(44min) == "Bearer token-1");
  CHECK(f.get(46min) == "Bearer token-2");
  f.clock->advance(15min);
  f.source->fail_with(Error(ErrorCode::unavailable, "down"), true);
  CHECK(f.get(50min) == "error: down");
  CHECK(f.get(0s) == "Bearer token-2");
}

TEST_CASE("more validity than the issuer grants does not renew on every call", "[refresher]") {
  Fixture f;
  CHECK(f.get(2h) == "Bearer token-1");
  CHECK(f.get(2h) == "Bearer token-1");
  f.clock->advance(31min);
  CHECK(f.get(2h) == "Bearer token-2");
}

TEST_CASE("reject forgets the token it is about and no other", "[refresher]") {
  Fixture f;
  const auto first = f.refresher.headers(0s, {});
  REQUIRE(first);
  f.refresher.reject(**first);
  CHECK(f.get() == "Bearer token-2");
  CHECK(f.source->last_rejected() == "token-1");
  f.refresher.reject(**first);
  CHECK(f.get() == "Bearer token-2");
  CHECK(f.source->calls() == 2);
}

TEST_CASE("twenty threads cost one token request", "[refresher][threads]") {
  Fixture f;
  f.source->hold();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      if (f.get() == "Bearer token-1") ++good;
    });
  }
  f.source->wait_for_calls(1);
  f.source->let_go();
  for (auto& thread : threads) thread.join();
  CHECK(good == 20);
  CHECK(f.source->calls() == 1);
}

TEST_CASE("all who wait for a failing request get its error", "[refresher][threads]") {
  Fixture f;
  f.source->hold();
  f.source->fail_with(Error(ErrorCode::authentication_failed, "refused"), true);
  std::thread leader([&] { CHECK(f.get() == "error: refused"); });
  f.source->wait_for_calls(1);
  std::atomic<int> refused{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 10; ++i) {
    waiters.emplace_back([&] {
      if (f.get() == "error: refused") ++refused;
    });
  }
  while (f.refresher.waiting() < 10) std::this_thread::yield();
  f.source->let_go();
  leader.join();
  for (auto& waiter : waiters) waiter.join();
  CHECK(refused == 10);
  CHECK(f.source->calls() == 1);
}

TEST_CASE("a waiter leaves when its own deadline passes and the request goes on", "[refresher][threads]") {
  Fixture f;
  f.source->hold();
  std::thread leader([&] { CHECK(f.get() == "Bearer token-1"); });
  f.source->wait_for_calls(1);
  const auto waited = f.refresher.headers(0s, CallContext::with_timeout(20ms));
  REQUIRE_FALSE(waited);
  CHECK(waited.error().code == ErrorCode::timed_out);
  f.source->let_go();
  leader.join();
  CHECK(f.get() == "Bearer token-1");
  CHECK(f.source->calls() == 1);
}

TEST_CASE("a waiter leaves when it is cancelled", "[refresher][threads]") {
  Fixture f;
  f.source->hold();
  std::thread leader([&] { CHECK(f.get() == "Bearer token-1"); });
  f.source->wait_for_calls(1);
  CancelSource cancel;
  std::thread canceller([&] { cancel.cancel(); });
  CallContext context;
  context.cancel = cancel.token();
  const auto waited = f.refresher.headers(0s, context);
  canceller.join();
  REQUIRE_FALSE(waited);
  CHECK(waited.error().code == ErrorCode::cancelled);
  f.source->let_go();
  leader.join();
}

TEST_CASE("a waiter takes over when the fetching caller is cancelled", "[refresher][threads]") {
  Fixture f;
  f.source->hold();
  CancelSource cancel;
  std::thread leader([&] {
    CallContext context;
    context.cancel = cancel.token();
    const auto headers = f.refresher.headers(0s, context);
    REQUIRE_FALSE(headers);
    CHECK(headers.error().code == ErrorCode::cancelled);
  });
  f.source->wait_for_calls(1);
  std::vector<std::thread> waiters;
  std::atomic<int> good{0};
  for (int i = 0; i < 3; ++i) {
    waiters.emplace_back([&] {
      if (f.get() == "Bearer token-2") ++good;
    });
  }
  while (f.refresher.waiting() < 3) std::this_thread::yield();
  cancel.cancel();
  leader.join();
  f.source->wait_for_calls(2);
  f.source->let_go();
  for (auto& waiter : waiters) waiter.join();
  CHECK(good == 3);
  CHECK(f.source->calls() == 2);
}

TEST_CASE("a log sink that asks for headers does not wait for itself", "[refresher]") {
  auto clock = std::make_shared<testing::FakeClock>();
  auto source = std::make_shared<CountingSource>(clock);
  TokenRefresher refresher("test", source, clock);
  REQUIRE(refresher.headers(0s, {}));
  clock->advance(45min);
  source->fail_with(Error(ErrorCode::network, "down"));
  int told = 0;
  set_log_sink(LogLevel::warning, [&](LogLevel, std::string_view, std::string_view) {
    ++told;
    CHECK(refresher.headers(0s, {}));
  });
  CHECK(refresher.headers(0s, {}));
  set_log_sink(LogLevel::off, {});
  CHECK(told == 1);
}

TEST_CASE("a source that asks for its own token is told", "[refresher]") {
  struct Asking final : auth::TokenSource {
    TokenRefresher* refresher = nullptr;
    Result<IssuedToken> issue(const TokenDemand&, const CallContext& context) override {
      return refresher->token(0s, context).error();
    }
  };
  auto source = std::make_shared<Asking>();
  TokenRefresher refresher("test", source, std::make_shared<testing::FakeClock>());
  source->refresher = &refresher;
  const auto headers = refresher.headers(0s, {});
  REQUIRE_FALSE(headers);
  CHECK(headers.error().code == ErrorCode::unavailable);
}

TEST_CASE("a source that throws does not leave waiters behind", "[refresher]") {
  class ThrowingSource final : public auth::TokenSource {
   public:
    Result<IssuedToken> issue(const TokenDemand&, const CallContext&) override { throw 42; }
  };
  TokenRefresher refresher("test", std::make_shared<ThrowingSource>(), std::make_shared<testing::FakeClock>());
  for (int i = 0; i < 2; ++i) {
    const auto headers = refresher.headers(0s, {});
    REQUIRE_FALSE(headers);
    CHECK(headers.error().code == ErrorCode::user_callback);
  }
}
