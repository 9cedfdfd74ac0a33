// SPDX-License-Identifier: Apache-2.0
// Clients and operations against what a process does: threads, fork, callbacks that call back, many of everything.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>
#include <thread>

#include "capi_support.hpp"

using capi_test::Failure;
using capi_test::IsolatedOptions;

namespace {

/// A socket on the loopback interface that listens.
class Listener {
 public:
  Listener() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (bind(descriptor_, generic, size) != 0 || listen(descriptor_, 64) != 0 ||
        getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no loopback socket");
    }
    host_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(descriptor_); }
  const std::string& host() const { return host_; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::string host_;
};

/// Answers every request of every connection with an empty list of catalogs, and keeps connections open.
class CatalogServer {
 public:
  CatalogServer() : accepting_([this] { accept_all(); }) {}
  CatalogServer(const CatalogServer&) = delete;
  CatalogServer& operator=(const CatalogServer&) = delete;
  ~CatalogServer() {
    shutdown(listener_.descriptor(), SHUT_RDWR);
    accepting_.join();
    for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
    for (std::thread& thread : serving_) thread.join();
    for (const int connection : connections_) close(connection);
  }
  const std::string& host() const { return listener_.host(); }

 private:
  void accept_all() {
    for (;;) {
      const int connection = accept(listener_.descriptor(), nullptr, nullptr);
      if (connection < 0) return;
      connections_.push_back(connection);
      serving_.emplace_back([connection] { serve(connection); });
    }
  }

  static void serve(int connection) {
    const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"catalogs\":[]}";
    std::string request;
    char part[4096];
    for (ssize_t size = 0; (size = recv(connection, part, sizeof part, 0)) > 0;) {
      request.append(part, static_cast<std::size_t>(size));
      for (std::size_t end = 0; (end = request.find("\r\n\r\n")) != std::string::npos;) {
        request.erase(0, end + 4);
        if (send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
      }
    }
  }

  Listener listener_;
  std::vector<int> connections_;
  std::vector<std::thread> serving_;
  std::thread accepting_;
};

dbxauth_client* client_of(const std::string& host) {
  IsolatedOptions isolated;
  isolated.set("host", host.c_str());
  isolated.set("token", "dapi-not-a-real-token");
  dbxauth_client* client = nullptr;
  Failure failure;
  const auto status = dbxauth_client_new(&isolated.options, &client, &failure.error);
  INFO(failure.message());
  REQUIRE(status == DBXAUTH_OK);
  return client;
}

dbxauth_status list_catalogs(dbxauth_client* client) {
  dbxauth_string* text = nullptr;
  const dbxauth_status status = dbxauth_client_catalogs_json(client, nullptr, &text, nullptr);
  dbxauth_string_free(text);
  return status;
}

dbxauth_operation* start_inventory(dbxauth_client* client, const dbxauth_operation_options* options = nullptr) {
  dbxauth_operation* operation = nullptr;
  REQUIRE(dbxauth_inventory_start(client, "production", nullptr, options, &operation, nullptr) == DBXAUTH_OK);
  return operation;
}

dbxauth_status result_of(dbxauth_operation* operation) {
  dbxauth_string* text = nullptr;
  const dbxauth_status status = dbxauth_operation_result_json(operation, &text, nullptr);
  dbxauth_string_free(text);
  return status;
}

std::ptrdiff_t entries(const char* directory) {
  const std::filesystem::directory_iterator begin(directory);
  return std::distance(begin, std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("a client that was used before a fork works in the child, and on in the parent") {
  CatalogServer server;
  dbxauth_client* client = client_of(server.host());
  REQUIRE(list_catalogs(client) == DBXAUTH_OK);
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // A child that hangs is ended by the signal, and the parent sees that.
      alarm(60);
      const bool works = list_catalogs(client) == DBXAUTH_OK && list_catalogs(client) == DBXAUTH_OK;
      dbxauth_client_free(client);
      _exit(works ? 0 : 1);
    }
    CHECK(list_catalogs(client) == DBXAUTH_OK);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(list_catalogs(client) == DBXAUTH_OK);
  }
  dbxauth_client_free(client);
}

TEST_CASE("the log callback may call the library") {
  struct Reentry {
    dbxauth_client* client = nullptr;
    std::atomic<int> records{0};
    std::atomic<bool> inside{false};
    std::atomic<dbxauth_status> status{-1};
    static void log(void* user_data, int32_t, const char*, const char*) {
      auto* self = static_cast<Reentry*>(user_data);
      ++self->records;
      // What is logged by the call below comes back here.
      if (self->client == nullptr || self->inside.exchange(true)) return;
      dbxauth_headers* headers = nullptr;
      self->status = dbxauth_client_headers(self->client, 0, nullptr, &headers, nullptr);
      dbxauth_client_reject(self->client, headers);
      dbxauth_headers_free(headers);
      self->inside = false;
    }
  };
  CatalogServer server;
  Reentry reentry;
  reentry.client = client_of(server.host());
  dbxauth_set_log_callback(DBXAUTH_LOG_TRACE, Reentry::log, &reentry, nullptr);
  const dbxauth_status status = list_catalogs(reentry.client);
  dbxauth_set_log_callback(DBXAUTH_LOG_OFF, nullptr, nullptr, nullptr);
  CHECK(status == DBXAUTH_OK);
  CHECK(reentry.records > 0);
  CHECK(reentry.status == DBXAUTH_OK);
  dbxauth_client_free(reentry.client);
}

TEST_CASE("the progress callback may look at its operation, use the client and cancel") {
  struct Reentry {
    dbxauth_client* client = nullptr;
    std::atomic<dbxauth_operation*> operation{nullptr};
    std::atomic<int> calls{0};
    static void progress(void* user_data, const char*, size_t) {
      auto* self = static_cast<Reentry*>(user_data);
      // The first call may come before the caller has got its handle.
      while (self->operation == nullptr) std::this_thread::yield();
      dbxauth_string* text = nullptr;
      if (dbxauth_operation_progress_json(self->operation, &text, nullptr) == DBXAUTH_OK) ++self->calls;
      dbxauth_string_free(text);
      dbxauth_headers* headers = nullptr;
      if (dbxauth_client_headers(self->client, 0, nullptr, &headers, nullptr) == DBXAUTH_OK) ++self->calls;
      dbxauth_headers_free(headers);
      dbxauth_operation_cancel(self->operation);
    }
  };
  const Listener silent;
  Reentry reentry;
  reentry.client = client_of(silent.host());
  dbxauth_operation_options options;
  dbxauth_operation_options_init(&options, sizeof options);
  options.progress = Reentry::progress;
  options.user_data = &reentry;
  reentry.operation = start_inventory(reentry.client, &options);
  CHECK(result_of(reentry.operation) == DBXAUTH_E_CANCELLED);
  CHECK(reentry.calls >= 2);
  dbxauth_operation_free(reentry.operation);
  dbxauth_client_free(reentry.client);
}

TEST_CASE("another thread cancels an operation that is waited for") {
  // Nobody accepts: without the cancellation the operation would wait for its deadline.
  const Listener silent;
  dbxauth_client* client = client_of(silent.host());
  dbxauth_operation* operation = start_inventory(client);
  int32_t finished = 1;
  CHECK(dbxauth_operation_wait(operation, 0, &finished, nullptr) == DBXAUTH_OK);
  std::thread other([operation] { dbxauth_operation_cancel(operation); });
  CHECK(dbxauth_operation_wait(operation, INT64_MAX, &finished, nullptr) == DBXAUTH_OK);
  other.join();
  CHECK(finished == 1);
  CHECK(result_of(operation) == DBXAUTH_E_CANCELLED);
  CHECK(result_of(operation) == DBXAUTH_E_CANCELLED);
  dbxauth_operation_free(operation);
  dbxauth_client_free(client);
}

TEST_CASE("an operation outlives its client") {
  CatalogServer server;
  dbxauth_client* client = client_of(server.host());
  dbxauth_operation* operation = start_inventory(client);
  dbxauth_client_free(client);
  // The server knows no warehouse: the operation ends with an error of its own, not with a crash.
  CHECK(result_of(operation) != DBXAUTH_OK);
  CHECK(result_of(operation) != DBXAUTH_E_CANCELLED);
  dbxauth_operation_free(operation);
}

TEST_CASE("a thousand clients leave no descriptor and no thread behind") {
  CatalogServer server;
  const auto make_and_free = [&](int i) {
    dbxauth_client* client = client_of(server.host());
    dbxauth_headers* headers = nullptr;
    CHECK(dbxauth_client_headers(client, 0, nullptr, &headers, nullptr) == DBXAUTH_OK);
    dbxauth_headers_free(headers);
    if (i % 100 == 0) {
      CHECK(list_catalogs(client) == DBXAUTH_OK);
      dbxauth_operation_free(start_inventory(client));
    }
    dbxauth_client_free(client);
  };
  make_and_free(0);
  const std::ptrdiff_t descriptors = entries("/proc/self/fd");
  const std::ptrdiff_t threads = entries("/proc/self/task");
  for (int i = 1; i <= 1000; ++i) make_and_free(i);
  // Connections are pooled, and the server in this process holds the other end and a thread of each: a few may be
  // there, not one for each client.
  CHECK(entries("/proc/self/fd") <= descriptors + 40);
  CHECK(entries("/proc/self/task") <= threads + 20);
}
