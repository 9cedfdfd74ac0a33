// SPDX-License-Identifier: Apache-2.0
#include "catalog/information_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "catalog/sql_text.hpp"
#include "workspace/statement_error.hpp"

namespace dbxauth::catalog {
namespace {

// INHERITED_FROM is documented as the ancestor that a privilege comes from; a direct grant says NONE.
constexpr std::string_view direct = "inherited_from = 'NONE'";

const StatementCell null_cell;

Result<StatementResult> read_relation(const WorkspaceClient& workspace, const Relation& relation,
                                      std::string_view catalog, std::string_view warehouse_id,
                                      const CallContext& context) {
  StatementRequest request;
  request.sql = select_statement(relation, catalog);
  request.warehouse_id = std::string(warehouse_id);
  request.repeatable = true;
  auto result = workspace.execute(request, context);
  if (!result && workspace::exceeds_inline_limit(result.error())) {
    request.large_result = true;
    result = workspace.execute(request, context);
  }
  if (result && result->truncated) {
    return Error(ErrorCode::protocol, "the server shortened the list");
  }
  if (!result) return result.error();
  return result;
}

Result<StatementResult> read_relation_guarded(const WorkspaceClient& workspace, const Relation& relation,
                                              std::string_view catalog, std::string_view warehouse_id,
                                              const CallContext& context) noexcept try {
  return read_relation(workspace, relation, catalog, warehouse_id, context);
} catch (const std::bad_alloc&) {
  return Error(ErrorCode::out_of_memory, "out of memory");
} catch (const std::exception& failure) {
  return Error(ErrorCode::internal, failure.what());
}

bool is_fatal(const Relation& relation, const Error& error) noexcept {
  return relation.required || !means_unseen(error);
}

}  // namespace

const std::vector<Relation>& inventory_relations() {
  // The columns are those documented under …/sql/language-manual/information-schema/<relation>.html. row_filters and
  // column_masks are documented with catalog_name and schema_name and seen with table_catalog and table_schema, and the
  // owner of a routine is not documented everywhere: these are read whole.
  static const std::vector<Relation> relations{
      {"schemata", "schema_name, schema_owner, comment", "schema_name <> 'information_schema'", true},
      {"tables", "table_schema, table_name, table_type, table_owner, comment, data_source_format, storage_path",
       "table_schema <> 'information_schema'", true},
      {"columns", "table_schema, table_name, column_name, ordinal_position, is_nullable, full_data_type, comment",
       "table_schema <> 'information_schema'"},
      {"views", "table_schema, table_name, view_definition", "table_schema <> 'information_schema'"},
      {"routines", "*", "specific_schema <> 'information_schema'"},
      {"parameters",
       "specific_schema, specific_name, ordinal_position, parameter_name, full_data_type, parameter_default, comment",
       {}},
      {"routine_columns", "specific_schema, specific_name, ordinal_position, column_name, full_data_type, comment", {}},
      {"volumes", "volume_schema, volume_name, volume_type, volume_owner, comment, storage_location", {}},
      {"catalog_privileges", "grantee, privilege_type", direct},
      {"schema_privileges", "schema_name, grantee, privilege_type", direct},
      {"table_privileges", "table_schema, table_name, grantee, privilege_type", direct},
      {"volume_privileges", "volume_schema, volume_name, grantee, privilege_type", direct},
      {"routine_privileges", "specific_schema, specific_name, grantee, privilege_type", direct},
      {"catalog_tags", "tag_name, tag_value", {}},
      {"schema_tags", "schema_name, tag_name, tag_value", {}},
      {"table_tags", "schema_name, table_name, tag_name, tag_value", {}},
      {"column_tags", "schema_name, table_name, column_name, tag_name, tag_value", {}},
      {"volume_tags", "schema_name, volume_name, tag_name, tag_value", {}},
      {"row_filters", "*", {}},
      {"column_masks", "*", {}},
  };
  return relations;
}

std::string select_statement(const Relation& relation, std::string_view catalog) {
  std::string sql = fmt::format("SELECT {} FROM {}.information_schema.{}", relation.columns, quote_identifier(catalog),
                                relation.name);
  if (!relation.condition.empty()) sql += fmt::format(" WHERE {}", relation.condition);
  return sql;
}

RelationRows::RelationRows(StatementResult result) : rows_(std::move(result.rows)) {
  for (std::size_t i = 0; i < result.columns.size(); ++i) columns_.emplace(base::to_lower(result.columns[i].name), i);
}

std::optional<std::size_t> RelationRows::column(std::string_view name, std::string_view other_name) const {
  for (const std::string_view candidate : {name, other_name}) {
    if (const auto found = columns_.find(candidate); found != columns_.end()) return found->second;
  }
  return std::nullopt;
}

const StatementCell& RelationRows::cell(std::size_t row, std::optional<std::size_t> column) const noexcept {
  if (!column || row >= rows_.size() || *column >= rows_[row].size()) return null_cell;
  return rows_[row][*column];
}

std::string_view RelationRows::text(std::size_t row, std::optional<std::size_t> column) const noexcept {
  const StatementCell& value = cell(row, column);
  return value ? std::string_view(*value) : std::string_view();
}

const RelationRows& InformationSchema::rows(std::string_view relation) const {
  static const RelationRows none;
  const auto found = relations.find(relation);
  return found == relations.end() ? none : found->second;
}

bool means_unseen(const Error& error) noexcept {
  if (error.code == ErrorCode::permission_denied || error.code == ErrorCode::not_found) return true;
  // Class 42: a relation or column that this runtime does not have; 0A: a feature that is not enabled.
  return error.code == ErrorCode::sql_failed &&
         (error.sql_state.compare(0, 2, "42") == 0 || error.sql_state.compare(0, 2, "0A") == 0);
}

std::string unseen_line(std::string_view what, const Error& error) {
  std::string_view why = "refused by the server";
  if (error.code == ErrorCode::permission_denied) why = "permission denied";
  if (error.code == ErrorCode::not_found) why = "not found";
  std::string line = fmt::format("{}: {}", what, why);
  if (!error.sql_state.empty()) line += fmt::format(" (SQLSTATE {})", error.sql_state);
  return line;
}

Result<InformationSchema> read_information_schema(const WorkspaceClient& workspace, std::string_view catalog,
                                                  std::string_view warehouse_id, std::size_t parallelism,
                                                  const CallContext& context) {
  const std::vector<Relation>& relations = inventory_relations();
  std::vector<std::optional<Result<StatementResult>>> results(relations.size());
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const auto work = [&] {
    for (std::size_t i = next++; i < relations.size() && !failed; i = next++) {
      results[i].emplace(read_relation_guarded(workspace, relations[i], catalog, warehouse_id, context));
      if (!*results[i] && is_fatal(relations[i], results[i]->error())) failed = true;
    }
  };
  const std::size_t workers = std::min(parallelism, relations.size());
  std::vector<std::thread> threads;
  threads.reserve(workers);
  try {
    for (std::size_t i = 1; i < workers; ++i) threads.emplace_back(work);
  } catch (const std::system_error&) {
    // The threads that could be had, this one at least, do all of the work.
  }
  work();
  for (std::thread& thread : threads) thread.join();

  InformationSchema schema;
  for (std::size_t i = 0; i < relations.size(); ++i) {
    if (!results[i]) continue;
    Result<StatementResult>& result = *results[i];
    if (result) {
      schema.relations.emplace(std::string(relations[i].name), RelationRows(std::move(*result)));
    } else if (is_fatal(relations[i], result.error())) {
      Error error = result.error();
      error.message = fmt::format("could not read {}.information_schema.{}: {}", quote_identifier(catalog),
                                  relations[i].name, error.message);
      return error;
    } else {
      schema.unseen.push_back(unseen_line(relations[i].name, result.error()));
    }
  }
  return schema;
}

}  // namespace dbxauth::catalog
