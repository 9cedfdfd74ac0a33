// SPDX-License-Identifier: Apache-2.0
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
    set_log_sink(static_cast<LogLevel>(i),
                 [names](LogLevel record, std::string_view subject, std::string_view message) {
                   tell(std::string(names[static_cast<int>(record)]) + " " + std::string(subject) + ": " +
                        printable(message) + "\n");
                 });
  }
}

int run(const Arguments& arguments) {
  switch (arguments.command) {
    case Command::auth_describe:
      return auth_describe(arguments);
    case Command::auth_token:
      return auth_token(arguments);
    case Command::catalog_list:
      return catalog_list(arguments);
    case Command::clone_plan:
      return clone_plan(arguments);
    case Command::clone_run:
      return clone_run(arguments);
    case Command::sql:
      return sql(arguments);
    case Command::version:
      return print("dbxauth " DBXAUTH_VERSION_STRING "\n") ? exit_ok : exit_failed;
    case Command::none:
      break;
  }
  return exit_usage;
}

}  // namespace

}  // namespace dbxauth::cli

int main(int argc, char** argv) {
  using namespace dbxauth::cli;
  // A reader that went away is reported by the failing write.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    Arguments arguments;
    int exit_status = exit_ok;
    if (!parse_arguments(argc, argv, arguments, exit_status)) return exit_status;
    start_logging(arguments.global.log_level);
    return run(arguments);
  } catch (const std::exception& exception) {
    tell(std::string("Error: unexpected failure: ") + exception.what() + "\n");
    return exit_failed;
  }
}
