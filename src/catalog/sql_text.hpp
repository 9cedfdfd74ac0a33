// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace dbxauth::catalog {

/// `` `name` `` with backticks doubled: one part of a name, whatever characters it has.
/// https://docs.databricks.com/sql/language-manual/sql-ref-identifiers.html (delimited identifiers)
std::string quote_identifier(std::string_view name);

/// The parts quoted one by one and joined with dots: `` `production`.`sales`.`orders` ``.
std::string quote_name(std::initializer_list<std::string_view> parts);

/// A string literal in single quotes; `\` and `'` are escaped with a backslash, which every runtime reads the same way
/// (two quotes in a row mean concatenation on some and a quote on others). Everything else, newlines included, stays.
/// https://docs.databricks.com/sql/language-manual/data-types/string-type.html
std::string quote_literal(std::string_view text);

}  // namespace dbxauth::catalog
