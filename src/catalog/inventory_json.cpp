// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "base/json_writer.hpp"
#include "dbxauth/catalog.hpp"

namespace dbxauth {
namespace {

using base::JsonKind;
using base::JsonView;
using base::JsonWriter;

constexpr std::int64_t schema_version = 1;

// ---- writing: every member is always written, in the order below
// -----------------------------------------------------

void write_tags(JsonWriter& json, const std::map<std::string, std::string>& tags) {
  json.key("tags").begin_object();
  for (const auto& [name, value] : tags) json.member(name, value);
  json.end_object();
}

void write_attributes(JsonWriter& json, const ObjectAttributes& attributes) {
  json.member("owner", attributes.owner).member("comment", attributes.comment);
  json.key("grants").begin_array();
  for (const Grant& grant : attributes.grants) {
    json.begin_object().member("principal", grant.principal).member("privilege", grant.privilege).end_object();
  }
  json.end_array();
  write_tags(json, attributes.tags);
}

template <class List, class Write>
void write_list(JsonWriter& json, std::string_view name, const List& list, Write&& write) {
  json.key(name).begin_array();
  for (const auto& element : list) {
    json.begin_object();
    write(json, element);
    json.end_object();
  }
  json.end_array();
}

void write_column(JsonWriter& json, const ColumnInventory& column) {
  json.member("name", column.name).member("type_text", column.type_text).member("nullable", column.nullable);
  json.member("position", column.position).member("comment", column.comment);
  write_tags(json, column.tags);
}

void write_table(JsonWriter& json, const TableInventory& table) {
  json.member("name", table.name).member("table_type", table.table_type);
  json.member("data_source_format", table.data_source_format).member("storage_location", table.storage_location);
  json.member("view_definition", table.view_definition).member("has_row_filter", table.has_row_filter);
  json.member("has_column_mask", table.has_column_mask);
  write_attributes(json, table.attributes);
  write_list(json, "columns", table.columns, write_column);
}

void write_parameter(JsonWriter& json, const FunctionParameter& parameter) {
  json.member("name", parameter.name).member("type_text", parameter.type_text);
  json.key("default_value");
  if (parameter.default_value) {
    json.string(*parameter.default_value);
  } else {
    json.null();
  }
  json.member("comment", parameter.comment);
}

void write_function(JsonWriter& json, const FunctionInventory& function) {
  json.member("name", function.name).member("body_kind", function.body_kind).member("language", function.language);
  json.member("definition", function.definition).member("return_type", function.return_type);
  json.member("deterministic", function.deterministic);
  write_attributes(json, function.attributes);
  write_list(json, "parameters", function.parameters, write_parameter);
  write_list(json, "return_columns", function.return_columns, write_parameter);
}

void write_volume(JsonWriter& json, const VolumeInventory& volume) {
  json.member("name", volume.name).member("volume_type", volume.volume_type);
  json.member("storage_location", volume.storage_location);
  write_attributes(json, volume.attributes);
}

void write_schema(JsonWriter& json, const SchemaInventory& schema) {
  json.member("name", schema.name).member("storage_root", schema.storage_root);
  write_attributes(json, schema.attributes);
  write_list(json, "tables", schema.tables, write_table);
  write_list(json, "functions", schema.functions, write_function);
  write_list(json, "volumes", schema.volumes, write_volume);
}

// ---- reading
// ----------------------------------------------------------------------------------------------------------

// Where a value is, for messages only: rendered when something is wrong.
struct JsonPath {
  const JsonPath* parent = nullptr;
  std::string_view key;
  std::size_t index = 0;
  bool is_element = false;

  std::string text() const {
    if (parent == nullptr) return "$";
    if (is_element) return fmt::format("{}[{}]", parent->text(), index);
    return fmt::format("{}.{}", parent->text(), key);
  }
};

std::string_view name_of(JsonKind kind) noexcept {
  switch (kind) {
    case JsonKind::missing:
      return "nothing";
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "a boolean";
    case JsonKind::integer:
    case JsonKind::number:
      return "a number";
    case JsonKind::string:
      return "a string";
    case JsonKind::array:
      return "an array";
    case JsonKind::object:
      return "an object";
  }
  return "something else";
}

// Keeps the first problem; after it everything reads as its default.
class InventoryReader {
 public:
  const std::optional<Error>& error() const noexcept { return error_; }

  CatalogInventory read(JsonView root) {
    CatalogInventory inventory;
    const JsonPath path;
    if (!expect(root, JsonKind::object, path)) return inventory;
    const std::int64_t version = required(root, "schema", path) ? root["schema"].integer_or(-1) : schema_version;
    if (version != schema_version) {
      fail(path, "schema", fmt::format("expected {}, the only version that this release reads", schema_version));
      return inventory;
    }
    string(root, "host", path, inventory.host);
    required(root, "name", path);
    string(root, "name", path, inventory.name);
    boolean(root, "exists", path, inventory.exists);
    string(root, "catalog_type", path, inventory.catalog_type);
    string(root, "storage_root", path, inventory.storage_root);
    string(root, "metastore_id", path, inventory.metastore_id);
    attributes(root, path, inventory.attributes);
    list(root, "schemas", path, inventory.schemas, &InventoryReader::schema);
    strings(root, "unseen", path, inventory.unseen);
    return inventory;
  }

 private:
  void fail(const JsonPath& parent, std::string_view key, std::string_view problem) {
    const JsonPath path{&parent, key};
    fail(path, problem);
  }
  void fail(const JsonPath& path, std::string_view problem) {
    if (error_) return;
    error_ = Error(ErrorCode::invalid_argument, fmt::format("not a catalog inventory: {}: {}", path.text(), problem));
  }

  bool expect(JsonView value, JsonKind kind, const JsonPath& path) {
    if (value.kind() == kind) return true;
    fail(path, fmt::format("expected {}, found {}", name_of(kind), name_of(value.kind())));
    return false;
  }
  bool required(JsonView object, std::string_view key, const JsonPath& path) {
    if (!object[key].is_missing()) return true;
    fail(path, key, "missing");
    return false;
  }

  // An absent member keeps its default: documents of later minor versions may leave out what they deprecate.
  bool present(JsonView object, std::string_view key, JsonKind kind, const JsonPath& parent) {
    const JsonView value = object[key];
    if (value.is_missing()) return false;
    const JsonPath path{&parent, key};
    return expect(value, kind, path);
  }

  void string(JsonView object, std::string_view key, const JsonPath& path, std::string& out) {
    if (present(object, key, JsonKind::string, path)) out = std::string(object[key].string_or());
  }
  void boolean(JsonView object, std::string_view key, const JsonPath& path, bool& out) {
    if (present(object, key, JsonKind::boolean, path)) out = object[key].boolean_or(out);
  }
  void integer(JsonView object, std::string_view key, const JsonPath& path, std::int64_t& out) {
    if (!present(object, key, JsonKind::integer, path)) return;
    if (const auto value = object[key].as_integer()) {
      out = *value;
    } else {
      fail(path, key, "the number is too large");
    }
  }
  void optional_string(JsonView object, std::string_view key, const JsonPath& path, std::optional<std::string>& out) {
    if (object[key].kind() == JsonKind::null) return;
    if (present(object, key, JsonKind::string, path)) out = std::string(object[key].string_or());
  }

  template <class Visit>
  void each(JsonView object, std::string_view key, const JsonPath& parent, Visit&& visit) {
    if (!present(object, key, JsonKind::array, parent)) return;
    const JsonPath path{&parent, key};
    std::size_t index = 0;
    object[key].each_element([&](JsonView element) {
      if (error_) return;
      const JsonPath place{&path, {}, index++, true};
      visit(element, place);
    });
  }
  void strings(JsonView object, std::string_view key, const JsonPath& parent, std::vector<std::string>& out) {
    each(object, key, parent, [&](JsonView element, const JsonPath& path) {
      if (expect(element, JsonKind::string, path)) out.emplace_back(element.string_or());
    });
  }
  template <class Value>
  void list(JsonView object, std::string_view key, const JsonPath& parent, std::vector<Value>& out,
            void (InventoryReader::*read_one)(JsonView, const JsonPath&, Value&)) {
    each(object, key, parent, [&](JsonView element, const JsonPath& path) {
      if (!expect(element, JsonKind::object, path)) return;
      out.emplace_back();
      (this->*read_one)(element, path, out.back());
    });
  }
  void tags(JsonView object, const JsonPath& parent, std::map<std::string, std::string>& out) {
    if (!present(object, "tags", JsonKind::object, parent)) return;
    const JsonPath path{&parent, "tags"};
    object["tags"].each_member([&](std::string_view name, JsonView value) {
      const JsonPath place{&path, name};
      if (expect(value, JsonKind::string, place))
        out.insert_or_assign(std::string(name), std::string(value.string_or()));
    });
  }

  void attributes(JsonView object, const JsonPath& path, ObjectAttributes& out) {
    string(object, "owner", path, out.owner);
    string(object, "comment", path, out.comment);
    list(object, "grants", path, out.grants, &InventoryReader::grant);
    tags(object, path, out.tags);
  }
  void named(JsonView object, const JsonPath& path, std::string& out) {
    required(object, "name", path);
    string(object, "name", path, out);
  }

  void grant(JsonView object, const JsonPath& path, Grant& out) {
    required(object, "principal", path);
    required(object, "privilege", path);
    string(object, "principal", path, out.principal);
    string(object, "privilege", path, out.privilege);
  }
  void schema(JsonView object, const JsonPath& path, SchemaInventory& out) {
    named(object, path, out.name);
    string(object, "storage_root", path, out.storage_root);
    attributes(object, path, out.attributes);
    list(object, "tables", path, out.tables, &InventoryReader::table);
    list(object, "functions", path, out.functions, &InventoryReader::function);
    list(object, "volumes", path, out.volumes, &InventoryReader::volume);
  }
  void table(JsonView object, const JsonPath& path, TableInventory& out) {
    named(object, path, out.name);
    string(object, "table_type", path, out.table_type);
    string(object, "data_source_format", path, out.data_source_format);
    string(object, "storage_location", path, out.storage_location);
    string(object, "view_definition", path, out.view_definition);
    boolean(object, "has_row_filter", path, out.has_row_filter);
    boolean(object, "has_column_mask", path, out.has_column_mask);
    attributes(object, path, out.attributes);
    list(object, "columns", path, out.columns, &InventoryReader::column);
  }
  void column(JsonView object, const JsonPath& path, ColumnInventory& out) {
    named(object, path, out.name);
    string(object, "type_text", path, out.type_text);
    boolean(object, "nullable", path, out.nullable);
    integer(object, "position", path, out.position);
    string(object, "comment", path, out.comment);
    tags(object, path, out.tags);
  }
  void function(JsonView object, const JsonPath& path, FunctionInventory& out) {
    named(object, path, out.name);
    string(object, "body_kind", path, out.body_kind);
    string(object, "language", path, out.language);
    string(object, "definition", path, out.definition);
    string(object, "return_type", path, out.return_type);
    boolean(object, "deterministic", path, out.deterministic);
    attributes(object, path, out.attributes);
    list(object, "parameters", path, out.parameters, &InventoryReader::parameter);
    list(object, "return_columns", path, out.return_columns, &InventoryReader::parameter);
  }
  void parameter(JsonView object, const JsonPath& path, FunctionParameter& out) {
    string(object, "name", path, out.name);
    string(object, "type_text", path, out.type_text);
    optional_string(object, "default_value", path, out.default_value);
    string(object, "comment", path, out.comment);
  }
  void volume(JsonView object, const JsonPath& path, VolumeInventory& out) {
    named(object, path, out.name);
    string(object, "volume_type", path, out.volume_type);
    string(object, "storage_location", path, out.storage_location);
    attributes(object, path, out.attributes);
  }

  std::optional<Error> error_;
};

}  // namespace

std::string CatalogInventory::to_json() const {
  JsonWriter json(2);
  json.begin_object().member("schema", schema_version);
  json.member("host", host).member("name", name).member("exists", exists).member("catalog_type", catalog_type);
  json.member("storage_root", storage_root).member("metastore_id", metastore_id);
  write_attributes(json, attributes);
  write_list(json, "schemas", schemas, write_schema);
  json.member("unseen", unseen);
  json.end_object();
  return json.take();
}

Result<CatalogInventory> CatalogInventory::from_json(std::string_view json) {
  auto document = base::JsonDocument::parse(json, "the catalog inventory");
  if (!document) return Error(ErrorCode::invalid_argument, document.error().message);
  InventoryReader reader;
  CatalogInventory inventory = reader.read(document->root());
  if (reader.error()) return *reader.error();
  return inventory;
}

}  // namespace dbxauth
