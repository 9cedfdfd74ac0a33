// SPDX-License-Identifier: Apache-2.0
#include "sql_parser.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace dbxauth::emulator {

SqlParser::SqlParser(std::string_view sql, const std::vector<SqlParameter>& parameters)
    : sql_(sql), tokens_(tokenize_sql(sql)), parameters_(parameters) {}

// --- tokens

const Token& SqlParser::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}
bool SqlParser::at_word(std::string_view word, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::word && peek(ahead).upper == word;
}
bool SqlParser::at_symbol(std::string_view symbol, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::symbol && peek(ahead).text == symbol;
}
bool SqlParser::take_word(std::string_view word) {
  if (!at_word(word)) return false;
  ++at_;
  return true;
}
bool SqlParser::take_words(std::initializer_list<std::string_view> words) {
  std::size_t ahead = 0;
  for (const auto word : words) {
    if (!at_word(word, ahead++)) return false;
  }
  at_ += words.size();
  return true;
}
bool SqlParser::take_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  ++at_;
  return true;
}
void SqlParser::expect_word(std::string_view word) {
  if (!take_word(word)) fail_here();
}
void SqlParser::expect_symbol(std::string_view symbol) {
  if (!take_symbol(symbol)) fail_here();
}

void SqlParser::fail_here() const {
  const Token& token = peek();
  const std::string near =
      token.kind == TokenKind::end
          ? "end of input"
          : "'" + sql_.substr(token.begin, std::min<std::size_t>(token.end - token.begin, 60)) + "'";
  const auto line = 1 + std::count(sql_.begin(), sql_.begin() + static_cast<std::ptrdiff_t>(token.begin), '\n');
  const auto line_start = sql_.rfind('\n', token.begin == 0 ? 0 : token.begin - 1);
  const std::size_t column = line_start == std::string::npos || line == 1 ? token.begin : token.begin - line_start - 1;
  fail_sql(
      "PARSE_SYNTAX_ERROR",
      "Syntax error at or near " + near + ". (line " + std::to_string(line) + ", pos " + std::to_string(column) + ")",
      "42601");
}

void SqlParser::expect_end() {
  while (take_symbol(";")) {
  }
  if (peek().kind != TokenKind::end) fail_here();
}

std::string SqlParser::text_between(std::size_t begin_token, std::size_t end_token) const {
  if (end_token <= begin_token) return {};
  const std::size_t begin = tokens_[begin_token].begin;
  return sql_.substr(begin, tokens_[end_token - 1].end - begin);
}

std::string SqlParser::parse_name_part(std::string_view) {
  const Token& token = peek();
  if (token.kind != TokenKind::quoted_name && token.kind != TokenKind::word) fail_here();
  // "Identifiers: unquoted identifiers consist of letters, digits and _"; `my-catalog` without back-ticks is refused.
  if (token.kind == TokenKind::word && at_symbol("-", 1) && peek(1).begin == token.end &&
      peek(2).begin == peek(1).end && peek(2).kind == TokenKind::word) {
    fail_sql("INVALID_IDENTIFIER",
             "The unquoted identifier " + token.text + "-" + peek(2).text +
                 " is invalid and must be back quoted as: `" + token.text + "-" + peek(2).text + "`.",
             "42602");
  }
  ++at_;
  return token.text;
}

// "IDENTIFIER clause": a constant string is a name; the only place where DDL takes a parameter marker.
NameParts SqlParser::parse_name() {
  if (at_word("IDENTIFIER") && at_symbol("(", 1)) {
    at_ += 2;
    const bool allowed = markers_allowed_;
    markers_allowed_ = true;
    const ExprPtr expr = parse_expression();
    markers_allowed_ = allowed;
    expect_symbol(")");
    std::string text;
    const auto append = [&](const Expr& piece, const auto& self) -> void {
      if (piece.kind == ExprKind::literal && !piece.is_null_literal && piece.type.is("string")) {
        text += piece.text;
      } else if (piece.kind == ExprKind::binary && piece.text == "||") {
        self(*piece.args[0], self);
        self(*piece.args[1], self);
      } else {
        fail_sql(
            "NOT_A_CONSTANT_STRING.NOT_CONSTANT",
            "The expression used for the routine or clause IDENTIFIER must be a constant STRING which is NOT NULL.",
            "42601");
      }
    };
    append(*expr, append);
    SqlParser inner(text, parameters_);
    NameParts parts = inner.parse_name();
    if (inner.peek().kind != TokenKind::end) inner.fail_here();
    return parts;
  }
  NameParts parts{parse_name_part("name")};
  while (at_symbol(".")) {
    ++at_;
    parts.push_back(parse_name_part("name"));
  }
  return parts;
}

std::string SqlParser::parse_string() {
  if (peek().kind != TokenKind::string) {
    if (peek().kind == TokenKind::parameter) (void)parse_parameter();
    fail_here();
  }
  return tokens_[at_++].text;
}

std::int64_t SqlParser::parse_integer() {
  const Token& token = peek();
  if (token.kind != TokenKind::number || token.text.size() > 18 ||
      token.text.find_first_not_of("0123456789") != std::string::npos)
    fail_here();
  ++at_;
  return std::stoll(token.text);
}

bool SqlParser::take_if_not_exists() {
  return take_words({"IF", "NOT", "EXISTS"});
}
bool SqlParser::take_if_exists() {
  return take_words({"IF", "EXISTS"});
}

// --- statements

Statement SqlParser::parse_statement() {
  if (peek().kind == TokenKind::end) fail_here();
  Statement statement;
  markers_allowed_ = at_query() || at_word("INSERT") || at_word("DELETE") || at_word("UPDATE");
  if (at_query()) {
    statement.query = parse_query();
  } else if (take_word("CREATE") || at_word("REPLACE")) {
    statement = parse_create();
  } else if (take_word("DROP")) {
    statement = parse_drop();
  } else if (take_word("ALTER")) {
    statement = parse_alter();
  } else if (take_word("COMMENT")) {
    statement = parse_comment();
  } else if (take_word("GRANT")) {
    statement = parse_grant(true);
  } else if (take_word("REVOKE")) {
    statement = parse_grant(false);
  } else if (take_word("SHOW")) {
    statement = parse_show();
  } else if (take_word("DESCRIBE") || take_word("DESC")) {
    statement = parse_describe();
  } else if (take_word("INSERT")) {
    statement = parse_insert();
  } else if (take_word("DELETE")) {
    statement = parse_delete();
  } else if (take_word("UPDATE")) {
    statement = parse_update();
  } else if (take_word("TRUNCATE")) {  // "TRUNCATE TABLE"
    expect_word("TABLE");
    statement.kind = StatementKind::truncate;
    statement.name = parse_name();
  } else if (take_word("USE")) {  // "USE CATALOG", "USE SCHEMA"; without effect on the next call
    statement.kind = StatementKind::use;
    if (take_word("CATALOG")) {
      statement.object = SecurableKind::catalog;
    } else {
      statement.object = SecurableKind::schema;
      if (!take_word("SCHEMA")) take_word("DATABASE");
    }
    statement.name = parse_name();
  } else {
    fail_here();
  }
  expect_end();
  return statement;
}

// "TBLPROPERTIES": keys are strings or dotted words; values are literals.
std::map<std::string, std::string> SqlParser::parse_properties() {
  std::map<std::string, std::string> properties;
  expect_symbol("(");
  do {
    std::string key;
    if (peek().kind == TokenKind::string) {
      key = parse_string();
    } else {
      key = base::join(parse_name(), ".");
    }
    take_symbol("=");
    const Token& value = peek();
    if (value.kind == TokenKind::string) {
      properties[key] = parse_string();
    } else if (value.kind == TokenKind::number || at_word("TRUE") || at_word("FALSE")) {
      properties[key] = value.kind == TokenKind::number ? value.text : base::to_lower(value.text);
      ++at_;
    } else {
      if (value.kind == TokenKind::parameter) (void)parse_parameter();
      fail_here();
    }
  } while (take_symbol(","));
  expect_symbol(")");
  return properties;
}

std::vector<std::string> SqlParser::parse_property_keys() {
  std::vector<std::string> keys;
  expect_symbol("(");
  do {
    keys.push_back(peek().kind == TokenKind::string ? parse_string() : base::join(parse_name(), "."));
  } while (take_symbol(","));
  expect_symbol(")");
  return keys;
}

// "ALTER TABLE: SET TAGS ({ tag_name = tag_value } [, ...])"; a tag without a value is allowed.
std::map<std::string, std::string> SqlParser::parse_tags() {
  std::map<std::string, std::string> tags;
  expect_symbol("(");
  do {
    const std::string key = parse_string();
    tags[key] = take_symbol("=") ? parse_string() : std::string();
  } while (take_symbol(","));
  expect_symbol(")");
  return tags;
}

Statement SqlParser::parse_create() {
  Statement statement;
  if (take_words({"OR", "REPLACE"})) {
    statement.or_replace = true;
  } else if (take_word("REPLACE")) {  // "REPLACE TABLE … CLONE": the table must exist
    statement.or_replace = statement.must_exist = true;
    if (!at_word("TABLE")) fail_here();
  }
  if (take_word("TABLE")) return parse_create_table(std::move(statement));
  if (take_word("VIEW")) return parse_create_view(std::move(statement));
  if (take_word("FUNCTION")) return parse_create_function(std::move(statement));
  if (take_words({"EXTERNAL", "TABLE"})) {
    statement.external = true;
    return parse_create_table(std::move(statement));
  }
  if (statement.or_replace) fail_here();
  if (at_word("VOLUME") || (at_word("EXTERNAL") && at_word("VOLUME", 1)))
    return parse_create_volume(std::move(statement));
  // "CREATE CATALOG", "CREATE SCHEMA"
  const bool catalog = at_word("CATALOG");
  if (!catalog && !at_word("SCHEMA") && !at_word("DATABASE")) fail_here();
  ++at_;
  statement.kind = catalog ? StatementKind::create_catalog : StatementKind::create_schema;
  statement.if_not_exists = take_if_not_exists();
  statement.name = parse_name();
  while (true) {
    if (take_words({"MANAGED", "LOCATION"})) {
      statement.location = parse_string();
    } else if (take_word("COMMENT")) {
      statement.comment = parse_string();
    } else if (!catalog && take_words({"WITH", "DBPROPERTIES"})) {
      statement.properties = parse_properties();
    } else {
      return statement;
    }
  }
}

ColumnInfo SqlParser::parse_column_definition() {
  ColumnInfo column;
  column.name = parse_name_part("column");
  column.type_text = parse_type().text;
  while (true) {
    if (take_words({"NOT", "NULL"})) {
      column.nullable = false;
    } else if (take_word("COMMENT")) {
      column.comment = parse_string();
    } else {
      return column;
    }
  }
}

// "CREATE TABLE [USING]", "CREATE TABLE CLONE"
Statement SqlParser::parse_create_table(Statement statement) {
  statement.kind = StatementKind::create_table;
  statement.if_not_exists = take_if_not_exists();
  if (statement.if_not_exists && statement.or_replace) fail_here();
  statement.name = parse_name();
  if (at_word("CLONE") || at_word("SHALLOW") || at_word("DEEP")) {
    parse_clone(statement);
    return statement;
  }
  if (take_symbol("(")) {
    do {
      statement.columns.push_back(parse_column_definition());
    } while (take_symbol(","));
    expect_symbol(")");
  }
  while (true) {
    if (take_word("USING")) {
      const std::string format = base::to_upper(parse_name_part("format"));
      if (format != "DELTA")
        fail_sql("UNSUPPORTED_DATASOURCE", "The emulator stores Delta tables only, not " + format + ".", "0A000");
    } else if (take_word("LOCATION")) {
      statement.location = parse_string();
      statement.external = true;
    } else if (take_word("COMMENT")) {
      statement.comment = parse_string();
    } else if (take_word("TBLPROPERTIES")) {
      statement.properties = parse_properties();
    } else if (take_word("AS") || at_query()) {
      statement.kind = StatementKind::create_table_as;
      if (!statement.columns.empty()) fail_here();
      markers_allowed_ = true;  // The query of CREATE TABLE AS is a query.
      statement.query = parse_query();
      return statement;
    } else {
      return statement;
    }
  }
}

// "CREATE TABLE CLONE": [SHALLOW | DEEP] CLONE source [VERSION AS OF n] [TBLPROPERTIES] [LOCATION]
void SqlParser::parse_clone(Statement& statement) {
  statement.kind = StatementKind::clone_table;
  if (take_word("SHALLOW")) {
    statement.clone_type = "SHALLOW";
  } else {
    take_word("DEEP");
  }
  expect_word("CLONE");
  statement.source = parse_name();
  if (take_words({"VERSION", "AS", "OF"})) {
    statement.version = parse_integer();
  } else if (at_word("TIMESTAMP") && at_word("AS", 1)) {
    fail_sql("UNSUPPORTED_FEATURE", "The emulator keeps no history of rows: TIMESTAMP AS OF is not available.",
             "0A000");
  }
  if (take_word("TBLPROPERTIES")) statement.properties = parse_properties();
  if (take_word("LOCATION")) {
    statement.location = parse_string();
    statement.external = true;
  }
}

// "CREATE VIEW": [IF NOT EXISTS] name [(column [COMMENT] , …)] [COMMENT] [TBLPROPERTIES] AS query
Statement SqlParser::parse_create_view(Statement statement) {
  statement.kind = StatementKind::create_view;
  statement.if_not_exists = take_if_not_exists();
  if (statement.if_not_exists && statement.or_replace) fail_here();
  statement.name = parse_name();
  if (take_symbol("(")) {
    do {
      ColumnInfo column;
      column.name = parse_name_part("column");
      if (take_word("COMMENT")) column.comment = parse_string();
      statement.columns.push_back(std::move(column));
    } while (take_symbol(","));
    expect_symbol(")");
  }
  while (!take_word("AS")) {
    if (take_word("COMMENT")) {
      statement.comment = parse_string();
    } else if (take_word("TBLPROPERTIES")) {
      statement.properties = parse_properties();
    } else if (take_words({"WITH", "SCHEMA"})) {
      if (!take_word("BINDING") && !take_word("COMPENSATION") && !take_word("EVOLUTION") &&
          !take_words({"TYPE", "EVOLUTION"}))
        fail_here();
    } else {
      fail_here();
    }
  }
  const std::size_t first = at_;
  statement.query = parse_query();
  statement.text = text_between(first, at_);
  return statement;
}

// "CREATE FUNCTION (SQL and Python)"
Statement SqlParser::parse_create_function(Statement statement) {
  statement.kind = StatementKind::create_function;
  statement.if_not_exists = take_if_not_exists();
  if (statement.if_not_exists && statement.or_replace) fail_here();
  statement.name = parse_name();
  FunctionInfo& function = statement.function;
  expect_symbol("(");
  if (!take_symbol(")")) {
    do {
      ParameterInfo parameter;
      parameter.name = parse_name_part("parameter");
      parameter.type_text = parse_type().text;
      while (true) {
        if (take_word("DEFAULT")) {
          const std::size_t first = at_;
          (void)parse_expression();
          parameter.default_text = text_between(first, at_);
        } else if (take_word("COMMENT")) {
          parameter.comment = parse_string();
        } else {
          break;
        }
      }
      function.parameters.push_back(std::move(parameter));
    } while (take_symbol(","));
    expect_symbol(")");
  }
  if (take_word("RETURNS")) {
    if (take_word("TABLE")) {
      function.is_table_function = true;
      if (take_symbol("(")) {
        do {
          ColumnInfo column;
          column.name = parse_name_part("column");
          column.type_text = parse_type().text;
          if (take_word("COMMENT")) column.comment = parse_string();
          function.return_columns.push_back(std::move(column));
        } while (take_symbol(","));
        expect_symbol(")");
      }
    } else {
      function.full_data_type = parse_type().text;
    }
  }
  bool python = false;
  while (true) {
    if (take_word("LANGUAGE")) {
      if (take_word("PYTHON")) {
        python = true;
      } else {
        expect_word("SQL");
      }
    } else if (take_words({"NOT", "DETERMINISTIC"})) {
      function.is_deterministic = false;
    } else if (take_word("DETERMINISTIC")) {
      function.is_deterministic = true;
    } else if (take_word("COMMENT")) {
      statement.comment = parse_string();
    } else if (take_words({"CONTAINS", "SQL"}) || take_words({"READS", "SQL", "DATA"})) {
      continue;
    } else {
      break;
    }
  }
  if (python) {
    if (function.full_data_type.empty()) fail_here();
    expect_word("AS");
    if (peek().kind != TokenKind::dollar_text && peek().kind != TokenKind::string) fail_here();
    function.routine_body = "EXTERNAL";
    function.external_language = "Python";
    function.routine_definition = tokens_[at_++].text;
    return statement;
  }
  expect_word("RETURN");
  const std::size_t first = at_;
  if (function.is_table_function) {
    if (!at_query()) fail_here();
    statement.query = parse_query();
  } else {
    statement.expression = parse_expression();
  }
  function.routine_definition = text_between(first, at_);
  return statement;
}

// "CREATE VOLUME": [EXTERNAL] VOLUME [IF NOT EXISTS] name [LOCATION] [COMMENT]
Statement SqlParser::parse_create_volume(Statement statement) {
  statement.kind = StatementKind::create_volume;
  statement.object = SecurableKind::volume;
  statement.external = take_word("EXTERNAL");
  expect_word("VOLUME");
  statement.if_not_exists = take_if_not_exists();
  statement.name = parse_name();
  while (true) {
    if (take_word("LOCATION")) {
      statement.location = parse_string();
    } else if (take_word("COMMENT")) {
      statement.comment = parse_string();
    } else {
      break;
    }
  }
  if (statement.external == statement.location.empty()) fail_here();
  return statement;
}

SecurableKind SqlParser::parse_object_kind(bool& is_view) {
  is_view = false;
  if (take_word("CATALOG")) return SecurableKind::catalog;
  if (take_word("SCHEMA") || take_word("DATABASE")) return SecurableKind::schema;
  if (take_word("TABLE")) return SecurableKind::table;
  if (take_word("FUNCTION")) return SecurableKind::function;
  if (take_word("VOLUME")) return SecurableKind::volume;
  if (take_word("METASTORE")) return SecurableKind::metastore;
  if (!take_word("VIEW")) fail_here();
  is_view = true;
  return SecurableKind::table;
}

// "DROP CATALOG", "DROP SCHEMA", "DROP TABLE", "DROP VIEW", "DROP FUNCTION", "DROP VOLUME"
Statement SqlParser::parse_drop() {
  Statement statement;
  statement.kind = StatementKind::drop;
  statement.object = parse_object_kind(statement.is_view);
  if (statement.object == SecurableKind::metastore) fail_here();
  statement.if_exists = take_if_exists();
  statement.name = parse_name();
  if (statement.object == SecurableKind::catalog || statement.object == SecurableKind::schema) {
    statement.cascade = take_word("CASCADE");
    if (!statement.cascade) take_word("RESTRICT");
  }
  return statement;
}

// "ALTER CATALOG", "ALTER SCHEMA", "ALTER TABLE", "ALTER VIEW", "ALTER VOLUME"
Statement SqlParser::parse_alter() {
  Statement statement;
  statement.kind = StatementKind::alter;
  statement.object = parse_object_kind(statement.is_view);
  if (statement.object == SecurableKind::metastore) fail_here();
  statement.name = parse_name();
  parse_alter_action(statement);
  return statement;
}

void SqlParser::parse_alter_action(Statement& statement) {
  const bool table = statement.object == SecurableKind::table;
  if (take_words({"SET", "OWNER", "TO"}) || take_words({"OWNER", "TO"})) {
    statement.text = "OWNER";
    statement.principal = parse_name_part("principal");
  } else if (take_words({"SET", "TAGS"})) {
    statement.text = "SET TAGS";
    statement.tags = parse_tags();
  } else if (take_words({"UNSET", "TAGS"})) {
    statement.text = "UNSET TAGS";
    statement.keys = parse_property_keys();
  } else if (table && take_words({"SET", "TBLPROPERTIES"})) {
    statement.text = "SET PROPERTIES";
    statement.properties = parse_properties();
  } else if (table && take_words({"UNSET", "TBLPROPERTIES"})) {
    statement.text = "UNSET PROPERTIES";
    statement.if_exists = take_if_exists();
    statement.keys = parse_property_keys();
  } else if (statement.object == SecurableKind::schema && take_words({"SET", "DBPROPERTIES"})) {
    statement.text = "SET PROPERTIES";
    statement.properties = parse_properties();
  } else if ((table || statement.object == SecurableKind::volume) && take_words({"RENAME", "TO"})) {
    statement.text = "RENAME";
    statement.new_name = parse_name();
  } else if (table && (take_words({"ALTER", "COLUMN"}) || take_words({"CHANGE", "COLUMN"}) || take_word("ALTER"))) {
    parse_alter_column(statement);
  } else {
    fail_here();
  }
}

// "ALTER TABLE … ALTER COLUMN": COMMENT, SET TAGS, UNSET TAGS
void SqlParser::parse_alter_column(Statement& statement) {
  statement.column = parse_name_part("column");
  if (take_word("COMMENT")) {
    statement.text = "COLUMN COMMENT";
    statement.comment = parse_string();
  } else if (take_words({"SET", "TAGS"})) {
    statement.text = "SET TAGS";
    statement.tags = parse_tags();
  } else if (take_words({"UNSET", "TAGS"})) {
    statement.text = "UNSET TAGS";
    statement.keys = parse_property_keys();
  } else {
    fail_here();
  }
}

// "COMMENT ON": {CATALOG | SCHEMA | TABLE | VOLUME | FUNCTION | COLUMN} name IS {string | NULL}. TABLE takes views,
// too; there is no COMMENT ON VIEW.
Statement SqlParser::parse_comment() {
  Statement statement;
  statement.kind = StatementKind::comment;
  expect_word("ON");
  if (take_word("COLUMN")) {
    statement.name = parse_name();
    if (statement.name.size() < 2) fail_here();
    statement.column = statement.name.back();
    statement.name.pop_back();
  } else {
    if (at_word("VIEW") || at_word("METASTORE")) fail_here();
    statement.object = parse_object_kind(statement.is_view);
    statement.name = parse_name();
  }
  expect_word("IS");
  if (!take_word("NULL")) statement.comment = parse_string();
  return statement;
}

// "GRANT", "REVOKE": privilege [, …] ON securable {TO | FROM} principal
Statement SqlParser::parse_grant(bool grant) {
  Statement statement;
  statement.kind = grant ? StatementKind::grant : StatementKind::revoke;
  do {
    std::string privilege;
    while (peek().kind == TokenKind::word && !at_word("ON")) {
      privilege += (privilege.empty() ? "" : " ") + peek().upper;
      ++at_;
    }
    // SQL spells privileges with spaces; the REST spelling with underscores is not a SQL privilege.
    const bool underscore = privilege.find('_') != std::string::npos;
    if (privilege.empty() || underscore || !privilege_from_name(privilege)) {
      --at_;
      fail_here();
    }
    statement.keys.push_back(privilege);
  } while (take_symbol(","));
  expect_word("ON");
  // "Securable objects": a name without a type is a table.
  const bool typed = (at_word("CATALOG") || at_word("SCHEMA") || at_word("DATABASE") || at_word("TABLE") ||
                      at_word("VIEW") || at_word("FUNCTION") || at_word("VOLUME")) &&
                     !at_symbol(".", 1);
  if (take_word("METASTORE")) {
    statement.object = SecurableKind::metastore;
  } else {
    if (typed) statement.object = parse_object_kind(statement.is_view);
    statement.name = parse_name();
  }
  expect_word(grant ? "TO" : "FROM");
  statement.principal = parse_name_part("principal");
  return statement;
}

}  // namespace dbxauth::emulator
