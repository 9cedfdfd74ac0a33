// SPDX-License-Identifier: Apache-2.0
// Which clients share a provider: those whose inputs are the same, and nobody else.
#include <functional>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "chain_values.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace dbxauth::testing;

namespace {

/// A client of which only the plan is made.
struct PlannedClient {
  ChainFixture f;
  auth::CredentialPlan plan;

  explicit PlannedClient(const std::function<void(ChainFixture&)>& configure, ChainRules rules = ChainRules::layered) {
    f.inputs.network_identity = "one network";
    configure(f);
    f.sources.rules = rules;
    f.inputs.sources = &f.sources;
    plan = auth::plan_credentials(f.inputs);
  }
  const CredentialProvider* provider(std::string_view strategy) const {
    for (const auto& candidate : plan.candidates) {
      if (candidate.attempt.strategy == strategy && candidate.provider) return candidate.provider.get();
    }
    return nullptr;
  }
};

bool share(std::string_view strategy, const PlannedClient& one, const PlannedClient& other) {
  REQUIRE(one.provider(strategy) != nullptr);
  REQUIRE(other.provider(strategy) != nullptr);
  return one.provider(strategy) == other.provider(strategy);
}

const Values job_token{{"oidc_token_env", "JOB_TOKEN"}};

platform::Environment machine() {
  return platform::Environment({{"PATH", "/nowhere"}, {"HOME", "/nowhere"}, {"JOB_TOKEN", "id"}});
}

void principal(ChainFixture& f) {
  f.layer(Layer::environment, at(a) + m2m);
}

}  // namespace

TEST_CASE("clients of the same inputs share a provider", "[sharing]") {
  CHECK(share("oauth-m2m", PlannedClient(principal), PlannedClient(principal)));
  const auto job = [](ChainFixture& f) {
    f.sources.environment = machine();
    f.layer(Layer::environment, at(a) + job_token);
  };
  CHECK(share("env-oidc", PlannedClient(job), PlannedClient(job)));
}

TEST_CASE("a header of the program is no attribute of the same name", "[sharing]") {
  const PlannedClient attribute([](ChainFixture& f) {
    f.layer(Layer::environment, at(a) + m2m + Values{{"scopes", "all-apis"}});
  });
  const PlannedClient header([](ChainFixture& f) {
    principal(f);
    f.inputs.request_headers = {{"scopes", "all-apis"}};
  });
  CHECK_FALSE(share("oauth-m2m", attribute, header));
  CHECK_FALSE(share("oauth-m2m", PlannedClient(principal), header));
}

TEST_CASE("an environment that was given shares nothing with one that is read again", "[sharing]") {
  const auto given = [](ChainFixture& f) {
    f.sources.environment = machine();
    f.layer(Layer::environment, at(a) + job_token);
  };
  const PlannedClient of_process([&](ChainFixture& f) {
    given(f);
    f.inputs.environment = machine;
  });
  CHECK_FALSE(share("env-oidc", PlannedClient(given), of_process));
}

TEST_CASE("a path below the home directory is another file for somebody else", "[sharing]") {
  const TemporaryDirectory one;
  const TemporaryDirectory two;
  for (const TemporaryDirectory* home : {&one, &two}) {
    home->write("key.json",
                R"({"type":"service_account","client_email":"e@x","private_key":"-----BEGIN PRIVATE KEY-----"})");
  }
  const auto of_home = [](const TemporaryDirectory& home) {
    return [&home](ChainFixture& f) {
      f.sources.environment = platform::Environment({{"PATH", "/nowhere"}, {"HOME", home.path()}});
      f.layer(Layer::environment, at(a) + Values{{"google_credentials", "~/key.json"}});
    };
  };
  CHECK(share("google-credentials", PlannedClient(of_home(one)), PlannedClient(of_home(one))));
  CHECK_FALSE(share("google-credentials", PlannedClient(of_home(one)), PlannedClient(of_home(two))));
}

TEST_CASE("a login that may be somebody else's is not shared with who excludes that", "[sharing]") {
  const auto configured = [](ChainFixture& f) {
    f.sources.profile = "dev";
    f.sources.profile_named = true;
    f.inputs.token_cache = std::make_shared<OneLogin>(a, f.clock->now() + std::chrono::hours(1));
    f.inputs.token_cache_identity = "one file";
    f.layer(Layer::named_profile, Values{{"host", a}, {"auth_type", "databricks-cli"}}, "profile dev");
  };
  CHECK_FALSE(share("databricks-cli", PlannedClient(configured), PlannedClient(configured, ChainRules::clone_xs)));
}
