// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/cli_program.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "auth/header_value.hpp"
#include "auth/strategy_error.hpp"
#include "base/json_reader.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "encoding/jwt_claims.hpp"
#include "encoding/timestamp.hpp"
#include "platform/clock.hpp"
#include "platform/files.hpp"
#include "platform/process_runner.hpp"

namespace dbxauth::auth {

namespace {

using std::chrono::system_clock;

constexpr std::string_view default_program = "databricks";
constexpr std::size_t token_output_limit_bytes = 1u << 20;
constexpr std::string_view force_refresh = "--force-refresh";
// dbxauth itself may be installed under the name `databricks`; it must not run itself for ever.
constexpr const char* running_variable = "DBXAUTH_CLI_PROGRAM_RUNNING";

bool mentions(std::string_view text, std::string_view part) {
  return base::to_lower(text).find(part) != std::string::npos;
}

/// RFC 3339, or `YYYY-MM-DD HH:MM:SS[.f]` in UTC with or without an offset.
std::optional<system_clock::time_point> parse_expiry(std::string_view text) {
  std::string time(base::trim(text));
  constexpr std::size_t date_length = 10;
  if (time.size() <= date_length || time[date_length] != ' ') return encoding::parse_rfc3339(time);
  time[date_length] = 'T';
  const bool has_offset = time.find_first_of("Zz+-", date_length) != std::string::npos;
  if (!has_offset) time.push_back('Z');
  return encoding::parse_rfc3339(time);
}

class CliProgramSource final : public TokenSource {
 public:
  CliProgramSource(CliProgramSettings settings, EnvironmentReader environment)
      : settings_(std::move(settings)), environment_(std::move(environment)) {
    if (settings_.path.empty()) settings_.path = default_program;
  }

  Result<IssuedToken> issue(const TokenDemand& demand, const CallContext& context) override {
    const platform::Environment environment = environment_();
    if (auto runnable = check_runnable(environment); !runnable) return std::move(runnable).error();
    auto token = ask(environment, demand.rejected != nullptr, context);
    // The official program renews what has ended, so one that does not is told to, once.
    const bool ended = token && token->expires_at <= platform::Clock::system()->now();
    if (ended && demand.rejected == nullptr) token = ask(environment, true, context);
    if (!token) return std::move(token).error();
    if (demand.rejected != nullptr && token->access_token.equals(*demand.rejected)) {
      return login_needed("gives the token again that the server has refused");
    }
    if (token->expires_at <= platform::Clock::system()->now()) {
      return login_needed("gives a token that has ended at " + encoding::format_rfc3339(token->expires_at));
    }
    return IssuedToken{std::move(*token), {}};
  }

 private:
  Result<void> check_runnable(const platform::Environment& environment) const {
    if (settings_.profile.empty() && settings_.host.empty()) {
      return with_fix(Error(ErrorCode::no_credentials, settings_.path + " auth token needs a profile or a host"),
                      "set profile or host", AttemptVerdict::not_configured);
    }
    if (environment.get(running_variable)) {
      return unavailable(ErrorCode::no_credentials,
                         settings_.path + " is dbxauth itself, which was asked for this token by dbxauth",
                         "let databricks_cli_path (DATABRICKS_CLI_PATH) name the official Databricks CLI");
    }
    return {};
  }

  Result<Token> ask(const platform::Environment& environment, bool forced, const CallContext& context) const {
    auto answer = run(environment, forced, context);
    // Releases before 0.296.0 have no such flag.
    if (forced && answer && answer->exit_status != 0 && mentions(answer->error_text, "unknown flag: --force-refresh")) {
      answer = run(environment, false, context);
    }
    if (!answer) return explain_start(std::move(answer).error());
    if (answer->exit_status != 0) return explain_exit(*answer);
    return read_token(answer->output);
  }

  Result<platform::ProcessResult> run(const platform::Environment& environment, bool forced,
                                      const CallContext& context) const {
    platform::ProcessRequest request;
    request.arguments = {platform::expand_home(settings_.path, environment.home_directory()), "auth", "token"};
    if (settings_.profile.empty()) {
      request.arguments.insert(request.arguments.end(), {"--host", settings_.host});
      if (!settings_.account_id.empty()) {
        request.arguments.insert(request.arguments.end(), {"--account-id", settings_.account_id});
      }
    } else {
      request.arguments.insert(request.arguments.end(), {"--profile", settings_.profile});
    }
    if (forced) request.arguments.emplace_back(force_refresh);
    request.environment = environment.variables();
    request.environment[running_variable] = "1";
    request.timeout = settings_.timeout;
    request.output_limit = token_output_limit_bytes;
    return platform::run_process(request, context);
  }

  Error explain_start(Error error) const {
    if (error.code == ErrorCode::not_found) {
      return unavailable(ErrorCode::no_credentials, "the Databricks CLI was not found: " + error.message,
                         "install the Databricks CLI, or let databricks_cli_path (DATABRICKS_CLI_PATH) name it");
    }
    error.message = settings_.path + " auth token: " + error.message;
    if (error.code == ErrorCode::cancelled) return error;
    return with_fix(std::move(error), "run " + command() + " in a terminal to see what it waits for or says",
                    AttemptVerdict::unavailable);
  }

  Error explain_exit(const platform::ProcessResult& answer) const {
    const std::string said = base::redact_excerpt(base::trim(answer.error_text));
    const std::string message = settings_.path + " auth token ended with status " + std::to_string(answer.exit_status) +
                                (said.empty() ? std::string() : ": " + said);
    if (mentions(answer.error_text, "databricks oauth is not")) {
      return unavailable(ErrorCode::no_credentials, message, "run " + login_command());
    }
    // The Python program of the same name has no command `auth`.
    if (mentions(answer.error_text, "no such command")) {
      return unavailable(
          ErrorCode::no_credentials, message,
          "this is the legacy Databricks CLI, which keeps no OAuth logins: install version 0.205 or later");
    }
    return unavailable(ErrorCode::authentication_failed, message, "run " + login_command());
  }

  Result<Token> read_token(const SecretString& output) const {
    const std::string what = "the output of " + settings_.path + " auth token";
    const auto document = base::JsonDocument::parse(output.reveal(), what);
    if (!document) return unusable_output(document.error().message);
    Token token;
    token.access_token = SecretString((*document)["access_token"].string_or());
    if (token.access_token.empty()) return unusable_output(what + " holds no access_token");
    const std::string_view type = (*document)["token_type"].string_or();
    token.token_type = type.empty() || base::equals_ignoring_case(type, "bearer") ? "Bearer" : std::string(type);
    if (!is_header_safe(token.access_token.reveal()) || !is_header_safe(token.token_type)) {
      return unusable_output(what + " holds a token with control characters");
    }
    if (const std::string_view text = base::trim((*document)["expiry"].string_or()); !text.empty()) {
      const auto expiry = parse_expiry(text);
      if (!expiry)
        return unusable_output(what + " holds an expiry that is not a time: " + base::redact_excerpt(text, 60));
      token.expires_at = *expiry;
    } else if (const auto claims = encoding::read_jwt_claims(token.access_token.reveal());
               claims && claims->expires_at) {
      token.expires_at = *claims->expires_at;
    }
    return token;
  }

  Error unusable_output(std::string message) const {
    return with_fix(Error(ErrorCode::protocol, std::move(message)),
                    "let databricks_cli_path (DATABRICKS_CLI_PATH) name the official Databricks CLI, version 0.205 or "
                    "later; " +
                        command() + " must print the JSON of a token");
  }

  Error login_needed(const std::string& what) const {
    return unavailable(ErrorCode::authentication_failed, settings_.path + " auth token " + what,
                       "run " + login_command());
  }

  std::string selection() const {
    return settings_.profile.empty() ? " --host " + settings_.host : " --profile " + settings_.profile;
  }
  std::string command() const { return settings_.path + " auth token" + selection(); }
  std::string login_command() const { return settings_.path + " auth login" + selection(); }

  CliProgramSettings settings_;
  const EnvironmentReader environment_;
};

class FallbackSource final : public TokenSource {
 public:
  FallbackSource(std::shared_ptr<TokenSource> first, std::shared_ptr<TokenSource> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  Result<IssuedToken> issue(const TokenDemand& demand, const CallContext& context) override {
    auto issued = first_->issue(demand, context);
    if (issued || issued.error().code != ErrorCode::no_credentials) return issued;
    auto instead = second_->issue(demand, context);
    if (instead) return instead;
    return both(std::move(issued).error(), std::move(instead).error());
  }

 private:
  /// The graver error counts; both are told, and the advice of the first leads.
  static Error both(Error first, Error second) {
    if (second.code == ErrorCode::cancelled || second.code == ErrorCode::timed_out) return second;
    const std::string message = first.message + "; and " + second.message;
    Error& graver = second.code == ErrorCode::no_credentials ? first : second;
    if (graver.attempts.empty()) graver.attempts = first.attempts;
    graver.message = message;
    return std::move(graver);
  }

  const std::shared_ptr<TokenSource> first_;
  const std::shared_ptr<TokenSource> second_;
};

}  // namespace

std::shared_ptr<TokenSource> make_cli_program_source(CliProgramSettings settings, EnvironmentReader environment) {
  return std::make_shared<CliProgramSource>(std::move(settings), std::move(environment));
}

std::shared_ptr<TokenSource> make_fallback_source(std::shared_ptr<TokenSource> first,
                                                  std::shared_ptr<TokenSource> second) {
  return std::make_shared<FallbackSource>(std::move(first), std::move(second));
}

}  // namespace dbxauth::auth
