// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbxauth::clone {

enum class SqlTokenKind {
  white_space,
  comment,            ///< `-- …` to the end of the line, or nested `/* … */`, hints included.
  identifier,         ///< Unquoted; keywords are identifiers, too.
  quoted_identifier,  ///< Between back-ticks, doubled back-ticks inside.
  string_literal,     ///< '…', "…", r'…', x'…', with their prefix.
  dollar_body,        ///< `$$ … $$`.
  number,
  parameter,  ///< `:name` or `?`.
  symbol,     ///< Operators and punctuation; also every byte that fits nowhere else.
};

struct SqlToken {
  SqlTokenKind kind = SqlTokenKind::symbol;
  std::string_view text;      ///< Points into the tokenized text.
  bool unterminated = false;  ///< A literal, comment, body or quoted identifier that the end of the text cut off.

  bool is_trivia() const noexcept { return kind == SqlTokenKind::white_space || kind == SqlTokenKind::comment; }
  bool is_name() const noexcept { return kind == SqlTokenKind::identifier || kind == SqlTokenKind::quoted_identifier; }
  /// An unquoted identifier equal to `keyword` (given in upper case), ignoring case.
  bool is_keyword(std::string_view keyword) const noexcept;
  bool is_symbol(std::string_view symbol) const noexcept { return kind == SqlTokenKind::symbol && text == symbol; }
};

/// Splits a text into tokens by the lexical rules of Databricks SQL (language manual: identifiers, STRING type,
/// comments, parameter markers). Lossless: the tokens' texts, put together, are the input. Never fails, whatever the
/// input; what the end of the text cut off is flagged. Linear in the length of the text. `sql` must outlive the tokens.
std::vector<SqlToken> tokenize_sql(std::string_view sql);

/// The name that an identifier token stands for: back-ticks removed, doubled ones halved.
std::string identifier_name(const SqlToken& token);

/// True when both texts consist of the same tokens, white space, comments and the statement's final semicolons aside.
/// Unquoted identifiers are compared ignoring case, everything else exactly.
bool same_sql(std::string_view a, std::string_view b);

/// What keeps a text from being a part of a larger statement: something unterminated, a semicolon, or brackets that do
/// not match. Empty when it can be used.
std::string embedding_obstacle(std::string_view sql);

/// `sql` without white space around it and without semicolons and white space at its end.
std::string_view without_terminator(std::string_view sql);

/// True when the last token is a `--` comment, which would swallow whatever is put behind it on the same line.
bool ends_in_line_comment(std::string_view sql);

}  // namespace dbxauth::clone
