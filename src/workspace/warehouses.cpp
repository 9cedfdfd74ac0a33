// SPDX-License-Identifier: Apache-2.0
#include "workspace/warehouses.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <tuple>

#include "base/redaction.hpp"

namespace dbxauth::workspace {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view warehouses_path = "/api/2.0/sql/warehouses";
constexpr std::chrono::minutes start_limit{20};
constexpr milliseconds first_poll_delay{1000};
constexpr milliseconds longest_poll_delay{10000};

Warehouse parse_warehouse(base::JsonView json) {
  Warehouse warehouse;
  warehouse.id = std::string(json["id"].string_or());
  warehouse.name = std::string(json["name"].string_or());
  warehouse.state = std::string(json["state"].string_or());
  warehouse.cluster_size = std::string(json["cluster_size"].string_or());
  warehouse.warehouse_type = std::string(json["warehouse_type"].string_or());
  warehouse.serverless = json["enable_serverless_compute"].boolean_or(false);
  return warehouse;
}

bool is_gone(std::string_view state) noexcept {
  return state == "DELETED" || state == "DELETING";
}

int rank_of(std::string_view state) noexcept {
  if (state == "RUNNING") return 0;
  if (state == "STARTING") return 1;
  if (state == "STOPPED") return 2;
  if (state == "STOPPING") return 3;
  return 4;
}

std::string health_of(base::JsonView json) {
  for (const char* key : {"details", "summary", "message"}) {
    const std::string_view text = json["health"][key].string_or();
    if (!text.empty()) return ": " + base::redact_excerpt(text);
  }
  return {};
}

Error gone(std::string_view id, std::string_view state) {
  return Error(ErrorCode::not_found, fmt::format("SQL warehouse '{}' is {}; choose another one", id,
                                                 state == "DELETED" ? "deleted" : "being deleted"));
}

}  // namespace

const Warehouse* best_warehouse(const std::vector<Warehouse>& warehouses) noexcept {
  const auto key = [](const Warehouse& warehouse) {
    return std::make_tuple(rank_of(warehouse.state), warehouse.serverless ? 0 : 1, std::string_view(warehouse.name),
                           std::string_view(warehouse.id));
  };
  const Warehouse* best = nullptr;
  for (const Warehouse& candidate : warehouses) {
    if (is_gone(candidate.state) || candidate.id.empty()) continue;
    if (best == nullptr || key(candidate) < key(*best)) best = &candidate;
  }
  return best;
}

Result<std::vector<Warehouse>> Warehouses::list(const CallContext& context) const {
  std::vector<Warehouse> warehouses;
  const auto path = [](std::string_view page_token) {
    RestPath page(warehouses_path);
    if (!page_token.empty()) page.query("page_token", page_token);
    return page.text();
  };
  auto read = read_pages(rest_, path, "warehouses", "list the SQL warehouses", context,
                         [&warehouses](base::JsonView item) { warehouses.push_back(parse_warehouse(item)); });
  if (!read) return read.error();
  return warehouses;
}

Result<base::JsonDocument> Warehouses::describe(std::string_view id, const CallContext& context) const {
  if (id.empty()) return Error(ErrorCode::invalid_argument, "the id of the SQL warehouse is empty");
  RestCall call;
  call.path = RestPath(warehouses_path).segment(id).text();
  auto json = rest_.json(call, fmt::format("read SQL warehouse '{}'", id), context);
  if (json && json->root()["id"].string_or().empty()) {
    return Error(ErrorCode::protocol, fmt::format("could not read SQL warehouse '{}': the answer has no id", id));
  }
  return json;
}

Result<Warehouse> Warehouses::get(std::string_view id, const CallContext& context) const {
  auto json = describe(id, context);
  if (!json) return json.error();
  return parse_warehouse(json->root());
}

Result<Warehouse> Warehouses::choose(std::string_view preferred, const CallContext& context) const {
  if (!preferred.empty()) {
    auto warehouse = get(preferred, context);
    if (warehouse && is_gone(warehouse->state)) return gone(preferred, warehouse->state);
    return warehouse;
  }
  auto warehouses = list(context);
  if (!warehouses) return warehouses.error();
  const Warehouse* best = best_warehouse(*warehouses);
  if (best == nullptr) {
    return Error(ErrorCode::not_found,
                 "this identity can use no SQL warehouse in the workspace: create one, or ask for CAN USE on one");
  }
  return *best;
}

Result<void> Warehouses::request_start(std::string_view id, const CallContext& context) const {
  RestCall call;
  call.method = net::HttpMethod::post;
  call.path = RestPath(warehouses_path).segment(id).segment("start").text();
  call.body = "{}";
  // Starting what starts already changes nothing.
  call.replay = net::Replay::safe;
  auto started = rest_.json(call, fmt::format("start SQL warehouse '{}'", id), context);
  if (!started) return started.error();
  return {};
}

Result<Warehouse> Warehouses::start(std::string_view id, const CallContext& context) const {
  const CallContext limited = context.deadline ? context : context.limited_to(start_limit);
  const std::string doing = fmt::format("waiting for SQL warehouse '{}' to start", id);
  BackOff delay(first_poll_delay, longest_poll_delay);
  bool start_requested = false;
  for (;;) {
    auto json = describe(id, limited.limited_to(rest_call_limit));
    if (!json) return json.error();
    Warehouse warehouse = parse_warehouse(json->root());
    if (warehouse.state == "RUNNING") return warehouse;
    if (is_gone(warehouse.state)) return gone(id, warehouse.state);
    if (warehouse.state == "STOPPED") {
      if (start_requested) {
        return Error(ErrorCode::unavailable, fmt::format("SQL warehouse '{}' ({}) stopped instead of starting{}",
                                                         warehouse.name, id, health_of(json->root())));
      }
      if (auto requested = request_start(id, limited.limited_to(rest_call_limit)); !requested) return requested.error();
      start_requested = true;
    }
    if (auto slept = timer_.sleep_for(delay.next(), limited, doing); !slept) {
      Error error = slept.error();
      error.message += fmt::format(" (its state is {})", base::redact_excerpt(warehouse.state, 40));
      return error;
    }
  }
}

}  // namespace dbxauth::workspace
