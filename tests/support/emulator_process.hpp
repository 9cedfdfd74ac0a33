// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"

extern char** environ;

namespace dbxauth::testing {

/// A running dbxauth-emulator: started and ready when the constructor returns (it throws std::runtime_error otherwise),
/// ended by the destructor, and by the kernel when the thread that made it ends first. Targets that include this define
/// DBXAUTH_EMULATOR_PROGRAM (dbxauth_add_component_tests does).
class EmulatorProcess {
 public:
  /// `seed` as for `--seed`: "demo", "empty", "tables:1000,schemas:10".
  explicit EmulatorProcess(std::string seed = "demo", std::vector<std::string> more_arguments = {},
                           std::chrono::seconds patience = std::chrono::seconds(60)) {
    std::vector<std::string> arguments{DBXAUTH_EMULATOR_PROGRAM, "--port", "0", "--seed", std::move(seed),
                                       "--exit-with-parent"};
    for (std::string& argument : more_arguments) arguments.push_back(std::move(argument));
    const int output = start(arguments);
    try {
      const std::string line = read_line(output, std::chrono::steady_clock::now() + patience);
      auto document = base::JsonDocument::parse(line, "the emulator's ready line");
      if (!document) throw std::runtime_error(document.error().message + ": " + line);
      ready_.emplace(std::move(*document));
    } catch (...) {
      ::close(output);
      stop();
      throw;
    }
    // Kept open: an emulator that writes into a closed pipe would end.
    output_ = output;
  }
  EmulatorProcess(const EmulatorProcess&) = delete;
  EmulatorProcess& operator=(const EmulatorProcess&) = delete;
  ~EmulatorProcess() {
    stop();
    if (output_ >= 0) ::close(output_);
  }

  std::string url() const { return text("url"); }
  std::string warehouse_id() const { return text("warehouse_id"); }
  std::string client_id() const { return text("client_id"); }
  std::string client_secret() const { return text("client_secret"); }
  /// The administrator's personal access token.
  std::string token() const { return text("token"); }
  /// The token of one of the seeded users.
  std::string user_token(std::string_view name) const {
    const base::JsonView token = (*ready_)["users"][name];
    if (!token.is_string()) throw std::runtime_error("the emulator has no user " + std::string(name));
    return std::string(token.string_or());
  }
  /// Everything that the ready line says.
  base::JsonView ready() const { return ready_->root(); }

 private:
  std::string text(const char* key) const {
    const base::JsonView value = (*ready_)[key];
    if (!value.is_string()) throw std::runtime_error(std::string("the emulator's ready line has no ") + key);
    return std::string(value.string_or());
  }

  int start(const std::vector<std::string>& arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const int failure = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failure != 0) {
      ::close(ends[0]);
      pid_ = -1;
      throw std::runtime_error("cannot start " + arguments[0]);
    }
    return ends[0];
  }

  static std::string read_line(int descriptor, std::chrono::steady_clock::time_point deadline) {
    std::string line;
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) throw std::runtime_error("the emulator did not become ready in time");
      pollfd waiting{descriptor, POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
      char buffer[4096];
      const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw std::runtime_error("the emulator ended before it was ready");
      line.append(buffer, static_cast<std::size_t>(count));
      if (const std::size_t end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    }
  }

  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    for (int i = 0; i < 500; ++i) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  std::optional<base::JsonDocument> ready_;
};

}  // namespace dbxauth::testing
