// SPDX-License-Identifier: Apache-2.0
// SHOW and DESCRIBE.
#include <algorithm>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "sql_values.hpp"
#include "statement_runner.hpp"

namespace dbxauth::emulator {
namespace {

SqlResult with_columns(std::initializer_list<const char*> names) {
  SqlResult result;
  for (const auto* name : names) result.columns.push_back(result_column(name, sql_type("string")));
  return result;
}

// "SHOW …": `*` any run of characters, `|` between alternatives, case ignored.
bool matches(const std::string& pattern, const std::string& name) {
  if (pattern.empty()) return true;
  const std::string lower = base::to_lower(pattern);
  for (const auto part : base::split(lower, '|')) {
    if (base::glob_match(base::trim(part), name)) return true;
  }
  return false;
}

std::string string_literal(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string properties_text(const std::map<std::string, std::string>& properties) {
  std::string text;
  for (const auto& [key, value] : properties)
    text += (text.empty() ? "" : ",\n  ") + string_literal(key) + " = " + string_literal(value);
  return "(\n  " + text + ")";
}

std::string iso_timestamp(std::int64_t epoch_ms) {
  std::string text = stored_timestamp(epoch_ms);
  text[10] = 'T';
  return text + "Z";
}

}  // namespace

SqlResult StatementRunner::show(const Statement& statement) {
  const std::string& what = statement.text;
  if (what == "GRANTS") return show_grants(statement);
  if (what == "CREATE TABLE") return show_create_table(statement);
  if (what == "TBLPROPERTIES" || what == "COLUMNS") {
    const auto info = table(statement.name);
    auto result = what == "COLUMNS" ? with_columns({"col_name"}) : with_columns({"key", "value"});
    if (what == "COLUMNS") {
      for (const auto& column : info.columns) result.rows.push_back({column.name});
    } else {
      for (const auto& [key, value] : info.properties) result.rows.push_back({key, value});
    }
    return result;
  }
  if (what == "CATALOGS") {
    auto result = with_columns({"catalog"});
    for (const auto& catalog : accept(metastore_.list_catalogs(session_.principal, {})).items) {
      if (matches(statement.pattern, catalog.name)) result.rows.push_back({catalog.name});
    }
    return result;
  }
  if (what == "SCHEMAS") {
    auto result = with_columns({"databaseName"});
    const auto path =
        object_path(SecurableKind::catalog, statement.name.empty() ? NameParts{session_.catalog} : statement.name);
    for (const auto& schema : accept(metastore_.list_schemas(session_.principal, path[0], {})).items) {
      if (matches(statement.pattern, schema.name)) result.rows.push_back({schema.name});
    }
    return result;
  }
  const auto path = object_path(SecurableKind::schema,
                                statement.name.empty() ? NameParts{session_.catalog, session_.schema} : statement.name);
  const auto schema = accept(metastore_.get_schema(session_.principal, path[0], path[1]));
  accept(metastore_.require(session_.principal, Privilege::use_schema, schema));
  if (what == "VOLUMES") {
    auto result = with_columns({"database", "volume_name"});
    for (const auto& volume : accept(metastore_.list_volumes(session_.principal, path[0], path[1], {})).items) {
      if (matches(statement.pattern, volume.name)) result.rows.push_back({path[1], volume.name});
    }
    return result;
  }
  if (what == "FUNCTIONS") {
    auto result = with_columns({"function"});
    for (const auto& function : accept(metastore_.list_functions(session_.principal, path[0], path[1], {})).items) {
      if (matches(statement.pattern, function.name)) result.rows.push_back({function.full_name()});
    }
    return result;
  }
  const bool views = what == "VIEWS";
  auto result = views ? with_columns({"namespace", "viewName"}) : with_columns({"database", "tableName"});
  result.columns.push_back(result_column("isTemporary", sql_type("boolean")));
  if (views) result.columns.push_back(result_column("isMaterialized", sql_type("boolean")));
  for (const auto& info : accept(metastore_.list_tables(session_.principal, path[0], path[1], {}, false)).items) {
    if (!matches(statement.pattern, info.name) || (views && !info.is_view())) continue;
    SqlRow row{path[1], info.name, "false"};
    if (views) row.emplace_back(info.table_type == "MATERIALIZED_VIEW" ? "true" : "false");
    result.rows.push_back(std::move(row));
  }
  return result;
}

// "SHOW GRANTS": inherited privileges are listed with the object that they come from.
SqlResult StatementRunner::show_grants(const Statement& statement) {
  const auto path = object_path(statement.object, statement.name);
  auto result = with_columns({"Principal", "ActionType", "ObjectType", "ObjectKey"});
  const auto name = base::join(path, ".");
  for (const auto& assignment :
       accept(metastore_.get_effective_grants(session_.principal, statement.object, path, statement.principal))) {
    for (const auto& privilege : assignment.privileges) {
      const auto spelled = privilege_sql_name(*privilege_from_name(privilege.privilege));
      const auto kind = privilege.inherited_from_kind.value_or(statement.object);
      result.rows.push_back({assignment.principal, spelled, base::to_upper(kind_name(kind)),
                             privilege.inherited_from_kind ? privilege.inherited_from_name : name});
    }
  }
  return result;
}

SqlResult StatementRunner::show_create_table(const Statement& statement) {
  const auto info = table(statement.name);
  std::string name;
  for (const auto& part : info.path())
    name += (name.empty() ? "" : ".") +
            (part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos ? part
                                                                                                  : back_ticked(part));
  std::string text = std::string("CREATE ") + (info.is_view() ? "VIEW " : "TABLE ") + name + " (";
  bool first = true;
  for (const auto& column : info.columns) {
    text += (first ? "\n  " : ",\n  ") +
            (column.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                     std::string::npos
                 ? column.name
                 : back_ticked(column.name));
    if (!info.is_view()) text += " " + base::to_upper(column.type_text) + (column.nullable ? "" : " NOT NULL");
    if (column.comment) text += " COMMENT " + string_literal(*column.comment);
    first = false;
  }
  text += ")\n";
  if (!info.is_view()) text += "USING delta\n";
  if (info.comment) text += "COMMENT " + string_literal(*info.comment) + "\n";
  if (info.table_type.compare(0, 8, "EXTERNAL") == 0)
    text += "LOCATION " + string_literal(info.storage_location) + "\n";
  if (!info.properties.empty()) text += "TBLPROPERTIES " + properties_text(info.properties) + "\n";
  if (info.is_view()) {
    if (!metastore_.is_allowed(session_.principal, Privilege::manage, info)) {
      accept<void>(refuse(permission_denied("User is not an owner of Table '" + info.full_name() + "'.")));
    }
    text += "AS " + info.view_definition + "\n";
  }
  auto result = with_columns({"createtab_stmt"});
  result.rows.push_back({text});
  return result;
}

SqlResult StatementRunner::describe(const Statement& statement) {
  const std::string& what = statement.text;
  if (what == "TABLE") return describe_table(statement);
  if (what == "HISTORY" || what == "DETAIL") {
    const auto info = table(statement.name);
    if (info.is_view())
      fail_sql("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
               "'DESCRIBE " + what + "' expects a table but `" + info.full_name() + "` is a view.", "42809");
    return what == "HISTORY" ? describe_history(info) : describe_detail(info);
  }
  const auto path = object_path(statement.object, statement.name);
  if (what == "VOLUME") {
    const auto volume = accept(metastore_.get_volume(session_.principal, path[0], path[1], path[2]));
    auto result = with_columns({"name", "catalog", "database", "owner", "storageLocation", "volumeType", "comment"});
    result.rows.push_back({volume.name, volume.catalog_name, volume.schema_name, volume.owner, volume.storage_location,
                           volume.volume_type, volume.comment});
    return result;
  }
  if (what == "FUNCTION") {
    const auto function = accept(metastore_.get_function(session_.principal, path[0], path[1], path[2]));
    auto result = with_columns({"function_desc"});
    result.rows.push_back({"Function: " + function.full_name()});
    result.rows.push_back({std::string("Type:     ") + (function.is_table_function ? "TABLE" : "SCALAR")});
    for (const auto& parameter : function.parameters)
      result.rows.push_back({"Input:    " + parameter.name + " " + base::to_upper(parameter.type_text)});
    result.rows.push_back({"Returns:  " + base::to_upper(function.full_data_type)});
    if (statement.cascade) {
      result.rows.push_back({"Comment:  " + function.comment.value_or("")});
      result.rows.push_back({"Owner:    " + function.owner});
      result.rows.push_back({"Body:     " + function.routine_definition});
    }
    return result;
  }
  const bool catalog = what == "CATALOG";
  const Securable object =
      catalog ? static_cast<Securable>(accept(metastore_.get_catalog(session_.principal, path[0])))
              : static_cast<Securable>(accept(metastore_.get_schema(session_.principal, path[0], path[1])));
  auto result = catalog ? with_columns({"info_name", "info_value"})
                        : with_columns({"database_description_item", "database_description_value"});
  result.rows.push_back({"Catalog Name", path[0]});
  if (!catalog) result.rows.push_back({"Namespace Name", path[1]});
  result.rows.push_back({"Comment", object.comment.value_or("")});
  result.rows.push_back({"Owner", object.owner});
  if (statement.cascade) {
    result.rows.push_back({"Created By", object.created_by});
    result.rows.push_back({"Created At", stored_timestamp(object.created_at_ms)});
    if (!object.storage_root.empty()) result.rows.push_back({"Storage Root", object.storage_root});
  }
  return result;
}

SqlResult StatementRunner::describe_table(const Statement& statement) {
  const auto info = table(statement.name);
  auto result = with_columns({"col_name", "data_type", "comment"});
  for (const auto& column : info.columns) result.rows.push_back({column.name, column.type_text, column.comment});
  if (!statement.cascade) return result;
  const auto row = [&](const std::string& name, const std::string& value) { result.rows.push_back({name, value, ""}); };
  row("", "");
  row("# Detailed Table Information", "");
  row("Catalog", info.catalog_name);
  row("Database", info.schema_name);
  row("Table", info.name);
  row("Created Time", stored_timestamp(info.created_at_ms));
  row("Created By", info.created_by);
  row("Type", info.table_type);
  if (info.comment) row("Comment", *info.comment);
  row("Owner", info.owner);
  if (!info.is_view()) row("Location", info.storage_location);
  if (!info.is_view()) row("Provider", "delta");
  if (info.is_view() && metastore_.is_allowed(session_.principal, Privilege::manage, info))
    row("View Text", info.view_definition);
  std::string properties;
  for (const auto& [key, value] : info.properties) properties += (properties.empty() ? "" : ",") + key + "=" + value;
  row("Table Properties", "[" + properties + "]");
  return result;
}

// "DESCRIBE DETAIL"; sizes follow the emulator's one file of 64 bytes a row.
SqlResult StatementRunner::describe_detail(const TableInfo& info) {
  const std::int64_t rows = metastore_.row_count(info);
  base::JsonWriter properties;
  properties.begin_object();
  for (const auto& [key, value] : info.properties) properties.member(key, value);
  properties.end_object();
  SqlResult result = with_columns({"format", "id", "name", "description", "location"});
  result.columns.push_back(result_column("createdAt", sql_type("timestamp")));
  result.columns.push_back(result_column("lastModified", sql_type("timestamp")));
  result.columns.push_back(result_column("partitionColumns", sql_type("array<string>")));
  result.columns.push_back(result_column("numFiles", sql_type("bigint")));
  result.columns.push_back(result_column("sizeInBytes", sql_type("bigint")));
  result.columns.push_back(result_column("properties", sql_type("map<string,string>")));
  result.rows.push_back({"delta", info.id, info.full_name(), info.comment, info.storage_location,
                         iso_timestamp(info.created_at_ms), iso_timestamp(info.updated_at_ms), "[]",
                         rows > 0 ? "1" : "0", std::to_string(rows * 64), properties.take()});
  return result;
}

SqlResult StatementRunner::describe_history(const TableInfo& info) {
  SqlResult result;
  result.columns.push_back(result_column("version", sql_type("bigint")));
  result.columns.push_back(result_column("timestamp", sql_type("timestamp")));
  result.columns.push_back(result_column("userName", sql_type("string")));
  result.columns.push_back(result_column("operation", sql_type("string")));
  for (const auto& record : metastore_.table_history(info)) {
    result.rows.push_back(
        {std::to_string(record.version), iso_timestamp(record.timestamp_ms), record.user, record.operation});
  }
  return result;
}

}  // namespace dbxauth::emulator
