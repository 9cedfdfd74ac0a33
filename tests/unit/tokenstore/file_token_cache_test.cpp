// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "dbxauth/token_cache.hpp"
#include "platform/files.hpp"
#include "support/temporary_directory.hpp"
#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth {
namespace {

using testing::sample_token;

struct Cache {
  testing::TemporaryDirectory directory;
  std::string path = directory / ".databricks/token-cache.json";
  std::shared_ptr<TokenCache> cache = make_file_token_cache(path).value();

  std::string text() const { return directory.read(".databricks/token-cache.json"); }
  void write(std::string_view text, unsigned mode = 0600) {
    directory.write(".databricks/token-cache.json", text, mode);
  }

  std::vector<std::string> copies() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory / ".databricks")) {
      if (entry.path().filename().string().find(".corrupt-") != std::string::npos)
        found.push_back(entry.path().string());
    }
    return found;
  }
};

unsigned mode_of(const std::string& path) {
  return platform::file_status(path).value().mode;
}

TEST_CASE("Reading a file cache creates nothing") {
  Cache setting;
  CHECK(setting.cache->kind() == "file");
  CHECK(setting.cache->location() == setting.path);
  CHECK(setting.cache->get("p", {}).error().code == ErrorCode::not_found);
  CHECK(setting.cache->list({}).value().empty());
  CHECK(setting.cache->remove("p", {}).has_value());
  CHECK(setting.cache->availability({}).has_value());
  CHECK(std::filesystem::is_empty(setting.directory.path()));
}

TEST_CASE("A put creates directory and file for the user only") {
  Cache setting;
  REQUIRE(setting.cache->put({"p", "https://h"}, sample_token(), {}).has_value());
  CHECK(mode_of(setting.directory / ".databricks") == 0700);
  CHECK(mode_of(setting.path) == 0600);
  CHECK(setting.cache->list({}).value() == std::vector<std::string>{"https://h", "p"});
  CHECK(setting.cache->get("https://h", {}).value().access_token.equals("eyJ.access"));
  CHECK(setting.text() == R"({
  "version": 1,
  "tokens": {
    "https://h": {
      "access_token": "eyJ.access",
      "token_type": "Bearer",
      "refresh_token": "doau.refresh",
      "expiry": "2026-11-22T14:07:51.379927313Z",
      "expires_in": 3600
    },
    "p": {
      "access_token": "eyJ.access",
      "token_type": "Bearer",
      "refresh_token": "doau.refresh",
      "expiry": "2026-11-22T14:07:51.379927313Z",
      "expires_in": 3600
    }
  }
})");
}

TEST_CASE("A remove takes one key away") {
  Cache setting;
  REQUIRE(setting.cache->put({"a", "b"}, sample_token(), {}).has_value());
  REQUIRE(setting.cache->remove("a", {}).has_value());
  CHECK(setting.cache->list({}).value() == std::vector<std::string>{"b"});
  const std::string before = setting.text();
  REQUIRE(setting.cache->remove("absent", {}).has_value());
  CHECK(setting.text() == before);
}

TEST_CASE("A file that others could read is tightened by a write") {
  Cache setting;
  setting.write(R"({"version":1,"tokens":{}})", 0644);
  REQUIRE(setting.cache->get("p", {}).error().code == ErrorCode::not_found);
  CHECK(mode_of(setting.path) == 0644);
  REQUIRE(setting.cache->put({"p"}, sample_token(), {}).has_value());
  CHECK(mode_of(setting.path) == 0600);
}

TEST_CASE("A symbolic link stays one and the file that it names is replaced") {
  Cache setting;
  setting.directory.write("elsewhere/real.json", R"({"version":1,"tokens":{"old":{"access_token":"o"}}})");
  std::filesystem::create_directories(setting.directory / ".databricks");
  std::filesystem::create_symlink(setting.directory / "elsewhere/real.json", setting.path);
  REQUIRE(setting.cache->put({"p"}, sample_token(), {}).has_value());
  CHECK(std::filesystem::is_symlink(setting.path));
  CHECK(setting.directory.read("elsewhere/real.json") == setting.text());
  CHECK(setting.cache->list({}).value() == std::vector<std::string>{"old", "p"});
  CHECK(setting.cache->availability({}).has_value());
}

TEST_CASE("A damaged file is left alone by reads, and copied aside and salvaged by the next write") {
  Cache setting;
  const std::string damaged = R"({"version":1,"tokens":{"kept":{"access_token":"k"},"cut":{"access_to)";
  setting.write(damaged);
  CHECK(setting.cache->get("kept", {}).value().access_token.equals("k"));
  CHECK(setting.cache->get("cut", {}).error().code == ErrorCode::not_found);
  CHECK(setting.text() == damaged);
  CHECK(setting.copies().empty());

  REQUIRE(setting.cache->put({"new"}, sample_token(), {}).has_value());
  CHECK(setting.cache->list({}).value() == std::vector<std::string>{"kept", "new"});
  const std::vector<std::string> copies = setting.copies();
  REQUIRE(copies.size() == 1);
  CHECK_THAT(copies[0], Catch::Matches(".*/token-cache\\.json\\.corrupt-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"));
  CHECK(mode_of(copies[0]) == 0600);
  CHECK(platform::read_file(copies[0]).value().equals(damaged));

  REQUIRE(setting.cache->put({"again"}, sample_token(), {}).has_value());
  CHECK(setting.copies().size() == 1);
}

TEST_CASE("A file of another version is neither used nor changed") {
  Cache setting;
  const std::string newer = R"({"version":2,"tokens":{}})";
  setting.write(newer);
  for (const Error& error : {setting.cache->get("p", {}).error(), setting.cache->list({}).error(),
                             setting.cache->put({"p"}, sample_token(), {}).error(),
                             setting.cache->remove("p", {}).error(), setting.cache->availability({}).error()}) {
    CHECK(error.code == ErrorCode::storage_unavailable);
    CHECK_THAT(error.message, Catch::Contains("needs version 1 and has version 2"));
  }
  CHECK(setting.text() == newer);
  CHECK(setting.copies().empty());
}

TEST_CASE("A write waits for the lock no longer than its context") {
  Cache setting;
  REQUIRE(setting.cache->put({"p"}, sample_token("first", ""), {}).has_value());
  const platform::FileLock held =
      platform::FileLock::acquire(setting.directory / ".databricks/token-cache.lock", {}, std::chrono::seconds(1))
          .value();
  CHECK(setting.cache->get("p", {}).value().access_token.equals("first"));
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

TEST_CASE("What makes storing impossible is said before it is tried") {
  testing::TemporaryDirectory directory;
  SECTION("a file where the directory should be") {
    directory.write("file", "");
    const std::shared_ptr<TokenCache> cache = make_file_token_cache(directory / "file/token-cache.json").value();
    const Result<void> available = cache->availability({});
    REQUIRE_FALSE(available.has_value());
    CHECK(available.error().code == ErrorCode::storage_unavailable);
    CHECK_FALSE(cache->put({"p"}, sample_token(), {}).has_value());
  }
  SECTION("a directory where the file should be") {
    std::filesystem::create_directories(directory / "token-cache.json");
    const std::shared_ptr<TokenCache> cache = make_file_token_cache(directory / "token-cache.json").value();
    CHECK(cache->availability({}).error().code == ErrorCode::io);
  }
  SECTION("a directory that may not be written") {
    std::filesystem::create_directories(directory / "closed");
    REQUIRE(::chmod((directory / "closed").c_str(), 0500) == 0);
    const std::shared_ptr<TokenCache> cache = make_file_token_cache(directory / "closed/sub/token-cache.json").value();
    // Root may write everywhere.
    const bool allowed = ::geteuid() == 0;
    CHECK(cache->availability({}).has_value() == allowed);
    REQUIRE(::chmod((directory / "closed").c_str(), 0700) == 0);
  }
}

TEST_CASE("A relative path is fixed when the cache is made") {
  const std::string location = make_file_token_cache("some/token-cache.json").value()->location();
  CHECK(location == std::filesystem::current_path().string() + "/some/token-cache.json");
}

}  // namespace
}  // namespace dbxauth
