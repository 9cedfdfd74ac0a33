// SPDX-License-Identifier: Apache-2.0
#pragma once

// Link PkgConfig::CPP_HTTPLIB: the macros that decide the layout of its classes come with it.
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "support/test_certificate.hpp"

namespace dbxauth::testing {

/// An HTTP or HTTPS server on 127.0.0.1 and a free port, run on threads of its own until it is destroyed. Add handlers
/// through routes() before start(). Counts requests and the client connections that they came over.
class LoopbackHttpServer {
 public:
  LoopbackHttpServer() : server_(std::make_unique<httplib::Server>()), scheme_("http") {}
  explicit LoopbackHttpServer(const TestCertificate& certificate)
      : server_(std::make_unique<httplib::SSLServer>(certificate.certificate_file().c_str(),
                                                     certificate.key_file().c_str())),
        scheme_("https") {}
  LoopbackHttpServer(const LoopbackHttpServer&) = delete;
  LoopbackHttpServer& operator=(const LoopbackHttpServer&) = delete;
  ~LoopbackHttpServer() {
    stopping_ = true;
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }

  httplib::Server& routes() { return *server_; }

  LoopbackHttpServer& start() {
    server_->new_task_queue = [] { return new httplib::ThreadPool(16); };
    server_->set_keep_alive_max_count(100000);
    // Before the answer is written, so that whoever has it finds its request counted.
    server_->set_post_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      const std::lock_guard lock(mutex_);
      ++requests_;
      client_ports_.insert(request.remote_port);
    });
    port_ = server_->bind_to_any_port("127.0.0.1");
    if (port_ <= 0) throw std::runtime_error("cannot bind a loopback port");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
    return *this;
  }

  int port() const noexcept { return port_; }
  std::string url(const std::string& path = "") const {
    return scheme_ + "://127.0.0.1:" + std::to_string(port_) + path;
  }
  int requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return client_ports_.size();
  }
  /// For handlers that stall: ends them when the test is over.
  bool stopping() const noexcept { return stopping_; }
  void stall() const {
    while (!stopping_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

 private:
  std::unique_ptr<httplib::Server> server_;
  std::string scheme_;
  std::thread thread_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  int requests_ = 0;
  std::set<int> client_ports_;
};

}  // namespace dbxauth::testing
