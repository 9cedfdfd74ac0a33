// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "auth/strategies/databricks_cli.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

const std::string host = "https://w.example";

class MapCache final : public TokenCache {
 public:
  std::string_view kind() const noexcept override { return "map"; }
  std::string location() const override { return "a map"; }
  Result<Token> get(std::string_view key, const CallContext&) override {
    const std::lock_guard lock(mutex);
    ++reads;
    const auto found = tokens.find(std::string(key));
    if (found == tokens.end()) return Error(ErrorCode::not_found, "nothing there");
    return found->second.clone();
  }
  Result<void> put(const std::vector<std::string>& keys, const Token& token, const CallContext&) override {
    const std::lock_guard lock(mutex);
    if (read_only) return Error(ErrorCode::io, "read-only");
    for (const auto& key : keys) tokens[key] = token.clone();
    return {};
  }
  Result<void> remove(std::string_view, const CallContext&) override { return {}; }
  Result<std::vector<std::string>> list(const CallContext&) override {
    const std::lock_guard lock(mutex);
    std::vector<std::string> keys;
    for (const auto& [key, token] : tokens) keys.push_back(key);
    return keys;
  }
  Result<void> availability(const CallContext&) override { return {}; }

  void set(const std::string& key, std::string_view access, std::string_view refresh,
           std::chrono::system_clock::time_point expires) {
    Token token;
    token.access_token = SecretString(access);
    token.refresh_token = SecretString(refresh);
    token.expires_at = expires;
    tokens[key] = std::move(token);
  }

  std::mutex mutex;
  std::map<std::string, Token> tokens;
  int reads = 0;
  bool read_only = false;
};

struct Fixture {
  std::shared_ptr<MapCache> cache = std::make_shared<MapCache>();
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  testing::TemporaryDirectory directory;

  Fixture() {
    wire->on(net::HttpMethod::get, "/oidc/.well-known/oauth-authorization-server", 200,
             R"({"token_endpoint":"https://w.example/oidc/v1/token"})");
  }
  std::shared_ptr<auth::TokenSource> source(std::string profile = "dev", bool host_login = false) {
    auth::SharedLoginSettings settings;
    settings.target.host = host;
    settings.host_login = host_login || profile.empty();
    settings.profile = std::move(profile);
    settings.lock_directory = directory / "locks";
    return auth::make_shared_login_source(std::move(settings), cache, wire, clock);
  }
  void answer_refresh() {
    wire->on(net::HttpMethod::post, "/oidc/v1/token", 200,
             R"({"access_token":"new-access","refresh_token":"new-refresh","expires_in":3600})");
  }
};

}  // namespace

TEST_CASE("a valid login is used without any request", "[login]") {
  Fixture f;
  f.cache->set("dev", "access", "refresh", f.clock->now() + 1h);
  const auto issued = f.source()->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "access");
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("the profile's login comes before the host's", "[login]") {
  Fixture f;
  f.cache->set("dev", "of-profile", "r1", f.clock->now() + 1h);
  f.cache->set(host, "of-host", "r2", f.clock->now() + 1h);
  CHECK(f.source("dev")->issue({}, {})->token.access_token.reveal() == "of-profile");
  CHECK(f.source("")->issue({}, {})->token.access_token.reveal() == "of-host");
  CHECK(f.source("other", true)->issue({}, {})->token.access_token.reveal() == "of-host");
}

TEST_CASE("a profile without a login of its own does not get the host's, which may be somebody else's", "[login]") {
  Fixture f;
  f.cache->set(host, "of-host", "r2", f.clock->now() + 1h);
  const auto issued = f.source("other")->issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::no_credentials);
  CHECK(issued.error().message.find("under the profile other") != std::string::npos);
  CHECK(issued.error().attempts.at(0).fix == "run databricks auth login --profile other");
}

TEST_CASE("an expired login is renewed and written back with its alias", "[login]") {
  Fixture f;
  f.answer_refresh();
  f.cache->set("dev", "old", "refresh+1", f.clock->now() - 1h);
  f.cache->set(host, "old", "refresh+1", f.clock->now() - 1h);
  const auto issued = f.source()->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "new-access");
  const auto seen = f.wire->request(1);
  CHECK(seen.body == "grant_type=refresh_token&refresh_token=refresh%2B1&client_id=databricks-cli");
  CHECK(seen.replay == net::Replay::never);
  CHECK(seen.secret_headers.empty());
  CHECK(f.cache->tokens["dev"].refresh_token.reveal() == "new-refresh");
  CHECK(f.cache->tokens[host].access_token.reveal() == "new-access");
}

TEST_CASE("the login of somebody else at the same host is left alone", "[login]") {
  Fixture f;
  f.answer_refresh();
  f.cache->set("dev", "old", "mine", f.clock->now() - 1h);
  f.cache->set(host, "theirs", "theirs", f.clock->now() + 1h);
  REQUIRE(f.source()->issue({}, {}));
  CHECK(f.cache->tokens[host].access_token.reveal() == "theirs");
}

TEST_CASE("a login that is renewed under the host's key is renewed under every profile's that shares it", "[login]") {
  Fixture f;
  f.answer_refresh();
  f.cache->set(host, "old", "shared", f.clock->now() - 1h);
  f.cache->set("dev", "old", "shared", f.clock->now() - 1h);
  f.cache->set("copy", "older", "shared", f.clock->now() - 2h);
  f.cache->set("other", "theirs", "theirs", f.clock->now() + 1h);
  REQUIRE(f.source("")->issue({}, {}));
  for (const std::string& key : {host, std::string("dev"), std::string("copy")}) {
    INFO(key);
    CHECK(f.cache->tokens[key].refresh_token.reveal() == "new-refresh");
  }
  CHECK(f.cache->tokens["other"].refresh_token.reveal() == "theirs");
  // The next one by profile finds it renewed.
  CHECK(f.source("dev")->issue({}, {})->token.access_token.reveal() == "new-access");
  CHECK(f.wire->request_count("/oidc/v1/token") == 1);
}

TEST_CASE("an absent refresh token in the answer keeps the old one", "[login]") {
  Fixture f;
  f.wire->on(net::HttpMethod::post, "/oidc/v1/token", 200, R"({"access_token":"new","expires_in":3600})");
  f.cache->set("dev", "old", "keep-me", f.clock->now() - 1h);
  REQUIRE(f.source()->issue({}, {}));
  CHECK(f.cache->tokens["dev"].refresh_token.reveal() == "keep-me");
}

TEST_CASE("no login is 'not configured' and says how to get one", "[login]") {
  Fixture f;
  const auto issued = f.source()->issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::no_credentials);
  CHECK(issued.error().attempts.at(0).fix == "run databricks auth login --profile dev");
  CHECK(f.source("")->issue({}, {}).error().attempts.at(0).fix == "run databricks auth login --host https://w.example");
}

TEST_CASE("an expired login without a refresh token is unavailable", "[login]") {
  Fixture f;
  f.cache->set("dev", "planted-access", "", f.clock->now() - 1h);
  const auto issued = f.source()->issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().attempts.at(0).verdict == AttemptVerdict::unavailable);
  CHECK(issued.error().attempts.at(0).fix == "run databricks auth login --profile dev");
  CHECK(issued.error().message.find("planted") == std::string::npos);
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("a refused refresh looks once more whether somebody else has renewed", "[login]") {
  Fixture f;
  f.cache->set("dev", "old", "spent", f.clock->now() - 1h);
  bool raced = false;
  f.wire->on(net::HttpMethod::post, "/oidc/v1/token", [&](const testing::RecordedRequest&) {
    if (raced) f.cache->set("dev", "of-the-other-process", "r", f.clock->now() + 1h);
    return Result<net::HttpResponse>(
        testing::http_response(401, R"({"error":"invalid_grant","error_description":"Refresh token is invalid"})"));
  });
  const auto refused = f.source()->issue({}, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::authentication_failed);
  CHECK(refused.error().attempts.at(0).verdict == AttemptVerdict::unavailable);
  CHECK(refused.error().attempts.at(0).fix == "run databricks auth login --profile dev");
  raced = true;
  const auto issued = f.source()->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "of-the-other-process");
}

TEST_CASE("while the login still works an unreachable endpoint does no harm", "[login]") {
  Fixture f;
  f.wire->on(net::HttpMethod::post, "/oidc/v1/token", [](const testing::RecordedRequest&) {
    return Result<net::HttpResponse>(Error(ErrorCode::network, "unreachable"));
  });
  f.cache->set("dev", "old", "r", f.clock->now() + 2min);
  CHECK(f.source()->issue({}, {})->token.access_token.reveal() == "old");
  f.clock->advance(90s);
  const auto issued = f.source()->issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::network);
}

TEST_CASE("a renewed login that cannot be stored is used all the same", "[login]") {
  Fixture f;
  f.answer_refresh();
  f.cache->set("dev", "old", "r", f.clock->now() - 1h);
  f.cache->read_only = true;
  CHECK(f.source()->issue({}, {})->token.access_token.reveal() == "new-access");
}

TEST_CASE("sources of several processes renew a login once", "[login][threads]") {
  Fixture f;
  f.cache->set("dev", "old", "r", f.clock->now() - 1h);
  std::atomic<int> refreshes{0};
  f.wire->on(net::HttpMethod::post, "/oidc/v1/token", [&](const testing::RecordedRequest&) {
    ++refreshes;
    return Result<net::HttpResponse>(
        testing::http_response(200, R"({"access_token":"new-access","refresh_token":"r2","expires_in":3600})"));
  });
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    // A source of its own stands for a process: they share the store and the lock file only.
    threads.emplace_back([&, source = f.source()] {
      const auto issued = source->issue({}, {});
      if (issued && issued->token.access_token.reveal() == "new-access") ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 8);
  CHECK(refreshes == 1);
}

TEST_CASE("a rejected token is not given again", "[login]") {
  Fixture f;
  f.answer_refresh();
  f.cache->set("dev", "revoked", "r", f.clock->now() + 1h);
  const SecretString revoked("revoked");
  auth::TokenDemand demand;
  demand.rejected = &revoked;
  CHECK(f.source()->issue(demand, {})->token.access_token.reveal() == "new-access");
}

TEST_CASE("host keys of accounts and unified hosts name the account", "[login]") {
  CHECK(auth::host_cache_key({"https://w.example", "stale", ""}) == "https://w.example");
  CHECK(auth::host_cache_key({"https://accounts.cloud.databricks.com", "a1", ""}) ==
        "https://accounts.cloud.databricks.com/oidc/accounts/a1");
  CHECK(auth::host_cache_key({"https://u.example", "a1", "https://u.example/oidc/accounts/a1/.well-known/x"}) ==
        "https://u.example/oidc/accounts/a1");
}
