// SPDX-License-Identifier: Apache-2.0
#include "account_service.hpp"

#include <utility>

#include "base/json_writer.hpp"
#include "base/text.hpp"

namespace dbxauth::emulator {

namespace {

HttpResponse list_workspaces(const HttpRequest& request, const AccountWorkspace& workspace,
                             const std::set<std::string>& administrators) {
  const std::string& account = request.path_parameter("account_id");
  if (account != workspace.account_id) throw does_not_exist("Account " + account + " does not exist.");
  if (administrators.count(request.caller.name) == 0)
    throw forbidden("User " + request.caller.name + " is no administrator of account " + account + ".");
  base::JsonWriter json;
  json.begin_array().begin_object();
  json.key("workspace_id").raw(workspace.workspace_id);
  json.member("workspace_name", "dbxauth-emulator").member("deployment_name", "dbxauth-emulator");
  json.member("account_id", workspace.account_id).member("cloud", base::to_lower(workspace.cloud));
  json.member("pricing_tier", "ENTERPRISE").member("workspace_status", "RUNNING").end_object().end_array();
  return json_response(json.take());
}

}  // namespace

void add_account_routes(HttpServer& server, AccountWorkspace workspace, std::set<std::string> administrators) {
  server.route("GET /api/2.0/accounts/{account_id}/workspaces", Access::bearer,
               [workspace = std::move(workspace), administrators = std::move(administrators)](const HttpRequest& r) {
                 return list_workspaces(r, workspace, administrators);
               });
}

}  // namespace dbxauth::emulator
