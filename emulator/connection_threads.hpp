// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace dbxauth::emulator {

/// Threads for httplib's connections, started when none is idle. A fixed pool would let idle keep-alive connections,
/// each of which holds its thread, starve new ones.
class ConnectionThreads : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(std::size_t most) : most_(most) {}
  void enqueue(std::function<void()> task) override;
  void shutdown() override;

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable available_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  std::size_t most_;
  bool ending_ = false;
};

/// Shuts down (both directions) the accepted TCP connections of this process whose local port is `local_port` and, if
/// given, whose peer has `peer_port`. The file descriptors stay open for whoever owns them. httplib offers no way to
/// end a connection without an answer, which is what a lost response is.
void shut_connections(int local_port, std::optional<int> peer_port);

}  // namespace dbxauth::emulator
