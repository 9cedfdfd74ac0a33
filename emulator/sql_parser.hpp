// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sql_engine.hpp"
#include "sql_lexer.hpp"
#include "sql_syntax.hpp"

namespace dbxauth::emulator {

/// Recursive descent over Databricks SQL. Throws SqlFailure; what is not in its grammar is PARSE_SYNTAX_ERROR.
/// `parameters` outlive the parser: markers in IDENTIFIER() and in queries are replaced by their values while parsing.
class SqlParser {
 public:
  SqlParser(std::string_view sql, const std::vector<SqlParameter>& parameters);

  Statement parse_statement();       ///< Exactly one statement, to the end of the text.
  QueryPtr parse_whole_query();      ///< A view's or table function's text.
  ExprPtr parse_whole_expression();  ///< A scalar function's body or default.

 private:
  // tokens
  const Token& peek(std::size_t ahead = 0) const;
  bool at_word(std::string_view word, std::size_t ahead = 0) const;
  bool at_symbol(std::string_view symbol, std::size_t ahead = 0) const;
  bool take_word(std::string_view word);
  bool take_words(std::initializer_list<std::string_view> words);
  bool take_symbol(std::string_view symbol);
  void expect_word(std::string_view word);
  void expect_symbol(std::string_view symbol);
  [[noreturn]] void fail_here() const;
  void expect_end();
  std::string parse_name_part(std::string_view what);
  NameParts parse_name();
  std::string parse_string();
  std::int64_t parse_integer();
  std::string text_between(std::size_t begin_token, std::size_t end_token) const;
  /// Bounds recursion, so that no text can exhaust the stack.
  struct Depth {
    explicit Depth(int& level) : depth(level) {
      if (++depth > 200) {
        --depth;
        fail_sql("FAILED_TO_PARSE_TOO_COMPLEX", "The statement is nested too deeply.", "54001");
      }
    }
    ~Depth() { --depth; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    int& depth;
  };

  // statements (sql_parser.cpp)
  Statement parse_create();
  Statement parse_create_table(Statement statement);
  void parse_clone(Statement& statement);
  Statement parse_create_view(Statement statement);
  Statement parse_create_function(Statement statement);
  Statement parse_create_volume(Statement statement);
  Statement parse_drop();
  Statement parse_alter();
  void parse_alter_action(Statement& statement);
  void parse_alter_column(Statement& statement);
  Statement parse_comment();
  Statement parse_grant(bool grant);
  Statement parse_show();
  Statement parse_describe();
  Statement parse_insert();
  Statement parse_delete();
  Statement parse_update();
  bool take_if_not_exists();
  bool take_if_exists();
  SecurableKind parse_object_kind(bool& is_view);
  std::map<std::string, std::string> parse_properties();
  std::vector<std::string> parse_property_keys();
  std::map<std::string, std::string> parse_tags();
  ColumnInfo parse_column_definition();

  // queries (sql_query_parser.cpp)
  bool at_query() const;
  QueryPtr parse_query();
  std::unique_ptr<SetNode> parse_set(int minimum);
  std::unique_ptr<SetNode> parse_set_operand();
  std::unique_ptr<SelectNode> parse_select();
  std::unique_ptr<RelationNode> parse_relation();
  std::unique_ptr<RelationNode> parse_primary_relation();
  void parse_relation_alias(RelationNode& relation);
  std::vector<OrderItem> parse_order_items();
  ExprPtr parse_expression();
  ExprPtr parse_and();
  ExprPtr parse_not();
  ExprPtr parse_predicate();
  ExprPtr parse_binary(int level);
  ExprPtr parse_unary();
  ExprPtr parse_postfix();
  ExprPtr parse_primary();
  ExprPtr parse_word_expression();
  ExprPtr parse_case();
  ExprPtr parse_cast(bool try_cast);
  ExprPtr parse_call(NameParts name);
  WindowSpec parse_window();
  ExprPtr parse_parameter();
  SqlType parse_type();
  std::vector<ExprPtr> parse_expressions();
  ExprPtr make(ExprKind kind, std::size_t first_token) const;
  ExprPtr finish(ExprPtr expr) const;
  bool word_can_be_alias() const;

  std::string sql_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  const std::vector<SqlParameter>& parameters_;
  bool markers_allowed_ = true;
};

}  // namespace dbxauth::emulator
