// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "information_schema.hpp"
#include "query_translator.hpp"
#include "sql_engine.hpp"
#include "sql_lexer.hpp"
#include "sql_syntax.hpp"

namespace dbxauth::emulator {

/// Runs one parsed statement. Throws SqlFailure; the caller holds the lock and a transaction.
class StatementRunner {
 public:
  StatementRunner(Metastore& metastore, SqlSession session, std::string_view sql);

  SqlResult run(const Statement& statement);

 private:
  // definitions (statement_runner.cpp)
  void create_catalog(const Statement& statement);
  void create_schema(const Statement& statement);
  SqlResult create_table(const Statement& statement);
  void create_view(const Statement& statement);
  void create_function(const Statement& statement);
  void create_volume(const Statement& statement);
  void drop(const Statement& statement);
  void alter(const Statement& statement);
  void comment(const Statement& statement);
  void change_grants(const Statement& statement);
  bool exists_and_skip(SecurableKind kind, const std::vector<std::string>& path, const Statement& statement) const;
  /// Makes an object anew under OR REPLACE: id, owner, grants and version history go on.
  void replace(SecurableKind kind, const std::vector<std::string>& path, const Statement& statement,
               const std::function<void()>& create);
  // rows (row_statements.cpp)
  SqlResult clone_table(const Statement& statement);
  SqlResult select(const QueryNode& query);
  SqlResult insert(const Statement& statement);
  SqlResult delete_rows(const Statement& statement);
  SqlResult update_rows(const Statement& statement);
  SqlResult truncate(const Statement& statement);
  std::int64_t insert_from(const TableInfo& table, const std::vector<std::string>& columns,
                           const TranslatedQuery& source);
  std::int64_t execute(const std::string& sql);
  TableInfo writable_table(const NameParts& name, bool reads);
  // answers about objects (show_statements.cpp)
  SqlResult show(const Statement& statement);
  SqlResult show_grants(const Statement& statement);
  SqlResult show_create_table(const Statement& statement);
  SqlResult describe(const Statement& statement);
  SqlResult describe_table(const Statement& statement);
  SqlResult describe_detail(const TableInfo& table);
  SqlResult describe_history(const TableInfo& table);

  TableInfo table(const NameParts& name) const;
  QueryTranslator translator();
  std::vector<std::string> object_path(SecurableKind kind, const NameParts& name);

  Metastore& metastore_;
  SqlSession session_;
  std::string sql_;
  InformationSchema relations_;
  InformationSchema::SourceScope source_;
};

/// The value, or its refusal thrown in the form of SQL.
template <class T>
T accept(Outcome<T> outcome) {
  if (!outcome) throw SqlFailure{as_sql_error(std::move(outcome.error()))};
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

ResultColumn result_column(std::string name, const SqlType& type);
/// "CAST_INVALID_INPUT …" and the like from SQLite's message.
ApiError execution_error(const std::string& message);
/// `name` in back-ticks, doubled inside.
std::string back_ticked(std::string_view name);

}  // namespace dbxauth::emulator
