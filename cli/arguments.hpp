// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dbxauth/clone.hpp"
#include "dbxauth/secret_string.hpp"
#include "dbxauth/token_storage.hpp"

namespace dbxauth::cli {

enum class OutputFormat { text, json };

/// What is common to all commands.
struct GlobalArguments {
  std::string profile;
  std::string host;
  SecretString token;
  std::string config_file;
  std::string chain_rules;
  std::string env_file;
  bool no_env_file = false;
  std::string ca_bundle;
  std::string log_level = "off";
  std::int64_t timeout_s = 0;
  OutputFormat output = OutputFormat::text;
  bool output_given = false;
};

enum class Command {
  none,
  auth_describe,
  auth_doctor,
  auth_env,
  auth_profiles,
  auth_storage_migrate,
  auth_storage_status,
  auth_switch,
  auth_token,
  catalog_list,
  clone_plan,
  clone_run,
  configure,
  sql,
  version
};

/// The parsed command line.
struct Arguments {
  GlobalArguments global;
  Command command = Command::none;
  // auth
  bool offline = false;
  bool force_refresh = false;
  bool sensitive = false;
  bool skip_validate = false;
  StorageMigration migration;
  // clone
  CloneSpec spec;
  std::string plan_file;
  std::string save_file;
  bool as_sql = false;
  bool dry_run = false;
  bool yes = false;
  // sql
  std::string statement;
  std::string warehouse_id;
  std::string catalog;
  std::string schema;
  std::vector<std::string> parameters;
};

/// Parses the command line and overwrites a token that was given there, so that `ps` does not show it for long.
/// Returns false after help, version or an error was printed; `exit_status` is then what the program ends with.
bool parse_arguments(int argc, char** argv, Arguments& arguments, int& exit_status);

}  // namespace dbxauth::cli
