// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dbxauth/log.hpp"
#include "net/http_transport.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// A retrying transport over a script, whose waits are recorded and not waited for.
struct Bench {
  std::shared_ptr<testing::ScriptedTransport> server = std::make_shared<testing::ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::vector<milliseconds> waits;
  double fraction = 0.5;
  net::RetryPolicy policy;

  Result<net::HttpResponse> send(net::HttpMethod method, net::Replay replay = net::Replay::by_method,
                                 const CallContext& context = {}) {
    net::RetryTiming timing;
    timing.clock = clock;
    timing.random_fraction = [this] { return fraction; };
    timing.sleep = [this](milliseconds duration, const CallContext& limits) -> Result<void> {
      waits.push_back(duration);
      return limits.check("waiting");
    };
    net::HttpRequest request;
    request.method = method;
    request.url = "https://host.example/api?code=planted";
    request.replay = replay;
    return net::make_retrying_transport(server, policy, timing)->send(request, context);
  }
};

Error lost_connection() {
  Error error(ErrorCode::network, "lost");
  error.retryable = true;
  return error;
}

Error no_connection() {
  Error error = lost_connection();
  error.server_code = net::kNotSent;
  return error;
}

}  // namespace

TEST_CASE("throttling is waited for, whatever the method") {
  for (const int status : {429, 503}) {
    for (const auto method : {net::HttpMethod::get, net::HttpMethod::post}) {
      Bench bench;
      bench.server->reply(status, "", {{"retry-after", "3"}}).reply(200, "{}");
      const auto response = bench.send(method, net::Replay::never);
      REQUIRE(response);
      CHECK(response->status == 200);
      CHECK(bench.waits == std::vector<milliseconds>{3125ms});
    }
  }
}

TEST_CASE("Retry-After may be a date") {
  Bench bench;
  bench.fraction = 0.0;
  bench.server->reply(503, "", {{"retry-after", "Thu, 01 Jan 2026 00:00:09 GMT"}}).reply(200, "{}");
  CHECK(bench.send(net::HttpMethod::get)->status == 200);
  CHECK(bench.waits == std::vector<milliseconds>{9000ms});
}

TEST_CASE("without Retry-After the waits grow with full jitter up to the limit") {
  Bench bench;
  bench.policy.maximum_attempts = 8;
  bench.policy.maximum_delay = 5s;
  for (int i = 0; i < 8; ++i) bench.server->reply(503, "");
  CHECK(bench.send(net::HttpMethod::get)->status == 503);
  CHECK(bench.waits == std::vector<milliseconds>{500ms, 1000ms, 2000ms, 2500ms, 2500ms, 2500ms, 2500ms});
  CHECK(bench.server->request_count() == 8);
}

TEST_CASE("a wait that does not fit before the deadline returns the answer at once") {
  Bench bench;
  bench.server->reply(429, "slow down", {{"retry-after", "120"}}).reply(200, "{}");
  auto response = bench.send(net::HttpMethod::get);  // The policy's own budget is 60 s.
  REQUIRE(response);
  CHECK(response->status == 429);
  CHECK(response->body.reveal() == "slow down");
  CHECK(bench.waits.empty());

  bench.server = std::make_shared<testing::ScriptedTransport>();
  bench.server->reply(429, "", {{"retry-after", "20"}}).reply(200, "{}");
  response = bench.send(net::HttpMethod::get, net::Replay::by_method, CallContext::with_timeout(10s));
  CHECK(response->status == 429);
  CHECK(bench.waits.empty());
  CHECK(bench.server->unused_replies() == 1);

  bench.server = std::make_shared<testing::ScriptedTransport>();
  bench.server->reply(429, "", {{"retry-after", "99999999999999"}});
  CHECK(bench.send(net::HttpMethod::get)->status == 429);
}

TEST_CASE("gateway failures and lost connections are retried for replayable requests only") {
  struct Case {
    net::HttpMethod method;
    net::Replay replay;
    bool again;
  };
  for (const auto& [method, replay, again] :
       {Case{net::HttpMethod::get, net::Replay::by_method, true},
        Case{net::HttpMethod::put, net::Replay::by_method, true},
        Case{net::HttpMethod::del, net::Replay::by_method, true},
        Case{net::HttpMethod::post, net::Replay::by_method, false},
        Case{net::HttpMethod::patch, net::Replay::by_method, false},
        Case{net::HttpMethod::post, net::Replay::safe, true}, Case{net::HttpMethod::get, net::Replay::never, false}}) {
    for (const int status : {502, 504}) {
      Bench bench;
      bench.server->reply(status, "").reply(200, "{}");
      CHECK(bench.send(method, replay)->status == (again ? 200 : status));
    }
    Bench bench;
    bench.server->fail(lost_connection()).reply(200, "{}");
    CHECK(bench.send(method, replay).has_value() == again);
    CHECK(bench.server->request_count() == (again ? 2 : 1));
  }
}

TEST_CASE("a connection that was never made is tried once more, even when nothing may be replayed") {
  Bench bench;
  bench.server->fail(no_connection()).reply(200, "{}");
  CHECK(bench.send(net::HttpMethod::post, net::Replay::never)->status == 200);
  bench.server->fail(no_connection()).fail(no_connection()).reply(200, "{}");
  const auto response = bench.send(net::HttpMethod::get);
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::network);
  CHECK(response.error().server_code.empty());
  CHECK(bench.server->unused_replies() == 1);
}

TEST_CASE("what cannot get better is final") {
  for (const int status : {200, 302, 400, 401, 403, 404, 409, 500, 501}) {
    Bench bench;
    bench.server->reply(status, "");
    CHECK(bench.send(net::HttpMethod::get)->status == status);
    CHECK(bench.waits.empty());
  }
  for (const auto code : {ErrorCode::tls, ErrorCode::protocol, ErrorCode::cancelled, ErrorCode::network}) {
    Bench bench;
    bench.server->fail(Error(code, "final"));
    CHECK(bench.send(net::HttpMethod::get).error().message == "final");
    CHECK(bench.waits.empty());
  }
}

TEST_CASE("a cancellation ends the wait") {
  const auto server = std::make_shared<testing::ScriptedTransport>();
  CancelSource source;
  server->reply_with([&source](const testing::RecordedRequest&) -> Result<net::HttpResponse> {
    source.cancel();
    return testing::http_response(503, "", {{"retry-after", "30"}});
  });
  CallContext context;
  context.cancel = source.token();
  const auto response = net::make_retrying_transport(server, {})->send(net::HttpRequest{}, context);
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::cancelled);
}

TEST_CASE("each retry is one debug record without the query") {
  std::mutex mutex;
  std::vector<std::string> records;
  set_log_sink(LogLevel::debug, [&](LogLevel, std::string_view subject, std::string_view message) {
    const std::lock_guard lock(mutex);
    records.push_back(std::string(subject) + ": " + std::string(message));
  });
  Bench bench;
  bench.server->reply(503, "").reply(503, "").reply(200, "{}");
  const auto response = bench.send(net::HttpMethod::get);
  set_log_sink(LogLevel::off, {});
  REQUIRE(response);
  REQUIRE(records.size() == 2);
  CHECK(records[0] == "net: GET https://host.example/api: HTTP 503; try 2 of at most 6 follows in 500 ms");
}
