// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/id_token_source.hpp"
#include "support/scripted_transport.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using testing::ScriptedTransport;

namespace {

const std::string request_url = "https://pipelines.actions.example/abc/idtoken?api-version=2.0";

std::map<std::string, std::string> devops_job() {
  return {{"SYSTEM_ACCESSTOKEN", "planted-access"},
          {"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.azure.example/org/"},
          {"SYSTEM_PLANID", "plan-1"},
          {"SYSTEM_JOBID", "job-1"},
          {"SYSTEM_TEAMPROJECTID", "project 1"},
          {"SYSTEM_HOSTTYPE", "build"}};
}

auth::EnvironmentReader reader(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)] { return platform::Environment(variables); };
}

/// The code of a failure whose texts hold none of the planted secrets.
ErrorCode failure_of(const Result<SecretString>& token) {
  REQUIRE_FALSE(token);
  CHECK(to_json(token.error()).find("planted") == std::string::npos);
  return token.error().code;
}

std::string fix_of(const Result<SecretString>& token) {
  REQUIRE_FALSE(token);
  return token.error().attempts.empty() ? std::string() : token.error().attempts.front().fix;
}

}  // namespace

TEST_CASE("a token file is read at each call, without its final newline", "[id-token]") {
  const testing::TemporaryDirectory directory;
  const auto source = auth::make_file_id_token_source(directory.write("token", " first.id.token \r\n"));
  CHECK_FALSE(source->takes_audience());
  auto token = source->id_token("", {});
  REQUIRE(token);
  CHECK(token->reveal() == "first.id.token");
  directory.write("token", "second.id.token");
  token = source->id_token("", {});
  REQUIRE(token);
  CHECK(token->reveal() == "second.id.token");
}

TEST_CASE("a token file that cannot be used is named", "[id-token]") {
  const testing::TemporaryDirectory directory;
  std::string path = directory / "token";
  ErrorCode expected = ErrorCode::configuration;
  std::string fix = "one JSON Web Token";
  SECTION("absent") {
    fix = "oidc_token_filepath";
  }
  SECTION("empty") {
    directory.write("token", "");
  }
  SECTION("blank") {
    directory.write("token", "\n \n");
  }
  SECTION("two lines") {
    directory.write("token", "planted-1\nplanted-2\n");
  }
  SECTION("a directory") {
    std::filesystem::create_directory(path);
    expected = ErrorCode::io;
    fix = "let oidc_token_filepath (DATABRICKS_OIDC_TOKEN_FILEPATH) name a file";
  }
  const auto token = auth::make_file_id_token_source(path)->id_token("", {});
  CHECK(failure_of(token) == expected);
  CHECK(token.error().message.find(path) != std::string::npos);
  CHECK(fix_of(token).find(fix) != std::string::npos);
}

TEST_CASE("a variable is read at each call", "[id-token]") {
  std::map<std::string, std::string> variables{{"MY_TOKEN", "first\n"}};
  const auto source =
      auth::make_environment_id_token_source("MY_TOKEN", [&variables] { return platform::Environment(variables); });
  CHECK_FALSE(source->takes_audience());
  CHECK(source->id_token("", {})->reveal() == "first");
  variables["MY_TOKEN"] = "second";
  CHECK(source->id_token("", {})->reveal() == "second");
  variables["MY_TOKEN"] = "planted planted";
  CHECK(failure_of(source->id_token("", {})) == ErrorCode::configuration);
  variables["MY_TOKEN"] = GENERATE(as<std::string>{}, "", "  ");
  const auto token = source->id_token("", {});
  CHECK(failure_of(token) == ErrorCode::no_credentials);
  CHECK(token.error().message.find("MY_TOKEN") != std::string::npos);
  REQUIRE(token.error().attempts.size() == 1);
  CHECK(token.error().attempts[0].verdict == AttemptVerdict::not_configured);
  CHECK(token.error().attempts[0].missing == std::vector<std::string>{"MY_TOKEN"});
}

TEST_CASE("GitHub Actions is asked with the job's request token", "[id-token]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  const auto source = auth::make_github_id_token_source(request_url, SecretString("planted-request\n"), wire);
  CHECK(source->takes_audience());
  wire->reply(200, R"({"value":"the.id.token","count":9})");
  const auto token = source->id_token("https://w.example/oidc/v1/token?a&b", {});
  REQUIRE(token);
  CHECK(token->reveal() == "the.id.token");
  const auto seen = wire->request(0);
  CHECK(seen.method == net::HttpMethod::get);
  CHECK(seen.url == request_url + "&audience=https%3A%2F%2Fw.example%2Foidc%2Fv1%2Ftoken%3Fa%26b");
  CHECK(seen.header("Accept") == "application/json");
  REQUIRE(seen.secret_headers.size() == 1);
  CHECK(seen.header("Authorization") == "Bearer planted-request");
  CHECK_FALSE(seen.follow_redirects);
  CHECK(seen.body.empty());
  // Nothing is kept: an ID token lives for minutes only.
  wire->reply(200, R"({"value":"another.id.token"})");
  CHECK(source->id_token("", {})->reveal() == "another.id.token");
  CHECK(wire->request(1).url == request_url);
}

TEST_CASE("a request URL without a query gets one", "[id-token]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  wire->reply(200, R"({"value":"t"})");
  REQUIRE(auth::make_github_id_token_source("https://a.example/t", SecretString("r"), wire)->id_token("x y", {}));
  CHECK(wire->request(0).url == "https://a.example/t?audience=x%20y");
}

TEST_CASE("outside a GitHub job nothing is requested", "[id-token]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  std::string url = request_url;
  std::string bearer = "planted";
  std::vector<std::string> missing;
  SECTION("no URL") {
    url.clear();
    missing = {"ACTIONS_ID_TOKEN_REQUEST_URL"};
  }
  SECTION("no token") {
    bearer = " ";
    missing = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN"};
  }
  SECTION("neither") {
    url.clear();
    bearer.clear();
    missing = {"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"};
  }
  const auto token = auth::make_github_id_token_source(url, SecretString(bearer), wire)->id_token("a", {});
  CHECK(failure_of(token) == ErrorCode::no_credentials);
  REQUIRE(token.error().attempts.size() == 1);
  CHECK(token.error().attempts[0].missing == missing);
  CHECK(fix_of(token).find("id-token: write") != std::string::npos);
  CHECK(wire->request_count() == 0);
}

TEST_CASE("a GitHub request URL in the clear gets no token", "[id-token]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  const std::string url = GENERATE(as<std::string>{}, "http://a.example/?planted", "planted", "ftp://a.example/planted",
                                   "https://a.example/planted#x");
  const auto token = auth::make_github_id_token_source(url, SecretString("planted"), wire)->id_token("a", {});
  CHECK(failure_of(token) == ErrorCode::configuration);
  CHECK(token.error().message.find("ACTIONS_ID_TOKEN_REQUEST_URL") != std::string::npos);
  CHECK(wire->request_count() == 0);
}

TEST_CASE("GitHub's refusals and damaged answers", "[id-token]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  ErrorCode expected = ErrorCode::protocol;
  SECTION("401") {
    wire->reply(401, R"({"message":"Bearer planted-bearer-0123456789abcdef"})");
    expected = ErrorCode::authentication_failed;
  }
  SECTION("403") {
    wire->reply(403, "{}");
    expected = ErrorCode::authentication_failed;
  }
  SECTION("500") {
    wire->reply(500, "{}");
    expected = ErrorCode::server_error;
  }
  SECTION("no member") {
    wire->reply(200, "{}");
  }
  SECTION("an empty member") {
    wire->reply(200, R"({"value":""})");
  }
  SECTION("a number") {
    wire->reply(200, R"({"value":5})");
  }
  SECTION("a broken line") {
    wire->reply(200, R"({"value":"planted\nplanted"})");
  }
  SECTION("no JSON") {
    wire->reply(200, "planted");
  }
  SECTION("no network") {
    wire->fail(Error(ErrorCode::network, "no route"));
    expected = ErrorCode::network;
  }
  const auto token = auth::make_github_id_token_source(request_url, SecretString("planted"), wire)->id_token("a", {});
  CHECK(failure_of(token) == expected);
  if (expected == ErrorCode::authentication_failed) {
    CHECK(token.error().message.find("ACTIONS_ID_TOKEN_REQUEST_TOKEN") != std::string::npos);
    CHECK(fix_of(token).find("id-token: write") != std::string::npos);
  }
  CHECK(wire->request_count() == 1);
}

TEST_CASE("Azure DevOps is asked with the job's access token", "[id-token]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  auto variables = devops_job();
  variables["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"] =
      GENERATE(as<std::string>{}, "https://dev.azure.example/org/", "https://dev.azure.example/org");
  wire->reply(200, R"({"oidcToken":"the.id.token"})");
  const auto source = auth::make_azure_devops_id_token_source(reader(variables), wire);
  CHECK_FALSE(source->takes_audience());
  const auto token = source->id_token("ignored", {});
  REQUIRE(token);
  CHECK(token->reveal() == "the.id.token");
  const auto seen = wire->request(0);
  CHECK(seen.method == net::HttpMethod::post);
  CHECK(seen.url ==
        "https://dev.azure.example/org/project%201/_apis/distributedtask/hubs/build/plans/plan-1/jobs/job-1/oidctoken"
        "?api-version=7.2-preview.1");
  CHECK(seen.body.empty());
  CHECK(seen.header("Authorization") == "Bearer planted-access");
  REQUIRE(seen.secret_headers.size() == 1);
  CHECK(seen.replay == net::Replay::safe);
}

TEST_CASE("every variable of an Azure DevOps job is needed", "[id-token]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  for (const std::string_view name : auth::azure_devops_variables) {
    auto variables = devops_job();
    variables.erase(std::string(name));
    const auto token = auth::make_azure_devops_id_token_source(reader(variables), wire)->id_token("", {});
    CHECK(failure_of(token) == ErrorCode::no_credentials);
    CHECK(token.error().message.find(name) != std::string::npos);
    REQUIRE(token.error().attempts.size() == 1);
    CHECK(token.error().attempts[0].missing == std::vector<std::string>{std::string(name)});
    CHECK(fix_of(token).find("$(System.AccessToken)") != std::string::npos);
  }
  const auto outside = auth::make_azure_devops_id_token_source(reader({}), wire)->id_token("", {});
  CHECK(failure_of(outside) == ErrorCode::no_credentials);
  CHECK(outside.error().attempts.at(0).missing.size() == 6);
  CHECK(wire->request_count() == 0);
}

TEST_CASE("Azure DevOps's refusals and damaged answers", "[id-token]") {
  const auto wire = std::make_shared<ScriptedTransport>();
  auto variables = devops_job();
  ErrorCode expected = ErrorCode::authentication_failed;
  std::size_t requests = 1;
  SECTION("its sign-in page") {
    wire->reply(203, "<html>Sign In</html>", {}, "text/html");
  }
  SECTION("a redirection to it") {
    wire->reply(302, "", {{"location", "https://login.example/planted"}});
  }
  SECTION("401") {
    wire->reply(401, "planted");
  }
  SECTION("404") {
    wire->reply(404, R"({"message":"plan not found"})");
    expected = ErrorCode::not_found;
  }
  SECTION("no member") {
    wire->reply(200, R"({"value":"planted"})");
    expected = ErrorCode::protocol;
  }
  SECTION("a collection in the clear") {
    variables["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"] = "http://dev.azure.example/planted/";
    expected = ErrorCode::configuration;
    requests = 0;
  }
  SECTION("a collection with a query") {
    variables["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"] = "https://dev.azure.example/?planted";
    expected = ErrorCode::configuration;
    requests = 0;
  }
  const auto token = auth::make_azure_devops_id_token_source(reader(variables), wire)->id_token("", {});
  CHECK(failure_of(token) == expected);
  CHECK(wire->request_count() == requests);
}
