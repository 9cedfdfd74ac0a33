// SPDX-License-Identifier: Apache-2.0
#include "query_translator.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sql_parser.hpp"

namespace dbxauth::emulator {

constexpr int deepest_view = 40;

QueryTranslator::QueryTranslator(Metastore& metastore, InformationSchema& relations, NameContext names,
                                 std::string invoker, int depth)
    : metastore_(metastore),
      relations_(relations),
      names_(std::move(names)),
      invoker_(std::move(invoker)),
      depth_(depth) {
  if (depth > deepest_view)
    fail_sql("VIEW_EXCEED_MAX_NESTED_DEPTH",
             "Views and functions are nested more than 40 deep, or refer to themselves.", "54K00");
}

std::string QueryTranslator::next_alias() {
  return "t" + std::to_string(relations_.next_number());
}

std::vector<std::string> QueryTranslator::full_path(const NameParts& name, std::size_t depth) const {
  std::vector<std::string> path = name;
  if (path.size() > depth) {
    fail_sql("IDENTIFIER_TOO_MANY_NAME_PARTS",
             "`" + base::join(name, "`.`") + "` is not a valid identifier as it has more than " +
                 std::to_string(depth) + " name parts.",
             "42601");
  }
  if (depth == 3 && path.size() == 1) path.insert(path.begin(), names_.schema);
  if (depth >= 2 && path.size() == depth - 1) path.insert(path.begin(), names_.catalog);
  for (auto& part : path) part = base::to_lower(part);
  return path;
}

TranslatedQuery QueryTranslator::query(const QueryNode& node) {
  return query_in(node, nullptr);
}

TranslatedQuery QueryTranslator::query_in(const QueryNode& node, const Scope* outer) {
  common_tables_.emplace_back();
  for (const auto& common : node.with) {
    auto translated = query_in(*common.query, outer);
    if (!common.columns.empty() && common.columns.size() != translated.columns.size()) {
      fail_sql("ASSIGNMENT_ARITY_MISMATCH",
               "The number of column aliases of `" + common.name + "` does not match its query.", "42802");
    }
    for (std::size_t i = 0; i < common.columns.size(); ++i) translated.columns[i].name = common.columns[i];
    common_tables_.back()[base::to_lower(common.name)].query = std::move(translated);
  }
  TranslatedQuery result;
  if (node.body->kind == SetNode::Kind::select) {
    result = select(*node.body->select, &node, outer);
  } else {
    result = set_operation(*node.body, outer);
    Scope scope;
    scope.outer = outer;
    const std::string tail = order_and_limit(node, result, scope);
    if (!tail.empty()) result.sql = "SELECT * FROM (" + result.sql + ")" + tail;
  }
  common_tables_.pop_back();
  return result;
}

TranslatedQuery QueryTranslator::set_operation(const SetNode& node, const Scope* outer) {
  switch (node.kind) {
    case SetNode::Kind::select:
      return select(*node.select, nullptr, outer);
    case SetNode::Kind::values:
      return values(node, outer);
    case SetNode::Kind::query:
      return query_in(*node.query, outer);
    case SetNode::Kind::operation:
      break;
  }
  auto left = set_operation(*node.left, outer);
  const auto right = set_operation(*node.right, outer);
  if (left.columns.size() != right.columns.size()) {
    fail_sql("NUM_COLUMNS_MISMATCH",
             node.operation +
                 " can only be performed on inputs with the same number of columns, but the first input has " +
                 std::to_string(left.columns.size()) + " columns and the second has " +
                 std::to_string(right.columns.size()) + " columns.",
             "42826");
  }
  for (std::size_t i = 0; i < left.columns.size(); ++i)
    left.columns[i].type = common_type(left.columns[i].type, right.columns[i].type);
  // SQLite gives all set operators one precedence and takes no parentheses around their operands.
  left.sql = "SELECT * FROM (" + left.sql + ") " + node.operation + " SELECT * FROM (" + right.sql + ")";
  return left;
}

TranslatedQuery QueryTranslator::values(const SetNode& node, const Scope* outer) {
  Scope scope;
  scope.outer = outer;
  TranslatedQuery result;
  std::string rows;
  for (const auto& row : node.values) {
    if (!result.columns.empty() && row.size() != result.columns.size()) {
      fail_sql("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
               "Invalid inline table: the rows have different numbers of columns.", "42000");
    }
    std::string list;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Rendered value = render(*row[i], scope);
      if (result.columns.size() <= i) {
        result.columns.push_back({"col" + std::to_string(i + 1), value.type, std::nullopt});
      } else {
        result.columns[i].type = common_type(result.columns[i].type, value.type);
      }
      list += (i == 0 ? "" : ", ") + value.sql;
    }
    rows += (rows.empty() ? "(" : ", (") + list + ")";
  }
  result.sql = "SELECT ";
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    result.sql += (i == 0 ? "column" : ", column") + std::to_string(i + 1) + " AS c" + std::to_string(i);
  }
  result.sql += " FROM (VALUES " + rows + ")";
  return result;
}

// --- SELECT

void QueryTranslator::expand_star(const Expr& star, const Scope& scope, std::vector<Rendered>& items,
                                  std::vector<OutputColumn>& columns) const {
  bool matched = false;
  for (const auto& relation : scope.relations) {
    if (!star.name.empty()) {
      const bool by_alias = star.name.size() == 1 && base::equals_ignoring_case(relation.alias, star.name[0]);
      auto tail = relation.path;
      if (tail.size() > star.name.size())
        tail.erase(tail.begin(), tail.end() - static_cast<std::ptrdiff_t>(star.name.size()));
      const bool by_path =
          star.name.size() > 1 && base::equals_ignoring_case(base::join(tail, "\x1f"), base::join(star.name, "\x1f"));
      if (!by_alias && !by_path) continue;
    }
    matched = true;
    for (const auto& column : relation.columns) {
      if (column.hidden && star.name.empty()) continue;
      items.push_back({column.sql, column.type, false});
      columns.push_back({column.name, column.type, std::nullopt});
    }
  }
  if (!matched)
    fail_sql("CANNOT_RESOLVE_STAR_EXPAND",
             "Cannot resolve `" + base::join(star.name, "`.`") + "`.* given input columns.", "42704");
}

TranslatedQuery QueryTranslator::select(const SelectNode& node, const QueryNode* ordering, const Scope* outer) {
  Scope scope;
  scope.outer = outer;
  std::string from;
  if (node.from) from = " FROM " + relation(*node.from, scope);
  TranslatedQuery result;
  std::vector<Rendered> items;
  std::vector<std::size_t> plain_columns;
  bool aggregate = !node.group_by.empty() || node.group_by_all;
  for (const auto& item : node.items) {
    if (item.expr->kind == ExprKind::star) {
      if (!node.from)
        fail_sql("INVALID_USAGE_OF_STAR_OR_REGEX", "Invalid usage of '*': there is no FROM clause.", "42000");
      expand_star(*item.expr, scope, items, result.columns);
      continue;
    }
    Rendered value = render(*item.expr, scope);
    std::string name = item.alias;
    if (name.empty())
      name = item.expr->kind == ExprKind::column ? item.expr->name.back() : relations_.source_text(*item.expr);
    if (item.expr->kind == ExprKind::column) plain_columns.push_back(items.size());
    aggregate = aggregate || value.aggregate;
    scope.aliases[base::to_lower(name)] = value;
    result.columns.push_back({name, value.type, std::nullopt});
    items.push_back(std::move(value));
  }
  const std::string grouping = group_by(node, items, scope);
  if (aggregate && !node.group_by_all) {
    for (const auto index : plain_columns) {
      if ((grouping + ",").find(" " + items[index].sql + ",") == std::string::npos) {
        fail_sql("MISSING_AGGREGATION",
                 "The non-aggregating expression \"" + result.columns[index].name +
                     "\" is based on columns which are not participating in the GROUP BY clause.",
                 "42803");
      }
    }
  }
  result.sql = node.distinct ? "SELECT DISTINCT " : "SELECT ";
  for (std::size_t i = 0; i < items.size(); ++i)
    result.sql += (i == 0 ? "" : ", ") + items[i].sql + " AS c" + std::to_string(i);
  result.sql += from;
  std::string conditions;
  const auto saved = std::exchange(scope.aliases, {});
  if (node.where) {
    const Rendered condition = render(*node.where, scope);
    if (condition.aggregate) fail_sql("INVALID_WHERE_CONDITION", "WHERE takes no aggregate functions.", "42903");
    conditions = "(" + condition.sql + ")";
  }
  scope.aliases = saved;
  for (const auto& extra : scope.extra_conditions) conditions += (conditions.empty() ? "" : " AND ") + extra;
  if (!conditions.empty()) result.sql += " WHERE " + conditions;
  if (!grouping.empty()) result.sql += " GROUP BY" + grouping;
  if (node.having) result.sql += " HAVING " + render(*node.having, scope).sql;
  if (ordering != nullptr) result.sql += order_and_limit(*ordering, result, scope);
  return result;
}

std::string QueryTranslator::group_by(const SelectNode& node, const std::vector<Rendered>& items, Scope& scope) {
  std::string list;
  if (node.group_by_all) {
    for (const auto& item : items) {
      if (!item.aggregate) list += (list.empty() ? " " : ", ") + item.sql;
    }
    return list;
  }
  for (const auto& expr : node.group_by) {
    std::string sql;
    if (expr->kind == ExprKind::literal && expr->type.is_integer()) {
      const auto position = static_cast<std::size_t>(std::atoll(expr->text.c_str()));
      if (position < 1 || position > items.size())
        fail_sql("GROUP_BY_POS_OUT_OF_RANGE", "GROUP BY position " + expr->text + " is not in select list.", "42805");
      sql = items[position - 1].sql;
    } else {
      sql = render(*expr, scope).sql;
    }
    list += (list.empty() ? " " : ", ") + sql;
  }
  return list;
}

std::string QueryTranslator::order_items(const std::vector<OrderItem>& items, Scope& scope) {
  std::string list;
  for (const auto& item : items) {
    list += (list.empty() ? "" : ", ") + render(*item.expr, scope).sql + (item.descending ? " DESC" : "");
    if (item.nulls_first) list += *item.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  return list;
}

std::string QueryTranslator::order_and_limit(const QueryNode& node, const TranslatedQuery& result, Scope& scope) {
  std::string text;
  for (const auto& item : node.order_by) {
    std::string sql;
    // "ORDER BY": a name means a column of the select list first; an integer means its position.
    if (item.expr->kind == ExprKind::column && item.expr->name.size() == 1) {
      for (std::size_t i = 0; i < result.columns.size() && sql.empty(); ++i) {
        if (base::equals_ignoring_case(result.columns[i].name, item.expr->name[0])) sql = std::to_string(i + 1);
      }
    } else if (item.expr->kind == ExprKind::literal && item.expr->type.is_integer()) {
      const auto position = static_cast<std::size_t>(std::atoll(item.expr->text.c_str()));
      if (position < 1 || position > result.columns.size())
        fail_sql("ORDER_BY_POS_OUT_OF_RANGE", "ORDER BY position " + item.expr->text + " is not in select list.",
                 "42805");
      sql = std::to_string(position);
    }
    if (sql.empty()) sql = render(*item.expr, scope).sql;
    text += (text.empty() ? " ORDER BY " : ", ") + sql + (item.descending ? " DESC" : "");
    if (item.nulls_first) text += *item.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  Scope constant;
  if (node.limit) text += " LIMIT " + render(*node.limit, constant).sql;
  if (node.offset) text += (node.limit ? " OFFSET " : " LIMIT -1 OFFSET ") + render(*node.offset, constant).sql;
  return text;
}

// --- FROM

std::string QueryTranslator::relation(const RelationNode& node, Scope& scope) {
  switch (node.kind) {
    case RelationNode::Kind::table:
      return table(node, scope);
    case RelationNode::Kind::join:
      return join(node, scope);
    case RelationNode::Kind::query: {
      const auto inner = query_in(*node.query, scope.outer);
      return subquery_relation(inner.sql, inner.columns, node, {}, scope);
    }
    case RelationNode::Kind::function: {
      const auto inner = table_function(node, scope);
      return subquery_relation(inner.sql, inner.columns, node, {}, scope);
    }
  }
  return {};
}

std::string QueryTranslator::join(const RelationNode& node, Scope& scope) {
  const std::string left = relation(*node.left, scope);
  const std::size_t before = scope.relations.size();
  const std::string right = relation(*node.right, scope);
  std::string condition;
  if (node.on) condition = render(*node.on, scope).sql;
  for (const auto& name : node.using_columns) {
    const auto find_in = [&](std::size_t begin, std::size_t end) -> ScopeColumn& {
      for (std::size_t i = begin; i < end; ++i) {
        for (auto& column : scope.relations[i].columns) {
          if (base::equals_ignoring_case(column.name, name)) return column;
        }
      }
      fail_sql("UNRESOLVED_USING_COLUMN_FOR_JOIN",
               "USING column `" + name + "` cannot be resolved on both sides of the join.", "42703");
    };
    const ScopeColumn& left_column = find_in(0, before);
    ScopeColumn& right_column = find_in(before, scope.relations.size());
    right_column.hidden = true;
    condition += (condition.empty() ? "" : " AND ") + left_column.sql + " = " + right_column.sql;
  }
  if (node.join_type == "LEFT SEMI" || node.join_type == "LEFT ANTI") {
    scope.relations.resize(before);
    scope.extra_conditions.push_back(
        (node.join_type == "LEFT ANTI" ? "NOT EXISTS (SELECT 1 FROM " : "EXISTS (SELECT 1 FROM ") + right +
        (condition.empty() ? ")" : " WHERE " + condition + ")"));
    return left;
  }
  return left + " " + node.join_type + " JOIN " + right + (condition.empty() ? "" : " ON " + condition);
}

std::string QueryTranslator::subquery_relation(const std::string& sql, const std::vector<OutputColumn>& columns,
                                               const RelationNode& node, NameParts path, Scope& scope) {
  if (!node.column_aliases.empty() && node.column_aliases.size() != columns.size()) {
    fail_sql("ASSIGNMENT_ARITY_MISMATCH",
             "The number of column aliases does not match the number of columns of `" + node.alias + "`.", "42802");
  }
  const std::string alias = next_alias();
  ScopeRelation added;
  added.alias = !node.alias.empty() ? node.alias : path.empty() ? "" : path.back();
  added.path = node.alias.empty() ? std::move(path) : NameParts{};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    added.columns.push_back({node.column_aliases.empty() ? columns[i].name : node.column_aliases[i],
                             alias + ".c" + std::to_string(i), columns[i].type, false});
  }
  scope.relations.push_back(std::move(added));
  return "(" + sql + ") AS " + alias;
}

std::string QueryTranslator::table(const RelationNode& node, Scope& scope) {
  if (node.name.size() == 1) {
    for (auto level = common_tables_.rbegin(); level != common_tables_.rend(); ++level) {
      const auto found = level->find(base::to_lower(node.name[0]));
      if (found != level->end())
        return subquery_relation(found->second.query.sql, found->second.query.columns, node, {node.name[0]}, scope);
    }
  }
  const auto path = full_path(node.name);
  if (path[1] == "information_schema") {
    const auto made = relations_.select(path[0], path[2], names_.principal);
    if (made) return subquery_relation(made->sql, made->columns, node, path, scope);
  }
  const auto found = metastore_.find(SecurableKind::table, path);
  auto info = metastore_.get_table({}, path[0], path[1], path[2]);
  if (!found || !info) {
    // A name whose schema is missing reads as a missing table in queries ("TABLE_OR_VIEW_NOT_FOUND error class").
    ApiError missing = metastore_.get_table({}, path[0], path[1], path[2]).error();
    if (missing.error_class == "NO_SUCH_CATALOG_EXCEPTION") throw SqlFailure{as_sql_error(missing)};
    fail_sql("TABLE_OR_VIEW_NOT_FOUND",
             "The table or view `" + base::join(path, "`.`") +
                 "` cannot be found. Verify the spelling and correctness of the schema and catalog.",
             "42P01");
  }
  if (auto allowed = metastore_.require(names_.principal, Privilege::select, *found); !allowed)
    throw SqlFailure{as_sql_error(allowed.error())};
  if (node.version && *node.version != info->version) {
    fail_sql("UNSUPPORTED_FEATURE",
             "The emulator keeps the rows of the newest version only (" + std::to_string(info->version) + ").",
             "0A000");
  }
  if (info->is_view()) {
    const auto inner = view(*info);
    return subquery_relation(inner.sql, inner.columns, node, path, scope);
  }
  const std::string alias = next_alias();
  ScopeRelation added;
  added.alias = node.alias.empty() ? path[2] : node.alias;
  if (node.alias.empty()) added.path = path;
  if (!node.column_aliases.empty() && node.column_aliases.size() != info->columns.size()) {
    fail_sql("ASSIGNMENT_ARITY_MISMATCH",
             "The number of column aliases does not match the number of columns of `" + node.alias + "`.", "42802");
  }
  for (std::size_t i = 0; i < info->columns.size(); ++i) {
    const auto& source = info->columns[i];
    added.columns.push_back({node.column_aliases.empty() ? source.name : node.column_aliases[i],
                             alias + "." + quote_sqlite_name(source.name), sql_type(source.type_text), false});
  }
  scope.relations.push_back(std::move(added));
  return metastore_.row_table(*info) + " AS " + alias;
}

TranslatedQuery QueryTranslator::view(const TableInfo& info) {
  static const std::vector<SqlParameter> none;
  SqlParser parser(info.view_definition, none);
  const auto body = parser.parse_whole_query();
  const InformationSchema::SourceScope source(relations_, info.view_definition);
  // "CREATE VIEW": a view reads with its owner's privileges.
  QueryTranslator inner(metastore_, relations_, {info.owner, info.view_catalog, info.view_schema}, invoker_,
                        depth_ + 1);
  auto result = inner.query(*body);
  for (std::size_t i = 0; i < result.columns.size() && i < info.columns.size(); ++i)
    result.columns[i].name = info.columns[i].name;
  return result;
}

std::vector<QueryTranslator::Parameter> QueryTranslator::bind_arguments(const FunctionInfo& function,
                                                                        std::vector<Rendered> args) {
  static const std::vector<SqlParameter> none;
  if (args.size() > function.parameters.size()) {
    fail_sql("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
             "The `" + function.full_name() + "` requires " + std::to_string(function.parameters.size()) +
                 " parameters but the actual number is " + std::to_string(args.size()) + ".",
             "42605");
  }
  std::vector<Parameter> bound;
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const auto& parameter = function.parameters[i];
    const SqlType type = sql_type(parameter.type_text);
    Rendered value;
    if (i < args.size()) {
      value = std::move(args[i]);
    } else if (parameter.default_text) {
      SqlParser parser(*parameter.default_text, none);
      const auto expr = parser.parse_whole_expression();
      QueryTranslator inner(metastore_, relations_,
                            {function.owner, function.definition_catalog, function.definition_schema}, invoker_,
                            depth_ + 1);
      value = inner.expression(*expr, nullptr);
    } else {
      fail_sql("REQUIRED_PARAMETER_NOT_FOUND",
               "Cannot invoke routine `" + function.full_name() + "` because the parameter named `" + parameter.name +
                   "` is required, but the routine call did not supply a value.",
               "4274K");
    }
    bound.push_back({parameter.name, render_cast(value, type)});
  }
  return bound;
}

TranslatedQuery QueryTranslator::table_function(const RelationNode& node, const Scope& scope) {
  static const std::vector<SqlParameter> none;
  Scope args_scope;
  args_scope.outer = &scope;
  std::vector<Rendered> args;
  for (const auto& arg : node.args) args.push_back(render(*arg, args_scope));
  const auto path = full_path(node.name);
  const auto found = metastore_.find(SecurableKind::function, path);
  if (!found)
    fail_sql("UNRESOLVABLE_TABLE_VALUED_FUNCTION",
             "Could not resolve `" + base::join(node.name, "`.`") + "` to a table-valued function.", "42883");
  if (auto allowed = metastore_.require(names_.principal, Privilege::execute, *found); !allowed)
    throw SqlFailure{as_sql_error(allowed.error())};
  const auto function = metastore_.get_function({}, path[0], path[1], path[2]);
  if (!function->is_table_function)
    fail_sql("NOT_A_TABLE_FUNCTION",
             "Cannot use `" + function->full_name() + "` in FROM because it is a scalar function.", "42887");
  SqlParser parser(function->routine_definition, none);
  const auto body = parser.parse_whole_query();
  const InformationSchema::SourceScope source(relations_, function->routine_definition);
  QueryTranslator inner(metastore_, relations_,
                        {function->owner, function->definition_catalog, function->definition_schema}, invoker_,
                        depth_ + 1);
  inner.set_parameters(bind_arguments(*function, std::move(args)));
  auto result = inner.query(*body);
  if (result.columns.size() != function->return_columns.size() && !function->return_columns.empty()) {
    fail_sql("USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH",
             "`" + function->full_name() + "` returns another number of columns than it declares.", "42601");
  }
  for (std::size_t i = 0; i < function->return_columns.size(); ++i) {
    result.columns[i].name = function->return_columns[i].name;
    result.columns[i].type = sql_type(function->return_columns[i].type_text);
  }
  return result;
}

}  // namespace dbxauth::emulator
