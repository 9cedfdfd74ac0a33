// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/json_writer.hpp"
#include "metastore_internal.hpp"

namespace dbxauth::emulator {

/// Writes the canonical dump of one metastore.
class StateWriter {
 public:
  StateWriter(const Metastore& metastore, bool with_rows) : metastore_(metastore), with_rows_(with_rows) {}

  std::string write(std::string_view only) {
    json_.begin_object().key("catalogs").begin_array();
    const auto catalogs = metastore_.list_catalogs({}, {});
    for (const auto& listed : catalogs->items) {
      if (listed.name == "system" || (!only.empty() && listed.name != only)) continue;
      const auto catalog = metastore_.get_catalog({}, listed.name);
      if (catalog) write_catalog(*catalog);
    }
    json_.end_array().end_object();
    return json_.take();
  }

 private:
  void write_map(const char* name, const std::map<std::string, std::string>& values) {
    if (values.empty()) return;
    json_.key(name).begin_object();
    for (const auto& [key, value] : values) json_.member(key, value);
    json_.end_object();
  }

  void write_common(const Securable& securable) {
    json_.member("name", securable.name).member("owner", securable.owner);
    if (securable.comment) json_.member("comment", *securable.comment);
    write_map("properties", securable.properties);
    write_map("tags", securable.tags);
    const auto grants = metastore_.get_grants({}, securable.kind, securable.path(), {}, {});
    if (!grants || grants->items.empty()) return;
    json_.key("grants").begin_object();
    for (const auto& grant : grants->items) json_.member(grant.principal, grant.privileges);
    json_.end_object();
  }

  void write_catalog(const CatalogInfo& catalog) {
    json_.begin_object();
    write_common(catalog);
    if (!catalog.storage_root.empty()) json_.member("storage_root", catalog.storage_root);
    json_.key("schemas").begin_array();
    const auto schemas = metastore_.list_schemas({}, catalog.name, {});
    for (const auto& listed : schemas->items) {
      if (listed.name == "information_schema") continue;
      const auto schema = metastore_.get_schema({}, catalog.name, listed.name);
      if (schema) write_schema(*schema);
    }
    json_.end_array().end_object();
  }

  void write_schema(const SchemaInfo& schema) {
    json_.begin_object();
    write_common(schema);
    if (!schema.storage_root.empty()) json_.member("storage_root", schema.storage_root);
    json_.key("tables").begin_array();
    const auto tables = metastore_.list_tables({}, schema.catalog_name, schema.name, {}, false);
    for (const auto& listed : tables->items) {
      const auto table = metastore_.get_table({}, schema.catalog_name, schema.name, listed.name);
      if (table) write_table(*table);
    }
    json_.end_array().key("functions").begin_array();
    const auto functions = metastore_.list_functions({}, schema.catalog_name, schema.name, {});
    for (const auto& listed : functions->items) {
      const auto function = metastore_.get_function({}, schema.catalog_name, schema.name, listed.name);
      if (function) write_function(*function);
    }
    json_.end_array().key("volumes").begin_array();
    const auto volumes = metastore_.list_volumes({}, schema.catalog_name, schema.name, {});
    for (const auto& listed : volumes->items) {
      const auto volume = metastore_.get_volume({}, schema.catalog_name, schema.name, listed.name);
      if (!volume) continue;
      json_.begin_object();
      write_common(*volume);
      json_.member("volume_type", volume->volume_type);
      if (volume->volume_type == "EXTERNAL") json_.member("storage_location", volume->storage_location);
      json_.end_object();
    }
    json_.end_array().end_object();
  }

  void write_columns(const char* name, const std::vector<ColumnInfo>& columns) {
    json_.key(name).begin_array();
    for (const auto& column : columns) {
      json_.begin_object()
          .member("name", column.name)
          .member("type", column.type_text)
          .member("nullable", column.nullable);
      if (column.comment) json_.member("comment", *column.comment);
      write_map("tags", column.tags);
      json_.end_object();
    }
    json_.end_array();
  }

  void write_table(const TableInfo& table) {
    json_.begin_object();
    write_common(table);
    json_.member("table_type", table.table_type);
    write_columns("columns", table.columns);
    if (table.is_view()) json_.member("view_definition", table.view_definition);
    if (table.table_type.compare(0, 8, "EXTERNAL") == 0) json_.member("storage_location", table.storage_location);
    if (!table.is_view() && with_rows_) write_rows(table);
    json_.end_object();
  }

  void write_rows(const TableInfo& table) {
    using Row = std::vector<std::optional<std::string>>;
    std::vector<Row> rows;
    auto query = metastore_.database().prepare_once("SELECT * FROM " + metastore_.row_table(table));
    while (query && query->next()) {
      Row row;
      for (int i = 0; i < static_cast<int>(table.columns.size()); ++i) row.push_back(query->optional_text(i));
      rows.push_back(std::move(row));
    }
    std::sort(rows.begin(), rows.end());
    json_.key("rows").begin_array();
    for (const auto& row : rows) {
      json_.begin_array();
      for (const auto& value : row) value ? json_.string(*value) : json_.null();
      json_.end_array();
    }
    json_.end_array();
  }

  void write_function(const FunctionInfo& function) {
    json_.begin_object();
    write_common(function);
    json_.member("returns", function.full_data_type).member("routine_body", function.routine_body);
    if (!function.external_language.empty()) json_.member("language", function.external_language);
    json_.member("definition", function.routine_definition).member("deterministic", function.is_deterministic);
    json_.key("parameters").begin_array();
    for (const auto& parameter : function.parameters) {
      json_.begin_object().member("name", parameter.name).member("type", parameter.type_text);
      if (parameter.default_text) json_.member("default", *parameter.default_text);
      if (parameter.comment) json_.member("comment", *parameter.comment);
      json_.end_object();
    }
    json_.end_array();
    if (function.is_table_function) write_columns("return_columns", function.return_columns);
    json_.end_object();
  }

  const Metastore& metastore_;
  bool with_rows_;
  base::JsonWriter json_;
};

std::string Metastore::state_json(std::string_view catalog, bool with_rows) const {
  const auto guard = lock();
  return StateWriter(*this, with_rows).write(catalog);
}

}  // namespace dbxauth::emulator
