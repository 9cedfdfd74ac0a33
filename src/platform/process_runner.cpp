// SPDX-License-Identifier: Apache-2.0
#include "platform/process_runner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.hpp"
#include "base/text.hpp"
#include "platform/descriptor.hpp"
#include "platform/sigpipe_guard.hpp"

namespace dbxauth::platform {
namespace {

using std::chrono::milliseconds;
using SteadyClock = CallContext::Clock;

constexpr milliseconds kPollInterval{20};       // How soon a cancellation is seen.
constexpr milliseconds kTerminationGrace{250};  // Between SIGTERM and SIGKILL.
constexpr milliseconds kReapLimit{2000};        // A killed process that is stuck in the kernel is given up then.
constexpr milliseconds kDrainGrace{100};        // Output of a grandchild that outlives the child is waited for so long.

Error system_error(std::string_view doing, std::string_view program, int code) {
  return {ErrorCode::io, fmt::format("could not {} {}: {}", doing, program, std::generic_category().message(code))};
}

// ---- finding the program ----

bool is_executable_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

Result<std::string> find_program(const ProcessRequest& request) {
  const std::string& name = request.arguments.front();
  if (name.find('/') != std::string::npos) return name;
  const auto path = request.environment.find("PATH");
  const std::string_view search =
      path == request.environment.end() ? "/usr/local/bin:/usr/bin:/bin" : std::string_view(path->second);
  for (const std::string_view directory : base::split(search, ':')) {
    // An empty or relative entry means the current directory, where anybody may have put a program of that name.
    if (directory.empty() || directory.front() != '/') continue;
    std::string candidate = fmt::format("{}/{}", directory, name);
    if (is_executable_file(candidate)) return candidate;
  }
  return Error(ErrorCode::not_found,
               fmt::format("no program named {} in PATH; install it or give its full path", name));
}

Result<void> check_request(const ProcessRequest& request) {
  if (request.arguments.empty() || request.arguments.front().empty()) {
    return Error(ErrorCode::invalid_argument, "a program to run must be named");
  }
  for (const auto& argument : request.arguments) {
    if (argument.find('\0') != std::string::npos) {
      return Error(ErrorCode::invalid_argument, "an argument of a program must not hold a NUL byte");
    }
  }
  return {};
}

// ---- pipes ----

struct Pipe {
  Descriptor reading;
  Descriptor writing;
};

/// Away from 0, 1 and 2, which the child's file actions overwrite; the host may have closed its own.
Descriptor above_standard_streams(Descriptor descriptor) {
  if (descriptor.get() > 2) return descriptor;
  return Descriptor(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
}

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  Pipe made{above_standard_streams(Descriptor(ends[0])), above_standard_streams(Descriptor(ends[1]))};
  if (!made.reading.is_open() || !made.writing.is_open()) return std::nullopt;
  return made;
}

void set_nonblocking(const Descriptor& descriptor) {
  const int flags = ::fcntl(descriptor.get(), F_GETFL);
  if (flags >= 0) ::fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK);
}

// ---- starting ----

class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  /// A group of its own, default signal handling, and nothing open but the three streams. 0 or an errno value.
  int prepare(const Pipe& input, const Pipe& output, const Pipe& error_output) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int code = posix_spawnattr_setpgroup(&attributes_, 0);
    if (code == 0) code = posix_spawnattr_setsigmask(&attributes_, &none);
    if (code == 0) code = posix_spawnattr_setsigdefault(&attributes_, &all);
    if (code == 0) {
      code = posix_spawnattr_setflags(&attributes_,
                                      POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    if (code == 0) code = posix_spawn_file_actions_adddup2(&actions_, input.reading.get(), 0);
    if (code == 0) code = posix_spawn_file_actions_adddup2(&actions_, output.writing.get(), 1);
    if (code == 0) code = posix_spawn_file_actions_adddup2(&actions_, error_output.writing.get(), 2);
    if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    return code;
  }

  int spawn(pid_t& pid, const std::string& program, const ProcessRequest& request) const {
    std::vector<std::string> variables;
    for (const auto& [name, value] : request.environment) variables.push_back(fmt::format("{}={}", name, value));
    std::vector<char*> arguments;
    for (const auto& argument : request.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
    std::vector<char*> environment;
    for (auto& variable : variables) environment.push_back(variable.data());
    arguments.push_back(nullptr);
    environment.push_back(nullptr);
    const int code =
        ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
    for (auto& variable : variables) ::explicit_bzero(variable.data(), variable.size());
    return code;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// ---- the running child ----

/// A child that was started. Its destructor kills the group and reaps the child, unless wait() has done so.
class Child {
 public:
  Child(pid_t pid, std::string program) : pid_(pid), program_(std::move(program)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { kill_group(); }

  /// True once the child has ended; it stays a zombie, so that its process group's number cannot be used anew.
  bool has_ended() const {
    siginfo_t info{};
    const int code = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return code != 0 ? errno == ECHILD : info.si_pid == pid_;
  }

  /// After has_ended(): the exit status in the form that a shell shows.
  Result<int> exit_status() {
    int status = 0;
    pid_t reaped = 0;
    do {
      reaped = ::waitpid(pid_, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    pid_ = -1;
    if (reaped < 0) {
      return Error(ErrorCode::io, fmt::format("the exit status of {} is lost: the host program ignores SIGCHLD or "
                                              "waits for children that are not its own",
                                              program_));
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  void kill_group() noexcept {
    if (pid_ < 0) return;
    if (!has_ended()) {
      ::kill(-pid_, SIGTERM);
      wait_for_end(kTerminationGrace);
    }
    ::kill(-pid_, SIGKILL);
    wait_for_end(kReapLimit);
    while (::waitpid(pid_, nullptr, WNOHANG) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }

 private:
  void wait_for_end(milliseconds limit) const noexcept {
    const auto end = SteadyClock::now() + limit;
    milliseconds pause{1};
    while (!has_ended() && SteadyClock::now() < end) {
      ::poll(nullptr, 0, static_cast<int>(pause.count()));
      pause = std::min(pause * 2, kPollInterval);
    }
  }

  pid_t pid_;
  std::string program_;
};

/// One of the two output streams.
struct Stream {
  Descriptor descriptor;
  SecretString bytes;
};

enum class ReadOutcome { more_later, ended, over_limit };

ReadOutcome read_available(Stream& stream, std::size_t limit) {
  std::array<char, 16384> buffer;
  ReadOutcome outcome = ReadOutcome::more_later;
  for (;;) {
    const ssize_t count = ::read(stream.descriptor.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (count == 0 || errno != EAGAIN) outcome = ReadOutcome::ended;
      break;
    }
    if (static_cast<std::size_t>(count) > limit - stream.bytes.size()) {
      outcome = ReadOutcome::over_limit;
      break;
    }
    stream.bytes.append({buffer.data(), static_cast<std::size_t>(count)});
  }
  ::explicit_bzero(buffer.data(), buffer.size());
  if (outcome != ReadOutcome::more_later) stream.descriptor.close();
  return outcome;
}

/// Feeds standard input and drains both outputs until the child has ended.
class Conversation {
 public:
  Conversation(const ProcessRequest& request, Child& child, Descriptor input, Descriptor output,
               Descriptor error_output)
      : request_(request), child_(child), unsent_(request.standard_input.reveal()), input_(std::move(input)) {
    streams_[0].descriptor = std::move(output);
    streams_[1].descriptor = std::move(error_output);
    set_nonblocking(input_);
    for (const auto& stream : streams_) set_nonblocking(stream.descriptor);
    if (unsent_.empty()) input_.close();
  }

  Result<void> run(const CallContext& context) {
    const std::string& program = request_.arguments.front();
    std::optional<SteadyClock::time_point> drain_end;
    milliseconds pause{1};
    while (true) {
      // Asked before reading: what the child wrote before its end is then read below.
      const bool ended = child_.has_ended();
      if (auto done = exchange(); !done) return done;
      if (ended && !any_output_open()) return {};
      const auto now = SteadyClock::now();
      if (ended && !drain_end) drain_end = now + kDrainGrace;
      if (drain_end && now >= *drain_end) return {};
      if (auto running = context.check(fmt::format("running {}", program)); !running) return running;
      wait_for_events(context.remaining(any_output_open() ? kPollInterval
                                                          : std::exchange(pause, std::min(pause * 2, kPollInterval))));
    }
  }

  Stream& output() noexcept { return streams_[0]; }
  Stream& error_output() noexcept { return streams_[1]; }

 private:
  bool any_output_open() const noexcept { return streams_[0].descriptor.is_open() || streams_[1].descriptor.is_open(); }

  Result<void> exchange() {
    while (input_.is_open() && !unsent_.empty()) {
      const SigpipeGuard no_sigpipe;
      const ssize_t count = ::write(input_.get(), unsent_.data(), unsent_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) break;
      // A child that does not read its input is not at fault for that: its exit status decides.
      if (count < 0)
        input_.close();
      else
        unsent_.remove_prefix(static_cast<std::size_t>(count));
    }
    if (unsent_.empty()) input_.close();
    for (auto& stream : streams_) {
      if (stream.descriptor.is_open() && read_available(stream, request_.output_limit) == ReadOutcome::over_limit) {
        return Error(ErrorCode::protocol,
                     fmt::format("{} wrote more than {} bytes", request_.arguments.front(), request_.output_limit));
      }
    }
    return {};
  }

  void wait_for_events(milliseconds limit) const noexcept {
    std::array<pollfd, 3> events{};
    events[0] = {streams_[0].descriptor.get(), POLLIN, 0};  // poll(2) passes over negative descriptors.
    events[1] = {streams_[1].descriptor.get(), POLLIN, 0};
    events[2] = {input_.get(), POLLOUT, 0};
    ::poll(events.data(), events.size(), static_cast<int>(limit.count()));
  }

  const ProcessRequest& request_;
  Child& child_;
  std::string_view unsent_;
  Descriptor input_;
  std::array<Stream, 2> streams_;
};

Error spawn_error(const std::string& program, int code) {
  Error error = system_error("start", program, code);
  if (code == ENOENT) {
    error.code = ErrorCode::not_found;
    error.message = fmt::format("no program {}, or the interpreter that its first line names is missing", program);
  }
  return error;
}

}  // namespace

Result<ProcessResult> run_process(const ProcessRequest& request, const CallContext& context) {
  if (auto valid = check_request(request); !valid) return valid.error();
  const CallContext limited = context.limited_to(request.timeout);
  if (auto running = limited.check(fmt::format("running {}", request.arguments.front())); !running)
    return running.error();
  auto program = find_program(request);
  if (!program) return program.error();

  auto input = make_pipe();
  auto output = make_pipe();
  auto error_output = make_pipe();
  if (!input || !output || !error_output) return system_error("make pipes for", *program, errno);
  SpawnSettings settings;
  if (const int code = settings.prepare(*input, *output, *error_output); code != 0) {
    return system_error("prepare to start", *program, code);
  }
  pid_t pid = -1;
  if (const int code = settings.spawn(pid, *program, request); code != 0) return spawn_error(*program, code);
  Child child(pid, *program);
  input->reading.close();
  output->writing.close();
  error_output->writing.close();

  Conversation conversation(request, child, std::move(input->writing), std::move(output->reading),
                            std::move(error_output->reading));
  if (auto done = conversation.run(limited); !done) return done.error();
  auto status = child.exit_status();
  if (!status) return status.error();
  ProcessResult result;
  result.exit_status = *status;
  result.output = std::move(conversation.output().bytes);
  result.error_text = base::redact(conversation.error_output().bytes.reveal());
  return result;
}

}  // namespace dbxauth::platform
