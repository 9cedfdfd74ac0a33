// SPDX-License-Identifier: Apache-2.0
// Several processes at one cache file, as when a notebook, an editor and a terminal refresh at the same time.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "dbxauth/token_cache.hpp"
#include "support/temporary_directory.hpp"
#include "tokenstore/token_file.hpp"
#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth {
namespace {

using testing::sample_token;

constexpr int kProcesses = 8;
constexpr int kPuts = 50;

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

int exit_status_of(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("Eight processes that store at once lose nothing") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "token-cache.json";
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(in_child([&] {
      const std::shared_ptr<TokenCache> cache = make_file_token_cache(path).value();
      for (int put = 0; put < kPuts; ++put) {
        if (!cache->put({key_of(process, put), "shared"}, sample_token(key_of(process, put), ""), {})) return 1;
      }
      return 0;
    }));
    REQUIRE(children.back() > 0);
  }
  for (pid_t child : children) CHECK(exit_status_of(child) == 0);

  const std::shared_ptr<TokenCache> cache = make_file_token_cache(path).value();
  CHECK(cache->list({}).value().size() == kProcesses * kPuts + 1);
  for (int process = 0; process < kProcesses; ++process) {
    for (int put = 0; put < kPuts; ++put) {
      const std::string key = key_of(process, put);
      const Result<Token> token = cache->get(key, {});
      REQUIRE(token.has_value());
      REQUIRE(token->access_token.equals(key));
    }
  }
  // Nothing but the cache and its lock is left behind.
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) files.insert(entry.path().filename());
  CHECK(files == std::set<std::string>{"token-cache.json", "token-cache.lock"});
}

TEST_CASE("A process that is killed while it writes leaves a whole file") {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "token-cache.json";
  const std::shared_ptr<TokenCache> cache = make_file_token_cache(path).value();
  REQUIRE(cache->put({"first"}, sample_token(std::string(2000, 'a')), {}).has_value());
  for (int round = 0; round < 20; ++round) {
    int progress[2];
    REQUIRE(::pipe(progress) == 0);
    const pid_t child = in_child([&] {
      const std::shared_ptr<TokenCache> own = make_file_token_cache(path).value();
      for (int put = 0;; ++put) {
        if (!own->put({"k" + std::to_string(put % 20)}, sample_token(std::string(2000, 'b')), {})) return 1;
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

    const tokenstore::TokenFile file =
        tokenstore::TokenFile::parse(SecretString(directory.read("token-cache.json")), path).value();
    REQUIRE_FALSE(file.damaged(true));
    REQUIRE(cache->get("first", {}).value().access_token.equals(std::string(2000, 'a')));
    // The dead process's lock is free.
    REQUIRE(cache->put({"after"}, sample_token(), {}).has_value());
  }
}

}  // namespace
}  // namespace dbxauth
