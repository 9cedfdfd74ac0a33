// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "chain_fixture.hpp"
#include "dbxauth/credentials.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;

namespace {

class Scripted final : public CredentialProvider {
 public:
  Scripted(std::string name, std::optional<Error> error) : name_(std::move(name)), error_(std::move(error)) {}
  std::string_view name() const noexcept override { return name_; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds, const CallContext&) override {
    ++calls;
    if (throws) throw std::runtime_error("planted-exception");
    if (error_) return *error_;
    auto headers = std::make_shared<AuthHeaders>();
    headers->headers.push_back({"Authorization", SecretString("Bearer " + name_)});
    headers->strategy = name_;
    return AuthHeadersPtr(headers);
  }
  void reject(const AuthHeaders&) noexcept override { ++rejections; }

  std::atomic<int> calls{0};
  int rejections = 0;
  bool throws = false;

 private:
  std::string name_;
  std::optional<Error> error_;
};

std::shared_ptr<Scripted> works(std::string name) {
  return std::make_shared<Scripted>(std::move(name), std::nullopt);
}
std::shared_ptr<Scripted> fails(std::string name, ErrorCode code) {
  return std::make_shared<Scripted>(name, Error(code, name + " did not work"));
}

}  // namespace

TEST_CASE("the first provider that yields headers wins and is remembered", "[chain]") {
  const auto none = fails("none", ErrorCode::no_credentials);
  const auto good = works("good");
  const auto late = works("late");
  CredentialChain chain({none, good, late}, CredentialChain::OnFailure::stop);
  CHECK(chain.attempts().empty());
  for (int i = 0; i < 3; ++i) {
    const auto headers = chain.headers(0s, {});
    REQUIRE(headers);
    CHECK((*headers)->strategy == "good");
  }
  CHECK(none->calls == 1);
  CHECK(good->calls == 3);
  CHECK(late->calls == 0);
  const auto attempts = chain.attempts();
  REQUIRE(attempts.size() == 3);
  CHECK(attempts[0].verdict == AttemptVerdict::not_configured);
  CHECK(attempts[1].verdict == AttemptVerdict::used);
  CHECK(attempts[2].verdict == AttemptVerdict::ignored);
  chain.reject(**chain.headers(0s, {}));
  CHECK(good->rejections == 1);
}

TEST_CASE("a failing provider ends the chain or is reported, as asked", "[chain]") {
  const auto bad = fails("bad", ErrorCode::network);
  const auto good = works("good");
  SECTION("stop") {
    CredentialChain chain({bad, good}, CredentialChain::OnFailure::stop);
    const auto headers = chain.headers(0s, {});
    REQUIRE_FALSE(headers);
    CHECK(headers.error().code == ErrorCode::network);
    CHECK(headers.error().attempts.size() == 2);
    CHECK(good->calls == 0);
  }
  SECTION("report and go on") {
    CredentialChain chain({bad, good}, CredentialChain::OnFailure::report_next);
    REQUIRE(chain.headers(0s, {}));
    CHECK(chain.attempts()[0].verdict == AttemptVerdict::failed);
  }
}

TEST_CASE("a chain without success says what came nearest", "[chain]") {
  CredentialChain chain({fails("one", ErrorCode::no_credentials), fails("two", ErrorCode::network)},
                        CredentialChain::OnFailure::report_next);
  const auto headers = chain.headers(0s, {});
  REQUIRE_FALSE(headers);
  CHECK(headers.error().code == ErrorCode::no_credentials);
  CHECK(headers.error().attempts.size() == 2);
  CHECK(headers.error().message.find("Nearest misses: two: two did not work; one: one did not work") !=
        std::string::npos);
}

TEST_CASE("a failure is not remembered", "[chain]") {
  const auto cancelled = works("good");
  CredentialChain chain({cancelled}, CredentialChain::OnFailure::stop);
  cancelled->throws = true;
  const auto failed = chain.headers(0s, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::user_callback);
  CHECK(failed.error().message.find("planted") == std::string::npos);
  cancelled->throws = false;
  CHECK(chain.headers(0s, {}));
}

TEST_CASE("an empty chain is an error, not a crash", "[chain]") {
  CredentialChain chain({}, CredentialChain::OnFailure::stop);
  REQUIRE_FALSE(chain.headers(0s, {}));
  REQUIRE_FALSE(chain.token(0s, {}));
  CHECK(chain.headers(0s, {}).error().code == ErrorCode::no_credentials);
}

TEST_CASE("a caller that ran out of time does not try the rest", "[chain]") {
  const auto second = works("second");
  CredentialChain chain({fails("first", ErrorCode::timed_out), second}, CredentialChain::OnFailure::report_next);
  CallContext context;
  context.deadline = CallContext::Clock::now() - 1s;
  const auto headers = chain.headers(0s, context);
  REQUIRE_FALSE(headers);
  CHECK(headers.error().code == ErrorCode::timed_out);
  CHECK(second->calls == 0);
}

TEST_CASE("the program's own providers come before every strategy", "[chain]") {
  testing::ChainFixture f;
  f.layer(Layer::environment, {{"host", "https://a.example"}, {"token", "t"}});
  SECTION("one that works") {
    f.inputs.providers = {works("mine")};
    const auto outcome = f.resolve();
    CHECK(outcome.used == "mine@program");
    CHECK(outcome.host == "https://a.example");
    CHECK(outcome.verdict("pat") == "ignored");
  }
  SECTION("one that does not apply") {
    f.inputs.providers = {fails("mine", ErrorCode::no_credentials)};
    CHECK(f.resolve().used == "pat@environment");
  }
  SECTION("one that fails") {
    f.inputs.providers = {fails("mine", ErrorCode::network)};
    CHECK(f.resolve().error.code == ErrorCode::network);
  }
}

TEST_CASE("twenty threads resolving at once cost one token request", "[chain][threads]") {
  testing::ChainFixture f;
  f.layer(Layer::environment, {{"host", "https://a.example"}, {"client_id", "id"}, {"client_secret", "s"}});
  f.inputs.sources = &f.sources;
  auth::CredentialResolver resolver(auth::plan_credentials(f.inputs));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      const auto headers = resolver.headers(0s, {});
      if (headers && (*headers)->headers[0].value.reveal() == "Bearer m2m-token") ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 20);
  CHECK(f.wire->request_count("/oidc/v1/token") == 1);
  CHECK(f.wire->request_count() == 2);
}

TEST_CASE("a token's clone holds everything", "[token]") {
  Token token;
  token.access_token = SecretString("a");
  token.refresh_token = SecretString("r");
  token.token_type = "X";
  token.lifetime = 5s;
  token.scope = "s";
  token.expires_at = std::chrono::system_clock::from_time_t(7);
  const Token copy = token.clone();
  CHECK(copy.access_token.equals("a"));
  CHECK(copy.refresh_token.equals("r"));
  CHECK(copy.token_type == "X");
  CHECK(copy.lifetime == 5s);
  CHECK(copy.scope == "s");
  CHECK(copy.expires_at == token.expires_at);
}
