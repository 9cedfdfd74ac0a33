// SPDX-License-Identifier: Apache-2.0
#include "platform/process_runner.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>

#include "platform/files.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using namespace std::chrono_literals;
using platform::ProcessRequest;
using platform::run_process;
using testing::TemporaryDirectory;

namespace {

constexpr auto kHanging = 20s;

ProcessRequest shell(const std::string& script) {
  ProcessRequest request;
  request.arguments = {"sh", "-c", script};
  request.environment = {{"PATH", "/usr/bin:/bin"}, {"GREETING", "hello"}};
  return request;
}

/// Waits, within reason, until no process has this id.
bool is_gone(pid_t pid) {
  for (const auto end = std::chrono::steady_clock::now() + kHanging; std::chrono::steady_clock::now() < end;) {
    // An orphan that nobody reaps is gone as well for this purpose.
    const auto status = platform::read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!status || status->reveal().find(") Z ") != std::string_view::npos) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

bool has_child() {
  return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

}  // namespace

TEST_CASE("a program gets its input and environment and gives both outputs and its status") {
  auto request = shell("cat; echo \"$GREETING\" >&2; exit 7");
  request.standard_input = SecretString("in");
  const auto result = run_process(request, {});
  REQUIRE(result);
  CHECK(result->output.reveal() == "in");
  CHECK(result->error_text == "hello\n");
  CHECK(result->exit_status == 7);
  CHECK_FALSE(has_child());
  CHECK(run_process(shell("kill -9 $$"), {})->exit_status == 137);
  CHECK(run_process(shell("env | wc -l"), {})->output.reveal().find_first_of("0123456789") != std::string_view::npos);
}

TEST_CASE("large input and output do not block each other") {
  auto request = shell("cat; head -c 300000 /dev/zero >&2");
  request.standard_input = SecretString(std::string(800000, 'i'));
  const auto result = run_process(request, {});
  REQUIRE(result);
  CHECK(result->output.size() == 800000);
  CHECK(result->error_text.size() > 0);
}

TEST_CASE("a program that does not read its input is not at fault") {
  struct sigaction previous {};
  struct sigaction deadly {};
  deadly.sa_handler = SIG_DFL;
  REQUIRE(::sigaction(SIGPIPE, &deadly, &previous) == 0);
  auto request = shell("exec <&-; echo done");
  request.standard_input = SecretString(std::string(1u << 20, 'i'));
  const auto result = run_process(request, {});
  ::sigaction(SIGPIPE, &previous, nullptr);
  REQUIRE(result);
  CHECK(result->output.reveal() == "done\n");
}

TEST_CASE("too much output ends the program") {
  auto request = shell("yes");
  request.output_limit = 10000;
  const auto result = run_process(request, {});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::protocol);
  CHECK_FALSE(has_child());
}

TEST_CASE("deadline, timeout and cancellation kill the whole group") {
  const TemporaryDirectory directory;
  // Both ignore SIGTERM, so only SIGKILL to the group ends the grandchild.
  const std::string script = "trap '' TERM; (trap '' TERM; sleep 3600) & echo $! > " + (directory / "pid") + "; wait";
  const auto start = std::chrono::steady_clock::now();
  auto request = shell(script);
  CancelSource source;
  CallContext context;
  SECTION("timeout") {
    request.timeout = 300ms;
  }
  SECTION("deadline") {
    context = CallContext::with_timeout(300ms);
  }
  SECTION("cancellation") {
    context.cancel = source.token();
  }
  std::thread canceller([&] {
    while (!std::filesystem::exists(directory / "pid") || std::filesystem::file_size(directory / "pid") == 0) {
      if (std::chrono::steady_clock::now() - start > kHanging) break;
      std::this_thread::sleep_for(2ms);
    }
    source.cancel();
  });
  const auto result = run_process(request, context);
  canceller.join();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == (context.cancel.can_be_cancelled() ? ErrorCode::cancelled : ErrorCode::timed_out));
  CHECK(result.error().message.find("sleep") == std::string::npos);  // Arguments may be private.
  CHECK(is_gone(std::stoi(directory.read("pid"))));
  CHECK_FALSE(has_child());
  CHECK(std::chrono::steady_clock::now() - start < kHanging);
}

TEST_CASE("a grandchild that keeps the output open does not hold up the answer") {
  const auto start = std::chrono::steady_clock::now();
  const TemporaryDirectory directory;
  const auto result = run_process(shell("sleep 3600 & echo $! > " + (directory / "pid") + "; echo out"), {});
  const pid_t grandchild = std::stoi(directory.read("pid"));
  ::kill(grandchild, SIGKILL);
  REQUIRE(result);
  CHECK(result->output.reveal() == "out\n");
  CHECK(std::chrono::steady_clock::now() - start < kHanging);
}

TEST_CASE("programs are found in the PATH of the request and never in the current directory") {
  const TemporaryDirectory directory;
  directory.write("bin/dbxauth-test-tool", "#!/bin/sh\necho found\n", 0700);
  directory.write("other/dbxauth-test-tool", "#!/bin/sh\necho other\n", 0600);  // Not executable: passed over.
  std::filesystem::create_directories(directory / "dir/dbxauth-test-tool");     // Not a file: passed over.
  ProcessRequest request;
  request.arguments = {"dbxauth-test-tool"};
  request.environment["PATH"] = (directory / "dir") + ":" + (directory / "other") + ":" + (directory / "bin");
  auto result = run_process(request, {});
  REQUIRE(result);
  CHECK(result->output.reveal() == "found\n");

  const auto previous = std::filesystem::current_path();
  std::filesystem::current_path(directory / "bin");
  for (const char* path : {"", ".", ":", "::.", "relative:."}) {
    request.environment["PATH"] = path;
    result = run_process(request, {});
    CHECK_FALSE(result);
    if (!result) CHECK(result.error().code == ErrorCode::not_found);
  }
  std::filesystem::current_path(previous);
}

TEST_CASE("what cannot be started says why") {
  ProcessRequest request;
  CHECK(run_process(request, {}).error().code == ErrorCode::invalid_argument);
  request.arguments = {"/no/such/program"};
  CHECK(run_process(request, {}).error().code == ErrorCode::not_found);
  request.arguments = {"/etc/passwd"};
  CHECK(run_process(request, {}).error().code == ErrorCode::io);
  request.arguments = {"sh", std::string("a\0b", 3)};
  CHECK(run_process(request, {}).error().code == ErrorCode::invalid_argument);
  const TemporaryDirectory directory;
  request.arguments = {directory.write("script", "#!/no/such/interpreter\n", 0700)};
  CHECK(run_process(request, {}).error().code == ErrorCode::not_found);
  CHECK(run_process(shell("exit 0"), CallContext::with_timeout(0ms)).error().code == ErrorCode::timed_out);
}

TEST_CASE("no descriptor but the standard ones is inherited") {
  const int leaked = ::open("/dev/null", O_RDONLY);  // Without O_CLOEXEC, as some hosts do.
  REQUIRE(leaked > 2);
  const auto result = run_process(
      shell("if [ -e /proc/self/fd/" + std::to_string(leaked) + " ]; then echo leaked; else echo closed; fi"), {});
  ::close(leaked);
  REQUIRE(result);
  CHECK(result->output.reveal() == "closed\n");
}

TEST_CASE("secrets that a program prints as errors are redacted") {
  const auto result = run_process(shell("echo 'token dapi0123456789abcdef0123456789abcdef refused' >&2"), {});
  REQUIRE(result);
  CHECK(result->error_text.find("0123456789abcdef") == std::string::npos);
  CHECK(result->error_text.find("refused") != std::string::npos);
}
