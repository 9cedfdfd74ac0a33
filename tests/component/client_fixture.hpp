// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "dbxauth/client.hpp"
#include "dbxauth/log.hpp"
#include "net/http_transport.hpp"
#include "support/emulator_process.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::testing {

/// Everything that the library says from its construction to its destruction: log records of every level, and what a
/// test adds. One at a time, as there is one log sink.
class Overheard {
 public:
  Overheard() {
    set_log_sink(LogLevel::trace, [this](LogLevel, std::string_view subject, std::string_view message) {
      const std::lock_guard lock(mutex_);
      text_.append(subject).append(": ").append(message) += '\n';
    });
  }
  Overheard(const Overheard&) = delete;
  Overheard& operator=(const Overheard&) = delete;
  ~Overheard() { set_log_sink(LogLevel::off, {}); }

  void add(std::string_view text) {
    const std::lock_guard lock(mutex_);
    text_.append(text) += '\n';
  }
  void add(const Error& error) {
    add(error.message);
    add(to_json(error));
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// An emulator, an empty home directory, and clients whose environment is only what a test gives them.
class ClientFixture {
 public:
  using Variables = std::map<std::string, std::string>;

  explicit ClientFixture(std::string seed = "empty", std::vector<std::string> arguments = {})
      : emulator(std::move(seed), std::move(arguments)) {
    HttpOptions options;
    options.ca_bundle = std::string(emulator.ready()["ca_bundle"].string_or());
    control_ = net::make_curl_transport(options, platform::Environment());
  }

  Variables administrator() const {
    return {{"DATABRICKS_HOST", emulator.url()}, {"DATABRICKS_TOKEN", emulator.token()}};
  }
  Variables service_principal() const {
    return {{"DATABRICKS_HOST", emulator.url()},
            {"DATABRICKS_CLIENT_ID", emulator.client_id()},
            {"DATABRICKS_CLIENT_SECRET", emulator.client_secret()}};
  }

  /// Options that see nothing of this machine but what is given here.
  ClientOptions options(Variables environment) const {
    environment.emplace("HOME", home.path());
    ClientOptions options;
    options.environment = std::move(environment);
    return options;
  }
  Client client(Variables environment) const {
    auto made = Client::create(options(std::move(environment)));
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }
  WorkspaceClient workspace(const Client& client) const {
    auto made = client.workspace(CallContext::with_timeout(patience));
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }
  WorkspaceClient workspace() const { return workspace(client(administrator())); }

  /// A request to the emulator, with its administrator's token.
  net::HttpResponse request(net::HttpMethod method, const std::string& path, std::string_view body = {},
                            std::string_view content_type = "application/json") const {
    net::HttpRequest request;
    request.method = method;
    request.url = emulator.url() + path;
    request.body = SecretString(body);
    request.content_type = content_type;
    if (path.rfind("/api/", 0) == 0) {
      request.secret_headers.emplace_back("Authorization", SecretString("Bearer " + emulator.token()));
    }
    auto response = control_->send(request, CallContext::with_timeout(patience));
    if (!response) throw std::runtime_error(path + ": " + response.error().message);
    return std::move(*response);
  }
  base::JsonDocument control(net::HttpMethod method, const std::string& path, std::string_view body = {}) const {
    auto response = request(method, path, body);
    if (!response.ok()) throw std::runtime_error(path + " was refused: " + std::string(response.body.reveal()));
    auto json = base::JsonDocument::parse(response.body.reveal(), path);
    if (!json) throw std::runtime_error(json.error().message);
    return std::move(*json);
  }
  void fault(std::string_view rule) const { control(net::HttpMethod::post, "/_emulator/faults", rule); }
  void no_faults() const { control(net::HttpMethod::del, "/_emulator/faults"); }
  void settings(std::string_view json) const { control(net::HttpMethod::post, "/_emulator/settings", json); }
  void reset_counters() const { control(net::HttpMethod::post, "/_emulator/counters/reset"); }
  /// Requests of one route, "GET /api/…", since the counters were reset.
  std::int64_t requests(std::string_view route) const {
    return control(net::HttpMethod::get, "/_emulator/counters")["by_route"][route].integer_or(0);
  }
  /// SQL statements that the emulator has run.
  std::int64_t statements() const {
    return control(net::HttpMethod::get, "/_emulator/counters")["statements"].integer_or(-1);
  }

  /// Long enough for the slowest machine; only what hangs takes longer.
  static constexpr std::chrono::seconds patience{60};

  EmulatorProcess emulator;
  TemporaryDirectory home;

 private:
  std::shared_ptr<net::HttpTransport> control_;
};

}  // namespace dbxauth::testing
