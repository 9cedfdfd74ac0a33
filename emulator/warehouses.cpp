// SPDX-License-Identifier: Apache-2.0
#include "warehouses.hpp"

#include <algorithm>
#include <utility>

#include "base/json_writer.hpp"
#include "crypto.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::int64_t default_page_size = 100;
constexpr std::chrono::milliseconds start_poll{5};

const char* state_name(WarehouseState state) {
  switch (state) {
    case WarehouseState::running:
      return "RUNNING";
    case WarehouseState::starting:
      return "STARTING";
    case WarehouseState::stopped:
      break;
  }
  return "STOPPED";
}

}  // namespace

Warehouses::Warehouses(const Settings& settings, const StopSignal& stop_signal, std::function<std::int64_t()> now_ms)
    : settings_(settings), stop_signal_(stop_signal), now_ms_(std::move(now_ms)) {}

std::string Warehouses::add(const std::string& name, const std::string& creator, WarehouseState state) {
  const std::lock_guard lock(mutex_);
  Warehouse warehouse;
  warehouse.id = random_hex(16);
  warehouse.name = name;
  warehouse.creator = creator;
  warehouse.state = state;
  warehouses_.push_back(warehouse);
  return warehouse.id;
}

Warehouse* Warehouses::find(const std::string& id) {
  const auto found =
      std::find_if(warehouses_.begin(), warehouses_.end(), [&](const Warehouse& w) { return w.id == id; });
  if (found == warehouses_.end()) return nullptr;
  advance(*found);
  return &*found;
}

void Warehouses::advance(Warehouse& warehouse) const {
  if (warehouse.state == WarehouseState::starting && now_ms_() >= warehouse.starting_until_ms)
    warehouse.state = WarehouseState::running;
}

bool Warehouses::exists(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(warehouses_.begin(), warehouses_.end(), [&](const Warehouse& w) { return w.id == id; });
}

bool Warehouses::ensure_running(const std::string& id, const std::function<bool()>& cancelled) {
  bool asked = false;
  while (!cancelled()) {
    {
      const std::lock_guard lock(mutex_);
      Warehouse* warehouse = find(id);
      if (warehouse == nullptr) return false;
      if (warehouse->state == WarehouseState::running) return true;
      if (warehouse->state == WarehouseState::stopped) {
        if (asked) return false;
        warehouse->state = WarehouseState::starting;
        warehouse->starting_until_ms = now_ms_() + settings_.warehouse_start_ms;
      }
      asked = true;
    }
    if (!stop_signal_.sleep(start_poll)) return false;
  }
  return false;
}

void Warehouses::add_routes(HttpServer& server) {
  server_ = &server;
  const std::string base = "/api/2.0/sql/warehouses";
  server.route("GET " + base, Access::bearer, [this](const HttpRequest& r) { return list(r); });
  server.route("GET " + base + "/{id}", Access::bearer, [this](const HttpRequest& r) { return get(r); });
  server.route("POST " + base + "/{id}/start", Access::bearer,
               [this](const HttpRequest& r) { return change_state(r, true); });
  server.route("POST " + base + "/{id}/stop", Access::bearer,
               [this](const HttpRequest& r) { return change_state(r, false); });
}

HttpResponse Warehouses::list(const HttpRequest& request) {
  std::int64_t size = request.query_integer("page_size", default_page_size);
  if (size < 0) throw bad_parameter("page_size must not be negative");
  if (size == 0 || size > default_page_size) size = default_page_size;
  const std::string token = request.query_parameter("page_token").value_or("");

  const std::lock_guard lock(mutex_);
  auto position = warehouses_.begin();
  if (!token.empty()) {
    position = std::find_if(position, warehouses_.end(), [&](const Warehouse& w) { return w.id == token; });
    if (position == warehouses_.end()) throw bad_parameter("page_token is not valid");
  }
  base::JsonWriter json;
  json.begin_object().key("warehouses").begin_array();
  for (; size > 0 && position != warehouses_.end(); --size, ++position) {
    advance(*position);
    json.raw(to_json(*position));
  }
  json.end_array();
  if (position != warehouses_.end()) json.member("next_page_token", position->id);
  json.end_object();
  return json_response(json.take());
}

HttpResponse Warehouses::get(const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  const Warehouse* warehouse = find(request.path_parameter("id"));
  if (warehouse == nullptr) throw does_not_exist("SQL warehouse " + request.path_parameter("id") + " does not exist.");
  return json_response(to_json(*warehouse));
}

HttpResponse Warehouses::change_state(const HttpRequest& request, bool start) {
  request.json();
  const std::lock_guard lock(mutex_);
  Warehouse* warehouse = find(request.path_parameter("id"));
  if (warehouse == nullptr) throw does_not_exist("SQL warehouse " + request.path_parameter("id") + " does not exist.");
  if (!start) {
    warehouse->state = WarehouseState::stopped;
  } else if (warehouse->state == WarehouseState::stopped) {
    warehouse->state = WarehouseState::starting;
    warehouse->starting_until_ms = now_ms_() + settings_.warehouse_start_ms;
  }
  return json_response("{}");
}

std::string Warehouses::to_json(const Warehouse& warehouse) const {
  const bool running = warehouse.state == WarehouseState::running;
  const std::string origin = server_->url();
  const std::string host_and_port = origin.substr(origin.find("://") + 3);
  base::JsonWriter json;
  json.begin_object().member("id", warehouse.id).member("name", warehouse.name);
  json.member("state", state_name(warehouse.state)).member("cluster_size", "2X-Small").member("size", "XXSMALL");
  json.member("min_num_clusters", 1).member("max_num_clusters", 1).member("num_clusters", running ? 1 : 0);
  json.member("num_active_sessions", 0).member("auto_stop_mins", 10).member("creator_name", warehouse.creator);
  json.member("warehouse_type", "PRO").member("enable_serverless_compute", true).member("enable_photon", true);
  json.member("spot_instance_policy", "COST_OPTIMIZED");
  json.key("channel").begin_object().member("name", "CHANNEL_NAME_CURRENT").end_object();
  json.member("jdbc_url", "jdbc:databricks://" + host_and_port +
                              "/default;transportMode=http;httpPath=/sql/1.0/warehouses/" + warehouse.id + ";");
  json.key("odbc_params").begin_object();
  json.member("hostname", host_and_port.substr(0, host_and_port.rfind(':'))).member("port", server_->port());
  json.member("path", "/sql/1.0/warehouses/" + warehouse.id).member("protocol", origin.substr(0, origin.find("://")));
  json.end_object();
  json.key("tags").begin_object().key("custom_tags").begin_array().end_array().end_object();
  json.key("health").begin_object().member("status", running ? "HEALTHY" : "STATUS_UNSPECIFIED").end_object();
  json.end_object();
  return json.take();
}

}  // namespace dbxauth::emulator
