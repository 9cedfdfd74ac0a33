// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <string>

#include <catch2/catch.hpp>

#include "chain_fixture.hpp"
#include "dbxauth/log.hpp"

using namespace dbxauth;
using testing::ChainFixture;

namespace {

/// Collects every record while it lives.
class LogCapture {
 public:
  LogCapture() {
    set_log_sink(LogLevel::trace, [this](LogLevel, std::string_view subject, std::string_view message) {
      const std::lock_guard lock(mutex_);
      text_ += std::string(subject) + " " + std::string(message) + "\n";
    });
  }
  ~LogCapture() { set_log_sink(LogLevel::off, {}); }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

// Shapes that no filter recognises: they must not get into a text in the first place.
const ChainFixture::Values planted{{"host", "https://adb-1.2.azuredatabricks.net"},
                                   {"token", "planted pat"},
                                   {"username", "someone"},
                                   {"password", "planted-password\n"},
                                   {"client_id", "id"},
                                   {"client_secret", "planted-oauth-secret"},
                                   {"azure_client_id", "app"},
                                   {"azure_client_secret", "planted-entra-secret"},
                                   {"azure_tenant_id", "tenant"}};

}  // namespace

TEST_CASE("no rule set and no log level shows a secret", "[secrets]") {
  const ChainRules rules = GENERATE(ChainRules::layered, ChainRules::clone_xs, ChainRules::databricks_sdk);
  const std::string pinned = GENERATE(as<std::string>{}, "", "pat", "basic", "oauth-m2m", "azure-client-secret",
                                      "databricks-cli", "azure-cli", "nonsense");
  const bool works = GENERATE(true, false);
  LogCapture log;
  ChainFixture f;
  f.oauth_works = works;
  auto values = planted;
  if (!pinned.empty()) values.emplace_back("auth_type", pinned);
  f.layer(Layer::environment, values).layer(Layer::default_profile, planted);
  const auto outcome = f.resolve(rules);
  CHECK(outcome.everything().find("planted") == std::string::npos);
  CHECK(log.text().find("planted") == std::string::npos);
  CHECK_FALSE((outcome.attempts.empty() && outcome.error.message.empty()));
}

TEST_CASE("a server that echoes the request does not spread a secret", "[secrets]") {
  LogCapture log;
  ChainFixture f;
  const auto wire = std::make_shared<testing::ScriptedTransport>();
  wire->on(net::HttpMethod::get, "/oidc", 200, R"({"token_endpoint":"https://a.example/oidc/v1/token"})");
  wire->on(
      net::HttpMethod::post, "/oidc/v1/token", 400,
      R"({"error":"invalid_request","error_description":"bad: client_secret=doseabcdef0123456789abcdef01234567"})");
  f.inputs.transport = wire;
  f.layer(
      Layer::environment,
      {{"host", "https://a.example"}, {"client_id", "id"}, {"client_secret", "doseabcdef0123456789abcdef01234567"}});
  const auto outcome = f.resolve();
  CHECK(outcome.error.code == ErrorCode::authentication_failed);
  CHECK(outcome.everything().find("doseabcdef") == std::string::npos);
  CHECK(log.text().find("doseabcdef") == std::string::npos);
}

TEST_CASE("a token in the wrong place is not repeated as advice", "[secrets]") {
  const std::string token = "dapi0123456789abcdef0123456789abcdef";
  ChainFixture f;
  f.sources.environment = platform::Environment({{"PATH", "/nowhere"}, {"HOME", "/nowhere"}});
  ChainFixture::Values values{{"host", "https://a.example"}, {"oidc_token_env", token}};
  if (GENERATE(true, false)) values.emplace_back("auth_type", GENERATE("env-oidc", "pat"));
  f.layer(Layer::environment, values);
  const ChainRules rules = GENERATE(ChainRules::layered, ChainRules::clone_xs, ChainRules::databricks_sdk);
  CHECK(f.resolve(rules).everything().find(token) == std::string::npos);
}
