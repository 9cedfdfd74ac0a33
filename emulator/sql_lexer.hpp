// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api_error.hpp"

namespace dbxauth::emulator {

/// Thrown inside the SQL engine only; SqlEngine::execute turns it into its outcome.
struct SqlFailure {
  ApiError error;
};
[[noreturn]] void fail_sql(std::string error_class, const std::string& text, std::string sql_state);

enum class TokenKind { word, quoted_name, string, number, parameter, dollar_text, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;   ///< Word as written; name, string and $$text$$ unquoted; number; parameter without `:`; symbol.
  std::string upper;  ///< Words only: ASCII upper case, for keywords.
  std::size_t begin = 0, end = 0;  ///< Byte offsets in the source.
};

/// "Databricks SQL language manual: Identifiers", "STRING type: literals", "Numeric literals", "Comments", "Named
/// parameter markers". Ends with one token of kind `end`. Throws SqlFailure on an unclosed quote or a stray character.
std::vector<Token> tokenize_sql(std::string_view sql);

}  // namespace dbxauth::emulator
