// SPDX-License-Identifier: Apache-2.0
#include "information_schema.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "base/text.hpp"
#include "query_translator.hpp"
#include "sql_lexer.hpp"

namespace dbxauth::emulator {
namespace {

// Columns in the documented order; `:i` is INT, `:t` TIMESTAMP, else STRING.
const std::map<std::string, std::string>& relation_columns() {
  static const std::string altered = "created:t,created_by,last_altered:t,last_altered_by";
  static const std::string type_details =
      "character_maximum_length:i,character_octet_length:i,numeric_precision:i,numeric_precision_radix:i,numeric_scale:"
      "i,datetime_precision:i,"
      "interval_type,interval_precision:i,maximum_cardinality:i";
  static const std::string privilege = "privilege_type,is_grantable,inherited_from";
  static const std::map<std::string, std::string> relations{
      {"information_schema_catalog_name", "catalog_name"},
      {"catalogs", "catalog_name,catalog_owner,comment," + altered},
      {"schemata", "catalog_name,schema_name,schema_owner,comment," + altered},
      {"tables",
       "table_catalog,table_schema,table_name,table_type,is_insertable_into,commit_action,table_owner,comment," +
           altered + ",data_source_format,storage_sub_directory,storage_path"},
      {"columns",
       "table_catalog,table_schema,table_name,column_name,ordinal_position:i,column_default,is_nullable,full_data_type,"
       "data_type," +
           type_details +
           ",is_identity,identity_generation,identity_start,identity_increment,identity_maximum,identity_minimum,"
           "identity_cycle,is_generated,generation_expression,"
           "is_system_time_period_start,is_system_time_period_end,system_time_period_timestamp_generation,is_updatable,"
           "partition_ordinal_position:i,comment"},
      {"views",
       "table_catalog,table_schema,table_name,view_definition,check_option,is_updatable,is_insertable_into,sql_path,is_"
       "materialized"},
      {"volumes",
       "volume_catalog,volume_schema,volume_name,volume_type,volume_owner,comment," + altered + ",storage_location"},
      {"routines",
       "specific_catalog,specific_schema,specific_name,routine_catalog,routine_schema,routine_name,routine_owner,"
       "routine_type,data_type,full_data_type," +
           type_details +
           ",routine_body,routine_definition,external_name,external_language,parameter_style,is_deterministic,sql_data_"
           "access,is_null_call,sql_path,security_type,as_locator,comment," +
           altered},
      {"routine_columns",
       "specific_catalog,specific_schema,specific_name,column_name,ordinal_position:i,data_type,full_data_type," +
           type_details + ",comment"},
      {"parameters",
       "specific_catalog,specific_schema,specific_name,ordinal_position:i,parameter_mode,is_result,as_locator,"
       "parameter_name,data_type,full_data_type," +
           type_details + ",parameter_default,comment"},
      {"catalog_privileges", "grantor,grantee,catalog_name," + privilege},
      {"schema_privileges", "grantor,grantee,catalog_name,schema_name," + privilege},
      {"table_privileges", "grantor,grantee,table_catalog,table_schema,table_name," + privilege},
      {"volume_privileges", "grantor,grantee,volume_catalog,volume_schema,volume_name," + privilege},
      {"routine_privileges", "grantor,grantee,specific_catalog,specific_schema,specific_name," + privilege},
      {"catalog_tags", "catalog_name,tag_name,tag_value"},
      {"schema_tags", "catalog_name,schema_name,tag_name,tag_value"},
      {"table_tags", "catalog_name,schema_name,table_name,tag_name,tag_value"},
      {"column_tags", "catalog_name,schema_name,table_name,column_name,tag_name,tag_value"},
      {"volume_tags", "catalog_name,schema_name,volume_name,tag_name,tag_value"},
      {"table_constraints",
       "constraint_catalog,constraint_schema,constraint_name,table_catalog,table_schema,table_name,constraint_type,is_"
       "deferrable,initially_deferred,enforced,comment"},
      {"key_column_usage",
       "constraint_catalog,constraint_schema,constraint_name,table_catalog,table_schema,table_name,column_name,ordinal_"
       "position:i,position_in_unique_constraint:i"},
      {"referential_constraints",
       "constraint_catalog,constraint_schema,constraint_name,unique_constraint_catalog,unique_constraint_schema,unique_"
       "constraint_name,match_option,update_rule,delete_rule"},
      {"constraint_table_usage",
       "table_catalog,table_schema,table_name,constraint_catalog,constraint_schema,constraint_name"},
      {"constraint_column_usage",
       "table_catalog,table_schema,table_name,column_name,constraint_catalog,constraint_schema,constraint_name"},
      {"row_filters",
       "table_catalog,table_schema,table_name,filter_catalog,filter_schema,filter_name,filter_col_usage"},
      {"column_masks",
       "table_catalog,table_schema,table_name,column_name,mask_catalog,mask_schema,mask_name,mask_col_usage"},
  };
  return relations;
}

std::string yes_no(bool value) {
  return value ? "YES" : "NO";
}

// data_type of information_schema: the head of the type; full_data_type carries its parameters.
std::string head_of(const std::string& type_text) {
  return type_name_of(type_text);
}

std::vector<std::optional<std::string>> type_details(const std::string& type_text) {
  const SqlType type = sql_type(type_text);
  std::vector<std::optional<std::string>> details(9);
  if (type.is("string")) details[0] = details[1] = "0";
  const auto numeric = [&](const char* precision, const char* radix, std::optional<std::string> scale) {
    details[2] = precision;
    details[3] = radix;
    details[4] = std::move(scale);
  };
  if (type.is("bigint")) numeric("64", "2", "0");
  if (type.is("int")) numeric("32", "2", "0");
  if (type.is("smallint")) numeric("16", "2", "0");
  if (type.is("tinyint")) numeric("8", "2", "0");
  if (type.is("double")) numeric("53", "2", std::nullopt);
  if (type.is("float")) numeric("24", "2", std::nullopt);
  if (type.is_decimal()) numeric(std::to_string(type.precision).c_str(), "10", std::to_string(type.scale));
  if (type.is("date")) details[5] = "0";
  if (type.is("timestamp")) details[5] = "6";
  return details;
}

}  // namespace

std::string stored_timestamp(std::int64_t epoch_ms) {
  const std::time_t seconds = static_cast<std::time_t>(epoch_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%03d", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(epoch_ms % 1000));
  return text;
}

/// One temporary table being filled.
struct InformationSchema::Sink {
  Database& database;
  std::string insert;
  void row(const Values& values) {
    auto statement = database.query(insert);
    for (std::size_t i = 0; i < values.size(); ++i) statement.bind(static_cast<int>(i) + 1, values[i]);
    statement.run();
  }
};

InformationSchema::~InformationSchema() {
  for (const auto& table : tables_) (void)metastore_.database().run("DELETE FROM temp." + table);
}

std::string InformationSchema::source_text(const Expr& expr) const {
  if (expr.end <= expr.begin || expr.end > source_.size()) return "expression";
  return std::string(source_.substr(expr.begin, expr.end - expr.begin));
}

std::optional<InformationSchema::Relation> InformationSchema::select(const std::string& catalog,
                                                                     const std::string& relation,
                                                                     const std::string& principal) {
  const auto columns = relation_columns().find(relation);
  if (columns == relation_columns().end()) return std::nullopt;
  const std::string key = catalog + "\x1f" + relation + "\x1f" + principal;
  if (const auto made = made_.find(key); made != made_.end()) return made->second;
  auto info = metastore_.get_catalog(principal, catalog);
  if (!info) throw SqlFailure{as_sql_error(info.error())};

  // One table per relation and use in the statement; kept between statements, so that its text stays prepared.
  const std::string table = "is_" + std::to_string(tables_.size()) + "_" + relation;
  Relation result;
  std::string definition, places;
  for (const auto piece : base::split(columns->second, ',')) {
    const bool integer = piece.size() > 2 && piece.substr(piece.size() - 2) == ":i";
    const bool time = piece.size() > 2 && piece.substr(piece.size() - 2) == ":t";
    const std::string name(integer || time ? piece.substr(0, piece.size() - 2) : piece);
    const std::string place = "c" + std::to_string(result.columns.size());
    result.columns.push_back({name, sql_type(integer ? "int" : time ? "timestamp" : "string"), std::nullopt});
    definition += (definition.empty() ? "" : ", ") + place + (integer ? " INTEGER" : " TEXT");
    places += places.empty() ? "?" : ", ?";
  }
  Database& database = metastore_.database();
  if (auto created = database.run("CREATE TEMP TABLE IF NOT EXISTS " + table + "(" + definition + ")"); !created) {
    throw SqlFailure{as_sql_error(internal_error(created.error()))};
  }
  tables_.push_back(table);
  Sink sink{database, "INSERT INTO temp." + table + " VALUES(" + places + ")"};
  if (relation == "information_schema_catalog_name") {
    sink.row({catalog});
  } else if (catalog == "system") {
    const auto catalogs = metastore_.list_catalogs(principal, {});
    for (const auto& listed : catalogs->items) fill(relation, listed, principal, sink);
  } else {
    fill(relation, *info, principal, sink);
  }
  result.sql = "SELECT * FROM temp." + table;
  made_[key] = result;
  return result;
}

void InformationSchema::fill(const std::string& relation, const CatalogInfo& catalog, const std::string& principal,
                             Sink& sink) const {
  if (relation == "catalogs") {
    sink.row({catalog.name, catalog.owner, catalog.comment, stored_timestamp(catalog.created_at_ms), catalog.created_by,
              stored_timestamp(catalog.updated_at_ms), catalog.updated_by});
    return;
  }
  if (relation == "catalog_privileges") return fill_privileges(catalog, principal, sink);
  if (relation == "catalog_tags") return fill_tags(catalog, sink);
  if (catalog.name == "system" && relation != "schemata") return;
  const auto schemas = metastore_.list_schemas(principal, catalog.name, {});
  if (!schemas) return;
  for (const auto& schema : schemas->items) fill_schema(relation, schema, principal, sink);
}

void InformationSchema::fill_schema(const std::string& relation, const SchemaInfo& schema, const std::string& principal,
                                    Sink& sink) const {
  if (relation == "schemata") {
    sink.row({schema.catalog_name, schema.name, schema.owner, schema.comment, stored_timestamp(schema.created_at_ms),
              schema.created_by, stored_timestamp(schema.updated_at_ms), schema.updated_by});
  } else if (relation == "schema_privileges") {
    fill_privileges(schema, principal, sink);
  } else if (relation == "schema_tags") {
    fill_tags(schema, sink);
  } else if (relation == "tables" || relation == "columns" || relation == "views" || relation == "table_privileges" ||
             relation == "table_tags" || relation == "column_tags") {
    fill_tables(relation, schema, principal, sink);
  } else if (relation == "routines" || relation == "parameters" || relation == "routine_columns" ||
             relation == "routine_privileges") {
    fill_routines(relation, schema, principal, sink);
  } else if (relation == "volumes" || relation == "volume_privileges" || relation == "volume_tags") {
    const auto volumes = metastore_.list_volumes(principal, schema.catalog_name, schema.name, {});
    for (const auto& volume : volumes->items) {
      if (relation == "volume_privileges") {
        fill_privileges(volume, principal, sink);
      } else if (relation == "volume_tags") {
        fill_tags(volume, sink);
      } else {
        sink.row({volume.catalog_name, volume.schema_name, volume.name, volume.volume_type, volume.owner,
                  volume.comment, stored_timestamp(volume.created_at_ms), volume.created_by,
                  stored_timestamp(volume.updated_at_ms), volume.updated_by, volume.storage_location});
      }
    }
  }
}

void InformationSchema::fill_tables(const std::string& relation, const SchemaInfo& schema, const std::string& principal,
                                    Sink& sink) const {
  const auto tables = metastore_.list_tables(principal, schema.catalog_name, schema.name, {}, relation == "columns");
  for (const auto& table : tables->items) {
    if (relation == "tables") {
      const auto text_or_null = [](const std::string& text) {
        return text.empty() ? std::nullopt : std::optional<std::string>(text);
      };
      sink.row({table.catalog_name, table.schema_name, table.name, table.table_type, yes_no(!table.is_view()),
                "PRESERVE", table.owner, table.comment, stored_timestamp(table.created_at_ms), table.created_by,
                stored_timestamp(table.updated_at_ms), table.updated_by,
                table.is_view() ? std::optional<std::string>("UNKNOWN_DATA_SOURCE_FORMAT")
                                : text_or_null(table.data_source_format),
                std::nullopt, text_or_null(table.storage_location)});
    } else if (relation == "columns") {
      int position = 0;
      for (const auto& column : table.columns) {
        Values row{table.catalog_name,
                   table.schema_name,
                   table.name,
                   column.name,
                   std::to_string(++position),
                   std::nullopt,
                   yes_no(column.nullable),
                   column.type_text,
                   head_of(column.type_text)};
        for (auto& detail : type_details(column.type_text)) row.push_back(std::move(detail));
        row.insert(row.end(),
                   {"NO", std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, "NO",
                    std::nullopt, "NO", "NO", std::nullopt, yes_no(!table.is_view()), std::nullopt, column.comment});
        sink.row(row);
      }
    } else if (relation == "views") {
      if (!table.is_view()) continue;
      // The definition is shown to who may manage the view only ("VIEWS").
      const bool shown = metastore_.is_allowed(principal, Privilege::manage, table);
      sink.row({table.catalog_name, table.schema_name, table.name,
                shown ? std::optional<std::string>(table.view_definition) : std::nullopt, "NONE", "NO", "NO",
                std::nullopt, yes_no(table.table_type == "MATERIALIZED_VIEW")});
    } else if (relation == "table_privileges") {
      fill_privileges(table, principal, sink);
    } else if (relation == "table_tags") {
      fill_tags(table, sink);
    } else {
      auto tag = metastore_.database().query(
          "SELECT column_name, key, value FROM tags WHERE securable = ? AND column_name <> ''");
      tag.bind(1, table.row_id);
      while (tag.next())
        sink.row({table.catalog_name, table.schema_name, table.name, tag.text(0), tag.text(1), tag.text(2)});
    }
  }
}

void InformationSchema::fill_routines(const std::string& relation, const SchemaInfo& schema,
                                      const std::string& principal, Sink& sink) const {
  const auto functions = metastore_.list_functions(principal, schema.catalog_name, schema.name, {});
  for (const auto& function : functions->items) {
    const Values name{function.catalog_name, function.schema_name, function.name};
    if (relation == "routine_privileges") {
      fill_privileges(function, principal, sink);
    } else if (relation == "routines") {
      Values row = name;
      row.insert(row.end(), name.begin(), name.end());
      row.insert(row.end(),
                 {function.owner, "FUNCTION", function.is_table_function ? "TABLE" : head_of(function.full_data_type),
                  function.full_data_type});
      for (auto& detail : type_details(function.is_table_function ? "" : function.full_data_type))
        row.push_back(std::move(detail));
      const bool shown = metastore_.is_allowed(principal, Privilege::execute, function) ||
                         metastore_.is_allowed(principal, Privilege::manage, function);
      row.push_back(function.routine_body);
      row.push_back(shown ? std::optional<std::string>(function.routine_definition) : std::nullopt);
      row.push_back(std::nullopt);
      row.push_back(function.external_language.empty() ? std::nullopt
                                                       : std::optional<std::string>(function.external_language));
      row.insert(row.end(), {"SQL", yes_no(function.is_deterministic),
                             function.routine_body == "SQL" ? "READS_SQL_DATA" : "NO_SQL", "YES", std::nullopt,
                             "DEFINER", std::nullopt, function.comment, stored_timestamp(function.created_at_ms),
                             function.created_by, stored_timestamp(function.updated_at_ms), function.updated_by});
      sink.row(row);
    } else if (relation == "parameters") {
      int position = 0;
      for (const auto& parameter : function.parameters) {
        Values row = name;
        row.insert(row.end(), {std::to_string(++position), "IN", "NO", std::nullopt, parameter.name,
                               head_of(parameter.type_text), parameter.type_text});
        for (auto& detail : type_details(parameter.type_text)) row.push_back(std::move(detail));
        row.push_back(parameter.default_text);
        row.push_back(parameter.comment);
        sink.row(row);
      }
    } else {
      int position = 0;
      for (const auto& column : function.return_columns) {
        Values row = name;
        row.insert(row.end(), {column.name, std::to_string(++position), head_of(column.type_text), column.type_text});
        for (auto& detail : type_details(column.type_text)) row.push_back(std::move(detail));
        row.push_back(column.comment);
        sink.row(row);
      }
    }
  }
}

void InformationSchema::fill_privileges(const Securable& securable, const std::string& principal, Sink& sink) const {
  const auto grants = metastore_.get_effective_grants(principal, securable.kind, securable.path(), {});
  if (!grants) return;
  for (const auto& assignment : *grants) {
    for (const auto& privilege : assignment.privileges) {
      Values row{securable.owner, assignment.principal};
      for (auto& part : securable.path()) row.emplace_back(part);
      row.insert(row.end(),
                 {privilege.privilege, "NO",
                  privilege.inherited_from_kind ? base::to_upper(kind_name(*privilege.inherited_from_kind)) : "NONE"});
      sink.row(row);
    }
  }
}

void InformationSchema::fill_tags(const Securable& securable, Sink& sink) const {
  auto tag = metastore_.database().query("SELECT key, value FROM tags WHERE securable = ? AND column_name = ''");
  tag.bind(1, securable.row_id);
  while (tag.next()) {
    Values row;
    for (auto& part : securable.path()) row.emplace_back(part);
    row.emplace_back(tag.text(0));
    row.emplace_back(tag.text(1));
    sink.row(row);
  }
}

}  // namespace dbxauth::emulator
