// SPDX-License-Identifier: Apache-2.0
#include "scim_service.hpp"

#include <utility>

#include "base/json_writer.hpp"

namespace dbxauth::emulator {

namespace {

HttpResponse me(const HttpRequest& request, const Metastore& metastore, const std::string& workspace_id) {
  const Principal& caller = request.caller;
  const bool is_user = caller.kind == PrincipalKind::user;
  base::JsonWriter json;
  json.begin_object();
  json.member("schemas", std::vector<std::string>{is_user ? "urn:ietf:params:scim:schemas:core:2.0:User"
                                                          : "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"});
  json.member("id", std::to_string(caller.id)).member("userName", caller.name);
  json.member("displayName", caller.display_name).member("active", caller.active);
  if (is_user) {
    const std::size_t space = caller.display_name.find(' ');
    json.key("name").begin_object().member("givenName", caller.display_name.substr(0, space));
    if (space != std::string::npos) json.member("familyName", caller.display_name.substr(space + 1));
    json.end_object();
    json.key("emails").begin_array().begin_object();
    json.member("type", "work").member("value", caller.name).member("primary", true);
    json.end_object().end_array();
  } else {
    json.member("applicationId", caller.name);
  }
  json.key("groups").begin_array();
  for (const std::string& name : metastore.groups_of(caller.name)) {
    const auto group = metastore.find_principal(name);
    const std::string id = group ? std::to_string(group->id) : std::string();
    json.begin_object().member("display", name).member("type", "direct").member("value", id);
    json.member("$ref", "Groups/" + id).end_object();
  }
  json.end_array();
  json.key("entitlements").begin_array();
  json.begin_object().member("value", "workspace-access").end_object();
  json.begin_object().member("value", "databricks-sql-access").end_object();
  json.end_array().end_object();
  HttpResponse response = json_response(json.take());
  response.content_type = "application/scim+json";
  response.headers.emplace_back("x-databricks-org-id", workspace_id);
  return response;
}

}  // namespace

void add_scim_routes(HttpServer& server, const Metastore& metastore, std::string workspace_id) {
  server.route(
      "GET /api/2.0/preview/scim/v2/Me", Access::bearer,
      [&metastore, id = std::move(workspace_id)](const HttpRequest& r) { return me(r, metastore, id); },
      ErrorDialect::scim);
}

}  // namespace dbxauth::emulator
