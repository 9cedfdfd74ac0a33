// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include <unistd.h>
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
      if (interrupted) _exit(exit_interrupted);
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

}  // namespace dbxauth::cli
