// SPDX-License-Identifier: Apache-2.0
// Expressions and types: "Databricks SQL language manual: Expression", "Data types".
#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "sql_parser.hpp"

namespace dbxauth::emulator {

// --- expressions, weakest operator first

ExprPtr SqlParser::parse_expression() {
  const Depth guard(depth_);
  const std::size_t first = at_;
  auto left = parse_and();
  while (take_word("OR")) {
    auto node = make(ExprKind::binary, first);
    node->text = "OR";
    node->args.push_back(std::move(left));
    node->args.push_back(parse_and());
    left = finish(std::move(node));
  }
  return left;
}

ExprPtr SqlParser::parse_and() {
  const std::size_t first = at_;
  auto left = parse_not();
  while (take_word("AND")) {
    auto node = make(ExprKind::binary, first);
    node->text = "AND";
    node->args.push_back(std::move(left));
    node->args.push_back(parse_not());
    left = finish(std::move(node));
  }
  return left;
}

ExprPtr SqlParser::parse_not() {
  const Depth guard(depth_);
  const std::size_t first = at_;
  if (take_word("NOT") || take_symbol("!")) {
    auto node = make(ExprKind::logical_not, first);
    node->args.push_back(parse_not());
    return finish(std::move(node));
  }
  return parse_predicate();
}

ExprPtr SqlParser::parse_predicate() {
  const std::size_t first = at_;
  auto left = parse_binary(0);
  while (true) {
    if (take_word("IS")) {
      const bool negated = take_word("NOT");
      ExprPtr node;
      if (take_word("NULL")) {
        node = make(ExprKind::is_null, first);
      } else if (take_words({"DISTINCT", "FROM"})) {
        node = make(ExprKind::binary, first);
        node->text = "IS DISTINCT";
      } else {
        node = make(ExprKind::is_boolean, first);
        if (!take_word("TRUE")) {
          expect_word("FALSE");
          node->text = "FALSE";
        }
      }
      node->negated = negated;
      node->args.push_back(std::move(left));
      if (node->text == "IS DISTINCT") node->args.push_back(parse_binary(0));
      left = finish(std::move(node));
      continue;
    }
    const bool negated = at_word("NOT") && (at_word("IN", 1) || at_word("LIKE", 1) || at_word("ILIKE", 1) ||
                                            at_word("RLIKE", 1) || at_word("BETWEEN", 1));
    if (negated) ++at_;
    ExprPtr node;
    if (take_word("BETWEEN")) {
      node = make(ExprKind::between, first);
      node->args.push_back(std::move(left));
      node->args.push_back(parse_binary(1));
      expect_word("AND");
      node->args.push_back(parse_binary(1));
    } else if (take_word("IN")) {
      expect_symbol("(");
      node = make(at_query() ? ExprKind::in_query : ExprKind::in_list, first);
      node->args.push_back(std::move(left));
      if (node->kind == ExprKind::in_query) {
        node->query = parse_query();
      } else {
        for (auto& item : parse_expressions()) node->args.push_back(std::move(item));
      }
      expect_symbol(")");
    } else if (at_word("LIKE") || at_word("ILIKE") || at_word("RLIKE") || at_word("REGEXP")) {
      node = make(ExprKind::like, first);
      node->text = peek().upper == "REGEXP" ? "RLIKE" : peek().upper;
      ++at_;
      node->args.push_back(std::move(left));
      node->args.push_back(parse_binary(1));
      if (node->text != "RLIKE" && take_word("ESCAPE")) node->args.push_back(parse_primary());
    } else {
      return left;
    }
    node->negated = negated;
    left = finish(std::move(node));
  }
}

ExprPtr SqlParser::parse_binary(int level) {
  static const std::array<std::vector<std::string_view>, 6> operators{
      {{"=", "<=>", "<>", "!=", "<", "<=", ">", ">="}, {"|"}, {"^"}, {"&"}, {"+", "-", "||"}, {"*", "/", "%"}}};
  if (level == static_cast<int>(operators.size())) return parse_unary();
  const std::size_t first = at_;
  auto left = parse_binary(level + 1);
  while (true) {
    std::string operation;
    if (peek().kind == TokenKind::symbol) {
      for (const auto candidate : operators[static_cast<std::size_t>(level)]) {
        if (peek().text == candidate) operation = candidate;
      }
    } else if (level == 5 && at_word("DIV")) {
      operation = "DIV";
    }
    if (operation.empty()) return left;
    ++at_;
    auto node = make(ExprKind::binary, first);
    node->text = operation == "!=" ? "<>" : operation;
    node->args.push_back(std::move(left));
    node->args.push_back(parse_binary(level + 1));
    left = finish(std::move(node));
  }
}

ExprPtr SqlParser::parse_unary() {
  const Depth guard(depth_);
  const std::size_t first = at_;
  if (at_symbol("-") || at_symbol("+") || at_symbol("~")) {
    auto node = make(ExprKind::unary, first);
    node->text = tokens_[at_++].text;
    node->args.push_back(parse_unary());
    return finish(std::move(node));
  }
  return parse_postfix();
}

ExprPtr SqlParser::parse_postfix() {
  const std::size_t first = at_;
  auto expr = parse_primary();
  while (take_symbol("::")) {
    auto node = make(ExprKind::cast, first);
    node->type = parse_type();
    node->args.push_back(std::move(expr));
    expr = finish(std::move(node));
  }
  return expr;
}

// "Numeric literals": suffixes L, S, Y, D, F, BD; a point without exponent makes a DECIMAL.
static void read_number_literal(Expr& expr, std::string text) {
  const auto suffix = text.find_first_of("LSYDFBlsydfb");
  std::string unit;
  if (suffix != std::string::npos) {
    unit = base::to_upper(text.substr(suffix));
    text = text.substr(0, suffix);
  }
  const bool exponent = text.find_first_of("eE") != std::string::npos;
  const auto point = text.find('.');
  if (text.find_first_not_of("0123456789.eE+-") != std::string::npos) {
    fail_sql("PARSE_SYNTAX_ERROR", "Syntax error at or near '" + text + "'.", "42601");
  }
  expr.text = text;
  const int fraction = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  if (unit.empty() && exponent) {
    expr.type = sql_type("double");
  } else if (unit == "BD" || (unit.empty() && point != std::string::npos)) {
    expr.type = decimal_type(std::max(static_cast<int>(text.size()) - (point == std::string::npos ? 0 : 1), fraction),
                             fraction);
  } else if (unit.empty()) {
    expr.type = sql_type(text.size() < 10 || (text.size() == 10 && text <= "2147483647") ? "int"
                         : text.size() < 19                                              ? "bigint"
                                                                                         : "decimal(38,0)");
  } else if (unit == "L" || unit == "S" || unit == "Y") {
    if (point != std::string::npos || exponent)
      fail_sql("PARSE_SYNTAX_ERROR", "Syntax error at or near '" + text + unit + "'.", "42601");
    expr.type = sql_type(unit == "L" ? "bigint" : unit == "S" ? "smallint" : "tinyint");
  } else if (unit == "D" || unit == "F") {
    expr.type = sql_type(unit == "D" ? "double" : "float");
  } else {
    fail_sql("PARSE_SYNTAX_ERROR", "Syntax error at or near '" + unit + "'.", "42601");
  }
}

ExprPtr SqlParser::parse_parameter() {
  const Token& token = peek();
  if (!markers_allowed_) {
    // "Named parameter markers": not in DDL before Databricks Runtime 18, except inside IDENTIFIER().
    fail_sql("UNSUPPORTED_FEATURE.PARAMETER_MARKER_IN_UNEXPECTED_STATEMENT",
             "Parameter markers are not allowed here. Use IDENTIFIER(:name) for names and write literals out.",
             "0A000");
  }
  const auto found =
      std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.name == token.text; });
  if (found == parameters_.end()) {
    fail_sql("UNBOUND_SQL_PARAMETER",
             "Found the unbound parameter: " + token.text +
                 ". Please, fix `args` and provide a mapping of the parameter to a SQL literal.",
             "42P02");
  }
  auto literal = make(ExprKind::literal, at_);
  ++at_;
  literal->type = sql_type("string");
  literal->is_null_literal = !found->value.has_value();
  literal->text = found->value.value_or("");
  literal = finish(std::move(literal));
  const std::string type = base::to_lower(found->type.empty() ? "STRING" : found->type);
  if (type == "string") return literal;
  SqlParser type_parser(type, parameters_);
  auto cast = std::make_unique<Expr>();
  cast->kind = ExprKind::cast;
  cast->type = type_parser.parse_type();
  type_parser.expect_end();
  cast->begin = literal->begin;
  cast->end = literal->end;
  cast->args.push_back(std::move(literal));
  return cast;
}

ExprPtr SqlParser::parse_primary() {
  const Depth guard(depth_);
  const std::size_t first = at_;
  const Token& token = peek();
  if (token.kind == TokenKind::number) {
    auto node = make(ExprKind::literal, first);
    ++at_;
    read_number_literal(*node, token.text);
    return finish(std::move(node));
  }
  if (token.kind == TokenKind::string) {
    auto node = make(ExprKind::literal, first);
    node->type = sql_type("string");
    // "STRING type": neighbouring literals are joined.
    while (peek().kind == TokenKind::string) node->text += tokens_[at_++].text;
    return finish(std::move(node));
  }
  if (token.kind == TokenKind::parameter) return parse_parameter();
  if (take_symbol("*")) return finish(make(ExprKind::star, first));
  if (take_symbol("(")) {
    if (at_query()) {
      auto node = make(ExprKind::scalar_query, first);
      node->query = parse_query();
      expect_symbol(")");
      return finish(std::move(node));
    }
    auto inner = parse_expression();
    expect_symbol(")");
    inner->begin = tokens_[first].begin;
    return finish(std::move(inner));
  }
  return parse_word_expression();
}

ExprPtr SqlParser::parse_word_expression() {
  const std::size_t first = at_;
  if (at_word("CASE")) return parse_case();
  if (at_word("CAST") && at_symbol("(", 1)) return parse_cast(false);
  if (at_word("TRY_CAST") && at_symbol("(", 1)) return parse_cast(true);
  if (at_word("EXISTS") && at_symbol("(", 1)) {
    at_ += 2;
    auto node = make(ExprKind::exists, first);
    if (!at_query()) fail_here();
    node->query = parse_query();
    expect_symbol(")");
    return finish(std::move(node));
  }
  if (at_word("NULL") || at_word("TRUE") || at_word("FALSE")) {
    auto node = make(ExprKind::literal, first);
    node->is_null_literal = at_word("NULL");
    node->type = sql_type(node->is_null_literal ? "void" : "boolean");
    node->text = base::to_lower(tokens_[at_++].text);
    return finish(std::move(node));
  }
  // "DATE literal", "TIMESTAMP literal"
  if ((at_word("DATE") || at_word("TIMESTAMP")) && peek(1).kind == TokenKind::string) {
    auto node = make(ExprKind::cast, first);
    node->type = sql_type(base::to_lower(peek().text));
    ++at_;
    node->args.push_back(parse_primary());
    return finish(std::move(node));
  }
  // "INTERVAL literal": INTERVAL n unit
  if (at_word("INTERVAL") && !at_symbol(".", 1) && !at_symbol(")", 1) && !at_symbol(",", 1)) {
    ++at_;
    auto node = make(ExprKind::interval, first);
    node->args.push_back(parse_unary());
    std::string unit = base::to_upper(parse_name_part("unit"));
    if (!unit.empty() && unit.back() == 'S') unit.pop_back();
    node->text = unit;
    return finish(std::move(node));
  }
  if (at_word("EXTRACT") && at_symbol("(", 1)) {  // extract(field FROM source)
    at_ += 2;
    auto node = make(ExprKind::call, first);
    node->name = {base::to_lower(parse_name_part("field"))};
    expect_word("FROM");
    node->args.push_back(parse_expression());
    expect_symbol(")");
    return finish(std::move(node));
  }
  static constexpr std::array<std::string_view, 7> without_parentheses{
      "CURRENT_DATE",    "CURRENT_TIMESTAMP", "CURRENT_USER",    "SESSION_USER",
      "CURRENT_CATALOG", "CURRENT_SCHEMA",    "CURRENT_DATABASE"};
  if (peek().kind == TokenKind::word && !at_symbol("(", 1) && !at_symbol(".", 1) &&
      std::find(without_parentheses.begin(), without_parentheses.end(), peek().upper) != without_parentheses.end()) {
    auto node = make(ExprKind::call, first);
    node->name = {base::to_lower(tokens_[at_++].text)};
    return finish(std::move(node));
  }
  if (peek().kind == TokenKind::word && !word_can_be_alias() && !at_symbol("(", 1) && !at_symbol(".", 1) &&
      peek().upper != "VERSION" && peek().upper != "TIMESTAMP" && peek().upper != "SET" && peek().upper != "OFFSET" &&
      peek().upper != "WINDOW") {
    fail_here();
  }
  NameParts name;
  if (at_word("IDENTIFIER") && at_symbol("(", 1)) {
    name = parse_name();
  } else {
    name.push_back(parse_name_part("name"));
    while (at_symbol(".")) {
      ++at_;
      if (take_symbol("*")) {
        auto star = make(ExprKind::star, first);
        star->name = std::move(name);
        return finish(std::move(star));
      }
      name.push_back(parse_name_part("name"));
    }
  }
  if (at_symbol("(")) return parse_call(std::move(name));
  auto node = make(ExprKind::column, first);
  node->name = std::move(name);
  return finish(std::move(node));
}

ExprPtr SqlParser::parse_case() {
  auto node = make(ExprKind::case_of, at_);
  expect_word("CASE");
  if (!at_word("WHEN")) node->subject = parse_expression();
  while (take_word("WHEN")) {
    node->args.push_back(parse_expression());
    expect_word("THEN");
    node->args.push_back(parse_expression());
  }
  if (node->args.empty()) fail_here();
  if (take_word("ELSE")) node->otherwise = parse_expression();
  expect_word("END");
  return finish(std::move(node));
}

ExprPtr SqlParser::parse_cast(bool try_cast) {
  auto node = make(ExprKind::cast, at_);
  at_ += 2;
  node->try_cast = try_cast;
  node->args.push_back(parse_expression());
  expect_word("AS");
  node->type = parse_type();
  expect_symbol(")");
  return finish(std::move(node));
}

ExprPtr SqlParser::parse_call(NameParts name) {
  auto node = make(ExprKind::call, at_ - 1);
  // The name of an unnamed column starts at the first part of the function's name.
  node->name = std::move(name);
  expect_symbol("(");
  if (!at_symbol(")")) {
    node->distinct = take_word("DISTINCT");
    node->args = parse_expressions();
    // "trim(… FROM …)", "substring(… FROM …)" are not among the forms the emulator takes.
  }
  expect_symbol(")");
  if (take_word("FILTER")) {
    expect_symbol("(");
    expect_word("WHERE");
    node->filter = parse_expression();
    expect_symbol(")");
  }
  if (take_word("OVER")) node->over = parse_window();
  return finish(std::move(node));
}

// "Window functions": OVER ([PARTITION BY …] [ORDER BY …] [{ROWS | RANGE} BETWEEN … AND …])
WindowSpec SqlParser::parse_window() {
  WindowSpec window;
  expect_symbol("(");
  if (take_words({"PARTITION", "BY"})) window.partition_by = parse_expressions();
  if (take_words({"ORDER", "BY"})) window.order_by = parse_order_items();
  if (at_word("ROWS") || at_word("RANGE")) {
    window.frame = tokens_[at_++].upper;
    const auto bound = [&] {
      if (take_words({"UNBOUNDED", "PRECEDING"})) return std::string("UNBOUNDED PRECEDING");
      if (take_words({"UNBOUNDED", "FOLLOWING"})) return std::string("UNBOUNDED FOLLOWING");
      if (take_words({"CURRENT", "ROW"})) return std::string("CURRENT ROW");
      const std::string count = std::to_string(parse_integer());
      if (take_word("PRECEDING")) return count + " PRECEDING";
      expect_word("FOLLOWING");
      return count + " FOLLOWING";
    };
    if (take_word("BETWEEN")) {
      const std::string from = bound();
      expect_word("AND");
      window.frame += " BETWEEN " + from + " AND " + bound();
    } else {
      window.frame += " " + bound();
    }
  }
  expect_symbol(")");
  return window;
}

// "Data types"
SqlType SqlParser::parse_type() {
  const Depth guard(depth_);
  if (peek().kind != TokenKind::word) fail_here();
  const std::string name = peek().upper;
  ++at_;
  if (name == "ARRAY") {
    expect_symbol("<");
    const std::string element = parse_type().text;
    expect_symbol(">");
    return sql_type("array<" + element + ">");
  }
  if (name == "MAP") {
    expect_symbol("<");
    const std::string key = parse_type().text;
    expect_symbol(",");
    const std::string value = parse_type().text;
    expect_symbol(">");
    return sql_type("map<" + key + "," + value + ">");
  }
  if (name == "STRUCT") {
    std::string text = "struct<";
    expect_symbol("<");
    do {
      const std::string field = parse_name_part("field");
      take_symbol(":");
      text += (text.back() == '<' ? "" : ",") + field + ":" + parse_type().text;
    } while (take_symbol(","));
    expect_symbol(">");
    SqlType type;
    type.text = text + ">";
    return type;
  }
  if (name == "DECIMAL" || name == "DEC" || name == "NUMERIC") {
    if (!take_symbol("(")) return decimal_type(10, 0);
    const auto precision = parse_integer();
    const auto scale = take_symbol(",") ? parse_integer() : 0;
    expect_symbol(")");
    if (precision < 1 || precision > 38 || scale > precision) {
      fail_sql("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
               "Decimal precision " + std::to_string(precision) + " is not between 1 and 38, or its scale exceeds it.",
               "22003");
    }
    return decimal_type(static_cast<int>(precision), static_cast<int>(scale));
  }
  if (name == "VARCHAR" || name == "CHAR" || name == "CHARACTER") {
    expect_symbol("(");
    const auto length = parse_integer();
    expect_symbol(")");
    return sql_type((name == "VARCHAR" ? "varchar(" : "char(") + std::to_string(length) + ")");
  }
  static const std::map<std::string, std::string> simple{{"BIGINT", "bigint"},
                                                         {"LONG", "bigint"},
                                                         {"INT", "int"},
                                                         {"INTEGER", "int"},
                                                         {"SMALLINT", "smallint"},
                                                         {"SHORT", "smallint"},
                                                         {"TINYINT", "tinyint"},
                                                         {"BYTE", "tinyint"},
                                                         {"STRING", "string"},
                                                         {"BOOLEAN", "boolean"},
                                                         {"DOUBLE", "double"},
                                                         {"FLOAT", "float"},
                                                         {"REAL", "float"},
                                                         {"DATE", "date"},
                                                         {"TIMESTAMP", "timestamp"},
                                                         {"TIMESTAMP_NTZ", "timestamp_ntz"},
                                                         {"BINARY", "binary"},
                                                         {"VARIANT", "variant"},
                                                         {"VOID", "void"}};
  const auto found = simple.find(name);
  if (found == simple.end()) fail_sql("UNSUPPORTED_DATATYPE", "Unsupported data type \"" + name + "\".", "0A000");
  return sql_type(found->second);
}

}  // namespace dbxauth::emulator
