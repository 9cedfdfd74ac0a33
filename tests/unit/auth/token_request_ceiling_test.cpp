// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "auth/oauth/token_endpoint.hpp"
#include "auth/token_request_ceiling.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using auth::TokenRequestTurns;

namespace {

/// Turns of 3 at once and one each second, in a time that moves when somebody sleeps or the test says so.
struct Ceiling {
  CallContext::Clock::time_point now = CallContext::Clock::now();
  std::vector<std::chrono::milliseconds> slept;
  Result<void> sleep_outcome;
  TokenRequestTurns turns{{3, 1000ms, 10s},
                          {[this] { return now; },
                           [this](std::chrono::milliseconds duration, const CallContext&) -> Result<void> {
                             slept.push_back(duration);
                             if (sleep_outcome) now += duration;
                             return sleep_outcome;
                           }}};

  Result<void> ask(std::string_view endpoint = "https://idp/token", std::string_view client = "client",
                   const CallContext& context = {}) {
    return turns.await(endpoint, client, context);
  }
};

}  // namespace

TEST_CASE("a burst goes at once and what follows takes turns", "[ceiling]") {
  Ceiling c;
  for (int i = 0; i < 3; ++i) CHECK(c.ask());
  CHECK(c.slept.empty());
  for (int i = 0; i < 3; ++i) CHECK(c.ask());
  CHECK(c.slept == std::vector<std::chrono::milliseconds>{1000ms, 1000ms, 1000ms});
}

TEST_CASE("the burst comes back with time, and not more than that", "[ceiling]") {
  Ceiling c;
  for (int i = 0; i < 3; ++i) CHECK(c.ask());
  c.now += 2s;
  CHECK(c.ask());
  CHECK(c.ask());
  CHECK(c.slept.empty());
  CHECK(c.ask());
  CHECK(c.slept.size() == 1);
  c.now += 1h;
  for (int i = 0; i < 3; ++i) CHECK(c.ask());
  CHECK(c.slept.size() == 1);
  CHECK(c.ask());
  CHECK(c.slept.size() == 2);
}

TEST_CASE("endpoints and clients are counted apart", "[ceiling]") {
  Ceiling c;
  for (int i = 0; i < 3; ++i) {
    CHECK(c.ask("https://idp/token", "a"));
    CHECK(c.ask("https://idp/token", "b"));
    CHECK(c.ask("https://other/token", "a"));
  }
  CHECK(c.slept.empty());
  CHECK(c.turns.tracked() == 3);
}

TEST_CASE("a turn that comes after the deadline is refused at once and costs nothing", "[ceiling]") {
  Ceiling c;
  for (int i = 0; i < 3; ++i) CHECK(c.ask());
  const auto refused = c.ask("https://idp/token", "client", CallContext::with_timeout(200ms));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::rate_limited);
  CHECK(refused.error().retry_after == 1000ms);
  CHECK(refused.error().retryable);
  CHECK(refused.error().message.find("https://idp/token") != std::string::npos);
  REQUIRE(refused.error().attempts.size() == 1);
  CHECK(refused.error().attempts[0].fix.find("share one client") != std::string::npos);
  CHECK(c.slept.empty());
  CHECK(c.ask());
  CHECK(c.slept == std::vector<std::chrono::milliseconds>{1000ms});
}

TEST_CASE("without a deadline the longest wait counts", "[ceiling]") {
  Ceiling c;
  // Nobody's time passes: thirteen turns are handed out up to ten seconds ahead.
  TokenRequestTurns turns({3, 1000ms, 10s}, {[&] { return c.now; }, [](auto, const auto&) { return Result<void>(); }});
  for (int i = 0; i < 13; ++i) CHECK(turns.await("e", "c", {}));
  const auto refused = turns.await("e", "c", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().retry_after == 11s);
}

TEST_CASE("a caller that leaves while waiting gives its turn back", "[ceiling]") {
  Ceiling c;
  for (int i = 0; i < 3; ++i) CHECK(c.ask());
  c.sleep_outcome = Error(ErrorCode::cancelled, "cancelled");
  for (int i = 0; i < 5; ++i) {
    const auto left = c.ask();
    REQUIRE_FALSE(left);
    CHECK(left.error().code == ErrorCode::cancelled);
  }
  c.sleep_outcome = {};
  CHECK(c.ask());
  CHECK(c.slept.back() == 1000ms);
}

TEST_CASE("pairs at rest do not pile up", "[ceiling]") {
  Ceiling c;
  for (int i = 0; i < 2000; ++i) {
    CHECK(c.ask("https://idp/token", "client " + std::to_string(i)));
    c.now += 10ms;
  }
  CHECK(c.turns.tracked() <= 400);
}

TEST_CASE("threads together get no more than the ceiling", "[ceiling]") {
  const auto now = CallContext::Clock::now();
  std::atomic<int> waited{0};
  TokenRequestTurns turns({20, 500ms, 1h}, {[now] { return now; },
                                            [&](auto, const auto&) {
                                              ++waited;
                                              return Result<void>();
                                            }});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) static_cast<void>(turns.await("e", "c", {}));
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(waited == 200 - 20);
}

TEST_CASE("the process-wide ceiling stands before token requests", "[ceiling]") {
  testing::ScriptedTransport wire;
  wire.on(net::HttpMethod::post, "/token", 200, R"({"access_token":"t","expires_in":3600})");
  testing::FakeClock clock;
  auth::TokenEndpointRequest request;
  request.url = "https://ceiling.example/token";
  const SecretString secret("s");
  const bool basic = GENERATE(true, false);
  const std::string client = basic ? "by basic" : "by form";
  if (basic) {
    request.client_id = client;
    request.client_secret = &secret;
  } else {
    request.form = {{"client_id", client}};
  }
  const auto context = CallContext::with_timeout(100ms);
  for (int i = 0; i < auth::TokenRequestCeiling::burst; ++i) {
    static_cast<void>(auth::request_token(wire, request, clock, CallContext::with_timeout(1h)));
  }
  CHECK(wire.request_count() == auth::TokenRequestCeiling::burst);
  const auto refused = auth::request_token(wire, request, clock, context);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::rate_limited);
  CHECK(wire.request_count() == auth::TokenRequestCeiling::burst);
  request.client_id = basic ? "another" : request.client_id;
  if (!basic) request.form = {{"client_id", "another in the form"}};
  CHECK(auth::request_token(wire, request, clock, CallContext::with_timeout(1h)));
}

TEST_CASE("a forked child can ask for a turn while threads of the parent do", "[ceiling]") {
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    for (int i = 0; !stop; ++i) {
      const auto impatient = CallContext::with_timeout(0ms);
      static_cast<void>(auth::await_token_request_turn("https://fork.example", std::to_string(i % 500), impatient));
    }
  });
  for (int i = 0; i < 10; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);
      ::_exit(auth::await_token_request_turn("https://fork.example", "child", {}) ? 0 : 1);
    }
    REQUIRE(child > 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  stop = true;
  busy.join();
}
