// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "commands.hpp"
#include "dbxauth/profiles.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "prompt.hpp"

namespace dbxauth::cli {

namespace {

/// What would compete with the token, or says how another kind of sign-in goes.
constexpr const char* cleared_attributes[] = {"username",
                                              "password",
                                              "client_id",
                                              "client_secret",
                                              "metadata_service_url",
                                              "google_service_account",
                                              "google_credentials",
                                              "azure_workspace_resource_id",
                                              "azure_use_msi",
                                              "azure_client_id",
                                              "azure_client_secret",
                                              "azure_tenant_id",
                                              "azure_login_app_id",
                                              "oidc_token_filepath",
                                              "oidc_token_env",
                                              "auth_type",
                                              "scopes",
                                              "databricks_cli_path",
                                              "experimental_is_unified_host"};

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

Error interrupted() {
  return {ErrorCode::cancelled, "nothing was entered; nothing was changed"};
}

Result<std::string> stated_host(const GlobalArguments& global, const CancelToken& cancel) {
  if (!global.host.empty()) return global.host;
  if (std::string host = variable("DATABRICKS_HOST"); !host.empty()) {
    tell("Using the host of DATABRICKS_HOST.\n");
    return host;
  }
  if (!can_ask()) return Error{ErrorCode::invalid_argument, "the host of the workspace is missing; use --host"};
  const auto host = ask("Databricks host (https://...): ", cancel);
  if (!host) return interrupted();
  if (host->empty())
    return Error{ErrorCode::invalid_argument, "the host of the workspace is missing; nothing was changed"};
  return *host;
}

/// The first word of standard input; empty when there is none.
SecretString word_of_input(const CancelToken& cancel) {
  constexpr std::size_t longest_token = 65536;
  std::string line;
  line.reserve(longest_token);
  SecretString word;
  while (word.empty() && read_line(cancel, line)) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos) {
      word = SecretString(std::string_view(line).substr(first, line.find_first_of(" \t\r", first) - first));
    }
  }
  const SecretString wiped = SecretString::take(std::move(line));
  return word;
}

Result<SecretString> stated_token(const GlobalArguments& global, const CancelToken& cancel) {
  const std::string from_variable = variable("DATABRICKS_TOKEN");
  const auto passed_over = [&](SecretString token, const char* source) {
    if (!from_variable.empty() && !token.equals(from_variable)) {
      tell(std::string("DATABRICKS_TOKEN is set, too; the token ") + source + " is saved.\n");
    }
    return token;
  };
  if (!global.token.empty() && !global.token.equals("-")) return passed_over(global.token.clone(), "of --token");
  if (can_ask()) {
    auto token = ask_hidden("Personal access token (not shown): ", cancel);
    if (!token) return interrupted();
    if (token->empty()) return Error{ErrorCode::invalid_argument, "the token is missing; nothing was changed"};
    return passed_over(std::move(*token), "that was typed");
  }
  if (SecretString token = word_of_input(cancel); !token.empty()) {
    return passed_over(std::move(token), "on standard input");
  }
  if (cancel.cancelled()) return interrupted();
  if (from_variable.empty() || global.token.equals("-")) {
    return Error{ErrorCode::invalid_argument,
                 "standard input holds no token; use for example: dbxauth configure --host HOST < token-file"};
  }
  tell("Standard input holds no token; the one of DATABRICKS_TOKEN is taken.\n");
  return SecretString(from_variable);
}

/// As it is understood everywhere else: with a scheme, without a path, its ids apart.
Result<Config> checked_host(const std::string& host) {
  ClientOptions options;
  options.set("host", host);
  options.attribute_places["host"] = "--host";
  options.environment.emplace();
  const auto client = Client::create(std::move(options));
  if (!client) return client.error();
  return client->config();
}

void print_saved(const GlobalArguments& global, const std::string& profile, const std::string& host, bool& written) {
  tell("Profile \"" + printable(profile) + "\" was saved for " + printable(host) + ".\n");
  if (global.output == OutputFormat::text) return;
  written = print_json("{\"schema\":1,\"profile\":" + json_text(profile) + ",\"host\":" + json_text(host) + "}");
}

bool is_one_piece(std::string_view token) {
  return std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > 0x20 && c != 0x7F; });
}

Result<std::string> save(const Arguments& arguments, const std::string& profile, const CallContext& context) {
  const auto host = stated_host(arguments.global, context.cancel);
  if (!host) return host.error();
  const auto config = checked_host(*host);
  if (!config) return config.error();
  auto token = stated_token(arguments.global, context.cancel);
  if (!token) return token.error();
  if (!is_one_piece(token->reveal())) {
    return Error{ErrorCode::invalid_argument,
                 "the token contains a blank or a control character; copy it again as one piece; nothing was changed"};
  }
  ProfileEdit edit;
  edit.set.emplace("host", SecretString(config->host));
  edit.set.emplace("token", std::move(*token));
  if (!config->workspace_id.empty()) edit.set.emplace("workspace_id", SecretString(config->workspace_id));
  edit.remove.assign(std::begin(cleared_attributes), std::end(cleared_attributes));
  if (const std::string cluster = variable("DATABRICKS_CLUSTER_ID"); !cluster.empty()) {
    tell("The cluster of DATABRICKS_CLUSTER_ID is saved with it.\n");
    edit.set.emplace("cluster_id", SecretString(cluster));
    edit.remove.emplace_back("serverless_compute_id");
  }
  ProfileFileOptions options;
  options.config_file = arguments.global.config_file;
  if (auto saved = save_profile(profile, edit, options, context); !saved) return saved.error();
  return config->host;
}

}  // namespace

int configure(const Arguments& arguments) {
  const Interrupt interrupt;
  const CallContext context = make_context(arguments.global, interrupt.token());
  std::string profile = arguments.global.profile;
  if (profile.empty()) profile = variable("DATABRICKS_CONFIG_PROFILE");
  if (profile.empty()) profile = "DEFAULT";
  const auto host = save(arguments, profile, context);
  if (!host) return report(host.error(), arguments.global.output);
  bool written = true;
  print_saved(arguments.global, profile, *host, written);
  return written ? exit_ok : exit_failed;
}

}  // namespace dbxauth::cli
