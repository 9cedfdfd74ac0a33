// SPDX-License-Identifier: Apache-2.0
#include "config/config_attributes.hpp"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "dbxauth/config.hpp"

namespace dbxauth::config {
namespace {

TEST_CASE("Names, aliases and variables of attributes are unambiguous") {
  std::set<std::string> names;
  std::set<std::string> variables;
  for (const ConfigAttribute& attribute : config_attributes()) {
    INFO(attribute.name);
    CHECK(names.insert(std::string(attribute.name)).second);
    for (std::string_view alias : attribute.file_aliases) CHECK(names.insert(std::string(alias)).second);
    for (std::string_view variable : attribute.environment) CHECK(variables.insert(std::string(variable)).second);
    if (!attribute.clone_xs_environment.empty()) {
      CHECK(variables.insert(std::string(attribute.clone_xs_environment)).second);
    }
  }
}

TEST_CASE("Attributes are found by name, alias and variable") {
  REQUIRE(find_config_attribute("client_secret") != nullptr);
  CHECK(find_config_attribute("client_secret")->sensitive);
  CHECK(find_config_attribute("client_secret")->group == "oauth");
  CHECK(find_config_attribute("audience") == find_config_attribute("token_audience"));
  CHECK(find_config_attribute("CLIENT_SECRET") == nullptr);
  CHECK(find_config_attribute("") == nullptr);
  CHECK(find_attribute_of_variable("ARM_CLIENT_ID") == find_config_attribute("azure_client_id"));
  CHECK(find_attribute_of_variable("AZURE_CLIENT_ID") == find_config_attribute("azure_client_id"));
  CHECK(find_attribute_of_variable("") == nullptr);
  CHECK(find_attribute_of_variable("PATH") == nullptr);
}

TEST_CASE("Every attribute that holds a secret is masked") {
  for (const char* name : {"token", "password", "client_secret", "azure_client_secret", "google_credentials",
                           "actions_id_token_request_token", "metadata_service_url"}) {
    INFO(name);
    CHECK(find_config_attribute(name)->sensitive);
  }
  for (const char* name : {"host", "client_id", "azure_tenant_id", "auth_type"}) {
    INFO(name);
    CHECK_FALSE(find_config_attribute(name)->sensitive);
  }
}

TEST_CASE("A .env file may not name programs, files or other sources of credentials") {
  for (const char* name : {"databricks_cli_path", "config_file", "metadata_service_url", "discovery_url",
                           "actions_id_token_request_url", "oidc_token_filepath", "oidc_token_env", "azure_use_msi",
                           "google_credentials", "google_service_account", "skip_verify", "redirect_url"}) {
    INFO(name);
    CHECK_FALSE(find_config_attribute(name)->dotenv_allowed);
  }
  for (const char* name : {"host", "token", "client_id", "client_secret", "azure_client_secret", "warehouse_id"}) {
    INFO(name);
    CHECK(find_config_attribute(name)->dotenv_allowed);
  }
}

TEST_CASE("Similar names are suggested, nearest first") {
  CHECK(similar_attribute_names("client-secret").front() == "client_secret");
  CHECK(similar_attribute_names("Host").front() == "host");
  CHECK(similar_attribute_names("tokn").front() == "token");
  CHECK(similar_attribute_names("DATABRICKS_TOKEN").front() == "token");
  CHECK(similar_attribute_names("secret").size() == 2);
  CHECK(similar_attribute_names("completely_different").empty());
  CHECK(similar_attribute_names("").empty());
  CHECK(is_similar_name("staging", "stagin"));
  CHECK_FALSE(is_similar_name("dev", "prd"));
}

TEST_CASE("Booleans are read as Go reads them") {
  for (const char* text : {"1", "t", "T", "TRUE", "true", "True"}) CHECK(parse_boolean(text, "x").value());
  for (const char* text : {"0", "f", "F", "FALSE", "false", "False"}) CHECK_FALSE(parse_boolean(text, "x").value());
  for (const char* text : {"", "yes", "no", "on", "tRUE", " true", "2", "hunter2"}) {
    INFO(text);
    const Result<bool> parsed = parse_boolean(text, "ARM_USE_MSI");
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::configuration);
    CHECK(parsed.error().message == "ARM_USE_MSI is not a boolean; write true or false");
  }
}

TEST_CASE("Integers are digits with an optional sign") {
  CHECK(parse_integer("0", "x").value() == 0);
  CHECK(parse_integer("+60", "x").value() == 60);
  CHECK(parse_integer("-1", "x").value() == -1);
  CHECK(parse_integer("9223372036854775807", "x").value() == INT64_MAX);
  for (const char* text : {"", "+", "-", "+-1", "1.5", "1e3", "0x10", " 1", "1 ", "9223372036854775808", "sixty"}) {
    INFO(text);
    CHECK_FALSE(parse_integer(text, "http_timeout_seconds").has_value());
  }
}

TEST_CASE("Lists are split at commas and blanks") {
  CHECK(parse_list("sql, unity-catalog offline_access,,") ==
        std::vector<std::string>{"sql", "unity-catalog", "offline_access"});
  CHECK(parse_list("").empty());
  CHECK(parse_list(" , \t").empty());
}

TEST_CASE("Chain rules have stable names") {
  for (ChainRules rules : {ChainRules::layered, ChainRules::clone_xs, ChainRules::databricks_sdk}) {
    CHECK(parse_chain_rules(to_string(rules)).value() == rules);
  }
  CHECK(to_string(ChainRules::clone_xs) == "clone-xs");
  const Result<ChainRules> unknown = parse_chain_rules("strict");
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == ErrorCode::configuration);
  CHECK_THAT(unknown.error().message, Catch::Contains("layered, clone-xs and databricks-sdk"));
}

TEST_CASE("Layers have the names that reports show") {
  CHECK(to_string(Layer::explicit_option) == "explicit");
  CHECK(to_string(Layer::named_profile) == "profile");
  CHECK(to_string(Layer::dotenv) == ".env");
  CHECK(to_string(Layer::default_profile) == "default profile");
  CHECK(to_string(Layer::built_in) == "default");
}

}  // namespace
}  // namespace dbxauth::config
