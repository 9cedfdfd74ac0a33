// SPDX-License-Identifier: Apache-2.0
#include "platform/environment.hpp"

#include <stdlib.h>

#include "platform/clock.hpp"
#include "support/fake_clock.hpp"

#include <catch2/catch.hpp>

using dbxauth::platform::Environment;
using Variables = std::map<std::string, std::string>;

TEST_CASE("the process environment is a snapshot") {
  REQUIRE(::setenv("DBXAUTH_TEST_VARIABLE", "before=1", 1) == 0);
  const auto environment = Environment::of_process();
  REQUIRE(::setenv("DBXAUTH_TEST_VARIABLE", "after", 1) == 0);
  CHECK(environment.get("DBXAUTH_TEST_VARIABLE") == "before=1");
  ::unsetenv("DBXAUTH_TEST_VARIABLE");
  CHECK_FALSE(Environment::of_process().get("DBXAUTH_TEST_VARIABLE"));
}

TEST_CASE("empty variables count as unset") {
  const Environment environment(Variables{{"EMPTY", ""}, {"SET", "x"}});
  CHECK_FALSE(environment.get("EMPTY"));
  CHECK(environment.get("SET") == "x");
  CHECK_FALSE(environment.get("ABSENT"));
}

TEST_CASE("the home directory is absolute") {
  CHECK(Environment(Variables{{"HOME", "/home/somebody"}}).home_directory() == "/home/somebody");
  const std::string from_passwd = Environment().home_directory();
  CHECK((from_passwd.empty() || from_passwd.front() == '/'));
  CHECK(Environment(Variables{{"HOME", "relative"}}).home_directory() == from_passwd);
}

TEST_CASE("clocks") {
  dbxauth::testing::FakeClock clock;
  const auto start = clock.now();
  clock.advance(std::chrono::seconds(61));
  CHECK(clock.now() - start == std::chrono::seconds(61));
  CHECK(dbxauth::platform::Clock::system()->now() > dbxauth::testing::FakeClock::TimePoint());
}
