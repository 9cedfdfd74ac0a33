// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/client.hpp"

#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "dbxauth/description.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;

namespace {

using Variables = std::map<std::string, std::string>;

struct Fixture {
  testing::TemporaryDirectory home;
  ClientOptions options;

  explicit Fixture(Variables environment = {}) {
    environment.emplace("HOME", home.path());
    options.environment = std::move(environment);
  }
  Result<Client> create() { return Client::create(std::move(options)); }
};

const ConfigValue* value(const Config& config, std::string_view name) {
  const auto found = std::find_if(config.values.begin(), config.values.end(),
                                  [name](const ConfigValue& one) { return one.name == name; });
  return found == config.values.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("a client resolves a token of the environment without any request", "[client]") {
  Fixture f(Variables{{"DATABRICKS_HOST", "a.example/?o=42"}, {"DATABRICKS_TOKEN", "dapi-planted"}});
  const auto client = f.create();
  REQUIRE(client);
  CHECK(client->config().auth_type.empty());
  const auto headers = client->headers();
  REQUIRE(headers);
  CHECK((*headers)->headers.at(0).value.reveal() == "Bearer dapi-planted");
  CHECK(client->token()->access_token.reveal() == "dapi-planted");
  CHECK(client->attempts().size() >= 5);
}

TEST_CASE("the configuration shows places, masks secrets and marks what is used", "[client]") {
  Fixture f(Variables{{"DATABRICKS_HOST", "a.example/?o=42"},
                      {"DATABRICKS_TOKEN", "dapi-planted"},
                      {"DATABRICKS_CLIENT_ID", "unused-id"},
                      {"DATABRICKS_WAREHOUSE_ID", "wh"}});
  const auto client = f.create();
  REQUIRE(client);
  REQUIRE(client->headers());
  const Config config = client->config();
  CHECK(config.host == "https://a.example");
  CHECK(config.workspace_id == "42");
  CHECK(config.warehouse_id == "wh");
  CHECK(config.auth_type == "pat");
  REQUIRE(value(config, "token") != nullptr);
  CHECK(value(config, "token")->value == "********");
  CHECK(value(config, "token")->sensitive);
  CHECK(value(config, "token")->used);
  CHECK(value(config, "token")->provenance.place == "DATABRICKS_TOKEN");
  CHECK(value(config, "token")->provenance.layer == Layer::environment);
  CHECK(value(config, "host")->used);
  CHECK_FALSE(value(config, "client_id")->used);
  CHECK(value(config, "client_secret") == nullptr);
}

TEST_CASE("an explicit option wins and its place is told", "[client]") {
  Fixture f(Variables{{"DATABRICKS_HOST", "https://env.example"}, {"DATABRICKS_TOKEN", "env-token"}});
  f.options.set("host", "https://b.example").set("token", "explicit-token");
  f.options.attribute_places["host"] = "--host";
  const auto client = f.create();
  REQUIRE(client);
  REQUIRE(client->headers());
  CHECK((*client->headers())->headers.at(0).value.reveal() == "Bearer explicit-token");
  CHECK(client->config().host == "https://b.example");
  CHECK(value(client->config(), "host")->provenance.place == "--host");
}

TEST_CASE("a named profile of a file wins over the environment", "[client]") {
  Fixture f(Variables{{"DATABRICKS_HOST", "https://env.example"}, {"DATABRICKS_TOKEN", "env-token"}});
  f.home.write(".databrickscfg", "[staging]\nhost = https://staging.example\ntoken = profile-token\n");
  f.options.profile = "staging";
  const auto client = f.create();
  REQUIRE(client);
  REQUIRE(client->headers());
  CHECK(client->config().host == "https://staging.example");
  CHECK(client->config().profile == "staging");
  CHECK(value(client->config(), "token")->provenance.place == (f.home / ".databrickscfg") + ":3");
}

TEST_CASE("the shared login of the home directory is found", "[client]") {
  Fixture f;
  f.home.write(".databrickscfg", "[DEFAULT]\nhost = https://w.example\nauth_type = databricks-cli\n");
  f.home.write(".databricks/token-cache.json",
               R"({"version":1,"tokens":{"DEFAULT":{"access_token":"login-token","token_type":"Bearer",)"
               R"("refresh_token":"r","expiry":"2999-01-01T00:00:00Z"}}})");
  const auto client = f.create();
  REQUIRE(client);
  const auto headers = client->headers();
  REQUIRE(headers);
  CHECK((*headers)->headers.at(0).value.reveal() == "Bearer login-token");
  CHECK(client->config().auth_type == "databricks-cli");
}

TEST_CASE("missing credentials are no error before they are needed", "[client]") {
  Fixture f;
  const auto client = f.create();
  REQUIRE(client);
  const auto headers = client->headers();
  REQUIRE_FALSE(headers);
  CHECK(headers.error().code == ErrorCode::no_credentials);
  CHECK(headers.error().attempts.size() == client->attempts().size());
  const auto workspace = client->workspace();
  REQUIRE_FALSE(workspace);
  CHECK(workspace.error().code == ErrorCode::no_credentials);
  CloneSpec spec;
  spec.source = "a";
  spec.destination = "b";
  CHECK(client->plan_clone(spec).error().code == ErrorCode::no_credentials);
}

TEST_CASE("a host that makes no sense is refused at once, with its place", "[client]") {
  Fixture f(Variables{{"DATABRICKS_HOST", "ftp://a.example"}});
  const auto client = f.create();
  REQUIRE_FALSE(client);
  CHECK(client.error().message.find("DATABRICKS_HOST") != std::string::npos);
}

TEST_CASE("unknown attributes are refused", "[client]") {
  Fixture f;
  f.options.set("tokn", "x");
  const auto client = f.create();
  REQUIRE_FALSE(client);
  CHECK(client.error().code == ErrorCode::invalid_argument);
}

TEST_CASE("an unreachable token endpoint ends within the caller's deadline", "[client]") {
  Fixture f(Variables{{"DATABRICKS_CLIENT_ID", "id"}, {"DATABRICKS_CLIENT_SECRET", "planted"}});
  f.options.set("host", "http://127.0.0.1:1");
  const auto client = f.create();
  REQUIRE(client);
  const auto headers = client->headers(0s, CallContext::with_timeout(300ms));
  REQUIRE_FALSE(headers);
  CHECK((headers.error().code == ErrorCode::network || headers.error().code == ErrorCode::timed_out));
  CHECK(headers.error().message.find("planted") == std::string::npos);
}

TEST_CASE("a notebook brings the host along", "[client]") {
  Fixture f;
  f.options.notebook = []() -> Result<NotebookContext> { return NotebookContext{"nb.example", SecretString("t")}; };
  const auto client = f.create();
  REQUIRE(client);
  REQUIRE(client->headers());
  CHECK(client->config().host == "https://nb.example");
  CHECK(client->config().auth_type == "notebook");
  CHECK(client->workspace());
}

TEST_CASE("a callback that throws is an error of the caller's, not a crash", "[client]") {
  Fixture f;
  f.options.notebook = []() -> Result<NotebookContext> { throw 1; };
  const auto client = f.create();
  REQUIRE(client);
  CHECK_FALSE(client->headers());
}

TEST_CASE("a program's own credentials do not go to a host that only a .env file names", "[client]") {
  class OwnProvider final : public CredentialProvider {
   public:
    std::string_view name() const noexcept override { return "mine"; }
    Result<AuthHeadersPtr> headers(std::chrono::seconds, const CallContext&) override {
      return std::make_shared<const AuthHeaders>();
    }
  };
  Fixture f;
  f.options.load_dotenv = true;
  f.options.dotenv_file = f.home.write("env", "DATABRICKS_HOST=https://evil.example\n");
  f.options.providers = {std::make_shared<OwnProvider>()};
  SECTION("only there") {
    const auto client = f.create();
    REQUIRE(client);
    REQUIRE(client->headers());
    const auto workspace = client->workspace();
    REQUIRE_FALSE(workspace);
    CHECK(workspace.error().code == ErrorCode::configuration);
    CHECK(client->config().host.empty());
  }
  SECTION("elsewhere, too") {
    f.options.attributes.emplace("host", SecretString("https://a.example"));
    const auto client = f.create();
    REQUIRE(client);
    CHECK(client->workspace());
    CHECK(client->config().host == "https://a.example");
  }
}

TEST_CASE("what belongs to another workspace's profile is left there", "[client]") {
  Fixture f(Variables{{"DATABRICKS_HOST", "https://a.example"}, {"DATABRICKS_TOKEN", "t"}});
  const std::string host = GENERATE("https://b.example", "https://A.example/");
  f.home.write(".databrickscfg", "[DEFAULT]\nhost = " + host +
                                     "\nworkspace_id = 77\naccount_id = acc\nwarehouse_id = wh\ncluster_id = c\n");
  const bool same = host != "https://b.example";
  const auto client = f.create();
  REQUIRE(client);
  const auto headers = client->headers();
  REQUIRE(headers);
  CHECK((*headers)->headers.size() == (same ? 2 : 1));
  CHECK(client->config().workspace_id == (same ? "77" : ""));
  CHECK(client->config().account_id == (same ? "acc" : ""));
  CHECK(client->config().warehouse_id == (same ? "wh" : ""));
  const auto variables = client->environment();
  REQUIRE(variables);
  CHECK(variables->count("DATABRICKS_CLUSTER_ID") == (same ? 1 : 0));
}

TEST_CASE("a token in the wrong place is not part of the description", "[client]") {
  const std::string token = "dapi0123456789abcdef0123456789abcdef";
  Fixture f(Variables{{"DATABRICKS_HOST", "https://a.example"},
                      {"DATABRICKS_TOKEN", "t"},
                      {"DATABRICKS_ACCOUNT_ID", token},
                      {"DATABRICKS_CONFIG_FILE", "/nowhere/" + token}});
  const auto client = f.create();
  REQUIRE(client);
  const std::string text = describe(*client, false).to_json();
  CHECK(text.find("a.example") != std::string::npos);
  CHECK(text.find(token) == std::string::npos);
}
