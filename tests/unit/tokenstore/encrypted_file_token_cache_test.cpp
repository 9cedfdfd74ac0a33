// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/json_reader.hpp"
#include "platform/files.hpp"
#include "support/log_capture.hpp"
#include "unit/tokenstore/encrypted_cache_fixture.hpp"
#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth {
namespace {

using testing::EncryptedCache;
using testing::sample_token;

/// `text` with the first `from` replaced.
std::string with(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The sealed value of `name` as the file has it.
std::string entry_of(const std::string& text, const std::string& name) {
  const std::size_t begin = text.find('{', text.find("\"" + name + "\": "));
  return text.substr(begin, text.find('}', begin) + 1 - begin);
}

TEST_CASE("An encrypted cache gives back what it was given, and creates nothing before") {
  EncryptedCache setting;
  CHECK(setting.cache->kind() == "encrypted-file");
  CHECK(setting.cache->location() == setting.path);
  CHECK(setting.cache->get("p", {}).error().code == ErrorCode::not_found);
  CHECK(setting.cache->list({}).value().empty());
  CHECK(setting.cache->remove("p", {}).has_value());
  CHECK(setting.cache->availability({}).has_value());
  CHECK_FALSE(setting.directory.exists("store"));

  REQUIRE(setting.cache->put({"p", "https://h"}, sample_token(), {}).has_value());
  for (const auto& cache : {setting.cache, setting.open()}) {
    CHECK(cache->list({}).value() == std::vector<std::string>{"https://h", "p"});
    for (const char* key : {"p", "https://h"}) {
      const Token token = cache->get(key, {}).value();
      CHECK(token.access_token.equals("eyJ.access"));
      CHECK(token.refresh_token.equals("doau.refresh"));
      CHECK(token.expires_at == sample_token().expires_at);
      CHECK(token.lifetime == std::chrono::seconds(3600));
    }
  }
  CHECK(platform::file_status(setting.directory / "store")->mode == 0700);
  CHECK(platform::file_status(setting.path)->mode == 0600);
  REQUIRE(setting.cache->remove("p", {}).has_value());
  CHECK(setting.open()->list({}).value() == std::vector<std::string>{"https://h"});
  CHECK(setting.copies().empty());
}

TEST_CASE("The file of an encrypted cache has the documented shape and no secret") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"p", "q"}, sample_token("planted-access", "planted-refresh"), {}).has_value());
  const std::string text = setting.text();
  CHECK(text.find("planted") == std::string::npos);
  const auto document = base::JsonDocument::parse(text, "the file").value();
  CHECK(document["version"].integer_or(0) == 1);
  CHECK(document["kdf"]["name"].string_or() == "hkdf");
  CHECK(document["kdf"]["key"].string_or() == "file");
  CHECK(document["kdf"]["salt"].string_or().size() == 43);
  CHECK(document["check"]["data"].is_string());
  CHECK(document["sum"].is_string());
  CHECK(document["entries"]["p"]["nonce"].string_or().size() == 16);
  // The same token under two keys and in two writes never looks the same.
  CHECK(entry_of(text, "p") != entry_of(text, "q"));
  const std::string kept = entry_of(text, "q");
  REQUIRE(setting.cache->put({"p"}, sample_token("planted-access", "planted-refresh"), {}).has_value());
  CHECK(entry_of(setting.text(), "p") != entry_of(text, "p"));
  CHECK(entry_of(setting.text(), "q") == kept);
  CHECK(setting.files("").size() == 2);
}

TEST_CASE("A wrong key is told apart from damage, and nothing is written with it") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"p"}, sample_token("planted-access"), {}).has_value());
  const std::string before = setting.text();
  setting.directory.write("key", std::string(40, 'x') + "planted-other", 0600);
  const testing::LogCapture log;
  const auto other = setting.open();
  for (const Error& error :
       {other->get("p", {}).error(), other->put({"p"}, sample_token(), {}).error(), other->remove("p", {}).error(),
        other->availability({}).error(), other->put({"new"}, sample_token(), {}).error()}) {
    CHECK(error.code == ErrorCode::authentication_failed);
    CHECK_THAT(error.message, Catch::Contains(setting.key_file) && Catch::Contains(setting.path) &&
                                  Catch::Contains("move the file away") && !Catch::Contains("planted"));
  }
  CHECK(setting.text() == before);
  CHECK(setting.copies().empty());
  CHECK_FALSE(log.mentions("planted"));
}

TEST_CASE("Another kind of key than the file's is named as such") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"p"}, sample_token(), {}).has_value());
  EncryptedFileOptions options;
  options.path = setting.path;
  options.passphrase = []() -> Result<SecretString> { return SecretString("phrase"); };
  const auto other = make_encrypted_file_token_cache(std::move(options)).value();
  const Error error = other->get("p", {}).error();
  CHECK(error.code == ErrorCode::authentication_failed);
  CHECK_THAT(error.message, Catch::Contains("was made with a key file, and the passphrase was given"));
}

TEST_CASE("Entries cannot be swapped, renamed or carried into another file") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"a"}, sample_token("token-a"), {}).has_value());
  REQUIRE(setting.cache->put({"b"}, sample_token("token-b"), {}).has_value());
  const std::string good = setting.text();
  const std::string a = entry_of(good, "a"), b = entry_of(good, "b");
  const testing::LogCapture log;
  std::string forged;
  SECTION("swapped") {
    forged = with(with(with(good, a, "@@"), b, a), "@@", b);
  }
  SECTION("renamed") {
    forged = with(with(good, "\"a\": ", "\"c\": "), b, a);
  }
  SECTION("from another file under the same key") {
    EncryptedCache other;
    REQUIRE(other.cache->put({"a", "b"}, sample_token("foreign"), {}).has_value());
    forged = with(with(good, a, entry_of(other.text(), "a")), b, entry_of(other.text(), "b"));
  }
  setting.write(forged);
  const auto cache = setting.open();
  for (const char* key : {"a", "b", "c"}) CHECK(cache->get(key, {}).error().code == ErrorCode::not_found);
  CHECK(setting.text() == forged);
  REQUIRE(cache->put({"new"}, sample_token("token-new"), {}).has_value());
  CHECK(cache->list({}).value() == std::vector<std::string>{"new"});
  REQUIRE(setting.copies().size() == 1);
  CHECK(platform::read_file(setting.copies()[0]).value().equals(forged));
  CHECK(platform::file_status(setting.copies()[0])->mode == 0600);
  CHECK(log.mentions("entries that could not be opened"));
}

/// What reads must do whatever happened to the file: no wrong token and no failure. How many of two tokens are left.
int check_readable(EncryptedCache& setting, const std::string& damaged) {
  setting.write(damaged);
  const auto cache = setting.open();
  int left = 0;
  for (const char* key : {"a", "b"}) {
    const Result<Token> token = cache->get(key, {});
    if (token)
      REQUIRE(token->access_token.equals(std::string("token-") + key));
    else
      REQUIRE(token.error().code == ErrorCode::not_found);
    left += token ? 1 : 0;
  }
  REQUIRE(cache->list({}).has_value());
  REQUIRE(setting.text() == damaged);
  return left;
}

/// And writes: what was left stays, the old bytes are kept where something was lost, and the file is whole again.
void check_writable(EncryptedCache& setting, const std::string& damaged) {
  const int left = check_readable(setting, damaged);
  REQUIRE(setting.open()->put({"new"}, sample_token("token-new"), {}).has_value());
  REQUIRE(setting.open()->get("new", {}).value().access_token.equals("token-new"));
  const std::size_t copies = setting.copies().size();
  REQUIRE(copies <= 1);
  if (copies == 1) REQUIRE(platform::read_file(setting.copies()[0]).value().equals(damaged));
  if (left < 2 && !damaged.empty()) REQUIRE(copies == 1);
  setting.remove_copies();
  REQUIRE(setting.open()->list({}).value().size() == static_cast<std::size_t>(left) + 1);
  REQUIRE(check_readable(setting, setting.text()) == left);
}

// Each write waits for the disk several times; reads see every offset.
constexpr std::size_t kWriteEvery = 7;

TEST_CASE("A flipped bit anywhere in the file costs at most what it hit") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"a"}, sample_token("token-a", ""), {}).has_value());
  REQUIRE(setting.cache->put({"b"}, sample_token("token-b", ""), {}).has_value());
  const std::string good = setting.text();
  const std::size_t recipe = good.find("\n  \"kdf\""), recipe_end = good.find('\n', recipe + 1);
  for (std::size_t at = 0; at < good.size(); ++at) {
    // Bit 5 makes brackets of braces.
    for (const std::size_t bit : {at % 8, std::size_t{5}}) {
      CAPTURE(at, bit, good.substr(at, 20));
      std::string damaged = good;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const int left = check_readable(setting, damaged);
      // Without its salt a file is lost; every other line can be done without.
      if (at < recipe || at >= recipe_end) REQUIRE(left >= 1);
    }
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    if (at % kWriteEvery == 0) check_writable(setting, damaged);
  }
}

TEST_CASE("A file that was cut off anywhere gives what is left") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"a"}, sample_token("token-a", ""), {}).has_value());
  REQUIRE(setting.cache->put({"b"}, sample_token("token-b", ""), {}).has_value());
  const std::string good = setting.text();
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    const int left = check_readable(setting, good.substr(0, size));
    if (size >= good.find("\"b\": ")) REQUIRE(left >= 1);
    if (size % kWriteEvery == 0) check_writable(setting, good.substr(0, size));
  }
}

TEST_CASE("A flipped bit in one entry leaves the other") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"a"}, sample_token("token-a"), {}).has_value());
  REQUIRE(setting.cache->put({"b"}, sample_token("token-b"), {}).has_value());
  const std::string a = entry_of(setting.text(), "a");
  std::string broken = a;
  char& digit = broken[broken.size() - 12];
  digit = digit == 'A' ? 'B' : 'A';
  setting.write(with(setting.text(), a, broken));
  const testing::LogCapture log;
  const auto cache = setting.open();
  CHECK_THAT(cache->get("a", {}).error().message, Catch::Contains("damaged") && Catch::Contains("log in again"));
  CHECK(cache->get("a", {}).error().code == ErrorCode::not_found);
  CHECK(cache->get("b", {}).value().access_token.equals("token-b"));
  REQUIRE(cache->put({"c"}, sample_token(), {}).has_value());
  CHECK(cache->list({}).value() == std::vector<std::string>{"b", "c"});
  CHECK(log.mentions("entries that could not be opened: a"));
}

TEST_CASE("Files of later versions and of other programs are left alone") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"p"}, sample_token(), {}).has_value());
  const auto [text, says] = GENERATE(table<std::string, std::string>({
      {R"({"version": 2, "kdf": {"name": "other"}, "entries": {}})", "needs version 1 and has version 2"},
      {R"({"version": 1, "tokens": {"p": {"access_token": "t"}}})", "is not an encrypted token cache"},
      {R"({"name": "something else"})", "is not an encrypted token cache"},
  }));
  setting.write(text);
  for (const Error& error : {setting.cache->get("p", {}).error(), setting.cache->put({"p"}, sample_token(), {}).error(),
                             setting.cache->remove("p", {}).error(), setting.cache->list({}).error(),
                             setting.cache->availability({}).error()}) {
    CHECK(error.code == ErrorCode::storage_unavailable);
    CHECK_THAT(error.message, Catch::Contains(says));
  }
  CHECK(setting.text() == text);
  CHECK(setting.copies().empty());
}

TEST_CASE("What a later program added to the file stays") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"p"}, sample_token(), {}).has_value());
  setting.write(with(setting.text(), "\"entries\"", "\"later\": {\"x\": [1]},\n  \"entries\""));
  REQUIRE(setting.cache->put({"q"}, sample_token(), {}).has_value());
  CHECK(base::JsonDocument::parse(setting.text(), "the file").value()["later"]["x"].at(0).integer_or(0) == 1);
  CHECK(setting.open()->list({}).value() == std::vector<std::string>{"p", "q"});
  CHECK(setting.copies().empty());
}

TEST_CASE("A symbolic link to an encrypted cache stays one") {
  EncryptedCache setting;
  setting.directory.write("elsewhere/real.enc", "");
  std::filesystem::create_directories(setting.directory / "store");
  std::filesystem::create_symlink(setting.directory / "elsewhere/real.enc", setting.path);
  REQUIRE(setting.cache->put({"p"}, sample_token(), {}).has_value());
  CHECK(std::filesystem::is_symlink(setting.path));
  CHECK(setting.directory.read("elsewhere/real.enc") == setting.text());
  CHECK(setting.open()->get("p", {}).has_value());
}

TEST_CASE("A write to an encrypted cache waits for its lock no longer than its context") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"p"}, sample_token("first"), {}).has_value());
  const auto held = platform::FileLock::acquire(setting.path + ".lock", {}, std::chrono::seconds(1)).value();
  const CallContext context = CallContext::with_timeout(std::chrono::milliseconds(20));
  CHECK(setting.cache->put({"p"}, sample_token(), context).error().code == ErrorCode::timed_out);
  CancelSource source;
  source.cancel();
  CallContext cancelled;
  cancelled.cancel = source.token();
  CHECK(setting.cache->put({"p"}, sample_token(), cancelled).error().code == ErrorCode::cancelled);
  CHECK(setting.cache->get("p", cancelled).error().code == ErrorCode::cancelled);
  CHECK(setting.cache->get("p", {}).value().access_token.equals("first"));
}

TEST_CASE("Where nothing can be stored, availability says so") {
  EncryptedCache setting;
  setting.directory.write("file", "");
  const auto cache =
      make_encrypted_file_token_cache({setting.directory / "file/cache.enc", setting.key_file, {}, false}).value();
  CHECK(cache->availability({}).error().code == ErrorCode::storage_unavailable);
  CHECK_FALSE(cache->put({"p"}, sample_token(), {}).has_value());
}

}  // namespace
}  // namespace dbxauth
