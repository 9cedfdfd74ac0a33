// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>

#include "dbxauth/version.hpp"
#include "exit_status.hpp"
#include "output.hpp"

namespace dbxauth::cli {

namespace {

// A command gets its options and subcommands when the command line names it: building all of them took most of the time
// of a short command.
template <class AddContents>
CLI::App* add_command(CLI::App& parent, const char* name, const char* description, AddContents add_contents) {
  CLI::App* const command = parent.add_subcommand(name, description);
  command->preparse_callback([command, add_contents](std::size_t) { add_contents(*command); });
  return command;
}

/// An option that takes one of a few words; the message of a wrong one lists them.
template <class Value>
CLI::Option* add_choice(CLI::App& command, const std::string& names, Value& target,
                        std::vector<std::pair<std::string, Value>> choices, const std::string& description) {
  const auto choose = [&target, names, choices = std::move(choices)](const std::string& word) {
    std::string expected;
    for (const auto& choice : choices) {
      if (choice.first == word) {
        target = choice.second;
        return;
      }
      expected += (expected.empty() ? "" : ", ") + choice.first;
    }
    throw CLI::ValidationError(names.substr(names.rfind(',') + 1), "expected one of " + expected + "; got " + word);
  };
  return command.add_option_function<std::string>(names, choose, description);
}

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
  app.add_option("--timeout", global.timeout_s, "Give up after so many seconds")->check(CLI::Range(1, 366 * 24 * 3600));
  add_choice<OutputFormat>(app, "-o,--output", global.output,
                           {{"text", OutputFormat::text}, {"json", OutputFormat::json}}, "text or json")
      ->each([&global](const std::string&) { global.output_given = true; });
}

void add_storage_commands(CLI::App& storage, Arguments& arguments) {
  add_command(storage, "migrate", "Copy logins between the token cache file and the keyring",
              [&arguments](CLI::App& migrate) {
                add_choice<StorageMode>(migrate, "--to", arguments.migration.to,
                                        {{"secure", StorageMode::secure}, {"plaintext", StorageMode::plaintext}},
                                        "secure: into the keyring; plaintext: into the file")
                    ->required();
                migrate.add_flag("--dry-run", arguments.migration.dry_run, "Only say what would be done");
                migrate.add_flag("--remove-source", arguments.migration.remove_source,
                                 "Remove what was copied from where it was");
                migrate.callback([&arguments] { arguments.command = Command::auth_storage_migrate; });
              });
  storage.add_subcommand("status", "Show where logins are kept, and which")->callback([&arguments] {
    arguments.command = Command::auth_storage_status;
  });
}

void add_auth_commands(CLI::App& auth, Arguments& arguments) {
  add_command(auth, "describe", "Show the credentials in use, and why", [&arguments](CLI::App& describe) {
    describe.add_flag("--offline", arguments.offline, "Resolve credentials, but do not ask the workspace");
    describe.add_flag("--sensitive", arguments.sensitive, "Show the secrets in use instead of asterisks");
    describe.callback([&arguments] { arguments.command = Command::auth_describe; });
  });
  add_command(auth, "doctor", "Test every step on the way to the workspace", [&arguments](CLI::App& doctor) {
    doctor.callback([&arguments] { arguments.command = Command::auth_doctor; });
  });
  add_command(auth, "env", "Print the variables that make other tools sign in like this",
              [&arguments](CLI::App& env) { env.callback([&arguments] { arguments.command = Command::auth_env; }); });
  add_command(auth, "profiles", "List the profiles and whether their credentials work",
              [&arguments](CLI::App& profiles) {
                profiles.add_flag("--skip-validate", arguments.skip_validate, "Only list them; uses no network");
                profiles.callback([&arguments] { arguments.command = Command::auth_profiles; });
              });
  add_command(auth, "storage", "Where logins are kept", [&arguments](CLI::App& storage) {
    add_storage_commands(storage, arguments);
  })->require_subcommand(1);
  add_command(auth, "switch", "Make a profile the default one", [&arguments](CLI::App& command) {
    command.callback([&arguments] { arguments.command = Command::auth_switch; });
  });
  add_command(auth, "token", "Print an access token as JSON", [&arguments](CLI::App& token) {
    token.add_option("PROFILE", arguments.global.profile, "Profile name");
    token.add_flag("--force-refresh", arguments.force_refresh, "Obtain a new token even if the present one is valid");
    token.callback([&arguments] { arguments.command = Command::auth_token; });
  });
}

void add_clone_options(CLI::App& command, CloneSpec& spec) {
  command.add_option("--source", spec.source, "Catalog to clone");
  command.add_option("--dest,--destination", spec.destination, "Catalog to clone into");
  command.add_option("--warehouse-id", spec.warehouse_id, "SQL warehouse; chosen when not given");
  add_choice<CloneMode>(
      command, "--mode", spec.mode,
      {{"deep", CloneMode::deep}, {"shallow", CloneMode::shallow}, {"schema-only", CloneMode::schema_only}},
      "deep, shallow or schema-only");
  add_choice<IfExists>(command, "--if-exists", spec.if_exists,
                       {{"skip", IfExists::skip}, {"replace", IfExists::replace}, {"fail", IfExists::fail}},
                       "skip, replace or fail when an object is there already");
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

void add_clone_commands(CLI::App& clone, Arguments& arguments) {
  add_command(clone, "plan", "Show what would be done; changes nothing", [&arguments](CLI::App& plan) {
    add_clone_options(plan, arguments.spec);
    plan.add_flag("--sql", arguments.as_sql, "Print the plan as a SQL script");
    plan.add_option("--save", arguments.save_file, "Write the plan to this file, for clone run --plan");
    plan.callback([&arguments] { arguments.command = Command::clone_plan; });
  });
  add_command(clone, "run", "Plan and run, or run a saved plan", [&arguments](CLI::App& run) {
    add_clone_options(run, arguments.spec);
    const std::vector<CLI::Option*> spec_options =
        run.get_options([&run](const CLI::Option* option) { return option != run.get_help_ptr(); });
    run.add_option("--plan", arguments.plan_file, "Run this saved plan; takes no other options of the clone")
        ->check(CLI::ExistingFile);
    run.add_flag("--dry-run", arguments.dry_run, "Plan and stop");
    run.add_flag("-y,--yes", arguments.yes, "Do not ask for confirmation on a terminal");
    run.callback([&arguments, spec_options] {
      for (const CLI::Option* option : spec_options) {
        if (arguments.plan_file.empty() || option->count() == 0) continue;
        throw CLI::ValidationError(
            "--plan", "a plan has its own source, destination and options; leave " + option->get_name() + " out");
      }
      arguments.command = Command::clone_run;
    });
  });
}

void add_sql_options(CLI::App& sql, Arguments& arguments) {
  sql.add_option("STATEMENT", arguments.statement, "The statement; - reads it from standard input")->required();
  sql.add_option("--warehouse-id", arguments.warehouse_id, "SQL warehouse; chosen when not given");
  sql.add_option("--catalog", arguments.catalog, "Default catalog");
  sql.add_option("--schema", arguments.schema, "Default schema");
  sql.add_option("--param", arguments.parameters, "NAME=VALUE for :NAME in the statement; may be repeated");
  sql.callback([&arguments] { arguments.command = Command::sql; });
}

void add_commands(CLI::App& app, Arguments& arguments) {
  add_command(app, "auth", "Who and where you are", [&arguments](CLI::App& auth) {
    add_auth_commands(auth, arguments);
  })->require_subcommand(1);
  add_command(app, "catalog", "Look at catalogs", [&arguments](CLI::App& catalog) {
    catalog.add_subcommand("list", "List the catalogs you may see")->callback([&arguments] {
      arguments.command = Command::catalog_list;
    });
  })->require_subcommand(1);
  add_command(app, "clone", "Clone a Unity Catalog catalog", [&arguments](CLI::App& clone) {
    add_clone_commands(clone, arguments);
  })->require_subcommand(1);
  app.add_subcommand("configure", "Save a host and a personal access token as a profile")->callback([&arguments] {
    arguments.command = Command::configure;
  });
  add_command(app, "sql", "Run one SQL statement on a warehouse",
              [&arguments](CLI::App& sql) { add_sql_options(sql, arguments); });
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

/// Whether the arguments, which may be wrong otherwise, ask for JSON.
bool asks_for_json(const std::vector<std::string>& arguments) {
  bool json = false;
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& argument = arguments[i];
    const bool apart = argument == "-o" || argument == "--output";
    if (apart && i + 1 < arguments.size()) json = arguments[i + 1] == "json";
    if (argument == "-ojson" || argument == "--output=json") json = true;
  }
  return json;
}

/// The command that was named last: whose commands are to be shown when none of them was chosen.
const CLI::App& named_last(const CLI::App& app) {
  const CLI::App* last = &app;
  while (!last->get_subcommands().empty()) last = last->get_subcommands().back();
  return *last;
}

int report_usage(const CLI::App& app, const CLI::ParseError& error, OutputFormat format) {
  std::string message = error.what();
  const CLI::App& last = named_last(app);
  const bool command_is_missing =
      error.get_name() == "RequiredError" && app.remaining(true).empty() && last.get_require_subcommand_min() > 0;
  if (command_is_missing && format == OutputFormat::text) {
    std::string parents;
    for (const CLI::App* parent = last.get_parent(); parent != nullptr; parent = parent->get_parent()) {
      parents.insert(0, parent->get_name() + (parents.empty() ? "" : " "));
    }
    tell(last.help(parents));
    return exit_usage;
  }
  const std::vector<std::string> rest = app.remaining(true);
  if (error.get_name() == "RequiredError" && !rest.empty()) message = "unknown command or option: " + rest.front();
  if (format == OutputFormat::json) return report({ErrorCode::invalid_argument, message}, format);
  tell("Error: " + printable(message) + "\nRun with --help for more information.\n");
  return exit_usage;
}

}  // namespace

bool parse_arguments(int argc, char** argv, Arguments& arguments, int& exit_status) {
  CLI::App app("dbxauth: credentials for Databricks, and clones of Unity Catalog catalogs", "dbxauth");
  app.set_version_flag("--version", "dbxauth " DBXAUTH_VERSION_STRING);
  app.require_subcommand(1);
  app.fallthrough();  // inherited by the commands: global options may stand anywhere
  app.footer(
      "Exit status: 0 done, 1 failed, 2 usage, 3 no or refused credentials, 4 permission denied, 5 not found,\n"
      "6 done in part, 7 network or deadline, 130 interrupted. See docs/cli.md.");
  std::string token;
  add_global_options(app, arguments.global, token);
  add_commands(app, arguments);
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  hide_token_arguments(argc, argv);
  const OutputFormat format = asks_for_json(words) ? OutputFormat::json : OutputFormat::text;
  try {
    // The parser takes them from the back.
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
  } catch (const CLI::Success& help_or_version) {
    exit_status = app.exit(help_or_version);
    return false;
  } catch (const CLI::ParseError& error) {
    exit_status = report_usage(app, error, format);
    return false;
  }
  arguments.global.token = SecretString::take(std::move(token));
  return true;
}

}  // namespace dbxauth::cli
