// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dbxauth/log.hpp"
#include "net/http_transport.hpp"
#include "net/service_error.hpp"
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
  std::shared_ptr<net::HostCoolDown> cool_down = std::make_shared<net::HostCoolDown>();
  net::HostCoolDown::TimePoint now{};  ///< Moves by what is waited for.
  std::string url = "https://host.example/api?code=planted";
  bool secret_path = false;

  Result<net::HttpResponse> send(net::HttpMethod method, net::Replay replay = net::Replay::by_method,
                                 const CallContext& context = {}) {
    net::RetryTiming timing;
    timing.clock = clock;
    timing.cool_down = cool_down;
    timing.steady_now = [this] { return now; };
    timing.random_fraction = [this] { return fraction; };
    timing.sleep = [this](milliseconds duration, const CallContext& limits) -> Result<void> {
      waits.push_back(duration);
      now += duration;
      return limits.check("waiting");
    };
    net::HttpRequest request;
    request.method = method;
    request.url = url;
    request.replay = replay;
    request.secret_path = secret_path;
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

  bench.cool_down = std::make_shared<net::HostCoolDown>();
  bench.server = std::make_shared<testing::ScriptedTransport>();
  bench.server->reply(429, "", {{"retry-after", "20"}}).reply(200, "{}");
  response = bench.send(net::HttpMethod::get, net::Replay::by_method, CallContext::with_timeout(10s));
  CHECK(response->status == 429);
  CHECK(bench.waits.empty());
  CHECK(bench.server->unused_replies() == 1);

  bench.cool_down = std::make_shared<net::HostCoolDown>();
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
  bench.secret_path = GENERATE(false, true);
  bench.server->reply(503, "").reply(503, "").reply(200, "{}");
  const auto response = bench.send(net::HttpMethod::get);
  set_log_sink(LogLevel::off, {});
  REQUIRE(response);
  REQUIRE(records.size() == 2);
  CHECK(records[0] == std::string("net: GET https://host.example") + (bench.secret_path ? "" : "/api") +
                          ": HTTP 503; try 2 of at most 6 follows in 500 ms");
}

namespace {

/// Another transport of the same process.
Bench beside(const Bench& first) {
  Bench second;
  second.cool_down = first.cool_down;
  second.now = first.now;
  return second;
}

/// A transport whose server has just asked for `seconds` of rest, and whose caller could not wait for them.
Bench turned_away(int status, const std::string& seconds) {
  Bench bench;
  bench.server->reply(status, "", {{"retry-after", seconds}});
  const auto response = bench.send(net::HttpMethod::get, net::Replay::by_method, CallContext::with_timeout(100ms));
  REQUIRE(response);
  REQUIRE(response->status == status);
  return bench;
}

}  // namespace

TEST_CASE("what a server asks of one request, every request of the process to it heeds") {
  const int status = GENERATE(429, 503);
  const Bench first = turned_away(status, "7");
  Bench second = beside(first);
  second.server->reply(200, "{}");
  CHECK(second.send(net::HttpMethod::post, net::Replay::never)->status == 200);
  CHECK(second.waits == std::vector<milliseconds>{7125ms});
  CHECK(second.server->request_count() == 1);
  // It is over then.
  second.server->reply(200, "{}");
  CHECK(second.send(net::HttpMethod::get)->status == 200);
  CHECK(second.waits.size() == 1);
}

TEST_CASE("a request that cannot wait for its turn is answered as the server would, and not sent") {
  const int status = GENERATE(429, 503);
  Bench second = beside(turned_away(status, "7"));
  const auto response = second.send(net::HttpMethod::get, net::Replay::by_method, CallContext::with_timeout(5s));
  REQUIRE(response);
  CHECK(second.server->request_count() == 0);
  CHECK(second.waits.empty());
  const Error error = net::service_error(*response, "list catalogs");
  CHECK(error.code == (status == 429 ? ErrorCode::rate_limited : ErrorCode::unavailable));
  CHECK(error.retryable);
  CHECK(error.retry_after == 7000ms);
  CHECK(error.message.find("https://host.example has asked this process to wait for 7 s more") != std::string::npos);
  CHECK(error.message.find("planted") == std::string::npos);
}

TEST_CASE("other hosts, ports and schemes are not concerned") {
  Bench second = beside(turned_away(429, "7"));
  for (const char* url : {"https://other.example/", "https://host.example:8443/", "http://host.example/"}) {
    second.url = url;
    second.server->reply(200, "{}");
    CHECK(second.send(net::HttpMethod::get)->status == 200);
  }
  CHECK(second.waits.empty());
}

TEST_CASE("without Retry-After only 429 holds for others, as long as the wait that was chosen") {
  for (const int status : {429, 503}) {
    Bench first;
    first.server->reply(status, "").reply(200, "{}");
    Bench second;
    second.cool_down = first.cool_down;
    second.server->reply(200, "{}");
    net::RetryTiming timing;
    timing.cool_down = first.cool_down;
    timing.steady_now = [] { return net::HostCoolDown::TimePoint{}; };
    timing.random_fraction = [] { return 0.5; };
    timing.sleep = [&](milliseconds, const CallContext&) -> Result<void> {
      // While the first waits for its second try.
      CHECK(second.send(net::HttpMethod::get)->status == 200);
      return Error(ErrorCode::cancelled, "enough");
    };
    net::HttpRequest request;
    request.url = first.url;
    CHECK_FALSE(net::make_retrying_transport(first.server, first.policy, timing)->send(request, {}));
    CHECK(second.waits == (status == 429 ? std::vector<milliseconds>{625ms} : std::vector<milliseconds>{}));
  }
}

TEST_CASE("one answer silences a process for a minute at most, and a later one prolongs it") {
  net::HostCoolDown cool_down;
  const net::HostCoolDown::TimePoint start{};
  cool_down.begin("https://a", 503, 1h, start);
  REQUIRE(cool_down.rest("https://a", start));
  CHECK(cool_down.rest("https://a", start)->left == 60s);
  CHECK(cool_down.rest("https://a", start)->status == 503);
  cool_down.begin("https://a", 429, 5s, start);
  CHECK(cool_down.rest("https://a", start)->left == 60s);
  CHECK(cool_down.rest("https://a", start)->status == 503);
  cool_down.begin("https://a", 429, 50s, start + 30s);
  CHECK(cool_down.rest("https://a", start + 30s)->left == 50s);
  CHECK(cool_down.rest("https://a", start + 30s)->status == 429);
  CHECK(cool_down.rest("https://a", start + 80s - 1us)->left == 1ms);
  CHECK_FALSE(cool_down.rest("https://a", start + 80s));
  cool_down.begin("https://a", 429, 0s, start + 90s);
  CHECK_FALSE(cool_down.rest("https://a", start + 90s));
}
