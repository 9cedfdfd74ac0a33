// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "dbxauth/token_cache.hpp"
#include "unit/tokenstore/sample_tokens.hpp"

namespace dbxauth {
namespace {

using testing::sample_token;

TEST_CASE("The memory cache keeps whole tokens under every key") {
  const std::shared_ptr<TokenCache> cache = make_memory_token_cache();
  CHECK(cache->kind() == "memory");
  CHECK(cache->availability({}).has_value());
  Token token = sample_token("a", "r");
  token.scope = "sql";
  REQUIRE(cache->put({"p", "https://h"}, token, {}).has_value());
  CHECK(cache->list({}).value() == std::vector<std::string>{"https://h", "p"});
  const Token found = cache->get("https://h", {}).value();
  CHECK(found.access_token.equals("a"));
  CHECK(found.refresh_token.equals("r"));
  CHECK(found.scope == "sql");
  CHECK(found.lifetime == token.lifetime);
  CHECK(found.expires_at == token.expires_at);
  REQUIRE(cache->remove("p", {}).has_value());
  REQUIRE(cache->remove("p", {}).has_value());
  CHECK(cache->get("p", {}).error().code == ErrorCode::not_found);
  CHECK(cache->get("https://h", {}).has_value());
}

TEST_CASE("A put that makes no sense is refused") {
  const std::shared_ptr<TokenCache> cache = make_memory_token_cache();
  CHECK(cache->put({}, sample_token(), {}).error().code == ErrorCode::invalid_argument);
  CHECK(cache->put({""}, sample_token(), {}).error().code == ErrorCode::invalid_argument);
  CHECK(cache->put({"\xFF"}, sample_token(), {}).error().code == ErrorCode::invalid_argument);
  CHECK(cache->put({"p"}, Token(), {}).error().code == ErrorCode::invalid_argument);
  CHECK(cache->list({}).value().empty());
}

TEST_CASE("Threads share the memory cache") {
  const std::shared_ptr<TokenCache> cache = make_memory_token_cache();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache, thread] {
      for (int i = 0; i < 200; ++i) {
        (void)cache->put({"k" + std::to_string(thread), "shared"}, sample_token(std::to_string(i)), {});
        (void)cache->get("shared", {});
        (void)cache->list({});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(cache->list({}).value().size() == 5);
  CHECK(cache->get("k3", {}).value().access_token.equals("199"));
}

}  // namespace
}  // namespace dbxauth
