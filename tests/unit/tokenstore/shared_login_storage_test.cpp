// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/shared_login_storage.hpp"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/fake_clock.hpp"
#include "support/log_capture.hpp"

namespace dbxauth::tokenstore {
namespace {

using testing::FakeClock;
using testing::LogCapture;
using namespace std::chrono_literals;
using Keys = std::vector<std::string>;

constexpr const char* kHost = "https://w.example";

/// A memory cache under another name that counts calls and fails when told to.
class ScriptedCache final : public TokenCache {
 public:
  explicit ScriptedCache(std::string kind) : kind_(std::move(kind)) {}

  std::string_view kind() const noexcept override { return kind_; }
  std::string location() const override { return "the " + kind_ + " of the test"; }
  Result<Token> get(std::string_view key, const CallContext& context) override {
    ++gets;
    if (trouble) return *trouble;
    return tokens_->get(key, context);
  }
  Result<void> put(const Keys& keys, const Token& token, const CallContext& context) override {
    puts.push_back(keys);
    if (trouble) return *trouble;
    if (put_trouble) return *put_trouble;
    return tokens_->put(keys, token, context);
  }
  Result<void> remove(std::string_view key, const CallContext& context) override {
    if (trouble) return *trouble;
    return tokens_->remove(key, context);
  }
  Result<Keys> list(const CallContext& context) override {
    if (trouble) return *trouble;
    return tokens_->list(context);
  }
  Result<void> availability(const CallContext&) override {
    if (trouble) return *trouble;
    return {};
  }

  std::optional<Error> trouble;
  std::optional<Error> put_trouble;
  int gets = 0;
  std::vector<Keys> puts;

 private:
  const std::string kind_;
  const std::shared_ptr<TokenCache> tokens_ = make_memory_token_cache();
};

struct Fixture {
  explicit Fixture(StorageMode mode) {
    SharedLoginStorage::Stores stores;
    stores.mode = mode;
    stores.file = file;
    stores.keyring = keyring;
    stores.clock = clock;
    storage = std::make_shared<SharedLoginStorage>(std::move(stores));
  }

  Token token(std::string_view text, std::chrono::seconds valid_for) const {
    Token made;
    made.access_token = SecretString(text);
    made.refresh_token = SecretString("r");
    made.expires_at = clock->now() + valid_for;
    return made;
  }
  void keep(ScriptedCache& store, const Keys& keys, std::string_view text, std::chrono::seconds valid_for) const {
    REQUIRE(store.put(keys, token(text, valid_for), {}));
    store.puts.clear();
  }
  std::string get(std::string_view key) const {
    const auto found = storage->get(key, {});
    return found ? std::string(found->access_token.reveal()) : std::string(to_string(found.error().code));
  }
  static std::string in(ScriptedCache& store, std::string_view key) {
    const auto found = store.get(key, {});
    return found ? std::string(found->access_token.reveal()) : std::string(to_string(found.error().code));
  }

  std::shared_ptr<ScriptedCache> file = std::make_shared<ScriptedCache>("file");
  std::shared_ptr<ScriptedCache> keyring = std::make_shared<ScriptedCache>("keyring");
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<SharedLoginStorage> storage;
};

const Error kUnreachable{ErrorCode::storage_unavailable, "no keyring here"};

TEST_CASE("File first: an entry that lasts is taken without a look at the keyring", "[storage]") {
  for (const StorageMode mode : {StorageMode::legacy, StorageMode::plaintext}) {
    Fixture f(mode);
    f.keep(*f.file, {"p"}, "file", 301s);
    f.keep(*f.keyring, {"p"}, "keyring", 3600s);
    CHECK(f.get("p") == "file");
    CHECK(f.keyring->gets == 0);
    CHECK(f.storage->kind() == "file");
    CHECK(f.storage->location() == f.file->location());
    CHECK(f.storage->store_of("p") == f.file);
    // One second later it has no five minutes left.
    f.clock->advance(1s);
    CHECK(f.get("p") == "keyring");
    CHECK(f.storage->store_of("p") == f.keyring);
  }
}

TEST_CASE("File first: an entry without an end is never compared", "[storage]") {
  Fixture f(StorageMode::legacy);
  Token endless = f.token("file", 0s);
  endless.expires_at = std::chrono::system_clock::time_point::max();
  REQUIRE(f.file->put({"p"}, endless, {}));
  CHECK(f.get("p") == "file");
  CHECK(f.keyring->gets == 0);
}

TEST_CASE("Of two entries the newest counts", "[storage]") {
  Fixture f(StorageMode::legacy);
  f.keep(*f.file, {"p"}, "file", 100s);
  f.keep(*f.keyring, {"p"}, "keyring", 50s);
  CHECK(f.get("p") == "file");
  f.keep(*f.keyring, {"p"}, "keyring", 200s);
  CHECK(f.get("p") == "keyring");
  // What holds no access token is the oldest, whatever its time says.
  Token renewable;
  renewable.refresh_token = SecretString("r");
  REQUIRE(f.file->put({"p"}, renewable, {}));
  CHECK(f.get("p") == "keyring");
}

TEST_CASE("File first: what the file does not hold is found in the keyring", "[storage]") {
  Fixture f(StorageMode::legacy);
  f.keep(*f.keyring, {"p"}, "keyring", 3600s);
  CHECK(f.get("p") == "keyring");
  CHECK(f.get("q") == "not_found");
}

TEST_CASE("File first: a keyring that cannot be used is no more than a debug record", "[storage]") {
  Fixture f(StorageMode::legacy);
  f.keep(*f.file, {"p"}, "old", -10s);
  f.keyring->trouble = kUnreachable;
  const LogCapture log;
  CHECK(f.get("p") == "old");
  CHECK(f.get("q") == "not_found");
  CHECK(log.mentions("no keyring here"));
  CHECK_FALSE(log.mentions("warning"));
}

TEST_CASE("A call that was cancelled within the second store does not say that there is no login", "[storage]") {
  Fixture f(StorageMode::legacy);
  f.keyring->trouble = Error(ErrorCode::cancelled, "cancelled");
  CancelSource source;
  CallContext context;
  context.cancel = source.token();
  source.cancel();
  CHECK(f.storage->get("p", context).error().code == ErrorCode::cancelled);
}

TEST_CASE("Secure: the keyring is first, the file is asked about what is missing or ends", "[storage]") {
  Fixture f(StorageMode::secure);
  f.keep(*f.keyring, {"p"}, "keyring", 3600s);
  f.keep(*f.file, {"p", "q"}, "file", 7200s);
  CHECK(f.get("p") == "keyring");
  CHECK(f.file->gets == 0);
  CHECK(f.get("q") == "file");
  f.clock->advance(3400s);
  CHECK(f.get("p") == "file");
  CHECK(f.storage->kind() == "keyring");
}

TEST_CASE("Secure: without its keyring the file's entry is used with one warning, else the keyring's error",
          "[storage]") {
  Fixture f(StorageMode::secure);
  f.keep(*f.file, {"p", "q"}, "file", 3600s);
  f.keyring->trouble = kUnreachable;
  {
    const LogCapture log;
    CHECK(f.get("p") == "file");
    CHECK(log.mentions("warning tokenstore"));
    CHECK(log.mentions("no keyring here"));
  }
  {
    const LogCapture log;
    CHECK(f.get("q") == "file");
    CHECK_FALSE(log.mentions("warning"));
  }
  const auto missing = f.storage->get("r", {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::storage_unavailable);
  CHECK(missing.error().message == "no keyring here");
  CHECK(f.storage->availability({}).error().code == ErrorCode::storage_unavailable);
}

TEST_CASE("A token goes back to the store of each entry, in one step per store", "[storage]") {
  Fixture f(StorageMode::legacy);
  f.keep(*f.keyring, {"p"}, "keyring", 100s);
  f.keep(*f.file, {kHost, "alias"}, "file", 100s);
  SECTION("remembered") {
    CHECK(f.get("p") == "keyring");
    CHECK(f.get(kHost) == "file");
    CHECK(f.get("alias") == "file");
    f.keyring->gets = 0;
    f.file->gets = 0;
    REQUIRE(f.storage->put({"p", kHost, "alias"}, f.token("new", 3600s), {}));
    CHECK(f.keyring->gets + f.file->gets == 0);
  }
  SECTION("looked up") {
    REQUIRE(f.storage->put({"p", kHost, "alias"}, f.token("new", 3600s), {}));
  }
  CHECK(f.keyring->puts == std::vector<Keys>{{"p"}});
  CHECK(f.file->puts == std::vector<Keys>{{kHost, "alias"}});
  CHECK(f.get("p") == "new");
}

TEST_CASE("File first: a new login goes into the file with all its keys", "[storage]") {
  Fixture f(StorageMode::plaintext);
  REQUIRE(f.storage->put({"p", kHost}, f.token("new", 3600s), {}));
  CHECK(f.file->puts == std::vector<Keys>{{"p", kHost}});
  CHECK(f.keyring->puts.empty());
  CHECK(f.storage->store_of("p") == f.file);
}

TEST_CASE("No copy of a keyring's login is made in the file", "[storage]") {
  Fixture f(StorageMode::legacy);
  f.keep(*f.keyring, {"p"}, "keyring", 100s);
  REQUIRE(f.storage->put({"p", kHost}, f.token("new", 3600s), {}));
  CHECK(f.keyring->puts == std::vector<Keys>{{"p"}});
  CHECK(f.file->puts.empty());
}

TEST_CASE("Secure: a new login is one item, and its host gets none", "[storage]") {
  Fixture f(StorageMode::secure);
  REQUIRE(f.storage->put({"p", kHost}, f.token("new", 3600s), {}));
  CHECK(f.keyring->puts == std::vector<Keys>{{"p"}});
  CHECK(f.file->puts.empty());
  // A login that has no other name is kept under its host, as the Databricks CLI does.
  REQUIRE(f.storage->put({"https://other.example"}, f.token("new", 3600s), {}));
  CHECK(f.keyring->puts.back() == Keys{"https://other.example"});
  // A host's key that is there is renewed where it is.
  f.keep(*f.file, {"https://third.example"}, "old", 100s);
  REQUIRE(f.storage->put({"p", "https://third.example"}, f.token("new", 3600s), {}));
  CHECK(f.file->puts == std::vector<Keys>{{"https://third.example"}});
}

TEST_CASE("An alias that cannot be written is a warning, the login itself the error", "[storage]") {
  Fixture f(StorageMode::legacy);
  f.keep(*f.keyring, {"p"}, "keyring", 100s);
  f.keep(*f.file, {kHost}, "file", 100s);
  SECTION("alias") {
    f.file->put_trouble = Error(ErrorCode::io, "disk full");
    const LogCapture log;
    REQUIRE(f.storage->put({"p", kHost}, f.token("new", 3600s), {}));
    CHECK(log.mentions("warning tokenstore"));
    CHECK(log.mentions("disk full"));
    CHECK(Fixture::in(*f.keyring, "p") == "new");
  }
  SECTION("login") {
    f.keyring->put_trouble = kUnreachable;
    const auto written = f.storage->put({"p", kHost}, f.token("new", 3600s), {});
    REQUIRE_FALSE(written);
    CHECK(written.error().message == "no keyring here");
    // The rest is written all the same: the refresh token that it replaces is spent.
    CHECK(Fixture::in(*f.file, kHost) == "new");
  }
}

TEST_CASE("A put that makes no sense reaches no store", "[storage]") {
  Fixture f(StorageMode::legacy);
  CHECK(f.storage->put({}, f.token("new", 1s), {}).error().code == ErrorCode::invalid_argument);
  CHECK(f.storage->put({"p"}, Token(), {}).error().code == ErrorCode::invalid_argument);
  CHECK(f.file->puts.empty());
}

TEST_CASE("A login is removed from both stores", "[storage]") {
  Fixture f(StorageMode::legacy);
  f.keep(*f.keyring, {"p"}, "keyring", 100s);
  f.keep(*f.file, {"p"}, "file", 100s);
  CHECK(f.get("p") == "file");
  REQUIRE(f.storage->remove("p", {}));
  CHECK(f.get("p") == "not_found");
  CHECK(f.storage->store_of("p") == nullptr);
  SECTION("a keyring that is not there is a warning") {
    f.keyring->trouble = kUnreachable;
    const LogCapture log;
    CHECK(f.storage->remove("p", {}));
    CHECK(log.mentions("warning tokenstore"));
  }
  SECTION("a file that cannot be changed is an error, and the keyring is cleared") {
    f.keep(*f.keyring, {"p"}, "keyring", 100s);
    f.file->trouble = Error(ErrorCode::io, "read-only");
    CHECK(f.storage->remove("p", {}).error().code == ErrorCode::io);
    CHECK(Fixture::in(*f.keyring, "p") == "not_found");
  }
}

TEST_CASE("The keys of both stores are listed once", "[storage]") {
  Fixture f(StorageMode::secure);
  f.keep(*f.keyring, {"b", "p"}, "keyring", 100s);
  f.keep(*f.file, {"p", "a"}, "file", 100s);
  CHECK(f.storage->list({}).value() == Keys{"a", "b", "p"});
  f.keyring->trouble = kUnreachable;
  CHECK(f.storage->list({}).value() == Keys{"a", "p"});
  f.file->trouble = Error(ErrorCode::io, "gone");
  CHECK_FALSE(f.storage->list({}));
}

TEST_CASE("One store alone is the first one in every mode", "[storage]") {
  const auto file = std::make_shared<ScriptedCache>("file");
  SharedLoginStorage::Stores stores;
  stores.mode = StorageMode::secure;
  stores.file = file;
  SharedLoginStorage storage(std::move(stores));
  CHECK(storage.kind() == "file");
  CHECK(storage.get("p", {}).error().code == ErrorCode::not_found);
  Token token;
  token.access_token = SecretString("a");
  REQUIRE(storage.put({"p", kHost}, token, {}));
  CHECK(file->puts == std::vector<Keys>{{"p", kHost}});
  CHECK(storage.remove("p", {}));
  CHECK(storage.list({}).value() == Keys{kHost});
}

TEST_CASE("Threads share the storage", "[storage]") {
  SharedLoginStorage::Stores stores;
  stores.file = make_memory_token_cache();
  stores.keyring = make_memory_token_cache();
  SharedLoginStorage storage(std::move(stores));
  Token token;
  token.access_token = SecretString("a");
  token.expires_at = std::chrono::system_clock::now() + 1h;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&storage, &token, thread] {
      for (int i = 0; i < 200; ++i) {
        (void)storage.put({"k" + std::to_string(thread), "shared"}, token, {});
        (void)storage.get("shared", {});
        (void)storage.list({});
        (void)storage.remove("k" + std::to_string(thread), {});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(storage.list({}).value() == Keys{"shared"});
}

TEST_CASE("A refused cache fails with its reason", "[storage]") {
  const auto refused = make_refused_token_cache(Error(ErrorCode::configuration, "the reason"));
  CHECK(refused->get("p", {}).error().message == "the reason");
  CHECK(refused->put({"p"}, Token(), {}).error().message == "the reason");
  CHECK(refused->remove("p", {}).error().message == "the reason");
  CHECK(refused->list({}).error().message == "the reason");
  CHECK(refused->availability({}).error().code == ErrorCode::configuration);
}

}  // namespace
}  // namespace dbxauth::tokenstore
