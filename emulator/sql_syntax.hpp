// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metastore.hpp"
#include "sql_types.hpp"

namespace dbxauth::emulator {

struct QueryNode;
struct Expr;
using ExprPtr = std::unique_ptr<Expr>;
using QueryPtr = std::unique_ptr<QueryNode>;
using NameParts = std::vector<std::string>;

enum class ExprKind {
  literal,
  column,
  star,
  unary,
  binary,
  logical_not,
  is_null,
  is_boolean,
  between,
  in_list,
  in_query,
  exists,
  scalar_query,
  like,
  case_of,
  cast,
  call,
  interval
};

struct OrderItem {
  ExprPtr expr;
  bool descending = false;
  std::optional<bool> nulls_first;
};

struct WindowSpec {
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::string frame;  ///< "ROWS BETWEEN …" in normal spelling, or empty.
};

struct Expr {
  ExprKind kind = ExprKind::literal;
  NameParts name;        ///< column, star (qualifier), call.
  std::string text;      ///< literal value, operator, unit of an interval, LIKE / RLIKE / ILIKE.
  SqlType type;          ///< literal, cast.
  bool negated = false;  ///< NOT IN, NOT LIKE, IS NOT NULL, …
  bool is_null_literal = false;
  bool distinct = false;  ///< count(DISTINCT x)
  bool try_cast = false;
  std::vector<ExprPtr> args;
  ExprPtr filter;  ///< FILTER (WHERE …)
  std::optional<WindowSpec> over;
  QueryPtr query;
  ExprPtr otherwise;               ///< ELSE
  ExprPtr subject;                 ///< CASE subject WHEN …
  std::size_t begin = 0, end = 0;  ///< In the source, for the name of an unnamed column.
};

struct RelationNode {
  enum class Kind { table, query, function, join } kind = Kind::table;
  NameParts name;
  std::optional<std::int64_t> version;
  std::string alias;
  std::vector<std::string> column_aliases;
  QueryPtr query;
  std::vector<ExprPtr> args;
  std::string join_type;  ///< "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "LEFT SEMI", "LEFT ANTI".
  std::unique_ptr<RelationNode> left, right;
  ExprPtr on;
  std::vector<std::string> using_columns;
};

struct SelectItem {
  ExprPtr expr;
  std::string alias;
};

struct SelectNode {
  bool distinct = false;
  std::vector<SelectItem> items;
  std::unique_ptr<RelationNode> from;
  ExprPtr where;
  std::vector<ExprPtr> group_by;
  bool group_by_all = false;
  ExprPtr having;
};

struct SetNode {
  enum class Kind { select, values, query, operation } kind = Kind::select;
  std::unique_ptr<SelectNode> select;
  std::vector<std::vector<ExprPtr>> values;
  QueryPtr query;
  std::string operation;  ///< "UNION ALL", "UNION", "EXCEPT", "INTERSECT".
  std::unique_ptr<SetNode> left, right;
};

struct CommonTable {
  std::string name;
  std::vector<std::string> columns;
  QueryPtr query;
};

struct QueryNode {
  std::vector<CommonTable> with;
  std::unique_ptr<SetNode> body;
  std::vector<OrderItem> order_by;
  ExprPtr limit, offset;
};

enum class StatementKind {
  query,
  create_catalog,
  create_schema,
  create_table,
  create_table_as,
  clone_table,
  create_view,
  create_function,
  create_volume,
  drop,
  alter,
  comment,
  grant,
  revoke,
  show,
  describe,
  insert,
  delete_rows,
  update_rows,
  truncate,
  use
};

struct Statement {
  StatementKind kind = StatementKind::query;
  SecurableKind object = SecurableKind::table;
  bool is_view = false;  ///< DROP VIEW, ALTER VIEW, SHOW CREATE of views.
  NameParts name;
  bool or_replace = false;
  bool must_exist = false;  ///< REPLACE TABLE without CREATE OR.
  bool if_not_exists = false;
  bool if_exists = false;
  bool cascade = false;
  bool external = false;
  std::optional<std::string> comment;
  std::string location;
  std::map<std::string, std::string> properties;
  std::vector<ColumnInfo> columns;  ///< CREATE TABLE; CREATE VIEW (names and comments only).
  QueryPtr query;
  std::string text;  ///< View text, function body, action of SHOW / DESCRIBE / ALTER.
  std::string clone_type = "DEEP";
  NameParts source;
  std::optional<std::int64_t> version;
  FunctionInfo function;
  ExprPtr expression;  ///< Function body; WHERE of DELETE and UPDATE.
  std::map<std::string, std::string> tags;
  std::vector<std::string> keys;  ///< UNSET TAGS, UNSET TBLPROPERTIES; privileges of GRANT.
  std::string column;
  std::string principal;
  NameParts new_name;
  std::string pattern;
  std::vector<std::string> insert_columns;
  std::vector<std::pair<std::string, ExprPtr>> assignments;
  bool overwrite = false;
};

}  // namespace dbxauth::emulator
