// SPDX-License-Identifier: Apache-2.0
// dbxauth-emulator: a local Databricks workspace. Prints one JSON line when it serves.
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "dbxauth/version.hpp"
#include "emulator.hpp"
#include "fake_az.hpp"

namespace {

constexpr int exit_usage = 2;
constexpr int exit_failure = 1;
constexpr std::chrono::seconds longest_farewell{2};

struct Arguments {
  dbxauth::emulator::EmulatorOptions options;
  std::int64_t latency_ms = 0;
  bool allow_remote = false;
  bool allow_any_object_name = false;
  bool exit_with_parent = false;
};

bool is_loopback(const std::string& address) {
  return address.rfind("127.", 0) == 0 || address == "::1" || address == "localhost";
}

void declare(CLI::App& app, Arguments& arguments) {
  auto& options = arguments.options;
  app.add_option("--port", options.port, "Port to listen on; 0 takes a free one")->check(CLI::Range(0, 65535));
  app.add_option("--bind", options.bind_address, "Address to listen on");
  app.add_flag("--allow-remote", arguments.allow_remote, "Permit a --bind address that other machines can reach");
  app.add_option("--seed", options.seed, "What the workspace holds: demo, empty, or tables:N,schemas:M");
  app.add_option("--latency-ms", arguments.latency_ms, "Delay of every answer")->check(CLI::Range(0, 600000));
  app.add_flag("--tls", options.tls, "Serve HTTPS with a certificate made for this run");
  app.add_option("--tls-dir", options.tls_directory, "Where the certificate goes; default a new temporary directory");
  app.add_option("--state", options.state_path, "SQLite file that keeps catalogs and rows between runs (not tokens)");
  app.add_option("--cloud", options.cloud, "Cloud that the host claims to be in")
      ->check(CLI::IsMember({"AWS", "AZURE", "GCP"}));
  app.add_option("--host-type", options.host_type, "Kind of host that the emulator claims to be")
      ->check(CLI::IsMember({"workspace", "account", "unified"}));
  app.add_option("--audience", options.federation_audience,
                 "Default audience of ID tokens that the host metadata announces");
  app.add_option("--identity-dir", options.identity_directory,
                 "Directory for token files, a Google key and a fake Azure CLI that clients log in with");
  app.add_flag("--allow-any-object-name", arguments.allow_any_object_name,
               "Accept object names with spaces, periods and slashes");
  app.add_flag("--exit-with-parent", arguments.exit_with_parent, "End when the process that started this one ends");
}

/// Empty, or what is wrong with the arguments.
std::string complete(Arguments& arguments) {
  auto& options = arguments.options;
  options.latency = std::chrono::milliseconds(arguments.latency_ms);
  options.strict_object_names = !arguments.allow_any_object_name;
  std::error_code error;
  options.az_program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (!options.identity_directory.empty())
    options.identity_directory = std::filesystem::absolute(options.identity_directory).string();
  if (!arguments.allow_remote && !is_loopback(options.bind_address))
    return "--bind " + options.bind_address + " can be reached by other machines, and this workspace prints its " +
           "credentials; add --allow-remote if that is meant";
  if (options.tls && options.tls_directory.empty()) {
    std::string path = "/tmp/dbxauth-emulator-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return "cannot make a temporary directory for the TLS certificate";
    options.tls_directory = path;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 0 && dbxauth::emulator::is_called_az(argv[0])) return dbxauth::emulator::run_fake_az(argc, argv);
  CLI::App app{"A local Databricks workspace for tests", "dbxauth-emulator"};
  app.set_version_flag("--version", "dbxauth-emulator " DBXAUTH_VERSION_STRING);
  Arguments arguments;
  declare(app, arguments);
  CLI11_PARSE(app, argc, argv);
  if (const std::string wrong = complete(arguments); !wrong.empty()) {
    std::fprintf(stderr, "dbxauth-emulator: %s\n", wrong.c_str());
    return exit_usage;
  }

  // Before any thread starts, so that all of them leave these signals to sigwait below.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  if (arguments.exit_with_parent) {
    const pid_t parent = ::getppid();
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) return 0;  // it ended between the two calls
  }

  dbxauth::emulator::Emulator emulator(arguments.options);
  if (const std::string failure = emulator.start(); !failure.empty()) {
    std::fprintf(stderr, "dbxauth-emulator: %s\n", failure.c_str());
    return exit_failure;
  }
  std::printf("%s\n", emulator.ready_line().c_str());
  std::fflush(stdout);

  int received = 0;
  sigwait(&ending, &received);
  // A statement that computes for long must not keep the process alive.
  std::thread([] {
    std::this_thread::sleep_for(longest_farewell);
    ::_exit(0);
  }).detach();
  emulator.stop();
  return 0;
}
