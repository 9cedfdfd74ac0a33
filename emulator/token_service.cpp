// SPDX-License-Identifier: Apache-2.0
#include "token_service.hpp"

#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.hpp"
#include "base/text.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::int64_t longest_lifetime_s = 730LL * 24 * 3600;  // also what a request without a lifetime gets

void write_info(base::JsonWriter& json, const AccessToken& token) {
  json.begin_object().member("token_id", token.id).member("comment", token.comment);
  json.member("creation_time", token.created_at_ms).member("expiry_time", token.expires_at_ms);
  if (!token.scopes.empty()) json.member("scopes", token.scopes);
  json.end_object();
}

std::optional<std::vector<std::string>> scopes_of(base::JsonView object) {
  const base::JsonView list = object["scopes"];
  if (list.is_null_or_missing()) return std::nullopt;
  if (!list.is_array()) throw bad_parameter("Could not parse request object: 'scopes' expects a list of strings");
  std::vector<std::string> scopes;
  list.each_element([&](base::JsonView scope) {
    if (!scope.is_string()) throw bad_parameter("Could not parse request object: 'scopes' expects a list of strings");
    scopes.emplace_back(scope.string_or());
  });
  return scopes;
}

HttpResponse create(const HttpRequest& request, AccessTokens& tokens) {
  const auto body = request.json();
  const std::int64_t lifetime_s = optional_integer(body.root(), "lifetime_seconds").value_or(longest_lifetime_s);
  if (lifetime_s <= 0) throw bad_parameter("lifetime_seconds must be positive");
  if (lifetime_s > longest_lifetime_s)
    throw bad_parameter("lifetime_seconds is above the workspace's maximum token lifetime of 730 days");
  const auto token = tokens.create_personal(request.caller.name, optional_string(body.root(), "comment").value_or(""),
                                            lifetime_s, scopes_of(body.root()).value_or(std::vector<std::string>()));
  base::JsonWriter json;
  json.begin_object().member("token_value", token.value).key("token_info");
  write_info(json, token.info);
  json.end_object();
  return json_response(json.take());
}

HttpResponse list(const HttpRequest& request, const AccessTokens& tokens) {
  base::JsonWriter json;
  json.begin_object();
  const auto owned = tokens.personal_tokens_of(request.caller.name);
  if (!owned.empty()) {
    json.key("token_infos").begin_array();
    for (const AccessToken& token : owned) write_info(json, token);
    json.end_array();
  }
  json.end_object();
  return json_response(json.take());
}

HttpResponse remove(const HttpRequest& request, AccessTokens& tokens) {
  const auto body = request.json();
  const std::string id = required_string(body.root(), "token_id");
  if (!tokens.remove_personal(request.caller.name, id)) throw does_not_exist("Token with ID " + id + " was not found.");
  return json_response("{}");
}

HttpResponse update(const HttpRequest& request, AccessTokens& tokens) {
  const auto body = request.json();
  const base::JsonView token = body["token"];
  if (!token.is_object()) throw bad_parameter("Missing required field: token");
  std::optional<std::string> comment;
  std::optional<std::vector<std::string>> scopes;
  const std::string update_mask = required_string(body.root(), "update_mask");
  for (const std::string_view name : base::split(update_mask, ',')) {
    if (name == "comment")
      comment = optional_string(token, "comment").value_or("");
    else if (name == "scopes")
      scopes = scopes_of(token).value_or(std::vector<std::string>());
    else
      throw bad_parameter("update_mask: unknown field '" + std::string(name) + "'");
  }
  const std::string& id = request.path_parameter("token_id");
  if (!tokens.update_personal(request.caller.name, id, comment, scopes))
    throw RequestError(404, "NOT_FOUND", "Token with ID " + id + " was not found.");
  return json_response("{}");
}

}  // namespace

void add_token_routes(HttpServer& server, AccessTokens& tokens) {
  server.route("POST /api/2.0/token/create", Access::bearer, [&](const HttpRequest& r) { return create(r, tokens); });
  server.route("GET /api/2.0/token/list", Access::bearer, [&](const HttpRequest& r) { return list(r, tokens); });
  server.route("POST /api/2.0/token/delete", Access::bearer, [&](const HttpRequest& r) { return remove(r, tokens); });
  server.route("PATCH /api/2.0/token/{token_id}", Access::bearer,
               [&](const HttpRequest& r) { return update(r, tokens); });
}

}  // namespace dbxauth::emulator
