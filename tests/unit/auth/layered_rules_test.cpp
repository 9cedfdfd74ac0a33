// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "auth/oauth/host_metadata.hpp"
#include "chain_values.hpp"

using namespace dbxauth;
using namespace dbxauth::testing;

TEST_CASE("layered: explicit host and token come first of all", "[layered]") {
  ChainFixture f;
  f.layer(Layer::explicit_option, at(a) + pat("t-explicit") + m2m).layer(Layer::environment, at(a) + pat("t-env"));
  const auto outcome = f.resolve();
  CHECK(outcome.used == "pat@explicit");
  CHECK(outcome.value == "Bearer t-explicit");
  CHECK(outcome.verdict("oauth-m2m", "explicit") == "ignored");
  CHECK(outcome.verdict("pat", "environment") == "ignored");
  CHECK(outcome.find("pat", "environment")->reason == "not tried: pat (explicit) decides");
}

TEST_CASE("layered: inside a layer OAuth, then Azure, then PAT, then basic", "[layered]") {
  const Values basic{{"username", "u"}, {"password", "p"}};
  struct Row {
    Values values;
    std::string used;
  };
  const auto row = GENERATE_COPY(Row{m2m + azure + pat("t") + basic, "oauth-m2m"},
                                 Row{azure + pat("t") + basic, "azure-client-secret"}, Row{pat("t") + basic, "pat"},
                                 Row{basic, "basic"});
  ChainFixture f;
  f.layer(Layer::environment, at("https://adb-1.2.azuredatabricks.net") + row.values);
  const auto outcome = f.resolve();
  CHECK(outcome.used == row.used + "@environment");
  CHECK(outcome.host == "https://adb-1.2.azuredatabricks.net");
}

TEST_CASE("layered: the highest layer that names a credential decides", "[layered]") {
  ChainFixture f;
  f.layer(Layer::named_profile, at(a) + pat("t-profile"), "profile staging")
      .layer(Layer::environment, at(a) + m2m)
      .layer(Layer::default_profile, at(a) + pat("t-default"))
      .layer(Layer::saved_session, at(a) + pat("t-session"));
  const auto outcome = f.resolve();
  CHECK(outcome.used == "pat@profile staging");
  CHECK(outcome.verdict("oauth-m2m", "environment") == "ignored");
  CHECK(outcome.verdict("pat", "default profile") == "ignored");
  CHECK(outcome.verdict("pat", "saved session") == "ignored");
  CHECK(f.wire->request_count() == 0);
}

TEST_CASE("layered: every layer gets its turn", "[layered]") {
  const Layer kind = GENERATE(Layer::explicit_option, Layer::named_profile, Layer::environment, Layer::dotenv,
                              Layer::default_profile, Layer::saved_session);
  ChainFixture f;
  f.layer(kind, at(a) + pat("t"));
  CHECK(f.resolve().used == "pat@" + std::string(to_string(kind)));
}

TEST_CASE("layered: the deciding layer may take its host from below or above", "[layered]") {
  SECTION("below") {
    ChainFixture f;
    f.layer(Layer::environment, pat("t-env")).layer(Layer::default_profile, at(a) + pat("t-default"));
    const auto outcome = f.resolve();
    CHECK(outcome.value == "Bearer t-env");
    CHECK(outcome.host == a);
    REQUIRE(outcome.attributes.size() == 2);
    CHECK(outcome.attributes[0].provenance.layer == Layer::default_profile);
    CHECK(outcome.attributes[1].provenance.layer == Layer::environment);
  }
  SECTION("above") {
    ChainFixture f;
    f.layer(Layer::explicit_option, at(a)).layer(Layer::environment, pat("t-env"));
    CHECK(f.resolve().host == a);
  }
}

TEST_CASE("layered: a secret may complete an id of a higher layer", "[layered]") {
  ChainFixture f;
  f.layer(Layer::named_profile, Values{{"host", a}, {"client_id", "id"}}, "profile p")
      .layer(Layer::environment, Values{{"client_secret", "s"}});
  CHECK(f.resolve().used == "oauth-m2m@profile p");
}

TEST_CASE("layered: an explicitly configured strategy that fails stops the chain", "[layered]") {
  ChainFixture f;
  f.oauth_works = false;
  f.layer(Layer::environment, at(a) + m2m + pat("t-env")).layer(Layer::default_profile, at(a) + pat("t"));
  const auto outcome = f.resolve();
  CHECK(outcome.used.empty());
  CHECK(outcome.error.code == ErrorCode::authentication_failed);
  CHECK(outcome.verdict("oauth-m2m", "environment") == "failed");
  CHECK(outcome.verdict("pat", "environment") == "ignored");
  CHECK(outcome.verdict("pat", "default profile") == "ignored");
  CHECK(outcome.error.message.find("oauth-m2m (environment)") != std::string::npos);
}

TEST_CASE("layered: a token that cannot be sent stops the chain with its reason", "[layered]") {
  ChainFixture f;
  f.layer(Layer::explicit_option, at(a) + pat("two words")).layer(Layer::environment, at(a) + pat("t"));
  const auto outcome = f.resolve();
  CHECK(outcome.error.code == ErrorCode::configuration);
  CHECK(outcome.verdict("pat", "explicit") == "failed");
}

TEST_CASE("layered: what is missing is named by its variable", "[layered]") {
  ChainFixture f;
  f.layer(Layer::environment, Values{{"client_id", "id"}});
  const auto outcome = f.resolve();
  CHECK(outcome.error.code == ErrorCode::no_credentials);
  const Attempt* attempt = outcome.find("oauth-m2m");
  REQUIRE(attempt != nullptr);
  CHECK(attempt->verdict == AttemptVerdict::not_configured);
  CHECK(attempt->missing == std::vector<std::string>{"DATABRICKS_CLIENT_SECRET", "DATABRICKS_HOST"});
  CHECK(attempt->layer == "environment");
  // The nearest miss comes first in the message.
  CHECK(outcome.error.message.find("Nearest misses: oauth-m2m (environment): DATABRICKS_CLIENT_SECRET") !=
        std::string::npos);
}

TEST_CASE("layered: an empty configuration gives one account per strategy", "[layered]") {
  ChainFixture f;
  const auto outcome = f.resolve();
  CHECK(outcome.error.code == ErrorCode::no_credentials);
  for (const char* strategy : {"oauth-m2m", "azure-client-secret", "pat", "basic", "databricks-cli", "notebook"}) {
    CAPTURE(strategy);
    CHECK(outcome.verdict(strategy) == "not_configured");
    CHECK(std::count_if(outcome.attempts.begin(), outcome.attempts.end(),
                        [&](const Attempt& attempt) { return attempt.strategy == strategy; }) == 1);
  }
  CHECK(outcome.find("pat")->missing == std::vector<std::string>{"DATABRICKS_HOST", "DATABRICKS_TOKEN"});
}

TEST_CASE("layered: auth_type pins the strategy of its layer and of those below", "[layered][auth_type]") {
  SECTION("same layer") {
    ChainFixture f;
    f.layer(Layer::environment, at(a) + m2m + pat("t") + Values{{"auth_type", "pat"}});
    const auto outcome = f.resolve();
    CHECK(outcome.used == "pat@environment");
    CHECK(outcome.verdict("oauth-m2m") == "ignored");
  }
  SECTION("from above") {
    ChainFixture f;
    f.layer(Layer::explicit_option, Values{{"auth_type", "pat"}}).layer(Layer::environment, at(a) + m2m + pat("t"));
    CHECK(f.resolve().value == "Bearer t");
  }
  SECTION("not a layer above") {
    ChainFixture f;
    f.layer(Layer::explicit_option, at(a) + pat("t-explicit"))
        .layer(Layer::default_profile, Values{{"host", a}, {"auth_type", "databricks-cli"}});
    CHECK(f.resolve().used == "pat@explicit");
  }
  SECTION("incomplete: nothing else is used instead") {
    ChainFixture f;
    f.layer(Layer::environment, at(a) + pat("t") + Values{{"auth_type", "oauth-m2m"}});
    const auto outcome = f.resolve();
    CHECK(outcome.used.empty());
    CHECK(outcome.find("oauth-m2m")->missing ==
          std::vector<std::string>{"DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"});
  }
}

TEST_CASE("layered: auth_type of a strategy that a chain never tries is said so", "[layered][auth_type]") {
  ChainFixture f;
  f.layer(Layer::environment, at(a) + pat("t") + Values{{"auth_type", "external-browser"}});
  const auto outcome = f.resolve();
  CHECK(outcome.used.empty());
  CHECK(outcome.error.code == ErrorCode::unsupported);
  CHECK(outcome.verdict("external-browser") == "failed");
  CHECK(outcome.error.message.find("oauth-m2m") != std::string::npos);
}

TEST_CASE("layered: an unknown auth_type is an error that lists the known ones", "[layered][auth_type]") {
  ChainFixture f;
  f.layer(Layer::environment, at(a) + pat("t") + Values{{"auth_type", "patt"}});
  const auto outcome = f.resolve();
  CHECK(outcome.error.code == ErrorCode::configuration);
  CHECK(outcome.error.message.find("auth type \"patt\" not found") != std::string::npos);
}

TEST_CASE("layered: a configured strategy that cannot be set up is an error without the value", "[layered]") {
  ChainFixture f;
  f.layer(Layer::environment, at(a) + Values{{"google_credentials", "planted"}});
  const auto outcome = f.resolve();
  CHECK(outcome.error.code == ErrorCode::configuration);
  CHECK(outcome.verdict("google-credentials") == "failed");
  CHECK(outcome.everything().find("planted") == std::string::npos);
}

TEST_CASE("layered: a client id without a secret means federation where a job offers an ID token", "[layered]") {
  ChainFixture f;
  const Values job{{"actions_id_token_request_url", "https://actions.example/token?x=1"},
                   {"actions_id_token_request_token", "job-secret"}};
  f.wire->on(net::HttpMethod::get, "/token?x=1", 200, R"({"value":"not.a.jwt"})");
  SECTION("named") {
    f.layer(Layer::environment, at(a) + Values{{"client_id", "app"}} + job)
        .layer(Layer::default_profile, at(a) + pat("t"));
    const auto outcome = f.resolve();
    CHECK(outcome.used == "github-oidc@environment");
    CHECK(outcome.verdict("pat") == "ignored");
  }
  SECTION("offered, and a profile has a token") {
    f.layer(Layer::environment, at(a) + job).layer(Layer::default_profile, at(a) + pat("t"));
    const auto outcome = f.resolve();
    CHECK(outcome.used == "pat@default profile");
    CHECK(outcome.find("github-oidc")->layer == "this machine");
    CHECK(f.wire->request_count() == 0);
  }
  SECTION("offered, and there is nothing else") {
    f.layer(Layer::environment, at(a) + job);
    CHECK(f.resolve().used == "github-oidc@this machine");
  }
  SECTION("not for the host of a .env file") {
    f.layer(Layer::environment, job).layer(Layer::dotenv, at(a));
    const auto outcome = f.resolve();
    CHECK(outcome.used.empty());
    CHECK(f.wire->request_count() == 0);
  }
  SECTION("a secret decides otherwise") {
    f.layer(Layer::environment, at(a) + m2m + job);
    CHECK(f.resolve().used == "oauth-m2m@environment");
  }
}

TEST_CASE("layered: what the machine offers is tried last, the cheapest first", "[layered][ambient]") {
  ChainFixture f;
  f.sources.environment = platform::Environment({{"PATH", "/nowhere"}, {"HOME", "/nowhere"}});
  const std::string azure_host = "https://adb-1.2.azuredatabricks.net";
  f.layer(Layer::environment, at(azure_host));
  const auto outcome = f.resolve();
  CHECK(outcome.used.empty());
  std::vector<std::string> machine;
  for (const Attempt& attempt : outcome.attempts) {
    if (attempt.layer == "this machine") machine.push_back(attempt.strategy);
  }
  CHECK(machine == std::vector<std::string>{"azure-cli", "azure-msi"});
  CHECK(outcome.verdict("notebook") == "not_configured");
}

TEST_CASE("layered: azure_use_msi=false keeps managed identities away", "[layered][ambient]") {
  ChainFixture f;
  f.layer(Layer::environment, at("https://adb-1.2.azuredatabricks.net") + Values{{"azure_use_msi", "false"}});
  CHECK(f.resolve().find("azure-msi")->layer != "this machine");
}

TEST_CASE("layered: the shared login of the requested host is used last of the configured ways", "[layered][login]") {
  ChainFixture f;
  f.sources.profile = "DEFAULT";
  f.inputs.token_cache = std::make_shared<OneLogin>("DEFAULT", f.clock->now() + std::chrono::hours(1));
  f.layer(Layer::default_profile, at(a));
  SECTION("alone") {
    CHECK(f.resolve().used == "databricks-cli@shared login");
  }
  SECTION("before a saved session") {
    f.layer(Layer::saved_session, at(a) + pat("t"));
    CHECK(f.resolve().used == "databricks-cli@shared login");
  }
  SECTION("after a token") {
    f.sources.layers.clear();
    f.layer(Layer::environment, pat("t")).layer(Layer::default_profile, at(a));
    const auto outcome = f.resolve();
    CHECK(outcome.used == "pat@environment");
  }
  SECTION("not for another host") {
    f.sources.layers.clear();
    f.layer(Layer::explicit_option, at(b)).layer(Layer::default_profile, at(a));
    const auto outcome = f.resolve();
    CHECK(outcome.used.empty());
    CHECK(outcome.verdict("databricks-cli") == "not_configured");
  }
}

TEST_CASE("the login under a host's key is used only when no profile says whose login is meant", "[login]") {
  ChainFixture f;
  f.sources.profile = "dev";
  f.sources.profile_named = true;
  f.inputs.token_cache = std::make_shared<OneLogin>(a, f.clock->now() + std::chrono::hours(1));
  const Values login{{"host", a}, {"auth_type", "databricks-cli"}};
  SECTION("a profile without a login of its own") {
    f.layer(Layer::named_profile, login, "profile dev");
    CHECK(f.resolve().verdict("databricks-cli") == "not_configured");
    CHECK(f.resolve(ChainRules::databricks_sdk).verdict("databricks-cli") == "not_configured");
    CHECK(f.resolve(ChainRules::clone_xs).used == "databricks-cli@profile dev");
  }
  SECTION("a profile of another host") {
    f.layer(Layer::explicit_option, at(a)).layer(Layer::named_profile, at(b), "profile dev");
    const auto outcome = f.resolve();
    CHECK(outcome.used.empty());
    REQUIRE(outcome.find("databricks-cli") != nullptr);
    CHECK(outcome.find("databricks-cli")->reason.find("profile dev is not one of " + a) != std::string::npos);
  }
  SECTION("a profile of another host that a variable names") {
    f.sources.profile_named = false;
    f.layer(Layer::environment, login + Values{{"profile", "dev"}}).layer(Layer::default_profile, at(b), "profile dev");
    CHECK(f.resolve().used.empty());
  }
  SECTION("no profile") {
    f.sources.profile.clear();
    f.sources.profile_named = false;
    f.layer(Layer::environment, login);
    CHECK(f.resolve().used == "databricks-cli@environment");
  }
}

TEST_CASE("layered: an ambient login that has expired is reported and passed over", "[layered][login]") {
  ChainFixture f;
  f.sources.profile = "DEFAULT";
  f.inputs.token_cache = std::make_shared<OneLogin>("DEFAULT", f.clock->now() - std::chrono::hours(1));
  f.layer(Layer::default_profile, Values{{"host", a}, {"auth_type", "databricks-cli"}})
      .layer(Layer::saved_session, at(a) + pat("t-session"));
  const auto outcome = f.resolve();
  CHECK(outcome.verdict("databricks-cli") == "unavailable");
  CHECK(outcome.find("databricks-cli")->fix == "run databricks auth login --profile DEFAULT");
  CHECK(outcome.used == "pat@saved session");
}

TEST_CASE("layered: a login that was asked for and has expired stops the chain", "[layered][login]") {
  ChainFixture f;
  f.sources.profile = "dev";
  f.inputs.token_cache = std::make_shared<OneLogin>("dev", f.clock->now() - std::chrono::hours(1));
  f.layer(Layer::named_profile, Values{{"host", a}, {"auth_type", "databricks-cli"}}, "profile dev")
      .layer(Layer::environment, at(a) + pat("t"));
  const auto outcome = f.resolve();
  CHECK(outcome.used.empty());
  CHECK(outcome.error.code == ErrorCode::authentication_failed);
  CHECK(outcome.verdict("databricks-cli") == "unavailable");
  CHECK(outcome.error.message.find("databricks auth login --profile dev") != std::string::npos);
}

TEST_CASE("layered: the notebook is asked last and brings its host along", "[layered][notebook]") {
  ChainFixture f;
  int calls = 0;
  f.inputs.notebook = [&calls]() -> Result<NotebookContext> {
    ++calls;
    return NotebookContext{"https://nb.example", SecretString("nb-token")};
  };
  SECTION("alone") {
    const auto outcome = f.resolve();
    CHECK(outcome.used == "notebook@notebook");
    CHECK(outcome.host == "https://nb.example");
  }
  SECTION("not when something else decides") {
    f.layer(Layer::environment, at(a) + pat("t"));
    const auto outcome = f.resolve();
    CHECK(outcome.used == "pat@environment");
    CHECK(outcome.verdict("notebook") == "ignored");
    CHECK(calls == 0);
  }
  SECTION("not for another host") {
    f.layer(Layer::environment, at(a));
    CHECK(f.resolve().verdict("notebook") == "unavailable");
  }
  SECTION("outside of a notebook") {
    f.inputs.notebook = []() -> Result<NotebookContext> {
      return Error(ErrorCode::no_credentials, "not in a notebook");
    };
    CHECK(f.resolve().verdict("notebook") == "not_configured");
  }
}

TEST_CASE("a workspace id that says there is none leaves an account's audience", "[layered][machine]") {
  ChainFixture f;
  f.inputs.host_metadata = auth::make_host_metadata_source(f.wire, f.clock, {});
  f.wire->on(net::HttpMethod::get, "/.well-known/databricks-config", 200,
             R"({"account_id":"acc","host_type":"unified"})");
  f.wire->on(net::HttpMethod::get, "/token?x=1", 200, R"({"value":"not.a.jwt"})");
  f.layer(Layer::environment, at(a) + Values{{"client_id", "app"},
                                             {"workspace_id", "none"},
                                             {"actions_id_token_request_url", "https://actions.example/token?x=1"},
                                             {"actions_id_token_request_token", "job-secret"}});
  f.resolve();
  CHECK(f.wire->request_count("&audience=acc") == 1);
}
