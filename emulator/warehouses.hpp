// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http_server.hpp"
#include "settings.hpp"
#include "stop_signal.hpp"

namespace dbxauth::emulator {

enum class WarehouseState { running, starting, stopped };

struct Warehouse {
  std::string id;  ///< 16 hexadecimal digits.
  std::string name;
  std::string creator;
  WarehouseState state = WarehouseState::running;
  std::int64_t starting_until_ms = 0;  ///< When STARTING turns into RUNNING.
};

/// The workspace's SQL warehouses. A stopped one starts on request or when a statement comes, and takes
/// Settings::warehouse_start_ms for it. Thread-safe.
class Warehouses {
 public:
  Warehouses(const Settings& settings, const StopSignal& stop_signal, std::function<std::int64_t()> now_ms);

  std::string add(const std::string& name, const std::string& creator, WarehouseState state);  ///< Returns its id.
  bool exists(const std::string& id) const;
  /// Starts it when it is stopped and waits until it runs; false when the server stops, it was stopped meanwhile, or
  /// `cancelled()` says so.
  bool ensure_running(const std::string& id, const std::function<bool()>& cancelled);
  void add_routes(HttpServer& server);

 private:
  Warehouse* find(const std::string& id);
  void advance(Warehouse& warehouse) const;
  HttpResponse list(const HttpRequest& request);
  HttpResponse get(const HttpRequest& request);
  HttpResponse change_state(const HttpRequest& request, bool start);
  std::string to_json(const Warehouse& warehouse) const;

  const Settings& settings_;
  const StopSignal& stop_signal_;
  std::function<std::int64_t()> now_ms_;
  const HttpServer* server_ = nullptr;
  mutable std::mutex mutex_;
  std::vector<Warehouse> warehouses_;
};

}  // namespace dbxauth::emulator
