// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::config {

/// One `key = value`. The views point into the IniDocument.
struct IniEntry {
  std::string_view key;
  std::string_view value;  ///< Unquoted, continuation lines joined, inline comment removed. May be a secret.
  int line = 0;            ///< 1-based line of the key.
  std::size_t begin = 0;   ///< First byte of the entry's first line in IniDocument::text().
  std::size_t end = 0;     ///< One past its last line, line end included.
  /// The value as it is written, with its quotes and without an inline comment. Of an empty value: an empty range where
  /// one would go.
  std::size_t value_begin = 0;
  std::size_t value_end = 0;
};

/// All keys under one name; a section that is opened several times is one IniSection.
struct IniSection {
  std::string name;
  int line = 0;                   ///< Line of the first header; 0 when its keys stand before any header.
  std::vector<IniEntry> entries;  ///< In the order of the file, duplicates included.
  /// Byte range of each `[name]` line, in the order of the file.
  struct Header {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  std::vector<Header> headers;

  const IniEntry* find(std::string_view key) const;    ///< The last one of that name: it wins. nullptr when absent.
  std::string_view value(std::string_view key) const;  ///< Empty when absent.
};

/// `.databrickscfg` as the official CLI and Go SDK read it (go-ini with a blank required before an inline comment):
///
/// * UTF-8, a byte order mark is accepted; lines end with LF or CRLF;
/// * delimiters `=` and `:`; keys and section names are case-sensitive and trimmed; keys before any header belong to
///   DEFAULT; no section inherits from another; a repeated key wins over the earlier ones, repeated sections are
///   merged;
/// * `#` and `;` start a comment at the start of a line, or after a blank (not a tab) within a value;
/// * `"v"`, `'v'`: the quotes are dropped when the value holds no other of that kind; `` `v` `` and `"""v"""` are taken
///   literally and may span lines; a trailing `\` joins the next line, and then neither comments nor quotes are
///   touched;
/// * a line without a delimiter, an empty key, `[x` and `[]` make the whole file invalid.
///
/// The bytes are kept, so that what is written back unchanged is identical; entries and headers know their byte ranges.
/// Move-only; moving keeps the views valid.
class IniDocument {
 public:
  /// `name` names the text in errors: `<name>:<line>: …`, ErrorCode::configuration; values are never quoted.
  static Result<IniDocument> parse(SecretString text, std::string_view name);
  IniDocument() = default;  ///< An empty text.

  std::string_view text() const noexcept { return text_.reveal(); }
  const std::vector<IniSection>& sections() const noexcept { return sections_; }
  const IniSection* find(std::string_view name) const;  ///< nullptr when absent.

 private:
  friend class IniParser;

  SecretString text_;
  std::vector<SecretString> joined_;  ///< Values that are not one piece of text_.
  std::vector<IniSection> sections_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace dbxauth::config
