// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "chain_values.hpp"

using namespace dbxauth;
using namespace dbxauth::testing;

TEST_CASE("layered: a credential is not sent to a host when its own layer names another", "[layered][hosts]") {
  ChainFixture f;
  f.layer(Layer::explicit_option, at(b)).layer(Layer::environment, at(a) + pat("t-of-a") + m2m);
  const auto outcome = f.resolve();
  CHECK(outcome.used.empty());
  CHECK(outcome.verdict("pat", "environment") == "ignored");
  CHECK(outcome.verdict("oauth-m2m", "environment") == "ignored");
  CHECK(outcome.find("pat", "environment")->reason.find(a) != std::string::npos);
  CHECK(outcome.find("pat", "environment")->reason.find(b) != std::string::npos);
  CHECK(f.wire->request_count() == 0);

  SECTION("the next layer that fits is used") {
    f.layer(Layer::default_profile, at(b) + pat("t-of-b"));
    CHECK(f.resolve().value == "Bearer t-of-b");
  }
  SECTION("also when only a part comes from that layer") {
    ChainFixture g;
    g.layer(Layer::named_profile, Values{{"host", b}, {"client_id", "id"}})
        .layer(Layer::environment, Values{{"host", a}, {"client_secret", "s"}});
    const auto split = g.resolve();
    CHECK(split.used.empty());
    CHECK(g.wire->request_count() == 0);
  }
}

TEST_CASE("layered: the same host in other words is the same host", "[layered][hosts]") {
  ChainFixture f;
  f.layer(Layer::explicit_option, at("a.example/")).layer(Layer::environment, at("https://A.example") + pat("t"));
  CHECK(f.resolve().used == "pat@environment");
}

TEST_CASE("layered: the host of .env takes no credential from outside", "[layered][hosts]") {
  SECTION("token in the environment") {
    ChainFixture f;
    f.layer(Layer::environment, pat("t-env")).layer(Layer::dotenv, at("https://evil.example"));
    const auto outcome = f.resolve();
    CHECK(outcome.used.empty());
    CHECK(outcome.verdict("pat", "environment") == "ignored");
    CHECK(outcome.find("pat", "environment")->reason.find(".env") != std::string::npos);
  }
  SECTION("token in the default profile") {
    ChainFixture f;
    f.layer(Layer::dotenv, at("https://evil.example")).layer(Layer::default_profile, pat("t-default"));
    CHECK(f.resolve().used.empty());
  }
  SECTION("a service principal in the environment") {
    ChainFixture f;
    f.layer(Layer::environment, m2m).layer(Layer::dotenv, at("https://evil.example"));
    CHECK(f.resolve().used.empty());
    CHECK(f.wire->request_count() == 0);
  }
  SECTION("shared login") {
    ChainFixture f;
    f.inputs.token_cache = std::make_shared<OneLogin>("https://evil.example", f.clock->now() + std::chrono::hours(1));
    f.layer(Layer::dotenv, at("https://evil.example"));
    CHECK(f.resolve().used.empty());
  }
  SECTION("an identity of the machine that the file itself asks for") {
    ChainFixture f;
    f.sources.environment = platform::Environment({{"PATH", "/nowhere"},
                                                   {"DATABRICKS_OIDC_TOKEN", "id-token"},
                                                   {"IS_IN_DB_MODEL_SERVING_ENV", "true"},
                                                   {"SYSTEM_ACCESSTOKEN", "job-token"},
                                                   {"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.azure.com/o/"},
                                                   {"SYSTEM_PLANID", "p"},
                                                   {"SYSTEM_JOBID", "j"},
                                                   {"SYSTEM_TEAMPROJECTID", "t"},
                                                   {"SYSTEM_HOSTTYPE", "build"}});
    const std::string type = GENERATE("azure-cli", "env-oidc", "azure-devops-oidc", "model-serving");
    f.layer(Layer::dotenv, Values{{"host", "https://evil.example"}, {"auth_type", type}});
    const auto outcome = f.resolve();
    CHECK(outcome.used.empty());
    CHECK(outcome.verdict(type, ".env") == "ignored");
    CHECK(f.resolve(ChainRules::clone_xs).used.empty());
    CHECK(f.wire->request_count() == 0);
  }
  SECTION("a managed identity, for a host that the file says is of Azure") {
    ChainFixture f;
    f.sources.environment = platform::Environment({{"PATH", "/nowhere"}, {"HOME", "/nowhere"}});
    f.wire->on(net::HttpMethod::get, "/metadata/identity/", 200, R"({"access_token":"vm","expires_in":"3600"})");
    f.layer(Layer::dotenv, Values{{"host", "https://evil.example"}, {"cloud", "azure"}});
    const auto outcome = f.resolve();
    CHECK(outcome.used.empty());
    CHECK(outcome.verdict("azure-msi") == "ignored");
    CHECK(f.wire->request_count() == 0);
  }
  SECTION("a resource id in the host's place") {
    ChainFixture f;
    const Values id{{"azure_workspace_resource_id", "/subscriptions/s/resourceGroups/g/workspaces/w"}};
    f.layer(Layer::environment, azure).layer(Layer::dotenv, id);
    const auto outcome = f.resolve();
    CHECK(outcome.used.empty());
    CHECK(outcome.verdict("azure-client-secret", "environment") == "ignored");
    CHECK(outcome.verdict("azure-cli") == "ignored");
    CHECK(f.wire->request_count() == 0);
  }
  SECTION("its own token is fine") {
    ChainFixture f;
    f.layer(Layer::dotenv, at(a) + pat("t"));
    CHECK(f.resolve().used == "pat@.env");
  }
  SECTION("a layer that names the very host itself is fine") {
    ChainFixture f;
    f.layer(Layer::dotenv, at(a)).layer(Layer::default_profile, at(a) + pat("t"));
    CHECK(f.resolve().used == "pat@default profile");
  }
}

TEST_CASE("layered: the host of an old session takes no identity of the machine", "[layered][hosts]") {
  ChainFixture f;
  f.sources.environment = platform::Environment({{"PATH", "/nowhere"}, {"HOME", "/nowhere"}});
  f.layer(Layer::saved_session, at("https://adb-1.2.azuredatabricks.net"));
  const auto outcome = f.resolve();
  CHECK(outcome.used.empty());
  CHECK(outcome.find("azure-cli")->layer != "this machine");
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("layered: a resource id names another workspace than the default profile", "[layered][hosts]") {
  ChainFixture f;
  f.sources.environment = platform::Environment({{"PATH", "/nowhere"}, {"HOME", "/nowhere"}});
  f.wire->on(net::HttpMethod::get, "?api-version=", 200,
             R"({"properties":{"workspaceUrl":"adb-2.2.azuredatabricks.net"}})");
  const std::string other = "https://adb-1.1.azuredatabricks.net";
  const Values id{{"azure_workspace_resource_id", "/subscriptions/s/resourceGroups/g/workspaces/w"}};
  SECTION("next to the credential") {
    f.layer(Layer::environment, azure + id).layer(Layer::default_profile, at(other));
    const auto outcome = f.resolve();
    CHECK(outcome.used == "azure-client-secret@environment");
    CHECK(outcome.host == "https://adb-2.2.azuredatabricks.net");
  }
  SECTION("a host next to the credential counts") {
    f.layer(Layer::explicit_option, id).layer(Layer::environment, azure + at(other));
    CHECK(f.resolve().host == other);
  }
  SECTION("the other way round the id is not sent along") {
    f.layer(Layer::environment, azure + at(other))
        .layer(Layer::default_profile, at("https://adb-3.3.azuredatabricks.net") + id);
    const auto outcome = f.resolve();
    CHECK(outcome.host == other);
    for (const auto& used : outcome.attributes) CHECK(used.name != "azure_workspace_resource_id");
  }
}

TEST_CASE("layered: .env cannot redirect a secret by a discovery URL", "[layered][hosts]") {
  ChainFixture f;
  f.layer(Layer::environment, at(a) + m2m).layer(Layer::dotenv, Values{{"discovery_url", "https://evil.example/meta"}});
  CHECK(f.resolve().used == "oauth-m2m@environment");
  CHECK(f.wire->request_count("evil.example") == 0);
}
