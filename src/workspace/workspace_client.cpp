// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/workspace.hpp"

#include <fmt/format.h>

#include <utility>

#include "net/service_error.hpp"
#include "workspace/rest_request.hpp"
#include "workspace/statement_execution.hpp"
#include "workspace/warehouses.hpp"
#include "workspace/workspace_client_factory.hpp"

namespace dbxauth {

struct WorkspaceClient::State {
  State(std::string host, std::shared_ptr<net::HttpTransport> authorised, std::shared_ptr<net::HttpTransport> plain_,
        std::string workspace_id, std::shared_ptr<const platform::Clock> clock_,
        std::shared_ptr<const workspace::PollTimer> timer_)
      : rest(std::move(host), std::move(authorised), std::move(workspace_id)),
        plain(std::move(plain_)),
        clock(std::move(clock_)),
        timer(std::move(timer_)) {}

  workspace::RestClient rest;
  std::shared_ptr<net::HttpTransport> plain;
  std::shared_ptr<const platform::Clock> clock;
  std::shared_ptr<const workspace::PollTimer> timer;
};

namespace workspace {
namespace {

constexpr std::string_view unity_catalog = "/api/2.1/unity-catalog";

std::string text_of(base::JsonView json, const char* key) {
  return std::string(json[key].string_or());
}

RestPath unity_catalog_path(std::string_view collection) {
  return RestPath(unity_catalog).segment(collection);
}

// Unity Catalog pages a list only when max_results is given; 0 lets the server choose the size of its pages.
std::string unity_catalog_page(RestPath path, std::string_view page_token) {
  path.query("max_results", "0");
  if (!page_token.empty()) path.query("page_token", page_token);
  return path.text();
}

CatalogInfo parse_catalog(base::JsonView json) {
  CatalogInfo catalog;
  catalog.name = text_of(json, "name");
  catalog.catalog_type = text_of(json, "catalog_type");
  catalog.owner = text_of(json, "owner");
  catalog.comment = text_of(json, "comment");
  catalog.storage_root = text_of(json, "storage_root");
  catalog.metastore_id = text_of(json, "metastore_id");
  catalog.isolation_mode = text_of(json, "isolation_mode");
  return catalog;
}

SchemaInfo parse_schema(base::JsonView json) {
  SchemaInfo schema;
  schema.name = text_of(json, "name");
  schema.catalog_name = text_of(json, "catalog_name");
  schema.owner = text_of(json, "owner");
  schema.comment = text_of(json, "comment");
  schema.storage_root = text_of(json, "storage_root");
  return schema;
}

TableInfo parse_table(base::JsonView json) {
  TableInfo table;
  table.name = text_of(json, "name");
  table.catalog_name = text_of(json, "catalog_name");
  table.schema_name = text_of(json, "schema_name");
  table.table_type = text_of(json, "table_type");
  table.data_source_format = text_of(json, "data_source_format");
  table.owner = text_of(json, "owner");
  table.comment = text_of(json, "comment");
  table.storage_location = text_of(json, "storage_location");
  return table;
}

Result<void> require(std::string_view value, std::string_view what) {
  if (value.empty()) return Error(ErrorCode::invalid_argument, fmt::format("the name of the {} is empty", what));
  return {};
}

}  // namespace

WorkspaceClient make_workspace_client(std::string host, std::shared_ptr<net::HttpTransport> authorised,
                                      std::shared_ptr<net::HttpTransport> plain, std::string workspace_id,
                                      std::shared_ptr<const platform::Clock> clock,
                                      std::shared_ptr<const PollTimer> timer) {
  return WorkspaceClient(std::make_shared<const WorkspaceClient::State>(std::move(host), std::move(authorised),
                                                                        std::move(plain), std::move(workspace_id),
                                                                        std::move(clock), std::move(timer)));
}

}  // namespace workspace

using workspace::RestCall;
using workspace::RestPath;

WorkspaceClient::WorkspaceClient(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}
WorkspaceClient::~WorkspaceClient() = default;

const std::string& WorkspaceClient::host() const noexcept {
  return state_->rest.host();
}

Result<CurrentUser> WorkspaceClient::current_user(const CallContext& context) const {
  constexpr std::string_view doing = "read the current user";
  RestCall call;
  call.path = "/api/2.0/preview/scim/v2/Me";
  auto response = state_->rest.send(call, doing, context);
  if (!response) return response.error();
  auto json = net::json_body(*response, doing);
  if (!json) return json.error();
  const base::JsonView root = json->root();
  CurrentUser user;
  user.id = root["id"].as_text().value_or(std::string());
  user.user_name = workspace::text_of(root, "userName");
  user.display_name = workspace::text_of(root, "displayName");
  user.active = root["active"].boolean_or(true);
  user.workspace_id = std::string(response->header("x-databricks-org-id"));
  if (user.id.empty() && user.user_name.empty()) {
    return Error(ErrorCode::protocol, "could not read the current user: the answer names nobody");
  }
  return user;
}

Result<std::vector<Warehouse>> WorkspaceClient::warehouses(const CallContext& context) const {
  return workspace::Warehouses(state_->rest, *state_->timer).list(context);
}

Result<Warehouse> WorkspaceClient::warehouse(std::string_view id, const CallContext& context) const {
  return workspace::Warehouses(state_->rest, *state_->timer).get(id, context);
}

Result<Warehouse> WorkspaceClient::choose_warehouse(std::string_view preferred, const CallContext& context) const {
  return workspace::Warehouses(state_->rest, *state_->timer).choose(preferred, context);
}

Result<Warehouse> WorkspaceClient::start_warehouse(std::string_view id, const CallContext& context) const {
  return workspace::Warehouses(state_->rest, *state_->timer).start(id, context);
}

Result<std::vector<CatalogInfo>> WorkspaceClient::catalogs(const CallContext& context) const {
  std::vector<CatalogInfo> catalogs;
  auto read = workspace::read_pages(
      state_->rest,
      [](std::string_view page_token) {
        return workspace::unity_catalog_page(workspace::unity_catalog_path("catalogs"), page_token);
      },
      "catalogs", "list the catalogs", context,
      [&catalogs](base::JsonView item) { catalogs.push_back(workspace::parse_catalog(item)); });
  if (!read) return read.error();
  return catalogs;
}

Result<CatalogInfo> WorkspaceClient::catalog(std::string_view name, const CallContext& context) const {
  if (auto named = workspace::require(name, "catalog"); !named) return named.error();
  RestCall call;
  call.path = workspace::unity_catalog_path("catalogs").segment(name).text();
  auto json = state_->rest.json(call, fmt::format("read catalog '{}'", name), context);
  if (!json) return json.error();
  CatalogInfo catalog = workspace::parse_catalog(json->root());
  if (catalog.name.empty()) {
    return Error(ErrorCode::protocol, fmt::format("could not read catalog '{}': the answer has no name", name));
  }
  return catalog;
}

Result<std::vector<SchemaInfo>> WorkspaceClient::schemas(std::string_view catalog, const CallContext& context) const {
  if (auto named = workspace::require(catalog, "catalog"); !named) return named.error();
  std::vector<SchemaInfo> schemas;
  auto read = workspace::read_pages(
      state_->rest,
      [catalog](std::string_view page_token) {
        RestPath path = workspace::unity_catalog_path("schemas");
        path.query("catalog_name", catalog);
        return workspace::unity_catalog_page(std::move(path), page_token);
      },
      "schemas", fmt::format("list the schemas of catalog '{}'", catalog), context,
      [&schemas](base::JsonView item) { schemas.push_back(workspace::parse_schema(item)); });
  if (!read) return read.error();
  return schemas;
}

Result<std::vector<TableInfo>> WorkspaceClient::tables(std::string_view catalog, std::string_view schema,
                                                       const CallContext& context) const {
  if (auto named = workspace::require(catalog, "catalog"); !named) return named.error();
  if (auto named = workspace::require(schema, "schema"); !named) return named.error();
  std::vector<TableInfo> tables;
  auto read = workspace::read_pages(
      state_->rest,
      [catalog, schema](std::string_view page_token) {
        RestPath path = workspace::unity_catalog_path("tables");
        path.query("catalog_name", catalog).query("schema_name", schema);
        path.query("omit_columns", "true").query("omit_properties", "true");
        return workspace::unity_catalog_page(std::move(path), page_token);
      },
      "tables", fmt::format("list the tables of schema '{}.{}'", catalog, schema), context,
      [&tables](base::JsonView item) { tables.push_back(workspace::parse_table(item)); });
  if (!read) return read.error();
  return tables;
}

Result<StatementResult> WorkspaceClient::execute(const StatementRequest& request, const CallContext& context) const {
  return workspace::StatementExecution(state_->rest, *state_->plain, *state_->clock, *state_->timer)
      .run(request, context);
}

}  // namespace dbxauth
