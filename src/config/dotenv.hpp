// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/secret_string.hpp"

namespace dbxauth::config {

/// One assignment of a `.env` file.
struct DotenvEntry {
  std::string name;
  SecretString value;
  int line = 0;  ///< 1-based line of the name.
};

struct DotenvDocument {
  std::vector<DotenvEntry> entries;   ///< In the order of the file; the last of a name wins.
  std::vector<std::string> warnings;  ///< `<name>:<line>: …`; a value is never quoted.

  const DotenvEntry* find(std::string_view name) const;  ///< nullptr when absent.
};

/// Reads what python-dotenv reads: `NAME=value`, an optional `export `, blanks around `=`, full-line comments, `#`
/// after a blank in an unquoted value, `'…'` with `\\` and `\'`, `"…"` with `\\ \' \" \a \b \f \n \r \t \v`, quoted
/// values over several lines, CRLF. `${NAME}` is **not** replaced: values are what the file says. A name without `=` is
/// skipped. Never fails: a line that cannot be understood is skipped with a warning, `name` names the text in it.
DotenvDocument parse_dotenv(std::string_view text, std::string_view name);

}  // namespace dbxauth::config
