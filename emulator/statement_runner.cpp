// SPDX-License-Identifier: Apache-2.0
#include "statement_runner.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "metastore_internal.hpp"
#include "sql_parser.hpp"

namespace dbxauth::emulator {

std::string back_ticked(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? "``" : std::string(1, c);
  return quoted + "`";
}

ResultColumn result_column(std::string name, const SqlType& type) {
  return {std::move(name), base::to_upper(type.text), type_name_of(type.text), type.precision, type.scale};
}

StatementRunner::StatementRunner(Metastore& metastore, SqlSession session, std::string_view sql)
    : metastore_(metastore), session_(std::move(session)), sql_(sql), relations_(metastore), source_(relations_, sql_) {
  if (session_.catalog.empty()) session_.catalog = "main";
  if (session_.schema.empty()) session_.schema = "default";
}

QueryTranslator StatementRunner::translator() {
  return QueryTranslator(metastore_, relations_, {session_.principal, session_.catalog, session_.schema},
                         session_.principal);
}

std::vector<std::string> StatementRunner::object_path(SecurableKind kind, const NameParts& name) {
  switch (kind) {
    case SecurableKind::metastore:
      return {};
    case SecurableKind::catalog:
      return translator().full_path(name, 1);
    case SecurableKind::schema:
      return translator().full_path(name, 2);
    default:
      return translator().full_path(name, 3);
  }
}

TableInfo StatementRunner::table(const NameParts& name) const {
  const auto path = const_cast<StatementRunner*>(this)->object_path(SecurableKind::table, name);
  return accept(metastore_.get_table(session_.principal, path[0], path[1], path[2]));
}

SqlResult StatementRunner::run(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::query:
      return select(*statement.query);
    case StatementKind::create_catalog:
      create_catalog(statement);
      break;
    case StatementKind::create_schema:
      create_schema(statement);
      break;
    case StatementKind::create_table:
    case StatementKind::create_table_as:
      return create_table(statement);
    case StatementKind::clone_table:
      return clone_table(statement);
    case StatementKind::create_view:
      create_view(statement);
      break;
    case StatementKind::create_function:
      create_function(statement);
      break;
    case StatementKind::create_volume:
      create_volume(statement);
      break;
    case StatementKind::drop:
      drop(statement);
      break;
    case StatementKind::alter:
      alter(statement);
      break;
    case StatementKind::comment:
      comment(statement);
      break;
    case StatementKind::grant:
    case StatementKind::revoke:
      change_grants(statement);
      break;
    case StatementKind::show:
      return show(statement);
    case StatementKind::describe:
      return describe(statement);
    case StatementKind::insert:
      return insert(statement);
    case StatementKind::delete_rows:
      return delete_rows(statement);
    case StatementKind::update_rows:
      return update_rows(statement);
    case StatementKind::truncate:
      return truncate(statement);
    case StatementKind::use: {
      const auto path = object_path(statement.object, statement.name);
      if (statement.object == SecurableKind::catalog) {
        (void)accept(metastore_.get_catalog(session_.principal, path[0]));
      } else {
        (void)accept(metastore_.get_schema(session_.principal, path[0], path[1]));
      }
      break;
    }
  }
  return {};
}

bool StatementRunner::exists_and_skip(SecurableKind kind, const std::vector<std::string>& path,
                                      const Statement& statement) const {
  return statement.if_not_exists && metastore_.find(kind, path).has_value();
}

void StatementRunner::replace(SecurableKind kind, const std::vector<std::string>& path, const Statement& statement,
                              const std::function<void()>& create) {
  const auto old = metastore_.find(kind, path);
  if (!old || !statement.or_replace) {
    if (statement.must_exist) throw SqlFailure{as_sql_error(does_not_exist(kind, path))};
    create();
    return;
  }
  Database& database = metastore_.database();
  struct Grant {
    std::string principal;
    std::int64_t privilege;
    std::string grantor;
  };
  std::vector<Grant> grants;
  {
    auto row = database.query("SELECT principal, privilege, grantor FROM grants WHERE securable = ?");
    row.bind(1, old->row_id);
    while (row.next()) grants.push_back({row.text(0), row.integer(1), row.text(2)});
  }
  std::vector<Metastore::VersionRecord> history;
  bool is_table = false;
  if (kind == SecurableKind::table) {
    const auto info = accept(metastore_.get_table({}, path[0], path[1], path[2]));
    const bool to_view = statement.kind == StatementKind::create_view;
    if (info.is_view() != to_view) {
      fail_sql(to_view ? "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE" : "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
               "'" + info.full_name() + "' is a " + (to_view ? "table" : "view") + ": it cannot be replaced by a " +
                   (to_view ? "view." : "table."),
               "42809");
    }
    is_table = !to_view;
    if (is_table) history = metastore_.table_history(info);
  }
  accept(metastore_.drop(session_.principal, kind, path, false));
  create();
  const auto made = metastore_.find(kind, path);
  database.query("UPDATE securables SET uuid = ?, owner = ?, created_at = ?, created_by = ? WHERE id = ?")
      .bind(1, old->id)
      .bind(2, old->owner)
      .bind(3, old->created_at_ms)
      .bind(4, old->created_by)
      .bind(5, made->row_id)
      .run();
  // Through the metastore's own call, so that what it has gathered about rights is dropped.
  for (const auto& grant : grants) {
    database.query("INSERT OR IGNORE INTO grants(securable, principal, privilege, grantor) VALUES(?, ?, ?, ?)")
        .bind(1, made->row_id)
        .bind(2, grant.principal)
        .bind(3, grant.privilege)
        .bind(4, grant.grantor)
        .run();
  }
  accept(metastore_.change_grants({}, kind, path, {}));
  if (!is_table || history.empty()) return;
  database.query("UPDATE securables SET version = ? WHERE id = ?")
      .bind(1, history.front().version + 1)
      .bind(2, made->row_id)
      .run();
  database.query("UPDATE table_versions SET version = ?, operation = 'CREATE OR REPLACE TABLE' WHERE securable = ?")
      .bind(1, history.front().version + 1)
      .bind(2, made->row_id)
      .run();
  for (const auto& record : history) {
    database.query("INSERT INTO table_versions(securable, version, at, user, operation) VALUES(?, ?, ?, ?, ?)")
        .bind(1, made->row_id)
        .bind(2, record.version)
        .bind(3, record.timestamp_ms)
        .bind(4, record.user)
        .bind(5, record.operation)
        .run();
  }
}

void StatementRunner::create_catalog(const Statement& statement) {
  const auto path = object_path(SecurableKind::catalog, statement.name);
  if (exists_and_skip(SecurableKind::catalog, path, statement)) return;
  CatalogSpec spec;
  spec.name = path[0];
  spec.comment = statement.comment;
  spec.storage_root = statement.location;
  accept(metastore_.create_catalog(session_.principal, spec));
}

void StatementRunner::create_schema(const Statement& statement) {
  const auto path = object_path(SecurableKind::schema, statement.name);
  if (exists_and_skip(SecurableKind::schema, path, statement)) return;
  SchemaSpec spec;
  spec.catalog_name = path[0];
  spec.name = path[1];
  spec.comment = statement.comment;
  spec.storage_root = statement.location;
  spec.properties = statement.properties;
  accept(metastore_.create_schema(session_.principal, spec));
}

SqlResult StatementRunner::create_table(const Statement& statement) {
  const auto path = object_path(SecurableKind::table, statement.name);
  if (exists_and_skip(SecurableKind::table, path, statement)) return {};
  if (statement.external && statement.location.empty()) {
    fail_sql("PARSE_SYNTAX_ERROR", "CREATE EXTERNAL TABLE needs a LOCATION.", "42601");
  }
  TableSpec spec;
  spec.catalog_name = path[0];
  spec.schema_name = path[1];
  spec.name = path[2];
  spec.columns = statement.columns;
  spec.comment = statement.comment;
  spec.properties = statement.properties;
  spec.storage_location = statement.location;
  spec.table_type = statement.external ? "EXTERNAL" : "MANAGED";
  TranslatedQuery source;
  std::string holding;
  if (statement.query) {
    source = translator().query(*statement.query);
    for (const auto& column : source.columns)
      spec.columns.push_back({column.name, column.type.is("void") ? "void" : column.type.text, true, std::nullopt, {}});
    // The query may read the table it replaces.
    holding = "temp.ctas_" + std::to_string(relations_.next_number());
    execute("CREATE TEMP TABLE " + holding.substr(5) + " AS " + source.sql);
    source.sql = "SELECT * FROM " + holding;
  }
  replace(SecurableKind::table, path, statement, [&] { accept(metastore_.create_table(session_.principal, spec)); });
  if (!statement.query) return {};
  const auto made = accept(metastore_.get_table({}, path[0], path[1], path[2]));
  insert_from(made, {}, source);
  execute("DROP TABLE " + holding);
  SqlResult result;
  result.columns = {result_column("num_affected_rows", sql_type("bigint")),
                    result_column("num_inserted_rows", sql_type("bigint"))};
  return result;
}

void StatementRunner::create_view(const Statement& statement) {
  const auto path = object_path(SecurableKind::table, statement.name);
  if (exists_and_skip(SecurableKind::table, path, statement)) return;
  const auto body = translator().query(*statement.query);
  TableSpec spec;
  spec.catalog_name = path[0];
  spec.schema_name = path[1];
  spec.name = path[2];
  spec.table_type = "VIEW";
  spec.comment = statement.comment;
  spec.properties = statement.properties;
  spec.view_definition = statement.text;
  spec.view_catalog = session_.catalog;
  spec.view_schema = session_.schema;
  if (!statement.columns.empty() && statement.columns.size() != body.columns.size()) {
    fail_sql("CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS",
             "Cannot create view `" + base::join(path, "`.`") + "`: it names " +
                 std::to_string(statement.columns.size()) + " columns and its query has " +
                 std::to_string(body.columns.size()) + ".",
             "21S01");
  }
  for (std::size_t i = 0; i < body.columns.size(); ++i) {
    ColumnInfo column{body.columns[i].name, body.columns[i].type.text, true, std::nullopt, {}};
    if (!statement.columns.empty()) {
      column.name = statement.columns[i].name;
      column.comment = statement.columns[i].comment;
    }
    spec.columns.push_back(std::move(column));
  }
  replace(SecurableKind::table, path, statement, [&] { accept(metastore_.create_table(session_.principal, spec)); });
  // What it reads may have been the view that it replaced.
  if (!statement.or_replace) return;
  SqlParser parser("SELECT * FROM " + back_ticked(path[0]) + "." + back_ticked(path[1]) + "." + back_ticked(path[2]),
                   {});
  QueryTranslator(metastore_, relations_, {{}, session_.catalog, session_.schema}, session_.principal)
      .query(*parser.parse_whole_query());
}

void StatementRunner::create_function(const Statement& statement) {
  const auto path = object_path(SecurableKind::function, statement.name);
  if (exists_and_skip(SecurableKind::function, path, statement)) return;
  FunctionSpec spec;
  spec.catalog_name = path[0];
  spec.schema_name = path[1];
  spec.info = statement.function;
  spec.info.name = path[2];
  spec.info.comment = statement.comment;
  spec.info.definition_catalog = session_.catalog;
  spec.info.definition_schema = session_.schema;
  FunctionInfo& info = spec.info;
  std::vector<QueryTranslator::Parameter> parameters;
  for (const auto& parameter : info.parameters)
    parameters.push_back({parameter.name, {"NULL", sql_type(parameter.type_text), false}});
  auto body = translator();
  if (info.is_table_function) {
    body.set_parameters(parameters);
    const auto query = body.query(*statement.query);
    if (info.return_columns.empty()) {
      for (const auto& column : query.columns)
        info.return_columns.push_back({column.name, column.type.text, true, std::nullopt, {}});
    }
    if (query.columns.size() != info.return_columns.size()) {
      fail_sql("USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH",
               "The function `" + base::join(path, "`.`") + "` declares " + std::to_string(info.return_columns.size()) +
                   " result columns and its query has " + std::to_string(query.columns.size()) + ".",
               "42601");
    }
    std::string type = "TABLE(";
    for (const auto& column : info.return_columns)
      type += (type.back() == '(' ? "" : ", ") + column.name + " " + column.type_text;
    info.data_type = "TABLE_TYPE";
    info.full_data_type = type + ")";
  } else {
    if (statement.expression) {
      const Rendered value = body.expression(*statement.expression, nullptr, parameters);
      if (info.full_data_type.empty()) info.full_data_type = value.type.text;
    }
    info.data_type = type_name_of(info.full_data_type);
  }
  replace(SecurableKind::function, path, statement,
          [&] { accept(metastore_.create_function(session_.principal, spec)); });
}

void StatementRunner::create_volume(const Statement& statement) {
  const auto path = object_path(SecurableKind::volume, statement.name);
  if (exists_and_skip(SecurableKind::volume, path, statement)) return;
  VolumeSpec spec;
  spec.catalog_name = path[0];
  spec.schema_name = path[1];
  spec.name = path[2];
  spec.volume_type = statement.external ? "EXTERNAL" : "MANAGED";
  spec.storage_location = statement.location;
  spec.comment = statement.comment;
  accept(metastore_.create_volume(session_.principal, spec));
}

void StatementRunner::drop(const Statement& statement) {
  const auto path = object_path(statement.object, statement.name);
  if (statement.if_exists && !metastore_.find(statement.object, path)) return;
  if (statement.object == SecurableKind::table) {
    const auto info = accept(metastore_.get_table(session_.principal, path[0], path[1], path[2]));
    if (info.is_view() != statement.is_view) {
      fail_sql(info.is_view() ? "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE" : "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE",
               "'DROP " + std::string(statement.is_view ? "VIEW" : "TABLE") + "' expects a " +
                   (statement.is_view ? "view" : "table") + " but `" + base::join(path, "`.`") + "` is a " +
                   (info.is_view() ? "view." : "table."),
               "42809");
    }
  }
  accept(metastore_.drop(session_.principal, statement.object, path, statement.cascade));
}

void StatementRunner::alter(const Statement& statement) {
  const auto path = object_path(statement.object, statement.name);
  std::optional<TableInfo> info;
  if (statement.object == SecurableKind::table) {
    info = accept(metastore_.get_table(session_.principal, path[0], path[1], path[2]));
    if (info->is_view() != statement.is_view) {
      fail_sql(info->is_view() ? "EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW" : "EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE",
               "`" + base::join(path, "`.`") + "` is a " +
                   (info->is_view() ? "view: use ALTER VIEW." : "table: use ALTER TABLE."),
               "42809");
    }
  }
  SecurablePatch patch;
  if (statement.text == "OWNER") {
    patch.owner = statement.principal;
  } else if (statement.text == "SET PROPERTIES") {
    patch.set_properties = statement.properties;
  } else if (statement.text == "UNSET PROPERTIES") {
    patch.unset_properties = statement.keys;
  } else if (statement.text == "RENAME") {
    const auto target = object_path(statement.object, statement.new_name);
    // "ALTER TABLE RENAME": within the schema. Unity Catalog has no rename across schemas in SQL.
    if (target[0] != path[0] || target[1] != path[1])
      fail_sql("UNSUPPORTED_FEATURE", "RENAME TO stays within the schema.", "0A000");
    patch.new_name = target[2];
  } else if (statement.text == "SET TAGS") {
    return accept(metastore_.set_tags(session_.principal, statement.object, path, statement.column, statement.tags));
  } else if (statement.text == "UNSET TAGS") {
    return accept(metastore_.unset_tags(session_.principal, statement.object, path, statement.column, statement.keys));
  } else {
    return accept(metastore_.set_column_comment(session_.principal, *info, statement.column, statement.comment));
  }
  accept(metastore_.patch(session_.principal, statement.object, path, patch));
  if (info && !info->is_view() && (statement.text == "SET PROPERTIES" || statement.text == "UNSET PROPERTIES")) {
    metastore_.record_version(session_.principal, *info,
                              statement.text == "SET PROPERTIES" ? "SET TBLPROPERTIES" : "UNSET TBLPROPERTIES");
  }
}

void StatementRunner::comment(const Statement& statement) {
  const auto path = object_path(statement.object, statement.name);
  if (!statement.column.empty()) {
    const auto info = accept(metastore_.get_table(session_.principal, path[0], path[1], path[2]));
    return accept(metastore_.set_column_comment(session_.principal, info, statement.column, statement.comment));
  }
  SecurablePatch patch;
  patch.comment = statement.comment;
  accept(metastore_.patch(session_.principal, statement.object, path, patch));
}

void StatementRunner::change_grants(const Statement& statement) {
  const auto path = object_path(statement.object, statement.name);
  GrantChange change;
  change.principal = statement.principal;
  (statement.kind == StatementKind::grant ? change.add : change.remove) = statement.keys;
  accept(metastore_.change_grants(session_.principal, statement.object, path, {change}));
}

}  // namespace dbxauth::emulator
