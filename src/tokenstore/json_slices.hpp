// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/secret_string.hpp"

namespace dbxauth::tokenstore {

/// One member of a JSON object with its value as the bytes that were written.
struct RawMember {
  std::string key;         ///< Decoded.
  std::string_view value;  ///< Untouched and unvalidated, without surrounding white space.
};

struct RawObject {
  std::vector<RawMember> members;  ///< In the order of the text, duplicates included.
  bool complete = false;           ///< The object was closed and nothing but white space follows.
};

/// Cuts a JSON object into its members without interpreting them, so that what is not understood can be kept byte for
/// byte, and as much as possible is recovered from a damaged text: where a member cannot be read, reading goes on at
/// the next line. The last value of a truncated text runs to its end. Values must be validated by a real parser before
/// use.
RawObject slice_object(std::string_view text);

/// Appends `value` as a JSON string as Go's encoder writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped, invalid UTF-8
/// replaced by U+FFFD.
void append_json_string(SecretString& out, std::string_view value);

/// Appends the valid JSON text `raw` with an indent of two blanks per level, nested `depth` levels deep.
void append_indented(SecretString& out, std::string_view raw, int depth);

}  // namespace dbxauth::tokenstore
