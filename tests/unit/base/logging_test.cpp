// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/logging.hpp"

using namespace dbxauth;
using dbxauth::base::log;
using dbxauth::base::log_enabled;

namespace {

struct SinkReset {
  ~SinkReset() { set_log_sink(LogLevel::off, {}); }
};

}  // namespace

TEST_CASE("logging is off by default") {
  CHECK_FALSE(log_enabled(LogLevel::error));
  CHECK_FALSE(log_enabled(LogLevel::off));
}

TEST_CASE("records up to the level arrive, redacted and as UTF-8") {
  const SinkReset reset;
  std::vector<std::string> records;
  set_log_sink(LogLevel::info, [&](LogLevel level, std::string_view subject, std::string_view message) {
    records.push_back(std::to_string(static_cast<int>(level)) + " " + std::string(subject) + ": " +
                      std::string(message));
  });
  CHECK(log_enabled(LogLevel::info));
  CHECK_FALSE(log_enabled(LogLevel::debug));
  log(LogLevel::warning, "net", "sent Authorization: Bearer abc");
  log(LogLevel::debug, "net", "too detailed");
  log(LogLevel::error, "auth", "bad \xFF byte");
  CHECK(records ==
        std::vector<std::string>{"2 net: sent Authorization: Bearer [redacted]", "1 auth: bad \xEF\xBF\xBD byte"});
  set_log_sink(LogLevel::info, {});
  log(LogLevel::error, "net", "nobody listens");
  CHECK(records.size() == 2);
}

TEST_CASE("set_log_sink waits for calls of the sink that it replaces") {
  const SinkReset reset;
  std::promise<void> entered;
  std::promise<void> leave;
  std::atomic<bool> returned{false};
  set_log_sink(LogLevel::info, [&](LogLevel, std::string_view, std::string_view) {
    entered.set_value();
    leave.get_future().wait();
    returned = true;
  });
  std::thread writer([] { log(LogLevel::info, "test", "slow"); });
  entered.get_future().wait();
  std::atomic<bool> returned_before_replacement{false};
  std::thread replacer([&] {
    set_log_sink(LogLevel::info, {});
    returned_before_replacement = returned.load();
  });
  leave.set_value();
  replacer.join();
  writer.join();
  CHECK(returned_before_replacement);
}

TEST_CASE("a sink that logs is not called again, and one that throws harms nobody") {
  const SinkReset reset;
  int calls = 0;
  set_log_sink(LogLevel::info, [&](LogLevel, std::string_view, std::string_view) {
    ++calls;
    log(LogLevel::info, "test", "from inside");
    throw std::runtime_error("sink");
  });
  log(LogLevel::info, "test", "one");
  log(LogLevel::info, "test", "two");
  CHECK(calls == 2);
}

TEST_CASE("sinks may be replaced while many threads log") {
  const SinkReset reset;
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i) {
    writers.emplace_back([&] {
      while (!stop) log(LogLevel::info, "test", "message");
    });
  }
  int misuses = 0;
  for (int round = 0; round < 200; ++round) {
    auto alive = std::make_shared<std::atomic<bool>>(true);
    std::atomic<int> late{0};
    set_log_sink(LogLevel::info, [alive, &late](LogLevel, std::string_view, std::string_view) {
      if (!*alive) ++late;
    });
    std::this_thread::yield();
    set_log_sink(LogLevel::off, {});
    *alive = false;
    misuses += late;
  }
  stop = true;
  for (auto& writer : writers) writer.join();
  CHECK(misuses == 0);
}
