// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "encoding/timestamp.hpp"
#include "unity_catalog_service.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::string_view root = "/api/2.1/unity-catalog";
constexpr int smallest_grants_page = 150;  // the platform refuses smaller ones
constexpr std::int64_t tags_page = 100;

struct SecurableName {
  SecurableKind kind;
  std::vector<std::string> path;
};

std::size_t parts_of(SecurableKind kind) {
  switch (kind) {
    case SecurableKind::metastore:
      return 0;
    case SecurableKind::catalog:
      return 1;
    case SecurableKind::schema:
      return 2;
    case SecurableKind::table:
    case SecurableKind::function:
    case SecurableKind::volume:
      break;
  }
  return 3;
}

SecurableName name_in(const HttpRequest& request, const Metastore& metastore) {
  const std::string& type = request.path_parameter("securable_type");
  const std::string& full_name = request.path_parameter("full_name");
  const auto kind = kind_from_name(type);
  if (!kind) throw bad_parameter("'" + type + "' is not a securable type that the emulator holds.");
  SecurableName name{*kind, {}};
  if (*kind == SecurableKind::metastore) {
    if (full_name != metastore.metastore_id())
      throw RequestError(404, "METASTORE_DOES_NOT_EXIST", "Metastore '" + full_name + "' does not exist.");
    return name;
  }
  name.path = *kind == SecurableKind::catalog ? std::vector<std::string>{full_name} : split_full_name(full_name);
  if (name.path.size() != parts_of(*kind)) throw bad_parameter("'" + full_name + "' is not a valid name of a " + type);
  return name;
}

/// Types of entity-tag-assignments; a column is its table's name and one part more.
struct TaggedEntity {
  std::string type;
  std::string name;
  SecurableKind kind = SecurableKind::catalog;
  std::vector<std::string> path;
  std::string column;
};

TaggedEntity tagged_entity(std::string type, std::string name) {
  static constexpr std::array<std::pair<std::string_view, SecurableKind>, 6> types{{
      {"catalogs", SecurableKind::catalog},
      {"schemas", SecurableKind::schema},
      {"tables", SecurableKind::table},
      {"columns", SecurableKind::table},
      {"volumes", SecurableKind::volume},
      {"functions", SecurableKind::function},
  }};
  const auto found = std::find_if(types.begin(), types.end(), [&](const auto& entry) { return entry.first == type; });
  if (found == types.end()) throw bad_parameter("'" + type + "' is not an entity type that takes tags.");
  TaggedEntity entity;
  entity.kind = found->second;
  entity.path = entity.kind == SecurableKind::catalog ? std::vector<std::string>{name} : split_full_name(name);
  const bool column = type == "columns";
  if (entity.path.size() != parts_of(entity.kind) + (column ? 1 : 0))
    throw bad_parameter("'" + name + "' is not a valid name for entity type " + type + ".");
  if (column) {
    entity.column = std::move(entity.path.back());
    entity.path.pop_back();
  }
  entity.type = std::move(type);
  entity.name = std::move(name);
  return entity;
}

TaggedEntity tagged_entity(const HttpRequest& request) {
  return tagged_entity(request.path_parameter("entity_type"), request.path_parameter("entity_name"));
}

void write_tag(base::JsonWriter& json, const TaggedEntity& entity, const std::string& key, const std::string& value) {
  json.begin_object().member("entity_type", entity.type).member("entity_name", entity.name);
  json.member("tag_key", key).member("tag_value", value).end_object();
}

HttpResponse tag_response(const TaggedEntity& entity, const std::string& key, const std::string& value) {
  base::JsonWriter json;
  write_tag(json, entity, key, value);
  return json_response(json.take());
}

RequestError tag_not_found(const TaggedEntity& entity, const std::string& key) {
  return RequestError(404, "NOT_FOUND", "Tag '" + key + "' is not assigned to " + entity.name + ".");
}

std::vector<std::string> read_privileges(base::JsonView change, std::string_view name) {
  std::vector<std::string> privileges;
  const base::JsonView list = change[name];
  if (list.is_null_or_missing()) return privileges;
  if (!list.is_array())
    throw bad_parameter("Could not parse request object: '" + std::string(name) + "' expects a list");
  list.each_element([&](base::JsonView item) {
    if (!item.is_string()) throw bad_parameter("Could not parse request object: a privilege is a string");
    privileges.emplace_back(item.string_or());
  });
  return privileges;
}

PageRequest grants_page(const HttpRequest& request) {
  const std::int64_t size = request.query_integer("max_results", 0);
  if (size < 0 || (size > 0 && size < smallest_grants_page))
    throw bad_parameter("max_results must be 0 or at least " + std::to_string(smallest_grants_page));
  PageRequest page;
  page.max_results = static_cast<int>(std::min<std::int64_t>(size, 10'000));
  page.page_token = request.query_parameter("page_token").value_or("");
  return page;
}

}  // namespace

void UnityCatalogService::add_governance_routes(HttpServer& server) {
  const auto on = [&](const std::string& method, const std::string& path, auto handler) {
    server.route(method + " " + std::string(root) + path, Access::bearer, std::move(handler));
  };
  on("GET", "/permissions/{securable_type}/{full_name}", [this](const HttpRequest& r) { return get_permissions(r); });
  on("PATCH", "/permissions/{securable_type}/{full_name}",
     [this](const HttpRequest& r) { return patch_permissions(r); });
  on("GET", "/effective-permissions/{securable_type}/{full_name}",
     [this](const HttpRequest& r) { return get_effective_permissions(r); });
  const std::string tags = "/entity-tag-assignments/{entity_type}/{entity_name}/tags";
  on("GET", tags, [this](const HttpRequest& r) { return list_tags(r); });
  on("GET", tags + "/{tag_key}", [this](const HttpRequest& r) { return get_tag(r); });
  on("PATCH", tags + "/{tag_key}", [this](const HttpRequest& r) { return update_tag(r); });
  on("DELETE", tags + "/{tag_key}", [this](const HttpRequest& r) { return delete_tag(r); });
  on("POST", "/entity-tag-assignments", [this](const HttpRequest& r) { return create_tag(r); });
  on("GET", "/metastore_summary", [this](const HttpRequest&) { return metastore_summary(); });
  on("GET", "/current-metastore-assignment", [this](const HttpRequest&) { return metastore_assignment(); });
}

HttpResponse UnityCatalogService::get_permissions(const HttpRequest& request) const {
  const SecurableName name = name_in(request, metastore_);
  const std::string principal = request.query_parameter("principal").value_or("");
  const auto page =
      value_of(metastore_.get_grants(request.caller.name, name.kind, name.path, principal, grants_page(request)));
  base::JsonWriter json;
  json.begin_object();
  if (!page.items.empty()) {
    json.key("privilege_assignments").begin_array();
    for (const PrivilegeAssignment& item : page.items)
      json.begin_object().member("principal", item.principal).member("privileges", item.privileges).end_object();
    json.end_array();
  }
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  json.end_object();
  return json_response(json.take());
}

HttpResponse UnityCatalogService::patch_permissions(const HttpRequest& request) {
  const SecurableName name = name_in(request, metastore_);
  const auto body = request.json();
  const base::JsonView list = body["changes"];
  if (!list.is_array()) throw bad_parameter("Missing required field: changes");
  std::vector<GrantChange> changes;
  list.each_element([&](base::JsonView item) {
    changes.push_back(
        {required_string(item, "principal"), read_privileges(item, "add"), read_privileges(item, "remove")});
  });
  require_success(metastore_.change_grants(request.caller.name, name.kind, name.path, changes));
  if (optional_boolean(body.root(), "omit_permissions_in_response").value_or(false)) return json_response("{}");
  return get_permissions(request);
}

HttpResponse UnityCatalogService::get_effective_permissions(const HttpRequest& request) const {
  const SecurableName name = name_in(request, metastore_);
  grants_page(request);
  const std::string principal = request.query_parameter("principal").value_or("");
  const auto found = value_of(metastore_.get_effective_grants(request.caller.name, name.kind, name.path, principal));
  base::JsonWriter json;
  json.begin_object().key("privilege_assignments").begin_array();
  for (const EffectiveAssignment& assignment : found) {
    json.begin_object().member("principal", assignment.principal).key("privileges").begin_array();
    for (const EffectivePrivilege& privilege : assignment.privileges) {
      json.begin_object().member("privilege", privilege.privilege);
      if (privilege.inherited_from_kind)
        json.member("inherited_from_type", base::to_upper(kind_name(*privilege.inherited_from_kind)))
            .member("inherited_from_name", privilege.inherited_from_name);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

HttpResponse UnityCatalogService::list_tags(const HttpRequest& request) const {
  const TaggedEntity entity = tagged_entity(request);
  std::int64_t size = request.query_integer("max_results", 0);
  if (size < 0) throw bad_parameter("max_results must not be negative");
  if (size == 0 || size > tags_page) size = tags_page;
  const std::int64_t cap = settings_.page_size;
  if (cap > 0) size = std::min(size, cap);
  const std::string after = request.query_parameter("page_token").value_or("");

  const auto tags = value_of(metastore_.get_tags(request.caller.name, entity.kind, entity.path, entity.column));
  base::JsonWriter json;
  json.begin_object().key("tag_assignments").begin_array();
  auto tag = after.empty() ? tags.begin() : tags.upper_bound(after);
  std::string last;
  for (; tag != tags.end() && size > 0; ++tag, --size) {
    write_tag(json, entity, tag->first, tag->second);
    last = tag->first;
  }
  json.end_array();
  if (tag != tags.end()) json.member("next_page_token", last);
  json.end_object();
  return json_response(json.take());
}

HttpResponse UnityCatalogService::get_tag(const HttpRequest& request) const {
  const TaggedEntity entity = tagged_entity(request);
  const std::string& key = request.path_parameter("tag_key");
  const auto tags = value_of(metastore_.get_tags(request.caller.name, entity.kind, entity.path, entity.column));
  const auto found = tags.find(key);
  if (found == tags.end()) throw tag_not_found(entity, key);
  return tag_response(entity, key, found->second);
}

HttpResponse UnityCatalogService::create_tag(const HttpRequest& request) {
  const auto body = request.json();
  const TaggedEntity entity =
      tagged_entity(required_string(body.root(), "entity_type"), required_string(body.root(), "entity_name"));
  const std::string key = required_string(body.root(), "tag_key");
  const std::string value = optional_string(body.root(), "tag_value").value_or("");
  const auto lock = metastore_.lock();
  const auto tags = value_of(metastore_.get_tags(request.caller.name, entity.kind, entity.path, entity.column));
  if (tags.count(key) != 0)
    throw RequestError(409, "ALREADY_EXISTS", "Tag '" + key + "' is already assigned to " + entity.name + ".");
  require_success(metastore_.set_tags(request.caller.name, entity.kind, entity.path, entity.column, {{key, value}}));
  return tag_response(entity, key, value);
}

HttpResponse UnityCatalogService::update_tag(const HttpRequest& request) {
  const TaggedEntity entity = tagged_entity(request);
  const std::string& key = request.path_parameter("tag_key");
  const auto body = request.json();
  if (request.query_parameter("update_mask").value_or("") != "tag_value")
    throw bad_parameter("update_mask must be tag_value");
  const std::string value = optional_string(body.root(), "tag_value").value_or("");
  const auto lock = metastore_.lock();
  const auto tags = value_of(metastore_.get_tags(request.caller.name, entity.kind, entity.path, entity.column));
  if (tags.count(key) == 0) throw tag_not_found(entity, key);
  require_success(metastore_.set_tags(request.caller.name, entity.kind, entity.path, entity.column, {{key, value}}));
  return tag_response(entity, key, value);
}

HttpResponse UnityCatalogService::delete_tag(const HttpRequest& request) {
  const TaggedEntity entity = tagged_entity(request);
  const std::string& key = request.path_parameter("tag_key");
  const auto lock = metastore_.lock();
  const auto tags = value_of(metastore_.get_tags(request.caller.name, entity.kind, entity.path, entity.column));
  if (tags.count(key) == 0) throw tag_not_found(entity, key);
  require_success(metastore_.unset_tags(request.caller.name, entity.kind, entity.path, entity.column, {key}));
  return json_response("{}");
}

HttpResponse UnityCatalogService::metastore_summary() const {
  const std::string id = metastore_.metastore_id();
  const MetastoreOptions& options = metastore_.options();
  base::JsonWriter json;
  json.begin_object().member("metastore_id", id).member("name", "emulator").member("owner", metastore_.default_owner());
  json.member("region", options.region).member("cloud", options.cloud);
  json.member("global_metastore_id", options.cloud + ":" + options.region + ":" + id);
  json.member("storage_root", metastore_.storage_root()).member("delta_sharing_scope", "INTERNAL");
  json.member("privilege_model_version", "1.0").end_object();
  return json_response(json.take());
}

HttpResponse UnityCatalogService::metastore_assignment() const {
  std::int64_t workspace = 0;
  std::from_chars(workspace_id_.data(), workspace_id_.data() + workspace_id_.size(), workspace);
  base::JsonWriter json;
  json.begin_object().member("metastore_id", metastore_.metastore_id()).member("workspace_id", workspace);
  json.member("default_catalog_name", "main").end_object();
  return json_response(json.take());
}

}  // namespace dbxauth::emulator
