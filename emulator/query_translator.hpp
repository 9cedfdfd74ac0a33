// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "information_schema.hpp"
#include "metastore.hpp"
#include "sql_builtins.hpp"
#include "sql_syntax.hpp"

namespace dbxauth::emulator {

struct OutputColumn {
  std::string name;
  SqlType type;
  std::optional<std::string> comment;  ///< Of the table column it stands for; CREATE TABLE AS and views do not take it.
};

/// SQLite SQL whose columns are named c0, c1, … and what they are called and typed in Databricks SQL.
struct TranslatedQuery {
  std::string sql;
  std::vector<OutputColumn> columns;
};

/// Whose names and rights a text is read with.
struct NameContext {
  std::string principal;  ///< Whose privileges count: the caller's, or the owner's inside a view or function.
  std::string catalog, schema;
};

/// Turns one query or expression into SQL for SQLite: resolves names, checks privileges, expands views and SQL
/// functions, infers types. Throws SqlFailure. Makes temporary tables for information_schema; they live as long as
/// `relations`.
class QueryTranslator {
 public:
  QueryTranslator(Metastore& metastore, InformationSchema& relations, NameContext names, std::string invoker,
                  int depth = 0);

  TranslatedQuery query(const QueryNode& node);
  /// An expression over the columns of one table (UPDATE, DELETE), a function's parameters, or nothing.
  struct Parameter {
    std::string name;
    Rendered value;
  };
  Rendered expression(const Expr& expr, const TableInfo* table, const std::vector<Parameter>& parameters = {});

  /// Full path of a possibly shorter name.
  std::vector<std::string> full_path(const NameParts& name, std::size_t depth = 3) const;
  /// Makes `parameters` visible to query(): the body of a table function.
  void set_parameters(std::vector<Parameter> parameters) { parameters_ = std::move(parameters); }

 private:
  struct ScopeColumn {
    std::string name;
    std::string sql;
    SqlType type;
    bool hidden = false;  ///< The right side of USING: not in *, not ambiguous.
  };
  struct ScopeRelation {
    std::string alias;
    NameParts path;
    std::vector<ScopeColumn> columns;
  };
  struct Scope {
    std::vector<ScopeRelation> relations;
    const Scope* outer = nullptr;
    std::map<std::string, Rendered> aliases;    ///< Lower case: columns of the select list seen so far.
    std::vector<std::string> extra_conditions;  ///< From semi and anti joins.
  };
  struct CommonTableText {
    TranslatedQuery query;
  };

  TranslatedQuery set_operation(const SetNode& node, const Scope* outer);
  TranslatedQuery query_in(const QueryNode& node, const Scope* outer);
  TranslatedQuery select(const SelectNode& node, const QueryNode* ordering, const Scope* outer);
  TranslatedQuery values(const SetNode& node, const Scope* outer);
  std::string order_and_limit(const QueryNode& node, const TranslatedQuery& result, Scope& scope);
  std::string group_by(const SelectNode& node, const std::vector<Rendered>& items, Scope& scope);
  std::string relation(const RelationNode& node, Scope& scope);
  std::string join(const RelationNode& node, Scope& scope);
  std::string table(const RelationNode& node, Scope& scope);
  std::string subquery_relation(const std::string& sql, const std::vector<OutputColumn>& columns,
                                const RelationNode& node, NameParts path, Scope& scope);
  TranslatedQuery view(const TableInfo& view);
  TranslatedQuery table_function(const RelationNode& node, const Scope& scope);
  void expand_star(const Expr& star, const Scope& scope, std::vector<Rendered>& items,
                   std::vector<OutputColumn>& columns) const;

  Rendered render(const Expr& expr, Scope& scope);
  Rendered column(const Expr& expr, const Scope& scope) const;
  Rendered literal(const Expr& expr) const;
  Rendered binary(const Expr& expr, Scope& scope);
  Rendered comparison(const std::string& operation, Rendered left, Rendered right) const;
  Rendered interval_sum(const Expr& expr, Scope& scope);
  Rendered like(const Expr& expr, Scope& scope);
  Rendered case_of(const Expr& expr, Scope& scope);
  Rendered call(const Expr& expr, Scope& scope);
  std::optional<Rendered> session_function(const Expr& expr, const std::string& name) const;
  Rendered user_function(const Expr& expr, Scope& scope);
  std::string window(const WindowSpec& spec, Scope& scope);
  std::string order_items(const std::vector<OrderItem>& items, Scope& scope);
  std::vector<Parameter> bind_arguments(const FunctionInfo& function, std::vector<Rendered> args);
  std::string next_alias();

  Metastore& metastore_;
  InformationSchema& relations_;
  NameContext names_;
  std::string invoker_;
  int depth_;
  std::vector<Parameter> parameters_;
  std::vector<std::map<std::string, CommonTableText>> common_tables_;
};

}  // namespace dbxauth::emulator
