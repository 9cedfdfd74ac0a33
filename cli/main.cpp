// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <exception>

#include "arguments.hpp"
#include "commands.hpp"
#include "dbxauth/log.hpp"
#include "dbxauth/version.hpp"
#include "exit_status.hpp"
#include "output.hpp"

namespace dbxauth::cli {

namespace {

void start_logging(const std::string& level) {
  constexpr std::string_view names[] = {"off", "error", "warning", "info", "debug", "trace"};
  for (int i = 1; i <= static_cast<int>(LogLevel::trace); ++i) {
    if (names[i] != level) continue;
    set_log_sink(static_cast<LogLevel>(i), [names](LogLevel record, std::string_view subject,
                                                   std::string_view message) {
      tell(std::string(names[static_cast<int>(record)]) + " " + printable(subject) + ": " + printable(message) + "\n");
    });
  }
}

/// Gives closed standard streams a file: otherwise the next one that is opened, a socket even, would take the place
/// of standard output. Reading then finds the end, writing to standard output fails.
bool open_standard_streams() {
  for (const int stream : {0, 1, 2}) {
    if (fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    if (open("/dev/null", stream == 2 ? O_WRONLY : O_RDONLY) != stream) return false;
  }
  return true;
}

int run(const Arguments& arguments) {
  switch (arguments.command) {
    case Command::auth_describe:
      return auth_describe(arguments);
    case Command::auth_doctor:
      return auth_doctor(arguments);
    case Command::auth_env:
      return auth_env(arguments);
    case Command::auth_profiles:
      return auth_profiles(arguments);
    case Command::auth_storage_migrate:
      return auth_storage_migrate(arguments);
    case Command::auth_storage_status:
      return auth_storage_status(arguments);
    case Command::auth_switch:
      return auth_switch(arguments);
    case Command::auth_token:
      return auth_token(arguments);
    case Command::catalog_list:
      return catalog_list(arguments);
    case Command::clone_plan:
      return clone_plan(arguments);
    case Command::clone_run:
      return clone_run(arguments);
    case Command::configure:
      return configure(arguments);
    case Command::sql:
      return sql(arguments);
    case Command::version:
      return print(arguments.global.output == OutputFormat::json ? "{\"schema\":1,\"version\":\"" DBXAUTH_VERSION_STRING
                                                                   "\"}\n"
                                                                 : "dbxauth " DBXAUTH_VERSION_STRING "\n")
                 ? exit_ok
                 : exit_failed;
    case Command::none:
      break;
  }
  return exit_usage;
}

}  // namespace

}  // namespace dbxauth::cli

int main(int argc, char** argv) {
  using namespace dbxauth::cli;
  if (!open_standard_streams()) return exit_failed;
  // A reader that went away is reported by the failing write.
  std::signal(SIGPIPE, SIG_IGN);
  Arguments arguments;
  try {
    int exit_status = exit_ok;
    if (!parse_arguments(argc, argv, arguments, exit_status)) return exit_status;
    start_logging(arguments.global.log_level);
    return run(arguments);
  } catch (const std::exception& exception) {
    return report({dbxauth::ErrorCode::internal, std::string("unexpected failure: ") + exception.what()},
                  arguments.global.output);
  }
}
