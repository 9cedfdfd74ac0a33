// SPDX-License-Identifier: Apache-2.0
// Queries: "Databricks SQL language manual: Query", "SELECT", "JOIN", "Set operators".
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "sql_parser.hpp"

namespace dbxauth::emulator {

ExprPtr SqlParser::make(ExprKind kind, std::size_t first_token) const {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->begin = tokens_[first_token].begin;
  return expr;
}

ExprPtr SqlParser::finish(ExprPtr expr) const {
  expr->end = at_ == 0 ? 0 : tokens_[at_ - 1].end;
  return expr;
}

QueryPtr SqlParser::parse_whole_query() {
  if (!at_query()) fail_here();
  auto query = parse_query();
  expect_end();
  return query;
}

ExprPtr SqlParser::parse_whole_expression() {
  auto expr = parse_expression();
  expect_end();
  return expr;
}

bool SqlParser::at_query() const {
  std::size_t ahead = 0;
  while (at_symbol("(", ahead)) ++ahead;
  return at_word("SELECT", ahead) || at_word("WITH", ahead) || at_word("VALUES", ahead) ||
         (ahead == 0 && at_word("TABLE") && peek(1).kind != TokenKind::symbol && peek(1).kind != TokenKind::end);
}

bool SqlParser::word_can_be_alias() const {
  static constexpr std::array<std::string_view, 52> clause_words{
      "FROM",       "WHERE",       "GROUP",     "HAVING",  "ORDER", "LIMIT",   "OFFSET",  "UNION", "EXCEPT",
      "INTERSECT",  "MINUS",       "JOIN",      "LEFT",    "RIGHT", "FULL",    "INNER",   "CROSS", "ON",
      "USING",      "WINDOW",      "QUALIFY",   "ANTI",    "SEMI",  "NATURAL", "LATERAL", "SORT",  "CLUSTER",
      "DISTRIBUTE", "TABLESAMPLE", "PIVOT",     "UNPIVOT", "WHEN",  "THEN",    "ELSE",    "END",   "AS",
      "AND",        "OR",          "NOT",       "IN",      "IS",    "LIKE",    "BETWEEN", "SET",   "VALUES",
      "SELECT",     "VERSION",     "TIMESTAMP", "WITH",    "ASC",   "DESC",    "RLIKE"};
  return peek().kind == TokenKind::quoted_name ||
         (peek().kind == TokenKind::word &&
          std::find(clause_words.begin(), clause_words.end(), peek().upper) == clause_words.end());
}

QueryPtr SqlParser::parse_query() {
  const Depth guard(depth_);
  auto query = std::make_unique<QueryNode>();
  if (take_word("WITH")) {
    do {
      CommonTable table;
      table.name = parse_name_part("common table");
      if (take_symbol("(")) {
        do {
          table.columns.push_back(parse_name_part("column"));
        } while (take_symbol(","));
        expect_symbol(")");
      }
      take_word("AS");
      expect_symbol("(");
      table.query = parse_query();
      expect_symbol(")");
      query->with.push_back(std::move(table));
    } while (take_symbol(","));
  }
  query->body = parse_set(0);
  if (take_words({"ORDER", "BY"})) query->order_by = parse_order_items();
  if (take_word("LIMIT") && !take_word("ALL")) query->limit = parse_expression();
  if (take_word("OFFSET")) query->offset = parse_expression();
  return query;
}

std::unique_ptr<SetNode> SqlParser::parse_set(int minimum) {
  auto left = parse_set_operand();
  while (true) {
    const bool intersect = at_word("INTERSECT");
    const int precedence = intersect ? 2 : 1;
    if (!(intersect || at_word("UNION") || at_word("EXCEPT") || at_word("MINUS")) || precedence < minimum + 1)
      return left;
    std::string operation = peek().upper == "MINUS" ? "EXCEPT" : peek().upper;
    ++at_;
    if (take_word("ALL")) {
      // "Set operators": SQLite under the emulator has no multiset EXCEPT and INTERSECT.
      if (operation != "UNION") fail_sql("UNSUPPORTED_FEATURE", "The emulator has no " + operation + " ALL.", "0A000");
      operation = "UNION ALL";
    } else {
      take_word("DISTINCT");
    }
    auto node = std::make_unique<SetNode>();
    node->kind = SetNode::Kind::operation;
    node->operation = operation;
    node->left = std::move(left);
    node->right = parse_set(precedence);
    left = std::move(node);
  }
}

std::unique_ptr<SetNode> SqlParser::parse_set_operand() {
  auto node = std::make_unique<SetNode>();
  if (take_symbol("(")) {
    node->kind = SetNode::Kind::query;
    node->query = parse_query();
    expect_symbol(")");
  } else if (take_word("VALUES")) {
    node->kind = SetNode::Kind::values;
    do {
      if (take_symbol("(")) {
        node->values.push_back(parse_expressions());
        expect_symbol(")");
      } else {
        node->values.emplace_back();
        node->values.back().push_back(parse_expression());
      }
    } while (take_symbol(","));
  } else if (take_word("TABLE")) {  // "TABLE name" is SELECT * FROM name
    node->select = std::make_unique<SelectNode>();
    SelectItem item;
    item.expr = finish(make(ExprKind::star, at_));
    node->select->items.push_back(std::move(item));
    node->select->from = std::make_unique<RelationNode>();
    node->select->from->name = parse_name();
  } else {
    node->select = parse_select();
  }
  return node;
}

std::unique_ptr<SelectNode> SqlParser::parse_select() {
  expect_word("SELECT");
  auto select = std::make_unique<SelectNode>();
  select->distinct = take_word("DISTINCT");
  if (!select->distinct) take_word("ALL");
  do {
    SelectItem item;
    item.expr = parse_expression();
    if (take_word("AS")) {
      item.alias = parse_name_part("alias");
    } else if (word_can_be_alias()) {
      item.alias = parse_name_part("alias");
    }
    select->items.push_back(std::move(item));
  } while (take_symbol(","));
  if (take_word("FROM")) {
    select->from = parse_relation();
    while (take_symbol(",")) {
      auto join = std::make_unique<RelationNode>();
      join->kind = RelationNode::Kind::join;
      join->join_type = "CROSS";
      join->left = std::move(select->from);
      join->right = parse_relation();
      select->from = std::move(join);
    }
  }
  if (take_word("WHERE")) select->where = parse_expression();
  if (take_words({"GROUP", "BY"})) {
    if (take_word("ALL")) {
      select->group_by_all = true;
    } else {
      select->group_by = parse_expressions();
    }
  }
  if (take_word("HAVING")) select->having = parse_expression();
  return select;
}

std::unique_ptr<RelationNode> SqlParser::parse_relation() {
  const Depth guard(depth_);
  auto left = parse_primary_relation();
  while (true) {
    std::string type;
    if (take_words({"LEFT", "SEMI", "JOIN"})) {
      type = "LEFT SEMI";
    } else if (take_words({"LEFT", "ANTI", "JOIN"})) {
      type = "LEFT ANTI";
    } else if (take_words({"LEFT", "OUTER", "JOIN"}) || take_words({"LEFT", "JOIN"})) {
      type = "LEFT";
    } else if (take_words({"RIGHT", "OUTER", "JOIN"}) || take_words({"RIGHT", "JOIN"})) {
      type = "RIGHT";
    } else if (take_words({"FULL", "OUTER", "JOIN"}) || take_words({"FULL", "JOIN"})) {
      type = "FULL";
    } else if (take_words({"CROSS", "JOIN"})) {
      type = "CROSS";
    } else if (take_words({"INNER", "JOIN"}) || take_word("JOIN")) {
      type = "INNER";
    } else {
      return left;
    }
    auto join = std::make_unique<RelationNode>();
    join->kind = RelationNode::Kind::join;
    join->join_type = type;
    join->left = std::move(left);
    join->right = parse_primary_relation();
    if (type != "CROSS" && take_word("ON")) {
      join->on = parse_expression();
    } else if (type != "CROSS" && take_word("USING")) {
      expect_symbol("(");
      do {
        join->using_columns.push_back(parse_name_part("column"));
      } while (take_symbol(","));
      expect_symbol(")");
    }
    left = std::move(join);
  }
}

std::unique_ptr<RelationNode> SqlParser::parse_primary_relation() {
  auto relation = std::make_unique<RelationNode>();
  if (at_symbol("(") && at_query()) {
    ++at_;
    relation->kind = RelationNode::Kind::query;
    relation->query = parse_query();
    expect_symbol(")");
  } else if (take_symbol("(")) {
    relation = parse_relation();
    expect_symbol(")");
    return relation;
  } else if (at_word("VALUES")) {
    relation->kind = RelationNode::Kind::query;
    relation->query = std::make_unique<QueryNode>();
    relation->query->body = parse_set_operand();
  } else {
    const bool wrapped = at_word("TABLE") && at_symbol("(", 1);
    if (wrapped) at_ += 2;
    relation->name = parse_name();
    if (take_symbol("(")) {
      relation->kind = RelationNode::Kind::function;
      if (!at_symbol(")")) relation->args = parse_expressions();
      expect_symbol(")");
    } else if (wrapped) {
      fail_here();
    }
    if (wrapped) expect_symbol(")");
    if (take_words({"VERSION", "AS", "OF"})) relation->version = parse_integer();
  }
  parse_relation_alias(*relation);
  return relation;
}

void SqlParser::parse_relation_alias(RelationNode& relation) {
  if (take_word("AS")) {
    relation.alias = parse_name_part("alias");
  } else if (word_can_be_alias()) {
    relation.alias = parse_name_part("alias");
  }
  if (!relation.alias.empty() && take_symbol("(")) {
    do {
      relation.column_aliases.push_back(parse_name_part("column"));
    } while (take_symbol(","));
    expect_symbol(")");
  }
}

std::vector<OrderItem> SqlParser::parse_order_items() {
  std::vector<OrderItem> items;
  do {
    OrderItem item;
    item.expr = parse_expression();
    if (take_word("DESC")) {
      item.descending = true;
    } else {
      take_word("ASC");
    }
    if (take_words({"NULLS", "FIRST"})) {
      item.nulls_first = true;
    } else if (take_words({"NULLS", "LAST"})) {
      item.nulls_first = false;
    }
    items.push_back(std::move(item));
  } while (take_symbol(","));
  return items;
}

std::vector<ExprPtr> SqlParser::parse_expressions() {
  std::vector<ExprPtr> list;
  do {
    list.push_back(parse_expression());
  } while (take_symbol(","));
  return list;
}

}  // namespace dbxauth::emulator
