// SPDX-License-Identifier: Apache-2.0
#include "clone/clone_statements.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "catalog/sql_text.hpp"
#include "clone/sql_tokenizer.hpp"

namespace dbxauth::clone {
namespace {

using catalog::quote_identifier;
using catalog::quote_literal;

std::string_view keyword_of(Securable kind) noexcept {
  switch (kind) {
    case Securable::catalog:
      return "CATALOG";
    case Securable::schema:
      return "SCHEMA";
    case Securable::table:
      return "TABLE";
    case Securable::view:
      return "VIEW";
    case Securable::function:
      return "FUNCTION";
    case Securable::volume:
      return "VOLUME";
  }
  return "TABLE";
}

/// "CREATE OR REPLACE VIEW x" or "CREATE VIEW IF NOT EXISTS x".
std::string create(std::string_view kind, const std::string& name, OnExisting on_existing) {
  std::string sql = on_existing == OnExisting::replace ? "CREATE OR REPLACE " : "CREATE ";
  sql += kind;
  sql += on_existing == OnExisting::replace ? " " : " IF NOT EXISTS ";
  return sql + name;
}

std::string clause(std::string_view keyword, std::string_view text) {
  return text.empty() ? std::string() : " " + std::string(keyword) + " " + quote_literal(text);
}

std::vector<const ColumnInventory*> by_position(const std::vector<ColumnInventory>& columns) {
  std::vector<const ColumnInventory*> sorted;
  for (const ColumnInventory& column : columns) sorted.push_back(&column);
  std::stable_sort(sorted.begin(), sorted.end(), [](const ColumnInventory* a, const ColumnInventory* b) {
    return a->position != b->position ? a->position < b->position : a->name < b->name;
  });
  return sorted;
}

std::string parameter_list(const std::vector<FunctionParameter>& parameters, bool with_comments) {
  std::vector<std::string> items;
  for (const FunctionParameter& parameter : parameters) {
    std::string item = quote_identifier(parameter.name) + " " + parameter.type_text;
    if (parameter.default_value) item += " DEFAULT " + *parameter.default_value;
    if (with_comments) item += clause("COMMENT", parameter.comment);
    items.push_back(std::move(item));
  }
  return "(" + base::join(items, ", ") + ")";
}

bool begins_with_return(std::string_view body) {
  for (const SqlToken& token : tokenize_sql(body)) {
    if (!token.is_trivia()) return token.is_keyword("RETURN");
  }
  return false;
}

std::string tag_list(const std::map<std::string, std::string>& tags) {
  std::vector<std::string> items;
  for (const auto& tag : tags) items.push_back(quote_literal(tag.first) + " = " + quote_literal(tag.second));
  return " SET TAGS (" + base::join(items, ", ") + ")";
}

}  // namespace

std::string_view name_of(Securable kind) noexcept {
  switch (kind) {
    case Securable::catalog:
      return "catalog";
    case Securable::schema:
      return "schema";
    case Securable::table:
      return "table";
    case Securable::view:
      return "view";
    case Securable::function:
      return "function";
    case Securable::volume:
      return "volume";
  }
  return "table";
}

std::string create_catalog_sql(const std::string& name, std::string_view managed_location, std::string_view comment) {
  return create("CATALOG", name, OnExisting::keep) + clause("MANAGED LOCATION", managed_location) +
         clause("COMMENT", comment);
}

std::string create_schema_sql(const std::string& name, std::string_view comment) {
  return create("SCHEMA", name, OnExisting::keep) + clause("COMMENT", comment);
}

std::string clone_table_sql(const std::string& name, const std::string& source, CloneMode mode, OnExisting on_existing,
                            std::string_view location) {
  return create("TABLE", name, on_existing) + (mode == CloneMode::shallow ? " SHALLOW CLONE " : " DEEP CLONE ") +
         source + clause("LOCATION", location);
}

std::string create_table_sql(const std::string& name, const TableInventory& table, OnExisting on_existing,
                             std::string_view location, bool with_comments) {
  std::vector<std::string> columns;
  for (const ColumnInventory* column : by_position(table.columns)) {
    std::string item = quote_identifier(column->name) + " " + column->type_text;
    if (!column->nullable) item += " NOT NULL";
    if (with_comments) item += clause("COMMENT", column->comment);
    columns.push_back(std::move(item));
  }
  std::string sql =
      create("TABLE", name, on_existing) + " (" + base::join(columns, ", ") + ")" + clause("LOCATION", location);
  if (with_comments) sql += clause("COMMENT", table.attributes.comment);
  return sql;
}

std::string create_view_sql(const std::string& name, const TableInventory& view, std::string_view text,
                            OnExisting on_existing, bool with_comments) {
  std::string sql = create("VIEW", name, on_existing);
  std::vector<std::string> columns;
  for (const ColumnInventory* column : by_position(view.columns)) {
    columns.push_back(quote_identifier(column->name) +
                      (with_comments ? clause("COMMENT", column->comment) : std::string()));
  }
  if (!columns.empty()) sql += " (" + base::join(columns, ", ") + ")";
  if (with_comments) sql += clause("COMMENT", view.attributes.comment);
  return sql + " AS " + std::string(without_terminator(text));
}

std::string create_function_sql(const std::string& name, const FunctionInventory& function, OnExisting on_existing,
                                bool with_comments) {
  std::string sql = create("FUNCTION", name, on_existing) + parameter_list(function.parameters, with_comments);
  const bool table_function = base::equals_ignoring_case(function.return_type, "TABLE");
  if (table_function) {
    sql += " RETURNS TABLE " + parameter_list(function.return_columns, with_comments);
  } else if (!function.return_type.empty()) {
    sql += " RETURNS " + function.return_type;
  }
  const bool external = base::equals_ignoring_case(function.body_kind, "EXTERNAL");
  if (external) sql += " LANGUAGE " + base::to_upper(function.language);
  if (function.deterministic) sql += " DETERMINISTIC";
  if (with_comments) sql += clause("COMMENT", function.attributes.comment);
  if (external) return sql + " AS $$" + function.definition + "$$";
  const std::string_view body = without_terminator(function.definition);
  return sql + (begins_with_return(body) ? " " : " RETURN ") + std::string(body);
}

std::string create_volume_sql(const std::string& name, std::string_view location, std::string_view comment) {
  return create(location.empty() ? "VOLUME" : "EXTERNAL VOLUME", name, OnExisting::keep) +
         clause("LOCATION", location) + clause("COMMENT", comment);
}

std::string comment_on_sql(Securable kind, const std::string& name, std::string_view comment) {
  // COMMENT ON TABLE takes views, too; there is no COMMENT ON VIEW.
  const std::string_view keyword = kind == Securable::view ? keyword_of(Securable::table) : keyword_of(kind);
  return "COMMENT ON " + std::string(keyword) + " " + name + " IS " + quote_literal(comment);
}

std::string column_comment_sql(const std::string& table, std::string_view column, std::string_view comment) {
  return "ALTER TABLE " + table + " ALTER COLUMN " + quote_identifier(column) + " COMMENT " + quote_literal(comment);
}

std::string set_tags_sql(Securable kind, const std::string& name, const std::map<std::string, std::string>& tags) {
  return "ALTER " + std::string(keyword_of(kind)) + " " + name + tag_list(tags);
}

std::string set_column_tags_sql(const std::string& table, std::string_view column,
                                const std::map<std::string, std::string>& tags) {
  return "ALTER TABLE " + table + " ALTER COLUMN " + quote_identifier(column) + tag_list(tags);
}

std::string grant_sql(const std::vector<std::string>& privileges, Securable kind, const std::string& name,
                      std::string_view principal) {
  std::string list = base::join(privileges, ", ");
  std::replace(list.begin(), list.end(), '_', ' ');
  // The privileges of a view are those of a table; GRANT … ON TABLE takes both.
  const std::string_view keyword = kind == Securable::view ? keyword_of(Securable::table) : keyword_of(kind);
  return "GRANT " + list + " ON " + std::string(keyword) + " " + name + " TO " + quote_identifier(principal);
}

bool is_grantable(std::string_view privilege) noexcept {
  if (privilege.empty() || privilege == "OWN" || privilege == "OWNERSHIP") return false;
  return std::all_of(privilege.begin(), privilege.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

}  // namespace dbxauth::clone
