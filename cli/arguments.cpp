// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <CLI/CLI.hpp>
#include <cstring>

#include "dbxauth/version.hpp"
#include "exit_status.hpp"

namespace dbxauth::cli {

namespace {

void add_global_options(CLI::App& app, GlobalArguments& global, std::string& token) {
  app.add_option("-p,--profile", global.profile, "Profile of ~/.databrickscfg; decides before the environment");
  app.add_option("--auth-profile", global.profile, "The same as --profile");
  app.add_option("--host", global.host, "Workspace URL");
  app.add_option("--token", token, "Personal access token; - reads it from standard input");
  app.add_option("--config-file", global.config_file, "Profile file (DATABRICKS_CONFIG_FILE, else ~/.databrickscfg)");
  app.add_option("--chain", global.chain_rules, "Rules of the credential chain: layered, clone-xs, databricks-sdk");
  app.add_option("--env-file", global.env_file, "Read this file instead of .env");
  app.add_flag("--no-env-file", global.no_env_file, "Do not read .env");
  app.add_option("--ca-bundle", global.ca_bundle, "PEM file with the certificates to trust");
  app.add_option("--log-level", global.log_level,
                 "off, error, warning, info, debug or trace; written to standard error")
      ->check(CLI::IsMember({"off", "error", "warning", "info", "debug", "trace"}));
  app.add_option("--timeout", global.timeout_s, "Give up after so many seconds")->check(CLI::PositiveNumber);
  app.add_option("-o,--output", global.output, "text or json")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, OutputFormat>{{"text", OutputFormat::text}, {"json", OutputFormat::json}}))
      ->each([&global](const std::string&) { global.output_given = true; });
}

void add_auth_commands(CLI::App& app, Arguments& arguments) {
  CLI::App* auth = app.add_subcommand("auth", "Who and where you are")->require_subcommand(1);
  CLI::App* describe = auth->add_subcommand("describe", "Show the credentials in use, and why");
  describe->add_flag("--offline", arguments.offline, "Resolve credentials, but do not ask the workspace");
  describe->callback([&arguments] { arguments.command = Command::auth_describe; });
  CLI::App* token = auth->add_subcommand("token", "Print an access token as JSON");
  token->add_option("PROFILE", arguments.global.profile, "Profile name");
  token->add_flag("--force-refresh", arguments.force_refresh, "Obtain a new token even if the present one is valid");
  token->callback([&arguments] { arguments.command = Command::auth_token; });
}

void add_clone_options(CLI::App& command, CloneSpec& spec) {
  command.add_option("--source", spec.source, "Catalog to clone");
  command.add_option("--dest,--destination", spec.destination, "Catalog to clone into");
  command.add_option("--warehouse-id", spec.warehouse_id, "SQL warehouse; chosen when not given");
  command.add_option("--mode", spec.mode, "deep, shallow or schema-only")
      ->transform(CLI::CheckedTransformer(std::map<std::string, CloneMode>{
          {"deep", CloneMode::deep}, {"shallow", CloneMode::shallow}, {"schema-only", CloneMode::schema_only}}));
  command.add_option("--if-exists", spec.if_exists, "skip, replace or fail when an object is there already")
      ->transform(CLI::CheckedTransformer(std::map<std::string, IfExists>{
          {"skip", IfExists::skip}, {"replace", IfExists::replace}, {"fail", IfExists::fail}}));
  command.add_option("--include-schema", spec.include_schemas, "Only schemas that match this glob; may be repeated");
  command.add_option("--exclude-schema", spec.exclude_schemas, "Not the schemas that match this glob; may be repeated");
  command.add_flag("!--no-views", spec.copy_views, "Leave views out");
  command.add_flag("!--no-functions", spec.copy_functions, "Leave functions out");
  command.add_flag("!--no-volumes", spec.copy_volumes, "Leave volumes out");
  command.add_flag("!--no-comments", spec.copy_comments, "Leave comments out");
  command.add_flag("!--no-tags", spec.copy_tags, "Leave tags out");
  command.add_flag("!--no-grants", spec.copy_grants, "Leave grants out");
  command.add_option("--managed-location", spec.managed_location, "MANAGED LOCATION when the destination is created");
  command.add_option("--location-map", "FROM=TO: where external tables and volumes below FROM go; may be repeated")
      ->each([&spec](const std::string& pair) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size()) {
          throw CLI::ValidationError("--location-map", "expected FROM=TO, got " + pair);
        }
        spec.location_map[pair.substr(0, equals)] = pair.substr(equals + 1);
      });
  command.add_option("--parallelism", spec.parallelism, "Statements in flight, 1 to 64")->check(CLI::Range(1, 64));
}

void add_clone_commands(CLI::App& app, Arguments& arguments) {
  CLI::App* clone = app.add_subcommand("clone", "Clone a Unity Catalog catalog")->require_subcommand(1);
  CLI::App* plan = clone->add_subcommand("plan", "Show what would be done; changes nothing");
  add_clone_options(*plan, arguments.spec);
  plan->add_flag("--sql", arguments.as_sql, "Print the plan as a SQL script");
  plan->add_option("--save", arguments.save_file, "Write the plan to this file, for clone run --plan");
  plan->callback([&arguments] { arguments.command = Command::clone_plan; });
  CLI::App* run = clone->add_subcommand("run", "Plan and run, or run a saved plan");
  add_clone_options(*run, arguments.spec);
  run->add_option("--plan", arguments.plan_file, "Run this saved plan")->check(CLI::ExistingFile);
  run->add_flag("--dry-run", arguments.dry_run, "Plan and stop");
  run->add_flag("-y,--yes", arguments.yes, "Do not ask for confirmation on a terminal");
  run->callback([&arguments] { arguments.command = Command::clone_run; });
}

void add_commands(CLI::App& app, Arguments& arguments) {
  add_auth_commands(app, arguments);
  CLI::App* catalog = app.add_subcommand("catalog", "Look at catalogs")->require_subcommand(1);
  catalog->add_subcommand("list", "List the catalogs you may see")->callback([&arguments] {
    arguments.command = Command::catalog_list;
  });
  add_clone_commands(app, arguments);
  CLI::App* sql = app.add_subcommand("sql", "Run one SQL statement on a warehouse");
  sql->add_option("STATEMENT", arguments.statement, "The statement; - reads it from standard input")->required();
  sql->add_option("--warehouse-id", arguments.warehouse_id, "SQL warehouse; chosen when not given");
  sql->add_option("--catalog", arguments.catalog, "Default catalog");
  sql->add_option("--schema", arguments.schema, "Default schema");
  sql->add_option("--param", arguments.parameters, "NAME=VALUE for :NAME in the statement; may be repeated");
  sql->callback([&arguments] { arguments.command = Command::sql; });
  app.add_subcommand("version", "Print the version")->callback([&arguments] { arguments.command = Command::version; });
}

// The kernel keeps the argument area as it is: what stands there is what `ps` shows.
void hide_token_arguments(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    char* value = nullptr;
    if (std::strcmp(argv[i], "--token") == 0 && i + 1 < argc) value = argv[i + 1];
    if (std::strncmp(argv[i], "--token=", 8) == 0) value = argv[i] + 8;
    if (value != nullptr) std::memset(value, 'x', std::strlen(value));
  }
}

}  // namespace

bool parse_arguments(int argc, char** argv, Arguments& arguments, int& exit_status) {
  CLI::App app("dbxauth: credentials for Databricks, and clones of Unity Catalog catalogs", "dbxauth");
  app.set_version_flag("--version", "dbxauth " DBXAUTH_VERSION_STRING);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Exit status: 0 done, 1 failed, 2 usage, 3 no or refused credentials, 4 permission denied, 5 not found,\n"
      "6 done in part, 7 network or deadline, 130 interrupted. See docs/cli.md.");
  std::string token;
  add_global_options(app, arguments.global, token);
  add_commands(app, arguments);
  for (CLI::App* command : app.get_subcommands({})) {
    command->fallthrough();
    for (CLI::App* nested : command->get_subcommands({})) nested->fallthrough();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    hide_token_arguments(argc, argv);
    exit_status = app.exit(error) == 0 ? exit_ok : exit_usage;
    return false;
  }
  hide_token_arguments(argc, argv);
  arguments.global.token = SecretString::take(std::move(token));
  return true;
}

}  // namespace dbxauth::cli
