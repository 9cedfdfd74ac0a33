// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"
#include "dbxauth/error.hpp"

namespace dbxauth::cli {

/// Data goes to standard output; false when it could not be written (closed pipe, full disk).
bool print(std::string_view text);
/// What is meant for people goes to standard error.
void tell(std::string_view text);
/// Prints the error for people, or as JSON on standard output, and returns the exit status that goes with it.
int report(const Error& error, OutputFormat format);

/// A table with aligned columns, two blanks between them; `header` in upper case. Widths count code points.
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

/// Text from a server made safe for a terminal: control characters are shown as U+FFFD, tabs and newlines as blanks.
std::string printable(std::string_view text);

}  // namespace dbxauth::cli
