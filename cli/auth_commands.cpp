// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"

namespace dbxauth::cli {

namespace {

std::string env_json(const std::map<std::string, SecretString>& variables) {
  std::string json;
  for (const auto& [name, value] : variables) {
    json += json.empty() ? "{\n  \"env\": {\n" : ",\n";
    json += "    " + json_text(name) + ": " + json_text(value.reveal());
  }
  return json.empty() ? "{\n  \"env\": {}\n}" : json + "\n  }\n}";
}

/// For `eval`: nothing within the quotes means anything to a shell.
std::string exports(const std::map<std::string, SecretString>& variables) {
  std::string lines;
  for (const auto& [name, value] : variables) {
    std::string quoted;
    for (const char c : value.reveal()) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    lines += "export " + name + "='" + quoted + "'\n";
  }
  return lines;
}

}  // namespace

int auth_env(const Arguments& arguments) {
  // Like the official tool: JSON without a newline unless text was asked for.
  const OutputFormat format = arguments.global.output;
  const bool as_text = arguments.global.output_given && format == OutputFormat::text;
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), format);
  const Interrupt interrupt;
  const auto variables = client->environment(make_context(arguments.global, interrupt.token()));
  if (!variables) return report(variables.error(), format);
  return print(as_text ? exports(*variables) : printable_json(env_json(*variables))) ? exit_ok : exit_failed;
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
