// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/model_serving.hpp"
#include "encoding/base64url.hpp"
#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  testing::TemporaryDirectory directory;
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::shared_ptr<auth::TokenSource> source = auth::make_model_serving_source(directory / "token", clock);

  void holds(const std::string& value) const {
    directory.write("token", R"({"OAUTH_TOKEN":[{"oauthTokenValue":")" + value + R"("}]})");
  }
};

std::string jwt_expiring_at(std::int64_t exp_s) {
  return encoding::base64url(R"({"alg":"none"})") + "." +
         encoding::base64url("{\"exp\":" + std::to_string(exp_s) + "}") + ".c2ln";
}

bool serving(std::map<std::string, std::string> variables) {
  return auth::in_model_serving(platform::Environment(std::move(variables)));
}

std::string serving_host(std::map<std::string, std::string> variables) {
  return auth::model_serving_host(platform::Environment(std::move(variables)));
}

}  // namespace

TEST_CASE("either flag tells a model serving container", "[model-serving]") {
  CHECK(serving({{"IS_IN_DB_MODEL_SERVING_ENV", "true"}}));
  CHECK(serving({{"IS_IN_DATABRICKS_MODEL_SERVING_ENV", "true"}}));
  CHECK(serving({{"IS_IN_DB_MODEL_SERVING_ENV", "false"}, {"IS_IN_DATABRICKS_MODEL_SERVING_ENV", "true"}}));
  CHECK_FALSE(serving({}));
  CHECK_FALSE(serving({{"IS_IN_DB_MODEL_SERVING_ENV", "1"}}));
  CHECK_FALSE(serving({{"IS_IN_DB_MODEL_SERVING_ENV", "false"}}));
}

TEST_CASE("the container's host is normalised", "[model-serving]") {
  const std::string one = "https://one.cloud.databricks.com";
  CHECK(serving_host({{"DATABRICKS_MODEL_SERVING_HOST_URL", "one.cloud.databricks.com/"}}) == one);
  CHECK(serving_host({{"DB_MODEL_SERVING_HOST_URL", one}}) == one);
  CHECK(serving_host({{"DATABRICKS_MODEL_SERVING_HOST_URL", one},
                      {"DB_MODEL_SERVING_HOST_URL", "https://two.cloud.databricks.com"}}) == one);
  CHECK(serving_host({{"DATABRICKS_MODEL_SERVING_HOST_URL", "ht tp://"}, {"DB_MODEL_SERVING_HOST_URL", one}}) == one);
  CHECK(serving_host({}).empty());
}

TEST_CASE("the container's token counts for five minutes and is read again", "[model-serving]") {
  Fixture f;
  f.holds("first");
  auto issued = f.source->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "first");
  CHECK(issued->token.expires_at == f.clock->now() + 300s);
  CHECK(issued->token.lifetime == 300s);
  f.holds("second");
  issued = f.source->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "second");
}

TEST_CASE("a token that ends sooner counts for less", "[model-serving]") {
  Fixture f;
  f.holds(jwt_expiring_at(1767225600 + 100));
  auto issued = f.source->issue({}, {});
  REQUIRE(issued);
  CHECK(issued->token.expires_at == f.clock->now() + 100s);
  CHECK(issued->token.lifetime == 100s);
  f.holds(jwt_expiring_at(1767225600 + 1000));
  CHECK(f.source->issue({}, {})->token.expires_at == f.clock->now() + 300s);
  f.holds(jwt_expiring_at(1767225600));
  issued = f.source->issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::authentication_failed);
  CHECK(issued.error().retryable);
  CHECK(issued.error().message.find("2026-01-01T00:00:00Z") != std::string::npos);
}

TEST_CASE("a serving container's token that was refused is not given again", "[model-serving]") {
  Fixture f;
  f.holds("planted");
  const SecretString rejected("planted");
  auth::TokenDemand demand;
  demand.rejected = &rejected;
  const auto issued = f.source->issue(demand, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::authentication_failed);
  CHECK(to_json(issued.error()).find("planted") == std::string::npos);
  f.holds("fresh");
  CHECK(f.source->issue(demand, {}));
}

TEST_CASE("a serving container's token file that cannot be used is named", "[model-serving]") {
  Fixture f;
  ErrorCode expected = ErrorCode::protocol;
  SECTION("absent") {
    expected = ErrorCode::no_credentials;
  }
  SECTION("a directory") {
    std::filesystem::create_directory(f.directory / "token");
    expected = ErrorCode::io;
  }
  SECTION("empty") {
    f.directory.write("token", "");
  }
  SECTION("no JSON") {
    f.directory.write("token", "planted");
  }
  SECTION("no list") {
    f.directory.write("token", R"({"OAUTH_TOKEN":{"oauthTokenValue":"planted"}})");
  }
  SECTION("an empty list") {
    f.directory.write("token", R"({"OAUTH_TOKEN":[]})");
  }
  SECTION("an empty value") {
    f.holds("");
  }
  SECTION("a number") {
    f.directory.write("token", R"({"OAUTH_TOKEN":[{"oauthTokenValue":5}]})");
  }
  SECTION("a broken line") {
    f.holds(R"(planted\nplanted)");
  }
  const auto issued = f.source->issue({}, {});
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == expected);
  CHECK(issued.error().message.find(f.directory / "token") != std::string::npos);
  CHECK(to_json(issued.error()).find("planted") == std::string::npos);
}
