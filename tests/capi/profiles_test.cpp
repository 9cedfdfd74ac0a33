// SPDX-License-Identifier: Apache-2.0
// The profile functions: stateless, options that grow, secrets that go in and never come out.
#include <catch2/catch.hpp>

#include "capi_support.hpp"
#include "support/temporary_directory.hpp"

using capi_test::Failure;

namespace {

dbxauth_attribute attribute(const char* name, const char* value) {
  return {name, {value, std::strlen(value)}, nullptr};
}

/// A profile file of its own, in an environment without variables.
class ProfileFile {
 public:
  explicit ProfileFile(const std::string& contents = {}) : path_(directory_ / "databrickscfg") {
    if (!contents.empty()) directory_.write("databrickscfg", contents);
    dbxauth_profile_options_init(&options, sizeof options);
    options.replace_environment = 1;
    options.config_file = path_.c_str();
  }
  ProfileFile(const ProfileFile&) = delete;
  ProfileFile& operator=(const ProfileFile&) = delete;

  std::string text() const { return directory_.read("databrickscfg"); }

  std::string list(int32_t check = 0) {
    dbxauth_string* json = nullptr;
    Failure failure;
    const auto status = dbxauth_profiles_json(&options, check, nullptr, &json, &failure.error);
    INFO(failure.message());
    REQUIRE(status == DBXAUTH_OK);
    const std::string listed(dbxauth_string_data(json), dbxauth_string_size(json));
    dbxauth_string_free(json);
    return listed;
  }

  dbxauth_profile_options options;

 private:
  dbxauth::testing::TemporaryDirectory directory_;
  std::string path_;
};

// dbxauth_profile_options up to `proxy`, its last field in the first release.
constexpr std::size_t first_profile_options_size = 64;

constexpr const char* two_profiles =
    "; kept\n[dev]\nhost = https://dev.example.com\ntoken = dapi-planted-secret\n\n"
    "[prod]\nhost = https://prod.example.com\nclient_id = me\nclient_secret = dose-planted-secret\n";

}  // namespace

TEST_CASE("profiles are listed in the order of the file, without their secrets and without network") {
  ProfileFile file(two_profiles);
  const std::string listed = file.list();
  CHECK_THAT(listed, Catch::Contains("\"schema\"") && Catch::Contains("https://dev.example.com"));
  CHECK(listed.find("\"dev\"") < listed.find("\"prod\""));
  CHECK_THAT(listed, !Catch::Contains("planted"));
}

TEST_CASE("a profile file that is not there holds no profiles") {
  ProfileFile file;
  CHECK_THAT(file.list(), Catch::Contains("\"profiles\"") && !Catch::Contains("\"name\""));
}

TEST_CASE("a profile is saved, changed, made the default one and removed") {
  ProfileFile file(two_profiles);
  const dbxauth_attribute added[] = {attribute("host", "https://new.example.com"),
                                     attribute("token", "dapi-not-a-real-token"), attribute("account_id", "a-1")};
  Failure failure;
  auto status = dbxauth_profile_save(&file.options, "new", added, 3, nullptr, 0, 0, nullptr, &failure.error);
  INFO(failure.message());
  REQUIRE(status == DBXAUTH_OK);
  CHECK_THAT(file.text(), Catch::Contains("; kept") && Catch::Contains("dapi-not-a-real-token"));
  CHECK_THAT(file.list(), Catch::Contains("https://new.example.com") && !Catch::Contains("not-a-real-token"));

  const char* const removed[] = {"account_id"};
  const dbxauth_attribute changed[] = {attribute("host", "https://newer.example.com")};
  REQUIRE(dbxauth_profile_save(&file.options, "new", changed, 1, removed, 1, 1, nullptr, nullptr) == DBXAUTH_OK);
  CHECK_THAT(file.text(), Catch::Contains("https://newer.example.com") && Catch::Contains("dapi-not-a-real-token") &&
                              !Catch::Contains("a-1"));
  CHECK_THAT(file.text(), Catch::Contains("default_profile"));

  REQUIRE(dbxauth_profile_set_default(&file.options, "dev", nullptr, nullptr) == DBXAUTH_OK);
  REQUIRE(dbxauth_profile_remove(&file.options, "new", nullptr, nullptr) == DBXAUTH_OK);
  CHECK_THAT(file.list(), !Catch::Contains("newer.example.com") && Catch::Contains("\"default\""));
  CHECK_THAT(file.text(), Catch::Contains("dapi-planted-secret"));
}

TEST_CASE("a profile that does not exist is an error that lists those that do") {
  ProfileFile file(two_profiles);
  {
    Failure failure;
    CHECK(dbxauth_profile_remove(&file.options, "pord", nullptr, &failure.error) == DBXAUTH_E_NOT_FOUND);
    CHECK_THAT(failure.message(), Catch::Contains("prod") && Catch::Contains("dev"));
  }
  Failure failure;
  CHECK(dbxauth_profile_set_default(&file.options, "pord", nullptr, &failure.error) == DBXAUTH_E_NOT_FOUND);
  CHECK_THAT(failure.message(), Catch::Contains("prod"));
  CHECK(file.text() == two_profiles);
}

TEST_CASE("what a profile may not hold is refused, and the value is not repeated") {
  ProfileFile file(two_profiles);
  const dbxauth_attribute unknown[] = {attribute("clientsecret", "dose-planted-secret")};
  {
    Failure failure;
    CHECK(dbxauth_profile_save(&file.options, "dev", unknown, 1, nullptr, 0, 0, nullptr, &failure.error) ==
          DBXAUTH_E_INVALID_ARGUMENT);
    CHECK_THAT(failure.message(), Catch::Contains("clientsecret") && !Catch::Contains("planted"));
  }
  const dbxauth_attribute host[] = {attribute("host", "https://dev.example.com")};
  CHECK(dbxauth_profile_save(&file.options, "__settings__", host, 1, nullptr, 0, 0, nullptr, nullptr) ==
        DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(file.text() == two_profiles);
}

TEST_CASE("NULL names and arrays of the profile functions are refused, never followed") {
  ProfileFile file(two_profiles);
  CHECK(dbxauth_profiles_json(&file.options, 0, nullptr, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_profile_save(&file.options, nullptr, nullptr, 0, nullptr, 0, 0, nullptr, nullptr) ==
        DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_profile_save(&file.options, "dev", nullptr, 1, nullptr, 0, 0, nullptr, nullptr) ==
        DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_profile_save(&file.options, "dev", nullptr, 0, nullptr, 1, 0, nullptr, nullptr) ==
        DBXAUTH_E_INVALID_ARGUMENT);
  const char* const nothing[] = {nullptr};
  CHECK(dbxauth_profile_save(&file.options, "dev", nullptr, 0, nothing, 1, 0, nullptr, nullptr) ==
        DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_profile_remove(&file.options, nullptr, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(dbxauth_profile_set_default(&file.options, nullptr, nullptr, nullptr) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(file.text() == two_profiles);
}

TEST_CASE("the options of the profile functions are checked by field") {
  ProfileFile file(two_profiles);
  const char* field = nullptr;
  SECTION("reserved") {
    file.options.reserved0 = 1;
    field = "reserved0";
  }
  SECTION("parallelism") {
    file.options.parallelism = -1;
    field = "parallelism";
  }
  SECTION("time limit") {
    file.options.per_profile_timeout_ms = -1;
    field = "per_profile_timeout_ms";
  }
  SECTION("environment") {
    file.options.environment_count = 1;
    field = "environment";
  }
  SECTION("too short") {
    file.options.struct_size = first_profile_options_size - 8;
    field = "struct_size";
  }
  dbxauth_string* json = nullptr;
  Failure failure;
  CHECK(dbxauth_profiles_json(&file.options, 0, nullptr, &json, &failure.error) == DBXAUTH_E_INVALID_ARGUMENT);
  CHECK(json == nullptr);
  CHECK_THAT(failure.message(), Catch::Contains(field));
}

TEST_CASE("a later program's profile options are accepted unless they set what is unknown") {
  ProfileFile file(two_profiles);
  struct Later {
    dbxauth_profile_options known;
    int64_t later_number;
  } later{file.options, 0};
  later.known.struct_size = sizeof later;
  dbxauth_string* json = nullptr;
  CHECK(dbxauth_profiles_json(&later.known, 0, nullptr, &json, nullptr) == DBXAUTH_OK);
  dbxauth_string_free(json);
  json = nullptr;
  later.later_number = 1;
  CHECK(dbxauth_profiles_json(&later.known, 0, nullptr, &json, nullptr) == DBXAUTH_E_UNSUPPORTED);
}

TEST_CASE("a profile that does not work is part of the result") {
  ProfileFile file("[broken]\nhost = http://127.0.0.1:1\ntoken = dapi-planted-secret\n");
  file.options.per_profile_timeout_ms = 5000;
  const std::string checked = file.list(1);
  CHECK_THAT(checked, Catch::Contains("\"error\"") && !Catch::Contains("planted"));
}
