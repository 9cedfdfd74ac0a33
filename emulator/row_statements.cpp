// SPDX-License-Identifier: Apache-2.0
// Statements that read or change rows.
#include <algorithm>

#include "base/text.hpp"
#include "metastore_internal.hpp"
#include "sql_values.hpp"
#include "statement_runner.hpp"

namespace dbxauth::emulator {

ApiError execution_error(const std::string& message) {
  if (!message.empty() && message.front() == '[') {
    const auto state = message.rfind("SQLSTATE: ");
    ApiError error;
    error.error_code = "BAD_REQUEST";
    error.message = message;
    error.sql_state = state == std::string::npos ? "22000" : message.substr(state + 10, 5);
    return error;
  }
  if (message.find("NOT NULL constraint") != std::string::npos) {
    return sql_error("DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
                     "NOT NULL constraint violated for column: " + message.substr(message.rfind('.') + 1) + ".",
                     "23502");
  }
  if (message == "interrupted") {
    return sql_error("QUERY_EXECUTION_TIMEOUT_EXCEEDED", "The emulator stops a statement after 60 seconds.", "57KD0");
  }
  return sql_error("UNSUPPORTED_FEATURE", "The emulator's storage refused the statement: " + message + ".", "0A000");
}

std::int64_t StatementRunner::execute(const std::string& sql) {
  auto prepared = metastore_.database().prepare_once(sql);
  if (!prepared) throw SqlFailure{execution_error(prepared.error())};
  if (!prepared->run()) throw SqlFailure{execution_error(prepared->error())};
  return metastore_.database().changed_rows();
}

SqlResult StatementRunner::select(const QueryNode& query) {
  const auto translated = translator().query(query);
  SqlResult result;
  for (const auto& column : translated.columns) result.columns.push_back(result_column(column.name, column.type));
  auto rows = metastore_.database().prepare_once(translated.sql);
  if (!rows) throw SqlFailure{execution_error(rows.error())};
  while (rows->next()) {
    SqlRow row;
    row.reserve(translated.columns.size());
    for (std::size_t i = 0; i < translated.columns.size(); ++i)
      row.push_back(json_array_value(*rows, static_cast<int>(i), translated.columns[i].type));
    result.rows.push_back(std::move(row));
  }
  if (rows->failed()) throw SqlFailure{execution_error(rows->error())};
  return result;
}

TableInfo StatementRunner::writable_table(const NameParts& name, bool reads) {
  const auto info = table(name);
  if (info.is_view())
    fail_sql("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "`" + info.full_name() + "` is a view: it cannot be written to.",
             "42809");
  accept(metastore_.require(session_.principal, Privilege::modify, info));
  // "DELETE FROM", "UPDATE": MODIFY and SELECT.
  if (reads) accept(metastore_.require(session_.principal, Privilege::select, info));
  return info;
}

std::int64_t StatementRunner::insert_from(const TableInfo& info, const std::vector<std::string>& columns,
                                          const TranslatedQuery& source) {
  std::vector<const ColumnInfo*> targets;
  if (columns.empty()) {
    for (const auto& column : info.columns) targets.push_back(&column);
  }
  for (const auto& name : columns) {
    const auto found = std::find_if(info.columns.begin(), info.columns.end(),
                                    [&](const auto& c) { return base::equals_ignoring_case(c.name, name); });
    if (found == info.columns.end())
      fail_sql("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
               "A column with name `" + name + "` cannot be resolved in `" + info.full_name() + "`.", "42703");
    targets.push_back(&*found);
  }
  if (targets.size() != source.columns.size()) {
    const bool few = source.columns.size() < targets.size();
    fail_sql(few ? "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
                 : "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
             "Cannot write to `" + info.full_name() + "`: it takes " + std::to_string(targets.size()) +
                 " columns and the data has " + std::to_string(source.columns.size()) + ".",
             "21S01");
  }
  std::string names, values;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    names += (i == 0 ? "" : ", ") + quote_sqlite_name(targets[i]->name);
    values +=
        (i == 0 ? "" : ", ") +
        render_cast({"c" + std::to_string(i), source.columns[i].type, false}, sql_type(targets[i]->type_text)).sql;
  }
  return execute("INSERT INTO " + metastore_.row_table(info) + "(" + names + ") SELECT " + values + " FROM (" +
                 source.sql + ")");
}

SqlResult StatementRunner::insert(const Statement& statement) {
  const auto info = writable_table(statement.name, false);
  const auto source = translator().query(*statement.query);
  if (statement.overwrite) execute("DELETE FROM " + metastore_.row_table(info));
  const auto count = std::to_string(insert_from(info, statement.insert_columns, source));
  metastore_.record_version(session_.principal, info, "WRITE");
  return {
      {result_column("num_affected_rows", sql_type("bigint")), result_column("num_inserted_rows", sql_type("bigint"))},
      {{count, count}}};
}

SqlResult StatementRunner::delete_rows(const Statement& statement) {
  const auto info = writable_table(statement.name, true);
  std::string sql = "DELETE FROM " + metastore_.row_table(info);
  if (statement.expression) sql += " WHERE " + translator().expression(*statement.expression, &info).sql;
  const auto count = std::to_string(execute(sql));
  metastore_.record_version(session_.principal, info, "DELETE");
  return {{result_column("num_affected_rows", sql_type("bigint"))}, {{count}}};
}

SqlResult StatementRunner::update_rows(const Statement& statement) {
  const auto info = writable_table(statement.name, true);
  std::string sql = "UPDATE " + metastore_.row_table(info) + " SET ";
  bool first = true;
  for (const auto& [name, expr] : statement.assignments) {
    const std::string wanted = name;
    const auto found = std::find_if(info.columns.begin(), info.columns.end(),
                                    [&](const auto& c) { return base::equals_ignoring_case(c.name, wanted); });
    if (found == info.columns.end())
      fail_sql("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
               "A column with name `" + name + "` cannot be resolved in `" + info.full_name() + "`.", "42703");
    sql += (first ? "" : ", ") + quote_sqlite_name(found->name) + " = " +
           render_cast(translator().expression(*expr, &info), sql_type(found->type_text)).sql;
    first = false;
  }
  if (statement.expression) sql += " WHERE " + translator().expression(*statement.expression, &info).sql;
  const auto count = std::to_string(execute(sql));
  metastore_.record_version(session_.principal, info, "UPDATE");
  return {{result_column("num_affected_rows", sql_type("bigint"))}, {{count}}};
}

SqlResult StatementRunner::truncate(const Statement& statement) {
  const auto info = writable_table(statement.name, false);
  execute("DELETE FROM " + metastore_.row_table(info));
  metastore_.record_version(session_.principal, info, "TRUNCATE");
  return {};
}

namespace {

void check_clone_source(const Statement& statement, const TableInfo& source) {
  // "CREATE TABLE CLONE": views, materialized views and streaming tables cannot be cloned.
  if (source.is_view() || source.table_type == "STREAMING_TABLE" || source.table_type == "FOREIGN") {
    fail_sql("DELTA_CLONE_UNSUPPORTED_SOURCE",
             "Unsupported " + base::to_lower(statement.clone_type) + " clone source '" + source.full_name() +
                 "', whose format is " + source.table_type +
                 ". The supported formats are 'delta', 'iceberg' and 'parquet'.",
             "0AKDC");
  }
  if (statement.version && *statement.version != source.version) {
    if (*statement.version > source.version) {
      fail_sql("DELTA_VERSION_NOT_FOUND",
               "Cannot time travel Delta table to version " + std::to_string(*statement.version) +
                   ". Available versions: [0, " + std::to_string(source.version) + "].",
               "22003");
    }
    fail_sql("UNSUPPORTED_FEATURE",
             "The emulator keeps the rows of the newest version only (" + std::to_string(source.version) + ").",
             "0A000");
  }
  if (statement.clone_type != "SHALLOW") return;
  // "Shallow clone for Unity Catalog tables": not of a shallow clone; managed to managed and external to external only.
  if (source.table_type.find("SHALLOW_CLONE") != std::string::npos) {
    fail_sql("DELTA_SHALLOW_CLONE_OF_SHALLOW_CLONE",
             "'" + source.full_name() + "' is a shallow clone: it cannot be shallow cloned.", "0AKDC");
  }
  if ((source.table_type == "EXTERNAL") != statement.external) {
    fail_sql("CANNOT_SHALLOW_CLONE_NON_UC_MANAGED_TABLE_AS_SOURCE_OR_TARGET",
             "Shallow clone goes from a managed to a managed table, or from an external to an external one; '" +
                 source.full_name() + "' is " + source.table_type + ".",
             "0AKUC");
  }
}

}  // namespace

// "CREATE TABLE CLONE": copies rows, schema with column comments and nullability, and table properties; not the table's
// comment, tags, grants, owner and history.
SqlResult StatementRunner::clone_table(const Statement& statement) {
  const auto path = object_path(SecurableKind::table, statement.name);
  const auto source = table(statement.source);
  accept(metastore_.require(session_.principal, Privilege::select, source));
  if (exists_and_skip(SecurableKind::table, path, statement)) return {};
  check_clone_source(statement, source);
  TableSpec spec;
  spec.catalog_name = path[0];
  spec.schema_name = path[1];
  spec.name = path[2];
  spec.columns = source.columns;
  for (auto& column : spec.columns) column.tags.clear();
  spec.properties = source.properties;
  for (const auto& [key, value] : statement.properties) spec.properties[key] = value;
  spec.storage_location = statement.location;
  spec.table_type = statement.external ? "EXTERNAL" : "MANAGED";
  if (statement.clone_type == "SHALLOW") spec.table_type += "_SHALLOW_CLONE";
  std::int64_t removed = 0;
  if (const auto old = metastore_.find(SecurableKind::table, path)) {
    if (old->row_id == source.row_id)
      fail_sql("DELTA_CLONE_SAME_SOURCE_TARGET", "'" + source.full_name() + "' cannot be cloned onto itself.", "0AKDC");
    const auto before = accept(metastore_.get_table({}, path[0], path[1], path[2]));
    removed = metastore_.row_count(before);
    // A shallow clone is not put over a table with rows ("DELTA_UNSUPPORTED_NON_EMPTY_CLONE").
    if (statement.or_replace && statement.clone_type == "SHALLOW" && removed > 0 && !before.is_view()) {
      fail_sql(
          "DELTA_UNSUPPORTED_NON_EMPTY_CLONE",
          "The clone destination table is non-empty. Please TRUNCATE or DELETE FROM the table before running CLONE.",
          "0AKDC");
    }
  }
  replace(SecurableKind::table, path, statement, [&] { accept(metastore_.create_table(session_.principal, spec)); });
  const auto made = accept(metastore_.get_table({}, path[0], path[1], path[2]));
  if (!source.columns.empty())
    execute("INSERT INTO " + metastore_.row_table(made) + " SELECT * FROM " + metastore_.row_table(source));
  metastore_.database()
      .query("UPDATE table_versions SET operation = 'CLONE' WHERE securable = ? AND version = ?")
      .bind(1, made.row_id)
      .bind(2, made.version)
      .run();
  // The emulator has no files: a table with rows counts as one file of 64 bytes a row.
  const std::int64_t rows = metastore_.row_count(source);
  const bool deep = statement.clone_type != "SHALLOW";
  const auto files = [](std::int64_t count) { return std::to_string(count > 0 ? 1 : 0); };
  SqlResult result;
  for (const auto* name : {"source_table_size", "source_num_of_files", "num_removed_files", "num_copied_files",
                           "removed_files_size", "copied_files_size"}) {
    result.columns.push_back(result_column(name, sql_type("bigint")));
  }
  result.rows.push_back({std::to_string(rows * 64), files(rows), files(removed), deep ? files(rows) : "0",
                         std::to_string(removed * 64), std::to_string(deep ? rows * 64 : 0)});
  return result;
}

}  // namespace dbxauth::emulator
