// SPDX-License-Identifier: Apache-2.0
// SHOW, DESCRIBE and the statements that change rows.
#include "base/text.hpp"
#include "sql_parser.hpp"

namespace dbxauth::emulator {

// "SHOW CATALOGS", "SHOW SCHEMAS", "SHOW TABLES", "SHOW VIEWS", "SHOW VOLUMES", "SHOW USER FUNCTIONS", "SHOW GRANTS",
// "SHOW CREATE TABLE", "SHOW TBLPROPERTIES", "SHOW COLUMNS"
Statement SqlParser::parse_show() {
  Statement statement;
  statement.kind = StatementKind::show;
  if (take_words({"CREATE", "TABLE"})) {
    statement.text = "CREATE TABLE";
    statement.name = parse_name();
    return statement;
  }
  if (take_word("GRANTS") || take_word("GRANT")) {
    statement.text = "GRANTS";
    if (!at_word("ON")) statement.principal = parse_name_part("principal");
    expect_word("ON");
    statement.object = parse_object_kind(statement.is_view);
    if (statement.object != SecurableKind::metastore) statement.name = parse_name();
    return statement;
  }
  if (take_word("TBLPROPERTIES")) {
    statement.text = "TBLPROPERTIES";
    statement.name = parse_name();
    return statement;
  }
  if (take_word("COLUMNS")) {
    statement.text = "COLUMNS";
    if (!take_word("IN")) expect_word("FROM");
    statement.name = parse_name();
    return statement;
  }
  const bool functions = take_words({"USER", "FUNCTIONS"});
  if (functions) {
    statement.text = "FUNCTIONS";
  } else if (take_word("CATALOGS")) {
    statement.text = "CATALOGS";
  } else if (take_word("SCHEMAS") || take_word("DATABASES")) {
    statement.text = "SCHEMAS";
  } else if (take_word("TABLES")) {
    statement.text = "TABLES";
  } else if (take_word("VIEWS")) {
    statement.text = "VIEWS";
  } else if (take_word("VOLUMES")) {
    statement.text = "VOLUMES";
  } else {
    fail_here();
  }
  if (statement.text != "CATALOGS" && (take_word("IN") || take_word("FROM"))) statement.name = parse_name();
  take_word("LIKE");
  if (peek().kind == TokenKind::string) statement.pattern = parse_string();
  return statement;
}

// "DESCRIBE TABLE", "DESCRIBE SCHEMA", "DESCRIBE CATALOG", "DESCRIBE VOLUME", "DESCRIBE DETAIL", "DESCRIBE HISTORY"
Statement SqlParser::parse_describe() {
  Statement statement;
  statement.kind = StatementKind::describe;
  if (take_word("HISTORY")) {
    statement.text = "HISTORY";
  } else if (take_word("DETAIL")) {
    statement.text = "DETAIL";
  } else if (take_word("CATALOG")) {
    statement.text = "CATALOG";
    statement.object = SecurableKind::catalog;
    statement.cascade = take_word("EXTENDED");
  } else if (take_word("SCHEMA") || take_word("DATABASE")) {
    statement.text = "SCHEMA";
    statement.object = SecurableKind::schema;
    statement.cascade = take_word("EXTENDED");
  } else if (take_word("VOLUME")) {
    statement.text = "VOLUME";
    statement.object = SecurableKind::volume;
  } else if (take_word("FUNCTION")) {
    statement.text = "FUNCTION";
    statement.object = SecurableKind::function;
    statement.cascade = take_word("EXTENDED");
  } else {
    statement.text = "TABLE";
    take_word("TABLE");
    statement.cascade = take_word("EXTENDED") || take_word("FORMATTED");
  }
  statement.name = parse_name();
  return statement;
}

// "INSERT INTO": [TABLE] name [(columns)] {VALUES | query}; INSERT OVERWRITE [TABLE] name
Statement SqlParser::parse_insert() {
  Statement statement;
  statement.kind = StatementKind::insert;
  statement.overwrite = take_word("OVERWRITE");
  if (!statement.overwrite) expect_word("INTO");
  take_word("TABLE");
  statement.name = parse_name();
  if (at_symbol("(") && !at_word("SELECT", 1) && !at_word("WITH", 1)) {
    ++at_;
    do {
      statement.insert_columns.push_back(parse_name_part("column"));
    } while (take_symbol(","));
    expect_symbol(")");
  }
  if (!at_query()) fail_here();
  statement.query = parse_query();
  return statement;
}

// "DELETE FROM": name [WHERE condition]
Statement SqlParser::parse_delete() {
  Statement statement;
  statement.kind = StatementKind::delete_rows;
  expect_word("FROM");
  statement.name = parse_name();
  if (take_word("WHERE")) statement.expression = parse_expression();
  return statement;
}

// "UPDATE": name SET column = expression [, …] [WHERE condition]
Statement SqlParser::parse_update() {
  Statement statement;
  statement.kind = StatementKind::update_rows;
  statement.name = parse_name();
  expect_word("SET");
  do {
    const std::string column = parse_name_part("column");
    expect_symbol("=");
    statement.assignments.emplace_back(column, parse_expression());
  } while (take_symbol(","));
  if (take_word("WHERE")) statement.expression = parse_expression();
  return statement;
}

}  // namespace dbxauth::emulator
