// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_token_cache.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "support/log_capture.hpp"
#include "unit/tokenstore/sample_tokens.hpp"
#include "unit/tokenstore/scripted_secret_store.hpp"

namespace dbxauth::tokenstore {
namespace {

using namespace std::chrono_literals;
using testing::sample_token;
using testing::ScriptedKeyring;
using testing::ScriptedSecretStore;

KeyringOptions with_timeout(std::chrono::milliseconds timeout) {
  KeyringOptions options;
  options.timeout = timeout;
  return options;
}

// Two caches on one keyring that hangs when told to; the hold-off passes when told to.
struct Setting {
  ~Setting() { keyring->resume(); }

  std::shared_ptr<TokenCache> with(KeyringOptions options) {
    return make_keyring_token_cache_on(
        {[] { return Result<std::string>("test:bus"); }, [this]() -> KeyringWorker& { return *worker; }, {}},
        std::move(options));
  }
  // A put whose caller leaves when the keyring hangs in it.
  void put_and_leave(const std::vector<std::string>& keys, const Token& token) {
    CancelSource cancel;
    CallContext context;
    context.cancel = cancel.token();
    std::thread canceller([&] {
      keyring->wait_until_hung();
      cancel.cancel();
    });
    CHECK(cache->put(keys, token, context).error().code == ErrorCode::cancelled);
    canceller.join();
  }
  void pass_hold_off() { passed_ms->fetch_add(5001); }
  // Runs after everything that was asked before it.
  void drain() {
    pass_hold_off();
    const auto patient = std::chrono::milliseconds(60000);
    const Result<bool> drained = worker->run<bool>("test:bus", {patient, patient, false}, {}, {},
                                                   [](SecretStore&, KeyringCall&) { return Result<bool>(true); });
    REQUIRE(drained.has_value());
  }
  std::string stored(const std::string& key) const {
    const Result<Token> token = decode_keyring_payload(keyring->login(key), key);
    return token ? std::string(token->access_token.reveal()) : "none";
  }
  std::size_t count(const std::string& operation) const {
    const auto operations = keyring->operations();
    return static_cast<std::size_t>(std::count(operations.begin(), operations.end(), operation));
  }

  std::shared_ptr<std::atomic<int>> passed_ms = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<ScriptedKeyring> keyring = std::make_shared<ScriptedKeyring>();
  std::unique_ptr<KeyringWorker> worker = std::make_unique<KeyringWorker>(
      [keyring = keyring](const std::string&) { return std::make_unique<ScriptedSecretStore>(keyring); },
      [passed = passed_ms] {
        return std::chrono::steady_clock::time_point(std::chrono::milliseconds(passed->load()));
      });
  // For what must succeed however slow the machine is, and for what must fail however fast it is.
  std::shared_ptr<TokenCache> cache = with(with_timeout(60s));
  std::shared_ptr<TokenCache> hasty = with(with_timeout(30ms));
};

TEST_CASE("A keyring cache stores, finds, lists and removes") {
  Setting setting;
  CHECK(setting.cache->kind() == "keyring");
  CHECK(setting.cache->location() == "OS keyring (service: databricks-cli)");
  CHECK(setting.cache->get("k", {}).error().code == ErrorCode::not_found);
  REQUIRE(setting.cache->put({"k", "j"}, sample_token(), {}).has_value());
  CHECK(setting.cache->get("j", {}).value().refresh_token.equals("doau.refresh"));
  CHECK(setting.cache->list({}).value() == std::vector<std::string>{"j", "k"});
  REQUIRE(setting.cache->remove("k", {}).has_value());
  CHECK(setting.cache->get("k", {}).error().code == ErrorCode::not_found);
  CHECK(setting.cache->availability({}).has_value());
}

TEST_CASE("A keyring cache refuses what no cache stores, without asking the keyring") {
  Setting setting;
  CHECK(setting.cache->put({}, sample_token(), {}).error().code == ErrorCode::invalid_argument);
  CHECK(setting.cache->put({""}, sample_token(), {}).error().code == ErrorCode::invalid_argument);
  CHECK(setting.cache->put({"k"}, Token(), {}).error().code == ErrorCode::invalid_argument);
  CHECK(setting.keyring->operations().empty());
}

TEST_CASE("A keyring that hangs costs the time limit once and is then left alone for five seconds") {
  Setting setting;
  setting.keyring->hang("lookup", false);
  const Error first = setting.hasty->get("k", {}).error();
  CHECK(first.code == ErrorCode::timed_out);
  CHECK(first.message.find("within 30 ms") != std::string::npos);
  CHECK(first.retryable);
  const Error second = setting.cache->get("k2", {}).error();
  CHECK(second.code == ErrorCode::timed_out);
  CHECK(second.retry_after == std::chrono::milliseconds(5000));
  setting.keyring->resume();
  CHECK(setting.cache->put({"k2"}, sample_token(), {}).error().retry_after.has_value());
  setting.passed_ms->fetch_add(4999);
  CHECK(setting.cache->get("k2", {}).error().retry_after == std::chrono::milliseconds(1));
  CHECK(setting.count("lookup k2") == 0);
  setting.passed_ms->fetch_add(1);
  CHECK(setting.cache->get("k2", {}).error().code == ErrorCode::not_found);
}

TEST_CASE("A caller's own deadline or cancellation does not make the keyring suspect") {
  Setting setting;
  setting.keyring->hang("lookup", false);
  CHECK(setting.cache->get("k", CallContext::with_timeout(20ms)).error().code == ErrorCode::timed_out);
  CancelSource cancel;
  CallContext context;
  context.cancel = cancel.token();
  std::thread canceller([&] {
    setting.keyring->wait_until_hung();
    cancel.cancel();
  });
  CHECK(setting.cache->get("k", context).error().code == ErrorCode::cancelled);
  canceller.join();
  CHECK(setting.cache->get("k", context).error().code == ErrorCode::cancelled);
  setting.keyring->resume();
  CHECK(setting.cache->get("k", {}).error().code == ErrorCode::not_found);
}

TEST_CASE("A write whose caller has gone is not sent") {
  Setting setting;
  setting.keyring->hang("lookup");
  setting.put_and_leave({"k"}, sample_token());
  // Waits behind the first, in vain.
  CHECK(setting.hasty->put({"k"}, sample_token(), {}).error().code == ErrorCode::timed_out);
  setting.keyring->resume();
  setting.drain();
  CHECK(setting.keyring->items().empty());
  CHECK(setting.count("store k") == 0);
  CHECK(setting.count("lookup k") == 1);
}

TEST_CASE("A write that lands late stays when nothing newer was asked for") {
  Setting setting;
  testing::LogCapture log;
  setting.keyring->set({kKeyringService, "k"}, R"({"token":{"access_token":"old","expiry":"2020-01-01T00:00:00Z"}})");
  setting.keyring->hang("store");
  setting.put_and_leave({"k"}, sample_token("late", "r"));
  setting.keyring->resume();
  setting.drain();
  CHECK(setting.stored("k") == "late");
  CHECK(log.mentions("after its caller had given up"));
}

TEST_CASE("A write that lands late over a token that lasts longer is undone") {
  Setting setting;
  setting.keyring->set({kKeyringService, "k"}, R"({"token":{"access_token":"fresh","expiry":"2040-01-01T00:00:00Z"}})");
  setting.keyring->hang("store");
  setting.put_and_leave({"k"}, sample_token("late", "r"));
  setting.keyring->resume();
  setting.drain();
  CHECK(setting.stored("k") == "fresh");
}

TEST_CASE("A write that lands late is undone when something newer was asked for meanwhile") {
  Setting setting;
  setting.keyring->set({kKeyringService, "k"}, R"({"token":{"access_token":"old","expiry":"2020-01-01T00:00:00Z"}})");
  setting.keyring->hang("store");
  setting.put_and_leave({"k"}, sample_token("late", "r"));
  SECTION("another token, refused while the keyring was left alone") {
    CHECK(setting.hasty->get("k", {}).error().code == ErrorCode::timed_out);
    CHECK(setting.cache->put({"k"}, sample_token("newer", "r"), {}).error().retry_after.has_value());
  }
  SECTION("a logout, which waited in vain") {
    CHECK(setting.hasty->remove("k", {}).error().code == ErrorCode::timed_out);
  }
  setting.keyring->resume();
  setting.drain();
  CHECK(setting.stored("k") == "old");
}

TEST_CASE("A write that lands late beside somebody else's newer one leaves that alone") {
  Setting setting;
  setting.keyring->hang("store");
  setting.keyring->before([&](const std::string& operation, const SecretName& name) -> Result<void> {
    // The answer is lost; the item is there, and another process replaces it.
    if (operation == "store") {
      setting.keyring->set({name.service, name.username}, R"({"token":{"access_token":"theirs"}})");
      return Error(ErrorCode::timed_out, "no answer");
    }
    return {};
  });
  setting.put_and_leave({"k"}, sample_token("late", "r"));
  setting.keyring->resume();
  setting.drain();
  CHECK(setting.stored("k") == "theirs");
}

TEST_CASE("Of several keys a late write leaves none behind alone") {
  Setting setting;
  setting.keyring->hang("store");
  setting.put_and_leave({"one", "two"}, sample_token());
  setting.keyring->resume();
  setting.drain();
  CHECK(setting.keyring->items().empty());
  CHECK(setting.count("store two") == 0);
}

TEST_CASE("No bus is said at once, without a thread") {
  Setting setting;
  const auto cache =
      make_keyring_token_cache_on({[] { return Result<std::string>(Error(ErrorCode::storage_unavailable, "no bus")); },
                                   []() -> KeyringWorker& { throw std::logic_error("asked for a worker"); },
                                   {}},
                                  {});
  CHECK(cache->get("k", {}).error().message == "no bus");
  CHECK(cache->availability({}).error().code == ErrorCode::storage_unavailable);
}

TEST_CASE("While the owner is asked for the password only the caller's deadline counts, and others hear why") {
  Setting setting;
  std::atomic<bool> answered{false};
  const std::function<Result<bool>(SecretStore&, KeyringCall&)> prompt = [&](SecretStore&, KeyringCall& call) {
    call.prompt_begins();
    while (!answered && !call.abandoned()) std::this_thread::sleep_for(1ms);
    call.prompt_ends();
    return Result<bool>(true);
  };
  const auto ask = [&](CallContext context, std::chrono::milliseconds prompt_limit) {
    return setting.worker->run<bool>("test:bus", {60s, prompt_limit, true}, context, {}, prompt);
  };
  SECTION("answered in the end") {
    std::atomic<bool> unlocked{false};
    std::thread asking([&] { unlocked = ask({}, 60s).has_value(); });
    Error error;
    do {
      setting.pass_hold_off();
      error = setting.hasty->get("k", {}).error();
    } while (error.code != ErrorCode::storage_unavailable);
    CHECK(error.message.find("locked") != std::string::npos);
    answered = true;
    asking.join();
    CHECK(unlocked);
  }
  SECTION("the caller's deadline") {
    CHECK(ask(CallContext::with_timeout(30ms), 60s).error().code == ErrorCode::timed_out);
  }
  SECTION("nobody at the keyboard") {
    const Error error = ask({}, 30ms).error();
    CHECK(error.code == ErrorCode::storage_unavailable);
    CHECK(error.message.find("locked") != std::string::npos);
  }
  // The work uses variables of this function.
  setting.drain();
}

TEST_CASE("Neither the cache nor the worker waits for a call that hangs") {
  auto setting = std::make_unique<Setting>();
  const std::shared_ptr<ScriptedKeyring> keyring = setting->keyring;
  keyring->hang("store");
  setting->put_and_leave({"k"}, sample_token());
  setting->cache.reset();
  setting->hasty.reset();
  setting->worker.reset();
  CHECK(keyring->login("k") == "none");
  keyring->resume();
  while (keyring->login("k") == "none") std::this_thread::sleep_for(1ms);
}

TEST_CASE("Many threads share the worker") {
  Setting setting;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const std::string key = "k" + std::to_string(i % 3);
      for (int round = 0; round < 20; ++round) {
        if (!setting.cache->put({key}, sample_token(), {})) ++failures;
        if (!setting.cache->get(key, {})) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(setting.cache->list({}).value().size() == 3);
}

TEST_CASE("A forked child does not use its parent's worker") {
  const KeyringWorker* const parents = &KeyringWorker::of_process();
  CHECK(&KeyringWorker::of_process() == parents);
  const pid_t child = ::fork();
  if (child == 0) {
    const KeyringWorker* const own = &KeyringWorker::of_process();
    ::_exit(own != parents && own == &KeyringWorker::of_process() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

}  // namespace
}  // namespace dbxauth::tokenstore
