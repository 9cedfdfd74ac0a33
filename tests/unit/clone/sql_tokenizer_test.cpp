// SPDX-License-Identifier: Apache-2.0
#include "clone/sql_tokenizer.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace dbxauth::clone;
using Kind = SqlTokenKind;

namespace {

struct Expected {
  Kind kind;
  std::string text;
  bool unterminated = false;
};

std::string joined(const std::vector<SqlToken>& tokens) {
  std::string text;
  for (const SqlToken& token : tokens) text += token.text;
  return text;
}

void check_tokens(const std::string& sql, const std::vector<Expected>& expected) {
  INFO(sql);
  std::vector<SqlToken> tokens;
  for (const SqlToken& token : tokenize_sql(sql)) {
    if (token.kind != Kind::white_space) tokens.push_back(token);
  }
  REQUIRE(tokens.size() == expected.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    CHECK(tokens[i].text == expected[i].text);
    CHECK(tokens[i].kind == expected[i].kind);
    CHECK(tokens[i].unterminated == expected[i].unterminated);
  }
  CHECK(joined(tokenize_sql(sql)) == sql);
}

}  // namespace

TEST_CASE("names are split from what surrounds them") {
  check_tokens("a.b", {{Kind::identifier, "a"}, {Kind::symbol, "."}, {Kind::identifier, "b"}});
  check_tokens("`a``b`.`c.d`",
               {{Kind::quoted_identifier, "`a``b`"}, {Kind::symbol, "."}, {Kind::quoted_identifier, "`c.d`"}});
  check_tokens("größe_1", {{Kind::identifier, "größe_1"}});
  check_tokens("a.2024_x.b", {{Kind::identifier, "a"},
                              {Kind::symbol, "."},
                              {Kind::identifier, "2024_x"},
                              {Kind::symbol, "."},
                              {Kind::identifier, "b"}});
  check_tokens("x::int", {{Kind::identifier, "x"}, {Kind::symbol, "::"}, {Kind::identifier, "int"}});
}

TEST_CASE("strings end where Databricks ends them") {
  check_tokens(R"('it\'s')", {{Kind::string_literal, R"('it\'s')"}});
  check_tokens("'it''s' 'x'", {{Kind::string_literal, "'it''s'"}, {Kind::string_literal, "'x'"}});
  check_tokens(R"("a'b\"c")", {{Kind::string_literal, R"("a'b\"c")"}});
  check_tokens(R"(r'\' a)", {{Kind::string_literal, R"(r'\')"}, {Kind::identifier, "a"}});
  check_tokens(R"(R"\" a)", {{Kind::string_literal, R"(R"\")"}, {Kind::identifier, "a"}});
  check_tokens("X'1F'", {{Kind::string_literal, "X'1F'"}});
  check_tokens(R"('\\' a)", {{Kind::string_literal, R"('\\')"}, {Kind::identifier, "a"}});
}

TEST_CASE("comments nest and hide everything in them") {
  check_tokens("a -- 'b\nc", {{Kind::identifier, "a"}, {Kind::comment, "-- 'b"}, {Kind::identifier, "c"}});
  check_tokens("a -- b\\\nc\nd", {{Kind::identifier, "a"}, {Kind::comment, "-- b\\\nc"}, {Kind::identifier, "d"}});
  check_tokens("/* a /* b */ c */d", {{Kind::comment, "/* a /* b */ c */"}, {Kind::identifier, "d"}});
  check_tokens("a - -b", {{Kind::identifier, "a"}, {Kind::symbol, "-"}, {Kind::symbol, "-"}, {Kind::identifier, "b"}});
}

TEST_CASE("numbers, parameters and operators") {
  check_tokens("1 1.5 .5 1e10 1.5E-3 10L 2.0BD 1.", {{Kind::number, "1"},
                                                     {Kind::number, "1.5"},
                                                     {Kind::number, ".5"},
                                                     {Kind::number, "1e10"},
                                                     {Kind::number, "1.5E-3"},
                                                     {Kind::number, "10L"},
                                                     {Kind::number, "2.0BD"},
                                                     {Kind::number, "1."}});
  check_tokens("1e10a", {{Kind::identifier, "1e10a"}});
  check_tokens(":name ? a<=>b", {{Kind::parameter, ":name"},
                                 {Kind::parameter, "?"},
                                 {Kind::identifier, "a"},
                                 {Kind::symbol, "<=>"},
                                 {Kind::identifier, "b"}});
  check_tokens("x -> x || 'y'", {{Kind::identifier, "x"},
                                 {Kind::symbol, "->"},
                                 {Kind::identifier, "x"},
                                 {Kind::symbol, "||"},
                                 {Kind::string_literal, "'y'"}});
}

TEST_CASE("bodies between dollars are one token") {
  check_tokens("AS $$ return 'x' $ y $$", {{Kind::identifier, "AS"}, {Kind::dollar_body, "$$ return 'x' $ y $$"}});
}

TEST_CASE("what the end cuts off is flagged") {
  check_tokens("'abc", {{Kind::string_literal, "'abc", true}});
  check_tokens("'abc\\", {{Kind::string_literal, "'abc\\", true}});
  check_tokens("r'", {{Kind::string_literal, "r'", true}});
  check_tokens("`abc``", {{Kind::quoted_identifier, "`abc``", true}});
  check_tokens("/* /* */", {{Kind::comment, "/* /* */", true}});
  check_tokens("$$ x $", {{Kind::dollar_body, "$$ x $", true}});
  check_tokens("-- x", {{Kind::comment, "-- x"}});
}

TEST_CASE("Unicode spaces are white space") {
  const std::string sql =
      "a\xC2\xA0.\xE3\x80\x80"
      "b\xEF\xBB\xBF";
  const auto tokens = tokenize_sql(sql);
  REQUIRE(tokens.size() == 6);
  CHECK(tokens[0].text == "a");
  CHECK(tokens[1].kind == Kind::white_space);
  CHECK(tokens[4].text == "b");
  CHECK(tokens[5].kind == Kind::white_space);
}

TEST_CASE("any bytes survive, lossless and without empty tokens") {
  std::mt19937 random(20260101);
  const std::string alphabet = "`'\"$-/*\\.:;()ra1_ \n\xC3\xA4\xE2\x80\x80\xFF";
  for (int round = 0; round < 3000; ++round) {
    std::string sql;
    const std::size_t length = random() % 40;
    while (sql.size() < length) sql += alphabet[random() % alphabet.size()];
    const auto tokens = tokenize_sql(sql);
    CHECK(joined(tokens) == sql);
    for (const SqlToken& token : tokens) CHECK_FALSE(token.text.empty());
    for (const SqlToken& token : tokens) (void)identifier_name(token);
    (void)without_terminator(sql);
    (void)embedding_obstacle(sql);
  }
}

TEST_CASE("names lose their back-ticks") {
  CHECK(identifier_name(tokenize_sql("`a``b`")[0]) == "a`b");
  CHECK(identifier_name(tokenize_sql("abc")[0]) == "abc");
  CHECK(identifier_name(tokenize_sql("``")[0]).empty());
}

TEST_CASE("texts are compared by tokens") {
  CHECK(same_sql("SELECT a FROM b", "select  a -- why\nfrom b ;"));
  CHECK_FALSE(same_sql("SELECT 'a'", "SELECT 'A'"));
  CHECK_FALSE(same_sql("SELECT `a`", "SELECT `A`"));
  CHECK_FALSE(same_sql("SELECT a", "SELECT a, b"));
  CHECK_FALSE(same_sql("SELECT a", "SELECT 'a'"));
}

TEST_CASE("texts that would break out of a statement are refused") {
  CHECK(embedding_obstacle("SELECT (1), 'a;b' /* ; */").empty());
  CHECK(embedding_obstacle("SELECT 1; DROP TABLE x") == "it holds more than one statement");
  CHECK(embedding_obstacle("SELECT (1") == "its brackets do not match");
  CHECK(embedding_obstacle("SELECT 1)") == "its brackets do not match");
  CHECK(embedding_obstacle("SELECT (1]") == "its brackets do not match");
  CHECK(embedding_obstacle("SELECT 'a") == "it ends inside a literal, a comment or a quoted name");
}

TEST_CASE("terminators are cut off") {
  CHECK(without_terminator("  SELECT 1 ;\n; ") == "SELECT 1");
  CHECK(without_terminator("SELECT ';'") == "SELECT ';'");
  CHECK(without_terminator(" ;; ").empty());
  CHECK(ends_in_line_comment("SELECT 1 -- x"));
  CHECK_FALSE(ends_in_line_comment("SELECT 1 -- x\n"));
  CHECK_FALSE(ends_in_line_comment("SELECT '-- x'"));
}
