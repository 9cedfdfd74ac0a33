// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "auth/strategies/cli_program.hpp"
#include "encoding/timestamp.hpp"
#include "support/log_capture.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;

namespace {

const std::string good = R"({"access_token":"planted-token","token_type":"Bearer","expiry":"2099-06-01T10:20:30.5Z"})";

/// A program of the given shell text in a directory of its own; each start adds its arguments to a file.
struct Program {
  testing::TemporaryDirectory directory;
  std::map<std::string, std::string> variables{{"PATH", directory.path() + ":/usr/bin:/bin"},
                                               {"HOME", directory.path()}};
  auth::CliProgramSettings settings;

  explicit Program(const std::string& script, const std::string& name = "databricks") {
    directory.write(name,
                    "#!/bin/sh\nfor a in \"$@\"; do printf '%s|' \"$a\"; done >>" + directory.path() +
                        "/calls\necho >>" + directory.path() + "/calls\n" + script + "\n",
                    0700);
    settings.path = "databricks";
    settings.profile = "prod";
    settings.host = "https://dbc-1.cloud.databricks.com";
  }

  std::shared_ptr<auth::TokenSource> source() {
    return auth::make_cli_program_source(settings, [this] { return platform::Environment(variables); });
  }
  Result<auth::IssuedToken> issue(const auth::TokenDemand& demand = {}, const CallContext& context = {}) {
    return source()->issue(demand, context);
  }
  std::string calls() const { return directory.exists("calls") ? directory.read("calls") : std::string(); }
};

std::string printing(const std::string& json) {
  return "cat <<'END'\n" + json + "\nEND";
}

std::string fix_of(const Error& error) {
  return error.attempts.empty() ? std::string() : error.attempts.front().fix;
}

/// A source that answers what it was told to.
class FixedSource final : public auth::TokenSource {
 public:
  explicit FixedSource(std::string token) : token_(std::move(token)) {}
  explicit FixedSource(Error error) : error_(std::move(error)) {}
  Result<auth::IssuedToken> issue(const auth::TokenDemand&, const CallContext&) override {
    ++asked;
    if (error_) return *error_;
    auth::IssuedToken issued;
    issued.token.access_token = SecretString(token_);
    return issued;
  }
  int asked = 0;

 private:
  std::string token_;
  std::optional<Error> error_;
};

}  // namespace

TEST_CASE("the official tool is asked for the profile's token", "[cli-program]") {
  Program p(printing(good));
  const auto issued = p.issue();
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "planted-token");
  CHECK(issued->token.token_type == "Bearer");
  CHECK(encoding::format_rfc3339(issued->token.expires_at) == "2099-06-01T10:20:30.5Z");
  CHECK(p.calls() == "auth|token|--profile|prod|\n");
}

TEST_CASE("without a profile the host is named, and the account", "[cli-program]") {
  Program p(printing(good));
  p.settings.profile.clear();
  REQUIRE(p.issue());
  p.settings.account_id = "acc-1";
  REQUIRE(p.issue());
  CHECK(p.calls() ==
        "auth|token|--host|https://dbc-1.cloud.databricks.com|\n"
        "auth|token|--host|https://dbc-1.cloud.databricks.com|--account-id|acc-1|\n");
  p.settings.host.clear();
  const auto neither = p.issue();
  REQUIRE_FALSE(neither);
  CHECK(neither.error().code == ErrorCode::no_credentials);
}

TEST_CASE("arguments never pass a shell", "[cli-program]") {
  Program p(printing(good));
  p.settings.profile = "a b;touch " + p.directory.path() + "/pwned $(id) `id` \"'";
  REQUIRE(p.issue());
  CHECK(p.calls() == "auth|token|--profile|" + p.settings.profile + "|\n");
  CHECK_FALSE(p.directory.exists("pwned"));
}

TEST_CASE("the tool may be named by its path, also below the home directory", "[cli-program]") {
  Program p(printing(good), "my tool");
  p.variables["PATH"] = "/usr/bin:/bin";
  p.settings.path = GENERATE(true, false) ? p.directory / "my tool" : "~/my tool";
  CHECK(p.issue());
}

TEST_CASE("the child's environment is the reader's and nothing of the process", "[cli-program]") {
  Program p("printf '%s/%s' \"$DATABRICKS_CONFIG_FILE\" \"${PLANTED_IN_PROCESS-unset}\" >\"$HOME/env\"\n" +
            printing(good));
  ::setenv("PLANTED_IN_PROCESS", "set", 1);
  p.variables["DATABRICKS_CONFIG_FILE"] = "/from/reader";
  const auto issued = p.issue();
  ::unsetenv("PLANTED_IN_PROCESS");
  REQUIRE(issued);
  CHECK(p.directory.read("env") == "/from/reader/unset");
}

TEST_CASE("an expiry is RFC 3339, or a time with a space in UTC", "[cli-program]") {
  struct Case {
    std::string expiry;
    std::string means;
  };
  const auto c = GENERATE(values<Case>({
      {"2099-06-01T10:20:30Z", "2099-06-01T10:20:30Z"},
      {"2099-06-01T10:20:30.123456789+02:00", "2099-06-01T08:20:30.123456789Z"},
      {"2099-06-01T10:20:30-07:00", "2099-06-01T17:20:30Z"},
      {"2099-06-01 10:20:30", "2099-06-01T10:20:30Z"},
      {"2099-06-01 10:20:30.25", "2099-06-01T10:20:30.25Z"},
      {"2099-06-01 10:20:30+02:00", "2099-06-01T08:20:30Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"", "0001-01-01T00:00:00Z"},
  }));
  // Local time must not matter.
  Program p(printing(R"({"access_token":"t","expiry":")" + c.expiry + R"("})"));
  p.variables["TZ"] = "Asia/Tokyo";
  const auto issued = p.issue();
  REQUIRE(issued);
  CHECK(encoding::format_rfc3339(issued->token.expires_at) == c.means);
  CHECK(issued->token.token_type == "Bearer");
}

TEST_CASE("a token without an expiry ends when its JWT says", "[cli-program]") {
  // {"exp":4083955230}
  Program p(printing(R"({"access_token":"eyJhbGciOiJub25lIn0.eyJleHAiOjQwODM5NTUyMzB9.c2ln"})"));
  const auto issued = p.issue();
  REQUIRE(issued);
  CHECK(issued->token.expires_at == std::chrono::system_clock::from_time_t(4083955230));
}

TEST_CASE("output that is no token is explained without being quoted", "[cli-program]") {
  const testing::LogCapture log;
  const std::string json =
      GENERATE(R"({"access_token":""})", R"({"token":"planted"})", R"(planted)", R"(["planted"])",
               R"({"access_token":"planted\u000a"})", R"({"access_token":"planted","expiry":"tomorrow"})");
  Program p(printing(json));
  const auto issued = p.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::protocol);
  CHECK(fix_of(issued.error()).find("DATABRICKS_CLI_PATH") != std::string::npos);
  CHECK(to_json(issued.error()).find("planted") == std::string::npos);
  CHECK_FALSE(log.mentions("planted"));
}

TEST_CASE("a refused token is asked for again by force", "[cli-program]") {
  Program p("case \"$*\" in *--force-refresh*) echo '" + good + "';; *) echo '{\"access_token\":\"old\"}';; esac");
  const SecretString old("old");
  auth::TokenDemand demand;
  demand.rejected = &old;
  const auto issued = p.issue(demand);
  REQUIRE(issued);
  CHECK(issued->token.access_token.reveal() == "planted-token");
  CHECK(p.calls() == "auth|token|--profile|prod|--force-refresh|\n");
}

TEST_CASE("an older tool that knows no force is asked without", "[cli-program]") {
  Program p("case \"$*\" in *--force-refresh*) echo 'Error: unknown flag: --force-refresh' >&2; exit 1;; *) echo '" +
            good + "';; esac");
  auth::TokenDemand demand;
  SECTION("and may have a new token") {
    const SecretString old("old");
    demand.rejected = &old;
    CHECK(p.issue(demand));
  }
  SECTION("or the same, which is an error") {
    const SecretString same("planted-token");
    demand.rejected = &same;
    const auto issued = p.issue(demand);
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::authentication_failed);
    CHECK(issued.error().attempts.at(0).verdict == AttemptVerdict::unavailable);
    CHECK(fix_of(issued.error()) == "run databricks auth login --profile prod");
    CHECK(to_json(issued.error()).find("planted") == std::string::npos);
  }
  CHECK(p.calls() == "auth|token|--profile|prod|--force-refresh|\nauth|token|--profile|prod|\n");
}

TEST_CASE("a token that has ended is renewed by force once", "[cli-program]") {
  const std::string ended = R"({"access_token":"planted-old","expiry":"2020-01-01 00:00:00"})";
  SECTION("with success") {
    Program p("case \"$*\" in *--force-refresh*) echo '" + good + "';; *) echo '" + ended + "';; esac");
    const auto issued = p.issue();
    REQUIRE(issued);
    CHECK(issued->token.access_token.reveal() == "planted-token");
  }
  SECTION("in vain") {
    Program p(printing(ended));
    const auto issued = p.issue();
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::authentication_failed);
    CHECK(issued.error().message.find("2020-01-01") != std::string::npos);
    CHECK(p.calls() == "auth|token|--profile|prod|\nauth|token|--profile|prod|--force-refresh|\n");
  }
}

TEST_CASE("the tool's absence and its lack of a login let others try", "[cli-program]") {
  SECTION("not in PATH") {
    Program p(printing(good), "another");
    const auto issued = p.issue();
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::no_credentials);
    CHECK(fix_of(issued.error()).find("install the Databricks CLI") != std::string::npos);
  }
  SECTION("not where its path says") {
    Program p(printing(good));
    p.settings.path = p.directory / "absent";
    const auto issued = p.issue();
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::no_credentials);
    CHECK(issued.error().message.find("absent") != std::string::npos);
  }
  SECTION("no login") {
    Program p("echo 'Error: cache: databricks OAuth is not configured for this host' >&2; exit 1");
    const auto issued = p.issue();
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::no_credentials);
    CHECK(fix_of(issued.error()) == "run databricks auth login --profile prod");
  }
  SECTION("the legacy tool") {
    Program p("echo \"Error: No such command 'auth'.\" >&2; exit 2");
    const auto issued = p.issue();
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::no_credentials);
    CHECK(fix_of(issued.error()).find("0.205") != std::string::npos);
  }
}

TEST_CASE("other failures of the tool are errors that quote it redacted", "[cli-program]") {
  const testing::LogCapture log;
  Program p("echo 'Error: refresh_token=planted-refresh is invalid' >&2; exit 1");
  p.settings.profile.clear();
  const auto issued = p.issue();
  REQUIRE_FALSE(issued);
  CHECK(issued.error().code == ErrorCode::authentication_failed);
  CHECK(issued.error().message.find("status 1") != std::string::npos);
  CHECK(issued.error().message.find("is invalid") != std::string::npos);
  CHECK(fix_of(issued.error()) == "run databricks auth login --host https://dbc-1.cloud.databricks.com");
  CHECK(to_json(issued.error()).find("planted") == std::string::npos);
  CHECK_FALSE(log.mentions("planted"));
}

TEST_CASE("a tool that hangs is ended", "[cli-program]") {
  Program p("exec sleep 600");
  SECTION("by its own limit") {
    p.settings.timeout = 100ms;
    const auto issued = p.issue();
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::timed_out);
    CHECK(fix_of(issued.error()).find("databricks auth token --profile prod") != std::string::npos);
  }
  SECTION("by the caller") {
    CancelSource cancel;
    cancel.cancel();
    CallContext context;
    context.cancel = cancel.token();
    const auto issued = p.issue({}, context);
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::cancelled);
  }
}

TEST_CASE("dbxauth under the name databricks does not run itself for ever", "[cli-program]") {
  Program p("printf %s \"$DBXAUTH_CLI_PROGRAM_RUNNING\" >\"$HOME/depth\"\n" + printing(good));
  REQUIRE(p.issue());
  CHECK(p.directory.read("depth") == "1");
  p.variables["DBXAUTH_CLI_PROGRAM_RUNNING"] = "1";
  const auto inner = p.issue();
  REQUIRE_FALSE(inner);
  CHECK(inner.error().code == ErrorCode::no_credentials);
}

TEST_CASE("a second source is asked when the first has no credentials", "[cli-program]") {
  const auto first = [](ErrorCode code, std::string fix) {
    Error error(code, "first failed");
    if (!fix.empty()) {
      error.attempts.resize(1);
      error.attempts[0].fix = std::move(fix);
    }
    return std::make_shared<FixedSource>(std::move(error));
  };
  SECTION("and gives its token") {
    auto second = std::make_shared<FixedSource>("second");
    const auto issued = auth::make_fallback_source(first(ErrorCode::no_credentials, "log in"), second)->issue({}, {});
    REQUIRE(issued);
    CHECK(issued->token.access_token.reveal() == "second");
  }
  SECTION("not when the first works") {
    auto second = std::make_shared<FixedSource>("second");
    const auto issued = auth::make_fallback_source(std::make_shared<FixedSource>("first"), second)->issue({}, {});
    REQUIRE(issued);
    CHECK(issued->token.access_token.reveal() == "first");
    CHECK(second->asked == 0);
  }
  SECTION("not when the first fails otherwise") {
    auto second = std::make_shared<FixedSource>("second");
    const auto issued =
        auth::make_fallback_source(first(ErrorCode::authentication_failed, "log in"), second)->issue({}, {});
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::authentication_failed);
    CHECK(second->asked == 0);
  }
  SECTION("both have none: the first one's advice stays") {
    auto second = std::make_shared<FixedSource>(Error(ErrorCode::no_credentials, "second failed"));
    const auto issued = auth::make_fallback_source(first(ErrorCode::no_credentials, "log in"), second)->issue({}, {});
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::no_credentials);
    CHECK(issued.error().message == "first failed; and second failed");
    CHECK(fix_of(issued.error()) == "log in");
  }
  SECTION("the second breaks: its code counts and both are told") {
    auto second = std::make_shared<FixedSource>(Error(ErrorCode::protocol, "second failed"));
    const auto issued = auth::make_fallback_source(first(ErrorCode::no_credentials, "log in"), second)->issue({}, {});
    REQUIRE_FALSE(issued);
    CHECK(issued.error().code == ErrorCode::protocol);
    CHECK(issued.error().message == "first failed; and second failed");
    CHECK(fix_of(issued.error()) == "log in");
  }
}
