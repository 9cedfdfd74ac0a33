// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "query_translator.hpp"
#include "sql_parser.hpp"

namespace dbxauth::emulator {

Rendered QueryTranslator::expression(const Expr& expr, const TableInfo* table,
                                     const std::vector<Parameter>& parameters) {
  Scope scope;
  if (table != nullptr) {
    ScopeRelation relation;
    relation.alias = table->name;
    relation.path = table->path();
    for (const auto& column : table->columns) {
      relation.columns.push_back({column.name, quote_sqlite_name(column.name), sql_type(column.type_text), false});
    }
    scope.relations.push_back(std::move(relation));
  }
  if (!parameters.empty()) parameters_ = parameters;
  return render(expr, scope);
}

Rendered QueryTranslator::render(const Expr& expr, Scope& scope) {
  switch (expr.kind) {
    case ExprKind::literal:
      return literal(expr);
    case ExprKind::column:
      return column(expr, scope);
    case ExprKind::star:
      fail_sql("INVALID_USAGE_OF_STAR_OR_REGEX", "Invalid usage of '*' in an expression.", "42000");
    case ExprKind::unary: {
      const Rendered value = render(*expr.args[0], scope);
      if (expr.text == "+") return value;
      return {"(" + expr.text + " " + value.sql + ")", value.type, value.aggregate};
    }
    case ExprKind::binary:
      return binary(expr, scope);
    case ExprKind::logical_not: {
      const Rendered value = render(*expr.args[0], scope);
      return {"(NOT " + value.sql + ")", sql_type("boolean"), value.aggregate};
    }
    case ExprKind::is_null: {
      const Rendered value = render(*expr.args[0], scope);
      return {"(" + value.sql + (expr.negated ? " IS NOT NULL)" : " IS NULL)"), sql_type("boolean"), value.aggregate};
    }
    case ExprKind::is_boolean: {
      const Rendered value = render(*expr.args[0], scope);
      return {"(" + value.sql + (expr.negated ? " IS NOT " : " IS ") + (expr.text == "FALSE" ? "FALSE)" : "TRUE)"),
              sql_type("boolean"), value.aggregate};
    }
    case ExprKind::between: {
      const Rendered value = render(*expr.args[0], scope);
      const Rendered low = comparison(">=", value, render(*expr.args[1], scope));
      const Rendered high = comparison("<=", value, render(*expr.args[2], scope));
      return {std::string(expr.negated ? "(NOT " : "(") + "(" + low.sql + " AND " + high.sql + "))",
              sql_type("boolean"), value.aggregate};
    }
    case ExprKind::in_list: {
      const Rendered value = render(*expr.args[0], scope);
      std::string list;
      for (std::size_t i = 1; i < expr.args.size(); ++i) {
        const Rendered item = render(*expr.args[i], scope);
        list += (i == 1 ? "" : ", ") +
                (item.type.is("string") && !value.type.is("string") ? render_cast(item, value.type).sql : item.sql);
      }
      return {"(" + value.sql + (expr.negated ? " NOT IN (" : " IN (") + list + "))", sql_type("boolean"),
              value.aggregate};
    }
    case ExprKind::in_query:
    case ExprKind::exists:
    case ExprKind::scalar_query: {
      const auto inner = query_in(*expr.query, &scope);
      if (expr.kind == ExprKind::exists) return {"EXISTS (" + inner.sql + ")", sql_type("boolean"), false};
      if (inner.columns.size() != 1) {
        fail_sql(
            "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
            "Scalar subquery must return only one column, but returned " + std::to_string(inner.columns.size()) + ".",
            "42823");
      }
      if (expr.kind == ExprKind::scalar_query) return {"(" + inner.sql + ")", inner.columns[0].type, false};
      const Rendered value = render(*expr.args[0], scope);
      return {"(" + value.sql + (expr.negated ? " NOT IN (" : " IN (") + inner.sql + "))", sql_type("boolean"),
              value.aggregate};
    }
    case ExprKind::like:
      return like(expr, scope);
    case ExprKind::case_of:
      return case_of(expr, scope);
    case ExprKind::cast:
      return render_cast(render(*expr.args[0], scope), expr.type, expr.try_cast);
    case ExprKind::call:
      return call(expr, scope);
    case ExprKind::interval:
      fail_sql("UNSUPPORTED_FEATURE", "The emulator takes INTERVAL only beside a date or timestamp.", "0A000");
  }
  return {};
}

Rendered QueryTranslator::literal(const Expr& expr) const {
  if (expr.is_null_literal) return {"NULL", expr.type, false};
  if (expr.type.is("string")) return {quote_sqlite_text(expr.text), expr.type, false};
  if (expr.type.is("boolean")) return {expr.text == "true" ? "1" : "0", expr.type, false};
  return {expr.text, expr.type, false};
}

Rendered QueryTranslator::column(const Expr& expr, const Scope& scope) const {
  const NameParts& name = expr.name;
  for (const Scope* level = &scope; level != nullptr; level = level->outer) {
    const ScopeColumn* match = nullptr;
    int matches = 0;
    for (const auto& relation : level->relations) {
      if (name.size() == 2 && !base::equals_ignoring_case(relation.alias, name[0])) continue;
      if (name.size() > 2) {
        auto tail = relation.path;
        if (tail.size() < name.size() - 1) continue;
        tail.erase(tail.begin(), tail.end() - static_cast<std::ptrdiff_t>(name.size() - 1));
        const NameParts qualifier(name.begin(), name.end() - 1);
        if (!base::equals_ignoring_case(base::join(tail, "\x1f"), base::join(qualifier, "\x1f"))) continue;
      }
      for (const auto& candidate : relation.columns) {
        if (!base::equals_ignoring_case(candidate.name, name.back()) || (candidate.hidden && name.size() == 1))
          continue;
        if (match == nullptr) match = &candidate;
        ++matches;
      }
    }
    if (matches > 1)
      fail_sql("AMBIGUOUS_REFERENCE", "Reference `" + base::join(name, "`.`") + "` is ambiguous.", "42704");
    if (match != nullptr) return {match->sql, match->type, false};
    if (name.size() == 1) {
      const auto alias = level->aliases.find(base::to_lower(name[0]));
      if (alias != level->aliases.end()) return alias->second;
    }
  }
  for (const auto& parameter : parameters_) {
    // A parameter may be written with the function's name before it.
    if (name.size() <= 2 && base::equals_ignoring_case(parameter.name, name.back()))
      return {"(" + parameter.value.sql + ")", parameter.value.type, false};
  }
  fail_sql("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
           "A column, variable, or function parameter with name `" + base::join(name, "`.`") + "` cannot be resolved.",
           "42703");
}

Rendered QueryTranslator::comparison(const std::string& operation, Rendered left, Rendered right) const {
  // "Implicit crosscasting": a string beside another type is cast to it.
  if (left.type.is("string") && !right.type.is("string"))
    left = render_cast(
        left, common_type(left.type, right.type).is("string") ? right.type : common_type(left.type, right.type));
  if (right.type.is("string") && !left.type.is("string"))
    right = render_cast(
        right, common_type(left.type, right.type).is("string") ? left.type : common_type(left.type, right.type));
  if (left.type.is("date") && right.type.is("timestamp")) left = render_cast(left, right.type);
  if (right.type.is("date") && left.type.is("timestamp")) right = render_cast(right, left.type);
  return {"(" + left.sql + " " + operation + " " + right.sql + ")", sql_type("boolean"),
          left.aggregate || right.aggregate};
}

Rendered QueryTranslator::interval_sum(const Expr& expr, Scope& scope) {
  const bool left_interval = expr.args[0]->kind == ExprKind::interval;
  const Expr& interval = *expr.args[left_interval ? 0 : 1];
  const Rendered base = render(*expr.args[left_interval ? 1 : 0], scope);
  const std::string amount =
      (expr.text == "-" ? "-(" : "(") + render_cast(render(*interval.args[0], scope), sql_type("bigint")).sql + ")";
  static constexpr std::array<std::string_view, 7> units{"YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"};
  if (std::find(units.begin(), units.end(), interval.text) == units.end())
    fail_sql("PARSE_SYNTAX_ERROR", "Syntax error at or near '" + interval.text + "'.", "42601");
  const bool date = base.type.is("date");
  if (!date && !base.type.is("timestamp") && !base.type.is("timestamp_ntz")) {
    fail_sql("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE",
             "An INTERVAL is added to a date or a timestamp, not to " + base.type.text + ".", "42K09");
  }
  const bool months = interval.text == "YEAR" || interval.text == "MONTH";
  const std::string count = interval.text == "YEAR"   ? "12 * " + amount
                            : interval.text == "WEEK" ? "7 * " + amount
                                                      : amount;
  if (months && date) return {"dbx_add_months(" + base.sql + ", " + count + ")", base.type, base.aggregate};
  if (months)
    return {"(dbx_add_months(" + base.sql + ", " + count + ") || substr(" + base.sql + ", 11))", base.type,
            base.aggregate};
  const std::string unit =
      interval.text == "WEEK" || interval.text == "DAY" ? "days" : base::to_lower(interval.text) + "s";
  const std::string modifier = "(" + count + ") || ' " + unit + "'";
  if (date && unit == "days") return {"date(" + base.sql + ", " + modifier + ")", base.type, base.aggregate};
  return {"strftime('%Y-%m-%d %H:%M:%f', " + base.sql + ", " + modifier + ")", date ? sql_type("timestamp") : base.type,
          base.aggregate};
}

Rendered QueryTranslator::binary(const Expr& expr, Scope& scope) {
  const bool additive = expr.text == "+" || expr.text == "-";
  if (additive &&
      (expr.args[1]->kind == ExprKind::interval || (expr.text == "+" && expr.args[0]->kind == ExprKind::interval)))
    return interval_sum(expr, scope);
  Rendered left = render(*expr.args[0], scope);
  Rendered right = render(*expr.args[1], scope);
  const bool aggregate = left.aggregate || right.aggregate;
  if (expr.text == "AND" || expr.text == "OR")
    return {"(" + left.sql + " " + expr.text + " " + right.sql + ")", sql_type("boolean"), aggregate};
  if (expr.text == "||") {
    return {"(" + render_cast(left, sql_type("string")).sql + " || " + render_cast(right, sql_type("string")).sql + ")",
            sql_type("string"), aggregate};
  }
  if (expr.text == "<=>") return comparison("IS", left, right);
  if (expr.text == "IS DISTINCT") return comparison(expr.negated ? "IS" : "IS NOT", left, right);
  if (expr.text == "=" || expr.text == "<>" || expr.text == "<" || expr.text == ">" || expr.text == "<=" ||
      expr.text == ">=") {
    return comparison(expr.text, left, right);
  }
  if (expr.text == "|" || expr.text == "&")
    return {"(" + left.sql + " " + expr.text + " " + right.sql + ")", common_type(left.type, right.type), aggregate};
  if (expr.text == "^")
    return {"((" + left.sql + " | " + right.sql + ") - (" + left.sql + " & " + right.sql + "))",
            common_type(left.type, right.type), aggregate};
  // "- (minus sign) operator": two dates give days, a date and a number a date.
  if (additive && left.type.is("date")) {
    if (right.type.is("date"))
      return {"CAST(julianday(" + left.sql + ") - julianday(" + right.sql + ") AS INTEGER)", sql_type("int"),
              aggregate};
    return {"date(" + left.sql + ", (" + (expr.text == "-" ? "-" : "") + "(" + right.sql + ")) || ' days')", left.type,
            aggregate};
  }
  return render_arithmetic(expr.text, left, right);
}

Rendered QueryTranslator::like(const Expr& expr, Scope& scope) {
  const Rendered value = render(*expr.args[0], scope);
  const Rendered pattern = render(*expr.args[1], scope);
  const bool aggregate = value.aggregate || pattern.aggregate;
  std::string sql;
  if (expr.text == "RLIKE") {
    sql = "dbx_rlike(" + value.sql + ", " + pattern.sql + ")";
  } else {
    const bool fold = expr.text == "ILIKE";
    const std::string escape = expr.args.size() > 2 ? render(*expr.args[2], scope).sql : "'\\'";
    sql =
        (fold ? "lower(" : "(") + value.sql + ") LIKE " + (fold ? "lower(" : "(") + pattern.sql + ") ESCAPE " + escape;
  }
  return {std::string(expr.negated ? "(NOT (" : "((") + sql + "))", sql_type("boolean"), aggregate};
}

Rendered QueryTranslator::case_of(const Expr& expr, Scope& scope) {
  Rendered result{"CASE", sql_type("void"), false};
  std::optional<Rendered> subject;
  if (expr.subject) {
    subject = render(*expr.subject, scope);
    result.sql += " " + subject->sql;
  }
  for (std::size_t i = 0; i + 1 < expr.args.size(); i += 2) {
    Rendered when = render(*expr.args[i], scope);
    if (subject && when.type.is("string") && !subject->type.is("string")) when = render_cast(when, subject->type);
    const Rendered then = render(*expr.args[i + 1], scope);
    result.sql += " WHEN " + when.sql + " THEN " + then.sql;
    result.type = common_type(result.type, then.type);
    result.aggregate = result.aggregate || when.aggregate || then.aggregate;
  }
  if (expr.otherwise) {
    const Rendered otherwise = render(*expr.otherwise, scope);
    result.sql += " ELSE " + otherwise.sql;
    result.type = common_type(result.type, otherwise.type);
    result.aggregate = result.aggregate || otherwise.aggregate;
  }
  result.sql = "(" + result.sql + " END)";
  return result;
}

std::string QueryTranslator::window(const WindowSpec& spec, Scope& scope) {
  std::string text = " OVER (";
  for (std::size_t i = 0; i < spec.partition_by.size(); ++i)
    text += (i == 0 ? "PARTITION BY " : ", ") + render(*spec.partition_by[i], scope).sql;
  if (!spec.order_by.empty()) text += " ORDER BY " + order_items(spec.order_by, scope);
  if (!spec.frame.empty()) text += " " + spec.frame;
  return text + ")";
}

std::optional<Rendered> QueryTranslator::session_function(const Expr& expr, const std::string& name) const {
  const auto text = [](const std::string& value) {
    return Rendered{quote_sqlite_text(value), sql_type("string"), false};
  };
  // "current_user": the invoker, inside a view or function too.
  if (name == "current_user" || name == "session_user" || name == "user") return text(invoker_);
  if (name == "current_catalog") return text(names_.catalog);
  if (name == "current_schema" || name == "current_database") return text(names_.schema);
  if (name == "current_metastore")
    return text(metastore_.options().cloud + ":" + metastore_.options().region + ":" + metastore_.metastore_id());
  if (name == "is_account_group_member" || name == "is_member") {
    if (expr.args.size() != 1 || expr.args[0]->kind != ExprKind::literal) {
      fail_sql("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", name + "() takes a literal group name.", "42K09");
    }
    const auto groups = metastore_.groups_of(invoker_);
    const bool member = std::find(groups.begin(), groups.end(), expr.args[0]->text) != groups.end();
    return Rendered{member ? "1" : "0", sql_type("boolean"), false};
  }
  return std::nullopt;
}

Rendered QueryTranslator::call(const Expr& expr, Scope& scope) {
  if (expr.name.size() != 1) return user_function(expr, scope);
  const std::string name = base::to_lower(expr.name[0]);
  if (auto session = session_function(expr, name)) return *session;
  std::vector<Rendered> args;
  if (name == "count" && expr.args.size() == 1 && expr.args[0]->kind == ExprKind::star) {
    args.push_back({"*", sql_type("bigint"), false});
  } else {
    for (const auto& arg : expr.args) args.push_back(render(*arg, scope));
  }
  auto rendered = render_builtin({name, args, expr.distinct});
  if (!rendered) return user_function(expr, scope);
  if (expr.filter) rendered->sql += " FILTER (WHERE " + render(*expr.filter, scope).sql + ")";
  if (expr.over) {
    rendered->sql += window(*expr.over, scope);
    rendered->aggregate = false;
  }
  return *rendered;
}

Rendered QueryTranslator::user_function(const Expr& expr, Scope& scope) {
  static const std::vector<SqlParameter> none;
  const auto path = full_path(expr.name);
  const auto found = metastore_.find(SecurableKind::function, path);
  if (!found) {
    fail_sql("UNRESOLVED_ROUTINE",
             "Cannot resolve routine `" + base::join(expr.name, "`.`") +
                 "` on search path [`system`.`builtin`, `system`.`session`, `" + names_.catalog + "`.`" +
                 names_.schema + "`].",
             "42883");
  }
  if (auto allowed = metastore_.require(names_.principal, Privilege::execute, *found); !allowed)
    throw SqlFailure{as_sql_error(allowed.error())};
  const auto function = metastore_.get_function({}, path[0], path[1], path[2]);
  if (function->routine_body == "EXTERNAL") {
    fail_sql("UNSUPPORTED_FEATURE",
             "The emulator keeps Python functions and does not run them: `" + function->full_name() + "`.", "0A000");
  }
  if (function->is_table_function)
    fail_sql("NOT_A_SCALAR_FUNCTION",
             "`" + function->full_name() +
                 "` appears as a scalar expression here, but the function was defined as a table function.",
             "42887");
  std::vector<Rendered> args;
  bool aggregate = false;
  for (const auto& arg : expr.args) {
    args.push_back(render(*arg, scope));
    aggregate = aggregate || args.back().aggregate;
  }
  const auto bound = bind_arguments(*function, std::move(args));
  SqlParser parser(function->routine_definition, none);
  const auto body = parser.parse_whole_expression();
  const InformationSchema::SourceScope source(relations_, function->routine_definition);
  QueryTranslator inner(metastore_, relations_,
                        {function->owner, function->definition_catalog, function->definition_schema}, invoker_,
                        depth_ + 1);
  Rendered value = render_cast(inner.expression(*body, nullptr, bound), sql_type(function->full_data_type));
  return {"(" + value.sql + ")", value.type, aggregate};
}

}  // namespace dbxauth::emulator
