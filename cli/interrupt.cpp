// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "exit_status.hpp"

namespace dbxauth::cli {

namespace {

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

struct Interrupt::State {
  CancelSource source;
  std::thread watcher;
};

Interrupt::Interrupt() : state_(std::make_unique<State>()) {
  const sigset_t signals = watched_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  state_->watcher = std::thread([state = state_.get()] {
    const sigset_t awaited = watched_signals();
    bool interrupted = false;
    for (;;) {
      int signal = 0;
      if (sigwait(&awaited, &signal) != 0) return;
      // The destructor wakes the thread with SIGUSR1, which no terminal sends.
      if (signal == SIGUSR1) return;
      if (interrupted) {
        // The progress line is left as it is; what the shell prints next gets a line of its own.
        const ssize_t written = isatty(STDERR_FILENO) == 1 ? write(STDERR_FILENO, "\n", 1) : 0;
        static_cast<void>(written);
        _exit(exit_interrupted);
      }
      interrupted = true;
      state->source.cancel();
    }
  });
}

Interrupt::~Interrupt() {
  pthread_kill(state_->watcher.native_handle(), SIGUSR1);
  state_->watcher.join();
}

CancelToken Interrupt::token() const noexcept {
  return state_->source.token();
}

bool read_line(const CancelToken& cancel, std::string& line) {
  constexpr int look_every_ms = 50;
  line.clear();
  while (!cancel.cancelled()) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    const int ready = poll(&input, 1, look_every_ms);
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    char c = 0;
    const ssize_t size = read(STDIN_FILENO, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return !line.empty();
    if (c == '\n') return true;
    line += c;
  }
  return false;
}

}  // namespace dbxauth::cli
