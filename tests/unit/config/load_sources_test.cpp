// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "config/config_sources.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::config {
namespace {

/// A home directory, an environment and options; each test states only what it is about.
class Setting {
 public:
  Setting() { variables["HOME"] = home.path(); }

  Result<ConfigSources> load() {
    options.attributes = &attributes;
    options.attribute_places = &places;
    options.environment = platform::Environment(variables);
    return load_sources(options);
  }

  ConfigSources loaded() {
    Result<ConfigSources> sources = load();
    if (!sources) FAIL(sources.error().message);
    return std::move(*sources);
  }

  std::string error(ErrorCode code = ErrorCode::configuration) {
    const Result<ConfigSources> sources = load();
    if (sources) return "<no error>";
    CHECK(sources.error().code == code);
    return sources.error().message;
  }

  void profiles(std::string_view text, unsigned mode = 0600) { home.write(".databrickscfg", text, mode); }
  void dotenv(std::string_view text) {
    options.load_dotenv = true;
    options.dotenv_file = home.write("project/.env", text);
  }

  testing::TemporaryDirectory home;
  std::map<std::string, std::string> variables;
  std::map<std::string, SecretString> attributes;
  std::map<std::string, std::string> places;
  SourceOptions options;
};

std::string text_of(const ConfigSources& sources, Layer layer, std::string_view name) {
  const AttributeLayer* found = sources.find(layer);
  return found ? std::string(found->text(name)) : "<no layer>";
}

bool has_warning(const ConfigSources& sources, std::string_view part) {
  return std::any_of(sources.warnings.begin(), sources.warnings.end(),
                     [&](const std::string& warning) { return warning.find(part) != std::string::npos; });
}

std::vector<Layer> order_of(const ConfigSources& sources) {
  std::vector<Layer> order;
  for (const AttributeLayer& layer : sources.layers) order.push_back(layer.layer);
  return order;
}

TEST_CASE("Nothing configured is no error") {
  Setting setting;
  const ConfigSources sources = setting.loaded();
  CHECK(sources.layers.empty());
  CHECK(sources.warnings.empty());
  CHECK(sources.profile.empty());
  CHECK(sources.config_file == setting.home / ".databrickscfg");
  CHECK(sources.rules == ChainRules::layered);
}

TEST_CASE("Layers are ordered and every value knows its place") {
  Setting setting;
  setting.attributes.emplace("host", SecretString("https://explicit"));
  setting.attributes.emplace("token", SecretString("t0"));
  setting.places["host"] = "--host";
  setting.variables["DATABRICKS_HOST"] = "https://env";
  setting.dotenv("# note\nDATABRICKS_HOST=https://dotenv\n");
  setting.profiles("[DEFAULT]\nhost = https://default\n[prod]\n\nhost = https://prod\nclient_id = c\n");
  setting.options.profile = "prod";
  const ConfigSources sources = setting.loaded();
  CHECK(order_of(sources) ==
        std::vector<Layer>{Layer::explicit_option, Layer::named_profile, Layer::environment, Layer::dotenv});
  CHECK(sources.profile == "prod");
  CHECK(sources.profile_named);
  CHECK(sources.find(Layer::named_profile)->label == "profile prod");
  const auto place = [&](Layer layer) { return sources.find(layer)->find("host")->provenance.place; };
  CHECK(place(Layer::explicit_option) == "--host");
  CHECK(sources.find(Layer::explicit_option)->find("token")->provenance.place == "token");
  CHECK(place(Layer::named_profile) == setting.home / ".databrickscfg:5");
  CHECK(place(Layer::environment) == "DATABRICKS_HOST");
  CHECK(place(Layer::dotenv) == setting.home / "project/.env:2");
  CHECK(sources.find_attribute("client_id")->value.equals("c"));
  CHECK(sources.find_attribute("host")->value.equals("https://explicit"));
  CHECK(sources.find_attribute("password") == nullptr);
}

TEST_CASE("An unknown option names what it may have meant") {
  Setting setting;
  setting.attributes.emplace("client-secret", SecretString("hunter2"));
  CHECK(setting.error(ErrorCode::invalid_argument) ==
        "there is no configuration attribute named 'client-secret'; did you mean client_secret?");
}

TEST_CASE("Empty values are unset in every layer") {
  Setting setting;
  setting.attributes.emplace("host", SecretString(""));
  setting.variables["DATABRICKS_HOST"] = "";
  setting.variables["DATABRICKS_TOKEN"] = "  ";
  setting.dotenv("DATABRICKS_HOST=\n");
  setting.profiles("[DEFAULT]\nhost =\n");
  CHECK(setting.loaded().layers.empty());
}

TEST_CASE("White space around a variable is not part of it, but of a password it is") {
  Setting setting;
  setting.variables["DATABRICKS_TOKEN"] = "secret\r\n";
  setting.variables["DATABRICKS_PASSWORD"] = " p ";
  const ConfigSources sources = setting.loaded();
  CHECK(text_of(sources, Layer::environment, "token") == "secret");
  CHECK(text_of(sources, Layer::environment, "password") == " p ");
}

TEST_CASE("The default profile is the variable's, the setting's, or DEFAULT") {
  Setting setting;
  setting.profiles("[DEFAULT]\nhost = d\n[one]\nhost = 1\n[two]\nhost = 2\n[__settings__]\ndefault_profile = one\n");
  SECTION("setting") {
    const ConfigSources sources = setting.loaded();
    CHECK(sources.profile == "one");
    CHECK_FALSE(sources.profile_named);
    CHECK(text_of(sources, Layer::default_profile, "host") == "1");
  }
  SECTION("variable") {
    setting.variables["DATABRICKS_CONFIG_PROFILE"] = "two";
    const ConfigSources sources = setting.loaded();
    CHECK(text_of(sources, Layer::default_profile, "host") == "2");
    CHECK(order_of(sources) == std::vector<Layer>{Layer::environment, Layer::default_profile});
  }
  SECTION("DEFAULT") {
    setting.profiles("[DEFAULT]\nhost = d\n[one]\nhost = 1\n");
    CHECK(setting.loaded().profile == "DEFAULT");
  }
  SECTION("an explicitly named one wins over the variable") {
    setting.variables["DATABRICKS_CONFIG_PROFILE"] = "two";
    setting.options.profile = "one";
    const ConfigSources sources = setting.loaded();
    CHECK(text_of(sources, Layer::named_profile, "host") == "1");
    CHECK(sources.find(Layer::default_profile) == nullptr);
  }
  SECTION("the attribute profile counts as an explicit name") {
    setting.attributes.emplace("profile", SecretString("two"));
    CHECK(text_of(setting.loaded(), Layer::named_profile, "host") == "2");
  }
}

TEST_CASE("A profile that is missing is an error that lists the others") {
  Setting setting;
  const std::string path = setting.home / ".databrickscfg";
  SECTION("named by the program") {
    setting.profiles("[DEFAULT]\nhost = d\n[staging]\nhost = s\n[empty]\n[__settings__]\nauth_storage = plaintext\n");
    setting.options.profile = "stagin";
    CHECK(setting.error() ==
          path + " has no profile 'stagin'; profiles in it: DEFAULT, staging; did you mean staging?");
    setting.options.profile = "empty";
    CHECK(setting.error() == path + " has no keys in the profile 'empty'; profiles in it: DEFAULT, staging");
  }
  SECTION("named by the variable") {
    setting.profiles("");
    setting.variables["DATABRICKS_CONFIG_PROFILE"] = "x";
    CHECK(setting.error() == path + " has no profile 'x' (named by DATABRICKS_CONFIG_PROFILE); profiles in it: none");
  }
  SECTION("no file") {
    setting.options.profile = "x";
    CHECK_THAT(setting.error(), Catch::Contains("the file " + path + " does not exist"));
  }
  SECTION("the settings section") {
    setting.profiles("[__settings__]\ndefault_profile = __settings__\n");
    CHECK(setting.error() == path + ":2: '__settings__' is the section of settings and cannot be used as a profile");
    setting.options.profile = "__settings__";
    CHECK(setting.error() == "'__settings__' is the section of settings and cannot be used as a profile");
  }
}

TEST_CASE("A broken default profile matters only when it is needed") {
  Setting setting;
  setting.profiles("[DEFAULT]\ndapi-hunter2\n");
  CHECK_THAT(setting.error(), Catch::Contains(".databrickscfg:2: ") && !Catch::Contains("hunter2"));
  setting.variables["DATABRICKS_TOKEN"] = "t";
  const ConfigSources sources = setting.loaded();
  CHECK(has_warning(sources, "the default profile was ignored: "));
  CHECK(sources.find(Layer::environment) != nullptr);
  setting.options.profile = "prod";
  CHECK_THAT(setting.error(), Catch::Contains(".databrickscfg:2: "));
}

TEST_CASE("The profile file is named by option, then variable, and ~ is the home directory") {
  Setting setting;
  setting.home.write("a", "[DEFAULT]\nhost = a\n");
  setting.home.write("b", "[DEFAULT]\nhost = b\n");
  setting.variables["DATABRICKS_CONFIG_FILE"] = "~/a";
  CHECK(text_of(setting.loaded(), Layer::default_profile, "host") == "a");
  setting.options.config_file = setting.home / "b";
  CHECK(text_of(setting.loaded(), Layer::default_profile, "host") == "b");
  setting.options.config_file = "/dev/null";
  CHECK(setting.loaded().find(Layer::default_profile) == nullptr);
  setting.options.config_file = setting.home.path();
  CHECK_THAT(setting.error(), Catch::Contains(setting.home.path()));
}

TEST_CASE("Keys that are no attributes are reported with their line, secrets in the place of keys are not repeated") {
  Setting setting;
  setting.profiles(
      "[DEFAULT]\nhost = h\ntokn = x\ndapi0123hunter2 = y\njobs-api-version = 2.1\nprofile = q\nHost = z\n");
  const ConfigSources sources = setting.loaded();
  const std::string path = setting.home / ".databrickscfg";
  CHECK(sources.warnings ==
        std::vector<std::string>{path + ":3: the key tokn is not known and was ignored; did you mean token?",
                                 path + ":4: the key is not known and was ignored",
                                 path + ":7: the key Host is not known and was ignored; did you mean host?"});
  CHECK(text_of(sources, Layer::default_profile, "profile").empty());
}

TEST_CASE("Other spellings of an attribute count when the proper one is absent") {
  Setting setting;
  setting.profiles("[DEFAULT]\naudience = a\n[both]\naudience = a\ntoken_audience = b\n");
  CHECK(text_of(setting.loaded(), Layer::default_profile, "token_audience") == "a");
  setting.options.profile = "both";
  CHECK(text_of(setting.loaded(), Layer::named_profile, "token_audience") == "b");
}

TEST_CASE("A profile file that everybody may read is reported when it holds secrets") {
  Setting setting;
  setting.profiles("[DEFAULT]\nhost = h\n[other]\ntoken = t\n", 0644);
  CHECK(has_warning(setting.loaded(), "chmod 600"));
  setting.profiles("[DEFAULT]\nhost = h\n", 0644);
  CHECK(setting.loaded().warnings.empty());
  setting.profiles("[DEFAULT]\ntoken = h\n", 0600);
  CHECK(setting.loaded().warnings.empty());
}

TEST_CASE("A .env file supplies a layer of its own and is not mixed into the environment") {
  Setting setting;
  setting.dotenv("DATABRICKS_HOST=https://x\nDATABRICKS_TOKEN='t'\nAZURE_CLIENT_ID=a\nUNRELATED=1\n");
  const ConfigSources sources = setting.loaded();
  CHECK(order_of(sources) == std::vector<Layer>{Layer::dotenv});
  CHECK(text_of(sources, Layer::dotenv, "token") == "t");
  CHECK(text_of(sources, Layer::dotenv, "azure_client_id") == "a");
  CHECK_FALSE(sources.environment.get("DATABRICKS_HOST").has_value());
  CHECK(sources.warnings.empty());
}

TEST_CASE("A .env file may not set what reaches outside of it") {
  Setting setting;
  setting.profiles("[DEFAULT]\nhost = h\n");
  setting.dotenv(
      "DATABRICKS_CLI_PATH=/tmp/evil\nDATABRICKS_CONFIG_FILE=/tmp/evil\nHTTPS_PROXY=http://evil\n"
      "DATABRICKS_METADATA_SERVICE_URL=http://evil\nDATABRICKS_OIDC_TOKEN_ENV=AWS_SECRET\nBROWSER=/tmp/evil\n"
      "DBXAUTH_CHAIN=clone-xs\nARM_USE_MSI=true\nDATABRICKS_CA_BUNDLE=/tmp/evil\nDATABRICKS_TOKEN=${SECRET}\n");
  const ConfigSources sources = setting.loaded();
  for (const char* name :
       {"databricks_cli_path", "config_file", "metadata_service_url", "oidc_token_env", "azure_use_msi"}) {
    INFO(name);
    CHECK(sources.find_attribute(name) == nullptr);
  }
  CHECK(sources.rules == ChainRules::layered);
  CHECK(sources.config_file == setting.home / ".databrickscfg");
  CHECK(sources.warnings.size() == 10);
  CHECK(has_warning(sources, ".env:1: DATABRICKS_CLI_PATH was ignored"));
  CHECK(has_warning(sources, ".env:10: the value of DATABRICKS_TOKEN contains ${…}, which is not replaced"));
}

TEST_CASE("A .env file that was named must exist, the usual one need not") {
  Setting setting;
  setting.options.load_dotenv = true;
  setting.options.dotenv_file = setting.home / "none";
  CHECK_THAT(setting.error(), Catch::Contains(setting.home / "none"));
  setting.options.load_dotenv = false;
  CHECK(setting.loaded().layers.empty());
}

TEST_CASE("The usual .env file is that of the current directory") {
  Setting setting;
  setting.home.write("work/.env", "DATABRICKS_HOST=https://here\n");
  setting.options.load_dotenv = true;
  char before[4096];
  REQUIRE(::getcwd(before, sizeof before) != nullptr);
  REQUIRE(::chdir((setting.home / "work").c_str()) == 0);
  const Result<ConfigSources> inside = setting.load();
  REQUIRE(::chdir(setting.home.path().c_str()) == 0);
  const Result<ConfigSources> outside = setting.load();
  REQUIRE(::chdir(before) == 0);
  REQUIRE(inside.has_value());
  CHECK(text_of(*inside, Layer::dotenv, "host") == "https://here");
  REQUIRE(outside.has_value());
  CHECK(outside->find(Layer::dotenv) == nullptr);
}

TEST_CASE("An Azure client id never gets the secret of another family") {
  Setting setting;
  auto& variables = setting.variables;
  const auto value = [&](const char* name) { return text_of(setting.loaded(), Layer::environment, name); };
  SECTION("AZURE_* alone") {
    variables["AZURE_CLIENT_ID"] = "z1";
    variables["AZURE_CLIENT_SECRET"] = "z2";
    variables["AZURE_TENANT_ID"] = "z3";
    CHECK(value("azure_client_id") == "z1");
    CHECK(value("azure_client_secret") == "z2");
    CHECK(value("azure_tenant_id") == "z3");
    setting.options.rules = ChainRules::databricks_sdk;
    CHECK(setting.loaded().layers.empty());
  }
  SECTION("ARM_* comes first") {
    variables = {{"HOME", setting.home.path()}, {"AZURE_CLIENT_ID", "z1"}, {"AZURE_CLIENT_SECRET", "z2"},
                 {"AZURE_TENANT_ID", "z3"},     {"ARM_CLIENT_ID", "r1"},   {"ARM_CLIENT_SECRET", "r2"}};
    CHECK(value("azure_client_id") == "r1");
    CHECK(value("azure_client_secret") == "r2");
    CHECK(value("azure_tenant_id") == "z3");
    CHECK(has_warning(setting.loaded(), "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are ignored"));
  }
  SECTION("half of ARM_* gives way to complete AZURE_*") {
    variables = {{"HOME", setting.home.path()},
                 {"AZURE_CLIENT_ID", "z1"},
                 {"AZURE_CLIENT_SECRET", "z2"},
                 {"ARM_CLIENT_ID", "r1"},
                 {"ARM_TENANT_ID", "r3"}};
    CHECK(value("azure_client_id") == "z1");
    CHECK(value("azure_tenant_id") == "r3");
    CHECK(has_warning(setting.loaded(), "ARM_CLIENT_ID and ARM_CLIENT_SECRET are ignored"));
  }
  SECTION("halves are not put together") {
    variables["ARM_CLIENT_ID"] = "r1";
    variables["AZURE_CLIENT_SECRET"] = "z2";
    CHECK(value("azure_client_id") == "r1");
    CHECK(value("azure_client_secret").empty());
  }
  SECTION("a managed identity is chosen by ARM_CLIENT_ID only") {
    variables["ARM_USE_MSI"] = "true";
    variables["AZURE_CLIENT_ID"] = "z1";
    CHECK(value("azure_client_id").empty());
  }
}

TEST_CASE("Rules come from the option, else from DBXAUTH_CHAIN") {
  Setting setting;
  setting.variables["DBXAUTH_CHAIN"] = "clone-xs";
  CHECK(setting.loaded().rules == ChainRules::clone_xs);
  setting.options.rules = ChainRules::databricks_sdk;
  CHECK(setting.loaded().rules == ChainRules::databricks_sdk);
  setting.options.rules.reset();
  setting.variables["DBXAUTH_CHAIN"] = "strict";
  CHECK_THAT(setting.error(), Catch::StartsWith("DBXAUTH_CHAIN: "));
}

TEST_CASE("Under the SDK's rules the environment is above a named profile and can suppress the default one") {
  Setting setting;
  setting.options.rules = ChainRules::databricks_sdk;
  setting.profiles("[DEFAULT]\nhost = d\n[p]\nhost = p\n");
  CHECK(text_of(setting.loaded(), Layer::default_profile, "host") == "d");
  setting.variables["DATABRICKS_ACCOUNT_ID"] = "a";
  CHECK(text_of(setting.loaded(), Layer::default_profile, "host") == "d");
  setting.variables["ARM_TENANT_ID"] = "t";
  CHECK(setting.loaded().find(Layer::default_profile) == nullptr);
  setting.options.profile = "p";
  CHECK(order_of(setting.loaded()) == std::vector<Layer>{Layer::environment, Layer::named_profile});
  setting.options.profile = "absent";
  CHECK_THAT(setting.error(), Catch::Contains("has no absent profile configured"));
  setting.options.config_file = setting.home / "absent";
  CHECK(setting.loaded().find(Layer::named_profile) == nullptr);
}

TEST_CASE("Without a usable home directory everything else still works") {
  Setting setting;
  // A relative HOME is none, and then the passwd entry may supply one: only absence of failure is certain.
  setting.variables["HOME"] = "relative";
  setting.variables["DATABRICKS_HOST"] = "https://x";
  setting.variables["DATABRICKS_TOKEN"] = "t";
  CHECK(text_of(setting.loaded(), Layer::environment, "token") == "t");
}

}  // namespace
}  // namespace dbxauth::config
