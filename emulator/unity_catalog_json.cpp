// SPDX-License-Identifier: Apache-2.0
#include "unity_catalog_json.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace dbxauth::emulator {

namespace {

void write_properties(base::JsonWriter& json, const std::map<std::string, std::string>& properties) {
  if (properties.empty()) return;
  json.key("properties").begin_object();
  for (const auto& [key, value] : properties) json.member(key, value);
  json.end_object();
}

void write_optional(base::JsonWriter& json, std::string_view name, const std::string& value) {
  if (!value.empty()) json.member(name, value);
}

void write_audit(base::JsonWriter& json, const Securable& object, bool username) {
  json.member("created_at", object.created_at_ms).member("updated_at", object.updated_at_ms);
  if (username) json.member("created_by", object.created_by).member("updated_by", object.updated_by);
}

void write_head(base::JsonWriter& json, const Securable& object, const std::string& metastore_id,
                bool username = true) {
  json.member("name", object.name);
  if (!object.catalog_name.empty()) json.member("catalog_name", object.catalog_name);
  if (!object.schema_name.empty()) json.member("schema_name", object.schema_name);
  json.member("full_name", object.full_name());
  if (username) json.member("owner", object.owner);
  if (object.comment) json.member("comment", *object.comment);
  json.member("metastore_id", metastore_id);
  write_audit(json, object, username);
  json.member("browse_only", false);
}

/// Spark's name of a simple type; empty for the others, whose JSON form is a nested schema.
std::string spark_type(const std::string& type_text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> renamed{
      {{"bigint", "long"}, {"int", "integer"}, {"smallint", "short"}, {"tinyint", "byte"}}};
  for (const auto& [sql, spark] : renamed)
    if (type_text == sql) return std::string(spark);
  return type_text.find('<') == std::string::npos ? type_text : std::string();
}

void write_type(base::JsonWriter& json, const ColumnInfo& column) {
  json.member("type_text", column.type_text).member("type_name", column.type_name());
  json.member("type_precision", column.precision()).member("type_scale", column.scale());
}

void write_column(base::JsonWriter& json, const ColumnInfo& column, std::size_t position) {
  json.begin_object().member("name", column.name);
  write_type(json, column);
  if (const std::string type = spark_type(column.type_text); !type.empty()) {
    base::JsonWriter nested;
    nested.begin_object().member("name", column.name).member("type", type).member("nullable", column.nullable);
    nested.key("metadata").begin_object();
    if (column.comment) nested.member("comment", *column.comment);
    nested.end_object().end_object();
    json.member("type_json", nested.text());
  }
  json.member("position", static_cast<std::int64_t>(position)).member("nullable", column.nullable);
  if (column.comment) json.member("comment", *column.comment);
  json.end_object();
}

void write_parameter(base::JsonWriter& json, const std::string& name, const std::string& type_text,
                     std::size_t position, bool input) {
  ColumnInfo type;
  type.name = name;
  type.type_text = type_text;
  json.member("name", name);
  write_type(json, type);
  json.member("position", static_cast<std::int64_t>(position));
  if (input) json.member("parameter_mode", "IN");
  json.member("parameter_type", input ? "PARAM" : "COLUMN");
}

}  // namespace

void write_catalog(base::JsonWriter& json, const CatalogInfo& catalog, const std::string& metastore_id) {
  json.begin_object();
  write_head(json, catalog, metastore_id);
  json.member("id", catalog.id).member("catalog_type", catalog.catalog_type);
  json.member("isolation_mode", catalog.isolation_mode).member("accessible_in_current_workspace", true);
  json.member("securable_type", "CATALOG").member("securable_kind", "CATALOG_STANDARD");
  json.member("enable_predictive_optimization", "INHERIT");
  write_optional(json, "storage_root", catalog.storage_root);
  write_optional(json, "storage_location", catalog.storage_location);
  write_properties(json, catalog.properties);
  json.end_object();
}

void write_schema(base::JsonWriter& json, const SchemaInfo& schema, const std::string& metastore_id) {
  json.begin_object();
  write_head(json, schema, metastore_id);
  json.member("schema_id", schema.id).member("catalog_type", "MANAGED_CATALOG");
  json.member("securable_type", "SCHEMA").member("securable_kind", "SCHEMA_STANDARD");
  json.member("enable_predictive_optimization", "INHERIT");
  write_optional(json, "storage_root", schema.storage_root);
  write_optional(json, "storage_location", schema.storage_location);
  write_properties(json, schema.properties);
  json.end_object();
}

void write_table(base::JsonWriter& json, const TableInfo& table, const std::string& metastore_id,
                 const TableFields& fields) {
  json.begin_object();
  write_head(json, table, metastore_id, fields.username);
  json.member("table_id", table.id).member("table_type", table.table_type);
  json.member("securable_type", "TABLE");
  write_optional(json, "data_source_format", table.data_source_format);
  write_optional(json, "storage_location", table.storage_location);
  write_optional(json, "view_definition", table.view_definition);
  if (fields.columns) {
    json.key("columns").begin_array();
    for (std::size_t i = 0; i < table.columns.size(); ++i) write_column(json, table.columns[i], i);
    json.end_array();
  }
  if (fields.properties) write_properties(json, table.properties);
  json.end_object();
}

void write_function(base::JsonWriter& json, const FunctionInfo& function, const std::string& metastore_id) {
  json.begin_object();
  write_head(json, function, metastore_id);
  json.member("function_id", function.id).member("specific_name", function.name);
  json.member("data_type", function.data_type).member("full_data_type", function.full_data_type);
  json.member("routine_body", function.routine_body).member("routine_definition", function.routine_definition);
  write_optional(json, "external_language", function.external_language);
  json.member("parameter_style", "S").member("is_deterministic", function.is_deterministic);
  json.member("sql_data_access", function.is_table_function ? "READS_SQL_DATA" : "CONTAINS_SQL");
  json.member("is_null_call", false).member("security_type", "DEFINER");
  if (!function.parameters.empty()) {
    json.key("input_params").begin_object().key("parameters").begin_array();
    for (std::size_t i = 0; i < function.parameters.size(); ++i) {
      const ParameterInfo& parameter = function.parameters[i];
      json.begin_object();
      write_parameter(json, parameter.name, parameter.type_text, i, true);
      if (parameter.default_text) json.member("parameter_default", *parameter.default_text);
      if (parameter.comment) json.member("comment", *parameter.comment);
      json.end_object();
    }
    json.end_array().end_object();
  }
  if (function.is_table_function) {
    json.key("return_params").begin_object().key("parameters").begin_array();
    for (std::size_t i = 0; i < function.return_columns.size(); ++i) {
      json.begin_object();
      write_parameter(json, function.return_columns[i].name, function.return_columns[i].type_text, i, false);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_object();
}

void write_volume(base::JsonWriter& json, const VolumeInfo& volume, const std::string& metastore_id) {
  json.begin_object();
  write_head(json, volume, metastore_id);
  json.member("volume_id", volume.id).member("volume_type", volume.volume_type);
  write_optional(json, "storage_location", volume.storage_location);
  json.end_object();
}

}  // namespace dbxauth::emulator
