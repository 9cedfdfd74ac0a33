// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "chain_values.hpp"

using namespace dbxauth;
using namespace dbxauth::testing;

TEST_CASE("clone-xs: the seven steps in their order", "[clone-xs]") {
  const std::string host = "https://adb-1.2.azuredatabricks.net";
  const auto make = [&host](int first) {
    ChainFixture f;
    if (first <= 1) f.layer(Layer::explicit_option, at(host) + pat("step1"));
    Values environment = at(host);
    if (first <= 2) environment = environment + m2m;
    if (first <= 3) environment = environment + azure;
    if (first <= 4) environment = environment + pat("step4");
    if (first <= 4) f.layer(Layer::environment, environment);
    if (first <= 5) f.layer(Layer::default_profile, at(host) + pat("step5"));
    if (first <= 6) f.layer(Layer::saved_session, at(host) + pat("step6"));
    f.inputs.notebook = [host]() -> Result<NotebookContext> { return NotebookContext{host, SecretString("step7")}; };
    return f.resolve(ChainRules::clone_xs);
  };
  CHECK(make(1).value == "Bearer step1");
  CHECK(make(2).value == "Bearer m2m-token");
  CHECK(make(3).value == "Bearer aad-token");
  CHECK(make(4).value == "Bearer step4");
  CHECK(make(5).value == "Bearer step5");
  CHECK(make(6).value == "Bearer step6");
  CHECK(make(7).value == "Bearer step7");
}

TEST_CASE("clone-xs: a failing step is reported and the next is tried", "[clone-xs]") {
  ChainFixture f;
  f.oauth_works = false;
  f.layer(Layer::environment, at(a) + m2m + pat("t"));
  const auto outcome = f.resolve(ChainRules::clone_xs);
  CHECK(outcome.used == "pat@environment");
  CHECK(outcome.verdict("oauth-m2m") == "failed");
}

TEST_CASE("clone-xs: when every step fails the account has them all", "[clone-xs]") {
  ChainFixture f;
  f.oauth_works = false;
  f.layer(Layer::environment, at(a) + m2m + pat("bad token")).layer(Layer::default_profile, at(a));
  const auto outcome = f.resolve(ChainRules::clone_xs);
  CHECK(outcome.error.code == ErrorCode::no_credentials);
  CHECK(outcome.verdict("oauth-m2m") == "failed");
  CHECK(outcome.verdict("pat") == "failed");
  CHECK(outcome.verdict("azure-client-secret") == "not_configured");
}

TEST_CASE("clone-xs: the Azure step needs the tenant", "[clone-xs]") {
  ChainFixture f;
  f.layer(Layer::environment, at(a) + Values{{"azure_client_id", "x"}, {"azure_client_secret", "y"}});
  const auto outcome = f.resolve(ChainRules::clone_xs);
  CHECK(outcome.verdict("azure-client-secret") == "not_configured");
  CHECK(outcome.find("azure-client-secret")->missing.size() == 1);
}

TEST_CASE("clone-xs: .env completes the environment but redirects nothing", "[clone-xs][hosts]") {
  SECTION("token from .env, host from the environment") {
    ChainFixture f;
    f.layer(Layer::environment, at(a)).layer(Layer::dotenv, pat("t"));
    CHECK(f.resolve(ChainRules::clone_xs).value == "Bearer t");
  }
  SECTION("token from the environment, host from .env") {
    ChainFixture f;
    f.layer(Layer::environment, pat("t")).layer(Layer::dotenv, at("https://evil.example"));
    CHECK(f.resolve(ChainRules::clone_xs).used.empty());
  }
  SECTION("another host in the options") {
    ChainFixture f;
    f.layer(Layer::explicit_option, at(b)).layer(Layer::environment, at(a) + pat("t"));
    CHECK(f.resolve(ChainRules::clone_xs).used.empty());
  }
}

TEST_CASE("clone-xs: a profile may hold any of the built strategies", "[clone-xs]") {
  const auto row = GENERATE_COPY(std::make_pair(m2m, std::string("oauth-m2m")),
                                 std::make_pair(azure, std::string("azure-client-secret")),
                                 std::make_pair(pat("t"), std::string("pat")));
  ChainFixture f;
  f.layer(Layer::named_profile, at("https://adb-1.2.azuredatabricks.net") + row.first, "profile p");
  CHECK(f.resolve(ChainRules::clone_xs).used == row.second + "@profile p");
}
