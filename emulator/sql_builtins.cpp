// SPDX-License-Identifier: Apache-2.0
#include "sql_builtins.hpp"

#include <algorithm>
#include <array>

#include "database.hpp"
#include "sql_lexer.hpp"

namespace dbxauth::emulator {
namespace {

struct Builtin {
  std::string_view name;
  int least, most;           // most -1: any number
  std::string_view pattern;  // $1 … $9 an argument, $* all of them with commas
  std::string_view type;     // a type, or: 1 = as the first argument, common, sum, avg
  bool aggregate = false;
};

constexpr std::array builtins{
    // aggregates
    Builtin{"sum", 1, 1, "sum($1)", "sum", true},
    Builtin{"avg", 1, 1, "avg($1)", "avg", true},
    Builtin{"mean", 1, 1, "avg($1)", "avg", true},
    Builtin{"min", 1, 1, "min($1)", "1", true},
    Builtin{"max", 1, 1, "max($1)", "1", true},
    Builtin{"count_if", 1, 1, "count(CASE WHEN $1 THEN 1 END)", "bigint", true},
    Builtin{"approx_count_distinct", 1, 1, "count(DISTINCT $1)", "bigint", true},
    Builtin{"any_value", 1, 1, "max($1)", "1", true},
    Builtin{"bool_and", 1, 1, "min($1)", "boolean", true},
    Builtin{"every", 1, 1, "min($1)", "boolean", true},
    Builtin{"bool_or", 1, 1, "max($1)", "boolean", true},
    Builtin{"any", 1, 1, "max($1)", "boolean", true},
    Builtin{"string_agg", 1, 2, "group_concat($*)", "string", true},
    Builtin{"listagg", 1, 2, "group_concat($*)", "string", true},
    // conditions
    Builtin{"coalesce", 1, -1, "coalesce($*, NULL)", "common"},
    Builtin{"nvl", 2, 2, "coalesce($1, $2)", "common"},
    Builtin{"ifnull", 2, 2, "coalesce($1, $2)", "common"},
    Builtin{"nullif", 2, 2, "nullif($1, $2)", "1"},
    Builtin{"isnull", 1, 1, "($1 IS NULL)", "boolean"},
    Builtin{"isnotnull", 1, 1, "($1 IS NOT NULL)", "boolean"},
    Builtin{"greatest", 2, -1, "dbx_greatest($*)", "common"},
    Builtin{"least", 2, -1, "dbx_least($*)", "common"},
    // strings
    Builtin{"upper", 1, 1, "upper($1)", "string"},
    Builtin{"ucase", 1, 1, "upper($1)", "string"},
    Builtin{"lower", 1, 1, "lower($1)", "string"},
    Builtin{"lcase", 1, 1, "lower($1)", "string"},
    Builtin{"initcap", 1, 1, "dbx_initcap($1)", "string"},
    Builtin{"length", 1, 1, "length($1)", "int"},
    Builtin{"len", 1, 1, "length($1)", "int"},
    Builtin{"char_length", 1, 1, "length($1)", "int"},
    Builtin{"character_length", 1, 1, "length($1)", "int"},
    Builtin{"octet_length", 1, 1, "length(CAST($1 AS BLOB))", "int"},
    Builtin{"trim", 1, 1, "trim($1)", "string"},
    Builtin{"btrim", 1, 2, "trim($*)", "string"},
    Builtin{"ltrim", 1, 1, "ltrim($1)", "string"},
    Builtin{"rtrim", 1, 1, "rtrim($1)", "string"},
    Builtin{"substring", 2, 3, "substr($*)", "string"},
    Builtin{"substr", 2, 3, "substr($*)", "string"},
    Builtin{"left", 2, 2, "substr($1, 1, max($2, 0))", "string"},
    Builtin{"right", 2, 2, "CASE WHEN $2 <= 0 THEN '' ELSE substr($1, -($2)) END", "string"},
    Builtin{"lpad", 2, 3, "dbx_lpad($*)", "string"},
    Builtin{"rpad", 2, 3, "dbx_rpad($*)", "string"},
    Builtin{"repeat", 2, 2, "dbx_repeat($1, $2)", "string"},
    Builtin{"reverse", 1, 1, "dbx_reverse($1)", "string"},
    Builtin{"replace", 3, 3, "replace($1, $2, $3)", "string"},
    Builtin{"translate", 3, 3, "dbx_translate($1, $2, $3)", "string"},
    Builtin{"split_part", 3, 3, "dbx_split_part($1, $2, $3)", "string"},
    Builtin{"concat_ws", 1, -1, "dbx_concat_ws($*)", "string"},
    Builtin{"instr", 2, 2, "instr($1, $2)", "int"},
    Builtin{"locate", 2, 2, "instr($2, $1)", "int"},
    Builtin{"position", 2, 2, "instr($2, $1)", "int"},
    Builtin{"charindex", 2, 2, "instr($2, $1)", "int"},
    Builtin{"contains", 2, 2, "(instr($1, $2) > 0)", "boolean"},
    Builtin{"startswith", 2, 2, "(substr($1, 1, length($2)) = $2)", "boolean"},
    Builtin{"endswith", 2, 2, "(length($2) = 0 OR substr($1, -length($2)) = $2)", "boolean"},
    Builtin{"regexp_like", 2, 2, "dbx_rlike($1, $2)", "boolean"},
    Builtin{"regexp_replace", 3, 3, "dbx_regexp_replace($1, $2, $3)", "string"},
    Builtin{"regexp_extract", 2, 3, "dbx_regexp_extract($*)", "string"},
    Builtin{"hex", 1, 1, "CASE typeof($1) WHEN 'integer' THEN printf('%X', $1) ELSE hex($1) END", "string"},
    Builtin{"md5", 1, 1, "dbx_digest($1, 'MD5')", "string"},
    Builtin{"sha", 1, 1, "dbx_digest($1, 'SHA1')", "string"},
    Builtin{"sha1", 1, 1, "dbx_digest($1, 'SHA1')", "string"},
    Builtin{"sha2", 2, 2, "dbx_digest($1, CASE $2 WHEN 0 THEN 'SHA256' ELSE 'SHA' || $2 END)", "string"},
    // numbers
    Builtin{"abs", 1, 1, "abs($1)", "1"},
    Builtin{"sign", 1, 1, "sign($1)", "double"},
    Builtin{"ceil", 1, 1, "CAST(ceil($1) AS INTEGER)", "bigint"},
    Builtin{"ceiling", 1, 1, "CAST(ceil($1) AS INTEGER)", "bigint"},
    Builtin{"floor", 1, 1, "CAST(floor($1) AS INTEGER)", "bigint"},
    Builtin{"sqrt", 1, 1, "sqrt($1)", "double"},
    Builtin{"exp", 1, 1, "exp($1)", "double"},
    Builtin{"ln", 1, 1, "ln($1)", "double"},
    Builtin{"log10", 1, 1, "log10($1)", "double"},
    Builtin{"log2", 1, 1, "log2($1)", "double"},
    Builtin{"power", 2, 2, "pow($1, $2)", "double"},
    Builtin{"pow", 2, 2, "pow($1, $2)", "double"},
    Builtin{"mod", 2, 2, "dbx_modulo($1, $2)", "common"},
    Builtin{"pmod", 2, 2, "dbx_modulo(dbx_modulo($1, $2) + $2, $2)", "common"},
    // dates and times (UTC)
    Builtin{"now", 0, 0, "strftime('%Y-%m-%d %H:%M:%f', 'now')", "timestamp"},
    Builtin{"current_timestamp", 0, 0, "strftime('%Y-%m-%d %H:%M:%f', 'now')", "timestamp"},
    Builtin{"current_date", 0, 0, "date('now')", "date"},
    Builtin{"curdate", 0, 0, "date('now')", "date"},
    Builtin{"year", 1, 1, "CAST(strftime('%Y', $1) AS INTEGER)", "int"},
    Builtin{"quarter", 1, 1, "((CAST(strftime('%m', $1) AS INTEGER) + 2) / 3)", "int"},
    Builtin{"month", 1, 1, "CAST(strftime('%m', $1) AS INTEGER)", "int"},
    Builtin{"day", 1, 1, "CAST(strftime('%d', $1) AS INTEGER)", "int"},
    Builtin{"dayofmonth", 1, 1, "CAST(strftime('%d', $1) AS INTEGER)", "int"},
    Builtin{"dayofweek", 1, 1, "(CAST(strftime('%w', $1) AS INTEGER) + 1)", "int"},
    Builtin{"dayofyear", 1, 1, "CAST(strftime('%j', $1) AS INTEGER)", "int"},
    Builtin{"hour", 1, 1, "CAST(strftime('%H', $1) AS INTEGER)", "int"},
    Builtin{"minute", 1, 1, "CAST(strftime('%M', $1) AS INTEGER)", "int"},
    Builtin{"second", 1, 1, "CAST(strftime('%S', $1) AS INTEGER)", "int"},
    Builtin{"date_add", 2, 2, "date($1, ($2) || ' days')", "date"},
    Builtin{"dateadd", 2, 2, "date($1, ($2) || ' days')", "date"},
    Builtin{"date_sub", 2, 2, "date($1, (-($2)) || ' days')", "date"},
    Builtin{"add_months", 2, 2, "dbx_add_months($1, $2)", "date"},
    Builtin{"last_day", 1, 1, "date($1, 'start of month', '+1 month', '-1 day')", "date"},
    Builtin{"datediff", 2, 2, "CAST(julianday(date($1)) - julianday(date($2)) AS INTEGER)", "int"},
    Builtin{"date_diff", 2, 2, "CAST(julianday(date($1)) - julianday(date($2)) AS INTEGER)", "int"},
    Builtin{"make_date", 3, 3, "date(printf('%04d-%02d-%02d', $1, $2, $3))", "date"},
    Builtin{"date_trunc", 2, 2, "dbx_date_trunc($1, $2)", "timestamp"},
    Builtin{"trunc", 2, 2, "date(dbx_date_trunc($2, $1))", "date"},
    Builtin{"date_format", 2, 2, "dbx_date_format($1, $2)", "string"},
    Builtin{"unix_timestamp", 0, 1, "CAST(strftime('%s', coalesce($*, 'now')) AS INTEGER)", "bigint"},
    // window functions
    Builtin{"row_number", 0, 0, "row_number()", "int"},
    Builtin{"rank", 0, 0, "rank()", "int"},
    Builtin{"dense_rank", 0, 0, "dense_rank()", "int"},
    Builtin{"ntile", 1, 1, "ntile($1)", "int"},
    Builtin{"lag", 1, 3, "lag($*)", "1"},
    Builtin{"lead", 1, 3, "lead($*)", "1"},
    Builtin{"first_value", 1, 1, "first_value($1)", "1"},
    Builtin{"last_value", 1, 1, "last_value($1)", "1"},
};

void check_count(const BuiltinCall& call, int least, int most) {
  const auto given = static_cast<int>(call.args.size());
  if (given >= least && (most < 0 || given <= most)) return;
  fail_sql("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
           "The `" + std::string(call.name) + "` requires " + std::to_string(least) +
               (most == least ? ""
                : most < 0    ? " or more"
                              : " to " + std::to_string(most)) +
               " parameters but the actual number is " + std::to_string(given) + ".",
           "42605");
}

std::string all_args(const BuiltinCall& call) {
  std::string list;
  for (const auto& arg : call.args) list += (list.empty() ? "" : ", ") + arg.sql;
  return list;
}

SqlType type_of_all(const std::vector<Rendered>& args) {
  SqlType type = sql_type("void");
  for (const auto& arg : args) type = common_type(type, arg.type);
  return type;
}

SqlType result_type(std::string_view rule, const BuiltinCall& call) {
  if (rule == "1") return call.args.front().type;
  if (rule == "common") return type_of_all(call.args);
  if (rule == "sum" || rule == "avg") {
    const SqlType& type = call.args.front().type;
    // "sum", "avg": DECIMAL(p, s) gives DECIMAL(p + 10, s) and DECIMAL(p + 4, s + 4).
    if (type.is_decimal())
      return rule == "sum" ? decimal_type(type.precision + 10, type.scale)
                           : decimal_type(type.precision + 4, type.scale + 4);
    if (rule == "sum" && type.is_integer()) return sql_type("bigint");
    return sql_type("double");
  }
  return sql_type(rule);
}

std::optional<Rendered> render_special(const BuiltinCall& call) {
  const auto& args = call.args;
  if (call.name == "count") {
    check_count(call, 1, -1);
    return Rendered{"count(" + std::string(call.distinct ? "DISTINCT " : "") + all_args(call) + ")", sql_type("bigint"),
                    true};
  }
  if (call.name == "concat") {
    std::string joined = "(";
    for (const auto& arg : args)
      joined += (joined.size() == 1 ? "" : " || ") + render_cast(arg, sql_type("string")).sql;
    return Rendered{args.empty() ? "''" : joined + ")", sql_type("string"), false};
  }
  if (call.name == "if" || call.name == "iff" || call.name == "nvl2") {
    check_count(call, 3, 3);
    const std::string test = call.name == "nvl2" ? args[0].sql + " IS NOT NULL" : args[0].sql;
    return Rendered{"CASE WHEN " + test + " THEN " + args[1].sql + " ELSE " + args[2].sql + " END",
                    common_type(args[1].type, args[2].type), false};
  }
  if (call.name == "round" || call.name == "bround") {
    check_count(call, 1, 2);
    const SqlType& type = args[0].type;
    int digits = 0;
    if (args.size() == 2 && args[1].sql.find_first_not_of("0123456789") == std::string::npos)
      digits = std::stoi(args[1].sql.substr(0, 3));
    return Rendered{"round(" + all_args(call) + ")",
                    type.is_decimal()   ? decimal_type(type.precision - type.scale + digits + 1, digits)
                    : type.is_integer() ? type
                                        : sql_type("double"),
                    false};
  }
  // "string function", "int function", …: casts under the type's name; to_date, to_timestamp without a format.
  static constexpr std::array<std::string_view, 11> casts{
      "string", "int", "bigint", "smallint", "tinyint", "double", "float", "boolean", "date", "timestamp", "decimal"};
  if (std::find(casts.begin(), casts.end(), call.name) != casts.end()) {
    check_count(call, 1, 1);
    return render_cast(args[0], sql_type(call.name));
  }
  if (call.name == "to_date" || call.name == "to_timestamp") {
    check_count(call, 1, 1);
    return render_cast(args[0], sql_type(call.name.substr(3)));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Rendered> render_builtin(const BuiltinCall& call) {
  if (auto special = render_special(call)) {
    for (const auto& arg : call.args) special->aggregate = special->aggregate || arg.aggregate;
    return special;
  }
  const auto found = std::find_if(builtins.begin(), builtins.end(), [&](const auto& b) { return b.name == call.name; });
  if (found == builtins.end()) return std::nullopt;
  check_count(call, found->least, found->most);
  Rendered rendered;
  rendered.aggregate = found->aggregate;
  for (const auto& arg : call.args) rendered.aggregate = rendered.aggregate || arg.aggregate;
  for (std::size_t i = 0; i < found->pattern.size(); ++i) {
    const char c = found->pattern[i];
    if (c != '$') {
      rendered.sql += c;
      continue;
    }
    const char which = found->pattern[++i];
    if (which == '*') {
      rendered.sql += call.args.empty() ? "NULL" : (call.distinct ? "DISTINCT " : "") + all_args(call);
    } else {
      rendered.sql +=
          (call.distinct && found->aggregate ? "DISTINCT " : "") + call.args[static_cast<std::size_t>(which - '1')].sql;
    }
  }
  rendered.type = result_type(found->type, call);
  return rendered;
}

Rendered render_arithmetic(std::string_view operation, const Rendered& left, const Rendered& right) {
  const bool aggregate = left.aggregate || right.aggregate;
  const SqlType& a = left.type;
  const SqlType& b = right.type;
  for (const auto* type : {&a, &b}) {
    if (!type->is_numeric() && !type->is("string") && !type->is("void")) {
      fail_sql("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE",
               "Cannot resolve the operator " + std::string(operation) + " on " + type->text + ".", "42K09");
    }
  }
  const Rendered x = a.is("string") ? render_cast(left, sql_type("double")) : left;
  const Rendered y = b.is("string") ? render_cast(right, sql_type("double")) : right;
  const bool decimal = (x.type.is_decimal() || y.type.is_decimal()) && !x.type.is_floating() && !y.type.is_floating();
  if (operation == "/") {
    // "/ (slash sign) operator": DECIMAL when an operand is, else DOUBLE; division by zero is an error.
    SqlType type = sql_type("double");
    if (decimal) {
      const SqlType p = x.type.is_decimal() ? x.type : decimal_type(10, 0);
      const SqlType q = y.type.is_decimal() ? y.type : decimal_type(10, 0);
      const int scale = std::max(6, p.scale + q.precision + 1);
      const int precision = p.precision - p.scale + q.scale + scale;
      type = precision > 38 ? decimal_type(38, std::max(38 - (precision - scale), std::min(scale, 6)))
                            : decimal_type(precision, scale);
    }
    return {"dbx_divide(" + x.sql + ", " + y.sql + ")", type, aggregate};
  }
  if (operation == "DIV")
    return {"CAST(dbx_divide(" + x.sql + ", " + y.sql + ") AS INTEGER)", sql_type("bigint"), aggregate};
  if (operation == "%") return {"dbx_modulo(" + x.sql + ", " + y.sql + ")", common_type(x.type, y.type), aggregate};
  SqlType type = common_type(x.type, y.type);
  if (decimal) {
    const SqlType p = x.type.is_decimal() ? x.type : decimal_type(10, 0);
    const SqlType q = y.type.is_decimal() ? y.type : decimal_type(10, 0);
    if (operation == "*") {
      type = decimal_type(p.precision + q.precision + 1, p.scale + q.scale);
    } else {
      const int scale = std::max(p.scale, q.scale);
      type = decimal_type(std::max(p.precision - p.scale, q.precision - q.scale) + scale + 1, scale);
    }
  }
  return {"(" + x.sql + " " + std::string(operation) + " " + y.sql + ")", type, aggregate};
}

Rendered render_cast(const Rendered& value, const SqlType& type, bool try_cast) {
  if (value.type == type || value.type.is("void")) return {value.sql, type, value.aggregate};
  // Widening an integer changes nothing in SQLite.
  if (value.type.is_integer() && type.is("bigint")) return {value.sql, type, value.aggregate};
  return {"dbx_cast(" + value.sql + ", " + quote_sqlite_text(value.type.text) + ", " + quote_sqlite_text(type.text) +
              (try_cast ? ", 1)" : ", 0)"),
          type, value.aggregate};
}

}  // namespace dbxauth::emulator
