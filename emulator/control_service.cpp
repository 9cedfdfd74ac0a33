// SPDX-License-Identifier: Apache-2.0
#include "control_service.hpp"

#include <optional>
#include <string>

#include "base/json_writer.hpp"

namespace dbxauth::emulator {

namespace {

HttpResponse add_faults(const HttpRequest& request, FaultPlan& faults) {
  const auto body = base::JsonDocument::parse(request.body, "the fault rules");
  if (!body) throw malformed_request("The fault rules are not JSON");
  base::JsonWriter json;
  json.begin_object().key("ids").begin_array();
  for (const std::int64_t id : faults.add(body->root())) json.integer(id);
  json.end_array().end_object();
  return json_response(json.take());
}

HttpResponse expire_tokens(const HttpRequest& request, AccessTokens& tokens) {
  const auto body = request.json();
  const std::string kind = optional_string(body.root(), "kind").value_or("all");
  std::optional<TokenKind> wanted;
  if (kind == "personal_access")
    wanted = TokenKind::personal_access;
  else if (kind == "oauth")
    wanted = TokenKind::oauth;
  else if (kind == "entra")
    wanted = TokenKind::entra;
  else if (kind == "google_identity")
    wanted = TokenKind::google_identity;
  else if (kind == "google_access")
    wanted = TokenKind::google_access;
  else if (kind != "all")
    throw bad_parameter("kind must be personal_access, oauth, entra, google_identity, google_access or all");
  const std::size_t count = tokens.expire(wanted, optional_string(body.root(), "principal"));
  base::JsonWriter json;
  json.begin_object().member("expired", static_cast<std::int64_t>(count)).end_object();
  return json_response(json.take());
}

HttpResponse state(const HttpRequest& request, const Metastore& metastore) {
  const std::string catalog = request.query_parameter("catalog").value_or("");
  if (!catalog.empty() && !metastore.find(SecurableKind::catalog, {catalog}))
    throw RequestError(404, "CATALOG_DOES_NOT_EXIST", "Catalog '" + catalog + "' does not exist.");
  return json_response(metastore.state_json(catalog, request.query_boolean("rows", true)));
}

}  // namespace

void add_control_routes(HttpServer& server, const ControlledParts& parts) {
  const auto on = [&](const char* route, HttpServer::Handler handler) {
    server.route(route, Access::control, std::move(handler));
  };
  on("GET /_emulator/counters", [parts](const HttpRequest&) { return json_response(parts.counters.to_json()); });
  on("POST /_emulator/counters/reset", [parts](const HttpRequest&) {
    parts.counters.reset();
    return json_response("{}");
  });
  on("GET /_emulator/faults", [parts](const HttpRequest&) { return json_response(parts.faults.to_json()); });
  on("POST /_emulator/faults", [parts](const HttpRequest& r) { return add_faults(r, parts.faults); });
  on("DELETE /_emulator/faults", [parts](const HttpRequest&) {
    parts.faults.clear();
    return json_response("{}");
  });
  on("GET /_emulator/settings", [parts](const HttpRequest&) { return json_response(parts.settings.to_json()); });
  on("POST /_emulator/settings", [parts](const HttpRequest& r) {
    const auto body = r.json();
    parts.settings.apply(body.root());
    return json_response(parts.settings.to_json());
  });
  on("POST /_emulator/tokens/expire", [parts](const HttpRequest& r) { return expire_tokens(r, parts.tokens); });
  on("GET /_emulator/statements", [parts](const HttpRequest&) { return json_response(parts.statements.log_json()); });
  on("DELETE /_emulator/statements", [parts](const HttpRequest&) {
    parts.statements.clear_log();
    return json_response("{}");
  });
  on("GET /_emulator/state", [parts](const HttpRequest& r) { return state(r, parts.metastore); });
}

}  // namespace dbxauth::emulator
