// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/storage_choice.hpp"

#include <map>
#include <string>

#include <catch2/catch.hpp>

namespace dbxauth::tokenstore {
namespace {

using Variables = std::map<std::string, std::string>;

constexpr const char* kFile = "/home/u/.databrickscfg";

struct Resolver {
  std::optional<StorageMode> stated;
  Variables variables;
  Result<std::string> setting = std::string();
  int readings = 0;

  Result<StorageChoice> choose() {
    return choose_storage(stated, platform::Environment(variables), kFile, [this] {
      ++readings;
      return setting;
    });
  }
};

bool mentions(const Error& error, std::string_view part) {
  return error.message.find(part) != std::string::npos;
}

TEST_CASE("The mode is legacy when nobody says anything", "[storage]") {
  Resolver resolver;
  const StorageChoice choice = resolver.choose().value();
  CHECK(choice.mode == StorageMode::legacy);
  CHECK(choice.source == "default");
  CHECK_FALSE(choice.explicit_choice);
  CHECK(resolver.readings == 1);
}

TEST_CASE("An option, then the variable, then the file decides on the mode", "[storage]") {
  Resolver resolver;
  resolver.setting = std::string("secure");
  StorageChoice choice = resolver.choose().value();
  CHECK(choice.mode == StorageMode::secure);
  CHECK(choice.source == "auth_storage in [__settings__] section of /home/u/.databrickscfg");
  CHECK(choice.explicit_choice);
  CHECK(resolver.readings == 1);

  // From here on a file that cannot be read does not matter.
  resolver.setting = Error(ErrorCode::configuration, "broken file");
  resolver.variables["DATABRICKS_AUTH_STORAGE"] = " Plaintext\n";
  choice = resolver.choose().value();
  CHECK(choice.mode == StorageMode::plaintext);
  CHECK(choice.source == "DATABRICKS_AUTH_STORAGE environment variable");
  CHECK(choice.explicit_choice);

  resolver.stated = StorageMode::legacy;
  resolver.variables["DATABRICKS_AUTH_STORAGE"] = "nonsense";
  choice = resolver.choose().value();
  CHECK(choice.mode == StorageMode::legacy);
  CHECK(choice.source == "storage_mode option");
  CHECK(choice.explicit_choice);
  CHECK(resolver.readings == 1);
}

TEST_CASE("Every mode is accepted from the file, whatever its case", "[storage]") {
  Resolver resolver;
  resolver.setting = std::string("LEGACY");
  CHECK(resolver.choose().value().mode == StorageMode::legacy);
  CHECK(resolver.choose().value().explicit_choice);
  resolver.setting = std::string("PlainText");
  CHECK(resolver.choose().value().mode == StorageMode::plaintext);
}

TEST_CASE("A value that is no mode names where it stands", "[storage]") {
  Resolver resolver;
  SECTION("in the variable") {
    resolver.variables["DATABRICKS_AUTH_STORAGE"] = "keychain";
    const Error error = resolver.choose().error();
    CHECK(error.code == ErrorCode::configuration);
    CHECK(error.message.rfind("DATABRICKS_AUTH_STORAGE: unknown storage mode \"keychain\"", 0) == 0);
    CHECK(mentions(error, "want plaintext, secure or legacy"));
    CHECK(resolver.readings == 0);
  }
  SECTION("blanks are no mode") {
    resolver.variables["DATABRICKS_AUTH_STORAGE"] = "  ";
    CHECK(resolver.choose().error().code == ErrorCode::configuration);
  }
  SECTION("an empty variable is unset") {
    resolver.variables["DATABRICKS_AUTH_STORAGE"] = "";
    CHECK(resolver.choose().value().source == "default");
  }
  SECTION("in the file") {
    resolver.setting = std::string("keychain");
    const Error error = resolver.choose().error();
    CHECK(error.code == ErrorCode::configuration);
    CHECK(error.message.rfind("auth_storage in /home/u/.databrickscfg: unknown storage mode \"keychain\"", 0) == 0);
  }
  SECTION("the file itself") {
    resolver.setting = Error(ErrorCode::configuration, "broken file");
    CHECK(resolver.choose().error().message == "broken file");
  }
  SECTION("a secret in its place is not shown") {
    resolver.variables["DATABRICKS_AUTH_STORAGE"] = "dapi0123456789abcdef0123456789abcdef";
    CHECK_FALSE(mentions(resolver.choose().error(), "0123456789abcdef"));
  }
}

TEST_CASE("The minimum is that of the option, else of the variable", "[storage]") {
  CHECK(choose_minimum({}, platform::Environment()).value() == StorageMinimum::none);
  const platform::Environment keyring(Variables{{"DBXAUTH_STORAGE_MIN", " KEYRING "}});
  CHECK(choose_minimum({}, keyring).value() == StorageMinimum::keyring);
  CHECK(choose_minimum(StorageMinimum::encrypted, keyring).value() == StorageMinimum::encrypted);
  const Error error = choose_minimum({}, platform::Environment(Variables{{"DBXAUTH_STORAGE_MIN", "vault"}})).error();
  CHECK(error.code == ErrorCode::configuration);
  CHECK(mentions(error, "DBXAUTH_STORAGE_MIN: unknown storage minimum \"vault\""));
}

TEST_CASE("A mode below the minimum is refused, and who chose it is told", "[storage]") {
  const auto allowed = [](StorageMode mode, StorageMinimum minimum) {
    return check_minimum({mode, "somebody", true}, minimum).has_value();
  };
  for (const StorageMode mode : {StorageMode::legacy, StorageMode::plaintext}) {
    CHECK(allowed(mode, StorageMinimum::none));
    CHECK_FALSE(allowed(mode, StorageMinimum::encrypted));
    CHECK_FALSE(allowed(mode, StorageMinimum::keyring));
  }
  for (const StorageMinimum minimum : {StorageMinimum::none, StorageMinimum::encrypted, StorageMinimum::keyring}) {
    CHECK(allowed(StorageMode::secure, minimum));
  }
  const Error error = check_minimum({StorageMode::plaintext, "somebody", true}, StorageMinimum::keyring).error();
  CHECK(error.code == ErrorCode::storage_unavailable);
  CHECK(mentions(error, "plaintext (somebody)"));
}

TEST_CASE("Modes and minimums have stable names", "[storage]") {
  for (const StorageMode mode : {StorageMode::legacy, StorageMode::plaintext, StorageMode::secure}) {
    CHECK(parse_storage_mode(to_string(mode)).value() == mode);
  }
  for (const StorageMinimum minimum : {StorageMinimum::none, StorageMinimum::encrypted, StorageMinimum::keyring}) {
    CHECK(parse_storage_minimum(to_string(minimum)).value() == minimum);
  }
}

}  // namespace
}  // namespace dbxauth::tokenstore
