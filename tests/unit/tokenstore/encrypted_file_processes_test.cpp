// SPDX-License-Identifier: Apache-2.0
// Several processes at one encrypted cache.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tokenstore/encrypted_token_file.hpp"
#include "unit/tokenstore/encrypted_cache_fixture.hpp"
#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth {
namespace {

using testing::EncryptedCache;
using testing::sample_token;

constexpr int kProcesses = 4;
constexpr int kPuts = 20;

std::string key_of(int process, int put) {
  return "p" + std::to_string(process) + "-" + std::to_string(put);
}

/// Runs `body` in a child that leaves by _exit() with its result: no test framework runs twice.
template <class Body>
pid_t in_child(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  return child;
}

TEST_CASE("Processes that start one encrypted cache at once lose nothing") {
  EncryptedCache setting;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(in_child([&] {
      const auto cache = setting.open();
      for (int put = 0; put < kPuts; ++put) {
        if (!cache->put({key_of(process, put), "shared"}, sample_token(key_of(process, put), ""), {})) return 1;
      }
      return 0;
    }));
    REQUIRE(children.back() > 0);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  CHECK(setting.cache->list({}).value().size() == kProcesses * kPuts + 1);
  for (int process = 0; process < kProcesses; ++process) {
    for (int put = 0; put < kPuts; ++put) {
      REQUIRE(setting.cache->get(key_of(process, put), {}).value().access_token.equals(key_of(process, put)));
    }
  }
  // Nothing but the cache and its lock is left behind.
  CHECK(setting.files("").size() == 2);
  CHECK(setting.files("token-cache.enc.lock").size() == 1);
}

TEST_CASE("A process that is killed while it writes leaves a whole encrypted file and no secret") {
  EncryptedCache setting;
  REQUIRE(setting.cache->put({"first"}, sample_token(std::string(2000, 'a')), {}).has_value());
  for (int round = 0; round < 20; ++round) {
    int progress[2];
    REQUIRE(::pipe(progress) == 0);
    const pid_t child = in_child([&] {
      const auto own = setting.open();
      for (int put = 0;; ++put) {
        if (!own->put({"k" + std::to_string(put % 20)}, sample_token("planted" + std::string(2000, 'b')), {})) return 1;
        if (::write(progress[1], "x", 1) != 1) return 2;
      }
    });
    REQUIRE(child > 0);
    ::close(progress[1]);
    // Killed after a varying number of writes, at whatever point the next one has reached.
    char byte = 0;
    for (int i = 0; i <= round % 4; ++i) REQUIRE(::read(progress[0], &byte, 1) == 1);
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    ::close(progress[0]);

    const auto file = tokenstore::EncryptedTokenFile::parse(SecretString(setting.text()), setting.path).value();
    REQUIRE_FALSE(file.damaged());
    REQUIRE(setting.cache->get("first", {}).value().access_token.equals(std::string(2000, 'a')));
    // The dead process's lock is free.
    REQUIRE(setting.cache->put({"after"}, sample_token(), {}).has_value());
  }
  CHECK(setting.copies().empty());
  // Temporaries of killed writers hold as little as the file itself.
  for (const auto& entry : std::filesystem::directory_iterator(setting.directory / "store")) {
    CHECK(setting.directory.read("store/" + entry.path().filename().string()).find("planted") == std::string::npos);
  }
}

}  // namespace
}  // namespace dbxauth
