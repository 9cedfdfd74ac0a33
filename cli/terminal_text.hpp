// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dbxauth::cli {

/// Text from a server, a file or the command line made safe for one line of a terminal: control characters (C0, C1,
/// DEL), marks that change the direction of writing, and bytes that are not UTF-8 become U+FFFD; tabs and newlines
/// become blanks.
std::string printable(std::string_view text);

/// As printable(), but newlines and tabs stay.
std::string printable_lines(std::string_view text);

/// JSON with DEL and the C1 control characters written as \u escapes: the same document, safe for a terminal. The C0
/// ones are escaped in any JSON.
std::string printable_json(std::string_view json);

/// Columns that the text takes on a terminal: wide East Asian characters and emoji take two, combining marks none.
std::size_t display_width(std::string_view text) noexcept;

/// The longest beginning of printable text that fits into `columns`.
std::string shortened(std::string_view text, std::size_t columns);

}  // namespace dbxauth::cli
