// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "dbxauth/description.hpp"
#include "exit_status.hpp"
#include "output.hpp"

namespace dbxauth::cli {

namespace {

std::string source_text(const Provenance& provenance) {
  switch (provenance.layer) {
    case Layer::environment:
      return printable(provenance.place) + " environment variable";
    case Layer::named_profile:
    case Layer::default_profile:
      return printable(provenance.place) + " config file";
    default:
      return provenance.place.empty() ? std::string(to_string(provenance.layer)) : printable(provenance.place);
  }
}

std::string header_text(const Description& description) {
  std::string text;
  if (description.error) {
    text += "Unable to authenticate: " + printable(description.error->message) + "\n";
    return text;
  }
  text += "Host: " + printable(description.config.host) + "\n";
  if (!description.config.account_id.empty()) text += "Account ID: " + printable(description.config.account_id) + "\n";
  if (description.user) text += "User: " + printable(description.user->user_name) + "\n";
  text += "Authenticated with: " + printable(description.config.auth_type) + "\n";
  return text;
}

std::string configuration_text(const Config& config) {
  std::string text = "-----\nCurrent configuration:\n";
  for (const ConfigValue& value : config.values) {
    text += value.used ? "  \xE2\x9C\x93 " : "  ~ ";
    text += value.name + ": " + printable(value.value) + " (from " + source_text(value.provenance);
    if (!value.used && !config.auth_type.empty()) text += ", not used for auth type " + printable(config.auth_type);
    text += ")\n";
  }
  for (const std::string& warning : config.warnings) text += "  ! " + printable(warning) + "\n";
  return text;
}

std::string attempts_table(const std::vector<Attempt>& attempts) {
  if (attempts.empty()) return {};
  std::vector<std::vector<std::string>> rows;
  for (const Attempt& attempt : attempts) {
    std::string reason = attempt.reason;
    if (!attempt.fix.empty()) reason += (reason.empty() ? "fix: " : " \xE2\x80\x94 fix: ") + attempt.fix;
    rows.push_back({attempt.strategy, attempt.layer, std::string(to_string(attempt.verdict)), printable(reason)});
  }
  return "-----\nWhat was considered, in order:\n" + table({"STRATEGY", "SOURCE", "VERDICT", "WHY"}, rows);
}

}  // namespace

int auth_describe(const Arguments& arguments) {
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), arguments.global.output);
  const Description description = describe(*client, !arguments.offline, make_context(arguments.global, {}));
  const int status = description.error ? exit_status_of(description.error->code) : exit_ok;
  const bool written = arguments.global.output == OutputFormat::json
                           ? print_json(description.to_json())
                           : print(header_text(description) + configuration_text(description.config) +
                                   attempts_table(description.attempts));
  return written ? status : exit_failed;
}

int auth_token(const Arguments& arguments) {
  // Like the official tool: JSON unless text was asked for, and then the bare token. Errors are JSON only when asked
  // for.
  const OutputFormat format = arguments.global.output;
  const bool bare = arguments.global.output_given && format == OutputFormat::text;
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), format);
  const CallContext context = make_context(arguments.global, {});
  if (arguments.force_refresh) {
    const auto present = client->headers(std::chrono::seconds{0}, context);
    if (!present) return report(present.error(), format);
    client->reject(**present);
  }
  const auto token = client->token(std::chrono::seconds{0}, context);
  if (!token) return report(token.error(), format);
  const bool written = bare ? print(token->access_token.reveal()) && print("\n") : print(to_json(*token).reveal());
  return written ? exit_ok : exit_failed;
}

}  // namespace dbxauth::cli
