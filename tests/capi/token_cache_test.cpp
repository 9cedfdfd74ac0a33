// SPDX-License-Identifier: Apache-2.0
// Token caches: those of the host program behind callbacks, the built-in ones, and both used directly.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "stored_logins.hpp"
#include "support/temporary_directory.hpp"

using capi_test::Failure;
using capi_test::IsolatedOptions;
using capi_test::read_keys;
using capi_test::read_token;
using capi_test::StoredLogins;
using capi_test::write_token;

namespace {

constexpr const char* token_json =
    R"({"access_token":"planted-access","token_type":"Bearer","refresh_token":"planted-refresh",)"
    R"("expiry":"2030-01-02T03:04:05Z","expires_in":3600})";

// dbxauth_token_cache_callbacks up to `availability`, its last field in the first release.
constexpr std::size_t first_callbacks_size = 64;

// What a program built against a later release would pass.
struct LaterCallbacks {
  dbxauth_token_cache_callbacks known;
  dbxauth_cache_list_fn later_function;
};

/// Sets or, with NULL, removes a variable of the process until it goes.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) const {
    if (value == nullptr) {
      unsetenv(name_);
    } else {
      setenv(name_, value, 1);
    }
  }
  const char* name_;
  std::optional<std::string> before_;
};

/// A person who is asked for a passphrase.
struct Questioned {
  const char* passphrase = nullptr;
  dbxauth_status answer = DBXAUTH_OK;
  int asked = 0;
  int destroyed = 0;

  static dbxauth_status ask(void* self, dbxauth_cache_reply* reply) {
    auto* questioned = static_cast<Questioned*>(self);
    questioned->asked++;
    if (questioned->passphrase != nullptr) {
      dbxauth_cache_reply_set_secret(reply, questioned->passphrase, std::strlen(questioned->passphrase));
    }
    return questioned->answer;
  }
  static void destroy(void* self) { static_cast<Questioned*>(self)->destroyed++; }
};

/// The message of the failed call.
std::string failed(dbxauth_status expected, const std::function<dbxauth_status(dbxauth_error**)>& call) {
  Failure failure;
  CHECK(call(&failure.error) == expected);
  return failure.message();
}

std::string get_failure(StoredLogins& logins, dbxauth_status expected) {
  dbxauth_token_cache* cache = logins.make();
  const std::string message = failed(expected, [&](dbxauth_error** error) {
    dbxauth_string* json = nullptr;
    const auto status = dbxauth_token_cache_get_json(cache, "dev", nullptr, &json, error);
    CHECK(json == nullptr);
    return status;
  });
  dbxauth_token_cache_free(cache);
  return message;
}

}  // namespace

TEST_CASE("a cache's user data lives as long as the handle and the last client, and is destroyed once") {
  StoredLogins logins;
  dbxauth_token_cache* cache = logins.make();
  IsolatedOptions isolated;
  isolated.set("host", "https://workspace.example.com");
  isolated.options.token_cache = cache;
  dbxauth_client* clients[2] = {};
  for (dbxauth_client*& client : clients) {
    REQUIRE(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_OK);
  }
  dbxauth_token_cache_free(cache);
  CHECK(logins.destroyed == 0);
  dbxauth_client_free(clients[0]);
  CHECK(logins.destroyed == 0);
  dbxauth_client_free(clients[1]);
  CHECK(logins.destroyed == 1);
  dbxauth_token_cache_free(nullptr);
}

TEST_CASE("a cache's user data is destroyed once when the call itself is refused") {
  StoredLogins logins;
  dbxauth_token_cache* cache = nullptr;
  std::string message;
  const auto refuse = [&](const char* kind, const dbxauth_token_cache_callbacks& callbacks, dbxauth_status expected) {
    message = failed(expected, [&](dbxauth_error** error) {
      return dbxauth_token_cache_new(kind, nullptr, &callbacks, &cache, error);
    });
    CHECK(cache == nullptr);
  };
  SECTION("no kind") {
    refuse(nullptr, logins.callbacks, DBXAUTH_E_INVALID_ARGUMENT);
  }
  SECTION("an empty kind") {
    refuse("", logins.callbacks, DBXAUTH_E_INVALID_ARGUMENT);
  }
  SECTION("nowhere to put it") {
    CHECK(dbxauth_token_cache_new("vault", nullptr, &logins.callbacks, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  }
  SECTION("a missing function") {
    auto callbacks = logins.callbacks;
    const int missing = GENERATE(0, 1, 2, 3);
    if (missing == 0) callbacks.get = nullptr;
    if (missing == 1) callbacks.put = nullptr;
    if (missing == 2) callbacks.remove = nullptr;
    if (missing == 3) callbacks.list = nullptr;
    refuse("vault", callbacks, DBXAUTH_E_INVALID_ARGUMENT);
    CHECK_THAT(message, Catch::Contains("get, put, remove and list"));
  }
  SECTION("a field of a later release") {
    LaterCallbacks later{logins.callbacks, logins.callbacks.list};
    later.known.struct_size = sizeof later;
    refuse("vault", later.known, DBXAUTH_E_UNSUPPORTED);
    CHECK_THAT(message, Catch::Contains("dbxauth_token_cache_callbacks") && Catch::Contains("newer library"));
  }
  CHECK(logins.destroyed == 1);
}

TEST_CASE("a client that is refused leaves the cache alone") {
  StoredLogins logins;
  dbxauth_token_cache* cache = logins.make();
  IsolatedOptions isolated;
  isolated.options.token_cache = cache;
  isolated.options.auth_timeout_ms = -1;
  dbxauth_client* client = nullptr;
  CHECK(dbxauth_client_new(&isolated.options, &client, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(logins.destroyed == 0);
  CHECK(write_token(cache, {"dev"}, token_json) == DBXAUTH_OK);
  dbxauth_token_cache_free(cache);
  CHECK(logins.destroyed == 1);
}

TEST_CASE("the callbacks of a cache grow at their end") {
  StoredLogins logins;
  dbxauth_token_cache* cache = nullptr;
  LaterCallbacks later{logins.callbacks, nullptr};
  later.known.struct_size = sizeof later;
  REQUIRE(dbxauth_token_cache_new("vault", nullptr, &later.known, &cache, nullptr) == DBXAUTH_OK);
  CHECK(write_token(cache, {"dev"}, token_json) == DBXAUTH_OK);
  dbxauth_token_cache_free(cache);
  CHECK(logins.destroyed == 1);

  // Too short to have had user data in any release: nothing of it is touched.
  auto shorter = logins.callbacks;
  shorter.struct_size = GENERATE(std::size_t{0}, std::size_t{24}, first_callbacks_size - 8);
  cache = nullptr;
  const std::string message = failed(DBXAUTH_E_INVALID_ARGUMENT, [&](dbxauth_error** error) {
    return dbxauth_token_cache_new("vault", nullptr, &shorter, &cache, error);
  });
  CHECK_THAT(message, Catch::Contains("struct_size"));
  CHECK(logins.destroyed == 1);

  LaterCallbacks scribbled;
  std::memset(&scribbled, 0x5a, sizeof scribbled);
  dbxauth_token_cache_callbacks_init(&scribbled.known, sizeof scribbled);
  CHECK(scribbled.known.struct_size == sizeof scribbled);
  CHECK(scribbled.known.user_data == nullptr);
  CHECK(scribbled.later_function == nullptr);
}

TEST_CASE("what a callback answers is what the caller learns, with its reason and without its secrets") {
  StoredLogins logins;
  logins.store("dev", token_json);
  logins.reason = "the vault is sealed, tried dapi0123456789abcdef0123456789abcdef";
  for (const dbxauth_status answer :
       {DBXAUTH_E_STORAGE_UNAVAILABLE, DBXAUTH_E_IO, DBXAUTH_E_TIMED_OUT, DBXAUTH_E_CANCELLED, DBXAUTH_E_NETWORK,
        DBXAUTH_E_PERMISSION_DENIED, DBXAUTH_E_CONFIGURATION, DBXAUTH_E_UNAVAILABLE, DBXAUTH_E_UNSUPPORTED}) {
    logins.get_answer = answer;
    const std::string message = get_failure(logins, answer);
    CHECK_THAT(message, Catch::Contains("vault") && Catch::Contains("reading a token") && Catch::Contains("is sealed"));
    CHECK_THAT(message, !Catch::Contains("dapi0123456789"));
  }
  // What is no answer of a cache is a failure of the callback.
  for (const dbxauth_status answer :
       std::initializer_list<dbxauth_status>{-1, 999, DBXAUTH_E_INTERNAL, DBXAUTH_E_NO_CREDENTIALS}) {
    logins.get_answer = answer;
    CHECK_THAT(get_failure(logins, DBXAUTH_E_USER_CALLBACK), Catch::Contains("is sealed"));
  }
  logins.put_answer = logins.other_answer = DBXAUTH_E_STORAGE_UNAVAILABLE;
  dbxauth_token_cache* cache = logins.make();
  Failure stored;
  CHECK(write_token(cache, {"dev"}, token_json, &stored) == DBXAUTH_E_STORAGE_UNAVAILABLE);
  CHECK_THAT(stored.message(), Catch::Contains("storing a token") && Catch::Contains("is sealed"));
  CHECK(dbxauth_token_cache_availability(cache, nullptr, nullptr) == DBXAUTH_E_STORAGE_UNAVAILABLE);
  CHECK(dbxauth_token_cache_remove(cache, "dev", nullptr, nullptr) == DBXAUTH_E_STORAGE_UNAVAILABLE);
  CHECK(read_keys(cache) == "storage_unavailable");
  // Removing what is not there is success, whichever way the program says it.
  logins.other_answer = DBXAUTH_E_NOT_FOUND;
  CHECK(dbxauth_token_cache_remove(cache, "dev", nullptr, nullptr) == DBXAUTH_OK);
  CHECK(read_keys(cache) == "user_callback");
  dbxauth_token_cache_free(cache);
}

TEST_CASE("a token that a callback gives is checked, and not quoted when it is none") {
  StoredLogins logins;
  for (const char* given :
       {"", "planted-access", R"({"access_token":"planted-access")", R"(["planted-access"])",
        R"({"token":{"access_token":"planted-access"}})", R"({"access_token":"planted-access","expiry":"tomorrow"})"}) {
    logins.store("dev", given);
    const std::string message = get_failure(logins, DBXAUTH_E_USER_CALLBACK);
    CHECK_THAT(message, Catch::Contains("the token cache vault gave") && !Catch::Contains("planted"));
  }
  logins.callbacks.get = [](void*, const char*, int64_t, dbxauth_cache_reply*) -> dbxauth_status { return DBXAUTH_OK; };
  CHECK_THAT(get_failure(logins, DBXAUTH_E_USER_CALLBACK), Catch::Contains("DBXAUTH_E_NOT_FOUND"));
}

TEST_CASE("a reply takes only what makes sense") {
  StoredLogins logins;
  logins.callbacks.list = [](void*, int64_t, dbxauth_cache_reply* reply) {
    CHECK(dbxauth_cache_reply_add_key(reply, "") == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK(dbxauth_cache_reply_add_key(reply, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK(dbxauth_cache_reply_add_key(reply, "\xff") == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK(dbxauth_cache_reply_add_key(nullptr, "dev") == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK(dbxauth_cache_reply_set_secret(reply, nullptr, 1) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK(dbxauth_cache_reply_set_secret(nullptr, "a", 1) == DBXAUTH_E_INVALID_ARGUMENT);
    dbxauth_cache_reply_set_reason(nullptr, "a");
    dbxauth_cache_reply_set_reason(reply, nullptr);
    return dbxauth_cache_reply_add_key(reply, "dev");
  };
  dbxauth_token_cache* cache = logins.make();
  CHECK(read_keys(cache) == R"({"schema":1,"keys":["dev"]})");
  dbxauth_token_cache_free(cache);
}

TEST_CASE("every kind of cache stores, lists, gives back and removes, under keys of any characters") {
  const dbxauth::testing::TemporaryDirectory directory;
  StoredLogins logins;
  dbxauth_token_cache* cache = nullptr;
  SECTION("callbacks") {
    cache = logins.make();
  }
  SECTION("memory") {
    REQUIRE(dbxauth_token_cache_memory_new(&cache, nullptr) == DBXAUTH_OK);
  }
  SECTION("file") {
    REQUIRE(dbxauth_token_cache_file_new((directory / "token-cache.json").c_str(), &cache, nullptr) == DBXAUTH_OK);
  }
  const std::vector<const char*> keys{"https://adb-1.azuredatabricks.net/?o=1",
                                      "\"quoted\" \\ back/slash",
                                      "line\nbreak\ttab \x01",
                                      "ключ 鍵 𝄞 <&>",
                                      "[__settings__]",
                                      "%2e%2e/../etc"};
  CHECK(read_keys(cache) == R"({"schema":1,"keys":[]})");
  CHECK(dbxauth_token_cache_availability(cache, nullptr, nullptr) == DBXAUTH_OK);
  REQUIRE(write_token(cache, keys, token_json) == DBXAUTH_OK);
  for (const char* key : keys) CHECK(read_token(cache, key) == token_json);
  CHECK_THAT(read_keys(cache), Catch::Contains(R"("\"quoted\" \\ back/slash")") && Catch::Contains("ключ 鍵 𝄞") &&
                                   Catch::Contains(R"(line\nbreak\ttab \u0001)"));
  CHECK(read_token(cache, "nobody") == "not_found");
  REQUIRE(dbxauth_token_cache_remove(cache, keys[2], nullptr, nullptr) == DBXAUTH_OK);
  REQUIRE(dbxauth_token_cache_remove(cache, keys[2], nullptr, nullptr) == DBXAUTH_OK);
  CHECK(read_token(cache, keys[2]) == "not_found");
  CHECK(read_token(cache, keys[3]) == token_json);
  // A token without expiry, lifetime and refresh token, as another program may have written it.
  REQUIRE(write_token(cache, {"plain"}, R"({"access_token":"a","unknown":[1]})") == DBXAUTH_OK);
  CHECK(read_token(cache, "plain") == R"({"access_token":"a","token_type":"Bearer","expiry":"0001-01-01T00:00:00Z"})");
  dbxauth_token_cache_free(cache);
}

TEST_CASE("a file cache is the file of the official tool, and a new handle reads it") {
  const dbxauth::testing::TemporaryDirectory directory;
  const std::string path = directory / "token-cache.json";
  for (int round = 0; round < 2; ++round) {
    dbxauth_token_cache* cache = nullptr;
    REQUIRE(dbxauth_token_cache_file_new(path.c_str(), &cache, nullptr) == DBXAUTH_OK);
    CHECK(std::string(dbxauth_token_cache_kind(cache)) == "file");
    CHECK(std::string(dbxauth_token_cache_location(cache)) == path);
    if (round == 0) {
      REQUIRE(write_token(cache, {"dev"}, token_json) == DBXAUTH_OK);
    } else {
      CHECK(read_token(cache, "dev") == token_json);
    }
    dbxauth_token_cache_free(cache);
  }
  CHECK_THAT(directory.read("token-cache.json"),
             Catch::Contains("\"version\": 1") && Catch::Contains("\"dev\"") && Catch::Contains("planted-refresh"));

  directory.write("occupied", "a file");
  dbxauth_token_cache* cache = nullptr;
  REQUIRE(dbxauth_token_cache_file_new((directory / "occupied/token-cache.json").c_str(), &cache, nullptr) ==
          DBXAUTH_OK);
  Failure failure;
  CHECK(dbxauth_token_cache_availability(cache, nullptr, &failure.error) != DBXAUTH_OK);
  CHECK_THAT(failure.message(), Catch::Contains("occupied"));
  dbxauth_token_cache_free(cache);
}

TEST_CASE("a keyring is asked when it is used, and says why it cannot be") {
  dbxauth_token_cache* cache = nullptr;
  CHECK(dbxauth_token_cache_keyring_new(-1, 0, &cache, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_token_cache_keyring_new(0, 0, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  const dbxauth::testing::TemporaryDirectory no_bus;
  {
    const ScopedVariable address("DBUS_SESSION_BUS_ADDRESS", nullptr);
    const ScopedVariable directory("XDG_RUNTIME_DIR", no_bus.path().c_str());
    REQUIRE(dbxauth_token_cache_keyring_new(2000, 0, &cache, nullptr) == DBXAUTH_OK);
  }
  CHECK(std::string(dbxauth_token_cache_kind(cache)) == "keyring");
  CHECK(std::string(dbxauth_token_cache_location(cache)).size() > 7);
  Failure failure;
  CHECK(write_token(cache, {"dev"}, token_json, &failure) == DBXAUTH_E_STORAGE_UNAVAILABLE);
  CHECK_THAT(failure.message(), Catch::Contains("bus") && !Catch::Contains("planted"));
  CHECK(dbxauth_token_cache_availability(cache, nullptr, nullptr) == DBXAUTH_E_STORAGE_UNAVAILABLE);
  CHECK(read_token(cache, "dev") == "storage_unavailable");
  dbxauth_token_cache_free(cache);
}

TEST_CASE("an encrypted file takes its key from a file or asks for a passphrase once") {
  const dbxauth::testing::TemporaryDirectory directory;
  const std::string path = directory / "token-cache.enc";
  dbxauth_encrypted_file_options options;
  dbxauth_encrypted_file_options_init(&options, sizeof options);
  options.path = path.c_str();
  const auto open = [&] {
    dbxauth_token_cache* cache = nullptr;
    Failure failure;
    const auto status = dbxauth_token_cache_encrypted_file_new(&options, &cache, &failure.error);
    INFO(failure.message());
    REQUIRE(status == DBXAUTH_OK);
    return cache;
  };
  SECTION("key file") {
    const std::string key = directory.write("key", std::string(32, 'k'));
    options.key_file = key.c_str();
    for (int round = 0; round < 2; ++round) {
      dbxauth_token_cache* cache = open();
      CHECK(std::string(dbxauth_token_cache_kind(cache)) == "encrypted-file");
      CHECK(std::string(dbxauth_token_cache_location(cache)) == path);
      if (round == 0) REQUIRE(write_token(cache, {"dev"}, token_json) == DBXAUTH_OK);
      CHECK(read_token(cache, "dev") == token_json);
      dbxauth_token_cache_free(cache);
    }
  }
  SECTION("passphrase") {
    Questioned questioned;
    options.user_data = &questioned;
    options.destroy = Questioned::destroy;
    options.passphrase = Questioned::ask;
    questioned.passphrase = "planted-passphrase";
    dbxauth_token_cache* cache = open();
    CHECK(questioned.asked == 0);
    REQUIRE(write_token(cache, {"dev"}, token_json) == DBXAUTH_OK);
    CHECK(read_token(cache, "dev") == token_json);
    CHECK(questioned.asked == 1);
    CHECK(questioned.destroyed == 0);
    dbxauth_token_cache_free(cache);
    CHECK(questioned.destroyed == 1);

    questioned.passphrase = "planted-mistake";
    cache = open();
    CHECK(read_token(cache, "dev") == "authentication_failed");
    Failure failure;
    CHECK(write_token(cache, {"dev"}, token_json, &failure) == DBXAUTH_E_AUTHENTICATION_FAILED);
    CHECK_THAT(failure.message(), !Catch::Contains("planted"));
    dbxauth_token_cache_free(cache);

    for (const dbxauth_status answer : std::initializer_list<dbxauth_status>{DBXAUTH_E_CANCELLED, -1}) {
      questioned.answer = answer;
      cache = open();
      CHECK(read_token(cache, "dev") == (answer == DBXAUTH_E_CANCELLED ? "cancelled" : "user_callback"));
      dbxauth_token_cache_free(cache);
    }
    questioned.answer = DBXAUTH_OK;
    questioned.passphrase = nullptr;
    cache = open();
    CHECK(read_token(cache, "dev") == "user_callback");
    dbxauth_token_cache_free(cache);
    CHECK(questioned.destroyed == 5);
  }
  CHECK_THAT(directory.read("token-cache.enc"), !Catch::Contains("planted"));
}

TEST_CASE("an encrypted file without a usable key is refused, and its user data destroyed once") {
  const dbxauth::testing::TemporaryDirectory directory;
  const std::string path = directory / "token-cache.enc";
  Questioned questioned;
  struct {
    dbxauth_encrypted_file_options known;
    const char* later_field;
  } later;
  dbxauth_encrypted_file_options_init(&later.known, sizeof later);
  dbxauth_encrypted_file_options& options = later.known;
  options.user_data = &questioned;
  options.destroy = Questioned::destroy;
  options.path = path.c_str();
  dbxauth_token_cache* cache = nullptr;
  const auto refuse = [&](dbxauth_status expected) {
    const std::string message = failed(expected, [&](dbxauth_error** error) {
      return dbxauth_token_cache_encrypted_file_new(&options, &cache, error);
    });
    CHECK(cache == nullptr);
    return message;
  };
  SECTION("no key") {
    refuse(DBXAUTH_E_CONFIGURATION);
  }
  SECTION("a key file that others can read") {
    const std::string key = directory.write("key", std::string(32, 'k'), 0644);
    options.key_file = key.c_str();
    CHECK_THAT(refuse(DBXAUTH_E_CONFIGURATION), Catch::Contains(key) && !Catch::Contains("kkkk"));
  }
  SECTION("a reserved field") {
    options.reserved0 = 1;
    CHECK_THAT(refuse(DBXAUTH_E_INVALID_ARGUMENT), Catch::Contains("reserved0"));
  }
  SECTION("a field of a later release") {
    later.later_field = "set";
    CHECK_THAT(refuse(DBXAUTH_E_UNSUPPORTED), Catch::Contains("dbxauth_encrypted_file_options"));
  }
  SECTION("nowhere to put it") {
    CHECK(dbxauth_token_cache_encrypted_file_new(&options, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  }
  CHECK(questioned.destroyed == 1);
  options.struct_size = 48;
  refuse(DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(questioned.destroyed == 1);
  CHECK(!directory.exists("token-cache.enc"));
}

TEST_CASE("direct use refuses what it cannot store, without quoting it") {
  dbxauth_token_cache* cache = nullptr;
  REQUIRE(dbxauth_token_cache_memory_new(&cache, nullptr) == DBXAUTH_OK);
  CHECK(std::string(dbxauth_token_cache_kind(cache)) == "memory");
  for (const char* json : {"", "{", "planted-access", "{}", R"({"access_token":""})", R"("planted-access")"}) {
    Failure failure;
    CHECK(write_token(cache, {"dev"}, json, &failure) == DBXAUTH_E_INVALID_ARGUMENT);
    CHECK_THAT(failure.message(), Catch::Contains("token_json") && !Catch::Contains("planted"));
  }
  CHECK(write_token(cache, {}, token_json) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(write_token(cache, {"dev", ""}, token_json) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(write_token(cache, {"dev", nullptr}, token_json) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(write_token(cache, {"dev\xff"}, token_json) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_token_cache_put_json(cache, nullptr, 1, "{}", 2, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(read_keys(cache) == R"({"schema":1,"keys":[]})");
  dbxauth_string* text = nullptr;
  CHECK(dbxauth_token_cache_get_json(cache, nullptr, nullptr, &text, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_token_cache_get_json(nullptr, "dev", nullptr, &text, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_token_cache_get_json(cache, "dev", nullptr, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_token_cache_remove(cache, "", nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_token_cache_keys_json(cache, nullptr, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_token_cache_memory_new(nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_token_cache_file_new("x", nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  dbxauth_token_cache_free(cache);
}

TEST_CASE("callbacks learn the time that is left, and are not called when there is none") {
  StoredLogins logins;
  dbxauth_token_cache* cache = logins.make();
  dbxauth_call_options call;
  dbxauth_call_options_init(&call, sizeof call);
  const auto get = [&] {
    dbxauth_string* text = nullptr;
    return dbxauth_token_cache_get_json(cache, "dev", &call, &text, nullptr);
  };
  logins.get_answer = DBXAUTH_E_IO;
  CHECK(get() == DBXAUTH_E_IO);
  CHECK(logins.last_timeout_ms == -1);
  call.timeout_ms = 60000;
  CHECK(get() == DBXAUTH_E_IO);
  CHECK(logins.last_timeout_ms > 0);
  CHECK(logins.last_timeout_ms <= 60000);
  call.cancel = dbxauth_cancel_new();
  dbxauth_cancel_trigger(call.cancel);
  const int before = logins.gets;
  CHECK(get() == DBXAUTH_E_CANCELLED);
  CHECK(logins.gets == before);
  dbxauth_cancel_free(call.cancel);
  dbxauth_token_cache_free(cache);
}

TEST_CASE("a cache is used from several threads at once") {
  StoredLogins logins;
  dbxauth_token_cache* cache = logins.make();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, key = "key " + std::to_string(i)] {
      for (int round = 0; round < 50; ++round) {
        if (write_token(cache, {key.c_str()}, token_json) == DBXAUTH_OK && read_token(cache, key) == token_json) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 400);
  CHECK(logins.stored().size() == 8);
  dbxauth_token_cache_free(cache);
}
