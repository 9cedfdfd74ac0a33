// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include "commands.hpp"
#include "dbxauth/description.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
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
  if (description.token_storage) {
    const TokenStorage& storage = *description.token_storage;
    text += "Token storage: " + printable(storage.mode) + ", " + printable(storage.location) + " (from " +
            printable(storage.source) + ")\n";
  }
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
    // What is missing says it all.
    const bool obvious = attempt.verdict == AttemptVerdict::not_configured && !attempt.missing.empty();
    if (!attempt.fix.empty() && !obvious) reason += (reason.empty() ? "fix: " : " \xE2\x80\x94 fix: ") + attempt.fix;
    rows.push_back({attempt.strategy, attempt.layer, std::string(to_string(attempt.verdict)), printable(reason)});
  }
  return "-----\nWhat was considered, in order:\n" + table({"STRATEGY", "SOURCE", "VERDICT", "WHY"}, rows);
}

/// The variables under which Client::environment() gives the secrets.
constexpr std::pair<std::string_view, std::string_view> secret_variables[] = {
    {"token", "DATABRICKS_TOKEN"},
    {"password", "DATABRICKS_PASSWORD"},
    {"client_secret", "DATABRICKS_CLIENT_SECRET"},
    {"azure_client_secret", "ARM_CLIENT_SECRET"},
    {"google_credentials", "GOOGLE_CREDENTIALS"},
    {"metadata_service_url", "DATABRICKS_METADATA_SERVICE_URL"},
    {"actions_id_token_request_token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}};

/// Only those in use: what was passed over stays masked.
void reveal_secrets(const Client& client, Description& description, const CallContext& context) {
  const auto variables = client.environment(context);
  if (!variables) {
    tell("The secrets stay hidden: there are no credentials that work.\n");
    return;
  }
  for (ConfigValue& value : description.config.values) {
    if (!value.sensitive) continue;
    for (const auto& [attribute, variable] : secret_variables) {
      const auto found = variables->find(std::string(variable));
      if (attribute == value.name && found != variables->end()) value.value = found->second.reveal();
    }
  }
}

}  // namespace

int auth_describe(const Arguments& arguments) {
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), arguments.global.output);
  const Interrupt interrupt;
  const CallContext context = make_context(arguments.global, interrupt.token());
  Description description = describe(*client, !arguments.offline, context);
  if (arguments.sensitive) reveal_secrets(*client, description, context);
  const int status = description.error ? exit_status_of(description.error->code) : exit_ok;
  const bool written = arguments.global.output == OutputFormat::json
                           ? print_json(description.to_json())
                           : print(header_text(description) + configuration_text(description.config) +
                                   attempts_table(description.attempts));
  return written ? status : exit_failed;
}

}  // namespace dbxauth::cli
