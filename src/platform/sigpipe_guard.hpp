// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <cerrno>

namespace dbxauth::platform {

/// While it lives, writing to a closed pipe or socket on this thread gives EPIPE and no SIGPIPE, which would end a host
/// program that does not expect it. Touches no other thread and no signal handler.
class SigpipeGuard {
 public:
  SigpipeGuard() noexcept {
    sigset_t pending;
    sigemptyset(&pipe_signal_);
    sigaddset(&pipe_signal_, SIGPIPE);
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_signal_, &previous_);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;
  ~SigpipeGuard() {
    const int code = errno;  // Whoever looks at errno afterwards means the call under guard.
    const timespec at_once{0, 0};
    // One that was pending before belongs to the host and stays.
    if (!was_pending_) sigtimedwait(&pipe_signal_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
    errno = code;
  }

 private:
  sigset_t pipe_signal_;
  sigset_t previous_;
  bool was_pending_ = false;
};

}  // namespace dbxauth::platform
