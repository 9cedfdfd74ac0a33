// SPDX-License-Identifier: Apache-2.0
#include "unity_catalog_service.hpp"

#include <algorithm>
#include <utility>

#include "base/json_writer.hpp"

namespace dbxauth::emulator {

namespace {

// Largest pages; also what max_results=0 and its absence give. 50 for tables and 10 000 for summaries are documented.
constexpr int catalogs_page = 100;
constexpr int schemas_page = 100;
constexpr int tables_page = 50;
constexpr int functions_page = 50;
constexpr int volumes_page = 100;
constexpr int summaries_page = 10'000;

constexpr std::string_view root = "/api/2.1/unity-catalog";
constexpr std::string_view after_empty_page = "after-empty-page:";

std::string required_query(const HttpRequest& request, std::string_view name) {
  auto value = request.query_parameter(name);
  if (!value || value->empty()) throw bad_parameter("Missing required query parameter: " + std::string(name));
  return std::move(*value);
}

SecurablePatch read_patch(base::JsonView body) {
  SecurablePatch patch;
  patch.new_name = optional_string(body, "new_name");
  patch.owner = optional_string(body, "owner");
  if (auto comment = optional_string(body, "comment"))
    patch.comment = comment->empty() ? std::optional<std::string>() : std::move(comment);
  patch.properties = optional_string_map(body, "properties");
  return patch;
}

}  // namespace

UnityCatalogService::UnityCatalogService(Metastore& metastore, const Settings& settings, std::string workspace_id)
    : metastore_(metastore), settings_(settings), workspace_id_(std::move(workspace_id)) {}

void UnityCatalogService::add_routes(HttpServer& server) {
  add_catalog_routes(server);
  add_schema_routes(server);
  add_table_routes(server);
  add_function_and_volume_routes(server);
  add_governance_routes(server);
}

std::vector<std::string> UnityCatalogService::path_of(const HttpRequest& request, std::size_t parts) const {
  const std::string& full_name = request.path_parameter("full_name");
  auto path = split_full_name(full_name);
  if (path.size() != parts)
    throw bad_parameter("'" + full_name + "' is not a valid name: it must have " + std::to_string(parts) +
                        (parts == 1 ? " part." : " parts separated by periods."));
  return path;
}

template <class T>
HttpResponse UnityCatalogService::list(const HttpRequest& request, std::string_view member, int largest_page,
                                       const std::function<Outcome<Page<T>>(const PageRequest&)>& fetch,
                                       const std::function<void(base::JsonWriter&, const T&)>& write) const {
  std::int64_t size = request.query_integer("max_results", 0);
  if (size < 0) throw bad_parameter("max_results must not be negative");
  if (size == 0 || size > largest_page) size = largest_page;
  if (const std::int64_t cap = settings_.page_size; cap > 0) size = std::min(size, cap);

  PageRequest page;
  page.max_results = static_cast<int>(size);
  page.page_token = request.query_parameter("page_token").value_or("");
  const bool follows_empty = page.page_token.rfind(after_empty_page, 0) == 0;
  if (follows_empty) page.page_token.erase(0, after_empty_page.size());
  const Page<T> found = value_of(fetch(page));

  base::JsonWriter json;
  json.begin_object();
  if (settings_.empty_pages && !follows_empty) {
    json.member("next_page_token", std::string(after_empty_page) + page.page_token);
  } else {
    if (!found.items.empty()) {
      json.key(member).begin_array();
      for (const T& item : found.items) write(json, item);
      json.end_array();
    }
    if (!found.next_page_token.empty()) json.member("next_page_token", found.next_page_token);
  }
  json.end_object();
  return json_response(json.take());
}

HttpResponse UnityCatalogService::get_object(const std::string& actor, SecurableKind kind,
                                             const std::vector<std::string>& path) const {
  const std::string id = metastore_.metastore_id();
  base::JsonWriter json;
  switch (kind) {
    case SecurableKind::catalog:
      write_catalog(json, value_of(metastore_.get_catalog(actor, path[0])), id);
      break;
    case SecurableKind::schema:
      write_schema(json, value_of(metastore_.get_schema(actor, path[0], path[1])), id);
      break;
    case SecurableKind::table:
      write_table(json, value_of(metastore_.get_table(actor, path[0], path[1], path[2])), id);
      break;
    case SecurableKind::function:
      write_function(json, value_of(metastore_.get_function(actor, path[0], path[1], path[2])), id);
      break;
    case SecurableKind::volume:
      write_volume(json, value_of(metastore_.get_volume(actor, path[0], path[1], path[2])), id);
      break;
    case SecurableKind::metastore:
      return metastore_summary();
  }
  return json_response(json.take());
}

HttpResponse UnityCatalogService::patch_object(const HttpRequest& request, SecurableKind kind,
                                               const std::vector<std::string>& path) {
  const auto body = request.json();
  const SecurablePatch patch = read_patch(body.root());
  require_success(metastore_.patch(request.caller.name, kind, path, patch));
  std::vector<std::string> now_at = path;
  if (patch.new_name) now_at.back() = *patch.new_name;
  return get_object(request.caller.name, kind, now_at);
}

HttpResponse UnityCatalogService::drop_object(const HttpRequest& request, SecurableKind kind,
                                              const std::vector<std::string>& path) {
  require_success(metastore_.drop(request.caller.name, kind, path, request.query_boolean("force", false)));
  return json_response("{}");
}

void UnityCatalogService::add_catalog_routes(HttpServer& server) {
  const std::string base = std::string(root) + "/catalogs";
  constexpr auto kind = SecurableKind::catalog;
  server.route("GET " + base, Access::bearer, [this](const HttpRequest& r) {
    return list<CatalogInfo>(
        r, "catalogs", catalogs_page,
        [&](const PageRequest& page) { return metastore_.list_catalogs(r.caller.name, page); },
        [&](base::JsonWriter& json, const CatalogInfo& item) { write_catalog(json, item, metastore_.metastore_id()); });
  });
  server.route("POST " + base, Access::bearer, [this](const HttpRequest& r) {
    const auto body = r.json();
    CatalogSpec spec;
    spec.name = required_string(body.root(), "name");
    spec.comment = optional_string(body.root(), "comment");
    spec.properties = optional_string_map(body.root(), "properties").value_or(spec.properties);
    spec.storage_root = optional_string(body.root(), "storage_root").value_or("");
    for (const char* foreign : {"connection_name", "provider_name", "share_name"})
      if (optional_string(body.root(), foreign))
        throw RequestError(501, "NOT_IMPLEMENTED", "The emulator holds no foreign and shared catalogs.");
    const auto made = value_of(metastore_.create_catalog(r.caller.name, spec));
    base::JsonWriter json;
    write_catalog(json, made, metastore_.metastore_id());
    return json_response(json.take());
  });
  server.route("GET " + base + "/{full_name}", Access::bearer, [this](const HttpRequest& r) {
    return get_object(r.caller.name, kind, {r.path_parameter("full_name")});
  });
  server.route("PATCH " + base + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return patch_object(r, kind, {r.path_parameter("full_name")}); });
  server.route("DELETE " + base + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return drop_object(r, kind, {r.path_parameter("full_name")}); });
}

void UnityCatalogService::add_schema_routes(HttpServer& server) {
  const std::string base = std::string(root) + "/schemas";
  constexpr auto kind = SecurableKind::schema;
  server.route("GET " + base, Access::bearer, [this](const HttpRequest& r) {
    const std::string catalog = required_query(r, "catalog_name");
    return list<SchemaInfo>(
        r, "schemas", schemas_page,
        [&](const PageRequest& page) { return metastore_.list_schemas(r.caller.name, catalog, page); },
        [&](base::JsonWriter& json, const SchemaInfo& item) { write_schema(json, item, metastore_.metastore_id()); });
  });
  server.route("POST " + base, Access::bearer, [this](const HttpRequest& r) {
    const auto body = r.json();
    SchemaSpec spec;
    spec.name = required_string(body.root(), "name");
    spec.catalog_name = required_string(body.root(), "catalog_name");
    spec.comment = optional_string(body.root(), "comment");
    spec.properties = optional_string_map(body.root(), "properties").value_or(spec.properties);
    spec.storage_root = optional_string(body.root(), "storage_root").value_or("");
    const auto made = value_of(metastore_.create_schema(r.caller.name, spec));
    base::JsonWriter json;
    write_schema(json, made, metastore_.metastore_id());
    return json_response(json.take());
  });
  server.route("GET " + base + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return get_object(r.caller.name, kind, path_of(r, 2)); });
  server.route("PATCH " + base + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return patch_object(r, kind, path_of(r, 2)); });
  server.route("DELETE " + base + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return drop_object(r, kind, path_of(r, 2)); });
}

void UnityCatalogService::add_table_routes(HttpServer& server) {
  const std::string base = std::string(root) + "/tables";
  constexpr auto kind = SecurableKind::table;
  server.route("GET " + base, Access::bearer, [this](const HttpRequest& r) {
    const std::string catalog = required_query(r, "catalog_name");
    const std::string schema = required_query(r, "schema_name");
    TableFields fields;
    fields.columns = !r.query_boolean("omit_columns", false);
    fields.properties = !r.query_boolean("omit_properties", false);
    fields.username = !r.query_boolean("omit_username", false);
    return list<TableInfo>(
        r, "tables", tables_page,
        [&](const PageRequest& page) {
          return metastore_.list_tables(r.caller.name, catalog, schema, page, fields.columns);
        },
        [&](base::JsonWriter& json, const TableInfo& item) {
          write_table(json, item, metastore_.metastore_id(), fields);
        });
  });
  server.route("GET " + std::string(root) + "/table-summaries", Access::bearer, [this](const HttpRequest& r) {
    const std::string catalog = required_query(r, "catalog_name");
    const std::string schemas = r.query_parameter("schema_name_pattern").value_or("");
    const std::string tables = r.query_parameter("table_name_pattern").value_or("");
    return list<TableInfo>(
        r, "tables", summaries_page,
        [&](const PageRequest& page) {
          return metastore_.list_table_summaries(r.caller.name, catalog, schemas, tables, page);
        },
        [](base::JsonWriter& json, const TableInfo& item) {
          json.begin_object().member("full_name", item.full_name()).member("table_type", item.table_type).end_object();
        });
  });
  server.route("GET " + base + "/{full_name}/exists", Access::bearer, [this](const HttpRequest& r) {
    const auto path = path_of(r, 3);
    const auto table = metastore_.find(SecurableKind::table, path);
    const bool exists = table && metastore_.is_visible(r.caller.name, *table);
    if (!exists) value_of(metastore_.get_schema(r.caller.name, path[0], path[1]));
    base::JsonWriter json;
    json.begin_object().member("table_exists", exists).end_object();
    return json_response(json.take());
  });
  server.route("GET " + base + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return get_object(r.caller.name, kind, path_of(r, 3)); });
  server.route("PATCH " + base + "/{full_name}", Access::bearer, [this](const HttpRequest& r) {
    patch_object(r, kind, path_of(r, 3));
    return json_response("{}");
  });
  server.route("DELETE " + base + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return drop_object(r, kind, path_of(r, 3)); });
}

void UnityCatalogService::add_function_and_volume_routes(HttpServer& server) {
  const std::string functions = std::string(root) + "/functions";
  server.route("GET " + functions, Access::bearer, [this](const HttpRequest& r) {
    const std::string catalog = required_query(r, "catalog_name");
    const std::string schema = required_query(r, "schema_name");
    return list<FunctionInfo>(
        r, "functions", functions_page,
        [&](const PageRequest& page) { return metastore_.list_functions(r.caller.name, catalog, schema, page); },
        [&](base::JsonWriter& json, const FunctionInfo& item) {
          write_function(json, item, metastore_.metastore_id());
        });
  });
  server.route("GET " + functions + "/{full_name}", Access::bearer, [this](const HttpRequest& r) {
    return get_object(r.caller.name, SecurableKind::function, path_of(r, 3));
  });
  server.route("DELETE " + functions + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return drop_object(r, SecurableKind::function, path_of(r, 3)); });

  const std::string volumes = std::string(root) + "/volumes";
  server.route("GET " + volumes, Access::bearer, [this](const HttpRequest& r) {
    const std::string catalog = required_query(r, "catalog_name");
    const std::string schema = required_query(r, "schema_name");
    return list<VolumeInfo>(
        r, "volumes", volumes_page,
        [&](const PageRequest& page) { return metastore_.list_volumes(r.caller.name, catalog, schema, page); },
        [&](base::JsonWriter& json, const VolumeInfo& item) { write_volume(json, item, metastore_.metastore_id()); });
  });
  server.route("POST " + volumes, Access::bearer, [this](const HttpRequest& r) {
    const auto body = r.json();
    VolumeSpec spec;
    spec.catalog_name = required_string(body.root(), "catalog_name");
    spec.schema_name = required_string(body.root(), "schema_name");
    spec.name = required_string(body.root(), "name");
    spec.volume_type = required_string(body.root(), "volume_type");
    spec.storage_location = optional_string(body.root(), "storage_location").value_or("");
    spec.comment = optional_string(body.root(), "comment");
    if (spec.volume_type != "MANAGED" && spec.volume_type != "EXTERNAL")
      throw bad_parameter("volume_type must be MANAGED or EXTERNAL");
    const auto made = value_of(metastore_.create_volume(r.caller.name, spec));
    base::JsonWriter json;
    write_volume(json, made, metastore_.metastore_id());
    return json_response(json.take());
  });
  server.route("GET " + volumes + "/{full_name}", Access::bearer, [this](const HttpRequest& r) {
    return get_object(r.caller.name, SecurableKind::volume, path_of(r, 3));
  });
  server.route("PATCH " + volumes + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return patch_object(r, SecurableKind::volume, path_of(r, 3)); });
  server.route("DELETE " + volumes + "/{full_name}", Access::bearer,
               [this](const HttpRequest& r) { return drop_object(r, SecurableKind::volume, path_of(r, 3)); });
}

}  // namespace dbxauth::emulator
