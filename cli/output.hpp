// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"
#include "dbxauth/error.hpp"
#include "terminal_text.hpp"

namespace dbxauth::cli {

/// Data goes to standard output. False when it could not be written, which is told on standard error unless the reader
/// has gone away.
bool print(std::string_view text);
/// Prints a JSON document and a newline.
bool print_json(std::string_view json);
/// A JSON string with its quotes.
std::string json_text(std::string_view text);
/// What is meant for people goes to standard error.
void tell(std::string_view text);
/// Prints the error for people, or as JSON on standard output, and returns the exit status that goes with it.
int report(const Error& error, OutputFormat format);

/// A table with aligned columns, two blanks between them; `header` in upper case. Cells are made printable. On a
/// terminal the last column is wrapped to its width.
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

}  // namespace dbxauth::cli
