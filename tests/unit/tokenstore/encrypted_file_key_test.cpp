// SPDX-License-Identifier: Apache-2.0
// Where the key of an encrypted token cache comes from.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "platform/files.hpp"
#include "platform/kernel_keyring.hpp"
#include "support/log_capture.hpp"
#include "unit/tokenstore/encrypted_cache_fixture.hpp"
#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth {
namespace {

using testing::EncryptedCache;
using testing::sample_token;

/// A cache whose callback counts how often it is asked.
struct PassphraseCache {
  testing::TemporaryDirectory directory;
  std::string path = directory / "token-cache.enc";
  std::string answer = "planted correct horse";
  std::atomic<int> asked{0};

  std::shared_ptr<TokenCache> open() {
    EncryptedFileOptions options;
    options.path = path;
    options.passphrase = [this]() -> Result<SecretString> {
      ++asked;
      return SecretString(answer);
    };
    return make_encrypted_file_token_cache(std::move(options)).value();
  }
};

Error error_with(std::function<Result<SecretString>()> passphrase, const std::string& path) {
  EncryptedFileOptions options;
  options.path = path;
  options.passphrase = std::move(passphrase);
  return make_encrypted_file_token_cache(std::move(options)).value()->put({"p"}, sample_token(), {}).error();
}

TEST_CASE("Without any key there is no encrypted cache") {
  const Error error = make_encrypted_file_token_cache({"/nowhere/x.enc", "", {}, false}).error();
  CHECK(error.code == ErrorCode::configuration);
  CHECK_THAT(error.message, Catch::Contains("key file") && Catch::Contains("passphrase"));
}

TEST_CASE("A key file that cannot be trusted is refused with what to do") {
  EncryptedCache setting;
  const auto refusal = [&] {
    const auto made = make_encrypted_file_token_cache({setting.path, setting.key_file, {}, false});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == ErrorCode::configuration);
    CHECK_THAT(made.error().message, Catch::Contains(setting.key_file) && !Catch::Contains("planted"));
    return made.error().message;
  };
  SECTION("readable by others") {
    for (const auto& [mode, shown] : {std::pair<unsigned, const char*>{0640, "0640"}, {0604, "0604"}, {0620, "0620"}}) {
      REQUIRE(::chmod(setting.key_file.c_str(), mode) == 0);
      CHECK_THAT(refusal(),
                 Catch::Contains(std::string("mode ") + shown) && Catch::Contains("chmod 600 " + setting.key_file));
    }
    // An object that was made before looks again before it makes a key.
    CHECK(setting.cache->put({"p"}, sample_token(), {}).error().code == ErrorCode::configuration);
  }
  SECTION("too short") {
    setting.directory.write("key", std::string(31, 'k'), 0600);
    CHECK_THAT(refusal(), Catch::Contains("31 bytes and needs 32"));
  }
  SECTION("missing") {
    std::filesystem::remove(setting.key_file);
    CHECK_THAT(refusal(), Catch::Contains("No such file"));
  }
  SECTION("a directory") {
    std::filesystem::remove(setting.key_file);
    std::filesystem::create_directory(setting.key_file);
    CHECK_THAT(refusal(), Catch::Contains("not a regular file"));
  }
  SECTION("of somebody else") {
    // Only root can give files away; as an ordinary user the file stays ours and is accepted.
    if (::chown(setting.key_file.c_str(), 4242, 4242) == 0) {
      CHECK_THAT(refusal(), Catch::Contains("belongs to user 4242"));
    } else {
      CHECK(setting.cache->availability({}).has_value());
    }
  }
  CHECK_FALSE(setting.directory.exists("store/token-cache.enc"));
}

TEST_CASE("A key file of mode 0400 and of any length serves") {
  EncryptedCache setting;
  setting.directory.write("long", std::string(4096, 'k'), 0400);
  const auto cache = make_encrypted_file_token_cache({setting.path, setting.directory / "long", {}, false}).value();
  REQUIRE(cache->put({"p"}, sample_token(), {}).has_value());
  CHECK(cache->get("p", {}).has_value());
}

TEST_CASE("The passphrase is asked for once, by one of many threads, and not for nothing") {
  PassphraseCache setting;
  const auto cache = setting.open();
  CHECK(cache->get("p", {}).error().code == ErrorCode::not_found);
  CHECK(cache->list({}).value().empty());
  CHECK(cache->remove("p", {}).has_value());
  CHECK(setting.asked == 0);
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      if (!cache->put({"p" + std::to_string(i)}, sample_token(), {})) ++failed;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(setting.asked == 1);
  CHECK(setting.open()->get("p3", {}).value().access_token.equals("eyJ.access"));
  CHECK(setting.asked == 2);
  const std::string text = setting.directory.read("token-cache.enc");
  CHECK_THAT(text, Catch::Contains(R"("name": "scrypt", "key": "passphrase")") &&
                       Catch::Contains(R"("n": 32768, "r": 8, "p": 1)") && !Catch::Contains("planted"));
  // Another process that starts the file anew does not cost another question.
  std::filesystem::remove(setting.path);
  REQUIRE(cache->put({"again"}, sample_token(), {}).has_value());
  CHECK(setting.asked == 2);
}

TEST_CASE("A wrong passphrase writes nothing and is asked for again by the next call") {
  PassphraseCache setting;
  REQUIRE(setting.open()->put({"p"}, sample_token(), {}).has_value());
  const std::string before = setting.directory.read("token-cache.enc");
  setting.answer = "planted wrong";
  const auto cache = setting.open();
  const Error error = cache->put({"p"}, sample_token(), {}).error();
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK_THAT(error.message, Catch::Contains("the passphrase does not open") && !Catch::Contains("planted"));
  CHECK(setting.directory.read("token-cache.enc") == before);
  setting.answer = "planted correct horse";
  CHECK(cache->get("p", {}).has_value());
  CHECK(setting.asked == 3);
}

TEST_CASE("The passphrase is never asked for while the file is locked") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "token-cache.enc";
  bool free_while_asked = false;
  EncryptedFileOptions options;
  options.path = path;
  options.passphrase = [&]() -> Result<SecretString> {
    free_while_asked = platform::FileLock::acquire(path + ".lock", {}, std::chrono::milliseconds(1)).has_value();
    return SecretString("phrase");
  };
  REQUIRE(make_encrypted_file_token_cache(std::move(options)).value()->put({"p"}, sample_token(), {}).has_value());
  CHECK(free_while_asked);
}

TEST_CASE("Failures of the callback are handed on") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "token-cache.enc";
  CHECK(error_with([]() -> Result<SecretString> { return Error(ErrorCode::cancelled, "no, thanks"); }, path).code ==
        ErrorCode::cancelled);
  CHECK(error_with([]() -> Result<SecretString> { return Error(ErrorCode::not_found, "nobody there"); }, path).code ==
        ErrorCode::not_found);
  CHECK(error_with([]() -> Result<SecretString> { return SecretString(); }, path).code == ErrorCode::configuration);
  const Error thrown = error_with([]() -> Result<SecretString> { throw std::runtime_error("planted"); }, path);
  CHECK(thrown.code == ErrorCode::user_callback);
  CHECK_THAT(thrown.message, !Catch::Contains("planted"));
  CHECK_FALSE(directory.exists("token-cache.enc"));

  // Nor is a file set aside because nobody answered.
  PassphraseCache setting;
  REQUIRE(setting.open()->put({"p"}, sample_token(), {}).has_value());
  CHECK(error_with([]() -> Result<SecretString> { return Error(ErrorCode::not_found, "nobody there"); }, setting.path)
            .code == ErrorCode::not_found);
  CHECK(setting.open()->get("p", {}).has_value());
}

TEST_CASE("A thread that waits for another's answer keeps to its deadline") {
  testing::TemporaryDirectory directory;
  std::atomic<bool> asked{false}, answer{false};
  EncryptedFileOptions options;
  options.path = directory / "token-cache.enc";
  options.passphrase = [&]() -> Result<SecretString> {
    asked = true;
    while (!answer) std::this_thread::yield();
    return SecretString("phrase");
  };
  const auto cache = make_encrypted_file_token_cache(std::move(options)).value();
  std::thread first([&] { CHECK(cache->put({"p"}, sample_token(), {}).has_value()); });
  while (!asked) std::this_thread::yield();
  const CallContext context = CallContext::with_timeout(std::chrono::milliseconds(20));
  CHECK(cache->put({"q"}, sample_token(), context).error().code == ErrorCode::timed_out);
  answer = true;
  first.join();
  CHECK(cache->list({}).value() == std::vector<std::string>{"p"});
}

/// Lets one test use the user's real kernel key name, and puts back what was there.
class KernelKeyOfTheUser {
 public:
  KernelKeyOfTheUser() : usable_(key_.usable()), had_one_(usable_ && key_.read().has_value()) {}
  KernelKeyOfTheUser(const KernelKeyOfTheUser&) = delete;
  KernelKeyOfTheUser& operator=(const KernelKeyOfTheUser&) = delete;
  ~KernelKeyOfTheUser() {
    if (usable_ && !had_one_) static_cast<void>(key_.remove());
  }
  const Result<void>& usable() const { return usable_; }
  bool may_be_removed() const { return !had_one_; }
  void restart() { REQUIRE(key_.remove().has_value()); }

 private:
  const platform::KernelKey key_{"dbxauth:token-cache"};
  const Result<void> usable_;
  const bool had_one_;
};

TEST_CASE("The kernel keeps a key until it restarts, or says why it does not") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "token-cache.enc";
  const auto open = [&] { return make_encrypted_file_token_cache({path, "", {}, true}).value(); };
  KernelKeyOfTheUser kernel;
  if (!kernel.usable()) {
    for (const Error& error : {open()->put({"p"}, sample_token(), {}).error(), open()->availability({}).error()}) {
      CHECK(error.code == ErrorCode::storage_unavailable);
      CHECK_THAT(error.message, Catch::Contains("from a file or from a passphrase"));
    }
    CHECK_FALSE(directory.exists("token-cache.enc"));
    return;
  }
  CHECK(open()->availability({}).has_value());
  CHECK(open()->get("p", {}).error().code == ErrorCode::not_found);
  REQUIRE(open()->put({"p"}, sample_token("planted-access"), {}).has_value());
  CHECK(open()->get("p", {}).value().access_token.equals("planted-access"));
  CHECK_THAT(directory.read("token-cache.enc"), Catch::Contains(R"("key": "kernel")") && !Catch::Contains("planted"));
  // A key that somebody's logins depend on is not removed by a test.
  if (!kernel.may_be_removed()) return;

  kernel.restart();
  const testing::LogCapture log;
  const auto cache = open();
  CHECK(cache->list({}).value().empty());
  const Error error = cache->get("p", {}).error();
  CHECK(error.code == ErrorCode::not_found);
  CHECK_THAT(error.message, Catch::Contains("the kernel no longer has") && Catch::Contains("log in again"));
  CHECK(cache->remove("p", {}).has_value());
  CHECK(cache->availability({}).has_value());
  // Another cache has made a new key meanwhile.
  const auto second = make_encrypted_file_token_cache({directory / "second.enc", "", {}, true}).value();
  REQUIRE(second->put({"x"}, sample_token(), {}).has_value());
  CHECK(cache->get("p", {}).error().code == ErrorCode::not_found);
  REQUIRE(cache->put({"q"}, sample_token("new"), {}).has_value());
  CHECK(open()->list({}).value() == std::vector<std::string>{"q"});
  CHECK(open()->get("q", {}).value().access_token.equals("new"));
  CHECK(log.mentions("its old contents are in"));
  CHECK_FALSE(log.mentions("planted"));
}

}  // namespace
}  // namespace dbxauth
