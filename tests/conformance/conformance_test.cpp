// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "auth/strategy_table.hpp"
#include "case_file.hpp"
#include "case_run.hpp"
#include "config/config_attributes.hpp"
#include "test_key.hpp"

using namespace dbxauth;
using namespace dbxauth::conformance;

namespace {

// Every secret of a case holds this word; its base64 forms are those of the three alignments.
constexpr std::string_view planted[] = {"planted", "cGxhbnRlZ", "BsYW50ZW", "wbGFudGVk"};

bool shows_a_secret(std::string_view text) {
  return std::any_of(std::begin(planted), std::end(planted),
                     [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

std::string all_attempts(const Outcome& outcome) {
  std::string text;
  for (const Attempt& attempt : outcome.attempts) {
    text += "\n  " + attempt.strategy + "@" + attempt.layer + " " + std::string(to_string(attempt.verdict)) + ": " +
            attempt.reason + " [" + attempt.fix + "]";
    for (const std::string& name : attempt.missing) text += " " + name;
  }
  return text;
}

std::vector<std::string> request_lines(const Outcome& outcome) {
  std::vector<std::string> lines;
  for (const auto& request : outcome.requests) {
    lines.push_back(std::string(net::to_string(request.method)) + " " + request.url);
  }
  return lines;
}

std::vector<std::string> header_lines(const Outcome& outcome) {
  std::vector<std::string> lines;
  for (const AuthHeader& header : outcome.headers->headers) {
    lines.push_back(header.name + ": " + std::string(header.value.reveal()));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> lines_of(const Texts& headers) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : headers) lines.push_back(name + ": " + value);
  std::sort(lines.begin(), lines.end());
  return lines;
}

void check_identity(const Expectation& expected, const Outcome& outcome) {
  if (expected.error) {
    if (outcome.resolved) FAIL_CHECK("resolved as " << outcome.auth_type << ", expected error " << *expected.error);
    if (!outcome.resolved) CHECK(to_string(outcome.error.code) == *expected.error);
    for (const std::string& part : expected.message) CHECK_THAT(outcome.error.message, Catch::Contains(part));
  }
  if (expected.auth_type || expected.headers) {
    if (!outcome.resolved) FAIL_CHECK("not resolved: " << outcome.error.message);
    if (!outcome.resolved) return;
    if (expected.auth_type) CHECK(outcome.auth_type == *expected.auth_type);
    if (expected.headers) CHECK(header_lines(outcome) == lines_of(*expected.headers));
  }
  if (expected.layer) CHECK(outcome.layer == *expected.layer);
  // Before credentials were found, and without them, the host is the one that was asked for.
  if (expected.host) CHECK((outcome.resolved ? outcome.host : outcome.config.host) == *expected.host);
  if (expected.workspace_id) CHECK(outcome.config.workspace_id == *expected.workspace_id);
  if (expected.account_id) CHECK(outcome.config.account_id == *expected.account_id);
}

void check_requests(const Expectation& expected, const Outcome& outcome) {
  if (expected.request_count) CHECK(outcome.requests.size() == *expected.request_count);
  if (expected.requests) {
    std::vector<std::string> wanted = *expected.requests;
    std::vector<std::string> seen = request_lines(outcome);
    std::sort(wanted.begin(), wanted.end());
    std::sort(seen.begin(), seen.end());
    CHECK(seen == wanted);
  }
  CHECK(outcome.unexpected_requests == std::vector<std::string>{});
}

void check_account(const Expectation& expected, const Outcome& outcome) {
  for (const auto& [name, verdict] : expected.attempts) {
    const Attempt* attempt = outcome.attempt(name);
    INFO("attempt " << name);
    CHECK((attempt == nullptr ? std::string("none") : std::string(to_string(attempt->verdict))) == verdict);
  }
  for (const std::string& part : expected.reasons) CHECK_THAT(all_attempts(outcome), Catch::Contains(part));
  for (const std::string& part : expected.warnings) {
    std::string warnings;
    for (const std::string& warning : outcome.sources.warnings) warnings += warning + "\n";
    CHECK_THAT(warnings, Catch::Contains(part));
  }
}

void check_attributes(const Expectation& expected, const Outcome& outcome) {
  for (const ExpectedAttribute& attribute : expected.attributes) {
    INFO("attribute " << attribute.name);
    const config::AttributeValue* value = outcome.sources.find_attribute(attribute.name);
    if (!attribute.value) {
      CHECK(value == nullptr);
      continue;
    }
    if (value == nullptr) FAIL_CHECK("it is not set");
    if (value == nullptr) continue;
    CHECK(std::string(value->value.reveal()) == *attribute.value);
    if (!attribute.place.empty()) CHECK(value->provenance.place == attribute.place);
    if (!attribute.layer.empty()) CHECK(to_string(value->provenance.layer) == attribute.layer);
  }
}

void check_secrecy(const Outcome& outcome) {
  for (const std::string& text : outcome.visible_texts()) {
    if (shows_a_secret(text)) FAIL_CHECK("a planted secret is visible in: " << text);
  }
  for (const auto& request : outcome.requests) {
    // The address of a service on this computer may be a secret itself.
    const bool local = request.url.rfind("http://localhost", 0) == 0;
    if (!local && shows_a_secret(request.url)) FAIL_CHECK("a planted secret is in the URL " << request.url);
    for (const auto& [name, value] : request.headers) {
      if (shows_a_secret(value)) FAIL_CHECK("a planted secret is in the header " << name << ", which is not secret");
    }
  }
}

void check_case(const Case& made, ChainRules rules, const Expectation& expected,
                const testing::TemporaryDirectory& home) {
  const Outcome outcome = run_case(made, rules, home);
  INFO(made.name << " [" << to_string(rules) << "] (" << made.source << ")");
  INFO("error: " << outcome.error.message);
  INFO("attempts:" << all_attempts(outcome));
  check_identity(expected, outcome);
  check_requests(expected, outcome);
  check_account(expected, outcome);
  check_attributes(expected, outcome);
  check_secrecy(outcome);
}

Texts placeholders(const std::string& home, const TestKey& key) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {{"HOME", home},
          {"NOW_S", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count())},
          {"RSA_KEY", key.private_key_pem()}};
}

std::set<std::string> case_files() {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(DBXAUTH_CONFORMANCE_CASES)) {
    const auto path = entry.path();
    if (path.extension() == ".json" && path.filename() != "shared.json") files.insert(path.string());
  }
  return files;
}

void empty(const testing::TemporaryDirectory& home) {
  for (const auto& entry : std::filesystem::directory_iterator(home.path())) {
    std::filesystem::remove_all(entry.path());
  }
}

}  // namespace

// DBXAUTH_CASE limits the run to cases whose name contains it.
TEST_CASE("every case of the reference resolves as the reference says", "[conformance]") {
  const char* const chosen = std::getenv("DBXAUTH_CASE");
  const TestKey key;
  const testing::TemporaryDirectory home;
  std::set<std::string> names;
  std::size_t resolutions = 0;
  for (const std::string& file : case_files()) {
    for (const Case& made :
         read_cases(file, DBXAUTH_CONFORMANCE_CASES "/shared.json", placeholders(home.path(), key))) {
      if (!names.insert(made.name).second) FAIL_CHECK(file << " repeats the name " << made.name);
      if (chosen != nullptr && made.name.find(chosen) == std::string::npos) continue;
      for (const auto& [rules, expected] : made.expectations) {
        empty(home);
        check_case(made, rules, expected, home);
        ++resolutions;
      }
    }
  }
  std::cout << names.size() << " cases, " << resolutions << " resolutions\n";
  CHECK(resolutions > 0);
}

TEST_CASE("no strategy and no attribute is without a case", "[conformance]") {
  const TestKey key;
  std::set<std::string> resolved;  // "rules strategy"
  std::set<std::string> options;
  std::set<std::string> variables;
  for (const std::string& file : case_files()) {
    for (const Case& made : read_cases(file, DBXAUTH_CONFORMANCE_CASES "/shared.json", placeholders("/home", key))) {
      for (const auto& [rules, expected] : made.expectations) {
        if (expected.auth_type) resolved.insert(std::string(to_string(rules)) + " " + *expected.auth_type);
      }
      for (const auto& option : made.options) options.insert(option.first);
      for (const auto& variable : made.variables) variables.insert(variable.first);
    }
  }
  for (const auth::Strategy which : auth::all_strategies()) {
    // Its token file is at a fixed place outside of every home directory.
    if (which == auth::Strategy::model_serving) continue;
    const std::string name(auth::describe_strategy(which).name);
    INFO(name);
    CHECK(resolved.count("layered " + name) == 1);
    CHECK(resolved.count("databricks-sdk " + name) == 1);
  }
  for (const config::ConfigAttribute& attribute : config::config_attributes()) {
    INFO(attribute.name);
    CHECK(options.count(std::string(attribute.name)) == 1);
    for (const std::string_view variable : attribute.environment) {
      INFO(variable);
      CHECK(variables.count(std::string(variable)) == 1);
    }
  }
}
