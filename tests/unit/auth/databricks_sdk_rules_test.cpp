// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "chain_values.hpp"

using namespace dbxauth;
using namespace dbxauth::testing;

TEST_CASE("every strategy of the official SDKs is known by name", "[auth_type]") {
  const std::string name = GENERATE(as<std::string>{}, "metadata-service", "github-oidc", "azure-devops-oidc",
                                    "env-oidc", "file-oidc", "github-oidc-azure", "azure-msi", "azure-cli",
                                    "google-credentials", "google-id", "runtime", "runtime-oauth", "model-serving");
  const ChainRules rules = GENERATE(ChainRules::layered, ChainRules::clone_xs, ChainRules::databricks_sdk);
  ChainFixture f;
  f.layer(Layer::environment, at(a) + pat("t") + Values{{"auth_type", name}});
  const auto outcome = f.resolve(rules);
  CAPTURE(name, outcome.everything());
  CHECK(outcome.used.empty());
  CHECK(outcome.everything().find("not found (") == std::string::npos);
  const bool runtime = name.rfind("runtime", 0) == 0;
  const std::string verdict = outcome.verdict(runtime ? "notebook" : name);
  CHECK((verdict == "not_configured" || verdict == "unavailable" || verdict == "failed"));
  CHECK(outcome.verdict("pat") == "ignored");
}

TEST_CASE("databricks-sdk: strategies of a cloud decline for hosts of another", "[databricks-sdk]") {
  ChainFixture f;
  SECTION("by the host's name") {
    f.layer(Layer::environment, at("https://x.cloud.databricks.com") + azure);
    const auto outcome = f.resolve(ChainRules::databricks_sdk);
    CHECK(outcome.verdict("azure-client-secret") == "not_configured");
    CHECK(outcome.find("azure-client-secret")->reason.find("is not an Azure workspace") != std::string::npos);
    CHECK(f.wire->request_count() == 0);
  }
  SECTION("by the host's metadata") {
    f.inputs.host_metadata = auth::make_host_metadata_source(f.wire, f.clock, {});
    const std::string cloud = GENERATE(as<std::string>{}, "Azure", "GCP");
    f.wire->on(net::HttpMethod::get, "/.well-known/databricks-config", 200, R"({"cloud":")" + cloud + "\"}");
    f.layer(Layer::environment, at(a) + azure);
    CHECK(f.resolve(ChainRules::databricks_sdk).used == (cloud == "GCP" ? "" : "azure-client-secret@environment"));
  }
}

TEST_CASE("databricks-sdk: attributes are merged, explicit over environment over file", "[sdk]") {
  ChainFixture f;
  f.layer(Layer::explicit_option, at(b))
      .layer(Layer::environment, at(a) + pat("t-env"))
      .layer(Layer::named_profile, pat("t-file"));
  const auto outcome = f.resolve(ChainRules::databricks_sdk);
  CHECK(outcome.used == "pat@environment");
  CHECK(outcome.value == "Bearer t-env");
  CHECK(outcome.host == b);
}

TEST_CASE("databricks-sdk: more than one method is an error that names them", "[sdk]") {
  ChainFixture f;
  f.layer(Layer::explicit_option, at(a) + m2m)
      .layer(Layer::environment, pat("planted") + Values{{"azure_client_id", "x"}});
  const auto outcome = f.resolve(ChainRules::databricks_sdk);
  CHECK(outcome.error.code == ErrorCode::configuration);
  CHECK(outcome.error.message.find(
            "validate: more than one authorization method configured: azure and oauth and pat") == 0);
  CHECK(outcome.everything().find("planted") == std::string::npos);
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("databricks-sdk: auth_type settles the conflict", "[sdk]") {
  ChainFixture f;
  f.layer(Layer::environment, at(a) + m2m + pat("t") + Values{{"auth_type", "oauth-m2m"}});
  const auto outcome = f.resolve(ChainRules::databricks_sdk);
  CHECK(outcome.used == "oauth-m2m@environment");
  CHECK(outcome.verdict("pat") == "ignored");
}

TEST_CASE("databricks-sdk: a managed identity that is switched off is no method", "[sdk]") {
  ChainFixture f;
  f.layer(Layer::environment, at(a) + pat("t") + Values{{"azure_use_msi", "false"}});
  CHECK(f.resolve(ChainRules::databricks_sdk).used == "pat@environment");
}

TEST_CASE("databricks-sdk: Azure credentials need an Azure host and a tenant", "[sdk]") {
  SECTION("other host") {
    ChainFixture f;
    f.layer(Layer::environment, at(a) + azure);
    const auto outcome = f.resolve(ChainRules::databricks_sdk);
    CHECK(outcome.used.empty());
    CHECK(outcome.find("azure-client-secret")->reason.find("is not an Azure workspace") != std::string::npos);
  }
  SECTION("Azure host") {
    ChainFixture f;
    f.layer(Layer::environment, at("https://adb-1.2.azuredatabricks.net") + azure);
    CHECK(f.resolve(ChainRules::databricks_sdk).used == "azure-client-secret@environment");
  }
}

TEST_CASE("databricks-sdk: the final message is the SDK's, with the nearest misses", "[sdk]") {
  ChainFixture f;
  f.layer(Layer::environment, at(a) + Values{{"client_id", "id"}});
  const auto outcome = f.resolve(ChainRules::databricks_sdk);
  CHECK(outcome.error.code == ErrorCode::no_credentials);
  CHECK(outcome.error.message.find("default auth: cannot configure default credentials") == 0);
  CHECK(outcome.error.message.find("DATABRICKS_CLIENT_SECRET") != std::string::npos);
}
