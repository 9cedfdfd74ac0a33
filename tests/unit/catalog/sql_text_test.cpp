// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql_text.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth::catalog;

TEST_CASE("identifiers are delimited and their backticks doubled", "[catalog]") {
  CHECK(quote_identifier("orders") == "`orders`");
  CHECK(quote_identifier("we`ird") == "`we``ird`");
  CHECK(quote_identifier("`") == "````");
  CHECK(quote_identifier("a.b-c d'e\"\\") == "`a.b-c d'e\"\\`");
  CHECK(quote_identifier("größe") == "`größe`");
  CHECK(quote_identifier("") == "``");
  CHECK(quote_name({"a", "b.c", "d`"}) == "`a`.`b.c`.`d```");
}

TEST_CASE("literals escape backslashes and quotes and nothing else", "[catalog]") {
  CHECK(quote_literal("plain") == "'plain'");
  CHECK(quote_literal("it's") == R"('it\'s')");
  CHECK(quote_literal("ends in \\") == R"('ends in \\')");
  CHECK(quote_literal("x'), ('admin' = 'y") == R"('x\'), (\'admin\' = \'y')");
  CHECK(quote_literal("line\nbreak\t\"quoted\" `tick`") == "'line\nbreak\t\"quoted\" `tick`'");
  CHECK(quote_literal("\\'") == R"('\\\'')");
}
